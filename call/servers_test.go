package call_test

import (
	"maps"
	"slices"
	"time"

	"tandem/bus/owner"
	"tandem/call"
	"tandem/call/signal"
)

// servers is the part of a world that makes it a cluster: which server each phone is registered at, and which servers do
// not reach each other.
type servers struct {
	placed   []signal.NodeID // where phones are put, in the order in which they are made
	broken   map[[2]signal.NodeID]bool
	dead     map[signal.NodeID]bool
	awaiting map[string][]signal.HalfCallID
}

// place is the server of the n-th phone.
func (s *servers) place(n int) signal.NodeID {
	if len(s.placed) == 0 {
		return 1
	}
	return s.placed[n%len(s.placed)]
}

// nodes lists the servers.
func (s *servers) nodes() []signal.NodeID {
	all := slices.Clone(s.placed)
	slices.Sort(all)
	return slices.Compact(all)
}

func (s *servers) reaches(a, b signal.NodeID) bool {
	if a == b || a == 0 || b == 0 {
		return true
	}
	return !s.dead[a] && !s.dead[b] && !s.broken[[2]signal.NodeID{min(a, b), max(a, b)}]
}

// view is the world as one server sees it.
type view struct {
	*world
	node signal.NodeID
}

// own is the server's number, or 0 where it is the only one.
func (v view) own() signal.NodeID {
	if len(v.placed) == 0 {
		return 0
	}
	return v.node
}

func (v view) where(device string) (signal.NodeID, bool) {
	d := v.devices[device]
	if d.gone || !v.reaches(v.node, d.node) {
		return 0, false
	}
	if len(v.placed) == 0 {
		return 0, true
	}
	return d.node, true
}

// Owner implements call.Env.
func (v view) Owner(ref signal.LineRef) signal.NodeID {
	if len(v.placed) == 0 {
		return 0
	}
	var devices []string
	for _, a := range v.lines[ref.Number].Appearances {
		devices = append(devices, a.Device)
	}
	return owner.Of(devices, v.where, v.node)
}

// Reachable implements call.Env and line.Env.
func (v view) Reachable(n signal.NodeID) bool { return v.reaches(v.node, n) }

// send puts a signal on its way, if there is one.
func (w *world) send(from signal.NodeID, to signal.Address, s any) {
	if to.Half == 0 && to.Node == 0 {
		to.Node = view{w, from}.Owner(to.Line)
	}
	if w.reaches(from, to.Server()) {
		w.queue = append(w.queue, letter{from, to, s})
	}
}

// create makes a half-call where the device is registered, or has the owner told that it is not.
func (w *world) create(from signal.NodeID, e signal.Create) {
	d := w.devices[e.Device]
	if d.gone || !w.reaches(from, d.node) {
		w.queue = append(w.queue, letter{from, e.Setup.Owner, signal.Decline{Token: e.Setup.Token, Device: e.Device,
			Instance: e.Instance, Cause: signal.CauseSubscriberAbsent}})
		return
	}
	l := w.originate(d)
	w.queue = append(w.queue, letter{from, signal.ToHalf(l.id), e.Setup})
}

// await notes who waits for a device, or tells at once that it is there without a call.
func (w *world) await(h signal.HalfCallID, device string) {
	if d := w.devices[device]; d != nil && !d.gone && len(d.legs) == 0 && w.reaches(h.Node(), d.node) {
		w.tell(h, signal.DeviceBack{Device: device})
		return
	}
	if w.awaiting == nil {
		w.awaiting = map[string][]signal.HalfCallID{}
	}
	w.awaiting[device] = append(w.awaiting[device], h)
}

// kill loses a server. Of the signals that it has sent the first few still arrive.
func (w *world) kill(n signal.NodeID, arrive int) {
	if w.dead == nil {
		w.dead = map[signal.NodeID]bool{}
	}
	w.queue = slices.DeleteFunc(w.queue, func(l letter) bool {
		if l.to.Server() == n {
			return true
		}
		if l.from == n {
			arrive--
			return arrive < 0
		}
		return false
	})
	for id := range w.halves {
		if id.Node() == n {
			delete(w.halves, id)
			w.dropTimers(signal.ToHalf(id))
		}
	}
	for at := range w.owners {
		if at.Node == n {
			delete(w.owners, at)
			w.dropTimers(at)
		}
	}
	for _, d := range w.devices {
		if d.node == n {
			d.gone, d.order = true, nil
			clear(d.legs)
		}
	}
	w.dead[n] = true
	w.recover(n)
	w.everybody(n, signal.ServerLost{Node: n}, nil)
}

// recover closes the records that a lost server had open, as it does when it starts again.
func (w *world) recover(n signal.NodeID) {
	open := map[signal.HalfCallID][]signal.Record{}
	for _, f := range w.facts {
		switch f := f.(type) {
		case signal.Answered:
			open[f.Record.Orig.Half] = append(open[f.Record.Orig.Half], f.Record)
		case signal.Ended:
			if all := open[f.Record.Orig.Half]; !f.Record.Connected.IsZero() && len(all) > 0 {
				open[f.Record.Orig.Half] = all[1:]
			}
		}
	}
	for id, all := range open {
		for _, r := range all {
			if id.Node() == n {
				r.Orig.Cause = signal.CauseServerRestarted
				w.facts = append(w.facts, signal.Ended{Record: r})
			}
		}
	}
}

// everybody tells all machines on the servers at which about says so (nil: all but n) something about server n.
func (w *world) everybody(n signal.NodeID, what any, about func(signal.NodeID) bool) {
	if about == nil {
		about = func(at signal.NodeID) bool { return at != n }
	}
	for id := range w.halves {
		if about(id.Node()) {
			w.queue = append(w.queue, letter{n, signal.ToHalf(id), what}, letter{n, signal.ToHalf(id), signal.OwnerMoved{}})
		}
	}
	owners := slices.Collect(maps.Keys(w.owners))
	for _, l := range w.queue {
		if l.to.Half == 0 { // one that is about to be made
			owners = append(owners, l.to)
		}
	}
	for i, at := range owners {
		if about(at.Node) && !slices.Contains(owners[:i], at) {
			w.queue = append(w.queue, letter{n, at, what})
		}
	}
}

// register has a phone register at another server. Without a call it is idle, and who waited for it hears of it.
func (w *world) register(d *device, n signal.NodeID) {
	d.node, d.gone = n, false
	w.everybody(n, signal.OwnerMoved{}, func(signal.NodeID) bool { return true })
	w.queue = slices.DeleteFunc(w.queue, func(l letter) bool {
		_, moved := l.input.(signal.OwnerMoved)
		return moved && l.to.Half == 0
	})
	if len(d.legs) > 0 {
		return
	}
	for _, h := range w.awaiting[d.name] {
		w.tell(h, signal.DeviceBack{Device: d.name})
	}
	delete(w.awaiting, d.name)
}

// sever cuts two servers off from each other; mend brings them together, with what they still have.
func (w *world) sever(a, b signal.NodeID) {
	if w.broken == nil {
		w.broken = map[[2]signal.NodeID]bool{}
	}
	w.queue = slices.DeleteFunc(w.queue, func(l letter) bool {
		return (l.from == a && l.to.Server() == b) || (l.from == b && l.to.Server() == a)
	})
	w.broken[[2]signal.NodeID{min(a, b), max(a, b)}] = true
	w.everybody(a, signal.ServerLost{Node: a}, func(at signal.NodeID) bool { return at == b })
	w.everybody(b, signal.ServerLost{Node: b}, func(at signal.NodeID) bool { return at == a })
}

func (w *world) mend(a, b signal.NodeID) {
	delete(w.broken, [2]signal.NodeID{min(a, b), max(a, b)})
	w.everybody(a, signal.ServerBack{Node: a}, func(at signal.NodeID) bool { return at == b })
	w.everybody(b, signal.ServerBack{Node: b}, func(at signal.NodeID) bool { return at == a })
}

// whole fails unless, five seconds after a loss, every half-call has what it depends on, or knows that it has not.
func (w *world) whole() {
	w.t.Helper()
	w.pass(5 * time.Second)
	for id, h := range w.halves {
		switch h.State {
		case call.Proceeding, call.Alerting, call.Reaching:
			if !h.Away && !w.reaches(id.Node(), h.Target.Server()) {
				w.t.Errorf("%v of %s waits for a line on a lost server (%s)", id, h.Profile.Device, h.State)
			}
		case call.Offered, call.Ringing, call.Claiming:
			if !w.reaches(id.Node(), h.Owner.Server()) {
				w.t.Errorf("%v of %s rings for an owner on a lost server (%s)", id, h.Profile.Device, h.State)
			}
		case call.Connecting, call.Accepting, call.Active, call.Joining:
			p, ok := w.halves[h.Peer.Half]
			if !ok && !h.DeviceGone {
				w.t.Errorf("%v of %s (%s) speaks with %v, which does not exist", id, h.Profile.Device, h.State, h.Peer.Half)
			} else if ok && h.State == call.Active && p.State == call.Active && p.Peer.Half != id {
				w.t.Errorf("%v speaks with %v, which speaks with %v", id, h.Peer.Half, p.Peer.Half)
			}
		}
	}
}
