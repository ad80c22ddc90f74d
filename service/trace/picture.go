package trace

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Ladder is the messages of one call, oldest first.
type Ladder struct {
	Call     string
	Messages []Message
}

// PictureOptions say how a ladder is drawn. The zero value draws with box characters, in UTC, without raw bytes.
type PictureOptions struct {
	Zone   *time.Location // zone of the heading's time, nil for UTC
	Server string         // the participant drawn between the others, "" for none
	ASCII  bool           // draw with |, - and > only
	Colour bool           // colour arrows by protocol with terminal sequences
	Raw    bool           // show the bytes of each message below its arrow
}

const (
	narrowest = 14 // columns between two lifelines, at least
	widest    = 44 // and at most
)

type pen struct{ life, line, right, left, self string }

var (
	boxes = pen{"│", "─", "▶", "◀", "↺"}
	ascii = pen{"|", "-", ">", "<", "*"}
)

// Write draws the ladder for a terminal: a column for each participant, an arrow with its label for each message, the time
// since the first message on the left and the protocol on the right.
func (l Ladder) Write(w io.Writer, opts PictureOptions) error {
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	p := picture{opts: opts, pen: boxes}
	if opts.ASCII {
		p.pen = ascii
	}
	if len(l.Messages) == 0 {
		_, err := fmt.Fprintf(w, "Call %s: no messages are left.\n", clean(l.Call, callLimit))
		return err
	}
	p.lay(l.Messages)
	first, last := l.Messages[0].Time, l.Messages[len(l.Messages)-1].Time
	fmt.Fprintf(&p.out, "Call %s, %s, %s in %s\n\n", clean(l.Call, callLimit), first.In(opts.Zone).Format("2006-01-02 15:04:05.000 MST"),
		plural(len(l.Messages), "message"), last.Sub(first).Round(time.Millisecond))
	p.heading()
	for i, m := range l.Messages {
		if i > 0 && m.Time.Sub(l.Messages[i-1].Time) >= time.Second {
			p.pause()
		}
		p.arrow(m, m.Time.Sub(first))
		if opts.Raw {
			p.raw(m)
		}
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

type picture struct {
	opts   PictureOptions
	pen    pen
	names  []string
	column []int // column of each participant's lifeline, counted from the left margin
	out    strings.Builder
}

const margin = 10 // for the time

// lay gives each participant its place.
func (p *picture) lay(messages []Message) {
	for _, m := range messages {
		for _, name := range []string{m.From, m.To} {
			if !slices.Contains(p.names, name) {
				p.names = append(p.names, name)
			}
		}
	}
	if i := slices.Index(p.names, p.opts.Server); p.opts.Server != "" && i >= 0 && len(p.names) > 2 {
		p.names = slices.Insert(slices.Delete(p.names, i, i+1), 1, p.opts.Server)
	}
	gaps := make([]int, len(p.names)-1)
	for i := range gaps {
		// Room for the names above the lifelines: half of each, and a blank.
		gaps[i] = max(narrowest, (width(p.names[i])+width(p.names[i+1]))/2+2)
	}
	for _, m := range messages {
		from, to := p.ends(m)
		left, right := min(from, to), max(from, to)
		if left == right {
			if left < len(gaps) {
				gaps[left] = max(gaps[left], min(widest, width(m.Summary)+5))
			}
			continue
		}
		each := (width(m.Summary) + 6 + right - left - 1) / (right - left)
		for i := left; i < right; i++ {
			gaps[i] = max(gaps[i], min(widest, each))
		}
	}
	p.column = make([]int, len(p.names))
	p.column[0] = (width(p.names[0]) + 1) / 2
	for i, gap := range gaps {
		p.column[i+1] = p.column[i] + gap
	}
}

func (p *picture) ends(m Message) (from, to int) {
	return slices.Index(p.names, m.From), slices.Index(p.names, m.To)
}

// heading writes the names, each above its lifeline.
func (p *picture) heading() {
	line := newCanvas()
	for i, name := range p.names {
		name = clean(name, deviceLimit)
		line.put(margin+p.column[i]-width(name)/2, name)
	}
	p.out.WriteString(line.String() + "\n")
	p.out.WriteString(p.lifelines().String() + "\n")
}

func (p *picture) lifelines() *canvas {
	line := newCanvas()
	for _, c := range p.column {
		line.put(margin+c, p.pen.life)
	}
	return line
}

// pause sets off what came a second or more later.
func (p *picture) pause() {
	line := newCanvas()
	for _, c := range p.column {
		line.put(margin+c, ":")
	}
	p.out.WriteString(line.String() + "\n")
}

func (p *picture) arrow(m Message, since time.Duration) {
	line := p.lifelines()
	line.put(0, fmt.Sprintf("%8.3f", since.Seconds()))
	from, to := p.ends(m)
	label := clean(m.Summary, summaryLimit)
	start, end := margin+p.column[min(from, to)]+1, margin+p.column[max(from, to)]-1
	if from == to {
		start--
		line.put(start, p.pen.self+" "+label)
		end = start + 1 + width(label)
	} else {
		room := end - start - 3 // the head, and a piece of line on each side
		if width(label) > room {
			label = cutTo(label, room)
		}
		if label != "" {
			label = " " + label + " "
		}
		rest := end - start - width(label)
		before := strings.Repeat(p.pen.line, rest/2)
		after := strings.Repeat(p.pen.line, rest-rest/2)
		if from < to {
			line.put(start, before+label+after+p.pen.right)
		} else {
			line.put(start, p.pen.left+before+label+after)
		}
	}
	side := margin + p.column[len(p.column)-1] + 4
	if from == to && to == len(p.column)-1 {
		side = max(side, end+3)
	}
	line.put(side, clean(m.Protocol, 16))
	if p.opts.Colour {
		line.colour(start, end, protocolColour(m.Protocol))
	}
	p.out.WriteString(line.String() + "\n")
}

// raw writes the bytes of a message: text as text, anything else in hexadecimal.
func (p *picture) raw(m Message) {
	if len(m.Raw) == 0 {
		return
	}
	indent := strings.Repeat(" ", margin+4)
	if text := string(m.Raw); utf8.ValidString(text) && !strings.ContainsRune(text, 0) {
		for line := range strings.Lines(text) {
			line = indent + clean(strings.TrimRight(line, "\r\n"), RawLimit)
			p.out.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	} else {
		for line := range strings.Lines(hex.Dump(m.Raw)) {
			p.out.WriteString(indent + strings.TrimRight(line, "\n") + "\n")
		}
	}
	if m.Length > len(m.Raw) {
		fmt.Fprintf(&p.out, "%s… %d of %d bytes\n", indent, len(m.Raw), m.Length)
	}
}

func protocolColour(protocol string) string {
	switch protocol {
	case "SCCP":
		return "\x1b[36m" // cyan
	case "SIP":
		return "\x1b[32m" // green
	default:
		return "\x1b[33m" // yellow
	}
}

func width(s string) int { return utf8.RuneCountInString(s) }

// cutTo shortens text to n columns.
func cutTo(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	if n < 1 {
		return ""
	}
	return string(runes[:n-1]) + "…"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// canvas is one line on which texts are put at columns.
type canvas struct {
	cells      []rune
	start, end int // coloured columns
	sequence   string
}

func newCanvas() *canvas { return &canvas{} }

func (c *canvas) put(at int, text string) {
	at = max(at, 0)
	for _, r := range text {
		for len(c.cells) <= at {
			c.cells = append(c.cells, ' ')
		}
		c.cells[at] = r
		at++
	}
}

func (c *canvas) colour(start, end int, sequence string) {
	c.start, c.end, c.sequence = start, min(end+1, len(c.cells)), sequence
}

func (c *canvas) String() string {
	if c.sequence == "" {
		return strings.TrimRight(string(c.cells), " ")
	}
	return string(c.cells[:c.start]) + c.sequence + string(c.cells[c.start:c.end]) + "\x1b[0m" +
		strings.TrimRight(string(c.cells[c.end:]), " ")
}
