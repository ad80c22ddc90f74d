package dialplan

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/explain.golden anew")

func explainPlan(t testing.TB) *Plan {
	plan, err := New(
		SetSearchSpace("staff", "internal", "pstn"), SetSearchSpace("device", "branch", "pstn"),
		Put(Pattern{ID: "dn2001", Partition: "internal", Text: "2001", Target: "Alice Archer's line"}),
		Put(Pattern{ID: "dn2002", Partition: "internal", Text: "2002", Target: "Bob Baker's line"}),
		Put(Pattern{ID: "odd", Partition: "internal", Text: "2002#5", Kind: RoutePattern, Target: "door"}),
		Put(Pattern{ID: "dn2001b", Partition: "board", Text: "2001", Target: "private"}),
		Put(Pattern{ID: "dn20017", Partition: "branch", Text: "20017", Target: "fax"}),
		Put(Pattern{ID: "any", Partition: "branch", Text: "200X", Target: "branch", Kind: RoutePattern}),
		Put(Pattern{ID: "any2", Partition: "branch", Text: "20!", Target: "branch", Kind: RoutePattern}),
		Put(Pattern{ID: "any3", Partition: "branch", Text: "2001", Target: "branch"}),
		Put(Pattern{ID: "tp", Partition: "internal", Text: "88XX", Kind: TranslationPattern, TranslationCSS: "staff",
			Called: CalledTransform{Mask: "20XX"}, Calling: CallingTransform{Prefix: "88"}, Urgent: true}),
		Put(Pattern{ID: "loop", Partition: "internal", Text: "7XXX", Kind: TranslationPattern, TranslationCSS: "staff"}),
		Put(Pattern{ID: "out", Partition: "pstn", Text: "9.@", Kind: RoutePattern, Target: "gateway", OutsideDialTone: true,
			Calling: CallingTransform{UseExternalMask: true}, Called: CalledTransform{Discard: mustDiscard(t, "PreDot 10-10-Dialing")}}),
		Put(Pattern{ID: "premium", Partition: "pstn", Text: "9.1900XXXXXXX", Kind: RoutePattern, Block: true, OutsideDialTone: true}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// The words that an administrator reads are kept in a file, to be judged by reading.
func TestExplainGolden(t *testing.T) {
	plan := explainPlan(t)
	var b strings.Builder
	for _, q := range []Request{
		{LineCSS: "staff", DeviceCSS: "device", Digits: "2001"},
		{LineCSS: "staff", DeviceCSS: "device", Digits: "2001", Complete: true},
		{LineCSS: "staff", Digits: "8801", Calling: "2002"},
		{LineCSS: "staff", Digits: "9"},
		{LineCSS: "staff", Digits: "910102889728135000", Calling: "2002", ExternalMask: "972813XXXX"},
		{LineCSS: "staff", Digits: "919005551234"},
		{LineCSS: "staff", Digits: "7001"},
		{LineCSS: "device", Digits: "8801"},
		{DeviceCSS: "device", Digits: "200#"},
		{LineCSS: "staff", Digits: "2002#"},
		{LineCSS: "staff", Digits: "2002#", Complete: true},
		{Digits: ""},
		{LineCSS: "staff", Digits: "20?1"},
	} {
		fmt.Fprintf(&b, "== dialled %q, complete: %v\n%s\n", q.Digits, q.Complete, plan.Explain(q))
	}
	const golden = "testdata/explain.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("explanations differ from %s (-update writes it):\n%s", golden, b.String())
	}
}

func TestExplainVerdicts(t *testing.T) {
	x := explainPlan(t).Explain(Request{LineCSS: "staff", DeviceCSS: "device", Digits: "2001", Complete: true})
	got := map[PatternID]Verdict{}
	for _, c := range x.Passes[0].Candidates {
		got[c.Pattern.ID] = c.Verdict
	}
	want := map[PatternID]Verdict{"dn2001": Won, "any3": LaterPartition, "any": MatchesMore, "any2": MatchesMore,
		"dn20017": NeedsMoreDigits, "dn2001b": OutOfReach}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("verdicts %v, want %v", got, want)
	}
	x = explainPlan(t).Explain(Request{LineCSS: "staff", DeviceCSS: "device", Digits: "2001"})
	if v := x.Passes[0].Candidates[0].Verdict; v != Leads {
		t.Errorf("while more digits are awaited: %s", v)
	}
}

// Presentation settings add up along the way; the last pattern that says something decides.
func TestPresentations(t *testing.T) {
	plan, err := New(
		Put(Pattern{ID: "t", Text: "1", Kind: TranslationPattern, Called: CalledTransform{Mask: "2"},
			Presentations: Presentations{CallingNumber: PresentationRestricted, CallingName: PresentationRestricted}}),
		Put(Pattern{ID: "r", Text: "2", Kind: RoutePattern,
			Presentations: Presentations{CallingNumber: PresentationAllowed, ConnectedName: PresentationRestricted}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	want := Presentations{CallingNumber: PresentationAllowed, CallingName: PresentationRestricted, ConnectedName: PresentationRestricted}
	if d := plan.Analyze(Request{Digits: "1"}); d.Presentations != want {
		t.Errorf("%+v", d.Presentations)
	}
}

// A plan with thousands of candidates is explained within bounds.
func TestExplainIsBounded(t *testing.T) {
	var changes []Change
	for i := range 20000 {
		changes = append(changes, Put(Pattern{ID: PatternID(fmt.Sprint(i)), Text: fmt.Sprint(100000 + i)}))
	}
	plan, err := New(changes...)
	if err != nil {
		t.Fatal(err)
	}
	ps := plan.Explain(Request{Digits: "1"}).Passes[0]
	if len(ps.Candidates) != maxCandidates || !ps.More {
		t.Errorf("%d candidates, more: %v", len(ps.Candidates), ps.More)
	}
}
