package cdr

import (
	"context"
	"errors"
	"path/filepath"

	"tandem/call/signal"
	"tandem/fault"
)

// Facts keeps what this server witnesses of calls whose record another server keeps, in the same way as records: a journal
// from the moment in which the pair is up, flat files, retention. A Shipper delivers them; the publisher makes records of
// those whose keeper is removed.
type Facts struct{ c *Collector }

// OpenFacts opens the facts of a server whose records are in dir.
func OpenFacts(dir string, o Options) (*Facts, error) {
	alarm, log := o.Alarm, o.Log
	o.Alarm = func(err error) {
		// These two speak of the server's own calls.
		if errors.Is(err, fault.RecordsClosedLate) || errors.Is(err, fault.RecordNeverEnded) {
			return
		}
		if alarm != nil {
			alarm(err)
		} else if log != nil {
			log.Warn("facts about calls", "error", err)
		}
	}
	c, err := Open(filepath.Join(dir, factsDir), o)
	if err != nil {
		return nil, err
	}
	return &Facts{c}, nil
}

// Fact takes what was witnessed; other facts are none of its business. It never waits for the disk.
func (f *Facts) Fact(fact signal.Fact) {
	w, ok := fact.(signal.Witnessed)
	if !ok {
		return
	}
	if w.Record.Ended.IsZero() {
		f.c.Fact(signal.Answered(w))
		return
	}
	f.c.Fact(signal.Ended(w))
}

// Sync waits until everything handed over before is durable.
func (f *Facts) Sync(ctx context.Context) error { return f.c.Sync(ctx) }

// Stats returns the figures of now.
func (f *Facts) Stats() Stats { return f.c.Stats() }

// Close ends the Facts as Collector.Close does.
func (f *Facts) Close(ctx context.Context) error { return f.c.Close(ctx) }
