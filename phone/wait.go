package phone

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tandem/media/codec"
)

// poll is how often a wait looks at what changes without an event: audio.
const poll = 20 * time.Millisecond

// WaitFor waits until the predicate is true for the phone's state. The predicate
// is called with the phone locked: it must be quick, must not keep the state and
// must not call the phone. When ctx ends first, the error says what was waited for
// and how the phone looks.
func (p *Phone) WaitFor(ctx context.Context, what string, ok func(*State) bool) error {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		p.mu.Lock()
		if ok(&p.state) {
			p.mu.Unlock()
			return nil
		}
		changed, closed := p.changed, p.closed
		p.mu.Unlock()
		if closed {
			return fmt.Errorf("%s: waiting for %s: %w", p.cfg.Name, what, ErrClosed)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: waiting for %s: %w; %s", p.cfg.Name, what, ctx.Err(), p.Summary())
		case <-changed:
		case <-ticker.C:
		}
	}
}

// WaitRegistered waits until the phone is in service.
func (p *Phone) WaitRegistered(ctx context.Context) error {
	return p.WaitFor(ctx, "registration", func(s *State) bool { return s.Registration == Registered })
}

// WaitIdle waits until there is no call.
func (p *Phone) WaitIdle(ctx context.Context) error {
	return p.WaitFor(ctx, "no call", func(s *State) bool { return len(s.Calls) == 0 })
}

// WaitCall waits until there is a call in one of the states and returns a copy.
func (p *Phone) WaitCall(ctx context.Context, states ...CallState) (*Call, error) {
	var found Call
	what := "a call"
	if len(states) > 0 {
		what += " that is " + join(states)
	}
	err := p.WaitFor(ctx, what, func(s *State) bool {
		c := s.Call(states...)
		if c != nil {
			found = *c
		}
		return c != nil
	})
	if err != nil {
		return nil, err
	}
	return &found, nil
}

func join(states []CallState) string {
	words := make([]string, len(states))
	for i, s := range states {
		words[i] = string(s)
	}
	return strings.Join(words, " or ")
}

// WaitHears waits until the connected call has heard the tone for the length.
func (p *Phone) WaitHears(ctx context.Context, t codec.Tone, length time.Duration) error {
	return p.WaitFor(ctx, fmt.Sprintf("%v for %v", t, length), func(s *State) bool {
		for _, c := range s.Calls {
			if c.HearsTone(t, length) {
				return true
			}
		}
		return false
	})
}

// Summary is the state in one line, for messages.
func (p *Phone) Summary() string {
	s := p.State()
	var b strings.Builder
	fmt.Fprintf(&b, "%s", s.Registration)
	if s.Reason != "" {
		fmt.Fprintf(&b, " (%s)", s.Reason)
	}
	if s.Tone != "" {
		fmt.Fprintf(&b, ", tone %s", s.Tone)
	}
	if s.Ringer != "off" {
		fmt.Fprintf(&b, ", ringer %s", s.Ringer)
	}
	for _, c := range s.Calls {
		fmt.Fprintf(&b, ", call %s on line %d %s", c.ID, c.Line, c.State)
		if r := c.Remote.String(); r != "" {
			fmt.Fprintf(&b, " with %s", r)
		}
		m := c.Media()
		if m.Sending || m.Receiving || m.Received > 0 {
			fmt.Fprintf(&b, " [sent %d, received %d, lost %d", m.Sent, m.Received, m.Lost)
			if h, ok := c.Hears(); ok {
				fmt.Fprintf(&b, ", hears %s %s for %v", h.Sound, h.Tone, h.Length.Round(time.Millisecond))
			}
			b.WriteString("]")
		}
	}
	if len(s.Calls) == 0 {
		if l := s.Last(); l != nil {
			fmt.Fprintf(&b, ", last call with %s: %s", l.Remote, l.Cause)
		}
	}
	if len(s.SoftKeys) > 0 {
		fmt.Fprintf(&b, ", keys %s", strings.Join(s.SoftKeys, "|"))
	}
	if n := len(s.Violations); n > 0 {
		fmt.Fprintf(&b, ", %d violations, the last: %s", n, s.Violations[n-1])
	}
	return b.String()
}
