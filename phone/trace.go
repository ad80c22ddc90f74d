package phone

import (
	"fmt"
	"sync"
	"time"
)

// Event is one message that the phone sent or received, or something worth noting.
type Event struct {
	At time.Time
	// Sent is true for messages of the phone, false for those of the server.
	Sent bool
	// Name of the message, such as "OffHook" or "INVITE"; "note" for notes.
	Name string
	// Detail has the fields, readable.
	Detail string
}

// String is one line of a trace.
func (e Event) String() string {
	arrow := "<-"
	if e.Sent {
		arrow = "->"
	}
	return fmt.Sprintf("%s %s %-26s %s", e.At.Format("15:04:05.000"), arrow, e.Name, e.Detail)
}

// record is an Event whose detail has not been written out.
type record struct {
	at     time.Time
	sent   bool
	name   string
	detail func() string
}

// traceLog is a ring of the newest messages. It has a lock of its own, because
// the SIP stack tells of messages while the phone is locked.
type traceLog struct {
	mu    sync.Mutex
	ring  []record
	next  int
	limit int
}

func (t *traceLog) add(sent bool, name string, detail func() string) {
	if t.limit <= 0 {
		return
	}
	r := record{time.Now(), sent, name, detail}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.ring) < t.limit {
		t.ring = append(t.ring, r)
		return
	}
	t.ring[t.next] = r
	t.next = (t.next + 1) % len(t.ring)
}

func (t *traceLog) events() []Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]Event, 0, len(t.ring))
	for i := range t.ring {
		r := t.ring[(t.next+i)%len(t.ring)]
		e := Event{At: r.at, Sent: r.sent, Name: r.name}
		if r.detail != nil {
			e.Detail = r.detail()
		}
		out = append(out, e)
	}
	return out
}

// Trace returns the newest messages, oldest first: as many as Config.Trace asked for.
func (p *Phone) Trace() []Event {
	return p.trace.events()
}

// note adds a remark to the trace.
func (p *Phone) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	p.trace.add(true, "note", func() string { return text })
}
