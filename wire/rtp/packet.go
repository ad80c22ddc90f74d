// Package rtp holds RTP and RTCP packets (RFC 3550), the statistics that a
// receiver keeps about them, and telephone-event payloads (RFC 4733).
//
// It parses and builds bytes and does arithmetic on what it is given. It opens
// no socket, reads no clock and knows no codec: encryption is wire/srtp, codecs
// are media/codec, and who sends what to whom is for the user of the package.
package rtp

import (
	"encoding/binary"
	"errors"
)

// HeaderSize is the length in bytes of the fixed RTP header (RFC 3550 5.1).
const HeaderSize = 12

// MaxPacket is the largest datagram, in bytes, that this package reads or that a
// caller needs a buffer for. It is above every packet of up to 60 ms of linear
// 16 kHz audio and below what fits an Ethernet jumbo frame.
const MaxPacket = 4096

// Errors of Parse and ParseCompound.
var (
	// ErrShort: the datagram ends inside a header, list or padding.
	ErrShort = errors.New("rtp: packet too short")
	// ErrVersion: the version field is not 2 (RFC 3550 5.1).
	ErrVersion = errors.New("rtp: version is not 2")
	// ErrTooLong: the datagram is longer than MaxPacket.
	ErrTooLong = errors.New("rtp: packet too long")
)

// Header is the fixed part of an RTP packet (RFC 3550 5.1). Contributing sources
// and header extensions are skipped when reading and never written.
type Header struct {
	// Marker starts a talk spurt or a telephone event.
	Marker bool
	// PayloadType is 0 to 127.
	PayloadType uint8
	// Sequence counts packets and wraps at 2^16.
	Sequence uint16
	// Timestamp counts in units of the payload's clock rate and wraps at 2^32.
	Timestamp uint32
	// SSRC names the sender of the stream.
	SSRC uint32
}

// Packet is one RTP packet. Payload points into the datagram it was parsed from.
type Packet struct {
	Header
	Payload []byte
}

// Parse reads one RTP packet from datagram into p without allocating. The payload
// aliases the datagram. It returns ErrShort, ErrVersion or ErrTooLong.
func Parse(datagram []byte, p *Packet) error {
	if len(datagram) > MaxPacket {
		return ErrTooLong
	}
	if len(datagram) < HeaderSize {
		return ErrShort
	}
	first := datagram[0]
	if first>>6 != 2 {
		return ErrVersion
	}
	p.Marker = datagram[1]&0x80 != 0
	p.PayloadType = datagram[1] & 0x7f
	p.Sequence = binary.BigEndian.Uint16(datagram[2:])
	p.Timestamp = binary.BigEndian.Uint32(datagram[4:])
	p.SSRC = binary.BigEndian.Uint32(datagram[8:])

	start := HeaderSize + 4*int(first&0x0f)
	if start > len(datagram) {
		return ErrShort
	}
	if first&0x10 != 0 { // RFC 3550 5.3.1: 16 bits of profile, 16 bits of length in words
		if start+4 > len(datagram) {
			return ErrShort
		}
		start += 4 + 4*int(binary.BigEndian.Uint16(datagram[start+2:]))
		if start > len(datagram) {
			return ErrShort
		}
	}
	end := len(datagram)
	if first&0x20 != 0 { // the last byte counts the padding, itself included
		padding := int(datagram[end-1])
		if padding == 0 || start+padding > end {
			return ErrShort
		}
		end -= padding
	}
	p.Payload = datagram[start:end]
	return nil
}

// Append writes the packet behind dst and returns the longer slice.
func (p *Packet) Append(dst []byte) []byte {
	return append(p.Header.Append(dst), p.Payload...)
}

// Append writes the 12 bytes of the header behind dst and returns the longer slice.
func (h Header) Append(dst []byte) []byte {
	second := h.PayloadType & 0x7f
	if h.Marker {
		second |= 0x80
	}
	dst = append(dst, 0x80, second)
	dst = binary.BigEndian.AppendUint16(dst, h.Sequence)
	dst = binary.BigEndian.AppendUint32(dst, h.Timestamp)
	return binary.BigEndian.AppendUint32(dst, h.SSRC)
}

// IsRTCP reports whether a datagram that arrived on a port shared by RTP and RTCP
// is RTCP: packet types 192 to 223 (RFC 5761 4).
func IsRTCP(datagram []byte) bool {
	return len(datagram) >= 2 && datagram[0]>>6 == 2 && datagram[1] >= 192 && datagram[1] <= 223
}
