package sccpstation

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/call/line"
	"tandem/call/signal"
	"tandem/fault"
	"tandem/phone"
	"tandem/registration"
	"tandem/wire/sccp"
)

// The second call is answered and ended, the first resumed: on each protocol version, ended by each side and way.
func TestR09_FirstCallResumedAfterTheSecond(t *testing.T) {
	for _, model := range []string{"7910", "7960", "SPA525", "7940", "6961", "7941"} {
		t.Run(model, func(t *testing.T) {
			s := newSite(t)
			s.dir.add(s.mac(1), model, "100")
			s.dir.add(s.mac(2), "7960", "200")
			s.dir.add(s.mac(3), "7975", "101")
			p, outside, inside := s.start(s.mac(1), model), s.start(s.mac(2), "7960"), s.start(s.mac(3), "7975")
			for way := range 4 {
				s.must(outside.Dial(s.ctx, "100"), outside)
				s.in(p, phone.RingingIn)
				s.must(p.Answer(), p)
				s.audible(p, outside)
				s.must(inside.Dial(s.ctx, "100"), inside)
				s.in(p, phone.RingingIn)
				if phone.Profiles[model].SoftKeys {
					s.must(p.Answer(), p)
				} else {
					s.must(p.LineKey(1), p)
				}
				s.until(p, "one held, one connected", func(st *phone.State) bool { return st.Call(phone.OnHold) != nil && st.Call(phone.Connected) != nil })
				s.audible(p, inside)
				if way%2 == 0 {
					s.must(inside.Hangup(), inside)
				} else {
					s.must(p.Hangup(), p)
				}
				s.until(p, "the first alone", func(st *phone.State) bool { return len(st.Calls) == 1 && st.Calls[0].State == phone.OnHold })
				began := time.Now()
				s.must(p.Resume(), p)
				if way == 3 { // the caller hangs up at the same moment
					s.must(outside.Hangup(), outside)
				} else {
					s.audible(p, outside)
					if d := time.Since(began); d > 5*time.Second { // five times the figure
						t.Errorf("audio after %v", d)
					}
					s.must(outside.Hangup(), outside)
				}
				s.until(p, "no call", func(st *phone.State) bool { return len(st.Calls) == 0 })
				if p.State().OffHook {
					s.must(p.ReplaceHandset(), p)
				}
				s.idle(p, outside, inside)
			}
		})
	}
}

// (a) The target of a blind transfer answers in every way, and sees who really calls.
func TestR10_TargetAnswersInEveryWay(t *testing.T) {
	s, a, b, c := trio(t)
	for name, answer := range map[string]func() error{"handset": c.LiftHandset, "speaker": c.Speaker, "key": func() error { return c.LineKey(1) }, "soft key": c.Answer} {
		s.talk(a, b, "1002")
		s.must(b.BlindTransfer(s.ctx, "1003"), b)
		s.until(b, "idle", func(st *phone.State) bool { return len(st.Calls) == 0 })
		s.until(c, "the real caller", func(st *phone.State) bool { return len(st.Calls) == 1 && st.Calls[0].Remote.Number == "1001" })
		s.must(answer(), c)
		s.audible(a, c)
		if st := c.State(); st.OffHook {
			s.must(c.ReplaceHandset(), c)
		} else {
			s.must(c.Hangup(), c)
		}
		s.idle(a, b, c)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// (b) The transferor's connection is lost in the middle of the consultation: nothing is left.
func TestR10_TransferorIsLost(t *testing.T) {
	s, a, b, c := trio(t)
	s.dir.limits.Preservation = 300 * time.Millisecond
	s.talk(a, b, "1002")
	s.must(b.StartTransfer(s.ctx, "1003"), b)
	s.in(c, phone.RingingIn)
	b.Vanish()
	s.srv.Disconnect(b.Name())
	s.until(c, "no call", func(st *phone.State) bool { return len(st.Calls) == 0 })
	s.idle(a, c)
}

// (c) Whatever ends the consultation, the held call is there with Resume as its first key.
func TestR10_HeldCallComesBack(t *testing.T) {
	s, a, b, c := trio(t)
	s.dir.limits.Alerting = 300 * time.Millisecond
	for name, end := range map[string]func(){
		"end call":  func() { s.must(b.Hangup(), b) },
		"rejected":  func() { s.must(c.ForceSoftKey("EndCall", ""), c) },
		"no answer": func() { s.in(b, phone.Congested, phone.Busy); s.must(b.Hangup(), b) },
		"answered, then hung up": func() {
			s.must(c.Answer(), c)
			s.until(b, "the consultation", func(st *phone.State) bool { return st.Call(phone.Connected) != nil })
			s.must(c.Hangup(), c)
		},
	} {
		s.talk(a, b, "1002")
		s.must(b.StartTransfer(s.ctx, "1003"), b)
		s.in(c, phone.RingingIn)
		s.in(b, phone.RingingOut)
		end()
		if name == "rejected" {
			s.in(b, phone.Busy, phone.Congested)
			s.must(b.Hangup(), b)
		}
		s.until(b, "the held call", func(st *phone.State) bool {
			return len(st.Calls) == 1 && st.Calls[0].State == phone.OnHold && len(st.SoftKeys) > 0 && st.SoftKeys[0] == "Resume"
		})
		s.must(b.Resume(), b)
		s.audible(a, b)
		s.must(a.Hangup(), a)
		s.idle(a, b, c)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// (b) Acknowledgements without the fields that some phones leave out find their call.
func TestR11_AcknowledgementsWithFieldsMissing(t *testing.T) {
	for name, habits := range map[string]phone.Habits{
		"no party": {NoMedia: true, AckWithoutParty: true}, "no call": {NoMedia: true, AckWithoutCall: true},
		"neither": {NoMedia: true, AckWithoutParty: true, AckWithoutCall: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.dir.add(s.mac(1), "6901", "1001")
			s.dir.add(s.mac(2), "7960", "1002")
			odd := func(c *phone.Config) { c.Habits = habits }
			a, b := s.start(s.mac(1), "6901", odd), s.start(s.mac(2), "7960", odd)
			for range 2 {
				s.talk(a, b, "1002")
				s.must(a.Hangup(), a)
				s.idle(a, b)
			}
		})
	}
}

// (c) For two parties who can each hold: every order of hold, hold, resume, resume ends with audio both ways.
func TestR11_EveryOrderOfHoldAndResume(t *testing.T) {
	s, a, b, _ := trio(t)
	s.talk(a, b, "1002")
	holds := func(p *phone.Phone) { s.must(p.Hold(), p); s.in(p, phone.OnHold) }
	resumes := func(p *phone.Phone) { s.must(p.Resume(), p); s.in(p, phone.Connected) }
	for _, first := range []*phone.Phone{a, b} {
		for _, second := range []*phone.Phone{a, b} {
			for _, third := range []*phone.Phone{a, b} {
				for _, wait := range []bool{false, true} {
					other := func(p *phone.Phone) *phone.Phone {
						if p == a {
							return b
						}
						return a
					}
					holds(first)
					if wait {
						s.eventually("the hold settled", func() bool { return s.settled(a) && s.settled(b) })
					}
					if second != first {
						holds(second)
						resumes(third)
						if wait {
							s.eventually("it settled", func() bool { return s.settled(a) && s.settled(b) })
						}
						resumes(other(third))
					} else {
						resumes(first)
						holds(third)
						resumes(third)
					}
					s.audible(a, b)
				}
			}
		}
	}
	s.must(a.Hangup(), a)
	s.idle(a, b)
}

// Both press at the same time, again and again.
func TestR11_HoldAndResumeAtOnce(t *testing.T) {
	s, a, b, _ := trio(t)
	s.talk(a, b, "1002")
	for range 40 {
		var both sync.WaitGroup
		for _, p := range []*phone.Phone{a, b} {
			both.Go(func() { _ = p.Hold() })
		}
		both.Wait()
		s.in(a, phone.OnHold)
		s.in(b, phone.OnHold)
		for _, p := range []*phone.Phone{a, b} {
			both.Go(func() { _ = p.Resume() })
		}
		both.Wait()
		s.in(a, phone.Connected)
		s.in(b, phone.Connected)
		s.audible(a, b)
	}
	s.must(a.Hangup(), a)
	s.idle(a, b)
}

// settled says that no offer of the phone is out.
func (s *site) settled(p *phone.Phone) bool {
	st := s.srv.known(p.Name())
	st.lock()
	defer st.unlock()
	for _, c := range st.calls {
		if c.media.offering || c.media.again || c.media.purpose != forNothing || c.media.rx == opening {
			return false
		}
	}
	return true
}

// EndCall is idle within 200 ms whatever is outstanding; missing, double and late acknowledgements cost their stream at most.
func TestR13_NobodyWaitsForAcknowledgements(t *testing.T) {
	for name, habits := range map[string]phone.Habits{
		"none": {NoMedia: true, NoAcks: true}, "twice": {NoMedia: true, DoubleAcks: true}, "late": {NoMedia: true, AckDelay: 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, func(p *Parameters) { p.MediaWait = 1500 * time.Millisecond })
			s.dir.add(s.mac(1), "7975", "1001")
			s.dir.add(s.mac(2), "7960", "1002")
			odd := s.start(s.mac(1), "7975", func(c *phone.Config) { c.Habits = habits })
			b := s.start(s.mac(2), "7960")
			for range 3 {
				s.must(b.Dial(s.ctx, "1001"), b)
				s.in(odd, phone.RingingIn)
				s.must(odd.Answer(), odd)
				s.in(odd, phone.Connected)
				began := time.Now()
				if err := odd.Hangup(); err == nil {
					s.until(odd, "idle", func(st *phone.State) bool { return len(st.Calls) == 0 })
					if d := time.Since(began); d > time.Second { // five times the figure, and less than anything outstanding takes
						t.Errorf("EndCall took %v", d)
					}
				}
				s.until(b, "no call", func(st *phone.State) bool { return len(st.Calls) == 0 })
				s.idle(odd, b)
			}
			if name == "none" {
				s.must(b.Dial(s.ctx, "1001"), b)
				s.in(odd, phone.RingingIn)
				s.must(odd.Answer(), odd)
				s.eventually("it counted", func() bool { return s.srv.Figures().MissingAnswer["7975"] > 0 })
				s.idle(odd, b)
			}
		})
	}
}

// (a) Rejecting ends this appearance's ringing at once, and the caller hears it.
func TestR14_RejectWhileRinging(t *testing.T) {
	s, a, b, _ := trio(t)
	s.must(a.Dial(s.ctx, "1002"), a)
	c := s.in(b, phone.RingingIn)
	s.must(b.ForceSoftKey("EndCall", c.ID), b)
	s.until(b, "idle", func(st *phone.State) bool { return len(st.Calls) == 0 && st.Ringer == "off" })
	s.in(a, phone.Congested, phone.Busy)
	s.must(a.Hangup(), a)
	s.idle(a, b)
	for _, r := range factsOf[signal.Ended](s) {
		if r.Record.Orig.Cause != signal.CauseCallRejected && r.Record.Dest.Cause != signal.CauseCallRejected {
			t.Errorf("causes %v, %v", r.Record.Orig.Cause, r.Record.Dest.Cause)
		}
	}
}

// (b) Redial, then EndCall at once: the far phone does not ring on.
func TestR14_EndCallStraightAfterRedial(t *testing.T) {
	s, a, b, _ := trio(t)
	s.must(a.Dial(s.ctx, "1002"), a)
	s.in(a, phone.RingingOut)
	s.must(a.Hangup(), a)
	s.idle(a, b)
	for range 50 {
		s.must(a.SoftKey("Redial"), a)
		s.in(a, phone.OffHook, phone.Proceeding, phone.RingingOut)
		s.must(a.ForceSoftKey("EndCall", ""), a)
		s.idle(a, b)
	}
}

// Every request of registration is answered in every version, with nothing configured as well.
func TestR15_EveryQuestionIsAnswered(t *testing.T) {
	for _, v := range []sccp.Version{0, 3, 5, 6, 7, 8, 10, 11, 15, 16, 17, 22} {
		for _, device := range []sccp.DeviceType{sccp.Device7960, sccp.Device7975} {
			t.Run(fmt.Sprintf("version %d, %v", v, device), func(t *testing.T) {
				s := newSite(t)
				s.dir.add("SEP000000000001", "7975", "1001")
				a := s.connect()
				a.register("SEP000000000001", device, v)
				for _, q := range []struct {
					ask  sccp.Message
					want sccp.MessageID
				}{
					{&sccp.ButtonTemplateReq{}, sccp.IDButtonTemplateRes}, {&sccp.SoftKeyTemplateReq{}, sccp.IDSoftKeyTemplateRes},
					{&sccp.SoftKeySetReq{}, sccp.IDSoftKeySetRes}, {&sccp.ConfigStatReq{}, sccp.IDConfigStatRes},
					{&sccp.LineStatReq{Line: 1}, sccp.IDLineStatRes}, {&sccp.LineStatReq{Line: 9}, sccp.IDLineStatRes},
					{&sccp.LineStatReq{Line: 1 << 31}, sccp.IDLineStatRes}, {&sccp.ForwardStatReq{Line: 1}, sccp.IDForwardStatRes},
					{&sccp.ForwardStatReq{Line: 99}, sccp.IDForwardStatRes}, {&sccp.SpeedDialStatReq{SpeedDial: 1}, sccp.IDSpeedDialStatRes},
					{&sccp.SpeedDialStatReq{SpeedDial: 199}, sccp.IDSpeedDialStatRes}, {&sccp.FeatureStatReq{Index: 1}, sccp.IDFeatureStatRes},
					{&sccp.ServiceURLStatReq{Index: 1}, sccp.IDServiceURLStatRes}, {&sccp.VersionReq{}, sccp.IDVersionRes},
					{&sccp.ServerReq{}, sccp.IDServerRes}, {&sccp.TimeDateReq{}, sccp.IDTimeDateRes},
				} {
					a.send(q.ask)
					found := false
					for end := time.Now().Add(2 * time.Second); !found && time.Now().Before(end); {
						m := a.next(time.Until(end))
						if m == nil {
							break
						}
						found = m.ID() == q.want
					}
					if !found {
						t.Errorf("%v stays without an answer", q.ask.ID())
					}
				}
			})
		}
	}
}

// An alarm that names one of our messages becomes an event with device, load and id.
func TestR15_AlarmAboutOurMessage(t *testing.T) {
	s := newSite(t)
	a := s.connect()
	a.send(&sccp.Alarm{Text: "14: Name=SEP000000000001 Load=SCCP11.8-4-2S invalid message id 9a"})
	s.eventually("an event", func() bool { return s.event(fault.SCCPMessageRefused) != nil })
	if f := s.event(fault.SCCPMessageRefused); !strings.Contains(f.Message, "0x9a") || !strings.Contains(f.Message, "8-4-2S") {
		t.Errorf("%s", f.Message)
	}
}

// References and call numbers come back to small numbers; near every power of two each model takes them.
func TestR16_CountersNearTheirLimits(t *testing.T) {
	s, a, b, c := trio(t)
	for _, near := range []uint32{1 << 8, 1 << 16, 1 << 24, 1<<31 - 1, 1<<32 - 3} {
		for _, p := range []*phone.Phone{a, b, c} {
			st := s.srv.known(p.Name())
			st.lock()
			st.nextRef, st.party = near-2, near-3
			st.unlock()
		}
		for range 3 {
			s.talk(a, b, "1002")
			if n := s.in(a, phone.Connected).Instance; n != 1 {
				t.Errorf("the only call has number %d", n)
			}
			if ref := s.in(a, phone.Connected).Reference; ref == 0 || ref > maxReference {
				t.Errorf("reference %d", ref)
			}
			s.must(b.BlindTransfer(s.ctx, "1003"), b)
			s.until(b, "idle", func(st *phone.State) bool { return len(st.Calls) == 0 })
			s.until(c, "the real caller", func(st *phone.State) bool { return len(st.Calls) == 1 && st.Calls[0].Remote.Number == "1001" })
			s.must(c.Answer(), c)
			s.audible(a, c)
			s.must(a.Hangup(), a)
			s.idle(a, b, c)
		}
	}
}

// A changed fingerprint restarts that phone only, when idle, once; anything else is shown at once; nothing changed is nothing.
func TestR18_OneChangeOnePhone(t *testing.T) {
	s, a, b, c := trio(t)
	s.talk(a, b, "1002")
	s.dir.change(a.Name(), func(d *registration.Device) {
		d.Fingerprint = 2
		d.Lines = append(d.Lines, registration.Line{Instance: 2, Ref: signal.LineRef{Number: "1009"}, MaxCalls: 4})
	})
	for range 3 {
		s.srv.DeviceChanged(a.Name())
		s.srv.DeviceChanged(c.Name())
	}
	s.audible(a, b) // not during the call
	if a.State().Resets != 0 {
		t.Fatal("restarted in a call")
	}
	s.must(a.Hangup(), a)
	s.until(a, "restart and return", func(st *phone.State) bool {
		return st.Resets == 1 && st.Registration == phone.Registered && len(st.Lines) == 2
	})
	s.dir.change(c.Name(), func(d *registration.Device) { d.Lines[0].Label = "Reception" })
	s.srv.DeviceChanged(c.Name())
	s.until(c, "the label", func(st *phone.State) bool { return st.Lines[0].Label == "Reception" })
	if a.State().Resets != 1 || b.State().Resets != 0 || c.State().Resets != 0 {
		t.Errorf("resets: %d %d %d", a.State().Resets, b.State().Resets, c.State().Resets)
	}
	// A device taken out of the configuration.
	s.dir.mu.Lock()
	delete(s.dir.devices, b.Name())
	s.dir.mu.Unlock()
	s.srv.DeviceChanged(b.Name())
	s.until(b, "rejection", func(st *phone.State) bool { return st.Registration == phone.Rejected })
}

// Text goes out in the page of the phone's locale or in UTF-8; what cannot be shown is replaced, and nothing shifts.
func TestR19_LettersThatAPhoneCanShow(t *testing.T) {
	for _, test := range []struct {
		model, locale, name, want string
	}{
		{"7960", "Russian_Russian_Federation", "Пётр Ёлкин", "Пётр Ёлкин"},
		{"7911", "Russian_Russian_Federation", "Пётр Ёлкин", "Пётр Ёлкин"},
		{"7960", "English_United_States", "Пётр", "????"},
		{"7960", "German_Germany", "Jürgen Weiß", "Jürgen Weiß"},
		{"7975", "English_United_States", "名前 🎧 שלום", "名前 🎧 שלום"},
		{"7940", "Polish_Poland", "Łukasz Żółć", "Łukasz Żółć"},
		{"7960", "English_United_States", strings.Repeat("é", 60), strings.Repeat("é", 39)},
	} {
		t.Run(test.model+" "+test.locale, func(t *testing.T) {
			s := newSite(t)
			s.dir.add(s.mac(1), test.model, "1001")
			s.dir.change(s.mac(1), func(d *registration.Device) {
				d.UserLocale = test.locale
				d.Lines[0].Label, d.Lines[0].Display = test.name, test.name
			})
			a := s.connect()
			profile := phone.Profiles[test.model]
			a.register(s.mac(1), profile.Device, profile.Offer, func(r *sccp.Register) { r.Features = profile.Features })
			a.codec.Charset = sccp.CharsetFor(profile.Features, pageOf(test.locale))
			a.send(&sccp.LineStatReq{Line: 1})
			m := expect[*sccp.LineStatRes](a, "LineStatRes")
			if m.Label != test.want || m.DisplayName != test.want || m.Number != "1001" || m.Options == 0 {
				t.Errorf("shown %q, %q, want %q", m.Label, m.DisplayName, test.want)
			}
		})
	}
}

// Calls that are lost in odd ways leave no count behind: the line is free, the lamp is off.
func TestR20_LineIsFreeAfterOddLosses(t *testing.T) {
	s, a, b, caller, third := shared(t)
	s.dir.limits.Preservation = 200 * time.Millisecond
	s.dir.info("2000", func(i *line.Info) {
		for n := range i.Appearances {
			i.Appearances[n].BusyTrigger, i.Appearances[n].MaxCalls = 2, 2
		}
	})
	for round := range 8 {
		s.must(caller.Dial(s.ctx, "2000"), caller)
		s.in(a, phone.RingingIn)
		s.in(b, phone.RingingIn)
		if round%2 == 1 {
			s.must(a.Answer(), a)
			s.audible(caller, a)
		}
		s.srv.Disconnect(a.Name())
		s.srv.Disconnect(caller.Name())
		if round%2 == 1 { // their audio goes on until somebody hangs up
			for _, p := range []*phone.Phone{a, caller} {
				s.until(p, "a call without a server", func(st *phone.State) bool { return st.FeaturesOff })
				s.must(p.Hangup(), p)
			}
		}
		s.eventually("everything ended", func() bool { return s.x.Figures().HalfCalls == 0 })
		s.until(a, "return", func(st *phone.State) bool { return st.Registration == phone.Registered && len(st.Calls) == 0 })
		s.until(caller, "return", func(st *phone.State) bool { return st.Registration == phone.Registered && len(st.Calls) == 0 })
		s.until(b, "an idle lamp", func(st *phone.State) bool { return st.Lamps["line 1"] == "off" && len(st.Calls) == 0 })
		s.eventually("both registered", func() bool { return s.x.Figures().Registered == 4 })
	}
	s.must(third.Dial(s.ctx, "2000"), third)
	s.in(a, phone.RingingIn)
	s.in(b, phone.RingingIn)
	s.must(third.Hangup(), third)
	s.idle(a, b, third)
}
