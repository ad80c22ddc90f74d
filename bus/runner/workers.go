package runner

import "sync/atomic"

// idleWorkers bounds the workers that wait for the next machine.
const idleWorkers = 64

// workers are the goroutines that drain mailboxes. One that has done with a machine takes the next, because its stack has
// grown to what call processing needs; growing it anew for each input costs more than the input. There are as many as
// machines have something to do at once, so a slow port never holds up other calls. Those that wait stay until the end: a
// timer for each wait would cost more than their stacks, which the collector shrinks.
type workers struct {
	ready  chan *cell
	idle   atomic.Int64
	active atomic.Int64 // that drain a mailbox now
	end    chan struct{}
}

func newWorkers() *workers {
	return &workers{ready: make(chan *cell), end: make(chan struct{})}
}

// run has a worker drain the cell.
func (w *workers) run(c *cell) {
	w.active.Add(1)
	select {
	case w.ready <- c:
	default:
		go w.work(c)
	}
}

func (w *workers) work(c *cell) {
	for {
		c.drain()
		w.active.Add(-1)
		if w.idle.Add(1) > idleWorkers {
			w.idle.Add(-1)
			return
		}
		select {
		case c = <-w.ready:
			w.idle.Add(-1)
		case <-w.end:
			w.idle.Add(-1)
			return
		}
	}
}
