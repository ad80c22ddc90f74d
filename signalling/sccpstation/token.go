package sccpstation

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"tandem/fault"
	"tandem/registration"
)

// turns let phones come one after the other.
type turns struct {
	mu       sync.Mutex
	fallback registration.Pace // of tokens
	register *rate.Limiter     // of registrations
}

// Waits of phones that may not come at all now.
const (
	strangerWait  = 10 * time.Minute // this server is none of theirs: they need another file first
	fallbackBurst = 10               // phones that may come back at once after a quiet time
)

// refusal is why a phone gets no token; the zero value lets it come.
type refusal struct {
	wait time.Duration
	why  string
	code fault.Code
}

// mayCome decides about a token (sccp.md 4.3): a phone asks for one to leave the server at which it is for this one.
func (s *Server) mayCome(name string, p *Parameters) refusal {
	if !validName(name) {
		return refusal{p.TokenWait, "its name is none", fault.SCCPFrameInvalid}
	}
	if st := s.known(name); st != nil && st.here() {
		return refusal{} // it is registered here: nothing changes
	}
	dev, ok := s.Directory.Device(name)
	if ok {
		at := ""
		if s.Where != nil {
			at, _ = s.Where(name)
		}
		switch registration.Home(s.group(name), s.Name, at) {
		case registration.Elsewhere:
			return refusal{p.TokenWait, "it is registered at " + at + ", which comes before this server in its group", fault.RegistrationPaced}
		case registration.Stranger:
			return refusal{strangerWait, "this server does not belong to its group", fault.ServerNotInGroup}
		}
	} // else auto-registration decides at the Register, with its own words
	if int(s.registering.Load()) >= p.RegistrationsAtOnce {
		return refusal{p.TokenWait, "too many phones register at this moment", fault.RegistrationPaced}
	}
	if used, capacity := s.Capacity.Used(); ok && capacity > 0 && used+dev.Product.Weight() > capacity {
		return refusal{p.TokenWait, fmt.Sprintf("the devices here take %d of %d units", used, capacity), fault.ServerCapacityReached}
	}
	s.turns.mu.Lock()
	wait := s.turns.fallback.Ask(name, s.Now(), p.FallbackRate, fallbackBurst)
	s.turns.mu.Unlock()
	if wait > 0 {
		return refusal{wait, "many phones come at this moment", fault.RegistrationPaced}
	}
	return refusal{}
}

// group names the servers of a device's group.
func (s *Server) group(name string) []string {
	var names []string
	for _, entry := range s.Servers(name) {
		names = append(names, entry.Name)
	}
	return names
}

// here says that the device is registered at this server.
func (st *station) here() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.sess != nil
}

// inTurn makes a registration of a phone that was not here wait until it is its turn, so that a storm neither starves calls
// nor fills the queues (T-12). It reports false if that would take longer than a phone waits for its answer.
func (n *session) inTurn(name string, p *Parameters) bool {
	if st := n.srv.known(name); st != nil && st.here() {
		return true
	}
	t, each := &n.srv.turns, max(p.RegistrationRate, 1)
	t.mu.Lock()
	if t.register == nil {
		t.register = rate.NewLimiter(rate.Limit(each), each)
	} else if int(t.register.Limit()) != each {
		t.register.SetLimit(rate.Limit(each))
		t.register.SetBurst(each)
	}
	turn := t.register.Reserve()
	t.mu.Unlock()
	wait := turn.Delay()
	if wait > p.RegistrationWait {
		turn.Cancel()
		return false
	}
	if wait <= 0 {
		return true
	}
	n.srv.figures.delayed.Add(1)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-n.srv.closing:
	}
	return true
}

// wholeSeconds rounds up: a phone that is told a time must not be early.
func wholeSeconds(d time.Duration) uint32 { return uint32(max((d+time.Second-1)/time.Second, 1)) }
