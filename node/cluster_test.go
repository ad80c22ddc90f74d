package node

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"tandem/admin/client"
	"tandem/confdb"
	"tandem/sim/peer"
	"tandem/telephony"
)

// passphrase is that of the clusters of the tests.
const passphrase = "a pass-phrase for tests only"

// newCluster runs n servers as one cluster on loopback, the first as publisher.
func newCluster(t *testing.T, n int) []*Node {
	t.Helper()
	var nodes []*Node
	for i := range n {
		data := filepath.Join(t.TempDir(), "data")
		name := fmt.Sprintf("cm%d", i+1)
		if i == 0 {
			if _, err := Init(InitOptions{Data: data, Name: name, Address: "127.0.0.1", Ports: ports(t), Passphrase: passphrase}); err != nil {
				t.Fatal(err)
			}
		} else {
			joinTo(t, nodes[0], data, name)
		}
		nodes = append(nodes, run(t, data))
	}
	return nodes
}

func joinTo(t *testing.T, publisher *Node, data, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var token client.JoinToken
	until(t, "a join token", func() (err error) {
		token, err = publisher.membership.CreateJoinToken(ctx, time.Hour, publisher.Listening()["files"], "")
		return err
	})
	ports := ports(t)
	if _, err := Join(ctx, JoinOptions{Data: data, Name: name, Address: "127.0.0.1", Ports: ports, Token: token.Token, Passphrase: passphrase, Version: "test"}); err != nil {
		t.Fatal(err)
	}
}

// ports are ephemeral ones but for those between servers, which must be known before the server starts. They are of those that
// nobody else is given, nor any connection.
func ports(t *testing.T) Ports {
	t.Helper()
	ports := ephemeral
	for _, p := range []*int{&ports.Replication, &ports.Signals, &ports.Files} {
		free, err := peer.FreePorts(1)
		if err != nil {
			t.Fatal(err)
		}
		*p = free
	}
	return ports
}

// until polls until f has no complaint any more.
func until(t *testing.T, what string, f func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if err = f(); err == nil {
			return
		}
	}
	t.Fatalf("%s: %v", what, err)
}

// TestThreeServersAreOne joins two servers to a publisher, changes the configuration at one of them, and asks that all have the change, that
// it is held twice, and that the copies are proven equal.
func TestThreeServersAreOne(t *testing.T) {
	nodes := newCluster(t, 3)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	until(t, "all see all", func() error {
		for _, n := range nodes {
			if got := len(n.membership.mesh.Peers()); got != 2 {
				return fmt.Errorf("%s sees %d servers", n.settings.Name, got)
			}
		}
		return nil
	})
	for i, n := range nodes {
		partition := fmt.Sprintf("house-%d", i)
		var r confdb.Result
		var err error
		until(t, "a change held twice", func() error {
			r, err = n.store.Apply(ctx, *new(confdb.ChangeSet).Put(&telephony.Partition{Name: telephony.PartitionName(partition), Description: time.Now().String()}), confdb.Options{Actor: "test"})
			if err == nil && r.Durable != 2 {
				err = fmt.Errorf("durable %d", r.Durable)
			}
			return err
		})
		for _, other := range nodes {
			until(t, "the change at "+other.settings.Name, func() error {
				if other.store.Snapshot().Partition(telephony.PartitionName(partition)) == nil {
					return fmt.Errorf("%s does not have %s", other.settings.Name, partition)
				}
				return nil
			})
		}
	}
	v, err := nodes[0].membership.VerifyReplication(ctx)
	if err != nil || !v.Equal || len(v.Copies) != 3 {
		t.Errorf("%+v, %v", v, err)
	}
	until(t, "every copy current", func() error {
		status, err := nodes[2].membership.Replication(ctx)
		if err != nil {
			return err
		}
		for _, s := range status.Servers {
			if s.Verdict != "current" {
				return fmt.Errorf("%+v", s)
			}
		}
		return nil
	})
	servers, err := nodes[1].membership.Servers(ctx)
	if err != nil || len(servers) != 3 {
		t.Fatalf("%+v, %v", servers, err)
	}
	for _, s := range servers {
		if !s.Reachable || s.Version != "test" || (s.Role == rolePublisher) != (s.Name == "cm1") {
			t.Errorf("%+v", s)
		}
	}
}
