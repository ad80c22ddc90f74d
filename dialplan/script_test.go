package dialplan

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Dial-plan scripts in testdata/*.dialplan. A script configures a plan and then dials; "//" begins a comment.
//
//	css NAME PARTITION...
//	dn | route | translate  PATTERN [in PARTITION] [OPTION VALUE...]
//	    to TARGET, id ID, css NAME, discard "INSTRUCTION", mask MASK, prefix DIGITS, filter "ROUTE FILTER",
//	    callingmask MASK, callingprefix DIGITS, external, urgent, tone, block CAUSE
//	caller NUMBER [external MASK]
//	remove ID
//	dial DIGITS from CSS[+DEVICECSS] => EXPECTED     keyed one by one; after the last one T302 runs out, if it has to
//	send DIGITS from CSS => EXPECTED                 all at once
//	key DIGITS from CSS => more [match] [tone]       keyed so far
//
// EXPECTED is "TARGET CALLED [from CALLING] [at once | after T302 | early N]" or "cause N [REASON]"; "early N" says that N
// digits decided and the rest was not needed.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.dialplan")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts in testdata", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".dialplan"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			runScript(t, string(text))
		})
	}
}

type script struct {
	plan     *Plan
	calling  string
	external string
}

func runScript(t *testing.T, text string) {
	s := script{plan: new(Plan)}
	dialled := 0
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "//")
		words := scriptWords(line)
		if len(words) == 0 {
			continue
		}
		var err error
		switch words[0] {
		case "css":
			s.plan, err = s.plan.With(SetSearchSpace(words[1], words[2:]...))
		case "remove":
			s.plan, err = s.plan.With(Remove(PatternID(words[1])))
		case "caller":
			s.calling, s.external = words[1], ""
			if len(words) == 4 {
				s.external = words[3]
			}
		case "dn", "route", "translate":
			var p Pattern
			if p, err = scriptPattern(words); err == nil {
				s.plan, err = s.plan.With(Put(p))
			}
		case "dial", "send", "key":
			what, want, ok := strings.Cut(line, "=>")
			if !ok {
				t.Fatalf("line %d: no =>", n+1)
			}
			dialled++
			want = strings.Join(strings.Fields(want), " ")
			if got, x := s.ask(what); got != want {
				t.Errorf("line %d: %s\n got  %s\n want %s\n%s", n+1, strings.TrimSpace(line), got, want, x)
			}
		default:
			err = fmt.Errorf("unknown word %q", words[0])
		}
		if err != nil {
			t.Fatalf("line %d: %s: %v", n+1, line, err)
		}
	}
	if dialled == 0 {
		t.Fatal("the script dials nothing")
	}
}

// scriptWords splits a line at blanks; quoted words keep theirs.
func scriptWords(line string) (words []string) {
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

func scriptPattern(words []string) (Pattern, error) {
	kinds := map[string]Kind{"dn": DirectoryNumber, "route": RoutePattern, "translate": TranslationPattern}
	p := Pattern{Kind: kinds[words[0]], Text: words[1]}
	var err error
	for rest := words[2:]; len(rest) > 0 && err == nil; {
		option := rest[0]
		rest = rest[1:]
		switch option {
		case "urgent":
			p.Urgent = true
			continue
		case "tone":
			p.OutsideDialTone = true
			continue
		case "external":
			p.Calling.UseExternalMask = true
			continue
		}
		if len(rest) == 0 {
			return p, fmt.Errorf("option %q", option)
		}
		value := rest[0]
		rest = rest[1:]
		switch option {
		case "in":
			p.Partition = value
		case "to":
			p.Target = value
		case "id":
			p.ID = PatternID(value)
		case "css":
			p.TranslationCSS = value
		case "mask":
			p.Called.Mask = value
		case "prefix":
			p.Called.Prefix = value
		case "callingmask":
			p.Calling.Mask = value
		case "callingprefix":
			p.Calling.Prefix = value
		case "discard":
			p.Called.Discard, err = ParseDiscard(value)
		case "filter":
			p.Filter, err = ParseRouteFilter(value)
		case "block":
			p.Block = true
			_, err = fmt.Sscan(value, &p.Cause)
		default:
			err = fmt.Errorf("unknown option %q", option)
		}
	}
	if p.Target == "" {
		p.Target = words[1]
	}
	if p.ID == "" {
		p.ID = PatternID(words[1] + "@" + p.Partition)
	}
	return p, err
}

func (s *script) ask(line string) (string, Explanation) {
	verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	digits, css, _ := strings.Cut(rest, " from ")
	if strings.HasPrefix(rest, "from ") { // nothing is dialled
		digits, css = "", rest[5:]
	}
	digits = strings.Join(strings.Fields(digits), "")
	q := Request{Digits: digits, Calling: s.calling, ExternalMask: s.external}
	q.LineCSS, q.DeviceCSS, _ = strings.Cut(strings.TrimSpace(css), "+")
	when := "at once"
	switch verb {
	case "send":
		q.Complete, when = true, ""
	case "dial":
		for n := range len(digits) + 1 {
			q.Digits = digits[:n]
			if d := s.plan.Analyze(q); d.Answer != MoreDigits {
				if n < len(digits) {
					when = fmt.Sprint("early ", n)
				}
				break
			}
			if n == len(digits) {
				q.Complete, when = true, "after T302"
			}
		}
	}
	x := s.plan.Explain(q)
	d := x.Decision
	switch d.Answer {
	case NoRoute:
		return fmt.Sprintf("cause %d %s", d.Cause, d.Reason), x
	case MoreDigits:
		text := "more"
		if d.MatchNow {
			text += " match"
		}
		if d.OutsideDialTone {
			text += " tone"
		}
		return text, x
	}
	words := []string{d.Pattern.Target, d.Called}
	if d.Calling != "" {
		words = append(words, "from", d.Calling)
	}
	if when != "" {
		words = append(words, when)
	}
	return strings.Join(words, " "), x
}
