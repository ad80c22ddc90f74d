package sipua

import (
	"strconv"
	"sync"
	"time"

	"tandem/fault"
	"tandem/registration"
	"tandem/wire/sip"
)

// paces let phones come one after the other: those that return from another server, and those that register anew.
type paces struct {
	mu              sync.Mutex
	fallback, fresh registration.Pace
}

// fallbackBurst is how many phones may come back at once after a quiet time.
const fallbackBurst = 10

// admit lets a phone register that was not registered here before, or answers the REGISTER. A phone that comes too early in
// a storm is told when to come again, and is let in then (T-12); a server that is full says so without a time, on which a
// phone turns to its next server (RFC 3261 21.5.4).
func (s *Server) admit(tx *sip.ServerTx, dev *registration.Device) bool {
	if st := s.station(dev.Name); st != nil && st.registered() {
		return true
	}
	p := s.o.Parameters()
	at := ""
	if s.o.Where != nil {
		at, _ = s.o.Where(dev.Name)
	}
	now := s.o.Now()
	s.paces.mu.Lock()
	var wait time.Duration
	if at != "" && at != s.o.Name {
		wait = s.paces.fallback.Ask(dev.Name, now, p.FallbackRate, fallbackBurst)
	} else {
		wait = s.paces.fresh.Ask(dev.Name, now, p.RegistrationRate, p.RegistrationRate)
	}
	s.paces.mu.Unlock()
	if wait > 0 {
		s.figures.held.Add(1)
		after := strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10)
		f := fault.New(fault.RegistrationPaced, "device", dev.Name, "seconds", after, "why", "Many phones register at this moment")
		s.say(dev.Name, string(f.Code), "%s %s", f.Message, f.Reason)
		_ = tx.Reply(503, sip.NewHeader("Retry-After", after))
		return false
	}
	if weight := dev.Product.Weight(); !s.o.Capacity.Enter(dev.Name, weight) {
		used, capacity := s.o.Capacity.Used()
		f := fault.New(fault.ServerCapacityReached, "device", dev.Name, "address", tx.Flow().Remote().String(), "weight", weight,
			"used", used, "capacity", capacity)
		s.o.Alarms.Event(f, dev.Name)
		s.say(dev.Name, string(f.Code), "%s %s", f.Message, f.Reason)
		_ = tx.Reply(503)
		return false
	}
	return true
}

// anew says that a REGISTER asks to be registered, and not only to be taken out.
func anew(list []binding) bool {
	for _, b := range list {
		if b.expires > 0 {
			return true
		}
	}
	return false
}
