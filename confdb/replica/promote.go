package replica

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/raft"

	"tandem/confdb"
	"tandem/fault"
)

// promotion is a forced promotion under way. It lies on the disk until every other server was told, so that it goes on after a kill.
type promotion struct {
	Epoch    uint64   `json:"epoch"`    // of the new publisher
	Previous uint64   `json:"previous"` // epoch of its copy before
	Index    uint64   `json:"index"`    // last entry that it holds: what the old publisher has beyond it is not in the cluster
	Members  []Member `json:"members"`  // the other servers
}

// publisherSilence is how long nothing may have come from the publisher before another server takes its role by force.
const publisherSilence = 1500 * time.Millisecond

// Promote makes this server the publisher by force, because the old one is lost: everything that this server holds counts, whatever only
// others hold does not. The epoch rises, which shuts the old publisher out until it has become a subscriber. Which server is promoted, and
// whether that may be, says ChoosePublisher; here it is refused while this server hears the publisher, or when another server holds
// more, or cannot promise to take nothing from the old publisher any more (see PromoteOptions). It returns when this server takes writes.
func (r *Replica) Promote(ctx context.Context, o PromoteOptions) error {
	r.administration.Lock()
	p, err := r.planPromotion()
	if err == nil {
		if err = r.preparePromotion(ctx, &p, o); err == nil {
			err = r.promoteTo(p)
		}
	}
	r.administration.Unlock()
	if err == nil {
		return r.WaitReady(ctx)
	}
	if fault.From(err) != nil {
		return err
	}
	return fault.Wrap(err, fault.PromotionImpossible, "name", string(r.options.Server))
}

func (r *Replica) planPromotion() (p promotion, err error) {
	name := string(r.options.Server)
	group := r.group()
	_, leader := group.LeaderWithID()
	if group.State() == raft.Leader {
		return p, fault.New(fault.PublisherLives, "name", name, "reason", "It is the publisher already")
	}
	if leader != "" && time.Since(group.LastContact()) < publisherSilence {
		return p, fault.New(fault.PublisherLives, "name", name, "reason", fmt.Sprintf("It hears the publisher, %s", leader))
	}
	m := r.machineNow()
	if halted, stuck := m.state(); halted != nil || stuck != nil {
		return p, fmt.Errorf("its copy is not in order: %w", errors.Join(halted, stuck))
	}
	if m.isFilling() {
		return p, errors.New("its copy is just being built")
	}
	if r.deposed() {
		return p, errors.New("its copy is of an epoch that is over")
	}
	at, _ := m.storage.State()
	p.Previous, p.Epoch = at.Epoch, promotedEpoch(max(at.Epoch, r.lineage.state().Seen), time.Now())
	for _, other := range r.Members() {
		if other.Server != r.options.Server {
			p.Members = append(p.Members, Member{Server: other.Server, Address: other.Address})
		}
	}
	return p, nil
}

// preparePromotion stops the engine, after which the log gets no further entries, has the others promise, and notes what will be.
func (r *Replica) preparePromotion(ctx context.Context, p *promotion, o PromoteOptions) error {
	if err := r.end(); err != nil {
		return err
	}
	latest, _, err := r.latestSnapshot()
	if err == nil {
		p.Index, err = r.endOfLog(latest)
	}
	if err == nil && p.Index == 0 {
		err = errors.New("it has no log")
	}
	if err == nil {
		err = r.fenceOthers(ctx, *p, o)
	}
	if err == nil {
		if err = r.markJSON(promotionFile, p); err != nil {
			r.releaseOthers(*p, r.othersOf(*p, o))
		}
	}
	if err != nil { // as it was before
		r.renew()
		return errors.Join(err, r.begin())
	}
	return nil
}

// promoteTo can be repeated when it failed half-way.
func (r *Replica) promoteTo(p promotion) error {
	if err := r.end(); err != nil {
		return err
	}
	r.renew()
	if err := r.recover(p); err != nil {
		return err
	}
	return r.begin()
}

// recover makes this server the only voter of a group at the new epoch, from its log and its database. The engine does not run.
func (r *Replica) recover(p promotion) error {
	m := r.machine
	m.mu.Lock()
	m.sink = r.sink
	m.mu.Unlock()
	at, _ := m.storage.State()
	if at.Epoch > p.Epoch {
		return r.unmark(promotionFile) // it was carried out, and the cluster went on
	}
	if err := r.lineage.learn(lineageState{Seen: p.Epoch, Branches: []branch{{p.Epoch, p.Previous, p.Index}}}); err != nil {
		return err
	}
	address := raft.ServerAddress(r.options.Server)
	if r.options.Streams != nil {
		address = raft.ServerAddress(r.options.Streams.Address)
	}
	c := r.config()
	_, transport := raft.NewInmemTransport(address) // for the form of addresses only
	configuration := raft.Configuration{Servers: []raft.Server{{Suffrage: raft.Voter, ID: c.LocalID, Address: address}}}
	if !r.recovered(p) {
		to := confdb.Position{Epoch: p.Epoch, Index: p.Index}
		if err := raft.RecoverCluster(c, &recovering{m, to}, r.store, r.store, r.snapshots, transport, configuration); err != nil {
			return err
		}
	}
	r.restore, r.first, r.rebased = false, false, false
	return errors.Join(r.unmark(fillingFile), r.unmark(subscriberFile))
}

// recovered reports whether an attempt before came to its end: the newest snapshot is the beginning of the new epoch.
func (r *Replica) recovered(p promotion) bool {
	latest, at, err := r.latestSnapshot()
	own, _ := r.machine.storage.State()
	return err == nil && latest != nil && at.Epoch == p.Epoch && own.Epoch == p.Epoch
}

// recovering is the state machine while a promotion turns the log into the snapshot that the new epoch begins with. The
// database is not taken back to an older snapshot: it holds what the log says up to its position, and who reads it does not see it go
// backwards.
type recovering struct {
	*machine
	to confdb.Position
}

func (m *recovering) done() bool {
	at, _ := m.storage.State()
	return at.Epoch == m.to.Epoch
}

// Restore implements raft.FSM.
func (m *recovering) Restore(from io.ReadCloser) error {
	if m.done() {
		return nil
	}
	in, err := readSnapshotHeader(from)
	if err != nil {
		return err
	}
	if at, _ := m.storage.State(); at.Epoch == in.Epoch && at.Index >= in.Index {
		return nil
	}
	return m.restoreFrom(from)
}

// Apply implements raft.FSM.
func (m *recovering) Apply(l *raft.Log) any {
	if m.done() {
		return nil
	}
	return m.machine.Apply(l)
}

// Snapshot implements raft.FSM.
func (m *recovering) Snapshot() (raft.FSMSnapshot, error) {
	if halted, stuck := m.state(); halted != nil || stuck != nil {
		return nil, errors.Join(halted, stuck)
	}
	if err := m.storage.Rebase(m.to); err != nil {
		return nil, err
	}
	m.sinkNow().Applied(m.to, confdb.Entry{Actor: "promotion", Time: time.Now()})
	return m.machine.Snapshot()
}
