// Package session makes a bus.Mesh out of a network that may lose, repeat, delay and reorder what it carries: sessions between pairs
// of servers, sequence numbers, acknowledgements, resending, heartbeats, and the loss of a peer. bus/mesh puts it on NATS, sim/net on a
// network in memory, so that both keep the same promises. What does not live here: sockets, certificates, and who is a member.
package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tandem/bus"
	"tandem/call/signal"
	"tandem/telephony"
)

// Carrier takes frames to other servers. It may lose, repeat and reorder them, but not change them.
type Carrier interface {
	// Send hands a frame over. It may wait a moment but not for the other server, and keeps nothing of frame.
	Send(to signal.NodeID, frame []byte) error
	// Ask hands a question over and waits for the answer, or for the end of ctx. An error means that none will come.
	Ask(ctx context.Context, to signal.NodeID, question []byte) ([]byte, error)
}

// Member is a server that belongs to the cluster.
type Member struct {
	Node signal.NodeID
	Name telephony.ServerName
}

// Options of an endpoint. Times that are zero get the values of the design.
type Options struct {
	Self    bus.Peer // Node, Name and Incarnation of this server
	Carrier Carrier
	Log     *slog.Logger // none: nothing is logged

	Heartbeat time.Duration // between two heartbeats; 500 ms
	Silence   time.Duration // without a word, until a peer is lost; 1.5 s
	Probe     time.Duration // for an answer after the carrier saw the connection go; 300 ms
	Stuck     time.Duration // without an acknowledgement, until a peer is lost; 10 s
	AckDelay  time.Duration // for company, before an acknowledgement travels alone; 5 ms
	Queued    int           // messages that wait for one peer; bus.MaximumQueued
}

func (o *Options) complete() {
	set := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	set(&o.Heartbeat, 500*time.Millisecond)
	set(&o.Silence, 1500*time.Millisecond)
	set(&o.Probe, 300*time.Millisecond)
	set(&o.Stuck, 10*time.Second)
	set(&o.AckDelay, 5*time.Millisecond)
	if o.Queued <= 0 {
		o.Queued = bus.MaximumQueued
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Figures count what an endpoint did since its start.
type Figures struct {
	Sent       atomic.Uint64 // frames with messages, without repetitions
	Resent     atomic.Uint64 // frames with messages, again
	Repeated   atomic.Uint64 // frames that came although they were there already
	Refused    atomic.Uint64 // frames that could not be read or came from somebody else
	Unclaimed  atomic.Uint64 // messages of a topic that nobody receives
	Lost       atomic.Uint64 // peers
	Recoveries atomic.Uint64 // panics of receivers and answerers
}

type (
	receiver = func(from bus.Peer, payload []byte)
	answerer = func(ctx context.Context, from bus.Peer, payload []byte) ([]byte, error)
	watcher  = func(p bus.Peer, reachable bool)
)

// maximumAnswering is how many questions are answered at once; more are refused with an error.
const maximumAnswering = 256

// Endpoint is one server's end of the mesh. It implements bus.Mesh; the rest is for who owns the carrier.
type Endpoint struct {
	options Options
	figures Figures
	ctx     context.Context // ends with Close
	end     context.CancelFunc
	group   sync.WaitGroup // links and answers

	mu        sync.RWMutex // guards what follows; never held while a lock of a link is taken and never the other way round
	started   bool
	closed    bool
	links     map[signal.NodeID]*link
	members   []Member
	watchers  []watcher
	receivers map[bus.Topic]receiver
	answerers map[bus.Topic]answerer
	status    func() bus.Status
	answering int
}

var _ bus.Mesh = (*Endpoint)(nil)

// New makes an endpoint that does nothing before Start.
func New(o Options) *Endpoint {
	o.complete()
	ctx, end := context.WithCancel(context.Background())
	return &Endpoint{
		options: o, ctx: ctx, end: end,
		links: map[signal.NodeID]*link{}, receivers: map[bus.Topic]receiver{}, answerers: map[bus.Topic]answerer{},
	}
}

// Figures returns the counters, which go on counting.
func (e *Endpoint) Figures() *Figures { return &e.figures }

// Start begins to talk to the members. The receivers are set by then.
func (e *Endpoint) Start() {
	e.mu.Lock()
	e.started = true
	members := e.members
	e.mu.Unlock()
	e.SetMembers(members)
}

// Close tells the peers, ends every goroutine and waits for them. It must not be called from a receiver, an answerer or a watcher.
// The watchers are not told of peers lost by it.
func (e *Endpoint) Close() {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return
	}
	e.closed = true
	links := e.links
	e.links = map[signal.NodeID]*link{}
	e.mu.Unlock()
	for _, l := range links {
		l.stop("this server stops", false)
	}
	e.end()
	e.group.Wait()
}

// SetMembers says who belongs to the cluster from now on. Who does not any more is lost at once and not heard any more; this server
// itself may be in the list.
func (e *Endpoint) SetMembers(members []Member) {
	e.mu.Lock()
	e.members = slices.Clone(members)
	if e.closed || !e.started {
		e.mu.Unlock()
		return
	}
	var gone []*link
	for node, l := range e.links {
		if !slices.Contains(members, l.member) {
			delete(e.links, node)
			gone = append(gone, l)
		}
	}
	for _, m := range members {
		if e.links[m.Node] == nil && m.Node != e.options.Self.Node {
			e.links[m.Node] = e.connect(m)
		}
	}
	e.mu.Unlock()
	for _, l := range gone {
		l.stop("it is no longer a member of the cluster", true)
	}
}

// Frame takes a frame that came. It keeps frame, and does not block.
func (e *Endpoint) Frame(frame []byte) {
	h, body, err := split(frame)
	if err != nil || h.kind == kindQuestion {
		e.refuse(err)
		return
	}
	if l := e.link(h.from); l != nil {
		l.frame(h, body)
	} else {
		e.refuse(errors.New("it is not from a member"))
	}
}

func (e *Endpoint) refuse(err error) {
	e.figures.Refused.Add(1)
	e.options.Log.Debug("A frame from another server was refused.", "cause", err)
}

// Gone says that the carrier saw the connection to a server go. If that does not answer soon, it is lost.
func (e *Endpoint) Gone(node signal.NodeID) {
	if l := e.link(node); l != nil {
		l.probe()
	}
}

func (e *Endpoint) link(node signal.NodeID) *link {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.links[node]
}

// all returns the links by node.
func (e *Endpoint) all() []*link {
	e.mu.RLock()
	defer e.mu.RUnlock()
	links := make([]*link, 0, len(e.links))
	for _, l := range e.links {
		links = append(links, l)
	}
	slices.SortFunc(links, func(a, b *link) int { return int(a.member.Node) - int(b.member.Node) })
	return links
}

// Self is this server.
func (e *Endpoint) Self() bus.Peer { return e.options.Self }

// Peers lists the servers that are reachable now, by node.
func (e *Endpoint) Peers() []bus.Peer {
	var peers []bus.Peer
	for _, l := range e.all() {
		if p, ok := l.reachable(); ok {
			peers = append(peers, p)
		}
	}
	return peers
}

// Send queues a message for a server. See bus.Mesh.
func (e *Endpoint) Send(to signal.NodeID, topic bus.Topic, payload []byte) error {
	if len(payload) > bus.MaximumMessage {
		return fmt.Errorf("%w: %d bytes for server %d", bus.ErrTooLarge, len(payload), to)
	}
	if to == e.options.Self.Node {
		return errors.New("a server does not send to itself")
	}
	l := e.link(to)
	if l == nil {
		return fmt.Errorf("server %d: %w", to, bus.ErrUnreachable)
	}
	return l.send(message{topic, payload})
}

// Receive sets who takes the messages of a topic. See bus.Mesh.
func (e *Endpoint) Receive(topic bus.Topic, take func(from bus.Peer, payload []byte)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.receivers[topic] = take
}

func (e *Endpoint) receiver(topic bus.Topic) receiver {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.receivers[topic]
}

// Answer sets who answers the questions of a topic. See bus.Mesh.
func (e *Endpoint) Answer(topic bus.Topic, answer func(ctx context.Context, from bus.Peer, payload []byte) ([]byte, error)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answerers[topic] = answer
}

// Watch has f told of each peer that becomes reachable or is lost. See bus.Mesh.
func (e *Endpoint) Watch(f func(p bus.Peer, reachable bool)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.watchers = append(e.watchers, f)
	for _, l := range e.links {
		l.inbox.put(item{watch: f})
	}
}

// Describe sets where the status of this server comes from.
func (e *Endpoint) Describe(status func() bus.Status) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status = status
}

// describe is the status of this server as bytes.
func (e *Endpoint) describe() []byte {
	e.mu.RLock()
	status := e.status
	e.mu.RUnlock()
	if status == nil {
		return encodeStatus(bus.Status{})
	}
	return encodeStatus(status())
}

// StatusOf is the last status of a server and when it came. See bus.Mesh.
func (e *Endpoint) StatusOf(node signal.NodeID) (bus.Status, time.Time, bool) {
	if l := e.link(node); l != nil {
		return l.lastStatus()
	}
	return bus.Status{}, time.Time{}, false
}
