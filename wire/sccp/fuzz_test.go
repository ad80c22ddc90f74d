package sccp_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"pgregory.net/rapid"

	"tandem/wire/sccp"
)

// settles checks that what was decoded can be sent and reads back the same: text that was replaced or
// cut once is not changed again, and nothing is lost or grows on the way.
func settles(t interface {
	Helper()
	Fatalf(string, ...any)
}, codec sccp.Codec, m sccp.Message) {
	t.Helper()
	first, err := codec.Append(nil, m)
	if err != nil {
		return // not for this version, or more than the layout holds
	}
	if len(first)%4 != 0 || len(first) > sccp.MaxLength+8 {
		t.Fatalf("%v: frame of %d bytes", m.ID(), len(first))
	}
	id := sccp.MessageID(binary.LittleEndian.Uint32(first[8:]))
	back, err := codec.Decode(id, first[sccp.HeaderSize:])
	if err != nil {
		t.Fatalf("%v: our own frame: %v\n%x", id, err, first)
	}
	second, err := codec.Append(nil, back)
	if err != nil {
		t.Fatalf("%v: %v", id, err)
	}
	if !bytes.Equal(first, second) {
		t.Fatalf("%v, version %d, %v\n1st %x\n2nd %x", id, codec.Version, codec.Charset, first, second)
	}
}

// Every id, version and character set: no panic, no lie about sizes, and what decodes settles.
func FuzzDecode(f *testing.F) {
	for v := sccp.MinVersion; v <= sccp.MaxVersion; v++ {
		for _, id := range sccp.Known(v, sccp.Either) {
			if frame, err := sccp.AppendMessage(nil, fill(sccp.New(id)), v); err == nil {
				f.Add(uint32(id), uint8(v), uint8(v), frame[sccp.HeaderSize:])
			}
		}
	}
	f.Add(uint32(0x23), uint8(22), uint8(0), make([]byte, 70))
	f.Add(uint32(sccp.IDDisplayPromptStatusV2), uint8(17), uint8(1), []byte("\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x80\x17\xd1\x80\xff"))
	f.Fuzz(func(t *testing.T, id uint32, version, charset uint8, body []byte) {
		if len(body) > sccp.MaxBody {
			return
		}
		codec := sccp.Codec{Version: sccp.Version(version % 24), Charset: sccp.Charset(charset % 16)}
		before := bytes.Clone(body)
		m, err := codec.Decode(sccp.MessageID(id), body)
		if !bytes.Equal(before, body) {
			t.Fatal("the body was written to")
		}
		if err != nil {
			return
		}
		settles(t, codec, m)
		codec.Version = 3 + codec.Version%15
		settles(t, codec, m)
	})
}

// FuzzReader feeds arbitrary streams: it ends with an error, has returned no more than it was given,
// and what it returned is the stream.
func FuzzReader(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), uint8(3))
	f.Add([]byte{4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 17, 0, 0, 0, 11, 0, 0, 0, 1, 0, 0, 0}, uint8(1))
	f.Fuzz(func(t *testing.T, stream []byte, chunk uint8) {
		r := sccp.NewReader(&chunks{stream, int(chunk) + 1})
		var again []byte
		for {
			frame, err := r.ReadFrame()
			if err != nil {
				break
			}
			again = sccp.AppendFrame(again, frame.HeaderVersion, frame.ID, frame.Body)
		}
		if !bytes.HasPrefix(stream, again) {
			t.Fatalf("frames %x are not in the stream %x", again, stream)
		}
	})
}

type chunks struct {
	rest []byte
	n    int
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(c.n, len(p))], c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// Any message with any content, in any version and character set: encode, decode, encode gives the same
// frame. Content comes from decoding arbitrary bodies of plausible length and from filled messages with
// arbitrary text.
func TestEncodeDecodeEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		codec := sccp.Codec{
			Version: sccp.Version(rapid.IntRange(int(sccp.MinVersion), int(sccp.MaxVersion)).Draw(t, "version")),
			Charset: sccp.Charset(rapid.IntRange(0, int(sccp.Windows1257)).Draw(t, "charset")),
		}
		id := rapid.SampledFrom(sccp.Known(codec.Version, sccp.Either)).Draw(t, "id")
		m := sccp.New(id)
		setTexts(m, rapid.StringN(0, 60, 200), t)
		if frame, err := codec.Append(nil, m); err == nil {
			got := sccp.MessageID(binary.LittleEndian.Uint32(frame[8:]))
			if want, _ := m.ID().On(codec.Version); got != want {
				t.Fatalf("travels as %v, want %v", got, want)
			}
		} else {
			t.Fatalf("%v: %v", id, err)
		}
		settles(t, codec, m)
		body := rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(t, "body")
		if m, err := codec.Decode(id, body); err == nil {
			settles(t, codec, m)
		}
	})
}
