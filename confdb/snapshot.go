package confdb

import (
	"iter"
	"slices"
	"sort"
	"sync"

	"tandem/telephony"
	"tandem/telephony/parameter"
)

// Position is a place in the log of changes. Epoch rises when the log begins anew (promotion, restore); Index rises with
// every entry. Positions of different epochs do not compare.
type Position struct {
	Epoch uint64 `json:"epoch"`
	Index uint64 `json:"index"`
}

// Appearance is a line on a phone.
type Appearance struct {
	Phone    *telephony.Phone
	Instance int // line instance on the phone, from 1
}

// Line is the appearance's own settings.
func (a Appearance) Line() telephony.LineAppearance { return a.Phone.Lines[a.Instance-1] }

// Snapshot is the whole configuration at one position: immutable, looked up by name in constant time. Objects
// that it returns are shared and must not be changed.
type Snapshot struct {
	position    Position
	kinds       map[telephony.Kind]table[telephony.Object]
	appearances table[[]Appearance]            // by LineKey
	digest      table[[]telephony.DeviceName]  // phones by their digest user: one, but while a change is checked
	sorted      map[telephony.Kind]*sortedKind // shared with later snapshots until the kind changes
	parameters  *parameterCache
}

type sortedKind struct {
	once sync.Once
	list []telephony.Object
}

type parameterCache struct {
	mu       sync.Mutex
	byServer map[telephony.ServerName]*parameter.Values
}

// maximumCachedServers bounds the parameter cache; a cluster has a dozen servers.
const maximumCachedServers = 64

// Empty is the configuration before anything was configured: built-in objects alone.
func Empty() *Snapshot { return emptySnapshot() }

func emptySnapshot() *Snapshot {
	s := &Snapshot{kinds: map[telephony.Kind]table[telephony.Object]{}, sorted: map[telephony.Kind]*sortedKind{}, parameters: &parameterCache{}}
	for _, info := range telephony.Kinds {
		s.kinds[info.Kind] = table[telephony.Object]{}
		s.sorted[info.Kind] = &sortedKind{}
	}
	changes := make([]Change, 0, len(builtIns))
	for _, o := range builtIns {
		changes = append(changes, Change{Kind: o.Kind(), Key: o.Key(), After: o})
	}
	return s.with(changes)
}

// with returns the snapshot after the changes; only After counts.
func (s *Snapshot) with(changes []Change) *Snapshot {
	next := &Snapshot{
		position: s.position, kinds: make(map[telephony.Kind]table[telephony.Object], len(s.kinds)),
		sorted: make(map[telephony.Kind]*sortedKind, len(s.sorted)), parameters: s.parameters,
		appearances: s.appearances, digest: s.digest,
	}
	for kind, t := range s.kinds {
		next.kinds[kind], next.sorted[kind] = t, s.sorted[kind]
	}
	edits := map[telephony.Kind]*tableEdit[telephony.Object]{}
	var appearances *tableEdit[[]Appearance]
	var digest *tableEdit[[]telephony.DeviceName]
	for _, c := range changes {
		e := edits[c.Kind]
		if e == nil {
			t, known := s.kinds[c.Kind]
			if !known {
				continue
			}
			e = t.edit()
			edits[c.Kind] = e
		}
		before, _ := e.get(c.Key)
		if c.After == nil {
			e.remove(c.Key)
		} else {
			e.put(c.Key, c.After)
		}
		switch c.Kind {
		case telephony.KindPhone:
			if appearances == nil {
				appearances, digest = s.appearances.edit(), s.digest.edit()
			}
			indexPhone(appearances, digest, before, c.After)
		case telephony.KindServiceParameter, telephony.KindEnterpriseParameter:
			next.parameters = &parameterCache{}
		}
	}
	for kind, e := range edits {
		next.kinds[kind], next.sorted[kind] = e.done(), &sortedKind{}
	}
	if appearances != nil {
		next.appearances, next.digest = appearances.done(), digest.done()
	}
	return next
}

// indexPhone takes a phone's lines and digest user out of the indexes, and puts those of its successor in.
func indexPhone(appearances *tableEdit[[]Appearance], digest *tableEdit[[]telephony.DeviceName], before, after telephony.Object) {
	if old, ok := before.(*telephony.Phone); ok {
		for _, line := range old.Lines {
			key := line.LineKey().String()
			list, _ := appearances.get(key)
			list = slices.DeleteFunc(slices.Clone(list), func(a Appearance) bool { return a.Phone.Name == old.Name })
			if len(list) == 0 {
				appearances.remove(key)
			} else {
				appearances.put(key, list)
			}
		}
		if names, ok := digest.get(string(old.DigestUser)); ok {
			names = slices.DeleteFunc(slices.Clone(names), func(n telephony.DeviceName) bool { return n == old.Name })
			if len(names) == 0 {
				digest.remove(string(old.DigestUser))
			} else {
				digest.put(string(old.DigestUser), names)
			}
		}
	}
	if phone, ok := after.(*telephony.Phone); ok {
		for i, line := range phone.Lines {
			key := line.LineKey().String()
			list, _ := appearances.get(key)
			list = append(slices.Clone(list), Appearance{phone, i + 1})
			sort.Slice(list, func(i, j int) bool {
				if list[i].Phone.Name != list[j].Phone.Name {
					return list[i].Phone.Name < list[j].Phone.Name
				}
				return list[i].Instance < list[j].Instance
			})
			appearances.put(key, list)
		}
		if phone.DigestUser != "" {
			names, _ := digest.get(string(phone.DigestUser))
			digest.put(string(phone.DigestUser), append(slices.Clone(names), phone.Name))
		}
	}
}

// Position is where in the log the snapshot stands.
func (s *Snapshot) Position() Position { return s.position }

// Object finds an object, or returns nil.
func (s *Snapshot) Object(kind telephony.Kind, key string) telephony.Object {
	o, _ := s.kinds[kind].get(key)
	return o
}

// Objects lists the objects of a kind in the order of their keys. The list is shared and must not be changed.
func (s *Snapshot) Objects(kind telephony.Kind) []telephony.Object {
	sorted := s.sorted[kind]
	if sorted == nil {
		return nil
	}
	sorted.once.Do(func() {
		t := s.kinds[kind]
		list := make([]telephony.Object, 0, t.count)
		keys := make([]string, 0, t.count)
		for k := range t.all() {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			o, _ := t.get(k)
			list = append(list, o)
		}
		sorted.list = list
	})
	return sorted.list
}

// Count is the number of objects of a kind, built-in ones included.
func (s *Snapshot) Count(kind telephony.Kind) int { return s.kinds[kind].count }

// each goes through the objects of a kind without sorting them.
func (s *Snapshot) each(kind telephony.Kind) iter.Seq2[string, telephony.Object] {
	return s.kinds[kind].all()
}

// find is Object with the object's own type.
func find[T telephony.Object](s *Snapshot, kind telephony.Kind, key string) T {
	o, _ := s.kinds[kind].get(key)
	t, _ := o.(T)
	return t
}

// list is Objects with the objects' own type.
func list[T telephony.Object](s *Snapshot, kind telephony.Kind) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, o := range s.Objects(kind) {
			if t, ok := o.(T); ok && !yield(t) {
				return
			}
		}
	}
}

// findLine looks an object up by its number and partition without allocating.
func findLine(s *Snapshot, kind telephony.Kind, key telephony.LineKey) telephony.Object {
	var buffer [128]byte
	o, _ := s.kinds[kind].getBytes(appendLineKey(buffer[:0], key))
	return o
}

func appendLineKey(b []byte, key telephony.LineKey) []byte {
	b = append(b, key.Pattern...)
	if key.Partition != "" {
		b = append(append(b, '/'), key.Partition...)
	}
	return b
}
