package runner

import (
	"sync"

	"tandem/bus"
	"tandem/bus/owner"
	"tandem/call/line"
	"tandem/call/signal"
	"tandem/registration"
)

// cluster is what an exchange that has a link knows beside its own machines. Locks are taken in the order link, Exchange.mu,
// cluster.mu; nothing is called with cluster.mu held.
type cluster struct {
	mu        sync.RWMutex
	reachable map[signal.NodeID]bool
	// onLine lists the half-calls on this server by their line: they report again when the line moves to another owner.
	onLine map[signal.LineRef]map[signal.HalfCallID]struct{}
	// awaiting lists the half-calls that wait for a device to register without a call, and the version of the registration
	// that they knew: it is told again when servers find each other, and is no news.
	awaiting map[string]map[signal.HalfCallID]uint64
	awaits   map[signal.HalfCallID]string // the other way round
}

func newCluster() *cluster {
	return &cluster{reachable: map[signal.NodeID]bool{}, onLine: map[signal.LineRef]map[signal.HalfCallID]struct{}{},
		awaiting: map[string]map[signal.HalfCallID]uint64{}, awaits: map[signal.HalfCallID]string{}}
}

// callEnv is what half-calls see: the configuration, and the cluster.
type callEnv struct {
	Directory
	x *Exchange
}

// Owner implements call.Env.
func (e *callEnv) Owner(ref signal.LineRef) signal.NodeID { return e.x.owner(ref) }

// Reachable implements call.Env.
func (e *callEnv) Reachable(n signal.NodeID) bool { return e.x.reaches(n) }

// self is the server's number where there are others, else 0: then addresses name no server.
func (x *Exchange) self() signal.NodeID {
	if x.link == nil {
		return 0
	}
	return x.node
}

// owner is the server that owns a line, 0 where there is only one.
func (x *Exchange) owner(ref signal.LineRef) signal.NodeID {
	if x.link == nil || ref.IsZero() {
		return 0
	}
	info, ok := x.directory.Line(ref)
	if !ok {
		return x.node
	}
	devices := make([]string, 0, 4)
	for i := range info.Appearances {
		devices = append(devices, info.Appearances[i].Device)
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.ownerOf(devices)
}

// ownerOf is called with mu held.
func (x *Exchange) ownerOf(devices []string) signal.NodeID {
	return owner.Of(devices, func(d string) (signal.NodeID, bool) {
		r, ok := x.devices.Get(d)
		return r.Node, ok
	}, x.node)
}

// here says that this server is meant.
func (x *Exchange) here(n signal.NodeID) bool { return n == 0 || n == x.node }

func (x *Exchange) reaches(n signal.NodeID) bool {
	if x.link == nil || x.here(n) {
		return true
	}
	x.cluster.mu.RLock()
	defer x.cluster.mu.RUnlock()
	return x.cluster.reachable[n]
}

// enter notes a half-call on its line.
func (x *Exchange) enter(ref signal.LineRef, id signal.HalfCallID) {
	if x.link == nil || ref.IsZero() {
		return
	}
	c := x.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.onLine[ref] == nil {
		c.onLine[ref] = map[signal.HalfCallID]struct{}{}
	}
	c.onLine[ref][id] = struct{}{}
}

// exit forgets what enter and await noted.
func (x *Exchange) exit(ref signal.LineRef, id signal.HalfCallID) {
	if x.link == nil {
		return
	}
	c := x.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	remove(c.onLine, ref, id)
	if device, ok := c.awaits[id]; ok {
		remove(c.awaiting, device, id)
		delete(c.awaits, id)
	}
}

func remove[K, V comparable, W any](m map[K]map[V]W, k K, v V) {
	if delete(m[k], v); len(m[k]) == 0 {
		delete(m, k)
	}
}

// serverLost takes out everything of a server that cannot be reached any more. Called by the link, in order with serverBack.
func (x *Exchange) serverLost(n signal.NodeID) {
	x.cluster.mu.Lock()
	delete(x.cluster.reachable, n)
	x.cluster.mu.Unlock()
	x.mu.Lock()
	lost := x.devices.Drop(n)
	x.gone[n] = make(map[string]registration.Registration, len(lost))
	for _, r := range lost {
		x.gone[n][r.Device] = r
	}
	delete(x.incoming, n)
	for ref := range x.watching {
		remove(x.watching, ref, n)
	}
	x.mu.Unlock()
	x.everybody(signal.ServerLost{Node: n})
	devices := make([]string, len(lost))
	for i := range lost {
		devices[i] = lost[i].Device
	}
	x.moved(devices)
}

// serverBack begins again with a server: what it knows of us, and we of it, is told anew. restarted says that it is another
// process than the one which was lost.
func (x *Exchange) serverBack(n signal.NodeID, restarted bool) {
	x.cluster.mu.Lock()
	x.cluster.reachable[n] = true
	x.cluster.mu.Unlock()
	x.mu.Lock()
	delete(x.gone, n)
	x.mu.Unlock()
	x.sendRegistrations(n)
	x.everybody(signal.ServerBack{Node: n, Restarted: restarted})
}

// everybody gives an input to all machines on this server.
func (x *Exchange) everybody(input any) {
	for _, c := range x.halves.all() {
		c.post(input)
	}
	for _, c := range x.lines.all() {
		c.post(input)
	}
}

// moved looks after the lines of devices that have registered or are gone: where another server owns a line now, its
// half-calls here report to it and it hears who watches the line here.
func (x *Exchange) moved(devices []string) {
	if x.link == nil {
		return
	}
	for _, d := range devices {
		for _, ref := range x.directory.Lines(d) {
			if ref.IsZero() {
				continue
			}
			x.cluster.mu.RLock()
			halves := make([]signal.HalfCallID, 0, len(x.cluster.onLine[ref]))
			for id := range x.cluster.onLine[ref] {
				halves = append(halves, id)
			}
			x.cluster.mu.RUnlock()
			for _, id := range halves {
				if c, ok := x.halves.get(id); ok {
					c.post(signal.OwnerMoved{})
				}
			}
			x.tellWatching(ref, false)
		}
	}
}

// await has a half-call told when a device registers without a call, or at once when it has.
func (x *Exchange) await(c *cell, a signal.Await) {
	if x.link == nil {
		return
	}
	id := c.m.address().Half
	x.mu.RLock()
	known, _ := x.devices.At(a.Device, a.Node)
	if r, ok := x.gone[a.Node][a.Device]; ok {
		known = r
	}
	r, ok := x.devices.Get(a.Device)
	back := ok && r.Idle && r.Version > known.Version
	if !back {
		x.cluster.mu.Lock()
		if x.cluster.awaiting[a.Device] == nil {
			x.cluster.awaiting[a.Device] = map[signal.HalfCallID]uint64{}
		}
		x.cluster.awaiting[a.Device][id] = known.Version
		x.cluster.awaits[id] = a.Device
		x.cluster.mu.Unlock()
	}
	x.mu.RUnlock()
	if back {
		c.post(signal.DeviceBack{Device: a.Device})
	}
}

// deviceBack tells those who wait for a device that it has registered without a call.
func (x *Exchange) deviceBack(r registration.Registration) {
	x.cluster.mu.Lock()
	var waiting []signal.HalfCallID
	for id, known := range x.cluster.awaiting[r.Device] {
		if r.Version > known {
			waiting = append(waiting, id)
		}
	}
	for _, id := range waiting {
		remove(x.cluster.awaiting, r.Device, id)
		delete(x.cluster.awaits, id)
	}
	x.cluster.mu.Unlock()
	for _, id := range waiting {
		if c, ok := x.halves.get(id); ok {
			c.post(signal.DeviceBack{Device: r.Device})
		}
	}
}

// refresh has the owner of a line tell its devices and watchers.
func (x *Exchange) refresh(ref signal.LineRef) {
	if n := x.owner(ref); !x.here(n) {
		x.send(n, bus.TopicCalls, signal.Address{}, bus.RefreshLine{Line: ref})
		return
	}
	x.refreshHere(ref)
}

func (x *Exchange) refreshHere(ref signal.LineRef) { x.toLine(ref, line.Refresh{}) }
