// Package replica is the log of the configuration: a Raft group (hashicorp/raft), in which a stand-alone server is a group of one
// from its first day. It implements confdb.Log over a confdb.Storage.
//
// An entry is one transaction: a byte of format, the epoch, and a changeset, made by running the change in the storage and rolling it
// back. So a change that the tables refuse never comes into the log, and other servers need not run SQL. The storage keeps
// the epoch and index of the last entry in the same transaction as its effect: after a restart the log is followed from there.
//
//	Commit: plan → changeset → raft (disk) → storage.Apply → sink
//
// In a cluster the publisher is the only voter and the subscribers follow without a vote, so that the publisher never waits for a
// quorum; an administrator may make the voters three or five. A promotion raises the epoch, which every connection begins with: who is
// of an older one is refused, closes its write side, and begins its copy anew from a snapshot while the old copy is still read.
//
// The rules and traps are those of the design's dependencies.md 3.1; the tests cite them by number. What does not live
// here: checks and the forwarding of changes (confdb), tables (confdb/sqlite), connections and who may join (cluster).
package replica

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

// Timing of the group. A server alone is writable again some 0.3 s after its start.
const (
	heartbeatTimeout   = 300 * time.Millisecond
	electionTimeout    = 300 * time.Millisecond
	leaderLeaseTimeout = 200 * time.Millisecond
	commitTimeout      = 5 * time.Millisecond // trap 7: the default costs 50 ms of visibility
	snapshotInterval   = 2 * time.Minute
	snapshotThreshold  = 2048 // entries
	trailingLogs       = 1024 // entries kept for subscribers that are a little behind
	keptSnapshots      = 2

	readyTimeout = 5 * time.Second  // how long a write waits for the group to have a leader
	applyTimeout = 10 * time.Second // how long it waits for its entry to be stored
	spareSpace   = 8 << 20          // bytes below which writes are refused, so that the log and the database can still end what they began
)

// Options describe a replica.
type Options struct {
	Directory string               // where the log and its snapshots lie; must exist
	Server    telephony.ServerName // this server's name, which is its identity in the group
	Create    bool                 // begin a group of one if there is no log yet
	Join      bool                 // begin as a subscriber with an empty copy if there is no log yet; the publisher's AddSubscriber fills it
	Open      confdb.OpenStorage   // opens the database
	Report    func(*fault.Error)   // is told what an administrator must know; must not block. nil: nobody
	Logger    *slog.Logger         // for the engine's own warnings; nil: nowhere
	Streams   *Streams             // the connections to the other servers; nil: there are none, and nothing is listened on
	// Applied is told of the position of each entry that is held here: in the log's file and in the database. On a subscriber it
	// goes to the publisher's Acknowledge. It must not block.
	Applied func(confdb.Position)
	// Raise and Clear say that an alarm stands, and that it does not any more. They must not block. nil: nobody.
	Raise func(*fault.Error)
	Clear func(fault.Code)
	// AwaitSubscriber says whether a write waits until a subscriber holds it. nil: it does.
	AwaitSubscriber func() bool
	// Fence asks another server for its promise to a promotion (its Fence), and Release takes that back (its Release). nil: a promotion
	// asks nobody, which is right for a server that has no other.
	Fence     func(ctx context.Context, server telephony.ServerName, epoch uint64) (held confdb.Position, err error)
	Release   func(ctx context.Context, server telephony.ServerName, epoch uint64)
	FreeSpace func() (uint64, error) // bytes free on the disk; nil: asks the file system
}

// Replica is a member of the group. It implements confdb.Log.
type Replica struct {
	options Options
	lineage *lineage
	holders *holders
	digests *digests
	sink    confdb.Sink

	closing   chan struct{}
	closeOnce sync.Once
	done      sync.WaitGroup // goroutines of the replica
	engine    sync.WaitGroup // goroutines of the engine that runs

	// administration lets one change of the group or of the engine happen at a time. It guards what is only changed so, and read in the
	// same way or from goroutines that end with the engine.
	administration sync.Mutex
	snapshots      raft.SnapshotStore
	restore        bool // the database must be filled from the snapshot at start
	first          bool // the group must be made at start
	rebased        bool // the log is new and the database is not: the log alone does not lead to it
	nudged         chan struct{}
	rebuilt        time.Time // when the copy was last begun anew

	mu       sync.Mutex
	ready    chan struct{} // closed while this server takes writes
	machine  *machine
	store    *patientStore
	raft     *raft.Raft
	layer    *streamLayer
	stopping chan struct{} // closed when the engine ends
	running  bool
}

var _ confdb.Log = (*Replica)(nil)

// Open opens the database and the log. A damaged database is set aside and built again from the log, if the log reaches back far
// enough; a damaged log is set aside and begun anew at a higher epoch from the database. Either is reported. If nothing helps the
// fault says what to do.
func Open(o Options) (*Replica, error) {
	if o.Report == nil {
		o.Report = func(*fault.Error) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.FreeSpace == nil {
		o.FreeSpace = func() (uint64, error) { return freeSpace(o.Directory) }
	}
	if o.Applied == nil {
		o.Applied = func(confdb.Position) {}
	}
	if o.Raise == nil {
		o.Raise = func(*fault.Error) {}
	}
	if o.Clear == nil {
		o.Clear = func(fault.Code) {}
	}
	if err := removePartial(o.Directory); err != nil {
		return nil, fault.Wrap(err, fault.DatabaseWriteFailed, "file", o.Directory)
	}
	r := &Replica{options: o, closing: make(chan struct{}), ready: make(chan struct{}), stopping: make(chan struct{}),
		nudged: make(chan struct{}, 1), holders: newHolders(), digests: newDigests()}
	r.lineage = &lineage{store: func(s lineageState) error { return r.markJSON(lineageFile, s) }}
	r.readJSON(lineageFile, &r.lineage.known)
	if err := r.open(); err != nil {
		r.closeFiles()
		return nil, err
	}
	return r, nil
}

// Load implements confdb.Log.
func (r *Replica) Load() ([]telephony.Object, confdb.Position, error) {
	objects, err := r.machine.storage.Load()
	at, _ := r.machine.storage.State()
	return objects, at, err
}

// Start implements confdb.Log: raft begins, and with it the entries that the database does not have yet.
func (r *Replica) Start(sink confdb.Sink) error {
	r.administration.Lock()
	defer r.administration.Unlock()
	r.sink = sink
	var p promotion
	if r.readJSON(promotionFile, &p) { // the server was killed in the middle of it
		if err := r.recover(p); err != nil {
			return err
		}
	}
	if err := r.begin(); err != nil {
		return err
	}
	if r.options.Streams != nil {
		r.done.Go(r.accept)
	}
	r.done.Go(r.keep)
	return nil
}

func (r *Replica) config() *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(r.options.Server)
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = heartbeatTimeout, electionTimeout, leaderLeaseTimeout
	c.CommitTimeout = commitTimeout
	c.SnapshotInterval, c.SnapshotThreshold, c.TrailingLogs = snapshotInterval, snapshotThreshold, trailingLogs
	c.NoSnapshotRestoreOnStart = !r.restore
	c.NoLegacyTelemetry = true
	c.Logger = r.hclog()
	return c
}

// Commit implements confdb.Log.
func (r *Replica) Commit(ctx context.Context, e confdb.Entry) (confdb.Receipt, error) {
	waiting, cancel := context.WithTimeout(ctx, readyTimeout)
	err := r.WaitReady(waiting)
	cancel()
	if err != nil {
		return confdb.Receipt{}, err
	}
	if r.deposed() {
		return confdb.Receipt{}, r.deposedFault()
	}
	storage := r.machineNow().storage
	failed := func(err error) error { return fault.Wrap(err, fault.DatabaseWriteFailed, "file", storage.File()) }
	if err := r.roomFor(0); err != nil {
		return confdb.Receipt{}, err
	}
	changeset, err := storage.Plan(e.Changes)
	if err != nil {
		return confdb.Receipt{}, failed(err)
	}
	at, _ := storage.State()
	if len(changeset) == 0 {
		return confdb.Receipt{Position: at, Durable: 1}, nil
	}
	if len(changeset) > maximumEntry {
		return confdb.Receipt{}, fault.New(fault.ConfigurationTooLarge, "source", "that was sent", "limit", fmt.Sprintf("%d MiB in one change", maximumEntry>>20))
	}
	// The entry goes to the log, to the write-ahead log of the database, and into the database.
	if err := r.roomFor(3 * uint64(len(changeset))); err != nil {
		return confdb.Receipt{}, err
	}
	if err := r.append(entry{format: formatChangeset, epoch: at.Epoch, time: e.Time, actor: e.Actor, body: changeset}); err != nil {
		return confdb.Receipt{}, err
	}
	at, _ = storage.State()
	return confdb.Receipt{Position: at, Durable: r.awaitHeld(at)}, nil
}

func freeSpace(directory string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(directory, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}

func (r *Replica) roomFor(size uint64) error {
	free, err := r.options.FreeSpace()
	if err != nil {
		return fault.Wrap(fmt.Errorf("ask how much space is free: %w", err), fault.DatabaseWriteFailed, "file", r.options.Directory)
	}
	if free < spareSpace+size {
		return fault.New(fault.DiskFull, "directory", r.options.Directory, "free", fmt.Sprintf("%d KiB", free>>10))
	}
	return nil
}

// append puts an entry into the log and waits until it is applied. It does not stop waiting when a client goes away: whether an entry
// counts must not be left open.
func (r *Replica) append(e entry) error {
	future := r.group().Apply(e.encode(), readyTimeout)
	result := make(chan error, 1)
	go func() { // ends when raft answers, at the latest when it ends
		err := future.Error()
		if err == nil {
			if failure, ok := future.Response().(error); ok {
				err = failure
			}
		}
		result <- err
	}()
	timer := time.NewTimer(applyTimeout)
	defer timer.Stop()
	select {
	case err := <-result:
		if err == nil {
			return nil
		}
		switch {
		case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrEnqueueTimeout),
			errors.Is(err, raft.ErrLeadershipTransferInProgress):
			return fault.Wrap(err, fault.DatabaseNotReady)
		case errors.Is(err, raft.ErrLeadershipLost), errors.Is(err, raft.ErrRaftShutdown), errors.Is(err, errClosed):
			// It may be in the log, here or at the next publisher.
			return fault.Wrap(err, fault.ChangeOutcomeOpen)
		}
		return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.logPath())
	case <-timer.C:
		_, stuck := r.machineNow().state()
		return fault.Wrap(fmt.Errorf("the change is in the log and will take effect as soon as the database can be written (%v)", stuck), fault.DatabaseNotReady)
	}
}

// Snapshot takes a snapshot of the log now, as a backup or an upgrade wishes.
func (r *Replica) Snapshot() error {
	group := r.group()
	if group.State() == raft.Leader { // raft takes none before a change of the members was applied
		if err := answered(group.Barrier(applyTimeout), r.closing); err != nil {
			return err
		}
	}
	err := group.Snapshot().Error()
	if errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return nil
	}
	return err
}

// Close implements confdb.Log.
func (r *Replica) Close() error {
	var err error
	r.closeOnce.Do(func() {
		close(r.closing)
		r.mu.Lock()
		if r.running { // ends a Commit or a change of the group that waits for a full disk
			close(r.stopping)
			r.stopping, r.running = nil, false
			group, layer := r.raft, r.layer
			r.mu.Unlock()
			ended := group.Shutdown()
			if layer != nil {
				_ = layer.Close()
			}
			err = ended.Error()
		} else {
			r.mu.Unlock()
		}
		if r.options.Streams != nil {
			_ = r.options.Streams.Listener.Close()
		}
		r.done.Wait()
		r.administration.Lock() // a change of the group ends first; it finds everything closing
		defer r.administration.Unlock()
		err = errors.Join(err, r.end(), r.closeFiles())
		r.engine.Wait()
	})
	return err
}

func (r *Replica) closeFiles() error {
	var err error
	if r.store != nil {
		err = r.store.BoltStore.Close()
	}
	if r.machine != nil {
		err = errors.Join(err, r.machine.storage.Close())
	}
	return err
}

// hclog turns the engine's warnings into entries of our log.
func (r *Replica) hclog() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Name: "raft", Level: hclog.Warn, DisableTime: true, Output: lineWriter{r.options.Logger}})
}

type lineWriter struct{ logger *slog.Logger }

// Write implements io.Writer.
func (w lineWriter) Write(b []byte) (int, error) {
	w.logger.Warn(strings.TrimSpace(string(b)))
	return len(b), nil
}
