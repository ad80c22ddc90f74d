package session

import (
	"encoding/binary"
	"errors"
	"fmt"

	"tandem/bus"
	"tandem/call/signal"
)

// A frame, all numbers big-endian:
//
//	0   format, 1
//	1   kind
//	2   node that sent it
//	4   incarnation of that node
//	12  half of the session that the sender made
//	20  half of the session that the receiver made, as the sender knows it; 0: it does not
//	28  highest sequence number up to which the sender has everything
//	36  bit i: the sender has sequence number (28) + 2 + i as well
//	44  what the kind says
//
// The format is the first byte, so that a server of a neighbouring version can tell what it does not understand. Which formats
// a server reads is in its status (bus.Status.Formats).
const (
	format = 1

	headerSize = 44
	dataSize   = headerSize + 8 // of the header and the sequence number
)

type kind uint8

const (
	kindPresence kind = 1 // a byte: 1 asks for a presence in return; the status as CBOR
	kindData     kind = 2 // sequence number, then messages: topic, length (uvarint), payload
	kindAck      kind = 3 // nothing
	kindGoodbye  kind = 4 // nothing: the sender ends the session
	kindQuestion kind = 5 // topic, milliseconds that the sender waits (uvarint), payload
)

// Bounds of what is sent and of what is believed.
const (
	batchSize    = 64 << 10                                  // bytes up to which small messages share a frame
	maximumFrame = dataSize + bus.MaximumMessage + batchSize // bytes
	window       = 64                                        // frames on their way; the bits of a header cover them
	windowBytes  = 4 << 20                                   // of frames on their way; the last may go beyond
	maximumBytes = 64 << 20                                  // of messages that wait for one peer, either way
	longestWait  = 10 * 60 * 1000                            // milliseconds of a question
)

// MaximumFrame is the size in bytes that a Carrier must be able to take.
const MaximumFrame = maximumFrame

var errFrame = errors.New("not a frame")

type header struct {
	kind        kind
	from        signal.NodeID
	incarnation uint64
	half        uint64 // the sender's
	echo        uint64 // the receiver's, as the sender knows it
	ack         uint64
	have        uint64
}

// put writes the header over the first bytes of a frame, which must be there.
func (h header) put(frame []byte) {
	frame[0] = format
	frame[1] = byte(h.kind)
	binary.BigEndian.PutUint16(frame[2:], uint16(h.from))
	binary.BigEndian.PutUint64(frame[4:], h.incarnation)
	binary.BigEndian.PutUint64(frame[12:], h.half)
	binary.BigEndian.PutUint64(frame[20:], h.echo)
	binary.BigEndian.PutUint64(frame[28:], h.ack)
	binary.BigEndian.PutUint64(frame[36:], h.have)
}

// split reads the header of a frame and returns it with the rest.
func split(frame []byte) (header, []byte, error) {
	if len(frame) < headerSize || len(frame) > maximumFrame {
		return header{}, nil, fmt.Errorf("%w: %d bytes", errFrame, len(frame))
	}
	if frame[0] != format {
		return header{}, nil, fmt.Errorf("%w: format %d", errFrame, frame[0])
	}
	h := header{
		kind:        kind(frame[1]),
		from:        signal.NodeID(binary.BigEndian.Uint16(frame[2:])),
		incarnation: binary.BigEndian.Uint64(frame[4:]),
		half:        binary.BigEndian.Uint64(frame[12:]),
		echo:        binary.BigEndian.Uint64(frame[20:]),
		ack:         binary.BigEndian.Uint64(frame[28:]),
		have:        binary.BigEndian.Uint64(frame[36:]),
	}
	if h.kind < kindPresence || h.kind > kindQuestion {
		return header{}, nil, fmt.Errorf("%w: kind %d", errFrame, h.kind)
	}
	if h.half == 0 || h.from == 0 {
		return header{}, nil, fmt.Errorf("%w: it does not say who sent it", errFrame)
	}
	return h, frame[headerSize:], nil
}

// message is one of those in a data frame. Its payload is part of the frame.
type message struct {
	topic   bus.Topic
	payload []byte
}

// appendMessage puts a message behind those that are in a frame already.
func appendMessage(frame []byte, m message) []byte {
	frame = append(frame, byte(m.topic))
	frame = binary.AppendUvarint(frame, uint64(len(m.payload)))
	return append(frame, m.payload...)
}

// messages reads what follows the header of a data frame.
func messages(body []byte) (sequence uint64, all []message, err error) {
	if len(body) < 8 {
		return 0, nil, errFrame
	}
	sequence, body = binary.BigEndian.Uint64(body), body[8:]
	if sequence == 0 {
		return 0, nil, errFrame
	}
	for len(body) > 0 {
		topic := bus.Topic(body[0])
		size, n := binary.Uvarint(body[1:])
		if n <= 0 || size > bus.MaximumMessage || size > uint64(len(body)-1-n) {
			return 0, nil, errFrame
		}
		start, end := 1+n, 1+n+int(size)
		all = append(all, message{topic, body[start:end:end]})
		body = body[end:]
	}
	return sequence, all, nil
}

// question is what Ask sends. wait is how long the asking side waits, in milliseconds.
type question struct {
	topic   bus.Topic
	wait    uint64
	payload []byte
}

func (q question) append(frame []byte) []byte {
	frame = append(frame, byte(q.topic))
	frame = binary.AppendUvarint(frame, q.wait)
	return append(frame, q.payload...)
}

func parseQuestion(body []byte) (question, error) {
	if len(body) < 2 {
		return question{}, errFrame
	}
	wait, n := binary.Uvarint(body[1:])
	if n <= 0 || wait > longestWait || len(body)-1-n > bus.MaximumMessage {
		return question{}, errFrame
	}
	return question{bus.Topic(body[0]), wait, body[1+n:]}, nil
}

// An answer: format, verdict, then the payload or the text of the error.
type verdict uint8

const (
	verdictAnswer      verdict = 0
	verdictError       verdict = 1
	verdictUnreachable verdict = 2 // the asking side belongs to no session of the answering side
)

func answer(v verdict, payload []byte) []byte {
	return append([]byte{format, byte(v)}, payload...)
}

// parseAnswer reads an answer. A verdict that is not verdictAnswer becomes an error.
func parseAnswer(reply []byte) ([]byte, error) {
	if len(reply) < 2 || reply[0] != format || len(reply) > 2+bus.MaximumMessage {
		return nil, fmt.Errorf("the answer cannot be read: %w", errFrame)
	}
	switch verdict(reply[1]) {
	case verdictAnswer:
		return reply[2:], nil
	case verdictError:
		return nil, errors.New(string(reply[2:]))
	case verdictUnreachable:
		return nil, bus.ErrUnreachable
	}
	return nil, fmt.Errorf("the answer cannot be read: %w", errFrame)
}
