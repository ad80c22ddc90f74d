package runner

import (
	"hash/maphash"
	"sync"
)

// shardCount spreads the machines over locks, so that calls on many cores do not wait for one.
const shardCount = 32

// shards is a map of cells by identifier.
type shards[K comparable] struct {
	seed  maphash.Seed
	parts [shardCount]struct {
		mu sync.RWMutex
		m  map[K]*cell
	}
}

func (s *shards[K]) init() {
	s.seed = maphash.MakeSeed()
	for i := range s.parts {
		s.parts[i].m = make(map[K]*cell)
	}
}

func (s *shards[K]) index(k K) uint64 { return maphash.Comparable(s.seed, k) % shardCount }

func (s *shards[K]) get(k K) (*cell, bool) {
	p := &s.parts[s.index(k)]
	p.mu.RLock()
	c, ok := p.m[k]
	p.mu.RUnlock()
	return c, ok
}

func (s *shards[K]) put(k K, c *cell) {
	p := &s.parts[s.index(k)]
	p.mu.Lock()
	p.m[k] = c
	p.mu.Unlock()
}

func (s *shards[K]) getOrPut(k K, create func() *cell) *cell {
	if c, ok := s.get(k); ok {
		return c
	}
	p := &s.parts[s.index(k)]
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.m[k]; ok {
		return c
	}
	c := create()
	p.m[k] = c
	return c
}

// remove takes the cell out, unless another has taken its place.
func (s *shards[K]) remove(k K, c *cell) {
	p := &s.parts[s.index(k)]
	p.mu.Lock()
	if p.m[k] == c {
		delete(p.m, k)
	}
	p.mu.Unlock()
}

func (s *shards[K]) len() (n int) {
	for i := range s.parts {
		s.parts[i].mu.RLock()
		n += len(s.parts[i].m)
		s.parts[i].mu.RUnlock()
	}
	return n
}

func (s *shards[K]) all() (cells []*cell) {
	for i := range s.parts {
		s.parts[i].mu.RLock()
		for _, c := range s.parts[i].m {
			cells = append(cells, c)
		}
		s.parts[i].mu.RUnlock()
	}
	return cells
}
