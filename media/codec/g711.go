package codec

// G.711 compands 14-bit (mu-law) and 13-bit (A-law) samples to eight bits on a
// piecewise linear curve. Both directions are tables, computed once from the
// curve: decoding has 256 entries, encoding is indexed by the sample's top bits.

type muLaw struct{}
type aLaw struct{}

var (
	muLawToLinear = decodeTable(muLawValue)
	aLawToLinear  = decodeTable(aLawValue)
	linearToMuLaw = encodeTable(muLawCode)
	linearToALaw  = encodeTable(aLawCode)
)

func (muLaw) Encode(dst []byte, samples []int16) []byte {
	for _, s := range samples {
		dst = append(dst, linearToMuLaw[uint16(s)>>2])
	}
	return dst
}

func (muLaw) Decode(dst []int16, payload []byte) []int16 {
	for _, b := range payload {
		dst = append(dst, muLawToLinear[b])
	}
	return dst
}

func (aLaw) Encode(dst []byte, samples []int16) []byte {
	for _, s := range samples {
		dst = append(dst, linearToALaw[uint16(s)>>2])
	}
	return dst
}

func (aLaw) Decode(dst []int16, payload []byte) []int16 {
	for _, b := range payload {
		dst = append(dst, aLawToLinear[b])
	}
	return dst
}

func decodeTable(value func(byte) int) *[256]int16 {
	var t [256]int16
	for i := range t {
		t[i] = int16(value(byte(i)))
	}
	return &t
}

// encodeTable has an entry for each 14-bit sample; the two lowest of sixteen bits
// decide nothing in either law.
func encodeTable(code func(int) byte) *[1 << 14]byte {
	var t [1 << 14]byte
	for i := range t {
		t[i] = code(int(int16(i << 2)))
	}
	return &t
}

// muBias makes all eight segments of the mu-law curve begin at a power of two; in
// 16-bit scale (G.711 table 2a).
const muBias = 33 << 2

func muLawValue(b byte) int {
	b = ^b // all bits are inverted on the line
	segment, step := int(b>>4&7), int(b&15)
	magnitude := (step<<3+muBias)<<segment - muBias
	if b&0x80 != 0 {
		return -magnitude
	}
	return magnitude
}

func muLawCode(sample int) byte {
	sign := byte(0)
	if sample < 0 {
		// One's complement before the shift keeps the curve symmetric when the low
		// bits are gone.
		sign, sample = 0x80, ^sample
	}
	sample = min(sample, 32635) + muBias
	segment := 0
	for sample>>(segment+8) != 0 {
		segment++
	}
	return ^(sign | byte(segment)<<4 | byte(sample>>(segment+3)&15))
}

func aLawValue(b byte) int {
	b ^= 0x55 // even bits are inverted on the line
	segment, step := int(b>>4&7), int(b&15)
	magnitude := step<<4 + 8
	if segment > 0 {
		magnitude = (magnitude + 0x100) << (segment - 1)
	}
	if b&0x80 == 0 {
		return -magnitude
	}
	return magnitude
}

func aLawCode(sample int) byte {
	sign := byte(0x80)
	if sample < 0 {
		sign, sample = 0, ^sample
	}
	segment := 0
	for sample>>(segment+8) != 0 {
		segment++
	}
	step := sample >> 4 & 15
	if segment > 0 {
		step = sample >> (segment + 3) & 15
	}
	return (sign | byte(segment)<<4 | byte(step)) ^ 0x55
}
