package rtp

import (
	"bytes"
	"errors"
	"testing"
)

func TestParse(t *testing.T) {
	plain := []byte{0x80, 0x88, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3}
	for _, c := range []struct {
		name    string
		bytes   []byte
		payload []byte
		err     error
	}{
		{"plain", plain, []byte{1, 2, 3}, nil},
		{"no payload", plain[:12], []byte{}, nil},
		{"one contributing source", append(append([]byte{0x81}, plain[1:12]...), 9, 9, 9, 9, 7), []byte{7}, nil},
		{"extension of one word", append(append([]byte{0x90}, plain[1:12]...), 0xbe, 0xde, 0, 1, 5, 5, 5, 5, 7), []byte{7}, nil},
		{"padding of two", append(append([]byte{0xa0}, plain[1:12]...), 7, 0, 2), []byte{7}, nil},
		{"short", plain[:11], nil, ErrShort},
		{"version 1", append([]byte{0x40}, plain[1:]...), nil, ErrVersion},
		{"sources cut", append(append([]byte{0x8f}, plain[1:12]...), 1), nil, ErrShort},
		{"extension header cut", append(append([]byte{0x90}, plain[1:12]...), 1), nil, ErrShort},
		{"extension cut", append(append([]byte{0x90}, plain[1:12]...), 0, 0, 0xff, 0xff), nil, ErrShort},
		{"padding of zero", append(append([]byte{0xa0}, plain[1:12]...), 7, 0), nil, ErrShort},
		{"padding longer than the packet", append(append([]byte{0xa0}, plain[1:12]...), 200), nil, ErrShort},
		{"oversized", make([]byte, MaxPacket+1), nil, ErrTooLong},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p Packet
			err := Parse(c.bytes, &p)
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			want := Header{Marker: true, PayloadType: 8, Sequence: 0x1234, Timestamp: 160, SSRC: 0xdeadbeef}
			if p.Header != want {
				t.Errorf("header %+v, want %+v", p.Header, want)
			}
			if !bytes.Equal(p.Payload, c.payload) {
				t.Errorf("payload %v, want %v", p.Payload, c.payload)
			}
		})
	}
}

func TestParseAndAppendAllocateNothing(t *testing.T) {
	in := Packet{Header: Header{PayloadType: 0, Sequence: 7, Timestamp: 8, SSRC: 9}, Payload: make([]byte, 160)}
	buffer := make([]byte, 0, MaxPacket)
	var out Packet
	n := testing.AllocsPerRun(100, func() {
		buffer = in.Append(buffer[:0])
		if Parse(buffer, &out) != nil {
			t.Fatal("own packet refused")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for each packet, want none", n)
	}
	if out.Header != in.Header || len(out.Payload) != 160 {
		t.Errorf("came back as %+v with %d bytes", out.Header, len(out.Payload))
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, 0xff, 0xff})
	f.Add([]byte{0xb1, 0x80, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, 9, 9, 9, 9, 0, 0, 0, 1, 0, 0, 0, 0, 5, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var p, again Packet
		if Parse(b, &p) != nil {
			return
		}
		if err := Parse(p.Append(nil), &again); err != nil {
			t.Fatalf("own packet refused: %v", err)
		}
		if again.Header != p.Header || !bytes.Equal(again.Payload, p.Payload) {
			t.Fatalf("%+v became %+v", p, again)
		}
	})
}
