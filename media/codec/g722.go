package codec

// G.722 at 64 kbit/s (mode 1). A quadrature mirror filter splits 16 kHz audio
// into two bands of 8 kHz; each is coded by adaptive differential PCM, six bits
// below and two above. Block names in the comments are those of the
// recommendation (ITU-T G.722, sections 3 to 6); all arithmetic is its 16-bit
// fixed point.

// band is the adaptive predictor and quantiser scale of one half of the spectrum.
type band struct {
	s, sz  int    // predicted value, and its zero section
	r, p   [2]int // last two reconstructed values, and their partial sums
	a      [2]int // pole coefficients
	d      [6]int // last six quantised differences
	b      [6]int // zero coefficients
	nb     int    // logarithm of the scale factor
	det    int    // scale factor
	maxNB  int    // upper limit of nb
	shift0 int    // nb>>11 at which the scale table is used unshifted
}

func lowBand() band  { return band{det: 32, maxNB: 18432, shift0: 8} }
func highBand() band { return band{det: 8, maxNB: 22528, shift0: 10} }

func saturate(x int) int { return max(min(x, 32767), -32768) }

// scale adapts the scale factor by step, an entry of the multiplier tables
// (LOGSCL and SCALEL, LOGSCH and SCALEH).
func (n *band) scale(step int) {
	n.nb = max(min(n.nb*127>>7+step, n.maxNB), 0)
	value := scaleTable[n.nb>>6&31]
	if shift := n.shift0 - n.nb>>11; shift < 0 {
		value <<= -shift
	} else {
		value >>= shift
	}
	n.det = value << 2
}

// adapt takes the quantised difference d into the predictor (RECONS, PARREC,
// UPPOL1, UPPOL2, UPZERO, DELAYA, FILTEP, FILTEZ, PREDIC).
func (n *band) adapt(d int) {
	r := saturate(n.s + d)
	p := saturate(n.sz + d)

	// Pole section.
	a2 := saturate(n.a[0] << 2)
	if sameSign(p, n.p[0]) {
		a2 = min(-a2, 32767)
	}
	a2 >>= 7
	if sameSign(p, n.p[1]) {
		a2 += 128
	} else {
		a2 -= 128
	}
	a2 = max(min(a2+n.a[1]*32512>>15, 12288), -12288)
	a1 := n.a[0] * 32640 >> 15
	if sameSign(p, n.p[0]) {
		a1 += 192
	} else {
		a1 -= 192
	}
	limit := 15360 - a2
	a1 = max(min(saturate(a1), limit), -limit)

	// Zero section.
	gain := 128
	if d == 0 {
		gain = 0
	}
	for i := range n.b {
		g := gain
		if !sameSign(n.d[i], d) {
			g = -g
		}
		n.b[i] = saturate(g + n.b[i]*32640>>15)
	}

	copy(n.d[1:], n.d[:5])
	n.d[0] = d
	n.r[1], n.r[0] = n.r[0], r
	n.p[1], n.p[0] = n.p[0], p
	n.a = [2]int{a1, a2}

	pole := saturate(a1*saturate(2*n.r[0])>>15 + a2*saturate(2*n.r[1])>>15)
	zero := 0
	for i := range n.b {
		zero += n.b[i] * saturate(2*n.d[i]) >> 15
	}
	n.sz = saturate(zero)
	n.s = saturate(pole + n.sz)
}

func sameSign(a, b int) bool { return (a < 0) == (b < 0) }

// G722Encoder encodes one stream; make it with NewG722Encoder.
type G722Encoder struct {
	low, high band
	history   [24]int
	pending   int // a sample left over when an odd number came
	odd       bool
}

// NewG722Encoder makes an encoder in the reset state.
func NewG722Encoder() *G722Encoder { return &G722Encoder{low: lowBand(), high: highBand()} }

// Encode appends one byte for each two samples at 16 kHz. An odd sample is kept
// for the next call.
func (e *G722Encoder) Encode(dst []byte, samples []int16) []byte {
	for _, s := range samples {
		if !e.odd {
			e.pending, e.odd = int(s), true
			continue
		}
		e.odd = false
		dst = append(dst, e.pair(e.pending, int(s)))
	}
	return dst
}

func (e *G722Encoder) pair(first, second int) byte {
	copy(e.history[:], e.history[2:])
	e.history[22], e.history[23] = first, second
	even, odd := 0, 0
	for i, c := range mirrorFilter {
		odd += e.history[2*i] * c
		even += e.history[2*i+1] * mirrorFilter[11-i]
	}
	low := (even + odd) >> 14
	high := (even - odd) >> 14
	return e.encodeLow(low) | e.encodeHigh(high)<<6
}

// encodeLow finds the decision interval of the difference (QUANTL) and adapts to
// the four bits that survive bit stealing.
func (e *G722Encoder) encodeLow(x int) byte {
	diff := saturate(x - e.low.s)
	magnitude := diff
	if diff < 0 {
		magnitude = ^diff
	}
	level := 1
	for level < len(decisionLow) && magnitude >= decisionLow[level]*e.low.det>>12 {
		level++
	}
	// Positive codes count down from 61, negative ones from 63 and then from 31.
	code := 62 - level
	if diff < 0 {
		if code = 64 - level; level > 2 {
			code = 34 - level
		}
	}
	e.low.next(code >> 2)
	return byte(code)
}

// next adapts the lower band to a four-bit code (INVQAL, LOGSCL).
func (n *band) next(code int) {
	d := n.det * quantLow4[code] >> 15
	n.scale(stepLow[code])
	n.adapt(d)
}

func (e *G722Encoder) encodeHigh(x int) byte {
	diff := saturate(x - e.high.s)
	magnitude := diff
	if diff < 0 {
		magnitude = ^diff
	}
	code := 3 // small and positive
	if magnitude >= 564*e.high.det>>12 {
		code = 2
	}
	if diff < 0 {
		code -= 2
	}
	e.high.nextHigh(code)
	return byte(code)
}

// nextHigh adapts the higher band to a two-bit code (INVQAH, LOGSCH) and returns
// the quantised difference.
func (n *band) nextHigh(code int) int {
	d := n.det * quantHigh[code] >> 15
	n.scale(stepHigh[code])
	n.adapt(d)
	return d
}

// G722Decoder decodes one stream; make it with NewG722Decoder.
type G722Decoder struct {
	low, high band
	history   [24]int
}

// NewG722Decoder makes a decoder in the reset state.
func NewG722Decoder() *G722Decoder { return &G722Decoder{low: lowBand(), high: highBand()} }

// Decode appends two samples at 16 kHz for each byte.
func (d *G722Decoder) Decode(dst []int16, payload []byte) []int16 {
	for _, b := range payload {
		code := int(b & 63)
		low := clip15(d.low.s + d.low.det*quantLow6[code]>>15)
		d.low.next(code >> 2)

		code = int(b >> 6)
		predicted := d.high.s
		high := clip15(predicted + d.high.nextHigh(code))

		copy(d.history[:], d.history[2:])
		d.history[22], d.history[23] = low+high, low-high
		first, second := 0, 0
		for i, c := range mirrorFilter {
			second += d.history[2*i] * c
			first += d.history[2*i+1] * mirrorFilter[11-i]
		}
		dst = append(dst, int16(saturate(first>>11)), int16(saturate(second>>11)))
	}
	return dst
}

func clip15(x int) int { return max(min(x, 16383), -16384) }
