// Package session decides how two ends are to talk: which codecs of an offer another device may hear of, and what both
// can do within what their regions allow. It decides only; addresses come from the devices, and the order in which a
// device opens its media is its adapter's.
package session

import (
	"strings"

	"tandem/call/signal"
	"tandem/telephony"
)

// ceilings says which of the regions' ceilings a codec needs, by its registered name. What is not listed is taken for
// as demanding as G.711.
var ceilings = map[string]telephony.Codec{
	"G729": telephony.CodecG729, "G723": telephony.CodecG729, "ILBC": telephony.CodecILBC, "PCMU": telephony.CodecG711,
	"PCMA": telephony.CodecG711, "G722": telephony.CodecG722, "OPUS": telephony.CodecOpus, "L16": telephony.CodecOpus,
}

func rank(name string) int {
	if c, ok := ceilings[strings.ToUpper(name)]; ok {
		return c.Rank()
	}
	return telephony.CodecG711.Rank()
}

// accompanies says that a format is not a codec of its own: it goes where the audio goes.
func accompanies(c signal.Codec) bool {
	return c.Is("telephone-event") || c.Is("CN") || c.Is("red")
}

// Narrow removes from an offer the audio codecs above the ceiling and those that the device cannot receive, and keeps
// everything else: order, payload numbers, other streams. Without capabilities (SIP devices say theirs in the answer)
// only the ceiling counts. ok is false when no audio codec is left where there was an audio stream.
func Narrow(offer *signal.Session, device signal.Capabilities, ceiling telephony.Codec) (narrowed *signal.Session, ok bool) {
	if offer == nil {
		return nil, true
	}
	limit := ceiling.Rank()
	changed := false
	ok = true
	for i := range offer.Streams {
		s := &offer.Streams[i]
		if s.Kind != "audio" || s.Address.Port() == 0 {
			continue
		}
		kept, audio := make([]signal.Codec, 0, len(s.Codecs)), 0
		for _, c := range s.Codecs {
			if accompanies(c) {
				kept = append(kept, c)
				continue
			}
			if rank(c.Name) > limit || (len(device.Codecs) > 0 && !has(device.Codecs, c)) {
				continue
			}
			kept = append(kept, c)
			audio++
		}
		if audio == 0 {
			ok = false
		}
		if len(kept) != len(s.Codecs) {
			if !changed {
				offer = offer.Clone()
				s = &offer.Streams[i]
				changed = true
			}
			s.Codecs = kept
		}
	}
	return offer, ok
}

func has(codecs []signal.Codec, c signal.Codec) bool {
	for i := range codecs {
		if codecs[i].Is(c.Name) {
			return true
		}
	}
	return false
}

// Common gives the codecs that both can receive and the ceiling admits, best first: by rank, then in the order of a. An
// end that named none is taken for one that can do whatever the other can.
func Common(a, b signal.Capabilities, ceiling telephony.Codec) signal.Capabilities {
	limit := ceiling.Rank()
	from := a.Codecs
	if len(from) == 0 {
		from = b.Codecs
	}
	common := signal.Capabilities{Video: a.Video && b.Video, SRTP: a.SRTP && b.SRTP}
	for r := limit; r >= 1; r-- {
		for _, c := range from {
			if !accompanies(c) && rank(c.Name) == r && (len(b.Codecs) == 0 || has(b.Codecs, c)) {
				common.Codecs = append(common.Codecs, c)
			}
		}
	}
	for _, c := range from {
		if accompanies(c) {
			common.Codecs = append(common.Codecs, c)
		}
	}
	return common
}
