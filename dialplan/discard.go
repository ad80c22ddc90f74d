package dialplan

import (
	"fmt"
	"strings"
)

// Discard is a digit-discard instruction: which part of the dialled digits a pattern drops. The zero Discard drops nothing.
type Discard struct {
	before   discardBefore
	sections string // name of a group of sections, "" for none
	pound    bool   // "Trailing-#"
}

type discardBefore uint8

const (
	keepPrefix discardBefore = iota
	preDot
	preAt
)

const (
	transitTags = 1<<TransitNetworkEscape | 1<<TransitNetwork
	longTags    = 1<<LongDistanceDirectDial | 1<<LongDistanceOperator
	abroadTags  = 1<<InternationalAccess | 1<<InternationalDirectDial
)

// sectionGroups are the instructions that drop sections of a number of the numbering plan, in the order in which they are shown.
var sectionGroups = []struct {
	name string
	tags uint32
}{
	{"10-10-Dialing", transitTags},
	{"11/10D->7D", transitTags | longTags | 1<<AreaCode | 1<<LocalAreaCode},
	{"11D->10D", transitTags | longTags},
	{"IntlAccess IntlDirectDial", transitTags | abroadTags},
	{"IntlTollBypass", transitTags | abroadTags | 1<<InternationalOperator | 1<<CountryCode},
}

const trailingPound = "Trailing-#"

func discardTags(name string) (uint32, bool) {
	for _, g := range sectionGroups {
		if g.name == name {
			return g.tags, true
		}
	}
	return 0, name == ""
}

// DiscardNames lists all digit-discard instructions as administrators choose them; the first one is NoDigits.
func DiscardNames() []string {
	names := []string{"NoDigits", trailingPound}
	for _, prefix := range []string{"", "PreDot", "PreAt"} {
		if prefix != "" {
			names = append(names, prefix, prefix+" "+trailingPound)
		}
		for _, g := range sectionGroups {
			name := strings.TrimSpace(prefix + " " + g.name)
			names = append(names, name, name+" "+trailingPound)
		}
	}
	return names
}

// ParseDiscard reads an instruction: one of DiscardNames, or "" which is NoDigits. The error is a *SyntaxError.
func ParseDiscard(text string) (Discard, error) {
	var d Discard
	rest := strings.Join(strings.Fields(text), " ")
	if rest == "" || rest == "NoDigits" {
		return d, nil
	}
	if r, ok := strings.CutSuffix(" "+rest, " "+trailingPound); ok {
		d.pound, rest = true, strings.TrimSpace(r)
	}
	if r, ok := strings.CutPrefix(rest+" ", "PreDot "); ok {
		d.before, rest = preDot, strings.TrimSpace(r)
	} else if r, ok := strings.CutPrefix(rest+" ", "PreAt "); ok {
		d.before, rest = preAt, strings.TrimSpace(r)
	}
	if _, ok := discardTags(rest); !ok {
		return Discard{}, &SyntaxError{What: "discard instruction", Text: text, Pos: max(strings.Index(text, rest), 0),
			Problem: fmt.Sprintf("%q is not an instruction", rest), Advice: "use one of " + strings.Join(DiscardNames(), ", ")}
	}
	d.sections = rest
	return d, nil
}

// String is the instruction as administrators choose it.
func (d Discard) String() string {
	if d == (Discard{}) {
		return "NoDigits"
	}
	words := []string{}
	switch d.before {
	case preDot:
		words = append(words, "PreDot")
	case preAt:
		words = append(words, "PreAt")
	}
	if d.sections != "" {
		words = append(words, d.sections)
	}
	if d.pound {
		words = append(words, trailingPound)
	}
	return strings.Join(words, " ")
}

// apply drops what the instruction names from digits, which the form matches.
func (d Discard) apply(digits string, f *form) string {
	if d == (Discard{}) {
		return digits
	}
	keep := digits
	if d.before != keepPrefix || d.sections != "" {
		keep = d.applySections(digits, f)
	}
	if d.pound {
		keep = strings.TrimSuffix(keep, "#")
	}
	return keep
}

func (d Discard) applySections(digits string, f *form) string {
	tags, _ := discardTags(d.sections)
	first := 0 // elements before this one are the prefix to drop
	switch {
	case d.before == preDot && f.dot > 0:
		first = f.dot
	case d.before == preAt && f.at > 0:
		first = f.at
	}
	cuts := f.align(digits)
	var kept [MaxDigits]byte
	n := 0
	for i, e := range f.elems {
		if i < first || e.tag != NoTag && tags>>e.tag&1 != 0 {
			continue
		}
		n += copy(kept[n:], digits[cuts[i]:cuts[i+1]])
	}
	return string(kept[:n])
}
