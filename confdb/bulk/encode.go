package bulk

import (
	"bytes"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"tandem/confdb"
	"tandem/confdb/schema"
	"tandem/telephony"
)

// Options say what an export holds.
type Options struct {
	Secrets bool             // with passwords and hashes; whoever asks for it is to be recorded
	Kinds   []telephony.Kind // only these; none: all
}

// Encode writes the configuration as a site file: kinds in their order, objects in the order of their names, built-in objects
// left out.
func Encode(s *confdb.Snapshot, o Options) ([]byte, error) {
	only := map[telephony.Kind]bool{}
	for _, k := range o.Kinds {
		only[k] = true
	}
	var objects []telephony.Object
	for _, info := range telephony.Kinds {
		if info.Kind.Internal() || len(only) > 0 && !only[info.Kind] {
			continue
		}
		for _, object := range s.Objects(info.Kind) {
			if !confdb.IsBuiltIn(info.Kind, object.Key()) {
				objects = append(objects, object)
			}
		}
	}
	return EncodeObjects(objects, o.Secrets)
}

// EncodeObjects writes objects as a site file, in the order given within each kind.
func EncodeObjects(objects []telephony.Object, secrets bool) ([]byte, error) {
	lists := map[telephony.Kind]*yaml.Node{}
	for _, object := range objects {
		list := lists[object.Kind()]
		if list == nil {
			list = &yaml.Node{Kind: yaml.SequenceNode}
			lists[object.Kind()] = list
		}
		list.Content = append(list.Content, encodeFields(schema.Of(object.Kind()).Fields, schema.Struct(object), secrets))
	}
	root := &yaml.Node{Kind: yaml.MappingNode}
	for _, info := range telephony.Kinds {
		if list := lists[info.Kind]; list != nil {
			root.Content = append(root.Content, word(info.Collection), list)
		}
	}
	if len(root.Content) == 0 {
		return []byte("{}\n"), nil
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, err
	}
	err := encoder.Close()
	return out.Bytes(), err
}

func word(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

// text is a scalar that reads back as the same text, quoted where YAML would take it for something else.
func text(value string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	if strings.Trim(value, "0123456789.,:eExXoObB_+-") == "" { // digits of any kind, so that numbers look alike
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// encodeFields writes a struct; fields that hold nothing are left out, required ones stay.
func encodeFields(fields []*schema.Field, of reflect.Value, secrets bool) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range fields {
		if v := encodeField(f, f.Value(of), secrets); v != nil {
			node.Content = append(node.Content, word(f.Name), v)
		}
	}
	return node
}

func encodeField(f *schema.Field, v reflect.Value, secrets bool) *yaml.Node {
	switch f.Shape {
	case schema.ShapeText:
		if v.String() == "" && !f.Required && f.Name != "value" {
			return nil
		}
		return text(v.String())
	case schema.ShapeBool:
		if !v.Bool() && f.Name != "enabled" && f.Name != "activated" {
			return nil
		}
		return word(strconv.FormatBool(v.Bool()))
	case schema.ShapeInteger:
		if v.Int() == 0 {
			return nil
		}
		return word(strconv.FormatInt(v.Int(), 10))
	case schema.ShapeSecret:
		if s := v.Interface().(telephony.Secret); secrets && !s.Empty() {
			return text(s.Reveal())
		}
		return nil
	case schema.ShapeTexts:
		if v.Len() == 0 && !f.Required {
			return nil
		}
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for i := range v.Len() {
			list.Content = append(list.Content, text(v.Index(i).String()))
		}
		return list
	case schema.ShapeTextMap:
		if v.Len() == 0 {
			return nil
		}
		var names []string
		for it := v.MapRange(); it.Next(); {
			names = append(names, it.Key().String())
		}
		sort.Strings(names)
		m := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
		for _, name := range names {
			value := v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key()))
			m.Content = append(m.Content, text(name), text(value.String()))
		}
		return m
	case schema.ShapeStruct:
		if v.IsNil() {
			return nil
		}
		node := encodeFields(f.Fields, v.Elem(), secrets)
		node.Style = yaml.FlowStyle
		return node
	default: // list of structs
		if v.Len() == 0 {
			return nil
		}
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			node := encodeFields(f.Fields, v.Index(i), secrets)
			node.Style = yaml.FlowStyle
			list.Content = append(list.Content, node)
		}
		return list
	}
}
