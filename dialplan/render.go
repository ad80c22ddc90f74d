package dialplan

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// String renders the explanation in plain words, a paragraph for each look-up and one for the result.
func (x Explanation) String() string {
	var b strings.Builder
	for i, ps := range x.Passes {
		ps.render(&b, i, x.Passes)
	}
	x.Decision.render(&b)
	return b.String()
}

func (ps *Pass) render(b *strings.Builder, i int, all []Pass) {
	fmt.Fprintf(b, "%d. Look up %s", i+1, quoteDigits(ps.Digits))
	if ps.EndedByPound {
		b.WriteString(` ("#" ended dialling)`)
	}
	fmt.Fprintf(b, " for %s\n", ps.searchSpaces())
	names := make([]string, len(ps.Partitions))
	for j, name := range ps.Partitions {
		names[j] = partitionName(name)
	}
	fmt.Fprintf(b, "   partitions in order: %s\n", strings.Join(names, ", "))
	switch {
	case !dialable(ps.Digits):
		fmt.Fprintf(b, "   not looked up: at most %d of 0-9 * # + A-D can be dialled\n", MaxDigits)
	case len(ps.Candidates) == 0:
		b.WriteString("   no pattern matches, and none could with more digits\n")
	}
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, c := range ps.Candidates {
		fmt.Fprintf(w, "   %s\t%s\t%s\t%s\t%s\n", quoteDigits(c.Pattern.Text), partitionName(c.Pattern.Partition), c.Pattern.Kind, c.matches(), c.Verdict)
	}
	w.Flush()
	if ps.More {
		b.WriteString("   ... and more\n")
	}
	for _, s := range ps.Steps {
		party := "called"
		if s.Party == CallingParty {
			party = "calling"
		}
		fmt.Fprintf(b, "   %s number: %s %s: %s -> %s\n", party, s.Operation, s.Argument, quoteDigits(s.Before), quoteDigits(s.After))
	}
	if i+1 < len(all) {
		fmt.Fprintf(b, "   translated: %s is looked up next\n", quoteDigits(all[i+1].Digits))
	}
}

func (ps *Pass) searchSpaces() string {
	var names []string
	if ps.LineCSS != "" {
		names = append(names, "calling search space "+ps.LineCSS)
	}
	if ps.DeviceCSS != "" {
		names = append(names, "calling search space "+ps.DeviceCSS+" (device)")
	}
	if names == nil {
		return "a caller without calling search space"
	}
	return strings.Join(names, ", then ")
}

func (c *Candidate) matches() string {
	if c.Numbers == (Count{}) {
		return ""
	}
	text := c.Numbers.String() + " numbers"
	if c.Numbers == (Count{1}) {
		text = "1 number"
	}
	if c.Number != "" {
		text += " (" + c.Number + ": " + c.Form + ")"
	}
	return text
}

func (d *Decision) render(b *strings.Builder) {
	switch d.Answer {
	case RouteFound:
		fmt.Fprintf(b, "Result: route found. %s goes to %s (%s %s in %s)", quoteDigits(d.Called), quoteTarget(d.Pattern.Target), d.Pattern.Kind,
			quoteDigits(d.Pattern.Text), partitionName(d.Pattern.Partition))
		if d.Calling != "" {
			fmt.Fprintf(b, ", calling number %s", d.Calling)
		}
		b.WriteString(".\n")
	case MoreDigits:
		b.WriteString("Result: more digits are awaited")
		if d.MatchNow {
			b.WriteString("; when the interdigit timer T302 runs out, what matches now is taken")
		}
		if d.OutsideDialTone {
			b.WriteString("; the caller hears outside dial tone")
		}
		b.WriteString(".\n")
	default:
		fmt.Fprintf(b, "Result: no route, cause %d: %s", d.Cause, d.Reason)
		if d.Pattern != nil {
			fmt.Fprintf(b, " (last pattern: %s in %s)", quoteDigits(d.Pattern.Text), partitionName(d.Pattern.Partition))
		}
		b.WriteString(".\n")
	}
}

func partitionName(name string) string {
	if name == "" {
		return "<None>"
	}
	return name
}

func quoteDigits(digits string) string {
	if digits == "" {
		return "(no digits)"
	}
	return digits
}

func quoteTarget(target string) string {
	if target == "" {
		return "its own number"
	}
	return target
}
