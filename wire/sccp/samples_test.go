package sccp_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"tandem/wire/sccp"
)

// fill gives every field of a message a value of its own, so that no two can be mistaken for one
// another: numbers count up, texts name their field, lists have two elements.
func fill(m sccp.Message) sccp.Message {
	n := uint32(0x21)
	fillValue(reflect.ValueOf(m).Elem(), "", &n)
	switch m := m.(type) {
	case *sccp.ButtonTemplateRes:
		m.Offset, m.Total = 0, 2
	case *sccp.SoftKeyTemplateRes:
		m.Offset, m.Total = 0, 2
	case *sccp.SoftKeySetRes:
		m.Offset, m.Total = 0, 2
	}
	return m
}

func fillValue(v reflect.Value, name string, n *uint32) {
	*n++
	switch p := v.Addr().Interface().(type) {
	case *netip.Addr:
		*p = netip.AddrFrom4([4]byte{198, 51, 100, byte(*n)})
		if name == "IPv6" {
			*p = netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", *n))
		}
		return
	case *netip.AddrPort:
		*p = netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(*n)}), uint16(20000+*n))
		return
	case *sccp.ButtonType:
		*p = sccp.ButtonBLFSpeedDial
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillValue(v.Field(i), v.Type().Field(i).Name, n)
		}
	case reflect.Array:
		for i := range v.Len() {
			fillValue(v.Index(i), name, n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fillValue(v.Index(i), name, n)
		}
	case reflect.String:
		s := fmt.Sprintf("%.4s%d", name, *n)
		switch name {
		case "MAC":
			s = fmt.Sprintf("0011223344%02X", *n)
		case "DateTemplate":
			s = "D.M.Y"
		}
		v.SetString(s)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		switch name {
		case "KeySize", "SaltSize":
			v.SetUint(16)
		case "Form":
		default:
			v.SetUint(uint64(*n & 0x7F))
		}
	default:
		panic("no sample for " + v.Type().String())
	}
}

// everyForm calls f with a filled message for each id and version that may leave, from either side.
func everyForm(t *testing.T, f func(t *testing.T, id sccp.MessageID, v sccp.Version, m sccp.Message)) {
	for v := sccp.MinVersion; v <= sccp.MaxVersion; v++ {
		for _, id := range sccp.Known(v, sccp.Either) {
			m := fill(sccp.New(id))
			if on, err := m.ID().On(v); err != nil || on != id {
				continue // the form of another version, kept for decoding
			}
			f(t, id, v, m)
		}
	}
}

// setTexts puts arbitrary text into every string of a message.
func setTexts(m sccp.Message, text *rapid.Generator[string], t *rapid.T) {
	fill(m)
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			if v.CanAddr() && v.Type().PkgPath() != "net/netip" {
				for i := range v.NumField() {
					walk(v.Field(i))
				}
			}
		case reflect.Slice, reflect.Array:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.String:
			v.SetString(text.Draw(t, "text"))
		}
	}
	walk(reflect.ValueOf(m).Elem())
}
