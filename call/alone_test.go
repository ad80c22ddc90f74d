package call_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tandem/call"
	"tandem/call/signal"
)

// alone lets a copy of the half-call live on with nothing but its timers: every message to it and from it is lost. It
// reports whether the half-call ends, or rests connected with its device present.
func (w *world) alone(h *call.HalfCall) error {
	me := signal.ToHalf(h.ID)
	lonely := &world{t: w.t, now: w.now, lines: w.lines, devices: w.devices, halves: map[signal.HalfCallID]*call.HalfCall{}, servers: w.servers}
	for _, a := range w.timers {
		if a.owner == me {
			lonely.timers = append(lonely.timers, a)
		}
	}
	h = rewrite(w, h)
	begin := fmt.Sprintf("%s/%s", h.State, h.Neg)
	for range 20 {
		if h.State == call.Ended {
			return nil
		}
		first := -1
		for i, a := range lonely.timers {
			if first < 0 || a.at.Before(lonely.timers[first].at) {
				first = i
			}
		}
		if first < 0 {
			if (h.State == call.Active || h.State == call.Stranded) && h.Neg == call.Stable && !h.DeviceGone && !h.TransferWait && !h.MustAgree && !h.Expects {
				return nil
			}
			return fmt.Errorf("half-call %v of %s, alone since %s, waits for ever in %s/%s", h.ID, h.Profile.Device, begin, h.State, h.Neg)
		}
		a := lonely.timers[first]
		lonely.timers = append(lonely.timers[:first], lonely.timers[first+1:]...)
		lonely.now = a.at
		effects, _ := h.Handle(view{lonely, h.ID.Node()}, lonely.now, a.fire)
		for _, e := range effects {
			switch e.(type) {
			case signal.Start, signal.Stop, signal.StopAll:
				lonely.perform(me, e)
			}
		}
	}
	return fmt.Errorf("half-call %v of %s, alone since %s, goes on for ever in %s/%s", h.ID, h.Profile.Device, begin, h.State, h.Neg)
}

// answerLast delivers everything that waits, answers of devices only when there is nothing else.
func (w *world) answerLast() {
	for len(w.queue) > 0 {
		next := max(0, slices.IndexFunc(w.queue, func(l letter) bool { _, ok := l.input.(signal.Answer); return !ok }))
		l := w.queue[next]
		w.queue = slices.Delete(w.queue, next, next+1)
		w.deliver(l)
	}
}

// TestR20_NobodyWaitsForEver cuts every half-call off after every input of these calls, and asks that it ends by its own
// timers. A connected call at rest is the only one that may stay.
func TestR20_NobodyWaitsForEver(t *testing.T) {
	type phones struct {
		*world
		a, b, c, d *device // D shares the line of B
	}
	connected := func(p phones) (la, lb *leg) {
		la = p.a.dial("1002")
		p.run()
		lb = p.b.newest()
		p.b.pickUp()
		p.run()
		return la, lb
	}
	seen := map[call.State]bool{}
	negotiations := map[call.Negotiation]bool{}
	for _, test := range []struct {
		name string
		do   func(p phones)
	}{
		{"answered, held, ended", func(p phones) {
			la, lb := connected(p)
			p.b.hold(lb, true)
			p.run()
			p.a.hold(la, true)
			p.b.hold(lb, false)
			p.run()
			p.a.hangUp(la)
		}},
		{"nobody has it", func(p phones) { p.a.dial("7") }},
		{"incomplete", func(p phones) { p.a.dial("10") }},
		{"consulted, answered", func(p phones) {
			_, lb := connected(p)
			lb2 := p.b.dial("1003")
			p.run()
			p.c.pickUp()
			p.run()
			p.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
		}},
		{"consulted, ringing", func(p phones) {
			_, lb := connected(p)
			lb2 := p.b.dial("1003")
			p.run()
			p.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
			p.run()
			p.c.pickUp()
		}},
		{"sent on while media change", func(p phones) {
			_, lb := connected(p)
			lb2 := p.b.dial("1003")
			p.run()
			p.b.hold(lb, true)
			p.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
			p.answerLast()
		}},
		{"blind", func(p phones) {
			_, lb := connected(p)
			p.tell(lb.id, signal.TransferTo{Number: "1003"})
			p.run()
			p.c.pickUp()
		}},
		{"blind to nobody", func(p phones) {
			_, lb := connected(p)
			p.tell(lb.id, signal.TransferTo{Number: "7"})
		}},
		{"both send the other on", func(p phones) {
			la, lb := connected(p)
			p.tell(lb.id, signal.TransferTo{Number: "1003"})
			p.tell(la.id, signal.TransferTo{Number: "1003"})
		}},
		{"retrieved", func(p phones) {
			_, lb := connected(p)
			p.b.hold(lb, true)
			p.run()
			ld := p.originate(p.d)
			p.tell(ld.id, signal.Retrieve{Held: lb.id})
		}},
		{"replaced while it rings", func(p phones) {
			p.a.dial("1003")
			p.run()
			ld := p.originate(p.d)
			p.tell(ld.id, signal.Replace{Other: p.c.newest().id, Offer: p.d.session(signal.SendRecv)})
		}},
		{"gone", func(p phones) {
			_, lb := connected(p)
			p.tell(lb.id, signal.Gone{})
		}},
		{"the other server lost", func(p phones) {
			la, lb := connected(p)
			p.b.hold(lb, true)
			p.run()
			if p.b.node != p.a.node {
				p.kill(p.b.node, 0)
				p.run()
				p.a.hold(la, true)
				p.tell(la.id, signal.TransferTo{Number: "1003"})
			}
		}},
		{"the other server lost, then the phone", func(p phones) {
			la, _ := connected(p)
			if p.b.node != p.a.node {
				p.kill(p.b.node, 0)
				p.run()
				p.tell(la.id, signal.Gone{})
			}
		}},
		{"gone in a transfer", func(p phones) {
			_, lb := connected(p)
			p.tell(lb.id, signal.TransferWith{Consultation: signal.NewHalfCallID(1, 999)})
			p.tell(lb.id, signal.Gone{})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			kinds(t, 4, func(t *testing.T, w *world, e []bool) {
				p := phones{w, w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1]), w.phone("C", "1003", e[2]), w.phone("D", "1002", e[3])}
				w.handled = func(h *call.HalfCall) {
					seen[h.State], negotiations[h.Neg] = true, true
					if err := w.alone(h); err != nil {
						t.Error(err)
					}
				}
				test.do(p)
				w.run()
				for _, d := range w.devices {
					for _, id := range d.order {
						w.tell(id, signal.HangUp{})
					}
				}
				w.run()
				w.pass(2 * time.Hour)
			})
		})
	}
	for s := call.Dialing; s <= call.Ended; s++ {
		if !seen[s] {
			t.Errorf("no half-call was cut off in the state %s", s)
		}
	}
	for n := call.Stable; n <= call.Flushing; n++ {
		if !negotiations[n] {
			t.Errorf("no half-call was cut off in the negotiation %s", n)
		}
	}
}

// TestTransferRefusedLeavesBothCalls: a transfer that is refused, or that nobody answers, leaves the transferor with both
// its calls as they were; each can be held and resumed, and the transfer can be tried again.
func TestTransferRefusedLeavesBothCalls(t *testing.T) {
	for _, why := range []string{"refused", "lost"} {
		t.Run(why, func(t *testing.T) {
			kinds(t, 3, func(t *testing.T, w *world, e []bool) {
				a, b, c := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1]), w.phone("C", "1003", e[2])
				la := a.dial("1002")
				w.run()
				lb := b.pickUp()
				w.run()
				b.hold(lb, true)
				w.run()
				lb2 := b.dial("1003")
				w.run()
				lc := c.pickUp()
				w.run()
				if why == "refused" {
					// The consultation is itself under way to somewhere else.
					w.tell(lb2.id, signal.TransferWith{Consultation: lb.id})
					w.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
					w.run()
				} else {
					w.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
					letter := w.queue[0]
					w.queue = nil
					w.deliver(letter)
					w.queue = nil // the request
					w.pass(6 * time.Second)
				}
				if len(b.legs) != 2 || len(lb.statuses) != 1 || !lb.statuses[0].Done || lb.statuses[0].Cause == signal.CauseNone {
					t.Fatalf("B has %d calls and was told %+v", len(b.legs), lb.statuses)
				}
				if h := w.halves[lb.id]; !h.Held || h.State != call.Active || talk(la, lb) {
					t.Errorf("the held call is %s, held %v", h.State, h.Held)
				}
				if !talk(lb2, lc) {
					t.Error("the consultation has no audio")
				}
				for _, x := range []struct {
					near, far *leg
				}{{lb, la}, {lb2, lc}} {
					for _, hold := range []bool{true, false} {
						if x.near.held != hold {
							b.hold(x.near, hold)
							w.run()
						}
						if w.halves[x.near.id].Held != hold || talk(x.near, x.far) == hold {
							t.Errorf("hold %v: held %v, audio %v", hold, w.halves[x.near.id].Held, talk(x.near, x.far))
						}
					}
				}
				w.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
				w.run()
				if !talk(la, lc) || len(b.legs) != 0 {
					t.Errorf("the second attempt: audio %v, B has %d calls", talk(la, lc), len(b.legs))
				}
				a.hangUp(la)
				w.run()
			})
		})
	}
}

// TestLeavingInATransferThatFails: a device that hangs up while its transfer is under way does not come back to life with it.
func TestLeavingInATransferThatFails(t *testing.T) {
	kinds(t, 2, func(t *testing.T, w *world, e []bool) {
		a, b := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1])
		a.dial("1002")
		w.run()
		lb := b.pickUp()
		w.run()
		w.tell(lb.id, signal.TransferWith{Consultation: signal.NewHalfCallID(1, 999)})
		w.tell(lb.id, signal.HangUp{Cause: signal.CauseNormalClearing})
		w.run()
		if len(a.legs)+len(b.legs) != 0 {
			t.Errorf("A has %d calls, B %d", len(a.legs), len(b.legs))
		}
	})
}

// TestLateAcceptJoins: the consultation was busy with its media for longer than the transferor waits; its party is not left
// with nobody.
func TestLateAcceptJoins(t *testing.T) {
	for _, end := range []bool{false, true} {
		kinds(t, 3, func(t *testing.T, w *world, e []bool) {
			a, b, c := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1]), w.phone("C", "1003", e[2])
			la := a.dial("1002")
			w.run()
			lb := b.pickUp()
			w.run()
			lb2 := b.dial("1003")
			w.run()
			lc := c.pickUp()
			w.run()
			w.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
			first := w.queue[0]
			w.queue = nil
			w.deliver(first)
			late := w.queue
			w.queue = nil
			w.pass(6 * time.Second)
			if end {
				b.hangUp(lb)
				w.run()
			}
			w.queue = late
			w.run()
			switch {
			case end && len(a.legs)+len(b.legs)+len(c.legs) != 0:
				t.Errorf("A has %d calls, B %d, C %d", len(a.legs), len(b.legs), len(c.legs))
			case !end && !talk(la, lc):
				t.Error("A and C do not hear each other")
			}
			for _, d := range w.devices {
				for _, id := range d.order {
					w.tell(id, signal.HangUp{})
				}
			}
			w.run()
		})
	}
}
