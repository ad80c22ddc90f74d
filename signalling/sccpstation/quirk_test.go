package sccpstation

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/call/line"
	"tandem/call/signal"
	"tandem/fault"
	"tandem/phone"
	"tandem/registration"
	"tandem/telephony"
	"tandem/wire/sccp"
)

// pair is one phone of a model, 1001, and a 7961, 1002.
func pair(t *testing.T, model string, change ...func(*Parameters)) (s *site, p, peer *phone.Phone) {
	s = newSite(t, change...)
	s.dir.add(s.mac(1), model, "1001")
	s.dir.add(s.mac(2), "7961", "1002")
	return s, s.start(s.mac(1), model), s.start(s.mac(2), "7961")
}

func TestQ01_RadioLoss(t *testing.T) {
	s, p, _ := pair(t, "7925")
	for range 5 {
		p.Vanish()
		s.must(p.Start(s.ctx), p)
	}
	s.eventually("one connection each", func() bool { return s.srv.Figures().Connections == 2 })
}

func TestQ02_SecondMuteConnection(t *testing.T) {
	s, p, peer := pair(t, "7925")
	mute := s.connect()
	mute.send(&sccp.KeepAlive{})
	expect[*sccp.KeepAliveAck](mute, "KeepAliveAck")
	s.talk(p, peer, "1002")
	mute.conn.Close()
	s.audible(p, peer)
	s.must(p.Hangup(), p)
	s.idle(p, peer)
}

func TestQ03_SamePortNewLife(t *testing.T) {
	s := newSite(t)
	s.dir.add("SEP000000000001", "7936", "1001")
	first := s.connect()
	first.register("SEP000000000001", sccp.Device7936, 3)
	local := first.conn.LocalAddr().(*net.TCPAddr)
	_ = first.conn.(*net.TCPConn).SetLinger(0)
	first.conn.Close()
	var conn net.Conn
	s.eventually("the same port again", func() (ok bool) {
		var err error
		conn, err = (&net.Dialer{LocalAddr: local}).Dial("tcp", s.address)
		return err == nil
	})
	defer conn.Close()
	again := &raw{t: t, conn: conn, r: sccp.NewReader(conn), codec: sccp.NewCodec(3)}
	again.register("SEP000000000001", sccp.Device7936, 3)
	s.eventually("one connection", func() bool { return s.srv.Figures().Connections == 1 })
}

// The profiles of these models hold a second open channel, or a stream that was not stopped, for a violation.
func TestQ04_OnePort(t *testing.T)    { consults(t, "7912") }
func TestQ06_OneChannel(t *testing.T) { consults(t, "7920") }

func consults(t *testing.T, model string) {
	s, p, peer := pair(t, model)
	s.dir.add(s.mac(3), "7960", "1003")
	third := s.start(s.mac(3), "7960")
	s.talk(peer, p, "1001")
	s.must(p.StartTransfer(s.ctx, "1003"), p)
	s.in(third, phone.RingingIn)
	s.must(third.Answer(), third)
	s.until(p, "the consultation", func(st *phone.State) bool {
		return st.Active() != nil && st.Active().State == phone.Connected && !st.Active().Inbound
	})
	s.must(p.Transfer(), p)
	s.audible(peer, third)
	s.must(peer.Hangup(), peer)
	s.idle(p, peer, third)
	// A waiting call, answered.
	s.talk(peer, p, "1001")
	s.must(third.Dial(s.ctx, "1001"), third)
	s.in(p, phone.RingingIn)
	s.must(p.Answer(), p)
	s.audible(p, third)
	s.must(third.Hangup(), third)
	s.until(p, "the first call", func(st *phone.State) bool { return len(st.Calls) == 1 })
	s.must(p.Resume(), p)
	s.audible(p, peer)
	s.must(peer.Hangup(), peer)
	s.idle(p, peer, third)
}

// A hook flash begins a transfer, on-hook completes it.
func TestQ05_HookFlash(t *testing.T) {
	s, p, peer := pair(t, "6901")
	s.dir.add(s.mac(3), "7960", "1003")
	third := s.start(s.mac(3), "7960")
	s.talk(peer, p, "1001")
	s.must(p.HookFlash(), p)
	s.in(p, phone.OffHook)
	// Thought better of: the flash gives the held call back.
	s.must(p.HookFlash(), p)
	s.until(p, "the first call", func(st *phone.State) bool { return len(st.Calls) == 1 && st.Calls[0].State == phone.Connected })
	s.audible(p, peer)
	s.must(p.HookFlash(), p)
	s.in(p, phone.OffHook)
	s.must(p.Keys("1003"), p)
	s.in(third, phone.RingingIn)
	s.must(third.Answer(), third)
	s.until(p, "the consultation", func(st *phone.State) bool { return st.Active() != nil && st.Active().State == phone.Connected })
	s.must(p.ReplaceHandset(), p)
	s.audible(peer, third)
	s.must(peer.Hangup(), peer)
	s.idle(p, peer, third)
}

func TestQ07_ForgottenAcknowledgements(t *testing.T) {
	s, p, peer := pair(t, "7937", func(p *Parameters) { p.MediaWait = 50 * time.Millisecond })
	for range 6 {
		s.talk(peer, p, "1001")
		s.must(p.Hold(), p)
		s.in(p, phone.OnHold)
		s.must(peer.Hold(), peer)
		s.in(peer, phone.OnHold)
		s.must(p.Resume(), p) // opens, and does not send yet: the next one forgotten is of an opening
		s.until(p, "the hold tone", func(st *phone.State) bool { return st.Tone == "Hold" })
		s.must(peer.Resume(), peer)
		s.audible(p, peer)
		s.must(p.Hangup(), p)
		s.idle(p, peer)
	}
	if s.srv.Figures().MissingAnswer["7937"] == 0 {
		t.Error("no missing answer was counted for the model")
	}
}

// No code newer than their dictionary reaches phones below version 15.
func TestQ09_LabelsByVersion(t *testing.T) {
	s, p, peer := pair(t, "7960-8")
	s.talk(p, peer, "1002")
	s.must(p.ForceSoftKey("Park", ""), p)
	s.must(p.ForceSoftKey("Select", ""), p)
	s.must(p.SpeedDial(3), p)
	s.must(p.Hangup(), p)
	s.idle(p, peer)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.sent {
		if m.Codec.Version >= 15 {
			continue
		}
		for _, text := range textsOf(m.Message) {
			for i := 0; i+1 < len(text); i++ {
				if text[i] == 0x1E || text[i] == 0x80 && text[i+1] > byte(safeLabels&0xFF) && text[i+1] < 0x80 {
					t.Errorf("%v: label %#x %#x", m.Message.ID(), text[i], text[i+1])
				}
			}
		}
	}
}

func textsOf(m sccp.Message) (out []string) {
	switch m := m.(type) {
	case *sccp.DisplayPromptStatus:
		out = append(out, m.Text)
	case *sccp.DisplayNotify:
		out = append(out, m.Text)
	case *sccp.DisplayPriNotify:
		out = append(out, m.Text)
	case *sccp.SoftKeyTemplateRes:
		for _, k := range m.Keys {
			out = append(out, k.Label)
		}
	}
	return out
}

func TestQ10_FeatureButtonStatus(t *testing.T) {
	s := newSite(t)
	s.dir.add(s.mac(1), "7960", "1001")
	s.dir.change(s.mac(1), func(d *registration.Device) {
		d.Buttons = []telephony.Button{{Kind: telephony.ButtonLine}, {Kind: telephony.ButtonPrivacy, Label: "Privacy"}}
	})
	p := s.start(s.mac(1), "7960")
	s.until(p, "the label", func(st *phone.State) bool {
		return slices.ContainsFunc(st.Buttons, func(b phone.Button) bool { return b.Kind == "feature" && b.Label == "Privacy" })
	})
}

func TestQ11_NoAvailableLines(t *testing.T) {
	s := newSite(t)
	s.dir.add("SEP000000000001", "7905", "1001")
	a := s.connect() // ends with the time, as old models do
	a.register("SEP000000000001", sccp.Device7905, 5)
	s.dir.add("SEP000000000002", "7905", "1002")
	b := s.connect() // ends with nothing
	s.tune(func(p *Parameters) { p.SettleAfter = 50 * time.Millisecond })
	b.send(&sccp.Register{Name: "SEP000000000002", DeviceType: sccp.Device7905, Version: 5})
	expect[*sccp.CapabilitiesReq](b, "CapabilitiesReq")
	b.send(&sccp.CapabilitiesRes{Audio: mulaw}, &sccp.ButtonTemplateReq{})
	s.eventually("both registered", func() bool { return s.x.Figures().Registered == 2 })
	s.tune(func(p *Parameters) { p.RegisterWithin = 100 * time.Millisecond })
	if b.ended(300 * time.Millisecond) {
		t.Error("dropped although it is through")
	}
}

func TestQ12_SpeedDialsInTheOldForm(t *testing.T) {
	s := newSite(t)
	s.dir.add("SEP000000000001", "7905", "1001")
	s.dir.change("SEP000000000001", func(d *registration.Device) {
		d.SpeedDials = []telephony.SpeedDial{{Index: 1, Number: "1002", Label: "Bob"}}
	})
	for _, v := range []sccp.Version{5, 11, 17} {
		a := s.connect()
		a.register("SEP000000000001", sccp.Device7905, v)
		a.send(&sccp.SpeedDialStatReq{SpeedDial: 1})
		_ = a.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		for {
			f, err := a.r.ReadFrame()
			if err != nil {
				t.Fatal(err)
			}
			if f.ID == sccp.IDSpeedDialStatV2Res {
				t.Fatalf("version %d: the new form", v)
			}
			if f.ID == sccp.IDSpeedDialStatRes {
				break
			}
		}
		a.conn.Close()
	}
}

// A module continues the phone's buttons; numbers count over both, whatever kinds are mixed, and all of them arrive.
func TestQ13_AddOnModule(t *testing.T) {
	s := newSite(t)
	s.dir.add("SEP000000000001", "7960", "1001", "1002", "1003")
	s.dir.change("SEP000000000001", func(d *registration.Device) {
		d.Buttons = nil
		for i := range 6 + 2*24 {
			kind := telephony.ButtonSpeedDial
			switch {
			case i == 0, i == 7, i == 30:
				kind = telephony.ButtonLine
			case i%9 == 4:
				kind = telephony.ButtonServiceURL
			case i == 12:
				kind = telephony.ButtonNone
			}
			d.Buttons = append(d.Buttons, telephony.Button{Kind: kind})
		}
	})
	a := s.connect()
	a.register("SEP000000000001", sccp.Device7960, 5)
	a.send(&sccp.ButtonTemplateReq{})
	var all []sccp.Button
	for len(all) < 54 {
		m := expect[*sccp.ButtonTemplateRes](a, "ButtonTemplateRes")
		if int(m.Offset) != len(all) || m.Total != 54 {
			t.Fatalf("offset %d of %d after %d", m.Offset, m.Total, len(all))
		}
		all = append(all, m.Buttons...)
	}
	next := map[sccp.ButtonType]uint8{}
	for i, b := range all {
		if b.Type == sccp.ButtonUndefined {
			continue
		}
		if next[b.Type]++; b.Instance != next[b.Type] {
			t.Errorf("button %d: %v %d, want %d", i+1, b.Type, b.Instance, next[b.Type])
		}
	}
	if next[sccp.ButtonLine] != 3 || all[7].Type != sccp.ButtonLine || all[12].Type != sccp.ButtonUndefined {
		t.Errorf("%v", all)
	}
	// The position of a button on the module means its line.
	st := s.srv.known("SEP000000000001")
	st.lock()
	defer st.unlock()
	if n := st.lineFrom(8); n != 2 {
		t.Errorf("button 8 is line %d", n)
	}
}

// The profile resets on a message that its load holds for invalid.
func TestQ14_HookFlashDetectOnlyWhereTaken(t *testing.T) {
	s, p, peer := pair(t, "7911")
	s.talk(peer, p, "1001")
	s.must(p.Hangup(), p)
	s.idle(p, peer)
	if n := p.State().Registrations; n != 1 {
		t.Errorf("registered %d times", n)
	}
}

// Whatever a phone of this generation is sent is in its table, and as long as its layout says; its profile closes the
// connection otherwise.
func TestQ15_NothingUnknownNothingShort(t *testing.T) {
	for _, model := range []string{"7970", "7975"} {
		s, p, peer := pair(t, model)
		s.talk(peer, p, "1001")
		s.must(p.ForceSoftKey("Park", ""), p)
		s.until(p, "a refusal", func(st *phone.State) bool { return st.Notice != "" })
		s.must(p.Hangup(), p)
		s.idle(p, peer)
		if n := p.State().Connections; n != 1 {
			t.Errorf("%s connected %d times", model, n)
		}
	}
}

// Three hundred calls: the reference goes round and is never one that the phone holds invalid.
func TestQ16_ReferencesGoRound(t *testing.T) {
	s, p, peer := pair(t, "7975")
	for range 300 {
		s.must(p.LiftHandset(), p)
		c := s.in(p, phone.OffHook)
		if c.Reference == 0 || c.Reference > maxReference {
			t.Fatalf("reference %d", c.Reference)
		}
		s.must(p.ReplaceHandset(), p)
		s.idle(p)
	}
	_ = peer
}

func TestQ18_KnownDateTemplatesOnly(t *testing.T) {
	for format, want := range map[string]string{"D.M.Y": "D.M.Y", "M/D/YA": "M/D/YA", "Y-M-D": "Y-M-D", "D/M/YY": "D.M.Y", "": "D.M.Y", "D.M-Y": "D.M.Y", "D.D.D": "D.M.Y"} {
		if got := dateTemplate(format); got != want {
			t.Errorf("%q gives %q, want %q", format, got, want)
		}
	}
}

func TestQ19_TimeInTheDevicesZone(t *testing.T) {
	zone, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	s.dir.add("SEP000000000001", "7975", "1001")
	s.dir.change("SEP000000000001", func(d *registration.Device) { d.Zone = zone })
	a := s.connect()
	a.register("SEP000000000001", sccp.Device7975, 17)
	a.send(&sccp.TimeDateReq{})
	m := expect[*sccp.TimeDateRes](a, "TimeDateRes")
	local := time.Unix(int64(m.SystemTime), 0).In(zone)
	if int(m.Hour) != local.Hour() || int(m.Day) != local.Day() || int(m.DayOfWeek) != int(local.Weekday()) {
		t.Errorf("%+v is not %v", m, local)
	}
}

func TestQ21_TolerantAlarms(t *testing.T) {
	for _, test := range []struct{ text, name, load, last, message string }{
		{"25: Name=SEP001122334455 Load=SCCP41.8-5-3S Last=TCP-timeout", "SEP001122334455", "SCCP41.8-5-3S", "TCP-timeout", ""},
		{"25: Name=SEP001122334455Load=SCCP11.8-4-2S Last=KeepaliveTO", "SEP001122334455", "SCCP11.8-4-2S", "KeepaliveTO", ""},
		{"Name=SEP001122334455", "SEP001122334455", "", "", ""},
		{"\x00\xff\x1b[31m", "", "", "", ""},
		{"3: Name=SEP1 Load=x unknown msg ID=143", "SEP1", "x", "", "0x143"},
		{"", "", "", "", ""},
	} {
		a := parseAlarm(test.text)
		if a.name != test.name || a.load != test.load || a.last != test.last || a.message != test.message {
			t.Errorf("%q: %+v", test.text, a)
		}
	}
	x := parseXMLAlarm(`<x-cisco-alarm><Alarm Name="LastOutOfServiceInformation"><ParameterList><String name="DeviceName">SEP001122334455</String>` +
		`<Enum name="ReasonForOutOfService">12</Enum><String name="ActiveLoadId">SCCP42.9</String>`)
	if x.name != "SEP001122334455" || x.last != "12" || x.load != "SCCP42.9" {
		t.Errorf("%+v", x)
	}
}

func FuzzAlarm(f *testing.F) {
	f.Add("25: Name=SEP001122334455 Load=SCCP41.8-5-3S Last=TCP-timeout")
	f.Add(`<String name="DeviceName">SEP001122334455</String>`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range []alarmText{parseAlarm(text), parseXMLAlarm(text)} {
			for _, v := range []string{a.name, a.load, a.last, a.message} {
				if strings.ContainsAny(v, "\x00\n\x1b") || len(v) > 400 {
					t.Errorf("%q", v)
				}
			}
		}
	})
}

// A phone that saves power leaves: no alarm.
func TestQ22_PowerSave(t *testing.T) {
	s := newSite(t)
	s.dir.add("SEP000000000001", "7942", "1001")
	a := s.connect()
	a.register("SEP000000000001", sccp.Device7942, 17)
	a.send(&sccp.UnregisterReq{Reason: sccp.UnregisterPowerSave})
	if m := expect[*sccp.UnregisterAck](a, "UnregisterAck"); m.Status != sccp.UnregisterOK {
		t.Errorf("%v", m.Status)
	}
	a.conn.Close()
	s.eventually("the connection gone", func() bool { return s.srv.Figures().Connections == 0 })
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.events) != 0 {
		t.Errorf("events: %v", s.events)
	}
}

// Dial tone comes at once although the phone has not acknowledged its media yet.
func TestQ23_DialToneDoesNotWait(t *testing.T) {
	s := newSite(t)
	s.dir.add(s.mac(1), "7942", "1001")
	s.dir.add(s.mac(2), "7961", "1002")
	p := s.start(s.mac(1), "7942", func(c *phone.Config) { c.Habits.AckDelay = 8 * time.Second })
	peer := s.start(s.mac(2), "7961")
	s.must(peer.Dial(s.ctx, "1001"), peer)
	s.in(p, phone.RingingIn)
	s.must(p.Answer(), p)
	s.in(p, phone.Connected)
	s.must(p.Hangup(), p)
	s.until(p, "idle", func(st *phone.State) bool { return len(st.Calls) == 0 })
	began := time.Now()
	s.must(p.NewCall(), p)
	s.until(p, "dial tone", func(st *phone.State) bool { return st.Tone == "InsideDial" })
	if d := time.Since(began); d > 3*time.Second {
		t.Errorf("dial tone after %v", d)
	}
	s.must(p.Hangup(), p)
	s.idle(p, peer)
}

// Token first, all digits at once, version 8.
func TestQ24_SPA(t *testing.T) {
	s, p, peer := pair(t, "SPA525")
	if v := p.State().Version; v != 8 {
		t.Errorf("version %d", v)
	}
	s.must(p.DialEnBloc("1002"), p)
	s.in(peer, phone.RingingIn)
	s.must(peer.Answer(), peer)
	s.audible(p, peer)
	s.must(p.Hangup(), p)
	s.idle(p, peer)
}

// It boots in the middle of a call: the far end's call ends once when it is back without its stream.
func TestQ25_RebootsInACall(t *testing.T) {
	s, p, peer := pair(t, "SPA525")
	s.talk(peer, p, "1001")
	p.Vanish()
	s.must(p.Start(s.ctx), p)
	s.idle(p, peer)
	if n := len(factsOf[signal.Ended](s)); n != 1 {
		t.Errorf("%d records", n)
	}
}

func TestQ26_VersionZero(t *testing.T) {
	s, p, peer := pair(t, "VG248")
	if v := p.State().Version; v != 3 {
		t.Errorf("version %d", v)
	}
	s.talk(peer, p, "1001")
	s.must(p.Hangup(), p)
	s.idle(p, peer)
}

func TestQ27_StutterTone(t *testing.T) {
	s, p, _ := pair(t, "ATA186")
	s.dir.info("1001", func(i *line.Info) { i.Messages = 1 })
	s.x.Refresh(signal.LineRef{Number: "1001"})
	s.eventually("the message known", func() bool {
		st := s.srv.known(p.Name())
		st.lock()
		defer st.unlock()
		return st.lines[0].messages == 1
	})
	s.must(p.LiftHandset(), p)
	s.until(p, "the stutter tone", func(st *phone.State) bool { return st.Tone == sccp.TonePartialDial.String() })
	s.must(p.ReplaceHandset(), p)
	s.idle(p)
}

func TestQ28_AddressRewritten(t *testing.T) {
	s := newSite(t)
	s.dir.add("SEP000000000001", "7960", "1001")
	a := s.connect()
	a.register("SEP000000000001", sccp.Device7960, 5, func(r *sccp.Register) { r.IP = netip.MustParseAddr("10.9.8.7") })
	f := s.event(fault.SCCPAddressRewritten)
	if f == nil || !strings.Contains(f.Message, "10.9.8.7") {
		t.Fatalf("%v", f)
	}
}

// A handset beside its phone: tone and event after a while, and the line takes calls.
func TestQ29_OffHookTooLong(t *testing.T) {
	s, p, peer := pair(t, "7960", func(p *Parameters) { p.OffHook = 100 * time.Millisecond })
	s.dir.limits.FirstDigit = 50 * time.Millisecond
	s.must(p.LiftHandset(), p)
	s.until(p, "the receiver-off-hook tone", func(st *phone.State) bool { return st.Tone == sccp.ToneReceiverOffHook.String() && len(st.Calls) == 0 })
	s.eventually("an event", func() bool { return s.event(fault.SCCPOffHookTooLong) != nil })
	s.must(peer.Dial(s.ctx, "1001"), peer)
	s.in(p, phone.RingingIn)
	s.must(p.Answer(), p)
	s.audible(p, peer)
	s.must(p.ReplaceHandset(), p)
	s.idle(p, peer)
}
