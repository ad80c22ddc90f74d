package confdb

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"

	"tandem/confdb/schema"
	"tandem/fault"
	"tandem/telephony"
)

// Hasher turns passwords into hashes that tell nothing of them.
type Hasher interface {
	// Hash makes a hash in PHC form.
	Hash(plain string) (string, error)
	// Verify reports whether the hash was made of the text.
	Verify(hash, plain string) bool
}

// plan is a change set that has been found right.
type plan struct {
	changes   []Change
	unchanged int
	after     *Snapshot
}

// maximumItems bounds a change set: 10,000 phones with their numbers and users, several times over.
const maximumItems = 200_000

// makePlan checks a change set against a snapshot and takes the difference.
func (s *Store) makePlan(before *Snapshot, set ChangeSet, o Options) (*plan, error) {
	refused := &Refused{}
	if len(set.Items) > maximumItems {
		return nil, fault.New(fault.ConfigurationTooLarge, "source", source(set), "limit", fmt.Sprintf("%d objects", maximumItems))
	}
	wished := make([]wish, 0, len(set.Items))
	first := make(map[objectRef]*Item, len(set.Items))
	for i := range set.Items {
		item := &set.Items[i]
		ref := objectRef{item.Kind, item.Key}
		if item.Object != nil {
			if v := reflect.ValueOf(item.Object); v.Kind() == reflect.Pointer && v.IsNil() {
				return nil, errors.New("confdb: a change set holds a nil object")
			}
			ref = objectRef{item.Object.Kind(), item.Object.Key()}
		}
		if schema.Of(ref.kind) == nil {
			refused.Add(unknownKind(string(ref.kind)))
			continue
		}
		if other := first[ref]; other != nil {
			refused.Add(fault.New(fault.ObjectDuplicate, "kind", title(ref.kind), "name", ref.key,
				"other", at("The same "+ref.kind.Title(), other), "field", item.where("name")))
			continue
		}
		first[ref] = item
		if IsBuiltIn(ref.kind, ref.key) {
			if item.Object == nil || !Equal(item.Object, before.Object(ref.kind, ref.key)) {
				refused.Add(fault.New(fault.ObjectInvalid, "kind", title(ref.kind), "name", ref.key,
					"field", item.where("name"), "problem", "it is built in and cannot be changed; choose another name"))
			}
			continue
		}
		if item.Object == nil {
			if before.Object(ref.kind, ref.key) == nil {
				refused.Add(fault.New(fault.ObjectNotFound, "kind", string(ref.kind), "name", ref.key))
				continue
			}
			wished = append(wished, wish{ref: ref, item: item})
			continue
		}
		c := checker{item: item, object: item.Object, pattern: s.options.ParsePattern, refused: refused}
		if !c.check() {
			continue
		}
		object := keepSecrets(item.Object, before.Object(ref.kind, ref.key), item.ClearSecrets)
		object, err := s.hashSecrets(object, before.Object(ref.kind, ref.key), item, refused)
		if err != nil {
			return nil, err
		}
		wished = append(wished, wish{ref: ref, item: item, object: object})
	}
	if err := refused.Err(); err != nil {
		return nil, err
	}

	p := &plan{}
	items := map[objectRef]*Item{}
	for _, w := range wished {
		old := before.Object(w.ref.kind, w.ref.key)
		if w.object != nil && Equal(old, w.object) {
			p.unchanged++
			continue
		}
		after := w.object
		if after != nil && after == w.item.Object { // the caller may go on using its object
			after = schema.Clone(after)
		}
		p.changes = append(p.changes, Change{Kind: w.ref.kind, Key: w.ref.key, Before: old, After: after})
		items[w.ref] = w.item
	}
	p.changes = followUserState(before, p.changes, o, s.options.Now())
	order(p.changes)
	p.after = before.with(p.changes)
	s.checkWhole(p, items, o, refused)
	return p, refused.Err()
}

type wish struct {
	ref    objectRef
	item   *Item
	object telephony.Object
}

func source(set ChangeSet) string {
	if set.Source != "" {
		return set.Source
	}
	return "that was sent"
}

func at(what string, item *Item) string {
	if item != nil && item.Line > 0 {
		return fmt.Sprintf("%s (line %d)", what, item.Line)
	}
	return what
}

// unknownKind is the refusal of a kind that does not exist, with the nearest one that does.
func unknownKind(kind string) *fault.Error {
	var known []string
	for info := range telephony.PublicKinds() {
		known = append(known, string(info.Kind))
	}
	return fault.New(fault.KindUnknown, "kind", kind, "known", strings.Join(known, ", "))
}

// order puts changes into the order of kinds, what is referred to first; deletions the other way round, at the end.
func order(changes []Change) {
	rank := map[telephony.Kind]int{}
	for i, info := range telephony.Kinds {
		rank[info.Kind] = i
	}
	sort.SliceStable(changes, func(i, j int) bool {
		a, b := changes[i], changes[j]
		if (a.After == nil) != (b.After == nil) {
			return b.After == nil
		}
		if a.Kind != b.Kind {
			if a.After == nil {
				return rank[a.Kind] > rank[b.Kind]
			}
			return rank[a.Kind] < rank[b.Kind]
		}
		return a.Key < b.Key
	})
}

// hashSecrets replaces plain passwords by their hashes. A password that fits the hash that is already there keeps it, so that
// applying a file twice changes nothing.
func (s *Store) hashSecrets(object, before telephony.Object, item *Item, refused *Refused) (telephony.Object, error) {
	for _, f := range schema.Of(object.Kind()).Fields {
		if f.Shape != schema.ShapeSecret || !f.Hashed {
			continue
		}
		plain := f.Value(schema.Struct(object)).Interface().(telephony.Secret)
		if plain.Empty() || strings.HasPrefix(plain.Reveal(), "$argon2id$") {
			continue
		}
		if s.options.Hasher == nil {
			refused.Add(fault.New(fault.ObjectInvalid, "kind", title(object.Kind()), "name", object.Key(),
				"field", item.where(f.Name), "problem", "only a hash can be taken here"))
			continue
		}
		hashed := ""
		if before != nil {
			old := f.Value(schema.Struct(before)).Interface().(telephony.Secret)
			if !old.Empty() && s.options.Hasher.Verify(old.Reveal(), plain.Reveal()) {
				hashed = old.Reveal()
			}
		}
		if hashed == "" {
			var err error
			if hashed, err = s.options.Hasher.Hash(plain.Reveal()); err != nil {
				return nil, fmt.Errorf("hash a password: %w", err)
			}
		}
		if object == item.Object {
			object = schema.Clone(object)
		}
		f.Value(schema.Struct(object)).Set(reflect.ValueOf(telephony.NewSecret(hashed)))
	}
	return object, nil
}

// checkWhole checks what concerns several objects, against the state after the change.
func (s *Store) checkWhole(p *plan, items map[objectRef]*Item, o Options, refused *Refused) {
	after := p.after
	deleted := map[objectRef]bool{}
	for _, c := range p.changes {
		ref := objectRef{c.Kind, c.Key}
		item := items[ref]
		if c.After == nil {
			deleted[ref] = true
			continue
		}
		references(c.After, func(r reference) {
			if after.Object(r.to.kind, r.to.key) == nil {
				refused.Add(fault.New(fault.ReferenceMissing, "kind", title(c.Kind), "name", c.Key, "field", item.where(r.path()),
					"reference", r.to.kind.Title()+" "+r.to.key))
			}
		})
		s.checkAgainstOthers(c, item, after, o, refused)
	}
	if len(deleted) == 0 {
		return
	}
	users := map[objectRef][]string{}
	total := map[objectRef]int{}
	after.dependents(deleted, func(of objectRef, d Dependent) bool {
		if total[of]++; len(users[of]) < maximumNamedUsers {
			users[of] = append(users[of], d.Kind.Title()+" "+d.Key+" ("+d.Field+")")
		}
		return true
	})
	for m := range after.Members() {
		// A membership names its server and is not deleted with it, since it stays after the removal; so that is no reference.
		if ref := (objectRef{telephony.KindServer, string(m.Server)}); deleted[ref] && !m.Removed() {
			users[ref] = append(users[ref], "its membership in the cluster (`tandem server remove` ends it)")
			total[ref]++
		}
	}
	for _, c := range p.changes {
		ref := objectRef{c.Kind, c.Key}
		if names := users[ref]; len(names) > 0 {
			slices.Sort(names)
			text := strings.Join(names, ", ")
			if more := total[ref] - len(names); more > 0 {
				text += fmt.Sprintf(" and %d more", more)
			}
			refused.Add(fault.New(fault.ObjectInUse, "kind", title(c.Kind), "name", c.Key, "users", text))
		}
	}
}

// maximumNamedUsers bounds how many dependents a refusal names.
const maximumNamedUsers = 20

func (s *Store) checkAgainstOthers(c Change, item *Item, after *Snapshot, o Options, refused *Refused) {
	duplicate := func(field, other string) {
		refused.Add(fault.New(fault.ObjectDuplicate, "kind", title(c.Kind), "name", c.Key, "other", capital(other), "field", item.where(field)))
	}
	invalid := func(field, format string, args ...any) {
		refused.Add(fault.New(fault.ObjectInvalid, "kind", title(c.Kind), "name", c.Key, "field", item.where(field),
			"problem", fmt.Sprintf(format, args...)))
	}
	switch object := c.After.(type) {
	case *telephony.DirectoryNumber, *telephony.TranslationPattern, *telephony.RoutePattern:
		for _, kind := range []telephony.Kind{telephony.KindDirectoryNumber, telephony.KindTranslationPattern, telephony.KindRoutePattern} {
			if kind != c.Kind && after.Object(kind, c.Key) != nil {
				duplicate("pattern", kind.Title()+" "+c.Key)
				break
			}
		}
		if number, ok := object.(*telephony.DirectoryNumber); ok && !o.UserState && number.ForwardAll != nil {
			if path := forwardCircle(after, number); path != nil {
				refused.Add(fault.New(fault.ReferenceCycle, "kind", title(c.Kind), "name", c.Key, "path", strings.Join(path, " → ")))
			}
		}
	case *telephony.Phone:
		product := after.Product(object.Product)
		if product == nil {
			return // the missing reference is reported
		}
		if !product.Speaks(object.Protocol) {
			invalid("protocol", "a %s does not speak %s", product.Name, object.Protocol)
		}
		if object.DigestUser != "" {
			if other := after.digestUserTaken(object); other != "" {
				duplicate("digestUser", "phone "+string(other)+" with the digest user "+string(object.DigestUser))
			}
		}
	case *telephony.Member:
		for other := range after.Members() {
			switch {
			case other.Identity == object.Identity:
			case other.Node == object.Node: // also of a removed server: numbers are never used again
				duplicate("node", "cluster member "+string(other.Server))
			case !other.Removed() && !object.Removed() && strings.EqualFold(string(other.Server), string(object.Server)):
				duplicate("server", "cluster member "+string(other.Server))
			}
		}
	case *telephony.ClusterAuthority:
		for other := range after.ClusterAuthorities() {
			switch {
			case other.Fingerprint == object.Fingerprint:
			case other.Generation == object.Generation:
				duplicate("generation", fmt.Sprintf("cluster authority of generation %d", other.Generation))
			case other.State == telephony.AuthoritySigning && object.State == telephony.AuthoritySigning:
				duplicate("state", fmt.Sprintf("cluster authority of generation %d, which makes certificates,", other.Generation))
			}
		}
	case *telephony.DeviceDefaults:
		if product := after.Product(object.Product); product != nil && !product.Speaks(object.Protocol) {
			invalid("protocol", "a %s does not speak %s", product.Name, object.Protocol)
		}
	case *telephony.Product:
		for _, other := range after.Objects(telephony.KindProduct) {
			p := other.(*telephony.Product)
			if p.Name != object.Name && object.DeviceType != 0 && p.DeviceType == object.DeviceType && !IsBuiltIn(telephony.KindProduct, p.Key()) {
				duplicate("deviceType", "product "+string(p.Name))
				return
			}
		}
	}
}

// digestUserTaken returns another phone with the same digest user, or "".
func (s *Snapshot) digestUserTaken(phone *telephony.Phone) telephony.DeviceName {
	names, _ := s.digest.get(string(phone.DigestUser))
	for _, name := range names {
		if name != phone.Name {
			return name
		}
	}
	return ""
}

// forwardCircle follows forward-all from number to number and returns the way if it comes back to where it began. A forward to
// oneself is one too. Only destinations that are a directory number's own digits are followed.
func forwardCircle(s *Snapshot, start *telephony.DirectoryNumber) []string {
	path := []string{start.Key()}
	seen := map[string]bool{start.Key(): true}
	for at := start; at.ForwardAll != nil; {
		next := reached(s, at.ForwardAll)
		if next == nil {
			return nil
		}
		path = append(path, next.Key())
		if seen[next.Key()] {
			if next == start || next.Key() == start.Key() {
				return path
			}
			return nil // a circle of others, reported at them
		}
		seen[next.Key()] = true
		at = next
	}
	return nil
}

// reached is the directory number that a forward's destination names by its very digits: in the first partition of the
// calling search space that has it.
func reached(s *Snapshot, f *telephony.Forward) *telephony.DirectoryNumber {
	if css := s.CallingSearchSpace(f.CallingSearchSpace); css != nil {
		for _, partition := range css.Partitions {
			if d := s.DirectoryNumber(telephony.LineKey{Pattern: telephony.Pattern(f.Destination), Partition: partition}); d != nil {
				return d
			}
		}
	}
	return s.DirectoryNumber(telephony.LineKey{Pattern: telephony.Pattern(f.Destination)})
}
