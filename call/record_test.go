package call_test

import (
	"strings"
	"testing"
	"time"

	"tandem/call/line"
	"tandem/call/signal"
)

// TestR38_RecordsNameMedia ends calls without any change of media after the answer: the records of the first pair and of
// a joined pair say where each end received media, and with which codec.
func TestR38_RecordsNameMedia(t *testing.T) {
	check := func(t *testing.T, what string, r signal.Record, orig, dest *signal.Session) {
		t.Helper()
		for end, x := range map[string]struct {
			leg  signal.LegRecord
			said *signal.Session
		}{"orig": {r.Orig, orig}, "dest": {r.Dest, dest}} {
			if x.leg.Media != x.said.Audio().Address || x.leg.Codec != "PCMU" || x.leg.Ptime != 20 {
				t.Errorf("%s, %s: %v %q %d ms, want %v PCMU 20 ms", what, end, x.leg.Media, x.leg.Codec, x.leg.Ptime, x.said.Audio().Address)
			}
		}
	}
	kinds(t, 3, func(t *testing.T, w *world, e []bool) {
		a, b, c := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1]), w.phone("C", "1003", e[2])
		la := a.dial("1002")
		w.run()
		lb := b.pickUp()
		w.run()
		ab := [2]*signal.Session{la.local, lb.local}
		lb2 := b.dial("1003")
		w.run()
		lc := c.pickUp()
		w.run()
		bc := [2]*signal.Session{lb2.local, lc.local}
		w.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
		w.run()
		w.pass(time.Second)
		a.hangUp(la)
		w.run()
		r := w.records()
		if len(r) != 3 {
			t.Fatalf("%d records", len(r))
		}
		for _, x := range r {
			switch x.Orig.Device + x.Dest.Device {
			case "AB":
				check(t, "first call", x, ab[0], ab[1])
			case "BC":
				check(t, "consultation", x, bc[0], bc[1])
			case "AC":
				check(t, "joined", x, la.local, lc.local)
			default:
				t.Errorf("a record of %q and %q", x.Orig.Device, x.Dest.Device)
			}
		}
	})
}

// TestRecordedCodecIsTheAgreedOne has the offer name more than the answer takes: the answer counts, without its keys.
func TestRecordedCodecIsTheAgreedOne(t *testing.T) {
	w := newWorld(t)
	a, b := w.phone("A", "1001", true), w.phone("B", "1002", true)
	la := w.originate(a)
	la.local = a.session(signal.SendRecv)
	la.local.Streams[0].Codecs = []signal.Codec{{Name: "G722", Payload: 9}, {Name: "PCMU"}, {Name: "PCMA", Payload: 8}}
	w.tell(la.id, signal.Dial{Number: "1002", Complete: true, Offer: la.local})
	w.run()
	lb := b.newest()
	answer := b.answer(lb, lb.ring.Offer)
	answer.Streams[0].Codecs = []signal.Codec{{Name: "telephone-event", Payload: 101}, {Name: "PCMA", Payload: 8}, {Name: "PCMU"}}
	answer.Streams[0].Ptime = 30
	w.tell(lb.id, signal.Pickup{Media: answer})
	w.run()
	for _, f := range w.facts {
		if f, ok := f.(signal.Answered); ok && f.Record.Dest.Media != answer.Streams[0].Address {
			t.Errorf("the journal has %v for the answer's address", f.Record.Dest.Media)
		}
	}
	a.hangUp(la)
	w.run()
	r := w.records()[0]
	if r.Orig.Codec != "PCMA" || r.Dest.Codec != "PCMA" || r.Orig.Ptime != 30 || r.Dest.Ptime != 30 {
		t.Errorf("recorded %q %d ms and %q %d ms, want PCMA 30 ms", r.Orig.Codec, r.Orig.Ptime, r.Dest.Codec, r.Dest.Ptime)
	}
	w.quiet()
}

// TestFailedCallNamesWhatWasDialled: digits that lead nowhere are in the record, however they were dialled.
func TestFailedCallNamesWhatWasDialled(t *testing.T) {
	for _, test := range []struct {
		name, number string
		wait         time.Duration
		redirect     string
	}{
		{name: "nobody has it", number: "7777"},
		{name: "incomplete until T302", number: "100", wait: 16 * time.Second},
		{name: "given up in the middle", number: "10"},
		{name: "forwarded to nobody", number: "1002", redirect: "7777"},
	} {
		t.Run(test.name, func(t *testing.T) {
			kinds(t, 1, func(t *testing.T, w *world, e []bool) {
				a := w.phone("A", "1001", e[0])
				w.phone("B", "1002", false)
				final := first(test.number, e[0])
				if test.redirect != "" {
					final = test.redirect
					w.set("1002", func(i *line.Info) { i.ForwardAll.Destination = test.redirect })
				}
				la := a.dial(test.number)
				w.run()
				w.pass(test.wait)
				a.hangUp(la)
				w.run()
				r := w.records()
				if len(r) != 1 || r[0].OriginalCalled.Number != first(test.number, e[0]) || r[0].FinalCalled.Number != final ||
					(r[0].Redirection.Last.Number == "1002") != (test.redirect != "") {
					t.Errorf("records %+v", r)
				}
			})
		})
	}
}

// first cuts what a phone that sends keys one by one can have sent when no pattern begins with them.
func first(number string, whole bool) string {
	if !whole && number == "7777" {
		return "7"
	}
	return number
}

// TestR38_OneRuleForJoinedRecords: however B transfers A to C, the record of A and C says that B was called first, that B
// sent the call on, and that C was called in the end.
func TestR38_OneRuleForJoinedRecords(t *testing.T) {
	for _, way := range []string{"answered", "ringing", "blind", "blind, B called A", "answered, B called A", "blind to nobody"} {
		t.Run(way, func(t *testing.T) {
			kinds(t, 3, func(t *testing.T, w *world, e []bool) {
				a, b, c := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1]), w.phone("C", "1003", e[2])
				var la, lb *leg
				if strings.HasSuffix(way, "B called A") {
					lb = b.dial("1001")
					w.run()
					la = a.pickUp()
				} else {
					la = a.dial("1002")
					w.run()
					lb = b.pickUp()
				}
				w.run()
				final := "1003"
				switch {
				case way == "blind to nobody":
					final = "7777"
					w.tell(lb.id, signal.TransferTo{Number: final})
				case strings.HasPrefix(way, "blind"):
					w.tell(lb.id, signal.TransferTo{Number: final})
					w.run()
					c.pickUp()
				default:
					lb2 := b.dial(final)
					w.run()
					if way != "ringing" {
						c.pickUp()
						w.run()
					}
					w.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
					w.run()
					if way == "ringing" {
						c.pickUp()
					}
				}
				w.run()
				a.hangUp(la)
				w.run()
				joined := 0
				for _, r := range w.records() {
					if r.JoinedBy != signal.OnBehalfOfTransfer {
						continue
					}
					joined++
					if r.Calling.Number != "1001" || r.OriginalCalled.Number != "1002" || r.Redirection.Last.Number != "1002" || r.FinalCalled.Number != final {
						t.Errorf("%s called %s, sent on by %s to %s", r.Calling.Number, r.OriginalCalled.Number, r.Redirection.Last.Number, r.FinalCalled.Number)
					}
				}
				if joined != 1 {
					t.Errorf("%d records of the joined pair", joined)
				}
			})
		})
	}
}
