package call_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"pgregory.net/rapid"

	"tandem/call"
	"tandem/call/line"
	"tandem/call/signal"
)

// world runs half-calls and line owners in one goroutine, with simulated devices and a clock that the test moves. Every
// machine is written down and read back before each input, so that a field which does not survive that shows as a
// failure of whatever test needed it.
type world struct {
	t       rapid.TB
	now     time.Time
	halves  map[signal.HalfCallID]*call.HalfCall
	owners  map[signal.Address]*line.Owner // by line and server
	devices map[string]*device
	lines   map[string]line.Info
	queue   []letter
	timers  []alarm
	next    uint64
	calls   uint32
	facts   []signal.Fact
	refused int
	steps   int                  // letters delivered
	each    func(step int)       // is called before each; may be nil
	handled func(*call.HalfCall) // sees every half-call after each of its inputs; may be nil
	log     []string
	servers // empty: one server, which knows of no other
}

type letter struct {
	from  signal.NodeID // order is kept between two servers
	to    signal.Address
	input any
}

type alarm struct {
	at    time.Time
	owner signal.Address
	fire  signal.TimerFired
}

// device is a simulated phone with one line. Early phones offer when they call (SIP); late ones open their media when they
// are told to (SCCP).
type device struct {
	w        *world
	name     string
	number   string
	early    bool
	slow     bool // does not get ready before the answer
	picky    bool // takes no offer that it was not asked for
	gone     bool
	node     signal.NodeID // where it is registered
	legs     map[signal.HalfCallID]*leg
	order    []signal.HalfCallID
	port     uint16
	line     signal.LineState
	commands []string
}

type leg struct {
	id        signal.HalfCallID
	ringing   bool
	connected bool
	failed    signal.Cause
	tone      bool // rings out
	local     *signal.Session
	owed      bool            // an offer before the answer that does not get ready
	heard     *signal.Session // whom it hears before the answer
	remote    *signal.Session
	held      bool
	other     signal.Party
	pending   bool // an offer of ours is out
	want      *bool
	ring      signal.Ring
	statuses  []signal.TransferStatus
	offersNow int
	queued    []signal.Command
}

func newWorld(t rapid.TB) *world {
	return &world{t: t, now: time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC), halves: map[signal.HalfCallID]*call.HalfCall{},
		owners: map[signal.Address]*line.Owner{}, devices: map[string]*device{}, lines: map[string]line.Info{}}
}

// phone adds a device whose line has the given number; several devices may share one.
func (w *world) phone(name, number string, early bool) *device {
	d := &device{w: w, name: name, node: w.place(len(w.devices)), number: number, early: early, legs: map[signal.HalfCallID]*leg{},
		port: uint16(4000 + 100*len(w.devices))}
	w.devices[name] = d
	info := w.lines[number]
	info.Party = signal.Party{Number: number, Name: "line " + number}
	info.NoAnswer = 12 * time.Second
	info.Appearances = append(info.Appearances, line.Appearance{Device: name, Instance: 1, MaxCalls: 4, BusyTrigger: 2})
	w.lines[number] = info
	return d
}

func (w *world) set(number string, change func(*line.Info)) {
	info := w.lines[number]
	change(&info)
	w.lines[number] = info
}

// Line implements line.Env.
func (v view) Line(ref signal.LineRef) (line.Info, bool) {
	info, ok := v.lines[ref.Number]
	info.Appearances = append([]line.Appearance(nil), info.Appearances...)
	for i := range info.Appearances {
		a := &info.Appearances[i]
		a.Node, a.Registered = v.where(a.Device)
	}
	info.Elsewhere = v.Owner(ref) != v.own()
	return info, ok
}

// Analyze implements call.Env: lines by their number, everything beginning with 9 has outside dial tone.
func (w *world) Analyze(q call.Query) call.Analysis {
	more := false
	for n := range w.lines {
		if n == q.Digits {
			return call.Analysis{Outcome: call.Found, Target: signal.ToLine(signal.LineRef{Number: n}),
				Called: signal.Party{Number: n}, Calling: q.Calling}
		}
		if len(n) > len(q.Digits) && n[:len(q.Digits)] == q.Digits {
			more = true
		}
	}
	if more {
		return call.Analysis{Outcome: call.NeedDigits}
	}
	return call.Analysis{Cause: signal.CauseUnallocatedNumber}
}

// Narrow implements call.Env.
func (w *world) Narrow(o *signal.Session, _ signal.Capabilities, _, _ string) (*signal.Session, bool) {
	return o, o == nil || len(o.Streams) > 0
}

// Common implements call.Env.
func (w *world) Common(a, _ signal.Capabilities, _, _ string) signal.Capabilities { return a }

// Ceiling implements call.Env.
func (w *world) Ceiling(_, _ string) string { return "G722" }

// Limits implements call.Env.
func (w *world) Limits() call.Limits { return call.DefaultLimits() }

func (w *world) profile(d *device) call.Profile {
	return call.Profile{Node: d.node, Device: d.name, Instance: 1, Line: signal.LineRef{Number: d.number},
		Party:           signal.Party{Number: d.number, Name: "line " + d.number, Device: d.name},
		OffersWhenAsked: !d.early, WantsOffer: d.early}
}

func (w *world) originate(d *device) *leg {
	w.next++
	w.calls++
	id := signal.NewHalfCallID(d.node, w.next)
	w.halves[id] = call.New(id, signal.CallID{Manager: d.node, Call: w.calls}, w.profile(d))
	l := &leg{id: id}
	d.legs[id] = l
	d.order = append(d.order, id)
	return l
}

func (w *world) tell(id signal.HalfCallID, e any) {
	w.queue = append(w.queue, letter{id.Node(), signal.ToHalf(id), e})
}

// run delivers everything that waits.
func (w *world) run() {
	for n := 0; len(w.queue) > 0; n++ {
		if n > 100000 {
			w.t.Fatalf("signals without end; last: %v", w.log[len(w.log)-20:])
		}
		if w.each != nil {
			if w.each(w.steps); len(w.queue) == 0 {
				return
			}
		}
		w.steps++
		l := w.queue[0]
		w.queue = w.queue[1:]
		w.deliver(l)
	}
}

func rewrite[T any](w *world, v *T) *T {
	data, err := json.Marshal(v)
	if err != nil {
		w.t.Fatalf("a machine cannot be written down: %v", err)
	}
	out := new(T)
	if err := json.Unmarshal(data, out); err != nil {
		w.t.Fatalf("a machine cannot be read back: %v", err)
	}
	if again, _ := json.Marshal(out); !reflect.DeepEqual(data, again) {
		w.t.Fatalf("a machine reads back differently:\n%s\n%s", data, again)
	}
	return out
}

func (w *world) deliver(l letter) {
	var effects []signal.Effect
	known := true
	before := ""
	if l.to.Half != 0 {
		h, ok := w.halves[l.to.Half]
		if !ok {
			for _, e := range call.Bounce(l.to, l.input) {
				w.perform(l.to, e)
			}
			return
		}
		h = rewrite(w, h)
		w.halves[l.to.Half] = h
		before = h.State.String() + "/" + h.Neg.String()
		effects, known = h.Handle(view{w, l.to.Half.Node()}, w.now, l.input)
		w.log = append(w.log, fmt.Sprintf("%v %s %T -> %s/%s", l.to.Half, before, l.input, h.State, h.Neg))
		if w.handled != nil {
			defer func() { w.handled(h) }()
		}
		if h.State == call.Ended {
			delete(w.halves, l.to.Half)
			w.dropTimers(l.to)
		}
	} else {
		o, ok := w.owners[l.to]
		if !ok {
			w.next += 1 << 16
			o = &line.Owner{Line: l.to.Line, Node: l.to.Node, Next: uint32(w.next)}
		}
		o = rewrite(w, o)
		w.owners[l.to] = o
		effects, known = o.Handle(view{w, l.to.Node}, w.now, l.input)
		w.log = append(w.log, fmt.Sprintf("line %s at %d %T", l.to.Line.Number, l.to.Node, l.input))
		defer func() {
			if o.Idle() {
				delete(w.owners, l.to)
			}
		}()
	}
	if !known {
		w.refused++
		w.log = append(w.log, fmt.Sprintf("  refused %T in %s", l.input, before))
	}
	for _, e := range effects {
		w.perform(l.to, e)
	}
}

func (w *world) dropTimers(of signal.Address) {
	kept := w.timers[:0]
	for _, a := range w.timers {
		if a.owner != of {
			kept = append(kept, a)
		}
	}
	w.timers = kept
}

func (w *world) perform(from signal.Address, e signal.Effect) {
	switch e := e.(type) {
	case signal.Send:
		w.send(from.Server(), e.To, e.Signal)
	case signal.Order:
		if h, ok := w.halves[from.Half]; ok {
			w.devices[h.Profile.Device].command(from.Half, e.Command)
			return
		}
		for _, d := range w.devices { // the last words of a half-call that just ended
			if _, ok := d.legs[from.Half]; ok {
				d.command(from.Half, e.Command)
			}
		}
	case signal.Create:
		w.create(from.Server(), e)
	case signal.Await:
		w.await(from.Half, e.Device)
	case signal.Notify:
		if d := w.devices[e.Device]; d != nil {
			d.line = e.State
		}
	case signal.Start:
		w.perform(from, signal.Stop{Timer: e.Timer, Key: e.Key})
		w.timers = append(w.timers, alarm{w.now.Add(e.After), from, signal.TimerFired{Timer: e.Timer, Key: e.Key}})
	case signal.Stop:
		kept := w.timers[:0]
		for _, a := range w.timers {
			if a.owner != from || a.fire.Timer != e.Timer || a.fire.Key != e.Key {
				kept = append(kept, a)
			}
		}
		w.timers = kept
	case signal.StopAll:
		w.dropTimers(from)
	case signal.Emit:
		w.facts = append(w.facts, e.Fact)
	}
}

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	end := w.now.Add(d)
	for {
		first := -1
		for i, a := range w.timers {
			if !a.at.After(end) && (first < 0 || a.at.Before(w.timers[first].at)) {
				first = i
			}
		}
		if first < 0 {
			break
		}
		a := w.timers[first]
		w.timers = append(w.timers[:first], w.timers[first+1:]...)
		w.now = a.at
		w.queue = append(w.queue, letter{a.owner.Server(), a.owner, a.fire})
		w.run()
	}
	w.now = end
}

func (d *device) session(dir signal.Direction) *signal.Session {
	d.port += 2
	return &signal.Session{Streams: []signal.Stream{{Kind: "audio", Protocol: "RTP/AVP", Direction: dir,
		Address: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), d.port),
		Codecs:  []signal.Codec{{Name: "PCMU", Clock: 8000}}}}}
}

// answer answers an offer as a phone does: what is held stays held.
func (d *device) answer(l *leg, offer *signal.Session) *signal.Session {
	dir := signal.SendRecv
	if a := offer.Audio(); a != nil {
		dir = a.Direction.Reverse()
	}
	if l.held {
		dir = signal.Inactive
	}
	l.local, l.remote = d.session(dir), offer
	return l.local
}

func (d *device) command(id signal.HalfCallID, c signal.Command) {
	d.commands = append(d.commands, reflect.TypeOf(c).Name())
	l := d.legs[id]
	if l == nil {
		d.w.t.Fatalf("%s: command %T for a call that it does not have", d.name, c)
	}
	w := d.w
	switch c := c.(type) {
	case signal.Ring:
		if d.picky && c.Offer != nil {
			w.tell(id, signal.Refuse{Cause: signal.CauseIncompatibleDestination})
			return
		}
		l.ringing, l.other, l.ring = true, c.Calling, c
		if d.early && c.Offer != nil {
			w.tell(id, signal.DeviceProgress{Early: d.answer(l, c.Offer)})
		}
		w.tell(id, signal.DeviceAlerting{})
	case signal.Accept:
		if c.Offer != nil {
			w.tell(id, signal.Ready{Media: d.answer(l, c.Offer)})
		} else {
			l.local = d.session(signal.SendRecv)
			w.tell(id, signal.Ready{Media: l.local})
		}
	case signal.RemoteAlerting:
		if l.other = c.Connected; c.Early != nil {
			l.heard = c.Early
		}
		l.tone = l.heard == nil
	case signal.Proceed:
		l.heard, l.tone = nil, false
		d.owes(l)
	case signal.Connect:
		d.owes(l)
		l.connected, l.tone, l.other, l.pending = true, false, c.Connected, false
		if c.IsOffer {
			w.tell(id, signal.Answer{Media: d.answer(l, c.Media)})
		} else {
			l.remote = c.Media
		}
	case signal.Established:
		l.connected, l.ringing, l.other = true, false, c.Connected
		if c.Answer != nil {
			l.remote = c.Answer
		}
	case signal.OfferMedia:
		if l.pending { // crossed our own offer, which is about to be refused
			l.queued = append(l.queued, c)
			return
		}
		w.tell(id, signal.Answer{Media: d.answer(l, c.Media)})
		d.retry(l)
	case signal.RequestOffer:
		if l.pending {
			l.queued = append(l.queued, c)
			return
		}
		if d.slow && !l.connected && !l.ringing {
			l.owed = true
			return
		}
		dir := signal.SendRecv
		if l.held {
			dir = signal.Inactive
		}
		l.local, l.pending = d.session(dir), true
		w.tell(id, signal.Offer{Media: l.local})
	case signal.AnswerMedia:
		l.remote, l.pending = c.Media, false
		d.resume(l)
		d.retry(l)
	case signal.MediaRefused:
		l.pending = false
		if len(l.queued) > 0 {
			d.resume(l)
			return
		}
		if c.Cause == signal.CauseRequestPending && l.want != nil {
			l.offersNow++
			if l.offersNow < 20 {
				d.retry(l)
			}
		} else {
			l.want = nil
		}
	case signal.PartyChanged:
		l.other, l.tone = c.Connected, c.Alerting
	case signal.TransferStatus:
		l.statuses = append(l.statuses, c)
	case signal.Fail:
		l.failed = c.Cause
	case signal.Clear:
		delete(d.legs, id)
		for i, o := range d.order {
			if o == id {
				d.order = append(d.order[:i], d.order[i+1:]...)
				break
			}
		}
	}
}

// owes says that there is no offer before the answer, where one was asked for.
func (d *device) owes(l *leg) {
	if l.owed {
		l.owed = false
		d.w.tell(l.id, signal.RefuseMedia{Cause: signal.CauseRecoveryOnTimer})
	}
	l.pending = false
}

// resume takes up what crossed our own offer.
func (d *device) resume(l *leg) {
	queued := l.queued
	l.queued = nil
	for _, c := range queued {
		d.command(l.id, c)
	}
}

// retry makes the change that was refused because both ends wanted one.
func (d *device) retry(l *leg) {
	if l.want == nil {
		return
	}
	if *l.want == l.held && l.local.OnHold() == l.held {
		l.want = nil
		return
	}
	d.offer(l, *l.want)
}

func (d *device) offer(l *leg, hold bool) {
	l.held = hold
	dir := signal.SendRecv
	if hold {
		dir = signal.Inactive
	}
	l.local, l.pending = d.session(dir), true
	d.w.tell(l.id, signal.Offer{Media: l.local})
}

// What users do.

func (d *device) dial(number string) *leg {
	l := d.w.originate(d)
	if d.early {
		l.local = d.session(signal.SendRecv)
		d.w.tell(l.id, signal.Dial{Number: number, Complete: true, Offer: l.local})
	} else {
		d.w.tell(l.id, signal.Seize{})
		for _, k := range number {
			d.w.tell(l.id, signal.Digits{Digits: string(k)})
		}
	}
	return l
}

func (d *device) newest() *leg {
	if len(d.order) == 0 {
		d.w.t.Fatalf("%s has no call", d.name)
	}
	return d.legs[d.order[len(d.order)-1]]
}

func (d *device) pickUp() *leg {
	l := d.newest()
	if !d.early {
		d.w.tell(l.id, signal.Pickup{})
		return l
	}
	if l.ring.Offer != nil {
		d.w.tell(l.id, signal.Pickup{Media: d.answer(l, l.ring.Offer)})
	} else {
		l.local = d.session(signal.SendRecv)
		d.w.tell(l.id, signal.Pickup{Media: l.local})
	}
	return l
}

func (d *device) hold(l *leg, on bool) {
	l.offersNow = 0
	if l.pending {
		l.want = &on
		return
	}
	l.want = &on
	d.offer(l, on)
}

func (d *device) hangUp(l *leg) { d.w.tell(l.id, signal.HangUp{Cause: signal.CauseNormalClearing}) }

// talk says whether two legs send to each other.
func talk(a, b *leg) bool {
	if a.local.Audio() == nil || b.local.Audio() == nil || a.remote.Audio() == nil || b.remote.Audio() == nil {
		return false
	}
	return a.remote.Audio().Address == b.local.Audio().Address && b.remote.Audio().Address == a.local.Audio().Address &&
		a.local.Audio().Direction == signal.SendRecv && b.local.Audio().Direction == signal.SendRecv
}

func (w *world) records() (ended []signal.Record) {
	for _, f := range w.facts {
		if e, ok := f.(signal.Ended); ok {
			ended = append(ended, e.Record)
		}
	}
	return ended
}

// quiet fails unless no trace of any call is left.
func (w *world) quiet() {
	w.t.Helper()
	w.pass(time.Minute)
	for id, h := range w.halves {
		w.t.Errorf("half-call %v of %s is still %s/%s (peer %v)", id, h.Profile.Device, h.State, h.Neg, h.Peer.Half)
	}
	for ref, o := range w.owners {
		w.t.Errorf("line %s still has %d offers, %d calls", ref, len(o.Offers), len(o.Calls))
	}
	for _, d := range w.devices {
		if len(d.legs) > 0 {
			w.t.Errorf("%s still shows %d calls", d.name, len(d.legs))
		}
	}
	if len(w.timers) > 0 {
		w.t.Errorf("%d timers still run: %v", len(w.timers), w.timers)
	}
	open := map[signal.HalfCallID]int{}
	for _, f := range w.facts {
		switch f := f.(type) {
		case signal.Answered:
			open[f.Record.Orig.Half]++
		case signal.Ended:
			if !f.Record.Connected.IsZero() {
				open[f.Record.Orig.Half]--
			}
		}
	}
	for id, n := range open {
		if n != 0 {
			w.t.Errorf("half-call %v: %d records opened but not closed", id, n)
		}
	}
	if w.t.Failed() {
		for _, l := range w.log[max(0, len(w.log)-60):] {
			w.t.Log(l)
		}
	}
}
