package replica

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

// Candidate is what is known of a server when one is to be promoted by force.
type Candidate struct {
	Server    telephony.ServerName
	Position  confdb.Position // as far as known
	Reachable bool            // it answered now
	Publisher bool            // it takes writes, or did last
	Voter     bool            // it votes, as far as known
	Newest    uint64          // newest epoch that it knows of: Status.Newest; 0: not known
	Broken    string          // why its copy is of no use; empty: it is
}

// ChoosePublisher decides which server is promoted by force, and refuses when that would be wrong: while the publisher or a quorum
// of the voters lives, or, without acceptLoss, while a server that may hold more cannot be asked or holds more. target ""
// asks for the most advanced server. Servers of an older epoch are behind whatever their index.
func ChoosePublisher(known []Candidate, target telephony.ServerName, acceptLoss bool) (telephony.ServerName, error) {
	name := string(target)
	if target == "" {
		name = "No server"
	}
	lives := func(reason string) error { return fault.New(fault.PublisherLives, "name", name, "reason", reason) }
	voters, reachable := 0, 0
	var best *Candidate
	var unknown []string
	for i := range known {
		c := &known[i]
		if c.Voter {
			voters++
			if c.Reachable {
				reachable++
			}
		}
		switch {
		case c.Publisher && c.Reachable:
			return "", lives(fmt.Sprintf("The publisher, %s, lives", c.Server))
		case !c.Reachable:
			if !c.Publisher { // the publisher is what is given up
				unknown = append(unknown, string(c.Server))
			}
		case c.Broken == "" && (best == nil || further(c, best) > 0):
			best = c
		}
	}
	if voters > 1 && reachable > voters/2 {
		return "", lives(fmt.Sprintf("%d of %d voters live and choose a publisher themselves", reachable, voters))
	}
	chosen := best
	if target != "" {
		i := slices.IndexFunc(known, func(c Candidate) bool { return c.Server == target })
		if i < 0 {
			return "", fault.New(fault.GroupMemberUnknown, "name", name, "known", names(known))
		}
		chosen = &known[i]
		switch {
		case !chosen.Reachable:
			return "", impossible(name, "it cannot be reached")
		case chosen.Broken != "":
			return "", impossible(name, chosen.Broken)
		}
	}
	if chosen == nil {
		return "", impossible(name, "no subscriber with a whole copy can be reached")
	}
	if acceptLoss {
		return chosen.Server, nil
	}
	for i := range known {
		// A copy that is just being built, or of an old epoch, counts too: what it has, or knows to be, was acknowledged by it.
		if c := &known[i]; c.Reachable && (beyond(c.Position, chosen.Position) || c.Newest > chosen.Position.Epoch) {
			return "", fault.New(fault.PromotionMayLose, "name", string(chosen.Server), "others", string(c.Server))
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return "", fault.New(fault.PromotionMayLose, "name", string(chosen.Server), "others", strings.Join(unknown, ", "))
	}
	return chosen.Server, nil
}

func impossible(name, cause string) error {
	return fault.Wrap(fmt.Errorf("%s", cause), fault.PromotionImpossible, "name", name)
}

func beyond(a, b confdb.Position) bool {
	return a.Epoch > b.Epoch || a.Epoch == b.Epoch && a.Index > b.Index
}

// further compares how far two servers are; at the same place the first by name is the further one.
func further(a, b *Candidate) int {
	return cmp.Or(cmp.Compare(a.Position.Epoch, b.Position.Epoch), cmp.Compare(a.Position.Index, b.Position.Index), strings.Compare(string(b.Server), string(a.Server)))
}

func names(known []Candidate) string {
	all := make([]string, len(known))
	for i, c := range known {
		all[i] = string(c.Server)
	}
	return strings.Join(all, ", ")
}
