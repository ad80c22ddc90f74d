// Package screen shows a test phone on a text terminal, with its lines, calls, soft
// keys and prompt, and turns key strokes into presses. It draws with ANSI sequences
// and knows no protocol.
package screen

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tandem/media/codec"
	"tandem/phone"
)

// width of the drawing in columns.
const width = 72

// View is what is drawn beside the phone's state.
type View struct {
	// Name of the phone and Model.
	Name, Model string
	// Number that is being typed with the handset on the hook.
	Number string
	// Message is the newest remark, such as why a key did nothing.
	Message string
	// Trace are the newest messages, drawn below when not empty.
	Trace []phone.Event
	// Now is the time by which durations are counted.
	Now time.Time
}

// softKeyLetters are the keys under the soft keys, left to right.
const softKeyLetters = "asdfghjk"

// Render draws the phone as text lines, each ending in a line feed, without colours
// or cursor movements.
func Render(s phone.State, v View) string {
	var b strings.Builder
	rule := "+" + strings.Repeat("-", width-2) + "+\n"
	b.WriteString(rule)
	row(&b, v.Name+"  "+v.Model, clock(s))
	row(&b, registration(s), lights(s))
	b.WriteString(rule)
	for _, l := range s.Lines {
		row(&b, fmt.Sprintf("[%d] %s %s", l.Instance, lampMark(s.Lamps[fmt.Sprintf("line %d", l.Instance)]), lineText(l)), forwarding(l))
	}
	for _, k := range s.Buttons {
		if k.Kind != "line" {
			row(&b, fmt.Sprintf("    %-10s %d  %s %s", k.Kind, k.Instance, k.Label, k.Number), status(k))
		}
	}
	if len(s.Lines)+len(s.Buttons) > 0 {
		b.WriteString(rule)
	}
	active := s.Active()
	for _, c := range s.Calls {
		mark := " "
		if c == active {
			mark = ">"
		}
		row(&b, fmt.Sprintf("%s %-14s %s", mark, c.State, who(c)), lasting(c, v.Now))
		if sound := audioText(c); sound != "" {
			row(&b, "    "+sound, "")
		}
	}
	for range 3 - min(len(s.Calls), 3) {
		row(&b, "", "")
	}
	prompt := s.Prompt
	if active != nil && active.Prompt != "" {
		prompt = active.Prompt
	}
	if s.Notice != "" {
		prompt += "   " + s.Notice
	}
	if v.Number != "" {
		prompt = "Number: " + v.Number
	}
	b.WriteString(rule)
	row(&b, prompt, tone(s))
	row(&b, softKeys(s.SoftKeys), "")
	b.WriteString(rule)
	b.WriteString("0-9*# keys  Enter dial  a-k soft keys  l handset  p speaker  m messages  t trace  q quit\n")
	if v.Message != "" {
		b.WriteString(clean(v.Message) + "\n")
	}
	if n := len(s.Violations); n > 0 {
		fmt.Fprintf(&b, "%d departures of the server from this model's protocol, the last: %s\n", n, clean(s.Violations[n-1]))
	}
	for _, e := range v.Trace {
		line, _, _ := strings.Cut(e.String(), "\r\n")
		b.WriteString(cut(clean(line), 110) + "\n")
	}
	return b.String()
}

// row writes a line of the box with text at both ends.
func row(b *strings.Builder, left, right string) {
	left, right = clean(left), clean(right)
	room := width - 4
	right = cut(right, room/2)
	left = cut(left, room-utf8.RuneCountInString(right)-1)
	fill := room - utf8.RuneCountInString(left) - utf8.RuneCountInString(right)
	b.WriteString("| " + left + strings.Repeat(" ", fill) + right + " |\n")
}

// cut shortens text to n characters.
func cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:max(n, 0)])
}

// clean keeps control characters of texts from the network off the terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
}

func clock(s phone.State) string {
	if s.Clock.IsZero() {
		return ""
	}
	return s.Clock.Format("15:04 2006-01-02")
}

func registration(s phone.State) string {
	text := string(s.Registration)
	if s.Registration == phone.Registered {
		text += " with " + s.Server
		if s.Version > 0 {
			text += fmt.Sprintf(", protocol %d", s.Version)
		}
	} else if s.Reason != "" {
		text += ": " + s.Reason
	}
	return text
}

func lights(s phone.State) string {
	var on []string
	if s.MessageWaiting {
		on = append(on, "MESSAGE")
	}
	if s.Ringer != "off" && s.Ringer != "" {
		on = append(on, "RINGING")
	}
	if s.OffHook {
		on = append(on, "handset")
	}
	if s.Speaker {
		on = append(on, "speaker")
	}
	return strings.Join(on, " ")
}

func lampMark(mode string) string {
	switch mode {
	case "on":
		return "(*)"
	case "blink", "flash":
		return "(!)"
	case "wink":
		return "(~)"
	}
	return "( )"
}

func lineText(l phone.Line) string {
	text := l.Number
	if l.Label != "" && l.Label != l.Number {
		text = l.Label + " " + text
	}
	if l.MessageWaiting {
		text += " [message]"
	}
	return text
}

func forwarding(l phone.Line) string {
	if l.ForwardAll == "" {
		return ""
	}
	return "forwarded to " + l.ForwardAll
}

func status(k phone.Button) string {
	if k.Kind != "busy lamp" && k.Kind != "feature" {
		return ""
	}
	return [...]string{"", "idle", "in use", "do not disturb", "ringing"}[min(max(k.Status, 0), 4)]
}

func who(c *phone.Call) string {
	text := c.Remote.String()
	if text == "" {
		text = c.Dialed
	}
	if c.Inbound {
		return "from " + text
	}
	if text != "" {
		return "to " + text
	}
	return ""
}

func lasting(c *phone.Call, now time.Time) string {
	since := c.Answered
	if since.IsZero() {
		since = c.Started
	}
	if since.IsZero() || now.Before(since) {
		return ""
	}
	d := now.Sub(since).Truncate(time.Second)
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

func audioText(c *phone.Call) string {
	m := c.Media()
	if m.Sent == 0 && m.Received == 0 {
		return ""
	}
	text := fmt.Sprintf("%s  sent %d  received %d  lost %d", m.ReceiveCodec, m.Sent, m.Received, m.Lost)
	if h, ok := c.Hears(); ok {
		text += "  hears " + h.Sound.String()
		if h.Sound == codec.Pure {
			text += " " + h.Tone.String()
		}
	}
	return text
}

func tone(s phone.State) string {
	if s.Tone == "" {
		return ""
	}
	return "tone: " + s.Tone
}

func softKeys(keys []string) string {
	var parts []string
	for i, k := range keys {
		if i < len(softKeyLetters) {
			parts = append(parts, fmt.Sprintf("%c[%s]", softKeyLetters[i], k))
		}
	}
	return strings.Join(parts, " ")
}
