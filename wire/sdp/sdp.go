// Package sdp reads and writes session descriptions (RFC 8866) as offers and answers use them
// (RFC 3264): every media line in its order, rejected and unknown ones included, so that what one
// party said can be answered line by line, changed, or passed on.
//
// It knows no codecs by their sound, decides nothing about who gets which, and does not speak SIP.
package sdp

import (
	"net/netip"
	"strings"
)

// Session is a session description.
type Session struct {
	Origin Origin
	Name   string // s=, "-" if empty
	// Connection is the address of all media that have none of their own; the zero value if there is
	// none.
	Connection Connection
	// Direction is that of the session's media that have none of their own; SendRecv if absent.
	Direction Direction
	// Bandwidth are the b= lines, for instance "AS:64".
	Bandwidth []string
	// Attributes are the session's a= lines without the direction, in order.
	Attributes []Attribute
	Media      []Media
}

// Origin is the o= line.
type Origin struct {
	User      string
	SessionID string // decimal, kept as text: it may exceed 64 bits
	// Version rises by one with each description that differs from the one before, and stays with one
	// that does not (R-28 d).
	Version uint64
	Address string // IP address or name
}

// Connection is a c= line.
type Connection struct {
	Address string // IP address or name without TTL; "" if there is no line
}

// IsZero reports whether there is no connection line.
func (c Connection) IsZero() bool { return c.Address == "" }

// IP returns the address if it is one.
func (c Connection) IP() (netip.Addr, bool) {
	a, err := netip.ParseAddr(c.Address)
	return a, err == nil
}

// OnHold reports whether the address is the null address by which old phones hold (RFC 3264 8.4).
func (c Connection) OnHold() bool {
	a, ok := c.IP()
	return ok && a.IsUnspecified()
}

// Direction is which way media flow, seen from the party that wrote the description.
type Direction uint8

const (
	// SendRecv is both ways: the default.
	SendRecv Direction = iota
	// SendOnly: it sends and wants nothing: it holds the other party, maybe with music.
	SendOnly
	// RecvOnly: it only listens.
	RecvOnly
	// Inactive: neither.
	Inactive
)

var directionNames = [...]string{"sendrecv", "sendonly", "recvonly", "inactive"}

// String returns the attribute's name.
func (d Direction) String() string {
	if int(d) < len(directionNames) {
		return directionNames[d]
	}
	return "unknown"
}

func parseDirection(s string) (Direction, bool) {
	for i, n := range directionNames {
		if s == n {
			return Direction(i), true
		}
	}
	return 0, false
}

// Reverse returns what the answer to a direction is when the answering party wants all it can get
// (RFC 3264 6.1).
func (d Direction) Reverse() Direction {
	switch d {
	case SendOnly:
		return RecvOnly
	case RecvOnly:
		return SendOnly
	}
	return d
}

// Answer returns the direction of the answer to an offer when we want ours: never more than the
// offer allows.
func (d Direction) Answer(ours Direction) Direction {
	r := d.Reverse()
	return join(r.sends() && ours.sends(), r.receives() && ours.receives())
}

func (d Direction) sends() bool    { return d == SendRecv || d == SendOnly }
func (d Direction) receives() bool { return d == SendRecv || d == RecvOnly }

func join(send, receive bool) Direction {
	switch {
	case send && receive:
		return SendRecv
	case send:
		return SendOnly
	case receive:
		return RecvOnly
	}
	return Inactive
}

// Media is one m= section.
type Media struct {
	Kind string // "audio", "video", "image", "application", …
	// Port is 0 for a rejected or ended stream. Ports is the number of port pairs, 1 if not said.
	Port  int
	Ports int
	Proto string // "RTP/AVP", "RTP/SAVP", "RTP/AVPF", "udptl", …
	// Formats are the formats in order. For another protocol than RTP only Name is set, to the format
	// as it stands in the line.
	Formats []Format
	// Connection is the section's own address, zero if it has none.
	Connection Connection
	// Direction is the section's, or the session's if it says none.
	Direction Direction
	Ptime     int // a=ptime in ms, 0 if absent
	MaxPtime  int
	Crypto    []Crypto
	// RTCP is the a=rtcp address if there is one (RFC 3605); Port is 0 if not.
	RTCP RTCP
	// Mux is a=rtcp-mux (RFC 5761).
	Mux       bool
	Title     string // i=
	Bandwidth []string
	// Attributes are all further a= lines in order: candidates, rtcp-fb, and what nobody knows.
	Attributes []Attribute

	// hasDirection tells whether the section said its direction itself.
	hasDirection bool
}

// RTP reports whether the protocol is a kind of RTP.
func (m *Media) RTP() bool { return strings.Contains(m.Proto, "RTP/") }

// Secure reports whether the protocol is a kind of SRTP.
func (m *Media) Secure() bool { return strings.Contains(m.Proto, "SAVP") }

// Rejected reports whether the section is refused or ended.
func (m *Media) Rejected() bool { return m.Port == 0 }

// Find returns the format with an encoding name (any case) and clock rate, 0 for any rate; nil if
// there is none.
func (m *Media) Find(name string, clock int) *Format {
	for i := range m.Formats {
		if f := &m.Formats[i]; strings.EqualFold(f.Name, name) && (clock == 0 || f.Clock == clock) {
			return f
		}
	}
	return nil
}

// ByPayload returns the format with a payload type, nil if there is none.
func (m *Media) ByPayload(payload int) *Format {
	for i := range m.Formats {
		if m.Formats[i].Payload == payload {
			return &m.Formats[i]
		}
	}
	return nil
}

// Format is one RTP payload type with its a=rtpmap and a=fmtp.
type Format struct {
	Payload  int
	Name     string // "PCMU", "telephone-event", …; "" if the offer gave a dynamic type without rtpmap
	Clock    int    // Hz
	Channels int    // 1 if not said
	Fmtp     string // parameters of a=fmtp, "" if absent
	// Mapped tells that a=rtpmap was given (or shall be written); static types need none.
	Mapped bool
}

// Crypto is an a=crypto line (RFC 4568).
type Crypto struct {
	Tag    int
	Suite  string // "AES_CM_128_HMAC_SHA1_80", …
	Key    string // "inline:…", several separated by semicolons
	Params string // session parameters, "" if none
}

// RTCP is an a=rtcp line.
type RTCP struct {
	Port    int
	Address string // "" for that of the media
}

// Attribute is an a= line: Name alone for a property.
type Attribute struct {
	Name  string
	Value string
	// HasValue tells "a=name:" from "a=name".
	HasValue bool
}

// static are the payload types that need no rtpmap (RFC 3551 6).
var static = map[int]Format{
	0: {0, "PCMU", 8000, 1, "", false}, 3: {3, "GSM", 8000, 1, "", false}, 4: {4, "G723", 8000, 1, "", false},
	5: {5, "DVI4", 8000, 1, "", false}, 6: {6, "DVI4", 16000, 1, "", false}, 7: {7, "LPC", 8000, 1, "", false},
	8: {8, "PCMA", 8000, 1, "", false}, 9: {9, "G722", 8000, 1, "", false}, 10: {10, "L16", 44100, 2, "", false},
	11: {11, "L16", 44100, 1, "", false}, 12: {12, "QCELP", 8000, 1, "", false}, 13: {13, "CN", 8000, 1, "", false},
	14: {14, "MPA", 90000, 1, "", false}, 15: {15, "G728", 8000, 1, "", false}, 16: {16, "DVI4", 11025, 1, "", false},
	17: {17, "DVI4", 22050, 1, "", false}, 18: {18, "G729", 8000, 1, "", false}, 25: {25, "CelB", 90000, 1, "", false},
	26: {26, "JPEG", 90000, 1, "", false}, 28: {28, "nv", 90000, 1, "", false}, 31: {31, "H261", 90000, 1, "", false},
	32: {32, "MPV", 90000, 1, "", false}, 33: {33, "MP2T", 90000, 1, "", false}, 34: {34, "H263", 90000, 1, "", false},
}

// Static returns the format of a static payload type (RFC 3551 6).
func Static(payload int) (Format, bool) {
	f, ok := static[payload]
	return f, ok
}

// Attr returns the value of the first attribute of that name.
func Attr(list []Attribute, name string) (string, bool) {
	for i := range list {
		if list[i].Name == name {
			return list[i].Value, true
		}
	}
	return "", false
}

// Address returns the address of a media section: its own, or the session's.
func (s *Session) Address(m *Media) Connection {
	if !m.Connection.IsZero() {
		return m.Connection
	}
	return s.Connection
}

// Audio returns the first audio section that is not rejected, else the first at all; nil if there
// is none.
func (s *Session) Audio() *Media { return s.first("audio") }

// Video is as Audio.
func (s *Session) Video() *Media { return s.first("video") }

func (s *Session) first(kind string) *Media {
	var found *Media
	for i := range s.Media {
		m := &s.Media[i]
		if m.Kind != kind {
			continue
		}
		if m.Port != 0 {
			return m
		}
		if found == nil {
			found = m
		}
	}
	return found
}

// Flow returns which way the media of a section really go: the null address holds as inactive does
// for who would send there (R-27 f).
func (s *Session) Flow(m *Media) Direction {
	if s.Address(m).OnHold() {
		return join(m.Direction.sends(), false)
	}
	return m.Direction
}
