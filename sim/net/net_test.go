package net

import (
	"testing"
	"testing/synctest"

	"tandem/bus"
	"tandem/bus/bustest"
	"tandem/call/signal"
	"tandem/telephony"
)

var names = map[signal.NodeID]telephony.ServerName{1: "cm1", 2: "cm2", 3: "cm3"}

func TestMesh(t *testing.T) {
	bustest.Run(t, func(t *testing.T, n int) *bustest.Cluster {
		network := New(Options{Seed: 1})
		t.Cleanup(network.Close)
		last := map[signal.NodeID]*End{}
		return &bustest.Cluster{
			Join: func(node signal.NodeID) bus.Mesh {
				last[node] = network.Join(node, names[node])
				return last[node]
			},
			Start: func(node signal.NodeID) { last[node].Start() },
			Kill:  network.Kill,
			Cut:   network.Cut,
			Heal:  network.Heal,
		}
	}, func(t *testing.T, body func(t *testing.T)) { synctest.Test(t, body) })
}
