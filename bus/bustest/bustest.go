// Package bustest is the suite that every bus.Mesh passes: what bus.Mesh promises about order, loss and return, as tests.
package bustest

import (
	"encoding/binary"
	"fmt"
	"sync"
	"testing"
	"time"

	"tandem/bus"
	"tandem/call/signal"
)

// Cluster is some servers that a test of the suite uses. Nodes are numbered from 1.
type Cluster struct {
	// Join makes the end of a server, again after Kill as a new process. It is not started.
	Join func(node signal.NodeID) bus.Mesh
	// Start starts what Join made last for that node.
	Start func(node signal.NodeID)
	// Kill ends a server at once, without a word to the others.
	Kill func(node signal.NodeID)
	// Cut lets nothing through in one direction.
	Cut func(from, to signal.NodeID)
	// Heal ends every cut.
	Heal func()
}

// Run runs the suite. create makes a cluster that can have n servers, and ends all of it with the test. around, if it is not nil, runs the
// body of each test, in a bubble of package synctest for example.
func Run(t *testing.T, create func(t *testing.T, n int) *Cluster, around func(t *testing.T, body func(t *testing.T))) {
	if around == nil {
		around = func(t *testing.T, body func(t *testing.T)) { body(t) }
	}
	for _, c := range []struct {
		name string
		body func(t *testing.T, s *servers)
	}{
		{"everybody reaches everybody", everybody},
		{"messages arrive in order, once, over all topics", ordered},
		{"what cannot be sent is refused", refused},
		{"questions are answered", questions},
		{"a question to a lost server ends", questionLost},
		{"a killed server is lost and returns as another", killed},
		{"after a partition both sides begin anew", partition},
		{"a cut in one direction loses the peer on both sides", oneWay},
		{"a late watcher is told of those that are reachable", lateWatcher},
		{"the status of others is known", status},
		{"a panic of a receiver harms nothing else", panics},
	} {
		t.Run(c.name, func(t *testing.T) {
			around(t, func(t *testing.T) {
				s := &servers{t: t, cluster: create(t, 3), ends: map[signal.NodeID]*end{}}
				c.body(t, s)
				for node, e := range s.ends {
					e.check(t, node)
				}
			})
		})
	}
}

// Topics that the suite uses.
var topics = []bus.Topic{bus.TopicCalls, bus.TopicRegistrations, bus.TopicUserState}

// servers are the servers of one test with what they saw.
type servers struct {
	t       *testing.T
	cluster *Cluster
	ends    map[signal.NodeID]*end
}

// end is one server and what it saw.
type end struct {
	bus.Mesh
	mu     sync.Mutex
	events map[signal.NodeID][]event // by peer
	sent   map[signal.NodeID]uint64  // by chat
}

// final is the number of a message that may follow any other.
const final = 1 << 40

// numbered is the payload of a message that does not say in which session it was sent.
func numbered(n uint64) []byte {
	return append(binary.BigEndian.AppendUint64(nil, n), make([]byte, 8)...)
}

type event struct {
	peer    bus.Peer
	change  bool // reachable or lost; otherwise a message
	up      bool
	number  uint64
	session uint64 // in which the sender sent it
}

// start starts servers 1 to n and waits until they reach each other.
func (s *servers) start(n int) {
	s.t.Helper()
	for node := signal.NodeID(1); int(node) <= n; node++ {
		s.join(node)
	}
	for node := signal.NodeID(1); int(node) <= n; node++ {
		s.cluster.Start(node)
	}
	s.settled(n)
}

// settled waits until every one of n servers reaches the n-1 others.
func (s *servers) settled(n int) {
	s.t.Helper()
	s.until("all servers reach each other", func() bool {
		for _, e := range s.ends {
			if len(e.Peers()) != n-1 {
				return false
			}
		}
		return true
	})
}

func (s *servers) join(node signal.NodeID) *end {
	e := &end{Mesh: s.cluster.Join(node), events: map[signal.NodeID][]event{}, sent: map[signal.NodeID]uint64{}}
	s.ends[node] = e
	e.Watch(func(p bus.Peer, up bool) { e.record(event{peer: p, change: true, up: up}) })
	for _, topic := range topics {
		e.Receive(topic, func(from bus.Peer, payload []byte) {
			e.record(event{peer: from, number: binary.BigEndian.Uint64(payload), session: binary.BigEndian.Uint64(payload[8:])})
		})
	}
	return e
}

func (e *end) record(v event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events[v.peer.Node] = append(e.events[v.peer.Node], v)
}

func (e *end) seen(node signal.NodeID) []event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.events[node][:len(e.events[node]):len(e.events[node])]
}

// received is the numbers of the messages from a server, of all sessions.
func (e *end) received(node signal.NodeID) (numbers []uint64) {
	for _, v := range e.seen(node) {
		if !v.change {
			numbers = append(numbers, v.number)
		}
	}
	return numbers
}

// told reports whether the last that a watcher was told of a server is this.
func (e *end) told(node signal.NodeID, up bool) bool {
	last := event{}
	for _, v := range e.seen(node) {
		if v.change {
			last = v
		}
	}
	return last.change && last.up == up
}

// tell sends a numbered message. The topic follows from the number.
func (e *end) tell(to signal.NodeID, number uint64) error {
	payload := make([]byte, 16, 16+number%200)
	binary.BigEndian.PutUint64(payload, number)
	if p, ok := e.peer(to); ok {
		binary.BigEndian.PutUint64(payload[8:], p.Session)
	}
	payload = payload[:cap(payload)]
	return e.Send(to, topics[number%uint64(len(topics))], payload)
}

func (e *end) peer(node signal.NodeID) (bus.Peer, bool) {
	for _, p := range e.Peers() {
		if p.Node == node {
			return p, true
		}
	}
	return bus.Peer{}, false
}

// check holds what a server saw of each other against the promises that hold whatever happens: it becomes reachable and is lost in turn,
// with rising sessions; messages come only in between, of that session only; within a session their numbers rise by one.
func (e *end) check(t *testing.T, node signal.NodeID) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	for from, events := range e.events {
		where := fmt.Sprintf("at server %d, of server %d", node, from)
		var current bus.Peer
		up, last := false, uint64(0)
		for i, v := range events {
			switch {
			case v.change && v.up == up:
				t.Errorf("%s: event %d: told twice that it is reachable=%v", where, i, up)
			case v.change && v.up && v.peer.Session <= current.Session:
				t.Errorf("%s: event %d: session %d after session %d", where, i, v.peer.Session, current.Session)
			case v.change && !v.up && v.peer != current:
				t.Errorf("%s: event %d: %+v is lost, %+v was reachable", where, i, v.peer, current)
			case v.change:
				current, up, last = v.peer, v.up, 0
			case !up:
				t.Errorf("%s: event %d: message %d while it is not reachable", where, i, v.number)
			case v.peer != current:
				t.Errorf("%s: event %d: message %d from %+v, %+v is reachable", where, i, v.number, v.peer, current)
			case v.session != 0 && v.session != current.Session:
				t.Errorf("%s: event %d: message %d was sent in session %d and comes in session %d", where, i, v.number, v.session, current.Session)
			case last != 0 && v.number != last+1 && v.number != final:
				t.Errorf("%s: event %d: message %d after message %d", where, i, v.number, last)
			default:
				last = v.number
			}
		}
	}
}

// until waits for a condition, much longer than it should take.
func (s *servers) until(what string, condition func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			for node, e := range s.ends {
				s.t.Logf("server %d reaches %v", node, e.Peers())
			}
			s.t.Fatalf("It did not come to pass within 30 s that %s.", what)
		}
	}
}
