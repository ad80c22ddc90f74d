package audio

import (
	"net/netip"
	"testing"
	"time"

	"tandem/media/codec"
	"tandem/wire/rtp"
)

var loopback = netip.MustParseAddr("127.0.0.1")

func open(t *testing.T, e *Engine) *Session {
	t.Helper()
	s, err := e.Open(loopback, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// eventually polls until ok is true or the time is over.
func eventually(t *testing.T, what string, within time.Duration, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, within)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestTwoSessionsHearEachOther(t *testing.T) {
	for _, c := range codec.All() {
		t.Run(c.Name, func(t *testing.T) {
			e := NewEngine()
			defer e.Close()
			a, b := open(t, e), open(t, e)
			f := Format{Codec: c, PayloadType: c.PayloadType, EventType: 101}
			a.Receive(f)
			b.Receive(f)
			a.Send(b.Local(), f, Sound{Tone: IdentityTone(3)})
			b.Send(a.Local(), f, Sound{Tone: IdentityTone(900)})
			hears := func(s *Session, tone codec.Tone) func() bool {
				return func() bool {
					h, ok := s.Hears()
					return ok && h.Sound == codec.Pure && h.Tone.Near(tone, 5) && h.Length > 300*time.Millisecond
				}
			}
			eventually(t, "b hears a", 5*time.Second, hears(b, IdentityTone(3)))
			eventually(t, "a hears b", 5*time.Second, hears(a, IdentityTone(900)))

			for _, key := range []byte("1155#") {
				if !a.Press(key, 60*time.Millisecond) {
					t.Fatalf("key %c refused", key)
				}
			}
			eventually(t, "b hears the keys", 5*time.Second, func() bool { return b.Statistics().Digits == "1155#" })

			st := b.Statistics()
			if st.From != a.Local() || st.Lost != 0 || st.Received < 15 || st.Foreign != 0 || st.Stray != 0 {
				t.Errorf("statistics %+v", st)
			}
			a.Close()
			eventually(t, "b is told goodbye", 5*time.Second, func() bool { return b.Statistics().Goodbye })
			eventually(t, "b hears nothing any more", 5*time.Second, func() bool { _, ok := b.Hears(); return !ok })
		})
	}
}

func TestR11_PacketsAfterTheEarsClosedAreStrays(t *testing.T) {
	e := NewEngine()
	defer e.Close()
	a, b := open(t, e), open(t, e)
	f := Format{Codec: codec.MuLaw}
	b.Receive(f)
	a.Send(b.Local(), f, Sound{Tone: IdentityTone(1)})
	eventually(t, "audio", 5*time.Second, func() bool { return b.Statistics().Received > 2 })
	b.StopReceiving()
	eventually(t, "strays counted", 5*time.Second, func() bool { return b.Statistics().Stray > 3 })
	a.StopSending()
}

func TestRecordingIsHeardOnceThenSilence(t *testing.T) {
	e := NewEngine()
	defer e.Close()
	a, b := open(t, e), open(t, e)
	samples := make([]int16, 16000/2)
	codec.NewGenerator(16000, codec.Tone{First: 500}, 9000).Fill(samples)
	f := Format{Codec: codec.ALaw, PayloadType: 8}
	b.Receive(f)
	a.Send(b.Local(), f, Sound{Recording: &codec.Audio{Rate: 16000, Samples: samples}, Once: true})
	eventually(t, "tone, then silence", 10*time.Second, func() bool {
		h := b.Heard()
		return len(h) == 2 && h[0].Sound == codec.Pure && h[0].Tone.Near(codec.Tone{First: 500}, 5) &&
			h[1].Sound == codec.Silence && h[1].Length > 200*time.Millisecond
	})
	if l := b.Heard()[0].Length; l < 350*time.Millisecond || l > 650*time.Millisecond {
		t.Errorf("half a second was heard as %v", l)
	}
}

func TestLossAndForeignPacketsAreCounted(t *testing.T) {
	e := NewEngine()
	defer e.Close()
	a, b := open(t, e), open(t, e)
	b.Receive(Format{Codec: codec.MuLaw})
	write := func(h rtp.Header) {
		p := rtp.Packet{Header: h, Payload: make([]byte, 160)}
		if _, err := a.media.WriteToUDPAddrPort(p.Append(nil), b.Local()); err != nil {
			t.Fatal(err)
		}
	}
	for _, seq := range []uint16{1, 2, 5, 6} {
		write(rtp.Header{Sequence: seq, SSRC: 9})
	}
	write(rtp.Header{Sequence: 7, SSRC: 9, PayloadType: 77})
	if _, err := a.media.WriteToUDPAddrPort([]byte("hello"), b.Local()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "counts", 5*time.Second, func() bool {
		st := b.Statistics()
		return st.Received == 4 && st.Lost == 2 && st.Foreign == 2
	})
}

func TestFixedPortAndClose(t *testing.T) {
	e := NewEngine()
	s := open(t, e)
	port := s.Local().Port()
	if port%2 != 0 {
		t.Errorf("port %d is odd", port)
	}
	if _, err := e.Open(loopback, port); err == nil {
		t.Error("the same port twice")
	}
	s.Close()
	s.Close()
	again, err := e.Open(loopback, port)
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	e.Close()
	if _, err := e.Open(loopback, 0); err != ErrClosed {
		t.Errorf("open on a closed engine: %v", err)
	}
	if st := again.Statistics(); st.Receiving {
		t.Error("still receiving after the engine closed")
	}
}

func TestIdentityTonesAreTellable(t *testing.T) {
	seen := map[codec.Tone]bool{}
	for n := range 1056 {
		tone := IdentityTone(n)
		if seen[tone] || !repeats(tone) || tone.Second-tone.First < 60 {
			t.Fatalf("tone %d: %v", n, tone)
		}
		seen[tone] = true
	}
}
