package sccp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Sizes of a frame in bytes (sccp.md 1.1). The length word counts the message id and the body.
const (
	HeaderSize = 12 // length, header version, message id
	prefixSize = 8  // what the length word does not count

	MinLength = 4    // an empty body
	MaxLength = 8192 // the largest message of a phone is about 2.4 KB
	MaxBody   = MaxLength - 4
)

// ErrLength is wrapped by the error of ReadFrame for a length word outside MinLength…MaxLength. The
// stream cannot be read any further: whatever comes is not this protocol.
var ErrLength = errors.New("sccp: impossible frame length")

// Frame is one message as it stood on the wire.
type Frame struct {
	HeaderVersion uint32    // 0, or the negotiated version from 10 on; not decisive for the layout
	ID            MessageID // may be one that nobody documented
	Body          []byte    // MaxBody bytes at most
}

// AppendFrame appends header and body to dst. It does not look into the body and does not pad it.
func AppendFrame(dst []byte, headerVersion uint32, id MessageID, body []byte) []byte {
	dst = appendHeader(dst, headerVersion, id, len(body))
	return append(dst, body...)
}

func appendHeader(dst []byte, headerVersion uint32, id MessageID, body int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(body+4))
	dst = binary.LittleEndian.AppendUint32(dst, headerVersion)
	return binary.LittleEndian.AppendUint32(dst, uint32(id))
}

// smallBuffer is what an idle connection keeps: all that a phone sends in a call fits several times.
const smallBuffer = 512

// Reader cuts a stream into frames. A read that fails half way through a frame, for example at a
// deadline, loses nothing: the next ReadFrame goes on where it stopped. It holds at most one frame of
// MaxLength and returns to a small buffer after a large one. Not safe for concurrent use.
type Reader struct {
	src        io.Reader
	buf        []byte
	start, end int // unread bytes in buf
}

// NewReader reads frames from src. Deadlines are src's business.
func NewReader(src io.Reader) *Reader {
	return &Reader{src: src, buf: make([]byte, smallBuffer)}
}

// Buffered is the number of bytes read from the source and not yet returned: 0 between frames of an
// idle connection, more when a frame has begun.
func (r *Reader) Buffered() int { return r.end - r.start }

// ReadFrame returns the next frame, whose Body is valid until the next call. It returns io.EOF when
// the source ends between frames, io.ErrUnexpectedEOF when it ends inside one, an error wrapping
// ErrLength when the stream is not SCCP, and the source's own error otherwise.
func (r *Reader) ReadFrame() (Frame, error) {
	if r.start == r.end {
		r.start, r.end = 0, 0
		if len(r.buf) > smallBuffer {
			r.buf = make([]byte, smallBuffer)
		}
	}
	if err := r.fill(HeaderSize); err != nil {
		return Frame{}, err
	}
	header := r.buf[r.start:]
	length := binary.LittleEndian.Uint32(header)
	if length < MinLength || length > MaxLength {
		return Frame{}, fmt.Errorf("%w: %d bytes (header % x)", ErrLength, length, header[:HeaderSize])
	}
	total := prefixSize + int(length)
	if err := r.fill(total); err != nil {
		return Frame{}, err
	}
	raw := r.buf[r.start : r.start+total]
	r.start += total
	return Frame{
		HeaderVersion: binary.LittleEndian.Uint32(raw[4:]),
		ID:            MessageID(binary.LittleEndian.Uint32(raw[8:])),
		Body:          raw[HeaderSize:total:total],
	}, nil
}

// maxEmptyReads bounds the patience with a source that returns neither bytes nor an error.
const maxEmptyReads = 100

// fill reads until n unread bytes are in the buffer.
func (r *Reader) fill(n int) error {
	if r.start+n > len(r.buf) {
		into := r.buf
		if n > len(r.buf) {
			into = make([]byte, n)
		}
		r.end = copy(into, r.buf[r.start:r.end])
		r.start, r.buf = 0, into
	}
	for empty := 0; r.end-r.start < n; {
		got, err := r.src.Read(r.buf[r.end:])
		if got < 0 || got > len(r.buf)-r.end {
			return errors.New("sccp: source returned an impossible count")
		}
		r.end += got
		switch {
		case r.end-r.start >= n:
			return nil
		case err == io.EOF && r.end > r.start:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		case got == 0:
			if empty++; empty == maxEmptyReads {
				return io.ErrNoProgress
			}
		default:
			empty = 0
		}
	}
	return nil
}
