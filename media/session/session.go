// Package session decides how two ends are to talk: which codecs of an offer another device may hear of, and what both
// can do within what their regions allow. It decides only; addresses come from the devices, and the order in which a
// device opens its media is its adapter's.
package session

import (
	"strings"

	"tandem/call/signal"
)

// rank orders codecs by what they demand; a region's ceiling admits those up to its own rank. A codec that is not listed
// ranks with G.711.
var rank = map[string]int{"G729": 1, "G723": 1, "ILBC": 2, "PCMU": 3, "PCMA": 3, "G711": 3, "G722": 4, "OPUS": 5, "L16": 5}

// Rank gives a codec's place in the order G729 < iLBC < G711 < G722 < Opus.
func Rank(name string) int {
	if r, ok := rank[strings.ToUpper(name)]; ok {
		return r
	}
	return rank["G711"]
}

// accompanies says that a format is not a codec of its own: it goes where the audio goes.
func accompanies(c signal.Codec) bool {
	return c.Is("telephone-event") || c.Is("CN") || c.Is("red")
}

// Narrow removes from an offer the audio codecs above the ceiling and those that the device cannot receive, and keeps
// everything else: order, payload numbers, other streams. Without capabilities (SIP devices say theirs in the answer)
// only the ceiling counts. ok is false when no audio codec is left where there was an audio stream.
func Narrow(offer *signal.Session, device signal.Capabilities, ceiling string) (narrowed *signal.Session, ok bool) {
	if offer == nil {
		return nil, true
	}
	limit := Rank(ceiling)
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
			if Rank(c.Name) > limit || (len(device.Codecs) > 0 && !has(device.Codecs, c)) {
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
func Common(a, b signal.Capabilities, ceiling string) signal.Capabilities {
	limit := Rank(ceiling)
	from := a.Codecs
	if len(from) == 0 {
		from = b.Codecs
	}
	common := signal.Capabilities{Video: a.Video && b.Video, SRTP: a.SRTP && b.SRTP}
	for r := 5; r >= 1; r-- {
		if r > limit {
			continue
		}
		for _, c := range from {
			if !accompanies(c) && Rank(c.Name) == r && (len(b.Codecs) == 0 || has(b.Codecs, c)) {
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
