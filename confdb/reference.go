package confdb

import (
	"fmt"
	"reflect"

	"tandem/confdb/schema"
	"tandem/telephony"
)

// reference is one place in an object that names another.
type reference struct {
	field string // its name, with the struct that holds it: "forwardAll.callingSearchSpace"
	index int    // place in a list, from 1; 0: in none
	inner string // field of the list's item, or ""
	to    objectRef
}

// path is the place as it is shown: "lines[2].directoryNumber". It is made only where it is needed.
func (r reference) path() string {
	if r.index == 0 {
		return r.field
	}
	if r.inner == "" {
		return fmt.Sprintf("%s[%d]", r.field, r.index)
	}
	return fmt.Sprintf("%s[%d].%s", r.field, r.index, r.inner)
}

// references calls yield for every place in which the object names another. The two kinds of which there are many go without
// reflection; a test compares.
func references(o telephony.Object, yield func(reference)) {
	name := func(field string, kind telephony.Kind, key string) {
		if key != "" {
			yield(reference{field: field, to: objectRef{kind, key}})
		}
	}
	switch o := o.(type) {
	case *telephony.DirectoryNumber:
		name("partition", telephony.KindPartition, string(o.Partition))
		name("callingSearchSpace", telephony.KindCallingSearchSpace, string(o.CallingSearchSpace))
		for _, f := range [...]struct {
			field   string
			forward *telephony.Forward
		}{
			{"forwardAll.callingSearchSpace", o.ForwardAll}, {"forwardBusy.callingSearchSpace", o.ForwardBusy},
			{"forwardNoAnswer.callingSearchSpace", o.ForwardNoAnswer}, {"forwardUnregistered.callingSearchSpace", o.ForwardUnregistered},
		} {
			if f.forward != nil {
				name(f.field, telephony.KindCallingSearchSpace, string(f.forward.CallingSearchSpace))
			}
		}
	case *telephony.Phone:
		name("product", telephony.KindProduct, string(o.Product))
		name("devicePool", telephony.KindDevicePool, string(o.DevicePool))
		name("location", telephony.KindLocation, string(o.Location))
		name("callingSearchSpace", telephony.KindCallingSearchSpace, string(o.CallingSearchSpace))
		name("buttonTemplate", telephony.KindButtonTemplate, string(o.ButtonTemplate))
		name("softkeyTemplate", telephony.KindSoftkeyTemplate, string(o.SoftkeyTemplate))
		name("owner", telephony.KindUser, string(o.Owner))
		name("digestUser", telephony.KindUser, string(o.DigestUser))
		for i, line := range o.Lines {
			yield(reference{"lines", i + 1, "directoryNumber", objectRef{telephony.KindDirectoryNumber, line.LineKey().String()}})
			if line.Partition != "" {
				yield(reference{"lines", i + 1, "partition", objectRef{telephony.KindPartition, string(line.Partition)}})
			}
		}
	default:
		fieldReferences(schema.Of(o.Kind()).Fields, schema.Struct(o), yield)
	}
}

// fieldReferences is references by the descriptions of the fields.
func fieldReferences(fields []*schema.Field, of reflect.Value, yield func(reference)) {
	for _, f := range fields {
		if f.Ref == "" && !holdsReferences(f) {
			continue
		}
		v := f.Value(of)
		switch f.Shape {
		case schema.ShapeText:
			name := v.String()
			if name == "" {
				continue
			}
			if line, ok := of.Interface().(telephony.LineAppearance); ok && f.Ref == telephony.KindDirectoryNumber {
				name = line.LineKey().String() // digits and partition together
			}
			yield(reference{field: f.Name, to: objectRef{f.Ref, name}})
		case schema.ShapeTexts:
			for i := range v.Len() {
				yield(reference{field: f.Name, index: i + 1, to: objectRef{f.Ref, v.Index(i).String()}})
			}
		case schema.ShapeTextMap:
			for it := v.MapRange(); it.Next(); {
				yield(reference{field: f.Name + "." + it.Key().String(), to: objectRef{f.Ref, it.Key().String()}})
			}
		case schema.ShapeStruct:
			if !v.IsNil() {
				fieldReferences(f.Fields, v.Elem(), func(r reference) {
					r.field = f.Name + "." + r.field
					yield(r)
				})
			}
		case schema.ShapeStructs:
			for i := range v.Len() {
				fieldReferences(f.Fields, v.Index(i), func(r reference) {
					yield(reference{f.Name, i + 1, r.field, r.to})
				})
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
					more = yield(r.to, Dependent{info.Kind, key, r.path()})
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
