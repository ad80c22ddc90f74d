package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

func TestWAVRoundTrip(t *testing.T) {
	in := &Audio{Rate: 8000, Samples: sine(8000, 500, 9000, 801)}
	for _, encoding := range []WAVEncoding{PCM16, WAVALaw, WAVMuLaw} {
		var b bytes.Buffer
		if err := WriteWAV(&b, in, encoding); err != nil {
			t.Fatal(err)
		}
		if b.Len()%2 != 0 || int(binary.LittleEndian.Uint32(b.Bytes()[4:])) != b.Len()-8 {
			t.Errorf("encoding %d: RIFF size is wrong", encoding)
		}
		got, err := ReadWAV(&b)
		if err != nil {
			t.Fatal(err)
		}
		if got.Rate != 8000 || len(got.Samples) != len(in.Samples) {
			t.Fatalf("encoding %d: %d samples at %d", encoding, len(got.Samples), got.Rate)
		}
		if r := snr(in.Samples, got.Samples, 0); r < 30 {
			t.Errorf("encoding %d: %.1f dB", encoding, r)
		}
	}
}

// wave builds a file out of chunks.
func wave(chunks ...string) []byte {
	b := []byte("RIFF\xff\xff\xff\xffWAVE")
	for i := 0; i+1 < len(chunks); i += 2 {
		b = append(b, chunks[i]...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(chunks[i+1])))
		b = append(b, chunks[i+1]...)
		if len(chunks[i+1])%2 == 1 {
			b = append(b, 0)
		}
	}
	return b
}

const (
	monoPCM   = "\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00"
	stereoPCM = "\x01\x00\x02\x00\x40\x1f\x00\x00\x00\x7d\x00\x00\x04\x00\x10\x00"
)

func TestReadWAV(t *testing.T) {
	extensible := "\xfe\xff\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00\x16\x00\x10\x00\x04\x00\x00\x00" +
		"\x01\x00\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
	unknown := wave("fmt ", monoPCM, "data", "\x01\x00\x02\x00")
	copy(unknown[len(unknown)-8:], "\xff\xff\xff\xff")
	for _, c := range []struct {
		name string
		in   []byte
		want []int16
	}{
		{"mono", wave("fmt ", monoPCM, "data", "\x01\x00\xfe\xff"), []int16{1, -2}},
		{"stereo is mixed", wave("fmt ", stereoPCM, "data", "\x0a\x00\x14\x00\xff\xff\x01\x00"), []int16{15, 0}},
		{"other chunks are skipped", wave("LIST", "odd", "fmt ", monoPCM, "fact", "1234", "data", "\x05\x00"), []int16{5}},
		{"extensible", wave("fmt ", extensible, "data", "\x05\x00"), []int16{5}},
		{"size not known when it was written", unknown, []int16{1, 2}},
		{"empty", nil, nil},
		{"not RIFF", []byte("OggS00000000"), nil},
		{"no data", wave("fmt ", monoPCM), nil},
		{"data before format", wave("data", "\x05\x00"), nil},
		{"format too small", wave("fmt ", "1234", "data", "\x05\x00"), nil},
		{"24 bits", wave("fmt ", monoPCM[:14]+"\x18\x00", "data", "\x05\x00"), nil},
		{"three channels", wave("fmt ", "\x01\x00\x03"+monoPCM[3:], "data", "\x05\x00"), nil},
		{"rate zero", wave("fmt ", monoPCM[:4]+"\x00\x00\x00\x00"+monoPCM[8:], "data", "\x05\x00"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := ReadWAV(bytes.NewReader(c.in))
			if c.want == nil {
				if !errors.Is(err, ErrWAV) {
					t.Fatalf("error %v, want one that says why", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Samples) != len(c.want) {
				t.Fatalf("samples %v, want %v", a.Samples, c.want)
			}
			for i := range c.want {
				if a.Samples[i] != c.want[i] {
					t.Errorf("samples %v, want %v", a.Samples, c.want)
				}
			}
		})
	}
}

func TestReadWAVRefusesTooMuch(t *testing.T) {
	b := wave("fmt ", monoPCM, "data", "\x05\x00")
	binary.LittleEndian.PutUint32(b[len(b)-6:], MaxWAV+2)
	if _, err := ReadWAV(bytes.NewReader(b)); !errors.Is(err, ErrWAV) {
		t.Errorf("error %v", err)
	}
}

func FuzzReadWAV(f *testing.F) {
	f.Add(wave("fmt ", monoPCM, "data", "\x01\x00\xfe\xff"))
	f.Add(wave("LIST", "odd", "fmt ", stereoPCM, "data", "\x01\x00\xfe\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ReadWAV(bytes.NewReader(b))
		if err != nil {
			return
		}
		if len(a.Samples) > len(b) || a.Rate < 1000 {
			t.Fatalf("%d samples at %d from %d bytes", len(a.Samples), a.Rate, len(b))
		}
	})
}

func TestResample(t *testing.T) {
	for _, c := range []struct{ from, to int }{{8000, 16000}, {16000, 8000}, {44100, 8000}, {8000, 8000}} {
		in := &Audio{Rate: c.from, Samples: sine(c.from, 700, 9000, c.from)}
		out := in.AtRate(c.to)
		if d := len(out.Samples) - c.to; d < -1 || d > 1 {
			t.Errorf("%d to %d: %d samples", c.from, c.to, len(out.Samples))
		}
		if a := Goertzel(out.Samples[:c.to/2], c.to, 700); a < 8400 || a > 9100 {
			t.Errorf("%d to %d: 700 Hz has amplitude %.0f", c.from, c.to, a)
		}
	}
	// In pieces as in one.
	in := sine(16000, 700, 9000, 999)
	whole := NewResampler(16000, 8000).Resample(nil, in)
	r, parts := NewResampler(16000, 8000), []int16(nil)
	for i := 0; i < len(in); i += 13 {
		parts = r.Resample(parts, in[i:min(i+13, len(in))])
	}
	if len(parts) != len(whole) {
		t.Fatalf("%d samples in pieces, %d in one", len(parts), len(whole))
	}
	for i := range whole {
		if parts[i] != whole[i] {
			t.Fatalf("sample %d is %d in pieces, %d in one", i, parts[i], whole[i])
		}
	}
}
