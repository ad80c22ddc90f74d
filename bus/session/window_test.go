package session

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tandem/bus"
)

// Whatever a network does with frames and acknowledgements, what was added comes out once and in order, and then nothing waits.
func TestWindowKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type parcel struct {
			sequence uint64
			payload  []byte
		}
		out, in := outgoing{next: 1}, incoming{expect: 1}
		var wire []parcel
		var added, received uint64
		now := time.Unix(0, 0)
		deliver := func(i int) {
			sequence, all, err := messages(wire[i].payload)
			if err != nil || sequence != wire[i].sequence {
				t.Fatalf("frame %d cannot be read: %v", wire[i].sequence, err)
			}
			ready, _ := in.take(sequence, batch{messages: all})
			for _, b := range ready {
				for _, m := range b.messages {
					if n := binary.BigEndian.Uint64(m.payload); n != received+1 {
						t.Fatalf("message %d after %d", n, received)
					}
					received++
				}
			}
		}
		send := func(f *flight) { wire = append(wire, parcel{f.sequence, slices.Clone(f.frame[headerSize:])}) }
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				for range rapid.IntRange(1, 200).Draw(t, "how many") {
					added++
					size := rapid.SampledFrom([]int{8, 8, 100, 20000, 70000}).Draw(t, "size")
					payload := make([]byte, size)
					binary.BigEndian.PutUint64(payload, added)
					out.add(message{bus.TopicCalls, payload})
				}
			},
			"send": func(t *rapid.T) { out.due(now, send) },
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "ms")) * time.Millisecond)
			},
			"deliver": func(t *rapid.T) {
				if len(wire) == 0 {
					t.Skip("nothing on its way")
				}
				i := rapid.IntRange(0, len(wire)-1).Draw(t, "which")
				deliver(i)
				if rapid.Bool().Draw(t, "once") {
					wire = slices.Delete(wire, i, i+1)
				}
			},
			"lose": func(t *rapid.T) {
				if len(wire) == 0 {
					t.Skip("nothing on its way")
				}
				wire = slices.Delete(wire, 0, 1)
			},
			"acknowledge": func(t *rapid.T) {
				ack, have := in.acknowledge()
				out.acknowledged(ack, have, now)
			},
			"": func(t *rapid.T) {
				if len(out.flights) > window || len(in.early) >= window {
					t.Fatalf("%d frames on their way, %d early", len(out.flights), len(in.early))
				}
			},
		})
		for round := 0; received < added || out.messages > 0; round++ { // the network is well again
			if round > 1000 {
				t.Fatalf("%d of %d messages came through", received, added)
			}
			now = now.Add(2 * maximumResend)
			wire = nil
			out.due(now, send)
			for i := range wire {
				deliver(i)
			}
			ack, have := in.acknowledge()
			out.acknowledged(ack, have, now)
		}
		if out.bytes != 0 || out.flying != 0 || len(out.flights)+len(out.filling)+len(in.early) != 0 {
			t.Fatalf("left: %d bytes, %d flying, %d frames, %d early", out.bytes, out.flying, len(out.flights)+len(out.filling), len(in.early))
		}
	})
}

// Small messages that wait together travel together; one that waits alone does not wait for company.
func TestMessagesShareFrames(t *testing.T) {
	o := outgoing{next: 1}
	now := time.Unix(0, 0)
	frames := 0
	send := func(*flight) { frames++ }
	if !o.add(message{bus.TopicCalls, []byte("first")}) {
		t.Error("the first message wakes nobody")
	}
	o.due(now, send)
	if frames != 1 {
		t.Errorf("the first message: %d frames", frames)
	}
	for range 1000 {
		o.add(message{bus.TopicCalls, make([]byte, 50)})
	}
	if o.due(now, send); frames != 2 {
		t.Errorf("a thousand messages of 50 bytes: %d frames", frames-1)
	}
}

// A frame is sent again later and later, never sooner than the round trip allows, and not when the other side holds it.
func TestResending(t *testing.T) {
	o := outgoing{next: 1}
	start := time.Unix(0, 0)
	var at []time.Duration
	for ms := range 5000 {
		now := start.Add(time.Duration(ms) * time.Millisecond)
		if ms == 0 {
			o.add(message{bus.TopicCalls, []byte("x")})
		}
		o.due(now, func(*flight) { at = append(at, now.Sub(start)) })
	}
	want := []time.Duration{0, 100, 300, 700, 1500, 2500, 3500, 4500}
	for i := range want {
		want[i] *= time.Millisecond
	}
	if !slices.Equal(at, want) {
		t.Errorf("sent at %v, want %v", at, want)
	}

	o = outgoing{next: 1}
	var sent []uint64
	send := func(f *flight) { sent = append(sent, f.sequence) }
	for range 3 {
		o.add(message{bus.TopicCalls, make([]byte, batchSize)})
	}
	o.due(start, send)
	o.acknowledged(0, 0b01, start.Add(400*time.Millisecond)) // the second arrived, the first did not
	sent = nil
	if o.due(start.Add(500*time.Millisecond), send); len(sent) != 0 {
		t.Errorf("with a round trip of 400 ms, sent again after 500 ms: %v", sent)
	}
	if o.due(start.Add(2*time.Second), send); !slices.Equal(sent, []uint64{1, 3}) {
		t.Errorf("sent again: %v", sent)
	}
}
