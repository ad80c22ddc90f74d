package sccpstation

import (
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"tandem/call/line"
	"tandem/call/signal"
	"tandem/phone"
	"tandem/wire/sccp"
)

// shared is a site whose line 2000 is on two phones, 7911 and 7925, with callers 1001 and 1003.
func shared(t *testing.T) (s *site, a, b, caller, third *phone.Phone) {
	s = newSite(t)
	s.dir.add(s.mac(1), "7911", "2000")
	s.dir.add(s.mac(2), "7925", "2000")
	s.dir.add(s.mac(3), "7960", "1001")
	s.dir.add(s.mac(4), "7940", "1003")
	return s, s.start(s.mac(1), "7911"), s.start(s.mac(2), "7925"), s.start(s.mac(3), "7960"), s.start(s.mac(4), "7940")
}

// Forward-all belongs to the line: both phones show it, either cancels it, nobody rings here, and setting it during delivery
// changes later calls only.
func TestR06_ForwardAllOnASharedLine(t *testing.T) {
	s, a, b, caller, third := shared(t)
	s.tune(func(p *Parameters) { p.CollectWait = 100 * time.Millisecond })
	forwarded := func(to string) func(*phone.State) bool {
		return func(st *phone.State) bool { return st.Lines[0].ForwardAll == to && len(st.Calls) == 0 }
	}
	s.must(a.ForwardAll(s.ctx, "1003"), a)
	s.until(a, "forwarding", forwarded("1003"))
	s.until(b, "forwarding at the other phone", forwarded("1003"))
	s.must(caller.Dial(s.ctx, "2000"), caller)
	c := s.in(third, phone.RingingIn)
	if c.Original.Number != "2000" || c.Redirecting.Number != "2000" {
		t.Errorf("parties %+v", c)
	}
	if len(a.State().Calls)+len(b.State().Calls) != 0 {
		t.Error("an appearance rings")
	}
	s.must(third.Answer(), third)
	s.audible(caller, third)
	s.must(caller.Hangup(), caller)
	s.idle(caller, third)
	s.eventually("one record", func() bool { return len(factsOf[signal.Ended](s)) == 1 })
	s.must(b.ForwardAll(s.ctx, ""), b)
	s.until(a, "no forwarding", forwarded(""))

	// Set while a call is being delivered.
	s.must(caller.Dial(s.ctx, "2000"), caller)
	s.in(a, phone.RingingIn)
	s.in(b, phone.RingingIn)
	if err := s.dir.forward("", signal.LineRef{Number: "2000"}, "1003"); err != nil {
		t.Fatal(err)
	}
	s.x.Refresh(signal.LineRef{Number: "2000"})
	s.must(b.Answer(), b)
	s.audible(caller, b)
	s.must(b.Hangup(), b)
	s.idle(caller, a, b)
}

// Two phones answer in the same instant, while the caller may hang up: one connects at most, the other shows the call in use
// elsewhere or is idle, and everything ends.
func TestR07_TwoPhonesAnswerAtOnce(t *testing.T) {
	s, a, b, caller, _ := shared(t)
	for round := range 60 {
		s.must(caller.Dial(s.ctx, "2000"), caller)
		s.in(a, phone.RingingIn)
		s.in(b, phone.RingingIn)
		s.in(caller, phone.RingingOut)
		var all sync.WaitGroup
		all.Go(func() { _ = a.Answer() })
		all.Go(func() { _ = b.Answer() })
		if round%3 == 2 {
			all.Go(func() { _ = caller.Hangup() })
		}
		all.Wait()
		if round%3 == 2 {
			_ = caller.Hangup() // if the answer was faster
		} else {
			s.in(caller, phone.Connected)
			s.until(a, "one state", func(st *phone.State) bool {
				return len(st.Calls) == 1 && (st.Calls[0].State == phone.Connected || st.Calls[0].State == phone.RemoteInUse) && st.Ringer == "off"
			})
			s.until(b, "one state", func(st *phone.State) bool {
				return len(st.Calls) == 1 && (st.Calls[0].State == phone.Connected || st.Calls[0].State == phone.RemoteInUse) && st.Tone == ""
			})
			if x, y := a.State().Calls[0].State, b.State().Calls[0].State; x == y {
				t.Fatalf("both are %s", x)
			}
			s.audible(caller)
			s.must(caller.Hangup(), caller)
		}
		s.idle(caller, a, b)
	}
}

// An acknowledgement of the phone that lost, or of a call that is over, moves nobody's stream, and its port is closed.
func TestR07_ForeignAcknowledgement(t *testing.T) {
	s := newSite(t)
	s.dir.add("SEP000000000001", "7960", "1001")
	a := s.connect()
	a.register("SEP000000000001", sccp.Device7960, 5)
	a.send(&sccp.OpenReceiveChannelAck{Address: netip.MustParseAddrPort("127.0.0.1:4000"), PassThroughPartyID: 77, CallReference: 9})
	if m := expect[*sccp.CloseReceiveChannel](a, "CloseReceiveChannel"); m.PassThroughPartyID != 77 {
		t.Errorf("%+v", m)
	}
	if m := expect[*sccp.StopMediaTransmission](a, "StopMediaTransmission"); m.PassThroughPartyID != 77 {
		t.Errorf("%+v", m)
	}
	if s.srv.Figures().ForeignMedia != 1 {
		t.Error("not counted")
	}
}

// (a) A shared call that is held and resumed to and fro is found at every appearance each time.
func TestR08_HeldCallGoesToAndFro(t *testing.T) {
	s := newSite(t)
	var phones []*phone.Phone
	for i, model := range []string{"7960", "7975", "7940", "7911"} {
		s.dir.add(s.mac(i+1), model, "200"+string(rune('1'+i)), "2000")
		if model == "7911" { // one line only
			s.dir.add(s.mac(i+1), model, "2000")
			s.dir.mu.Lock()
			info := s.dir.lines[signal.LineRef{Number: "2000"}]
			info.Appearances = slices.DeleteFunc(info.Appearances, func(a line.Appearance) bool { return a.Device == s.mac(4) && a.Instance == 2 })
			s.dir.mu.Unlock()
		}
		phones = append(phones, s.start(s.mac(i+1), model))
	}
	s.dir.add(s.mac(9), "7960", "1001")
	caller := s.start(s.mac(9), "7960")
	s.must(caller.Dial(s.ctx, "2000"), caller)
	for _, p := range phones {
		s.in(p, phone.RingingIn)
	}
	s.must(phones[0].Answer(), phones[0])
	s.audible(caller, phones[0])
	rounds := 500
	if testing.Short() {
		rounds = 20
	}
	has := func(p *phone.Phone, what phone.CallState, key string) {
		t.Helper()
		s.until(p, string(what), func(st *phone.State) bool {
			return len(st.Calls) == 1 && st.Calls[0].State == what && (key == "" || slices.Contains(st.Calls[0].SoftKeys, key))
		})
	}
	at := 0
	for round := range rounds {
		s.must(phones[at].Hold(), phones[at])
		for _, p := range phones {
			has(p, phone.OnHold, "Resume")
		}
		at = (at + 1 + round%2) % len(phones)
		s.must(phones[at].Resume(), phones[at])
		for i, p := range phones {
			if i == at {
				has(p, phone.Connected, "Hold")
			} else {
				has(p, phone.RemoteInUse, "NewCall")
			}
		}
		s.audible(caller, phones[at])
	}
	s.must(caller.Hangup(), caller)
	s.idle(append(phones, caller)...)
}

// (b) An off-hook call without digits gives way: pressing the held line resumes it in one press.
func TestR08_DialToneGivesWay(t *testing.T) {
	s, a, b, _ := trio(t)
	s.dir.add(s.mac(5), "7961", "1005", "2005")
	p := s.start(s.mac(5), "7961")
	s.must(a.Dial(s.ctx, "2005"), a)
	s.in(p, phone.RingingIn)
	s.must(p.Answer(), p)
	s.audible(a, p)
	s.must(p.Hold(), p)
	s.in(p, phone.OnHold)
	s.must(p.LiftHandset(), p)
	s.in(p, phone.OffHook)
	s.must(p.LineKey(2), p)
	s.until(p, "the call resumed", func(st *phone.State) bool { return len(st.Calls) == 1 && st.Calls[0].State == phone.Connected })
	s.audible(a, p)
	s.must(p.ReplaceHandset(), p)
	s.idle(a, b, p)
}

// (c) A phone that is not in the call cannot end or hold it; of two that resume it the second is told.
func TestR08_OnlyThePartiesActOnACall(t *testing.T) {
	s, a, b, caller, _ := shared(t)
	s.must(caller.Dial(s.ctx, "2000"), caller)
	s.in(a, phone.RingingIn)
	s.in(b, phone.RingingIn)
	s.must(a.Answer(), a)
	s.audible(caller, a)
	remote := s.in(b, phone.RemoteInUse)
	for _, key := range []string{"EndCall", "Hold", "Transfer"} {
		s.must(b.ForceSoftKey(key, remote.ID), b)
		s.until(b, "a refusal", func(st *phone.State) bool { return st.Notice != "" })
	}
	if c := s.in(caller, phone.Connected); c == nil || s.in(a, phone.Connected) == nil {
		t.Fatal("the call was touched")
	}
	for range 20 {
		s.must(a.Hold(), a)
		// A press of the round before that comes late takes the call too, now that it is held.
		s.eventually("held, or taken", func() bool {
			x, y := a.State(), b.State()
			if len(x.Calls) != 1 || len(y.Calls) != 1 {
				return false
			}
			p, q := x.Calls[0].State, y.Calls[0].State
			return p == phone.OnHold && q == phone.OnHold || p == phone.RemoteOnHold && q == phone.OnHold ||
				p == phone.OnHold && q == phone.RemoteOnHold || p == phone.RemoteInUse && q == phone.Connected
		})
		if b.State().Calls[0].State == phone.Connected {
			s.audible(caller)
			s.must(b.Hold(), b)
		}
		s.in(a, phone.OnHold)
		s.in(b, phone.OnHold)
		var both sync.WaitGroup
		both.Go(func() { _ = a.Resume() })
		both.Go(func() { _ = b.Resume() })
		both.Wait()
		s.eventually("one that has it", func() bool {
			x, y := a.State(), b.State()
			if len(x.Calls) != 1 || len(y.Calls) != 1 {
				return false
			}
			p, q := x.Calls[0].State, y.Calls[0].State
			return p == phone.Connected && q == phone.RemoteInUse || p == phone.RemoteInUse && q == phone.Connected
		})
		s.audible(caller)
		if b.State().Calls[0].State == phone.Connected {
			s.must(b.Hold(), b)
			s.in(a, phone.OnHold)
			s.must(a.Resume(), a)
			s.in(a, phone.Connected)
			s.until(b, "in use remotely", func(st *phone.State) bool { return len(st.Calls) == 1 && st.Calls[0].State == phone.RemoteInUse })
		}
	}
	s.must(caller.Hangup(), caller)
	s.idle(caller, a, b)
}
