package runner

import (
	"reflect"
	"time"

	"tandem/call/signal"
)

func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t == nil {
		return "nothing"
	}
	return t.Name()
}

// leaves tells of a signal of a call that goes to another server.
func (x *Exchange) leaves(call signal.CallID, to signal.NodeID, s signal.Signal) {
	if x.signalled != nil && x.link != nil && !x.here(to) {
		x.signalled(call, to, typeName(s))
	}
}

// step describes one handled input for the observer.
func (c *cell) step(before string, input any, effects []signal.Effect, known bool) Step {
	s := Step{At: c.x.now(), Machine: c.m.address(), Before: before, After: c.m.describe(), Input: input, Effects: effects,
		Known: known}
	if h, ok := c.m.(halfMachine); ok {
		s.Call, s.Device = h.Call, h.Profile.Device
	}
	return s
}

// Calls lists what every half-call on this server does now.
func (x *Exchange) Calls() []signal.LineCall {
	var calls []signal.LineCall
	for _, c := range x.lines.all() {
		answer := make(chan []signal.LineCall, 1)
		if !c.post(inquiry{answer}) {
			continue
		}
		select {
		case some := <-answer:
			calls = append(calls, some...)
		case <-time.After(time.Second): // a fault ended the owner meanwhile
		}
	}
	return calls
}

// inquiry asks a line owner for its calls, in the order of its mailbox.
type inquiry struct{ answer chan []signal.LineCall }
