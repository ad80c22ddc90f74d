// Package tftp holds the packets and options of TFTP and the two sides of a transfer.
//
// RFC 1350 (packets), RFC 2347 (option negotiation), RFC 2348 (blksize), RFC 2349 (timeout, tsize) and RFC 7440
// (windowsize). Parse and the Append methods turn bytes into packets and back; Negotiate answers the options of a read
// request; Sender is the sending side as a machine without socket or clock; Get is a small client.
//
// What does not live here: sockets of the server, limits, and which name is which file (provision/tftpd, provision).
package tftp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// The operation codes of RFC 1350 section 5 and RFC 2347.
const (
	opRead      = 1
	opWrite     = 2
	opData      = 3
	opAck       = 4
	opError     = 5
	opOptionAck = 6
)

// Bounds of what Parse accepts. RFC 2347 limits a request to 512 octets; some clients pad it, none exceeds MaxRequest.
const (
	MaxRequest      = 1024  // octets of a read or write request, and of an option acknowledgement
	MaxErrorText    = 512   // octets of an error message that are kept
	MaxOptions      = 16    // options of one request; more are ignored
	MinBlockSize    = 8     // RFC 2348
	MaxBlockSize    = 65464 // RFC 2348
	StandardBlock   = 512   // RFC 1350: block size without negotiation
	MaxPacket       = 4 + MaxBlockSize
	maxErrorContent = MaxErrorText - 1
)

// ErrMalformed is what Parse answers, wrapped with the detail, for bytes that are no TFTP packet.
var ErrMalformed = errors.New("malformed TFTP packet")

// Packet is one of Request, Data, Ack, Failure and OptionAck.
type Packet interface {
	// Append writes the packet's bytes behind dst.
	Append(dst []byte) []byte
}

// Request asks to read a file, or to write one (RFC 1350 section 5).
type Request struct {
	Write   bool
	Name    string
	Mode    Mode
	Options Options
}

// Data carries one block. Its number wraps from 65535 to 0. A block shorter than the block size is the last.
type Data struct {
	Block   uint16
	Payload []byte // shares the memory that was parsed
}

// Ack confirms a block, and with windowsize all blocks before it.
type Ack struct{ Block uint16 }

// Failure is the error packet, which ends a transfer.
type Failure struct {
	Code    ErrorCode
	Message string
}

// OptionAck confirms options (RFC 2347). Only options that were asked for may be in it.
type OptionAck struct{ Options Options }

// Mode is how the octets of a file are to be carried (RFC 1350 section 1).
type Mode uint8

// The modes.
const (
	Octet    Mode = iota // as they are
	NetASCII             // text with CR LF at the ends of lines
	Mail                 // obsolete; never served
)

func (m Mode) String() string {
	switch m {
	case Octet:
		return "octet"
	case NetASCII:
		return "netascii"
	default:
		return "mail"
	}
}

// ErrorCode is the number in a Failure (RFC 1350 appendix, RFC 2347 for 8).
type ErrorCode uint16

// The error codes.
const (
	NotDefined        ErrorCode = 0
	FileNotFound      ErrorCode = 1
	AccessViolation   ErrorCode = 2
	DiskFull          ErrorCode = 3
	IllegalOperation  ErrorCode = 4
	UnknownTransfer   ErrorCode = 5
	FileExists        ErrorCode = 6
	NoSuchUser        ErrorCode = 7
	OptionRefused     ErrorCode = 8
	lastKnownErrorNum           = OptionRefused
)

var errorNames = [...]string{
	"not defined", "file not found", "access violation", "disk full", "illegal operation", "unknown transfer",
	"file exists", "no such user", "option refused",
}

func (c ErrorCode) String() string {
	if c <= lastKnownErrorNum {
		return errorNames[c]
	}
	return fmt.Sprintf("error %d", uint16(c))
}

// Error makes a received Failure usable as an error.
func (f Failure) Error() string {
	if f.Message == "" {
		return fmt.Sprintf("TFTP error %d (%v)", uint16(f.Code), f.Code)
	}
	return fmt.Sprintf("TFTP error %d (%v): %s", uint16(f.Code), f.Code, f.Message)
}

// Parse reads one packet. Data.Payload shares memory with b; everything else is copied. Every error wraps ErrMalformed.
func Parse(b []byte) (Packet, error) {
	if len(b) < 2 {
		return nil, malformed("%d octets", len(b))
	}
	body, op := b[2:], binary.BigEndian.Uint16(b)
	if op != opOptionAck && len(b) < 4 {
		return nil, malformed("%d octets", len(b))
	}
	switch op {
	case opRead, opWrite:
		return parseRequest(op == opWrite, body)
	case opData:
		if len(b) > MaxPacket {
			return nil, malformed("data of %d octets", len(b)-4)
		}
		return Data{Block: binary.BigEndian.Uint16(body), Payload: body[2:]}, nil
	case opAck:
		return Ack{Block: binary.BigEndian.Uint16(body)}, nil // octets behind it are padding of some stacks
	case opError:
		text := body[2:]
		if i := bytes.IndexByte(text, 0); i >= 0 {
			text = text[:i]
		}
		if len(text) > maxErrorContent {
			text = text[:maxErrorContent]
		}
		return Failure{Code: ErrorCode(binary.BigEndian.Uint16(body)), Message: printable(text)}, nil
	case opOptionAck:
		if len(b) > MaxRequest {
			return nil, malformed("option acknowledgement of %d octets", len(b))
		}
		return OptionAck{Options: parseOptions(body)}, nil
	default:
		return nil, malformed("operation %d", op)
	}
}

func parseRequest(write bool, body []byte) (Packet, error) {
	if len(body) > MaxRequest-2 {
		return nil, malformed("request of %d octets", len(body)+2)
	}
	name, rest, ok := bytes.Cut(body, []byte{0})
	if !ok {
		return nil, malformed("file name without end")
	}
	if len(name) == 0 {
		return nil, malformed("no file name")
	}
	mode, rest, ok := bytes.Cut(rest, []byte{0})
	if !ok {
		return nil, malformed("mode without end")
	}
	r := Request{Write: write, Name: string(name), Options: parseOptions(rest)}
	switch strings.ToLower(string(mode)) {
	case "octet":
		r.Mode = Octet
	case "netascii":
		r.Mode = NetASCII
	case "mail":
		r.Mode = Mail
	default:
		return nil, malformed("mode %q", mode)
	}
	return r, nil
}

// Append writes the request.
func (r Request) Append(dst []byte) []byte {
	op := uint16(opRead)
	if r.Write {
		op = opWrite
	}
	dst = binary.BigEndian.AppendUint16(dst, op)
	dst = append(append(dst, r.Name...), 0)
	dst = append(append(dst, r.Mode.String()...), 0)
	return r.Options.append(dst)
}

// Append writes the data block.
func (d Data) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, opData)
	dst = binary.BigEndian.AppendUint16(dst, d.Block)
	return append(dst, d.Payload...)
}

// Append writes the acknowledgement.
func (a Ack) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, opAck)
	return binary.BigEndian.AppendUint16(dst, a.Block)
}

// Append writes the error packet.
func (f Failure) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, opError)
	dst = binary.BigEndian.AppendUint16(dst, uint16(f.Code))
	text := f.Message
	if len(text) > maxErrorContent {
		text = text[:maxErrorContent]
	}
	return append(append(dst, strings.ReplaceAll(text, "\x00", " ")...), 0)
}

// Append writes the option acknowledgement.
func (o OptionAck) Append(dst []byte) []byte {
	return o.Options.append(binary.BigEndian.AppendUint16(dst, opOptionAck))
}

// printable keeps what a log can show of text that a stranger wrote.
func printable(text []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return '?'
		}
		return r
	}, string(text))
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}
