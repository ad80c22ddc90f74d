package signal

import (
	"net/netip"
	"strings"
)

// Direction says which way media flows, seen from the end that describes itself (RFC 3264 5.1).
type Direction uint8

// Directions of a stream.
const (
	SendRecv Direction = iota
	SendOnly
	RecvOnly
	Inactive
)

// String writes the direction as the attribute of RFC 4566.
func (d Direction) String() string {
	return [...]string{"sendrecv", "sendonly", "recvonly", "inactive"}[d&3]
}

// Reverse gives the direction that answers an offer fully: sendonly for recvonly and the other way round.
func (d Direction) Reverse() Direction {
	switch d {
	case SendOnly:
		return RecvOnly
	case RecvOnly:
		return SendOnly
	}
	return d
}

// Sends says that the end sends media.
func (d Direction) Sends() bool { return d == SendRecv || d == SendOnly }

// Receives says that the end wants to receive media.
func (d Direction) Receives() bool { return d == SendRecv || d == RecvOnly }

// Codec is one format of a stream under its name in the IANA registry of RTP payload formats.
type Codec struct {
	Name     string // "PCMU", "PCMA", "G722", "G729", "iLBC", "opus", "telephone-event", "H264" …
	Payload  uint8  // RTP payload type, 0 to 127
	Clock    uint32 // RTP clock rate, Hz
	Channels uint8  // 0 means one
	Fmtp     string // format parameters, without the payload type
}

// Is compares by name, without regard to case.
func (c Codec) Is(name string) bool { return strings.EqualFold(c.Name, name) }

// Stream describes one medium of a session, for the end that describes itself.
type Stream struct {
	Kind       string         // "audio", "video", "application" …
	Address    netip.AddrPort // where this end receives RTP; port 0: the stream is refused
	Protocol   string         // "RTP/AVP", "RTP/SAVP" …
	Codecs     []Codec        // in order of preference
	Direction  Direction
	Ptime      uint16   // packet duration in milliseconds; 0: not stated
	Crypto     []string // values of a=crypto (RFC 4568), carried and never kept
	Attributes []string // other attribute lines that travel with the stream, "name:value"
	Formats    string   // the format list as written, for streams that are not RTP/AVP
}

// Session is what one end of a call says about its media: an offer or an answer (RFC 3264). A Session that was
// handed to somebody is never changed; whoever needs another makes a copy with Clone.
type Session struct {
	Streams    []Stream
	Attributes []string // session attributes that travel with the description
	Bandwidth  []string // values of b= lines
}

// Clone returns a copy that shares nothing that a caller would change.
func (s *Session) Clone() *Session {
	if s == nil {
		return nil
	}
	c := *s
	c.Streams = append([]Stream(nil), s.Streams...)
	for i := range c.Streams {
		c.Streams[i].Codecs = append([]Codec(nil), s.Streams[i].Codecs...)
	}
	return &c
}

// Audio returns the first live audio stream, or nil.
func (s *Session) Audio() *Stream {
	if s == nil {
		return nil
	}
	for i := range s.Streams {
		if s.Streams[i].Kind == "audio" && s.Streams[i].Address.Port() != 0 {
			return &s.Streams[i]
		}
	}
	return nil
}

// Video returns the first live video stream, or nil.
func (s *Session) Video() *Stream {
	if s == nil {
		return nil
	}
	for i := range s.Streams {
		if s.Streams[i].Kind == "video" && s.Streams[i].Address.Port() != 0 {
			return &s.Streams[i]
		}
	}
	return nil
}

// OnHold says that the end which described itself asked its peer to stop sending: sendonly, inactive, or the
// unspecified address of RFC 2543.
func (s *Session) OnHold() bool {
	a := s.Audio()
	if a == nil {
		return false
	}
	return !a.Direction.Receives() || a.Address.Addr().IsUnspecified()
}

// Capabilities lists what a device can receive, in its order of preference, before it has named an address. A half-call
// passes it along so that an end which must open one codec first (SCCP) opens one that the other has.
type Capabilities struct {
	Codecs []Codec
	Video  bool
	SRTP   bool
}
