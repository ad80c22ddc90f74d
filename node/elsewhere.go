package node

import (
	"context"

	"tandem/admin"
	"tandem/bus"
	"tandem/bus/runner"
	"tandem/call/signal"
	"tandem/cluster"
)

// processing is call processing as the operations look at it.
type processing struct{ *runner.Exchange }

// ClusterRegistrations implements admin.Calls.
func (p processing) ClusterRegistrations() []admin.Registered {
	all := p.Exchange.ClusterRegistrations()
	out := make([]admin.Registered, len(all))
	for i, r := range all {
		out[i] = admin.Registered{Registration: r.Registration, Lost: !r.Reachable}
	}
	return out
}

// others are the other servers as the operations ask them.
type others struct{ n *Node }

// Ask implements admin.Others.
func (o others) Ask(ctx context.Context, question []byte) []admin.Reply {
	m := held(o.n, func() *membership { return o.n.membership })
	if m == nil {
		return nil
	}
	var members []cluster.Member
	for _, member := range cluster.Members(m.store.Snapshot()) {
		if member.Name != m.self {
			members = append(members, member)
		}
	}
	replies := make([]admin.Reply, len(members))
	done := make(chan struct{}, len(members))
	for i, member := range members {
		go func() { // ends with ctx at the latest, and is waited for
			defer func() { done <- struct{}{} }()
			b, err := m.mesh.Ask(ctx, signal.NodeID(member.Node), bus.TopicStatus, question)
			replies[i] = admin.Reply{Server: string(member.Name), Answer: b, Err: err}
		}()
	}
	for range members {
		<-done
	}
	return replies
}

// registeredAt says at which other server a device is registered, as far as that server can be reached: it decides how fast and whether a
// device may come from there.
func (n *Node) registeredAt(x *runner.Exchange) func(device string) (server string, ok bool) {
	m := held(n, func() *membership { return n.membership })
	self := signal.NodeID(n.settings.Node)
	return func(device string) (string, bool) {
		r, ok := x.Registration(device)
		if !ok || r.Node == self || m == nil {
			return "", false
		}
		for _, p := range m.mesh.Peers() {
			if p.Node == r.Node {
				return string(p.Name), true
			}
		}
		return "", false
	}
}
