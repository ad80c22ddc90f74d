package call_test

import (
	"fmt"
	"testing"
	"time"

	"tandem/call/line"
	"tandem/call/signal"
)

// placements are the servers at which the phones of a scenario are registered, in the order in which it makes them.
var placements = []struct {
	name    string
	servers []signal.NodeID
}{
	{name: "one server"},
	{"three servers", []signal.NodeID{1, 2, 3, 2}},
	{"backwards", []signal.NodeID{3, 1, 1, 2}},
}

// kinds runs a scenario for every mixture of phones that offer early (SIP) and late (SCCP), on one server and with the
// phones on several.
func kinds(t *testing.T, n int, f func(t *testing.T, w *world, early []bool)) {
	for mask := range 1 << n {
		early := make([]bool, n)
		name := ""
		for i := range early {
			early[i] = mask>>i&1 == 1
			name += map[bool]string{true: "E", false: "L"}[early[i]]
		}
		t.Run(name, func(t *testing.T) {
			for i, p := range placements {
				if testing.Short() && i != mask%len(placements) {
					continue
				}
				t.Run(p.name, func(t *testing.T) {
					w := newWorld(t)
					w.placed = p.servers
					f(t, w, early)
					w.quiet()
				})
			}
		})
	}
}

func TestCallAnswerHangUp(t *testing.T) {
	for _, byCaller := range []bool{true, false} {
		t.Run(fmt.Sprint(byCaller), func(t *testing.T) {
			kinds(t, 2, func(t *testing.T, w *world, e []bool) {
				a, b := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1])
				la := a.dial("1002")
				w.run()
				if la.tone == e[1] || (la.heard != nil) != e[1] || la.other.Name != "line 1002" {
					t.Errorf("the caller hears the tone: %v, the other side: %v, sees %q", la.tone, la.heard != nil, la.other.Name)
				}
				if lb := b.newest(); !lb.ringing || lb.other.Number != "1001" {
					t.Errorf("B rings %v for %q", lb.ringing, lb.other.Number)
				}
				w.pass(3 * time.Second)
				lb := b.pickUp()
				w.run()
				if !la.connected || !lb.connected || !talk(la, lb) {
					t.Error("no audio after the answer")
				}
				w.pass(10 * time.Second)
				if byCaller {
					a.hangUp(la)
				} else {
					b.hangUp(lb)
				}
				w.run()
				r := w.records()
				if len(r) != 1 || r[0].Duration != 10*time.Second || r[0].Calling.Number != "1001" || r[0].FinalCalled.Number != "1002" {
					t.Fatalf("records: %+v", r)
				}
				if ours := r[0].Orig.Cause == signal.CauseNormalClearing; ours != byCaller {
					t.Errorf("the record says that the caller ended it: %v, want %v", ours, byCaller)
				}
			})
		})
	}
}

func TestUnanswered(t *testing.T) {
	for _, test := range []struct {
		name  string
		setup func(w *world)
		cause signal.Cause
	}{
		{"unknown number", func(w *world) { delete(w.lines, "1002") }, signal.CauseUnallocatedNumber},
		{"not registered", func(w *world) { w.devices["B"].gone = true }, signal.CauseSubscriberAbsent},
		{"busy", func(w *world) { w.set("1002", func(i *line.Info) { i.Appearances[0].BusyTrigger = 0 }) }, signal.CauseUserBusy},
	} {
		t.Run(test.name, func(t *testing.T) {
			kinds(t, 2, func(t *testing.T, w *world, e []bool) {
				a := w.phone("A", "1001", e[0])
				w.phone("B", "1002", e[1])
				test.setup(w)
				la := a.dial("1002")
				w.run()
				if la.failed != test.cause {
					t.Errorf("cause %v, want %v", la.failed, test.cause)
				}
				a.hangUp(la)
				w.run()
				if r := w.records(); len(r) != 1 || r[0].Duration != 0 || r[0].Dest.Cause != test.cause {
					t.Errorf("records %+v", r)
				}
			})
		})
	}
}

func TestForwarding(t *testing.T) {
	for _, test := range []struct {
		name   string
		setup  func(w *world)
		wait   time.Duration
		reason signal.RedirectReason
	}{
		{"all", func(w *world) { w.set("1002", func(i *line.Info) { i.ForwardAll.Destination = "1003" }) }, 0, signal.RedirectUnconditional},
		{"busy", func(w *world) {
			w.set("1002", func(i *line.Info) { i.ForwardBusy.Destination = "1003"; i.Appearances[0].BusyTrigger = 0 })
		}, 0, signal.RedirectBusy},
		{"no answer", func(w *world) { w.set("1002", func(i *line.Info) { i.ForwardNoAnswer.Destination = "1003" }) }, 13 * time.Second, signal.RedirectNoAnswer},
		{"unregistered", func(w *world) {
			w.set("1002", func(i *line.Info) { i.ForwardUnregistered.Destination = "1003" })
			w.devices["B"].gone = true
		}, 0, signal.RedirectUnregistered},
	} {
		t.Run(test.name, func(t *testing.T) {
			kinds(t, 3, func(t *testing.T, w *world, e []bool) {
				a, b, c := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1]), w.phone("C", "1003", e[2])
				test.setup(w)
				la := a.dial("1002")
				w.run()
				w.pass(test.wait)
				lc := c.pickUp()
				w.run()
				if !talk(la, lc) || len(b.legs) != 0 {
					t.Errorf("audio %v, B still has %d calls", talk(la, lc), len(b.legs))
				}
				a.hangUp(la)
				w.run()
				r := w.records()
				if len(r) != 1 || r[0].OriginalCalled.Number != "1002" || r[0].FinalCalled.Number != "1003" ||
					r[0].Redirection.Last.Number != "1002" || r[0].Redirection.LastReason != test.reason {
					t.Errorf("records %+v", r)
				}
			})
		})
	}
}

func TestForwardLoop(t *testing.T) {
	w := newWorld(t)
	a := w.phone("A", "1001", true)
	w.phone("B", "1002", true)
	w.phone("C", "1003", true)
	w.set("1002", func(i *line.Info) { i.ForwardAll.Destination = "1003" })
	w.set("1003", func(i *line.Info) { i.ForwardAll.Destination = "1002" })
	la := a.dial("1002")
	w.run()
	if la.failed != signal.CauseExchangeRoutingError {
		t.Errorf("a forwarding loop ended with %v", la.failed)
	}
	a.hangUp(la)
	w.run()
	w.quiet()
}

func TestHoldResume(t *testing.T) {
	// All orders in which two parties hold and resume end with audio both ways.
	orders := [][]int{{0, 0}, {1, 1}, {0, 1, 0, 1}, {0, 1, 1, 0}, {1, 0, 0, 1}, {1, 0, 1, 0}}
	for _, order := range orders {
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			kinds(t, 2, func(t *testing.T, w *world, e []bool) {
				a, b := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1])
				la := a.dial("1002")
				w.run()
				lb := b.pickUp()
				w.run()
				held := map[int]bool{}
				for _, who := range order {
					held[who] = !held[who]
					if who == 0 {
						a.hold(la, held[who])
					} else {
						b.hold(lb, held[who])
					}
					w.run()
					if (held[0] || held[1]) && talk(la, lb) {
						t.Errorf("audio flows although somebody holds")
					}
				}
				if !talk(la, lb) {
					t.Errorf("no audio after %v", order)
				}
				a.hangUp(la)
				w.run()
			})
		})
	}
}

func TestR21_BothHoldAtOnce(t *testing.T) {
	kinds(t, 2, func(t *testing.T, w *world, e []bool) {
		a, b := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1])
		la := a.dial("1002")
		w.run()
		lb := b.pickUp()
		w.run()
		a.hold(la, true)
		b.hold(lb, true)
		w.run()
		if !la.held || !lb.held || !la.local.OnHold() || !lb.local.OnHold() {
			t.Error("not both are on hold")
		}
		a.hold(la, false)
		b.hold(lb, false)
		w.run()
		if !talk(la, lb) {
			t.Errorf("no audio after both resumed: %+v %+v", la, lb)
		}
		b.hangUp(lb)
		w.run()
	})
}

func TestConsultTransfer(t *testing.T) {
	for _, caller := range []string{"A called B", "B called A"} {
		for _, ringing := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s ringing=%v", caller, ringing), func(t *testing.T) {
				kinds(t, 3, func(t *testing.T, w *world, e []bool) {
					a, b, c := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1]), w.phone("C", "1003", e[2])
					var la, lb *leg
					if caller == "A called B" {
						la = a.dial("1002")
						w.run()
						lb = b.pickUp()
					} else {
						lb = b.dial("1001")
						w.run()
						la = a.pickUp()
					}
					w.run()
					w.pass(5 * time.Second)
					b.hold(lb, true)
					w.run()
					lb2 := b.dial("1003")
					w.run()
					lc := c.newest()
					if !ringing {
						c.pickUp()
						w.run()
						w.pass(4 * time.Second)
					}
					w.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
					w.run()
					if len(b.legs) != 0 {
						t.Errorf("B still has %d calls", len(b.legs))
					}
					if lc.other.Number != "1001" {
						t.Errorf("C sees %q", lc.other.Number)
					}
					if ringing {
						c.pickUp()
						w.run()
					}
					if !talk(la, lc) {
						t.Errorf("A and C do not hear each other: A %+v %+v, C %+v %+v", la.local, la.remote, lc.local, lc.remote)
					}
					if la.other.Number != "1003" {
						t.Errorf("A sees %q", la.other.Number)
					}
					w.pass(6 * time.Second)
					c.hangUp(lc)
					w.run()
					r := w.records()
					if len(r) != 3 {
						t.Fatalf("%d records: %+v", len(r), r)
					}
					var total time.Duration
					for _, x := range r {
						if x.Call != r[0].Call {
							t.Errorf("the records are not tied: %v and %v", x.Call, r[0].Call)
						}
						if x.Calling.Number == "1001" || x.FinalCalled.Number == "1001" {
							total += x.Duration
						}
					}
					want := 11 * time.Second
					if !ringing {
						want = 15 * time.Second
					}
					if total != want {
						t.Errorf("A was connected for %v by the records, want %v", total, want)
					}
				})
			})
		}
	}
}

func TestR30_BlindTransfer(t *testing.T) {
	for _, outcome := range []string{"answered", "left early", "refused", "unregistered", "A leaves", "refused and left"} {
		t.Run(outcome, func(t *testing.T) {
			kinds(t, 3, func(t *testing.T, w *world, e []bool) {
				a, b, c := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1]), w.phone("C", "1003", e[2])
				la := a.dial("1002")
				w.run()
				lb := b.pickUp()
				w.run()
				if outcome == "unregistered" {
					c.gone = true
				}
				w.tell(lb.id, signal.TransferTo{Number: "1003"})
				w.run()
				want := 2
				switch outcome {
				case "answered":
					lc := c.pickUp()
					w.run()
					if !talk(la, lc) || len(b.legs) != 0 {
						t.Errorf("audio %v, B has %d calls", talk(la, lc), len(b.legs))
					}
					a.hangUp(la)
				case "left early":
					b.hangUp(lb)
					w.run()
					lc := c.pickUp()
					w.run()
					if !talk(la, lc) {
						t.Error("the transferor's hang-up took the call with it")
					}
					c.hangUp(lc)
				case "refused", "unregistered":
					if outcome == "refused" {
						w.tell(c.newest().id, signal.Refuse{Cause: signal.CauseCallRejected})
						w.run()
					}
					if len(lb.statuses) == 0 || lb.statuses[len(lb.statuses)-1].Cause == signal.CauseNone {
						t.Errorf("B was not told: %+v", lb.statuses)
					}
					if !talk(la, lb) {
						t.Error("A and B do not hear each other after the failure")
					}
					a.hangUp(la)
				case "A leaves":
					a.hangUp(la)
				case "refused and left":
					b.hangUp(lb)
					w.run()
					w.tell(c.newest().id, signal.Refuse{Cause: signal.CauseCallRejected})
					w.run()
					if la.failed != signal.CauseCallRejected {
						t.Errorf("A hears %v", la.failed)
					}
					a.hangUp(la)
				}
				w.run()
				r := w.records()
				if len(r) != want {
					t.Fatalf("%d records, want %d: %+v", len(r), want, r)
				}
				for _, x := range r {
					if x.Call != r[0].Call {
						t.Errorf("the identifier of the call changed: %v, %v", x.Call, r[0].Call)
					}
				}
			})
		})
	}
}

func TestR07_TwoAppearancesAnswerAtOnce(t *testing.T) {
	kinds(t, 3, func(t *testing.T, w *world, e []bool) {
		a, b, c := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1]), w.phone("C", "1002", e[2])
		la := a.dial("1002")
		w.run()
		lb, lc := b.pickUp(), c.pickUp()
		w.run()
		if talk(la, lb) == talk(la, lc) {
			t.Errorf("B connected %v, C connected %v", talk(la, lb), talk(la, lc))
		}
		a.hangUp(la)
		w.run()
		if len(w.records()) != 1 {
			t.Errorf("%d records", len(w.records()))
		}
	})
}

func TestR08_HeldCallRetrievedFromAnotherAppearance(t *testing.T) {
	kinds(t, 3, func(t *testing.T, w *world, e []bool) {
		a, b, c := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1]), w.phone("C", "1002", e[2])
		la := a.dial("1002")
		w.run()
		lb := b.pickUp()
		w.run()
		// A phone that is not in the call cannot take it while nobody holds it.
		lc := w.originate(c)
		w.tell(lc.id, signal.Retrieve{Held: lb.id})
		w.run()
		if lc.failed == signal.CauseNone || !talk(la, lb) {
			t.Errorf("a talking call was taken away: %v", lc.failed)
		}
		c.hangUp(lc)
		w.run()
		phones, at := []*device{b, c}, lb
		for round := range 20 {
			from, to := phones[round%2], phones[(round+1)%2]
			from.hold(at, true)
			w.run()
			if len(to.line.Calls) != 1 || to.line.Calls[0].State != signal.LineHeld {
				t.Fatalf("round %d: %s sees %+v", round, to.name, to.line.Calls)
			}
			l := w.originate(to)
			w.tell(l.id, signal.Retrieve{Held: to.line.Calls[0].Half})
			w.run()
			if !talk(la, l) || len(from.legs) != 0 {
				t.Fatalf("round %d: audio %v, %s has %d calls", round, talk(la, l), from.name, len(from.legs))
			}
			at = l
		}
		a.hangUp(la)
		w.run()
	})
}

func TestR23_CancelMeetsAnswer(t *testing.T) {
	kinds(t, 2, func(t *testing.T, w *world, e []bool) {
		a, b := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1])
		la := a.dial("1002")
		w.run()
		b.pickUp()
		a.hangUp(la)
		w.run()
		if r := w.records(); len(r) != 1 || r[0].Duration != 0 {
			t.Errorf("records %+v", r)
		}
	})
}

func TestGonePreservesTalkingCall(t *testing.T) {
	kinds(t, 2, func(t *testing.T, w *world, e []bool) {
		a, b := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1])
		la := a.dial("1002")
		w.run()
		lb := b.pickUp()
		w.run()
		w.tell(lb.id, signal.Gone{})
		w.run()
		w.pass(10 * time.Minute)
		if !talk(la, lb) {
			t.Fatal("the call ended with the connection of a phone")
		}
		a.hangUp(la)
		w.run()
		if r := w.records(); len(r) != 1 || r[0].Duration != 10*time.Minute {
			t.Errorf("records %+v", r)
		}
	})
}

func TestDialing(t *testing.T) {
	w := newWorld(t)
	a := w.phone("A", "1001", false)
	w.phone("B", "1002", false)
	// Nothing dialled.
	l := w.originate(a)
	w.tell(l.id, signal.Seize{})
	w.run()
	w.pass(16 * time.Second)
	if l.failed == signal.CauseNone {
		t.Error("an unused handset keeps its dial tone for ever")
	}
	a.hangUp(l)
	// An incomplete number ends with T302.
	l = a.dial("100")
	w.run()
	w.pass(16 * time.Second)
	if l.failed != signal.CauseUnallocatedNumber {
		t.Errorf("incomplete number: %v", l.failed)
	}
	a.hangUp(l)
	// Backspace.
	l = a.dial("101")
	_ = l
	w.run()
	if l.failed == signal.CauseNone {
		t.Error("no pattern can match 101")
	}
	a.hangUp(l)
	l = a.dial("10")
	w.tell(l.id, signal.Backspace{})
	w.tell(l.id, signal.Digits{Digits: "002"})
	w.run()
	if !l.tone {
		t.Error("the number typed after a correction was not called")
	}
	a.hangUp(l)
	w.run()
	w.quiet()
}

// TestJoinedPartyKnowsTheOther transfers a party that never registered its codecs but named them in its offer to a phone
// that still rings: whoever answers is told of them, and opens one.
func TestJoinedPartyKnowsTheOther(t *testing.T) {
	kinds(t, 3, func(t *testing.T, w *world, e []bool) {
		e[0] = true
		a, b, c := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1]), w.phone("C", "1003", e[2])
		la := a.dial("1002")
		w.run()
		lb := b.pickUp()
		w.run()
		lb2 := b.dial("1003")
		w.run()
		lc := c.newest()
		w.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
		w.run()
		h := w.halves[lc.id]
		if h == nil || len(h.Peer.Capabilities.Codecs) == 0 || !h.Peer.Capabilities.Codecs[0].Is("PCMU") {
			t.Errorf("the ringing phone does not know what the transferred party can receive: %+v", h.Peer)
		}
		a.hangUp(la)
		w.run()
	})
}
