package runner

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"tandem/bus"
	"tandem/call/signal"
)

// same fails unless every server that lives counts these devices as registered where want says.
func (s *sites) same(want map[string]signal.NodeID) {
	s.t.Helper()
	for n := range s.at {
		if got := s.registered(n); !maps.Equal(got, want) {
			s.t.Errorf("server %d lists %v, want %v", n, got, want)
		}
	}
}

// TestT14_NoPhoneIsRegisteredTwice has a phone register at one server after the other, also while the servers do not see
// each other: the newest registration counts everywhere, and the adapter of the older one is told.
func TestT14_NoPhoneIsRegisteredTwice(t *testing.T) {
	t.Run("moves", func(t *testing.T) {
		bubble(t, newTown("a"), 3, func(t *testing.T, s *sites) {
			a := s.phone("a", 1, true)
			s.settle()
			for _, n := range []signal.NodeID{2, 3, 1, 2} {
				a.register(n, true)
				s.settle()
				s.same(map[string]signal.NodeID{"a": n})
				for at, c := range s.at {
					if f := c.x.Figures().Registered; (f == 1) != (at == n) {
						t.Errorf("server %d counts %d registered phones", at, f)
					}
				}
			}
			if len(a.elsewhere) != 4 {
				t.Errorf("the adapter was told of %v", a.elsewhere)
			}
		})
	})
	t.Run("at two servers that do not see each other", func(t *testing.T) {
		bubble(t, newTown("a"), 3, func(t *testing.T, s *sites) {
			a := s.phone("a", 1, true)
			s.settle()
			s.network.Isolate(2)
			time.Sleep(5 * time.Second)
			a.register(2, true)
			time.Sleep(5 * time.Second)
			if s.registered(1)["a"] != 1 || s.registered(2)["a"] != 2 {
				t.Fatalf("cut off: %v, %v", s.registered(1), s.registered(2))
			}
			s.network.Heal()
			time.Sleep(10 * time.Second)
			s.same(map[string]signal.NodeID{"a": 2})
			if len(a.elsewhere) != 1 || a.elsewhere[0] != 2 || s.at[1].x.Figures().Registered != 0 {
				t.Errorf("the older registration was not ended: %v", a.elsewhere)
			}
		})
	})
	t.Run("in a call", func(t *testing.T) {
		bubble(t, newTown("a", "b"), 2, func(t *testing.T, s *sites) {
			a, b := s.phone("a", 1, true), s.phone("b", 1, true)
			s.settle()
			la, lb := s.talk(a, b)
			b.register(2, false)
			s.settle()
			if !hears(a.at(la), b.at(lb)) {
				t.Fatal("a call was disturbed by a registration at another server")
			}
			lb2 := b.dial("a")
			s.settle()
			if b.at(lb2).failed != 0 || a.calls() != 2 {
				t.Errorf("the new registration cannot call: %v", b.at(lb2).failed)
			}
			a.hangUp()
			b.hangUp()
			s.idle()
		})
	})
}

// TestR53_DifferenceIsFound spoils what a server holds of another; the audit of registrations puts it right.
func TestR53_DifferenceIsFound(t *testing.T) {
	bubble(t, newTown("a", "b"), 2, func(t *testing.T, s *sites) {
		s.phone("a", 1, true)
		s.phone("b", 2, true)
		s.settle()
		x := s.at[2].x
		x.mu.Lock()
		x.devices.Remove("a", 1, 1)
		x.devices.Put(regOf("ghost", 1))
		x.mu.Unlock()
		time.Sleep(registrationAudit + time.Second)
		s.same(map[string]signal.NodeID{"a": 1, "b": 2})
	})
}

// TestLostServersDevicesAreMarked: what was registered at a lost server is shown as such until it registers elsewhere or the
// server is back.
func TestLostServersDevicesAreMarked(t *testing.T) {
	bubble(t, newTown("a", "b"), 3, func(t *testing.T, s *sites) {
		a := s.phone("a", 2, true)
		s.phone("b", 2, true)
		s.settle()
		s.kill(2)
		time.Sleep(3 * time.Second)
		marked := func() (out string) {
			for _, r := range s.at[1].x.ClusterRegistrations() {
				out += fmt.Sprint(r.Device, r.Node, r.Reachable, " ")
			}
			return out
		}
		if got := marked(); got != "a2 false b2 false " && got != "a 2 false b 2 false " {
			t.Errorf("after the loss: %s", got)
		}
		a.register(3, true)
		s.settle()
		if got := s.registered(1); !maps.Equal(got, map[string]signal.NodeID{"a": 3}) {
			t.Errorf("%v", got)
		}
		s.start(2)
		time.Sleep(3 * time.Second)
		s.same(map[string]signal.NodeID{"a": 3})
		if n := len(s.at[1].x.ClusterRegistrations()); n != 1 {
			t.Errorf("%d devices are listed after the server came back empty", n)
		}
	})
}

// TestThirtyThousandDevices: the list of a large cluster, with a server that is lost, is there at once, and a server that
// joins learns all of it.
func TestThirtyThousandDevices(t *testing.T) {
	devices := 30000
	if testing.Short() {
		devices = 3000
	}
	bubble(t, newTown(), 3, func(t *testing.T, s *sites) {
		for i := range devices {
			s.at[signal.NodeID(1+i%3)].x.Attach(signal.Attachment{Device: fmt.Sprintf("SEP%012X", i), Incarnation: 1}, &handset{})
		}
		time.Sleep(5 * time.Second)
		s.kill(3)
		time.Sleep(5 * time.Second)
		s.start(3)
		time.Sleep(5 * time.Second)
		for n, want := range map[signal.NodeID]int{1: devices * 2 / 3, 2: devices * 2 / 3, 3: devices * 2 / 3} {
			if got := len(s.registered(n)); got != want {
				t.Errorf("server %d lists %d devices, want %d", n, got, want)
			}
		}
	})
}

func BenchmarkClusterRegistrations(b *testing.B) {
	x := New(Options{Node: 1, Directory: newTown()})
	defer x.Close()
	for i := range 30000 {
		x.Attach(signal.Attachment{Device: fmt.Sprintf("SEP%012X", i), Incarnation: 1}, nil)
	}
	for b.Loop() {
		if len(x.ClusterRegistrations()) != 30000 {
			b.Fatal("not all are listed")
		}
	}
}

// TestOwnerMoves: a line whose calls go on while its owner changes, because a server is lost or a phone registers at a lower
// one: the new owner knows the calls, shows them, and counts them for busy.
func TestOwnerMoves(t *testing.T) {
	lineOf := func(x *Exchange, number string) int {
		for _, c := range x.Calls() {
			if c.Device == number {
				return 1
			}
		}
		return 0
	}
	bubble(t, sharedTown(), 3, func(t *testing.T, s *sites) {
		a := s.phone("a", 2, true)
		b, d := s.phone("b", 3, true), s.phone("d", 2, false)
		s.settle()
		lamp := &handset{}
		defer s.at[3].x.Watch(signal.LineRef{Number: "b"}, lamp)()
		la, lb := s.talk(a, b)
		if lineOf(s.at[2].x, "b") != 1 {
			t.Fatalf("the line of B and D is not owned by the lower of their servers: %v", s.at[2].x.Calls())
		}
		if got := lamp.lineState(); len(got.Calls) != 1 {
			t.Errorf("the lamp shows %+v", got)
		}
		// D registers at server 1, which owns the line from now on.
		d.register(1, true)
		s.settle()
		if lineOf(s.at[1].x, "b") != 1 || lineOf(s.at[2].x, "b") != 0 {
			t.Errorf("after the move: server 1 has %v, server 2 %v", s.at[1].x.Calls(), s.at[2].x.Calls())
		}
		if got := d.lineState(); len(got.Calls) != 1 || got.Calls[0].Half != lb {
			t.Errorf("D shows %+v", got)
		}
		b.hold(lb, true)
		s.settle()
		for name, p := range map[string]*handset{"D": d, "the lamp": lamp} {
			if got := p.lineState(); len(got.Calls) != 1 || got.Calls[0].State != signal.LineHeld {
				t.Errorf("%s shows %+v after the hold", name, got)
			}
		}
		// Server 1 is lost: the line is owned where B is.
		s.kill(1)
		time.Sleep(5 * time.Second)
		if lineOf(s.at[3].x, "b") != 1 {
			t.Errorf("after the loss server 3 has %v", s.at[3].x.Calls())
		}
		b.hold(lb, false)
		s.settle()
		if !hears(a.at(la), b.at(lb)) {
			t.Error("the call did not survive the moves of its line")
		}
		if got := lamp.lineState(); len(got.Calls) != 1 || got.Calls[0].State != signal.LineConnected {
			t.Errorf("the lamp shows %+v", got)
		}
		a.hangUp()
		b.hangUp()
		s.idle()
		if got := lamp.lineState(); len(got.Calls) != 0 {
			t.Errorf("the lamp shows %+v", got)
		}
	})
}

// TestRingingWhileTheOwnerMoves: an offer stays with the owner that made it.
func TestRingingWhileTheOwnerMoves(t *testing.T) {
	bubble(t, sharedTown(), 3, func(t *testing.T, s *sites) {
		a := s.phone("a", 3, true)
		b, d := s.phone("b", 3, true), s.phone("d", 2, false)
		s.settle()
		la := a.dial("b")
		s.settle()
		d.register(1, false)
		s.settle()
		lb := b.pickUp()
		s.settle()
		if !hears(a.at(la), b.at(lb)) {
			t.Error("the call cannot be answered after the line has moved")
		}
		if d.calls() != 0 {
			t.Error("the other appearance rings on")
		}
		a.hangUp()
		s.idle()
	})
}

// TestNumbersAreNotUsedAgain: a server that starts again, or whose call processing does, uses no identifier of before.
func TestNumbersAreNotUsedAgain(t *testing.T) {
	bubble(t, newTown("a", "b"), 2, func(t *testing.T, s *sites) {
		seen := map[signal.HalfCallID]bool{}
		for round := range 5 {
			a := s.phone("a", 1, true)
			for range 3 {
				id := a.dial("b")
				if seen[id] {
					t.Fatalf("half-call %v again in round %d", id, round)
				}
				seen[id] = true
			}
			a.hangUp()
			s.settle()
			s.kill(1)
			time.Sleep(2 * time.Second)
			s.start(1)
			time.Sleep(2 * time.Second)
		}
	})
}

// TestCallProcessingStopsAndStarts on one server while the mesh stays: its phones are gone from the others' lists, its calls
// end on both sides, and a new exchange in the same process learns of the others again.
func TestCallProcessingStopsAndStarts(t *testing.T) {
	bubble(t, newTown("a", "b"), 2, func(t *testing.T, s *sites) {
		a, b := s.phone("a", 1, true), s.phone("b", 2, true)
		s.settle()
		s.talk(a, b)
		old := s.at[1]
		old.x.Close()
		s.settle()
		if b.calls() != 0 {
			t.Errorf("B has %d calls with a server that stopped in an orderly way", b.calls())
		}
		if got := s.registered(2); !maps.Equal(got, map[string]signal.NodeID{"b": 2}) {
			t.Errorf("server 2 lists %v", got)
		}
		old.x = New(Options{Node: 1, Directory: s.town, Facts: old.facts.take, FirstCall: 5000, Link: old.x.link})
		a.register(1, true)
		s.settle()
		s.same(map[string]signal.NodeID{"a": 1, "b": 2})
		la, lb := s.talk(a, b)
		if !hears(a.at(la), b.at(lb)) {
			t.Error("no call after call processing has started again")
		}
		a.hangUp()
		s.idle()
	})
}

// TestSpoiltMessagesAreCounted: a message that is not understood costs nothing else.
func TestSpoiltMessagesAreCounted(t *testing.T) {
	bubble(t, newTown("a", "b"), 2, func(t *testing.T, s *sites) {
		a, b := s.phone("a", 1, true), s.phone("b", 2, true)
		s.settle()
		for _, m := range [][]byte{nil, {1}, {1, 99, 0xa0, 0xa0}, {7, 1}, {1, 1, 0xff, 0xff}} {
			if err := s.at[1].end.Send(2, bus.TopicCalls, m); err != nil {
				t.Fatal(err)
			}
		}
		s.settle()
		if n := s.at[2].x.Figures().Lost; n != 5 {
			t.Errorf("%d were counted, want 5", n)
		}
		la, lb := s.talk(a, b)
		if !hears(a.at(la), b.at(lb)) {
			t.Error("no call after spoilt messages")
		}
		a.hangUp()
		s.idle()
	})
}

// TestPhoneReturnsIdle: a call whose other party's server was lost ends when that party's phone registers elsewhere without
// a call, and goes on when it registers with one.
func TestPhoneReturnsIdle(t *testing.T) {
	for _, idle := range []bool{true, false} {
		bubble(t, newTown("a", "b"), 3, func(t *testing.T, s *sites) {
			a, b := s.phone("a", 1, true), s.phone("b", 2, true)
			s.settle()
			s.talk(a, b)
			s.kill(2)
			time.Sleep(10 * time.Second)
			if a.calls() != 1 {
				t.Fatal("the call did not survive")
			}
			b.register(3, idle)
			s.settle()
			if ended := a.calls() == 0; ended != idle {
				t.Errorf("idle %v: ended %v", idle, ended)
			}
			a.hangUp()
			s.idle()
		})
	}
}

// TestPartitionAndBack: servers that lost each other and have their half-calls still take calls up where they were.
func TestPartitionAndBack(t *testing.T) {
	bubble(t, newTown("a", "b"), 2, func(t *testing.T, s *sites) {
		a, b := s.phone("a", 1, true), s.phone("b", 2, true)
		s.settle()
		la, lb := s.talk(a, b)
		s.network.Partition(1, 2)
		time.Sleep(10 * time.Second)
		b.hold(lb, true)
		s.settle()
		s.network.Heal()
		time.Sleep(10 * time.Second)
		b.hold(lb, true)
		s.settle()
		if a.at(la).local.Audio().Direction == signal.SendRecv {
			t.Error("a hold after the partition does not reach the other side")
		}
		b.hold(lb, false)
		s.settle()
		if !hears(a.at(la), b.at(lb)) {
			t.Error("no audio after the resume")
		}
		b.hangUp()
		s.settle()
		if a.calls() != 0 {
			t.Error("A was not released")
		}
		s.idle()
	})
}

// TestT14_ServerThatHangs stops a server in the middle of a call for a minute. Its phone registers elsewhere; when the server
// goes on, no phone is registered twice and no call is left that nobody has.
func TestT14_ServerThatHangs(t *testing.T) {
	for _, idle := range []bool{true, false} {
		t.Run(fmt.Sprintf("the phone comes back idle %v", idle), func(t *testing.T) {
			bubble(t, newTown("a", "b"), 3, func(t *testing.T, s *sites) {
				a, b := s.phone("a", 1, true), s.phone("b", 2, true)
				s.settle()
				la, lb := s.talk(a, b)
				s.network.Pause(2)
				time.Sleep(20 * time.Second)
				b.register(3, idle)
				if idle { // the phone has ended the call for itself
					b.mu.Lock()
					delete(b.legs, lb)
					b.order = nil
					b.mu.Unlock()
				}
				time.Sleep(40 * time.Second)
				if ended := a.calls() == 0; ended != idle {
					t.Errorf("idle %v: the other party's call ended %v", idle, ended)
				}
				s.network.Resume(2)
				time.Sleep(20 * time.Second)
				s.same(map[string]signal.NodeID{"a": 1, "b": 3})
				if len(b.elsewhere) != 1 {
					t.Errorf("the adapter of the server that hung was told of %v", b.elsewhere)
				}
				if !idle {
					if !hears(a.at(la), b.at(lb)) {
						t.Error("a call that was up all along was ended")
					}
					a.hangUp()
				}
				s.idle()
				if b.calls() != 0 {
					t.Errorf("a ghost call is left at the phone: %+v", b.last())
				}
			})
		})
	}
}
