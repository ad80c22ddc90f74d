package sdp

import (
	"strconv"
	"strings"
	"unicode"
)

// Bytes writes the description with CRLF line ends. CR, LF and NUL in any text become blanks, so
// that nothing taken from another leg starts a line of its own.
func (s *Session) Bytes() []byte {
	w := writer{b: make([]byte, 0, 512)}
	w.line("v=0")
	o := s.Origin
	w.line("o=", word(o.User, "-"), " ", word(o.SessionID, "0"), " ", strconv.FormatUint(o.Version, 10), " IN ", family(o.Address), " ", word(o.Address, "0.0.0.0"))
	w.line("s=", or(s.Name, "-"))
	w.connection(s.Connection)
	for _, b := range s.Bandwidth {
		w.line("b=", b)
	}
	w.line("t=0 0")
	if s.Direction != SendRecv {
		w.line("a=", s.Direction.String())
	}
	w.attributes(s.Attributes)
	for i := range s.Media {
		w.media(&s.Media[i], s.Direction)
	}
	return w.b
}

// String returns the description as text.
func (s *Session) String() string { return string(s.Bytes()) }

type writer struct{ b []byte }

func (w *writer) line(parts ...string) {
	start := len(w.b)
	for _, p := range parts {
		w.b = append(w.b, p...)
	}
	for i := start; i < len(w.b); i++ {
		if c := w.b[i]; c == '\r' || c == '\n' || c == 0 {
			w.b[i] = ' '
		}
	}
	w.b = append(w.b, "\r\n"...)
}

func (w *writer) connection(c Connection) {
	if !c.IsZero() {
		w.line("c=IN ", family(c.Address), " ", c.Address)
	}
}

func (w *writer) attributes(list []Attribute) {
	for _, a := range list {
		if a.HasValue || a.Value != "" {
			w.line("a=", a.Name, ":", a.Value)
		} else {
			w.line("a=", a.Name)
		}
	}
}

func (w *writer) media(m *Media, session Direction) {
	port := strconv.Itoa(m.Port)
	if m.Ports > 1 {
		port += "/" + strconv.Itoa(m.Ports)
	}
	parts := []string{"m=", word(m.Kind, "audio"), " ", port, " ", word(m.Proto, "RTP/AVP")}
	for i := range m.Formats {
		parts = append(parts, " ", m.token(&m.Formats[i]))
	}
	w.line(parts...)
	if m.Title != "" {
		w.line("i=", m.Title)
	}
	w.connection(m.Connection)
	for _, b := range m.Bandwidth {
		w.line("b=", b)
	}
	if m.RTP() {
		for i := range m.Formats {
			w.format(&m.Formats[i])
		}
	}
	if m.Ptime > 0 {
		w.line("a=ptime:", strconv.Itoa(m.Ptime))
	}
	if m.MaxPtime > 0 {
		w.line("a=maxptime:", strconv.Itoa(m.MaxPtime))
	}
	for _, c := range m.Crypto {
		line := strconv.Itoa(c.Tag) + " " + c.Suite + " " + c.Key
		if c.Params != "" {
			line += " " + c.Params
		}
		w.line("a=crypto:", line)
	}
	if m.RTCP.Port != 0 {
		line := strconv.Itoa(m.RTCP.Port)
		if a := m.RTCP.Address; a != "" {
			line += " IN " + family(a) + " " + a
		}
		w.line("a=rtcp:", line)
	}
	if m.Mux {
		w.line("a=rtcp-mux")
	}
	if m.Direction != session || m.hasDirection || m.Kind == "audio" {
		w.line("a=", m.Direction.String())
	}
	w.attributes(m.Attributes)
}

func (m *Media) token(f *Format) string {
	if m.RTP() {
		return strconv.Itoa(f.Payload)
	}
	return word(f.Name, "-")
}

func (w *writer) format(f *Format) {
	payload := strconv.Itoa(f.Payload)
	if _, known := static[f.Payload]; f.Name != "" && (f.Mapped || !known) {
		line := payload + " " + f.Name + "/" + strconv.Itoa(f.Clock)
		if f.Channels > 1 {
			line += "/" + strconv.Itoa(f.Channels)
		}
		w.line("a=rtpmap:", line)
	}
	if f.Fmtp != "" {
		w.line("a=fmtp:", payload, " ", f.Fmtp)
	}
}

// family is the address type of an address; names count as IPv4.
func family(a string) string {
	if strings.IndexByte(a, ':') >= 0 {
		return "IP6"
	}
	return "IP4"
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// word keeps a field one word.
func word(s, other string) string {
	if s != "" && !strings.ContainsFunc(s, unicode.IsSpace) {
		return s
	}
	if f := strings.Fields(s); len(f) > 0 {
		return strings.Join(f, "")
	}
	return other
}
