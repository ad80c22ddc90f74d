package session

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"tandem/bus"
)

// link is the connection with one other server, reachable or not.
//
// A session is named by two numbers, its halves, one made by each side. Each side sends its own half and the half of the other that it
// knows. A side is up once it hears its own half back. When a side loses the other, for whatever reason, it makes a new half, and the
// other side, seeing it, knows that the session is over. Nothing of an earlier session can be taken for a part of the present one,
// because its halves differ. The number of a session is the larger half; a new half is above every session that its side has seen,
// so that the number rises with each session, on both sides, across restarts as far as clocks do not step back.
type link struct {
	e        *Endpoint
	member   Member
	watchers []watcher // at the start
	inbox    *inbox
	kick     chan struct{} // of one place: there is something to do
	done     chan struct{}

	mu          sync.Mutex
	stopped     bool
	mine        uint64 // half of this side
	theirs      uint64 // half of the other side; 0: unknown
	incarnation uint64 // of the other side's process
	up          bool
	peer        bus.Peer        // while up
	session     context.Context // while up; ends with the session
	end         context.CancelFunc
	heard       time.Time
	round       time.Time // when the loop last looked at the clock
	presence    time.Time // when the next heartbeat is due
	asked       time.Time // when the last presence was sent at the other side's request
	answerIt    bool      // the other side must hear of us soon
	wantAnswer  bool      // and should answer
	doubted     time.Time // when it was last asked whether it is there
	probing     time.Time // zero, or when the probe ends
	outgoing    outgoing
	incoming    incoming

	statusMu sync.Mutex
	status   bus.Status
	statusAt time.Time
}

// connect starts the link with a member. The endpoint's lock is held.
func (e *Endpoint) connect(m Member) *link {
	now := time.Now()
	l := &link{
		e: e, member: m, watchers: slices.Clone(e.watchers), inbox: newInbox(),
		kick: make(chan struct{}, 1), done: make(chan struct{}),
		mine: max(uint64(now.UnixNano()), 1), heard: now, round: now,
	}
	e.group.Add(2)
	go l.run()
	go l.deliver()
	return l
}

// stop ends the link. The other side is told. Watchers are told only if they are to hear of it.
func (l *link) stop(why string, tell bool) {
	l.mu.Lock()
	if l.stopped {
		l.mu.Unlock()
		return
	}
	l.stopped = true
	goodbye := make([]byte, headerSize)
	l.header(kindGoodbye).put(goodbye)
	wasUp := l.up
	if l.up {
		l.lose(why)
	}
	l.mu.Unlock()
	if wasUp {
		_ = l.e.options.Carrier.Send(l.member.Node, goodbye) // silence tells it otherwise
	}
	if !tell {
		l.e.end() // what waits is not handed over any more
	}
	close(l.done)
	l.inbox.close()
}

func (l *link) wake() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

func (l *link) reachable() (bus.Peer, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peer, l.up
}

func (l *link) lastStatus() (bus.Status, time.Time, bool) {
	l.statusMu.Lock()
	defer l.statusMu.Unlock()
	return l.status, l.statusAt, !l.statusAt.IsZero()
}

// header is what every frame begins with. It carries the acknowledgement, so nothing more is owed. The lock is held.
func (l *link) header(k kind) header {
	h := header{kind: k, from: l.e.options.Self.Node, incarnation: l.e.options.Self.Incarnation, half: l.mine, echo: l.theirs}
	if l.up {
		h.ack, h.have = l.incoming.acknowledge()
	}
	return h
}

func (l *link) send(m message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	unreachable := fmt.Errorf("server %d: %w", l.member.Node, bus.ErrUnreachable)
	if !l.up || l.stopped {
		return unreachable
	}
	if l.outgoing.messages >= l.e.options.Queued || l.outgoing.bytes >= maximumBytes {
		l.lose("too much waits for it")
		return unreachable
	}
	if l.outgoing.add(m) {
		l.wake()
	}
	return nil
}

func (l *link) questionHeader() (header, context.Context, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.up {
		return header{}, nil, false
	}
	return l.header(kindQuestion), l.session, true
}

// asks says who asks, if the question belongs to the present session.
func (l *link) asks(h header) (bus.Peer, context.Context, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peer, l.session, l.up && h.half == l.theirs && h.echo == l.mine
}

// probe gives the other side a short time to show that it is there.
func (l *link) probe() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up && l.probing.IsZero() {
		l.probing = time.Now().Add(l.e.options.Probe + 3*l.outgoing.roundTrip)
		l.wake()
	}
}

// rise begins a session. The lock is held.
func (l *link) rise(now time.Time) {
	l.up = true
	l.heard = now
	l.peer = bus.Peer{Node: l.member.Node, Name: l.member.Name, Incarnation: l.incarnation, Session: max(l.mine, l.theirs)}
	l.session, l.end = context.WithCancel(l.e.ctx)
	l.outgoing, l.incoming = outgoing{next: 1}, incoming{expect: 1}
	l.answerIt = true // it may wait for this to be up itself
	l.inbox.put(item{peer: l.peer, begins: true})
	l.e.options.Log.Info("A server of the cluster is reachable.", "server", l.member.Name, "node", l.member.Node, "session", l.peer.Session)
}

// lose ends the session. The lock is held.
func (l *link) lose(why string) {
	l.up = false
	l.end()
	l.mine = max(l.mine, l.theirs) + 1
	l.outgoing, l.incoming = outgoing{}, incoming{}
	l.probing = time.Time{}
	l.answerIt, l.wantAnswer = true, false // so that the other side learns of it
	l.inbox.put(item{peer: l.peer, ends: true})
	l.e.figures.Lost.Add(1)
	l.e.options.Log.Warn("A server of the cluster is lost.", "server", l.member.Name, "node", l.member.Node, "session", l.peer.Session, "cause", why)
	l.wake()
}

// frame takes a frame of this peer: first which session it is of, then what it says.
func (l *link) frame(h header, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped || !l.recognise(h) {
		return
	}
	now := time.Now()
	if h.echo != l.mine {
		// It does not know this half yet. A frame of an earlier session says nothing about the present one.
		if !l.up && h.kind != kindGoodbye && now.Sub(l.asked) >= l.e.options.AckDelay {
			l.asked = now
			l.answerIt = true
			l.wake()
		}
		return
	}
	if h.kind == kindGoodbye {
		if l.up {
			l.lose("it stops")
		}
		return
	}
	if !l.up {
		l.rise(now)
		l.wake()
	}
	l.heard = now
	l.probing = time.Time{}
	if l.outgoing.acknowledged(h.ack, h.have, now) {
		l.wake()
	}
	switch h.kind {
	case kindPresence:
		l.present(body, now)
	case kindData:
		l.data(body, now)
	}
}

// recognise decides whether a frame is of the process and half that this side knows, or of newer ones, which end the session.
func (l *link) recognise(h header) bool {
	if h.incarnation == l.incarnation {
		if h.half < l.theirs {
			return false
		}
		if h.half > l.theirs && l.up {
			l.lose("it has lost this server")
		}
		l.theirs = h.half
		return true
	}
	// A process that looks older is a late frame, or its clock was set back: then silence ends this session first.
	if l.up && h.incarnation < l.incarnation {
		return false
	}
	if l.up {
		l.lose("it has started again")
	}
	l.incarnation, l.theirs = h.incarnation, h.half
	return true
}

func (l *link) present(body []byte, now time.Time) {
	if len(body) == 0 {
		return
	}
	if body[0] == 1 {
		l.answerIt = true
		l.wake()
	}
	status, err := decodeStatus(body[1:])
	if err != nil {
		l.e.refuse(err)
		return
	}
	l.statusMu.Lock()
	l.status, l.statusAt = status, now
	l.statusMu.Unlock()
}

func (l *link) data(body []byte, now time.Time) {
	sequence, all, err := messages(body)
	if err != nil {
		l.e.refuse(err)
		l.lose("it sent what cannot be read")
		return
	}
	ready, repeated := l.incoming.take(sequence, batch{all, len(body)})
	if repeated {
		l.e.figures.Repeated.Add(1)
	}
	for _, b := range ready {
		waiting, bytes := l.inbox.put(item{messages: b.messages, bytes: b.bytes})
		if waiting > l.e.options.Queued || bytes > maximumBytes {
			l.lose("this server does not keep up with it")
			return
		}
	}
	if due := now.Add(l.e.options.AckDelay); len(ready) == 1 && !repeated && l.incoming.owed < ackEvery {
		if l.incoming.due.IsZero() {
			l.incoming.due = due
			l.wake()
		}
	} else {
		l.incoming.due = now
		l.wake()
	}
}
