package confdb

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"tandem/confdb/schema"
	"tandem/telephony"
)

// encodeObject writes an object with every field that is not empty, secrets included: for another server of the cluster, never for a
// client. Fields have the names of the site file, in alphabetical order, so that equal objects give equal bytes.
func encodeObject(o telephony.Object) (json.RawMessage, error) {
	kind := schema.Of(o.Kind())
	if kind == nil {
		return nil, fmt.Errorf("there is no kind %q", o.Kind())
	}
	return json.Marshal(encodeFields(kind.Fields, schema.Struct(o)))
}

func encodeFields(fields []*schema.Field, of reflect.Value) map[string]any {
	all := make(map[string]any, len(fields))
	for _, f := range fields {
		v := f.Value(of)
		switch f.Shape {
		case schema.ShapeText:
			if v.String() != "" {
				all[f.Name] = v.String()
			}
		case schema.ShapeBool:
			if v.Bool() {
				all[f.Name] = true
			}
		case schema.ShapeInteger:
			if v.Int() != 0 {
				all[f.Name] = v.Int()
			}
		case schema.ShapeSecret:
			if s := v.Interface().(telephony.Secret); !s.Empty() {
				all[f.Name] = s.Reveal()
			}
		case schema.ShapeTexts, schema.ShapeTextMap:
			if v.Len() > 0 {
				all[f.Name] = v.Interface()
			}
		case schema.ShapeStruct:
			if !v.IsNil() {
				all[f.Name] = encodeFields(f.Fields, v.Elem())
			}
		case schema.ShapeStructs:
			list := make([]map[string]any, v.Len())
			for i := range list {
				list[i] = encodeFields(f.Fields, v.Index(i))
			}
			if len(list) > 0 {
				all[f.Name] = list
			}
		}
	}
	return all
}

// decodeObject reads what encodeObject wrote. A field that this version does not know is an error: leaving it out would change
// the object.
func decodeObject(kind telephony.Kind, data []byte) (telephony.Object, error) {
	k := schema.Of(kind)
	if k == nil {
		return nil, fmt.Errorf("there is no kind %q", kind)
	}
	o := reflect.New(k.Type)
	if err := decodeFields(k.Fields, o.Elem(), data); err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	return o.Interface().(telephony.Object), nil
}

func decodeFields(fields []*schema.Field, of reflect.Value, data []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	for _, f := range fields {
		value, ok := raw[f.Name]
		if !ok {
			continue
		}
		delete(raw, f.Name)
		if err := decodeField(f, f.Value(of), value); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	for name := range raw {
		return fmt.Errorf("it has the unknown field %q", name)
	}
	return nil
}

func decodeField(f *schema.Field, v reflect.Value, data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		return errors.New("it is null")
	}
	switch f.Shape {
	case schema.ShapeSecret:
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		v.Set(reflect.ValueOf(telephony.NewSecret(text)))
		return nil
	case schema.ShapeStruct:
		v.Set(reflect.New(v.Type().Elem()))
		return decodeFields(f.Fields, v.Elem(), data)
	case schema.ShapeStructs:
		var list []json.RawMessage
		if err := json.Unmarshal(data, &list); err != nil {
			return err
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
		for i, item := range list {
			if err := decodeFields(f.Fields, v.Index(i), item); err != nil {
				return err
			}
		}
		return nil
	default:
		return json.Unmarshal(data, v.Addr().Interface())
	}
}

// absent is the fingerprint of an object that is not there.
const absent = "absent"

// fingerprint tells one state of an object from another, without telling anything of it.
func fingerprint(o telephony.Object) (string, error) {
	if o == nil {
		return absent, nil
	}
	data, err := encodeObject(o)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16]), nil
}
