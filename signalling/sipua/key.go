package sipua

import (
	"strconv"
	"strings"

	"tandem/call/signal"
	"tandem/wire/sip"
)

// keyDefault is how long a key lasts whose length nobody knows, in milliseconds.
const keyDefault = 160

// info takes a key that the phone sends in an INFO request. Called with mu held.
func (l *leg) info(tx *sip.ServerTx, req *sip.Request) {
	if len(req.Body()) == 0 {
		_ = tx.Reply(200) // a keep-alive
		return
	}
	key, ok := parseKey(sip.MediaType(req), string(req.Body()))
	if !ok {
		_ = tx.Reply(415, sip.NewHeader("Accept", "application/dtmf-relay, application/dtmf"))
		return
	}
	_ = tx.Reply(200)
	// A phone that agreed on RFC 4733 and sends INFO as well has told the other party already.
	key.InBand = l.inBand()
	if l.phase == up {
		l.tell(key)
	}
}

// inBand says that both ends of the leg agreed on RFC 4733. Called with mu held.
func (l *leg) inBand() bool { return has(l.heard, "telephone-event") && has(l.said, "telephone-event") }

// parseKey reads the two usual forms: "Signal=5\r\nDuration=160" and a lone digit.
func parseKey(kind, body string) (k signal.Key, ok bool) {
	switch kind {
	case "application/dtmf-relay":
		for _, line := range strings.Split(body[:min(len(body), 256)], "\n") {
			name, value, _ := strings.Cut(line, "=")
			value = strings.TrimSpace(value)
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "signal":
				k.Digit, ok = digit(value)
			case "duration":
				if n, err := strconv.ParseUint(value, 10, 16); err == nil {
					k.Duration = uint16(n)
				}
			}
		}
		return k, ok
	case "application/dtmf":
		k.Digit, ok = digit(strings.TrimSpace(body[:min(len(body), 16)]))
	}
	return k, ok
}

// digit reads a key by its character or by its number in RFC 4733.
func digit(s string) (byte, bool) {
	const keys = "0123456789*#ABCD"
	if len(s) == 1 {
		c := strings.ToUpper(s)[0]
		return c, strings.IndexByte(keys, c) >= 0
	}
	if n, err := strconv.Atoi(s); err == nil && n >= 10 && n < len(keys) {
		return keys[n], true
	}
	return 0, false
}

// sendKey lets the phone hear a key that the other party sent by signalling. Where RFC 4733 was agreed the other party
// sends it so. Called with mu held.
func (l *leg) sendKey(c signal.SendKey) {
	if l.phase != up || l.inBand() || !l.infos {
		return
	}
	duration := int(c.Duration)
	if duration == 0 {
		duration = keyDefault
	}
	req := l.d.NewRequest(sip.INFO)
	sip.SetBody(req, "application/dtmf-relay", []byte("Signal="+string(rune(c.Digit))+"\r\nDuration="+strconv.Itoa(duration)+"\r\n"))
	_, _ = l.d.Send(req, nil)
}
