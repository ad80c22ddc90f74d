package sccpstation

import (
	"errors"
	"slices"
	"testing"
	"time"

	"tandem/call/line"
	"tandem/call/signal"
	"tandem/phone"
	"tandem/registration"
	"tandem/telephony"
)

// trio is a site with three phones of different generations: 1001 (7960, version 5), 1002 (7975, version 17), 1003 (7940,
// version 11).
func trio(t *testing.T, change ...func(*Parameters)) (s *site, a, b, c *phone.Phone) {
	s = newSite(t, change...)
	for i, model := range []string{"7960", "7975", "7940"} {
		s.dir.add(s.mac(i+1), model, "100"+string(rune('1'+i)))
	}
	return s, s.start(s.mac(1), "7960"), s.start(s.mac(2), "7975"), s.start(s.mac(3), "7940")
}

func TestHoldAndResume(t *testing.T) {
	s, a, b, _ := trio(t)
	s.talk(a, b, "1002")
	for range 3 {
		s.must(a.Hold(), a)
		s.in(a, phone.OnHold)
		s.until(b, "the hold tone", func(st *phone.State) bool { return st.Tone == "Hold" })
		s.must(a.Resume(), a)
		s.in(a, phone.Connected)
		s.audible(a, b)
		s.until(b, "no tone", func(st *phone.State) bool { return st.Tone == "" })
	}
	s.must(b.Hangup(), b)
	s.idle(a, b)
}

func TestOnHookDialling(t *testing.T) {
	s, a, b, _ := trio(t)
	s.dir.change(a.Name(), func(d *registration.Device) {
		d.SpeedDials = []telephony.SpeedDial{{Index: 1, Number: "1002", Label: "Bob"}, {Index: 40, Number: "1002"}}
	})
	s.srv.DeviceChanged(a.Name())
	s.until(a, "the new speed dial", func(st *phone.State) bool {
		return slices.ContainsFunc(st.Buttons, func(b phone.Button) bool { return b.Kind == "speed dial" && b.Number == "1002" })
	})
	for name, press := range map[string]func() error{
		"en bloc":           func() error { return a.DialEnBloc("1002") },
		"speed dial":        func() error { return a.SpeedDial(1) },
		"abbreviated":       func() error { return a.SpeedDial(40) },
		"off-hook en bloc":  func() error { a.LiftHandset(); s.in(a, phone.OffHook); return a.DialEnBloc("1002") },
		"off-hook dial key": func() error { a.LiftHandset(); s.in(a, phone.OffHook); return a.SpeedDial(1) },
	} {
		s.must(press(), a)
		s.in(b, phone.RingingIn)
		c := s.in(a, phone.RingingOut)
		if c.Dialed != "1002" {
			t.Errorf("%s: dialled %q", name, c.Dialed)
		}
		s.must(a.Hangup(), a)
		s.idle(a, b)
	}
	s.must(a.Redial(), a)
	s.in(b, phone.RingingIn)
	s.in(a, phone.RingingOut)
	s.must(a.Hangup(), a)
	s.idle(a, b)
	s.must(a.SpeedDial(7), a)
	s.until(a, "a notice", func(st *phone.State) bool { return st.Notice != "" })
}

func TestBackspace(t *testing.T) {
	s, a, b, _ := trio(t)
	s.must(a.NewCall(), a)
	s.in(a, phone.OffHook)
	s.must(a.Keys("10"), a)
	s.until(a, "<<", func(st *phone.State) bool { return st.Offers("Backspace") })
	s.must(a.SoftKey("Backspace"), a)
	s.must(a.SoftKey("Backspace"), a)
	s.until(a, "dial tone again", func(st *phone.State) bool { return st.Tone == "InsideDial" && !st.Offers("Backspace") })
	s.must(a.Keys("1002"), a)
	s.in(b, phone.RingingIn)
	s.in(a, phone.RingingOut)
	s.must(a.Hangup(), a)
	s.idle(a, b)
}

func TestUnknownAndBusyNumbers(t *testing.T) {
	s, a, b, c := trio(t)
	s.dir.info("1002", func(i *line.Info) { i.Appearances[0].BusyTrigger = 1 })
	s.talk(c, b, "1002")
	s.must(a.Dial(s.ctx, "1002"), a)
	s.in(a, phone.Busy)
	s.must(a.Hangup(), a)
	s.until(a, "idle", func(st *phone.State) bool { return len(st.Calls) == 0 })
	s.must(a.Dial(s.ctx, "5"), a)
	s.in(a, phone.InvalidNumber)
	// Left alone it ends by itself.
	s.until(a, "idle", func(st *phone.State) bool { return len(st.Calls) == 0 })
	s.must(c.Hangup(), c)
	s.idle(a, b, c)
}

func TestCallWaitingAndSeveralCalls(t *testing.T) {
	s, a, b, c := trio(t)
	s.talk(a, b, "1002")
	s.must(c.Dial(s.ctx, "1002"), c)
	s.in(b, phone.RingingIn)
	s.until(b, "the call-waiting tone", func(st *phone.State) bool { return st.Tone == "CallWaiting" })
	s.must(b.Answer(), b)
	s.in(c, phone.Connected)
	s.in(b, phone.OnHold)
	s.audible(b, c)
	if st := b.State(); len(st.Calls) != 2 || st.Calls[0].Instance == st.Calls[1].Instance {
		t.Errorf("calls %+v", st.Calls)
	}
	// The first is taken back, the second is held by that.
	s.must(b.Resume(), b)
	s.until(b, "the first call", func(st *phone.State) bool {
		return st.Calls[0].State == phone.Connected && st.Calls[1].State == phone.OnHold
	})
	s.audible(a, b)
	s.must(a.Hangup(), a)
	s.until(b, "the held call with Resume", func(st *phone.State) bool { return len(st.Calls) == 1 && st.Offers("Resume") })
	s.must(b.Resume(), b)
	s.audible(b, c)
	s.must(b.Hangup(), b)
	s.idle(a, b, c)
}

func TestConsultativeTransfer(t *testing.T) {
	s, a, b, c := trio(t)
	s.talk(a, b, "1002")
	s.must(b.StartTransfer(s.ctx, "1003"), b)
	s.in(c, phone.RingingIn)
	s.must(c.Answer(), c)
	s.until(b, "Transfer offered", func(st *phone.State) bool {
		return st.Active() != nil && st.Active().State == phone.Connected && st.Offers("Transfer")
	})
	s.must(b.Transfer(), b)
	s.until(b, "idle", func(st *phone.State) bool { return len(st.Calls) == 0 })
	s.audible(a, c)
	s.until(a, "the new party", func(st *phone.State) bool { return st.Calls[0].Remote.Number == "1003" })
	s.until(c, "the new party", func(st *phone.State) bool { return st.Calls[0].Remote.Number == "1001" })
	s.must(c.Hangup(), c)
	s.idle(a, b, c)
}

func TestBlindTransferWhileRinging(t *testing.T) {
	s, a, b, c := trio(t)
	s.talk(a, b, "1002")
	s.must(b.BlindTransfer(s.ctx, "1003"), b)
	s.until(b, "idle", func(st *phone.State) bool { return len(st.Calls) == 0 })
	s.until(a, "ringback", func(st *phone.State) bool { return st.Tone == "Alerting" })
	s.until(c, "the new caller", func(st *phone.State) bool { return st.Calls[0].Remote.Number == "1001" })
	s.must(c.LiftHandset(), c)
	s.audible(a, c)
	s.until(a, "silence", func(st *phone.State) bool { return st.Tone == "" })
	s.must(c.ReplaceHandset(), c)
	s.idle(a, b, c)
}

func TestForwardAllByKey(t *testing.T) {
	s, a, b, c := trio(t, func(p *Parameters) { p.CollectWait = 200 * time.Millisecond })
	s.must(b.ForwardAll(s.ctx, "1003"), b)
	s.until(b, "the prompt", func(st *phone.State) bool { return st.Prompt == "Forwarded To 1003" && len(st.Calls) == 0 })
	s.must(a.Dial(s.ctx, "1002"), a)
	s.until(c, "the original called party", func(st *phone.State) bool {
		return len(st.Calls) == 1 && st.Calls[0].State == phone.RingingIn && st.Calls[0].Original.Number == "1002"
	})
	s.must(a.Hangup(), a)
	s.idle(a, c)
	s.must(b.ForwardAll(s.ctx, ""), b)
	s.until(b, "the idle prompt", func(st *phone.State) bool { return st.Prompt == "Your Current Options" })
	// A destination that is not accepted.
	s.dir.mu.Lock()
	s.dir.keepsAll = errors.New("no")
	s.dir.mu.Unlock()
	s.must(b.SoftKey("ForwardAll"), b)
	s.in(b, phone.OffHook)
	s.must(b.Keys("77#"), b)
	s.until(b, "the reorder tone", func(st *phone.State) bool { return st.Tone == "Reorder" && st.Notice != "" })
	s.must(b.Hangup(), b)
	s.idle(b)
}

func TestKeysInACall(t *testing.T) {
	s, a, b, _ := trio(t)
	s.talk(a, b, "1002")
	s.must(a.DTMF("5"), a)
	s.until(b, "the tone of the key", func(st *phone.State) bool { return st.Tone == "DTMF5" })
	s.until(b, "its end", func(st *phone.State) bool { return st.Tone == "" })
	s.must(a.Hangup(), a)
	s.idle(a, b)
}

func TestStatisticsAtTheEnd(t *testing.T) {
	s, a, b, _ := trio(t)
	s.talk(a, b, "1002")
	s.must(a.Hangup(), a)
	s.idle(a, b)
	s.eventually("counters of both", func() bool { return len(factsOf[signal.Diagnostics](s)) == 2 })
	for _, d := range factsOf[signal.Diagnostics](s) {
		if d.Call.IsZero() || d.Half == 0 || d.Line.Number == "" {
			t.Errorf("%+v", d)
		}
	}
}

func TestMessageLamp(t *testing.T) {
	s, a, _, _ := trio(t)
	s.dir.info("1001", func(i *line.Info) { i.Messages = 2 })
	s.x.Refresh(signal.LineRef{Number: "1001"})
	s.until(a, "the lamp", func(st *phone.State) bool { return st.MessageWaiting && st.Lines[0].MessageWaiting })
	a.Stop()
	s.must(a.Start(s.ctx), a)
	s.until(a, "the lamp after a restart (R-17)", func(st *phone.State) bool { return st.MessageWaiting })
	s.dir.info("1001", func(i *line.Info) { i.Messages = 0 })
	s.x.Refresh(signal.LineRef{Number: "1001"})
	s.until(a, "no lamp", func(st *phone.State) bool { return !st.MessageWaiting && !st.Lines[0].MessageWaiting })
}

func TestBusyLampButton(t *testing.T) {
	s := newSite(t)
	s.dir.add(s.mac(1), "7975", "1001")
	s.dir.add(s.mac(2), "7960", "1002")
	s.dir.change(s.mac(1), func(d *registration.Device) {
		d.Buttons = []telephony.Button{{Kind: telephony.ButtonLine}, {Kind: telephony.ButtonSpeedDial}, {Kind: telephony.ButtonBLF},
			{Kind: telephony.ButtonPrivacy}}
		d.SpeedDials = []telephony.SpeedDial{{Index: 2, Number: "1002", Label: "Bob"}}
	})
	a, b := s.start(s.mac(1), "7975"), s.start(s.mac(2), "7960")
	status := func(n int) func(*phone.State) bool {
		return func(st *phone.State) bool {
			return slices.ContainsFunc(st.Buttons, func(x phone.Button) bool { return x.Kind == "busy lamp" && x.Status == n && x.Label == "Bob" })
		}
	}
	s.until(a, "an idle lamp", status(1))
	s.must(b.LiftHandset(), b)
	s.until(a, "a busy lamp", status(2))
	s.must(b.ReplaceHandset(), b)
	s.until(a, "an idle lamp", status(1))
}

func TestAutoAnswer(t *testing.T) {
	s, a, b, _ := trio(t)
	s.dir.info("1002", func(i *line.Info) { i.AutoAnswer = true })
	s.must(a.Dial(s.ctx, "1002"), a)
	s.in(b, phone.Connected)
	s.audible(a, b)
	s.must(a.Hangup(), a)
	s.idle(a, b)
}

func TestOutsideDialTone(t *testing.T) {
	s, a, _, _ := trio(t)
	s.must(a.LiftHandset(), a)
	s.in(a, phone.OffHook)
	s.must(a.Key('9'), a)
	s.until(a, "the outside dial tone", func(st *phone.State) bool { return st.Tone == "OutsideDial" })
	s.must(a.ReplaceHandset(), a)
	s.idle(a)
}

// A call whose server loses the phone is kept where media flows (sccp.md 4.3).
func TestPreservedCallEndsOnce(t *testing.T) {
	s, a, b, _ := trio(t)
	s.talk(a, b, "1002")
	a.Vanish()
	s.srv.Disconnect(a.Name())
	s.eventually("the phone gone", func() bool { _, ok := s.x.Registration(a.Name()); return !ok })
	if f := s.x.Figures(); f.HalfCalls != 2 {
		t.Fatalf("%d half-calls", f.HalfCalls)
	}
	s.must(b.Hangup(), b)
	s.idle(b)
	if n := len(factsOf[signal.Ended](s)); n != 1 {
		t.Errorf("%d records", n)
	}
}

func TestOverloadIsHeard(t *testing.T) {
	s, a, b, _ := trio(t)
	s.x.Close() // refuses every new call
	s.must(a.LiftHandset(), a)
	s.in(a, phone.Congested)
	s.until(a, "the reorder tone", func(st *phone.State) bool { return st.Tone == "Reorder" })
	s.must(a.ReplaceHandset(), a)
	s.until(a, "idle", func(st *phone.State) bool { return len(st.Calls) == 0 })
	_ = b
}

func TestTransferByHangingUp(t *testing.T) {
	s, a, b, c := trio(t, func(p *Parameters) { p.TransferOnHangUp = true })
	s.must(a.Dial(s.ctx, "1002"), a)
	s.in(b, phone.RingingIn)
	s.must(b.LiftHandset(), b)
	s.audible(a, b)
	s.must(b.StartTransfer(s.ctx, "1003"), b)
	s.in(c, phone.RingingIn)
	s.must(c.Answer(), c)
	s.until(b, "the consultation", func(st *phone.State) bool { return st.Active() != nil && st.Active().State == phone.Connected })
	s.must(b.ReplaceHandset(), b)
	s.audible(a, c)
	s.must(a.Hangup(), a)
	s.idle(a, b, c)
}
