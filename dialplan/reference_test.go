package dialplan

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// This file holds the slow matcher that is right at a glance: patterns become regular expressions by replacing text, how many
// numbers a pattern matches is counted by trying all of them, and the winner is looked for in a list.

// expression turns a pattern without "@" into a regular expression.
func expression(pattern string) *regexp.Regexp {
	pattern = strings.ReplaceAll(pattern, ".", "")
	pattern = strings.ReplaceAll(pattern, "?", "{0,}")
	pattern = regexp.MustCompile(`([^\\])\+`).ReplaceAllString(pattern, "${1}{1,}")
	pattern = strings.ReplaceAll(pattern, "X", "[0-9]")
	pattern = strings.ReplaceAll(pattern, "!", "[0-9]{1,}")
	pattern = strings.ReplaceAll(pattern, "*", `[*]`)
	pattern = strings.ReplaceAll(pattern, "[^1]", "[02-9]")
	pattern = strings.ReplaceAll(pattern, "[^2-9]", "[01]")
	return regexp.MustCompile("^(?:" + pattern + ")$")
}

// pieces are what generated patterns consist of; expression knows all of them.
var pieces = []string{"1", "2", "3", "1", "2", "X", "X", "!", "#", "*", `\+`, "[12]", "[1-3]", "[^1]", "[^2-9]", "A",
	"1?", "X?", "2+", "[12]+", "[^1]?", "X+", "[*]", "[1#]"}

func genText(t *rapid.T) string {
	text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 4).Draw(t, "pieces"), "")
	text = strings.ReplaceAll(text, "[*]", "*")
	if err := ParsePattern(text); err != nil {
		t.Fatalf("generated pattern %q: %v", text, err)
	}
	return text
}

// genDigits leans to what patterns are made of and, at the end, to "#".
var genDigits = rapid.Custom(func(t *rapid.T) string {
	digits := rapid.StringOfN(rapid.SampledFrom([]rune("11112222333905*#+A")), 0, 3, -1).Draw(t, "all")
	if len(digits) > 0 && len(digits) < 3 && rapid.Bool().Draw(t, "pound") {
		digits += "#"
	}
	return digits
})

// strings of each length over the whole alphabet.
var universe = func() (byLength [4][]string) {
	byLength[0] = []string{""}
	for n := 1; n < len(byLength); n++ {
		for _, s := range byLength[n-1] {
			for _, c := range alphabet {
				byLength[n] = append(byLength[n], s+string(c))
			}
		}
	}
	return byLength
}()

// slow is a pattern as the reference sees it.
type slow struct {
	Pattern
	expression *regexp.Regexp
	counts     [4]int
}

var slowCache = map[string]*slow{}

func newSlow(p Pattern) *slow {
	s, ok := slowCache[p.Text]
	if !ok {
		s = &slow{expression: expression(p.Text)}
		for n := range s.counts {
			for _, digits := range universe[n] {
				if s.expression.MatchString(digits) {
					s.counts[n]++
				}
			}
		}
		slowCache[p.Text] = s
	}
	c := *s
	c.Pattern = p
	return &c
}

// couldMatch tries continuations: generated patterns have at most four elements, so four more characters suffice, one out of
// each group that the pieces tell apart, and of the characters that stand only for themselves those that the pattern names.
func (s *slow) couldMatch(digits string) bool {
	candidates := "0123"
	for _, c := range "*#+A" {
		if strings.ContainsRune(s.Text, c) {
			candidates += string(c)
		}
	}
	var try func(digits string, left int) bool
	try = func(digits string, left int) bool {
		if left == 0 {
			return false
		}
		for _, c := range candidates {
			if next := digits + string(c); s.expression.MatchString(next) || try(next, left-1) {
				return true
			}
		}
		return false
	}
	key := [2]string{s.Text, digits}
	could, known := couldCache[key]
	if !known {
		could = try(digits, 4)
		couldCache[key] = could
	}
	return could
}

var couldCache = map[[2]string]bool{}

// reference is a whole plan in slow.
type reference struct {
	patterns []*slow
	spaces   map[string][]string
}

func (r reference) order(q Request) []string {
	return slices.Concat(r.spaces[q.LineCSS], r.spaces[q.DeviceCSS], []string{""})
}

func (r reference) closest(q Request, digits string) (best *slow) {
	order := r.order(q)
	rank := func(s *slow) []int {
		repeats := 0
		if strings.ContainsAny(strings.ReplaceAll(s.Text, `\+`, ""), "!?+") {
			repeats = 1
		}
		return []int{s.counts[len(digits)], slices.Index(order, s.Partition), repeats}
	}
	for _, s := range r.patterns {
		if !slices.Contains(order, s.Partition) || !s.expression.MatchString(digits) {
			continue
		}
		if best == nil || slices.Compare(rank(s), rank(best)) < 0 || slices.Equal(rank(s), rank(best)) && s.ID < best.ID {
			best = s
		}
	}
	return best
}

func (r reference) open(q Request, digits string) bool {
	return slices.ContainsFunc(r.patterns, func(s *slow) bool {
		return slices.Contains(r.order(q), s.Partition) && s.couldMatch(digits)
	})
}

// tonal: something matches or could match, and all of it has outside dial tone.
func (r reference) tonal(q Request, digits string) bool {
	some := false
	for _, s := range r.patterns {
		if slices.Contains(r.order(q), s.Partition) && (s.expression.MatchString(digits) || s.couldMatch(digits)) {
			if !s.OutsideDialTone {
				return false
			}
			some = true
		}
	}
	return some
}

// decide answers a request whose winner is no translation.
func (r reference) decide(q Request) Decision {
	found := func(s *slow, dialed string) Decision {
		return Decision{Answer: RouteFound, Pattern: &s.Pattern, Dialed: dialed, Called: dialed}
	}
	best, open := r.closest(q, q.Digits), r.open(q, q.Digits)
	if best != nil && (q.Complete || !open || best.Urgent) {
		return found(best, q.Digits)
	}
	var ended *slow
	shorter, pound := strings.CutSuffix(q.Digits, "#")
	if best == nil && pound {
		ended = r.closest(q, shorter)
		if ended != nil && (q.Complete || !open) {
			return found(ended, shorter)
		}
	}
	d := Decision{Dialed: q.Digits, Called: q.Digits}
	if open && !q.Complete {
		d.Answer, d.MatchNow = MoreDigits, best != nil || ended != nil
		d.OutsideDialTone = r.tonal(q, q.Digits) && (q.Digits == "" || !r.tonal(q, q.Digits[:len(q.Digits)-1]))
		return d
	}
	if open || pound && r.open(q, shorter) {
		return d.noRoute(CauseInvalidNumberFormat, ReasonIncomplete)
	}
	return d.noRoute(CauseUnallocatedNumber, ReasonUnknown)
}

func genPattern(t *rapid.T, id PatternID) Pattern {
	return Pattern{
		ID:              id,
		Partition:       rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "partition"),
		Text:            genText(t),
		Kind:            rapid.SampledFrom([]Kind{DirectoryNumber, RoutePattern}).Draw(t, "kind"),
		Urgent:          rapid.IntRange(0, 3).Draw(t, "urgent") == 0,
		OutsideDialTone: rapid.Bool().Draw(t, "tone"),
	}
}

var testSpaces = map[string][]string{"ab": {"a", "b"}, "ba": {"b", "a"}, "c": {"c"}, "b": {"b"}}

func spaceChanges() (changes []Change) {
	for name, partitions := range testSpaces {
		changes = append(changes, SetSearchSpace(name, partitions...))
	}
	return changes
}

func genRequest(t *rapid.T) Request {
	return Request{
		LineCSS:   rapid.SampledFrom([]string{"", "ab", "ba", "c", "unknown"}).Draw(t, "line"),
		DeviceCSS: rapid.SampledFrom([]string{"", "b", "c", "ab"}).Draw(t, "device"),
		Digits:    genDigits.Draw(t, "digits"),
		Complete:  rapid.Bool().Draw(t, "complete"),
	}
}

func identifier(p *Pattern) PatternID {
	if p == nil {
		return ""
	}
	return p.ID
}

// Any plan decides any digits as the reference does.
func TestAnalyzeAgreesWithReference(t *testing.T) {
	outcomes := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		ref := reference{spaces: testSpaces}
		changes := spaceChanges()
		for i := range rapid.IntRange(1, 12).Draw(t, "patterns") {
			p := genPattern(t, PatternID(rune('k'-i)))
			changes = append(changes, Put(p))
			ref.patterns = append(ref.patterns, newSlow(p))
		}
		plan, err := New(changes...)
		if err != nil {
			t.Fatal(err)
		}
		for range 12 {
			q := genRequest(t)
			got, want := plan.Analyze(q), ref.decide(q)
			if identifier(got.Pattern) != identifier(want.Pattern) {
				t.Fatalf("%+v: pattern %q, reference %q", q, identifier(got.Pattern), identifier(want.Pattern))
			}
			outcomes[want.Answer.String()]++
			if want.MatchNow {
				outcomes["match now"]++
			}
			if want.OutsideDialTone {
				outcomes["tone"]++
			}
			if want.Answer == RouteFound && want.Dialed != q.Digits {
				outcomes["ended by #"]++
			}
			got.Pattern, want.Pattern = nil, nil
			if got.Answer != want.Answer || got.Cause != want.Cause || got.Reason != want.Reason || got.MatchNow != want.MatchNow ||
				got.OutsideDialTone != want.OutsideDialTone || got.Dialed != want.Dialed || got.Called != want.Called {
				t.Fatalf("%+v:\n got  %+v\n want %+v", q, got, want)
			}
			if x := plan.Explain(q); x.Decision.Answer != got.Answer || x.Decision.Called != got.Called || x.Decision.MatchNow != got.MatchNow {
				t.Fatalf("%+v: Explain decides %+v, Analyze %+v", q, x.Decision, got)
			}
		}
	})
	t.Log(outcomes)
	for _, o := range []string{"no route", "more digits", "route found", "match now", "tone", "ended by #"} {
		if outcomes[o] == 0 {
			t.Errorf("no generated case had the outcome %q: %v", o, outcomes)
		}
	}
}

// How many numbers a pattern matches is what trying all of them counts.
func TestNumbersAgreeWithCounting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := genText(t)
		p := Pattern{ID: "p", Text: text}
		c, err := p.compile()
		if err != nil {
			t.Fatal(err)
		}
		want := newSlow(p).counts
		a := newAutomaton(c.forms[0].elems)
		for n, w := range want {
			if w == 0 {
				continue // numbers is only asked about lengths that match
			}
			if got := c.forms[0].numbers(n); got != (Count{uint64(w)}) {
				t.Fatalf("%q matches %s numbers of length %d, counted %d", text, got, n, w)
			}
		}
		digits := genDigits.Draw(t, "digits")
		states := a.start()
		for i := range len(digits) {
			states = a.step(states, symbolOf[digits[i]])
		}
		if a.accepts(states) != expression(text).MatchString(digits) {
			t.Fatalf("%q and %q: automaton says %v", text, digits, a.accepts(states))
		}
		if a.accepts(states) {
			checkAlignment(t, c.forms[0], digits)
		}
	})
}

// checkAlignment: the cuts cover the digits, and each element takes what it may.
func checkAlignment(t *rapid.T, f *form, digits string) {
	cuts := f.align(digits)
	if cuts[0] != 0 || int(cuts[len(f.elems)]) != len(digits) {
		t.Fatalf("%s on %s: cuts %v do not cover it", f.text(), digits, cuts[:len(f.elems)+1])
	}
	for i, e := range f.elems {
		part := digits[cuts[i]:cuts[i+1]]
		if !expression(renderElements([]element{e}, -1)).MatchString(part) {
			t.Fatalf("%s on %s: element %d takes %q", f.text(), digits, i, part)
		}
	}
}
