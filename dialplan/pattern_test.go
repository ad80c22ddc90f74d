package dialplan

import (
	"errors"
	"strings"
	"testing"
)

func TestPatternErrors(t *testing.T) {
	tests := []struct {
		text string
		pos  int
		want string
	}{
		{"+49!", 0, `write \+ for the plus`},
		{"?1", 0, "repeats a digit, X or set"},
		{"1??", 2, "repeats a digit, X or set"},
		{"1!+", 2, "repeats a digit, X or set"},
		{"9.+", 2, "repeats a digit, X or set"},
		{"9.1.2", 3, `a second "."`},
		{"9.@1", 3, `make "@" the last character`},
		{"9.@@", 3, `make "@" the last character`},
		{"[12", 3, `"[" without "]"`},
		{"[]", 1, "the set is empty"},
		{"[^]", 2, "the set is empty"},
		{"[^0-9]", 0, "excludes every digit"},
		{"[5-2]", 2, "write [2-5]"},
		{"[-2]", 1, "both sides"},
		{"[2-]", 2, "between digits"},
		{"[2-*]", 2, "between digits"},
		{"[1-2-3]", 4, "both sides"},
		{"[1^2]", 2, `directly behind "["`},
		{"[1x]", 2, "cannot be in a set"},
		{"[+]", 1, "cannot be in a set"},
		{`1\2`, 1, `"\" must be followed by "+"`},
		{`1\`, 1, `"\" must be followed by "+"`},
		{"12e4", 2, `"e" is not part`},
		{"12 4", 2, `" " is not part`},
		{"20ü1", 2, `"ü" is not part`},
		{"20]1", 2, `"]" is not part`},
		{"20-1", 2, `"-" is not part`},
		{strings.Repeat("1", 49), 48, "more than 48 digits"},
		{strings.Repeat("[1]", 100), 256, "more than 256 characters"},
		{strings.Repeat("1", 40) + "@", 40, `shorten what is before "@"`},
		{"!1" + strings.Repeat("X", 40) + "!", 0, "split it into several patterns"},
	}
	for _, test := range tests {
		err := ParsePattern(test.text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: error %v", test.text, err)
			continue
		}
		if syntax.Pos != test.pos || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: at %d: %v\n want %d: %s", test.text, syntax.Pos, err, test.pos, test.want)
		}
		if syntax.Advice == "" || syntax.Text != test.text || syntax.What != "pattern" {
			t.Errorf("%q: %+v", test.text, syntax)
		}
	}
}

func TestPatternMatches(t *testing.T) {
	tests := []struct {
		pattern   string
		yes, no   []string
		canonical string // as explanations write it, if different
	}{
		{pattern: "2001", yes: []string{"2001"}, no: []string{"200", "20011", "2002"}},
		{pattern: "2xXX", yes: []string{"2000", "2999"}, no: []string{"200*", "3000", "200"}, canonical: "2XXX"},
		{pattern: "*5#", yes: []string{"*5#"}, no: []string{"*5"}},
		{pattern: "9!", yes: []string{"91", "9123456"}, no: []string{"9", "91#", "9*"}},
		{pattern: "91X?", yes: []string{"91", "910", "9199999"}, no: []string{"9", "91*"}},
		{pattern: "91X+", yes: []string{"910", "9199999"}, no: []string{"91"}, canonical: "91!"},
		{pattern: "813510[012345]", yes: []string{"8135100", "8135105"}, no: []string{"8135106"}, canonical: "813510[0-5]"},
		{pattern: "813510[^0-5]", yes: []string{"8135106", "8135109"}, no: []string{"8135105", "813510*", "813510#"}, canonical: "813510[6-9]"},
		{pattern: "[*#1-3A]", yes: []string{"*", "#", "2", "A", "a"}, no: []string{"4", "B"}, canonical: "[1-3*#A]"},
		{pattern: `\+1[2-9]!`, yes: []string{"+125"}, no: []string{"+11", "125"}},
		{pattern: `[\+0]49`, yes: []string{"+49", "049"}, no: []string{"149"}, canonical: `[0\+]49`},
		{pattern: "9.5", yes: []string{"95"}, no: []string{"9.5"}},
		{pattern: ".95", yes: []string{"95"}},
		{pattern: "95.", yes: []string{"95"}},
		{pattern: "*33X?*X?*X?#", yes: []string{"*33**#", "*3312*3*456#"}, no: []string{"*33***#", "*33*#", "*33**"}},
		{pattern: "0+1?2", yes: []string{"02", "00112"}, no: []string{"12"}},
		{pattern: "abcd", yes: []string{"ABCD", "abcd"}, no: []string{"ABC"}, canonical: "ABCD"},
	}
	for _, test := range tests {
		plan, err := New(Put(Pattern{ID: "p", Text: test.pattern}))
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		for i, list := range [][]string{test.yes, test.no} {
			for _, digits := range list {
				if d := plan.Analyze(Request{Digits: digits, Complete: true}); (d.Answer == RouteFound && d.Dialed == digits) != (i == 0) {
					t.Errorf("%s: %s: %s", test.pattern, digits, d.Answer)
				}
			}
		}
		c, _ := plan.patterns.get("p")
		want := test.canonical
		if want == "" {
			want = test.pattern
		}
		if got := c.forms[0].text(); got != want {
			t.Errorf("%s is rendered as %s", test.pattern, got)
		}
	}
}

func TestMasks(t *testing.T) {
	tests := []struct{ mask, number, want string }{
		{"", "2001", "2001"},
		{"20XX", "8801", "2001"},
		{"972813XXXX", "35062", "9728135062"},
		{"XX", "35062", "62"},
		{"XXXXXXXX", "123", "123"},
		{"9XXXX", "12", "912"},
		{"+4930XXX", "5", "+49305"},
		{"0*#", "123", "0*#"},
		{"2XXX", "", "2"},
		{"xx", "123", "23"},
	}
	for _, test := range tests {
		if got := ApplyMask(test.mask, test.number); got != test.want {
			t.Errorf("mask %q on %q: %q, want %q", test.mask, test.number, got, test.want)
		}
	}
	for mask, ok := range map[string]bool{"20XX": true, "+*#AX": true, "20!": false, "2 0": false, strings.Repeat("X", 49): false} {
		if err := ParseMask(mask); (err == nil) != ok {
			t.Errorf("ParseMask(%q): %v", mask, err)
		}
	}
	if ParsePrefix("0*#+") != nil || ParsePrefix("9X") == nil {
		t.Error("ParsePrefix")
	}
}

func TestValidate(t *testing.T) {
	good := Pattern{ID: "p", Text: "9.@", Kind: RoutePattern}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Pattern){
		"needs an identifier":        func(p *Pattern) { p.ID = "" },
		"only a translation pattern": func(p *Pattern) { p.Text = "" },
		"unknown kind":               func(p *Pattern) { p.Kind = 9 },
		"cause 200":                  func(p *Pattern) { p.Cause = 200 },
		`mask "9Y"`:                  func(p *Pattern) { p.Called.Mask = "9Y" },
		`prefix "X"`:                 func(p *Pattern) { p.Calling.Prefix = "X" },
		`needs "@" in the pattern`:   func(p *Pattern) { p.Text = "9.!"; p.Called.Discard = mustDiscard(t, "10-10-Dialing") },
		`"[" without "]"`:            func(p *Pattern) { p.Text = "[" },
	} {
		p := good
		change(&p)
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, error %v", want, err)
		}
	}
}
