package trace

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/call/signal"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

func sample() *Ladders {
	l := NewLadders(LadderOptions{})
	const phone, server, other = "SEP001122334455", "Tandem", "bob"
	add := func(call string, ms int, from, to, protocol, summary, raw string) {
		l.Add(call, Message{Time: at(ms), From: from, To: to, Protocol: protocol, Summary: summary, Raw: []byte(raw)})
	}
	add("7f3a", 0, phone, server, "SCCP", "OffHook", "\x04\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00")
	add("7f3a", 1, server, phone, "SCCP", "StartTone inside dial tone", "")
	l.Same("7f3a", "abc@192.0.2.1")
	add("7f3a", 2110, server, server, "signal", "2001 to bob in Phones", "")
	add("abc@192.0.2.1", 2112, server, other, "SIP", "INVITE sip:2001@192.0.2.20", "INVITE sip:2001@192.0.2.20 SIP/2.0\r\nVia: x\r\n\r\n")
	add("abc@192.0.2.1", 2130, other, server, "SIP", "180 Ringing", "")
	add("other call", 2140, other, server, "SIP", "OPTIONS", "")
	add("7f3a", 4900, phone, other, "RTP", "speech", "")
	return l
}

func TestLadderPicture(t *testing.T) {
	ladder, ok := sample().Of("abc@192.0.2.1")
	if !ok {
		t.Fatal("no ladder")
	}
	ladder.Call = "7f3a"
	for _, c := range []struct {
		name string
		opts PictureOptions
		want string
	}{
		{"boxes", PictureOptions{Server: "Tandem"}, `
Call 7f3a, 2026-11-22 09:00:00.000 UTC, 6 messages in 4.9s

           SEP001122334455                     Tandem                            bob
                  │                               │                               │
   0.000          │────────── OffHook ───────────▶│                               │   SCCP
   0.001          │◀─ StartTone inside dial tone ─│                               │   SCCP
                  :                               :                               :
   2.110          │                               ↺ 2001 to bob in Phones         │   signal
   2.112          │                               │─ INVITE sip:2001@192.0.2.20 ─▶│   SIP
   2.130          │                               │◀──────── 180 Ringing ─────────│   SIP
                  :                               :                               :
   4.900          │─────────────────────────── speech ───────────────────────────▶│   RTP
`},
		{"plain, with bytes", PictureOptions{Server: "Tandem", ASCII: true, Raw: true}, `
Call 7f3a, 2026-11-22 09:00:00.000 UTC, 6 messages in 4.9s

           SEP001122334455                     Tandem                            bob
                  |                               |                               |
   0.000          |---------- OffHook ----------->|                               |   SCCP
              00000000  04 00 00 00 00 00 00 00  06 00 00 00              |............|
   0.001          |<- StartTone inside dial tone -|                               |   SCCP
                  :                               :                               :
   2.110          |                               * 2001 to bob in Phones         |   signal
   2.112          |                               |- INVITE sip:2001@192.0.2.20 ->|   SIP
              INVITE sip:2001@192.0.2.20 SIP/2.0
              Via: x

   2.130          |                               |<-------- 180 Ringing ---------|   SIP
                  :                               :                               :
   4.900          |--------------------------- speech --------------------------->|   RTP
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			if err := ladder.Write(&b, c.opts); err != nil {
				t.Fatal(err)
			}
			if b.String() != c.want[1:] {
				t.Errorf("got\n%s\nwant\n%s", b.String(), c.want[1:])
			}
		})
	}
}

func TestLadderRingForgetsTheOldest(t *testing.T) {
	l := NewLadders(LadderOptions{Messages: 100, Bytes: RawLimit})
	for i := range 1000 {
		call := fmt.Sprint("call ", i/10)
		l.Add(call, Message{Time: at(i), From: "a", To: "b", Summary: fmt.Sprint(i), Raw: bytes.Repeat([]byte{byte(i)}, 300)})
	}
	calls := l.Calls()
	if len(calls) != 10 || calls[0] != "call 99" || calls[9] != "call 90" {
		t.Errorf("%q", calls)
	}
	if _, ok := l.Of("call 89"); ok {
		t.Error("a call that was overwritten is found")
	}
	ladder, _ := l.Of("call 99")
	if len(ladder.Messages) != 10 || !bytes.Equal(ladder.Messages[9].Raw, bytes.Repeat([]byte{byte(999 % 256)}, 300)) {
		t.Errorf("%+v", ladder.Messages)
	}
	// 13 messages of 300 bytes fit into 4096 bytes; the rest is known by its summary only.
	older, _ := l.Of("call 98")
	if got := older.Messages[6].Raw; got != nil {
		t.Errorf("bytes that were overwritten are shown: % x", got)
	}
	if got := older.Messages[9].Raw; !bytes.Equal(got, bytes.Repeat([]byte{byte(989 % 256)}, 300)) {
		t.Errorf("bytes across the end of the ring: % x", got)
	}
}

func TestLadderLimitsOneMessage(t *testing.T) {
	l := NewLadders(LadderOptions{})
	long := strings.Repeat("x", 100_000)
	l.Add(long, Message{From: "a", To: "b", Summary: long, Raw: []byte(long)})
	ladder, ok := l.Of(long)
	if !ok || len(ladder.Messages[0].Raw) != RawLimit || ladder.Messages[0].Length != 100_000 || len(ladder.Messages[0].Summary) > summaryLimit {
		t.Errorf("%v %d", ok, len(ladder.Messages))
	}
	var b strings.Builder
	if err := ladder.Write(&b, PictureOptions{Raw: true}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "… 4096 of 100000 bytes") {
		t.Error("the picture does not say that the message was longer")
	}
}

func TestKeysOfOneCall(t *testing.T) {
	l := NewLadders(LadderOptions{})
	l.Add("leg 1", Message{Time: at(1), From: "a", To: "s", Summary: "1"})
	l.Same("leg 1", "call")
	l.Add("leg 2", Message{Time: at(2), From: "s", To: "b", Summary: "2"})
	l.Same("call", "leg 2")
	l.Same("call", "call")
	l.Same("", "call")
	l.Add("leg 3", Message{Time: at(3), From: "s", To: "c", Summary: "3"})
	for _, key := range []string{"leg 1", "leg 2", "call"} {
		if ladder, _ := l.Of(key); len(ladder.Messages) != 2 {
			t.Errorf("%s: %+v", key, ladder.Messages)
		}
	}
	if calls := l.Calls(); len(calls) != 2 || calls[0] != "leg 3" || calls[1] != "leg 1" {
		t.Errorf("%q", calls)
	}
}

func TestPictureIsHarmlessAndNeverFails(t *testing.T) {
	var none strings.Builder
	if err := (Ladder{Call: "x\x1b"}).Write(&none, PictureOptions{}); err != nil || strings.Contains(none.String(), "\x1b") {
		t.Errorf("%q %v", none.String(), err)
	}
	l := NewLadders(LadderOptions{})
	for i := range 9 {
		l.Add("c", Message{Time: at(i), From: fmt.Sprint("party ", i), To: "party 0\x1b[2J", Protocol: "SIP\x07", Summary: "a\x1b[31mb" + strings.Repeat("w", i*12), Raw: []byte("GET \x1b[2J\r\n\x9b")})
	}
	ladder, _ := l.Of("c")
	for _, o := range []PictureOptions{{Raw: true}, {Raw: true, ASCII: true, Server: "party 3"}} {
		var b strings.Builder
		if err := ladder.Write(&b, o); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"\x1b", "\x07", "\x9b"} {
			if strings.Contains(b.String(), bad) {
				t.Errorf("%q reaches the terminal:\n%q", bad, b.String())
			}
		}
	}
	var coloured strings.Builder
	if err := ladder.Write(&coloured, PictureOptions{Colour: true}); err != nil {
		t.Fatal(err)
	}
	if on, off := strings.Count(coloured.String(), "\x1b[33m"), strings.Count(coloured.String(), "\x1b[0m"); on != 9 || off != 9 {
		t.Errorf("%d colours begin, %d end", on, off)
	}
}

func TestLaddersFromManyGoroutines(t *testing.T) {
	l := NewLadders(LadderOptions{Messages: 64, Bytes: RawLimit})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 200 {
				l.Add(fmt.Sprint(j%7), Message{Time: at(j), From: "a", To: "b", Raw: bytes.Repeat([]byte{byte(i)}, 100)})
				if j%20 == 0 {
					ladder, _ := l.Of("3")
					for _, m := range ladder.Messages {
						if m.Raw != nil && !bytes.Equal(m.Raw, bytes.Repeat(m.Raw[:1], 100)) {
							t.Errorf("bytes of two messages are mixed: % x", m.Raw)
						}
					}
					l.Calls()
					l.Same("1", "2")
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkAdd(b *testing.B) {
	l := NewLadders(LadderOptions{})
	raw := bytes.Repeat([]byte("x"), 600)
	b.ReportAllocs()
	for b.Loop() {
		l.Add("call", Message{Time: start, From: "a", To: "b", Protocol: "SIP", Summary: "INVITE", Raw: raw})
	}
}

// TestAddTo: a message that comes with its call's identifier is found under the text of it, together with those of other keys.
func TestAddTo(t *testing.T) {
	l := NewLadders(LadderOptions{Messages: 8, Bytes: RawLimit})
	id := signal.CallID{Manager: 1, Call: 1001}
	words := func(b, raw []byte) []byte { return append(append(b, "about "...), raw...) }
	l.AddTo(id, Message{Time: at(1), From: "a", To: "b", Protocol: "SIP", Raw: []byte("x")}, words)
	l.Add(id.String(), Message{Time: at(2), Summary: "second"})
	l.Same(id.String(), "other")
	l.Add("other", Message{Time: at(3), Summary: "third"})
	l.AddTo(id, Message{Time: at(4), Raw: bytes.Repeat([]byte("y"), 300)}, words)
	ladder, ok := l.Of("other")
	if !ok || len(ladder.Messages) != 4 {
		t.Fatalf("%d messages, want 4", len(ladder.Messages))
	}
	if m := ladder.Messages[0]; m.Summary != "about x" || string(m.Raw) != "x" || m.Length != 1 || m.From != "a" || m.Protocol != "SIP" {
		t.Errorf("first message %+v", m)
	}
	if s := ladder.Messages[3].Summary; len(s) != summaryLimit || !strings.HasPrefix(s, "about yyy") {
		t.Errorf("a long summary is %q", s)
	}
	if calls := l.Calls(); len(calls) != 1 || calls[0] != id.String() {
		t.Errorf("calls %q", calls)
	}
}
