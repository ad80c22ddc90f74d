package dialplan

import (
	"errors"
	"fmt"
	"slices"
)

// PatternID identifies a pattern for as long as it exists, whatever is changed about it.
type PatternID string

// Kind says what a pattern stands for.
type Kind uint8

// The kinds of patterns.
const (
	DirectoryNumber    Kind = iota // a line
	TranslationPattern             // other digits, analysed again in TranslationCSS
	RoutePattern                   // the way out
)

// String is the administrator's word.
func (k Kind) String() string {
	return [...]string{"directory number", "translation pattern", "route pattern"}[k]
}

// Cause is a Q.850 cause value, 1-127.
type Cause uint8

// Causes that digit analysis gives itself (ITU-T Q.850).
const (
	CauseUnallocatedNumber   Cause = 1
	CauseCallRejected        Cause = 21
	CauseExchangeRouting     Cause = 25
	CauseInvalidNumberFormat Cause = 28
)

// Presentation says whether something may be shown to the other party.
type Presentation uint8

// Presentation as a pattern sets it.
const (
	PresentationDefault Presentation = iota // as before
	PresentationAllowed
	PresentationRestricted
)

// Presentations are a pattern's settings for both names and numbers.
type Presentations struct {
	CallingNumber, CallingName, ConnectedNumber, ConnectedName Presentation
}

// over returns q where it says something, p elsewhere.
func (p Presentations) over(q Presentations) Presentations {
	pick := func(a, b Presentation) Presentation {
		if b != PresentationDefault {
			return b
		}
		return a
	}
	return Presentations{pick(p.CallingNumber, q.CallingNumber), pick(p.CallingName, q.CallingName),
		pick(p.ConnectedNumber, q.ConnectedNumber), pick(p.ConnectedName, q.ConnectedName)}
}

// CallingTransform changes the calling party's number, in the order of the fields.
type CallingTransform struct {
	UseExternalMask bool   // lay the line's external phone number mask over the directory number
	Mask            string // see ApplyMask
	Prefix          string
}

// CalledTransform changes the called party's number, in the order of the fields.
type CalledTransform struct {
	Discard Discard
	Mask    string // see ApplyMask
	Prefix  string
}

// Pattern is one row of the dial plan, as configured.
type Pattern struct {
	ID              PatternID
	Partition       string // "" is the null partition, which every search space ends with
	Text            string // see ParsePattern
	Kind            Kind
	Target          string // not looked at, given back: the line, device or route list that a match leads to
	Urgent          bool   // route at once, even if a longer pattern could still match
	OutsideDialTone bool   // give outside dial tone once only such patterns are left
	Block           bool   // end the call with Cause instead of routing it
	Cause           Cause  // of a blocked call; 0 is CauseCallRejected
	Calling         CallingTransform
	Called          CalledTransform
	Presentations   Presentations
	TranslationCSS  string       // for a TranslationPattern: where the new digits are looked up; "" is the null partition alone
	Filter          *RouteFilter // narrows "@"; nil lets every number pass
}

// Validate reports everything about the pattern that ParsePattern, ParseMask, ParsePrefix or the rules among its fields forbid.
func (p *Pattern) Validate() error {
	_, err := p.compile()
	return err
}

// compiled is a pattern with its forms.
type compiled struct {
	Pattern
	forms []*form
}

func (p *Pattern) compile() (*compiled, error) {
	var errs []error
	if p.ID == "" {
		errs = append(errs, errors.New("a pattern needs an identifier"))
	}
	if p.Kind > RoutePattern {
		errs = append(errs, fmt.Errorf("unknown kind %d", p.Kind))
	}
	if p.Cause > 127 {
		errs = append(errs, fmt.Errorf("cause %d is outside of 1-127", p.Cause))
	}
	syntax, err := parsePattern(p.Text)
	var forms []*form
	if err == nil {
		forms, err = formsOf(p.Text, syntax, p.Filter)
	}
	errs = append(errs, err, ParseMask(p.Calling.Mask), ParsePrefix(p.Calling.Prefix), ParseMask(p.Called.Mask), ParsePrefix(p.Called.Prefix))
	if err == nil {
		if p.Text == "" && p.Kind != TranslationPattern {
			errs = append(errs, &SyntaxError{What: "pattern", Problem: "it is empty", Advice: "only a translation pattern may be empty (hot line)"})
		}
		if d := p.Called.Discard; !syntax.at && (d.sections != "" || d.before == preAt) {
			errs = append(errs, &SyntaxError{What: "discard instruction", Text: d.String(), Problem: `it needs "@" in the pattern, and ` +
				fmt.Sprintf("%q has none", p.Text), Advice: "use NoDigits, PreDot, Trailing-# or PreDot Trailing-#"})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c := &compiled{Pattern: *p, forms: forms}
	for _, f := range forms {
		f.pattern = c
	}
	return c, nil
}

// Plan is a complete dial plan, immutable and safe for any number of readers. The zero Plan is empty.
type Plan struct {
	patterns   table[*compiled]
	spaces     table[[]slot]
	slots      table[slot]
	partitions []partition // by slot
}

// slot is a partition's place in Plan.partitions, the same in all plans that descend from one another.
type slot int32

type partition struct {
	name string
	root *node
	size int // patterns
}

// Change is one difference between two plans: made by Put, Remove, SetSearchSpace and RemoveSearchSpace.
type Change struct {
	pattern    *Pattern
	remove     PatternID
	space      string
	partitions []string
	drop       bool
}

// Put adds a pattern or replaces the one with the same identifier.
func Put(p Pattern) Change { return Change{pattern: &p} }

// Remove takes a pattern away; nothing happens if there is none with this identifier.
func Remove(id PatternID) Change { return Change{remove: id} }

// SetSearchSpace defines a calling search space as partitions in their order. They need not have patterns yet.
func SetSearchSpace(name string, partitions ...string) Change {
	return Change{space: name, partitions: slices.Clone(partitions)}
}

// RemoveSearchSpace takes a calling search space away; who uses it still reaches the null partition alone.
func RemoveSearchSpace(name string) Change { return Change{space: name, drop: true} }

// ChangeError is a change that a plan could not take.
type ChangeError struct {
	ID        PatternID
	Partition string
	Text      string
	Err       error // one or several *SyntaxError
}

// Error names the pattern and what is wrong with it.
func (e *ChangeError) Error() string {
	return fmt.Sprintf("pattern %q in partition %q (%s): %v", e.Text, e.Partition, e.ID, e.Err)
}

// Unwrap gives what is wrong with the pattern.
func (e *ChangeError) Unwrap() error { return e.Err }

// New compiles a plan from scratch; see With.
func New(changes ...Change) (*Plan, error) { return new(Plan).With(changes...) }

// With returns a plan that has the changes too, in their order; p stays as it is and both share what did not change. The cost
// depends on the changes, not on the size of the plan. A pattern that does not compile is left out (an older one with its
// identifier stays) and everything else takes effect, so that one bad row never silences a telephone system; the error joins a
// *ChangeError for each such pattern.
func (p *Plan) With(changes ...Change) (*Plan, error) {
	q := *p
	q.partitions = slices.Clone(p.partitions)
	b := builder{&q, new(edit)}
	if len(q.partitions) == 0 {
		b.slot("")
	}
	var errs []error
	for _, c := range changes {
		switch {
		case c.pattern != nil:
			if err := b.put(c.pattern); err != nil {
				errs = append(errs, err)
			}
		case c.remove != "":
			b.removePattern(c.remove)
		case c.drop:
			q.spaces.remove(b.edit, c.space)
		case c.space != "":
			list := make([]slot, 0, len(c.partitions))
			for _, name := range c.partitions {
				if s := b.slot(name); s != 0 && !slices.Contains(list, s) {
					list = append(list, s)
				}
			}
			q.spaces.put(b.edit, c.space, list)
		}
	}
	return &q, errors.Join(errs...)
}

type builder struct {
	*Plan
	edit *edit
}

// slot returns the partition's place, a new one if it is not known yet. The null partition is slot 0.
func (b builder) slot(name string) slot {
	if s, ok := b.slots.get(name); ok {
		return s
	}
	s := slot(len(b.partitions))
	b.partitions = append(b.partitions, partition{name: name})
	b.slots.put(b.edit, name, s)
	return s
}

func (b builder) put(p *Pattern) error {
	c, err := p.compile()
	if err != nil {
		return &ChangeError{p.ID, p.Partition, p.Text, err}
	}
	b.removePattern(p.ID)
	s := b.slot(p.Partition)
	part := &b.partitions[s]
	for _, f := range c.forms {
		part.root = part.root.insert(b.edit, f, 0, f.fixedPrefix())
	}
	part.size++
	b.patterns.put(b.edit, string(p.ID), c)
	return nil
}

func (b builder) removePattern(id PatternID) {
	c, ok := b.patterns.get(string(id))
	if !ok {
		return
	}
	part := &b.partitions[b.slot(c.Partition)]
	for _, f := range c.forms {
		part.root = part.root.remove(b.edit, f, 0, f.fixedPrefix())
	}
	part.size--
	b.patterns.remove(b.edit, string(id))
}

// Len is the number of patterns.
func (p *Plan) Len() int { return p.patterns.size }

// Pattern returns a pattern by its identifier.
func (p *Plan) Pattern(id PatternID) (Pattern, bool) {
	c, ok := p.patterns.get(string(id))
	if !ok {
		return Pattern{}, false
	}
	return c.Pattern, true
}

// SearchSpace returns the partitions of a calling search space in their order.
func (p *Plan) SearchSpace(name string) (partitions []string, ok bool) {
	list, ok := p.spaces.get(name)
	for _, s := range list {
		partitions = append(partitions, p.partitions[s].name)
	}
	return partitions, ok
}
