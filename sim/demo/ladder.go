package demo

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"tandem/service/trace"
)

// picture is a ladder cut down to what tells the story, fitted to the screen.
type picture struct {
	ladder trace.Ladder
	server string
	left   int // messages that are not shown
}

// telling keeps the messages that tell the story of a call, under the names of the actors.
func telling(l trace.Ladder, server string, actors []*actor, all bool) picture {
	p := picture{ladder: trace.Ladder{Call: l.Call}, server: server}
	for _, m := range l.Messages {
		text, tells := m.Summary, true
		if !all {
			text, tells = label(m.Protocol, m.Summary)
		}
		m.From, m.To = called(m.From, actors), called(m.To, actors)
		if !tells {
			p.left++
			continue
		}
		if last := len(p.ladder.Messages) - 1; last >= 0 && !all {
			if before := p.ladder.Messages[last]; before.From == m.From && before.To == m.To && before.Summary == text {
				p.left++ // said twice
				continue
			}
		}
		// Digits that are keyed one after the other are one message to a reader.
		if key, ok := strings.CutPrefix(text, keyed); ok && !all {
			if last := len(p.ladder.Messages) - 1; last >= 0 {
				before := &p.ladder.Messages[last]
				if before.From == m.From && strings.HasPrefix(before.Summary, keyed) {
					before.Summary += key
					p.left++
					continue
				}
			}
		}
		m.Summary = text
		p.ladder.Messages = append(p.ladder.Messages, m)
	}
	return p
}

// called is the name of the actor whose device it is.
func called(device string, actors []*actor) string {
	for _, a := range actors {
		if a.device == device {
			return a.name + " " + a.number
		}
	}
	return device
}

const keyed = "keys "

// signalProtocol is what the ladder says of messages between servers.
const signalProtocol = "signal"

// label is what stands on the arrow of a message, and whether the message tells anything.
func label(protocol, summary string) (string, bool) {
	switch protocol {
	case "SIP":
		return sipLabel(summary)
	case signalProtocol:
		return summary, true
	}
	return sccpLabel(summary)
}

// sipLabel shortens a summary such as "INVITE 1 INVITE, audio 4000 RTP/AVP 0, sendonly".
func sipLabel(summary string) (string, bool) {
	head, rest, _ := strings.Cut(summary, ", ")
	words := strings.Fields(head)
	if len(words) == 0 {
		return summary, true
	}
	way := ""
	switch {
	case strings.HasSuffix(rest, "sendonly"), strings.HasSuffix(rest, "inactive"):
		way = " hold"
	case strings.HasSuffix(rest, "recvonly"):
		way = " held"
	case rest != "":
		way = " audio"
	}
	switch words[0] {
	case "ACK", "PRACK", "NOTIFY", "100", "401", "407", "OPTIONS":
		return "", false
	}
	if words[0][0] < '0' || words[0][0] > '9' {
		return words[0] + way, true
	}
	method := words[len(words)-1]
	switch method {
	case "INVITE", "REFER", "UPDATE":
		return strings.Join(words[:max(1, len(words)-2)], " ") + way, true
	}
	return "", false
}

// shorter are the words for long SCCP messages.
var shorter = strings.NewReplacer("OpenReceiveChannelAck", "OpenReceiveAck", "OpenReceiveChannel", "OpenReceive",
	"StartMediaTransmissionAck", "StartMediaAck", "StartMediaTransmission", "StartMedia", "StopMediaTransmission", "StopMedia",
	"CloseReceiveChannel", "CloseReceive", "SoftKeyEvent", "softkey", "G711ULaw64k", "G.711µ", "G711ALaw64k", "G.711A", "G722At64k", "G.722")

// told are the SCCP messages that tell the story; the others keep display, lamps and keys up to date.
var told = []string{"OffHook", "OnHook", "KeypadButton", "EnblocCall", "SoftKeyEvent", "CallState", "OpenReceiveChannel", "OpenReceiveChannelAck",
	"StartMediaTransmission", "StopMediaTransmission"}

func sccpLabel(summary string) (string, bool) {
	name, detail, _ := strings.Cut(summary, " ")
	if !slices.Contains(told, name) {
		return "", false
	}
	switch name {
	case "KeypadButton":
		return keyed + detail, true
	case "CallState":
		return detail, true
	case "OpenReceiveChannelAck":
		return shorter.Replace(name), true
	case "StartMediaTransmission":
		codec, _, _ := strings.Cut(detail, " to ")
		return shorter.Replace(name + " " + codec), true
	}
	return strings.TrimSpace(shorter.Replace(name + " " + detail)), true
}

// Room that a ladder takes beside its arrows: time, half a name, protocol; and around each label.
const (
	ladderIndent = 2
	ladderMargin = 10 + 6 + 8 + ladderIndent
	labelFrame   = 6
	outerGap     = 14
)

// fit cuts labels so that the ladder has room in the width.
func (p picture) fit(width int) {
	var names []string
	for _, m := range p.ladder.Messages {
		for _, n := range []string{m.From, m.To} {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	// Signals between servers keep their names: the gap between these and the word at the margin are wider.
	more := 0
	for _, m := range p.ladder.Messages {
		if m.Protocol == signalProtocol {
			more = max(more, shown(m.Summary)+labelFrame-outerGap+len(signalProtocol)-len("SCCP"), len(signalProtocol)-len("SCCP"))
		}
	}
	room := (width-ladderMargin-more-max(0, len(names)-3)*outerGap)/2 - labelFrame
	for i := range p.ladder.Messages {
		m := &p.ladder.Messages[i]
		if m.Protocol != signalProtocol {
			m.Summary = cut(m.Summary, max(8, room))
		}
	}
}

func (p picture) draw(w io.Writer, on *printer) error {
	p.fit(on.width)
	var text bytes.Buffer
	if err := p.ladder.Write(&text, trace.PictureOptions{Server: p.server, Colour: on.colour}); err != nil {
		return err
	}
	// The heading gives the call's number and its length, which stand in its record as well.
	_, body, ok := strings.Cut(text.String(), "\n\n")
	if !ok {
		body = text.String()
	}
	for line := range strings.Lines(body) {
		if _, err := io.WriteString(w, strings.Repeat(" ", ladderIndent)+line); err != nil {
			return err
		}
	}
	if p.left > 0 {
		on.right("", "and "+plural(p.left, "message")+" more")
	}
	return nil
}
