package sccpstation

import (
	"context"
	"strings"
	"testing"
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/phone"
	"tandem/phone/audio"
	"tandem/registration"
	"tandem/wire/sccp"
)

// The server is killed: an idle phone is at the backup at once; a call keeps its audio in both directions, its phones show
// that nothing else works, and come to the backup idle when it ends.
func TestT13_ServerKilled(t *testing.T) {
	h := newHomes(t, 2, nil)
	sound := func(n int) func(*phone.Config) {
		return func(c *phone.Config) { c.Habits.NoMedia, c.Sound = false, audio.Sound{Tone: audio.IdentityTone(n)} }
	}
	h.add("SEP000000000001", "7975", "1001")
	h.add("SEP000000000002", "7960", "1002")
	h.add("SEP000000000003", "7960", "1003")
	a, b, idle := h.phone("SEP000000000001", "7975", sound(1)), h.phone("SEP000000000002", "7960", sound(2)), h.phone("SEP000000000003", "7960")
	s := h.sites[0]
	for _, p := range []*phone.Phone{a, b, idle} {
		s.must(p.Start(s.ctx), p)
		h.spare(p, 1)
	}
	s.talk(a, b, "1002")
	s.must(a.WaitHears(s.ctx, audio.IdentityTone(2), 100*time.Millisecond), a)
	began := time.Now()
	h.lines[0].sever()
	s.srv.Close()
	h.at(idle, 1)
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("the backup had the phones after %v, 5 s are right", took)
	}
	for i, p := range []*phone.Phone{a, b} {
		s.until(p, "the call without a server", func(st *phone.State) bool {
			return st.FeaturesOff && st.Call(phone.Connected) != nil && strings.Contains(st.Prompt, "Features Disabled")
		})
		heard := p.State().Calls[0].Media().Received
		s.must(p.WaitHears(s.ctx, audio.IdentityTone(2-i), 300*time.Millisecond), p)
		s.until(p, "audio that goes on", func(st *phone.State) bool { return st.Calls[0].Media().Received > heard+10 })
		if err := p.Hold(); err == nil || !strings.Contains(err.Error(), "features are disabled") {
			t.Errorf("%s: Hold without a server: %v", p.Name(), err)
		}
	}
	if n := len(h.sites[1].srv.Phones()); n != 1 {
		t.Errorf("%d phones are at the backup while two talk", n)
	}
	s.must(a.Hangup(), a)
	h.at(a, 1)
	if st := b.State(); st.Registration == phone.Registered || len(st.Calls) != 1 {
		t.Errorf("the other end: %s", b.Summary())
	}
	s.must(b.Hangup(), b)
	h.at(b, 1)
	// Each can call again at the backup, and no ghost is left there.
	h.sites[1].talk(a, b, "1002")
	s.must(b.Hangup(), b)
	h.sites[1].idle(a, b, idle)
}

// A call that rings or is being dialled when the server dies ends at both phones at once; they are idle at the backup, and a
// redial works.
func TestR46_RingingCallEndsWithItsServer(t *testing.T) {
	h := newHomes(t, 2, nil)
	h.add("SEP000000000001", "7975", "1001")
	h.add("SEP000000000002", "7960", "1002")
	h.add("SEP000000000003", "7960", "1003")
	caller, ringing, dialling := h.phone("SEP000000000001", "7975"), h.phone("SEP000000000002", "7960"), h.phone("SEP000000000003", "7960")
	s := h.sites[0]
	for _, p := range []*phone.Phone{caller, ringing, dialling} {
		s.must(p.Start(s.ctx), p)
		h.spare(p, 1)
	}
	s.must(caller.Dial(s.ctx, "1002"), caller)
	s.in(ringing, phone.RingingIn)
	s.in(caller, phone.RingingOut)
	s.must(dialling.NewCall(), dialling)
	s.in(dialling, phone.OffHook)
	h.lines[0].sever()
	for _, p := range []*phone.Phone{caller, ringing, dialling} {
		h.at(p, 1)
		if st := p.State(); len(st.Calls) != 0 || st.Ringer != "off" || st.Tone != "" {
			t.Errorf("%s came with %s", p.Name(), p.Summary())
		}
	}
	h.sites[1].talk(caller, ringing, "1002")
	s.must(caller.Hangup(), caller)
	h.sites[1].idle(caller, ringing, dialling)
}

// The server hangs: three intervals of keep-alives later the phones are at the backup, without it knowing of them for longer
// than it hangs.
func TestT14_ServerHangs(t *testing.T) {
	h := newHomes(t, 2, nil)
	quick := func(c *phone.Config) { c.Habits.KeepAlive = 300 * time.Millisecond }
	h.add("SEP000000000001", "7975", "1001")
	h.add("SEP000000000002", "7960", "1002")
	a, b := h.phone("SEP000000000001", "7975", quick), h.phone("SEP000000000002", "7960", quick)
	s := h.sites[0]
	for _, p := range []*phone.Phone{a, b} {
		s.must(p.Start(s.ctx), p)
		h.spare(p, 1)
	}
	h.lines[0].freeze()
	for _, p := range []*phone.Phone{a, b} {
		s.until(p, "the backup", func(st *phone.State) bool {
			return st.Registration == phone.Registered && st.Server == h.lines[1].address
		})
	}
	if n := s.x.Figures().Registered; n != 2 {
		t.Errorf("the server that hangs knows %d phones", n)
	}
	h.lines[0].thaw()
	h.at(a, 1)
	h.at(b, 1)
	h.sites[1].talk(a, b, "1002")
	s.must(a.Hangup(), a)
	h.sites[1].idle(a, b)
}

// The primary returns: phones come back after the monitor time, one after the other, and none during a call.
func TestT15_PrimaryReturns(t *testing.T) {
	const phones, rate, monitor = 50, 10, 500 * time.Millisecond
	h := newHomes(t, 2, nil, func(p *Parameters) { p.FallbackRate = rate })
	s, backup := h.sites[0], h.sites[1]
	h.lines[0].sever()
	var all []*phone.Phone
	for i := range phones {
		h.add(s.mac(i+1), "7975", "1"+digits(i))
		p := h.phone(s.mac(i+1), "7975", func(c *phone.Config) { c.Monitor = monitor })
		s.must(p.Start(s.ctx), p)
		all = append(all, p)
	}
	for _, p := range all {
		h.at(p, 1)
	}
	backup.talk(all[0], all[1], "1001")
	began := time.Now()
	h.lines[0].connect(s.address)
	s.eventually("the first comes back", func() bool { return s.x.Figures().Registered > 0 })
	if took := time.Since(began); took < monitor {
		t.Errorf("the first came back after %v", took)
	}
	first := time.Now()
	for _, p := range all[2:] {
		h.at(p, 0)
	}
	if spread := time.Since(first); spread < 3*time.Second {
		t.Errorf("%d phones came back within %v, at a rate of %d", phones-2, spread, rate)
	}
	if s.srv.Figures().Held == 0 {
		t.Error("nobody was told to wait")
	}
	for _, p := range all[:2] {
		if st := p.State(); st.Server != h.lines[1].address || st.Call(phone.Connected) == nil {
			t.Errorf("%s left its server in a call: %s", p.Name(), p.Summary())
		}
	}
	backup.must(all[0].Hangup(), all[0])
	h.at(all[0], 0)
	h.at(all[1], 0)
	if n := len(backup.srv.Phones()); n != 0 {
		t.Errorf("%d phones are left at the backup", n)
	}
	backup.idle()
	if n := len(factsOf[signal.Ended](backup)); n != 1 {
		t.Errorf("%d records of one call", n)
	}
}

// 2:1 redundancy: one server is the backup of two others; it is all a matter of groups (callmanager-4x.md A.6).
func TestOneBackupForTwoPrimaries(t *testing.T) {
	groups := map[string][]string{"SEP000000000001": {"cm1", "cm3"}, "SEP000000000002": {"cm2", "cm3"}, "SEP000000000003": {"cm3"}}
	h := newHomes(t, 3, func(device string) []string { return groups[device] })
	h.add("SEP000000000001", "7975", "1001")
	h.add("SEP000000000002", "7960", "1002")
	h.add("SEP000000000003", "7960", "1003")
	s := h.sites[0]
	var all []*phone.Phone
	for i, first := range []int{0, 1, 2} {
		name := s.mac(i + 1)
		p := h.phone(name, "7960", func(c *phone.Config) {
			c.Servers = []string{h.lines[first].address, h.lines[2].address}[:len(groups[name])]
		})
		s.must(p.Start(s.ctx), p)
		h.at(p, first)
		all = append(all, p)
	}
	h.lines[0].sever()
	h.at(all[0], 2)
	h.at(all[1], 1)
	h.lines[1].sever()
	h.at(all[1], 2)
	h.at(all[2], 2)
	h.sites[2].talk(all[0], all[1], "1002")
	s.must(all[0].Hangup(), all[0])
	h.sites[2].idle(all...)
}

// C-190: a server that is full refuses with a line in the phone's story, and the phone goes to its next server; heavier
// devices take more.
func TestFullServerSendsPhonesOn(t *testing.T) {
	h := newHomes(t, 2, nil)
	account := registration.NewSharedRoom(func() int { return 3 })
	h.sites[0].srv.Capacity = account
	s := h.sites[0]
	for i, weight := range []int{1, 3, 2} {
		name := s.mac(i + 1)
		h.add(name, "7960", "100"+string(rune('1'+i)))
		s.dir.devices[name].Product.DeviceWeight = weight
	}
	light, heavy, middle := h.phone(s.mac(1), "7960"), h.phone(s.mac(2), "7960"), h.phone(s.mac(3), "7960")
	for i, p := range []*phone.Phone{light, heavy, middle} {
		s.must(p.Start(s.ctx), p)
		h.at(p, []int{0, 1, 0}[i])
	}
	if used, _ := account.Used(); used != 3 {
		t.Errorf("%d units are used", used)
	}
	if story := s.story(heavy.Name()); !strings.Contains(story, string(fault.ServerCapacityReached)) {
		t.Errorf("its story: %s", story)
	}
	// It does not come back while there is no room, and does when there is.
	light.Stop()
	middle.Stop()
	s.eventually("an empty account", func() bool { used, _ := account.Used(); return used == 0 })
}

// What a token depends on.
func TestTokens(t *testing.T) {
	group := []string{"cm1", "cm2"}
	where := ""
	s := newSiteWith(t, func(o *Options) {
		o.Name = "cm2"
		o.Servers = func(string) (list []ServerEntry) {
			for _, n := range group {
				list = append(list, ServerEntry{Name: n})
			}
			return list
		}
		o.Where = func(string) (string, bool) { return where, where != "" }
	})
	s.dir.add("SEP000000000001", "7960", "1001")
	account := registration.NewSharedRoom(func() int { return 10 })
	s.srv.Capacity = account
	for _, c := range []struct {
		name    string
		prepare func()
		device  string
		wait    time.Duration // 0: it may come; negative: any
		code    fault.Code
	}{
		{"registered nowhere", func() {}, "SEP000000000001", 0, ""},
		{"registered at a server outside the group", func() { where = "cm9" }, "SEP000000000001", 0, ""},
		{"registered at the better server", func() { where = "cm1" }, "SEP000000000001", 30 * time.Second, fault.RegistrationPaced},
		{"registered behind this server", func() { group = []string{"cm2", "cm1"} }, "SEP000000000001", 0, ""},
		{"not configured: auto-registration decides", func() { where = "" }, "SEP000000000009", 0, ""},
		{"no name", func() {}, "no name", 30 * time.Second, fault.SCCPFrameInvalid},
		{"another server's phone", func() { group = []string{"cm7", "cm8"} }, "SEP000000000001", strangerWait, fault.ServerNotInGroup},
		{"a full server", func() { group = nil; account.Enter("others", 10) }, "SEP000000000001", 30 * time.Second, fault.ServerCapacityReached},
		{"many at once", func() {
			account.Leave("others")
			for i := range fallbackBurst + 1 {
				p := s.parameters()
				s.dir.add(portName(i), "VG248", "3"+digits(i))
				s.srv.mayCome(portName(i), &p)
			}
		}, "SEP000000000001", -1, fault.RegistrationPaced},
		{"too many registrations under way", func() { s.tune(func(p *Parameters) { p.RegistrationsAtOnce = 0 }) }, "SEP000000000001", 30 * time.Second, fault.RegistrationPaced},
	} {
		c.prepare()
		p := s.parameters()
		got := s.srv.mayCome(c.device, &p)
		if (got.wait != c.wait && (c.wait >= 0 || got.wait <= 0)) || got.code != c.code {
			t.Errorf("%s: wait %v because %q (%s), want %v %s", c.name, got.wait, got.why, got.code, c.wait, c.code)
		}
	}
	// Registered here: always, whatever else is so.
	s.tune(func(p *Parameters) { p.RegistrationsAtOnce = 100 })
	r := s.connect()
	r.register("SEP000000000001", sccp.Device7960, 5)
	group, where = []string{"cm7"}, "cm1"
	p := s.parameters()
	if got := s.srv.mayCome("SEP000000000001", &p); got.wait != 0 {
		t.Errorf("registered here, and told to wait %v: %s", got.wait, got.why)
	}
}

// A spare connection: keep-alives are answered and nothing else happens, for as long as it likes; then a phone registers on it.
func TestStandbyConnectionIsTakenAndGivenBack(t *testing.T) {
	s := newSite(t, func(p *Parameters) { p.RegisterWithin, p.StandbyKeepAlive = 200*time.Millisecond, time.Minute })
	s.dir.add("SEP000000000001", "7960", "1001")
	r := s.connect()
	r.send(&sccp.KeepAlive{})
	expect[*sccp.KeepAliveAck](r, "KeepAliveAck")
	s.eventually("a standby connection", func() bool { f := s.srv.Figures(); return f.Standby == 1 && f.Registered == 0 })
	if r.ended(600 * time.Millisecond) {
		t.Fatal("the spare connection was closed")
	}
	r.register("SEP000000000001", sccp.Device7960, 5)
	s.eventually("no standby connection", func() bool { f := s.srv.Figures(); return f.Standby == 0 && f.Registered == 1 })
	// A phone that goes back to a better server keeps this one as its spare.
	r.send(&sccp.UnregisterReq{})
	if m := expect[*sccp.UnregisterAck](r, "UnregisterAck"); m.Status != sccp.UnregisterOK {
		t.Fatalf("unregistering: %v", m.Status)
	}
	r.send(&sccp.KeepAlive{})
	expect[*sccp.KeepAliveAck](r, "KeepAliveAck")
	s.eventually("a standby connection again", func() bool { return s.srv.Figures().Standby == 1 })
	r.conn.Close()
	s.eventually("nothing left", func() bool { f := s.srv.Figures(); return f.Standby == 0 && f.Connections == 0 })
}

// T-12: registrations beyond the rate wait their turn; what would wait too long is refused and comes again.
func TestT12_RegistrationsTakeTurns(t *testing.T) {
	s := newSite(t, func(p *Parameters) { p.RegistrationRate, p.RegistrationWait = 20, time.Minute })
	began := time.Now()
	registerAll(s, 60, sccp.DeviceAnalogPhone, 0)
	if took := time.Since(began); took < 1500*time.Millisecond {
		t.Errorf("60 phones were registered in %v, 20 a second are allowed", took)
	}
	if s.srv.Figures().Delayed == 0 {
		t.Error("nobody waited")
	}
	s.tune(func(p *Parameters) { p.RegistrationWait = 0 })
	s.dir.add("SEP000000000001", "7960", "1001")
	ctx, cancel := context.WithTimeout(s.ctx, 50*time.Second)
	defer cancel()
	p := s.make("SEP000000000001", "7960", func(c *phone.Config) { c.Retry = 20 * time.Millisecond })
	for i := range 25 { // use up what is there
		s.dir.add(portName(100+i), "VG248", "4"+digits(i))
		s.connect().send(&sccp.Register{Name: portName(100 + i), DeviceType: sccp.DeviceAnalogPhone})
	}
	s.must(p.Start(ctx), p)
}
