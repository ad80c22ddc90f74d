package sipua

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem/call/signal"
	"tandem/wire/sip"
)

// content is what the state of the line means for the subscriber; two states with the same content need one NOTIFY.
// Called with mu held.
func (sub *subscription) content() string {
	if sub.pkg == packageMessages {
		return strconv.Itoa(sub.state.Messages)
	}
	var b strings.Builder
	for i := range sub.state.Calls {
		c := &sub.state.Calls[i]
		p := c.Remote.Presented()
		fmt.Fprintf(&b, "%d %s %t %q %q;", c.Half, dialogState(c), c.State == signal.LineHeld, p.Number, p.Name)
	}
	return b.String()
}

// body is the body of the next NOTIFY. Called with mu held.
func (sub *subscription) body() (kind string, text []byte) {
	if sub.pkg == packageMessages {
		return "application/simple-message-summary", sub.messageSummary()
	}
	return "application/dialog-info+xml", sub.dialogInfo()
}

// messageSummary is RFC 3842 5.2. Old and urgent messages are not told apart by call processing.
func (sub *subscription) messageSummary() []byte {
	waiting := "no"
	if sub.state.Messages > 0 {
		waiting = "yes"
	}
	return []byte("Messages-Waiting: " + waiting + "\r\nMessage-Account: sip:" + sip.Escape(sub.number) + "@" + sub.host +
		"\r\nVoice-Message: " + strconv.Itoa(sub.state.Messages) + "/0 (0/0)\r\n")
}

// dialogState is what a call does in the words of RFC 4235 3.7.1. A call that rings at the other end is "proceeding":
// phones light "early" as if the watched line itself rang.
func dialogState(c *signal.LineCall) string {
	switch c.State {
	case signal.LineRingingIn:
		return "early"
	case signal.LineRingingOut:
		return "proceeding"
	case signal.LineDialing:
		return "trying"
	case signal.LineConnected, signal.LineHeld:
		return "confirmed"
	}
	return "terminated"
}

// dialogInfo is the state of the line in full (RFC 4235 4.4). Calls that ended since the last NOTIFY are listed once as
// terminated, and an idle line as well, because phones switch their lamp off only when told so. Called with mu
// held.
func (sub *subscription) dialogInfo() []byte {
	var b strings.Builder
	own := "sip:" + sip.Escape(sub.number) + "@" + sub.host
	b.WriteString("<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"" +
		strconv.FormatUint(uint64(sub.version), 10) + "\" state=\"full\" entity=\"" + own + "\">\n")
	sub.version++
	now := make(map[signal.HalfCallID]bool, len(sub.state.Calls))
	for i := range sub.state.Calls {
		c := &sub.state.Calls[i]
		now[c.Half] = true
		direction := "recipient"
		if c.Initiator {
			direction = "initiator"
		}
		fmt.Fprintf(&b, "<dialog id=\"%d\" direction=\"%s\">\n<state>%s</state>\n", uint64(c.Half), direction, dialogState(c))
		held := ""
		if c.State == signal.LineHeld {
			held = "<param pname=\"+sip.rendering\" pvalue=\"no\"/>"
		}
		fmt.Fprintf(&b, "<local><identity>%s</identity><target uri=\"%s\">%s</target></local>\n", own, own, held)
		remote, name := sub.identityOf(c.Remote)
		fmt.Fprintf(&b, "<remote><identity%s>%s</identity><target uri=\"%s\"/></remote>\n</dialog>\n", name, remote, remote)
	}
	gone := make([]signal.HalfCallID, 0, len(sub.open))
	for id := range sub.open {
		if !now[id] {
			gone = append(gone, id)
		}
	}
	slices.Sort(gone)
	for _, id := range gone {
		fmt.Fprintf(&b, "<dialog id=\"%d\">\n<state>terminated</state>\n</dialog>\n", uint64(id))
	}
	if len(now)+len(gone) == 0 {
		b.WriteString("<dialog id=\"" + xmlText(sub.number) + "\">\n<state>terminated</state>\n</dialog>\n")
	}
	sub.open = now
	b.WriteString("</dialog-info>\n")
	return []byte(b.String())
}

// identityOf is the other party of a call as watchers may see it: URI, and the display attribute.
func (sub *subscription) identityOf(p signal.Party) (uri, display string) {
	p = p.Presented()
	uri = "sip:anonymous@anonymous.invalid"
	if p.Number != "" {
		uri = "sip:" + xmlText(sip.Escape(p.Number)) + "@" + sub.host
	}
	if p.Name != "" {
		display = " display=\"" + xmlText(p.Name) + "\""
	}
	return uri, display
}

func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// checkSync asks the phone to fetch its configuration and to restart. It is idle.
func (st *station) checkSync() {
	st.mu.Lock()
	contacts := append([]contact(nil), st.contacts...)
	st.restart = false
	st.mu.Unlock()
	for i := range contacts {
		c := &contacts[i]
		if !c.flow.Alive() {
			continue
		}
		local := sip.AddrURI("", c.flow.Local())
		req := st.s.ep.NewRequest(sip.NOTIFY, c.uri, sip.Address{URI: local}, sip.Address{URI: c.uri}, "")
		req.AppendHeader(sip.LocalContact(c.flow, ""))
		req.AppendHeader(sip.NewHeader("Event", "check-sync;reboot=true"))
		req.AppendHeader(sip.SubscriptionState{State: "terminated", Expires: -1}.Header())
		if _, err := st.s.ep.Request(req, c.target(), nil, nobody{}); err == nil {
			st.s.say(st.name, "", "asked to restart: its configuration has changed")
		}
	}
}

// Restart asks a phone to fetch its configuration and to restart as soon as it is idle. It reports false for a phone that
// is not registered.
func (s *Server) Restart(device string) bool {
	st := s.station(device)
	if st == nil || !st.registered() {
		return false
	}
	st.mu.Lock()
	idle := len(st.legs) == 0
	st.restart = !idle
	st.mu.Unlock()
	if idle {
		st.checkSync()
	}
	return true
}

// nobody takes responses that change nothing.
type nobody struct{}

// OnResponse implements sip.ResponseHandler.
func (nobody) OnResponse(*sip.ClientTx, *sip.Response) {}

// OnFailure implements sip.ResponseHandler.
func (nobody) OnFailure(*sip.ClientTx, error) {}
