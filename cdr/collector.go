package cdr

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/telephony/parameter"
)

// DefaultBacklog is how many entries wait in memory for the disk at most: more than two minutes at 2,500 calls a
// second. Each takes about a kilobyte.
const DefaultBacklog = 400_000

const (
	recentRecords  = 5_000
	gather         = 20 * time.Millisecond // how long entries are gathered for one sync
	gatherEntries  = 256                   // how many are enough to sync at once
	batchEntries   = 4_096                 // how many are written with one sync at most
	beat           = time.Second           // how often the writer looks after what is due
	heartbeatEvery = 5 * time.Second
	retryAfter     = time.Second // after a failed write
	largeJournal   = 1 << 20     // bytes after which a journal file without records is begun anew
)

// Options are what a Collector is given. Cluster, Node and Parameters are required.
type Options struct {
	Cluster    string        // name of the cluster, for records and file names
	Node       signal.NodeID // this server
	Parameters func() *parameter.Values
	Alarm      func(error)      // gets fault.Error; nil: they are logged only
	Cleared    func(fault.Code) // says that RecordsNotWritten is over; may be nil
	Log        *slog.Logger     // nil: none
	Now        func() time.Time // nil: time.Now
	Random     io.Reader        // for record identifiers; nil: crypto/rand
	Backlog    int              // entries that may wait for the disk; 0: DefaultBacklog
	NotBefore  time.Duration    // how long after the start old files may be removed; 0: an hour, by which the clock is right
}

// Collector receives the facts about calls and keeps them. It is safe for concurrent use.
type Collector struct {
	dir       string
	options   Options
	begin     time.Time
	run       string
	recent    *recent
	lastCall  atomic.Uint32
	firstCall uint32

	mu      sync.Mutex
	pending []*item
	waiting int                               // of pending, those not withdrawn
	open    map[signal.HalfCallID][]*openCall // by the half-call that keeps the record; two during a blind transfer
	lost    uint64                            // records for which there was no room
	queued  uint64                            // entries ever put into pending
	durable uint64                            // and taken out of it
	flushed chan struct{}                     // closed and replaced when durable rises

	wake    chan struct{}
	closing chan struct{}
	done    chan struct{}
	once    sync.Once

	w writer
}

// item is one entry on its way to the journal.
type item struct {
	kind    entryKind
	call    *CallRecord
	quality *QualityRecord
	up      time.Duration
	id      string
	bad     error // why a record goes aside instead
}

type openCall struct {
	record *CallRecord
	up     time.Duration
	dest   signal.HalfCallID
	item   *item // the entry that opens it, while it waits
	nagged bool  // it was reported as open for too long
}

// Open reads what the last run left in dir, closes the calls that were up when it ended, completes their files and
// begins a new journal. An error means that dir cannot be used at all; a disk that is merely full is an alarm.
func Open(dir string, o Options) (*Collector, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Backlog <= 0 {
		o.Backlog = DefaultBacklog
	}
	if o.NotBefore <= 0 {
		o.NotBefore = time.Hour
	}
	c := &Collector{
		dir: dir, options: o, begin: o.Now(), open: map[signal.HalfCallID][]*openCall{}, flushed: make(chan struct{}),
		wake: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{}),
	}
	c.run = c.begin.UTC().Format(time.RFC3339Nano)
	if err := os.MkdirAll(filepath.Join(dir, "journal"), 0o750); err != nil {
		return nil, fault.Wrap(err, fault.RecordsNotWritten, "directory", dir)
	}
	if err := c.recover(); err != nil {
		return nil, fault.Wrap(err, fault.RecordsNotWritten, "directory", dir)
	}
	c.firstCall = nextThousand(c.lastCall.Load())
	c.lastCall.Store(c.firstCall - 1)
	c.w.start(c)
	go c.write()
	return c, nil
}

// nextThousand is where call numbers begin after last: at the next full thousand, or anew at 1000 near the end of 32 bits.
func nextThousand(last uint32) uint32 {
	if last >= 1<<32-2000 {
		return 1000
	}
	return (last/1000 + 1) * 1000
}

// FirstCall is the number at which this run's globalCallID sequence begins: the full thousand after the newest number
// of the last run that any record bears, so that no two records of different calls have the same.
func (c *Collector) FirstCall() uint32 { return c.firstCall }

func (c *Collector) up() time.Duration { return c.options.Now().Sub(c.begin) }

// noteCall keeps the newest call number of this server. Numbers wrap around.
func (c *Collector) noteCall(id signal.CallID) {
	if id.Manager != c.options.Node {
		return
	}
	for {
		last := c.lastCall.Load()
		if last != 0 && int32(id.Call-last) <= 0 || c.lastCall.CompareAndSwap(last, id.Call) {
			return
		}
	}
}

// Fact takes a fact about a call. It never waits for the disk.
func (c *Collector) Fact(f signal.Fact) {
	switch f := f.(type) {
	case signal.Progress:
		c.noteCall(f.Call)
	case signal.Answered:
		c.answered(&f.Record)
	case signal.Ended:
		c.ended(&f.Record)
	case signal.Abandoned:
		c.abandoned(f)
	case signal.Diagnostics:
		c.diagnostics(&f)
	}
}

func (c *Collector) newID() string {
	var b [16]byte
	if _, err := io.ReadFull(c.options.Random, b[:]); err != nil {
		// crypto/rand never fails; a source that was given may. An identifier that repeats is worse than another source.
		_, _ = rand.Read(b[:])
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // RFC 9562 5.4
	const digits = "0123456789abcdef"
	var s [36]byte
	n := 0
	for i, x := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			s[n] = '-'
			n++
		}
		s[n], s[n+1] = digits[x>>4], digits[x&15]
		n += 2
	}
	return string(s[:])
}

func (c *Collector) answered(r *signal.Record) {
	c.noteCall(r.Call)
	if !c.options.Parameters().Bool(parameter.CdrEnabled) {
		return
	}
	n := newRecord(r)
	n.Cluster = c.options.Cluster
	if n.check() != nil {
		return // its end says what is wrong with it
	}
	o := &openCall{record: n, up: c.up(), dest: r.Dest.Half}
	c.mu.Lock()
	defer c.mu.Unlock()
	n.ID = c.newID()
	c.open[r.Orig.Half] = append(c.open[r.Orig.Half], o)
	// The entry only guards against a crash: room that runs short is left to records.
	if c.waiting < c.options.Backlog/4*3 {
		o.item = &item{kind: entryAnswered, call: n, up: o.up}
		c.enqueue(o.item)
	}
}

func (c *Collector) ended(r *signal.Record) {
	c.noteCall(r.Call)
	values := c.options.Parameters()
	n := newRecord(r)
	n.Cluster = c.options.Cluster
	if n.Ended.IsZero() {
		n.Ended = wall(c.options.Now())
	}
	bad := n.check()
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.takeOpen(r, n)
	switch {
	case o != nil:
		n.ID = o.record.ID
		c.withdraw(o.item)
	case !values.Bool(parameter.CdrEnabled):
		return
	case r.Connected.IsZero() && !values.Bool(parameter.CdrLogCallsWithZeroDuration):
		return
	default:
		n.ID = c.newID()
	}
	if c.waiting >= c.options.Backlog {
		c.lost++
		c.signal()
		return
	}
	if bad == nil {
		c.recent.add(n)
	}
	c.enqueue(&item{kind: entryEnded, call: n, bad: bad})
}

// takeOpen finds and removes the open call whose end r is. The call's identifier does not help: a consultation takes on
// that of the call it is transferred into.
func (c *Collector) takeOpen(r *signal.Record, n *CallRecord) *openCall {
	if r.Connected.IsZero() {
		return nil
	}
	key := r.Orig.Half
	list := c.open[key]
	best := -1
	for i, o := range list {
		if !o.record.Began.Equal(n.Began) || !o.record.Connected.Equal(n.Connected) {
			continue
		}
		if best < 0 || o.dest == r.Dest.Half {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	o := list[best]
	if len(list) == 1 {
		delete(c.open, key)
	} else {
		c.open[key] = append(list[:best:best], list[best+1:]...)
	}
	return o
}

// withdraw takes an entry back that was not written yet because a newer one says more.
func (c *Collector) withdraw(i *item) {
	if i != nil && i.kind != 0 {
		i.kind = 0
		c.waiting--
	}
}

func (c *Collector) abandoned(f signal.Abandoned) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.open[f.Orig] {
		c.withdraw(o.item)
		c.enqueue(&item{kind: entryAbandoned, id: o.record.ID})
	}
	delete(c.open, f.Orig)
}

func (c *Collector) diagnostics(d *signal.Diagnostics) {
	values := c.options.Parameters()
	if !values.Bool(parameter.CdrEnabled) || !values.Bool(parameter.CallDiagnosticsEnabled) {
		return
	}
	q := newQuality(d)
	q.Cluster = c.options.Cluster
	if q.At.IsZero() {
		q.At = wall(c.options.Now())
	}
	bad := q.check()
	c.mu.Lock()
	defer c.mu.Unlock()
	q.ID = c.newID()
	if c.waiting >= c.options.Backlog/2 { // calls come first
		c.lost++
		c.signal()
		return
	}
	c.enqueue(&item{kind: entryQuality, quality: q, bad: bad})
}

// enqueue is called with mu held.
func (c *Collector) enqueue(i *item) {
	c.pending = append(c.pending, i)
	c.queued++
	c.waiting++
	c.signal()
}

func (c *Collector) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Sync waits until everything handed over before is durable.
func (c *Collector) Sync(ctx context.Context) error {
	c.mu.Lock()
	target := c.queued
	c.mu.Unlock()
	for {
		c.mu.Lock()
		reached, flushed := c.durable >= target, c.flushed
		c.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-flushed:
		case <-c.done:
			return errors.New("closed")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Stats are figures for counters and `tandem status`.
type Stats struct {
	Waiting int    // entries that are not durable yet
	Open    int    // answered calls in the journal
	Lost    uint64 // records lost since the start
	Failing bool   // writing fails now
}

// Stats returns the figures of now.
func (c *Collector) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{Waiting: c.waiting, Lost: c.lost, Failing: c.w.failing.Load()}
	for _, list := range c.open {
		s.Open += len(list)
	}
	return s
}

// Close writes what waits, completes the flat files and ends the Collector. Calls that are still up stay open in the
// journal; the next run closes them. Records that could not be written until ctx ends are lost and counted in the error.
func (c *Collector) Close(ctx context.Context) error {
	c.once.Do(func() { close(c.closing) })
	select {
	case <-c.done:
	case <-ctx.Done():
		return fmt.Errorf("call records: %w", ctx.Err())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	left := 0
	for _, i := range c.pending {
		if i.kind == entryEnded || i.kind == entryQuality {
			left++
		}
	}
	if left > 0 {
		return fault.New(fault.RecordsLostCounted, "count", left, "directory", c.dir)
	}
	return nil
}
