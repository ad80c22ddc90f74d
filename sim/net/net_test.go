package net

import (
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem/bus"
	"tandem/bus/bustest"
	"tandem/call/signal"
	"tandem/telephony"
)

var names = map[signal.NodeID]telephony.ServerName{1: "cm1", 2: "cm2", 3: "cm3"}

// cluster makes what the suite needs of a network.
func cluster(t *testing.T, network *Network) *bustest.Cluster {
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
		Heal:  network.HealCuts,
	}
}

func TestMesh(t *testing.T) {
	bustest.Run(t, func(t *testing.T, n int) *bustest.Cluster { return cluster(t, New(Options{Seed: 1})) }, synctest.Test)
}

// The promises hold on a network that loses, repeats and reorders, whatever breaks.
func TestChaos(t *testing.T) {
	seeds := 10
	if testing.Short() {
		seeds = 4
	}
	for seed := range uint64(seeds) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := New(Options{Seed: seed})
				chance := rand.New(rand.NewPCG(seed, 1))
				if seed%4 != 0 {
					network.Everywhere(Weather{
						Delay: time.Duration(chance.IntN(200)) * time.Millisecond, Jitter: time.Duration(1+chance.IntN(50)) * time.Millisecond,
						Lose: chance.Float64() / 20, Duplicate: chance.Float64() / 10,
					})
				}
				bustest.Chaos(t, cluster(t, network), seed, 12, 3*time.Second)
			})
		})
	}
}

// A network that delays by 200 ms and loses 5 % loses no peer, for minutes (T-19).
func TestT19_DelayAndLossLoseNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := New(Options{Seed: 19})
		defer network.Close()
		network.Everywhere(Weather{Delay: 200 * time.Millisecond, Lose: 0.05})
		var lost atomic.Int64
		var ends []*End
		for node := signal.NodeID(1); node <= 3; node++ {
			e := network.Join(node, names[node])
			e.Watch(func(p bus.Peer, reachable bool) {
				if !reachable {
					lost.Add(1)
				}
			})
			e.Start()
			ends = append(ends, e)
		}
		time.Sleep(5 * time.Second)
		for _, e := range ends {
			if len(e.Peers()) != 2 {
				t.Errorf("after 5 s server %d reaches %v", e.Self().Node, e.Peers())
			}
		}
		time.Sleep(10 * time.Minute)
		if lost.Load() != 0 {
			t.Errorf("%d peers were lost in ten minutes", lost.Load())
		}
	})
}

// A server that is paused for less than the silence is not lost. One that is paused for longer is, and when it goes on both sides begin
// a new session.
func TestPause(t *testing.T) {
	for _, c := range []struct {
		pause time.Duration
		lost  bool
	}{{800 * time.Millisecond, false}, {4 * time.Second, true}} {
		synctest.Test(t, func(t *testing.T) {
			network := New(Options{})
			defer network.Close()
			a, b := network.Join(1, "cm1"), network.Join(2, "cm2")
			a.Start()
			b.Start()
			time.Sleep(time.Second)
			before := a.Peers()[0].Session
			network.Pause(2)
			time.Sleep(c.pause)
			if lost := len(a.Peers()) == 0; lost != c.lost {
				t.Errorf("paused for %v: lost=%v", c.pause, lost)
			}
			network.Resume(2)
			time.Sleep(2 * time.Second)
			if len(a.Peers()) != 1 || len(b.Peers()) != 1 {
				t.Fatalf("after it goes on: %v and %v", a.Peers(), b.Peers())
			}
			if again := a.Peers()[0].Session != before; again != c.lost || b.Peers()[0].Session != a.Peers()[0].Session {
				t.Errorf("paused for %v: session %d before, %d and %d after", c.pause, before, a.Peers()[0].Session, b.Peers()[0].Session)
			}
		})
	}
}

// Silence is noticed after 1.5 s, a closed connection after 0.3 s, a goodbye at once.
func TestHowSoonALossIsSeen(t *testing.T) {
	for _, c := range []struct {
		name  string
		lose  func(n *Network, e *End)
		after time.Duration
	}{
		{"cut off", func(n *Network, e *End) { n.Isolate(2) }, 1500 * time.Millisecond},
		{"killed", func(n *Network, e *End) { n.Kill(2) }, 300 * time.Millisecond},
		{"closed", func(n *Network, e *End) { e.Close() }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := New(Options{})
				defer network.Close()
				a, b := network.Join(1, "cm1"), network.Join(2, "cm2")
				lost := make(chan time.Time, 1)
				a.Watch(func(_ bus.Peer, reachable bool) {
					if !reachable {
						lost <- time.Now()
					}
				})
				a.Start()
				b.Start()
				time.Sleep(time.Second)
				start := time.Now()
				c.lose(network, b)
				took := (<-lost).Sub(start)
				if took > c.after || took < c.after-500*time.Millisecond { // a heartbeat earlier it was last heard
					t.Errorf("seen after %v, want %v", took, c.after)
				}
			})
		})
	}
}
