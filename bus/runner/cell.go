package runner

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"tandem/call"
	"tandem/call/line"
	"tandem/call/signal"
)

// Bounds of the inputs that wait for one machine. A line owner serves all calls of a number, a half-call only one.
const (
	halfCallMailbox = 256
	lineMailbox     = 16384
)

// machine is what a cell hosts.
type machine interface {
	handle(x *Exchange, now time.Time, input any) (effects []signal.Effect, known bool)
	address() signal.Address
	mailbox() int
	// describe names the state for traces.
	describe() string
}

type halfMachine struct {
	*call.HalfCall
	port signal.Port
}

func (m halfMachine) handle(x *Exchange, now time.Time, input any) ([]signal.Effect, bool) {
	return m.Handle(x.env, now, input)
}
func (m halfMachine) address() signal.Address { return signal.ToHalf(m.ID) }
func (m halfMachine) mailbox() int            { return halfCallMailbox }
func (m halfMachine) describe() string {
	if m.State == call.Active {
		return m.State.String() + ", " + m.Neg.String()
	}
	return m.State.String()
}

type lineMachine struct{ *line.Owner }

func (m lineMachine) handle(x *Exchange, now time.Time, input any) ([]signal.Effect, bool) {
	return m.Handle(lineEnv{x}, now, input)
}
func (m lineMachine) address() signal.Address { return signal.ToLine(m.Line) }
func (m lineMachine) mailbox() int            { return lineMailbox }
func (m lineMachine) describe() string {
	return fmt.Sprintf("%d offered, %d calls", len(m.Offers), len(m.Calls))
}

// timer is one running timer of a cell.
type timer struct {
	kind signal.Timer
	key  uint32
	gen  uint32
	run  *time.Timer
}

// timeout is what a timer puts into the mailbox; gen tells a timer that was replaced from the one that runs.
type timeout struct {
	signal.TimerFired
	gen uint32
}

// cell is a machine with its mailbox and timers. mu guards the fields below it up to dead; everything else belongs to the
// goroutine that drains.
type cell struct {
	x *Exchange
	m machine

	mu      sync.Mutex
	queue   []any
	spare   []any
	running bool
	flooded bool // more came than the mailbox holds: the machine ends as soon as it gets to it
	dead    bool

	timers []timer
	gen    uint32

	// Where the slices begin: few machines ever need more at once.
	firstQueue, firstSpare [4]any
	firstTimers            [2]timer
}

func newCell(x *Exchange, m machine) *cell {
	c := &cell{x: x, m: m}
	c.queue, c.spare, c.timers = c.firstQueue[:0], c.firstSpare[:0], c.firstTimers[:0]
	return c
}

// post puts an input into the mailbox. It reports false when the machine has ended.
func (c *cell) post(input any) bool {
	c.mu.Lock()
	if c.dead {
		c.mu.Unlock()
		return false
	}
	if len(c.queue) >= c.m.mailbox() {
		c.flooded = true
		c.mu.Unlock()
		return true
	}
	c.queue = append(c.queue, input)
	start := !c.running
	c.running = true
	c.mu.Unlock()
	if start {
		c.x.workers.run(c)
	}
	return true
}

// drain feeds the machine until its mailbox is empty.
func (c *cell) drain() {
	for {
		c.mu.Lock()
		if c.flooded {
			c.mu.Unlock()
			c.x.flooded(c)
			c.end(nil)
			return
		}
		if len(c.queue) == 0 {
			c.running = false
			idle := c.forgettable()
			if idle {
				c.dead = true
			}
			c.mu.Unlock()
			if idle {
				c.x.forget(c)
			}
			return
		}
		batch := c.queue
		c.queue, c.spare = c.spare[:0], nil
		c.mu.Unlock()
		for i, input := range batch {
			if !c.handle(input) {
				c.end(batch[i+1:])
				return
			}
		}
		clear(batch)
		c.mu.Lock()
		c.spare = batch[:0]
		c.mu.Unlock()
	}
}

// forgettable says that a line owner has nothing left to remember.
func (c *cell) forgettable() bool {
	l, ok := c.m.(lineMachine)
	return ok && len(c.queue) == 0 && l.Idle() && len(c.timers) == 0
}

// end takes a finished machine out; what still waits for it gets the answer that its sender needs to end too.
func (c *cell) end(rest []any) {
	c.stopTimers()
	c.x.forget(c)
	c.mu.Lock()
	c.dead, c.running = true, false
	rest = append(append([]any(nil), rest...), c.queue...)
	c.queue, c.spare = nil, nil
	c.mu.Unlock()
	for _, input := range rest {
		c.x.bounce(c.m.address(), input)
	}
}

// handle gives one input to the machine and performs the effects. It reports false when the machine has ended.
func (c *cell) handle(input any) (alive bool) {
	if t, ok := input.(timeout); ok {
		if !c.expire(t) {
			return true
		}
		input = t.TimerFired
	}
	if q, ok := input.(inquiry); ok {
		if l, ok := c.m.(lineMachine); ok {
			q.answer <- append([]signal.LineCall(nil), l.Calls...)
		}
		return true
	}
	if q, ok := input.(arrival); ok {
		c.x.load.observe(c.x.now().Sub(q.at))
		input = q.input
	}
	defer func() {
		if p := recover(); p != nil {
			alive = false
			c.x.crashed(c, input, fmt.Sprint(p), debug.Stack())
		}
	}()
	before := ""
	if c.x.observer != nil {
		before = c.m.describe()
	}
	effects, known := c.m.handle(c.x, c.x.now(), input)
	if c.x.observer != nil {
		c.x.observer.Handled(c.step(before, input, effects, known))
	}
	if !known {
		c.x.misplaced.Add(1)
	}
	alive = true
	for _, e := range effects {
		if !c.perform(e) {
			alive = false
		}
	}
	return alive
}

// perform does what an effect asks for. It reports false for Finish.
func (c *cell) perform(e signal.Effect) bool {
	switch e := e.(type) {
	case signal.Send:
		if h, ok := c.m.(halfMachine); ok {
			c.x.leaves(h.Call, e.To.Server(), e.Signal)
		}
		c.x.deliver(e.To, e.Signal)
	case signal.Order:
		if h, ok := c.m.(halfMachine); ok {
			h.port.Command(h.ID, e.Command)
		}
	case signal.Start:
		c.startTimer(e)
	case signal.Stop:
		c.stopTimer(e.Timer, e.Key)
	case signal.StopAll:
		c.stopTimers()
	case signal.Create:
		c.x.leaves(e.Setup.Call, e.Node, e.Setup)
		c.x.create(e)
	case signal.Notify:
		c.x.notify(e)
	case signal.Await:
		c.x.await(c, e)
	case signal.Emit:
		c.x.fact(e.Fact)
	case signal.Finish:
		return false
	}
	return true
}

func (c *cell) startTimer(s signal.Start) {
	c.stopTimer(s.Timer, s.Key)
	c.gen++
	fired := timeout{signal.TimerFired{Timer: s.Timer, Key: s.Key}, c.gen}
	c.timers = append(c.timers, timer{s.Timer, s.Key, c.gen, time.AfterFunc(s.After, func() { c.post(fired) })})
}

func (c *cell) stopTimer(kind signal.Timer, key uint32) {
	for i, t := range c.timers {
		if t.kind == kind && t.key == key {
			t.run.Stop()
			c.timers = append(c.timers[:i], c.timers[i+1:]...)
			return
		}
	}
}

func (c *cell) stopTimers() {
	for _, t := range c.timers {
		t.run.Stop()
	}
	c.timers = nil
}

// expire takes the timer that fired out of the list; false when it was stopped or replaced meanwhile.
func (c *cell) expire(fired timeout) bool {
	for i, t := range c.timers {
		if t.gen == fired.gen {
			c.timers = append(c.timers[:i], c.timers[i+1:]...)
			return true
		}
	}
	return false
}
