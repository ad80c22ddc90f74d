package confdb

import (
	"context"
	"sync"

	"tandem/telephony"
)

// NewMemory returns a store that forgets everything when the process ends: for tests, and for tools that try a
// configuration out. It holds the objects from the beginning, without checking them.
func NewMemory(objects ...telephony.Object) *Store {
	return NewMemoryWith(StoreOptions{}, objects...)
}

// NewMemoryWith is NewMemory with options.
func NewMemoryWith(options StoreOptions, objects ...telephony.Object) *Store {
	s, err := New(&memoryLog{objects: objects, position: Position{Epoch: 1, Index: 1}}, options)
	if err != nil {
		panic("confdb: the memory log failed: " + err.Error()) // it cannot
	}
	return s
}

type memoryLog struct {
	mu       sync.Mutex
	objects  []telephony.Object
	position Position
	sink     Sink
}

func (m *memoryLog) Load() ([]telephony.Object, Position, error) { return m.objects, m.position, nil }

func (m *memoryLog) Start(sink Sink) error {
	m.sink, m.objects = sink, nil
	return nil
}

func (m *memoryLog) Commit(_ context.Context, e Entry) (Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.position.Index++
	m.sink.Applied(m.position, e)
	return Receipt{Position: m.position, Durable: 1}, nil
}

func (m *memoryLog) Close() error { return nil }
