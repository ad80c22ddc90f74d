package mesh

import (
	"runtime"
	"testing"
	"time"

	"tandem/bus"
	"tandem/bus/bustest"
	"tandem/call/signal"
)

// suite is what the suite needs of a cluster.
func suite(c *cluster) *bustest.Cluster {
	return &bustest.Cluster{
		Join:  func(node signal.NodeID) bus.Mesh { return c.join(node) },
		Start: c.start,
		Kill:  c.kill,
		Cut:   c.middle.cut,
		Heal:  c.middle.heal,
	}
}

func TestMesh(t *testing.T) {
	bustest.Run(t, func(t *testing.T, n int) *bustest.Cluster { return suite(newCluster(t, n)) }, nil)
}

func TestChaos(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 3
	}
	bustest.Chaos(t, suite(newCluster(t, 3)), 7, rounds, 2*time.Second)
}

// What a mesh of three costs while nothing happens: goroutines are few, and end with it.
func TestGoroutinesAreBounded(t *testing.T) {
	c := newCluster(t, 3)
	before := runtime.NumGoroutine()
	for node := signal.NodeID(1); node <= 3; node++ {
		c.join(node)
		c.start(node)
	}
	c.reach(2)
	idle := runtime.NumGoroutine() - before
	t.Logf("%d goroutines for three servers", idle)
	for range 100 {
		for n := range 1000 {
			_ = c.mesh(1).Send(signal.NodeID(2+n%2), bus.TopicCalls, make([]byte, 200))
		}
		if now := runtime.NumGoroutine() - before; now > idle+20 {
			t.Fatalf("%d goroutines while messages are sent", now)
		}
	}
	if idle > 150 {
		t.Errorf("%d goroutines for three servers", idle)
	}
}
