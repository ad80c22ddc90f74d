package trace

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/call/signal"
)

// Message is one message of a call, as the server sent or received it.
type Message struct {
	Time     time.Time
	From     string // participant: a device, a trunk, or the server's own name
	To       string // participant
	Protocol string // "SCCP", "SIP", "signal" …
	Summary  string // what stands on the arrow: "INVITE 2001", "OpenReceiveChannel"
	Raw      []byte // the bytes, at most RawLimit of them; nil if the memory for them was needed again
	Length   int    // how many bytes the message had
}

// RawLimit is how many bytes of one message are kept.
const RawLimit = 4096

const (
	callLimit    = 200 // bytes of a call's key
	summaryLimit = 120 // bytes of a summary
)

// LadderOptions bound the Ladders. The zero value takes the defaults.
type LadderOptions struct {
	Messages int // how many messages the server keeps, default 16384
	Bytes    int // how many raw bytes the server keeps, default 8 MiB; at least RawLimit
}

// Ladders keeps the last messages of all calls of a server in one ring. Adding costs a short lock and a copy, and no memory
// beyond the ring; looking a call up goes through the ring, for it happens when a person asks.
type Ladders struct {
	mu      sync.Mutex
	records []record
	added   uint64 // records ever added; the next goes to added modulo len(records)
	raw     []byte // ring of raw bytes
	written uint64 // bytes ever written to raw
}

// record is a slot of the ring. The summary is kept in the slot itself, so that a message leaves nothing behind that must be
// collected: there are tens of thousands a second.
type record struct {
	id                 signal.CallID // what the call is known by, unless it is zero
	call               string        // then this is
	alias              string        // if not empty: call and alias are the same call, and there is no message
	time               time.Time
	from, to, protocol string
	at                 uint64 // position in the stream of raw bytes
	size, length       int32
	words              uint8 // bytes of the summary
	summary            [summaryLimit]byte
}

// set fills the slot, all but the position of its bytes.
func (r *record) set(id signal.CallID, call string, m *Message) {
	*r = record{id: id, call: call, time: m.Time, from: m.From, to: m.To, protocol: m.Protocol, size: int32(min(len(m.Raw), RawLimit)),
		length: int32(len(m.Raw))}
}

// NewLadders returns an empty ring.
func NewLadders(opts LadderOptions) *Ladders {
	return &Ladders{
		records: make([]record, cmp.Or(opts.Messages, 16384)),
		raw:     make([]byte, max(cmp.Or(opts.Bytes, 8<<20), RawLimit)),
	}
}

// Add adds a message to the ladder of call. The key is whatever the caller knows the call by: a call identifier, the Call-ID
// of a dialog, a device and call reference; Same joins keys. Raw is copied.
func (l *Ladders) Add(call string, m Message) {
	call = shorten(call, callLimit)
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.next()
	r.set(signal.CallID{}, call, &m)
	r.words = uint8(copy(r.summary[:], m.Summary))
	l.keep(r, m.Raw)
}

// AddTo is Add for a call by its identifier. summarize appends the summary of raw to b, of which it returns more than there is
// room for at the cost of what is above; it is called at once, and makes nothing that outlives it.
func (l *Ladders) AddTo(call signal.CallID, m Message, summarize func(b, raw []byte) []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.next()
	r.set(call, "", &m)
	r.words = uint8(copy(r.summary[:], summarize(r.summary[:0], m.Raw)))
	l.keep(r, m.Raw)
}

// next takes the slot of the oldest record. The lock is held.
func (l *Ladders) next() *record {
	r := &l.records[l.added%uint64(len(l.records))]
	l.added++
	return r
}

// keep copies the bytes of a record's message. The lock is held.
func (l *Ladders) keep(r *record, raw []byte) {
	raw = raw[:r.size]
	r.at = l.written
	start := int(l.written % uint64(len(l.raw)))
	n := copy(l.raw[start:], raw)
	copy(l.raw, raw[n:])
	l.written += uint64(len(raw))
}

// Same says that two keys mean the same call, as when a dialog's Call-ID or a transfer's second call joins a call.
func (l *Ladders) Same(call, other string) {
	if call == other || call == "" || other == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	*l.next() = record{call: shorten(call, callLimit), alias: shorten(other, callLimit)}
}

// Of returns the ladder of the call that key means; ok is false if no message of it is left.
func (l *Ladders) Of(key string) (Ladder, bool) {
	key = shorten(key, callLimit)
	l.mu.Lock()
	defer l.mu.Unlock()
	names := keyNames{}
	same := l.same(key)
	ladder := Ladder{Call: key}
	for r := range l.kept {
		if r.alias != "" || !same[names.of(r)] {
			continue
		}
		ladder.Messages = append(ladder.Messages, Message{Time: r.time, From: r.from, To: r.to, Protocol: r.protocol,
			Summary: string(r.summary[:r.words]), Raw: l.bytes(r), Length: int(r.length)})
	}
	slices.SortStableFunc(ladder.Messages, func(a, b Message) int { return a.Time.Compare(b.Time) })
	return ladder, len(ladder.Messages) > 0
}

// Keys returns all keys that mean the same call as key, it among them, in order.
func (l *Ladders) Keys(key string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.same(shorten(key, callLimit))))
}

// same finds the keys that mean the same call. The lock is held.
func (l *Ladders) same(key string) map[string]bool {
	same := map[string]bool{key: true}
	for grown := true; grown; {
		grown = false
		for r := range l.kept {
			if r.alias != "" && same[r.call] != same[r.alias] {
				same[r.call], same[r.alias] = true, true
				grown = true
			}
		}
	}
	return same
}

// Calls returns a key of each call of which a message is left, the most recent first. Keys that mean the same call are
// given once, by the key of their first message.
func (l *Ladders) Calls() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	parent := map[string]string{}
	var root func(string) string
	root = func(k string) string {
		p, ok := parent[k]
		if !ok || p == k {
			return k
		}
		top := root(p)
		parent[k] = top
		return top
	}
	for r := range l.kept {
		if r.alias != "" {
			parent[root(r.alias)] = root(r.call)
		}
	}
	names := keyNames{}
	name := map[string]string{}
	last := map[string]int{}
	i := 0
	for r := range l.kept {
		i++
		if r.alias != "" {
			continue
		}
		k := root(names.of(r))
		if _, ok := name[k]; !ok {
			name[k] = names.of(r)
		}
		last[k] = i
	}
	keys := make([]string, 0, len(name))
	for k := range name {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Compare(last[b], last[a]) })
	for i, k := range keys {
		keys[i] = name[k]
	}
	return keys
}

// keyNames writes identifiers of calls as keys, each once.
type keyNames map[signal.CallID]string

func (n keyNames) of(r *record) string {
	if r.id.IsZero() {
		return r.call
	}
	name, ok := n[r.id]
	if !ok {
		name = r.id.String()
		n[r.id] = name
	}
	return name
}

// kept calls yield for each record, oldest first. The lock is held.
func (l *Ladders) kept(yield func(*record) bool) {
	size := uint64(len(l.records))
	for i := l.added - min(l.added, size); i < l.added; i++ {
		if !yield(&l.records[i%size]) {
			return
		}
	}
}

// bytes returns a copy of the raw bytes of a record, or nil if they were overwritten. The lock is held.
func (l *Ladders) bytes(r *record) []byte {
	size := uint64(len(l.raw))
	if r.size == 0 || l.written-r.at > size {
		return nil
	}
	out := make([]byte, r.size)
	n := copy(out, l.raw[r.at%size:])
	copy(out[n:], l.raw)
	return out
}

// shorten is for keys: it is cheap where nothing is wrong, and printing cleans.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.Clone(text[:limit])
}
