package dialplan

import (
	"cmp"
	"slices"
)

// Explanation is everything that led to a decision, as data; String renders it for a person.
type Explanation struct {
	Request  Request
	Passes   []Pass // the first for the dialled digits, one more for each translation
	Decision Decision
}

// Pass is one look-up.
type Pass struct {
	LineCSS, DeviceCSS string
	Digits             string      // what was looked up, without a "#" that only ended dialling
	EndedByPound       bool        // there was such a "#"
	Partitions         []string    // in the order in which they were searched; "" is the null partition
	Candidates         []Candidate // the best first
	More               bool        // there are more candidates than are listed
	Answer             Answer      // of this look-up alone
	Steps              []Step      // what the winner changed
}

// Verdict says how a candidate fared.
type Verdict uint8

// The verdicts.
const (
	Won             Verdict = iota
	Leads                   // would win if dialling ended here
	MatchesMore             // another one matches fewer numbers
	LaterPartition          // another one is as close, in a partition that is searched earlier
	Repetition              // another one is as close, in the same partition, and of fixed length
	LaterIdentifier         // another one is as close, in the same partition, with a smaller identifier
	NeedsMoreDigits         // could match a longer number
	OutOfReach              // matches, but its partition is in neither calling search space
)

// String is the verdict in words.
func (v Verdict) String() string {
	return [...]string{"wins", "would be taken if dialling ended here", "matches more numbers than the closest",
		"as close, but its partition is searched later", "as close, but another one in the same partition has a fixed length",
		"as close in the same partition, but its identifier is greater",
		"needs more digits", "out of reach: its partition is not in the search space"}[v]
}

// Candidate is a pattern that matches the digits or could with more of them.
type Candidate struct {
	Pattern *Pattern // not to be changed
	Form    string   // what matches, in the pattern language with "@" replaced; the pattern itself if it needs more digits
	Number  string   // the kind of number behind "@", "" otherwise
	Numbers Count    // how many different numbers of this length it matches; zero if it needs more digits
	Verdict Verdict
}

// Explain decides as Analyze does and tells why.
func (p *Plan) Explain(r Request) Explanation {
	x := Explanation{Request: r}
	x.Decision = p.analyze(&r, &x)
	for _, s := range x.Decision.Steps {
		x.Passes[s.Pass].Steps = append(x.Passes[s.Pass].Steps, s)
	}
	return x
}

const (
	maxHits       = 5000 // that one look-up collects
	maxCandidates = 50   // that one look-up lists
)

// pass records one look-up and its outcome; x is nil if nobody wants to know.
func (x *Explanation) pass(p *Plan, line, device, digits string, o outcome) outcome {
	if x == nil {
		return o
	}
	first, _ := p.spaces.get(line)
	second, _ := p.spaces.get(device)
	reach := make([]slot, 0, len(first)+len(second)+1)
	for _, s := range slices.Concat(first, second, []slot{0}) {
		if !slices.Contains(reach, s) {
			reach = append(reach, s)
		}
	}
	ps := Pass{LineCSS: line, DeviceCSS: device, Digits: o.digits, EndedByPound: len(o.digits) < len(digits), Answer: o.answer}
	for _, s := range reach {
		if int(s) < len(p.partitions) {
			ps.Partitions = append(ps.Partitions, p.partitions[s].name)
		} else {
			ps.Partitions = append(ps.Partitions, "")
		}
	}
	if o.reason != ReasonMalformed {
		ps.judge(p.hits(line, device, o.digits), o)
		if o.matchNow && o.answer == MoreDigits && len(ps.Candidates) > 0 && ps.Candidates[0].Verdict == NeedsMoreDigits {
			// Only without its "#" the number matches already.
			shorter := Pass{Digits: digits[:len(digits)-1]}
			shorter.judge(slices.DeleteFunc(p.hits(line, device, shorter.Digits), func(h hit) bool { return !h.match }), o)
			ps.Candidates = slices.Concat(shorter.Candidates, ps.Candidates)
		}
		ps.outOfReach(p, reach)
	}
	x.Passes = append(x.Passes, ps)
	return o
}

// hits collects what a look-up meets.
func (p *Plan) hits(line, device, digits string) []hit {
	var hits []hit
	s := scan{all: &hits}
	p.scan(&s, line, device, digits)
	return hits
}

// judge lists the candidates among hits, the best first, and says how each fared.
func (ps *Pass) judge(hits []hit, o outcome) {
	length := len(ps.Digits)
	slices.SortStableFunc(hits, func(a, b hit) int {
		if a.match != b.match {
			if a.match {
				return -1
			}
			return 1
		}
		if !a.match {
			return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.form.pattern.Text, b.form.pattern.Text), compareForms(a.form, b.form))
		}
		x, y := a.form.numbers(length), b.form.numbers(length)
		switch {
		case x.Less(y):
			return -1
		case y.Less(x):
			return 1
		}
		return cmp.Or(cmp.Compare(a.order, b.order), compareForms(a.form, b.form))
	})
	seen := map[*compiled]bool{}
	for i, h := range hits {
		c := h.form.pattern
		if seen[c] {
			continue
		}
		seen[c] = true
		if len(ps.Candidates) == maxCandidates {
			ps.More = true
			break
		}
		cand := Candidate{Pattern: &c.Pattern, Form: c.Text, Verdict: NeedsMoreDigits}
		if h.match {
			cand.Form, cand.Number, cand.Numbers = h.form.text(), h.form.name, h.form.numbers(length)
			best := hits[0]
			switch {
			case i == 0 && o.answer == RouteFound:
				cand.Verdict = Won
			case i == 0:
				cand.Verdict = Leads
			case cand.Numbers != best.form.numbers(length):
				cand.Verdict = MatchesMore
			case h.order != best.order:
				cand.Verdict = LaterPartition
			case h.form.variable != 0 && best.form.variable == 0:
				cand.Verdict = Repetition
			default:
				cand.Verdict = LaterIdentifier
			}
		}
		ps.Candidates = append(ps.Candidates, cand)
	}
}

// outOfReach adds patterns that match in partitions that the caller cannot reach: what administrators most often look for.
func (ps *Pass) outOfReach(p *Plan, reach []slot) {
	var hits []hit
	s := scan{all: &hits}
	s.set(ps.Digits)
	for i := range p.partitions {
		if len(hits) < maxHits && !slices.Contains(reach, slot(i)) {
			p.search(&s, slot(i))
		}
	}
	other := Pass{Digits: ps.Digits}
	other.judge(slices.DeleteFunc(hits, func(h hit) bool { return !h.match }), outcome{})
	for _, c := range other.Candidates {
		c.Verdict = OutOfReach
		ps.Candidates = append(ps.Candidates, c)
	}
	ps.More = ps.More || other.More
}
