package cdr

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/call/signal"
	"tandem/fault"
)

// journalled is an answered call that the journal holds without its end.
type journalled struct {
	record *CallRecord
	run    string
	up     time.Duration
	order  int
}

// history is what reading the journal gave.
type history struct {
	open  map[string]*journalled
	ended map[string]bool
	alive map[string]time.Duration // of each run, the up time of its last sign of life
	order int
}

// CommentServerRestarted marks records that were closed at restart, besides their cause 129.
const CommentServerRestarted = "ServerRestarted"

// recover reads the journal files of earlier runs, closes what they left open and hands the files to the writer to be
// completed.
func (c *Collector) recover() error {
	sequences, err := c.journals()
	if err != nil {
		return err
	}
	files, err := flatFiles(c.dir, callsPrefix)
	if err != nil {
		return err
	}
	quality, err := flatFiles(c.dir, qualityPrefix)
	if err != nil {
		return err
	}
	c.recent = newRecent(recentRecords, len(files) > 0 || len(sequences) > 0)
	for _, f := range slices.Concat(files, quality) {
		c.w.sequence = max(c.w.sequence, f.sequence)
	}
	h := &history{open: map[string]*journalled{}, ended: map[string]bool{}, alive: map[string]time.Duration{}}
	for _, n := range sequences {
		c.w.sequence = max(c.w.sequence, n)
		s, err := c.readJournal(n, h)
		if err != nil {
			return err
		}
		if s != nil {
			c.w.old = append(c.w.old, s)
		}
	}
	if len(sequences) == 0 && len(files) > 0 {
		c.newestFlat(files[len(files)-1])
	}
	c.closeLate(h)
	return nil
}

// journals lists the sequence numbers of the journal files, oldest first.
func (c *Collector) journals() ([]uint64, error) {
	entries, err := os.ReadDir(filepath.Join(c.dir, "journal"))
	if err != nil {
		return nil, err
	}
	var sequences []uint64
	for _, e := range entries {
		if digits, ok := strings.CutPrefix(e.Name(), "journal-"); ok {
			if n, err := strconv.ParseUint(digits, 10, 64); err == nil {
				sequences = append(sequences, n)
			}
		}
	}
	slices.Sort(sequences)
	return sequences, nil
}

func (c *Collector) readJournal(sequence uint64, h *history) (*segment, error) {
	s := &segment{dir: c.dir, sequence: sequence, path: journalPath(c.dir, sequence), broken: true, dirty: true}
	f, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	started := false
	s.size, err = readEntries(f, entryHandler{
		bad: func(line []byte, err error) { c.damaged(s.path, line, err) },
		entry: func(kind entryKind, data []byte) error {
			if kind == entryStart {
				if err := json.Unmarshal(data, &s.start); err != nil {
					return err
				}
				if s.start.Version > journalVersion {
					return fmt.Errorf("the journal is of version %d, and this program knows %d", s.start.Version, journalVersion)
				}
				started = true
				return nil
			}
			return c.replay(s, h, kind, data)
		},
	})
	if err != nil {
		return nil, err
	}
	if !started || !validName(s.start.Calls, callsPrefix) || !validName(s.start.Quality, qualityPrefix) {
		// The file was cut short at its very beginning, or that is damaged: name the flat files anew.
		s.start.Layout = c.layout()
		c.nameFiles(&s.start, sequence)
	}
	s.flatFiles()
	return s, nil
}

// validName keeps a damaged journal from naming a file elsewhere.
func validName(name, prefix string) bool {
	f, ok := parseFlatName(prefix, name)
	return ok && !f.part && !strings.ContainsAny(name, "/\\")
}

// replay takes one entry of an earlier run.
func (c *Collector) replay(s *segment, h *history, kind entryKind, data []byte) error {
	h.order++
	switch kind {
	case entryAnswered:
		var a answeredEntry
		if err := json.Unmarshal(data, &a); err != nil {
			return err
		}
		if a.Record == nil || a.Record.check() != nil || a.Record.ID == "" {
			return errors.New("an answered call without its record")
		}
		h.sign(s.start.Run, a.Up)
		c.noteCall(a.Record.Call.CallID)
		if !h.ended[a.Record.ID] {
			h.open[a.Record.ID] = &journalled{record: a.Record, run: s.start.Run, up: a.Up, order: h.order}
		}
	case entryEnded:
		var r CallRecord
		if err := json.Unmarshal(data, &r); err != nil {
			return err
		}
		if err := r.check(); err != nil {
			return err
		}
		s.records++
		c.noteCall(r.Call.CallID)
		delete(h.open, r.ID)
		h.ended[r.ID] = true
	case entryAbandoned:
		var i idEntry
		if err := json.Unmarshal(data, &i); err != nil {
			return err
		}
		delete(h.open, i.ID)
		h.ended[i.ID] = true
	case entryQuality:
		var q QualityRecord
		if err := json.Unmarshal(data, &q); err != nil {
			return err
		}
		s.records++
	case entryHeartbeat:
		var b heartbeatEntry
		if err := json.Unmarshal(data, &b); err != nil {
			return err
		}
		h.sign(s.start.Run, b.Up)
		c.noteCall(signal.CallID{Manager: c.options.Node, Call: b.Last})
	case entryFlattened:
		s.flat = true
	}
	// An entry of a kind that this version does not know is left alone.
	return nil
}

func (h *history) sign(run string, up time.Duration) { h.alive[run] = max(h.alive[run], up) }

// closeLate ends the calls that were up when the last run ended, as far as it was seen alive.
func (c *Collector) closeLate(h *history) {
	late := make([]*journalled, 0, len(h.open))
	for _, j := range h.open {
		late = append(late, j)
	}
	slices.SortFunc(late, func(a, b *journalled) int { return a.order - b.order })
	for _, j := range late {
		r := j.record
		d := max(h.alive[j.run]-j.up, 0)
		r.DurationMS = d.Milliseconds()
		r.Ended = r.Connected.Add(r.Duration())
		r.Orig.Cause, r.Dest.Cause = signal.CauseServerRestarted, signal.CauseServerRestarted
		r.Comment = CommentServerRestarted
		c.recent.add(r)
		c.enqueue(&item{kind: entryEnded, call: r})
	}
	if len(late) > 0 {
		c.alarm(fault.New(fault.RecordsClosedLate, "count", len(late)))
	}
}

// newestFlat learns the newest call number from a flat file, when no journal tells it.
func (c *Collector) newestFlat(file flatFile) {
	f, err := os.Open(filepath.Join(c.dir, file.name))
	if err != nil {
		return
	}
	defer f.Close()
	_ = ReadCalls(f, func(r CallRecord) bool { c.noteCall(r.Call.CallID); return true }, func(int, error) {})
}

// damaged puts what cannot be read aside and says so.
func (c *Collector) damaged(file string, line []byte, err error) {
	c.aside(filepath.Base(file), line)
	c.alarm(fault.Wrap(err, fault.RecordJournalBad, "file", file))
}

// aside appends a line to a file in the BAD directory. What cannot even be put there is in the log.
func (c *Collector) aside(name string, line []byte) {
	dir := filepath.Join(c.dir, "BAD")
	err := os.MkdirAll(dir, 0o750)
	var f *os.File
	if err == nil {
		f, err = os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	}
	if err == nil {
		_, err = f.Write(append(slices.Clip(line), '\n'))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		c.options.Log.Error("a damaged call record could not be put aside", "error", err, "record", string(line[:min(len(line), 4096)]))
	}
}
