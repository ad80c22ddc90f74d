package phone

import (
	"context"
	"errors"
	"time"
)

// How a phone chooses among its servers where nothing else is said (sccp.md 4.3).
const (
	defaultMonitor = 120 * time.Second // ConnectionMonitorDuration
	probeEvery     = 10 * time.Second  // tries of a server that cannot be reached
	maxServers     = 6                 // three of the group and three addresses of an SRST router
)

// featuresDown is what the display says while a call goes on without its server.
const featuresDown = "CM Down, Features Disabled"

// ErrFeaturesOff: the phone's server is lost during a call; the call can be ended and nothing else.
var ErrFeaturesOff = errors.New("the server is lost: features are disabled until the call ends")

// monitorTime is how long a better server must be reachable before the phone goes back to it.
func (p *Phone) monitorTime() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.cfg.Monitor > 0:
		return p.cfg.Monitor
	case p.fileMonitor > 0:
		return p.fileMonitor
	}
	return defaultMonitor
}

// Home is the server with which the phone is in service, and since when; false while it is with none. It costs little, so
// that thousands of phones can be looked at.
func (p *Phone) Home() (server string, since time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state.Server, p.state.Since, p.state.Registration == Registered
}

// Repeated counts the messages that a SIP phone had to send again since it turned to its present server; 0 of other phones.
func (p *Phone) Repeated() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d, ok := p.driver.(*sipPhone); ok && d.ep != nil {
		return d.ep.Counters().Repeated
	}
	return 0
}

func (h Habits) probe() time.Duration {
	if h.Probe > 0 {
		return h.Probe
	}
	return probeEvery
}

// await waits until the predicate is true; false when ctx ends first. Unlike WaitFor it looks only when something changes, so
// that thousands of phones can wait.
func (p *Phone) await(ctx context.Context, ok func(*State) bool) bool {
	for {
		p.mu.Lock()
		if ok(&p.state) {
			p.mu.Unlock()
			return true
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		}
	}
}

// outlives says that a call goes on when its server is lost: its audio flows between the phones, or would if it were not
// held. What rings or is being dialled ends at once. The caller holds p.mu.
func (c *Call) outlives() bool { return c.State == Connected || c.State == OnHold }

// featuresOff keeps the calls that outlive their server, with the one key that is left, and ends the others. It reports
// whether any is left. The caller holds p.mu.
func (p *Phone) featuresOff() bool {
	s := &p.state
	for i := len(s.Calls) - 1; i >= 0; i-- {
		if c := s.Calls[i]; !c.outlives() {
			p.endCall(c, "server lost")
		}
	}
	s.Ringer, s.Tone, s.Notice = "off", "", ""
	if len(s.Calls) == 0 {
		return false
	}
	for _, c := range s.Calls {
		c.SoftKeys, c.Prompt = []string{"EndCall"}, featuresDown
	}
	s.FeaturesOff, s.SoftKeys, s.Prompt = true, []string{"EndCall"}, featuresDown
	s.Registration = Lost
	return true
}

// featuresOn takes the display back. The caller holds p.mu.
func (p *Phone) featuresOn() {
	if p.state.FeaturesOff {
		p.state.FeaturesOff, p.state.SoftKeys, p.state.Prompt = false, nil, ""
	}
}
