package replica

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"tandem/confdb"
	"tandem/fault"
)

// lead opens the way for writes while this server leads the group: after everything in the log has been applied, and the
// schema is the newest. It ends with the engine.
func (r *Replica) lead(group *raft.Raft, stopping <-chan struct{}) {
	for {
		select {
		case <-stopping:
			return
		case leads := <-group.LeaderCh():
			if !leads {
				r.setReady(false)
				continue
			}
			for group.State() == raft.Leader && !r.deposed() {
				err := r.prepare(group, stopping)
				if err == nil {
					r.setReady(true)
					r.nudge()
					break
				}
				if halted, _ := r.machineNow().state(); halted != nil {
					break
				}
				r.options.Logger.Warn("the configuration log is not ready", "error", err)
				select {
				case <-stopping:
					return
				case <-time.After(retryPause):
				}
			}
		}
	}
}

func (r *Replica) prepare(group *raft.Raft, stopping <-chan struct{}) error {
	if err := answered(group.Barrier(applyTimeout), stopping); err != nil {
		return err
	}
	storage := r.machineNow().storage
	for {
		at, have := storage.State()
		if have >= storage.KnownSchema() {
			break
		}
		e := entry{format: formatMigration, epoch: at.Epoch, time: time.Now(), actor: "migration", body: migrationBody(have + 1)}
		if err := r.append(e); err != nil {
			return err
		}
		if _, now := storage.State(); now != have+1 {
			return fmt.Errorf("migration %d had no effect", have+1)
		}
	}
	if r.rebased {
		if err := r.Snapshot(); err != nil {
			return err
		}
		r.rebased = false
	}
	return nil
}

func (r *Replica) setReady(ready bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.ready:
		if !ready {
			r.ready = make(chan struct{})
		}
	default:
		if ready {
			close(r.ready)
		}
	}
}

// WaitReady waits until this server takes writes.
func (r *Replica) WaitReady(ctx context.Context) error {
	for {
		if r.deposed() {
			return r.deposedFault()
		}
		if halted, _ := r.machineNow().state(); halted != nil {
			return fault.Wrap(halted, fault.DatabaseNotReady)
		}
		if _, leader := r.group().LeaderWithID(); leader != "" && leader != raft.ServerID(r.options.Server) {
			return fault.Wrap(fmt.Errorf("this server follows the publisher, %s", leader), fault.DatabaseNotReady)
		}
		r.mu.Lock()
		ready := r.ready
		r.mu.Unlock()
		select {
		case <-ready:
			return nil
		case <-r.closing:
			return fault.Wrap(errClosed, fault.DatabaseNotReady)
		case <-ctx.Done():
			cause := errors.New("the log has no leader yet")
			if _, stuck := r.machineNow().state(); stuck != nil {
				cause = stuck
			}
			return fault.Wrap(cause, fault.DatabaseNotReady)
		case <-time.After(50 * time.Millisecond): // a halt closes no channel
		}
	}
}

// Status is what is known about the replica.
type Status struct {
	Position confdb.Position
	Newest   uint64 // newest epoch that was ever heard of
	Schema   int
	Leads    bool  // this server takes writes
	Filling  bool  // the copy is being built anew; the old one is read meanwhile
	Deposed  bool  // another server was promoted; this one is about to begin its copy anew
	Halted   error // the log is not followed any more, for this reason
	Stuck    error // the database cannot be written just now, for this reason
}

// Status tells how it stands.
func (r *Replica) Status() Status {
	m := r.machineNow()
	at, version := m.storage.State()
	halted, stuck := m.state()
	r.mu.Lock()
	ready := r.ready
	r.mu.Unlock()
	s := Status{Position: at, Newest: r.lineage.state().Seen, Schema: version, Halted: halted, Stuck: stuck, Filling: m.isFilling(), Deposed: r.deposed()}
	select {
	case <-ready:
		s.Leads = true
	default:
	}
	return s
}
