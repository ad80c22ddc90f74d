// Package admission decides what a pair of places allows: the best codec between two regions.
package admission

import "tandem/telephony"

// Pair is an ordered pair of regions.
type Pair struct{ From, To telephony.RegionName }

// Codecs is the matrix of regions: the best codec allowed from a region to another. An absent pair has the default of
// telephony.DefaultCodecWithin or telephony.DefaultCodecBetween.
type Codecs map[Pair]telephony.Codec

// Between gives the ceiling of a pair of regions. When the two directions were given differently the lower counts, so
// that both ends come to the same codec.
func (c Codecs) Between(a, b telephony.RegionName) telephony.Codec {
	x, okX := c[Pair{a, b}]
	y, okY := c[Pair{b, a}]
	switch {
	case okX && okY && y.Rank() < x.Rank():
		return y
	case okX:
		return x
	case okY:
		return y
	case a == b:
		return telephony.DefaultCodecWithin
	}
	return telephony.DefaultCodecBetween
}
