package codec

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The two filters together delay by 22 samples.
const g722Delay = 22

func TestG722SignalToNoise(t *testing.T) {
	for _, c := range []struct {
		frequency, amplitude, want float64
	}{
		{300, 8000, 25}, {1000, 8000, 25}, {1000, 1000, 25}, {3000, 8000, 20},
		{5000, 8000, 10}, {6500, 4000, 10}, // two bits a sample above 4 kHz
	} {
		in := sine(16000, c.frequency, c.amplitude, 16000)
		coded := NewG722Encoder().Encode(nil, in)
		if len(coded) != len(in)/2 {
			t.Fatalf("%d bytes for %d samples", len(coded), len(in))
		}
		out := NewG722Decoder().Decode(nil, coded)
		best, at := math.Inf(-1), 0
		for d := range 30 {
			if r := snr(in, out, d); r > best {
				best, at = r, d
			}
		}
		t.Logf("%5.0f Hz at %5.0f: %.1f dB, delay %d", c.frequency, c.amplitude, best, at)
		if best < c.want || at != g722Delay {
			t.Errorf("%v Hz at %v: %.1f dB with delay %d, want %v dB with %d", c.frequency, c.amplitude, best, at, c.want, g722Delay)
		}
	}
}

func TestG722SilenceAndSplitInput(t *testing.T) {
	silent := NewG722Decoder().Decode(nil, NewG722Encoder().Encode(nil, make([]int16, 3200)))
	for i, s := range silent {
		if abs(int(s)) > 8 {
			t.Fatalf("silence has %d at %d", s, i)
		}
	}
	in := sine(16000, 700, 9000, 1001)
	whole := NewG722Encoder().Encode(nil, in)
	var parts []byte
	e := NewG722Encoder()
	for i := 0; i < len(in); i += 7 {
		parts = e.Encode(parts, in[i:min(i+7, len(in))])
	}
	if string(parts) != string(whole) {
		t.Error("input in pieces of seven is encoded differently")
	}
}

// Speech-band noise at full scale must neither overflow nor ring.
func TestG722FullScaleStaysBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	in := make([]int16, 16000)
	for i := range in {
		in[i] = int16(r.IntN(65536) - 32768)
	}
	var d = NewG722Decoder()
	d.Decode(nil, NewG722Encoder().Encode(nil, in))
	// After the noise, a second of silence decays to nothing.
	tail := make([]byte, 8000)
	e := NewG722Encoder()
	tail = e.Encode(tail[:0], make([]int16, 16000))
	out := d.Decode(nil, tail)
	for _, s := range out[len(out)-100:] {
		if abs(int(s)) > 64 {
			t.Fatalf("decoder still at %d a second after the noise", s)
		}
	}
}

// FuzzG722Decode: any bytes are a legal stream.
func FuzzG722Decode(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 62, 63, 0xff, 0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 {
			b = b[:4096]
		}
		if out := NewG722Decoder().Decode(nil, b); len(out) != 2*len(b) {
			t.Fatalf("%d samples for %d bytes", len(out), len(b))
		}
	})
}
