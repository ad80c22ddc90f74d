package cdr

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"tandem/fault"
	"tandem/telephony/parameter"
)

// writer is what only the writing goroutine touches (and Open before it starts).
type writer struct {
	failing   atomic.Bool
	segment   *segment
	old       []*segment // their flat files are not complete yet, oldest first
	sequence  uint64     // newest in use
	encoder   *encoder
	retryAt   time.Duration
	heartbeat time.Duration // up time of the last one
	beatLast  uint32
	reported  uint64 // losses that were reported
	tidy      tidier
	syncer    syncer
}

// start does what must be done before the first call: write what recovery closed and complete the files of earlier runs.
func (w *writer) start(c *Collector) {
	w.encoder = newEncoder()
	w.beatLast = c.lastCall.Load()
	w.tidy.init(c)
	c.attempt()
}

// write is the writing goroutine.
func (c *Collector) write() {
	defer close(c.done)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-c.wake:
			if c.count() < gatherEntries {
				pause := time.NewTimer(gather)
				select {
				case <-pause.C:
				case <-c.closing:
					pause.Stop()
				}
			}
		case <-tick.C:
			c.tick()
		case <-c.closing:
			c.finish()
			return
		}
		if c.w.retryAt <= c.up() {
			c.attempt()
		}
	}
}

func (c *Collector) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting
}

// attempt writes all that waits, as far as the disk takes it.
func (c *Collector) attempt() {
	err := c.drain()
	for err == nil && len(c.w.old) > 0 {
		// Oldest first, so that files become complete in order.
		if err = c.w.old[0].finish(func([]byte, error) {}); err == nil {
			c.w.old = c.w.old[1:]
		}
	}
	if err == nil && c.w.segment.broken {
		err = c.w.segment.rebuild(func([]byte, error) {})
	}
	c.outcome(err)
}

// outcome raises or ends the alarm about writing.
func (c *Collector) outcome(err error) {
	w := &c.w
	if err != nil {
		w.retryAt = c.up() + retryAfter
		if !w.failing.Swap(true) {
			c.alarm(fault.Wrap(err, fault.RecordsNotWritten, "directory", c.dir))
		}
		return
	}
	w.retryAt = 0
	if w.failing.Swap(false) {
		c.options.Log.Info("call records are written again", "directory", c.dir)
		if c.options.Cleared != nil {
			c.options.Cleared(fault.RecordsNotWritten)
		}
	}
}

// drain writes batches until nothing waits.
func (c *Collector) drain() error {
	if c.w.segment == nil {
		s, err := c.createSegment()
		if err != nil {
			return err
		}
		c.w.segment = s
	}
	// The files of an idle interval would bear an old time: begin anew before the first row.
	if s := c.w.segment; s.records == 0 && c.up()-s.since >= c.interval() && c.count() > 0 {
		if err := c.next(); err != nil {
			return err
		}
	}
	for {
		n, err := c.batch()
		if n == 0 || err != nil {
			return err
		}
	}
}

// batch writes up to batchEntries entries with one sync and returns how many.
func (c *Collector) batch() (int, error) {
	w, s := &c.w, c.w.segment
	c.mu.Lock()
	items := make([]item, min(len(c.pending), batchEntries))
	for i := range items {
		items[i] = *c.pending[i]
	}
	c.mu.Unlock()
	if len(items) == 0 {
		return 0, nil
	}
	w.encoder.buf.Reset()
	rows := 0
	for i := range items {
		var err error
		switch it := &items[i]; {
		case it.bad != nil:
			continue
		case it.kind == entryAnswered:
			err = w.encoder.add(entryAnswered, answeredEntry{Up: it.up, Record: it.call})
		case it.kind == entryEnded:
			rows++
			err = w.encoder.add(entryEnded, it.call)
		case it.kind == entryAbandoned:
			err = w.encoder.add(entryAbandoned, idEntry{it.id})
		case it.kind == entryQuality:
			rows++
			err = w.encoder.add(entryQuality, it.quality)
		}
		if err != nil { // one that cannot be encoded must not stop the others
			items[i].bad = err
		}
	}
	if w.encoder.buf.Len() > 0 {
		if err := s.append(w.encoder.buf.Bytes()); err != nil {
			return 0, err
		}
	}
	if w.encoder.buf.Cap() > 8<<20 {
		w.encoder = newEncoder()
	}
	s.records += rows
	c.written(len(items))
	for i := range items {
		if items[i].bad != nil && items[i].kind != 0 {
			c.putAside(&items[i])
		}
	}
	if s.broken {
		return len(items), nil // rebuilt from the journal when the backlog is through
	}
	for i := range items {
		switch it := &items[i]; {
		case it.bad != nil:
		case it.kind == entryEnded:
			s.calls.add(it.call)
		case it.kind == entryQuality:
			s.quality.add(it.quality)
		}
	}
	if err := s.flush(); err != nil {
		s.broken = true
		return len(items), err
	}
	return len(items), nil
}

// written removes the first n entries, which are durable now.
func (c *Collector) written(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, i := range c.pending[:n] {
		if i.kind != 0 {
			i.kind = 0
			c.waiting--
		}
	}
	clear(c.pending[:n])
	c.pending = c.pending[n:]
	if len(c.pending) == 0 {
		c.pending = nil
	}
	c.durable += uint64(n)
	close(c.flushed)
	c.flushed = make(chan struct{})
}

func (c *Collector) putAside(i *item) {
	var v any = i.call
	if i.kind == entryQuality {
		v = i.quality
	}
	data, err := json.Marshal(v)
	if err != nil {
		data = []byte(err.Error())
	}
	c.aside("records", data)
	c.alarm(fault.Wrap(i.bad, fault.RecordSetAside, "directory", filepath.Join(c.dir, "BAD")))
}

func (c *Collector) layout() Layout {
	if Layout(c.options.Parameters().Text(parameter.CDRLayout)) == LayoutLater {
		return LayoutLater
	}
	return Layout4
}

func (c *Collector) nameFiles(s *startEntry, sequence uint64) {
	at := c.options.Now()
	s.Calls = flatName(callsPrefix, c.options.Cluster, c.options.Node, at, sequence)
	s.Quality = flatName(qualityPrefix, c.options.Cluster, c.options.Node, at, sequence)
}

// createSegment begins the next journal file with a copy of every call that is open, or whose end waits to be written.
func (c *Collector) createSegment() (*segment, error) {
	start := startEntry{
		Version: journalVersion, Cluster: c.options.Cluster, Node: uint16(c.options.Node), Run: c.run,
		At: wall(c.options.Now()), Layout: c.layout(), Last: c.lastCall.Load(),
	}
	sequence := c.w.sequence + 1
	c.nameFiles(&start, sequence)
	s, err := createSegment(c.dir, sequence, start, &c.w.syncer, func(e *encoder) error {
		for _, a := range c.checkpoint() {
			if err := e.add(entryAnswered, a); err != nil {
				return err
			}
		}
		return e.add(entryHeartbeat, c.pulse())
	})
	if err != nil {
		return nil, err
	}
	s.since = c.up()
	c.w.sequence = sequence
	return s, nil
}

func (c *Collector) checkpoint() []answeredEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []answeredEntry
	for _, list := range c.open {
		for _, o := range list {
			all = append(all, answeredEntry{Up: o.up, Record: o.record})
		}
	}
	for _, i := range c.pending {
		if i.kind == entryEnded && i.bad == nil && i.call.Answered() {
			all = append(all, answeredEntry{Up: c.up() - i.call.Duration(), Record: i.call})
		}
	}
	return all
}

func (c *Collector) pulse() heartbeatEntry {
	return heartbeatEntry{At: wall(c.options.Now()), Up: c.up(), Last: c.lastCall.Load()}
}

// tick does what is due by time: heartbeat, next interval, removal of old files, report of losses.
func (c *Collector) tick() {
	w := &c.w
	c.reportLoss()
	if w.failing.Load() || w.segment == nil {
		return
	}
	up, last := c.up(), c.lastCall.Load()
	stats := c.Stats()
	if up-w.heartbeat >= heartbeatEvery && (stats.Open > 0 || last != w.beatLast) {
		w.heartbeat, w.beatLast = up, last
		w.encoder.buf.Reset()
		err := w.encoder.add(entryHeartbeat, c.pulse())
		if err == nil {
			err = w.segment.append(w.encoder.buf.Bytes())
		}
		if err != nil {
			c.outcome(err)
			return
		}
	}
	due := w.segment.records > 0 && (up-w.segment.since >= c.interval() || w.segment.start.Layout != c.layout())
	if due || w.segment.size > largeJournal && w.segment.records == 0 {
		c.rotate()
	} else if w.segment.start.Layout != c.layout() {
		c.rotate() // nothing is in the files yet: the new layout holds at once
	}
	w.tidy.run(c)
}

func (c *Collector) interval() time.Duration {
	return c.options.Parameters().Duration(parameter.CDRFileInterval)
}

// rotate begins the next interval and completes the files of the last.
func (c *Collector) rotate() {
	if err := c.next(); err != nil {
		c.outcome(err)
		return
	}
	c.attempt()
}

// next puts a new journal file into use; the former is completed with the next attempt.
func (c *Collector) next() error {
	s, err := c.createSegment()
	if err != nil {
		return err
	}
	c.w.old = append(c.w.old, c.w.segment)
	c.w.segment = s
	return nil
}

func (c *Collector) reportLoss() {
	c.mu.Lock()
	lost := c.lost
	c.mu.Unlock()
	if n := lost - c.w.reported; n > 0 {
		c.w.reported = lost
		c.alarm(fault.New(fault.RecordsLostCounted, "count", n, "directory", c.dir))
	}
}

// finish is the end: everything out, the last interval completed.
func (c *Collector) finish() {
	w := &c.w
	defer w.syncer.close()
	c.attempt()
	c.reportLoss()
	if w.segment == nil {
		return
	}
	if !w.failing.Load() {
		if w.segment.records > 0 || c.Stats().Open > 0 || c.lastCall.Load() != w.beatLast {
			c.rotate()
		}
	}
	if w.segment.file != nil {
		w.segment.file.Close()
	}
	w.segment.calls.close()
	w.segment.quality.close()
	for _, s := range w.old {
		if s.file != nil {
			s.file.Close()
		}
	}
}

func (c *Collector) alarm(f *fault.Error) { raise(c.options.Alarm, c.options.Log, f) }

// remove deletes a file and reports whether it is gone.
func remove(path string) bool {
	err := os.Remove(path)
	return err == nil || os.IsNotExist(err)
}
