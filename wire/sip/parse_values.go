package sip

import (
	"errors"
	"math"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

var (
	errEmpty   = errors.New("empty value")
	errNumber  = errors.New("not a number in range")
	errAddress = errors.New("malformed address")
	errQuote   = errors.New("quotes do not match")
	errParams  = errors.New("malformed parameters")
	errVia     = errors.New("malformed value")
	errURI     = errors.New("malformed URI")
	errList    = errors.New("empty list element")
)

// value parses one header line's value and adds the headers it makes.
func (p *parser) value(f field, s string) error {
	switch f.kind {
	case kindVia:
		return p.list(s, p.viaValue)
	case kindContact:
		return p.list(s, p.contactValue)
	case kindRoute, kindRecordRoute:
		return p.list(s, func(s string) (string, error) { return p.routeValue(f.kind, s) })
	case kindFrom:
		h := &p.from
		rest, err := p.nameAddr(s, &h.DisplayName, &h.Address, &h.Params)
		if err == nil && (rest != "" || h.Address.Wildcard) {
			err = errAddress
		}
		if err != nil {
			return err
		}
		return p.add(h)
	case kindTo:
		h := &p.to
		rest, err := p.nameAddr(s, &h.DisplayName, &h.Address, &h.Params)
		if err == nil && (rest != "" || h.Address.Wildcard) {
			err = errAddress
		}
		if err != nil {
			return err
		}
		return p.add(h)
	case kindCSeq:
		i := strings.IndexAny(s, " \t")
		if i <= 0 {
			return errEmpty
		}
		n, ok := number(s[:i], math.MaxInt32) // RFC 3261 8.1.1.5
		method := trim(s[i:])
		if !ok || !isToken(method) {
			return errNumber
		}
		p.cseq = CSeq{SeqNo: n, MethodName: Method(method)}
		return p.add(&p.cseq)
	case kindCallID:
		if s == "" || strings.ContainsAny(s, " \t") {
			return errEmpty
		}
		p.callID = CallID(s)
		return p.add(&p.callID)
	case kindMaxForwards:
		n, ok := number(s, 255)
		if !ok {
			return errNumber
		}
		p.maxFwd = MaxForwards(n)
		return p.add(&p.maxFwd)
	case kindContentLength:
		n, ok := number(s, MaxMessage)
		if !ok {
			return errNumber
		}
		p.ContentLength(n)
		return p.add(&p.block.length)
	case kindContentType:
		if s == "" {
			return errEmpty
		}
		p.ctype = ContentType(s)
		return p.add(&p.ctype)
	}
	return p.add(gosip.NewHeader(f.name, s))
}

// ContentLength notes the announced body length.
func (p *parser) ContentLength(n uint32) {
	p.length = int(n)
	p.block.length = ContentLength(n)
}

// number reads an unsigned decimal with leading zeros allowed (RFC 4475 3.1.1.1 has "0068").
func number(s string, limit uint64) (uint32, bool) {
	if s == "" {
		return 0, false
	}
	var n uint64
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		if n = n*10 + uint64(s[i]-'0'); n > limit {
			return 0, false
		}
	}
	return uint32(n), true
}

// list parses the elements of a comma list; one parses an element and returns what is left,
// beginning with the comma.
func (p *parser) list(s string, one func(string) (string, error)) error {
	for {
		if s == "" {
			return errList
		}
		rest, err := one(s)
		if err != nil {
			return err
		}
		if rest == "" {
			return nil
		}
		if rest[0] != ',' {
			return errAddress
		}
		s = trim(rest[1:])
	}
}

func (p *parser) viaValue(s string) (string, error) {
	h := &p.via
	if p.used[kindVia] {
		h = new(Via)
	}
	p.used[kindVia] = true
	i := strings.IndexByte(s, '/')
	if i < 0 {
		return "", errVia
	}
	h.ProtocolName = trim(s[:i])
	s = s[i+1:]
	if i = strings.IndexByte(s, '/'); i < 0 {
		return "", errVia
	}
	h.ProtocolVersion = trim(s[:i])
	s = trim(s[i+1:])
	if i = strings.IndexAny(s, " \t"); i < 0 {
		return "", errVia
	}
	h.Transport = s[:i]
	if !strings.EqualFold(h.ProtocolName, "SIP") || !isToken(h.ProtocolVersion) || !isToken(h.Transport) {
		return "", errVia
	}
	s = trim(s[i:])
	host, port, rest, ok := hostPort(s)
	if !ok {
		return "", errVia
	}
	h.Host, h.Port = strings.Trim(host, "[]"), port
	rest, err := p.headerParams(rest, &h.Params)
	if err != nil {
		// Enough is known to refuse the request to where it came from.
		_ = p.add(h)
		return "", err
	}
	return rest, p.add(h)
}

func (p *parser) contactValue(s string) (string, error) {
	h := &p.contact
	if p.used[kindContact] {
		h = new(Contact)
	}
	p.used[kindContact] = true
	if s[0] == '*' {
		h.Address = URI{Wildcard: true, Host: "*"}
		rest, err := p.headerParams(s[1:], &h.Params)
		if err != nil {
			return "", err
		}
		return rest, p.add(h)
	}
	rest, err := p.nameAddr(s, &h.DisplayName, &h.Address, &h.Params)
	if err != nil {
		return "", err
	}
	return rest, p.add(h)
}

func (p *parser) routeValue(k kind, s string) (string, error) {
	var uri URI
	var display string
	var params Params
	rest, err := p.nameAddr(s, &display, &uri, &params)
	if err != nil {
		return "", err
	}
	if k == kindRoute {
		return rest, p.add(&Route{Address: uri})
	}
	return rest, p.add(&RecordRoute{Address: uri})
}

// nameAddr parses name-addr or addr-spec with the header parameters after it (RFC 3261 20.10).
// What is left begins with a comma or is empty.
func (p *parser) nameAddr(s string, display *string, uri *URI, params *Params) (string, error) {
	s = trim(s)
	if s == "" {
		return "", errEmpty
	}
	if s[0] == '"' {
		n := quotedEnd(s)
		if n < 0 {
			return "", errQuote
		}
		*display = s[1 : n-1]
		s = trim(s[n:])
		if s == "" || s[0] != '<' {
			return "", errAddress
		}
	} else if i := strings.IndexAny(s, "<,;"); i >= 0 && s[i] == '<' {
		d := trim(s[:i])
		if strings.IndexByte(d, '"') >= 0 {
			return "", errQuote
		}
		*display = Quote(d)
		s = s[i:]
	} else if i >= 0 && s[i] == ',' && strings.IndexByte(s[i:], '<') >= 0 && strings.IndexByte(s[:i], ':') < 0 {
		return "", errAddress // RFC 4475 3.1.2.15: a comma in a display name needs quotes
	}
	if s[0] == '<' {
		i := strings.IndexByte(s, '>')
		if i < 0 {
			return "", errAddress
		}
		if err := p.uri(s[1:i], uri); err != nil {
			return "", err
		}
		return p.headerParams(s[i+1:], params)
	}
	// Without brackets all parameters belong to the header, and a question mark is not allowed.
	end := strings.IndexAny(s, ";,")
	if end < 0 {
		end = len(s)
	}
	spec := strings.TrimRight(s[:end], " \t")
	if strings.IndexByte(spec, '?') >= 0 {
		return "", errAddress
	}
	if err := p.uri(spec, uri); err != nil {
		return "", err
	}
	return p.headerParams(s[end:], params)
}

// quotedEnd returns the index after the closing quote of a string that begins with one, or -1.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// headerParams parses ;name=value;… up to a comma or the end. One semicolon too many at the end is
// tolerated, because phones write it; an empty parameter in the middle is not (RFC 4475 3.1.2.1).
func (p *parser) headerParams(s string, out *Params) (string, error) {
	s = trim(s)
	if s == "" || s[0] == ',' {
		return s, nil
	}
	if s[0] != ';' {
		return "", errParams
	}
	ps := p.params(strings.Count(s, ";"))
	for s != "" && s[0] == ';' {
		s = trim(s[1:])
		if s == "" || s[0] == ',' {
			break
		}
		i := strings.IndexAny(s, "=;,\"")
		if i < 0 {
			i = len(s)
		}
		k := Param{K: lowerKnown(strings.TrimRight(s[:i], " \t"))}
		if !isToken(k.K) {
			return "", errParams
		}
		s = s[i:]
		if s != "" && s[0] == '"' {
			return "", errParams
		}
		if s != "" && s[0] == '=' {
			s = trim(s[1:])
			if s != "" && s[0] == '"' {
				n := quotedEnd(s)
				if n < 0 {
					return "", errQuote
				}
				k.V, s = s[:n], trim(s[n:])
				if s != "" && s[0] != ';' && s[0] != ',' {
					return "", errQuote
				}
			} else {
				n := strings.IndexAny(s, ";,")
				if n < 0 {
					n = len(s)
				}
				k.V, s = strings.TrimRight(s[:n], " \t"), s[n:]
			}
		}
		if len(ps) >= maxParams {
			return "", errParams
		}
		ps = append(ps, k)
	}
	*out = ps
	return s, nil
}

// lowerKnown brings the parameters that decide about matching to lower case.
func lowerKnown(k string) string {
	switch len(k) {
	case 3, 4, 5, 6, 7, 8:
		for _, known := range [...]string{"tag", "branch", "received", "rport", "expires", "q"} {
			if len(k) == len(known) && k != known && strings.EqualFold(k, known) {
				return known
			}
		}
	}
	return k
}

// ParseURI parses a URI of any scheme (RFC 3261 19.1.1).
func ParseURI(s string) (URI, error) {
	var u URI
	p := parser{block: new(block)}
	err := p.uri(s, &u)
	return u, err
}

// ParseAddress parses a name-addr or addr-spec with its parameters, as in Refer-To or
// P-Asserted-Identity. rest is what follows after a comma.
func ParseAddress(s string) (a Address, rest string, err error) {
	p := parser{block: new(block)}
	rest, err = p.nameAddr(s, &a.DisplayName, &a.URI, &a.Params)
	if rest != "" {
		rest = trim(rest[1:])
	}
	return a, rest, err
}

// Address is a name-addr: display name (escaped as [Quote] leaves it), URI, header parameters.
type Address struct {
	DisplayName string
	URI         URI
	Params      Params
}

// String returns the address in wire form, always with angle brackets.
func (a *Address) String() string {
	return string(appendNameAddr(nil, a.DisplayName, &a.URI, a.Params))
}

// uri parses a URI. Blanks, control characters, angle brackets and quotes are refused.
func (p *parser) uri(s string, u *URI) error {
	colon := -1
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == '"':
			return errURI
		case c == ':' && colon < 0:
			colon = i
		}
	}
	if colon <= 0 || colon == len(s)-1 {
		return errURI
	}
	scheme := s[:colon]
	switch {
	case strings.EqualFold(scheme, "sip"):
		u.Scheme = "sip"
	case strings.EqualFold(scheme, "sips"):
		u.Scheme = "sips"
	default:
		for i := 0; i < len(scheme); i++ {
			c := scheme[i]
			letter := c|0x20 >= 'a' && c|0x20 <= 'z'
			if !letter && (i == 0 || !(c >= '0' && c <= '9') && c != '+' && c != '-' && c != '.') {
				return errURI
			}
		}
		// Only this function can set the opaque part; it takes no scheme with a full stop in it.
		if err := gosip.ParseUri("tel:"+s[colon+1:], u); err != nil {
			return errURI
		}
		u.Scheme = strings.ToLower(scheme)
		return nil
	}
	s = s[colon+1:]
	if at := strings.IndexByte(s, '@'); at >= 0 {
		user := s[:at]
		if user == "" || strings.IndexByte(s[at+1:], '@') >= 0 {
			return errURI
		}
		u.User, u.Password, _ = strings.Cut(user, ":")
		s = s[at+1:]
	}
	host, port, rest, ok := hostPort(s)
	if !ok {
		return errURI
	}
	u.Host, u.Port = host, port
	if rest == "" {
		return nil
	}
	if rest[0] == ';' {
		list, headers, more := strings.Cut(rest[1:], "?")
		if err := p.uriParams(list, ';', &u.UriParams); err != nil {
			return err
		}
		if !more {
			return nil
		}
		rest = "?" + headers
	}
	if rest[0] != '?' {
		return errURI
	}
	return p.uriParams(rest[1:], '&', &u.Headers)
}

func (p *parser) uriParams(s string, sep byte, out *Params) error {
	n := strings.Count(s, string(sep)) + 1
	if n > maxParams {
		return errURI
	}
	ps := p.params(n)
	for s != "" {
		part := s
		if i := strings.IndexByte(s, sep); i >= 0 {
			part, s = s[:i], s[i+1:]
		} else {
			s = ""
		}
		if part == "" {
			continue
		}
		k, v, _ := strings.Cut(part, "=")
		if k == "" {
			return errURI
		}
		ps = append(ps, Param{K: k, V: v})
	}
	*out = ps
	return nil
}

// hostPort parses host[:port] and returns what follows, which is empty or begins with one of
// ; ? , (blanks around the colon are allowed as in Via). An IPv6 host keeps its brackets.
func hostPort(s string) (host string, port int, rest string, ok bool) {
	if s == "" {
		return
	}
	if s[0] == '[' {
		i := strings.IndexByte(s, ']')
		if i < 0 || i > 64 {
			return
		}
		host, rest = s[:i+1], s[i+1:]
		// RFC 5118 4.10: three colons come from an error in the grammar of RFC 3261.
		inner := strings.Replace(host[1:i], ":::", "::", 1)
		if a, isAddr := HostAddr("[" + inner + "]"); !isAddr || !a.Is6() {
			return
		}
	} else {
		i := 0
		for i < len(s) && hostChar(s[i]) {
			i++
		}
		host, rest = s[:i], s[i:]
		if host == "" {
			return
		}
	}
	rest = trim(rest)
	if rest != "" && rest[0] == ':' {
		rest = trim(rest[1:])
		i := 0
		for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
			i++
		}
		if port = atoi(rest[:i]); port <= 0 || port > 65535 {
			return
		}
		rest = trim(rest[i:])
	}
	if rest != "" && rest[0] != ';' && rest[0] != '?' && rest[0] != ',' {
		return
	}
	return host, port, rest, true
}

func hostChar(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_'
}

// splitList splits at commas outside quotes and angle brackets and appends the trimmed parts.
func splitList(out []string, s string) []string {
	start, angle := 0, false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			if !angle {
				n := quotedEnd(s[i:])
				if n < 0 {
					i = len(s) - 1
					break
				}
				i += n - 1
			}
		case '<':
			angle = true
		case '>':
			angle = false
		case ',':
			if !angle {
				if part := trim(s[start:i]); part != "" {
					out = append(out, part)
				}
				start = i + 1
			}
		}
	}
	if part := trim(s[start:]); part != "" {
		out = append(out, part)
	}
	return out
}
