package confdb

import (
	"context"
	"errors"
	"sync"
)

// The feed keeps the last entries for watchers that are a little behind; who is further behind begins anew from the
// snapshot. Writers never wait for watchers, and a watcher holds no queue of its own.
const (
	feedEvents  = 1024    // entries kept
	feedChanges = 100_000 // changes in them, so that a few large imports do not pin the memory of everything
)

// ErrClosed is what a watcher gets when the store is closed.
var ErrClosed = errors.New("confdb: closed")

type feed struct {
	mu      sync.Mutex
	events  []feedEvent // oldest first
	changes int
	latest  *Snapshot
	woken   chan struct{} // closed and replaced at every entry
	closed  bool
}

// feedEvent is an entry with the position before it. Positions have gaps, since the log has entries of its own.
type feedEvent struct {
	Event
	after Position
}

func (f *feed) init(s *Snapshot) {
	f.latest, f.woken = s, make(chan struct{})
}

// add publishes an entry. show makes its snapshot visible; under the same lock, so that no reader sees a
// snapshot whose entry the feed does not know yet.
func (f *feed) add(e Event, show func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	show()
	if e.Resync { // nothing before it is of use
		f.events, f.changes = nil, 0
	} else {
		f.events = append(f.events, feedEvent{e, f.latest.position})
		f.changes += len(e.Changes)
	}
	f.latest = e.Snapshot
	drop := 0
	for len(f.events)-drop > 1 && (len(f.events)-drop > feedEvents || f.changes > feedChanges) {
		f.changes -= len(f.events[drop].Changes)
		f.events[drop] = feedEvent{}
		drop++
	}
	f.events = f.events[drop:]
	close(f.woken)
	f.woken = make(chan struct{})
}

func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		close(f.woken)
		f.woken = make(chan struct{})
	}
}

// Watcher reads the feed. One goroutine uses it at a time.
type Watcher struct {
	store *Store
	at    Position
}

// Next waits for the entry after the last one. Its error is ErrClosed or that of ctx.
func (w *Watcher) Next(ctx context.Context) (Event, error) {
	f := &w.store.feed
	for {
		f.mu.Lock()
		event, found := w.find()
		woken, closed := f.woken, f.closed
		f.mu.Unlock()
		if found {
			w.at = event.Position
			return event, nil
		}
		if closed {
			return Event{}, ErrClosed
		}
		select {
		case <-woken:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}

// find returns the entry after w.at, or a resync if that is not kept.
func (w *Watcher) find() (Event, bool) {
	f := &w.store.feed
	if w.at == f.latest.position {
		return Event{}, false
	}
	for i := len(f.events) - 1; i >= 0; i-- {
		if f.events[i].after == w.at {
			return f.events[i].Event, true
		}
	}
	return Event{Position: f.latest.position, Snapshot: f.latest, Resync: true}, true
}
