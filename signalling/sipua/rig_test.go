package sipua

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/bus/runner"
	"tandem/call"
	"tandem/call/line"
	"tandem/call/signal"
	"tandem/fault"
	"tandem/registration"
	"tandem/telephony"
	"tandem/wire/sip"
)

const (
	realm    = "tandem.test"
	password = "secret-of-"
)

// office is the configuration of the tests: phones with lines, for the adapter and for call processing.
type office struct {
	mu      sync.Mutex
	devices map[string]*registration.Device
	lines   map[string]line.Info
	limits  call.Limits
	common  string // password of everybody, where not each phone has its own
}

func newOffice() *office {
	l := call.DefaultLimits()
	l.Join = 500 * time.Millisecond
	return &office{devices: map[string]*registration.Device{}, lines: map[string]line.Info{}, limits: l}
}

// phone adds a SIP phone with lines; several phones may share a line. Its name and its digest user are name.
func (o *office) phone(name string, numbers ...string) *registration.Device {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := &registration.Device{Name: name, Protocol: telephony.ProtocolSIP, DigestUser: name,
		Product: telephony.Product{Name: telephony.GenericSIPPhone}, Fingerprint: 1}
	for i, n := range numbers {
		d.Lines = append(d.Lines, registration.Line{Instance: i + 1, Ref: signal.LineRef{Number: n}, Label: n, Display: "Name " + n})
		info := o.lines[n]
		info.Party = signal.Party{Number: n, Name: "Name " + n}
		info.NoAnswer = 12 * time.Second
		info.Appearances = append(info.Appearances, line.Appearance{Device: name, Instance: i + 1, MaxCalls: 100000, BusyTrigger: 100000})
		o.lines[n] = info
	}
	o.devices[name] = d
	return d
}

// change replaces a device by a changed copy; nil deletes it.
func (o *office) change(name string, f func(*registration.Device)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if f == nil {
		delete(o.devices, name)
		return
	}
	d := *o.devices[name]
	f(&d)
	o.devices[name] = &d
}

func (o *office) set(number string, f func(*line.Info)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	info := o.lines[number]
	f(&info)
	o.lines[number] = info
}

// Directory of the adapter.

func (o *office) Device(name string) (*registration.Device, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d, ok := o.devices[name]
	return d, ok
}
func (o *office) DeviceOfDigestUser(user string) (*registration.Device, bool) { return o.Device(user) }
func (o *office) DeviceOfNumber(number string) (*registration.Device, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	info, ok := o.lines[number]
	if !ok {
		return nil, false
	}
	d, ok := o.devices[info.Appearances[0].Device]
	return d, ok
}
func (o *office) LineOf(_, number string) (signal.LineRef, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.lines[number]
	return signal.LineRef{Number: number}, ok
}
func (o *office) HA1(user string, a sip.Algorithm) (string, bool) {
	if _, ok := o.Device(user); !ok {
		return "", false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.common != "" {
		return sip.HA1(a, user, realm, o.common), true
	}
	return sip.HA1(a, user, realm, password+user), true
}

// Directory of call processing.

func (o *office) Analyze(q call.Query) call.Analysis {
	o.mu.Lock()
	defer o.mu.Unlock()
	if info, ok := o.lines[q.Digits]; ok {
		return call.Analysis{Outcome: call.Found, Target: signal.ToLine(signal.LineRef{Number: q.Digits}), Called: info.Party, Calling: q.Calling}
	}
	return call.Analysis{Cause: signal.CauseUnallocatedNumber}
}
func (o *office) Narrow(s *signal.Session, _ signal.Capabilities, _, _ string) (*signal.Session, bool) {
	return s, s == nil || live(s)
}
func (o *office) Common(a, b signal.Capabilities, _, _ string) signal.Capabilities {
	if len(a.Codecs) == 0 {
		return b
	}
	return a
}
func (o *office) Ceiling(_, _ string) string { return "G722" }
func (o *office) Limits() call.Limits {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.limits
}
func (o *office) Profile(device string, instance int) (call.Profile, bool) {
	d, ok := o.Device(device)
	if !ok {
		return call.Profile{}, false
	}
	l, ok := d.Line(instance)
	if !ok {
		return call.Profile{}, false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	p := o.lines[l.Ref.Number].Party
	p.Device = device
	return call.Profile{Device: device, Instance: instance, Line: l.Ref, Party: p}, true
}
func (o *office) Line(ref signal.LineRef) (line.Info, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	info, ok := o.lines[ref.Number]
	info.Appearances = append([]line.Appearance(nil), info.Appearances...)
	return info, ok
}
func (o *office) Lines(device string) []signal.LineRef {
	d, ok := o.Device(device)
	if !ok {
		return nil
	}
	var refs []signal.LineRef
	for _, l := range d.Lines {
		refs = append(refs, l.Ref)
	}
	return refs
}

// rig is a server with call processing behind it.
type rig struct {
	*office
	t        testing.TB
	x        *runner.Exchange
	s        *Server
	udp, tcp netip.AddrPort
	params   Parameters

	mu     sync.Mutex
	facts  []signal.Fact
	story  []string
	alarms []*fault.Error
	ladder []string
	phones int
}

func (r *rig) Say(device, code, text string) {
	r.mu.Lock()
	r.story = append(r.story, device+" "+code+" "+text)
	r.mu.Unlock()
}
func (r *rig) Event(f *fault.Error, _ string) {
	r.mu.Lock()
	r.alarms = append(r.alarms, f)
	r.mu.Unlock()
}
func (r *rig) Message(c signal.CallID, device string, toDevice bool, _ time.Time, summarize func(b, raw []byte) []byte, raw []byte) {
	way := "from"
	if toDevice {
		way = "to"
	}
	r.mu.Lock()
	r.ladder = append(r.ladder, fmt.Sprintf("%s %s %s: %s", c, way, device, summarize(nil, raw)))
	r.mu.Unlock()
}

// records returns the call records that were closed.
func (r *rig) records() (ended []signal.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.facts {
		if e, ok := f.(signal.Ended); ok {
			ended = append(ended, e.Record)
		}
	}
	return ended
}

// newRig starts a server; phones are added as "name number…". change adjusts the options.
func newRig(t testing.TB, change func(*Options, *Parameters)) *rig {
	t.Helper()
	r := &rig{office: newOffice(), t: t, params: DefaultParameters()}
	quiet := slog.New(slog.DiscardHandler)
	r.x = runner.New(runner.Options{Node: 1, Directory: r.office, Log: quiet, Facts: func(f signal.Fact) {
		r.mu.Lock()
		r.facts = append(r.facts, f)
		r.mu.Unlock()
	}})
	o := Options{Exchange: r.x, Directory: r.office, Credentials: r.office, Realm: realm, NonceKey: []byte("0123456789abcdef"),
		Story: r, Alarms: r, Ladder: r, Log: quiet}
	if change != nil {
		change(&o, &r.params)
	}
	o.Parameters = func() Parameters { r.mu.Lock(); defer r.mu.Unlock(); return r.params }
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.s = s
	loopback := netip.MustParseAddrPort("127.0.0.1:0")
	if r.udp, err = s.ListenUDP(loopback, netip.AddrPort{}); err != nil {
		t.Fatal(err)
	}
	if r.tcp, err = s.ListenTCP(loopback, netip.AddrPort{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.x.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			r.mu.Lock()
			defer r.mu.Unlock()
			t.Logf("ladder:\n%s\nstory:\n%s", strings.Join(r.ladder[max(0, len(r.ladder)-80):], "\n"), strings.Join(r.story[max(0, len(r.story)-30):], "\n"))
		}
	})
	return r
}

// idle waits until no leg and no half-call is left.
func (r *rig) idle() {
	r.t.Helper()
	r.eventually("every leg has ended", func() bool {
		return r.s.Figures().Legs == 0 && r.x.Figures().HalfCalls == 0
	})
}

// eventually waits for a condition.
func (r *rig) eventually(what string, ok func() bool) {
	r.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
		if time.Now().After(end) {
			r.t.Fatalf("waited in vain: %s", what)
		}
	}
}
