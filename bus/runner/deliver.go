package runner

import (
	"errors"

	"tandem/call"
	"tandem/call/line"
	"tandem/call/signal"
	"tandem/fault"
)

// lineEnv shows a line owner the configuration together with the registrations.
type lineEnv struct{ x *Exchange }

// Line implements line.Env.
func (e lineEnv) Line(ref signal.LineRef) (line.Info, bool) {
	info, ok := e.x.directory.Line(ref)
	if !ok {
		return info, false
	}
	e.x.mu.RLock()
	defer e.x.mu.RUnlock()
	for i := range info.Appearances {
		_, info.Appearances[i].Registered = e.x.ports[info.Appearances[i].Device]
	}
	info.Watched = len(e.x.watchers[ref]) > 0
	return info, true
}

// deliver brings a signal to its machine on this server.
func (x *Exchange) deliver(to signal.Address, s signal.Signal) {
	if to.Half != 0 {
		c, ok := x.halves.get(to.Half)
		if !ok || !c.post(s) {
			x.bounce(to, s)
		}
		return
	}
	if !to.Line.IsZero() {
		x.toLine(to.Line, s)
	}
}

// toLine brings an input to the owner of a line, which is made when there is none.
func (x *Exchange) toLine(ref signal.LineRef, input any) {
	for {
		c := x.lines.getOrPut(ref, func() *cell {
			return newCell(x, lineMachine{&line.Owner{Line: ref}})
		})
		if c.post(input) {
			return
		}
		x.lines.remove(ref, c)
	}
}

// bounce answers for a half-call that has ended.
func (x *Exchange) bounce(to signal.Address, input any) {
	for _, e := range call.Bounce(to, input) {
		if s, ok := e.(signal.Send); ok {
			x.deliver(s.To, s.Signal)
		}
	}
}

// create makes the half-call of a called appearance.
func (x *Exchange) create(owner signal.Address, c signal.Create) {
	x.mu.RLock()
	port, ok := x.ports[c.Device]
	r, _ := x.devices.Get(c.Device)
	x.mu.RUnlock()
	p, known := x.directory.Profile(c.Device, c.Instance)
	if !ok || !known {
		x.deliver(owner, signal.Decline{Token: c.Setup.Token, Device: c.Device, Instance: c.Instance,
			Cause: signal.CauseSubscriberAbsent})
		return
	}
	p.Node = x.node
	p.Capabilities, p.Record.Address = r.Capabilities, r.Address.Addr()
	id := x.newHalf()
	cell := newCell(x, halfMachine{call.New(id, c.Setup.Call, p), port})
	x.halves.put(id, cell)
	cell.post(c.Setup)
}

// notify tells a device, or all watchers, the state of a line.
func (x *Exchange) notify(n signal.Notify) {
	x.mu.RLock()
	if n.Device != "" {
		port, ok := x.ports[n.Device]
		x.mu.RUnlock()
		if ok {
			port.LineChanged(n.State)
		}
		return
	}
	watchers := make([]*watcher, 0, len(x.watchers[n.State.Line]))
	for w := range x.watchers[n.State.Line] {
		watchers = append(watchers, w)
	}
	x.mu.RUnlock()
	for _, w := range watchers {
		w.port.LineChanged(n.State)
	}
}

func (x *Exchange) fact(f signal.Fact) {
	if x.facts != nil {
		x.facts(f)
	}
}

// forget takes a machine out of the tables.
func (x *Exchange) forget(c *cell) {
	switch m := c.m.(type) {
	case halfMachine:
		x.halves.remove(m.ID, c)
	case lineMachine:
		x.lines.remove(m.Line, c)
	}
}

// crashed contains a fault: the call ends for both sides, everything else goes on.
func (x *Exchange) crashed(c *cell, input any, what string, stack []byte) {
	x.panics.Add(1)
	x.log.Error("a fault in call processing ended a call", "machine", c.m.address().String(), "state", c.m.describe(),
		"input", typeName(input), "fault", what, "stack", string(stack))
	x.alarm(fault.Wrap(errors.New(what), fault.CallPanic, "call", c.name()), false)
	x.abort(c)
}

// flooded ends a machine that was sent more than it could take.
func (x *Exchange) flooded(c *cell) {
	x.overflows.Add(1)
	x.log.Error("a call was ended because more was sent to it than it could take", "machine", c.m.address().String())
	x.alarm(fault.New(fault.CallMailboxFull, "call", c.name(), "count", c.m.mailbox()), false)
	x.abort(c)
}

// name is what an administrator knows the machine by: the call, or the line.
func (c *cell) name() string {
	if h, ok := c.m.(halfMachine); ok {
		return h.Call.String()
	}
	return c.m.address().String()
}

// abort ends both sides of a half-call that can no longer decide itself, or refuses the calls of a line owner.
func (x *Exchange) abort(c *cell) {
	switch m := c.m.(type) {
	case halfMachine:
		r := signal.Release{From: m.ID, Cause: signal.CauseTemporaryFailure, By: signal.OnBehalfOfCallControl}
		if !m.Owner.IsZero() && !m.Connected {
			x.deliver(m.Owner, signal.Decline{From: m.ID, Token: m.Token, Device: m.Profile.Device,
				Instance: m.Profile.Instance, Cause: signal.CauseTemporaryFailure})
		} else if m.Peer.Half != 0 {
			x.deliver(signal.ToHalf(m.Peer.Half), r)
		} else if !m.Target.IsZero() {
			x.deliver(m.Target, r)
		}
		if m.KeepsRecord {
			rec := m.Record
			rec.Ended = x.now()
			rec.Orig.Cause = signal.CauseTemporaryFailure
			if !rec.Connected.IsZero() {
				rec.Duration = rec.Ended.Sub(rec.Connected)
			}
			x.fact(signal.Ended{Record: rec})
		}
		if !m.Profile.Line.IsZero() && m.OnLine {
			x.toLine(m.Profile.Line, signal.LineReport{Call: signal.LineCall{Half: m.ID, Device: m.Profile.Device,
				Instance: m.Profile.Instance}, Token: m.Token, Gone: true})
		}
		m.port.Command(m.ID, signal.Clear{Cause: signal.CauseTemporaryFailure})
	case lineMachine:
		for _, o := range m.Offers {
			x.deliver(signal.ToHalf(o.Setup.Caller.Half), signal.Rejected{Cause: signal.CauseTemporaryFailure})
			for _, t := range o.Targets {
				if t.Half != 0 {
					x.deliver(signal.ToHalf(t.Half), signal.Release{Cause: signal.CauseTemporaryFailure})
				}
			}
		}
	}
}
