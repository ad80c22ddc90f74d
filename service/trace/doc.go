// Package trace keeps what happened, to be told later: the story of a device in plain sentences (Stories), the messages of a
// call as a ladder (Ladders), and the structured log with its rotation (OpenLog).
//
// Everything is bounded: a flood of unknown devices, a call without end or a full disk cost a fixed amount of memory, and
// what tells never waits for a disk. All text that came from a peer is made harmless for a terminal before it is kept.
//
// What does not live here: alarms (service/alarm), figures (service/counter), call records (cdr).
package trace

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text from a peer harmless to print and at most limit bytes long: control and formatting characters and bytes
// that are no UTF-8 become U+FFFD, so that nothing can move the cursor or turn the line round.
func clean(text string, limit int) string {
	cut := false
	if len(text) > limit {
		text = text[:limit]
		for i := 0; i < utf8.UTFMax && len(text) > 0; i++ {
			if r, size := utf8.DecodeLastRuneInString(text); r != utf8.RuneError || size != 1 {
				break
			}
			text = text[:len(text)-1]
		}
		cut = true
	}
	if strings.IndexFunc(text, harmful) >= 0 {
		text = strings.Map(func(r rune) rune {
			if harmful(r) {
				return utf8.RuneError
			}
			return r
		}, text)
	}
	if cut {
		return text + "…"
	}
	return strings.Clone(text)
}

func harmful(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
