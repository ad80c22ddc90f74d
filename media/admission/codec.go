// Package admission decides what a pair of places allows: the best codec between two regions.
package admission

import "tandem/media/session"

// Codecs is the matrix of regions: the best codec allowed from a region to another.
type Codecs map[[2]string]string

// Default is the ceiling within and between regions for which nothing is configured.
const Default = "G722"

// Between gives the ceiling of a pair of regions. When the two directions were given differently the lower counts, so
// that both ends come to the same codec.
func (c Codecs) Between(a, b string) string {
	x, okX := c[[2]string{a, b}]
	y, okY := c[[2]string{b, a}]
	switch {
	case okX && okY:
		if session.Rank(y) < session.Rank(x) {
			return y
		}
		return x
	case okX:
		return x
	case okY:
		return y
	}
	return Default
}
