// Package net is a network between servers in memory, for tests: each End is a bus.Mesh with the sessions of the real one, and the network
// between them loses, repeats, delays, cuts and pauses as a test wants, by a seed. It uses no clock but that of package time, so
// that it runs under testing/synctest. What does not live here: the network that phones use.
package net

import (
	"math/rand/v2"
	"sync"
	"time"

	"tandem/call/signal"
	"tandem/telephony"
)

// Options of a network. Times that are zero get the values of the real mesh.
type Options struct {
	Seed      uint64
	Heartbeat time.Duration // 500 ms
	Silence   time.Duration // until a peer is lost; 1.5 s
	Queued    int           // messages that wait for one peer; bus.MaximumQueued
}

// Weather is what happens to what is on its way from one server to another.
type Weather struct {
	Cut       bool          // nothing arrives
	Delay     time.Duration // of all
	Jitter    time.Duration // more delay, of each anew; frames overtake each other
	Lose      float64       // part that is lost, 0 to 1
	Duplicate float64       // part that arrives twice, 0 to 1
}

type direction struct{ from, to signal.NodeID }

// Network carries frames between its ends.
type Network struct {
	options Options

	mu      sync.Mutex
	ends    map[signal.NodeID]*End
	names   map[signal.NodeID]telephony.ServerName
	all     Weather
	weather map[direction]Weather // where it differs from all
	chance  map[direction]*rand.Rand
	paused  map[signal.NodeID]bool
	held    map[signal.NodeID][]func() // what happens to a paused server when it goes on
	starts  uint64
	closed  bool
	flying  sync.WaitGroup
}

// maximumHeld bounds what waits for a paused server, as the buffers of a real one do.
const maximumHeld = 16384

// New makes a network without servers.
func New(o Options) *Network {
	return &Network{
		options: o, ends: map[signal.NodeID]*End{}, names: map[signal.NodeID]telephony.ServerName{}, weather: map[direction]Weather{},
		chance: map[direction]*rand.Rand{}, paused: map[signal.NodeID]bool{}, held: map[signal.NodeID][]func(){},
	}
}

// Everywhere sets what happens to all that is on its way, where nothing else was set.
func (n *Network) Everywhere(w Weather) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = w
}

// Between sets what happens on the way from one server to another, and only in that direction.
func (n *Network) Between(from, to signal.NodeID, w Weather) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.weather[direction{from, to}] = w
}

// Partition cuts two servers off from each other, both ways.
func (n *Network) Partition(a, b signal.NodeID) {
	n.Cut(a, b)
	n.Cut(b, a)
}

// Cut cuts one direction. The other stays.
func (n *Network) Cut(from, to signal.NodeID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	w := n.weatherOf(from, to)
	w.Cut = true
	n.weather[direction{from, to}] = w
}

// Isolate cuts a server off from all others.
func (n *Network) Isolate(node signal.NodeID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for other := range n.names {
		for _, d := range []direction{{node, other}, {other, node}} {
			w := n.weatherOf(d.from, d.to)
			w.Cut = true
			n.weather[d] = w
		}
	}
}

// Heal ends every cut, delay and loss.
func (n *Network) Heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = Weather{}
	clear(n.weather)
}

// HealCuts ends every cut, and leaves delay and loss as they are.
func (n *Network) HealCuts() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for d, w := range n.weather {
		w.Cut = false
		n.weather[d] = w
	}
}

// Kill ends a server at once, as SIGKILL does: the others see its connections close. Join makes it return.
func (n *Network) Kill(node signal.NodeID) {
	n.mu.Lock()
	end := n.ends[node]
	delete(n.ends, node)
	delete(n.held, node)
	delete(n.paused, node)
	var others []*End
	for _, e := range n.ends {
		others = append(others, e)
	}
	n.mu.Unlock()
	if end == nil {
		return
	}
	end.Endpoint.Close()
	for _, e := range others {
		e.Gone(node)
	}
}

// Pause stops a server as SIGSTOP does, as far as others can see: nothing leaves it and nothing reaches it until Resume.
// Its goroutines go on, so that it finds the others silent.
func (n *Network) Pause(node signal.NodeID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.paused[node] = true
}

// Resume lets a paused server go on. What was on its way is delivered, late.
func (n *Network) Resume(node signal.NodeID) {
	n.mu.Lock()
	held := n.held[node]
	delete(n.paused, node)
	delete(n.held, node)
	n.mu.Unlock()
	for _, f := range held {
		f()
	}
}

// Close ends all servers and waits for what is on its way.
func (n *Network) Close() {
	n.mu.Lock()
	n.closed = true
	ends := n.ends
	n.ends = map[signal.NodeID]*End{}
	n.mu.Unlock()
	for _, e := range ends {
		e.Endpoint.Close()
	}
	n.flying.Wait()
}

func (n *Network) has(node signal.NodeID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ends[node] != nil
}

func (n *Network) weatherOf(from, to signal.NodeID) Weather {
	if w, ok := n.weather[direction{from, to}]; ok {
		return w
	}
	return n.all
}

// carry brings something from one server to another: deliver is called with the other's end, or never.
func (n *Network) carry(from *End, to signal.NodeID, deliver func(*End)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ends[from.node] != from {
		return // it was killed
	}
	if n.paused[from.node] {
		n.hold(from.node, func() { n.carry(from, to, deliver) })
		return
	}
	w := n.weatherOf(from.node, to)
	if w == (Weather{}) {
		n.fly(0, to, deliver)
		return
	}
	d := direction{from.node, to}
	chance := n.chance[d]
	if chance == nil {
		chance = rand.New(rand.NewPCG(n.options.Seed, uint64(d.from)<<16|uint64(d.to)))
		n.chance[d] = chance
	}
	copies := 1
	if chance.Float64() < w.Duplicate {
		copies = 2
	}
	for range copies {
		delay, lost := w.Delay, chance.Float64() < w.Lose
		if w.Jitter > 0 {
			delay += time.Duration(chance.Int64N(int64(w.Jitter)))
		}
		if !lost && !w.Cut {
			n.fly(delay, to, deliver)
		}
	}
}

// fly delivers after a delay. The lock is held.
func (n *Network) fly(delay time.Duration, to signal.NodeID, deliver func(*End)) {
	if n.closed {
		return
	}
	if delay == 0 {
		n.arrive(to, deliver)
		return
	}
	n.flying.Add(1)
	time.AfterFunc(delay, func() {
		defer n.flying.Done()
		n.mu.Lock()
		defer n.mu.Unlock()
		n.arrive(to, deliver)
	})
}

// arrive delivers, or keeps it for a paused server. The lock is held, so that what leaves in order arrives in order; what an end does
// with a frame takes no lock of the network.
func (n *Network) arrive(to signal.NodeID, deliver func(*End)) {
	if n.paused[to] {
		n.hold(to, func() {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.arrive(to, deliver)
		})
		return
	}
	if end := n.ends[to]; end != nil {
		deliver(end)
	}
}

func (n *Network) hold(node signal.NodeID, f func()) {
	if len(n.held[node]) < maximumHeld {
		n.held[node] = append(n.held[node], f)
	}
}
