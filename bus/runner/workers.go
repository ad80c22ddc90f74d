package runner

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// idleWorkers bounds the workers that wait for the next machine.
	idleWorkers = 64
	// reliefAfter is how long a machine waits at most for workers that are all held up.
	reliefAfter = 2 * time.Millisecond
)

// workers are the goroutines that drain mailboxes. A few do all the work as long as none is held up, because their stacks
// have grown to what call processing needs and stay in the processor's cache; growing one anew for each input costs more
// than the input. When no machine was taken for a moment though some wait, a port is slow: then there are more workers, so
// that it never holds up other calls.
type workers struct {
	active atomic.Int64 // machines that have something to do

	mu      sync.Mutex
	waiting []*cell // oldest first, from next on
	next    int
	idle    []*worker // the one that worked last at the end: it is the warmest
	working int
	usual   int  // how many work unless some are held up
	watched bool // relief runs
	taken   bool // a machine was taken since relief looked last
	relief  *time.Timer
	ended   bool
}

// worker is a goroutine that waits. wake is closed at the end.
type worker struct{ wake chan struct{} }

func newWorkers() *workers { return &workers{usual: 2 * runtime.GOMAXPROCS(0)} }

// run has a worker drain the cell.
func (w *workers) run(c *cell) {
	w.active.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, c)
	switch {
	case w.working < w.usual || w.ended: // machines that have something to do at the end are still drained
		w.engage()
	case !w.watched:
		w.watched, w.taken = true, false
		if w.relief == nil {
			w.relief = time.AfterFunc(reliefAfter, w.relieve)
		} else {
			w.relief.Reset(reliefAfter)
		}
	}
}

// engage puts one more worker to work. Called with mu held.
func (w *workers) engage() {
	w.working++
	if n := len(w.idle); n > 0 {
		k := w.idle[n-1]
		w.idle[n-1] = nil
		w.idle = w.idle[:n-1]
		k.wake <- struct{}{}
		return
	}
	go w.work(&worker{make(chan struct{}, 1)})
}

// relieve looks whether the workers are held up.
func (w *workers) relieve() {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := len(w.waiting) - w.next
	if left == 0 {
		w.watched = false
		return
	}
	if !w.taken {
		for range min(left, idleWorkers) {
			w.engage()
		}
	}
	w.taken = false
	w.relief.Reset(reliefAfter)
}

// take gives the next machine to a worker, nil when there is none; then the worker counts as idle, and must end if stay is
// false.
func (w *workers) take(k *worker) (c *cell, stay bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next < len(w.waiting) {
		c = w.waiting[w.next]
		w.waiting[w.next] = nil
		w.next++
		if w.next == len(w.waiting) {
			w.waiting, w.next = w.waiting[:0], 0
		} else if w.next >= 1024 && w.next > len(w.waiting)/2 {
			n := copy(w.waiting, w.waiting[w.next:])
			clear(w.waiting[n:])
			w.waiting, w.next = w.waiting[:n], 0
		}
		w.taken = true
		return c, true
	}
	w.working--
	if w.ended || len(w.idle) >= idleWorkers {
		return nil, false
	}
	w.idle = append(w.idle, k)
	return nil, true
}

func (w *workers) work(k *worker) {
	for {
		c, stay := w.take(k)
		switch {
		case c != nil:
			c.drain()
			w.active.Add(-1)
		case !stay:
			return
		default:
			if _, more := <-k.wake; !more {
				return
			}
		}
	}
}

// end has the workers end when nothing waits any more.
func (w *workers) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	for _, k := range w.idle {
		close(k.wake)
	}
	w.idle = nil
}
