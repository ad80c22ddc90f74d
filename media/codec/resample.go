package codec

// Resampler changes the rate of a stream by linear interpolation; going down it
// first averages neighbours, so that what the lower rate cannot carry does not
// fold into the voice band. Good enough for tones and test speech between 8 and
// 16 kHz. It is not safe for concurrent use.
type Resampler struct {
	from, to int
	position int   // of the next output sample behind previous, in 1/to of an input sample
	previous int   // newest filtered input sample
	older    int16 // newest raw input sample
	started  bool
}

// NewResampler makes a resampler between two rates in hertz.
func NewResampler(from, to int) *Resampler { return &Resampler{from: max(from, 1), to: max(to, 1)} }

// Resample appends samples at the new rate to dst and returns the longer slice.
func (r *Resampler) Resample(dst, samples []int16) []int16 {
	if r.from == r.to {
		return append(dst, samples...)
	}
	for _, raw := range samples {
		next := int(raw)
		if r.to < r.from {
			next = (int(r.older) + int(raw)) / 2
		}
		r.older = raw
		if !r.started {
			r.started, r.previous = true, next
		}
		for r.position < r.to {
			dst = append(dst, int16(r.previous+(next-r.previous)*r.position/r.to))
			r.position += r.from
		}
		r.position -= r.to
		r.previous = next
	}
	return dst
}

// AtRate returns the audio at another rate; the same audio if it has it already.
func (a *Audio) AtRate(rate int) *Audio {
	if a.Rate == rate {
		return a
	}
	out := make([]int16, 0, len(a.Samples)*rate/a.Rate+1)
	return &Audio{Rate: rate, Samples: NewResampler(a.Rate, rate).Resample(out, a.Samples)}
}
