package dialplan

import (
	"errors"
	"testing"
)

// Any text is either a pattern or a SyntaxError that points into it; a pattern can be rendered, read again and looked up.
func FuzzParsePattern(f *testing.F) {
	for _, s := range []string{"2001", "9.@", `\+49!`, "[^0-3]X?", "*33X?*X?*X?#", "[", "1[2-", "9.1[2-9]XX[2-9]XXXXXX", "", "[\\+*]", "ü"} {
		f.Add(s, "2001#")
	}
	f.Fuzz(func(t *testing.T, text, digits string) {
		p := Pattern{ID: "p", Text: text, Kind: TranslationPattern}
		c, err := p.compile()
		if (err == nil) != (ParsePattern(text) == nil) {
			t.Fatalf("compile says %v, ParsePattern %v", err, ParsePattern(text))
		}
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Pos < 0 || syntax.Pos > len(text) || syntax.Advice == "" {
				t.Fatalf("error %#v", err)
			}
			return
		}
		for _, form := range c.forms {
			again, err := parsePattern(form.text())
			if len(form.text()) > maxPatternText {
				continue // a set can be longer when written as explanations do
			}
			if err != nil || renderElements(again.elems, again.dot) != form.text() {
				t.Fatalf("%q is rendered as %q: %v", text, form.text(), err)
			}
		}
		plan, err := New(Put(p))
		if err != nil {
			t.Fatal(err)
		}
		checkDecision(t, plan, Request{Digits: digits})
		checkDecision(t, plan, Request{Digits: digits, Complete: true})
	})
}

func checkDecision(t *testing.T, plan *Plan, q Request) {
	t.Helper()
	d := plan.Analyze(q)
	x := plan.Explain(q)
	if x.String() == "" || x.Decision.Answer != d.Answer || x.Decision.Called != d.Called || x.Decision.Pattern != d.Pattern {
		t.Fatalf("Explain decides %+v, Analyze %+v", x.Decision, d)
	}
	switch d.Answer {
	case RouteFound:
		if d.Pattern == nil || len(x.Passes) == 0 || x.Passes[len(x.Passes)-1].Candidates[0].Verdict != Won {
			t.Fatalf("route without a winner: %s", x)
		}
	case MoreDigits:
		if q.Complete {
			t.Fatal("more digits although they are complete")
		}
	case NoRoute:
		if d.Cause == 0 || d.Reason == ReasonNone {
			t.Fatalf("no route without a cause: %+v", d)
		}
	}
}

// Any digits get a decision from a plan that has everything in it.
func FuzzDigits(f *testing.F) {
	plan := fuzzPlan(f)
	for _, s := range []string{"", "2001", "910102889728135000", "901149301234#", "7001", "8801", "*#+ABCD", "1111111111111111", "é"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, digits string, complete bool) {
		checkDecision(t, plan, Request{LineCSS: "staff", DeviceCSS: "device", Digits: digits, Complete: complete})
	})
}

func fuzzPlan(f *testing.F) *Plan {
	changes := []Change{}
	for _, text := range []string{"1X?2!", "1!1!1!", "X+X?#", "*!#", `\+!`, "[^1-8].!", "[A-D]", "1[*#]+", "6!"} {
		if text == "[A-D]" {
			text = "[ABCD]"
		}
		changes = append(changes, Put(Pattern{ID: PatternID(text), Partition: "internal", Text: text, Kind: TranslationPattern, TranslationCSS: "device",
			Called: CalledTransform{Discard: mustDiscard(f, "PreDot Trailing-#"), Prefix: "9"}}))
	}
	plan, err := explainPlan(f).With(changes...)
	if err != nil {
		f.Fatal(err)
	}
	return plan
}

// Any text is a route filter or an error that points into it; a filter never adds numbers.
func FuzzRouteFilter(f *testing.F) {
	for _, s := range []string{"", "AREA-CODE == 972 AND OFFICE-CODE EXISTS", "SERVICE==911 OR COUNTRY-CODE==4X", "NATIONAL-NUMBER == 30", "X == =="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := ParseRouteFilter(text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Pos < 0 || syntax.Pos > len(text) {
				t.Fatalf("error %#v", err)
			}
			return
		}
		all := northAmerican()
		if n := len(filter.apply(all)); n > len(all)*max(1, len(filter.clauses)) {
			t.Fatalf("%d forms from %d", n, len(all))
		}
	})
}
