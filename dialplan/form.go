package dialplan

import "fmt"

// form is one way in which a pattern matches: the pattern itself, or with "@" one kind of number behind its prefix.
type form struct {
	pattern *compiled
	index   int    // place among the forms of the pattern
	name    string // the kind of number, "" without "@"
	elems   []element
	dot     int // elements before ".", -1 without
	at      int // elements before "@", -1 without

	fixed    int     // number of elements that are neither repeatable nor optional
	base     Count   // product of the sizes of the fixed ones
	variable uint8   // size of the set of the only repeatable element, 0 if there is none
	table    []Count // by length, if several elements are repeatable
}

// formsOf compiles the forms of a parsed pattern. The error is a *SyntaxError.
func formsOf(text string, p parsed, filter *RouteFilter) ([]*form, error) {
	fail := func(pos int, problem, advice string) ([]*form, error) {
		return nil, &SyntaxError{What: "pattern", Text: text, Pos: pos, Problem: problem, Advice: advice}
	}
	budget := maxSubsetSteps
	if !p.at {
		f := &form{elems: p.elems, dot: p.dot, at: -1}
		if !f.prepare(&budget) {
			return fail(0, "too many repeated wildcards that can stand for the same digits", "use fewer ! ? +, or split it into several patterns")
		}
		return []*form{f}, nil
	}
	numbers := filter.apply(northAmerican())
	if len(numbers) == 0 {
		return fail(p.hasAt, `no number of the numbering plan passes the route filter "`+filter.String()+`"`, "correct the route filter")
	}
	forms := make([]*form, 0, len(numbers))
	for _, n := range numbers {
		f := &form{name: n.name, dot: p.dot, at: len(p.elems)}
		f.elems = append(append(make([]element, 0, len(p.elems)+len(n.elems)), p.elems...), n.elems...)
		if len(f.elems) > MaxDigits {
			return fail(p.hasAt, fmt.Sprintf(`with the longest number of the plan more than %d digits`, MaxDigits), `shorten what is before "@"`)
		}
		if !f.prepare(&budget) {
			return fail(0, "too many repeated wildcards that can stand for the same digits", `use fewer ! ? + before "@"`)
		}
		f.index = len(forms)
		forms = append(forms, f)
	}
	return forms, nil
}

// prepare readies numbers(); false if the form is too ambiguous to count.
func (f *form) prepare(budget *int) bool {
	f.base = Count{1}
	variable := 0
	for _, e := range f.elems {
		if e.plain() {
			f.fixed++
			f.base = f.base.timesSmall(uint64(e.set.size()))
			continue
		}
		variable++
		f.variable = uint8(e.set.size())
	}
	if variable < 2 {
		return true
	}
	var ok bool
	f.table, ok = countByLength(f.elems, budget)
	return ok
}

// numbers is how many different strings of this length the form matches; the form must match at least one.
func (f *form) numbers(length int) Count {
	switch {
	case f.table != nil:
		return f.table[length]
	case f.variable != 0:
		return f.base.times(&powers[f.variable][length-f.fixed])
	}
	return f.base
}

// text renders the form in the pattern language.
func (f *form) text() string { return renderElements(f.elems, f.dot) }

// align says which digits each element takes: element i takes digits[cuts[i]:cuts[i+1]]. Where several readings are possible,
// earlier elements take as few digits as they can. The form must match digits.
func (f *form) align(digits string) (cuts [MaxDigits + 2]uint8) {
	if f.table == nil { // at most one repeatable element: the length leaves no choice
		at := 0
		for e, el := range f.elems {
			cuts[e] = uint8(at)
			if el.plain() {
				at++
			} else {
				at = len(digits) - (f.fixed - e)
			}
		}
		cuts[len(f.elems)] = uint8(at)
		return cuts
	}
	// fits[i] has bit e if elements from e on match digits from i on.
	var fits [MaxDigits + 1]uint64
	m := len(f.elems)
	for i := len(digits); i >= 0; i-- {
		if i == len(digits) {
			fits[i] = 1 << m
		}
		for e := m - 1; e >= 0; e-- {
			el := f.elems[e]
			ok := el.skip && fits[i]>>(e+1)&1 != 0
			if !ok && i < len(digits) && el.set.has(symbolOf[digits[i]]) {
				ok = fits[i+1]>>(e+1)&1 != 0 || el.loop && f.again(&fits, e, i+1, digits)
			}
			if ok {
				fits[i] |= 1 << e
			}
		}
	}
	at := 0
	for e, el := range f.elems {
		cuts[e] = uint8(at)
		if el.skip && fits[at]>>(e+1)&1 != 0 {
			continue
		}
		for at++; el.loop && fits[at]>>(e+1)&1 == 0; at++ {
		}
	}
	cuts[m] = uint8(at)
	return cuts
}

// again reports whether element e, having taken a digit already, can take more from i on so that the rest fits.
func (f *form) again(fits *[MaxDigits + 1]uint64, e, i int, digits string) bool {
	for ; i < len(digits) && f.elems[e].set.has(symbolOf[digits[i]]); i++ {
		if fits[i+1]>>(e+1)&1 != 0 {
			return true
		}
	}
	return false
}
