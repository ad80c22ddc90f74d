package phone

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tandem/phone/audio"
	"tandem/wire/sccp"
)

// TestMain lets many tests wait at once: they sleep more than they compute.
func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "16")
	goleak.VerifyTestMain(m)
}

var loopback = netip.MustParseAddr("127.0.0.1")

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// must fails the test on an error, with the traces of the phones.
func must(t *testing.T, err error, phones ...*Phone) {
	t.Helper()
	if err == nil {
		return
	}
	for _, p := range phones {
		for _, e := range p.Trace() {
			t.Log(p.Name(), e)
		}
	}
	t.Fatal(err)
}

func clean(t *testing.T, phones ...*Phone) {
	t.Helper()
	for _, p := range phones {
		for _, v := range p.Violations() {
			t.Errorf("%s: %s", p.Name(), v)
		}
	}
	if t.Failed() {
		for _, p := range phones {
			for _, e := range p.Trace() {
				t.Log(p.Name(), e)
			}
		}
	}
}

func newSCCPPhone(t *testing.T, s *fakeServer, number int, change func(*Config)) *Phone {
	t.Helper()
	cfg := Config{Protocol: SCCP, Name: fmt.Sprintf("SEP00000000%04d", number), Servers: []string{s.address()}, Local: loopback,
		Model: "7960", Sound: audio.Sound{Tone: audio.IdentityTone(number)}, Retry: 50 * time.Millisecond}
	if change != nil {
		change(&cfg)
	}
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func model(m string) func(*Config) { return func(c *Config) { c.Model = m } }

// Every profile registers, calls and is called, with audio by content, against the
// sequences of the reference.
func TestEveryModelCallsAndIsCalled(t *testing.T) {
	for name, profile := range Profiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newFakeServer(t)
			a := newSCCPPhone(t, s, 2001, model(name))
			b := newSCCPPhone(t, s, 2002, model("7975"))
			ctx := soon(t)
			must(t, a.Start(ctx), a)
			must(t, b.Start(ctx), b)
			st := a.State()
			if want := int(min(sccp.Negotiate(profile.Device, profile.Offer), 17)); st.Version != want {
				t.Errorf("version %d, want %d", st.Version, want)
			}
			if len(st.Lines) == 0 || st.Lines[0].Number != "2001" {
				t.Errorf("lines %+v", st.Lines)
			}

			must(t, a.Dial(ctx, "2002"), a)
			in, err := b.WaitCall(ctx, RingingIn)
			must(t, err, a, b)
			must(t, b.WaitFor(ctx, "ringer", func(s *State) bool { return s.Ringer == "inside" }), b)
			if !in.Inbound {
				t.Error("the call is not inbound")
			}
			_, err = a.WaitCall(ctx, RingingOut)
			must(t, err, a, b)
			if tone := a.State().Tone; tone != "Alerting" {
				t.Errorf("tone %q while it rings", tone)
			}
			must(t, b.Answer(), b)
			must(t, a.WaitHears(ctx, audio.IdentityTone(2002), 300*time.Millisecond), a, b)
			must(t, b.WaitHears(ctx, audio.IdentityTone(2001), 300*time.Millisecond), a, b)
			must(t, a.Hangup(), a)
			must(t, a.WaitIdle(ctx), a)
			must(t, b.WaitIdle(ctx), b)

			if profile.SoftKeys || profile.NoSpeaker || name == "7910" {
				must(t, b.Dial(ctx, "2001"), b)
				_, err = a.WaitCall(ctx, RingingIn)
				must(t, err, a, b)
				must(t, a.Answer(), a)
				must(t, a.WaitHears(ctx, audio.IdentityTone(2002), 200*time.Millisecond), a, b)
				must(t, b.WaitHears(ctx, audio.IdentityTone(2001), 200*time.Millisecond), a, b)
				must(t, b.Hangup(), b)
				must(t, a.WaitIdle(ctx), a)
				must(t, b.WaitIdle(ctx), b)
			}
			if m := a.State().Past[0].Media(); m.Lost != 0 || m.Received < 10 || m.Stray != 0 {
				t.Errorf("audio of the first call: %+v", m)
			}
			clean(t, a, b)
		})
	}
}

func TestHoldAndResumeUseNewPorts(t *testing.T) {
	s := newFakeServer(t)
	a, b := newSCCPPhone(t, s, 2001, nil), newSCCPPhone(t, s, 2002, model("7961"))
	ctx := soon(t)
	must(t, a.Start(ctx), a)
	must(t, b.Start(ctx), b)
	must(t, a.DialEnBloc("2002"), a)
	_, err := b.WaitCall(ctx, RingingIn)
	must(t, err, a, b)
	must(t, b.LiftHandset(), b)
	must(t, a.WaitHears(ctx, audio.IdentityTone(2002), 100*time.Millisecond), a, b)
	first := a.State().Calls[0].Media().Local
	for range 3 {
		must(t, a.Hold(), a)
		_, err = a.WaitCall(ctx, OnHold)
		must(t, err, a)
		must(t, a.WaitFor(ctx, "the keys of a held call", func(s *State) bool {
			return strings.Join(s.SoftKeys, " ") == "Resume NewCall"
		}), a)
		must(t, a.Resume(), a)
		must(t, a.WaitHears(ctx, audio.IdentityTone(2002), 100*time.Millisecond), a, b)
		must(t, b.WaitHears(ctx, audio.IdentityTone(2001), 100*time.Millisecond), a, b)
	}
	if now := a.State().Calls[0].Media().Local; now == first {
		t.Errorf("the port %v is the same after a resume", now)
	}
	must(t, b.ReplaceHandset(), b)
	must(t, a.WaitIdle(ctx), a)
	clean(t, a, b)
}

func TestBusyAndInvalidNumbers(t *testing.T) {
	s := newFakeServer(t)
	a, b, c := newSCCPPhone(t, s, 2001, nil), newSCCPPhone(t, s, 2002, nil), newSCCPPhone(t, s, 2003, nil)
	ctx := soon(t)
	for _, p := range []*Phone{a, b, c} {
		must(t, p.Start(ctx), p)
	}
	must(t, a.Dial(ctx, "9999"), a)
	_, err := a.WaitCall(ctx, InvalidNumber)
	must(t, err, a)
	must(t, a.Hangup(), a)
	must(t, a.WaitIdle(ctx), a)
	if st := a.State(); st.Last() == nil {
		t.Error("no call ended")
	} else if l := st.Last(); l.Cause != "invalid number" || l.Dialed != "9999" {
		t.Errorf("last call %+v", l)
	}
	must(t, a.SpeedDial(1), a)
	_, err = b.WaitCall(ctx, RingingIn)
	must(t, err, a, b)
	must(t, c.Dial(ctx, "2002"), c)
	_, err = c.WaitCall(ctx, Busy)
	must(t, err, c)
	must(t, c.Hangup(), c)
	must(t, a.Hangup(), a)
	must(t, b.WaitIdle(ctx), b)
	if st := b.State(); st.Last() == nil {
		t.Error("no call ended")
	} else if l := st.Last(); l.Cause != "not answered here" || l.Remote.Number != "2001" {
		t.Errorf("missed call %+v", l)
	}
	clean(t, a, b, c)
}

// The phone notices what a server does against the reference, and reacts as its
// model does.
func TestViolationsAreSeen(t *testing.T) {
	drop := func(id sccp.MessageID) func(string, sccp.Message) []sccp.Message {
		return func(_ string, m sccp.Message) []sccp.Message {
			if m.ID() == id {
				return nil
			}
			return []sccp.Message{m}
		}
	}
	replace := func(id sccp.MessageID, with func(sccp.Message) []sccp.Message) func(string, sccp.Message) []sccp.Message {
		return func(_ string, m sccp.Message) []sccp.Message {
			if m.ID() == id {
				return with(m)
			}
			return []sccp.Message{m}
		}
	}
	for _, c := range []struct {
		name  string
		model string
		spoil func(string, sccp.Message) []sccp.Message
		want  string
		// reconnects: a real phone drops the connection over it.
		reconnects bool
	}{
		{"lamp after the call state", "7960", replace(sccp.IDSetSpeakerMode, func(m sccp.Message) []sccp.Message {
			return []sccp.Message{sccp.NewCallState(sccp.CallStateOffHook, 1, 77), m}
		}), "came before", false},
		{"no dial tone plane", "7960", drop(sccp.IDActivateCallPlane), "the dial tone came before ActivateCallPlane", false},
		{"priority call", "7960", replace(sccp.IDCallState, func(m sccp.Message) []sccp.Message {
			s := *m.(*sccp.CallState)
			s.PrecedenceLevel = 0
			return []sccp.Message{&s}
		}), "precedence 0", false},
		{"ringer without duration", "7960", replace(sccp.IDSetRinger, func(sccp.Message) []sccp.Message {
			return []sccp.Message{&sccp.SetRinger{Mode: sccp.RingOff}}
		}), "duration 0", false},
		{"R-15 unknown id", "7975", replace(sccp.IDActivateCallPlane, func(m sccp.Message) []sccp.Message {
			return []sccp.Message{m, &sccp.Raw{Type: 0x9a}}
		}), "not known to this model", true},
		{"R-15 short string", "7975", replace(sccp.IDActivateCallPlane, func(m sccp.Message) []sccp.Message {
			return []sccp.Message{m, &sccp.Raw{Type: sccp.IDDisplayNotifyV2, Body: []byte{1, 0, 0, 0, 'a', 'b', 'c', 'd'}}}
		}), "ends before its string", true},
		{"R-15 short body", "7960", replace(sccp.IDActivateCallPlane, func(m sccp.Message) []sccp.Message {
			return []sccp.Message{m, &sccp.Raw{Type: sccp.IDSetLamp, Body: []byte{9, 0, 0, 0}}}
		}), "the phone needs 12", true},
		{"Q-14 hook flash to a 7911", "7911", replace(sccp.IDActivateCallPlane, func(m sccp.Message) []sccp.Message {
			return []sccp.Message{m, &sccp.SetHookFlashDetect{}}
		}), "resets (Q-14)", true},
		{"R-16 call 0", "7975", replace(sccp.IDActivateCallPlane, func(m sccp.Message) []sccp.Message {
			return []sccp.Message{m, sccp.NewCallState(sccp.CallStateConnected, 1, 0)}
		}), "for call 0", true},
		{"R-16 information of an unknown call", "7975", replace(sccp.IDActivateCallPlane, func(m sccp.Message) []sccp.Message {
			return []sccp.Message{m, &sccp.CallInfo{LineInstance: 1, CallReference: 201, Type: sccp.CallInbound, CallInstance: 1}}
		}), "which the phone does not know", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newFakeServer(t)
			p := newSCCPPhone(t, s, 2001, model(c.model))
			ctx := soon(t)
			must(t, p.Start(ctx), p)
			clean(t, p)
			s.mu.Lock()
			s.spoil = c.spoil
			s.mu.Unlock()
			before := p.State().Connections
			must(t, p.NewCall(), p)
			must(t, p.WaitFor(ctx, "a violation", func(s *State) bool {
				for _, v := range s.Violations {
					if strings.Contains(v, c.want) {
						return true
					}
				}
				return false
			}), p)
			if c.reconnects {
				s.mu.Lock()
				s.spoil = nil
				s.mu.Unlock()
				must(t, p.WaitFor(ctx, "a new registration", func(s *State) bool {
					return s.Connections > before && s.Registration == Registered
				}), p)
			} else if p.State().Connections != before {
				t.Error("the phone dropped the connection over it")
			}
		})
	}
}

func TestMissingMessagesAreSeenLater(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	p := newSCCPPhone(t, s, 2001, nil)
	ctx := soon(t)
	must(t, p.Start(ctx), p)
	s.mu.Lock()
	s.spoil = func(_ string, m sccp.Message) []sccp.Message {
		if m.ID() == sccp.IDStartTone {
			return nil
		}
		return []sccp.Message{m}
	}
	s.mu.Unlock()
	must(t, p.NewCall(), p)
	must(t, p.WaitFor(ctx, "a violation", func(s *State) bool {
		return len(s.Violations) == 1 && strings.Contains(s.Violations[0], "the dial tone did not come")
	}), p)
}

func TestR15_UnansweredQuestionDropsTheConnection(t *testing.T) {
	s := newFakeServer(t)
	s.spoil = func(_ string, m sccp.Message) []sccp.Message {
		if m.ID() == sccp.IDForwardStatRes {
			return nil
		}
		return []sccp.Message{m}
	}
	p := newSCCPPhone(t, s, 2001, func(c *Config) { c.Habits.AnswerTimeout = time.Second })
	ctx := soon(t)
	done := make(chan error, 1)
	go func() { done <- p.Start(ctx) }()
	must(t, p.WaitFor(ctx, "a violation", func(s *State) bool {
		return len(s.Violations) > 0 && strings.Contains(s.Violations[0], "ForwardStatReq")
	}), p)
	s.mu.Lock()
	s.spoil = nil
	s.mu.Unlock()
	must(t, <-done, p)
}

func TestR01_VanishAndComeBack(t *testing.T) {
	s := newFakeServer(t)
	p := newSCCPPhone(t, s, 2001, model("7925"))
	ctx := soon(t)
	must(t, p.Start(ctx), p)
	s.mu.Lock()
	old := s.phones[p.Name()].conn
	s.mu.Unlock()
	p.Vanish()
	if r := p.State().Registration; r != Idle {
		t.Errorf("registration %s after vanishing", r)
	}
	must(t, p.Start(ctx), p)
	s.mu.Lock()
	now := s.phones[p.Name()].conn
	s.mu.Unlock()
	if old.RemoteAddr().String() == now.RemoteAddr().String() {
		t.Error("the phone came back from the same port")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ended) != 0 {
		t.Error("the server saw the connection end")
	}
	for _, m := range s.heard[p.Name()] {
		if m.ID() == sccp.IDUnregisterReq {
			t.Error("the phone said goodbye")
		}
	}
}

func TestRejectedThenAccepted(t *testing.T) {
	s := newFakeServer(t)
	s.reject = "Device not registered"
	p := newSCCPPhone(t, s, 2001, nil)
	ctx := soon(t)
	done := make(chan error, 1)
	go func() { done <- p.Start(ctx) }()
	must(t, p.WaitFor(ctx, "the rejection", func(s *State) bool {
		return s.Registration == Rejected && s.Reason == "Device not registered"
	}), p)
	s.mu.Lock()
	s.reject = ""
	s.mu.Unlock()
	must(t, <-done, p)
}

func TestR05_TokenRefusedOnce(t *testing.T) {
	s := newFakeServer(t)
	s.token = 1
	p := newSCCPPhone(t, s, 2001, model("SPA525"))
	must(t, p.Start(soon(t)), p)
	clean(t, p)
}

func TestResetRestartsThePhoneAfterItsCall(t *testing.T) {
	s := newFakeServer(t)
	a, b := newSCCPPhone(t, s, 2001, nil), newSCCPPhone(t, s, 2002, nil)
	ctx := soon(t)
	must(t, a.Start(ctx), a)
	must(t, b.Start(ctx), b)
	must(t, a.Dial(ctx, "2002"), a)
	_, err := b.WaitCall(ctx, RingingIn)
	must(t, err, b)
	s.mu.Lock()
	s.phones[a.Name()].send(&sccp.Reset{Type: sccp.ResetRestart})
	s.mu.Unlock()
	must(t, b.Answer(), b)
	must(t, a.WaitHears(ctx, audio.IdentityTone(2002), 200*time.Millisecond), a)
	if a.State().Resets != 0 {
		t.Error("reset during the call")
	}
	must(t, a.Hangup(), a)
	must(t, a.WaitFor(ctx, "the restart", func(s *State) bool { return s.Resets == 1 && s.Registration == Registered }), a)
	clean(t, a, b)
}

func TestFailoverToTheSecondServerAndBack(t *testing.T) {
	first, second := newFakeServer(t), newFakeServer(t)
	p := newSCCPPhone(t, first, 2001, func(c *Config) {
		c.Servers = append(c.Servers, second.address())
		c.Habits.Probe, c.Monitor = 50*time.Millisecond, time.Second
	})
	ctx := soon(t)
	must(t, p.Start(ctx), p)
	must(t, p.WaitFor(ctx, "the standby connection", func(s *State) bool { return s.Standby == second.address() && s.KeepAlives > 0 }), p)
	first.mu.Lock()
	first.phones[p.Name()].conn.Close()
	first.mu.Unlock()
	must(t, p.WaitFor(ctx, "the second server", func(s *State) bool {
		return s.Server == second.address() && s.Registration == Registered
	}), p)
	// Then it asks the first for a token and goes back.
	must(t, p.WaitFor(ctx, "the first server again", func(s *State) bool {
		return s.Registrations == 3 && s.Registration == Registered
	}), p)
	first.mu.Lock()
	defer first.mu.Unlock()
	if first.phones[p.Name()] == nil {
		t.Error("the first server does not have the phone")
	}
	second.mu.Lock()
	defer second.mu.Unlock()
	if second.phones[p.Name()] != nil {
		t.Error("the phone did not leave the second server")
	}
}

func TestHabitsOfMediaAcknowledgement(t *testing.T) {
	for _, c := range []struct {
		name   string
		habits Habits
		acks   int
	}{
		{"twice", Habits{DoubleAcks: true}, 2}, {"never", Habits{NoAcks: true}, 0}, {"late", Habits{AckDelay: 100 * time.Millisecond}, 1},
		{"without party", Habits{AckWithoutParty: true}, 1}, {"in pieces", Habits{Segment: 3}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newFakeServer(t)
			a := newSCCPPhone(t, s, 2001, func(f *Config) { f.Habits = c.habits })
			b := newSCCPPhone(t, s, 2002, func(f *Config) { f.AutoAnswer = 50 * time.Millisecond })
			ctx := soon(t)
			must(t, a.Start(ctx), a)
			must(t, b.Start(ctx), b)
			must(t, a.Dial(ctx, "2002"), a)
			_, err := a.WaitCall(ctx, Connected)
			must(t, err, a, b)
			if c.acks > 0 {
				must(t, a.WaitHears(ctx, audio.IdentityTone(2002), 200*time.Millisecond), a, b)
			}
			must(t, a.Hangup(), a)
			must(t, a.WaitIdle(ctx), a)
			s.mu.Lock()
			defer s.mu.Unlock()
			n := 0
			for _, m := range s.heard[a.Name()] {
				if ack, ok := m.(*sccp.OpenReceiveChannelAck); ok {
					n++
					if c.habits.AckWithoutParty != (ack.PassThroughPartyID == 0) {
						t.Errorf("party %d", ack.PassThroughPartyID)
					}
				}
			}
			if n != c.acks {
				t.Errorf("%d acknowledgements, want %d", n, c.acks)
			}
		})
	}
}

func TestProvisioning(t *testing.T) {
	s := newFakeServer(t)
	host, port, _ := strings.Cut(s.address(), ":")
	file := `<?xml version="1.0"?><device xsi:type="axl:XIPPhone"><deviceProtocol>SCCP</deviceProtocol><devicePool><callManagerGroup><members>` +
		`<member priority="1"><callManager><ports><ethernetPhonePort>1</ethernetPhonePort></ports><processNodeName>127.0.0.9</processNodeName></callManager></member>` +
		`<member priority="0"><callManager><ports><ethernetPhonePort>` + port + `</ethernetPhonePort></ports><processNodeName>` + host + `</processNodeName></callManager></member>` +
		`</members></callManagerGroup></devicePool></device>`
	for _, c := range []struct {
		name  string
		files map[string]string
	}{
		{"own file", map[string]string{"SEP000000002001.cnf.xml": file}},
		{"default file", map[string]string{"XMLDefault.cnf.xml": strings.NewReplacer("<devicePool>", "", "</devicePool>", "", "<device xsi:type=\"axl:XIPPhone\"><deviceProtocol>SCCP</deviceProtocol>", "<Default>", "</device>", "</Default>").Replace(file)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newSCCPPhone(t, s, 2001, func(f *Config) {
				f.Servers, f.Protocol = nil, ""
				f.Fetch = func(_ context.Context, name string) ([]byte, error) {
					if b, ok := c.files[name]; ok {
						return []byte(b), nil
					}
					return nil, errors.New("file not found")
				}
			})
			must(t, p.Start(soon(t)), p)
			if got := p.State().Server; got != s.address() {
				t.Errorf("registered with %s", got)
			}
		})
	}
}

func FuzzDeviceFile(f *testing.F) {
	f.Add([]byte(`<device><deviceProtocol>SIP</deviceProtocol><sipProfile><sipLines><line button="1"><featureID>9</featureID><name>1</name></line></sipLines></sipProfile></device>`))
	f.Add([]byte(`<Default><callManagerGroup><members><member priority="0"/></members></callManagerGroup></Default>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseDevice(b)
		if err != nil {
			return
		}
		p := &Phone{changed: make(chan struct{})}
		if p.apply(d) == nil && len(p.cfg.Servers) == 0 {
			t.Fatal("no server and no error")
		}
	})
}

// A phone under a server that sends anything neither falls over nor hangs.
func FuzzStation(f *testing.F) {
	add := func(ms ...sccp.Message) {
		var b []byte
		for _, m := range ms {
			b, _ = sccp.NewCodec(11).Append(b, m)
		}
		f.Add(b)
	}
	add(sccp.NewRegisterAck(11, 30, 60, "D.M.Y"), &sccp.CapabilitiesReq{})
	add(sccp.NewRegisterAck(11, 30, 60, "D.M.Y"), sccp.NewCallState(sccp.CallStateRingIn, 1, 5),
		&sccp.OpenReceiveChannel{PacketMillis: 20, Payload: sccp.PayloadG711ULaw64k, CallReference: 5}, &sccp.SelectSoftKeys{CallReference: 5})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 2000 {
			return
		}
		p, err := New(Config{Protocol: SCCP, Name: "SEP000000000001", Servers: []string{"127.0.0.1:1"}, Model: "7975", Lenient: true, Habits: Habits{NoMedia: true}})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		d := newSCCP(p).(*station)
		p.mu.Lock()
		d.reset(discard{})
		r := sccp.NewReader(strings.NewReader(string(b)))
		for {
			frame, err := r.ReadFrame()
			if err != nil {
				break
			}
			_ = d.receive(frame)
		}
		p.mu.Unlock()
		if n := len(p.State().Violations); n > maxViolations {
			t.Fatalf("%d violations kept", n)
		}
	})
}
