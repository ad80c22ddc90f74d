// Package schema describes the configuration: the fields of every kind of object as the tags of telephony say them, and the
// tables and migrations of the database that keeps them.
//
// Checking, storing and writing out the objects belongs to confdb, confdb/sqlite and confdb/bulk, which all go by these
// descriptions.
package schema

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"tandem/telephony"
)

// Shape is the form of a field.
type Shape int

// The shapes.
const (
	ShapeText    Shape = iota // string
	ShapeBool                 // bool
	ShapeInteger              // int, int64
	ShapeSecret               // telephony.Secret
	ShapeTexts                // []string
	ShapeTextMap              // map[string]string
	ShapeStruct               // pointer to a struct of scalars
	ShapeStructs              // slice of structs of scalars
)

// Field describes one field of an object.
type Field struct {
	Name     string // as in the site file
	Go       string // as in Go
	Index    []int  // for reflect
	Type     reflect.Type
	Shape    Shape
	Required bool
	Doc      string

	HasMinimum, HasMaximum bool
	Minimum, Maximum       int64 // of integers
	MinLength, MaxLength   int   // bytes of texts, of every text of a list or map; 0: no bound
	MinItems, MaxItems     int   // of lists and maps
	Enum                   []string
	Ref                    telephony.Kind // kind that the text, or each text, or each map key, names
	Hashed                 bool           // secret that is kept as a hash only
	Syntax                 string         // further rule: dial, mask, number, digits, load, file, hex, time, softkeys
	Fields                 []*Field       // of ShapeStruct and ShapeStructs
}

// Kind describes a kind of object.
type Kind struct {
	telephony.KindInfo
	Type   reflect.Type // of the struct, not of the pointer
	Fields []*Field
	Keys   []*Field // that make up the key, in order
	byName map[string]*Field
}

// keyFields names what makes up the key, where it is not the first field alone.
var keyFields = map[telephony.Kind][]string{
	telephony.KindServiceActivation:  {"server", "service"},
	telephony.KindServiceParameter:   {"service", "name", "server"},
	telephony.KindDeviceDefaults:     {"product", "protocol"},
	telephony.KindDirectoryNumber:    {"pattern", "partition"},
	telephony.KindTranslationPattern: {"pattern", "partition"},
	telephony.KindRoutePattern:       {"pattern", "partition"},
	telephony.KindUserState:          {"setting", "subject"},
}

var (
	kinds  []*Kind
	byKind = map[telephony.Kind]*Kind{}
)

func init() {
	for _, info := range telephony.Kinds {
		k := &Kind{KindInfo: info, Type: reflect.TypeOf(info.New()).Elem(), byName: map[string]*Field{}}
		k.Fields = describe(k.Type, nil)
		for _, f := range k.Fields {
			k.byName[f.Name] = f
		}
		names := keyFields[info.Kind]
		if names == nil {
			names = []string{k.Fields[0].Name}
		}
		for _, name := range names {
			k.Keys = append(k.Keys, k.byName[name])
		}
		kinds = append(kinds, k)
		byKind[info.Kind] = k
	}
}

// Kinds lists every kind, what is referred to before what refers to it.
func Kinds() []*Kind { return kinds }

// Of returns the description of a kind, or nil if there is no such kind.
func Of(kind telephony.Kind) *Kind { return byKind[kind] }

// Field finds a field by its name in the site file, or nil.
func (k *Kind) Field(name string) *Field { return k.byName[name] }

// FieldNames lists the names of the fields in alphabetical order.
func FieldNames(fields []*Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	sort.Strings(names)
	return names
}

var secretType = reflect.TypeOf(telephony.Secret{})

func describe(typ reflect.Type, index []int) []*Field {
	var fields []*Field
	for i := range typ.NumField() {
		sf := typ.Field(i)
		at := append(append([]int(nil), index...), i)
		name, options, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		if sf.Anonymous && strings.Contains(options, "inline") {
			fields = append(fields, describe(sf.Type, at)...)
			continue
		}
		f := &Field{
			Name: name, Go: sf.Name, Index: at, Type: sf.Type, Doc: sf.Tag.Get("doc"),
			Ref: telephony.Kind(sf.Tag.Get("ref")), Hashed: sf.Tag.Get("secret") == "hashed",
		}
		optional := strings.Contains(options, "omitempty") || sf.Tag.Get("empty") == "allowed"
		f.Minimum, f.HasMinimum = number(sf, "minimum")
		f.Maximum, f.HasMaximum = number(sf, "maximum")
		f.MinLength, f.MaxLength = length(sf, "minLength"), length(sf, "maxLength")
		f.MinItems, f.MaxItems = length(sf, "minItems"), length(sf, "maxItems")
		if enum := sf.Tag.Get("enum"); enum != "" {
			f.Enum = strings.Split(enum, ",")
		}
		for _, syntax := range []string{"mask", "number", "digits", "load", "file", "hex", "time", "softkeys"} {
			if sf.Tag.Get(syntax) == "true" {
				f.Syntax = syntax
			}
		}
		if sf.Tag.Get("pattern") == "dial" {
			f.Syntax = "dial"
		}
		f.Shape = shape(sf, f)
		f.Required = !optional && f.Shape != ShapeBool && f.Shape != ShapeInteger && f.Shape != ShapeTextMap
		if f.Shape == ShapeStruct || f.Shape == ShapeStructs {
			f.Fields = describe(sf.Type.Elem(), nil)
			f.Required = false
		}
		if f.Shape == ShapeTexts {
			f.Required = f.MinItems > 0
		}
		fields = append(fields, f)
	}
	return fields
}

func shape(sf reflect.StructField, f *Field) Shape {
	switch t := sf.Type; {
	case t == secretType:
		return ShapeSecret
	case t.Kind() == reflect.String:
		return ShapeText
	case t.Kind() == reflect.Bool:
		return ShapeBool
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		return ShapeInteger
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		return ShapeTexts
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String && t.Elem().Kind() == reflect.String:
		return ShapeTextMap
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		return ShapeStruct
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return ShapeStructs
	default:
		panic(fmt.Sprintf("schema: field %s has a type that cannot be stored: %s", f.Go, t)) // met by every test, never later
	}
}

func number(sf reflect.StructField, key string) (int64, bool) {
	text, ok := sf.Tag.Lookup(key)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic("schema: " + sf.Name + " has a bad " + key)
	}
	return n, true
}

func length(sf reflect.StructField, key string) int {
	n, _ := number(sf, key)
	return int(n)
}

// Value is the field of an object, given the struct itself.
func (f *Field) Value(of reflect.Value) reflect.Value { return of.FieldByIndex(f.Index) }

// Struct is the struct behind an object.
func Struct(o telephony.Object) reflect.Value { return reflect.ValueOf(o).Elem() }

// Clone makes a copy that shares nothing with the original.
func Clone[T telephony.Object](o T) T {
	from := reflect.ValueOf(o).Elem()
	to := reflect.New(from.Type())
	deepCopy(to.Elem(), from)
	return to.Interface().(T)
}

func deepCopy(to, from reflect.Value) {
	to.Set(from)
	switch from.Kind() {
	case reflect.Struct:
		if from.Type() == secretType {
			return
		}
		for i := range from.NumField() {
			deepCopy(to.Field(i), from.Field(i))
		}
	case reflect.Pointer:
		if !from.IsNil() {
			p := reflect.New(from.Type().Elem())
			deepCopy(p.Elem(), from.Elem())
			to.Set(p)
		}
	case reflect.Slice:
		if !from.IsNil() {
			s := reflect.MakeSlice(from.Type(), from.Len(), from.Len())
			for i := range from.Len() {
				deepCopy(s.Index(i), from.Index(i))
			}
			to.Set(s)
		}
	case reflect.Map:
		if !from.IsNil() {
			m := reflect.MakeMapWithSize(from.Type(), from.Len())
			for it := from.MapRange(); it.Next(); {
				m.SetMapIndex(it.Key(), it.Value())
			}
			to.Set(m)
		}
	}
}
