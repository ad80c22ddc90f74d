package dialplan

import (
	"fmt"
	"slices"
	"strings"
)

// Operator says what a term of a route filter asks of a section.
type Operator uint8

// The operators of route filters.
const (
	Exists       Operator = iota // the number has the section
	DoesNotExist                 // the number does not have it
	Equals                       // the section has these digits
)

// Term is one condition of a route filter.
type Term struct {
	Tag      Tag
	Operator Operator
	Value    string // for Equals: digits, X and sets, one for each digit of the section

	elems []element
}

// RouteFilter narrows "@": a number passes if all terms of at least one clause hold. The zero RouteFilter lets everything pass.
// It is made by ParseRouteFilter and immutable.
type RouteFilter struct {
	text    string
	clauses [][]Term
}

// String is the filter as it was written.
func (f *RouteFilter) String() string { return f.text }

// maxFilterText bounds a route filter, in bytes; CallManager's form has the same bound.
const maxFilterText = 1024

// ParseRouteFilter reads "AREA-CODE == 972 AND OFFICE-CODE EXISTS OR INTERNATIONAL-ACCESS EXISTS": terms of a tag and an
// operator (EXISTS, DOES-NOT-EXIST, == digits), AND binding stronger than OR. The error is a *SyntaxError.
func ParseRouteFilter(text string) (*RouteFilter, error) {
	f := &RouteFilter{text: text}
	fail := func(pos int, problem, advice string) (*RouteFilter, error) {
		return nil, &SyntaxError{What: "route filter", Text: text, Pos: min(pos, len(text)), Problem: problem, Advice: advice}
	}
	if len(text) > maxFilterText {
		return fail(maxFilterText, fmt.Sprintf("more than %d characters", maxFilterText), "split it into several route patterns")
	}
	words := splitWords(text)
	word := func(i int) (string, int) {
		if i < len(words) {
			return strings.ToUpper(text[words[i][0]:words[i][1]]), words[i][0]
		}
		return "", len(text)
	}
	if len(words) == 0 {
		return f, nil
	}
	clause := []Term{}
	for i := 0; ; {
		name, at := word(i)
		tag, ok := tagByName(name)
		if !ok {
			return fail(at, "a tag is expected", "use one of "+strings.Join(TagNames(), ", "))
		}
		term := Term{Tag: tag}
		op, at := word(i + 1)
		i += 2
		switch op {
		case "EXISTS":
		case "DOES-NOT-EXIST":
			term.Operator = DoesNotExist
		case "==":
			term.Operator = Equals
			value, at := word(i)
			i++
			p, err := parsePattern(value)
			if err != nil || value == "" || p.at || p.dot >= 0 || slices.ContainsFunc(p.elems, func(e element) bool { return !e.plain() }) {
				return fail(at, `"==" needs digits`, "write digits, X or sets, one for each digit of the section, as in AREA-CODE == 97[12]")
			}
			term.Value, term.elems = value, p.elems
		default:
			return fail(at, "an operator is expected", "use EXISTS, DOES-NOT-EXIST or == digits")
		}
		clause = append(clause, term)
		link, at := word(i)
		i++
		switch link {
		case "":
			f.clauses = append(f.clauses, clause)
			return f, nil
		case "AND":
		case "OR":
			f.clauses = append(f.clauses, clause)
			clause = []Term{}
		default:
			return fail(at, "AND or OR is expected", "join terms with AND, clauses with OR")
		}
	}
}

// splitWords returns the byte ranges of the words of text; "==" is a word even without blanks around it.
func splitWords(text string) (words [][2]int) {
	for i := 0; i < len(text); {
		switch {
		case text[i] == ' ' || text[i] == '\t':
			i++
		case strings.HasPrefix(text[i:], "=="):
			words = append(words, [2]int{i, i + 2})
			i += 2
		default:
			j := i
			for j < len(text) && text[j] != ' ' && text[j] != '\t' && !strings.HasPrefix(text[j:], "==") {
				j++
			}
			words = append(words, [2]int{i, j})
			i = j
		}
	}
	return words
}

// apply returns the forms that pass, narrowed to the digits that the filter names, each once.
func (f *RouteFilter) apply(forms []numberForm) []numberForm {
	if f == nil || len(f.clauses) == 0 {
		return forms
	}
	var out []numberForm
	for _, form := range forms {
		first := len(out)
	clauses:
		for _, clause := range f.clauses {
			narrowed := form
			for _, t := range clause {
				var ok bool
				if narrowed, ok = t.apply(narrowed); !ok {
					continue clauses
				}
			}
			if !slices.ContainsFunc(out[first:], func(g numberForm) bool { return slices.Equal(g.elems, narrowed.elems) }) {
				out = append(out, narrowed)
			}
		}
	}
	return out
}

func (t Term) apply(f numberForm) (numberForm, bool) {
	has := f.tags>>t.Tag&1 != 0
	switch t.Operator {
	case Exists:
		return f, has
	case DoesNotExist:
		return f, !has
	}
	if !has {
		return f, false
	}
	start := slices.IndexFunc(f.elems, func(e element) bool { return e.tag == t.Tag })
	end := start
	for end < len(f.elems) && f.elems[end].tag == t.Tag {
		end++
	}
	section := f.elems[start:end]
	replaced := make([]element, len(t.elems))
	for i, e := range t.elems {
		mine := section[min(i, len(section)-1)]
		if i >= len(section) && !mine.loop {
			return f, false
		}
		replaced[i] = element{set: e.set & mine.set, tag: t.Tag}
		if replaced[i].set == 0 {
			return f, false
		}
	}
	if len(t.elems) < len(section) {
		return f, false
	}
	return numberForm{name: f.name, tags: f.tags, elems: slices.Concat(f.elems[:start], replaced, f.elems[end:])}, true
}
