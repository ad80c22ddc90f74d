package bustest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"tandem/call/signal"
)

// Chaos lets three servers send to each other all the time while they are cut off from each other in either direction, killed and
// started again, in an order that seed gives. Whatever is delivered keeps the promises of bus.Mesh, and in the end all reach each other.
// round is how long a state lasts at most.
func Chaos(t *testing.T, cluster *Cluster, seed uint64, rounds int, round time.Duration) {
	t.Logf("seed %d", seed)
	s := &servers{t: t, cluster: cluster, ends: map[signal.NodeID]*end{}}
	s.start(3)
	chance := rand.New(rand.NewPCG(seed, 0))
	var before []*end // those that were killed
	for range rounds {
		stop := s.chatter()
		a := signal.NodeID(chance.IntN(3) + 1)
		b := a%3 + 1
		switch chance.IntN(5) {
		case 0:
			cluster.Cut(a, b)
		case 1:
			cluster.Cut(b, a)
		case 2:
			s.partition(a, b)
		case 3:
			s.partition(a, b)
			s.partition(a, b%3+1)
		}
		time.Sleep(time.Duration(chance.Int64N(int64(round))))
		stop()
		if chance.IntN(3) == 0 {
			cluster.Kill(a)
			before = append(before, s.ends[a])
			s.join(a)
			cluster.Start(a)
		}
		if chance.IntN(2) == 0 {
			cluster.Heal()
		}
	}
	cluster.Heal()
	s.settled(3)
	for from, e := range s.ends {
		for to := range s.ends {
			if from != to {
				s.until(fmt.Sprintf("server %d reaches server %d in the end", from, to), func() bool {
					if received := s.ends[to].received(from); len(received) > 0 && received[len(received)-1] == final {
						return true
					}
					_ = e.Send(to, topics[0], numbered(final))
					return false
				})
			}
		}
	}
	for node, e := range s.ends {
		e.check(t, node)
	}
	for _, e := range before {
		e.check(t, e.Self().Node)
	}
}

// chatter has every server send numbered messages to every other, until stop.
func (s *servers) chatter() (stop func()) {
	var group sync.WaitGroup
	done := make(chan struct{})
	for _, e := range s.ends {
		for to := range s.ends {
			if to == e.Self().Node {
				continue
			}
			group.Go(func() {
				for {
					e.chat(to)
					select {
					case <-done:
						return
					case <-time.After(time.Millisecond):
					}
				}
			})
		}
	}
	return func() {
		close(done)
		group.Wait()
	}
}

// chat sends some messages that carry on from those before. They do not say in which session they are sent: it may end in between.
func (e *end) chat(to signal.NodeID) {
	for range 3 {
		e.mu.Lock()
		n := e.sent[to] + 1
		e.mu.Unlock()
		if e.Send(to, topics[n%uint64(len(topics))], numbered(n)) != nil {
			return
		}
		e.mu.Lock()
		e.sent[to] = n
		e.mu.Unlock()
	}
}
