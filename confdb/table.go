package confdb

import (
	"hash/maphash"
	"iter"
)

// shardCount is the number of parts of a table. A change copies only the parts that it touches, and the list of
// them: with 10,000 objects some twenty entries and 2 KiB.
const shardCount = 256

var tableSeed = maphash.MakeSeed()

// table is an immutable map by name. The zero value is empty.
type table[V any] struct {
	shard *[shardCount]map[string]V
	count int
}

func shardOf(key string) int { return int(maphash.String(tableSeed, key) % shardCount) }

func (t table[V]) get(key string) (V, bool) {
	if t.shard == nil {
		var none V
		return none, false
	}
	v, ok := t.shard[shardOf(key)][key]
	return v, ok
}

// getBytes looks up without making a string of the key.
func (t table[V]) getBytes(key []byte) (V, bool) {
	if t.shard == nil {
		var none V
		return none, false
	}
	v, ok := t.shard[maphash.Bytes(tableSeed, key)%shardCount][string(key)]
	return v, ok
}

func (t table[V]) all() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		if t.shard == nil {
			return
		}
		for _, m := range t.shard {
			for k, v := range m {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

// tableEdit is a table being changed; it copies a shard when it first touches it.
type tableEdit[V any] struct {
	next  [shardCount]map[string]V
	owned [shardCount]bool
	count int
}

func (t table[V]) edit() *tableEdit[V] {
	e := &tableEdit[V]{count: t.count}
	if t.shard != nil {
		e.next = *t.shard
	}
	return e
}

func (e *tableEdit[V]) own(i int) map[string]V {
	if !e.owned[i] {
		m := make(map[string]V, len(e.next[i])+1)
		for k, v := range e.next[i] {
			m[k] = v
		}
		e.next[i], e.owned[i] = m, true
	}
	return e.next[i]
}

func (e *tableEdit[V]) get(key string) (V, bool) {
	v, ok := e.next[shardOf(key)][key]
	return v, ok
}

func (e *tableEdit[V]) put(key string, v V) {
	m := e.own(shardOf(key))
	if _, there := m[key]; !there {
		e.count++
	}
	m[key] = v
}

func (e *tableEdit[V]) remove(key string) {
	i := shardOf(key)
	if _, there := e.next[i][key]; there {
		delete(e.own(i), key)
		e.count--
	}
}

func (e *tableEdit[V]) done() table[V] {
	next := e.next
	return table[V]{shard: &next, count: e.count}
}
