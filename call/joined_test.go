package call_test

import (
	"testing"

	"tandem/call/signal"
)

// TestJoinedCallsAreReported: whoever notes things under the identifier of a call hears that a transfer or a retrieval made
// one of two.
func TestJoinedCallsAreReported(t *testing.T) {
	for _, way := range []string{"answered", "ringing", "retrieved", "blind"} {
		t.Run(way, func(t *testing.T) {
			kinds(t, 3, func(t *testing.T, w *world, e []bool) {
				a, b, c := w.phone("A", "1001", e[0]), w.phone("B", "1002", e[1]), w.phone("C", "1003", e[2])
				d := w.phone("D", "1002", e[2])
				la := a.dial("1002")
				w.run()
				lb := b.pickUp()
				w.run()
				first := w.halves[la.id].Call
				var want []signal.CallsJoined
				switch way {
				case "blind": // one call all along
					w.tell(lb.id, signal.TransferTo{Number: "1003"})
					w.run()
					c.pickUp()
				case "retrieved":
					b.hold(lb, true)
					w.run()
					ld := w.originate(d)
					want = append(want, signal.CallsJoined{Call: first, Other: w.halves[ld.id].Call})
					w.tell(ld.id, signal.Retrieve{Held: lb.id})
				default:
					lb2 := b.dial("1003")
					w.run()
					want = append(want, signal.CallsJoined{Call: first, Other: w.halves[lb2.id].Call})
					if way == "answered" {
						c.pickUp()
						w.run()
					}
					w.tell(lb.id, signal.TransferWith{Consultation: lb2.id})
				}
				w.run()
				var got []signal.CallsJoined
				for _, f := range w.facts {
					if j, ok := f.(signal.CallsJoined); ok {
						got = append(got, j)
					}
				}
				if len(got) != len(want) || (len(want) == 1 && got[0] != want[0]) {
					t.Errorf("reported %v, want %v", got, want)
				}
				a.hangUp(la)
				w.run()
			})
		})
	}
}
