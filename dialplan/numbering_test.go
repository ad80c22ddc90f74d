package dialplan

import (
	"strings"
	"testing"
)

func mustFilter(t testing.TB, text string) *RouteFilter {
	f, err := ParseRouteFilter(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func mustDiscard(t testing.TB, text string) Discard {
	d, err := ParseDiscard(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNumberingPlanReads(t *testing.T) {
	forms, err := parseNumberingPlan(northAmericanText)
	if err != nil {
		t.Fatal(err)
	}
	used := uint32(0)
	for _, f := range forms {
		used |= f.tags
	}
	for tag := NoTag + 1; tag < numTags; tag++ {
		if used>>tag&1 == 0 {
			t.Errorf("no number of the plan has a section %s", tag)
		}
	}
	for name, text := range map[string]string{
		"unknown tag":   "number x : COLOUR=1",
		"unknown set":   "number x : SERVICE=$nobody",
		"parenthesis":   "number x : ( SERVICE=1",
		"bad section":   "number x : SERVICE=[",
		"empty section": "number x : SERVICE=",
		"nonsense":      "hello",
	} {
		if _, err := parseNumberingPlan(text); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// What 9.@ makes of each kind of number. early: the number is complete before T302 because nothing longer exists.
func TestAtSign(t *testing.T) {
	plan, err := New(Put(Pattern{ID: "at", Text: "9.@", Kind: RoutePattern, Called: CalledTransform{Discard: mustDiscard(t, "PreDot")}}))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		dialled string
		kind    string // "" if the plan does not have the number
		more    bool   // a longer number could follow
	}{
		{"9 555 2345", "local, 7 digits", true},
		{"9 555 1234", "local, 7 digits", false}, // the start of no longer number: 123 is no office code
		{"9 972 555 1234", "local, 10 digits", false},
		{"9 1 555 2345", "local, 1 + 7 digits", true},
		{"9 0 555 2345", "local by operator, 0 + 7 digits", true},
		{"9 1 972 555 1234", "long distance, 1 + 10 digits", false},
		{"9 0 972 555 1234", "long distance by operator, 0 + 10 digits", false},
		{"9 911", "service code", false},
		{"9 411", "service code", false},
		{"9 211", "service code", false},
		{"9 1 411", "long-distance service code", false},
		{"9 0", "local operator", true},
		{"9 00", "long-distance operator", false},
		{"9 011 49 30 123456", "international, 011", true},
		{"9 011 49 30 123456 #", "international, 011", false},
		{"9 011 7 495 123 4567 #", "international, 011", false},
		{"9 011 353 1 234567 #", "international, 011", false},
		{"9 01 44 20 7946 0000 #", "international by operator, 01", false},
		{"9 010", "international operator, 010", false},
		{"9 011 881 6 12345678 #", "satellite, 011", false},
		{"9 01 881 6 12345678 #", "satellite by operator, 01", false},
		{"9 101 0288 972 813 5000", "local, 10 digits", false},
		{"9 101 0288 1 972 813 5000", "long distance, 1 + 10 digits", false},
		{"9 101 0288 011 49 30 123456 #", "international, 011", false},
		{"9 101 0288 0", "local operator", true},
		{"9 101 0288 00", "long-distance operator", false},
		{"9 101 0288 #", "carrier's operator", false},
		{"9 111 1234", "", false},          // office codes begin with 2-9
		{"9 1 911 555 1234", "", false},    // N11 is no area code
		{"9 1 972 155 1234", "", false},    // nor may an office code begin with 1
		{"9 011 1 972 555 1234", "", true}, // country code 1 is not dialled as international
		{"9 011 0", "", false},
		{"8 555 1234", "", false},
	}
	for _, test := range tests {
		digits := strings.ReplaceAll(test.dialled, " ", "")
		x := plan.Explain(Request{Digits: digits, Complete: true})
		if test.kind == "" {
			if x.Decision.Answer != NoRoute {
				t.Errorf("%s: %s", test.dialled, x)
			}
			continue
		}
		if x.Decision.Answer != RouteFound || x.Passes[0].Candidates[0].Number != test.kind {
			t.Errorf("%s: want %s\n%s", test.dialled, test.kind, x)
			continue
		}
		if x.Decision.Called != digits[1:] {
			t.Errorf("%s: called %s", test.dialled, x.Decision.Called)
		}
		want := RouteFound
		if test.more {
			want = MoreDigits
		}
		if got := plan.Analyze(Request{Digits: digits}).Answer; got != want {
			t.Errorf("%s: %s, want %s", test.dialled, got, want)
		}
	}
}

func TestDiscardInstructions(t *testing.T) {
	tests := []struct{ pattern, dialled, instruction, want string }{
		{"9.@", "910102889728135000", "10-10-Dialing", "99728135000"}, // the confirmed example of callmanager-4x.md A.4
		{"9.@", "910102889728135000", "NoDigits", "910102889728135000"},
		{"9.@", "910102889728135000", "", "910102889728135000"},
		{"9.@", "910102889728135000", "PreDot", "10102889728135000"},
		{"9.@", "910102889728135000", "PreDot 10-10-Dialing", "9728135000"},
		{"9.@", "9101028801149301234#", "10-10-Dialing Trailing-#", "901149301234"},
		{"9.@", "9101028801149301234#", "10-10-Dialing", "901149301234#"},
		{"9.@", "919725551234", "11/10D->7D", "95551234"},
		{"9.@", "99725551234", "11/10D->7D", "95551234"},
		{"9.@", "909725551234", "11/10D->7D", "95551234"},
		{"9.@", "910102889725551234", "PreDot 11/10D->7D", "5551234"},
		{"9.@", "919725551234", "11D->10D", "99725551234"},
		{"9.@", "919725551234", "PreDot 11D->10D", "9725551234"},
		{"9.@", "901149301234#", "IntlAccess IntlDirectDial", "949301234#"},
		{"9.@", "901149301234#", "PreDot IntlAccess IntlDirectDial Trailing-#", "49301234"},
		{"9.@", "901149301234#", "IntlTollBypass", "9301234#"},
		{"9.@", "901149301234#", "PreDot IntlTollBypass Trailing-#", "301234"},
		{"9.@", "901149301234#", "Trailing-#", "901149301234"},
		{"9.8@", "989725551234", "PreAt", "9725551234"},
		{"9.8@", "989725551234", "PreDot", "89725551234"},
		{"9.8@", "9819725551234", "PreAt 11/10D->7D", "5551234"},
		{"9.8@", "9801149301234#", "PreAt IntlTollBypass Trailing-#", "301234"},
		{"9.XXXX", "91234", "PreDot", "1234"},
		{"9XXXX", "91234", "PreDot", "91234"}, // nothing before a dot that is not there
		{"9.XXXX#", "91234#", "PreDot Trailing-#", "1234"},
		{"9.!#", "9123#", "Trailing-#", "9123"},
		{"9.!", "9123", "Trailing-#", "9123"},
		{"0+.1X", "00010", "PreDot", "10"},
		{"X+.X+", "1234", "PreDot", "234"}, // what is before the dot takes as little as it can
		{"X?.X+", "1234", "PreDot", "1234"},
	}
	for _, test := range tests {
		p := Pattern{ID: "p", Text: test.pattern, Kind: RoutePattern, Called: CalledTransform{Discard: mustDiscard(t, test.instruction)}}
		plan, err := New(Put(p))
		if err != nil {
			t.Errorf("%s with %s: %v", test.pattern, test.instruction, err)
			continue
		}
		if d := plan.Analyze(Request{Digits: test.dialled, Complete: true}); d.Answer != RouteFound || d.Called != test.want {
			t.Errorf("%s, dialled %s, %s: %s %q, want %q", test.pattern, test.dialled, test.instruction, d.Answer, d.Called, test.want)
		}
	}
}

func TestDiscardNames(t *testing.T) {
	names := DiscardNames()
	if len(names) != 2+10+2*(2+10) {
		t.Errorf("%d instructions: %q", len(names), names)
	}
	for _, name := range names {
		d := mustDiscard(t, name)
		if d.String() != name {
			t.Errorf("%q reads back as %q", name, d)
		}
		with := Pattern{ID: "p", Text: "9.@", Called: CalledTransform{Discard: d}}
		if err := with.Validate(); err != nil {
			t.Errorf("%q with @: %v", name, err)
		}
		plain := map[string]bool{"NoDigits": true, "PreDot": true, "Trailing-#": true, "PreDot Trailing-#": true}
		without := Pattern{ID: "p", Text: "9.X", Called: CalledTransform{Discard: d}}
		if err := without.Validate(); (err == nil) != plain[name] {
			t.Errorf("%q without @: %v", name, err)
		}
	}
	for _, bad := range []string{"PreDots", "Trailing", "PreDot PreAt", "10-10", "IntlAccess", "PreDot NoDigits"} {
		if _, err := ParseDiscard(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestRouteFilters(t *testing.T) {
	tests := []struct {
		filter     string
		pass, fail []string
	}{
		{"", []string{"5551234", "911", "01149301234#"}, nil},
		{"AREA-CODE EXISTS", []string{"19725551234", "09725551234"}, []string{"5551234", "9725551234", "911"}},
		{"AREA-CODE DOES-NOT-EXIST", []string{"5551234", "9725551234", "911"}, []string{"19725551234"}},
		{"AREA-CODE == 972", []string{"19725551234"}, []string{"12125551234", "9725551234"}},
		{"AREA-CODE == 97[2-4] AND LONG-DISTANCE-OPERATOR DOES-NOT-EXIST", []string{"19735551234"}, []string{"19755551234", "09735551234"}},
		{"area-code == 9XX AND AREA-CODE == X72", []string{"19725551234"}, []string{"12725551234", "19735551234"}},
		{"SERVICE==911 OR COUNTRY-CODE==49", []string{"911", "1911", "01149301234#"}, []string{"411", "01144301234#"}},
		{"COUNTRY-CODE == 35X AND TRANSIT-NETWORK DOES-NOT-EXIST", []string{"01135312345#"}, []string{"01149301234#", "101028801135312345#"}},
		{"TRANSIT-NETWORK == 0288", []string{"10102889725551234", "1010288#"}, []string{"10103219725551234", "9725551234"}},
		{"NATIONAL-NUMBER == 30X", []string{"01149301", "01149301#"}, []string{"0114930", "0114930123", "01149311"}},
		{"LOCAL-AREA-CODE EXISTS AND END-OF-DIALING DOES-NOT-EXIST OR OFFICE-CODE EXISTS AND AREA-CODE DOES-NOT-EXIST AND LOCAL-DIRECT-DIAL DOES-NOT-EXIST",
			[]string{"5551234", "9725551234"}, []string{"15551234", "911"}},
	}
	for _, test := range tests {
		plan, err := New(Put(Pattern{ID: "p", Text: "9.@", Filter: mustFilter(t, test.filter)}))
		if err != nil {
			t.Errorf("%s: %v", test.filter, err)
			continue
		}
		for i, list := range [][]string{test.pass, test.fail} {
			for _, digits := range list {
				if d := plan.Analyze(Request{Digits: "9" + digits, Complete: true}); (d.Answer == RouteFound) != (i == 0) {
					t.Errorf("%s: 9%s: %s", test.filter, digits, d.Answer)
				}
			}
		}
	}
	for filter, want := range map[string]string{
		"AREACODE EXISTS":                "character 1: a tag is expected",
		"AREA-CODE":                      "at the end: an operator is expected",
		"AREA-CODE IS 972":               "character 11: an operator is expected",
		"AREA-CODE ==":                   `at the end: "==" needs digits`,
		"AREA-CODE == 97!":               `character 14: "==" needs digits`,
		"AREA-CODE EXISTS AND":           "at the end: a tag is expected",
		"AREA-CODE EXISTS SERVICE":       "character 18: AND or OR is expected",
		strings.Repeat("SERVICE ", 1000): "character 1025: more than 1024",
	} {
		if _, err := ParseRouteFilter(filter); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", filter, err, want)
		}
	}
	for _, nothing := range []string{"AREA-CODE == 123", "AREA-CODE == 97", "AREA-CODE == 9725", "SERVICE EXISTS AND AREA-CODE EXISTS", "SUBSCRIBER == ####"} {
		p := Pattern{ID: "p", Text: "9.@", Filter: mustFilter(t, nothing)}
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), "no number of the numbering plan passes") {
			t.Errorf("%s, which nothing passes: %v", nothing, err)
		}
	}
}

// A filter value narrows what competes: the closer of two filtered patterns wins.
func TestFilterMakesCloser(t *testing.T) {
	plan, err := New(
		Put(Pattern{ID: "a-all", Text: "9.@"}),
		Put(Pattern{ID: "z-972", Text: "9.@", Filter: mustFilter(t, "AREA-CODE == 972")}),
	)
	if err != nil {
		t.Fatal(err)
	}
	for digits, want := range map[string]PatternID{"919725551234": "z-972", "912125551234": "a-all"} {
		if d := plan.Analyze(Request{Digits: digits}); identifier(d.Pattern) != want {
			t.Errorf("%s: %s, want %s", digits, identifier(d.Pattern), want)
		}
	}
}
