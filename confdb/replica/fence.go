package replica

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

// A forced promotion begins with a promise of every other server: to take nothing from the old publisher any more, and to say what it
// holds by then. Without it, a publisher that was only cut off could go on with a subscriber on its side, which has not heard of the
// promotion, and acknowledge as held twice what the new epoch knows nothing of.

// PromoteOptions say what a forced promotion may do without.
type PromoteOptions struct {
	Lost       telephony.ServerName   // the publisher that is given up: its promise is not needed
	Others     []telephony.ServerName // every other server of the cluster: the group, as this server knows it, may be older
	AcceptLoss bool                   // nobody's promise is needed
}

const (
	fenceTimeout  = 5 * time.Second // until another server has promised
	fencePatience = 3 * time.Second // how long a server that is busy lets the asking one wait
)

// Fence is the promise of this server to a promotion at an epoch: connections of older epochs are cut and refused from now on, also
// after a restart, until a publisher of that epoch or a later one comes, or Release. It returns the last entry that this server holds:
// nothing can come to it after that. It refuses while this server is the publisher, and when it has heard of a later epoch.
func (r *Replica) Fence(epoch uint64) (held confdb.Position, err error) {
	for end := time.Now().Add(fencePatience); !r.administration.TryLock(); time.Sleep(pollPause) {
		if time.Now().After(end) {
			return held, errors.New("this server is busy with a change of the replication itself")
		}
	}
	defer r.administration.Unlock()
	name := string(r.options.Server)
	if r.Status().Leads || r.group().State() == raft.Leader {
		return held, fault.New(fault.PublisherLives, "name", "The server that asks", "reason", fmt.Sprintf("%s is the publisher", name))
	}
	if seen := r.lineage.state().Seen; seen >= epoch {
		return held, fmt.Errorf("%s has heard of epoch %d already", name, seen)
	}
	if err := r.lineage.promise(epoch); err != nil {
		return held, fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.markPath(lineageFile))
	}
	if !r.runningNow() {
		return r.held()
	}
	err = r.end()
	if err == nil {
		held, err = r.held()
	}
	r.renew()
	return held, errors.Join(err, r.begin())
}

// held is the last entry on this server's disk. The engine does not run.
func (r *Replica) held() (confdb.Position, error) {
	at, _ := r.machine.storage.State()
	if r.store == nil {
		return at, nil
	}
	latest, _, err := r.latestSnapshot()
	if err != nil {
		return at, err
	}
	end, err := r.endOfLog(latest)
	switch {
	case err != nil || end == 0:
		return at, err
	case r.machine.isFilling(): // the log is of the newest epoch, the database is not yet
		return confdb.Position{Epoch: r.lineage.state().Seen, Index: end}, nil
	}
	return confdb.Position{Epoch: at.Epoch, Index: max(at.Index, end)}, nil
}

// Release takes a promise back: the promotion does not take place.
func (r *Replica) Release(epoch uint64) error {
	if r.lineage.state().Promised != epoch {
		return nil
	}
	return r.lineage.promise(0)
}

// fenceOthers collects the promises that a promotion needs, or leaves everybody as before.
func (r *Replica) fenceOthers(ctx context.Context, p promotion, o PromoteOptions) error {
	if r.options.Fence == nil {
		return nil
	}
	own := confdb.Position{Epoch: p.Previous, Index: p.Index}
	var missing, further []string
	others := r.othersOf(p, o)
	for _, server := range others {
		asking, cancel := context.WithTimeout(ctx, fenceTimeout)
		held, err := r.options.Fence(asking, server, p.Epoch)
		cancel()
		switch {
		case errors.Is(err, fault.PublisherLives):
			r.releaseOthers(p, others)
			return err
		case err != nil && (o.AcceptLoss || server == o.Lost):
			r.options.Logger.Info("a promotion goes on without the promise of a server", "server", server, "error", err)
		case err != nil:
			missing = append(missing, string(server))
		case beyond(held, own) && !o.AcceptLoss:
			further = append(further, string(server))
		}
	}
	if len(missing)+len(further) == 0 {
		return nil
	}
	r.releaseOthers(p, others)
	return fault.New(fault.PromotionMayLose, "name", string(r.options.Server), "others", strings.Join(append(further, missing...), ", "))
}

// othersOf lists whose promise a promotion asks for.
func (r *Replica) othersOf(p promotion, o PromoteOptions) []telephony.ServerName {
	others := slices.DeleteFunc(slices.Clone(o.Others), func(s telephony.ServerName) bool { return s == r.options.Server })
	for _, m := range p.Members {
		if !slices.Contains(others, m.Server) {
			others = append(others, m.Server)
		}
	}
	return others
}

// releaseOthers takes the promises back that a promotion asked for. Who does not hear of it waits for the next promotion, or is
// reinitialized.
func (r *Replica) releaseOthers(p promotion, others []telephony.ServerName) {
	if r.options.Release == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), fenceTimeout)
	defer cancel()
	for _, server := range others {
		r.options.Release(ctx, server, p.Epoch)
	}
}
