package sccpstation

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/phone"
	"tandem/registration"
	"tandem/telephony"
	"tandem/wire/sccp"
)

// A phone that comes back without having said good-bye is accepted at once, two hundred times; nothing is left over.
func TestR01_NewestRegistrationWins(t *testing.T) {
	s := newSite(t)
	s.dir.add("SEP000000000001", "7925", "1001")
	first := s.connect()
	first.register("SEP000000000001", sccp.Device7925, 17)
	s.eventually("one registration", func() bool { return s.x.Figures().Registered == 1 })
	before := goroutines()
	for range 200 {
		next := s.connect() // from a new port; the old connection is silent
		next.register("SEP000000000001", sccp.Device7925, 17)
		if !first.ended(5 * time.Second) {
			t.Fatal("the old connection is still open")
		}
		first.conn.Close()
		first = next
	}
	s.eventually("one connection", func() bool { return s.srv.Figures().Connections == 1 })
	if n := len(s.srv.Phones()); n != 1 {
		t.Errorf("the device counts %d times", n)
	}
	if f := s.x.Figures(); f.Registered != 1 {
		t.Errorf("call processing counts it %d times", f.Registered)
	}
	s.eventually("no goroutine left over", func() bool { return goroutines() <= before })
	if s.event(fault.DeviceReplaced) == nil {
		t.Error("nobody was told")
	}
}

// "Restart this device": it is back before its old session is cleaned up, and the late clean-up takes nothing away.
func TestR01_LateCleanUpLeavesTheNewRegistration(t *testing.T) {
	s := newSite(t)
	s.dir.add("SEP000000000001", "7960", "1001")
	for range 50 {
		a, b := s.connect(), s.connect()
		a.register("SEP000000000001", sccp.Device7960, 5)
		b.register("SEP000000000001", sccp.Device7960, 5)
		a.conn.Close()
		s.eventually("one connection", func() bool { return s.srv.Figures().Connections == 1 })
		if _, ok := s.x.Registration("SEP000000000001"); !ok {
			t.Fatal("the clean-up of the first session took the second's registration")
		}
		b.conn.Close()
		s.eventually("no connection", func() bool { return s.srv.Figures().Connections == 0 })
		if _, ok := s.x.Registration("SEP000000000001"); ok {
			t.Fatal("still registered")
		}
	}
}

// Whoever ends a session, and all at once, it is cleaned up once, and the phone can register again.
func TestR02_EverybodyEndsTheSessionAtOnce(t *testing.T) {
	s := newSite(t)
	s.dir.add("SEP000000000001", "7911", "1001")
	for range 100 {
		a, b := s.connect(), s.connect()
		a.register("SEP000000000001", sccp.Device7911, 17)
		b.send(&sccp.KeepAlive{})
		expect[*sccp.KeepAliveAck](b, "KeepAliveAck") // it has been accepted
		var all sync.WaitGroup
		all.Go(func() { a.conn.Close() })
		all.Go(func() { s.srv.Disconnect("SEP000000000001") })
		all.Go(func() { b.send(&sccp.Register{Name: "SEP000000000001", DeviceType: sccp.Device7911, Version: 17}) })
		all.Wait()
		b.conn.Close()
		s.eventually("no connection", func() bool { return s.srv.Figures().Connections == 0 })
	}
	if f := s.srv.Figures(); f.Registered != 0 || s.srv.registering.Load() != 0 {
		t.Errorf("%d registered, %d registering", f.Registered, s.srv.registering.Load())
	}
	s.srv.mu.Lock()
	left := len(s.srv.stations)
	s.srv.mu.Unlock()
	if left != 0 {
		t.Errorf("%d stations left", left)
	}
	last := s.connect()
	last.register("SEP000000000001", sccp.Device7911, 17)
}

func TestR03_ManyDevicesAtOneAddress(t *testing.T) {
	s := newSite(t)
	ports := registerAll(s, 48, sccp.DeviceAnalogPhone, 0)
	s.eventually("48 registered", func() bool { return s.x.Figures().Registered == 48 })
	ports[20].conn.Close()
	s.eventually("47 registered", func() bool { return s.x.Figures().Registered == 47 })
}

// registerAll brings n phones into service in parallel.
func registerAll(s *site, n int, device sccp.DeviceType, v sccp.Version) []*raw {
	s.t.Helper()
	all := make([]*raw, n)
	for i := range n {
		s.dir.add(portName(i), "VG248", fmt.Sprintf("3%03d", i))
		all[i] = s.connect()
	}
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() { all[i].register(portName(i), device, v) })
	}
	done.Wait()
	return all
}

func portName(i int) string { return fmt.Sprintf("ANF0BA%06X", i) }

func TestR04_BurstOfRegistrations(t *testing.T) {
	s := newSite(t)
	registerAll(s, 500, sccp.DeviceAnalogPhone, 0)
	s.eventually("500 registered", func() bool { return s.x.Figures().Registered == 500 })
	if n := s.srv.registering.Load(); n != 0 {
		t.Errorf("%d are still registering", n)
	}
}

// A device that stops in the middle is dropped, with the step that it was waited for, and may begin again.
func TestR04_UnfinishedRegistrationIsDropped(t *testing.T) {
	s := newSite(t, func(p *Parameters) { p.RegisterWithin = 500 * time.Millisecond })
	s.dir.add("SEP000000000001", "7960", "1001")
	a := s.connect()
	a.send(&sccp.Register{Name: "SEP000000000001", DeviceType: sccp.Device7960, Version: 5})
	if !a.ended(30 * time.Second) {
		t.Fatal("not dropped")
	}
	s.eventually("an alarm", func() bool { return s.event(fault.RegistrationIncomplete) != nil })
	if f := s.event(fault.RegistrationIncomplete); !strings.Contains(f.Reason, "codecs") {
		t.Errorf("the alarm says %q", f.Reason)
	}
	b := s.connect()
	b.register("SEP000000000001", sccp.Device7960, 5)
	if b.ended(1500 * time.Millisecond) {
		t.Error("a complete registration was dropped as well")
	}
}

// A token request has no effect on the registration or the call that stands; a refusal names a time.
func TestR05_TokenRequestDuringACall(t *testing.T) {
	s := newSite(t)
	s.dir.add("SEP000000000001", "SPA525", "1001")
	s.dir.add("SEP000000000002", "7960", "1002")
	b := s.start("SEP000000000002", "7960")
	a := s.connect()
	a.send(&sccp.SPCPRegisterTokenReq{Name: "SEP000000000001", DeviceType: sccp.DeviceSPA525G})
	expect[*sccp.SPCPRegisterTokenAck](a, "the token")
	a.register("SEP000000000001", sccp.DeviceSPA525G, 8)
	a.send(&sccp.EnblocCall{Number: "1002"})
	s.in(b, phone.RingingIn)
	s.must(b.Answer(), b)
	open := expect[*sccp.OpenReceiveChannel](a, "OpenReceiveChannel")
	a.send(&sccp.OpenReceiveChannelAck{Address: netip.MustParseAddrPort("127.0.0.1:4000"), PassThroughPartyID: open.PassThroughPartyID, CallReference: open.CallReference})
	expect[*sccp.StartMediaTransmission](a, "StartMediaTransmission")
	for range 3 {
		a.send(&sccp.SPCPRegisterTokenReq{Name: "SEP000000000001", DeviceType: sccp.DeviceSPA525G})
		expect[*sccp.SPCPRegisterTokenAck](a, "the token")
	}
	// The phone answers with an alarm and a full Register on the same connection: the call stands and is shown again.
	a.send(&sccp.Alarm{Text: "again"})
	a.begin("SEP000000000001", sccp.DeviceSPA525G, 8)
	a.expectState(sccp.CallStateConnected)
	if st := b.State(); len(st.Calls) != 1 || st.Calls[0].State != phone.Connected {
		t.Fatalf("the call did not survive: %+v", st.Calls)
	}
	a.send(&sccp.OnHook{CallReference: open.CallReference})
	s.idle(b)
	if n := len(factsOf[signal.Ended](s)); n != 1 {
		t.Errorf("%d records", n)
	}
}

// The phone lost its connection in a call and comes back: with its stream still running the call is taken up, without it is
// ended, once.
func TestR05_RegisterWithALivingCall(t *testing.T) {
	for _, streams := range []uint32{1, 0} {
		t.Run(fmt.Sprintf("active streams %d", streams), func(t *testing.T) {
			s := newSite(t)
			s.dir.add("SEP000000000001", "7975", "1001")
			s.dir.add("SEP000000000002", "7960", "1002")
			b := s.start("SEP000000000002", "7960")
			a := s.connect()
			a.register("SEP000000000001", sccp.Device7975, 17)
			a.send(&sccp.EnblocCall{Number: "1002", LineInstance: 1})
			s.in(b, phone.RingingIn)
			s.must(b.Answer(), b)
			open := expect[*sccp.OpenReceiveChannel](a, "OpenReceiveChannel")
			a.send(&sccp.OpenReceiveChannelAck{Address: netip.MustParseAddrPort("127.0.0.1:4000"), PassThroughPartyID: open.PassThroughPartyID, CallReference: open.CallReference})
			expect[*sccp.StartMediaTransmission](a, "StartMediaTransmission")
			c := s.connect()
			c.begin("SEP000000000001", sccp.Device7975, 17, func(r *sccp.Register) { r.ActiveStreams = streams })
			if streams == 0 {
				s.idle(b)
			} else {
				shown := c.expectState(sccp.CallStateConnected)
				c.send(&sccp.SoftKeyEvent{Event: sccp.SoftKeyEndCall, LineInstance: 1, CallReference: shown.CallReference})
				s.idle(b)
			}
			if n := len(factsOf[signal.Ended](s)); n != 1 {
				t.Errorf("%d records", n)
			}
		})
	}
}

func TestTokenIsRefusedUnderLoad(t *testing.T) {
	s := newSite(t, func(p *Parameters) { p.RegistrationsAtOnce = 0; p.TokenWait = 7 * time.Second })
	s.dir.add("SEP000000000001", "7960", "1001")
	a := s.connect()
	a.send(&sccp.RegisterTokenReq{Name: "SEP000000000001"})
	if m := expect[*sccp.RegisterTokenReject](a, "a refusal"); m.Wait != 7 {
		t.Errorf("told to wait %d s", m.Wait)
	}
	s.tune(func(p *Parameters) { p.RegistrationsAtOnce = 100 })
	a.send(&sccp.RegisterTokenReq{Name: "SEP000000000001"})
	expect[*sccp.RegisterTokenAck](a, "the token")
}

func TestRefusals(t *testing.T) {
	s := newSite(t)
	s.dir.add("SEP000000000002", "7960", "1002")
	s.dir.change("SEP000000000002", func(d *registration.Device) { d.Protocol = telephony.ProtocolSIP })
	for name, code := range map[string]fault.Code{"SEP000000000001": fault.DeviceUnknown, "SEP000000000002": fault.DeviceProtocolMismatch} {
		a := s.connect()
		a.send(&sccp.Register{Name: name, DeviceType: sccp.Device7960, Version: 5})
		if m := expect[*sccp.RegisterReject](a, "a refusal"); m.Text == "" || len(m.Text) > 31 {
			t.Errorf("%s: %q", name, m.Text)
		}
		if !a.ended(30 * time.Second) {
			t.Errorf("%s: the connection stays", name)
		}
		if !strings.Contains(s.story(name), string(code)) {
			t.Errorf("%s: the story is %q", name, s.story(name))
		}
	}
	s.dir.admits = true
	a := s.connect()
	a.register("SEP000000000777", sccp.Device7960, 5)
	if !strings.Contains(s.story("SEP000000000777"), "auto-registration") {
		t.Errorf("the story is %q", s.story("SEP000000000777"))
	}
}

// A phone that falls silent is gone after three keep-alives, and is told of.
func TestKeepAliveExpires(t *testing.T) {
	s := newSite(t, func(p *Parameters) { p.KeepAlive = 400 * time.Millisecond })
	s.dir.add("SEP000000000001", "7960", "1001")
	a := s.connect()
	a.register("SEP000000000001", sccp.Device7960, 5)
	for range 8 {
		time.Sleep(200 * time.Millisecond) // the phone's own beat
		a.send(&sccp.KeepAlive{})
		expect[*sccp.KeepAliveAck](a, "KeepAliveAck")
	}
	if !a.ended(30 * time.Second) {
		t.Fatal("still there")
	}
	s.eventually("an alarm", func() bool { return s.event(fault.SCCPKeepAliveExpired) != nil })
}

// A standby connection sends nothing but keep-alives.
func TestStandbyConnection(t *testing.T) {
	s := newSite(t, func(p *Parameters) { p.RegisterWithin = 100 * time.Millisecond })
	a := s.connect()
	a.send(&sccp.KeepAlive{})
	expect[*sccp.KeepAliveAck](a, "KeepAliveAck")
	if a.ended(400 * time.Millisecond) {
		t.Fatal("a standby connection was closed for not registering")
	}
	a.send(&sccp.KeepAlive{})
	expect[*sccp.KeepAliveAck](a, "KeepAliveAck")
}

func TestT06_IdleConnectionsGo(t *testing.T) {
	s := newSite(t, func(p *Parameters) { p.RegisterWithin = time.Second })
	s.dir.add("SEP000000000001", "7960", "1001")
	s.dir.add("SEP000000000002", "7975", "1002")
	a, b := s.start("SEP000000000001", "7960"), s.start("SEP000000000002", "7975")
	const idle = 5000
	for range idle {
		s.connect()
	}
	began := time.Now()
	s.talk(a, b, "1002")
	if d := time.Since(began); d > 5*time.Second { // five times the figure
		t.Errorf("a call took %v", d)
	}
	if n := s.srv.Figures().Connections; n > s.parameters().SilentPerSource+2 {
		t.Errorf("%d connections from one address", n)
	}
	s.eventually("the idle connections gone", func() bool { return s.srv.Figures().Connections == 2 })
	s.must(a.Hangup(), a)
	s.idle(a, b)
}

func TestSlowReaderIsClosed(t *testing.T) {
	s := newSite(t)
	s.dir.add("SEP000000000001", "7960", "1001")
	a := s.connect()
	a.register("SEP000000000001", sccp.Device7960, 5)
	st := s.srv.known("SEP000000000001")
	st.lock()
	for range outboxLimit/4 + 1000 {
		st.notice("too much")
	}
	st.release()
	s.eventually("the connection closed", func() bool { return s.srv.Figures().Connections == 0 })
	s.eventually("an alarm", func() bool { return s.event(fault.SCCPSlowReader) != nil })
}

func TestFloodIsSlowedAndOthersWork(t *testing.T) {
	s := newSite(t, func(p *Parameters) { p.MessagesPerSecond, p.MessageBurst = 100, 200 })
	s.dir.add("SEP000000000001", "7960", "1001")
	s.dir.add("SEP000000000002", "7960", "1002")
	s.dir.add("SEP000000000003", "7960", "1003")
	mad := s.connect()
	mad.register("SEP000000000003", sccp.Device7960, 5)
	stop := make(chan struct{})
	var flood sync.WaitGroup
	flood.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = mad.conn.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
				mad.write(sccp.AppendFrame(nil, 0, sccp.IDTimeDateReq, nil))
			}
		}
	})
	defer flood.Wait()
	defer close(stop)
	a, b := s.start("SEP000000000001", "7960"), s.start("SEP000000000002", "7960")
	began := time.Now()
	s.talk(a, b, "1002")
	if d := time.Since(began); d > 5*time.Second { // five times the figure
		t.Errorf("a call took %v", d)
	}
	s.eventually("an alarm", func() bool { return s.event(fault.SCCPFlood) != nil })
	s.must(a.Hangup(), a)
	s.idle(a, b)
}
