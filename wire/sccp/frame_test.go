package sccp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"testing"
	"testing/iotest"
)

func frames(t testing.TB, ms ...Message) (stream []byte) {
	t.Helper()
	for _, m := range ms {
		var err error
		if stream, err = AppendMessage(stream, m, 17); err != nil {
			t.Fatal(err)
		}
	}
	return stream
}

// A stream is cut into the same frames however TCP cut it into segments (sccp.md 1.1).
func TestReaderIgnoresSegments(t *testing.T) {
	big := &XMLAlarm{XML: string(bytes.Repeat([]byte("x"), 2000))}
	ms := []Message{&KeepAlive{}, &OffHook{1, 2}, big, &KeepAlive{}, big, big, &OnHook{1, 2}}
	stream := frames(t, ms...)
	for name, src := range map[string]io.Reader{
		"one segment":      bytes.NewReader(stream),
		"byte by byte":     iotest.OneByteReader(bytes.NewReader(stream)),
		"half reads":       iotest.HalfReader(bytes.NewReader(stream)),
		"error with bytes": iotest.DataErrReader(bytes.NewReader(stream)),
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(src)
			var again []byte
			for range ms {
				f, err := r.ReadFrame()
				if err != nil {
					t.Fatal(err)
				}
				again = AppendFrame(again, f.HeaderVersion, f.ID, f.Body)
			}
			if !bytes.Equal(again, stream) {
				t.Error("frames differ from the stream")
			}
			if _, err := r.ReadFrame(); err != io.EOF {
				t.Errorf("after the last frame: %v, want EOF", err)
			}
		})
	}
}

// trickle returns n bytes at a time, with a deadline error after each.
type trickle struct {
	rest []byte
	n    int
	fail bool
}

func (s *trickle) Read(p []byte) (int, error) {
	if s.fail = !s.fail; s.fail {
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(p[:min(len(p), s.n)], s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// A deadline in the middle of a frame loses nothing.
func TestReaderGoesOnAfterADeadline(t *testing.T) {
	stream := frames(t, &SoftKeyEvent{SoftKeyAnswer, 1, 7}, &KeepAlive{})
	r := NewReader(&trickle{rest: stream, n: 5})
	var ids []MessageID
	for range 100 {
		f, err := r.ReadFrame()
		switch {
		case err == nil:
			ids = append(ids, f.ID)
		case !errors.Is(err, os.ErrDeadlineExceeded):
			t.Fatal(err)
		}
		if len(ids) == 2 {
			break
		}
	}
	if !slices.Equal(ids, []MessageID{IDSoftKeyEvent, IDKeepAlive}) || r.Buffered() != 0 {
		t.Errorf("got %v, %d bytes left", ids, r.Buffered())
	}
}

// What is not SCCP is recognised by its first word, before anything is allocated for it (T-1).
func TestReaderRefusesImpossibleLengths(t *testing.T) {
	for _, length := range []uint32{0, 3, MaxLength + 1, 0x20544547 /* "GET " */, 0xFFFFFFFF} {
		header := binary.LittleEndian.AppendUint32(nil, length)
		r := NewReader(bytes.NewReader(append(header, make([]byte, 64)...)))
		if _, err := r.ReadFrame(); !errors.Is(err, ErrLength) {
			t.Errorf("length %#x: %v", length, err)
		}
		if len(r.buf) != smallBuffer {
			t.Errorf("length %#x: buffer of %d bytes", length, len(r.buf))
		}
	}
	for _, length := range []int{MinLength, MaxLength} {
		r := NewReader(bytes.NewReader(AppendFrame(nil, 0, 1, make([]byte, length-4))))
		if f, err := r.ReadFrame(); err != nil || len(f.Body) != length-4 {
			t.Errorf("length %d: %v", length, err)
		}
	}
}

func TestReaderTellsAnEndInsideAFrame(t *testing.T) {
	stream := frames(t, &OffHook{1, 2})
	for n := 1; n < len(stream); n++ {
		if _, err := NewReader(bytes.NewReader(stream[:n])).ReadFrame(); err != io.ErrUnexpectedEOF {
			t.Errorf("after %d of %d bytes: %v", n, len(stream), err)
		}
	}
}

// stuck returns neither bytes nor an error.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestReaderGivesUpOnASourceWithoutProgress(t *testing.T) {
	if _, err := NewReader(stuck{}).ReadFrame(); err != io.ErrNoProgress {
		t.Errorf("got %v", err)
	}
}

// An idle connection keeps a small buffer, also after a large frame.
func TestReaderReturnsToASmallBuffer(t *testing.T) {
	stream := AppendFrame(nil, 0, IDXMLAlarm, make([]byte, MaxBody))
	stream = append(stream, frames(t, &KeepAlive{})...)
	r := NewReader(iotest.HalfReader(bytes.NewReader(stream)))
	for range 2 {
		if _, err := r.ReadFrame(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.ReadFrame(); err != io.EOF {
		t.Fatal(err)
	}
	if len(r.buf) != smallBuffer {
		t.Errorf("buffer of %d bytes is kept", len(r.buf))
	}
}

// The header carries the version from 10 on, and never in the first answers (sccp.md 1.2).
func TestHeaderVersion(t *testing.T) {
	for _, c := range []struct {
		m    Message
		v    Version
		want uint32
	}{
		{NewCallState(CallStateOnHook, 1, 1), 3, 0},
		{NewCallState(CallStateOnHook, 1, 1), 9, 0},
		{NewCallState(CallStateOnHook, 1, 1), 10, 10},
		{NewCallState(CallStateOnHook, 1, 1), 17, 17},
		{NewRegisterAck(17, 30, 60, "D.M.Y"), 17, 0},
		{&KeepAliveAck{}, 17, 0},
		{&UnregisterAck{}, 17, 0},
		{&Register{}, 17, 0},
		{&KeepAlive{}, 17, 17},
	} {
		b, err := AppendMessage(nil, c.m, c.v)
		if err != nil {
			t.Fatal(err)
		}
		if got := binary.LittleEndian.Uint32(b[4:]); got != c.want {
			t.Errorf("%v, version %d: header version %d, want %d", c.m.ID(), c.v, got, c.want)
		}
	}
}
