package mesh

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tandem/bus"
	"tandem/call/signal"
)

// What the network loses, repeats and reorders does not reach those above: with every frame delayed by 200 ms or more and 5 % lost, as
// in T-19, no peer is lost, and all arrives once and in order.
func TestT19_DelayAndLoss(t *testing.T) {
	c := newCluster(t, 3)
	chance := rand.New(rand.NewPCG(19, 19))
	c.middle.weather = func(uint64) (copies int, delay time.Duration) {
		delay = 200*time.Millisecond + time.Duration(chance.IntN(20))*time.Millisecond
		switch n := chance.IntN(100); {
		case n < 5:
			return 0, delay
		case n < 10:
			return 2, delay
		}
		return 1, delay
	}
	var lost atomic.Int64
	var received [4][4]atomic.Uint64
	for node := signal.NodeID(1); node <= 3; node++ {
		m := c.join(node)
		m.Watch(func(_ bus.Peer, reachable bool) {
			if !reachable {
				lost.Add(1)
			}
		})
		m.Receive(bus.TopicCalls, func(from bus.Peer, payload []byte) {
			if n := binary.BigEndian.Uint64(payload); !received[node][from.Node].CompareAndSwap(n-1, n) {
				t.Errorf("at %d from %d: message %d after %d", node, from.Node, n, received[node][from.Node].Load())
			}
		})
	}
	for node := signal.NodeID(1); node <= 3; node++ {
		c.start(node)
	}
	c.reach(2)
	const count = 300 // of 10 ms each: twice as long as it takes to lose a peer
	for n := uint64(1); n <= count; n++ {
		for from := signal.NodeID(1); from <= 3; from++ {
			for to := signal.NodeID(1); to <= 3; to++ {
				if from == to {
					continue
				}
				if err := c.mesh(from).Send(to, bus.TopicCalls, binary.BigEndian.AppendUint64(nil, n)); err != nil {
					t.Fatalf("message %d from %d to %d: %v", n, from, to, err)
				}
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	until(t, "all messages arrive", func() bool {
		for from := 1; from <= 3; from++ {
			for to := 1; to <= 3; to++ {
				if from != to && received[to][from].Load() != count {
					return false
				}
			}
		}
		return true
	})
	if lost.Load() != 0 {
		t.Errorf("%d times a peer was lost", lost.Load())
	}
	resent := c.mesh(1).Figures().Resent.Load()
	t.Logf("server 1 sent %d frames, %d of them again", c.mesh(1).Figures().Sent.Load()+resent, resent)
	if resent == 0 {
		t.Error("nothing was sent again: the middle lost nothing")
	}
}

// relay stands in front of a server and passes what others send to it and what it answers, each as long as it may.
type relay struct {
	listener net.Listener
	to       string
	in, out  gate
	group    sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

// gate holds bytes back while it is shut. They stay in the buffers, as those of a connection through a dead network do.
type gate struct {
	mu   sync.Mutex
	shut bool
	wait chan struct{}
}

func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if shut == g.shut {
		return
	}
	g.shut = shut
	if shut {
		g.wait = make(chan struct{})
	} else {
		close(g.wait)
	}
}

func (g *gate) pass() {
	g.mu.Lock()
	shut, wait := g.shut, g.wait
	g.mu.Unlock()
	if shut {
		<-wait
	}
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: listener, to: to}
	r.group.Go(r.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		r.in.set(false)
		r.out.set(false)
		r.mu.Lock()
		for _, c := range r.conns {
			_ = c.Close()
		}
		r.mu.Unlock()
		r.group.Wait()
	})
	return r
}

func (r *relay) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", r.to)
		if err != nil {
			_ = conn.Close()
			continue
		}
		r.mu.Lock()
		r.conns = append(r.conns, conn, server)
		r.mu.Unlock()
		r.group.Go(func() { r.copy(server, conn, &r.in) })
		r.group.Go(func() { r.copy(conn, server, &r.out) })
	}
}

func (r *relay) copy(to, from net.Conn, g *gate) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		g.pass()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// A network that carries one direction only: each side finds out by itself, and after it both begin a new session, whichever of them dialled.
func TestT19_OneDirectionOfTheNetwork(t *testing.T) {
	c := newCluster(t, 2)
	listens := []string{c.members[0].Address, c.members[1].Address}
	relays := []*relay{newRelay(t, listens[0]), newRelay(t, listens[1])}
	for i := range c.members {
		c.members[i].Address = relays[i].listener.Addr().String()
	}
	for node := signal.NodeID(1); node <= 2; node++ {
		o := c.options(node)
		o.Listen = listens[node-1]
		m, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		c.meshes[node] = m
		c.start(node)
	}
	c.reach(1)
	shut := func(from int, shut bool) {
		relays[from].out.set(shut)
		relays[1-from].in.set(shut)
	}
	for from := range 2 {
		before := c.mesh(1).Peers()[0].Session
		start := time.Now()
		shut(from, true)
		c.reach(0)
		t.Logf("from server %d nothing arrives: both have lost each other after %v", from+1, time.Since(start))
		shut(from, false)
		start = time.Now()
		c.reach(1)
		t.Logf("reachable again after %v", time.Since(start))
		if after := c.mesh(1).Peers()[0].Session; after <= before {
			t.Errorf("session %d, before it was %d", after, before)
		}
	}
}
