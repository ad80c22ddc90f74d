package replica

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tandem/fault"
	"tandem/telephony"
)

func promote(t *testing.T, h *host) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var err error
	eventually(t, "a promotion", func() bool { // the publisher's silence must be noticed first
		err = h.replica.Promote(ctx, PromoteOptions{AcceptLoss: true})
		return !refusedWith(err, fault.PublisherLives)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Trap 1: a subscriber that is ahead of the promoted one does not keep its rows: it begins anew from a snapshot.
func TestTrap1_PromotionOfOneThatIsBehind(t *testing.T) {
	n, hosts := cluster(t, 3)
	publisher, behind, ahead := hosts[0], hosts[1], hosts[2]
	n.isolate("cm2")
	for i := range 50 {
		publisher.put(t, partition(fmt.Sprint("ahead", i)))
	}
	same(t, publisher, ahead)
	publisher.end()
	n.heal()
	promote(t, behind)
	result, err := behind.write("new")
	if err != nil {
		t.Fatal(err)
	}
	if result.Position.Epoch <= 1 {
		t.Errorf("the epoch did not rise: %v", result.Position)
	}
	same(t, behind, ahead)
	if ahead.has("ahead0") || !ahead.has("new") {
		t.Error("the one that was ahead kept its own history")
	}
	if !ahead.reported(fault.ChangesSetAside) {
		t.Error("what only that one had was not shown")
	}
}

// Trap 2: the old publisher comes back. It is shut out, takes no writes, shows what only it had, and ends as a subscriber.
func TestTrap2_OldPublisherIsFenced(t *testing.T) {
	n, hosts := cluster(t, 3)
	old, chosen, other := hosts[0], hosts[1], hosts[2]
	n.isolate("cm1")
	for i := range 3 { // on its own: it cannot know
		result, err := old.write(fmt.Sprint("orphan", i))
		if err != nil || result.Durable != 1 {
			t.Fatalf("%+v, %v", result, err)
		}
	}
	promote(t, chosen)
	if _, err := chosen.write("after"); err != nil {
		t.Fatal(err)
	}
	n.heal()
	eventually(t, "the old publisher closes its write side", func() bool { return old.replica.Follows() })
	same(t, chosen, old, other)
	if old.has("orphan0") || !old.has("after") {
		t.Error("the old publisher kept its own history")
	}
	if members := chosen.replica.Members(); len(members) != 3 || members[0].Voter || !members[1].Voter {
		t.Errorf("%+v", members)
	}
	if !old.reported(fault.PublisherDeposed) || !old.reported(fault.ChangesSetAside) {
		t.Error("nobody was told")
	}
	files, _ := filepath.Glob(filepath.Join(old.directory, "lost-changes-*.txt"))
	if len(files) != 1 {
		t.Fatalf("files of lost changes: %v", files)
	}
	text, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(text), `created partition "orphan0"`) || !strings.Contains(string(text), "by writer") || strings.Contains(string(text), "first") {
		t.Errorf("%v\n%s", err, text)
	}
	if _, err := os.Stat(strings.TrimSuffix(files[0], ".txt") + ".db"); err != nil {
		t.Error(err)
	}
	if _, err := old.write("forwarded"); err != nil || !chosen.has("forwarded") {
		t.Errorf("a write at the old publisher: %v", err)
	}
}

// The fence outlives a restart, also of a publisher that comes back from its disk alone and is told before it leads.
func TestTrap2_OldPublisherComesBackFromItsDisk(t *testing.T) {
	_, hosts := cluster(t, 3)
	old, chosen, other := hosts[0], hosts[1], hosts[2]
	old.put(t, partition("a"))
	same(t, hosts...)
	old.end()
	promote(t, chosen)
	if _, err := chosen.write("b"); err != nil {
		t.Fatal(err)
	}
	old.start(true)
	same(t, chosen, old, other)
	if old.reported(fault.ChangesSetAside) {
		t.Error("it had nothing of its own")
	}
	old.end()
	old.start(false)
	if old.replica.Status().Leads {
		t.Error("it leads")
	}
	promote2 := func() error { return old.replica.Promote(context.Background(), PromoteOptions{}) }
	eventually(t, "it hears the publisher", func() bool { return old.replica.Publisher() == "cm2" })
	if err := promote2(); !refusedWith(err, fault.PublisherLives) {
		t.Errorf("promoted while the publisher lives: %v", err)
	}
}

// Trap 3: after a promotion every server knows the new group, also one that needed no snapshot.
func TestTrap3_MembersLearnTheNewGroup(t *testing.T) {
	_, hosts := cluster(t, 3)
	hosts[0].end()
	promote(t, hosts[1])
	eventually(t, "every server knows who votes", func() bool {
		for _, h := range hosts[1:] {
			members := h.replica.Members()
			if len(members) != 3 || members[0].Voter || !members[1].Voter || members[2].Voter {
				return false
			}
		}
		return true
	})
}

// A promotion that is killed half-way goes on at the next start.
func TestPromotionSurvivesKill(t *testing.T) {
	_, hosts := cluster(t, 2)
	hosts[0].put(t, partition("a"))
	same(t, hosts...)
	hosts[0].end()
	h := hosts[1]
	r := h.replica
	var p promotion
	eventually(t, "a plan", func() (ok bool) {
		var err error
		p, err = h.replica.planPromotion()
		return err == nil
	})
	h.end()
	p.Index = r.group().LastIndex()
	if err := r.markJSON(promotionFile, p); err != nil {
		t.Fatal(err)
	}
	h.start(false).ready(t)
	if !h.has("a") || h.Snapshot().Position().Epoch <= 1 {
		t.Errorf("at %v", h.Snapshot().Position())
	}
	if _, err := h.write("b"); err != nil {
		t.Error(err)
	}
}

func TestPlannedMove(t *testing.T) {
	_, hosts := cluster(t, 3)
	stop, ended := make(chan struct{}), make(chan []string)
	go func() { // writes at a third server go on
		var acknowledged []string
		for i := 0; ; i++ {
			select {
			case <-stop:
				ended <- acknowledged
				return
			default:
			}
			name := fmt.Sprint("w", i)
			if _, err := hosts[2].write(name); err == nil {
				acknowledged = append(acknowledged, name)
			}
		}
	}()
	for _, to := range []telephony.ServerName{"cm2", "cm3", "cm1"} {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		from := hosts[0]
		for _, h := range hosts {
			if h.replica.Status().Leads {
				from = h
			}
		}
		if err := from.replica.Transfer(ctx, to); err != nil {
			t.Error(err)
		}
		cancel()
		for _, h := range hosts {
			if h.name == to {
				h.ready(t)
			}
		}
	}
	close(stop)
	acknowledged := <-ended
	same(t, hosts...)
	for _, name := range acknowledged {
		if !hosts[0].has(name) {
			t.Errorf("%s is lost", name)
		}
	}
	if len(acknowledged) == 0 {
		t.Error("nothing was written: the test proves nothing")
	}
	if members := hosts[0].replica.Members(); !members[0].Voter || members[1].Voter || members[2].Voter {
		t.Errorf("%+v", members)
	}
	if at := hosts[0].Snapshot().Position(); at.Epoch != 1 {
		t.Errorf("a planned move raised the epoch: %v", at)
	}
}

func TestVoters(t *testing.T) {
	n, hosts := cluster(t, 3)
	r := hosts[0].replica
	for _, wrong := range [][]telephony.ServerName{{"cm1", "cm2"}, {"cm2"}, {"cm1", "cm1", "cm2"}, {}} {
		if err := r.SetVoters(wrong...); !refusedWith(err, fault.VotersInvalid) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
	if err := r.SetVoters("cm1", "cm2", "cm9"); !refusedWith(err, fault.GroupMemberUnknown) {
		t.Errorf("%v", err)
	}
	n.isolate("cm3")
	if err := r.SetVoters("cm1", "cm2", "cm3"); !refusedWith(err, fault.VotersInvalid) || len(r.voters()) != 1 {
		t.Errorf("%v with %v", err, r.voters())
	}
	n.heal()
	eventually(t, "cm3 can be reached again", func() bool { return r.SetVoters("cm1", "cm2", "cm3") == nil })
	if result, err := hosts[0].write("a"); err != nil || result.Durable != 2 {
		t.Errorf("%+v, %v", result, err)
	}
	same(t, hosts...)
	begin := time.Now()
	hosts[0].end()
	var leader *host
	eventually(t, "the role moves by itself", func() bool {
		for _, h := range hosts[1:] {
			if h.replica.Status().Leads {
				leader = h
				return true
			}
		}
		return false
	})
	t.Logf("the role moved in %v", time.Since(begin))
	if _, err := leader.write("b"); err != nil {
		t.Fatal(err)
	}
	hosts[0].start(true)
	same(t, leader, hosts[0])
	eventually(t, "one voter again", func() bool { return leader.replica.SetVoters(leader.name) == nil })
	if v := leader.replica.voters(); len(v) != 1 || v[0] != leader.name {
		t.Errorf("%v", v)
	}
	if _, err := leader.write("c"); err != nil {
		t.Error(err)
	}
}

// A change of the voters that was interrupted is completed by the publisher after its restart; a number of two that nobody meant is
// undone.
func TestInterruptedChangeOfVoters(t *testing.T) {
	_, hosts := cluster(t, 3)
	r := hosts[0].replica
	if err := r.group().AddVoter("cm2", raft.ServerAddress(hosts[1].address()), 0, changeTimeout).Error(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "two voters are undone", func() bool { return len(r.voters()) == 1 })
	if err := r.markJSON(votersFile, voterChange{Target: []telephony.ServerName{"cm1", "cm2", "cm3"}, Before: []telephony.ServerName{"cm1"}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "three voters are completed", func() bool {
		_, under := r.marked(votersFile)
		return len(r.voters()) == 3 && !under
	})
}
