package sccpstation

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"tandem/call/signal"
	"tandem/phone"
	"tandem/wire/sccp"
)

// listener is a called device that can be heard before the answer, played by the test.
type listener struct {
	s *site

	mu      sync.Mutex
	id      signal.HalfCallID
	rings   []signal.Ring
	cleared bool
}

func (l *listener) LineChanged(signal.LineState) {}

func (l *listener) Command(id signal.HalfCallID, c signal.Command) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch c := c.(type) {
	case signal.Ring:
		l.id, l.cleared = id, false
		l.rings = append(l.rings, c)
	case signal.Clear:
		l.cleared = true
	}
}

// rung waits for the call and returns how it was told of.
func (l *listener) rung() (r signal.Ring) {
	l.s.t.Helper()
	l.s.eventually("the call", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.rings) > 0 {
			r = l.rings[len(l.rings)-1]
		}
		return len(l.rings) > 0
	})
	return r
}

func (l *listener) tell(e signal.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.s.x.Tell(l.id, e)
}

// says is what the listener says about its audio at a port.
func says(port uint16) *signal.Session {
	return &signal.Session{Streams: []signal.Stream{{Kind: "audio", Protocol: "RTP/AVP", Ptime: 20,
		Address: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port), Codecs: []signal.Codec{{Name: "PCMU", Clock: 8000}}}}}
}

// early is a phone of a model that calls a listener at 2000, and a second phone at 1003.
func early(t *testing.T, model string, change ...func(*phone.Config)) (*site, *phone.Phone, *phone.Phone, *listener) {
	s := newSite(t)
	s.dir.add(s.mac(1), model, "1001")
	s.dir.add(s.mac(3), "7975", "1003")
	s.dir.add("LISTENER", "7960", "2000")
	l := &listener{s: s}
	s.x.Attach(signal.Attachment{Device: "LISTENER", Protocol: "SIP", Incarnation: 1, WantsOffer: true}, l)
	return s, s.start(s.mac(1), model, change...), s.start(s.mac(3), "7975"), l
}

// heardFrom waits until the phone's call in a state sends to a port of the listener.
func (s *site) heardFrom(name string, in state, port uint16) {
	s.t.Helper()
	s.eventually("audio", func() bool {
		st := s.srv.known(name)
		st.lock()
		defer st.unlock()
		for _, c := range st.calls {
			if c.state == in {
				return c.media.rx == open && c.media.sending && c.media.sendTo.Port() == port
			}
		}
		return false
	})
}

// What a called device says before the answer is heard in place of the tone; the answer changes nothing, unless it comes from
// elsewhere (R-25 e).
func TestR25_HeardBeforeTheAnswer(t *testing.T) {
	for _, test := range []struct {
		name   string
		before []signal.Event
		answer uint16
	}{
		{"183", []signal.Event{signal.DeviceProgress{Early: says(4000)}}, 4000},
		{"183 and 180", []signal.Event{signal.DeviceProgress{Early: says(4000)}, signal.DeviceAlerting{}}, 4000},
		{"180 and 183", []signal.Event{signal.DeviceAlerting{}, signal.DeviceProgress{Early: says(4000)}}, 4000},
		{"180 with a description", []signal.Event{signal.DeviceAlerting{Early: says(4000)}}, 4000},
		{"answered from another port", []signal.Event{signal.DeviceProgress{Early: says(4000)}}, 4002},
		{"a second 183 from another port", []signal.Event{signal.DeviceProgress{Early: says(3998)}, signal.DeviceProgress{Early: says(4000)}}, 4000},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, a, _, l := early(t, "7960")
			s.must(a.Dial(s.ctx, "2000"), a)
			if r := l.rung(); r.Offer.Audio() == nil {
				t.Fatal("the called device was told of the call without an offer")
			}
			for _, e := range test.before {
				l.tell(e)
			}
			s.heardFrom(a.Name(), sRingOut, 4000)
			s.until(a, "no tone", func(st *phone.State) bool { return st.Call(phone.RingingOut) != nil && st.Tone == "" })
			l.tell(signal.Pickup{Media: says(test.answer)})
			s.in(a, phone.Connected)
			s.heardFrom(a.Name(), sConnected, test.answer)
			opened := 0
			for _, m := range s.messages() {
				if m.ID() == sccp.IDOpenReceiveChannel {
					opened++
				}
			}
			if opened != 1 {
				t.Errorf("the phone was asked to listen %d times", opened)
			}
			s.must(a.Hangup(), a)
			s.idle(a)
		})
	}
}

// messages are those that phones were sent.
func (s *site) messages() (out []sccp.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.sent {
		out = append(out, m.Message)
	}
	return out
}

// Where nothing is heard before the answer the phone plays its tone, whether its audio is open or not, and whatever became
// of the offer.
func TestRingBackWhereNothingIsHeard(t *testing.T) {
	for _, test := range []struct {
		name, model string
		slow        time.Duration // before it says that its audio is open
		offered     bool
		refuses     bool
	}{
		{name: "ringing", model: "7960", offered: true},
		{name: "the offer is not taken", model: "7975", offered: true, refuses: true},
		{name: "slow to open its audio", model: "7960", slow: 3 * time.Second},
		{name: "no tone while its audio is open", model: "7910"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, a, _, l := early(t, test.model, func(c *phone.Config) { c.Habits.AckDelay = test.slow })
			s.must(a.Dial(s.ctx, "2000"), a)
			if r := l.rung(); (r.Offer != nil) != test.offered {
				t.Fatalf("the called device was given the offer %+v", r.Offer)
			}
			if test.refuses {
				l.tell(signal.Refuse{Cause: signal.CauseIncompatibleDestination})
				s.eventually("the call once more", func() bool {
					l.mu.Lock()
					defer l.mu.Unlock()
					return len(l.rings) == 2 && l.rings[1].Offer == nil
				})
			}
			l.tell(signal.DeviceAlerting{})
			s.until(a, "the tone", func(st *phone.State) bool { return st.Call(phone.RingingOut) != nil && st.Tone == "Alerting" })
			l.tell(signal.Pickup{Media: says(4000)})
			s.in(a, phone.Connected)
			s.heardFrom(a.Name(), sConnected, 4000)
			s.must(a.Hangup(), a)
			s.idle(a)
		})
	}
}

// A call that goes elsewhere while it is heard: the channel is closed, the tone comes back, and who answers is heard.
func TestForwardedWhileItIsHeard(t *testing.T) {
	s, a, c, l := early(t, "7960")
	s.must(a.Dial(s.ctx, "2000"), a)
	l.rung()
	l.tell(signal.DeviceProgress{Early: says(4000)})
	s.heardFrom(a.Name(), sRingOut, 4000)
	l.tell(signal.Refuse{Cause: signal.CauseNumberChanged, RedirectTo: "1003"})
	s.in(c, phone.RingingIn)
	s.until(a, "the tone", func(st *phone.State) bool { return st.Call(phone.RingingOut) != nil && st.Tone == "Alerting" })
	s.must(c.Answer(), c)
	s.audible(a, c)
	s.must(a.Hangup(), a)
	s.idle(a, c)
}

// A user who hangs up while the phone opens its audio, while the called device is heard, and one whose phone goes out of service.
func TestLeavesBeforeTheAnswer(t *testing.T) {
	for _, test := range []struct {
		name  string
		acks  bool
		leave func(*phone.Phone) error
	}{
		{"while it opens", false, (*phone.Phone).Hangup},
		{"while it hears", true, (*phone.Phone).Hangup},
		{"out of service while it hears", true, func(p *phone.Phone) error { p.Stop(); return nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, a, _, l := early(t, "7975", func(c *phone.Config) { c.Habits.NoAcks = !test.acks })
			s.must(a.Dial(s.ctx, "2000"), a)
			if test.acks {
				l.rung()
				l.tell(signal.DeviceProgress{Early: says(4000)})
				s.heardFrom(a.Name(), sRingOut, 4000)
			} else {
				s.in(a, phone.Proceeding)
			}
			s.must(test.leave(a), a)
			s.eventually("no half-call left", func() bool { return s.x.Figures().HalfCalls == 0 })
			l.mu.Lock()
			defer l.mu.Unlock()
			if len(l.rings) > 0 && !l.cleared {
				t.Error("the called device was not told of the end")
			}
		})
	}
}

// A transferred user hears the tone while the target rings, also where the target could be heard early: the session is the
// transferred one's own, and is offered at the answer.
func TestTransferredPartyHearsTheTone(t *testing.T) {
	s, a, c, l := early(t, "7960")
	s.talk(a, c, "1003")
	s.must(c.StartTransfer(s.ctx, "2000"), c)
	l.rung()
	l.tell(signal.DeviceProgress{Early: says(4000)})
	s.heardFrom(c.Name(), sRingOut, 4000)
	s.must(c.Transfer(), c)
	s.until(a, "the tone", func(st *phone.State) bool { return st.Tone == "Alerting" })
	s.must(a.Hangup(), a)
	s.idle(a, c)
}
