package session

import (
	"net/netip"
	"testing"

	"tandem/call/signal"
	"tandem/telephony"
)

func codecs(names ...string) (out []signal.Codec) {
	for i, n := range names {
		out = append(out, signal.Codec{Name: n, Payload: uint8(i), Clock: 8000})
	}
	return out
}

func names(codecs []signal.Codec) (s string) {
	for _, c := range codecs {
		s += c.Name + " "
	}
	return s
}

func TestNarrow(t *testing.T) {
	at := netip.MustParseAddrPort("192.0.2.1:4000")
	for _, test := range []struct {
		name    string
		offer   []signal.Codec
		device  []signal.Codec
		ceiling telephony.Codec
		want    string
		ok      bool
	}{
		{"nothing to remove", codecs("PCMU", "PCMA", "telephone-event"), nil, "G722", "PCMU PCMA telephone-event ", true},
		{"ceiling", codecs("opus", "G722", "PCMU", "G729"), nil, "G711", "PCMU G729 ", true},
		{"device", codecs("opus", "G722", "PCMU", "G729"), codecs("PCMU", "PCMA"), "Opus", "PCMU ", true},
		{"nothing left", codecs("opus", "telephone-event"), codecs("PCMU"), "Opus", "telephone-event ", false},
		{"case of names", codecs("iLBC"), codecs("ILBC"), "iLBC", "iLBC ", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			offer := &signal.Session{Streams: []signal.Stream{{Kind: "audio", Address: at, Codecs: test.offer}}}
			before := names(offer.Streams[0].Codecs)
			got, ok := Narrow(offer, signal.Capabilities{Codecs: test.device}, test.ceiling)
			if n := names(got.Streams[0].Codecs); n != test.want || ok != test.ok {
				t.Errorf("got %q %v, want %q %v", n, ok, test.want, test.ok)
			}
			if names(offer.Streams[0].Codecs) != before {
				t.Error("the offer itself was changed")
			}
		})
	}
}

func TestCommon(t *testing.T) {
	a := signal.Capabilities{Codecs: codecs("PCMU", "PCMA", "G729", "G722")}
	for _, test := range []struct {
		name    string
		ceiling telephony.Codec
		b       []signal.Codec
		want    string
	}{
		{"best first", "Opus", codecs("G729", "PCMA", "G722"), "G722 PCMA G729 "},
		{"within the ceiling", "G729", codecs("G729", "PCMA", "G722"), "G729 "},
		{"the other said nothing", "G711", nil, "PCMU PCMA G729 "},
		{"nothing in common", "G711", codecs("iLBC"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := names(Common(a, signal.Capabilities{Codecs: test.b}, test.ceiling).Codecs); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
