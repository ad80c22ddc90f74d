package replica

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hashicorp/raft"

	"tandem/confdb"
	"tandem/fault"
)

func (r *Replica) logPath() string { return filepath.Join(r.options.Directory, "log.db") }

func (r *Replica) open() error {
	o := r.options
	if _, ok := r.marked(subscriberFile); ok {
		return r.openSubscriber()
	}
	if o.Join {
		if _, err := os.Stat(r.logPath()); errors.Is(err, fs.ErrNotExist) {
			if err := r.mark(subscriberFile, ""); err != nil {
				return fault.Wrap(err, fault.DatabaseWriteFailed, "file", o.Directory)
			}
			return r.openSubscriber()
		}
	}
	storage, damage := o.Open(false)
	if damage != nil && !errors.Is(damage, fault.DatabaseCorrupt) && !errors.Is(damage, fault.DatabaseMissing) {
		return damage
	}
	if storage != nil {
		r.machine = r.newMachine(storage)
	}
	if _, err := os.Stat(r.logPath()); errors.Is(err, fs.ErrNotExist) && damage != nil {
		return damage // no log either: nothing is here, or nothing helps
	}
	bolt, err := openLog(r.logPath())
	logDamaged := err
	if err != nil {
		if damage != nil {
			return damage
		}
		if logUnwritable(err) {
			return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.logPath())
		}
		if err := setAside(r.logPath()); err != nil {
			return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.logPath())
		}
		if bolt, err = openLog(r.logPath()); err != nil {
			return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.logPath())
		}
	}
	r.store = &patientStore{BoltStore: bolt, closing: r.stopping}
	if r.snapshots, err = raft.NewFileSnapshotStoreWithLogger(o.Directory, keptSnapshots, r.hclog()); err != nil {
		return fault.Wrap(err, fault.DatabaseWriteFailed, "file", o.Directory)
	}
	latest, at, err := r.latestSnapshot()
	if err != nil {
		return fault.Wrap(err, fault.DatabaseCorrupt, "file", o.Directory)
	}
	first, err := bolt.FirstIndex()
	if err != nil {
		return fault.Wrap(err, fault.DatabaseCorrupt, "file", r.logPath())
	}
	last, err := bolt.LastIndex()
	if err != nil {
		return fault.Wrap(err, fault.DatabaseCorrupt, "file", r.logPath())
	}
	if damage != nil {
		return r.rebuild(damage, latest != nil, first)
	}
	position, version := storage.State()
	end := last
	if latest != nil && latest.Index > end {
		end = latest.Index
	}
	switch {
	case logDamaged != nil || (end == 0 && position.Index > 0) || position.Index > end:
		return r.rebase(logDamaged, position)
	case end == 0 && !o.Create && version == 0:
		return fault.New(fault.DatabaseMissing, "directory", o.Directory)
	case end == 0:
		r.first = true
	case latest != nil && (at.Epoch != position.Epoch || at.Index > position.Index):
		// The database is older than the snapshot, and the entries between are gone: the flag that keeps raft from
		// restoring must be off (trap 4).
		r.restore = true
	}
	// A log that began from a database is of use for building it again only with a snapshot; the one that is due may have been
	// kept from being taken.
	r.rebased = latest == nil && position.Epoch > 1
	return nil
}

// logUnwritable tells a log that cannot be opened now from a damaged one.
func logUnwritable(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "timeout")
}

func (r *Replica) newMachine(storage confdb.Storage) *machine {
	return &machine{storage: storage, directory: r.options.Directory, report: r.options.Report, closing: r.stopping, newest: newestFormat,
		applied: r.options.Applied, digested: r.digests.put, filled: r.nudge}
}

// rebuild begins an empty database that the snapshot and the log fill again.
func (r *Replica) rebuild(damage error, snapshot bool, firstEntry uint64) error {
	if !snapshot && (firstEntry != 1 || !r.fromTheBeginning()) {
		return damage
	}
	storage, err := r.options.Open(true)
	if err != nil {
		return err
	}
	r.machine = r.newMachine(storage)
	r.restore = true
	if f := fault.From(damage); f != nil {
		rebuilt := *f
		rebuilt.Severity = fault.SeverityWarning
		rebuilt.Action = "Nothing: it was set aside and is built again from the log. Look for the cause of the damage, and check the disk."
		r.options.Report(&rebuilt)
	}
	return nil
}

// fromTheBeginning reports whether the log led to the database from an empty one, and not from one of an earlier epoch: its first
// entry of ours, the first migration, is of epoch 1.
func (r *Replica) fromTheBeginning() bool {
	last, err := r.store.LastIndex()
	for i := uint64(1); err == nil && i <= last; i++ {
		var l raft.Log
		if err = r.store.GetLog(i, &l); err == nil && l.Type == raft.LogCommand {
			e, err := decodeEntry(l.Data, newestFormat)
			return err == nil && e.epoch == 1
		}
	}
	return false
}

// rebase begins a new log at a higher epoch from the database as it is.
func (r *Replica) rebase(cause error, position confdb.Position) error {
	if cause == nil {
		cause = errors.New("the log ends before the database does")
		if err := r.store.BoltStore.Close(); err != nil {
			return err
		}
		if err := setAside(r.logPath()); err != nil {
			return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.logPath())
		}
		bolt, err := openLog(r.logPath())
		if err != nil {
			return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.logPath())
		}
		r.store = &patientStore{BoltStore: bolt, closing: r.stopping}
	}
	if err := setAside(filepath.Join(r.options.Directory, "snapshots")); err != nil {
		return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.options.Directory)
	}
	var err error
	if r.snapshots, err = raft.NewFileSnapshotStoreWithLogger(r.options.Directory, keptSnapshots, r.hclog()); err != nil {
		return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.options.Directory)
	}
	next := rebasedEpoch(max(position.Epoch, r.lineage.state().Seen))
	if err := r.lineage.learn(lineageState{Seen: next, Branches: []branch{{next, position.Epoch, position.Index}}}); err != nil {
		return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.options.Directory)
	}
	if err := r.machine.storage.Rebase(confdb.Position{Epoch: next}); err != nil {
		return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.machine.storage.File())
	}
	r.first, r.rebased = true, true
	f := fault.Wrap(cause, fault.DatabaseCorrupt, "file", r.logPath())
	f.Severity = fault.SeverityWarning
	f.Action = "Nothing: it was set aside, and a new log was begun from the database. Changes of the last seconds before a power loss may be missing; check them, and the disk."
	r.options.Report(f)
	return nil
}

// latestSnapshot finds the newest snapshot and the position of the database in it; nil if there is none.
func (r *Replica) latestSnapshot() (*raft.SnapshotMeta, confdb.Position, error) {
	list, err := r.snapshots.List()
	if err != nil || len(list) == 0 {
		return nil, confdb.Position{}, err
	}
	_, content, err := r.snapshots.Open(list[0].ID)
	if err != nil {
		return nil, confdb.Position{}, err
	}
	defer content.Close()
	at, err := readSnapshotHeader(content)
	return list[0], at, err
}

func removePartial(directory string) error {
	left, err := filepath.Glob(filepath.Join(directory, "*"+temporary+"*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}
