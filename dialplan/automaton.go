package dialplan

import "slices"

// automaton matches elements with repetition. State i (bit i of a word) means: elements before i are satisfied.
// len(elems) <= MaxDigits < 64, so all states are in one word.
type automaton struct {
	masks  [numSymbols]uint64 // bit i: element i takes the symbol
	loop   uint64             // bit i: element i may be repeated
	skip   uint64             // bit i: element i may be absent
	length uint8              // number of elements; this state accepts
}

// The remainders that nearly all patterns with repetition have are shared.
var (
	anyDigits      = []element{{set: decimalDigits, loop: true}}
	anyDigitsPound = []element{{set: decimalDigits, loop: true}, {set: setOf('#')}}

	anyDigitsAutomaton      = newAutomaton(anyDigits)
	anyDigitsPoundAutomaton = newAutomaton(anyDigitsPound)
)

func automatonOf(elems []element) *automaton {
	same := func(a, b element) bool { return a.set == b.set && a.loop == b.loop && a.skip == b.skip }
	switch {
	case slices.EqualFunc(elems, anyDigits, same):
		return anyDigitsAutomaton
	case slices.EqualFunc(elems, anyDigitsPound, same):
		return anyDigitsPoundAutomaton
	}
	return newAutomaton(elems)
}

func newAutomaton(elems []element) *automaton {
	a := &automaton{length: uint8(len(elems))}
	for i, e := range elems {
		bit := uint64(1) << i
		for s := range symbol(numSymbols) {
			if e.set.has(s) {
				a.masks[s] |= bit
			}
		}
		if e.loop {
			a.loop |= bit
		}
		if e.skip {
			a.skip |= bit
		}
	}
	return a
}

func (a *automaton) start() uint64 { return a.close(1) }

// close adds the states that are reached by leaving out elements.
func (a *automaton) close(states uint64) uint64 {
	for {
		more := states | states&a.skip<<1
		if more == states {
			return states
		}
		states = more
	}
}

// step follows one symbol: element i is taken from state i, or again from state i+1 if it is repeatable.
func (a *automaton) step(states uint64, s symbol) uint64 {
	taken := (states | states>>1&a.loop) & a.masks[s]
	return a.close(taken << 1)
}

func (a *automaton) accepts(states uint64) bool { return states>>a.length&1 != 0 }

// open reports whether a longer string can match: some element is still to come, or the last one may be repeated.
func (a *automaton) open(states uint64) bool {
	return states&(1<<a.length-1) != 0 || states>>1&a.loop != 0
}

// symbolClass is a group of symbols that the automaton treats alike.
type symbolClass struct {
	member symbol
	size   uint64
}

func (a *automaton) classes() (list []symbolClass) {
	seen := map[uint64]int{}
	for s := range symbol(numSymbols) {
		m := a.masks[s]
		if m == 0 {
			continue
		}
		if i, ok := seen[m]; ok {
			list[i].size++
			continue
		}
		seen[m] = len(list)
		list = append(list, symbolClass{s, 1})
	}
	return list
}
