package sccpstation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/bus/runner"
	decision "tandem/call"
	"tandem/call/line"
	"tandem/call/signal"
	"tandem/fault"
	narrow "tandem/media/session"
	"tandem/phone"
	"tandem/registration"
	"tandem/telephony"
	"tandem/wire/sccp"
	"tandem/wire/sccp/dissect"
)

// site is a server with its call processing, in memory, for phones over loopback.
type site struct {
	t       testing.TB
	dir     *directory
	x       *runner.Exchange
	srv     *Server
	address string
	params  *Parameters
	ctx     context.Context

	mu      sync.Mutex
	stories map[string][]string
	events  []*fault.Error
	facts   []signal.Fact
	ladder  []string
	sent    []dissect.Sent
}

func newSite(t testing.TB, change ...func(*Parameters)) *site {
	t.Helper()
	return newSiteWith(t, nil, change...)
}

// newSiteWith is newSite with other options.
func newSiteWith(t testing.TB, options func(*Options), change ...func(*Parameters)) *site {
	t.Helper()
	s := &site{t: t, dir: newDirectory(), stories: map[string][]string{}}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	s.ctx = ctx
	p := DefaultParameters()
	p.MessagesPerSecond, p.MessageBurst = 100000, 100000
	for _, f := range change {
		f(&p)
	}
	s.params = &p
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	s.x = runner.New(runner.Options{Node: 1, Directory: s.dir, Log: quiet,
		Facts: func(f signal.Fact) {
			s.mu.Lock()
			s.facts = append(s.facts, f)
			s.mu.Unlock()
		},
		ForwardAll: s.dir.forward, DoNotDisturb: s.dir.disturb,
	})
	o := Options{Exchange: s.x, Directory: s.dir, Parameters: s.parameters, Story: s, Alarms: s,
		Name: "cm1", Log: quiet, Ladder: s,
		tap: func(k sccp.Codec, m sccp.Message, frame []byte) {
			copied := reflect.New(reflect.TypeOf(m).Elem())
			copied.Elem().Set(reflect.ValueOf(m).Elem())
			s.mu.Lock()
			if len(s.sent) < 20000 {
				s.sent = append(s.sent, dissect.Sent{Codec: k, Message: copied.Interface().(sccp.Message),
					Frame: slices.Clone(frame), FromServer: true})
			}
			s.mu.Unlock()
		}}
	if options != nil {
		options(&o)
	}
	s.srv = New(o)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.srv.Serve(l); !errors.Is(err, ErrClosed) {
			t.Errorf("Serve: %v", err)
		}
	}()
	t.Cleanup(func() {
		s.srv.Close()
		<-done
		s.x.Close()
		if n := s.srv.figures.panics.Load(); n != 0 {
			t.Errorf("%d faults ended connections", n)
		}
		if f := s.x.Figures(); f.Panics != 0 {
			t.Errorf("%d faults in call processing", f.Panics)
		}
	})
	return s
}

func (s *site) parameters() Parameters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.params
}

// tune changes parameters while the server runs.
func (s *site) tune(f func(*Parameters)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.params)
}

func (s *site) Say(device, code, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code != "" {
		text = code + " " + text
	}
	s.stories[device] = append(s.stories[device], text)
}

func (s *site) Event(f *fault.Error, _ string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, f)
}

func (s *site) Message(call signal.CallID, device string, toDevice bool, name, summary string, raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ladder) < 10000 {
		s.ladder = append(s.ladder, fmt.Sprintf("%v %s %v %s %s %d", call, device, toDevice, name, summary, len(raw)))
	}
}

func (s *site) story(device string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.stories[device], "\n")
}

func (s *site) event(code fault.Code) *fault.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.events {
		if f.Code == code {
			return f
		}
	}
	return nil
}

func factsOf[F signal.Fact](s *site) (out []F) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.facts {
		if x, ok := f.(F); ok {
			out = append(out, x)
		}
	}
	return out
}

// directory is a small configuration.
type directory struct {
	mu       sync.Mutex
	devices  map[string]*registration.Device
	lines    map[signal.LineRef]*line.Info
	numbers  map[string]signal.LineRef
	limits   decision.Limits
	admits   bool
	keepsAll error // what forwarding answers
}

func newDirectory() *directory {
	d := &directory{devices: map[string]*registration.Device{}, lines: map[signal.LineRef]*line.Info{},
		numbers: map[string]signal.LineRef{}, limits: decision.DefaultLimits()}
	d.limits.Patience, d.limits.Join = 500*time.Millisecond, 300*time.Millisecond
	return d
}

// template is the button template of a model.
func template(name telephony.ButtonTemplateName) []telephony.Button {
	for _, t := range telephony.BuiltInButtonTemplates() {
		if t.Name == name {
			return t.Buttons
		}
	}
	return []telephony.Button{{Kind: telephony.ButtonLine}}
}

// add configures a phone of a model with lines of these numbers.
func (d *directory) add(name, model string, numbers ...string) *registration.Device {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := telephony.ProductByDeviceType(int(phone.Profiles[model].Device))
	if p == nil {
		p = &telephony.Product{Name: telephony.ProductName(model), ButtonTemplate: "Standard 2 lines"}
	}
	dev := &registration.Device{Name: name, Protocol: telephony.ProtocolSCCP, Product: *p, Owner: "user", Load: "LOAD-1",
		Buttons: template(p.ButtonTemplate), Softkeys: *telephony.BuiltInSoftkeyTemplates()[0], Zone: time.UTC, DateFormat: "D.M.Y",
		UserLocale: "English_United_States", Fingerprint: 1}
	for i, n := range numbers {
		ref := signal.LineRef{Number: n}
		dev.Lines = append(dev.Lines, registration.Line{Instance: i + 1, Ref: ref, Label: n, Display: "Name " + n, MaxCalls: 4, BusyTrigger: 3})
		info := d.lines[ref]
		if info == nil {
			info = &line.Info{Party: signal.Party{Number: n, Name: "Name " + n}, NoAnswer: time.Minute}
			d.lines[ref] = info
			d.numbers[n] = ref
		}
		info.Appearances = append(slices.Clone(info.Appearances), line.Appearance{Device: name, Instance: i + 1, MaxCalls: 4, BusyTrigger: 3})
	}
	d.devices[name] = dev
	return dev
}

// change replaces a device by a changed copy.
func (d *directory) change(name string, f func(*registration.Device)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dev := *d.devices[name]
	dev.Lines, dev.SpeedDials, dev.Buttons = slices.Clone(dev.Lines), slices.Clone(dev.SpeedDials), slices.Clone(dev.Buttons)
	f(&dev)
	d.devices[name] = &dev
}

func (d *directory) info(number string, f func(*line.Info)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(d.lines[signal.LineRef{Number: number}])
}

func (d *directory) Device(name string) (*registration.Device, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dev, ok := d.devices[name]
	return dev, ok
}

func (d *directory) AutoRegister(_ context.Context, name string, _ uint32, _ telephony.Protocol) (*registration.Device, error) {
	if !d.admits {
		return nil, fault.New(fault.DeviceUnknown, "device", name, "address", "here")
	}
	return d.add(name, "7960", "8"+name[len(name)-3:]), nil
}

func (d *directory) LineOf(_, number string) (signal.LineRef, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ref, ok := d.numbers[number]
	return ref, ok
}

func (d *directory) NumberComplete(device, number string) bool {
	_, ok := d.LineOf(device, number)
	return ok
}

func (d *directory) forward(_ string, ref signal.LineRef, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.keepsAll != nil {
		return d.keepsAll
	}
	d.lines[ref].ForwardAll.Destination = to
	return nil
}

func (d *directory) disturb(device string, on bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, info := range d.lines {
		info.Appearances = slices.Clone(info.Appearances)
		for i := range info.Appearances {
			if a := &info.Appearances[i]; a.Device == device {
				a.DoNotDisturb = on
			}
		}
	}
	return d.keepsAll
}

func (d *directory) Analyze(q decision.Query) decision.Analysis {
	d.mu.Lock()
	defer d.mu.Unlock()
	digits, complete := strings.CutSuffix(q.Digits, "#")
	complete = complete || q.Complete
	if ref, ok := d.numbers[digits]; ok {
		return decision.Analysis{Outcome: decision.Found, Target: signal.ToLine(ref), Called: signal.Party{Number: digits}, Calling: q.Calling}
	}
	if !complete {
		if digits == "9" {
			return decision.Analysis{Outcome: decision.NeedDigits, OutsideTone: true}
		}
		for n := range d.numbers {
			if strings.HasPrefix(n, digits) {
				return decision.Analysis{Outcome: decision.NeedDigits}
			}
		}
	}
	return decision.Analysis{Outcome: decision.NoMatch, Cause: signal.CauseUnallocatedNumber}
}

func (d *directory) Narrow(o *signal.Session, dev signal.Capabilities, _, _ string) (*signal.Session, bool) {
	return narrow.Narrow(o, dev, telephony.CodecG722)
}

func (d *directory) Common(a, b signal.Capabilities, _, _ string) signal.Capabilities {
	return narrow.Common(a, b, telephony.CodecG722)
}

func (d *directory) Ceiling(_, _ string) string { return "G722" }
func (d *directory) Limits() decision.Limits    { return d.limits }

func (d *directory) Profile(device string, instance int) (decision.Profile, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dev := d.devices[device]
	if dev == nil {
		return decision.Profile{}, false
	}
	l, ok := dev.Line(instance)
	if !ok {
		return decision.Profile{}, false
	}
	return decision.Profile{Device: device, Instance: instance, Line: l.Ref,
		Party: signal.Party{Number: l.Ref.Number, Name: l.Display, Device: device}}, true
}

func (d *directory) Line(ref signal.LineRef) (line.Info, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	info := d.lines[ref]
	if info == nil {
		return line.Info{}, false
	}
	out := *info
	out.Appearances = slices.Clone(info.Appearances)
	return out, true
}

func (d *directory) Lines(device string) (refs []signal.LineRef) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range d.devices[device].Lines {
		refs = append(refs, l.Ref)
	}
	return refs
}

// Phones.

// start brings a strict phone into service.
func (s *site) start(name, model string, change ...func(*phone.Config)) *phone.Phone {
	s.t.Helper()
	p := s.make(name, model, change...)
	if err := p.Start(s.ctx); err != nil {
		s.t.Fatalf("%v\n%s\n%s", err, traceOf(p), s.story(name))
	}
	return p
}

func (s *site) make(name, model string, change ...func(*phone.Config)) *phone.Phone {
	s.t.Helper()
	cfg := phone.Config{Protocol: phone.SCCP, Name: name, Servers: []string{s.address}, Model: model, Retry: 200 * time.Millisecond,
		Trace: 400, Habits: phone.Habits{NoMedia: true}}
	for _, f := range change {
		f(&cfg)
	}
	p, err := phone.New(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if v := p.Violations(); len(v) > 0 && !cfg.Lenient {
			s.t.Errorf("%s (%s) saw the server do wrong:\n%s\n%s", name, model, strings.Join(v, "\n"), traceOf(p))
		}
		p.Close()
	})
	return p
}

func traceOf(p *phone.Phone) string {
	var b strings.Builder
	for _, e := range p.Trace() {
		fmt.Fprintln(&b, e)
	}
	return b.String()
}

// must fails the test with the traces of the phones.
func (s *site) must(err error, phones ...*phone.Phone) {
	s.t.Helper()
	if err == nil {
		return
	}
	text := err.Error()
	for _, p := range phones {
		text += "\n--- " + p.Name() + "\n" + traceOf(p)
	}
	s.t.Fatal(text)
}

// in waits for a call in a state.
func (s *site) in(p *phone.Phone, states ...phone.CallState) *phone.Call {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 30*time.Second)
	defer cancel()
	c, err := p.WaitCall(ctx, states...)
	s.must(err, p)
	return c
}

// until waits for a condition of a phone.
func (s *site) until(p *phone.Phone, what string, ok func(*phone.State) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 30*time.Second)
	defer cancel()
	s.must(p.WaitFor(ctx, what, ok), p)
}

func (s *site) idle(phones ...*phone.Phone) {
	s.t.Helper()
	for _, p := range phones {
		s.until(p, "an idle phone", func(st *phone.State) bool { return len(st.Calls) == 0 })
	}
	s.eventually("no half-call left", func() bool { return s.x.Figures().HalfCalls == 0 })
}

// eventually waits for a condition of the server.
func (s *site) eventually(what string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); {
		if time.Now().After(end) {
			s.t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// audible waits until both ends of a call send to where the other one listens.
func (s *site) audible(phones ...*phone.Phone) {
	s.t.Helper()
	for _, p := range phones {
		s.until(p, "audio in both directions", func(st *phone.State) bool {
			c := st.Call(phone.Connected)
			return c != nil && s.streams(p.Name())
		})
	}
}

// streams says that the server has the phone's connected call receiving and sending.
func (s *site) streams(name string) bool {
	st := s.srv.known(name)
	if st == nil {
		return false
	}
	st.lock()
	defer st.unlock()
	for _, c := range st.calls {
		if c.state == sConnected {
			return c.media.rx == open && c.media.sending
		}
	}
	return false
}

// talk connects two phones.
func (s *site) talk(a, b *phone.Phone, number string) {
	s.t.Helper()
	s.must(a.Dial(s.ctx, number), a)
	s.in(b, phone.RingingIn)
	s.must(b.Answer(), b)
	s.in(a, phone.Connected)
	s.in(b, phone.Connected)
	s.audible(a, b)
}

func (s *site) mac(n int) string { return fmt.Sprintf("SEP%012X", n) }

func digits(n int) string { return fmt.Sprintf("%03d", n) }

// goroutines counts what this package has running.
func goroutines() int {
	buf := make([]byte, 4<<20)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "created by tandem/signalling/sccpstation.")
}
