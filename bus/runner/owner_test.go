package runner

import (
	"testing"
	"time"

	"tandem/call/signal"
)

// late keeps every half-call that is offered a call from telling it, until the test lets it go.
type late struct {
	offered  chan chan struct{}     // one for each, to be closed
	reported chan signal.HalfCallID // what line owners heard of
}

func (l *late) Handled(s Step) {
	switch in := s.Input.(type) {
	case signal.Setup:
		if s.Machine.Half != 0 {
			goOn := make(chan struct{})
			l.offered <- goOn
			<-goOn
		}
	case signal.LineReport:
		if s.Machine.Line.Number == "b" {
			l.reported <- in.Call.Half
		}
	}
}

// The caller gives up and calls again while the first call has not reached the phone yet. The line was forgotten between the
// two, so its new owner knows nothing of the first call; it must not take it for the second, which would ring on.
func TestR14_TokensOfAForgottenLine(t *testing.T) {
	l := &late{offered: make(chan chan struct{}, 2), reported: make(chan signal.HalfCallID, 16)}
	x := New(Options{Node: 1, Directory: newTown("a", "b"), FirstCall: 1000, Observer: l})
	t.Cleanup(x.Close)
	a, b := newPhone(x, false), newPhone(x, false)
	attach(x, a, "a", 1)
	attach(x, b, "b", 1)

	x.Tell(a.call(t, "a", "b"), signal.HangUp{})
	first := await(t, l.offered, "the first call at the phone's half")
	await(t, a.clear, "the end of the first call at the caller")
	for end := time.Now().Add(30 * time.Second); x.lines.len() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the lines are not forgotten")
		}
	}
	again := a.call(t, "a", "b")
	second := await(t, l.offered, "the second call at the phone's half")
	close(first)
	await(t, l.reported, "the first call at the line's owner")
	close(second)
	await(t, b.ringin, "a call ringing")
	await(t, b.ringin, "another call ringing")
	x.Tell(again, signal.HangUp{})
	await(t, b.clear, "the end of a call")
	await(t, b.clear, "the end of the other call")
	settled(t, x)
}
