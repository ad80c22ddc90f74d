package sip

import "strings"

// Replaces is a Replaces header (RFC 3891 6.1), in its own header or inside a Refer-To.
type Replaces struct {
	CallID    string
	ToTag     string
	FromTag   string
	EarlyOnly bool
}

// ParseReplaces reads the value of the header. ok is false if the Call-ID or a tag is missing.
func ParseReplaces(v string) (r Replaces, ok bool) {
	id, rest, _ := strings.Cut(v, ";")
	r.CallID = trim(id)
	for _, p := range strings.Split(rest, ";") {
		k, val, _ := strings.Cut(p, "=")
		val = trim(val)
		switch strings.ToLower(trim(k)) {
		case "to-tag":
			r.ToTag = val
		case "from-tag":
			r.FromTag = val
		case "early-only":
			r.EarlyOnly = true
		}
	}
	return r, r.CallID != "" && r.ToTag != "" && r.FromTag != ""
}

// String returns the value of the header.
func (r Replaces) String() string {
	s := r.CallID + ";to-tag=" + r.ToTag + ";from-tag=" + r.FromTag
	if r.EarlyOnly {
		s += ";early-only"
	}
	return s
}

// Header makes the header.
func (r Replaces) Header() Header { return NewHeader("Replaces", r.String()) }

// ReferTarget is a Refer-To header: where to call, and whom to replace there (RFC 3515, RFC 3891).
type ReferTarget struct {
	Address
	// Replaces is what the URI's Replaces header names, nil if there is none.
	Replaces *Replaces
	// Method is the URI's method parameter, INVITE if there is none.
	Method Method
}

// ParseReferTo reads Refer-To. The escaped headers are taken off the URI; of them only Replaces is
// understood. ok is false without one well-formed address, or with a Replaces that cannot be read.
func ParseReferTo(m Message) (t ReferTarget, ok bool) {
	v := HeaderValue(m, "Refer-To")
	a, rest, err := ParseAddress(v)
	if err != nil || rest != "" || a.URI.Wildcard {
		return t, false
	}
	t.Address, t.Method = a, INVITE
	for _, h := range a.URI.Headers {
		if strings.EqualFold(h.K, "Replaces") {
			plain, fine := Unescape(h.V)
			r, readable := ParseReplaces(plain)
			if !fine || !readable {
				return t, false
			}
			t.Replaces = &r
		}
	}
	t.URI.Headers = nil
	if method := ParamValue(a.URI.UriParams, "method"); method != "" {
		t.Method = Method(strings.ToUpper(method))
	}
	return t, true
}

// ReferTo makes a Refer-To header, with the Replaces escaped into the URI.
func ReferTo(uri URI, r *Replaces) Header {
	if r != nil {
		uri.Headers = Params{{K: "Replaces", V: Escape(r.String())}}
	}
	return NewHeader("Refer-To", "<"+URIString(&uri)+">")
}

const upperHex = "0123456789ABCDEF"

// Escape escapes what a URI's header part or user part may not hold (RFC 3261 25.1 unreserved).
func Escape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.!~*'()", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(upperHex[c>>4])
		b.WriteByte(upperHex[c&15])
	}
	return b.String()
}

// Unescape undoes %HH. ok is false for a broken escape, a control character in the result included
// (R-30 f).
func Unescape(s string) (string, bool) {
	if strings.IndexByte(s, '%') < 0 {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			if i+2 >= len(s) {
				return "", false
			}
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi < 0 || lo < 0 {
				return "", false
			}
			c = byte(hi<<4 | lo)
			i += 2
			if c < 0x20 || c == 0x7f {
				return "", false
			}
		}
		b = append(b, c)
	}
	return string(b), true
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// Sipfrag makes the body of a NOTIFY about a transfer (RFC 3420, RFC 3515 2.4.5); its type is
// "message/sipfrag;version=2.0".
func Sipfrag(status int, reason string) []byte {
	if reason == "" {
		reason = ReasonPhrase(status)
	}
	res := newStatusLine(status, reason)
	return append(res, "\r\n"...)
}

// SipfragType is the Content-Type of [Sipfrag].
const SipfragType = "message/sipfrag;version=2.0"

func newStatusLine(status int, reason string) []byte {
	b := append([]byte("SIP/2.0 "), byte('0'+status/100%10), byte('0'+status/10%10), byte('0'+status%10), ' ')
	return appendClean(b, reason)
}

// ParseSipfrag reads the status line of such a body.
func ParseSipfrag(body []byte) (status int, reason string, ok bool) {
	line, _, _ := strings.Cut(string(body[:min(len(body), 256)]), "\n")
	line = strings.TrimRight(line, "\r")
	if len(line) < 11 || !strings.EqualFold(line[:8], "SIP/2.0 ") {
		return 0, "", false
	}
	status = atoi(line[8:11])
	if status < 100 || status > 699 {
		return 0, "", false
	}
	return status, trim(line[11:]), true
}
