package runner

import (
	"tandem/bus"
	"tandem/call/signal"
)

// Watchers of a line are told by the server at which they are. The owner of the line tells each server that has some, and
// each server tells the owner whether it has.

type watcher struct{ port signal.Port }

// Watch implements signal.Exchange.
func (x *Exchange) Watch(l signal.LineRef, port signal.Port) (cancel func()) {
	w := &watcher{port}
	x.mu.Lock()
	if x.watchers[l] == nil {
		x.watchers[l] = make(map[*watcher]struct{})
	}
	x.watchers[l][w] = struct{}{}
	x.mu.Unlock()
	if _, ok := x.directory.Line(l); ok {
		x.tellWatching(l, true)
	} else {
		port.LineChanged(signal.LineState{Line: l})
	}
	return func() {
		x.mu.Lock()
		remove(x.watchers, l, w)
		left := len(x.watchers[l])
		x.mu.Unlock()
		if left == 0 {
			x.tellWatching(l, false)
		}
	}
}

// tellWatching tells the owner of a line whether it is watched here. changed says that a watcher has come, who is to be told
// the state in any case.
func (x *Exchange) tellWatching(l signal.LineRef, changed bool) {
	if x.link == nil {
		if changed {
			x.refreshHere(l)
		}
		return
	}
	owner := x.owner(l)
	x.mu.Lock()
	on := len(x.watchers[l]) > 0
	told := x.told[l]
	switch {
	case on:
		x.told[l] = owner
	case told != 0:
		delete(x.told, l)
	}
	if told != 0 && told != x.node && (told != owner || !on) {
		x.send(told, bus.TopicCalls, signal.Address{}, bus.Watching{Line: l})
	}
	again := on && (changed || told != owner)
	if again && owner != x.node {
		x.send(owner, bus.TopicCalls, signal.Address{}, bus.Watching{Line: l, On: true})
	}
	x.mu.Unlock()
	if again && owner == x.node {
		x.refreshHere(l)
	}
}

// watchedBy notes that another server has watchers of a line that is owned here.
func (x *Exchange) watchedBy(node signal.NodeID, m bus.Watching) {
	x.mu.Lock()
	if m.On {
		if x.watching[m.Line] == nil {
			x.watching[m.Line] = map[signal.NodeID]struct{}{}
		}
		x.watching[m.Line][node] = struct{}{}
	} else {
		remove(x.watching, m.Line, node)
	}
	x.mu.Unlock()
	if m.On {
		x.refreshHere(m.Line)
	}
}

// notify tells a device, or all watchers, the state of a line.
func (x *Exchange) notify(n signal.Notify) {
	if n.Device != "" && !x.here(n.Node) {
		x.send(n.Node, bus.TopicCalls, signal.Address{}, bus.LineNotice{Device: n.Device, State: n.State})
		return
	}
	x.notifyHere(n.Device, n.State)
	if n.Device != "" || x.link == nil {
		return
	}
	x.mu.RLock()
	nodes := make([]signal.NodeID, 0, len(x.watching[n.State.Line]))
	for node := range x.watching[n.State.Line] {
		nodes = append(nodes, node)
	}
	x.mu.RUnlock()
	for _, node := range nodes {
		x.send(node, bus.TopicCalls, signal.Address{}, bus.LineNotice{State: n.State})
	}
}

// notifyHere tells a device or the watchers on this server.
func (x *Exchange) notifyHere(device string, s signal.LineState) {
	x.mu.RLock()
	if device != "" {
		port, ok := x.ports[device]
		x.mu.RUnlock()
		if ok {
			port.LineChanged(s)
		}
		return
	}
	watchers := make([]*watcher, 0, len(x.watchers[s.Line]))
	for w := range x.watchers[s.Line] {
		watchers = append(watchers, w)
	}
	x.mu.RUnlock()
	for _, w := range watchers {
		w.port.LineChanged(s)
	}
}
