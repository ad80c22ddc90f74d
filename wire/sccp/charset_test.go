package sccp

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func pagesUnderTest() (all []Charset) {
	for k := range charsetNames {
		if Charset(k) != UTF8 {
			all = append(all, Charset(k))
		}
	}
	return all
}

// Each page's whole upper half goes to the phone as its own byte and comes back as the same character
//
func TestR19_EveryCharacterOfEveryPage(t *testing.T) {
	for _, k := range pagesUnderTest() {
		characters := 0
		for i, r := range pages[k].upper {
			if r == utf8.RuneError {
				continue
			}
			characters++
			b := byte(0x80 + i)
			s := "a" + string(r) + "z"
			wire := k.AppendText(nil, s, 40)
			if !bytes.Equal(wire, []byte{'a', b, 'z'}) {
				t.Errorf("%v: %q (%U) is sent as % x, want 61 %x 7a", k, s, r, wire, b)
			}
			if got := k.decode(wire); got != s {
				t.Errorf("%v: % x is read as %q, want %q", k, wire, got, s)
			}
		}
		if characters < 90 && k != ISO8859_8 || characters < 55 {
			t.Errorf("%v has only %d characters above ASCII", k, characters)
		}
		if pages[k].upper[0] != utf8.RuneError {
			t.Errorf("%v: byte 0x80 would announce a label", k)
		}
	}
}

// What a page lacks is replaced character by character and neither fails nor shifts anything.
func TestR19_CharactersThatAPhoneLacks(t *testing.T) {
	for _, c := range []struct {
		charset Charset
		text    string
		want    string // as the phone shows it
	}{
		{Latin1, "Müller", "Müller"},
		{Latin1, "Жуков", "?????"},
		{Windows1251, "Артём Жуков", "Артём Жуков"},
		{Windows1251, "Müller", "M?ller"},
		{ISO8859_5, "Фёдор", "Фёдор"},
		{Windows1255, "שלום", "שלום"},   // right to left, in the order of speech
		{Windows1256, "مرحبا", "مرحبا"}, //
		{Latin1, "שלום", "????"},        //
		{Latin1, "Jo\u0308rg", "Jörg"},  // letter and mark become one
		{Windows1251, "Сергеи\u0306", "Сергей"},
		{Latin1, "x\u0308y", "xy"},      // no such letter in the page: the base alone
		{Latin1, "\u0308x", "?x"},       // a mark on nothing
		{Latin1, "a\U0001F600b", "a?b"}, // four bytes in UTF-8, one character
		{Latin1, "O’Neill – “x”", "O'Neill - \"x\""},
		{Latin1, "a\x00b", "a?b"}, // a zero would end the field
		{Latin1, "a\x07b", "a?b"},
		{Latin1, "a\xFFb", "a?b"}, // not UTF-8
		{UTF8, "Жуков \U0001F600 x\u0308", "Жуков \U0001F600 x\u0308"},
		{UTF8, "a\xFFb", "a\uFFFDb"},
		{Latin1, LabelFrom.Text() + "1001", LabelFrom.Text() + "1001"},
		{UTF8, LabelFrom.Text() + "Рр", LabelFrom.Text() + "Рр"}, // 0x80 within a letter is no label
		{Windows1251, "Ђ", "?"},                                  // its byte would announce a label
	} {
		if got := c.charset.decode(c.charset.AppendText(nil, c.text, 80)); got != c.want {
			t.Errorf("%v: %q shows as %q, want %q", c.charset, c.text, got, c.want)
		}
	}
}

// At the limit of a field text ends between characters, never inside one, inside a label, or between a
// letter and its marks.
func TestR19_TextIsCutAtACharacter(t *testing.T) {
	for _, c := range []struct {
		charset Charset
		text    string
		limit   int
		want    string
	}{
		{Latin1, "Müller", 2, "Mü"},
		{UTF8, "Müller", 2, "M"},
		{UTF8, "Müller", 3, "Mü"},
		{UTF8, "a\U0001F600b", 4, "a"},
		{UTF8, "a\U0001F600b", 5, "a\U0001F600"},
		{UTF8, "abe\u0301", 3, "ab"},
		{UTF8, "abe\u0301", 4, "ab"},
		{UTF8, "abe\u0301", 5, "abe\u0301"},
		{UTF8, "שלום", 5, "של"},
		{Latin1, "e\u0301tage", 1, "é"},   // composed, so it fits
		{Windows1255, "ab\u05C1", 2, "a"}, // a letter with a point of its own in the page
		{Latin1, LabelFrom.Text() + "1001", 1, ""},
		{Latin1, "ab" + LabelFrom.Text(), 3, "ab"},
		{Latin1, "abc", 0, ""},
	} {
		if got := c.charset.decode(c.charset.AppendText(nil, c.text, c.limit)); got != c.want {
			t.Errorf("%v: %q in %d bytes is %q, want %q", c.charset, c.text, c.limit, got, c.want)
		}
	}
}

// In every text field of a message, at every version: the fields after a text that is too long stand
// where they belong.
func TestR19_LongTextShiftsNoField(t *testing.T) {
	long := strings.Repeat("Жё\U0001F600e\u0301", 80)
	for v := MinVersion; v <= MaxVersion; v++ {
		for _, k := range []Charset{Latin1, UTF8, Windows1251} {
			codec := Codec{v, k}
			frame, err := codec.Append(nil, &CallInfo{
				LineInstance: 1, CallReference: 2, CallInstance: 3, Restriction: HideCalledName,
				Calling: Party{long, long, long}, Called: Party{long, "2002", long},
				OriginalCalled: Party{long, long, long}, LastRedirecting: Party{"last", long, long},
			})
			if err != nil {
				t.Fatal(err)
			}
			id, _ := IDCallInfo.On(v)
			m, err := codec.Decode(id, frame[HeaderSize:])
			if err != nil {
				t.Fatal(err)
			}
			got := m.(*CallInfo)
			if got.LineInstance != 1 || got.CallReference != 2 || got.CallInstance != 3 || got.Restriction != HideCalledName ||
				got.Called.Number != "2002" || got.LastRedirecting.Name != "last" {
				t.Errorf("version %d, %v: fields are shifted: %+v", v, k, got)
			}
			if n := len(got.Calling.Number); n == 0 || k == UTF8 && n > NumberWidth-1 {
				t.Errorf("version %d, %v: number of %d bytes", v, k, n)
			}
			if k == UTF8 && !utf8.ValidString(got.Calling.Name) {
				t.Errorf("version %d: %q", v, got.Calling.Name)
			}
		}
	}
}

// A received field may be full to the last byte, without a zero, and what follows a zero is filler.
func TestReceivedText(t *testing.T) {
	body := []byte("SEP0011223344556")
	if m, err := Decode(IDRegister, 0, body); err != nil || m.(*Register).Name != "SEP0011223344556" {
		t.Errorf("full field: %+v, %v", m, err)
	}
	body = []byte("SEP001122\x00garbage")
	if m, err := Decode(IDRegister, 0, body); err != nil || m.(*Register).Name != "SEP001122" {
		t.Errorf("filler: %+v, %v", m, err)
	}
}

func TestPlainRemovesWhatCouldBeALabel(t *testing.T) {
	for in, want := range map[string]string{
		"Müller":                        "Müller",
		LabelFrom.Text() + "x":          "x",
		LabelHoldReversion.Text() + "x": "#x", // the second byte of this label is a visible character
		"a\nb\x00c\xFFd":                "abcd",
		"Жуков\U0001F600":               "Жуков\U0001F600",
	} {
		got := Plain(in)
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		for _, r := range got {
			if unicode.IsControl(r) || r == utf8.RuneError {
				t.Errorf("%q leaves %U", in, r)
			}
		}
	}
}

func TestCharsetNames(t *testing.T) {
	for k := range charsetNames {
		got, err := ParseCharset(strings.ToLower(Charset(k).String()))
		if err != nil || got != Charset(k) {
			t.Errorf("%v: %v, %v", Charset(k), got, err)
		}
	}
	if _, err := ParseCharset("EBCDIC"); err == nil {
		t.Error("EBCDIC is accepted")
	}
	if got := CharsetFor(Features{0x00, 0x72, 0x85}, Windows1251); got != UTF8 { // a 7941 (sccp.md 1.3)
		t.Errorf("7941: %v", got)
	}
	if got := CharsetFor(Features{0x00, 0x60, 0x85}, Windows1251); got != Windows1251 { // a 7960
		t.Errorf("7960: %v", got)
	}
}
