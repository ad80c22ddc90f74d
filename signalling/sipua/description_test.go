package sipua

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"

	"tandem/call/signal"
	"tandem/wire/sdp"
)

// randomSession makes a description of any shape that phones can have.
func randomSession(r *rand.Rand) *signal.Session {
	s := &signal.Session{}
	if r.IntN(3) == 0 {
		s.Bandwidth = []string{"AS:" + fmt.Sprint(r.IntN(4000))}
	}
	if r.IntN(3) == 0 {
		s.Attributes = []string{"ice-lite", "group:BUNDLE 0"}
	}
	address := func() netip.AddrPort {
		port := uint16(1024 + 2*r.IntN(30000))
		if r.IntN(3) == 0 {
			return netip.AddrPortFrom(netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", 1+r.IntN(5))), port)
		}
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(1 + r.IntN(5))}), port)
	}
	audio := []signal.Codec{{Name: "PCMU", Payload: 0, Clock: 8000}, {Name: "PCMA", Payload: 8, Clock: 8000}, {Name: "G722", Payload: 9, Clock: 8000},
		{Name: "G729", Payload: 18, Clock: 8000, Fmtp: "annexb=no"}, {Name: "opus", Payload: 107, Clock: 48000, Channels: 2, Fmtp: "useinbandfec=1"},
		{Name: "iLBC", Payload: 97, Clock: 8000, Fmtp: "mode=20"}, {Name: "telephone-event", Payload: 101, Clock: 8000, Fmtp: "0-15"}}
	for range 1 + r.IntN(4) {
		t := signal.Stream{Kind: "audio", Protocol: "RTP/AVP", Address: address(), Direction: signal.Direction(r.IntN(4))}
		switch r.IntN(4) {
		case 0:
			t.Kind, t.Codecs = "video", []signal.Codec{{Name: "H264", Payload: 99, Clock: 90000, Fmtp: "profile-level-id=42801F"}}
			t.Attributes = []string{"rtcp-fb:* nack pli", "rtcp-mux"}
		case 1:
			t.Kind, t.Protocol, t.Formats = "image", "udptl", "t38"
			t.Attributes = []string{"T38FaxVersion:0"}
		default:
			for _, i := range r.Perm(len(audio))[:1+r.IntN(len(audio))] {
				t.Codecs = append(t.Codecs, audio[i])
			}
			t.Ptime = []uint16{0, 20, 30}[r.IntN(3)]
			if r.IntN(3) == 0 {
				t.Protocol = "RTP/SAVP"
				t.Crypto = []string{"1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4 KDR=1", "2 AES_CM_128_HMAC_SHA1_32 inline:abc"}
			}
		}
		if r.IntN(6) == 0 {
			t = signal.Stream{Kind: t.Kind, Protocol: t.Protocol, Codecs: []signal.Codec{{Name: "PCMU", Clock: 8000}}, Direction: signal.Inactive, Formats: t.Formats}
			if t.Formats != "" {
				t.Codecs = nil
			}
		}
		s.Streams = append(s.Streams, t)
	}
	return s
}

// What is written and read back is what it was.
func TestDescriptionsSurviveTheWire(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		want := randomSession(r)
		body := toSDP(want, want.Streams).Bytes()
		got, _, err := parseDescription(body)
		if err != nil {
			t.Fatalf("%v in\n%s", err, body)
		}
		for i := range got.Streams {
			if g, w := &got.Streams[i], &want.Streams[i]; len(g.Attributes) > 0 && len(w.Attributes) > 0 {
				g.Attributes, w.Attributes = nil, nil // rtcp-mux moves to the end
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v\n%s", got, want, body)
		}
	}
}

// However two descriptions are shaped, an arrangement for m= lines keeps their number and kinds, and arranging back gives
// what was there.
func TestFitKeepsLines(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		a, b := randomSession(r), randomSession(r)
		offered := fit(a.Streams, slotsOf(b.Streams), true)
		if len(offered) < len(a.Streams) || len(offered) < len(b.Streams) {
			t.Fatal("a line was lost")
		}
		for i := range b.Streams {
			if offered[i].Kind != b.Streams[i].Kind {
				t.Fatal("a line changed its kind")
			}
		}
		if back := fit(offered, slotsOf(a.Streams), false); !reflect.DeepEqual(back, a.Streams) {
			t.Fatalf("got  %+v\nwant %+v", back, a.Streams)
		}
	}
}

// An answer never goes beyond its offer.
func TestAnswersAreAllowedByTheirOffers(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 3000 {
		offer, peer := randomSession(r), randomSession(r)
		l := &leg{}
		a := l.answerTo(peer, offer)
		if len(a.Streams) != len(offer.Streams) {
			t.Fatal("an answer has as many lines as its offer")
		}
		for i := range a.Streams {
			x, o := a.Streams[i], offer.Streams[i]
			switch {
			case x.Kind != o.Kind:
				t.Fatal("kinds differ")
			case o.Address.Port() == 0 && x.Address.Port() != 0:
				t.Fatal("a refused line was accepted")
			case x.Address.Port() == 0:
			case x.Direction.Sends() && !o.Direction.Receives() || x.Direction.Receives() && !o.Direction.Sends():
				t.Fatalf("%v answers %v", x.Direction, o.Direction)
			}
		}
	}
}

func TestMatchTwoOffers(t *testing.T) {
	mine, _, _ := parseDescription([]byte(audio(40000)))
	theirs, _, _ := parseDescription([]byte("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 50000 RTP/AVP 18 8 96\r\na=rtpmap:96 telephone-event/8000\r\n"))
	got, ok := match(mine, theirs)
	if !ok || len(got.Streams) != 1 || len(got.Streams[0].Codecs) != 1 || got.Streams[0].Codecs[0].Name != "PCMA" || got.Streams[0].Address.Port() != 50000 {
		t.Fatalf("%v %+v", ok, got)
	}
	g729, _, _ := parseDescription([]byte("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 50000 RTP/AVP 18\r\n"))
	if _, ok := match(mine, g729); ok {
		t.Fatal("no codec in common, and yet an answer")
	}
}

func FuzzParseDescription(f *testing.F) {
	f.Add([]byte(audio(40000)))
	f.Add([]byte(audioAt("::1", 40000, 1, "a=crypto:1 A inline:b", "m=image 4 udptl t38", "c=IN IP4 0.0.0.0")))
	f.Add([]byte("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, _, err := parseDescription(body)
		if err != nil {
			return
		}
		written := toSDP(s, s.Streams).Bytes()
		again, _, err := parseDescription(written)
		if err != nil {
			t.Fatalf("what we write cannot be read: %v\n%s", err, written)
		}
		if len(again.Streams) != len(s.Streams) {
			t.Fatalf("%d streams became %d\n%s", len(s.Streams), len(again.Streams), written)
		}
		for i := range s.Streams {
			if s.Streams[i].Address != again.Streams[i].Address {
				t.Fatalf("address %v became %v\n%s", s.Streams[i].Address, again.Streams[i].Address, written)
			}
		}
		_ = sdp.Session{}
		l := &leg{}
		_ = l.answerTo(s, s)
		_, _ = match(s, s)
		_ = l.keepAnswer(s)
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n")
	f.Add("application/dtmf", "#")
	f.Fuzz(func(t *testing.T, kind, body string) {
		if k, ok := parseKey(kind, body); ok {
			if _, valid := digit(string(rune(k.Digit))); !valid {
				t.Fatalf("%q gave the key %q", body, k.Digit)
			}
		}
	})
}
