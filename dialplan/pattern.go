package dialplan

import (
	"fmt"
	"strings"
)

// maxPatternText bounds the written form of a pattern in bytes; sets are longer than the digit they stand for.
const maxPatternText = 256

// SyntaxError says what is wrong with something that an administrator wrote, where, and what to write instead.
type SyntaxError struct {
	What    string // "pattern", "route filter", "mask" ...
	Text    string // as written
	Pos     int    // offset in bytes of the first character that is wrong, len(Text) if something is missing at the end
	Problem string
	Advice  string
}

// Error says it in one line, with the position counted from 1 as people do.
func (e *SyntaxError) Error() string {
	where := fmt.Sprintf("character %d", e.Pos+1)
	if e.Pos >= len(e.Text) {
		where = "at the end"
	}
	return fmt.Sprintf("%s %q, %s: %s; %s", e.What, e.Text, where, e.Problem, e.Advice)
}

// element is one symbol out of a set; loop: it may be repeated; skip: it may be absent.
type element struct {
	set  symbolSet
	loop bool
	skip bool
	tag  Tag // section of the numbering plan that the element belongs to, NoTag outside of "@"
}

func (e element) plain() bool { return !e.loop && !e.skip }

// parsed is a pattern before "@" is replaced by the forms of the numbering plan.
type parsed struct {
	elems []element
	dot   int  // number of elements before ".", -1 without
	at    bool // "@" follows the elements
	hasAt int  // where in the text "@" is
}

// ParsePattern checks the syntax of a pattern; the error is a *SyntaxError with position and advice.
//
//	0-9 * # A-D   themselves          X  one digit 0-9        !  one or more digits 0-9
//	\+            international plus  [1-39*]  one of         [^1-3]  one of the digits 0-9 that are not named
//	?             zero or more of the digit or wildcard before; +  one or more of it
//	.             ends the access code (for PreDot)           @  any number of the numbering plan; last character
//
// The empty pattern is valid: it matches before the first digit (hot line).
func ParsePattern(text string) error {
	p, err := parsePattern(text)
	if err != nil {
		return err
	}
	_, err = formsOf(text, p, nil)
	return err
}

func parsePattern(text string) (parsed, error) {
	p := parsed{dot: -1}
	fail := func(pos int, problem, advice string) (parsed, error) {
		return parsed{}, &SyntaxError{What: "pattern", Text: text, Pos: pos, Problem: problem, Advice: advice}
	}
	if len(text) > maxPatternText {
		return fail(maxPatternText, fmt.Sprintf("more than %d characters", maxPatternText), "shorten it")
	}
	quantifiable := false
	for i := 0; i < len(text); {
		c := text[i]
		if p.at {
			return fail(i, `something follows "@"`, `make "@" the last character`)
		}
		start := i
		i++
		switch {
		case c == 'X' || c == 'x':
			p.elems = append(p.elems, element{set: decimalDigits})
			quantifiable = true
		case c == '!':
			p.elems = append(p.elems, element{set: decimalDigits, loop: true})
			quantifiable = false
		case c == '?' || c == '+':
			if !quantifiable {
				if c == '+' && start == 0 {
					return fail(start, `"+" repeats what is before it, and nothing is`, `write \+ for the plus of an international number`)
				}
				return fail(start, fmt.Sprintf("%q repeats a digit, X or set, and there is none directly before it", c),
					"put it directly behind the digit, X or set to repeat")
			}
			e := &p.elems[len(p.elems)-1]
			e.loop, e.skip = true, c == '?'
			quantifiable = false
		case c == '.':
			if p.dot >= 0 {
				return fail(start, `a second "."`, "keep the one that ends the access code")
			}
			p.dot = len(p.elems)
			quantifiable = false
		case c == '@':
			p.at, p.hasAt = true, start
			quantifiable = false
		case c == '\\':
			if i >= len(text) || text[i] != '+' {
				return fail(start, `"\" must be followed by "+"`, `write \+ for an international plus, and every other digit without "\"`)
			}
			i++
			p.elems = append(p.elems, element{set: setOf('+')})
			quantifiable = true
		case c == '[':
			set, next, serr := parseSet(text, start)
			if serr != nil {
				return parsed{}, serr
			}
			i = next
			p.elems = append(p.elems, element{set: set})
			quantifiable = true
		case symbolOf[c] != noSymbol:
			p.elems = append(p.elems, element{set: setOf(c)})
			quantifiable = true
		default:
			return fail(start, fmt.Sprintf("%q is not part of the pattern language", firstRune(text[start:])),
				`use 0-9 * # A-D X ! ? + [ ] . @ and \+`)
		}
		if len(p.elems) > MaxDigits {
			return fail(start, fmt.Sprintf("more than %d digits", MaxDigits), "shorten it")
		}
	}
	return p, nil
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// parseSet reads "[...]" that begins at start and returns the offset behind it.
func parseSet(text string, start int) (set symbolSet, next int, err error) {
	fail := func(pos int, problem, advice string) (symbolSet, int, error) {
		return 0, 0, &SyntaxError{What: "pattern", Text: text, Pos: pos, Problem: problem, Advice: advice}
	}
	i := start + 1
	negated := false
	if i < len(text) && text[i] == '^' {
		negated = true
		i++
	}
	const members = `name digits as in [1369], ranges as in [2-9], or what is not wanted as in [^01]`
	previous := noSymbol // the left end, if a "-" follows
	for ; ; i++ {
		if i >= len(text) {
			return fail(len(text), `"[" without "]"`, `close the set with "]"`)
		}
		c := text[i]
		switch {
		case c == ']':
			if set == 0 {
				return fail(i, "the set is empty", members)
			}
			if negated {
				set = decimalDigits &^ set
				if set == 0 {
					return fail(start, "the set excludes every digit", members)
				}
			}
			return set, i + 1, nil
		case c == '-':
			if previous == noSymbol || i+1 >= len(text) {
				return fail(i, `"-" needs a digit on both sides`, members)
			}
			right := symbolOf[text[i+1]]
			if previous >= 10 || right >= 10 {
				return fail(i, `a range runs between digits 0-9 only`, members)
			}
			if right < previous {
				return fail(i, "the range runs backwards", fmt.Sprintf("write [%c-%c]", alphabet[right], alphabet[previous]))
			}
			for s := previous; s <= right; s++ {
				set |= 1 << s
			}
			previous = noSymbol
			i++
		case c == '\\' && i+1 < len(text) && text[i+1] == '+':
			i++
			set |= setOf('+')
			previous = noSymbol
		case symbolOf[c] != noSymbol && c != '+':
			previous = symbolOf[c]
			set |= 1 << previous
		case c == '^':
			return fail(i, `"^" stands only directly behind "["`, members)
		default:
			return fail(i, fmt.Sprintf("%q cannot be in a set", firstRune(text[i:])), members)
		}
	}
}

// renderElements writes elements in the pattern language, for explanations.
func renderElements(elems []element, dot int) string {
	var b strings.Builder
	for i, e := range elems {
		if i == dot {
			b.WriteByte('.')
		}
		switch {
		case e.loop && !e.skip && e.set == decimalDigits:
			b.WriteByte('!')
			continue
		default:
			b.WriteString(e.set.String())
		}
		if e.skip {
			b.WriteByte('?')
		} else if e.loop {
			b.WriteByte('+')
		}
	}
	if dot == len(elems) {
		b.WriteByte('.')
	}
	return b.String()
}
