package rtp

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestEventKeys(t *testing.T) {
	for i := range eventDigits {
		code, ok := EventCode(eventDigits[i])
		if !ok || int(code) != i {
			t.Errorf("key %c is %d %v", eventDigits[i], code, ok)
		}
		if key, ok := EventKey(code); !ok || key != eventDigits[i] {
			t.Errorf("code %d is %c %v", code, key, ok)
		}
	}
	if code, ok := EventCode('d'); !ok || code != 15 {
		t.Errorf("d is %d %v", code, ok)
	}
	if _, ok := EventCode('x'); ok {
		t.Error("x is no key")
	}
	if _, ok := EventKey(16); ok {
		t.Error("flash is no key")
	}
}

// send runs a sender for n packet times of 20 ms from timestamp first on.
func send(s *EventSender, first, step uint32, n int) []Outgoing {
	var out []Outgoing
	for i := range n {
		if o, ok := s.Next(first + uint32(i)*step); ok {
			out = append(out, o)
		}
	}
	return out
}

func TestR36_SenderShape(t *testing.T) {
	for _, rate := range []int{8000, 16000, 48000} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			step := uint32(rate / 50)
			s := NewEventSender(rate, 20)
			s.Press(1, 100)
			s.Press(1, 0) // no length: the shortest
			out := send(s, 1000, step, 30)
			if s.Busy() {
				t.Fatal("still busy after 600 ms")
			}
			var events [][]Outgoing
			for _, o := range out {
				if o.Marker {
					events = append(events, nil)
				}
				if len(events) == 0 {
					t.Fatal("first packet has no marker")
				}
				events[len(events)-1] = append(events[len(events)-1], o)
			}
			if len(events) != 2 {
				t.Fatalf("%d events, want 2", len(events))
			}
			for i, want := range []uint32{uint32(rate) / 10, uint32(rate) / 25} {
				e := events[i]
				ends := 0
				for n, o := range e {
					if o.Timestamp != e[0].Timestamp {
						t.Errorf("event %d: timestamp changes", i)
					}
					if o.Event.Duration == 0 || n > 0 && o.Event.Duration < e[n-1].Event.Duration {
						t.Errorf("event %d: duration %d in packet %d", i, o.Event.Duration, n)
					}
					if o.Event.End {
						ends++
					}
				}
				if ends != 3 {
					t.Errorf("event %d: %d end packets, want 3", i, ends)
				}
				if got := uint32(e[len(e)-1].Event.Duration); got != want {
					t.Errorf("event %d: duration %d, want %d", i, got, want)
				}
			}
			gap := events[1][0].Timestamp - events[0][0].Timestamp - uint32(rate)/10
			if gap < uint32(rate)/25 {
				t.Errorf("gap %d units, want at least 40 ms", gap)
			}
		})
	}
}

func TestR36_StreamClosedDuringAKey(t *testing.T) {
	s := NewEventSender(8000, 20)
	s.Press(5, 1000)
	s.Press(6, 1000)
	send(s, 0, 160, 5)
	out := s.Close(800)
	if len(out) != 3 {
		t.Fatalf("%d packets at the close, want 3 ends", len(out))
	}
	for _, o := range out {
		if !o.Event.End || o.Event.Code != 5 || o.Timestamp != 0 || o.Event.Duration != 800 {
			t.Errorf("end packet %+v", o)
		}
	}
	if s.Busy() {
		t.Error("still busy after the close")
	}
	if again := s.Close(960); again != nil {
		t.Errorf("a second close sends %v", again)
	}
}

func TestEventSenderQueueIsBounded(t *testing.T) {
	s := NewEventSender(8000, 20)
	for i := range maxQueuedEvents {
		if !s.Press(1, 100) {
			t.Fatalf("key %d refused", i)
		}
	}
	if s.Press(1, 100) {
		t.Error("a key beyond the bound was taken")
	}
}

func TestLongKeyStopsAtTheWidthOfDuration(t *testing.T) {
	s := NewEventSender(8000, 20)
	s.Press(1, 60_000)
	out := send(s, 0, 160, 600)
	if last := out[len(out)-1].Event; last.Duration != 0xffff || !last.End {
		t.Errorf("last packet %+v, want the end at 65535", last)
	}
}

// packet of a received event: time in ms, timestamp, "m" marker and "e" end flags, code, duration.
type eventIn struct {
	ms       int
	ts       uint32
	flags    string
	code     uint8
	duration uint16
}

func TestR36_Receiver(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []eventIn
		want string
	}{
		{"as the book says", []eventIn{{0, 100, "m", 1, 160}, {20, 100, "", 1, 320}, {40, 100, "e", 1, 480}, {60, 100, "e", 1, 480}, {80, 100, "e", 1, 480}}, "1 end1:480"},
		{"two keys, same digit", []eventIn{{0, 100, "m", 1, 160}, {20, 100, "e", 1, 320}, {100, 900, "m", 1, 160}, {120, 900, "e", 1, 320}}, "1 end1:320 1 end1:320"},
		{"two keys, same digit, second marker lost", []eventIn{{0, 100, "m", 1, 160}, {20, 100, "", 1, 320}, {40, 100, "e", 1, 480}, {100, 900, "", 1, 160}, {120, 900, "e", 1, 320}}, "1 end1:480 1 end1:320"},
		{"a: end packets with timestamps of their own", []eventIn{{0, 100, "m", 1, 160}, {20, 100, "", 1, 320}, {40, 420, "e", 1, 480}, {60, 580, "e", 1, 480}, {80, 740, "e", 1, 480}}, "1 end1:480"},
		{"b: end long after", []eventIn{{0, 100, "m", 1, 160}, {20, 100, "", 1, 320}, {500, 100, "e", 1, 4000}, {520, 100, "e", 1, 4000}}, "1 lost1:320"},
		{"c: timestamp rises in one event", []eventIn{{0, 100, "m", 1, 160}, {20, 260, "", 1, 320}, {40, 420, "", 1, 480}, {60, 580, "e", 1, 640}, {80, 580, "e", 1, 640}}, "1 end1:640"},
		{"c: with a constant duration", []eventIn{{0, 100, "", 1, 160}, {20, 260, "", 1, 160}, {40, 420, "e", 1, 160}}, "1 end1:160"},
		{"e: end lost, next key ends it", []eventIn{{0, 100, "m", 1, 160}, {20, 100, "", 1, 320}, {50, 900, "m", 2, 160}, {70, 900, "e", 2, 320}}, "1 lost1:320 2 end2:320"},
		{"e: end lost, nothing follows", []eventIn{{0, 100, "m", 1, 160}, {400, 0, "x", 0, 0}}, "1 lost1:160"},
		{"only an end arrives", []eventIn{{0, 100, "e", 7, 800}, {20, 100, "e", 7, 800}}, "7 end7:800"},
		{"d: next key with the same timestamp", []eventIn{{0, 100, "m", 1, 160}, {20, 100, "e", 1, 320}, {80, 100, "m", 2, 160}, {100, 100, "e", 2, 320}}, "1 end1:320 2 end2:320"},
		{"late repetition of the key before", []eventIn{{0, 100, "m", 1, 160}, {20, 100, "e", 1, 320}, {40, 900, "m", 2, 160}, {45, 100, "e", 1, 320}, {60, 900, "e", 2, 320}}, "1 end1:320 2 end2:320"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r EventReceiver
			var got []string
			var keys []Key
			for _, p := range c.in {
				now := time.Duration(p.ms) * time.Millisecond
				if p.flags == "x" {
					keys = r.Expire(now, keys)
					continue
				}
				h := Header{SSRC: 1, Timestamp: p.ts, Marker: p.flags == "m"}
				keys = r.Receive(h, Event{Code: p.code, End: p.flags == "e", Duration: p.duration}, now, keys)
			}
			for _, k := range keys {
				switch {
				case !k.Ended:
					got = append(got, fmt.Sprint(k.Code))
				case k.Lost:
					got = append(got, fmt.Sprintf("lost%d:%d", k.Code, k.Duration))
				default:
					got = append(got, fmt.Sprintf("end%d:%d", k.Code, k.Duration))
				}
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("heard %q, want %q", s, c.want)
			}
		})
	}
}

// A sender and a receiver with every other packet lost still agree on the keys.
func TestR36_EveryOtherPacketLost(t *testing.T) {
	for drop := range 2 {
		s, r := NewEventSender(8000, 20), EventReceiver{}
		for _, code := range []uint8{1, 1, 2, 9, 9, 9} {
			s.Press(code, 80)
		}
		var keys []Key
		sent := 0
		for i := 0; s.Busy(); i++ {
			now := time.Duration(i) * 20 * time.Millisecond
			if o, ok := s.Next(uint32(i) * 160); ok {
				if sent++; sent%2 == drop {
					continue
				}
				keys = r.Receive(Header{SSRC: 1, Timestamp: o.Timestamp, Marker: o.Marker}, o.Event, now, keys)
			}
		}
		var heard []uint8
		for _, k := range keys {
			if !k.Ended {
				heard = append(heard, k.Code)
			}
		}
		if fmt.Sprint(heard) != "[1 1 2 9 9 9]" {
			t.Errorf("drop %d: heard %v", drop, heard)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte{1, 0x8a, 1, 64})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := ParseEvent(b)
		if err != nil {
			return
		}
		if again, err := ParseEvent(e.Append(nil)); err != nil || again != e {
			t.Fatalf("%+v became %+v, %v", e, again, err)
		}
	})
}
