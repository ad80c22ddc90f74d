package sccp

import (
	"encoding/binary"
	"fmt"
	"sync"
)

// Message is one SCCP message of either direction: a pointer to one of the structs of this package, or
// Raw for an id whose layout it does not know.
type Message interface {
	// ID is the message's identity. The id on the wire can differ: from some version on a dynamic form
	// with an id of its own replaces the fixed one (see MessageID.On).
	ID() MessageID
	layout(c *coder)
}

// Codec is what a connection has agreed on. The zero value is not useful; see NewCodec. It is a value,
// safe for concurrent use.
type Codec struct {
	Version Version // selects layouts: 0…MaxReadable to decode, MinVersion…MaxVersion to encode
	Charset Charset // of every text field, both ways
}

// NewCodec is the codec of a version with the character set that phones of that version mostly use.
// Where the phone's feature bits or its locale are known, set Charset from CharsetFor instead.
func NewCodec(v Version) Codec {
	if v.has(utf8Text) {
		return Codec{v, UTF8}
	}
	return Codec{v, Latin1}
}

// Decode is Codec.Decode for the version's usual character set.
func Decode(id MessageID, version Version, body []byte) (Message, error) {
	return NewCodec(version).Decode(id, body)
}

// Encode is AppendMessage into a new buffer.
func Encode(m Message, version Version) ([]byte, error) { return AppendMessage(nil, m, version) }

// AppendMessage is Codec.Append for the version's usual character set.
func AppendMessage(dst []byte, m Message, version Version) ([]byte, error) {
	return NewCodec(version).Append(dst, m)
}

var coders = sync.Pool{New: func() any { return new(coder) }}

// Decode reads a message body. Bodies shorter or longer than the layout are normal; missing fields are
// zero. An unknown id gives *Raw. Nothing of the result refers to body. Errors wrap ErrCount or
// ErrValue: the peer sent nonsense in one message, the stream is still in step.
func (k Codec) Decode(id MessageID, body []byte) (Message, error) {
	row := lookup(id)
	if row == nil || row.make == nil {
		return &Raw{Type: id, Body: append([]byte(nil), body...)}, nil
	}
	m := row.make()
	c := coders.Get().(*coder)
	*c = coder{buf: body, id: id, version: k.Version, charset: k.Charset, decoding: true}
	m.layout(c)
	err := c.err
	*c = coder{}
	coders.Put(c)
	if err != nil {
		return nil, fmt.Errorf("sccp: %v of %d bytes: %w", id, len(body), err)
	}
	return m, nil
}

// DecodeFrame decodes the body of a frame by the codec's version, not by the header's (sccp.md 1.2).
func (k Codec) DecodeFrame(f Frame) (Message, error) { return k.Decode(f.ID, f.Body) }

// Append appends the whole frame of a message, header included, in the form of the codec's version,
// padded to a multiple of four bytes. It fails with ErrNotForVersion if the catalogue lets no form of
// the message leave for this version, and with ErrCount or ErrValue if its content cannot be
// expressed; dst is then returned unchanged. Text never fails: it is cut at a character to fit its
// field, and what the character set lacks is replaced.
func (k Codec) Append(dst []byte, m Message) ([]byte, error) {
	row, err := formFor(m.ID(), k.Version)
	if err != nil {
		return dst, err
	}
	if _, raw := m.(*Raw); raw && row.make != nil {
		return dst, fmt.Errorf("sccp: %v as raw bytes: %w", row.id, ErrNotForVersion) // could be short
	}
	return k.appendForm(dst, m, row)
}

func (k Codec) appendForm(dst []byte, m Message, row *row) ([]byte, error) {
	header := k.Version.HeaderWord()
	if row.plainHeader {
		header = 0
	}
	begin := len(dst)
	c := coders.Get().(*coder)
	*c = coder{buf: appendHeader(dst, header, row.id, 0), id: row.id, version: k.Version, charset: k.Charset}
	c.start = len(c.buf)
	m.layout(c)
	c.gap(-(len(c.buf) - c.start) & 3)
	out, err := c.buf, c.err
	*c = coder{}
	coders.Put(c)
	length := len(out) - begin - prefixSize
	if err == nil && length > MaxLength {
		err = ErrCount
	}
	if err != nil {
		return dst, fmt.Errorf("sccp: %v for version %d: %w", row.id, k.Version, err)
	}
	binary.LittleEndian.PutUint32(out[begin:], uint32(length))
	return out, nil
}

// AppendShort is Append for the truncated forms that old phones send (sccp.md 2.1): only the first
// body bytes of the message body. It exists for phones; a server sends whole messages.
func (k Codec) AppendShort(dst []byte, m Message, body int) ([]byte, error) {
	out, err := k.Append(dst, m)
	if err != nil {
		return dst, err
	}
	begin := len(dst)
	if size := len(out) - begin - HeaderSize; body < size {
		out = out[:begin+HeaderSize+max(body, 0)]
		binary.LittleEndian.PutUint32(out[begin:], uint32(len(out)-begin-prefixSize))
	}
	return out, nil
}

// Raw is a message that is carried, not understood: of an undocumented id, or of one of the families
// for video, media resources and bandwidth reservation, which no phone operation needs. Only the latter
// can be sent.
type Raw struct {
	Type MessageID
	Body []byte
}

// ID is the id that the message came with.
func (m *Raw) ID() MessageID { return m.Type }

func (m *Raw) layout(c *coder) { c.raw(m.Body) }
