package sccp

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Charset is how a phone reads and writes text: an 8-bit page with older models, UTF-8 with newer ones
// . In Go all text is UTF-8; only a label (Label.Text) is two bytes of its own.
type Charset uint8

// The character sets. The zero value is what CallManager 4.x phones use without a locale.
const (
	Latin1 Charset = iota
	UTF8
	ISO8859_2
	ISO8859_5
	ISO8859_7
	ISO8859_8
	ISO8859_9
	Windows1250
	Windows1251
	Windows1253
	Windows1254
	Windows1255
	Windows1256
	Windows1257
)

var charsetNames = [...]string{
	Latin1: "ISO-8859-1", UTF8: "UTF-8", ISO8859_2: "ISO-8859-2", ISO8859_5: "ISO-8859-5",
	ISO8859_7: "ISO-8859-7", ISO8859_8: "ISO-8859-8", ISO8859_9: "ISO-8859-9",
	Windows1250: "windows-1250", Windows1251: "windows-1251", Windows1253: "windows-1253",
	Windows1254: "windows-1254", Windows1255: "windows-1255", Windows1256: "windows-1256",
	Windows1257: "windows-1257",
}

// String is the registered name of the character set.
func (k Charset) String() string {
	if int(k) < len(charsetNames) {
		return charsetNames[k]
	}
	return fmt.Sprintf("Charset(%d)", uint8(k))
}

// ParseCharset finds a character set by its registered name, in any case.
func ParseCharset(name string) (Charset, error) {
	for k, n := range charsetNames {
		if strings.EqualFold(n, name) {
			return Charset(k), nil
		}
	}
	return Latin1, fmt.Errorf("sccp: no character set %q", name)
}

// CharsetFor chooses the character set of a phone: UTF-8 if its Register announced it, else the 8-bit
// page of its locale.
func CharsetFor(f Features, localePage Charset) Charset {
	if f.UTF8() {
		return UTF8
	}
	return localePage
}

// Plain makes text of a user safe for a display field: without label bytes, which would show as another
// text, without control characters and without what is not UTF-8.
func Plain(s string) string {
	plain := func(r rune) bool { return r != utf8.RuneError && !unicode.IsControl(r) }
	clean := true
	for _, r := range s {
		clean = clean && plain(r)
	}
	if clean {
		return s
	}
	return strings.Map(func(r rune) rune {
		if plain(r) {
			return r
		}
		return -1
	}, s)
}

// page is an 8-bit page, in both directions.
type page struct {
	upper [128]rune // utf8.RuneError where there is no character
	codes []code    // sorted by rune
}

type code struct {
	r rune
	b byte
}

var pages = func() (all [len(charsetNames)]*page) {
	for k, half := range upperHalves {
		p := new(page)
		i := 0
		for _, r := range half {
			p.upper[i] = r
			if r != utf8.RuneError {
				p.codes = append(p.codes, code{r, byte(0x80 + i)})
			}
			i++
		}
		slices.SortFunc(p.codes, func(a, b code) int { return int(a.r - b.r) })
		all[k] = p
	}
	return all
}()

func (p *page) find(r rune) (byte, bool) {
	i, ok := slices.BinarySearchFunc(p.codes, r, func(x code, r rune) int { return int(x.r - r) })
	if !ok {
		return 0, false
	}
	return p.codes[i].b, true
}

// composed maps a base letter and a combining mark to the letter that they make.
var composed = func() map[[2]rune]rune {
	m := make(map[[2]rune]rune)
	for t := []rune(compositions); len(t) >= 3; t = t[3:] {
		m[[2]rune{t[0], t[1]}] = t[2]
	}
	return m
}()

// lookalikes stand in for characters that only UTF-8 phones can show.
var lookalikes = map[rune]byte{
	'\u2018': '\'', '\u2019': '\'', '\u201A': ',', '\u201C': '"', '\u201D': '"', '\u201E': '"',
	'\u2013': '-', '\u2014': '-', '\u2011': '-', '\u2212': '-', '\u2022': '*', '\u00A0': ' ',
	'\u2009': ' ', '\u202F': ' ', '\u2039': '<', '\u203A': '>',
}

// replacement stands for each character that a phone cannot show.
const replacement = '?'

// labelLead reports whether b announces a label (sccp.md 3.12).
func labelLead(b byte) bool { return b == 0x80 || b == 0x1E }

// isLabel reports whether s begins with the two bytes of a label.
func isLabel[S ~string | ~[]byte](s S) bool {
	return len(s) >= 2 && labelLead(s[0]) && s[1] > 0 && s[1] < 0x80
}

// AppendText appends s in this character set and in at most limit bytes, as it goes into a text field.
// It never cuts a character, a label, or a letter from its combining marks; it never writes a zero;
// what the set lacks is replaced per character.
func (k Charset) AppendText(dst []byte, s string, limit int) []byte {
	begin := len(dst)
	letter := begin // where the last base character was written
	base := rune(-1)
	for len(s) > 0 {
		left := limit - (len(dst) - begin)
		if b := s[0]; b >= 0x20 && b < 0x7F {
			if left < 1 {
				return dst
			}
			letter, base = len(dst), rune(b)
			dst, s = append(dst, b), s[1:]
			continue
		}
		if isLabel(s) {
			if left < 2 {
				return dst
			}
			letter, base = len(dst), -1
			dst, s = append(dst, s[0], s[1]), s[2:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		if r < 0x20 && r != '\n' && r != '\r' && r != '\t' || r == 0x7F {
			r = replacement
		}
		mark := unicode.In(r, unicode.M)
		if p := k.page(); p != nil {
			b, found := p.byteOf(r)
			if mark && !found && base >= 0 {
				if whole, ok := composed[[2]rune{base, r}]; ok && letter < len(dst) {
					if b, ok := p.find(whole); ok {
						dst[letter], base = b, whole
					}
				}
				continue // the base letter alone is the closest that the page has
			}
			if left < 1 {
				return cutBefore(dst, letter, mark)
			}
			if !mark {
				letter, base = len(dst), r
			}
			dst = append(dst, b)
			continue
		}
		if left < utf8.RuneLen(r) {
			return cutBefore(dst, letter, mark)
		}
		if !mark {
			letter, base = len(dst), r
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// cutBefore ends a text where the next character does not fit; a mark takes its letter along.
func cutBefore(dst []byte, letter int, mark bool) []byte {
	if mark {
		return dst[:letter]
	}
	return dst
}

func (k Charset) page() *page {
	if int(k) < len(pages) {
		return pages[k]
	}
	return pages[Latin1]
}

// byteOf is the page's byte for r, or what stands for it; found is false in the latter case.
func (p *page) byteOf(r rune) (b byte, found bool) {
	if r < 0x80 {
		return byte(r), true
	}
	if b, ok := p.find(r); ok {
		return b, true
	}
	if b, ok := lookalikes[r]; ok {
		return b, false
	}
	return replacement, false
}

// decode turns received bytes into a Go string. What is no character becomes U+FFFD; labels stay.
func (k Charset) decode(b []byte) string {
	p := k.page()
	simple := true
	for _, x := range b {
		if x >= 0x80 {
			simple = false
			break
		}
	}
	if simple || p == nil && utf8.Valid(b) {
		return string(b)
	}
	out := make([]byte, 0, 2*len(b))
	for len(b) > 0 {
		if isLabel(b) {
			out, b = append(out, b[0], b[1]), b[2:]
			continue
		}
		if p != nil {
			r := rune(b[0])
			if r >= 0x80 {
				r = p.upper[r-0x80]
			}
			out, b = utf8.AppendRune(out, r), b[1:]
			continue
		}
		r, size := utf8.DecodeRune(b)
		out, b = utf8.AppendRune(out, r), b[size:]
	}
	return string(out)
}
