package sipua

import (
	"net/netip"
	"sync"
	"time"

	"tandem/call/signal"
	"tandem/registration"
	"tandem/telephony"
	"tandem/wire/sip"
)

// contact is one place where a phone is reached for one of its lines. The URI is kept as the phone sent it; the flow over
// which it came is kept beside it, and requests go there.
type contact struct {
	line     int // instance, from 1
	uri      sip.URI
	flow     sip.Flow
	instance string // +sip.instance, "" if it has none
	callID   string
	cseq     uint32
	expires  time.Time
	since    time.Time
	agent    string // User-Agent
}

// station is a phone: its contacts, its calls, its subscriptions. It is the Port to which calls for the phone come.
type station struct {
	s    *Server
	name string

	mu          sync.Mutex
	caps        *signal.Capabilities // what the phone offered first since it registered
	dev         *registration.Device
	contacts    []contact
	incarnation uint64 // of the registration that stands; 0: none
	attached    netip.AddrPort
	expiry      *time.Timer
	legs        map[signal.HalfCallID]*leg
	subs        map[*subscription]struct{}
	stale       []sip.Flow // connections that were replaced, to be closed when no dialog uses them
	fingerprint uint64     // with which it runs; a change asks for a restart
	restart     bool       // wanted as soon as it is idle
	closed      bool
}

// stationOf returns the station of a device, made when there is none.
func (s *Server) stationOf(dev *registration.Device) *station {
	if st := s.station(dev.Name); st != nil {
		return st
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stations[dev.Name]
	if st == nil {
		st = &station{s: s, name: dev.Name, dev: dev, legs: make(map[signal.HalfCallID]*leg), fingerprint: dev.Fingerprint, closed: s.closed}
		s.stations[dev.Name] = st
	}
	return st
}

func (st *station) registered() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return len(st.contacts) > 0
}

func (st *station) device() *registration.Device {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.dev
}

// reach returns the contacts at which a line is called: those that registered for it, else all of the phone's first
// registered line.
func (st *station) reach(line int) []contact {
	st.mu.Lock()
	defer st.mu.Unlock()
	var found []contact
	for _, c := range st.contacts {
		if c.line == line {
			found = append(found, c)
		}
	}
	if len(found) > 0 {
		return found
	}
	lowest := 0
	for _, c := range st.contacts {
		if lowest == 0 || c.line < lowest {
			lowest = c.line
		}
	}
	for _, c := range st.contacts {
		if c.line == lowest {
			found = append(found, c)
		}
	}
	return found
}

// target says where requests for a contact go: over its flow, or to its address when that is gone.
func (c *contact) target() sip.Target {
	t, _ := sip.AddressTarget(&c.uri)
	t.Flow = c.flow
	if t.Transport == sip.UDP && c.flow.Transport() != sip.UDP {
		t.Transport = c.flow.Transport() // a Contact without transport parameter
	}
	return t
}

// drop takes out the contacts for which gone says so. Called with mu held. What is to be done afterwards, without the
// lock, is returned.
func (st *station) drop(gone func(*contact) bool) (after func()) {
	kept := st.contacts[:0]
	var flows []sip.Flow
	for i := range st.contacts {
		if gone(&st.contacts[i]) {
			flows = append(flows, st.contacts[i].flow)
			continue
		}
		kept = append(kept, st.contacts[i])
	}
	clear(st.contacts[len(kept):])
	st.contacts = kept
	for _, f := range flows {
		st.unflow(f)
	}
	if len(kept) == 0 && st.incarnation != 0 {
		inc := st.incarnation
		st.incarnation, st.attached = 0, netip.AddrPort{}
		st.contacts = nil
		st.s.o.Capacity.Leave(st.name)
		return func() { st.s.o.Exchange.Detach(st.name, inc) }
	}
	return func() {}
}

// unflow lets go of the flow of a contact that is no more, unless another contact uses it; a connection that was
// replaced is closed when no dialog needs it (R-32 a). Called with mu held.
func (st *station) unflow(f sip.Flow) {
	for i := range st.contacts {
		if st.contacts[i].flow == f {
			return
		}
	}
	st.s.guard.forget(f.Remote(), st.name)
	if f.Transport().Reliable() && f.Alive() {
		st.stale = append(st.stale, f)
	}
}

// closeStale closes replaced connections that no call uses any more.
func (st *station) closeStale() {
	st.mu.Lock()
	if len(st.stale) == 0 {
		st.mu.Unlock()
		return
	}
	var used []sip.Flow
	legs := make([]*leg, 0, len(st.legs))
	for _, l := range st.legs {
		legs = append(legs, l)
	}
	for sub := range st.subs {
		used = append(used, sub.d.Flow())
	}
	for i := range st.contacts {
		used = append(used, st.contacts[i].flow)
	}
	candidates := st.stale
	st.stale = nil
	st.mu.Unlock()
	for _, l := range legs {
		if f, ok := l.flow(); ok {
			used = append(used, f)
		}
	}
	var left []sip.Flow
	for _, f := range candidates {
		busy := false
		for _, u := range used {
			busy = busy || u == f
		}
		if busy {
			left = append(left, f)
		} else {
			f.Close()
		}
	}
	st.mu.Lock()
	st.stale = append(st.stale, left...)
	st.mu.Unlock()
}

// schedule sets the timer to the contact that runs out first. Called with mu held.
func (st *station) schedule(now time.Time) {
	if len(st.contacts) == 0 || st.closed {
		if st.expiry != nil {
			st.expiry.Stop()
		}
		return
	}
	next := st.contacts[0].expires
	for i := range st.contacts {
		if e := st.contacts[i].expires; e.Before(next) {
			next = e
		}
	}
	wait := max(next.Sub(now), 0) + 100*time.Millisecond
	if st.expiry == nil {
		st.expiry = time.AfterFunc(wait, st.expire)
	} else {
		st.expiry.Reset(wait)
	}
}

// expire takes out contacts that were not refreshed.
func (st *station) expire() {
	now := st.s.o.Now()
	st.mu.Lock()
	if st.closed {
		st.mu.Unlock()
		return
	}
	lost := 0
	after := st.drop(func(c *contact) bool {
		gone := !c.expires.After(now)
		if gone {
			lost++
		}
		return gone
	})
	left := len(st.contacts)
	st.schedule(now)
	st.mu.Unlock()
	after()
	st.closeStale()
	if lost > 0 && left == 0 {
		st.lost()
	}
}

// shut ends the station's timers.
func (st *station) shut() {
	st.mu.Lock()
	st.closed = true
	if st.expiry != nil {
		st.expiry.Stop()
	}
	subs := st.takeSubscriptions()
	st.mu.Unlock()
	for _, sub := range subs {
		sub.stop()
	}
}

// enter notes a leg under its half-call.
func (st *station) enter(id signal.HalfCallID, l *leg) {
	st.mu.Lock()
	st.legs[id] = l
	st.mu.Unlock()
	st.s.figures.legs.Add(1)
}

// leave forgets a leg.
func (st *station) leave(id signal.HalfCallID) {
	st.mu.Lock()
	_, had := st.legs[id]
	delete(st.legs, id)
	idle := len(st.legs) == 0
	stale := len(st.stale) > 0
	restart := st.restart && idle
	st.mu.Unlock()
	if had {
		st.s.figures.legs.Add(-1)
	}
	if stale {
		st.closeStale()
	}
	if restart {
		st.checkSync()
	}
}

func (st *station) leg(id signal.HalfCallID) *leg {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.legs[id]
}

// Command implements signal.Port for calls that come to the phone.
func (st *station) Command(id signal.HalfCallID, c signal.Command) {
	if r, ok := c.(signal.Ring); ok {
		st.ring(id, r)
		return
	}
	if l := st.leg(id); l != nil {
		l.command(c)
	}
}

// LineChanged implements signal.Port. A SIP phone learns of its lines by subscriptions, which watch for themselves.
func (st *station) LineChanged(signal.LineState) {}

// learn keeps what the phone offered first since it registered: an end that must open one codec before it sees an offer
// opens one that the phone has.
func (st *station) learn(c signal.Capabilities) {
	st.mu.Lock()
	if st.caps != nil || st.incarnation == 0 || len(st.contacts) == 0 {
		st.mu.Unlock()
		return
	}
	kept := signal.Capabilities{Video: c.Video, SRTP: c.SRTP, Codecs: append([]signal.Codec(nil), c.Codecs...)}
	st.caps = &kept
	a := st.attachment(len(st.contacts) - 1)
	st.mu.Unlock()
	st.s.o.Exchange.Attach(a, st)
}

// attachment is the registration as call processing needs it. Called with mu held.
func (st *station) attachment(at int) signal.Attachment {
	c := &st.contacts[at]
	a := signal.Attachment{Device: st.name, Protocol: string(telephony.ProtocolSIP), Incarnation: st.incarnation,
		Address: c.flow.Remote(), Since: c.since, Load: c.agent, WantsOffer: true}
	if st.caps != nil {
		a.Capabilities = *st.caps
	}
	return a
}
