package dialplan

import (
	"math/big"
	"math/bits"
)

// Count is an exact number of digit strings; 17 symbols to the power of MaxDigits fit with room. Least significant word first.
type Count [4]uint64

// Less orders counts.
func (c Count) Less(d Count) bool {
	for i := 3; i > 0; i-- {
		if c[i] != d[i] {
			return c[i] < d[i]
		}
	}
	return c[0] < d[0]
}

// String writes the number in decimal.
func (c Count) String() string {
	n := new(big.Int)
	for i := 3; i >= 0; i-- {
		n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(c[i]))
	}
	return n.String()
}

func (c Count) plus(d Count) (r Count) {
	var carry uint64
	for i := range r {
		r[i], carry = bits.Add64(c[i], d[i], carry)
	}
	return r
}

func (c Count) timesSmall(n uint64) (r Count) {
	var carry uint64
	for i := range r {
		hi, lo := bits.Mul64(c[i], n)
		var k uint64
		r[i], k = bits.Add64(lo, carry, 0)
		carry = hi + k
	}
	return r
}

// times multiplies; the product of counts of disjoint parts of one string never exceeds four words.
func (c *Count) times(d *Count) (r Count) {
	for i := range 4 {
		if c[i] == 0 {
			continue
		}
		var carry uint64
		for j := 0; i+j < 4; j++ {
			hi, lo := bits.Mul64(c[i], d[j])
			var k uint64
			lo, k = bits.Add64(lo, carry, 0)
			hi += k
			r[i+j], k = bits.Add64(r[i+j], lo, 0)
			carry = hi + k
		}
	}
	return r
}

// powers[s][n] is s to the power of n.
var powers = func() (t [numSymbols + 1][MaxDigits + 1]Count) {
	for s := range t {
		t[s][0] = Count{1}
		for n := 1; n <= MaxDigits; n++ {
			t[s][n] = t[s][n-1].timesSmall(uint64(s))
		}
	}
	return t
}()

// maxSubsetSteps bounds the work of counting the strings of a pattern with several repeatable elements: some tenths of a second.
const maxSubsetSteps = 1 << 20

// countByLength counts for each length the different strings that the elements match, by following all subsets of automaton
// states at once. ok is false if that takes more than the steps left of budget.
func countByLength(elems []element, budget *int) (table []Count, ok bool) {
	a := newAutomaton(elems)
	classes := a.classes()
	table = make([]Count, MaxDigits+1)
	level := map[uint64]Count{a.start(): {1}}
	for n := 0; ; n++ {
		for states, c := range level {
			if a.accepts(states) {
				table[n] = table[n].plus(c)
			}
		}
		if n == MaxDigits {
			return table, true
		}
		next := make(map[uint64]Count, len(level))
		for states, c := range level {
			if *budget -= len(classes); *budget < 0 {
				return nil, false
			}
			for _, cl := range classes {
				if to := a.step(states, cl.member); to != 0 {
					next[to] = next[to].plus(c.timesSmall(cl.size))
				}
			}
		}
		level = next
	}
}
