package call_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tandem/call/line"
	"tandem/call/signal"
)

// some delivers a few of the waiting letters, from mailboxes chosen at random; the order within a mailbox is kept.
func (w *world) some(rt *rapid.T, n int) {
	for ; n > 0 && len(w.queue) > 0; n-- {
		pick := rapid.IntRange(0, len(w.queue)-1).Draw(rt, "mailbox")
		to, from := w.queue[pick].to, w.queue[pick].from
		for i, l := range w.queue {
			if l.to == to && l.from == from {
				w.queue = append(w.queue[:i:i], w.queue[i+1:]...)
				w.deliver(l)
				break
			}
		}
	}
}

// mishap loses a server, or connections between servers, or heals what is broken; phones without a server register at one.
func (w *world) mishap(rt *rapid.T, d *device) {
	var alive []signal.NodeID
	for _, n := range w.nodes() {
		if !w.dead[n] {
			alive = append(alive, n)
		}
	}
	if len(alive) == 0 {
		return // one server
	}
	if d.gone {
		w.register(d, rapid.SampledFrom(alive).Draw(rt, "to"))
		return
	}
	for pair := range w.broken {
		w.mend(pair[0], pair[1])
		return
	}
	if len(alive) < 2 {
		return
	}
	n := rapid.SampledFrom(alive).Draw(rt, "mishap at")
	if rapid.Bool().Draw(rt, "killed") {
		w.kill(n, rapid.IntRange(0, 5).Draw(rt, "arrive"))
		return
	}
	for _, other := range alive {
		if other != n {
			w.sever(n, other)
			return
		}
	}
}

// TestAnything lets users do anything at any time, with signals under way, and asks that afterwards no trace is left:
// no half-call, no call on a line, no timer, every opened record closed, and nobody left talking to nobody.
func TestAnything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt)
		if rapid.Bool().Draw(rt, "cluster") {
			for range 4 {
				w.placed = append(w.placed, signal.NodeID(rapid.IntRange(1, 3).Draw(rt, "server")))
			}
		}
		var devices []*device
		for i, number := range []string{"1001", "1002", "1003", "1003"} {
			devices = append(devices, w.phone(string(rune('A'+i)), number, rapid.Bool().Draw(rt, "early")))
			devices[i].slow, devices[i].picky = rapid.IntRange(0, 4).Draw(rt, "slow") == 0, rapid.IntRange(0, 4).Draw(rt, "picky") == 0
		}
		if rapid.Bool().Draw(rt, "forwarded") {
			w.set("1002", func(i *line.Info) { i.ForwardNoAnswer.Destination = "1003" })
		}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			d := rapid.SampledFrom(devices).Draw(rt, "who")
			var l *leg
			if len(d.order) > 0 {
				l = d.legs[rapid.SampledFrom(d.order).Draw(rt, "call")]
			}
			if d.gone {
				w.mishap(rt, d)
				continue
			}
			switch rapid.IntRange(0, 15).Draw(rt, "what") {
			case 0, 1:
				if len(d.order) < 3 {
					d.dial(rapid.SampledFrom([]string{"1001", "1002", "1003", "10", "7"}).Draw(rt, "number"))
				}
			case 2, 3, 4:
				if l != nil && l.ringing && !l.connected {
					w.devices[d.name].pickUp()
				}
			case 5:
				if l != nil && l.connected && !l.pending {
					d.hold(l, !l.held)
				}
			case 6:
				if l != nil {
					d.hangUp(l)
				}
			case 7, 8:
				if l != nil && len(d.order) > 1 {
					w.tell(l.id, signal.TransferWith{Consultation: d.newest().id})
				}
			case 9:
				if l != nil {
					w.tell(l.id, signal.TransferTo{Number: rapid.SampledFrom([]string{"1001", "1002", "1003", "7"}).Draw(rt, "to")})
				}
			case 10:
				if len(d.line.Calls) > 0 && len(d.order) < 3 {
					r := w.originate(d)
					w.tell(r.id, signal.Retrieve{Held: d.line.Calls[0].Half})
				}
			case 11:
				if l != nil {
					w.tell(l.id, signal.Gone{})
				}
			case 12:
				if l != nil && l.ringing && !l.connected {
					w.tell(l.id, signal.Refuse{Cause: signal.CauseUserBusy})
				}
			case 14:
				w.mishap(rt, d)
			case 13, 15:
				w.pass(rapid.SampledFrom([]time.Duration{time.Second, 6 * time.Second, 16 * time.Second}).Draw(rt, "pause"))
			}
			w.some(rt, rapid.IntRange(0, 30).Draw(rt, "deliveries"))
		}
		w.run()
		for pair := range w.broken {
			w.mend(pair[0], pair[1])
		}
		w.run()
		w.whole()
		// Two half-calls that talk agree about it; nobody talks to nobody for longer than the failure timers.
		w.pass(4 * time.Minute)
		for id, h := range w.halves {
			if p, ok := w.halves[h.Peer.Half]; ok && h.State.String() == "active" && p.State.String() == "active" && p.Peer.Half != id {
				rt.Errorf("%v talks to %v, which talks to %v", id, h.Peer.Half, p.Peer.Half)
			} else if !ok && h.State.String() == "active" && !h.DeviceGone {
				rt.Errorf("%v of %s talks to %v, which is gone", id, h.Profile.Device, h.Peer.Half)
			}
		}
		for _, d := range devices {
			for _, id := range d.order {
				w.tell(id, signal.HangUp{})
			}
		}
		w.run()
		w.pass(2 * time.Hour)
		w.quiet()
	})
}
