package lab

import (
	"context"
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	Serve() // this program again, as a server
	os.Exit(m.Run())
}

// TestClusterOfProcesses starts three servers as processes, kills one and brings it back.
func TestClusterOfProcesses(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	c, err := StartCluster(ctx, ClusterOptions{Servers: 3, Child: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() {
			t.Log(c.Output())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	if c.Publisher(ctx) != c.Servers[0] {
		t.Error("cm1 is not the publisher")
	}
	if err := c.Kill(2); err != nil {
		t.Fatal(err)
	}
	if err := c.Servers[1].Apply(ctx, []byte("partitions: [{name: while-away}]")); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if err := c.WaitCurrent(ctx); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Servers[2].Client.Get(ctx, "partition", "while-away"); err != nil {
		t.Error(err)
	}
	v, err := c.Servers[0].Client.VerifyReplication(ctx)
	if err != nil || !v.Equal {
		t.Errorf("%+v, %v", v, err)
	}
}
