package sccpstation

import (
	"strings"
	"unicode/utf8"

	"tandem/call/signal"
	"tandem/telephony"
	"tandem/wire/sccp"
)

// safeLabels is the last code of the classic list that every phone with a display has.
const safeLabels sccp.Label = 0x8040

// label is a text in the phone's language where its dictionary has it, else in English.
func (st *station) label(l sccp.Label) string {
	if l <= safeLabels && l >= 0x8000 || st.sess != nil && st.sess.version >= 15 && l >= 0x8000 {
		return l.Text()
	}
	return l.String()
}

// caller announces who calls.
func (st *station) caller(c *call) string {
	who := c.remote.Number
	if who == "" {
		who = c.remote.Name
	}
	if who == "" {
		return st.label(sccp.LabelFrom) + st.label(sccp.LabelPrivate)
	}
	return st.label(sccp.LabelFrom) + sccp.Plain(who)
}

// toneOf maps the tones of call processing.
func toneOf(t signal.Tone) sccp.Tone {
	switch t {
	case signal.ToneDial:
		return sccp.ToneInsideDial
	case signal.ToneOutsideDial:
		return sccp.ToneOutsideDial
	case signal.ToneRingback:
		return sccp.ToneAlerting
	case signal.ToneBusy:
		return sccp.ToneLineBusy
	case signal.ToneReorder:
		return sccp.ToneReorder
	case signal.ToneHold:
		return sccp.ToneHold
	case signal.ToneCallWaiting:
		return sccp.ToneCallWaiting
	case signal.ToneConfirmation:
		return sccp.ToneConfirmation
	}
	return sccp.ToneSilence
}

// showInfo names the parties of a call.
func (c *call) showInfo() {
	st := c.st
	l, _ := st.dev.Line(c.line)
	own := sccp.Party{Name: sccp.Plain(l.Display), Number: sccp.Plain(l.Ref.Number)}
	other := partyOf(c.remote)
	m := &st.x.callInfo
	*m = sccp.CallInfo{LineInstance: uint32(c.line), CallReference: c.ref, CallInstance: c.number,
		Security: sccp.SecurityNotAuthenticated}
	if c.inbound {
		m.Type = sccp.CallInbound
		m.Calling, m.AlternateCalling = other, other.Number
		m.Called = own
		if c.called.Number != "" {
			m.Called = partyOf(c.called)
		}
	} else {
		m.Type = sccp.CallOutbound
		m.Calling, m.Called = own, other
	}
	m.OriginalCalled, m.LastRedirecting = m.Called, m.Called
	if c.redirect.Hops > 0 {
		m.OriginalCalled, m.LastRedirecting = partyOf(c.redirect.Original), partyOf(c.redirect.Last)
		m.OriginalCalledReason, m.LastRedirectingReason = uint32(c.redirect.OriginalReason), uint32(c.redirect.LastReason)
	}
	st.sendFor(c, m)
}

func partyOf(p signal.Party) sccp.Party {
	p = p.Presented()
	return sccp.Party{Name: sccp.Plain(p.Name), Number: sccp.Plain(p.Number), VoiceMailbox: sccp.Plain(p.VoiceMail)}
}

// dateTemplates are the forms that phones are known to show.
func dateTemplate(format string) string {
	f := strings.TrimSuffix(format, "A")
	if len(f) == 5 && f[1] == f[3] && strings.ContainsRune("/-.", rune(f[1])) {
		switch string([]byte{f[0], f[2], f[4]}) {
		case "DMY", "MDY", "YMD":
			return format
		}
	}
	return telephony.DefaultDateTemplate
}

// pageOf is the 8-bit page of a user locale, for phones that do not take UTF-8. Locales are named
// language_country, such as Russian_Russian_Federation.
func pageOf(locale string) sccp.Charset {
	language, _, _ := strings.Cut(locale, "_")
	if page, ok := localePages[strings.ToLower(language)]; ok {
		return page
	}
	return sccp.Latin1
}

var localePages = map[string]sccp.Charset{
	"russian": sccp.Windows1251, "bulgarian": sccp.Windows1251, "ukrainian": sccp.Windows1251, "serbian": sccp.Windows1251,
	"macedonian": sccp.Windows1251, "belarusian": sccp.Windows1251,
	"polish": sccp.ISO8859_2, "czech": sccp.ISO8859_2, "slovak": sccp.ISO8859_2, "hungarian": sccp.ISO8859_2,
	"slovenian": sccp.ISO8859_2, "croatian": sccp.ISO8859_2, "romanian": sccp.ISO8859_2,
	"greek": sccp.ISO8859_7, "hebrew": sccp.ISO8859_8, "turkish": sccp.ISO8859_9, "arabic": sccp.Windows1256,
	"estonian": sccp.Windows1257, "latvian": sccp.Windows1257, "lithuanian": sccp.Windows1257,
}

// summary is what a ladder says of a message beside its name.
func summary(m sccp.Message) string {
	switch m := m.(type) {
	case *sccp.CallState:
		return m.State.String()
	case *sccp.StartTone:
		return m.Tone.String()
	case *sccp.SelectSoftKeys:
		return m.Set.String()
	case *sccp.KeypadButton:
		return m.Key.String()
	case *sccp.SoftKeyEvent:
		return m.Event.String()
	case *sccp.StimulusMessage:
		return m.Stimulus.String()
	case *sccp.EnblocCall:
		return m.Number
	case *sccp.DialedNumber:
		return m.Number
	case *sccp.CallInfo:
		return m.Calling.Number + " calls " + m.Called.Number
	case *sccp.OpenReceiveChannel:
		return m.Payload.String()
	case *sccp.OpenReceiveChannelAck:
		return m.Status.String() + " " + m.Address.String()
	case *sccp.StartMediaTransmission:
		return m.Payload.String() + " to " + m.Remote.String()
	case *sccp.SetRinger:
		return m.Mode.String()
	case *sccp.SetLamp:
		return m.Mode.String()
	case *sccp.DisplayPromptStatus:
		return readable(m.Text)
	}
	return ""
}

// readable replaces label codes by their words.
func readable(text string) string {
	if strings.IndexByte(text, 0x80) < 0 && strings.IndexByte(text, 0x1e) < 0 && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if (text[i] == 0x80 || text[i] == 0x1E) && i+1 < len(text) {
			b.WriteString(sccp.Label(uint16(text[i])<<8 | uint16(text[i+1])).String())
			i++
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
