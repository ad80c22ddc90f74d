package dissect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tandem/wire/sccp"
)

// Sent is a message as meant and as it went out.
type Sent struct {
	Codec      sccp.Codec
	Message    sccp.Message
	Frame      []byte // header and body
	FromServer bool
}

// Check gives all frames to tshark and reports as errors of t: a frame that the dissector calls
// malformed, one that it does not see, and each field that it reads otherwise than meant. What the
// dissector is known to get wrong is excepted by a table. It returns the number of fields compared.
func Check(t testing.TB, sent []Sent) (compared int) {
	t.Helper()
	segments := make([]Segment, len(sent))
	for i, s := range sent {
		segments[i] = Segment{s.FromServer, s.Frame}
	}
	seen := Dissect(t, segments)
	if len(seen) != len(sent) {
		t.Fatalf("tshark sees %d messages, %d were sent", len(seen), len(sent))
	}
	for i, s := range sent {
		n, problems := Compare(s, &seen[i])
		compared += n
		for _, p := range problems {
			t.Errorf("%v, version %d: %s\n%+v", s.Message.ID(), s.Codec.Version, p, s.Message)
		}
	}
	return compared
}

// Compare compares one message as meant with what the dissector read, and returns how many values
// were compared and what differs.
func Compare(s Sent, seen *Message) (compared int, problems []string) {
	typ := reflect.TypeOf(s.Message).Elem().Name()
	c := comparison{sent: s, typ: typ, want: make(map[string][]value)}
	if seen.Malformed && !listed(errata, typ, "malformed", s.Codec.Version) {
		problems = append(problems, "the dissector calls it malformed")
	}
	c.collect("", reflect.ValueOf(s.Message).Elem())
	problems = append(problems, c.problems...)
	for _, name := range c.order {
		want, got := c.want[name], seen.Values(name)
		if len(got) < len(want) {
			problems = append(problems, fmt.Sprintf("%s: %d values, want %d", name, len(got), len(want)))
			continue
		}
		for i, w := range want {
			compared++
			if !w.matches(got[i]) {
				problems = append(problems, fmt.Sprintf("%s: % x, want %s", name, got[i], w))
			}
		}
	}
	return compared, problems
}

func listed(table []exception, typ, path string, v sccp.Version) bool {
	return slices.ContainsFunc(table, func(e exception) bool {
		return e.message == typ && v >= e.from && v <= e.to &&
			(e.field == "" && path != "malformed" || path == e.field || path != "malformed" && strings.HasPrefix(path, e.field))
	})
}

// value is what one field must hold.
type value struct {
	number  uint64
	raw     []byte        // instead of number
	text    string        // instead of number
	charset *sccp.Charset // of text
}

// shortestCut is the least that is left of a text that was cut: the smallest field but one has 16 bytes.
const shortestCut = 15

func (w value) String() string {
	switch {
	case w.charset != nil:
		return fmt.Sprintf("%q", w.text)
	case w.raw != nil:
		return fmt.Sprintf("% x", w.raw)
	}
	return fmt.Sprint(w.number)
}

func (w value) matches(got []byte) bool {
	switch {
	case w.charset != nil:
		text, _, terminated := bytes.Cut(got, []byte{0})
		if bytes.Equal(text, w.charset.AppendText(nil, w.text, len(w.text)*4)) {
			return true
		}
		// Cut to its field: as much as fits before the terminating zero. In a dynamic form the field is
		// as long as the text; only a long text can have been cut there.
		limit := len(got)
		if terminated {
			limit--
		}
		fixed := len(got) > len(text)+1
		return (fixed || len(text) >= shortestCut) && bytes.Equal(text, w.charset.AppendText(nil, w.text, limit))
	case w.raw != nil:
		return bytes.Equal(got, w.raw)
	}
	var all [8]byte
	return copy(all[:], got) == len(got) && len(got) > 0 && binary.LittleEndian.Uint64(all[:]) == w.number
}

// comparison collects what the dissector must show, by its names, in the order of the frame.
type comparison struct {
	sent     Sent
	typ      string
	want     map[string][]value
	order    []string
	problems []string
}

func (c *comparison) expect(name string, w value) {
	if _, known := c.want[name]; !known {
		c.order = append(c.order, name)
	}
	c.want[name] = append(c.want[name], w)
}

func (c *comparison) text(name, s string) {
	c.expect(name, value{text: s, charset: &c.sent.Codec.Charset})
}

func (c *comparison) address(name string, a netip.Addr) {
	if !a.IsValid() {
		a = netip.IPv4Unspecified()
	}
	switch {
	case strings.HasPrefix(name, "stationIpV6") && c.typ == "Register":
	case a.Is4() && (name != "stationIpAddr" || c.typ == "ServerRes" && c.sent.Codec.Version == sccp.MaxVersion):
		name += ".ipv4"
	case !a.Is4():
		name += ".ipv6"
	}
	c.expect(name, value{raw: a.AsSlice()})
}

func (c *comparison) name(path string) string {
	if n, ok := names[c.typ+"."+path]; ok {
		return n
	}
	for {
		if n, ok := names[path]; ok {
			return n
		}
		_, rest, more := strings.Cut(path, ".")
		if !more {
			return ""
		}
		path = rest
	}
}

// collect walks over the fields of a message.
func (c *comparison) collect(path string, v reflect.Value) {
	if path != "" && (listed(layouts, c.typ, path, c.sent.Codec.Version) || listed(errata, c.typ, path, c.sent.Codec.Version)) {
		return
	}
	name := c.name(path)
	switch x := v.Interface().(type) {
	case netip.Addr:
		c.address(name, x)
		return
	case netip.AddrPort:
		ip, port, _ := strings.Cut(name, " ")
		c.address(ip, x.Addr())
		c.expect(port, value{number: uint64(x.Port())})
		return
	case sccp.Features:
		c.expect("unknown", value{number: uint64(x[0])})
		c.expect("PhoneFeatures.Bit1", value{raw: x[1:]})
		return
	case sccp.CodecParameters:
		word := []byte{x.Mode, x.DynamicPayload, x.Param1, x.Param2}
		if c.sent.Codec.Version < 11 {
			c.expect("g723BitRate", value{raw: word})
			return
		}
		c.codec(c.payload(), word)
		return
	case sccp.Encryption:
		for _, b := range x.Key[:x.KeySize] {
			c.expect("key", value{number: uint64(b)})
		}
		for _, b := range x.Salt[:x.SaltSize] {
			c.expect("salt", value{number: uint64(b)})
		}
		c.expect("algorithmID", value{number: uint64(x.Algorithm)})
		c.expect("keylen", value{number: uint64(x.KeySize)})
		c.expect("saltlen", value{number: uint64(x.SaltSize)})
		return
	case sccp.Capability:
		c.expect("payloadCapability", value{number: uint64(x.Payload)})
		c.expect("maxFramesPerPacket", value{number: uint64(x.MaxFrames)})
		c.codec(x.Payload, x.Parameters[:4])
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			inner := field.Name
			if path != "" && !(field.Anonymous) {
				inner = path + "." + inner
			}
			c.collect(inner, v.Field(i))
		}
	case reflect.Slice:
		if data, ok := v.Interface().([]byte); ok {
			c.expect("dataLength", value{number: uint64(len(data))})
			if len(data) > 0 {
				c.expect(name, value{raw: data})
			}
			return
		}
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			c.collect(path, v.Index(i))
		}
	case reflect.String:
		if v.String() == "" && strings.HasPrefix(path, "HuntPilot") {
			return // sent only if set
		}
		c.leaf(path, name, func() { c.text(name, v.String()) })
	case reflect.Bool:
		var n uint64
		if v.Bool() {
			n = 1
		}
		c.leaf(path, name, func() { c.expect(name, value{number: n}) })
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		if path == "Total" && v.Uint() == 0 {
			return // stands for the sum
		}
		if path == "Options" && c.typ == "LineStatRes" && c.sent.Codec.Version == sccp.MaxVersion {
			name = "OrigDialed" // the dynamic form shows bits
		}
		c.leaf(path, name, func() { c.expect(name, value{number: v.Uint()}) })
	default:
		c.problems = append(c.problems, fmt.Sprintf("no comparison for %s of kind %v", path, v.Kind()))
	}
}

func (c *comparison) leaf(path, name string, expect func()) {
	if name == "" {
		c.problems = append(c.problems, "no dissector field is known for "+path)
		return
	}
	expect()
}

// codec is the word of codec parameters: a bit rate for G.723.1, four bytes for all others.
func (c *comparison) codec(p sccp.Payload, word []byte) {
	if p == sccp.PayloadG7231 {
		c.expect("g723BitRate", value{raw: word})
		return
	}
	for i, name := range [...]string{"codecMode", "dynamicPayload", "codecParam1", "codecParam2"} {
		c.expect(name, value{number: uint64(word[i])})
	}
}

// payload is the codec that the message itself names.
func (c *comparison) payload() sccp.Payload {
	p, _ := reflect.ValueOf(c.sent.Message).Elem().FieldByName("Payload").Interface().(sccp.Payload)
	return p
}
