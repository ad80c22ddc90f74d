package telephony

import "strings"

// Codec is an audio quality between two regions. It is a ceiling, not a choice: the best codec up to
// it that both ends have is used.
type Codec string

// The ceilings in rising order.
const (
	CodecG729 Codec = "G729"
	CodecILBC Codec = "iLBC"
	CodecG711 Codec = "G711"
	CodecG722 Codec = "G722"
	CodecOpus Codec = "Opus"
)

// Codecs lists the ceilings in rising order.
var Codecs = []Codec{CodecG729, CodecILBC, CodecG711, CodecG722, CodecOpus}

// Rank is the codec's place in the rising order, 1 to 5; 0 for what is no codec.
func (c Codec) Rank() int {
	for i, known := range Codecs {
		if strings.EqualFold(string(c), string(known)) {
			return i + 1
		}
	}
	return 0
}

// AtMost reports whether the codec lies at or below the ceiling.
func (c Codec) AtMost(ceiling Codec) bool { return c.Rank() != 0 && c.Rank() <= ceiling.Rank() }

// DefaultCodecWithin is the ceiling inside a region, DefaultCodecBetween that between two regions, where
// neither region says anything (as CallManager ships: G.711 inside, G.729 between).
const (
	DefaultCodecWithin  = CodecG711
	DefaultCodecBetween = CodecG729
)
