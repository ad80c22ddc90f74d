package runner

import (
	"fmt"
	"testing"
	"time"

	"tandem/call/signal"
	"tandem/sim/net"
)

// TestScenariosAcrossServers plays the scenarios of one server with the phones on one, two and three servers.
func TestScenariosAcrossServers(t *testing.T) {
	type phones struct {
		*sites
		a, b, c, d *handset // D shares the line of B
	}
	connected := func(t *testing.T, p phones) (la, lb signal.HalfCallID) {
		la, lb = p.talk(p.a, p.b)
		if !hears(p.a.at(la), p.b.at(lb)) {
			t.Fatalf("A and B do not hear each other: %+v, %+v", p.a.at(la), p.b.at(lb))
		}
		return la, lb
	}
	joined := func(t *testing.T, p phones, la, lc signal.HalfCallID) {
		if !hears(p.a.at(la), p.c.at(lc)) || p.b.calls() != 0 {
			t.Errorf("A and C hear each other %v, B has %d calls", hears(p.a.at(la), p.c.at(lc)), p.b.calls())
		}
	}
	for _, test := range []struct {
		name    string
		records int
		do      func(t *testing.T, p phones)
	}{
		{"answered and ended", 1, func(t *testing.T, p phones) {
			_, lb := connected(t, p)
			if p.d.calls() != 0 {
				t.Error("the other appearance still rings")
			}
			if s := p.d.lineState(); len(s.Calls) != 1 || s.Calls[0].Half != lb || s.Calls[0].State != signal.LineConnected {
				t.Errorf("the other appearance shows %+v", s)
			}
			p.b.hangUp()
			p.settle()
			if p.a.calls() != 0 {
				t.Error("A was not released")
			}
			if s := p.d.lineState(); len(s.Calls) != 0 {
				t.Errorf("the other appearance still shows %+v", s)
			}
		}},
		{"nobody registered", 1, func(t *testing.T, p phones) {
			p.c.x().Detach("c", p.c.incarnation)
			p.settle()
			la := p.a.dial("c")
			p.settle()
			if p.a.at(la).failed != signal.CauseSubscriberAbsent {
				t.Errorf("A hears %v", p.a.at(la).failed)
			}
		}},
		{"given up while it rings", 1, func(t *testing.T, p phones) {
			p.a.dial("b")
			p.settle()
			if p.b.calls() != 1 || p.d.calls() != 1 {
				t.Error("not both appearances ring")
			}
			p.a.hangUp()
			p.settle()
			if p.b.calls()+p.d.calls() != 0 {
				t.Error("an appearance rings for nobody")
			}
		}},
		{"two answer at once", 1, func(t *testing.T, p phones) {
			la := p.a.dial("b")
			p.settle()
			lb, ld := p.b.pickUp(), p.d.pickUp()
			p.settle()
			if hears(p.a.at(la), p.b.at(lb)) == hears(p.a.at(la), p.d.at(ld)) {
				t.Errorf("B %v, D %v", hears(p.a.at(la), p.b.at(lb)), hears(p.a.at(la), p.d.at(ld)))
			}
		}},
		{"held and resumed", 1, func(t *testing.T, p phones) {
			la, lb := connected(t, p)
			p.b.hold(lb, true)
			p.settle()
			if s := p.d.lineState(); len(s.Calls) != 1 || s.Calls[0].State != signal.LineHeld {
				t.Errorf("D sees %+v", s)
			}
			p.b.hold(lb, false)
			p.settle()
			if !hears(p.a.at(la), p.b.at(lb)) {
				t.Error("no audio after the hold")
			}
		}},
		{"held, retrieved at the other appearance", 2, func(t *testing.T, p phones) {
			la, lb := connected(t, p)
			p.b.hold(lb, true)
			p.settle()
			id, err := p.d.x().Originate(signal.Origin{Device: "d", Instance: 1}, p.d)
			if err != nil {
				t.Fatal(err)
			}
			p.d.tell(id, signal.Retrieve{Held: p.d.lineState().Calls[0].Half})
			p.settle()
			if !hears(p.a.at(la), p.d.at(id)) || p.b.calls() != 0 {
				t.Errorf("audio %v, B has %d calls", hears(p.a.at(la), p.d.at(id)), p.b.calls())
			}
		}},
		{"transferred", 3, func(t *testing.T, p phones) {
			la, lb := connected(t, p)
			p.b.hold(lb, true)
			lb2 := p.b.dial("c")
			p.settle()
			lc := p.c.pickUp()
			p.settle()
			p.b.tell(lb, signal.TransferWith{Consultation: lb2})
			p.settle()
			joined(t, p, la, lc)
			for _, r := range p.records() {
				if r.Call.Call != 1000*uint32(p.a.node)+1 {
					t.Errorf("a record is of call %v", r.Call)
				}
			}
		}},
		{"transferred while it rings", 3, func(t *testing.T, p phones) {
			la, lb := connected(t, p)
			lb2 := p.b.dial("c")
			p.settle()
			p.b.tell(lb, signal.TransferWith{Consultation: lb2})
			p.settle()
			lc := p.c.pickUp()
			p.settle()
			joined(t, p, la, lc)
		}},
		{"transferred blindly", 2, func(t *testing.T, p phones) {
			la, lb := connected(t, p)
			p.b.tell(lb, signal.TransferTo{Number: "c"})
			p.settle()
			lc := p.c.pickUp()
			p.settle()
			joined(t, p, la, lc)
		}},
		{"watched", 1, func(t *testing.T, p phones) {
			for _, other := range []*handset{p.a, p.c} {
				watch := &handset{}
				cancel := other.x().Watch(signal.LineRef{Number: "b"}, watch)
				p.settle()
				if s := watch.lineState(); s.Line.Number != "b" || len(s.Calls) != 0 {
					t.Errorf("the lamp begins with %+v", s)
				}
				defer cancel()
				defer func() {
					if s := watch.lineState(); len(s.Calls) != 1 || s.Calls[0].State != signal.LineConnected {
						t.Errorf("the lamp shows %+v", s)
					}
				}()
			}
			connected(t, p)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, placed := range [][]signal.NodeID{{1, 1, 1, 1}, {1, 2, 3, 2}, {3, 2, 1, 1}, {2, 1, 2, 3}} {
				for mask := range 4 {
					t.Run(fmt.Sprintf("%v, %02b", placed, mask), func(t *testing.T) {
						bubble(t, sharedTown(), 3, func(t *testing.T, s *sites) {
							even, odd := mask&1 == 1, mask&2 == 2
							p := phones{s, s.phone("a", placed[0], even), s.phone("b", placed[1], odd), s.phone("c", placed[2], even),
								s.phone("d", placed[3], odd)}
							s.settle()
							test.do(t, p)
							for _, h := range []*handset{p.a, p.b, p.c, p.d} {
								h.hangUp()
							}
							s.idle()
							if r := s.records(); len(r) != test.records {
								t.Errorf("%d records, want %d: %+v", len(r), test.records, r)
							}
						})
					})
				}
			}
		})
	}
}

// TestR46_ServerKilledAfterEachMessage kills each of three servers after every message of a transfer with consultation over
// all three, at once and when the message has arrived. A and C, when B's server is lost, are joined or have nothing with each
// other; in any case nothing is left that waits.
func TestR46_ServerKilledAfterEachMessage(t *testing.T) {
	afterEachMessage(t, (*sites).kill, "the server was killed")
}

// TestCallProcessingStoppedAfterEachMessage is the same with a server on which call processing is stopped and which stays in the cluster:
// nobody is told of a loss.
func TestCallProcessingStoppedAfterEachMessage(t *testing.T) {
	afterEachMessage(t, (*sites).halt, "call processing was stopped")
}

func afterEachMessage(t *testing.T, end func(*sites, signal.NodeID), what string) {
	for lost := signal.NodeID(1); lost <= 3; lost++ {
		for _, after := range []time.Duration{0, 3 * time.Millisecond} {
			t.Run(fmt.Sprintf("server %d, %v later", lost, after), func(t *testing.T) {
				done := false
				for k := 1; !done; k++ {
					bubble(t, newTown("a", "b", "c"), 3, func(t *testing.T, s *sites) {
						done = endAfter(t, s, end, lost, k, after)
					})
					if t.Failed() {
						t.Fatalf("%s after message %d", what, k)
					}
				}
			})
		}
	}
}

// TestStopEndsCallsAtOnce: call processing that stops waits for nobody, whatever its calls are at, and the other party is released.
func TestStopEndsCallsAtOnce(t *testing.T) {
	for name, begin := range map[string]func(a, b *handset){
		"ringing": func(a, _ *handset) { a.dial("b") },
		"talking": func(a, b *handset) { a.s.talk(a, b) },
		"held": func(a, b *handset) {
			la, _ := a.s.talk(a, b)
			a.hold(la, true)
		},
		"held by the other": func(a, b *handset) {
			_, lb := a.s.talk(a, b)
			b.hold(lb, true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, newTown("a", "b"), 2, func(t *testing.T, s *sites) {
				a, b := s.phone("a", 1, false), s.phone("b", 2, false)
				s.settle()
				begin(a, b)
				s.settle()
				begun := time.Now()
				s.halt(1)
				if took := time.Since(begun); took > time.Second {
					t.Errorf("it took %v", took)
				}
				s.settle()
				if b.calls() != 0 && b.last().failed == 0 {
					t.Errorf("the other party is left with %+v", b.last())
				}
				b.hangUp()
				s.idle()
			})
		})
	}
}

// endAfter reports whether the transfer had fewer messages.
func endAfter(t *testing.T, s *sites, end func(*sites, signal.NodeID), lost signal.NodeID, k int, after time.Duration) (done bool) {
	a, b, c := s.phone("a", 1, k%2 == 0), s.phone("b", 2, k%3 == 0), s.phone("c", 3, false)
	s.settle()
	kill := make(chan struct{}, 1)
	s.mu.Lock()
	s.count = 0
	s.sent = func(n int) {
		if n == k {
			kill <- struct{}{}
		}
	}
	s.mu.Unlock()
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		if _, ok := <-kill; ok {
			time.Sleep(after)
			end(s, lost)
		}
	}()
	alive := func(p *handset) bool { return p.x() != nil }
	step := func(p *handset, do func()) {
		s.settle()
		if alive(p) {
			do()
		}
	}
	var la, lb, lb2, lc signal.HalfCallID
	step(a, func() { la = a.dial("b") })
	step(b, func() { lb = b.pickUp() })
	step(b, func() { b.hold(lb, true) })
	step(b, func() { lb2 = b.dial("c") })
	step(c, func() { lc = c.pickUp() })
	step(b, func() { b.tell(lb, signal.TransferWith{Consultation: lb2}) })
	s.settle()
	s.mu.Lock()
	s.sent = nil
	s.mu.Unlock()
	close(kill)
	<-killed
	if s.exchange(lost) != nil {
		a.hangUp()
		s.idle()
		return true
	}
	time.Sleep(2*time.Second + 5*time.Second) // detection and the bound
	if lost == 2 {
		switch x, y := a.at(la), c.at(lc); {
		case x.up && y.up && x.other.Number == "c" && y.other.Number == "a":
			if !hears(x, y) {
				t.Errorf("A and C were joined and do not hear each other")
			}
		case x.up && x.other.Number == "c" && x.failed == 0, y.up && y.other.Number == "a":
			t.Errorf("one knows of the other alone: A %+v, C %+v", x, y)
		case x.ring != nil && !x.up, y.ring != nil && !y.up:
			t.Errorf("somebody rings for a server that is lost")
		}
	}
	for _, p := range []*handset{a, b, c} {
		if p.node != lost {
			p.hangUp()
		}
	}
	s.idle()
	for _, p := range []*handset{a, b, c} {
		if p.node != lost && p.calls() != 0 {
			t.Errorf("%s still shows %d calls", p.name, p.calls())
		}
	}
	return false
}

// TestTransferOverSlowLinks slows one way between two servers at a time, so that what three servers say to each other about a
// transfer overtakes: the offer of the new peer comes before the word of the transferor, or the answer does.
func TestTransferOverSlowLinks(t *testing.T) {
	for from := signal.NodeID(1); from <= 3; from++ {
		for to := signal.NodeID(1); to <= 3; to++ {
			for _, way := range []string{"answered", "ringing", "ringing, picked up meanwhile", "blind"} {
				if from == to {
					continue
				}
				t.Run(fmt.Sprintf("%d to %d, %s", from, to, way), func(t *testing.T) {
					for mask := range 4 {
						bubble(t, newTown("a", "b", "c"), 3, func(t *testing.T, s *sites) {
							a, b, c := s.phone("a", 1, mask&1 == 1), s.phone("b", 2, true), s.phone("c", 3, mask&2 == 2)
							wait := func() { s.settle(); time.Sleep(500 * time.Millisecond) }
							wait()
							la := a.dial("b")
							wait()
							lb := b.pickUp()
							wait()
							if way == "blind" {
								s.network.Between(from, to, net.Weather{Delay: 60 * time.Millisecond})
								b.tell(lb, signal.TransferTo{Number: "c"})
								wait()
							} else {
								b.hold(lb, true)
								lb2 := b.dial("c")
								wait()
								if way == "answered" {
									c.pickUp()
									wait()
								}
								s.network.Between(from, to, net.Weather{Delay: 60 * time.Millisecond})
								b.tell(lb, signal.TransferWith{Consultation: lb2})
								if way != "ringing, picked up meanwhile" {
									wait()
								}
							}
							lc := c.pickUp()
							if lc == 0 {
								lc = c.last().id
							}
							wait()
							if !hears(a.at(la), c.at(lc)) || b.calls() != 0 {
								t.Errorf("A and C hear each other %v, B has %d calls: %+v", hears(a.at(la), c.at(lc)), b.calls(), a.at(la))
							}
							a.hangUp()
							s.idle()
						})
					}
				})
			}
		}
	}
}
