package confdb

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"

	"tandem/confdb/schema"
	"tandem/telephony"
)

// Equal reports whether two objects of a kind are the same in every field, secrets included. Empty and absent lists are the
// same.
func Equal(a, b telephony.Object) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if a.Kind() != b.Kind() {
		return false
	}
	return equalFields(schema.Of(a.Kind()).Fields, schema.Struct(a), schema.Struct(b))
}

func equalFields(fields []*schema.Field, a, b reflect.Value) bool {
	for _, f := range fields {
		if !equalField(f, f.Value(a), f.Value(b)) {
			return false
		}
	}
	return true
}

func equalField(f *schema.Field, a, b reflect.Value) bool {
	switch f.Shape {
	case schema.ShapeText:
		return a.String() == b.String()
	case schema.ShapeBool:
		return a.Bool() == b.Bool()
	case schema.ShapeInteger:
		return a.Int() == b.Int()
	case schema.ShapeSecret:
		return a.Interface().(telephony.Secret).Reveal() == b.Interface().(telephony.Secret).Reveal()
	case schema.ShapeStruct:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() && b.IsNil()
		}
		return equalFields(f.Fields, a.Elem(), b.Elem())
	case schema.ShapeTexts:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if a.Index(i).String() != b.Index(i).String() {
				return false
			}
		}
		return true
	case schema.ShapeStructs:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !equalFields(f.Fields, a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	default: // map of texts
		if a.Len() != b.Len() {
			return false
		}
		for it := a.MapRange(); it.Next(); {
			other := b.MapIndex(it.Key())
			if !other.IsValid() || other.String() != it.Value().String() {
				return false
			}
		}
		return true
	}
}

// Difference lists the fields in which an object changed; one of the two may be nil.
func Difference(before, after telephony.Object) []FieldChange {
	some := after
	if some == nil {
		some = before
	}
	fields := schema.Of(some.Kind()).Fields
	was, is := map[string]string{}, map[string]string{}
	var wasSecret, isSecret map[string]string
	if before != nil {
		wasSecret = map[string]string{}
		flatten(was, wasSecret, "", fields, schema.Struct(before))
	}
	if after != nil {
		isSecret = map[string]string{}
		flatten(is, isSecret, "", fields, schema.Struct(after))
	}
	paths := map[string]bool{}
	for p := range was {
		paths[p] = true
	}
	for p := range is {
		paths[p] = true
	}
	var changes []FieldChange
	for p := range paths {
		switch {
		case was[p] != is[p]:
			changes = append(changes, FieldChange{p, was[p], is[p]})
		case wasSecret[p] != isSecret[p]:
			changes = append(changes, FieldChange{p, was[p], "(new secret)"})
		}
	}
	sort.Slice(changes, func(i, j int) bool { return changes[i].Field < changes[j].Field })
	return changes
}

// flatten writes the fields that hold something as path and text; what secrets hold goes to secrets.
func flatten(to, secrets map[string]string, prefix string, fields []*schema.Field, of reflect.Value) {
	for _, f := range fields {
		v, path := f.Value(of), prefix+f.Name
		switch f.Shape {
		case schema.ShapeText:
			put(to, path, v.String())
		case schema.ShapeBool:
			if v.Bool() {
				to[path] = "true"
			}
		case schema.ShapeInteger:
			if v.Int() != 0 {
				to[path] = strconv.FormatInt(v.Int(), 10)
			}
		case schema.ShapeSecret:
			s := v.Interface().(telephony.Secret)
			put(to, path, s.String())
			put(secrets, path, s.Reveal())
		case schema.ShapeStruct:
			if !v.IsNil() {
				flatten(to, secrets, path+".", f.Fields, v.Elem())
			}
		case schema.ShapeTexts:
			for i := range v.Len() {
				to[fmt.Sprintf("%s[%d]", path, i+1)] = v.Index(i).String()
			}
		case schema.ShapeStructs:
			for i := range v.Len() {
				flatten(to, secrets, fmt.Sprintf("%s[%d].", path, i+1), f.Fields, v.Index(i))
			}
		case schema.ShapeTextMap:
			for it := v.MapRange(); it.Next(); {
				to[path+"."+it.Key().String()] = it.Value().String()
			}
		}
	}
}

func put(to map[string]string, path, text string) {
	if text != "" {
		to[path] = text
	}
}

// keepSecrets returns the object with every secret that it leaves empty taken from its predecessor, except those
// named. Secrets inside lists do not exist.
func keepSecrets(object, before telephony.Object, clear []string) telephony.Object {
	if before == nil {
		return object
	}
	cleared := map[string]bool{}
	for _, name := range clear {
		cleared[name] = true
	}
	var copied telephony.Object
	for _, f := range schema.Of(object.Kind()).Fields {
		if f.Shape != schema.ShapeSecret || cleared[f.Name] {
			continue
		}
		old := f.Value(schema.Struct(before)).Interface().(telephony.Secret)
		if old.Empty() || !f.Value(schema.Struct(object)).Interface().(telephony.Secret).Empty() {
			continue
		}
		if copied == nil {
			copied = schema.Clone(object)
		}
		f.Value(schema.Struct(copied)).Set(reflect.ValueOf(old))
	}
	if copied != nil {
		return copied
	}
	return object
}
