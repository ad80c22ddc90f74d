package runner

import (
	"maps"
	"slices"
	"strings"
	"time"

	"tandem/bus"
	"tandem/call/signal"
	"tandem/registration"
)

// Bounds of what servers tell each other about registrations.
const (
	registrationsAtOnce  = 256    // in one message
	maximumRegistrations = 250000 // of one server
	registrationAudit    = 30 * time.Second
)

// superseded is a registration here that has lost against a newer one at another server.
type superseded struct {
	r    registration.Registration
	port signal.Port
	by   signal.NodeID
}

// put enters what another server says about a device. Called with mu held; a registration here that it ends is returned.
func (x *Exchange) put(r registration.Registration) (over []superseded) {
	x.devices.Put(r)
	own, ok := x.devices.At(r.Device, x.node)
	if !ok || !r.After(own) {
		return nil
	}
	x.devices.Remove(own.Device, own.Node, own.Incarnation)
	over = append(over, superseded{own, x.ports[own.Device], r.Node})
	delete(x.ports, own.Device)
	x.toAll(bus.Unregistered{Device: own.Device, Incarnation: own.Incarnation})
	return over
}

// end tells whom it concerns of registrations here that are over.
func (x *Exchange) end(over []superseded) {
	for _, o := range over {
		if x.registered != nil {
			x.registered(o.r, false)
		}
		if p, ok := o.port.(signal.Registrant); ok {
			p.RegisteredElsewhere(o.r.Incarnation, o.by)
		}
	}
}

// toAll sends to every server that is reachable. Called with mu held, so that all hear of registrations in their order.
func (x *Exchange) toAll(message any) {
	for _, n := range x.others() {
		x.send(n, bus.TopicRegistrations, signal.Address{}, message)
	}
}

// others lists the servers that are reachable.
func (x *Exchange) others() []signal.NodeID {
	if x.link == nil {
		return nil
	}
	x.cluster.mu.RLock()
	defer x.cluster.mu.RUnlock()
	return slices.Collect(maps.Keys(x.cluster.reachable))
}

func (x *Exchange) heardRegistered(from signal.NodeID, m bus.Registered) {
	r := registration.Registration{Attachment: m.Attachment, Node: from, Version: m.Version}
	x.mu.Lock()
	over := x.put(r)
	x.mu.Unlock()
	x.heard([]registration.Registration{r}, over)
}

// heard is what follows when devices have registered at another server.
func (x *Exchange) heard(all []registration.Registration, over []superseded) {
	x.end(over)
	devices := make([]string, len(all))
	for i, r := range all {
		devices[i] = r.Device
		if r.Idle {
			x.deviceBack(r)
		}
	}
	x.moved(devices)
}

func (x *Exchange) heardUnregistered(from signal.NodeID, m bus.Unregistered) {
	x.mu.Lock()
	removed := x.devices.Remove(m.Device, from, m.Incarnation)
	x.mu.Unlock()
	if removed {
		x.moved([]string{m.Device})
	}
}

// heardRegistrations collects the parts of all that a server says and takes them over with the last.
func (x *Exchange) heardRegistrations(from signal.NodeID, m bus.Registrations) {
	x.mu.Lock()
	if m.First {
		x.incoming[from] = nil
	}
	for _, r := range m.All {
		x.incoming[from] = append(x.incoming[from], registration.Registration{Attachment: r.Attachment, Node: from, Version: r.Version})
	}
	all := x.incoming[from]
	if len(all) > maximumRegistrations {
		delete(x.incoming, from)
		x.mu.Unlock()
		x.log.Error("another server has more registrations than this one can take", "server", int(from), "limit", maximumRegistrations)
		return
	}
	if !m.Last {
		x.mu.Unlock()
		return
	}
	delete(x.incoming, from)
	changed := x.devices.Replace(from, all)
	var over []superseded
	var new []registration.Registration
	for _, d := range changed {
		if r, ok := x.devices.At(d, from); ok {
			new = append(new, r)
			over = append(over, x.put(r)...)
		}
	}
	x.mu.Unlock()
	x.heard(new, over)
	x.moved(changed)
}

// sendRegistrations tells a server all registrations here.
func (x *Exchange) sendRegistrations(to signal.NodeID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.sendAll(to, x.devices.Of(x.node))
}

// sendAll is called with mu held: no change may come between the parts.
func (x *Exchange) sendAll(to signal.NodeID, all []registration.Registration) {
	first := true
	for {
		part := all[:min(len(all), registrationsAtOnce)]
		all = all[len(part):]
		m := bus.Registrations{First: first, Last: len(all) == 0, All: make([]bus.Registered, len(part))}
		for i, r := range part {
			m.All[i] = bus.Registered{Attachment: r.Attachment, Version: r.Version}
		}
		if !x.send(to, bus.TopicRegistrations, signal.Address{}, m) || m.Last {
			return
		}
		first = false
	}
}

func (x *Exchange) heardDigest(from signal.NodeID, m bus.RegistrationDigest) {
	x.mu.RLock()
	count, sum := x.devices.Digest(from)
	x.mu.RUnlock()
	if count == m.Count && sum == m.Sum {
		return
	}
	x.log.Warn("the list of registrations at another server differs and is fetched again", "server", int(from), "here", count, "there", m.Count)
	x.send(from, bus.TopicRegistrations, signal.Address{}, bus.ResendRegistrations{})
}

// auditRegistrations has the other servers compare what they hold of this one, until the exchange is closed.
func (x *Exchange) auditRegistrations(every time.Duration) {
	defer close(x.audited)
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			x.mu.Lock()
			count, sum := x.devices.Digest(x.node)
			x.toAll(bus.RegistrationDigest{Count: count, Sum: sum})
			x.mu.Unlock()
		case <-x.ending:
			return
		}
	}
}

// ClusterRegistration is a device's registration as an administrator sees it.
type ClusterRegistration struct {
	registration.Registration
	// Reachable says that the server answers. The others are what it said before it was lost.
	Reachable bool
}

// ClusterRegistrations lists the devices that are registered at any server, in order of name, with those of servers that
// are lost as long as the devices have not registered elsewhere.
func (x *Exchange) ClusterRegistrations() []ClusterRegistration {
	x.mu.RLock()
	known := x.devices.All()
	var lost []registration.Registration
	for _, all := range x.gone {
		for _, r := range all {
			if _, ok := x.devices.Get(r.Device); !ok {
				lost = append(lost, r)
			}
		}
	}
	x.mu.RUnlock()
	all := make([]ClusterRegistration, 0, len(known)+len(lost))
	for _, r := range known {
		all = append(all, ClusterRegistration{r, true})
	}
	for _, r := range lost {
		all = append(all, ClusterRegistration{r, false})
	}
	if len(lost) > 0 {
		slices.SortStableFunc(all, func(a, b ClusterRegistration) int { return strings.Compare(a.Device, b.Device) })
	}
	return all
}
