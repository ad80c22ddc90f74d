package tftp

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

var packets = []struct {
	name   string
	bytes  string
	packet Packet
}{
	{"read request of an old phone", "\x00\x01SEP00070EA7A3E1.cnf.xml\x00octet\x00",
		Request{Name: "SEP00070EA7A3E1.cnf.xml"}},
	{"read request with options", "\x00\x01a\x00octet\x00blksize\x001468\x00tsize\x000\x00",
		Request{Name: "a", Options: Options{{"blksize", "1468"}, {"tsize", "0"}}}},
	{"netascii", "\x00\x01OS79XX.TXT\x00netascii\x00", Request{Name: "OS79XX.TXT", Mode: NetASCII}},
	{"write request", "\x00\x02a\x00octet\x00", Request{Name: "a", Write: true}},
	{"data", "\x00\x03\x00\x07abc", Data{Block: 7, Payload: []byte("abc")}},
	{"last data, empty", "\x00\x03\xff\xff", Data{Block: 65535, Payload: []byte{}}},
	{"acknowledgement", "\x00\x04\x01\x02", Ack{Block: 0x102}},
	{"error", "\x00\x05\x00\x01no such file\x00", Failure{FileNotFound, "no such file"}},
	{"option acknowledgement", "\x00\x06blksize\x001024\x00", OptionAck{Options{{"blksize", "1024"}}}},
}

func TestPackets(t *testing.T) {
	for _, c := range packets {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse([]byte(c.bytes))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.packet) {
				t.Errorf("parsed %#v, want %#v", got, c.packet)
			}
			if b := c.packet.Append(nil); string(b) != c.bytes {
				t.Errorf("written %q, want %q", b, c.bytes)
			}
		})
	}
}

// Bytes that are understood although they are not as we would write them.
func TestTolerated(t *testing.T) {
	for _, c := range []struct {
		name, bytes string
		want        Packet
	}{
		{"mode in capitals", "\x00\x01a\x00OCTET\x00", Request{Name: "a"}},
		{"option without value", "\x00\x01a\x00octet\x00tsize\x00", Request{Name: "a"}},
		{"option without end", "\x00\x01a\x00octet\x00tsize\x000", Request{Name: "a"}},
		{"padding behind", "\x00\x01a\x00octet\x00\x00\x00\x00", Request{Name: "a"}},
		{"same option twice", "\x00\x01a\x00octet\x00blksize\x008\x00BLKSIZE\x009\x00",
			Request{Name: "a", Options: Options{{"blksize", "8"}}}},
		{"padded acknowledgement", "\x00\x04\x00\x01\x00\x00", Ack{1}},
		{"error text without end", "\x00\x05\x00\x00gone", Failure{NotDefined, "gone"}},
		{"control characters in a text", "\x00\x05\x00\x00a\x1b[2Jb\xff\x00", Failure{NotDefined, "a?[2Jb?"}},
		{"forty options", "\x00\x01a\x00octet\x00" + manyOptions(40), Request{Name: "a", Options: parseOptions([]byte(manyOptions(16)))}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse([]byte(c.bytes))
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("parsed %#v, %v, want %#v", got, err, c.want)
			}
		})
	}
}

func manyOptions(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat("x", i+1) + "\x001\x00")
	}
	return b.String()
}

func TestT03_MalformedPackets(t *testing.T) {
	for name, b := range map[string]string{
		"nothing":            "",
		"three octets":       "\x00\x01a",
		"operation 0":        "\x00\x00\x00\x00",
		"operation 7":        "\x00\x07\x00\x00",
		"name without end":   "\x00\x01abcdef",
		"no name":            "\x00\x01\x00octet\x00",
		"no mode":            "\x00\x01a\x00",
		"mode without end":   "\x00\x01a\x00octet",
		"unknown mode":       "\x00\x01a\x00binary\x00",
		"name of 2000":       "\x00\x01" + strings.Repeat("a", 2000) + "\x00octet\x00",
		"data too long":      "\x00\x03\x00\x01" + strings.Repeat("a", MaxBlockSize+1),
		"confirmation large": "\x00\x06" + strings.Repeat("a", MaxRequest),
	} {
		if p, err := Parse([]byte(b)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %#v, %v", name, p, err)
		}
	}
}

func TestFailureTextIsBounded(t *testing.T) {
	b := Failure{NotDefined, strings.Repeat("x\x00", MaxErrorText)}.Append(nil)
	if len(b) != 4+MaxErrorText || bytes.Count(b[4:], []byte{0}) != 1 {
		t.Errorf("%d octets with %d ends", len(b), bytes.Count(b[4:], []byte{0}))
	}
}

// FuzzParse: whatever parses is written and parsed again to the same packet, and nothing panics.
func FuzzParse(f *testing.F) {
	for _, c := range packets {
		f.Add([]byte(c.bytes))
	}
	f.Add([]byte("\x00\x01" + strings.Repeat("../", 30) + "\x00octet\x00blksize\x00-1\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(p.Append(nil))
		if err != nil {
			t.Fatalf("%#v does not parse again: %v", p, err)
		}
		if !reflect.DeepEqual(p, again) {
			t.Fatalf("%#v became %#v", p, again)
		}
		if r, ok := p.(Request); ok {
			terms, confirmed := Negotiate(r.Options, Limits{}, 1000)
			checkTerms(t, r.Options, terms, confirmed)
		}
	})
}
