package rtp

import (
	"encoding/binary"
	"strings"
)

// EventSize is the length of one telephone-event payload (RFC 4733 2.3).
const EventSize = 4

// Event is one telephone-event payload (RFC 4733 2.3).
type Event struct {
	// Code is 0 to 9, 10 star, 11 hash, 12 to 15 A to D, 16 flash.
	Code uint8
	// End marks the last packets of the event.
	End bool
	// Volume is the power level of the tone, 0 to 63 in -dBm0.
	Volume uint8
	// Duration so far in timestamp units.
	Duration uint16
}

// ParseEvent reads the first event block of a telephone-event payload.
func ParseEvent(payload []byte) (Event, error) {
	if len(payload) < EventSize {
		return Event{}, ErrShort
	}
	return Event{
		Code:     payload[0],
		End:      payload[1]&0x80 != 0,
		Volume:   payload[1] & 0x3f,
		Duration: binary.BigEndian.Uint16(payload[2:]),
	}, nil
}

// Append writes the four bytes of the payload behind dst.
func (e Event) Append(dst []byte) []byte {
	flags := e.Volume & 0x3f
	if e.End {
		flags |= 0x80
	}
	dst = append(dst, e.Code, flags)
	return binary.BigEndian.AppendUint16(dst, e.Duration)
}

const eventDigits = "0123456789*#ABCD"

// EventCode gives the event code of a key (0-9 * # A-D, letters in either case);
// it is false for anything else (RFC 4733 3.2).
func EventCode(key byte) (uint8, bool) {
	if key >= 'a' && key <= 'd' {
		key -= 'a' - 'A'
	}
	i := strings.IndexByte(eventDigits, key)
	return uint8(max(i, 0)), i >= 0
}

// EventKey is the key of an event code 0 to 15; it is false for other codes.
func EventKey(code uint8) (byte, bool) {
	if int(code) >= len(eventDigits) {
		return 0, false
	}
	return eventDigits[code], true
}
