package replica

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"

	"tandem/confdb"
	"tandem/fault"
)

// openSubscriber opens the files of a server that is not the only voter. It never begins a log of its own: what is missing or damaged is
// thrown away and comes from the publisher, and the database is read until then.
func (r *Replica) openSubscriber() error {
	content, filling := r.marked(fillingFile)
	storage, damage := r.options.Open(false)
	if damage != nil && !errors.Is(damage, fault.DatabaseCorrupt) && !errors.Is(damage, fault.DatabaseMissing) {
		return damage
	}
	if storage != nil {
		r.machine = r.newMachine(storage)
	}
	why := damage
	if err := r.openLogOfSubscriber(); err != nil {
		if !errors.Is(err, fault.DatabaseCorrupt) {
			return err
		}
		why = errors.Join(why, err)
	}
	if filling && content == fillingWipe {
		why = errors.New("the server was stopped while it began its copy anew")
	}
	var latest *raft.SnapshotMeta
	var at confdb.Position
	end := uint64(0)
	if r.store != nil {
		var err error
		if latest, at, err = r.latestSnapshot(); err != nil {
			why = errors.Join(why, err)
		} else if end, err = r.endOfLog(latest); err != nil {
			why = errors.Join(why, err)
		}
	}
	if damage != nil {
		if r.store != nil && latest != nil && errors.Is(why, damage) { // what this server holds itself leads to the database
			if first, err := r.store.FirstIndex(); err == nil {
				return r.rebuild(damage, true, first)
			}
		}
		fresh, err := r.options.Open(true)
		if err != nil {
			return err
		}
		r.machine = r.newMachine(fresh)
		if end == 0 && errors.Is(why, fault.DatabaseMissing) {
			return r.wipe(nil, false) // it joins
		}
		return r.wipe(why, true)
	}
	position, _ := storage.State()
	switch {
	case why != nil:
		return r.wipe(why, true)
	case end == 0 && filling:
		r.machine.filling = true
	case end == 0:
		return r.wipe(nil, false) // it joins
	case latest != nil && (at.Epoch != position.Epoch || at.Index > position.Index):
		r.restore = true
	case position.Index > end:
		return r.wipe(errors.New("the log ends before the database does"), true)
	}
	return nil
}

func (r *Replica) openLogOfSubscriber() error {
	bolt, err := openLog(r.logPath())
	if err != nil {
		if logUnwritable(err) {
			return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.logPath())
		}
		return fault.Wrap(err, fault.DatabaseCorrupt, "file", r.logPath())
	}
	r.setStore(&patientStore{BoltStore: bolt, closing: r.stopping})
	if r.snapshots, err = raft.NewFileSnapshotStoreWithLogger(r.options.Directory, keptSnapshots, r.hclog()); err != nil {
		return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.options.Directory)
	}
	return nil
}

func (r *Replica) setStore(s *patientStore) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.store = s
}

func (r *Replica) endOfLog(latest *raft.SnapshotMeta) (uint64, error) {
	last, err := r.store.LastIndex()
	if latest != nil {
		last = max(last, latest.Index)
	}
	return last, err
}

// wipe throws the log and its snapshots away, so that the publisher sends a snapshot. The database stays. It goes on at the next start
// if the server is killed in between. cause is for the administrator; nil: nothing that he must know. voted says that the log may be a
// voter's.
func (r *Replica) wipe(cause error, voted bool) error {
	failed := func(err error) error { return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.options.Directory) }
	if err := errors.Join(r.mark(subscriberFile, ""), r.mark(fillingFile, fillingWipe)); err != nil {
		return failed(err)
	}
	if r.store != nil {
		_ = r.store.BoltStore.Close()
		r.setStore(nil)
	}
	snapshots := filepath.Join(r.options.Directory, "snapshots")
	for _, err := range []error{os.RemoveAll(r.logPath()), os.RemoveAll(snapshots), syncDirectory(r.options.Directory)} {
		if err != nil {
			return failed(err)
		}
	}
	if err := r.openLogOfSubscriber(); err != nil {
		return err
	}
	wait := fillingWait
	if voted {
		wait = fillingMute
	}
	if err := r.mark(fillingFile, wait); err != nil {
		return failed(err)
	}
	if err := errors.Join(r.unmark(promotionFile), r.unmark(votersFile)); err != nil {
		return failed(err)
	}
	r.machine.mu.Lock()
	r.machine.filling = true
	r.machine.mu.Unlock()
	r.restore, r.first, r.rebased = false, false, false
	if cause != nil {
		r.options.Report(fault.Wrap(cause, fault.CopyRebuilt))
	}
	return nil
}

// epoch is the epoch that this server belongs to: of its copy, or the one that it waits for a copy of.
func (r *Replica) epoch() uint64 {
	m := r.machineNow()
	at, _ := m.storage.State()
	if m.isFilling() {
		return max(at.Epoch, r.lineage.state().Seen)
	}
	return at.Epoch
}

// deposed reports whether the cluster went on at a newer epoch than that of this server's copy.
func (r *Replica) deposed() bool { return r.lineage.state().Seen > r.epoch() }

func (r *Replica) deposedFault() *fault.Error {
	return fault.New(fault.PublisherDeposed, "newer", fmt.Sprint(r.lineage.state().Seen), "own", fmt.Sprint(r.epoch()))
}

// Rebuild begins this server's copy anew from a snapshot of the publisher, while the old one is read. It returns as soon as the old
// log is thrown away. The publisher refuses to do without its copy, and a voter must be a subscriber first: the publisher's
// Reinitialize sees to that.
func (r *Replica) Rebuild() error {
	r.administration.Lock()
	defer r.administration.Unlock()
	if _, ok := r.marked(subscriberFile); !ok || r.group().State() == raft.Leader {
		return fault.Wrap(errors.New("this server is the publisher"), fault.GroupChangeFailed)
	}
	if s, ok := r.suffrage(); ok && s == raft.Voter {
		return fault.Wrap(errors.New("this server is a voter"), fault.GroupChangeFailed)
	}
	if err := r.lineage.promise(0); err != nil { // to a promotion that never came
		return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.markPath(lineageFile))
	}
	return r.refill(errors.New("an administrator asked for it"))
}

// refill stops the engine, throws the log away and begins anew. It can be repeated when it failed half-way.
func (r *Replica) refill(cause error) error {
	if err := r.end(); err != nil {
		return err
	}
	if err := r.saveLost(); err != nil {
		return err
	}
	r.renew()
	// At a newer epoch the new publisher alone votes, and a voter's copy is not begun anew within an epoch.
	if err := r.wipe(cause, false); err != nil {
		return err
	}
	r.rebuilt = time.Now()
	return r.begin()
}

// suffrage is this server's own, in the newest configuration of the group that it knows.
func (r *Replica) suffrage() (raft.ServerSuffrage, bool) {
	for _, s := range r.group().GetConfiguration().Configuration().Servers {
		if s.ID == raft.ServerID(r.options.Server) {
			return s.Suffrage, true
		}
	}
	return 0, false
}

// Follows reports whether another server takes this one's changes: it is the publisher, or was until it was lost.
func (r *Replica) Follows() bool {
	if r.Status().Leads {
		return false
	}
	_, subscriber := r.marked(subscriberFile)
	return subscriber
}
