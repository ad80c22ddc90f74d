package dialplan

// Explanation is everything that led to a decision, as data.
type Explanation struct {
	Request  Request
	Passes   []Pass // the first for the dialled digits, one more for each translation
	Decision Decision

	hits []hit
}

// Pass is one look-up.
type Pass struct {
	LineCSS, DeviceCSS string
	Digits             string   // what was looked up
	EndedByPound       bool     // a "#" behind the digits ended dialling
	Partitions         []string // in the order in which they were searched; "" is the null partition
	Candidates         []Candidate
	Answer             Answer
}

// Verdict says how a candidate fared.
type Verdict uint8

// The verdicts.
const (
	Won             Verdict = iota
	MatchesMore             // another one matches fewer numbers
	LaterPartition          // another one is as close, in a partition that is searched earlier
	LaterIdentifier         // another one is as close, in the same partition
	NeedsMoreDigits         // could match a longer number
	OutOfReach              // matches, but its partition is in neither calling search space
)

// Candidate is one pattern, or with "@" one kind of number of it, that matches the digits or could with more of them.
type Candidate struct {
	Pattern *Pattern // not to be changed
	Form    string   // what matches, in the pattern language with "@" replaced
	Number  string   // the kind of number behind "@", "" otherwise
	Numbers Count    // how many different numbers of this length it matches; zero if it needs more digits
	Verdict Verdict
}

// pass records what one look-up found and returns o.
func (x *Explanation) pass(p *Plan, line, device string, s *scan, o outcome) outcome {
	return o
}

// Explain decides as Analyze does and tells why.
func (p *Plan) Explain(r Request) Explanation {
	x := Explanation{Request: r}
	x.Decision = p.analyze(&r, &x)
	return x
}
