package call_test

import (
	"net/netip"
	"testing"
	"time"

	"tandem/call/signal"
)

// witnessed returns the facts of half-calls whose peers keep the record on another server.
func (w *world) witnessed() (up, over []signal.Record) {
	for _, f := range w.facts {
		if f, ok := f.(signal.Witnessed); ok {
			if f.Record.Ended.IsZero() {
				up = append(up, f.Record)
			} else {
				over = append(over, f.Record)
			}
		}
	}
	return up, over
}

// across is a call of A at server 1, which keeps the record, to B at server 2.
func across(t *testing.T, node signal.NodeID) (w *world, a, b *device, la, lb *leg) {
	w = newWorld(t)
	a, b = w.phone("A", "1001", true), w.phone("B", "1002", false)
	b.node = node
	la = a.dial("1002")
	w.run()
	lb = b.pickUp()
	w.run()
	w.pass(time.Minute)
	return w, a, b, la, lb
}

// A call of two servers has one record, and the other side's facts ride in the release.
func TestRecordOfTwoServersIsComplete(t *testing.T) {
	for _, who := range []string{"caller", "called"} {
		t.Run(who, func(t *testing.T) {
			w, a, b, la, lb := across(t, 2)
			w.halves[lb.id].Profile.Record.Address = netip.MustParseAddr("192.0.2.77") // its phone moved meanwhile
			if who == "caller" {
				a.hangUp(la)
			} else {
				b.hangUp(lb)
			}
			w.run()
			r := w.records()
			if len(r) != 1 || r[0].Incomplete || r[0].Orig.Device != "A" || r[0].Dest.Device != "B" {
				t.Fatalf("records %+v", r)
			}
			if who == "called" && r[0].Dest.Address != netip.MustParseAddr("192.0.2.77") {
				t.Errorf("the last address of the called phone did not ride in the release: %v", r[0].Dest.Address)
			}
			up, over := w.witnessed()
			if len(up) != 1 || len(over) != 1 {
				t.Fatalf("witnessed %+v and %+v", up, over)
			}
			f := over[0]
			if f.Orig.Half != la.id || f.Dest.Half != lb.id || f.Calling.Number != "1001" || f.FinalCalled.Number != "1002" ||
				f.Call != r[0].Call || f.Duration != r[0].Duration || f.Orig.Cause+f.Dest.Cause != signal.CauseNormalClearing ||
				f.Orig.Cause != r[0].Orig.Cause {
				t.Errorf("witnessed %+v\nof %+v", f, r[0])
			}
			if !up[0].Connected.Equal(f.Connected) || !up[0].Ended.IsZero() {
				t.Errorf("first said %+v", up[0])
			}
			w.quiet()
		})
	}
}

// When somebody ends the call in the lost half's place, or the user does after its server is lost, the record says so.
func TestRecordWhoseOtherSideIsLostIsMarked(t *testing.T) {
	w, _, _, la, lb := across(t, 2)
	delete(w.halves, lb.id)
	w.tell(la.id, signal.Release{From: lb.id, Cause: signal.CauseTemporaryFailure})
	w.run()
	if r := w.records(); len(r) != 1 || !r[0].Incomplete || r[0].Dest.Cause != signal.CauseTemporaryFailure {
		t.Errorf("records %+v", r)
	}
}

// On one server nothing is witnessed, and a release needs no facts.
func TestOneServerNeedsNoWitness(t *testing.T) {
	w, _, b, la, lb := across(t, 1)
	b.hangUp(lb)
	w.run()
	if up, over := w.witnessed(); len(up)+len(over) != 0 {
		t.Errorf("witnessed %+v %+v", up, over)
	}
	if r := w.records(); len(r) != 1 || r[0].Incomplete {
		t.Errorf("records %+v", r)
	}
	_ = la
	w.quiet()
}

// A transfer divides a pair: what was witnessed of it ends, and that of the new pair begins at whoever does not keep its record.
func TestWitnessOfTransferredCall(t *testing.T) {
	kinds(t, 3, func(t *testing.T, w *world, e []bool) {
		a, b, c := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1]), w.phone("C", "1003", e[2])
		a.node, b.node, c.node = 1, 2, 3
		la := a.dial("1002")
		w.run()
		lb := b.pickUp()
		w.run()
		lb2 := b.dial("1003")
		w.run()
		lc := c.pickUp()
		w.run()
		w.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
		w.run()
		w.pass(time.Second)
		c.hangUp(lc)
		w.run()
		_ = la
		records := w.records()
		up, over := w.witnessed()
		if len(records) != 3 || len(up) != 3 || len(over) != 3 {
			t.Fatalf("%d records, %d and %d witnessed: %+v", len(records), len(up), len(over), over)
		}
		for _, r := range records {
			found := 0
			for _, f := range over {
				if f.Orig.Half == r.Orig.Half && f.Dest.Half == r.Dest.Half {
					found++
				}
			}
			if found != 1 || r.Incomplete {
				t.Errorf("record of %s and %s (incomplete %v) was witnessed %d times", r.Orig.Device, r.Dest.Device, r.Incomplete, found)
			}
		}
		w.quiet()
	})
}
