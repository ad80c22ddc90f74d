package codec

import (
	"math"
	"math/bits"
	"time"
)

// Sound classifies a stretch of audio.
type Sound uint8

// What a Detector tells apart.
const (
	// Silence is below -50 dB of full scale.
	Silence Sound = iota
	// Pure is one or two steady frequencies.
	Pure
	// Mixed is anything else: speech, noise, several tones.
	Mixed
)

// String is "silence", "tone" or "mixed".
func (s Sound) String() string { return [...]string{"silence", "tone", "mixed"}[s] }

// Segment is a stretch of one sound.
type Segment struct {
	Sound Sound
	// Tone has the frequencies, within 5 Hz, when Sound is Pure.
	Tone Tone
	// Start, from the first sample, and Length; both exact to half a window, 64 ms.
	Start, Length time.Duration
	// Level in decibels of full scale, averaged.
	Level float64
}

// maxSegments bounds what a detector remembers.
const maxSegments = 128

// Limits of the classification. A tone pair through G.711 has a purity near 0.99.
const (
	silenceLevel = -50.0 // dB of full scale
	purity       = 0.80  // share of the energy in one or two frequencies
	secondShare  = 0.03  // the weaker frequency's share that makes it a pair
	sameHertz    = 10.0  // tones this near continue a segment
)

// Detector says which frequencies are heard, for how long and with which gaps. A
// spectrum of each window of 128 ms finds the one or two strongest frequencies, and
// their exact share of the energy decides whether they are a tone. It is not safe
// for concurrent use.
type Detector struct {
	// Stride is how many half windows pass between two analyses; 0 and 1 analyse
	// all. A larger stride saves time when thousands of streams are checked.
	Stride int

	rate     int
	shape    *window
	buffer   []int16
	skip     int
	position int64 // samples before buffer
	segments []Segment
	work     []complex128
}

// NewDetector makes a detector for rate samples a second (8000 or 16 000).
func NewDetector(rate int) *Detector {
	size := 1024
	if rate > 8000 {
		size = 2048
	}
	return &Detector{rate: rate, shape: windowOf(size)}
}

// Reset forgets what was heard; time goes on.
func (d *Detector) Reset() { d.segments = nil }

// Write analyses samples.
func (d *Detector) Write(samples []int16) {
	size := len(d.shape.weight)
	d.buffer = append(d.buffer, samples...)
	for len(d.buffer) >= size {
		if d.skip--; d.skip <= 0 {
			d.skip = max(d.Stride, 1)
			d.note(d.classify(d.buffer[:size]))
		}
		d.position += int64(size / 2)
		d.buffer = d.buffer[:copy(d.buffer, d.buffer[size/2:])]
	}
}

// Heard returns the segments so far, oldest first, at most the newest 128.
func (d *Detector) Heard() []Segment { return append([]Segment(nil), d.segments...) }

// Last is the newest segment; its length grows while the sound goes on.
func (d *Detector) Last() (Segment, bool) {
	if len(d.segments) == 0 {
		return Segment{}, false
	}
	return d.segments[len(d.segments)-1], true
}

// Now is the time up to which sound was analysed.
func (d *Detector) Now() time.Duration { return d.duration(d.position) }

func (d *Detector) duration(samples int64) time.Duration {
	return time.Duration(samples) * time.Second / time.Duration(d.rate)
}

// note adds a window to the newest segment or begins another. A window that
// covers the change between two sounds looks mixed; one such window alone is not
// worth a segment and is counted to what follows.
func (d *Detector) note(s Segment) {
	half := int64(len(d.shape.weight) / 2)
	s.Start = d.duration(d.position + half/2)
	s.Length = d.duration(half * int64(max(d.Stride, 1)))
	n := len(d.segments)
	if n > 0 {
		last := &d.segments[n-1]
		if last.Sound == s.Sound && (s.Sound != Pure || last.Tone.Near(s.Tone, sameHertz)) {
			weight := float64(s.Length) / float64(last.Length+s.Length)
			last.Level += (s.Level - last.Level) * weight
			last.Tone.First += (s.Tone.First - last.Tone.First) * weight
			last.Tone.Second += (s.Tone.Second - last.Tone.Second) * weight
			last.Length += s.Length
			return
		}
		if last.Sound == Mixed && last.Length == s.Length {
			s.Start, s.Length = last.Start, s.Length+last.Length
			d.segments = d.segments[:n-1]
			if n > 1 {
				before := &d.segments[n-2]
				if before.Sound == s.Sound && (s.Sound != Pure || before.Tone.Near(s.Tone, sameHertz)) {
					before.Length += s.Length
					return
				}
			}
		}
	}
	if len(d.segments) >= maxSegments {
		d.segments = append(d.segments[:0], d.segments[1:]...)
	}
	d.segments = append(d.segments, s)
}

// classify finds the sound of one window.
func (d *Detector) classify(samples []int16) Segment {
	size := len(samples)
	if d.work == nil {
		d.work = make([]complex128, size)
	}
	var energy float64
	for i, s := range samples {
		x := float64(s) * d.shape.weight[i]
		energy += x * x
		d.work[i] = complex(x, 0)
	}
	level := 10 * math.Log10(energy/d.shape.energy/(32768*32768)*2+1e-12)
	if level < silenceLevel {
		return Segment{Sound: Silence, Level: level}
	}
	d.shape.transform(d.work)

	first := d.peak(-1)
	second := d.peak(first)
	f1, p1 := d.refine(first)
	f2, p2 := d.refine(second)
	// The energy of a sine under the window, from its line in the spectrum.
	p1 *= 2 * d.shape.energy / (d.shape.sum * d.shape.sum) / energy
	p2 *= 2 * d.shape.energy / (d.shape.sum * d.shape.sum) / energy
	tone := Tone{First: f1}
	share := p1
	if p2 > secondShare && second > 0 {
		tone = Tone{First: min(f1, f2), Second: max(f1, f2)}
		share += p2
	}
	if share < purity {
		return Segment{Sound: Mixed, Level: level}
	}
	return Segment{Sound: Pure, Tone: tone, Level: level}
}

func power(c complex128) float64 { return real(c)*real(c) + imag(c)*imag(c) }

// peak is the strongest line of the spectrum that is not under the main lobe of
// line except; its index, or 0 when there is none.
func (d *Detector) peak(except int) int {
	best, at := 0.0, 0
	for i := 2; i < len(d.work)/2-1; i++ {
		if except >= 0 && i >= except-3 && i <= except+3 {
			continue
		}
		if p := power(d.work[i]); p > best && p >= power(d.work[i-1]) && p >= power(d.work[i+1]) {
			best, at = p, i
		}
	}
	return at
}

// refine gives the frequency between the lines around a peak, and the power that
// a line exactly there would have. For the raised-cosine window the ratio r of
// the two highest lines gives the offset (2r-1)/(r+1) exactly.
func (d *Detector) refine(at int) (hertz, peakPower float64) {
	if at == 0 {
		return 0, 0
	}
	middle, left, right := math.Sqrt(power(d.work[at])), math.Sqrt(power(d.work[at-1])), math.Sqrt(power(d.work[at+1]))
	side, sign := right, 1.0
	if left > right {
		side, sign = left, -1
	}
	r := side / max(middle, 1e-9)
	offset := sign * max((2*r-1)/(r+1), 0)
	hertz = (float64(at) + offset) * float64(d.rate) / float64(len(d.work))
	// The height of the main lobe at that offset, relative to its top.
	gain := 1.0
	if o := math.Abs(offset); o > 1e-6 {
		gain = math.Sin(math.Pi*o) / (math.Pi * o * (1 - o*o))
	}
	return hertz, middle * middle / (gain * gain)
}

// window is a raised-cosine window with the factors of a Fourier transform of its size.
type window struct {
	weight      []float64
	sum, energy float64
	turn        []complex128
}

var windows = map[int]*window{1024: newWindow(1024), 2048: newWindow(2048)}

func windowOf(size int) *window { return windows[size] }

func newWindow(size int) *window {
	w := &window{weight: make([]float64, size), turn: make([]complex128, size/2)}
	for i := range w.weight {
		x := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(size))
		w.weight[i] = x
		w.sum += x
		w.energy += x * x
	}
	for i := range w.turn {
		sin, cos := math.Sincos(-2 * math.Pi * float64(i) / float64(size))
		w.turn[i] = complex(cos, sin)
	}
	return w
}

// transform is the radix-2 fast Fourier transform in place.
func (w *window) transform(x []complex128) {
	n := len(x)
	shift := 64 - bits.Len(uint(n-1))
	for i := range x {
		if j := int(bits.Reverse64(uint64(i)) >> shift); j > i {
			x[i], x[j] = x[j], x[i]
		}
	}
	for size := 2; size <= n; size *= 2 {
		step := n / size
		for start := 0; start < n; start += size {
			for k := range size / 2 {
				a, b := x[start+k], x[start+k+size/2]*w.turn[k*step]
				x[start+k], x[start+k+size/2] = a+b, a-b
			}
		}
	}
}
