package replica

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"tandem/fault"
	"tandem/telephony"
)

// Member is a server of the group.
type Member struct {
	Server    telephony.ServerName `json:"server"`
	Address   string               `json:"address"` // in the form of Streams.Dial
	Voter     bool                 `json:"voter,omitempty"`
	Publisher bool                 `json:"-"` // it leads, as far as this server knows
}

// Members lists the servers of the group as this server knows them, by name. Empty on a subscriber that was never filled.
func (r *Replica) Members() []Member {
	group := r.group()
	_, leader := group.LeaderWithID()
	var all []Member
	for _, s := range group.GetConfiguration().Configuration().Servers {
		all = append(all, Member{Server: telephony.ServerName(s.ID), Address: string(s.Address), Voter: s.Suffrage == raft.Voter, Publisher: s.ID == leader})
	}
	slices.SortFunc(all, func(a, b Member) int { return strings.Compare(string(a.Server), string(b.Server)) })
	return all
}

func find(members []Member, server telephony.ServerName) (Member, bool) {
	i := slices.IndexFunc(members, func(m Member) bool { return m.Server == server })
	if i < 0 {
		return Member{}, false
	}
	return members[i], true
}

// Publisher is the server that takes writes, as far as this one knows; "" if it knows none.
func (r *Replica) Publisher() telephony.ServerName {
	_, leader := r.group().LeaderWithID()
	return telephony.ServerName(leader)
}

// asPublisher does something that only the publisher may, one at a time.
func (r *Replica) asPublisher(do func(group *raft.Raft) error) error {
	r.administration.Lock()
	defer r.administration.Unlock()
	group := r.group()
	if !r.Status().Leads || group.State() != raft.Leader {
		publisher := string(r.Publisher())
		if publisher == "" || publisher == string(r.options.Server) {
			publisher = "not known at the moment"
		}
		return fault.New(fault.NotThePublisher, "publisher", publisher)
	}
	err := do(group)
	if err == nil || fault.From(err) != nil {
		return err
	}
	return fault.Wrap(err, fault.GroupChangeFailed)
}

// AddSubscriber makes a server a subscriber, or tells the group a new address of a member. The server must run, or will: it opens with
// Options.Join. It gets a snapshot and then the log. Adding it again changes nothing: who knows which servers belong to the cluster adds
// them all whenever this server begins to take writes, since a server that was promoted, or whose log was damaged, may not know all.
func (r *Replica) AddSubscriber(server telephony.ServerName, address string) error {
	return r.asPublisher(func(group *raft.Raft) error { return r.addMember(group, Member{Server: server, Address: address}) })
}

func (r *Replica) addMember(group *raft.Raft, m Member) error {
	have, known := find(r.Members(), m.Server)
	if known && have.Address == m.Address {
		return nil
	}
	if err := r.cutLog(group); err != nil {
		return fmt.Errorf("cut the log: %w", err)
	}
	if have.Voter {
		return answered(group.AddVoter(raft.ServerID(m.Server), raft.ServerAddress(m.Address), 0, changeTimeout), r.closing)
	}
	return answered(group.AddNonvoter(raft.ServerID(m.Server), raft.ServerAddress(m.Address), 0, changeTimeout), r.closing)
}

// cutLog sees to it that the log does not reach back to its beginning: a server whose copy is begun anew then gets a snapshot, which
// takes the place of whatever it has, and never entries that its database would take for known (trap 1).
func (r *Replica) cutLog(group *raft.Raft) error {
	first, err := r.store.FirstIndex()
	if err != nil || first > 1 {
		return err
	}
	if last, err := r.store.LastIndex(); err == nil && last == 0 {
		if latest, _, err := r.latestSnapshot(); err != nil || latest != nil {
			return err // all there is is in the snapshot
		}
	}
	before := group.ReloadableConfig()
	cut := before
	cut.TrailingLogs = 0
	if err := group.ReloadConfig(cut); err != nil {
		return err
	}
	err = r.Snapshot()
	if restore := group.ReloadConfig(before); err == nil {
		err = restore
	}
	return err
}

// RemoveServer takes a server out of the group. It keeps its copy and does not learn of it; the cluster locks it out. A voter must
// be made a subscriber first, by SetVoters.
func (r *Replica) RemoveServer(server telephony.ServerName) error {
	return r.asPublisher(func(group *raft.Raft) error {
		m, err := r.member(server)
		if err != nil {
			return err
		}
		if m.Voter {
			return fault.New(fault.VotersInvalid, "problem", fmt.Sprintf("%s is a voter and cannot be removed", server))
		}
		if err := answered(group.RemoveServer(raft.ServerID(server), 0, changeTimeout), r.closing); err != nil {
			return err
		}
		r.holders.forget(server)
		return nil
	})
}

func (r *Replica) member(server telephony.ServerName) (Member, error) {
	members := r.Members()
	m, ok := find(members, server)
	if !ok {
		names := make([]string, len(members))
		for i, m := range members {
			names[i] = string(m.Server)
		}
		return m, fault.New(fault.GroupMemberUnknown, "name", string(server), "known", strings.Join(names, ", "))
	}
	return m, nil
}

// Reinitialize has a server begin its copy anew from a snapshot, at the publisher. rebuild asks that server to call Rebuild. A voter is
// a subscriber meanwhile. It returns when the server has confirmed everything up to now, or with ctx.
func (r *Replica) Reinitialize(ctx context.Context, server telephony.ServerName, rebuild func(context.Context) error) error {
	return r.asPublisher(func(group *raft.Raft) error {
		m, err := r.member(server)
		if err != nil {
			return err
		}
		if server == r.options.Server {
			return errors.New("the publisher's copy is the one that the others are made from")
		}
		if err := r.cutLog(group); err != nil {
			return err
		}
		if m.Voter { // it must not vote with an empty log
			if err := answered(group.DemoteVoter(raft.ServerID(server), 0, changeTimeout), r.closing); err != nil {
				return err
			}
		}
		r.holders.forget(server)
		if err := rebuild(ctx); err != nil {
			return err
		}
		at, _ := r.machineNow().storage.State()
		if err := r.holders.await(ctx, server, at); err != nil {
			return fmt.Errorf("%s has not confirmed its new copy yet: %w", server, err)
		}
		if m.Voter {
			return answered(group.AddVoter(raft.ServerID(server), raft.ServerAddress(m.Address), 0, changeTimeout), r.closing)
		}
		return nil
	})
}

// Transfer moves the publisher's role to another server while both live; no write is lost. This server ends as a subscriber.
// It returns when the other one leads.
func (r *Replica) Transfer(ctx context.Context, server telephony.ServerName) error {
	return r.asPublisher(func(group *raft.Raft) error {
		m, err := r.member(server)
		if err != nil || server == r.options.Server {
			return err
		}
		if err := r.reachable(raft.ServerAddress(m.Address)); err != nil {
			return err
		}
		if err := r.mark(subscriberFile, ""); err != nil {
			return err
		}
		if !m.Voter {
			// The other one leads in the end with two voters and makes this server a subscriber; should it not come to that, this one
			// undoes it, now or when it leads again.
			if err := answered(group.AddVoter(raft.ServerID(server), raft.ServerAddress(m.Address), 0, changeTimeout), r.closing); err != nil {
				return err
			}
		}
		if err := answered(group.LeadershipTransferToServer(raft.ServerID(server), raft.ServerAddress(m.Address)), r.closing); err != nil {
			if !m.Voter {
				err = errors.Join(err, answered(group.DemoteVoter(raft.ServerID(server), 0, changeTimeout), r.closing))
			}
			return err
		}
		limit := changeTimeout
		if end, ok := ctx.Deadline(); ok {
			limit = min(limit, time.Until(end))
		}
		if !r.within(limit, func() bool {
			own, _ := r.suffrage()
			return r.Publisher() == server && (m.Voter || own == raft.Nonvoter)
		}) {
			return fmt.Errorf("%s does not lead yet", server)
		}
		return nil
	})
}
