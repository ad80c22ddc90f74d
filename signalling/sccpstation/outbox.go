package sccpstation

import (
	"sync"
	"sync/atomic"
	"time"

	"tandem/call/signal"
	"tandem/wire/sccp"
)

// Bounds of what waits to be written to one phone. A registration's answers are about 5 KB, a call's some hundred bytes.
const (
	outboxLimit  = 128 << 10
	writeTimeout = 10 * time.Second
	smallBuffer  = 8 << 10
)

// outbox is the bounded write queue of a session: frames back to back, written by one goroutine at a time. While the
// session's reader handles messages it writes itself, before it waits for more; what comes from calls and timers is
// written by a goroutine that lives only for that.
type outbox struct {
	session *session

	mu      sync.Mutex
	buf     []byte
	own     *[]byte // where buf came from
	frames  int
	writing bool
	closed  bool
	full    bool

	replaced atomic.Bool // the device has a newer connection
}

var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, smallBuffer)
	return &b
}}

// add encodes a message behind those that wait. It reports the size of the frame, 0 if nothing was added.
func (o *outbox) add(m sccp.Message, codec sccp.Codec) int { return o.addFor(m, codec, nil, nil) }

// addFor is add for a message that belongs to a call.
func (o *outbox) addFor(m sccp.Message, codec sccp.Codec, st *station, c *call) int {
	figures := &o.session.srv.figures
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return 0
	}
	if o.buf == nil {
		o.own = buffers.Get().(*[]byte)
		o.buf = (*o.own)[:0]
	}
	before := len(o.buf)
	out, err := codec.Append(o.buf, m)
	if err != nil {
		figures.unsent.Add(1)
		o.session.srv.Log.Warn("a message to a phone was left out", "device", o.session.remote.String(), "error", err)
		return 0
	}
	o.buf = out
	o.frames++
	figures.sent.Add(1)
	if c != nil && st.srv.Ladder != nil {
		c.ladder(true, m.ID(), summary(m), out[before:])
	}
	if tap := o.session.srv.tap; tap != nil {
		tap(codec, m, out[before:])
	}
	if len(out) > outboxLimit {
		o.full, o.closed = true, true
		o.session.conn.Close()
		return 0
	}
	return len(out) - before
}

// kick has what waits written, without waiting for it.
func (o *outbox) kick() {
	o.mu.Lock()
	srv := o.session.srv
	start := !o.writing && !o.closed && len(o.buf) > 0
	if start {
		o.writing = true
		srv.work.Add(1) // under the lock: the session, which closes the queue first, has not ended yet
	}
	o.mu.Unlock()
	if start {
		go func() {
			defer srv.work.Done()
			o.write()
		}()
	}
}

// flush writes what waits, unless somebody else does already. Only the session's reader calls it.
func (o *outbox) flush() {
	o.mu.Lock()
	if o.writing || len(o.buf) == 0 {
		o.mu.Unlock()
		return
	}
	o.writing = true
	o.mu.Unlock()
	o.write()
}

// write empties the queue; writing is set.
func (o *outbox) write() {
	conn := o.session.conn
	o.mu.Lock()
	for len(o.buf) > 0 {
		batch, own := o.buf, o.own
		o.buf, o.own, o.frames = nil, nil, 0
		o.mu.Unlock()
		err := conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		if err == nil {
			_, err = conn.Write(batch)
		}
		if cap(batch) <= smallBuffer {
			*own = batch[:0]
			buffers.Put(own)
		}
		o.mu.Lock()
		if err != nil {
			o.closed = true
			conn.Close()
			break
		}
	}
	o.writing = false
	o.mu.Unlock()
}

// close refuses further messages.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
}

func (o *outbox) overflowed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.full
}

func (o *outbox) waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.frames
}

// ladderEntry is a message of a call whose identifier is not known yet.
type ladderEntry struct {
	toDevice      bool
	name, summary string
	raw           []byte
}

// maxEarly bounds the messages kept until the call's identifier is known.
const maxEarly = 24

// ladder shows a message of the call. The station's lock or the outbox's is held.
func (c *call) ladder(toDevice bool, id sccp.MessageID, summary string, raw []byte) {
	if !c.global.IsZero() {
		c.st.srv.Ladder.Message(c.global, c.st.name, toDevice, id.String(), summary, raw)
		return
	}
	if len(c.early) < maxEarly {
		c.early = append(c.early, ladderEntry{toDevice, id.String(), summary, append([]byte(nil), raw...)})
	}
}

// identify notes the call's identifier as soon as it is known.
func (c *call) identify(id signal.CallID) {
	if id.IsZero() || c.global == id {
		return
	}
	c.global = id
	if ladder := c.st.srv.Ladder; ladder != nil {
		for _, e := range c.early {
			ladder.Message(id, c.st.name, e.toDevice, e.name, e.summary, e.raw)
		}
	}
	c.early = nil
}
