package node

import (
	"context"
	"sync/atomic"

	"tandem/bus"
)

// scope is the mesh for one run of a service: what the service has itself told or asked ends with it, while the mesh goes on.
type scope struct {
	bus.Mesh
	over atomic.Bool
}

// close ends the scope: nothing reaches the service any more.
func (s *scope) close() { s.over.Store(true) }

// Receive implements bus.Mesh.
func (s *scope) Receive(topic bus.Topic, take func(bus.Peer, []byte)) {
	s.Mesh.Receive(topic, func(from bus.Peer, payload []byte) {
		if !s.over.Load() {
			take(from, payload)
		}
	})
}

// Answer implements bus.Mesh.
func (s *scope) Answer(topic bus.Topic, answer func(context.Context, bus.Peer, []byte) ([]byte, error)) {
	s.Mesh.Answer(topic, func(ctx context.Context, from bus.Peer, payload []byte) ([]byte, error) {
		if s.over.Load() {
			return nil, bus.ErrUnreachable
		}
		return answer(ctx, from, payload)
	})
}

// Watch implements bus.Mesh.
func (s *scope) Watch(f func(bus.Peer, bool)) {
	s.Mesh.Watch(func(p bus.Peer, reachable bool) {
		if !s.over.Load() {
			f(p, reachable)
		}
	})
}
