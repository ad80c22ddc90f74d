package mesh

import (
	"testing"

	"tandem/bus"
	"tandem/bus/bustest"
	"tandem/call/signal"
)

func TestMesh(t *testing.T) {
	bustest.Run(t, func(t *testing.T, n int) *bustest.Cluster {
		c := newCluster(t, n)
		return &bustest.Cluster{
			Join:  func(node signal.NodeID) bus.Mesh { return c.join(node) },
			Start: c.start,
			Kill:  c.kill,
			Cut:   c.middle.cut,
			Heal:  c.middle.heal,
		}
	}, nil)
}
