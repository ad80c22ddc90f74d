package call_test

import (
	"fmt"
	"testing"
	"time"

	"tandem/call"
	"tandem/call/signal"
)

// last is the newest call of a phone, or nil.
func (d *device) last() *leg {
	if len(d.order) == 0 {
		return nil
	}
	return d.newest()
}

// Users whose phone may have lost its call meanwhile.

func (d *device) tryPickUp() {
	if l := d.last(); l != nil && l.ringing && !l.connected {
		d.pickUp()
	}
}

func (d *device) tryDial(number string) *leg {
	if d.gone {
		return nil
	}
	return d.dial(number)
}

func (w *world) hangUpAll() {
	for _, d := range w.devices {
		for _, id := range d.order {
			w.tell(id, signal.HangUp{Cause: signal.CauseNormalClearing})
		}
	}
	w.run()
}

// lossSteps runs what phones on three servers do once for each letter of it and each server: after that letter the server is
// lost, with a part of what it had sent. survivors looks at what became of the phones five seconds later.
func lossSteps(t *testing.T, n int, do func(w *world, d []*device), survivors func(w *world, d []*device, lost signal.NodeID) error) {
	masks := []int{0, 1<<n - 1, 0b010, 0b101}
	if testing.Short() {
		masks = []int{0b010}
	}
	for _, mask := range masks {
		for lost := signal.NodeID(1); lost <= 3; lost++ {
			for arrive := 0; arrive < 3; arrive += 2 {
				t.Run(fmt.Sprintf("%0*b, server %d, %d arrive", n, mask, lost, arrive), func(t *testing.T) {
					for at := 0; ; at++ {
						w := newWorld(t)
						w.placed = []signal.NodeID{1, 2, 3, 2}
						var d []*device
						for i, number := range []string{"1001", "1002", "1003", "1002"}[:n] {
							d = append(d, w.phone(string(rune('A'+i)), number, mask>>i&1 == 1))
						}
						fired := false
						w.each = func(step int) {
							if step == at && !fired {
								fired = true
								w.kill(lost, arrive)
							}
						}
						do(w, d)
						w.run()
						if !fired {
							return
						}
						w.whole()
						if err := survivors(w, d, lost); err != nil {
							t.Errorf("after letter %d: %v", at, err)
						}
						w.hangUpAll()
						w.pass(time.Hour)
						w.quiet()
						if t.Failed() {
							t.Fatalf("the server was lost before letter %d", at)
						}
					}
				})
			}
		}
	}
}

func consult(w *world, d []*device) {
	a, b, c := d[0], d[1], d[2]
	a.tryDial("1002")
	w.run()
	b.tryPickUp()
	w.run()
	lb := b.last()
	if lb != nil && lb.connected {
		b.hold(lb, true)
		w.run()
	}
	lb2 := b.tryDial("1003")
	w.run()
	c.tryPickUp()
	w.run()
	if lb != nil && lb2 != nil && b.legs[lb.id] != nil {
		w.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
	}
	w.run()
}

// joinedOrReleased: of the parties that a lost transferor leaves, both talk, or neither has anything with the other.
func joinedOrReleased(w *world, d []*device, lost signal.NodeID) error {
	if lost != 2 {
		return nil
	}
	la, lc := d[0].last(), d[2].last()
	with := func(l *leg) signal.HalfCallID {
		if l == nil || w.halves[l.id] == nil || w.halves[l.id].State == call.Failed {
			return 0
		}
		return w.halves[l.id].Peer.Half
	}
	switch a, c := with(la), with(lc); {
	case a == 0 && c == 0:
	case a != 0 && a.Node() == 3 || c != 0 && c.Node() == 1:
		if la == nil || lc == nil || !talk(la, lc) {
			return fmt.Errorf("A and C are joined and do not hear each other")
		}
	default:
		for _, l := range []*leg{la, lc} {
			if with(l) == 0 {
				continue
			}
			if s := w.halves[l.id].State; s != call.Stranded {
				return fmt.Errorf("%v is left %s", l.id, s)
			}
		}
	}
	return nil
}

// TestR46_ServerLostInATransfer loses each of three servers after each message of a transfer with consultation.
func TestR46_ServerLostInATransfer(t *testing.T) {
	t.Run("answered", func(t *testing.T) { lossSteps(t, 3, consult, joinedOrReleased) })
	t.Run("ringing", func(t *testing.T) {
		lossSteps(t, 3, func(w *world, d []*device) {
			d[0].tryDial("1002")
			w.run()
			d[1].tryPickUp()
			w.run()
			lb := d[1].last()
			lb2 := d[1].tryDial("1003")
			w.run()
			if lb != nil && lb2 != nil && d[1].legs[lb.id] != nil {
				w.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
			}
			d[2].tryPickUp()
			w.run()
			d[2].tryPickUp()
		}, joinedOrReleased)
	})
	t.Run("blind", func(t *testing.T) {
		lossSteps(t, 3, func(w *world, d []*device) {
			d[0].tryDial("1002")
			w.run()
			d[1].tryPickUp()
			w.run()
			if lb := d[1].last(); lb != nil && lb.connected {
				w.tell(lb.id, signal.TransferTo{Number: "1003"})
			}
			w.run()
			d[2].tryPickUp()
		}, func(*world, []*device, signal.NodeID) error { return nil })
	})
	t.Run("retrieved at the other appearance", func(t *testing.T) {
		lossSteps(t, 4, func(w *world, d []*device) {
			d[3].node = 3
			d[0].tryDial("1002")
			w.run()
			if len(d[1].order) > 0 {
				d[1].tryPickUp()
			}
			w.run()
			if lb := d[1].last(); lb != nil && lb.connected {
				d[1].hold(lb, true)
				w.run()
				if !d[3].gone {
					w.tell(w.originate(d[3]).id, signal.Retrieve{Held: lb.id})
				}
			}
		}, func(*world, []*device, signal.NodeID) error { return nil })
	})
}

// lossTable is what becomes of a call when the server of one party is lost, by what the call was doing.
func TestR46_OutcomeOfALoss(t *testing.T) {
	connected := func(w *world, a, b *device) (la, lb *leg) {
		la = a.dial("1002")
		w.run()
		lb = b.pickUp()
		w.run()
		w.pass(20 * time.Second)
		return la, lb
	}
	for _, test := range []struct {
		name string
		do   func(t *testing.T, w *world, a, b *device)
	}{
		{"the caller's server while it rings", func(t *testing.T, w *world, a, b *device) {
			a.dial("1002")
			w.run()
			w.kill(a.node, 0)
			w.run()
			w.pass(5 * time.Second)
			if len(b.legs) != 0 {
				t.Error("B goes on ringing for a caller that is lost")
			}
		}},
		{"the called phone's server while it rings", func(t *testing.T, w *world, a, b *device) {
			la := a.dial("1002")
			w.run()
			w.kill(b.node, 0)
			w.run()
			w.pass(5 * time.Second)
			if la.failed != signal.CauseTemporaryFailure {
				t.Errorf("A hears %v, want cause 41", la.failed)
			}
			a.hangUp(la)
			w.run()
		}},
		{"talking, the caller hangs up", func(t *testing.T, w *world, a, b *device) {
			la, _ := connected(w, a, b)
			w.kill(b.node, 0)
			w.run()
			w.pass(2 * time.Hour)
			if len(a.legs) != 1 || la.remote.OnHold() {
				t.Fatal("the call did not survive")
			}
			a.hold(la, true)
			w.run()
			if w.halves[la.id].Held {
				t.Error("a feature works without the other side")
			}
			w.tell(la.id, signal.TransferTo{Number: "1001"})
			w.run()
			if n := len(la.statuses); n == 0 || la.statuses[n-1].Cause != signal.CauseTemporaryFailure {
				t.Errorf("a transfer: %+v", la.statuses)
			}
			a.hangUp(la)
			w.run()
			if r := w.records(); len(r) != 1 || r[0].Duration < 2*time.Hour || !r[0].Incomplete {
				t.Errorf("records %+v", r)
			}
		}},
		{"talking, the caller is lost", func(t *testing.T, w *world, a, b *device) {
			_, lb := connected(w, a, b)
			w.kill(a.node, 0)
			w.run()
			w.pass(time.Hour)
			if len(b.legs) != 1 {
				t.Fatal("the call did not survive")
			}
			b.hangUp(lb)
			w.run()
			_, known := w.witnessed()
			if len(known) != 1 || known[0].Orig.Half.Node() != a.node || known[0].Duration < time.Hour || known[0].Dest.Cause != signal.CauseNormalClearing {
				t.Errorf("the other half knows %+v", known)
			}
			if r := w.records(); len(r) != 1 || r[0].Orig.Cause != signal.CauseServerRestarted {
				t.Errorf("records %+v", r)
			}
		}},
		{"the lost phone registers without a call", func(t *testing.T, w *world, a, b *device) {
			connected(w, a, b)
			w.kill(b.node, 0)
			w.run()
			w.register(b, a.node)
			w.run()
			if len(a.legs) != 0 {
				t.Error("A is left with a call that its other party has ended")
			}
		}},
		{"the lost phone had registered before the loss was seen", func(t *testing.T, w *world, a, b *device) {
			connected(w, a, b)
			w.kill(b.node, 0)
			b.node, b.gone = a.node, false
			w.run()
			if len(a.legs) != 0 {
				t.Error("A is left with a call that its other party has ended")
			}
		}},
		{"held", func(t *testing.T, w *world, a, b *device) {
			la, _ := connected(w, a, b)
			a.hold(la, true)
			w.run()
			w.kill(b.node, 0)
			w.run()
			if h := w.halves[la.id]; h == nil || !h.Held {
				t.Fatal("the hold ended")
			}
			a.hangUp(la)
			w.run()
		}},
		{"cut off and back", func(t *testing.T, w *world, a, b *device) {
			la, lb := connected(w, a, b)
			w.sever(a.node, b.node)
			w.run()
			if w.halves[la.id].State != call.Stranded || w.halves[lb.id].State != call.Stranded {
				t.Fatalf("%s and %s", w.halves[la.id].State, w.halves[lb.id].State)
			}
			w.mend(a.node, b.node)
			w.run()
			a.hold(la, true)
			w.run()
			a.hold(la, false)
			w.run()
			if !talk(la, lb) {
				t.Error("they do not hear each other after a hold")
			}
			b.hangUp(lb)
			w.run()
			if len(a.legs) != 0 {
				t.Error("A was not released")
			}
		}},
		{"cut off, left, and back", func(t *testing.T, w *world, a, b *device) {
			_, lb := connected(w, a, b)
			w.sever(a.node, b.node)
			w.run()
			b.hangUp(lb)
			w.run()
			if len(a.legs) != 1 {
				t.Error("A was released by whom it cannot hear")
			}
			w.mend(a.node, b.node)
			w.run()
			if len(a.legs) != 0 {
				t.Error("A was not released after the servers found each other")
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for mask := range 4 {
				w := newWorld(t)
				w.placed = []signal.NodeID{1, 2}
				test.do(t, w, w.phone("A", "1001", mask&1 == 1), w.phone("B", "1002", mask&2 == 2))
				w.quiet()
			}
		})
	}
}

// TestAuditEndsWhatHasNoPeer takes a half-call away without a word: its peer on another server finds out.
func TestAuditEndsWhatHasNoPeer(t *testing.T) {
	for _, answer := range []string{"none", "it has ended", "another peer"} {
		t.Run(answer, func(t *testing.T) {
			w := newWorld(t)
			w.placed = []signal.NodeID{1, 2}
			a, b := w.phone("A", "1001", true), w.phone("B", "1002", false)
			la := a.dial("1002")
			w.run()
			lb := b.pickUp()
			w.run()
			w.pass(10 * time.Minute)
			if !talk(la, lb) {
				t.Fatal("audits ended a good call")
			}
			switch answer {
			case "it has ended":
				delete(w.halves, lb.id)
			case "another peer":
				w.halves[lb.id].Peer.Half = signal.NewHalfCallID(1, 999)
			}
			if answer == "none" {
				w.each = func(int) {
					if _, ok := w.queue[0].input.(signal.Audit); ok {
						w.queue[0].to = signal.Address{Line: signal.LineRef{Number: "nowhere"}, Node: 2}
					}
				}
			}
			w.pass(3 * time.Minute)
			if len(a.legs) != 0 {
				t.Errorf("A is still connected to nobody; its half-call is %s", w.halves[la.id].State)
			}
		})
	}
}
