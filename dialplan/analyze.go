package dialplan

import "slices"

// Request is a question: what do these digits mean to this caller?
type Request struct {
	LineCSS   string // calling search space of the line, searched first; "" for none
	DeviceCSS string // calling search space of the device
	Digits    string // all digits so far, 0-9 * # + A-D
	Complete  bool   // no more digits will come: T302 ran out, en-bloc dialling, a forwarding destination

	Calling      string // the caller's directory number
	ExternalMask string // external phone number mask of the caller's line
}

// Answer is what digit analysis says.
type Answer uint8

// The answers.
const (
	NoRoute    Answer = iota // the call ends with Cause
	MoreDigits               // wait for the next digit, at most T302
	RouteFound               // the call goes to Route
)

// String is the answer in words.
func (a Answer) String() string { return [...]string{"no route", "more digits", "route found"}[a] }

// Reason says in more detail than Cause why there is no route.
type Reason uint8

// The reasons.
const (
	ReasonNone       Reason = iota
	ReasonUnknown           // no pattern within reach matches, nor could with more digits
	ReasonIncomplete        // only with more digits a pattern could match, and none will come
	ReasonBlocked           // the pattern that matches blocks
	ReasonLoop              // translation patterns lead in a circle, or through more than MaxPasses
	ReasonMalformed         // more than MaxDigits digits, or characters that nobody can dial
)

// String is the reason in words.
func (r Reason) String() string {
	return [...]string{"", "no pattern within reach matches", "the number is incomplete", "the pattern blocks the call",
		"translation patterns lead in a circle", "not a number that can be dialled"}[r]
}

// MaxPasses bounds how many patterns a call goes through, translation patterns and the final one together.
const MaxPasses = 12

// Decision is the answer with everything that the caller of Analyze needs to act on it.
type Decision struct {
	Answer Answer

	// NoRoute
	Cause  Cause
	Reason Reason

	// MoreDigits. OutsideDialTone is true exactly at the digit from which on only patterns with outside dial tone are left;
	// the next digit ends the tone. MatchNow: a pattern matches already and is taken when T302 runs out.
	OutsideDialTone bool
	MatchNow        bool

	// RouteFound; with NoRoute the parts that were decided before the end.
	Pattern       *Pattern      // the pattern that decided last, nil if none did; not to be changed
	Dialed        string        // the digits that the first pattern matched, without a "#" that only ended dialling
	Called        string        // called party number after all transformations
	Calling       string        // calling party number after all transformations
	Presentations Presentations // the last word of each pattern passed, PresentationDefault where none spoke
	Steps         []Step        // translations and transformations that changed something, in order; nil if none did
}

// Party says whose number a step changed.
type Party uint8

// The parties.
const (
	CalledParty Party = iota
	CallingParty
)

// Operation is one kind of transformation.
type Operation uint8

// Operations in the order in which a pattern performs them.
const (
	ExternalMask  Operation = iota // CallingParty only
	DiscardDigits                  // CalledParty only
	TransformMask
	PrefixDigits
)

// String is the operation in the administrator's words.
func (o Operation) String() string {
	return [...]string{"external phone number mask", "discard digits", "transform mask", "prefix digits"}[o]
}

// Step records one transformation that changed a number.
type Step struct {
	Pass      int // from 0; each translation pattern begins a new one
	Pattern   PatternID
	Party     Party
	Operation Operation
	Argument  string // the mask, prefix or instruction
	Before    string
	After     string
}

// Analyze decides about the digits so far. It allocates only when a transformation changes a number.
func (p *Plan) Analyze(r Request) Decision { return p.analyze(&r, nil) }

// analyze runs the passes; x, if any, is told about each of them.
func (p *Plan) analyze(r *Request, x *Explanation) Decision {
	type question struct{ digits, css string }
	var asked [MaxPasses]question
	d := Decision{Dialed: r.Digits, Called: r.Digits, Calling: r.Calling}
	line, device, complete := r.LineCSS, r.DeviceCSS, r.Complete
	for pass := range MaxPasses {
		if pass > 0 {
			q := question{d.Called, line}
			for i := 1; i < pass; i++ {
				if asked[i] == q {
					return d.noRoute(CauseExchangeRouting, ReasonLoop)
				}
			}
			asked[pass] = q
		}
		o := p.pass(line, device, d.Called, complete, x)
		if pass == 0 {
			d.Dialed = o.digits
		}
		d.Called = o.digits
		switch o.answer {
		case MoreDigits:
			d.Answer, d.MatchNow, d.OutsideDialTone = MoreDigits, o.matchNow, o.outsideDialTone
			return d
		case NoRoute:
			return d.noRoute(o.cause, o.reason)
		}
		c := o.form.pattern
		d.Pattern = &c.Pattern
		if c.Block {
			cause := c.Cause
			if cause == 0 {
				cause = CauseCallRejected
			}
			return d.noRoute(cause, ReasonBlocked)
		}
		d.transform(c, o.form, pass, r)
		if c.Kind != TranslationPattern {
			d.Answer = RouteFound
			return d
		}
		line, device, complete = c.TranslationCSS, "", true
	}
	return d.noRoute(CauseExchangeRouting, ReasonLoop)
}

func (d Decision) noRoute(c Cause, r Reason) Decision {
	d.Answer, d.Cause, d.Reason = NoRoute, c, r
	return d
}

// transform applies what the pattern says to both numbers.
func (d *Decision) transform(c *compiled, f *form, pass int, r *Request) {
	step := func(party Party, op Operation, argument string, number *string, after string) {
		if after != *number {
			d.Steps = append(d.Steps, Step{pass, c.ID, party, op, argument, *number, after})
			*number = after
		}
	}
	if c.Calling.UseExternalMask && r.ExternalMask != "" {
		step(CallingParty, ExternalMask, r.ExternalMask, &d.Calling, ApplyMask(r.ExternalMask, r.Calling))
	}
	if m := c.Calling.Mask; m != "" {
		step(CallingParty, TransformMask, m, &d.Calling, ApplyMask(m, d.Calling))
	}
	if x := c.Calling.Prefix; x != "" {
		step(CallingParty, PrefixDigits, x, &d.Calling, x+d.Calling)
	}
	if i := c.Called.Discard; i != (Discard{}) {
		step(CalledParty, DiscardDigits, i.String(), &d.Called, i.apply(d.Called, f))
	}
	if m := c.Called.Mask; m != "" {
		step(CalledParty, TransformMask, m, &d.Called, ApplyMask(m, d.Called))
	}
	if x := c.Called.Prefix; x != "" {
		step(CalledParty, PrefixDigits, x, &d.Called, x+d.Called)
	}
	d.Presentations = d.Presentations.over(c.Presentations)
}

// outcome is the result of one pass.
type outcome struct {
	answer          Answer
	digits          string // without a "#" that only ended dialling
	form            *form
	cause           Cause
	reason          Reason
	matchNow        bool
	outsideDialTone bool
}

// pass looks digits up once, without following translations.
func (p *Plan) pass(line, device, digits string, complete bool, x *Explanation) outcome {
	if !dialable(digits) {
		return x.pass(p, line, device, digits, outcome{answer: NoRoute, digits: digits, cause: CauseInvalidNumberFormat, reason: ReasonMalformed})
	}
	var s scan
	p.scan(&s, line, device, digits)
	o := outcome{digits: digits, matchNow: s.best != nil}
	ended := false       // by a "#" that no pattern takes
	incomplete := s.open // digits were missing, if it ends here without a match
	if n := len(digits) - 1; s.best == nil && n >= 0 && digits[n] == '#' {
		var t scan
		p.scan(&t, line, device, digits[:n])
		switch {
		case t.best != nil && s.open && !complete:
			o.matchNow = true
		case t.best != nil:
			s, ended, o.digits = t, true, digits[:n]
		default:
			incomplete = incomplete || t.open
		}
	}
	switch {
	case s.best != nil && (complete || ended || !s.open || s.best.pattern.Urgent):
		o.answer, o.form = RouteFound, s.best
	case s.open && !complete:
		o.answer = MoreDigits
		o.outsideDialTone = s.tone == tonalForms && p.toneBegins(line, device, digits)
	case incomplete:
		o.answer, o.cause, o.reason = NoRoute, CauseInvalidNumberFormat, ReasonIncomplete
	default:
		o.answer, o.cause, o.reason = NoRoute, CauseUnallocatedNumber, ReasonUnknown
	}
	return x.pass(p, line, device, digits, o)
}

// toneBegins reports whether one digit less left a pattern without outside dial tone in the race.
func (p *Plan) toneBegins(line, device, digits string) bool {
	if digits == "" {
		return true
	}
	var s scan
	p.scan(&s, line, device, digits[:len(digits)-1])
	return s.tone != tonalForms
}

// dialable reports whether every character can be dialled and there are not too many.
func dialable(digits string) bool {
	if len(digits) > MaxDigits {
		return false
	}
	for i := range len(digits) {
		if symbolOf[digits[i]] == noSymbol {
			return false
		}
	}
	return true
}

// scan searches the partitions of both calling search spaces and the null partition, each once. The digits are dialable.
func (p *Plan) scan(s *scan, line, device, digits string) {
	s.set(digits)
	first, _ := p.spaces.get(line)
	second, _ := p.spaces.get(device)
	for _, at := range first {
		p.search(s, at)
	}
	for _, at := range second {
		if !slices.Contains(first, at) {
			p.search(s, at)
		}
	}
	if len(p.partitions) > 0 {
		p.search(s, 0)
	}
}

func (p *Plan) search(s *scan, at slot) {
	if root := p.partitions[at].root; root != nil {
		s.walk(root, 0)
	}
	s.order++
}
