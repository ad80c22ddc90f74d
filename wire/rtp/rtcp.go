package rtp

import (
	"encoding/binary"
	"time"
)

// RTCP packet types (RFC 3550 12.1).
const (
	typeSenderReport   = 200
	typeReceiverReport = 201
	typeDescription    = 202
	typeGoodbye        = 203
)

// maxReports is the most reception reports that are kept from one compound
// packet; a point-to-point call has one. maxPackets bounds the loop over it.
const (
	maxReports = 31
	maxPackets = 64
)

// SenderReport is what a sender says about its own stream (RFC 3550 6.4.1).
type SenderReport struct {
	SSRC uint32
	// NTP is the wall clock in 32.32 fixed point seconds since 1900.
	NTP uint64
	// Timestamp is the same instant in the stream's RTP clock.
	Timestamp uint32
	// Packets and Octets were sent since the start; both wrap at 2^32.
	Packets, Octets uint32
}

// ReceptionReport is what a receiver says about a stream it hears (RFC 3550 6.4.1).
type ReceptionReport struct {
	// SSRC is the stream reported on.
	SSRC uint32
	// FractionLost is the share lost since the last report in 1/256.
	FractionLost uint8
	// CumulativeLost is -2^23 to 2^23-1 packets; negative when duplicates came.
	CumulativeLost int32
	// HighestSequence is the extended highest sequence number received.
	HighestSequence uint32
	// Jitter is in RTP timestamp units.
	Jitter uint32
	// LastSenderReport is the middle 32 bits of the NTP time of the last sender report.
	LastSenderReport uint32
	// Delay since that report, in 1/65536 seconds.
	Delay uint32
}

// Compound is the part of a compound RTCP packet that a telephone call uses.
type Compound struct {
	// Reporter is the SSRC of the sender of the compound packet.
	Reporter uint32
	// Sender is present in a sender report.
	Sender *SenderReport
	// Reports has at most 31 entries.
	Reports []ReceptionReport
	// CNAME is the canonical name, at most 255 bytes.
	CNAME string
	// Goodbye is set when the sender leaves.
	Goodbye bool
}

// ParseCompound reads a compound RTCP packet (RFC 3550 6.1). Packet types that a
// call does not use are skipped. It returns ErrShort, ErrVersion or ErrTooLong.
func ParseCompound(datagram []byte) (Compound, error) {
	var c Compound
	if len(datagram) > MaxPacket {
		return c, ErrTooLong
	}
	if len(datagram) < 4 {
		return c, ErrShort
	}
	for n := 0; len(datagram) > 0 && n < maxPackets; n++ {
		if len(datagram) < 4 {
			return c, ErrShort
		}
		if datagram[0]>>6 != 2 {
			return c, ErrVersion
		}
		size := 4 * (1 + int(binary.BigEndian.Uint16(datagram[2:])))
		if size > len(datagram) {
			return c, ErrShort
		}
		if err := c.parseOne(datagram[:size]); err != nil {
			return c, err
		}
		datagram = datagram[size:]
	}
	return c, nil
}

func (c *Compound) parseOne(b []byte) error {
	count := int(b[0] & 0x1f)
	switch b[1] {
	case typeSenderReport:
		if len(b) < 28+24*count {
			return ErrShort
		}
		c.Reporter = binary.BigEndian.Uint32(b[4:])
		c.Sender = &SenderReport{
			SSRC:      c.Reporter,
			NTP:       binary.BigEndian.Uint64(b[8:]),
			Timestamp: binary.BigEndian.Uint32(b[16:]),
			Packets:   binary.BigEndian.Uint32(b[20:]),
			Octets:    binary.BigEndian.Uint32(b[24:]),
		}
		c.addReports(b[28:], count)
	case typeReceiverReport:
		if len(b) < 8+24*count {
			return ErrShort
		}
		c.Reporter = binary.BigEndian.Uint32(b[4:])
		c.addReports(b[8:], count)
	case typeDescription:
		return c.parseDescription(b[4:])
	case typeGoodbye:
		c.Goodbye = true
		if c.Reporter == 0 && len(b) >= 8 {
			c.Reporter = binary.BigEndian.Uint32(b[4:])
		}
	}
	return nil
}

func (c *Compound) addReports(b []byte, count int) {
	for ; count > 0 && len(c.Reports) < maxReports; count-- {
		c.Reports = append(c.Reports, ReceptionReport{
			SSRC:         binary.BigEndian.Uint32(b),
			FractionLost: b[4],
			// 24 bits, sign-extended by the shift down.
			CumulativeLost:   int32(binary.BigEndian.Uint32(b[4:])<<8) >> 8,
			HighestSequence:  binary.BigEndian.Uint32(b[8:]),
			Jitter:           binary.BigEndian.Uint32(b[12:]),
			LastSenderReport: binary.BigEndian.Uint32(b[16:]),
			Delay:            binary.BigEndian.Uint32(b[20:]),
		})
		b = b[24:]
	}
}

// parseDescription takes the CNAME (item 1) of the first chunk (RFC 3550 6.5).
func (c *Compound) parseDescription(b []byte) error {
	if len(b) < 4 {
		return nil // a source count of zero is legal
	}
	for b = b[4:]; len(b) > 0 && b[0] != 0; {
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return ErrShort
		}
		if b[0] == 1 {
			c.CNAME = string(b[2 : 2+int(b[1])])
		}
		b = b[2+int(b[1]):]
	}
	return nil
}

// Append writes the compound packet behind dst: a sender or receiver report, the
// CNAME if there is one, and a goodbye if asked for. Reports beyond 31 and the
// part of a CNAME beyond 255 bytes are left out.
func (c *Compound) Append(dst []byte) []byte {
	reports := c.Reports[:min(len(c.Reports), maxReports)]
	if c.Sender != nil {
		dst = appendRTCPHeader(dst, len(reports), typeSenderReport, 28+24*len(reports))
		dst = binary.BigEndian.AppendUint32(dst, c.Reporter)
		dst = binary.BigEndian.AppendUint64(dst, c.Sender.NTP)
		dst = binary.BigEndian.AppendUint32(dst, c.Sender.Timestamp)
		dst = binary.BigEndian.AppendUint32(dst, c.Sender.Packets)
		dst = binary.BigEndian.AppendUint32(dst, c.Sender.Octets)
	} else {
		dst = appendRTCPHeader(dst, len(reports), typeReceiverReport, 8+24*len(reports))
		dst = binary.BigEndian.AppendUint32(dst, c.Reporter)
	}
	for _, r := range reports {
		dst = binary.BigEndian.AppendUint32(dst, r.SSRC)
		lost := max(min(r.CumulativeLost, 1<<23-1), -1<<23)
		dst = binary.BigEndian.AppendUint32(dst, uint32(r.FractionLost)<<24|uint32(lost)&0xffffff)
		dst = binary.BigEndian.AppendUint32(dst, r.HighestSequence)
		dst = binary.BigEndian.AppendUint32(dst, r.Jitter)
		dst = binary.BigEndian.AppendUint32(dst, r.LastSenderReport)
		dst = binary.BigEndian.AppendUint32(dst, r.Delay)
	}
	if c.CNAME != "" {
		name := c.CNAME[:min(len(c.CNAME), 255)]
		// SSRC, item header, text, and at least one zero to end the list, to whole words.
		size := (4 + 4 + 2 + len(name) + 1 + 3) &^ 3
		dst = appendRTCPHeader(dst, 1, typeDescription, size)
		dst = binary.BigEndian.AppendUint32(dst, c.Reporter)
		dst = append(dst, 1, byte(len(name)))
		dst = append(dst, name...)
		for n := 4 + 4 + 2 + len(name); n < size; n++ {
			dst = append(dst, 0)
		}
	}
	if c.Goodbye {
		dst = appendRTCPHeader(dst, 1, typeGoodbye, 8)
		dst = binary.BigEndian.AppendUint32(dst, c.Reporter)
	}
	return dst
}

func appendRTCPHeader(dst []byte, count int, kind byte, size int) []byte {
	dst = append(dst, 0x80|byte(count), kind)
	return binary.BigEndian.AppendUint16(dst, uint16(size/4-1))
}

// ntpEpoch is 1900-01-01, the zero of NTP time, in Unix seconds.
const ntpEpoch = -2208988800

// NTP turns a wall-clock time into the 32.32 fixed point form of sender reports
// (RFC 3550 4).
func NTP(t time.Time) uint64 {
	seconds := uint64(t.Unix() - ntpEpoch)
	fraction := uint64(t.Nanosecond()) << 32 / uint64(time.Second)
	return seconds<<32 | fraction
}

// RoundTrip computes the network round trip from a reception report that arrived
// at now (RFC 3550 6.4.1). It is false when the report names no sender report.
func (r ReceptionReport) RoundTrip(now time.Time) (time.Duration, bool) {
	if r.LastSenderReport == 0 {
		return 0, false
	}
	middle := uint32(NTP(now) >> 16)
	units := int32(middle - r.LastSenderReport - r.Delay)
	if units < 0 {
		return 0, true // clocks step back; a negative trip is no trip
	}
	return time.Duration(units) * time.Second / 65536, true
}
