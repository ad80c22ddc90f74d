package session

import (
	"sync"

	"tandem/bus"
)

// item is what a link hands to those above it, in order: messages, the beginning and end of a session, a new watcher.
type item struct {
	messages []message
	bytes    int
	peer     bus.Peer // of a beginning or an end
	begins   bool
	ends     bool
	watch    watcher
}

// inbox holds what came from one peer until it is taken. The link bounds it: it gives the peer up when too much waits.
type inbox struct {
	mu       sync.Mutex
	items    []item
	messages int
	bytes    int
	ready    chan struct{} // of one place: there is something, or it is closed
	closed   bool
}

func newInbox() *inbox { return &inbox{ready: make(chan struct{}, 1)} }

// put adds an item and returns how many messages and bytes wait now.
func (b *inbox) put(i item) (messages, bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.items = append(b.items, i)
	b.messages += len(i.messages)
	b.bytes += i.bytes
	b.wake()
	return b.messages, b.bytes
}

func (b *inbox) wake() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// close ends take once everything before was taken.
func (b *inbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.wake()
}

// take returns what waits, in order, and whether more may come. It reuses spare for what comes meanwhile.
func (b *inbox) take(spare []item) (items []item, more bool) {
	for {
		b.mu.Lock()
		if len(b.items) > 0 || b.closed {
			items, b.items = b.items, spare[:0]
			more = !b.closed
			b.mu.Unlock()
			return items, more
		}
		b.mu.Unlock()
		<-b.ready
	}
}

// taken says that messages were handed over.
func (b *inbox) taken(messages, bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages -= messages
	b.bytes -= bytes
}

// deliver hands over what comes from a peer until the link ends. It is the one goroutine in which receivers and watchers of that
// peer are called.
func (l *link) deliver() {
	defer l.e.group.Done()
	var items []item
	var current bus.Peer
	reachable := false
	watchers := l.watchers
	tell := func(f watcher, p bus.Peer, up bool) {
		defer l.recover()
		f(p, up)
	}
	for more := true; more; {
		items, more = l.inbox.take(items)
		for n, i := range items {
			items[n] = item{} // so that the spare space holds nothing back
			switch {
			case l.e.ctx.Err() != nil:
				return
			case i.watch != nil:
				watchers = append(watchers, i.watch)
				if reachable {
					tell(i.watch, current, true)
				}
			case i.begins || i.ends:
				current, reachable = i.peer, i.begins
				for _, f := range watchers {
					tell(f, current, reachable)
				}
			default:
				for _, m := range i.messages {
					l.hand(current, m)
				}
				l.inbox.taken(len(i.messages), i.bytes)
			}
		}
	}
}

func (l *link) hand(from bus.Peer, m message) {
	defer l.recover()
	if take := l.e.receiver(m.topic); take != nil {
		take(from, m.payload)
	} else {
		l.e.figures.Unclaimed.Add(1)
	}
}

// recover contains a panic of a receiver or a watcher: it ends what that did with one message, nothing else.
func (l *link) recover() {
	if p := recover(); p != nil {
		l.e.recovered(p)
	}
}
