package cdr

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"tandem/fault"
	"tandem/telephony/parameter"
)

// Times of a Shipper where its options say nothing else.
const (
	DefaultShipEvery  = 5 * time.Second // how often it looks for complete files
	DefaultRetryFirst = 6 * time.Second // after a failure; it doubles with each (callmanager-4x.md A.10)
	DefaultRetryMost  = 2 * time.Minute
	DefaultAuditEvery = 24 * time.Hour   // how often everything is compared with the publisher's store
	lateDelivery      = 10 * time.Minute // after which failure is an alarm
)

// ShipperOptions are what a Shipper is given. Dir, Publisher and Parameters are required.
type ShipperOptions struct {
	Dir        string                      // of this server's records, as given to Open
	Publisher  func() (Destination, error) // who takes records now: asked before each round; an error: nobody
	Parameters func() *parameter.Values    // for the retention
	Alarm      func(error)                 // gets fault.Error; nil: they are logged only
	Cleared    func(fault.Code)            // says that an alarm is over; may be nil
	Log        *slog.Logger                // nil: none
	Now        func() time.Time            // nil: time.Now
	Delivered  func(Kind, Listed, Receipt) // told of every batch that was stored; may be nil
	// Moved is called, until it succeeds, when the publisher has another store than before: a former publisher hands on what
	// nobody else has (Receiver.HandOn). May be nil.
	Moved      func(context.Context, Destination) error
	Every      time.Duration // 0: DefaultShipEvery
	RetryFirst time.Duration // 0: DefaultRetryFirst
	RetryMost  time.Duration // 0: DefaultRetryMost
	AuditEvery time.Duration // 0: DefaultAuditEvery
	NotBefore  time.Duration // how long after the start files may be removed; 0: an hour
}

// Shipper delivers the complete flat files of this server to the publisher. What the publisher has not acknowledged stays
// where it is; memory holds names only. Run does the work.
type Shipper struct {
	o     ShipperOptions
	begin time.Time
	wake  chan struct{}
	state delivered
	keep  keeper

	failing time.Time // since when deliveries fail; zero: they do not
	alarms  standing
	oldest  map[Kind]flatFile // undelivered, as seen last

	mu    sync.Mutex
	stats ShipperStats
}

// ShipperStats are figures of a Shipper.
type ShipperStats struct {
	Waiting   int           // complete files that the publisher has not taken
	Oldest    time.Time     // when the oldest of them began; zero: none waits
	Delivered uint64        // batches that were stored since the start
	Retry     time.Duration // until the next attempt after a failure; 0: none failed
	Err       string        // of the last attempt
}

// NewShipper makes a Shipper; Run starts it.
func NewShipper(o ShipperOptions) *Shipper {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		v       *time.Duration
		ifUnset time.Duration
	}{{&o.Every, DefaultShipEvery}, {&o.RetryFirst, DefaultRetryFirst}, {&o.RetryMost, DefaultRetryMost},
		{&o.AuditEvery, DefaultAuditEvery}, {&o.NotBefore, time.Hour}} {
		if *d.v <= 0 {
			*d.v = d.ifUnset
		}
	}
	s := &Shipper{o: o, begin: o.Now(), wake: make(chan struct{}, 1), state: readDelivered(o.Dir),
		alarms: newStanding(o.Alarm, o.Cleared, o.Log), oldest: map[Kind]flatFile{}}
	s.keep.clock = evenClock{notBefore: o.NotBefore, offset: s.begin.Round(0)}
	return s
}

// Kick ends a wait: the publisher's role moved, or it is back.
func (s *Shipper) Kick() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Stats returns the figures of now.
func (s *Shipper) Stats() ShipperStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Run delivers until ctx ends.
func (s *Shipper) Run(ctx context.Context) error {
	retry := s.o.RetryFirst
	for {
		err := s.round(ctx)
		if ctx.Err() != nil {
			return nil
		}
		wait, shown := s.o.Every, time.Duration(0)
		if err != nil {
			wait, shown = retry, retry
			retry = min(2*retry, s.o.RetryMost)
		} else {
			retry = s.o.RetryFirst
		}
		s.judge(err, shown)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.wake:
			timer.Stop()
			retry = s.o.RetryFirst
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// round delivers everything that is complete now.
func (s *Shipper) round(ctx context.Context) error {
	to, err := s.o.Publisher()
	if err != nil {
		return err
	}
	g, err := to.Greet(ctx)
	if err != nil {
		return err
	}
	now := s.o.Now()
	if d := now.Sub(s.state.Audited); g.Store != s.state.Store || g.Generation != s.state.Generation || d >= s.o.AuditEvery || d < -s.o.AuditEvery {
		s.state.restart(g, now)
	}
	for _, kind := range kinds {
		files, err := s.state.undelivered(s.o.Dir, kind)
		if err != nil {
			return err
		}
		for chunk := range slices.Chunk(files, maxListed) {
			if err := s.deliver(ctx, to, kind, chunk); err != nil {
				return err
			}
			s.state.UpTo[kind] = chunk[len(chunk)-1].sequence
			if err := s.state.write(s.o.Dir); err != nil {
				// Nothing depends on it but time: the disk may be full, and that has its own alarm.
				s.o.Log.Warn("it cannot be noted which call records were delivered", "error", err)
			}
		}
	}
	if s.state.Moved || s.o.Moved == nil {
		return nil
	}
	if err := s.o.Moved(ctx, to); err != nil {
		return err
	}
	s.state.Moved = true
	return s.state.write(s.o.Dir)
}

// deliver brings what the publisher lacks of some files.
func (s *Shipper) deliver(ctx context.Context, to Destination, kind Kind, files []flatFile) error {
	list := make([]Listed, 0, len(files))
	for _, f := range files {
		size, sum, err := hashFile(filepath.Join(kind.dir(s.o.Dir), f.name))
		if errors.Is(err, os.ErrNotExist) {
			continue // too old, or somebody took it away
		}
		if err != nil {
			s.unreadable(f, err)
			continue
		}
		list = append(list, Listed{Name: f.name, Size: size, SHA256: sum})
	}
	if len(list) == 0 {
		return nil
	}
	missing, err := to.Missing(ctx, kind, list)
	if err != nil {
		return err
	}
	for _, l := range list {
		if !slices.Contains(missing, l.Name) {
			continue
		}
		receipt, err := s.deliverFile(ctx, to, kind, l)
		if err != nil {
			return fmt.Errorf("%s: %w", l.Name, err)
		}
		s.mu.Lock()
		s.stats.Delivered++
		s.mu.Unlock()
		if s.o.Delivered != nil {
			s.o.Delivered(kind, l, receipt)
		}
	}
	return nil
}

func (s *Shipper) deliverFile(ctx context.Context, to Destination, kind Kind, l Listed) (Receipt, error) {
	f, err := os.Open(filepath.Join(kind.dir(s.o.Dir), l.Name))
	if errors.Is(err, os.ErrNotExist) {
		return Receipt{}, nil
	}
	if err != nil {
		return Receipt{}, err
	}
	defer f.Close()
	return to.Deliver(ctx, kind, l, f)
}

func (s *Shipper) unreadable(f flatFile, err error) {
	s.alarms.raise(fault.Wrap(err, fault.RecordFileUnreadable, "file", f.name))
}

// judge keeps figures and alarms after a round.
func (s *Shipper) judge(err error, retry time.Duration) {
	now := s.o.Now()
	waiting, oldest := 0, time.Time{}
	for _, kind := range kinds {
		files, e := s.state.undelivered(s.o.Dir, kind)
		if e != nil {
			continue
		}
		s.noteDropped(kind, files)
		waiting += len(files)
		if len(files) > 0 && (oldest.IsZero() || files[0].at.Before(oldest)) {
			oldest = files[0].at
		}
	}
	s.mu.Lock()
	s.stats.Waiting, s.stats.Oldest, s.stats.Retry, s.stats.Err = waiting, oldest, retry, ""
	if err != nil {
		s.stats.Err = err.Error()
	}
	s.mu.Unlock()
	if err == nil {
		s.failing = time.Time{}
		s.alarms.over(fault.RecordsNotDelivered)
	} else {
		if s.failing.IsZero() {
			s.failing = now
			s.o.Log.Warn("call records are not delivered to the publisher", "error", err, "again", retry.String())
		}
		if now.Sub(s.failing) >= lateDelivery {
			s.alarms.stands(fault.Wrap(err, fault.RecordsNotDelivered, "since", s.failing.Format(time.RFC3339), "directory", s.o.Dir))
		}
	}
	s.retain(now, oldest)
}

// noteDropped says when a file that the publisher has not taken is gone.
func (s *Shipper) noteDropped(kind Kind, files []flatFile) {
	if was := s.oldest[kind]; was.name != "" && was.sequence > s.state.UpTo[kind] && (len(files) == 0 || files[0].name != was.name) {
		if _, err := os.Stat(filepath.Join(kind.dir(s.o.Dir), was.name)); errors.Is(err, os.ErrNotExist) {
			s.alarms.raise(fault.New(fault.RecordsDropped, "file", was.name))
		}
	}
	s.oldest[kind] = flatFile{}
	if len(files) > 0 {
		s.oldest[kind] = files[0]
	}
}
