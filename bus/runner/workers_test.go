package runner

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"tandem/call/signal"
)

// TestSlowPortsHoldUpNobody: while many ports keep their machines, more than there are workers usually, another call goes on.
func TestSlowPortsHoldUpNobody(t *testing.T) {
	defer goleak.VerifyNone(t)
	d := newTown("a", "b", "slow")
	x := New(Options{Node: 1, Directory: d})
	a, b, slow := newPhone(x, false), newPhone(x, true), newPhone(x, false)
	attach(x, a, "a", 1)
	attach(x, b, "b", 1)
	attach(x, slow, "slow", 1)
	hold := make(chan struct{})
	slow.mu.Lock()
	slow.hold = hold
	slow.mu.Unlock()
	const held = 3 * idleWorkers
	for range held {
		a.call(t, "a", "slow")
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		x.workers.mu.Lock()
		working := x.workers.working
		x.workers.mu.Unlock()
		if working >= held {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d workers for %d ports that are slow", working, held)
		}
	}
	id := a.call(t, "a", "b")
	await(t, b.up, "a call beside those that are held up")
	close(hold)
	slow.mu.Lock()
	slow.hold = nil
	slow.mu.Unlock()
	x.Tell(id, signal.HangUp{})
	x.Close()
}

// TestWorkersStayFew: one call at a time never needs more workers than wait at most.
func TestWorkersStayFew(t *testing.T) {
	x, _ := start(t, newTown("a", "b"))
	from, to := newPhone(x, false), newPhone(x, true)
	for device, p := range map[string]*phone{"a": from, "b": to} {
		attach(x, p, device, 1)
	}
	for range 50 {
		x.Tell(from.call(t, "a", "b"), signal.HangUp{Cause: signal.CauseNormalClearing})
		await(t, from.clear, "the end")
	}
	x.workers.mu.Lock()
	defer x.workers.mu.Unlock()
	if n := x.workers.working + len(x.workers.idle); n > idleWorkers {
		t.Errorf("%d workers for one call at a time", n)
	}
}
