package dialplan

import "fmt"

// ApplyMask lays a transformation mask over a number, both aligned to the right: X keeps the digit below it, every other
// character replaces it; digits left of the mask are dropped, and an X below which there is no digit disappears. The empty
// mask keeps the number.
func ApplyMask(mask, number string) string {
	if mask == "" {
		return number
	}
	var out [MaxDigits]byte
	n := len(out)
	for i, j := len(mask)-1, len(number)-1; i >= 0 && n > 0; i, j = i-1, j-1 {
		c := mask[i]
		if c == 'X' || c == 'x' {
			if j < 0 {
				continue
			}
			c = number[j]
		}
		n--
		out[n] = c
	}
	return string(out[n:])
}

// ParseMask checks a transformation mask: digits 0-9 * # + A-D and X, at most MaxDigits. The error is a *SyntaxError.
func ParseMask(mask string) error {
	return checkCharacters("mask", mask, "Xx", "use 0-9 * # + A-D, and X for a digit to keep")
}

// ParsePrefix checks digits to put before a number: 0-9 * # + A-D, at most MaxDigits. The error is a *SyntaxError.
func ParsePrefix(digits string) error {
	return checkCharacters("prefix", digits, "", "use 0-9 * # + A-D")
}

func checkCharacters(what, text, also, advice string) error {
	for i := range len(text) {
		ok := symbolOf[text[i]] != noSymbol
		for j := range len(also) {
			ok = ok || text[i] == also[j]
		}
		if !ok {
			return &SyntaxError{What: what, Text: text, Pos: i, Problem: fmt.Sprintf("%q is not allowed here", firstRune(text[i:])), Advice: advice}
		}
	}
	if len(text) > MaxDigits {
		return &SyntaxError{What: what, Text: text, Pos: MaxDigits, Problem: fmt.Sprintf("more than %d digits", MaxDigits), Advice: "shorten it"}
	}
	return nil
}
