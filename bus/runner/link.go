package runner

import (
	"errors"
	"sync"

	"tandem/bus"
	"tandem/call/signal"
)

// Link joins the exchange of this server with those of the others. It is made once for a mesh, before the mesh is started,
// and outlives exchanges: when call processing is stopped and started again, the new exchange takes the old one's place.
type Link struct {
	mesh bus.Mesh

	mu        sync.Mutex
	x         *Exchange
	reachable map[signal.NodeID]bus.Peer
	known     map[signal.NodeID]uint64 // incarnation of every server that was ever reachable
}

// NewLink makes the link and takes the topics of calls and registrations of the mesh.
func NewLink(mesh bus.Mesh) *Link {
	l := &Link{mesh: mesh, reachable: map[signal.NodeID]bus.Peer{}, known: map[signal.NodeID]uint64{}}
	take := func(from bus.Peer, payload []byte) {
		if x := l.exchange(from); x != nil {
			x.received(from, payload)
		}
	}
	mesh.Receive(bus.TopicCalls, take)
	mesh.Receive(bus.TopicRegistrations, take)
	mesh.Watch(l.watch)
	return l
}

// exchange is the exchange for what a peer sends; nil when there is none, or when the peer is not (any more) the one that
// is reachable.
func (l *Link) exchange(from bus.Peer) *Exchange {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p, ok := l.reachable[from.Node]; !ok || p.Session != from.Session {
		return nil
	}
	return l.x
}

func (l *Link) watch(p bus.Peer, reachable bool) {
	l.mu.Lock()
	old, had := l.reachable[p.Node]
	if had && (reachable || old.Session == p.Session) {
		delete(l.reachable, p.Node)
		l.told(func(x *Exchange) { x.serverLost(p.Node) })
	}
	if reachable {
		incarnation, known := l.known[p.Node]
		l.reachable[p.Node], l.known[p.Node] = p, p.Incarnation
		l.told(func(x *Exchange) { x.serverBack(p.Node, known && incarnation != p.Incarnation) })
	}
	l.mu.Unlock()
}

// told is called with mu held, so that an exchange hears of servers in order; an exchange never calls the link while it
// holds a lock of its own.
func (l *Link) told(f func(*Exchange)) {
	if l.x != nil {
		f(l.x)
	}
}

// join makes x the exchange of this server and tells it of the servers that are reachable.
func (l *Link) join(x *Exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.x = x
	for n := range l.reachable {
		x.serverBack(n, false)
		x.send(n, bus.TopicRegistrations, signal.Address{}, bus.ResendRegistrations{}) // what it said was said to another
	}
}

// leave takes the exchange out, if it is still the one.
func (l *Link) leave(x *Exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.x == x {
		l.x = nil
	}
}

// left is what follows when call processing of a server that stays reachable has stopped: as if the server had been lost and another come
// in its place.
func (l *Link) left(x *Exchange, n signal.NodeID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.x == x {
		x.serverLost(n)
		x.serverBack(n, true)
	}
}

// send gives a message to the mesh. It reports false when it will not arrive.
func (x *Exchange) send(node signal.NodeID, topic bus.Topic, to signal.Address, message any) bool {
	b, err := bus.Encode(to, message)
	if err == nil {
		err = x.link.mesh.Send(node, topic, b)
	}
	if err != nil && !errors.Is(err, bus.ErrUnreachable) {
		x.lostMessages.Add(1)
		x.log.Error("a message to another server was not sent", "server", int(node), "message", typeName(message), "error", err)
	}
	return err == nil
}

// received takes a message of another server.
func (x *Exchange) received(from bus.Peer, payload []byte) {
	to, m, err := bus.Decode(payload)
	if err != nil {
		x.lostMessages.Add(1)
		x.log.Warn("a message of another server was not understood", "server", string(from.Name), "error", err)
		return
	}
	switch m := m.(type) {
	case signal.Signal:
		x.deliverHere(to, m)
	case bus.CreateHalf:
		x.createHere(m.Device, m.Instance, m.Setup)
	case bus.LineNotice:
		x.notifyHere(m.Device, m.State)
	case bus.Watching:
		x.watchedBy(from.Node, m)
	case bus.RefreshLine:
		x.refreshHere(m.Line)
	case bus.Registered:
		x.heardRegistered(from.Node, m)
	case bus.Unregistered:
		x.heardUnregistered(from.Node, m)
	case bus.Registrations:
		x.heardRegistrations(from.Node, m)
	case bus.RegistrationDigest:
		x.heardDigest(from.Node, m)
	case bus.ResendRegistrations:
		x.sendRegistrations(from.Node)
	case bus.Leaving:
		x.link.left(x, from.Node)
	}
}
