package dialplan

import "slices"

// edit marks what one Plan.With made itself and may therefore change in place; everything else is shared and copied first.
type edit struct{ _ byte }

// table is a persistent map from strings: a tree of three levels with 64 branches each over a hash, small buckets at its leaves. A
// change copies three nodes and a bucket.
type table[V any] struct {
	root *tableNode[*tableNode[*tableNode[[]pair[V]]]]
	size int
}

type tableNode[C any] struct {
	owner *edit
	slots [64]C
}

type pair[V any] struct {
	key   string
	value V
}

// hash is FNV-1a, 64 bits: the same on every server and in every run.
func hash(key string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	return h ^ h>>29
}

func (t *table[V]) get(key string) (v V, ok bool) {
	if t.root == nil {
		return v, false
	}
	h := hash(key)
	a := t.root.slots[h&63]
	if a == nil {
		return v, false
	}
	b := a.slots[h>>6&63]
	if b == nil {
		return v, false
	}
	for i, p := range b.slots[h>>12&63] {
		if p.key == key {
			return b.slots[h>>12&63][i].value, true
		}
	}
	return v, false
}

// own returns a node that this edit may change.
func own[C any](n *tableNode[C], e *edit) *tableNode[C] {
	switch {
	case n == nil:
		return &tableNode[C]{owner: e}
	case n.owner == e:
		return n
	}
	return &tableNode[C]{owner: e, slots: n.slots}
}

// update replaces the value of key by what f makes of the old one; f's second result says whether the key stays.
func (t *table[V]) update(e *edit, key string, f func(old V, had bool) (V, bool)) {
	h := hash(key)
	t.root = own(t.root, e)
	a := own(t.root.slots[h&63], e)
	t.root.slots[h&63] = a
	b := own(a.slots[h>>6&63], e)
	a.slots[h>>6&63] = b
	bucket := slices.Clone(b.slots[h>>12&63])
	i := slices.IndexFunc(bucket, func(p pair[V]) bool { return p.key == key })
	var old V
	if i >= 0 {
		old = bucket[i].value
	}
	v, stays := f(old, i >= 0)
	switch {
	case stays && i >= 0:
		bucket[i].value = v
	case stays:
		bucket = append(bucket, pair[V]{key, v})
		t.size++
	case i >= 0:
		bucket = slices.Delete(bucket, i, i+1)
		t.size--
	}
	b.slots[h>>12&63] = bucket
}

func (t *table[V]) put(e *edit, key string, v V) {
	t.update(e, key, func(V, bool) (V, bool) { return v, true })
}

func (t *table[V]) remove(e *edit, key string) {
	t.update(e, key, func(old V, _ bool) (V, bool) { return old, false })
}
