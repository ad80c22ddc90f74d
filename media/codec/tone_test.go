package codec

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func generate(rate int, tone Tone, amplitude float64, d time.Duration) []int16 {
	out := make([]int16, int(d*time.Duration(rate)/time.Second))
	NewGenerator(rate, tone, amplitude).Fill(out)
	return out
}

func TestDetectorHearsTonesThroughEachCodec(t *testing.T) {
	for _, codec := range All() {
		for _, tone := range []Tone{{440, 0}, {350, 440}, {697, 1209}, {300, 2280}, {1004, 0}, {620, 3000}, {333, 777}} {
			for _, amplitude := range []float64{16000, 2000, 400} {
				in := generate(codec.SampleRate, tone, amplitude, time.Second)
				d := NewDetector(codec.SampleRate)
				d.Write(codec.NewDecoder().Decode(nil, codec.NewEncoder().Encode(nil, in)))
				got, ok := d.Last()
				if !ok || got.Sound != Pure || !got.Tone.Near(tone, 5) {
					t.Errorf("%s, %v at %v: heard %v %v", codec.Name, tone, amplitude, got.Sound, got.Tone)
				}
				if got.Length < 850*time.Millisecond {
					t.Errorf("%s, %v: %v long, want a second", codec.Name, tone, got.Length)
				}
				if want := 20 * math.Log10(amplitude/32768); tone.Second == 0 && math.Abs(got.Level-want) > 1 {
					t.Errorf("%s, %v: level %.1f dB, want %.1f", codec.Name, tone, got.Level, want)
				}
			}
		}
	}
}

func TestDetectorSeesGapsAndChanges(t *testing.T) {
	var in []int16
	in = append(in, generate(8000, Tone{440, 480}, 8000, time.Second)...)
	in = append(in, make([]int16, 4000)...)
	in = append(in, generate(8000, Tone{440, 480}, 8000, time.Second)...)
	in = append(in, generate(8000, Tone{1000, 0}, 8000, time.Second)...)
	d := NewDetector(8000)
	for i := 0; i < len(in); i += 160 {
		d.Write(in[i:min(i+160, len(in))])
	}
	want := []struct {
		sound  Sound
		tone   Tone
		length time.Duration
	}{
		{Pure, Tone{440, 480}, time.Second}, {Silence, Tone{}, 500 * time.Millisecond},
		{Pure, Tone{440, 480}, time.Second}, {Pure, Tone{1000, 0}, time.Second},
	}
	heard := d.Heard()
	if len(heard) != len(want) {
		t.Fatalf("heard %v", heard)
	}
	for i, w := range want {
		h := heard[i]
		if h.Sound != w.sound || !h.Tone.Near(w.tone, 5) {
			t.Errorf("segment %d: %v %v, want %v %v", i, h.Sound, h.Tone, w.sound, w.tone)
		}
		if diff := h.Length - w.length; diff < -130*time.Millisecond || diff > 130*time.Millisecond {
			t.Errorf("segment %d: %v long, want %v", i, h.Length, w.length)
		}
	}
}

func TestDetectorDoesNotTakeNoiseForATone(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	in := make([]int16, 16000)
	for i := range in {
		in[i] = int16(r.NormFloat64() * 3000)
	}
	d := NewDetector(8000)
	d.Write(in)
	for _, s := range d.Heard() {
		if s.Sound != Mixed {
			t.Errorf("noise heard as %v %v", s.Sound, s.Tone)
		}
	}
	if len(d.Heard()) == 0 {
		t.Error("heard nothing")
	}
}

func TestDetectorMemoryIsBounded(t *testing.T) {
	d := NewDetector(8000)
	for i := range 3 * maxSegments {
		d.Write(generate(8000, Tone{First: 400 + float64(i%2)*400}, 8000, 256*time.Millisecond))
	}
	if n := len(d.Heard()); n != maxSegments {
		t.Errorf("%d segments kept, want %d", n, maxSegments)
	}
	if len(d.buffer) > 1024 {
		t.Errorf("%d samples kept", len(d.buffer))
	}
}

func TestGoertzel(t *testing.T) {
	in := generate(8000, Tone{697, 1209}, 10000, 100*time.Millisecond)
	for f, want := range map[float64]float64{697: 5000, 1209: 5000, 941: 0} {
		if got := Goertzel(in, 8000, f); math.Abs(got-want) > 400 {
			t.Errorf("%v Hz has amplitude %.0f, want %.0f", f, got, want)
		}
	}
	if Goertzel(nil, 8000, 440) != 0 {
		t.Error("nothing has an amplitude")
	}
}

func BenchmarkDetectorWindow(b *testing.B) {
	d := NewDetector(8000)
	in := generate(8000, Tone{440, 480}, 8000, 64*time.Millisecond)
	for b.Loop() {
		d.Write(in)
	}
}
