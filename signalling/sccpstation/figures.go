package sccpstation

import (
	"maps"
	"sync"
	"sync/atomic"

	"tandem/wire/sccp"
)

type figures struct {
	registered atomic.Int64
	received   atomic.Uint64
	sent       atomic.Uint64
	refused    atomic.Uint64
	rejected   atomic.Uint64
	invalid    atomic.Uint64
	unsent     atomic.Uint64
	foreign    atomic.Uint64
	panics     atomic.Uint64
	flooded    atomic.Uint64
	standby    atomic.Int64
	held       atomic.Uint64
	delayed    atomic.Uint64

	mu      sync.Mutex
	missing map[sccp.DeviceType]uint64
}

func (f *figures) missed(d sccp.DeviceType) {
	f.mu.Lock()
	f.missing[d]++
	f.mu.Unlock()
}

// Figures are counts of the server at one moment.
type Figures struct {
	Connections   int
	Registered    int
	Received      uint64 // messages
	Sent          uint64
	Refused       uint64            // connections for which there was no room
	Rejected      uint64            // registrations
	Invalid       uint64            // frames or messages that could not be read
	Unsent        uint64            // messages that the phone's version or model does not take, or that could not be written
	ForeignMedia  uint64            // media acknowledgements that nobody waited for
	Panics        uint64            // faults that ended a connection
	Slowed        uint64            // times that a connection was read late because it sent too much
	Standby       int               // connections on which nobody is registered, with keep-alives
	Held          uint64            // tokens that were refused for now
	Delayed       uint64            // registrations that waited their turn
	MissingAnswer map[string]uint64 // media requests that stayed unanswered, by model
}

// Figures counts.
func (s *Server) Figures() Figures {
	s.limits.mu.Lock()
	all := s.limits.all
	s.limits.mu.Unlock()
	f := Figures{
		Connections: all, Registered: int(s.figures.registered.Load()), Received: s.figures.received.Load(),
		Sent: s.figures.sent.Load(), Refused: s.figures.refused.Load(), Rejected: s.figures.rejected.Load(),
		Invalid: s.figures.invalid.Load(), Unsent: s.figures.unsent.Load(), ForeignMedia: s.figures.foreign.Load(),
		Panics: s.figures.panics.Load(), Slowed: s.figures.flooded.Load(), MissingAnswer: map[string]uint64{},
		Standby: int(s.figures.standby.Load()), Held: s.figures.held.Load(), Delayed: s.figures.delayed.Load(),
	}
	s.figures.mu.Lock()
	missing := maps.Clone(s.figures.missing)
	s.figures.mu.Unlock()
	for d, n := range missing {
		f.MissingAnswer[d.String()] = n
	}
	return f
}

// memory keeps last numbers where the composition supplies nothing better. It is bounded.
type memory struct {
	mu      sync.Mutex
	numbers map[string]string
}

const memoryLimit = 100000

func newMemory() *memory { return &memory{numbers: map[string]string{}} }

func (m *memory) LastNumber(device string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.numbers[device]
}

func (m *memory) Dialed(device, number string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.numbers[device]; !known && len(m.numbers) >= memoryLimit {
		return
	}
	m.numbers[device] = number
}
