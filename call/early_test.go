package call_test

import (
	"slices"
	"testing"
	"time"

	"tandem/call/line"
	"tandem/call/signal"
)

// rings says what the caller of a ringing call hears: the other side, or the tone.
func rings(t *testing.T, l *leg, other bool) {
	t.Helper()
	if (l.heard != nil) != other || l.tone == other {
		t.Errorf("the caller hears the other side: %v, the tone: %v; want the other side: %v", l.heard != nil, l.tone, other)
	}
}

// answers has a phone answer the call of a leg, and asks that both are heard.
func answers(t *testing.T, l *leg, d *device) {
	t.Helper()
	other := d.pickUp()
	d.w.run()
	if !talk(l, other) {
		t.Error("no audio after the answer")
	}
}

// unready is a caller whose phone has not got ready in the second that it has.
func unready(w *world, a *device) *leg {
	a.slow = true
	l := a.dial("1002")
	w.run()
	w.pass(time.Second)
	return l
}

// early runs a scenario for a caller that makes its offer when it is asked for it, on one server and on several.
func early(t *testing.T, f func(t *testing.T, w *world, a *device)) {
	for _, p := range placements {
		t.Run(p.name, func(t *testing.T) {
			w := newWorld(t)
			w.placed = p.servers
			f(t, w, w.phone("A", "1001", false))
			w.hangUpAll()
			w.quiet()
		})
	}
}

// A caller that names no address before it has opened its audio hears the called side before the answer, and the answer
// changes nothing.
func TestCallerIsAskedForItsOffer(t *testing.T) {
	early(t, func(t *testing.T, w *world, a *device) {
		b := w.phone("B", "1002", true)
		la := a.dial("1002")
		w.run()
		lb := b.newest()
		rings(t, la, true)
		if lb.ring.Offer == nil || lb.ring.Offer.Audio().Address != la.local.Audio().Address {
			t.Fatal("B was told of the call without A's offer")
		}
		before := la.local
		lb = b.pickUp()
		w.run()
		if !talk(la, lb) || la.local != before {
			t.Errorf("audio %v, A's description stayed: %v", talk(la, lb), la.local == before)
		}
	})
}

// A caller whose phone does not get ready delays the ringing by a second and hears the tone.
func TestSlowCallerRingsWithoutAnOffer(t *testing.T) {
	early(t, func(t *testing.T, w *world, a *device) {
		b := w.phone("B", "1002", true)
		a.slow = true
		la := a.dial("1002")
		w.run()
		w.pass(999 * time.Millisecond)
		if l := b.newest(); l.ringing {
			t.Fatal("B rings before A's phone had its time")
		}
		w.pass(time.Millisecond)
		rings(t, la, false)
		answers(t, la, b)
	})
}

// An offer that gets ready when the called phone rings already means nothing: the offer is made at the answer.
func TestOfferThatComesLate(t *testing.T) {
	early(t, func(t *testing.T, w *world, a *device) {
		b := w.phone("B", "1002", true)
		la := unready(w, a)
		la.owed = false
		la.local = a.session(signal.SendRecv)
		w.tell(la.id, signal.Offer{Media: la.local})
		w.run()
		rings(t, la, false)
		answers(t, la, b)
	})
}

// The offer crosses the answer of a phone that was quicker.
func TestOfferThatCrossesTheAnswer(t *testing.T) {
	early(t, func(t *testing.T, w *world, a *device) {
		b := w.phone("B", "1002", true)
		la := unready(w, a)
		lb := b.pickUp()
		crossed := false
		w.each = func(int) {
			if _, ok := w.queue[0].input.(signal.Connected); ok && !crossed {
				crossed, la.owed = true, false
				offer := letter{la.id.Node(), signal.ToHalf(la.id), signal.Offer{Media: a.session(signal.SendRecv)}}
				w.queue = slices.Insert(w.queue, 1, offer) // before the phone's answer
			}
		}
		w.run()
		if !crossed || !talk(la, lb) {
			t.Errorf("the offer crossed the answer: %v; audio afterwards: %v", crossed, talk(la, lb))
		}
	})
}

// A phone that does not take the codec which the caller had to choose is told of the call again and offers its own.
func TestOfferThatIsNotTaken(t *testing.T) {
	early(t, func(t *testing.T, w *world, a *device) {
		b := w.phone("B", "1002", true)
		b.picky = true
		la := a.dial("1002")
		w.run()
		rings(t, la, false)
		answers(t, la, b)
	})
}

// of several phones that ring none is heard before the answer, so nobody asks.
func TestR25_NoneOfSeveralIsHeardEarly(t *testing.T) {
	early(t, func(t *testing.T, w *world, a *device) {
		w.phone("B", "1002", true)
		c := w.phone("C", "1002", true)
		la := a.dial("1002")
		w.run()
		rings(t, la, false)
		if la.local != nil {
			t.Error("A was asked for an offer")
		}
		answers(t, la, c)
	})
}

// A call that goes elsewhere takes nothing of the early media along; whoever is called next asks anew.
func TestForwardedWhileHeardEarly(t *testing.T) {
	for _, kind := range []bool{true, false} {
		early(t, func(t *testing.T, w *world, a *device) {
			w.phone("B", "1002", true)
			c := w.phone("C", "1003", kind)
			w.set("1002", func(i *line.Info) { i.ForwardNoAnswer.Destination = "1003" })
			la := a.dial("1002")
			w.run()
			rings(t, la, true)
			first := la.local
			w.pass(13 * time.Second)
			rings(t, la, kind)
			if kind && la.local == first {
				t.Error("C was given the offer that was made to B")
			}
			answers(t, la, c)
		})
	}
}

// The caller hangs up after each letter of the beginning of a call: nothing is left behind.
func TestCallerLeavesWhileItIsAsked(t *testing.T) {
	for _, slow := range []bool{false, true} {
		for at := 0; at < 30; at++ {
			early(t, func(t *testing.T, w *world, a *device) {
				b := w.phone("B", "1002", true)
				a.slow = slow
				la := a.dial("1002")
				w.each = func(step int) {
					if step == at {
						a.hangUp(la)
					}
				}
				w.run()
				w.pass(2 * time.Second)
				if at < 20 && len(b.legs) > 0 && len(a.legs) == 0 {
					t.Errorf("B still has a call after the caller left before letter %d", at)
				}
			})
		}
	}
}

// A transfer before the called phone was told of the call, and while it is heard early: whoever is the caller then talks.
func TestTransferWhileTheCallerIsAsked(t *testing.T) {
	for _, slow := range []bool{false, true} {
		kinds(t, 1, func(t *testing.T, w *world, e []bool) {
			w.placed = append(w.placed, 1)
			x, b, c := w.phone("X", "1000", e[0]), w.phone("B", "1001", false), w.phone("C", "1002", true)
			lx := x.dial("1001")
			w.run()
			lb := b.pickUp()
			w.run()
			b.hold(lb, true)
			w.run()
			b.slow = slow
			l2 := b.dial("1002")
			w.run()
			w.tell(lb.id, signal.TransferWith{Consultation: l2.id})
			w.run()
			w.pass(2 * time.Second)
			lc := c.pickUp()
			w.run()
			if !talk(lx, lc) {
				t.Error("no audio between those who are left")
			}
			w.hangUpAll()
		})
	}
}

// TestR46_ServerLostBeforeTheAnswer loses each server after each message of a call whose caller is asked for its offer.
func TestR46_ServerLostBeforeTheAnswer(t *testing.T) {
	for _, slow := range []bool{false, true} {
		lossSteps(t, 2, func(w *world, d []*device) {
			d[0].slow = slow
			d[0].tryDial("1002")
			w.run()
			w.pass(time.Second)
			d[1].tryPickUp()
			w.run()
		}, func(*world, []*device, signal.NodeID) error { return nil })
	}
}
