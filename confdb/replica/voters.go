package replica

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/raft"

	"tandem/fault"
	"tandem/telephony"
)

// voterChange is what a change of the voters leads to, and what it undoes to. It lies on the disk while the change is under way.
type voterChange struct {
	Target []telephony.ServerName `json:"target"`
	Before []telephony.ServerName `json:"before"`
}

// SetVoters makes the voters these servers: one, three or five, the publisher among them. With one the publisher alone decides; with
// more its role moves by itself when it is lost. A change that is interrupted is completed or undone as soon as the group can.
func (r *Replica) SetVoters(servers ...telephony.ServerName) error {
	return r.asPublisher(func(group *raft.Raft) error {
		if err := r.checkVoters(servers); err != nil {
			return err
		}
		change := voterChange{Target: servers, Before: r.voters()}
		if err := r.markJSON(votersFile, change); err != nil {
			return err
		}
		if err := r.mark(subscriberFile, ""); err != nil { // it may stop being the only voter any moment
			return err
		}
		return r.changeVoters(group, change)
	})
}

func (r *Replica) checkVoters(servers []telephony.ServerName) error {
	invalid := func(problem string) error { return fault.New(fault.VotersInvalid, "problem", problem) }
	if n := len(servers); n != 1 && n != 3 && n != 5 {
		return invalid(fmt.Sprintf("%d servers were named", n))
	}
	if !slices.Contains(servers, r.options.Server) {
		return invalid(fmt.Sprintf("The publisher, %s, is not among them; move its role first", r.options.Server))
	}
	for i, s := range servers {
		if slices.Contains(servers[:i], s) {
			return invalid(fmt.Sprintf("%s is named twice", s))
		}
		m, err := r.member(s)
		if err != nil {
			return err
		}
		if s == r.options.Server {
			continue
		}
		if err := r.reachable(raft.ServerAddress(m.Address)); err != nil {
			return invalid(err.Error())
		}
	}
	return nil
}

func (r *Replica) voters() []telephony.ServerName {
	var all []telephony.ServerName
	for _, m := range r.Members() {
		if m.Voter {
			all = append(all, m.Server)
		}
	}
	return all
}

// changeVoters completes a change or, if that fails, undoes it; if that fails too the change stays noted and is tried again.
func (r *Replica) changeVoters(group *raft.Raft, change voterChange) error {
	err := r.makeVoters(group, change.Target)
	if err != nil {
		if undo := r.makeVoters(group, change.Before); undo != nil {
			return errors.Join(err, undo)
		}
	}
	return errors.Join(err, r.unmark(votersFile))
}

// makeVoters adds before it takes away, one at a time, as raft wants it.
func (r *Replica) makeVoters(group *raft.Raft, target []telephony.ServerName) error {
	for _, s := range target {
		m, err := r.member(s)
		if err != nil {
			return err
		}
		if m.Voter {
			continue
		}
		// Without this the new voter's loss could leave the group without a quorum.
		if err := r.reachable(raft.ServerAddress(m.Address)); err != nil {
			return err
		}
		if err := answered(group.AddVoter(raft.ServerID(s), raft.ServerAddress(m.Address), 0, changeTimeout), r.closing); err != nil {
			return err
		}
	}
	for _, s := range r.voters() {
		if !slices.Contains(target, s) {
			if err := answered(group.DemoteVoter(raft.ServerID(s), 0, changeTimeout), r.closing); err != nil {
				return err
			}
		}
	}
	return nil
}

// tidyGroup is what the publisher completes when it finds the group half changed: after a promotion, a restart, or a move of its role.
func (r *Replica) tidyGroup() error {
	group := r.group()
	if !r.Status().Leads {
		return nil
	}
	if r.options.Streams != nil {
		if own, ok := find(r.Members(), r.options.Server); ok && own.Address != r.options.Streams.Address {
			if err := answered(group.AddVoter(raft.ServerID(r.options.Server), raft.ServerAddress(r.options.Streams.Address), 0, changeTimeout), r.closing); err != nil {
				return err
			}
		}
	}
	var p promotion
	if r.readJSON(promotionFile, &p) { // trap 3: the members are told the new configuration one by one
		for _, m := range p.Members {
			if err := r.addMember(group, m); err != nil {
				return err
			}
		}
		if err := r.unmark(promotionFile); err != nil {
			return err
		}
	}
	var change voterChange
	if r.readJSON(votersFile, &change) {
		if err := r.changeVoters(group, change); err != nil {
			return err
		}
	}
	voters := r.voters()
	if len(voters)%2 == 0 { // another server began a change, or moved the role here
		last := len(voters) - 1
		if voters[last] == r.options.Server {
			last--
		}
		if err := answered(group.DemoteVoter(raft.ServerID(voters[last]), 0, changeTimeout), r.closing); err != nil {
			return err
		}
		voters = slices.Delete(voters, last, last+1)
	}
	if len(voters) == 1 {
		if _, ok := r.marked(subscriberFile); ok {
			return errors.Join(r.unmark(fillingFile), r.unmark(subscriberFile))
		}
	}
	return nil
}
