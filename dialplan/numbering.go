package dialplan

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Tag names a section of a number of the numbering plan.
type Tag uint8

// The tags of the North American plan (callmanager-4x.md A.4).
const (
	NoTag Tag = iota
	AreaCode
	CountryCode
	EndOfDialing
	InternationalAccess
	InternationalDirectDial
	InternationalOperator
	LocalAreaCode
	LocalDirectDial
	LocalOperator
	LongDistanceDirectDial
	LongDistanceOperator
	NationalNumber
	OfficeCode
	SatelliteService
	Service
	Subscriber
	TransitNetwork
	TransitNetworkEscape
	numTags
)

var tagNames = [numTags]string{"", "AREA-CODE", "COUNTRY-CODE", "END-OF-DIALING", "INTERNATIONAL-ACCESS",
	"INTERNATIONAL-DIRECT-DIAL", "INTERNATIONAL-OPERATOR", "LOCAL-AREA-CODE", "LOCAL-DIRECT-DIAL", "LOCAL-OPERATOR",
	"LONG-DISTANCE-DIRECT-DIAL", "LONG-DISTANCE-OPERATOR", "NATIONAL-NUMBER", "OFFICE-CODE", "SATELLITE-SERVICE", "SERVICE",
	"SUBSCRIBER", "TRANSIT-NETWORK", "TRANSIT-NETWORK-ESCAPE"}

// String is the tag as administrators write it.
func (t Tag) String() string { return tagNames[t] }

// TagNames lists all tags as administrators write them, in alphabetical order.
func TagNames() []string { return slices.Clone(tagNames[1:]) }

func tagByName(name string) (Tag, bool) {
	i := slices.Index(tagNames[:], strings.ToUpper(name))
	return Tag(i), i > 0
}

// numberForm is one kind of number of the numbering plan.
type numberForm struct {
	name  string
	elems []element
	tags  uint32 // bit for each tag that the form has
}

//go:embed north_american.txt
var northAmericanText string

// northAmerican is what "@" stands for.
var northAmerican = sync.OnceValue(func() []numberForm {
	forms, err := parseNumberingPlan(northAmericanText)
	if err != nil {
		panic("the numbering plan in the program is damaged: " + err.Error()) // a test reads the same text
	}
	return forms
})

// maxNumberForms bounds what a numbering plan expands to.
const maxNumberForms = 4096

// parseNumberingPlan reads the format that is described at the head of north_american.txt.
func parseNumberingPlan(text string) (forms []numberForm, err error) {
	sets := map[string][]string{}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(line, "set "):
			name, list, _ := strings.Cut(strings.TrimSpace(line[4:]), " ")
			for alternative := range strings.SplitSeq(list, "|") {
				sets["$"+name] = append(sets["$"+name], strings.TrimSpace(alternative))
			}
		case strings.HasPrefix(line, "number "):
			name, sections, _ := strings.Cut(line[7:], " : ")
			forms, err = expandNumber(forms, numberForm{name: strings.TrimSpace(name)}, strings.Fields(sections), sets)
		default:
			err = fmt.Errorf("neither set nor number")
		}
		if err != nil {
			return nil, fmt.Errorf("numbering plan, line %d: %w", n+1, err)
		}
	}
	return forms, nil
}

// expandNumber appends to forms every way of reading the words that follow what is in f already.
func expandNumber(forms []numberForm, f numberForm, words []string, sets map[string][]string) ([]numberForm, error) {
	if len(words) == 0 {
		if len(forms) >= maxNumberForms {
			return nil, fmt.Errorf("more than %d forms", maxNumberForms)
		}
		return append(forms, f), nil
	}
	if words[0] == "(" {
		end := slices.Index(words, ")")
		if end < 0 {
			return nil, fmt.Errorf(`"(" without ")"`)
		}
		with := append(slices.Clone(words[1:end]), words[end+1:]...)
		forms, err := expandNumber(forms, f, words[end+1:], sets)
		if err != nil {
			return nil, err
		}
		return expandNumber(forms, f, with, sets)
	}
	name, value, _ := strings.Cut(words[0], "=")
	tag, ok := tagByName(name)
	if !ok {
		return nil, fmt.Errorf("unknown tag %q", name)
	}
	alternatives := []string{value}
	if strings.HasPrefix(value, "$") {
		if alternatives = sets[value]; alternatives == nil {
			return nil, fmt.Errorf("unknown set %q", value)
		}
	}
	for _, a := range alternatives {
		p, err := parsePattern(a)
		if err != nil {
			return nil, err
		}
		if p.at || p.dot >= 0 || len(p.elems) == 0 {
			return nil, fmt.Errorf("%q is not a section of a number", a)
		}
		g := numberForm{name: f.name, elems: slices.Clone(f.elems), tags: f.tags | 1<<tag}
		for _, e := range p.elems {
			e.tag = tag
			g.elems = append(g.elems, e)
		}
		if forms, err = expandNumber(forms, g, words[1:], sets); err != nil {
			return nil, err
		}
	}
	return forms, nil
}
