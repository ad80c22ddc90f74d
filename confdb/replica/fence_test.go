package replica

import (
	"context"
	"fmt"
	"testing"

	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

// TestT19_PublisherThatIsOnlyCutOff: the publisher is cut off from the server that is promoted, and not from the other subscriber. From the
// promise on that one confirms nothing to it, so that it acknowledges nothing as held twice that the new epoch does not have.
func TestT19_PublisherThatIsOnlyCutOff(t *testing.T) {
	n, hosts := cluster(t, 3)
	old, chosen, between := hosts[0], hosts[1], hosts[2]
	for i := range 5 {
		if r, err := old.write(fmt.Sprint("before", i)); err != nil || r.Durable != 2 {
			t.Fatalf("durable %d, %v", r.Durable, err)
		}
	}
	same(t, hosts...)
	n.mu.Lock()
	n.cut[[2]telephony.ServerName{"cm1", "cm2"}], n.cut[[2]telephony.ServerName{"cm2", "cm1"}] = true, true
	n.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var err error
	eventually(t, "a promotion", func() bool {
		err = chosen.replica.Promote(ctx, PromoteOptions{Lost: "cm1", Others: []telephony.ServerName{"cm1", "cm3"}})
		return !refusedWith(err, fault.PublisherLives)
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		r, err := old.Apply(ctx, *new(confdb.ChangeSet).Put(partition(fmt.Sprint("beside", i))), confdb.Options{})
		if err == nil && r.Durable >= 2 {
			t.Errorf("the old publisher acknowledged %d disks", r.Durable)
		}
	}
	eventually(t, "a write held twice at the new publisher", func() bool {
		r, err := chosen.write("after")
		return err == nil && r.Durable == 2
	})
	n.heal()
	same(t, chosen, between, old)
	for i := range 5 {
		if !old.has(fmt.Sprint("before", i)) {
			t.Errorf("before%d is lost", i)
		}
	}
}

// TestPromotionThatNobodyPromised is refused and leaves everybody as before; with the loss accepted it takes place.
func TestPromotionThatNobodyPromised(t *testing.T) {
	n, hosts := cluster(t, 3)
	hosts[0].put(t, partition("before"))
	same(t, hosts...)
	hosts[0].end()
	n.isolate("cm3")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	o := PromoteOptions{Lost: "cm1", Others: []telephony.ServerName{"cm1", "cm3"}}
	var err error
	eventually(t, "the publisher's silence", func() bool {
		err = hosts[1].replica.Promote(ctx, o)
		return !refusedWith(err, fault.PublisherLives)
	})
	if !refusedWith(err, fault.PromotionMayLose) {
		t.Fatalf("without the promise of cm3: %v", err)
	}
	if s := hosts[1].replica.Status(); s.Leads || s.Deposed || !hosts[1].has("before") {
		t.Errorf("after the refusal: %+v", s)
	}
	hosts[0].start(false)
	n.heal()
	eventually(t, "a write held twice as before", func() bool {
		r, err := hosts[0].write("again")
		return err == nil && r.Durable == 2
	})
	same(t, hosts...)
	hosts[0].end()
	o.AcceptLoss = true
	n.isolate("cm3")
	eventually(t, "the promotion", func() bool { return hosts[1].replica.Promote(ctx, o) == nil })
}

// TestPromiseIsKeptAndTakenBack: after a restart too, until it is released or the copy is begun anew.
func TestPromiseIsKeptAndTakenBack(t *testing.T) {
	_, hosts := cluster(t, 2)
	publisher, subscriber := hosts[0], hosts[1]
	if _, err := publisher.replica.Fence(1 << 60); !refusedWith(err, fault.PublisherLives) {
		t.Errorf("the publisher promised: %v", err)
	}
	publisher.put(t, partition("one"))
	same(t, hosts...)
	held, err := subscriber.replica.Fence(1 << 50)
	if err != nil || held.Index < subscriber.position().Index {
		t.Fatalf("%+v, %v", held, err)
	}
	for range 2 {
		if r, err := publisher.write("two"); err == nil && r.Durable >= 2 {
			t.Errorf("durable %d against the promise", r.Durable)
		}
		subscriber.end()
		subscriber.start(false)
	}
	if err := subscriber.replica.Release(1); err != nil || subscriber.has("two") {
		t.Errorf("another promise was taken back: %v", err)
	}
	if err := subscriber.replica.Release(1 << 50); err != nil {
		t.Fatal(err)
	}
	same(t, hosts...)
	if _, err := subscriber.replica.Fence(1 << 51); err != nil {
		t.Fatal(err)
	}
	publisher.put(t, partition("three"))
	if err := subscriber.replica.Rebuild(); err != nil {
		t.Fatal(err)
	}
	same(t, hosts...)
}
