package sdp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Bounds of what Parse takes.
const (
	maxBytes      = 65535
	maxLine       = 8192
	maxMedia      = 64
	maxFormats    = 128
	maxAttributes = 512 // of one section
)

// ErrTooLarge: the description exceeds a bound of the parser.
var ErrTooLarge = errors.New("sdp: description too large")

// Parse reads a session description. Lines may end in CRLF or LF, the last one in nothing (R-27 b).
// Lines that are only for other uses (t=, r=, z=, k=, u=, e=, p=) are accepted and dropped; an
// unknown attribute is kept. Of a direction given twice in one section the last counts.
func Parse(data []byte) (*Session, error) {
	if len(data) > maxBytes {
		return nil, ErrTooLarge
	}
	p := parser{s: &Session{}}
	text := string(data)
	for n := 1; text != ""; n++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		line = strings.TrimSuffix(line, "\r")
		if strings.TrimRight(line, " \t") == "" {
			continue
		}
		if len(line) > maxLine {
			return nil, ErrTooLarge
		}
		if len(line) < 2 || line[1] != '=' || strings.IndexByte(line, '\r') >= 0 || strings.IndexByte(line, 0) >= 0 {
			return nil, fmt.Errorf("sdp: line %d is no field", n)
		}
		if err := p.field(line[0], line[2:]); err != nil {
			return nil, fmt.Errorf("sdp: line %d: %w", n, err)
		}
	}
	if !p.version {
		return nil, errors.New("sdp: no v= line")
	}
	for i := range p.s.Media {
		if m := &p.s.Media[i]; !m.hasDirection {
			m.Direction = p.s.Direction
		}
	}
	return p.s, nil
}

type parser struct {
	s       *Session
	m       *Media // nil before the first m=
	version bool
}

var errMalformed = errors.New("malformed")

func (p *parser) field(kind byte, v string) error {
	if !p.version && kind != 'v' {
		return errors.New("v= is not first")
	}
	switch kind {
	case 'v':
		if p.version || strings.TrimSpace(v) != "0" {
			return errMalformed
		}
		p.version = true
	case 'o':
		return p.origin(v)
	case 's':
		p.s.Name = clean(v)
	case 'i':
		if p.m != nil {
			p.m.Title = clean(v)
		}
	case 'c':
		c, err := connection(v)
		if err != nil {
			return err
		}
		if p.m != nil {
			p.m.Connection = c
		} else {
			p.s.Connection = c
		}
	case 'b':
		list := &p.s.Bandwidth
		if p.m != nil {
			list = &p.m.Bandwidth
		}
		if len(*list) >= maxAttributes {
			return ErrTooLarge
		}
		*list = append(*list, clean(v))
	case 'm':
		return p.media(v)
	case 'a':
		return p.attribute(v)
	}
	return nil
}

// fields appends the words of a line to into, which is on the caller's stack.
func fields(into []string, v string) []string {
	for word := range strings.FieldsSeq(v) {
		into = append(into, word)
	}
	return into
}

// clean takes blanks off the end, which some writers leave.
func clean(v string) string { return strings.TrimRight(v, " \t") }

func (p *parser) origin(v string) error {
	var few [16]string
	f := fields(few[:0], v)
	if len(f) != 6 || f[3] != "IN" || f[4] != "IP4" && f[4] != "IP6" {
		return errMalformed
	}
	version, err := strconv.ParseUint(f[2], 10, 64)
	if err != nil {
		// Some systems write a number beyond 64 bits: only whether it changes matters.
		if !errors.Is(err, strconv.ErrRange) {
			return errMalformed
		}
	}
	for _, c := range f[1] {
		if c < '0' || c > '9' {
			return errMalformed
		}
	}
	p.s.Origin = Origin{User: f[0], SessionID: f[1], Version: version, Address: f[5]}
	return nil
}

func connection(v string) (Connection, error) {
	var few [16]string
	f := fields(few[:0], v)
	if len(f) != 3 || f[0] != "IN" || f[1] != "IP4" && f[1] != "IP6" {
		return Connection{}, errMalformed
	}
	address, _, _ := strings.Cut(f[2], "/") // multicast TTL
	if address == "" {
		return Connection{}, errMalformed
	}
	return Connection{Address: address}, nil
}

func (p *parser) media(v string) error {
	if len(p.s.Media) >= maxMedia {
		return ErrTooLarge
	}
	var few [16]string
	f := fields(few[:0], v)
	if len(f) < 3 || len(f)-3 > maxFormats {
		return errMalformed
	}
	m := Media{Kind: f[0], Proto: f[2], Ports: 1}
	port, ports, several := strings.Cut(f[1], "/")
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return errMalformed
	}
	m.Port = int(n)
	if several {
		if n, err = strconv.ParseUint(ports, 10, 16); err != nil || n == 0 {
			return errMalformed
		}
		m.Ports = int(n)
	}
	for _, name := range f[3:] {
		if !m.RTP() {
			m.Formats = append(m.Formats, Format{Payload: -1, Name: name})
			continue
		}
		n, err := strconv.ParseUint(name, 10, 7)
		if err != nil {
			return errMalformed
		}
		format, ok := Static(int(n))
		if !ok {
			format = Format{Payload: int(n), Channels: 1}
		}
		m.Formats = append(m.Formats, format)
	}
	p.s.Media = append(p.s.Media, m)
	p.m = &p.s.Media[len(p.s.Media)-1]
	return nil
}

func (p *parser) attribute(v string) error {
	name, value, has := strings.Cut(v, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if name == "" {
		return errMalformed
	}
	if d, ok := parseDirection(name); ok && !has {
		if p.m != nil {
			p.m.Direction, p.m.hasDirection = d, true
		} else {
			p.s.Direction = d
		}
		return nil
	}
	if p.m != nil && p.known(name, value, has) {
		return nil
	}
	list := &p.s.Attributes
	if p.m != nil {
		list = &p.m.Attributes
	}
	if len(*list) >= maxAttributes {
		return ErrTooLarge
	}
	*list = append(*list, Attribute{Name: name, Value: value, HasValue: has})
	return nil
}

// known takes the attributes that Media has fields for. One that cannot be read, or that is there
// already, is kept as text by the caller.
func (p *parser) known(name, value string, has bool) bool {
	m := p.m
	switch name {
	case "rtpmap":
		return m.rtpmap(value)
	case "fmtp":
		payload, params, ok := strings.Cut(value, " ")
		n, err := strconv.Atoi(payload)
		f := m.ByPayload(n)
		if !ok || err != nil || f == nil || f.Fmtp != "" || !m.RTP() || strings.TrimSpace(params) == "" {
			return false
		}
		f.Fmtp = strings.TrimSpace(params)
		return true
	case "ptime", "maxptime":
		whole, _, _ := strings.Cut(value, ".")
		n, err := strconv.ParseUint(whole, 10, 16)
		field := &m.Ptime
		if name == "maxptime" {
			field = &m.MaxPtime
		}
		if err != nil || n == 0 || *field != 0 {
			return false
		}
		*field = int(n)
		return true
	case "crypto":
		f := strings.Fields(value)
		if len(f) < 3 || len(m.Crypto) >= maxFormats {
			return false
		}
		tag, err := strconv.ParseUint(f[0], 10, 31)
		if err != nil {
			return false
		}
		m.Crypto = append(m.Crypto, Crypto{Tag: int(tag), Suite: f[1], Key: f[2], Params: strings.Join(f[3:], " ")})
		return true
	case "rtcp":
		f := strings.Fields(value)
		if len(f) != 1 && (len(f) != 4 || f[1] != "IN" || f[2] != "IP4" && f[2] != "IP6") {
			return false
		}
		n, err := strconv.ParseUint(f[0], 10, 16)
		if err != nil || n == 0 || m.RTCP.Port != 0 {
			return false
		}
		m.RTCP = RTCP{Port: int(n)}
		if len(f) == 4 {
			m.RTCP.Address = f[3]
		}
		return true
	case "rtcp-mux":
		if has {
			return false
		}
		m.Mux = true
		return true
	}
	return false
}

// rtpmap reads "payload name/clock[/channels]".
func (m *Media) rtpmap(value string) bool {
	payload, rest, ok := strings.Cut(value, " ")
	n, err := strconv.Atoi(payload)
	f := m.ByPayload(n)
	if !ok || err != nil || f == nil || f.Mapped || !m.RTP() {
		return false
	}
	parts := strings.Split(strings.TrimSpace(rest), "/")
	if len(parts) < 2 || parts[0] == "" || strings.ContainsAny(parts[0], " \t") {
		return false
	}
	clock, err := strconv.ParseUint(parts[1], 10, 31)
	if err != nil || clock == 0 {
		return false
	}
	channels := 1
	if len(parts) > 2 {
		if c, err := strconv.ParseUint(parts[2], 10, 8); err == nil && c > 0 {
			channels = int(c)
		}
	}
	f.Name, f.Clock, f.Channels, f.Mapped = parts[0], int(clock), channels, true
	return true
}
