package runner

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tandem/call"
	"tandem/call/line"
	"tandem/call/signal"
)

// town is a directory of lines whose number is their device's name.
type town struct {
	appearances map[string][]line.Appearance
	explode     atomic.Bool
}

func (d *town) Analyze(q call.Query) call.Analysis {
	if d.explode.Load() {
		panic("a fault in digit analysis")
	}
	if _, ok := d.appearances[q.Digits]; ok {
		return call.Analysis{Outcome: call.Found, Target: signal.ToLine(signal.LineRef{Number: q.Digits}),
			Called: signal.Party{Number: q.Digits}, Calling: q.Calling}
	}
	return call.Analysis{Cause: signal.CauseUnallocatedNumber}
}
func (d *town) Narrow(o *signal.Session, _ signal.Capabilities, _, _ string) (*signal.Session, bool) {
	return o, true
}
func (d *town) Common(a, _ signal.Capabilities, _, _ string) signal.Capabilities { return a }
func (d *town) Ceiling(_, _ string) string                                       { return "G722" }
func (d *town) Limits() call.Limits                                              { return call.DefaultLimits() }
func (d *town) Profile(device string, instance int) (call.Profile, bool) {
	for number, list := range d.appearances {
		for _, a := range list {
			if a.Device == device {
				return call.Profile{Device: device, Instance: instance, Line: signal.LineRef{Number: number},
					Party: signal.Party{Number: number, Device: device}}, true
			}
		}
	}
	return call.Profile{}, false
}
func (d *town) Line(ref signal.LineRef) (line.Info, bool) {
	list, ok := d.appearances[ref.Number]
	return line.Info{Party: signal.Party{Number: ref.Number}, Appearances: append([]line.Appearance(nil), list...)}, ok
}
func (d *town) Lines(device string) []signal.LineRef {
	p, ok := d.Profile(device, 1)
	if !ok {
		return nil
	}
	return []signal.LineRef{p.Line}
}

func newTown(devices ...string) *town {
	d := &town{appearances: map[string][]line.Appearance{}}
	for _, name := range devices {
		d.appearances[name] = []line.Appearance{{Device: name, Instance: 1, MaxCalls: 100000, BusyTrigger: 100000}}
	}
	return d
}

// phone answers what rings and tells its test of what happens.
type phone struct {
	x      *Exchange
	answer bool
	media  *signal.Session

	mu     sync.Mutex
	clear  chan signal.HalfCallID
	up     chan signal.HalfCallID
	ringin chan signal.HalfCallID
	failed chan signal.HalfCallID
	fault  bool
	hold   chan struct{}
}

func newPhone(x *Exchange, answer bool) *phone {
	return &phone{x: x, answer: answer, clear: make(chan signal.HalfCallID, 1024), up: make(chan signal.HalfCallID, 1024),
		ringin: make(chan signal.HalfCallID, 1024), failed: make(chan signal.HalfCallID, 1024),
		media: &signal.Session{Streams: []signal.Stream{{Kind: "audio", Address: netip.MustParseAddrPort("192.0.2.1:4000"),
			Codecs: []signal.Codec{{Name: "PCMU", Clock: 8000}}}}}}
}

func (p *phone) Command(id signal.HalfCallID, c signal.Command) {
	p.mu.Lock()
	hold := p.hold
	p.mu.Unlock()
	if hold != nil {
		<-hold
	}
	switch c.(type) {
	case signal.Ring:
		if p.fault {
			panic("a fault in an adapter")
		}
		p.x.Tell(id, signal.DeviceAlerting{})
		if p.answer {
			p.x.Tell(id, signal.Pickup{Media: p.media})
		}
		p.ringin <- id
	case signal.Connect, signal.Established:
		p.up <- id
	case signal.Clear:
		p.clear <- id
	case signal.Fail:
		p.failed <- id
	}
}
func (p *phone) LineChanged(signal.LineState) {}

func (p *phone) call(t testing.TB, device, number string) signal.HalfCallID {
	id, err := p.x.Originate(signal.Origin{Device: device, Instance: 1}, p)
	if err != nil {
		t.Fatal(err)
	}
	p.x.Tell(id, signal.Dial{Number: number, Complete: true, Offer: p.media})
	return id
}

func await[T any](t testing.TB, c chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(30 * time.Second):
		t.Fatal("waited in vain for ", what)
		panic("unreachable")
	}
}

type facts struct {
	mu  sync.Mutex
	all []signal.Fact
}

func (f *facts) take(x signal.Fact) { f.mu.Lock(); f.all = append(f.all, x); f.mu.Unlock() }
func (f *facts) ended() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, x := range f.all {
		if _, ok := x.(signal.Ended); ok {
			n++
		}
	}
	return n
}

func start(t testing.TB, d *town) (*Exchange, *facts) {
	f := &facts{}
	x := New(Options{Node: 1, Directory: d, Facts: f.take, FirstCall: 1000})
	t.Cleanup(x.Close)
	return x, f
}

func attach(x *Exchange, p *phone, device string, incarnation uint64) {
	x.Attach(signal.Attachment{Device: device, Incarnation: incarnation}, p)
}

func settled(t testing.TB, x *Exchange) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		if x.Figures().HalfCalls == 0 && x.lines.len() == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d half-calls and %d lines are left", x.Figures().HalfCalls, x.lines.len())
		}
	}
}

func TestCallThroughExchange(t *testing.T) {
	defer goleak.VerifyNone(t)
	d := newTown("a", "b")
	f := &facts{}
	x := New(Options{Node: 1, Directory: d, Facts: f.take, FirstCall: 1000})
	a, b := newPhone(x, false), newPhone(x, true)
	attach(x, a, "a", 1)
	attach(x, b, "b", 1)
	id := a.call(t, "a", "b")
	await(t, a.up, "the answer")
	await(t, b.up, "the connection")
	if n := len(x.Calls()); n != 2 {
		t.Errorf("%d calls are shown, want one on each line", n)
	}
	x.Tell(id, signal.HangUp{})
	await(t, b.clear, "the end")
	settled(t, x)
	if f.ended() != 1 {
		t.Errorf("%d records", f.ended())
	}
	x.Close()
}

func TestFaultEndsOneCall(t *testing.T) {
	d := newTown("a", "b", "c")
	x, _ := start(t, d)
	a, b, c := newPhone(x, false), newPhone(x, true), newPhone(x, true)
	attach(x, a, "a", 1)
	attach(x, b, "b", 1)
	attach(x, c, "c", 1)
	up := a.call(t, "a", "b")
	await(t, a.up, "the first call")
	c.fault = true
	a.call(t, "a", "c")
	await(t, a.failed, "the failure at the faulty call's other side")
	if x.Figures().Panics == 0 {
		t.Error("the fault was not counted")
	}
	c.fault = false
	a.call(t, "a", "c")
	await(t, a.up, "a call after the fault")
	x.Tell(up, signal.HangUp{})
	if got := await(t, b.clear, "the end of the first call"); got == 0 {
		t.Error("the first call was touched by the fault")
	}
}

func TestFloodEndsThatCallOnly(t *testing.T) {
	d := newTown("a", "b")
	x, f := start(t, d)
	a, b := newPhone(x, false), newPhone(x, true)
	attach(x, a, "a", 1)
	attach(x, b, "b", 1)
	id := a.call(t, "a", "b")
	await(t, a.up, "the answer")
	hold := make(chan struct{})
	a.mu.Lock()
	a.hold = hold
	a.mu.Unlock()
	x.Tell(id, signal.TransferWith{}) // refused with a command, in which the phone keeps the machine
	for range 3 * halfCallMailbox {
		x.Tell(id, signal.Key{Digit: '1'})
	}
	close(hold)
	await(t, b.clear, "the other side's end")
	await(t, a.clear, "the flooded side's end")
	settled(t, x)
	if x.Figures().Overflows != 1 || f.ended() != 1 {
		t.Errorf("overflows %d, records %d", x.Figures().Overflows, f.ended())
	}
}

func TestR01_NewestRegistrationWins(t *testing.T) {
	d := newTown("a", "b")
	x, _ := start(t, d)
	old, now, b := newPhone(x, true), newPhone(x, true), newPhone(x, false)
	attach(x, b, "b", 1)
	for i := range uint64(200) {
		attach(x, old, "a", 2*i+1)
		attach(x, now, "a", 2*i+2)
		x.Detach("a", 2*i+1) // the late clean-up of the former life
	}
	if n := len(x.Registrations()); n != 2 {
		t.Fatalf("%d registrations", n)
	}
	id := b.call(t, "b", "a")
	await(t, now.ringin, "the new registration's phone ringing")
	await(t, b.up, "the answer")
	x.Tell(id, signal.HangUp{})
	await(t, now.clear, "the end")
	settled(t, x)
}

func TestOverloadRefusesNewCallsOnly(t *testing.T) {
	d := newTown("a", "b")
	x, _ := start(t, d)
	a, b := newPhone(x, false), newPhone(x, true)
	attach(x, a, "a", 1)
	attach(x, b, "b", 1)
	id := a.call(t, "a", "b")
	await(t, a.up, "the answer")
	for range 100 {
		x.load.observe(time.Second)
	}
	if _, err := x.Originate(signal.Origin{Device: "a", Instance: 1}, a); !errors.Is(err, signal.ErrOverloaded) {
		t.Errorf("a new call under overload: %v", err)
	}
	x.Tell(id, signal.HangUp{})
	await(t, b.clear, "the end of an established call under overload")
	for range 100 {
		x.load.observe(0)
	}
	if _, err := x.Originate(signal.Origin{Device: "a", Instance: 1}, a); err != nil {
		t.Errorf("after the overload: %v", err)
	}
}

func TestManyCallsAtOnce(t *testing.T) {
	d := newTown("a", "b")
	x, f := start(t, d)
	a, b := newPhone(x, false), newPhone(x, true)
	attach(x, a, "a", 1)
	attach(x, b, "b", 1)
	const calls = 500
	for range calls {
		a.call(t, "a", "b")
	}
	for range calls {
		x.Tell(await(t, a.up, "an answer"), signal.HangUp{})
	}
	settled(t, x)
	if f.ended() != calls {
		t.Errorf("%d records for %d calls", f.ended(), calls)
	}
}

func BenchmarkCall(b *testing.B) {
	d := newTown("a", "b")
	x := New(Options{Node: 1, Directory: d})
	p, q := newPhone(x, false), newPhone(x, true)
	attach(x, p, "a", 1)
	attach(x, q, "b", 1)
	b.ReportAllocs()
	for b.Loop() {
		id := p.call(b, "a", "b")
		<-p.up
		<-q.ringin
		<-q.up
		x.Tell(id, signal.HangUp{})
		<-q.clear
		<-p.clear
	}
	x.Close()
}

// countingTown is a directory that counts appearances by itself, as the product's does.
type countingTown struct{ *town }

func (c countingTown) Appearances(ref signal.LineRef) int { return len(c.appearances[ref.Number]) }

// TestLinesThatAreShown: calls of a line are told to its appearances and watchers, also where a line can be asked for less.
func TestLinesThatAreShown(t *testing.T) {
	d := newTown("a", "b", "c")
	d.appearances["b"] = append(d.appearances["b"], line.Appearance{Device: "c", Instance: 2, MaxCalls: 4, BusyTrigger: 2})
	x := New(Options{Node: 1, Directory: countingTown{d}, FirstCall: 1000})
	t.Cleanup(x.Close)
	a, b, c := newPhone(x, false), newPhone(x, true), &shownPhone{phone: newPhone(x, false), states: make(chan signal.LineState, 1024)}
	w := &shownPhone{phone: newPhone(x, false), states: make(chan signal.LineState, 1024)}
	attach(x, a, "a", 1)
	attach(x, b, "b", 1)
	x.Attach(signal.Attachment{Device: "c", Incarnation: 1}, c)
	defer x.Watch(signal.LineRef{Number: "a"}, w)()
	id := a.call(t, "a", "b")
	await(t, a.up, "the answer")
	for _, p := range []*shownPhone{c, w} {
		for s := await(t, p.states, "a state of the line"); len(s.Calls) == 0; s = await(t, p.states, "a call on the line") {
		}
	}
	x.Tell(id, signal.HangUp{})
}

type shownPhone struct {
	*phone
	states chan signal.LineState
}

func (p *shownPhone) LineChanged(s signal.LineState) { p.states <- s }
