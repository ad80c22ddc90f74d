package demo

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"tandem/admin/client"
	"tandem/service/trace"
	"tandem/sim/lab"
)

// printer writes the programme on a terminal.
type printer struct {
	out     io.Writer
	colour  bool
	verbose bool
	width   int
}

// Widths of the screen between which the pages are laid out.
const (
	narrowest = 80
	widest    = 120
)

func newPrinter(o Options) *printer {
	width := o.Width
	if width == 0 {
		width = narrowest
	}
	out := o.Stdout
	if out == nil {
		out = io.Discard
	}
	return &printer{out: out, colour: o.Color, verbose: o.Verbose, width: max(narrowest, min(width, widest))}
}

// Colours.
const (
	bold  = "\x1b[1m"
	faint = "\x1b[2m"
	red   = "\x1b[31m"
	green = "\x1b[32m"
	blue  = "\x1b[34m"
	plain = "\x1b[0m"
)

func (p *printer) paint(colour, text string) string {
	if !p.colour || text == "" {
		return text
	}
	return colour + text + plain
}

func (p *printer) line(format string, a ...any) { fmt.Fprintf(p.out, format+"\n", a...) }

func (p *printer) rule() { p.line("%s", p.paint(faint, strings.Repeat("─", p.width))) }

func (p *printer) title(about string) {
	p.line("")
	p.line("  %s  %s", p.paint(bold, "Tandem"), p.paint(faint, about))
	p.rule()
}

func (p *printer) section(text string) { p.line(""); p.line("  %s", p.paint(bold, text)) }

func (p *printer) mark(err error) string {
	if err != nil {
		return p.paint(red, "✗")
	}
	return p.paint(green, "✓")
}

// server tells where the throw-away server listens.
func (p *printer) server(s *lab.Server, took time.Duration) {
	p.section("One server starts, with an empty disk and a site file of four people")
	p.right(fmt.Sprintf("    %s cm1 on %s: SCCP %d, SIP %d, TFTP %d, web %d", p.mark(nil), lab.Loopback, s.Port("sccp"), s.Port("sip"),
		s.Port("tftp"), s.Port("web")), seconds(took))
}

// right writes a line with something at the right margin.
func (p *printer) right(left, right string) {
	gap := p.width - 2 - shown(left) - shown(right)
	p.line("%s%s%s", left, strings.Repeat(" ", max(1, gap)), p.paint(faint, right))
}

// shown is the number of columns that a text takes, without terminal sequences.
func shown(text string) int {
	n := utf8.RuneCountInString(text)
	for {
		i := strings.IndexByte(text, '\x1b')
		if i < 0 {
			return n
		}
		end := strings.IndexByte(text[i:], 'm')
		if end < 0 {
			return n
		}
		n -= end + 1
		text = text[i+end+1:]
	}
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", max(1, d.Milliseconds()))
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func (p *printer) registered(a *actor, how string, took time.Duration) {
	p.right(fmt.Sprintf("    %s %-5s %s  %s", p.mark(nil), a.name, p.paint(blue, a.number), how), seconds(took))
}

func (p *printer) scene(number int, title, about string) {
	p.line("")
	p.rule()
	heading := fmt.Sprintf("  %s  %s", p.paint(bold, fmt.Sprintf("%2d", number)), p.paint(bold, title))
	if shown(heading)+shown(about)+4 <= p.width {
		p.right(heading, about)
	} else {
		p.line("%s", heading)
		p.line("      %s", p.paint(faint, about))
	}
	p.line("")
}

// check shows one thing that was looked at.
func (p *printer) check(what string, err error) {
	p.line("    %s %s", p.mark(err), what)
	if err != nil {
		for _, l := range wrap(err.Error(), p.width-8) {
			p.line("      %s", p.paint(red, l))
		}
	}
}

// told shows what a server said.
func (p *printer) told(text string) {
	for _, l := range wrap(text, p.width-8) {
		p.line("      %s", p.paint(faint, l))
	}
}

// wrap breaks a text into lines at blanks.
func wrap(text string, width int) (lines []string) {
	for paragraph := range strings.Lines(text) {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && shown(line)+1+shown(word) > width {
				lines, line = append(lines, line), ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		lines = append(lines, line)
	}
	return lines
}

// ladder draws a call.
func (p *printer) ladder(l trace.Ladder, server string, actors []*actor) {
	p.line("")
	drawn := telling(l, server, actors, p.verbose)
	if err := drawn.draw(p.out, p); err != nil {
		p.check("The ladder is drawn", err)
	}
}

// records shows the call records, and whether they are what they should be.
func (p *printer) records(records []client.Record, err error) {
	p.line("")
	for _, r := range records {
		p.line("      %s", p.paint(faint, recordText(r)))
	}
	what := "The call record is right"
	if len(records) != 1 {
		what = fmt.Sprintf("The %d call records are right", len(records))
	}
	p.check(what, err)
}

// recordText is a record in a line.
func recordText(r client.Record) string {
	text := r.Calling + " → " + r.OriginalCalled
	if r.FinalCalled != r.OriginalCalled {
		text += " → " + r.FinalCalled
	}
	if r.LastRedirect != "" && r.LastRedirect != r.FinalCalled {
		text += " (sent on by " + r.LastRedirect + ")"
	}
	if r.Answered != nil {
		text += fmt.Sprintf(", %.1f s", r.Duration)
		if r.Codec != "" {
			text += " " + r.Codec
		}
	} else {
		text += ", not answered"
	}
	return fmt.Sprintf("call %s: %s, cause %d", r.Call, text, r.Cause)
}

func (p *printer) complaints(complaints []string) {
	if len(complaints) == 0 {
		return
	}
	p.line("")
	p.rule()
	p.section("What the phones complain about")
	for _, c := range complaints {
		p.check(c, errWrong)
	}
}

// broken shows why the demonstration could not go on, and returns it.
func (p *printer) broken(err error) error {
	p.check("The demonstration could not go on", err)
	return err
}

// summary is the table at the end.
func (p *printer) summary(results []result, wrong int, took time.Duration, what string) {
	p.line("")
	p.rule()
	p.section("Summary")
	p.line("")
	checks := 0
	for i, r := range results {
		checks += r.checks
		var err error
		if r.wrong > 0 {
			err = errWrong
		}
		p.right(fmt.Sprintf("    %s %2d  %-42s %2d checks  %-9s", p.mark(err), i+1, cut(r.title, 42), r.checks, plural(r.records, "record")), seconds(r.took))
	}
	p.line("")
	if wrong == 0 {
		p.right("  "+p.paint(bold+green, fmt.Sprintf("All is well: %d %s, %d checks.", len(results), what, checks)), "in all "+seconds(took))
	} else {
		p.right("  "+p.paint(bold+red, fmt.Sprintf("%d of %d checks went wrong.", wrong, checks)), "in all "+seconds(took))
	}
	p.line("")
}

func cut(text string, n int) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	return string(r[:n-1]) + "…"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
