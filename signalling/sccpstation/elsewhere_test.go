package sccpstation

import (
	"strings"
	"testing"
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/phone"
	"tandem/wire/sccp"
)

// registeredElsewhere says what call processing says when the phone has registered at server 2.
func (s *site) registeredElsewhere(name string) {
	r, ok := s.x.Registration(name)
	if !ok {
		s.t.Fatalf("%s is not registered", name)
	}
	s.x.Detach(name, r.Incarnation)
	var port signal.Registrant = s.srv.known(name)
	port.RegisteredElsewhere(r.Incarnation, 2)
	port.RegisteredElsewhere(r.Incarnation, 2) // and again changes nothing
}

func TestT14_RegisteredElsewhere(t *testing.T) {
	s := newSite(t)
	s.dir.add(s.mac(1), "7960", "1001")
	idle := s.connect()
	idle.register(s.mac(1), sccp.Device7960, 5)
	s.eventually("the registration", func() bool { return s.x.Figures().Registered == 1 })
	s.registeredElsewhere(s.mac(1))
	if !idle.ended(10 * time.Second) {
		t.Error("the connection of the former registration is still open")
	}
	s.eventually("no registration", func() bool { return s.x.Figures().Registered == 0 && len(s.srv.Phones()) == 0 })
	if !strings.Contains(s.story(s.mac(1)), string(fault.DeviceElsewhere)) || s.event(fault.DeviceLost) != nil {
		t.Errorf("the story: %s", s.story(s.mac(1)))
	}
}

func TestT14_RegisteredElsewhereInACall(t *testing.T) {
	s := newSite(t)
	s.dir.add(s.mac(1), "7960", "1001")
	s.dir.add(s.mac(2), "7960", "1002")
	a, b := s.start(s.mac(1), "7960"), s.start(s.mac(2), "7960")
	s.talk(a, b, "1002")
	first := s.known(2)
	s.registeredElsewhere(s.mac(2))
	s.audible(a, b)
	if first != s.known(2) {
		t.Fatal("the connection of a phone in a call was closed")
	}
	s.in(b, phone.Connected)
	s.must(a.Hangup(), a)
	s.idle(a)
	s.eventually("the connection to be closed after the call", func() bool { return s.known(2) != first })
}

// known is the session of a phone.
func (s *site) known(n int) *session {
	st := s.srv.known(s.mac(n))
	if st == nil {
		return nil
	}
	st.lock()
	defer st.unlock()
	return st.sess
}
