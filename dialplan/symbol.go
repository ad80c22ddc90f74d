package dialplan

import (
	"math/bits"
	"strings"
)

// MaxDigits is the longest digit string that is analysed: E.164 allows 15 digits, access, carrier and account codes and
// prefixes come on top. Longer strings have no route (cause 28).
const MaxDigits = 48

// symbol is a dialled character as an index: 0-9, then * # + A B C D.
type symbol uint8

const (
	symbolPound = 11
	numSymbols  = 17
	noSymbol    = symbol(255)
	alphabet    = "0123456789*#+ABCD"
)

var symbolOf = func() (t [256]symbol) {
	for i := range t {
		t[i] = noSymbol
	}
	for i := range numSymbols {
		t[alphabet[i]] = symbol(i)
	}
	for c := byte('a'); c <= 'd'; c++ { // phones differ in the case of the fourth column of keys
		t[c] = t[c-'a'+'A']
	}
	return t
}()

// symbolSet has bit n for symbol n.
type symbolSet uint32

const decimalDigits symbolSet = 1<<10 - 1

func (s symbolSet) has(x symbol) bool { return s>>x&1 != 0 }
func (s symbolSet) size() int         { return bits.OnesCount32(uint32(s)) }

func setOf(c byte) symbolSet { return 1 << symbolOf[c] }

// String renders the set as it would be written in a pattern.
func (s symbolSet) String() string {
	switch {
	case s == decimalDigits:
		return "X"
	case s.size() == 1:
		c := alphabet[bits.TrailingZeros32(uint32(s))]
		if c == '+' {
			return `\+`
		}
		return string(c)
	}
	var b strings.Builder
	b.WriteByte('[')
	for i := 0; i < numSymbols; {
		if !s.has(symbol(i)) {
			i++
			continue
		}
		j := i
		for j+1 < 10 && s.has(symbol(j+1)) {
			j++
		}
		if alphabet[i] == '+' {
			b.WriteByte('\\')
		}
		b.WriteByte(alphabet[i])
		if j > i+1 {
			b.WriteByte('-')
		}
		if j > i {
			b.WriteByte(alphabet[j])
		}
		i = j + 1
	}
	b.WriteByte(']')
	return b.String()
}
