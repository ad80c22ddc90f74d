package rtp

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestCompoundRoundTrip(t *testing.T) {
	report := ReceptionReport{SSRC: 5, FractionLost: 12, CumulativeLost: -3, HighestSequence: 70000,
		Jitter: 9, LastSenderReport: 0x12345678, Delay: 65536}
	for _, c := range []struct {
		name string
		in   Compound
	}{
		{"sender", Compound{Reporter: 7, Sender: &SenderReport{SSRC: 7, NTP: 1 << 40, Timestamp: 3, Packets: 4, Octets: 5},
			Reports: []ReceptionReport{report}, CNAME: "phone@127.0.0.1"}},
		{"receiver", Compound{Reporter: 7, Reports: []ReceptionReport{report, report}, CNAME: "a"}},
		{"empty receiver", Compound{Reporter: 7}},
		{"goodbye", Compound{Reporter: 7, CNAME: "abcd", Goodbye: true}},
		{"longest name", Compound{Reporter: 7, CNAME: strings.Repeat("x", 255)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.in.Append(nil)
			if len(b)%4 != 0 {
				t.Errorf("length %d is no multiple of 4", len(b))
			}
			if !IsRTCP(b) {
				t.Error("not recognised as RTCP")
			}
			got, err := ParseCompound(b)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.in) {
				t.Errorf("got %+v, want %+v", got, c.in)
			}
		})
	}
}

func TestRoundTripTime(t *testing.T) {
	sent := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r := ReceptionReport{LastSenderReport: uint32(NTP(sent) >> 16), Delay: 65536 / 2}
	got, ok := r.RoundTrip(sent.Add(600 * time.Millisecond))
	if !ok || got < 99*time.Millisecond || got > 101*time.Millisecond {
		t.Errorf("round trip %v %v, want 100 ms", got, ok)
	}
	if _, ok := (ReceptionReport{}).RoundTrip(sent); ok {
		t.Error("a report without a sender report has no round trip")
	}
}

func FuzzParseCompound(f *testing.F) {
	c := Compound{Reporter: 7, Sender: &SenderReport{SSRC: 7}, Reports: []ReceptionReport{{SSRC: 1}}, CNAME: "x", Goodbye: true}
	f.Add(c.Append(nil))
	f.Add([]byte{0x9f, 200, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ParseCompound(b)
		if err != nil {
			return
		}
		if len(got.Reports) > maxReports || len(got.CNAME) > 255 {
			t.Fatalf("%d reports, name of %d", len(got.Reports), len(got.CNAME))
		}
		again, err := ParseCompound(got.Append(nil))
		if err != nil {
			t.Fatalf("own packet refused: %v", err)
		}
		if !reflect.DeepEqual(again.Reports, got.Reports) || again.CNAME != got.CNAME {
			t.Fatalf("%+v became %+v", got, again)
		}
	})
}
