package runner

import (
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/bus"
	"tandem/call/line"
	"tandem/call/signal"
	"tandem/registration"
	"tandem/sim/net"
	"tandem/telephony"
)

// site is one server of a cluster in memory.
type site struct {
	end   *net.End
	x     *Exchange
	facts *facts
}

// sites is a cluster in one bubble of synctest: exchanges, joined over a network in memory with a delay.
type sites struct {
	t       *testing.T
	town    *town
	network *net.Network
	at      map[signal.NodeID]*site
	former  []*site // killed
	sent    func(n int)
	mu      sync.Mutex
	count   int
}

// tapped counts what is sent about calls.
type tapped struct {
	*net.End
	s *sites
}

func (m tapped) Send(to signal.NodeID, topic bus.Topic, payload []byte) error {
	err := m.End.Send(to, topic, payload)
	if topic == bus.TopicCalls {
		m.s.mu.Lock()
		m.s.count++
		n, f := m.s.count, m.s.sent
		m.s.mu.Unlock()
		if f != nil {
			f(n)
		}
	}
	return err
}

func newSites(t *testing.T, d *town, n int) *sites {
	s := &sites{t: t, town: d, network: net.New(net.Options{Seed: 1}), at: map[signal.NodeID]*site{}}
	s.network.Everywhere(net.Weather{Delay: time.Millisecond})
	for i := 1; i <= n; i++ {
		s.start(signal.NodeID(i))
	}
	time.Sleep(3 * time.Second)
	return s
}

func (s *sites) start(n signal.NodeID) *site {
	c := &site{end: s.network.Join(n, telephony.ServerName(fmt.Sprint("server", n))), facts: &facts{}}
	c.x = New(Options{Node: n, Directory: s.town, Facts: c.facts.take, FirstCall: uint32(n) * 1000, Link: NewLink(tapped{c.end, s}),
		Log: slog.New(slog.DiscardHandler)})
	s.mu.Lock()
	s.at[n] = c
	s.mu.Unlock()
	c.end.Start()
	return c
}

// kill ends a server in the way of SIGKILL: nothing of it goes on.
func (s *sites) kill(n signal.NodeID) {
	s.mu.Lock()
	s.former = append(s.former, s.at[n])
	delete(s.at, n)
	s.mu.Unlock()
	s.network.Kill(n)
}

// halt stops call processing of a server, which stays one of the cluster.
func (s *sites) halt(n signal.NodeID) {
	s.mu.Lock()
	c := s.at[n]
	s.former = append(s.former, c)
	delete(s.at, n)
	s.mu.Unlock()
	c.x.Close()
}

// exchange is that of a server that lives, or nil.
func (s *sites) exchange(n signal.NodeID) *Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.at[n]; c != nil {
		return c.x
	}
	return nil
}

func (s *sites) close() {
	for _, c := range s.at {
		c.x.Close()
	}
	for _, c := range s.former {
		c.x.Close()
	}
	s.network.Close()
	synctest.Wait()
}

// settle lets everything that is under way arrive.
func (s *sites) settle() { time.Sleep(20 * time.Millisecond); synctest.Wait() }

func (s *sites) records() (ended []signal.Record) {
	for _, c := range s.at {
		c.facts.mu.Lock()
		for _, f := range c.facts.all {
			if e, ok := f.(signal.Ended); ok {
				ended = append(ended, e.Record)
			}
		}
		c.facts.mu.Unlock()
	}
	return ended
}

// idle fails unless nothing is left of any call on the servers that live.
func (s *sites) idle() {
	s.t.Helper()
	time.Sleep(2 * time.Minute)
	synctest.Wait()
	for n, c := range s.at {
		for _, h := range c.x.halves.all() {
			s.t.Errorf("server %d still has half-call %v, %s", n, h.m.address().Half, h.m.describe())
		}
		for _, l := range c.x.lines.all() {
			s.t.Errorf("server %d still has line %s: %s", n, l.m.address(), l.m.describe())
		}
		c.x.cluster.mu.Lock()
		if len(c.x.cluster.onLine)+len(c.x.cluster.awaiting)+len(c.x.cluster.awaits) > 0 {
			s.t.Errorf("server %d still remembers half-calls: %v, %v", n, c.x.cluster.onLine, c.x.cluster.awaiting)
		}
		c.x.cluster.mu.Unlock()
		c.facts.mu.Lock()
		open := map[signal.HalfCallID]int{}
		for _, f := range c.facts.all {
			switch f := f.(type) {
			case signal.Answered:
				open[f.Record.Orig.Half]++
			case signal.Ended:
				if !f.Record.Connected.IsZero() {
					open[f.Record.Orig.Half]--
				}
			}
		}
		c.facts.mu.Unlock()
		for h, left := range open {
			if left != 0 {
				s.t.Errorf("server %d: %d records of %v opened and not closed", n, left, h)
			}
		}
	}
}

// handset is a phone that does what it is told. early phones offer when they call.
type handset struct {
	s           *sites
	name        string
	node        signal.NodeID
	early       bool
	incarnation uint64

	mu        sync.Mutex
	port      uint16
	legs      map[signal.HalfCallID]*conversation
	order     []signal.HalfCallID
	line      signal.LineState
	elsewhere []signal.NodeID
}

// conversation is one call as its phone knows it.
type conversation struct {
	id            signal.HalfCallID
	ring          *signal.Ring
	up, held      bool
	failed        signal.Cause
	local, remote *signal.Session
	other         signal.Party
	status        []signal.TransferStatus
}

func (s *sites) phone(name string, node signal.NodeID, early bool) *handset {
	p := &handset{s: s, name: name, early: early, legs: map[signal.HalfCallID]*conversation{}, port: uint16(1000 * int(name[0]-'a'+2))}
	p.register(node, true)
	return p
}

func (p *handset) register(node signal.NodeID, idle bool) {
	p.node = node
	p.incarnation++
	p.s.at[node].x.Attach(signal.Attachment{Device: p.name, Protocol: "SCCP", Incarnation: p.incarnation, Idle: idle,
		Since: time.Now()}, p)
}

func (p *handset) x() *Exchange { return p.s.exchange(p.node) }

func (p *handset) tell(id signal.HalfCallID, e signal.Event) {
	if x := p.s.exchange(id.Node()); x != nil {
		x.Tell(id, e)
	}
}

func (p *handset) session(d signal.Direction) *signal.Session {
	p.port += 2
	return &signal.Session{Streams: []signal.Stream{{Kind: "audio", Protocol: "RTP/AVP", Direction: d,
		Address: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), p.port), Codecs: []signal.Codec{{Name: "PCMU", Clock: 8000}}}}}
}

func (p *handset) answer(l *conversation, offer *signal.Session) *signal.Session {
	d := signal.SendRecv
	if a := offer.Audio(); a != nil {
		d = a.Direction.Reverse()
	}
	if l.held {
		d = signal.Inactive
	}
	l.local, l.remote = p.session(d), offer
	return l.local
}

// Command implements signal.Port.
func (p *handset) Command(id signal.HalfCallID, c signal.Command) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.legs[id]
	if l == nil {
		l = &conversation{id: id}
		p.legs[id] = l
		p.order = append(p.order, id)
	}
	switch c := c.(type) {
	case signal.Ring:
		l.ring, l.other = &c, c.Calling
		p.tell(id, signal.DeviceAlerting{})
	case signal.Accept:
		if c.Offer != nil {
			p.tell(id, signal.Ready{Media: p.answer(l, c.Offer)})
		} else {
			l.local = p.session(signal.SendRecv)
			p.tell(id, signal.Ready{Media: l.local})
		}
	case signal.Connect:
		l.up, l.other = true, c.Connected
		if c.IsOffer {
			p.tell(id, signal.Answer{Media: p.answer(l, c.Media)})
		} else {
			l.remote = c.Media
		}
	case signal.Established:
		l.up, l.other = true, c.Connected
		if c.Answer != nil {
			l.remote = c.Answer
		}
	case signal.OfferMedia:
		p.tell(id, signal.Answer{Media: p.answer(l, c.Media)})
	case signal.RequestOffer:
		l.local = p.session(signal.SendRecv)
		p.tell(id, signal.Offer{Media: l.local})
	case signal.AnswerMedia:
		l.remote = c.Media
	case signal.PartyChanged:
		l.other = c.Connected
	case signal.TransferStatus:
		l.status = append(l.status, c)
	case signal.Fail:
		l.failed = c.Cause
	case signal.Clear:
		delete(p.legs, id)
		for i, o := range p.order {
			if o == id {
				p.order = append(p.order[:i:i], p.order[i+1:]...)
				break
			}
		}
	}
}

// LineChanged implements signal.Port.
func (p *handset) LineChanged(s signal.LineState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line = s
}

// RegisteredElsewhere implements signal.Registrant.
func (p *handset) RegisteredElsewhere(_ uint64, n signal.NodeID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.elsewhere = append(p.elsewhere, n)
}

func (p *handset) lineState() signal.LineState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.line
}

// last is the newest call, or an empty one.
func (p *handset) last() conversation {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.order) == 0 {
		return conversation{}
	}
	return *p.legs[p.order[len(p.order)-1]]
}

func (p *handset) at(id signal.HalfCallID) conversation {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.legs[id]; l != nil {
		return *l
	}
	return conversation{}
}

func (p *handset) calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.legs)
}

func (p *handset) dial(number string) signal.HalfCallID {
	id, err := p.x().Originate(signal.Origin{Device: p.name, Instance: 1}, p)
	if err != nil {
		p.s.t.Errorf("%s cannot call: %v", p.name, err)
		return 0
	}
	p.mu.Lock()
	l := &conversation{id: id}
	p.legs[id] = l
	p.order = append(p.order, id)
	var offer *signal.Session
	if p.early {
		l.local = p.session(signal.SendRecv)
		offer = l.local
	}
	p.mu.Unlock()
	p.tell(id, signal.Dial{Number: number, Complete: true, Offer: offer})
	return id
}

func (p *handset) pickUp() signal.HalfCallID {
	p.mu.Lock()
	var e signal.Event
	var id signal.HalfCallID
	for _, o := range p.order {
		if l := p.legs[o]; l.ring != nil && !l.up {
			id = o
			switch {
			case !p.early:
				e = signal.Pickup{}
			case l.ring.Offer != nil:
				e = signal.Pickup{Media: p.answer(l, l.ring.Offer)}
			default:
				l.local = p.session(signal.SendRecv)
				e = signal.Pickup{Media: l.local}
			}
		}
	}
	p.mu.Unlock()
	if e != nil {
		p.tell(id, e)
	}
	return id
}

func (p *handset) hold(id signal.HalfCallID, on bool) {
	p.mu.Lock()
	l := p.legs[id]
	if l == nil {
		p.mu.Unlock()
		return
	}
	l.held = on
	d := signal.SendRecv
	if on {
		d = signal.Inactive
	}
	l.local = p.session(d)
	offer := l.local
	p.mu.Unlock()
	p.tell(id, signal.Offer{Media: offer})
}

func (p *handset) hangUp() {
	p.mu.Lock()
	ids := append([]signal.HalfCallID(nil), p.order...)
	p.mu.Unlock()
	for _, id := range ids {
		p.tell(id, signal.HangUp{Cause: signal.CauseNormalClearing})
	}
}

// talk connects A with B, where that can be.
func (s *sites) talk(a, b *handset) (la, lb signal.HalfCallID) {
	la = a.dial(b.name)
	s.settle()
	lb = b.pickUp()
	s.settle()
	return la, lb
}

// hears says whether two calls send to each other.
func hears(a, b conversation) bool {
	one, two := a.local.Audio(), b.local.Audio()
	return one != nil && two != nil && a.remote.Audio() != nil && b.remote.Audio() != nil &&
		a.remote.Audio().Address == two.Address && b.remote.Audio().Address == one.Address &&
		one.Direction == signal.SendRecv && two.Direction == signal.SendRecv
}

// share puts a device on another's line.
func (d *town) share(number, device string) {
	d.appearances[number] = append(d.appearances[number], line.Appearance{Device: device, Instance: 1, MaxCalls: 4, BusyTrigger: 4})
}

// sharedTown has a, b and c with a line each, and d on the line of b.
func sharedTown() *town {
	d := newTown("a", "b", "c")
	d.share("b", "d")
	return d
}

// registered lists who counts as registered at a server, as server n sees it.
func (s *sites) registered(n signal.NodeID) map[string]signal.NodeID {
	all := map[string]signal.NodeID{}
	for _, r := range s.at[n].x.ClusterRegistrations() {
		if r.Reachable {
			all[r.Device] = r.Node
		}
	}
	return all
}

func bubble(t *testing.T, d *town, n int, f func(t *testing.T, s *sites)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSites(t, d, n)
		defer s.close()
		f(t, s)
	})
}

// regOf is a registration as the table of a server has it, for tests that spoil one.
func regOf(device string, node signal.NodeID) registration.Registration {
	return registration.Registration{Attachment: signal.Attachment{Device: device, Incarnation: 1}, Node: node, Version: 1}
}
