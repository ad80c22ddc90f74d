package dialplan

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// dump writes the trees of a plan, its partitions in alphabetical order.
func dump(p *Plan) string {
	var parts []string
	for _, part := range p.partitions {
		if part.root != nil {
			var b strings.Builder
			fmt.Fprintf(&b, "partition %q, %d patterns\n", part.name, part.size)
			dumpNode(&b, part.root, "  ")
			parts = append(parts, b.String())
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "")
}

func dumpNode(b *strings.Builder, n *node, indent string) {
	for _, f := range n.ends {
		fmt.Fprintf(b, "%sends %s.%d %s\n", indent, f.pattern.ID, f.index, f.text())
	}
	for _, t := range n.tails {
		fmt.Fprintf(b, "%stail %s.%d %s\n", indent, t.form.pattern.ID, t.form.index, t.form.text())
	}
	for s := range symbol(numSymbols) {
		if k := n.kid(s); k != nil {
			fmt.Fprintf(b, "%s%c (%d)\n", indent, alphabet[s], n.below)
			dumpNode(b, k, indent+"  ")
		}
	}
	for _, e := range n.sets {
		fmt.Fprintf(b, "%s%s (%d)\n", indent, e.set, n.below)
		dumpNode(b, e.to, indent+"  ")
	}
}

// A plan that was changed step by step is the plan that is built from scratch, and the plans before are untouched.
func TestIncrementalEqualsFromScratch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan, err := New(spaceChanges()...)
		if err != nil {
			t.Fatal(err)
		}
		now := map[PatternID]Pattern{}
		type before struct {
			plan *Plan
			text string
		}
		var history []before
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			history = append(history, before{plan, dump(plan)})
			var changes []Change
			for range rapid.IntRange(1, 4).Draw(t, "changes") {
				id := PatternID(rapid.StringMatching(`[a-h]`).Draw(t, "id"))
				if rapid.IntRange(0, 2).Draw(t, "remove") == 0 {
					changes = append(changes, Remove(id))
					delete(now, id)
					continue
				}
				p := genPattern(t, id)
				if rapid.IntRange(0, 9).Draw(t, "at") == 0 {
					p.Text = "9.@"
				}
				changes = append(changes, Put(p))
				now[id] = p
			}
			if plan, err = plan.With(changes...); err != nil {
				t.Fatal(err)
			}
		}
		all := spaceChanges()
		for _, p := range now {
			all = append(all, Put(p))
		}
		scratch, err := New(all...)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := dump(plan), dump(scratch); a != b {
			t.Fatalf("step by step:\n%s\nfrom scratch:\n%s", a, b)
		}
		if plan.Len() != len(now) {
			t.Fatalf("%d patterns, want %d", plan.Len(), len(now))
		}
		for id, want := range now {
			if got, ok := plan.Pattern(id); !ok || got != want {
				t.Fatalf("pattern %s is %+v, want %+v", id, got, want)
			}
		}
		for i, h := range history {
			if dump(h.plan) != h.text {
				t.Fatalf("plan %d changed after it was published", i)
			}
		}
		for range 5 {
			q := genRequest(t)
			if a, b := plan.Analyze(q), scratch.Analyze(q); a.Answer != b.Answer || identifier(a.Pattern) != identifier(b.Pattern) {
				t.Fatalf("%+v: %+v, from scratch %+v", q, a, b)
			}
		}
	})
}

// One changed pattern among many leaves nearly all nodes shared.
func TestChangeSharesTheRest(t *testing.T) {
	var changes []Change
	for i := range 5000 {
		changes = append(changes, Put(Pattern{ID: PatternID(fmt.Sprint("dn", i)), Partition: "p", Text: fmt.Sprint(20000 + i)}))
	}
	before, err := New(changes...)
	if err != nil {
		t.Fatal(err)
	}
	after, err := before.With(Put(Pattern{ID: "new", Partition: "p", Text: "20000123"}))
	if err != nil {
		t.Fatal(err)
	}
	old := map[*node]bool{}
	visit(before.partitions[1].root, func(n *node) { old[n] = true })
	var fresh, total int
	visit(after.partitions[1].root, func(n *node) {
		total++
		if !old[n] {
			fresh++
		}
	})
	if fresh != 9 {
		t.Errorf("%d of %d nodes are new; the path of 20000123 has 9", fresh, total)
	}
}

func visit(n *node, f func(*node)) {
	if n == nil {
		return
	}
	f(n)
	for _, k := range n.kids {
		visit(k, f)
	}
	for _, e := range n.sets {
		visit(e.to, f)
	}
}

// A pattern that does not compile is reported and left out; everything else takes effect, an older version of it stays.
func TestBadPatternLeavesTheRest(t *testing.T) {
	plan, err := New(Put(Pattern{ID: "a", Text: "100"}))
	if err != nil {
		t.Fatal(err)
	}
	plan, err = plan.With(Put(Pattern{ID: "a", Text: "1[0"}), Put(Pattern{ID: "b", Text: "200"}), Put(Pattern{ID: "c", Text: "+1"}))
	if err == nil || !strings.Contains(err.Error(), `"1[0"`) || !strings.Contains(err.Error(), `write \+`) {
		t.Errorf("error: %v", err)
	}
	for _, digits := range []string{"100", "200"} {
		if d := plan.Analyze(Request{Digits: digits}); d.Answer != RouteFound {
			t.Errorf("%s: %s", digits, d.Answer)
		}
	}
	if plan.Len() != 2 {
		t.Errorf("%d patterns", plan.Len())
	}
}

// Search spaces change like patterns: a removed one reaches the null partition alone.
func TestSearchSpaceChanges(t *testing.T) {
	plan, err := New(Put(Pattern{ID: "a", Partition: "p", Text: "100"}), Put(Pattern{ID: "n", Text: "1XX"}), SetSearchSpace("s", "q", "p", "q", ""))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := plan.SearchSpace("s"); !slices.Equal(got, []string{"q", "p"}) {
		t.Errorf("partitions %q", got)
	}
	narrower, err := plan.With(RemoveSearchSpace("s"))
	if err != nil {
		t.Fatal(err)
	}
	for want, p := range map[PatternID]*Plan{"a": plan, "n": narrower} {
		if d := p.Analyze(Request{LineCSS: "s", Digits: "100"}); identifier(d.Pattern) != want {
			t.Errorf("pattern %q, want %q", identifier(d.Pattern), want)
		}
	}
	if d := new(Plan).Analyze(Request{Digits: "100"}); d.Answer != NoRoute {
		t.Errorf("empty plan: %s", d.Answer)
	}
}

// Readers of a plan go on while its successors are built; the race detector watches.
func TestReadersDuringChanges(t *testing.T) {
	plan := explainPlan(t)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if d := plan.Analyze(Request{LineCSS: "staff", Digits: "8801"}); identifier(d.Pattern) != "dn2001" {
					t.Errorf("8801 leads to %q", identifier(d.Pattern))
					return
				}
			}
		})
	}
	next := plan
	for i := range 200 {
		var err error
		if next, err = next.With(Put(Pattern{ID: "x", Partition: "internal", Text: fmt.Sprint("2001", i)}), Remove("dn2001"), Remove("tp")); err != nil {
			t.Error(err)
			break
		}
	}
	close(stop)
	readers.Wait()
}
