package runner

import (
	"errors"

	"tandem/bus"
	"tandem/call"
	"tandem/call/line"
	"tandem/call/signal"
	"tandem/fault"
	"tandem/registration"
)

// lineEnv shows a line owner the configuration together with the registrations.
type lineEnv struct{ x *Exchange }

// Line implements line.Env.
func (e lineEnv) Line(ref signal.LineRef) (line.Info, bool) {
	info, ok := e.x.directory.Line(ref)
	if !ok {
		return info, false
	}
	x := e.x
	x.mu.RLock()
	defer x.mu.RUnlock()
	alone := x.link == nil
	var devices []string
	if !alone {
		devices = make([]string, 0, 4)
	}
	for i := range info.Appearances {
		a := &info.Appearances[i]
		if alone {
			_, a.Registered = x.ports[a.Device]
			continue
		}
		var r registration.Registration
		r, a.Registered = x.devices.Get(a.Device)
		a.Node = r.Node
		devices = append(devices, a.Device)
	}
	info.Watched = len(x.watchers[ref]) > 0
	if !alone {
		info.Watched = info.Watched || len(x.watching[ref]) > 0
		info.Elsewhere = x.ownerOf(devices) != x.node
	}
	return info, true
}

// Reachable implements line.Env.
func (e lineEnv) Reachable(n signal.NodeID) bool { return e.x.reaches(n) }

// deliver brings a signal to its machine, on this server or another. What is for a server that cannot be reached is dropped:
// whoever depends on that server is told of its loss.
func (x *Exchange) deliver(to signal.Address, s signal.Signal) {
	if x.link != nil {
		if to.Half == 0 && to.Node == 0 && !to.Line.IsZero() {
			to.Node = x.owner(to.Line)
		}
		if n := to.Server(); !x.here(n) {
			x.send(n, bus.TopicCalls, to, s)
			return
		}
	}
	x.deliverHere(to, s)
}

// deliverHere brings a signal to its machine on this server.
func (x *Exchange) deliverHere(to signal.Address, s signal.Signal) {
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
			return newCell(x, lineMachine{&line.Owner{Line: ref, Node: x.self(), Next: x.tokens.Add(tokenSpace)}})
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

// create makes the half-call of a called appearance, at the server where its device is registered.
func (x *Exchange) create(c signal.Create) {
	if x.here(c.Node) {
		x.createHere(c.Device, c.Instance, c.Setup)
		return
	}
	if !x.send(c.Node, bus.TopicCalls, signal.Address{}, bus.CreateHalf{Device: c.Device, Instance: c.Instance, Setup: c.Setup}) {
		x.deliver(c.Setup.Owner, absent(c.Device, c.Instance, c.Setup.Token))
	}
}

// absent is the answer for a device that cannot be had.
func absent(device string, instance int, token uint32) signal.Decline {
	return signal.Decline{Token: token, Device: device, Instance: instance, Cause: signal.CauseSubscriberAbsent}
}

func (x *Exchange) createHere(device string, instance int, setup signal.Setup) {
	x.mu.RLock()
	port, ok := x.ports[device]
	r, _ := x.devices.At(device, x.node)
	x.mu.RUnlock()
	p, known := x.directory.Profile(device, instance)
	if !ok || !known || x.closed.Load() {
		x.deliver(setup.Owner, absent(device, instance, setup.Token))
		return
	}
	p.Node, p.WantsOffer = x.node, r.WantsOffer
	p.Capabilities, p.Record.Address = r.Capabilities, r.Address.Addr()
	id := x.newHalf()
	cell := newCell(x, halfMachine{call.New(id, setup.Call, p), port})
	x.halves.put(id, cell)
	x.enter(p.Line, id)
	cell.post(setup)
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
		x.exit(m.Profile.Line, m.ID)
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
			x.deliver(signal.Address{Line: m.Profile.Line, Node: m.ReportedTo}, signal.LineReport{Call: signal.LineCall{Half: m.ID, Device: m.Profile.Device,
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
