package replica

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

// A write at a subscriber goes to the publisher and is in the subscriber's own copy when it is acknowledged; refusals come back whole.
func TestWriteAtASubscriber(t *testing.T) {
	n, hosts := cluster(t, 2)
	publisher, subscriber := hosts[0], hosts[1]
	result, err := subscriber.Apply(t.Context(), smallSite(t), confdb.Options{Actor: "me"})
	if err != nil {
		t.Fatal(err)
	}
	if subscriber.Snapshot().Position() != result.Position || len(result.Items) == 0 || result.Durable != 2 {
		t.Errorf("at %v, answered %v, durable %d", subscriber.Snapshot().Position(), result.Position, result.Durable)
	}
	same(t, hosts...)
	_, here := publisher.Delete(t.Context(), telephony.KindPartition, "internal", confdb.Options{})
	_, there := subscriber.Delete(t.Context(), telephony.KindPartition, "internal", confdb.Options{})
	var refused *confdb.Refused
	if !errors.As(there, &refused) || here == nil || there.Error() != here.Error() || !errors.Is(there, fault.ObjectInUse) || fault.From(there).Status != fault.From(here).Status {
		t.Errorf("refused as\n%v\nat the publisher as\n%v", there, here)
	}
	n.isolate("cm2")
	if _, err := subscriber.write("x"); !refusedWith(err, fault.PublisherAway) || fault.From(err).Status != 503 {
		t.Errorf("cut off: %v", err)
	}
}

// Read-modify-write at two servers at once: no change is lost.
func TestUpdateAtTwoServersAtOnce(t *testing.T) {
	_, hosts := cluster(t, 3)
	const each = 10
	hosts[0].put(t, partition("counter"))
	same(t, hosts...)
	var all sync.WaitGroup
	for _, h := range hosts {
		all.Go(func() {
			for range each {
				for { // the refusal after several attempts is an answer too; a person would try again
					_, err := h.Update(context.Background(), confdb.Options{}, func(s *confdb.Snapshot) (confdb.ChangeSet, error) {
						p := *s.Partition("counter")
						p.Description += "x"
						return *new(confdb.ChangeSet).Put(&p), nil
					})
					if err == nil {
						break
					}
					if !errors.Is(err, fault.ChangeOvertaken) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	if n := len(hosts[0].Snapshot().Partition("counter").Description); n != each*len(hosts) {
		t.Errorf("%d changes of %d are there", n, each*len(hosts))
	}
	same(t, hosts...)
}

func TestDurability(t *testing.T) {
	n := newNetwork(t)
	publisher := n.host("cm1").start(true)
	publisher.ready(t)
	if result, err := publisher.write("alone"); err != nil || result.Durable != 1 || publisher.stands(fault.NoSubscriberConnected) {
		t.Errorf("without subscribers: %+v, %v", result, err)
	}
	subscriber := n.host("cm2").start(false)
	if err := publisher.replica.AddSubscriber("cm2", subscriber.address()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "two disks", func() bool {
		result, err := publisher.write(fmt.Sprint("two", publisher.position().Index))
		return err == nil && result.Durable == 2
	})
	n.mu.Lock()
	n.noAck = true
	n.mu.Unlock()
	publisher.replica.Acknowledge("cm2", confdb.Position{Epoch: 1, Index: 1}) // connected, and behind
	if result, err := publisher.write("slow"); err != nil || result.Durable != 1 || !publisher.stands(fault.SubscribersSlow) {
		t.Errorf("with a slow subscriber: %+v, %v", result, err)
	}
	publisher.replica.Lost("cm2")
	if result, err := publisher.write("lost"); err != nil || result.Durable != 1 || !publisher.stands(fault.NoSubscriberConnected) || publisher.stands(fault.SubscribersSlow) {
		t.Errorf("with none connected: %+v, %v", result, err)
	}
	n.mu.Lock()
	n.noAck = false
	n.mu.Unlock()
	eventually(t, "two disks again", func() bool {
		result, err := publisher.write(fmt.Sprint("again", publisher.position().Index))
		return err == nil && result.Durable == 2
	})
	if publisher.stands(fault.NoSubscriberConnected) || publisher.stands(fault.SubscribersSlow) {
		t.Error("an alarm stands still")
	}
}

// An injected difference is found and named, and a new copy ends it while reads go on.
func TestVerifyAndReinitialize(t *testing.T) {
	_, hosts := cluster(t, 3)
	publisher, bad := hosts[0], hosts[1]
	fillSite(t, publisher.site)
	same(t, hosts...)
	changed := partition("internal")
	changed.Description = "not what the publisher has"
	changeset, err := bad.db.Plan([]confdb.Change{{Kind: telephony.KindPartition, Key: "internal", After: changed}})
	if err != nil {
		t.Fatal(err)
	}
	at, _ := bad.db.State()
	if _, err := bad.db.Apply(at, changeset); err != nil {
		t.Fatal(err)
	}
	verify := func() (want Digest, of map[telephony.ServerName]Digest) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		want, err := publisher.replica.Verify(ctx)
		if err != nil {
			t.Fatal(err)
		}
		of = map[telephony.ServerName]Digest{}
		for _, h := range hosts[1:] {
			if of[h.name], err = h.replica.Digest(ctx, want.Position); err != nil {
				t.Fatal(err)
			}
		}
		return want, of
	}
	want, of := verify()
	if d := want.Differs(of["cm3"]); len(d) > 0 {
		t.Errorf("cm3 differs in %v", d)
	}
	if d := want.Differs(of["cm2"]); len(d) != 1 || d[0] != telephony.KindPartition {
		t.Fatalf("cm2 differs in %v", d)
	}
	keys := DifferentObjects(publisher.replica.Objects(want.Position, telephony.KindPartition), bad.replica.Objects(want.Position, telephony.KindPartition))
	if len(keys) != 1 || keys[0] != "internal" {
		t.Errorf("different objects: %v", keys)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := publisher.replica.Reinitialize(ctx, "cm2", func(context.Context) error {
		err := bad.replica.Rebuild()
		if !bad.has("internal") {
			t.Error("nothing can be read meanwhile")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	want, of = verify()
	if d := append(want.Differs(of["cm2"]), want.Differs(of["cm3"])...); len(d) > 0 {
		t.Errorf("still different: %v", d)
	}
	same(t, hosts...)
	if err := publisher.replica.Rebuild(); err == nil {
		t.Error("the publisher threw its own copy away")
	}
}
