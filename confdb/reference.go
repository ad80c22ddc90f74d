package confdb

import (
	"fmt"
	"reflect"

	"tandem/confdb/schema"
	"tandem/telephony"
)

// reference is one place in an object that names another.
type reference struct {
	field string // path
	to    objectRef
}

// references calls yield for every place in which the object names another.
func references(o telephony.Object, yield func(reference)) {
	switch o := o.(type) {
	case *telephony.DirectoryNumber: // the two kinds of which there are many, without reflection
		if o.Partition != "" {
			yield(reference{"partition", objectRef{telephony.KindPartition, string(o.Partition)}})
		}
		css := func(field string, name telephony.CallingSearchSpaceName) {
			if name != "" {
				yield(reference{field, objectRef{telephony.KindCallingSearchSpace, string(name)}})
			}
		}
		css("callingSearchSpace", o.CallingSearchSpace)
		for _, f := range [...]struct {
			field   string
			forward *telephony.Forward
		}{
			{"forwardAll.callingSearchSpace", o.ForwardAll}, {"forwardBusy.callingSearchSpace", o.ForwardBusy},
			{"forwardNoAnswer.callingSearchSpace", o.ForwardNoAnswer}, {"forwardUnregistered.callingSearchSpace", o.ForwardUnregistered},
		} {
			if f.forward != nil {
				css(f.field, f.forward.CallingSearchSpace)
			}
		}
	default:
		fieldReferences("", schema.Of(o.Kind()).Fields, schema.Struct(o), yield)
	}
}

func fieldReferences(prefix string, fields []*schema.Field, of reflect.Value, yield func(reference)) {
	for _, f := range fields {
		if f.Ref == "" && f.Fields == nil {
			continue
		}
		v := f.Value(of)
		switch f.Shape {
		case schema.ShapeText:
			name := v.String()
			if name == "" {
				continue
			}
			if f.Ref == telephony.KindDirectoryNumber { // digits and partition together
				line := of.Interface().(telephony.LineAppearance)
				name = line.LineKey().String()
			}
			yield(reference{prefix + f.Name, objectRef{f.Ref, name}})
		case schema.ShapeTexts:
			for i := range v.Len() {
				yield(reference{fmt.Sprintf("%s%s[%d]", prefix, f.Name, i+1), objectRef{f.Ref, v.Index(i).String()}})
			}
		case schema.ShapeTextMap:
			for it := v.MapRange(); it.Next(); {
				yield(reference{prefix + f.Name + "." + it.Key().String(), objectRef{f.Ref, it.Key().String()}})
			}
		case schema.ShapeStruct:
			if !v.IsNil() {
				fieldReferences(prefix+f.Name+".", f.Fields, v.Elem(), yield)
			}
		case schema.ShapeStructs:
			if !holdsReferences(f) {
				continue
			}
			for i := range v.Len() {
				fieldReferences(fmt.Sprintf("%s%s[%d].", prefix, f.Name, i+1), f.Fields, v.Index(i), yield)
			}
		}
	}
}

func holdsReferences(f *schema.Field) bool {
	for _, inner := range f.Fields {
		if inner.Ref != "" || (inner.Fields != nil && holdsReferences(inner)) {
			return true
		}
	}
	return false
}

// referrers lists for each kind the kinds that may name it.
var referrers = func() map[telephony.Kind][]telephony.Kind {
	m := map[telephony.Kind][]telephony.Kind{}
	for _, k := range schema.Kinds() {
		seen := map[telephony.Kind]bool{}
		var walk func(fields []*schema.Field)
		walk = func(fields []*schema.Field) {
			for _, f := range fields {
				if f.Ref != "" && !seen[f.Ref] {
					seen[f.Ref] = true
					m[f.Ref] = append(m[f.Ref], k.Kind)
				}
				walk(f.Fields)
			}
		}
		walk(k.Fields)
	}
	return m
}()

// Dependent is an object that names another.
type Dependent struct {
	Kind  telephony.Kind `json:"kind"`
	Key   string         `json:"key"`
	Field string         `json:"field"`
}

// Dependents lists what names an object, at most limit places (0: all): the dependency records of an object's page.
func (s *Snapshot) Dependents(kind telephony.Kind, key string, limit int) []Dependent {
	var found []Dependent
	s.dependents(map[objectRef]bool{{kind, key}: true}, func(_ objectRef, d Dependent) bool {
		found = append(found, d)
		return limit == 0 || len(found) < limit
	})
	return found
}

// dependents goes through everything that names one of the targets, until yield returns false.
func (s *Snapshot) dependents(targets map[objectRef]bool, yield func(objectRef, Dependent) bool) {
	kinds := map[telephony.Kind]bool{}
	for t := range targets {
		for _, k := range referrers[t.kind] {
			kinds[k] = true
		}
	}
	if onlyLines(targets) { // indexed: the common deletion need not look at every phone
		for t := range targets {
			list, _ := s.appearances.get(t.key)
			for _, a := range list {
				field := fmt.Sprintf("lines[%d].directoryNumber", a.Instance)
				if !yield(t, Dependent{telephony.KindPhone, a.Phone.Key(), field}) {
					return
				}
			}
		}
		return
	}
	more := true
	for _, info := range telephony.Kinds {
		if !kinds[info.Kind] {
			continue
		}
		for key, o := range s.each(info.Kind) {
			references(o, func(r reference) {
				if more && targets[r.to] {
					more = yield(r.to, Dependent{info.Kind, key, r.field})
				}
			})
			if !more {
				return
			}
		}
	}
}

func onlyLines(targets map[objectRef]bool) bool {
	for t := range targets {
		if t.kind != telephony.KindDirectoryNumber {
			return false
		}
	}
	return true
}
