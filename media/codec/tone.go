package codec

import (
	"fmt"
	"math"
)

// Tone is one or two frequencies in hertz, the lower first; zero means none.
type Tone struct{ First, Second float64 }

// IsZero reports whether the tone is no tone.
func (t Tone) IsZero() bool { return t.First == 0 && t.Second == 0 }

// String is "440 Hz", "350+440 Hz" or "none".
func (t Tone) String() string {
	switch {
	case t.IsZero():
		return "none"
	case t.Second == 0:
		return fmt.Sprintf("%.0f Hz", t.First)
	}
	return fmt.Sprintf("%.0f+%.0f Hz", t.First, t.Second)
}

// Near reports whether both frequencies agree within hertz.
func (t Tone) Near(other Tone, hertz float64) bool {
	return (t.First == 0) == (other.First == 0) && (t.Second == 0) == (other.Second == 0) &&
		math.Abs(t.First-other.First) <= hertz && math.Abs(t.Second-other.Second) <= hertz
}

// Contains reports whether one of the frequencies is f within hertz.
func (t Tone) Contains(f, hertz float64) bool {
	return t.First != 0 && math.Abs(t.First-f) <= hertz || t.Second != 0 && math.Abs(t.Second-f) <= hertz
}

// Generator makes a tone without clicks from call to call.
type Generator struct {
	step      [2]float64
	phase     [2]float64
	amplitude float64
}

// NewGenerator makes a generator at rate samples a second. The peak of the sum is
// amplitude, 0 to 32 767.
func NewGenerator(rate int, t Tone, amplitude float64) *Generator {
	g := &Generator{amplitude: amplitude}
	g.step[0] = 2 * math.Pi * t.First / float64(rate)
	g.step[1] = 2 * math.Pi * t.Second / float64(rate)
	if t.First != 0 && t.Second != 0 {
		g.amplitude /= 2
	}
	return g
}

// Fill overwrites dst with the next samples.
func (g *Generator) Fill(dst []int16) {
	for i := range dst {
		dst[i] = int16(g.amplitude * (math.Sin(g.phase[0]) + math.Sin(g.phase[1])))
		for n, step := range g.step {
			if g.phase[n] += step; g.phase[n] > 2*math.Pi {
				g.phase[n] -= 2 * math.Pi
			}
		}
	}
}

// Goertzel is the amplitude (0 to 32 768) of one frequency in samples at rate
// samples a second. It resolves frequencies that are at least rate/len(samples) apart.
func Goertzel(samples []int16, rate int, frequency float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	c := 2 * math.Cos(2*math.Pi*frequency/float64(rate))
	var s1, s2 float64
	for _, x := range samples {
		s1, s2 = float64(x)+c*s1-s2, s1
	}
	return 2 * math.Sqrt(max(s1*s1+s2*s2-c*s1*s2, 0)) / float64(len(samples))
}
