// Package bulk reads and writes the configuration in the form of a site file: a list of objects for each kind, in YAML
// (of which JSON is a part).
//
// Decode gives a change set with the line of every object and field, so that a refusal can name them; whether the objects make
// sense is checked by confdb. Encode writes what Decode reads: applying an export changes nothing.
package bulk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"tandem/confdb"
	"tandem/confdb/schema"
	"tandem/fault"
	"tandem/telephony"
)

// Limits of a site file.
const (
	MaximumSize  = 32 << 20 // bytes; 10,000 phones with numbers and users take about 6 MiB
	maximumDepth = 12       // levels of nesting; the form has five
)

// Decode reads a site file. source names it in messages. Everything that is wrong with its form is listed in the error, a
// *confdb.Refused, or a *fault.Error if it cannot be read as YAML at all.
func Decode(source string, data []byte) (confdb.ChangeSet, error) {
	set := confdb.ChangeSet{Source: source}
	root, err := parse(source, data)
	if err != nil || root == nil {
		return set, err
	}
	if root.Kind != yaml.MappingNode {
		return set, unparsed(source, fmt.Errorf("line %d: a list of objects for each kind is expected, such as \"phones:\"", root.Line))
	}
	d := decoder{source: source, refused: &confdb.Refused{}}
	seen := map[string]int{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, list := root.Content[i], root.Content[i+1]
		if line, twice := seen[key.Value]; twice {
			return set, unparsed(source, fmt.Errorf("line %d: %q stands there twice, first in line %d", key.Line, key.Value, line))
		}
		seen[key.Value] = key.Line
		kind, ok := telephony.KindOfCollection(key.Value)
		if !ok {
			d.refused.Add(fault.New(fault.KindUnknown, "kind", fmt.Sprintf("%q (line %d)", key.Value, key.Line), "known", suggest(key.Value, collections())))
			continue
		}
		if isNull(list) {
			continue
		}
		if list.Kind != yaml.SequenceNode {
			return set, unparsed(source, fmt.Errorf("line %d: %s must be a list", list.Line, key.Value))
		}
		for _, node := range list.Content {
			if item, ok := d.object(schema.Of(kind), node); ok {
				set.Items = append(set.Items, item)
			}
		}
	}
	return set, d.refused.Err()
}

// DecodeObject reads one object of a kind, as the API takes it.
func DecodeObject(source string, kind telephony.Kind, data []byte) (confdb.Item, error) {
	k := schema.Of(kind)
	if k == nil || kind.Internal() {
		return confdb.Item{}, fault.New(fault.KindUnknown, "kind", string(kind), "known", strings.Join(kindNames(), ", "))
	}
	root, err := parse(source, data)
	if err != nil {
		return confdb.Item{}, err
	}
	if root == nil {
		return confdb.Item{}, unparsed(source, errors.New("it is empty"))
	}
	d := decoder{source: source, refused: &confdb.Refused{}}
	item, _ := d.object(k, root)
	return item, d.refused.Err()
}

// parse reads one YAML document within the limits; nil if it is empty.
func parse(source string, data []byte) (*yaml.Node, error) {
	if len(data) > MaximumSize {
		return nil, fault.New(fault.ConfigurationTooLarge, "source", source, "limit", fmt.Sprintf("%d MiB", MaximumSize>>20))
	}
	if err := tooDeep(data); err != nil {
		return nil, unparsed(source, err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, unparsed(source, err)
	}
	var more yaml.Node
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, unparsed(source, err)
		}
		return nil, unparsed(source, fmt.Errorf("line %d: a second document begins; one is allowed", more.Line))
	}
	if len(document.Content) == 0 || isNull(document.Content[0]) {
		return nil, nil
	}
	if err := plain(document.Content[0], 1); err != nil {
		return nil, unparsed(source, err)
	}
	return document.Content[0], nil
}

// tooDeep refuses texts with far too many brackets inside one another before the parser recurses into them.
func tooDeep(data []byte) error {
	depth, line := 0, 1
	for _, c := range data {
		switch c {
		case '\n':
			line++
			depth = 0 // a bracket in a comment or a text counts for its line only
		case '[', '{':
			if depth++; depth > 1000 {
				return fmt.Errorf("line %d: it is nested too deeply", line)
			}
		case ']', '}':
			depth--
		}
	}
	return nil
}

// plain refuses what a site file does not need and what makes YAML dangerous: anchors and aliases (a few lines of which
// expand to gigabytes), depth, keys that are no plain texts.
func plain(n *yaml.Node, depth int) error {
	if depth > maximumDepth {
		return fmt.Errorf("line %d: it is nested more than %d deep", n.Line, maximumDepth)
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return fmt.Errorf("line %d: anchors and aliases are not allowed; write the values out", n.Line)
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Kind != yaml.ScalarNode || n.Content[i].Tag == "!!merge" {
				return fmt.Errorf("line %d: a field name must be a plain word", n.Content[i].Line)
			}
		}
	}
	for _, child := range n.Content {
		if err := plain(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

var yamlLine = regexp.MustCompile(`^yaml: `)

func unparsed(source string, err error) error {
	text := yamlLine.ReplaceAllString(strings.TrimSuffix(err.Error(), "."), "")
	return fault.Wrap(errors.New(strings.ToUpper(text[:1])+text[1:]), fault.ConfigurationUnparsed, "source", source)
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

type decoder struct {
	source  string
	refused *confdb.Refused
}

// object reads one object and the lines of its fields.
func (d *decoder) object(kind *schema.Kind, node *yaml.Node) (confdb.Item, bool) {
	o := kind.New()
	item := confdb.Item{Object: o, Line: node.Line, FieldLines: map[string]int{}}
	if node.Kind != yaml.MappingNode {
		d.problem(kind.Kind, "?", node.Line, kind.Title, "fields with their values are expected")
		return item, false
	}
	before := len(d.refused.Problems) + d.refused.More
	r := objectReader{decoder: d, kind: kind, name: nameOf(kind, node), item: &item}
	r.fields("", kind.Fields, node, schema.Struct(o))
	return item, len(d.refused.Problems)+d.refused.More == before
}

// nameOf finds the object's name for messages, before it has been read.
func nameOf(kind *schema.Kind, node *yaml.Node) string {
	var parts []string
	for _, key := range kind.Keys {
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == key.Name && node.Content[i+1].Kind == yaml.ScalarNode && node.Content[i+1].Value != "" {
				parts = append(parts, node.Content[i+1].Value)
			}
		}
	}
	if len(parts) == 0 {
		return "without a name"
	}
	return strings.Join(parts, "/")
}

func (d *decoder) problem(kind telephony.Kind, name string, line int, path, format string, args ...any) {
	d.refused.Add(fault.New(fault.ObjectInvalid, "kind", capital(kind.Title()), "name", name,
		"field", fmt.Sprintf("Line %d, %s", line, path), "problem", fmt.Sprintf(format, args...)))
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

type objectReader struct {
	*decoder
	kind *schema.Kind
	name string
	item *confdb.Item
}

func (r *objectReader) wrong(n *yaml.Node, path, format string, args ...any) {
	r.problem(r.kind.Kind, r.name, n.Line, path, format, args...)
}

func (r *objectReader) fields(prefix string, fields []*schema.Field, node *yaml.Node, to reflect.Value) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		var field *schema.Field
		for _, f := range fields {
			if f.Name == key.Value {
				field = f
			}
		}
		path := prefix + key.Value
		switch {
		case field == nil:
			r.refused.Add(fault.New(fault.FieldUnknown, "kind", capital(r.kind.Title), "name", r.name,
				"field", fmt.Sprintf("%s (line %d)", path, key.Line), "known", suggest(key.Value, schema.FieldNames(fields))))
			continue
		case seen[key.Value]:
			r.wrong(key, path, "it stands there twice")
			continue
		}
		seen[key.Value] = true
		r.item.FieldLines[path] = key.Line
		r.value(path, field, value, field.Value(to))
	}
}

func (r *objectReader) value(path string, f *schema.Field, n *yaml.Node, to reflect.Value) {
	if isNull(n) {
		if f.Shape == schema.ShapeSecret {
			r.item.ClearSecrets = append(r.item.ClearSecrets, f.Name)
		}
		return
	}
	switch f.Shape {
	case schema.ShapeText, schema.ShapeSecret, schema.ShapeBool, schema.ShapeInteger:
		if n.Kind != yaml.ScalarNode {
			r.wrong(n, path, "one value is expected")
			return
		}
		r.scalar(path, f, n, to)
	case schema.ShapeTexts:
		if n.Kind != yaml.SequenceNode {
			r.wrong(n, path, "a list is expected")
			return
		}
		list := reflect.MakeSlice(f.Type, 0, len(n.Content))
		for i, c := range n.Content {
			if c.Kind != yaml.ScalarNode || isNull(c) {
				r.wrong(c, fmt.Sprintf("%s[%d]", path, i+1), "one value is expected")
				return
			}
			r.item.FieldLines[fmt.Sprintf("%s[%d]", path, i+1)] = c.Line
			list = reflect.Append(list, reflect.ValueOf(c.Value).Convert(f.Type.Elem()))
		}
		if list.Len() > 0 {
			to.Set(list)
		}
	case schema.ShapeTextMap:
		if n.Kind != yaml.MappingNode {
			r.wrong(n, path, "names with their values are expected")
			return
		}
		m := reflect.MakeMap(f.Type)
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			name := reflect.ValueOf(k.Value).Convert(f.Type.Key())
			if v.Kind != yaml.ScalarNode || isNull(v) || m.MapIndex(name).IsValid() {
				r.wrong(v, path+"."+k.Value, "one value is expected, once")
				return
			}
			r.item.FieldLines[path+"."+k.Value] = k.Line
			m.SetMapIndex(name, reflect.ValueOf(v.Value).Convert(f.Type.Elem()))
		}
		if m.Len() > 0 {
			to.Set(m)
		}
	case schema.ShapeStruct:
		if n.Kind != yaml.MappingNode {
			r.wrong(n, path, "fields with their values are expected")
			return
		}
		p := reflect.New(f.Type.Elem())
		r.fields(path+".", f.Fields, n, p.Elem())
		to.Set(p)
	case schema.ShapeStructs:
		if n.Kind != yaml.SequenceNode {
			r.wrong(n, path, "a list is expected")
			return
		}
		list := reflect.MakeSlice(f.Type, len(n.Content), len(n.Content))
		for i, c := range n.Content {
			at := fmt.Sprintf("%s[%d]", path, i+1)
			if c.Kind != yaml.MappingNode {
				r.wrong(c, at, "fields with their values are expected")
				return
			}
			r.item.FieldLines[at] = c.Line
			r.fields(at+".", f.Fields, c, list.Index(i))
		}
		if list.Len() > 0 {
			to.Set(list)
		}
	}
}

func (r *objectReader) scalar(path string, f *schema.Field, n *yaml.Node, to reflect.Value) {
	switch f.Shape {
	case schema.ShapeText:
		// 2001 without quotes is a text here, as it was written: 0x10 and 007 stay what they are.
		to.SetString(n.Value)
	case schema.ShapeSecret:
		if n.Value == "" {
			r.item.ClearSecrets = append(r.item.ClearSecrets, f.Name)
		}
		to.Set(reflect.ValueOf(telephony.NewSecret(n.Value)))
	case schema.ShapeBool:
		switch n.Value {
		case "true":
			to.SetBool(true)
		case "false":
			to.SetBool(false)
		default:
			r.wrong(n, path, "%q is neither true nor false", n.Value)
		}
	case schema.ShapeInteger:
		i, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil || to.OverflowInt(i) {
			r.wrong(n, path, "%q is no whole number", n.Value)
			return
		}
		to.SetInt(i)
	}
}

func collections() []string {
	var names []string
	for info := range telephony.PublicKinds() {
		names = append(names, info.Collection)
	}
	return names
}

func kindNames() []string {
	var names []string
	for info := range telephony.PublicKinds() {
		names = append(names, string(info.Kind))
	}
	return names
}
