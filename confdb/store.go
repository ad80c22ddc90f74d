package confdb

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"tandem/fault"
	"tandem/telephony"
)

// Entry is a change on its way into the log.
type Entry struct {
	Changes []Change
	Actor   string
	Time    time.Time
}

// Receipt is the log's acknowledgement.
type Receipt struct {
	Position Position
	Durable  int // disks that hold the entry
}

// Log makes changes durable and gives them back in order. confdb/replica is the real one; NewMemory has one that forgets.
type Log interface {
	// Load returns every object as stored, and the position. Called once, before Start.
	Load() ([]telephony.Object, Position, error)
	// Start hands the log its sink. From here on every entry, whoever wrote it, goes to the sink in order.
	Start(Sink) error
	// Commit appends an entry and returns when it is durable and the sink has taken it. A *fault.Error means that it has no
	// effect, now or later, unless it says otherwise.
	Commit(context.Context, Entry) (Receipt, error)
	// Close ends the log; the sink is not called any more when it returns.
	Close() error
}

// Sink takes what the log gives back. Calls come one after the other.
type Sink interface {
	// Applied takes one entry. Of the changes, Kind, Key and After count.
	Applied(Position, Entry)
	// Replaced takes the whole configuration anew.
	Replaced(Position, []telephony.Object)
}

// StoreOptions are what a store needs besides its log.
type StoreOptions struct {
	ParsePattern PatternCheck     // says what is wrong with a dial pattern; nil: only the characters are checked
	Hasher       Hasher           // for passwords; nil: only hashes are taken
	Now          func() time.Time // nil: time.Now
	Forward      Forwarder        // takes changes to the publisher while that is another server; nil: there is none
}

// Store is the configuration of this server. Its methods may be called from any goroutine.
type Store struct {
	log      Log
	options  StoreOptions
	write    sync.Mutex // one change at a time, from its check to its acknowledgement
	snapshot atomic.Pointer[Snapshot]
	feed     feed
	closed   atomic.Bool
}

// New makes a store over a log: it loads what is there and starts the log. Closing the store closes the log.
func New(log Log, options StoreOptions) (*Store, error) {
	if options.ParsePattern == nil {
		options.ParsePattern = plainPatternCheck
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Store{log: log, options: options}
	objects, position, err := log.Load()
	if err != nil {
		return nil, err
	}
	s.snapshot.Store(snapshotOf(position, objects))
	s.feed.init(s.Snapshot())
	if err := log.Start(s); err != nil {
		return nil, err
	}
	return s, nil
}

func snapshotOf(position Position, objects []telephony.Object) *Snapshot {
	changes := make([]Change, len(objects))
	for i, o := range objects {
		changes[i] = Change{Kind: o.Kind(), Key: o.Key(), After: o}
	}
	s := emptySnapshot().with(changes)
	s.position = position
	return s
}

// Snapshot is the configuration as it is now. It never waits.
func (s *Store) Snapshot() *Snapshot { return s.snapshot.Load() }

// Apply checks a change set and makes it so: all of it, durably, or nothing. What it refuses is a *Refused, which lists every
// problem, or a *fault.Error. The change is in Snapshot when Apply returns. If ctx ends while the log is at work the error says that
// the outcome is open.
func (s *Store) Apply(ctx context.Context, set ChangeSet, o Options) (Result, error) {
	return s.decideAnywhere(ctx, o, false, func(*Snapshot) (ChangeSet, error) { return set, nil })
}

// Update is Apply with a change set that is made from the snapshot that it will change: for read-modify-write. At the publisher
// decide runs under the write lock. Elsewhere it runs on this server's copy, and again if one of the objects that it
// changes was changed by somebody else meanwhile; so it must not have effects of its own.
func (s *Store) Update(ctx context.Context, o Options, decide func(*Snapshot) (ChangeSet, error)) (Result, error) {
	return s.decideAnywhere(ctx, o, true, decide)
}

func (s *Store) decideAnywhere(ctx context.Context, o Options, guarded bool, decide func(*Snapshot) (ChangeSet, error)) (Result, error) {
	if f := s.options.Forward; f != nil && !o.DryRun && f.Away() {
		return s.forward(ctx, o, guarded, decide)
	}
	return s.update(ctx, o, decide)
}

func (s *Store) update(ctx context.Context, o Options, decide func(*Snapshot) (ChangeSet, error)) (Result, error) {
	s.write.Lock()
	defer s.write.Unlock()
	if s.closed.Load() {
		return Result{}, notReady(errors.New("the server is stopping"))
	}
	if err := ctx.Err(); err != nil {
		return Result{}, notReady(err)
	}
	before := s.Snapshot()
	set, err := decide(before)
	if err != nil {
		return Result{}, err
	}
	p, err := s.makePlan(before, set, o)
	if err != nil {
		return Result{}, err
	}
	result := Result{Unchanged: p.unchanged, Position: before.position, DryRun: o.DryRun, Items: make([]ResultItem, 0, len(p.changes))}
	for _, c := range p.changes {
		if c.Kind.Internal() {
			continue // what the servers note for themselves
		}
		item := ResultItem{Action: c.Action(), Kind: c.Kind, Key: c.Key}
		if c.After != nil {
			item.Fields = Difference(c.Before, c.After)
		}
		result.Items = append(result.Items, item)
	}
	if o.DryRun || len(p.changes) == 0 {
		return result, nil
	}
	receipt, err := s.log.Commit(ctx, Entry{Changes: p.changes, Actor: o.Actor, Time: s.options.Now()})
	if err != nil {
		return Result{}, err
	}
	result.Position, result.Durable = receipt.Position, receipt.Durable
	return result, nil
}

// Delete deletes one object; what depends on it is named in the refusal.
func (s *Store) Delete(ctx context.Context, kind telephony.Kind, key string, o Options) (Result, error) {
	return s.Apply(ctx, *new(ChangeSet).Delete(kind, key), o)
}

func notReady(cause error) error { return fault.Wrap(cause, fault.DatabaseNotReady) }

// Watch returns a watcher that begins after the given position: give it Snapshot().Position() for everything from now
// on. Watchers need no closing.
func (s *Store) Watch(from Position) *Watcher { return &Watcher{store: s, at: from} }

// Close ends the log and wakes every watcher.
func (s *Store) Close() error {
	if !s.closed.CompareAndSwap(false, true) {
		return nil
	}
	err := s.log.Close() // ends a Commit that is waiting
	s.write.Lock()
	defer s.write.Unlock()
	s.feed.close()
	return err
}

// Applied implements Sink.
func (s *Store) Applied(position Position, e Entry) {
	before := s.Snapshot()
	changes := make([]Change, 0, len(e.Changes))
	for _, c := range e.Changes {
		c.Before = before.Object(c.Kind, c.Key)
		if c.Before == nil && c.After == nil {
			continue
		}
		changes = append(changes, c)
	}
	after := before.with(changes)
	after.position = position
	s.feed.add(Event{Position: position, Actor: e.Actor, Time: e.Time, Changes: changes, Snapshot: after},
		func() { s.snapshot.Store(after) })
}

// Replaced implements Sink.
func (s *Store) Replaced(position Position, objects []telephony.Object) {
	after := snapshotOf(position, objects)
	s.feed.add(Event{Position: position, Snapshot: after, Resync: true}, func() { s.snapshot.Store(after) })
}
