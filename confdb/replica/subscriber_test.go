package replica

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"tandem/confdb"
	"tandem/confdb/sqlite"
	"tandem/fault"
)

// A server that joins with an empty directory gets everything, follows, and reads on when it is alone.
func TestSubscriberFollowsAndReadsAlone(t *testing.T) {
	_, hosts := cluster(t, 3)
	publisher, subscriber := hosts[0], hosts[1]
	fillSite(t, publisher.site)
	for i := range 20 {
		publisher.put(t, partition(fmt.Sprint("p", i)))
	}
	same(t, hosts...)
	publisher.end()
	subscriber.end()
	subscriber.start(false) // alone, with the publisher dead
	if !subscriber.has("p19") {
		t.Error("a subscriber alone does not read its copy")
	}
	if _, err := subscriber.write("x"); !refusedWith(err, fault.PublisherAway) {
		t.Errorf("a write without a publisher: %v", err)
	}
	publisher.start(true).ready(t)
	publisher.put(t, partition("after"))
	same(t, publisher, hosts[2])
}

func TestMembers(t *testing.T) {
	_, hosts := cluster(t, 2)
	r := hosts[0].replica
	members := r.Members()
	if len(members) != 2 || !members[0].Voter || !members[0].Publisher || members[1].Voter || members[1].Server != "cm2" || members[1].Address != hosts[1].address() {
		t.Fatalf("%+v", members)
	}
	if err := r.AddSubscriber("cm2", hosts[1].address()); err != nil || len(r.Members()) != 2 {
		t.Errorf("added twice: %v, %v", err, r.Members())
	}
	if err := hosts[1].replica.AddSubscriber("cm3", "cm3:1"); !refusedWith(err, fault.NotThePublisher) {
		t.Errorf("at a subscriber: %v", err)
	}
	if err := r.RemoveServer("cm9"); !refusedWith(err, fault.GroupMemberUnknown) {
		t.Errorf("an unknown server: %v", err)
	}
	if err := r.RemoveServer("cm1"); !refusedWith(err, fault.VotersInvalid) {
		t.Errorf("the publisher: %v", err)
	}
	if err := r.RemoveServer("cm2"); err != nil || len(r.Members()) != 1 {
		t.Errorf("%v, %v", err, r.Members())
	}
	hosts[0].put(t, partition("alone"))
}

// What a subscriber lacks or has damaged comes from the publisher: log, database, or both.
func TestDamagedSubscriberHealsItself(t *testing.T) {
	for _, name := range []string{"log", "database", "both", "log lost", "everything lost"} {
		t.Run(name, func(t *testing.T) {
			_, hosts := cluster(t, 2)
			publisher, subscriber := hosts[0], hosts[1]
			publisher.put(t, partition("a"))
			same(t, hosts...)
			subscriber.end()
			publisher.put(t, partition("b"))
			log, database := filepath.Join(subscriber.directory, "log.db"), filepath.Join(subscriber.directory, sqlite.FileName)
			switch name {
			case "log":
				damage(t, log)
			case "database":
				damage(t, database)
			case "both":
				damage(t, log)
				damage(t, database)
			case "log lost":
				_ = os.Remove(log)
			default:
				_ = os.RemoveAll(subscriber.directory)
				_ = os.MkdirAll(subscriber.directory, 0o700)
			}
			subscriber.start(false)
			if name == "log" || name == "log lost" {
				if !subscriber.has("a") {
					t.Error("the old copy is not read meanwhile")
				}
			}
			if err := publisher.replica.AddSubscriber("cm2", subscriber.address()); err != nil {
				t.Fatal(err)
			}
			publisher.put(t, partition("c"))
			same(t, hosts...)
			if at := publisher.Snapshot().Position(); at.Epoch != 1 {
				t.Errorf("the subscriber began an epoch: %v", at)
			}
		})
	}
}

// A copy that does not fit the log any more is begun anew while the server runs, and read meanwhile.
func TestDivergedSubscriberHealsWhileItRuns(t *testing.T) {
	_, hosts := cluster(t, 2)
	publisher, subscriber := hosts[0], hosts[1]
	publisher.put(t, partition("a"))
	same(t, hosts...)
	changeset, err := subscriber.db.Plan([]confdb.Change{{Kind: "partition", Key: "a", Before: partition("a")}})
	if err != nil {
		t.Fatal(err)
	}
	at, _ := subscriber.db.State()
	if _, err := subscriber.db.Apply(at, changeset); err != nil { // behind the log's back
		t.Fatal(err)
	}
	changed := partition("a")
	changed.Description = "changed"
	publisher.put(t, changed)
	same(t, hosts...)
	subscriber.mu.Lock()
	defer subscriber.mu.Unlock()
	rebuilt := false
	for _, f := range subscriber.reports {
		rebuilt = rebuilt || f.Code == fault.CopyRebuilt
	}
	if !rebuilt {
		t.Error("nobody was told")
	}
}

// Nothing runs on after a cluster was closed, whatever it went through.
func TestNothingStaysBehind(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Run("cluster", func(t *testing.T) {
		n, hosts := cluster(t, 3)
		n.isolate("cm1")
		promote(t, hosts[1])
		n.heal()
		same(t, hosts[1], hosts[0], hosts[2])
	})
	goleak.VerifyNone(t, before)
}
