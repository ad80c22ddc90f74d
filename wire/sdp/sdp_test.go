package sdp

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func lines(l ...string) string { return strings.Join(l, "\r\n") + "\r\n" }

func parse(t *testing.T, text string) *Session {
	t.Helper()
	s, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return s
}

// deskPhone is the offer of a video phone with SRTP.
var deskPhone = lines("v=0", "o=Cisco-SIPUA 26529 0 IN IP4 192.0.2.77", "s=SIP Call", "c=IN IP4 192.0.2.77", "b=AS:4064", "t=0 0",
	"a=cisco-mari:v1",
	"m=audio 16384/2 RTP/SAVP 114 0 8 18 101", "c=IN IP6 2001:db8::7", "b=TIAS:64000",
	"a=rtpmap:114 opus/48000/2", "a=fmtp:114 maxplaybackrate=16000;sprop-maxcapturerate=16000", "a=rtpmap:0 PCMU/8000",
	"a=rtpmap:8 PCMA/8000", "a=rtpmap:18 G729/8000", "a=fmtp:18 annexb=no", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15",
	"a=ptime:20", "a=maxptime:40",
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:32 UNENCRYPTED_SRTCP",
	"a=rtcp:16385 IN IP4 192.0.2.78", "a=rtcp-mux", "a=sendonly", "a=candidate:1 1 UDP 2130706431 192.0.2.77 16384 typ host",
	"m=video 0 RTP/AVP 97", "a=rtpmap:97 H264/90000", "a=fmtp:97 profile-level-id=42801E", "a=rtcp-fb:* nack pli",
	"m=application 5000 UDP/BFCP *", "a=floorctrl:c-only")

func TestParse_EveryField(t *testing.T) {
	s := parse(t, deskPhone)
	if s.Origin != (Origin{"Cisco-SIPUA", "26529", 0, "192.0.2.77"}) || s.Connection.Address != "192.0.2.77" || len(s.Media) != 3 {
		t.Fatalf("%+v", s)
	}
	a := s.Audio()
	want := []Format{{114, "opus", 48000, 2, "maxplaybackrate=16000;sprop-maxcapturerate=16000", true}, {0, "PCMU", 8000, 1, "", true},
		{8, "PCMA", 8000, 1, "", true}, {18, "G729", 8000, 1, "annexb=no", true}, {101, "telephone-event", 8000, 1, "0-15", true}}
	if !reflect.DeepEqual(a.Formats, want) {
		t.Errorf("formats %+v", a.Formats)
	}
	if a.Port != 16384 || a.Ports != 2 || a.Ptime != 20 || a.MaxPtime != 40 || a.Direction != SendOnly || !a.Mux || !a.Secure() ||
		a.RTCP != (RTCP{16385, "192.0.2.78"}) || s.Address(a).Address != "2001:db8::7" {
		t.Errorf("%+v", a)
	}
	if len(a.Crypto) != 1 || a.Crypto[0].Suite != "AES_CM_128_HMAC_SHA1_80" || a.Crypto[0].Params != "UNENCRYPTED_SRTCP" || !strings.HasPrefix(a.Crypto[0].Key, "inline:") {
		t.Errorf("crypto %+v", a.Crypto)
	}
	v := s.Video()
	if !v.Rejected() || v.Direction != SendRecv || v.Find("h264", 90000) == nil {
		t.Errorf("video %+v", v)
	}
	if app := s.Media[2]; app.Formats[0].Name != "*" || app.RTP() {
		t.Errorf("application %+v", app)
	}
}

func TestWrite_KeepsEverythingInOrder(t *testing.T) {
	s := parse(t, deskPhone)
	again := parse(t, s.String())
	if !reflect.DeepEqual(s, again) {
		t.Errorf("changed by writing:\n%s\nfrom\n%s", s, deskPhone)
	}
	for _, l := range []string{"a=candidate:1 1 UDP 2130706431 192.0.2.77 16384 typ host", "m=video 0 RTP/AVP 97", "m=application 5000 UDP/BFCP *",
		"a=rtcp-fb:* nack pli", "a=cisco-mari:v1", "m=audio 16384/2 RTP/SAVP 114 0 8 18 101"} {
		if !strings.Contains(s.String(), l+"\r\n") {
			t.Errorf("lost %q", l)
		}
	}
}

func TestR27_DirectionEverywhere(t *testing.T) {
	head := "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
	for _, c := range []struct {
		name, rest string
		want, flow Direction
	}{
		{"absent", "m=audio 4000 RTP/AVP 0\r\n", SendRecv, SendRecv},
		{"last line without end", "m=audio 4000 RTP/AVP 0\r\na=sendonly", SendOnly, SendOnly},
		{"LF only", "m=audio 4000 RTP/AVP 0\na=recvonly\n", RecvOnly, RecvOnly},
		{"session", "a=inactive\r\nm=audio 4000 RTP/AVP 0\r\n", Inactive, Inactive},
		{"media over session", "a=inactive\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n", SendRecv, SendRecv},
		{"null address", "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", SendRecv, SendOnly},
		{"null address IPv6", "m=audio 4000 RTP/AVP 0\r\nc=IN IP6 ::\r\na=sendrecv\r\n", SendRecv, SendOnly},
	} {
		s := parse(t, head+c.rest)
		m := s.Audio()
		if m.Direction != c.want || s.Flow(m) != c.flow {
			t.Errorf("%s: %v, flow %v", c.name, m.Direction, s.Flow(m))
		}
	}
}

func TestR27_AnswerNeverExceedsOffer(t *testing.T) {
	for offer, answers := range map[Direction]map[Direction]Direction{
		SendRecv: {SendRecv: SendRecv, SendOnly: SendOnly, RecvOnly: RecvOnly, Inactive: Inactive},
		SendOnly: {SendRecv: RecvOnly, SendOnly: Inactive, RecvOnly: RecvOnly, Inactive: Inactive},
		RecvOnly: {SendRecv: SendOnly, SendOnly: SendOnly, RecvOnly: Inactive, Inactive: Inactive},
		Inactive: {SendRecv: Inactive, SendOnly: Inactive, RecvOnly: Inactive, Inactive: Inactive},
	} {
		for ours, want := range answers {
			if got := offer.Answer(ours); got != want {
				t.Errorf("offer %v, ours %v: %v, want %v", offer, ours, got, want)
			}
		}
	}
}

func TestR28_VersionRisesWithChangesOnly(t *testing.T) {
	s := parse(t, deskPhone)
	s.Origin.Version = 7
	var v Versioner
	version := func() uint64 {
		v.Stamp(s)
		return s.Origin.Version
	}
	if got := version(); got != 7 {
		t.Fatal("first", got)
	}
	if got := version(); got != 7 {
		t.Error("unchanged offer got version", got)
	}
	s.Audio().Direction = Inactive
	if got := version(); got != 8 {
		t.Error("changed offer got version", got)
	}
	s.Audio().Direction = SendOnly // back after a refusal: another change
	if got := version(); got != 9 {
		t.Error("offer after a refused one got version", got)
	}
}

func TestParse_Refuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "no version": "o=- 1 1 IN IP4 192.0.2.1\r\n", "not a field": "v=0\r\nhello\r\n", "version twice": "v=0\r\nv=0\r\n",
		"port": "v=0\r\nm=audio 70000 RTP/AVP 0\r\n", "negative port": "v=0\r\nm=audio -1 RTP/AVP 0\r\n", "payload": "v=0\r\nm=audio 1 RTP/AVP 128\r\n",
		"connection": "v=0\r\nc=IN IP4\r\n", "origin": "v=0\r\no=- x 1 IN IP4 192.0.2.1\r\n", "NUL": "v=0\r\ns=a\x00b\r\n",
		"too many media": "v=0\r\n" + strings.Repeat("m=audio 0 RTP/AVP 0\r\n", 65), "too large": "v=0\r\ns=" + strings.Repeat("x", 70000),
	} {
		if s, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: accepted as %+v", name, s)
		}
	}
}

func TestWrite_NoLineOfItsOwn(t *testing.T) {
	s := parse(t, deskPhone)
	s.Name = "x\r\nm=audio 1 RTP/AVP 0"
	s.Media[0].Attributes = append(s.Media[0].Attributes, Attribute{Name: "note", Value: "a\nb=AS:1"})
	if got := parse(t, s.String()); len(got.Media) != 3 || len(got.Media[0].Bandwidth) != 1 {
		t.Errorf("text became lines:\n%s", s)
	}
}

// FuzzParse checks that what was read and written is read again as the same thing.
func FuzzParse(f *testing.F) {
	f.Add([]byte(deskPhone))
	f.Add([]byte("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 224.2.17.12/127\r\nt=0 0\r\nm=audio 0 RTP/AVP 0 96\r\na=rtpmap:96 x/8000/\r\na=fmtp:96 \r\na=inactive"))
	f.Add([]byte("v=0\nm=image 5000 udptl t38\na=T38FaxVersion:0\na=:\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse(data)
		if err != nil {
			return
		}
		once := s.Bytes()
		again, err := Parse(once)
		if err != nil {
			t.Fatalf("cannot read what was written: %v\n%q\n%q", err, data, once)
		}
		if twice := again.Bytes(); !bytes.Equal(once, twice) {
			t.Fatalf("not stable:\n%q\n%q", once, twice)
		}
		if len(again.Media) != len(s.Media) {
			t.Fatalf("%d sections became %d", len(s.Media), len(again.Media))
		}
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse([]byte(deskPhone)); err != nil {
			b.Fatal(err)
		}
	}
}
