package sip

import (
	"strconv"
	"strings"
)

// PartyIdentity is one value of Remote-Party-ID, the header by which CallManager and its phones
// tell names and numbers.
type PartyIdentity struct {
	Address
	Party   string // "calling" or "called"
	Privacy string // "off", "full", "name" or "uri"
	Screen  string // "yes" or "no"
}

// ParseRemotePartyID reads the first Remote-Party-ID that is about party ("calling", "called", ""
// for any).
func ParseRemotePartyID(m Message, party string) (p PartyIdentity, ok bool) {
	for _, v := range ListValues(m, "Remote-Party-ID") {
		a, _, err := ParseAddress(v)
		if err != nil {
			continue
		}
		p = PartyIdentity{Address: a, Party: strings.ToLower(ParamValue(a.Params, "party")),
			Privacy: strings.ToLower(ParamValue(a.Params, "privacy")), Screen: strings.ToLower(ParamValue(a.Params, "screen"))}
		if party == "" || p.Party == "" || p.Party == party {
			return p, true
		}
	}
	return PartyIdentity{}, false
}

// RemotePartyID makes the header. Empty parameters are left out.
func RemotePartyID(p PartyIdentity) Header {
	a := Address{DisplayName: p.DisplayName, URI: p.URI}
	for _, kv := range [...]Param{{K: "party", V: p.Party}, {K: "screen", V: p.Screen}, {K: "privacy", V: p.Privacy}} {
		if kv.V != "" {
			a.Params = append(a.Params, kv)
		}
	}
	return NewHeader("Remote-Party-ID", a.String())
}

// AssertedIdentities reads P-Asserted-Identity (RFC 3325 9.1): at most a sip and a tel address.
func AssertedIdentities(m Message) []Address { return addresses(m, "P-Asserted-Identity") }

// PreferredIdentities reads P-Preferred-Identity (RFC 3325 9.2).
func PreferredIdentities(m Message) []Address { return addresses(m, "P-Preferred-Identity") }

func addresses(m Message, name string) []Address {
	var out []Address
	for _, v := range ListValues(m, name) {
		if a, _, err := ParseAddress(v); err == nil && !a.URI.Wildcard {
			out = append(out, a)
		}
	}
	return out
}

// AssertedIdentity makes a P-Asserted-Identity header.
func AssertedIdentity(a Address) Header { return NewHeader("P-Asserted-Identity", a.String()) }

// Privacy reads the Privacy header (RFC 3323 4.2): the lower-case tokens.
func Privacy(m Message) []string {
	var out []string
	for _, v := range HeaderValues(m, "Privacy") {
		for _, p := range strings.FieldsFunc(v, func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
			out = append(out, strings.ToLower(p))
		}
	}
	return out
}

// PrivacyHeader makes a Privacy header.
func PrivacyHeader(tokens ...string) Header { return NewHeader("Privacy", strings.Join(tokens, ";")) }

// Diversion is one value of the Diversion header (RFC 5806): who sent the call on, and why.
type Diversion struct {
	Address
	Reason  string // "unconditional", "user-busy", "no-answer", …
	Counter int    // how often this party sent it on, 1 if it does not say
	Privacy string
	Screen  string
}

// Diversions reads all values, the latest diversion first.
func Diversions(m Message) []Diversion {
	var out []Diversion
	for _, a := range addresses(m, "Diversion") {
		d := Diversion{Address: a, Reason: Unquote(ParamValue(a.Params, "reason")), Counter: 1,
			Privacy: ParamValue(a.Params, "privacy"), Screen: ParamValue(a.Params, "screen")}
		if n := atoi(ParamValue(a.Params, "counter")); n > 0 {
			d.Counter = n
		}
		out = append(out, d)
	}
	return out
}

// Header makes a Diversion header.
func (d Diversion) Header() Header {
	a := Address{DisplayName: d.DisplayName, URI: d.URI}
	if d.Reason != "" {
		v := d.Reason
		if !isToken(v) {
			v = quoted(v)
		}
		a.Params = append(a.Params, Param{K: "reason", V: v})
	}
	if d.Counter > 1 {
		a.Params = append(a.Params, Param{K: "counter", V: strconv.Itoa(d.Counter)})
	}
	if d.Privacy != "" {
		a.Params = append(a.Params, Param{K: "privacy", V: d.Privacy})
	}
	if d.Screen != "" {
		a.Params = append(a.Params, Param{K: "screen", V: d.Screen})
	}
	return NewHeader("Diversion", a.String())
}

// ReasonValue is one value of the Reason header (RFC 3326).
type ReasonValue struct {
	Protocol string // "Q.850" or "SIP"
	Cause    int
	Text     string
}

// Reasons reads all Reason values.
func Reasons(m Message) []ReasonValue {
	var out []ReasonValue
	for _, v := range ListValues(m, "Reason") {
		proto, rest, _ := strings.Cut(v, ";")
		r := ReasonValue{Protocol: trim(proto), Cause: -1}
		for rest != "" {
			var p string
			if i := semicolon(rest); i >= 0 {
				p, rest = rest[:i], rest[i+1:]
			} else {
				p, rest = rest, ""
			}
			k, val, _ := strings.Cut(p, "=")
			switch strings.ToLower(trim(k)) {
			case "cause":
				r.Cause = atoi(trim(val))
			case "text":
				r.Text = Unquote(trim(val))
			}
		}
		out = append(out, r)
	}
	return out
}

// semicolon finds the first semicolon outside quotes.
func semicolon(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ';':
			return i
		case '"':
			n := quotedEnd(s[i:])
			if n < 0 {
				return -1
			}
			i += n - 1
		}
	}
	return -1
}

// Q850 returns the Q.850 cause of a message, 0 if it names none.
func Q850(m Message) int {
	for _, r := range Reasons(m) {
		if strings.EqualFold(r.Protocol, "Q.850") && r.Cause > 0 && r.Cause < 128 {
			return r.Cause
		}
	}
	return 0
}

// String returns the value of a Reason header.
func (r ReasonValue) String() string {
	s := r.Protocol
	if r.Cause >= 0 {
		s += ";cause=" + strconv.Itoa(r.Cause)
	}
	if r.Text != "" {
		s += ";text=" + quoted(r.Text)
	}
	return s
}

// Header makes a Reason header.
func (r ReasonValue) Header() Header { return NewHeader("Reason", r.String()) }
