package sccpstation

import (
	"strings"
	"unicode"

	"tandem/fault"
	"tandem/wire/sccp"
)

// alarm notes why a phone was away, as it says itself, usually before Register. No alarm is ever a reason to refuse a phone
//
func (n *session) alarm(m *sccp.Alarm) {
	a := parseAlarm(m.Text)
	n.tellAlarm(a, m.Text)
}

func (n *session) xmlAlarm(m *sccp.XMLAlarm) {
	a := parseXMLAlarm(m.XML)
	n.tellAlarm(a, m.XML)
}

func (n *session) tellAlarm(a alarmText, whole string) {
	device := a.name
	if n.st != nil {
		device = n.st.name
	}
	if !validName(device) {
		n.srv.Log.Info("an alarm of a phone without a name", "address", n.remote.String(), "text", printable(whole, 200))
		return
	}
	text := a.last
	if text == "" {
		text = printable(whole, 200)
	}
	n.srv.Story.Say(device, string(fault.SCCPAlarm), "Says of its last session: "+text+with(" (load ", a.load, ")")+".")
	if a.message != "" {
		// It could not take one of our messages: that is worth an event, with load and message.
		n.srv.report(device, fault.New(fault.SCCPMessageRefused, "device", device, "load", a.load, "message", a.message))
	}
}

func with(before, s, after string) string {
	if s == "" {
		return ""
	}
	return before + s + after
}

// alarmText is what is understood of an alarm; everything may be missing.
type alarmText struct {
	name, load, last string
	message          string // id of a message that the phone refused
}

// parseAlarm reads "25: Name=SEP… Load=… Last=…", with or without the blanks.
func parseAlarm(text string) alarmText {
	text = printable(text, 200)
	a := alarmText{name: valueOf(text, "Name="), load: valueOf(text, "Load="), last: valueOf(text, "Last=")}
	a.message = refusedMessage(text)
	return a
}

// valueOf is what follows a key up to the next blank or the next key.
func valueOf(text, key string) string {
	_, rest, ok := strings.Cut(text, key)
	if !ok {
		return ""
	}
	end := len(rest)
	for _, next := range [...]string{" ", ",", "Name=", "Load=", "Last=", "Parms="} {
		if i := strings.Index(rest, next); i >= 0 && i < end {
			end = i
		}
	}
	return rest[:end]
}

// refusedMessage finds the hexadecimal id in what phones write of a message that they did not understand: "invalid message id
// 9a", "unknown msg ID=143".
func refusedMessage(text string) string {
	lower := strings.ToLower(text)
	if !strings.Contains(lower, "invalid") && !strings.Contains(lower, "unknown") && !strings.Contains(lower, "bad message") {
		return ""
	}
	for _, key := range [...]string{"message id", "msg id", "msgid", "messageid", "message", "msg"} {
		_, rest, ok := strings.Cut(lower, key)
		if !ok {
			continue
		}
		rest = strings.TrimLeft(rest, " =:#")
		rest = strings.TrimPrefix(rest, "0x")
		end := strings.IndexFunc(rest, func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) })
		if end < 0 {
			end = len(rest)
		}
		if end >= 1 && end <= 4 {
			return "0x" + rest[:end]
		}
	}
	return ""
}

// parseXMLAlarm reads the document of newer phones, without an XML parser: it is cut off often, and only two values matter.
func parseXMLAlarm(doc string) alarmText {
	value := func(name string) string {
		_, rest, ok := strings.Cut(doc, `"`+name+`"`)
		if !ok {
			return ""
		}
		if _, rest, ok = strings.Cut(rest, ">"); !ok {
			return ""
		}
		v, _, ok := strings.Cut(rest, "<")
		if !ok {
			return ""
		}
		return printable(strings.TrimSpace(v), 80)
	}
	a := alarmText{name: value("DeviceName"), load: value("LoadId"), last: value("ReasonForOutOfService")}
	if a.load == "" {
		a.load = value("ActiveLoadId")
	}
	return a
}

// printable cuts text and replaces what must not reach a terminal.
func printable(s string, limit int) string {
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
}
