package net

import (
	"bytes"
	"context"
	"time"

	"tandem/bus"
	"tandem/bus/session"
	"tandem/call/signal"
	"tandem/telephony"
)

// End is one server's end of a network: a bus.Mesh.
type End struct {
	*session.Endpoint
	network *Network
	node    signal.NodeID
}

// Join adds a server, or makes one return that was killed or closed, as a new process. Its receivers are set before Start. Every
// server that has joined once is a member for all.
func (n *Network) Join(node signal.NodeID, name telephony.ServerName) *End {
	n.mu.Lock()
	n.starts++
	e := &End{network: n, node: node}
	e.Endpoint = session.New(session.Options{
		Self:    bus.Peer{Node: node, Name: name, Incarnation: uint64(time.Now().UnixNano()) + n.starts},
		Carrier: carrier{e}, Heartbeat: n.options.Heartbeat, Silence: n.options.Silence, Queued: n.options.Queued,
	})
	old := n.ends[node]
	n.ends[node] = e
	n.names[node] = name
	n.mu.Unlock()
	if old != nil {
		old.Endpoint.Close()
	}
	return e
}

// Start connects the server with the others.
func (e *End) Start() {
	e.Endpoint.Start()
	e.network.mu.Lock()
	var ends []*End
	for _, other := range e.network.ends {
		ends = append(ends, other)
	}
	var members []session.Member
	for node, name := range e.network.names {
		members = append(members, session.Member{Node: node, Name: name})
	}
	e.network.mu.Unlock()
	for _, other := range ends {
		other.SetMembers(members)
	}
}

// Close ends the server and says so to the others. The rest of the network goes on.
func (e *End) Close() {
	e.Endpoint.Close()
	e.network.mu.Lock()
	defer e.network.mu.Unlock()
	if e.network.ends[e.node] == e {
		delete(e.network.ends, e.node)
	}
}

// carrier is what the sessions of an end send through.
type carrier struct{ end *End }

// Send is of session.Carrier.
func (c carrier) Send(to signal.NodeID, frame []byte) error {
	frame = bytes.Clone(frame)
	c.end.network.carry(c.end, to, func(other *End) { other.Frame(bytes.Clone(frame)) })
	return nil
}

// Ask is of session.Carrier. Both ways pass through the network; a server that is not there is known at once.
func (c carrier) Ask(ctx context.Context, to signal.NodeID, question []byte) ([]byte, error) {
	if !c.end.network.has(to) {
		return nil, bus.ErrUnreachable
	}
	answers := make(chan []byte, 1)
	c.end.network.carry(c.end, to, func(other *End) {
		question := bytes.Clone(question)
		c.end.network.flying.Go(func() { // the network is locked here, and a refusal is carried at once
			other.Question(question, func(answer []byte) {
				other.network.carry(other, c.end.node, func(*End) {
					select {
					case answers <- answer:
					default: // it came twice
					}
				})
			})
		})
	})
	select {
	case answer := <-answers:
		return answer, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
