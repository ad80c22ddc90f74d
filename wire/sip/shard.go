package sip

import (
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// event is one thing for a worker to do: a message, or a function.
type event struct {
	req  *Request
	res  *Response
	flow Flow
	came int64 // when the message came, Unix nanoseconds
	do   func()
}

// shard holds the transactions of a part of the Call-IDs, and the worker that runs their
// callbacks. The lock guards tables, timers and transactions; no callback runs under it.
type shard struct {
	stack *Stack

	mu     sync.Mutex
	server map[string]*serverRecord
	client map[string]*clientRecord
	acks   map[string]*serverRecord // 2xx without ACK, by dialog and CSeq
	wheel  *wheel
	key    []byte // for building keys

	q struct {
		sync.Mutex
		events  []event
		waiting int // messages among them
		asleep  time.Time
		stopped bool
	}
	wake chan struct{}

	behind    atomic.Int64 // messages that came and are not handled yet
	registers atomic.Int64 // REGISTERs among them
	current   atomic.Int64 // when the message came that is handled now, Unix nanoseconds; 0: none is
}

func newShard(s *Stack) *shard {
	sh := &shard{stack: s, server: make(map[string]*serverRecord), client: make(map[string]*clientRecord),
		acks: make(map[string]*serverRecord), wheel: &wheel{start: now()}, wake: make(chan struct{}, 1)}
	return sh
}

// offer queues a message unless the queue is full.
func (sh *shard) offer(e event) bool {
	sh.q.Lock()
	if sh.q.waiting >= sh.stack.cfg.Limits.Queue || sh.q.stopped {
		sh.q.Unlock()
		return false
	}
	sh.q.waiting++
	sh.behind.Add(1)
	if e.registers() {
		sh.registers.Add(1)
	}
	e.came = now().UnixNano()
	sh.q.events = append(sh.q.events, e)
	first := len(sh.q.events) == 1
	sh.q.Unlock()
	if first {
		sh.notify()
	}
	return true
}

// post queues a function. Their number is bounded by that of transactions and dialogs.
func (sh *shard) post(e event) {
	sh.q.Lock()
	sh.q.events = append(sh.q.events, e)
	first := len(sh.q.events) == 1
	sh.q.Unlock()
	if first {
		sh.notify()
	}
}

func (sh *shard) notify() {
	select {
	case sh.wake <- struct{}{}:
	default:
	}
}

func (sh *shard) stop() {
	sh.q.Lock()
	sh.q.stopped = true
	sh.q.events = nil
	sh.q.Unlock()
	sh.notify()
}

// arm sets a timer; called with the lock held. A worker that sleeps longer is woken.
func (sh *shard) arm(t *timer, d time.Duration) {
	at := now()
	sh.wheel.set(t, at, d)
	sh.q.Lock()
	early := !sh.q.asleep.IsZero() && at.Add(d).Before(sh.q.asleep)
	if early {
		sh.q.asleep = time.Time{}
	}
	sh.q.Unlock()
	if early {
		sh.notify()
	}
}

// work is the worker: messages in their order, timers between them.
func (sh *shard) work() {
	defer sh.stack.wg.Done()
	sleep := time.NewTimer(time.Hour)
	defer sleep.Stop()
	var batch []event
	for {
		sh.q.Lock()
		stopped := sh.q.stopped
		batch, sh.q.events = sh.q.events, batch[:0]
		sh.q.waiting = 0
		sh.q.Unlock()
		if stopped {
			return
		}
		for i := range batch {
			sh.handle(&batch[i])
			batch[i] = event{}
			if i%64 == 63 {
				sh.expire()
			}
		}
		sh.expire()
		if len(batch) > 0 {
			if cap(batch) > 4096 {
				batch = nil
			}
			continue
		}
		at := now()
		sh.mu.Lock()
		wait := sh.wheel.wait(at)
		sh.q.Lock()
		sh.q.asleep = at.Add(wait)
		sh.q.Unlock()
		sh.mu.Unlock()
		sleep.Reset(wait)
		select {
		case <-sh.wake:
		case <-sleep.C:
		}
		sh.q.Lock()
		sh.q.asleep = time.Time{}
		sh.q.Unlock()
	}
}

// expire fires all timers that are due.
func (sh *shard) expire() {
	for {
		at := now()
		sh.mu.Lock()
		t := sh.wheel.due(at)
		if t == nil {
			sh.mu.Unlock()
			return
		}
		then := t.owner.expire(at)
		sh.mu.Unlock()
		if then != nil {
			sh.protect("", then)
		}
	}
}

func (sh *shard) handle(e *event) {
	if e.came != 0 {
		sh.current.Store(e.came)
		defer sh.handled(e.registers())
	}
	switch {
	case e.req != nil:
		sh.protect(CallIDOf(e.req), func() { sh.request(e.req, e.flow) })
	case e.res != nil:
		sh.protect(CallIDOf(e.res), func() { sh.response(e.res, e.flow) })
	case e.do != nil:
		sh.protect("", e.do)
	}
}

// registers says that the message is a REGISTER.
func (e *event) registers() bool { return e.req != nil && e.req.Method == REGISTER }

// handled counts a message that was dealt with.
func (sh *shard) handled(register bool) {
	if register {
		sh.registers.Add(-1)
	}
	if sh.behind.Add(-1) == 0 {
		sh.current.Store(0)
	}
}

// protect keeps a panic in a callback to the call that caused it (T-2).
func (sh *shard) protect(callID string, do func()) {
	if sh.stack.cfg.Recover == nil {
		do()
		return
	}
	defer func() {
		if p := recover(); p != nil {
			sh.stack.count.panics.Add(1)
			sh.stack.cfg.Recover(callID, p, debug.Stack())
		}
	}()
	do()
}
