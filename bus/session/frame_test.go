package session

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"tandem/bus"
)

var aHeader = header{kind: kindData, from: 0x0102, incarnation: 0x1112131415161718, half: 0x2122232425262728, echo: 0x3132333435363738,
	ack: 0x4142434445464748, have: 0x5152535455565758}

// The bytes of frames never change: servers of neighbouring versions read them.
func TestFrameBytes(t *testing.T) {
	frame := make([]byte, dataSize)
	aHeader.put(frame)
	frame[dataSize-1] = 9 // sequence
	frame = appendMessage(frame, message{bus.TopicCalls, []byte("abc")})
	frame = appendMessage(frame, message{bus.TopicRecords, nil})
	want := "0102" + "0102" + "1112131415161718" + "2122232425262728" + "3132333435363738" + "4142434445464748" + "5152535455565758" +
		"0000000000000009" + "0103616263" + "0500"
	if got := hex.EncodeToString(frame); got != want {
		t.Errorf("frame\n%s, want\n%s", got, want)
	}
	h, body, err := split(frame)
	if err != nil || h != aHeader {
		t.Fatalf("read back: %+v, %v", h, err)
	}
	sequence, all, err := messages(body)
	if err != nil || sequence != 9 || len(all) != 2 || all[0].topic != bus.TopicCalls || string(all[0].payload) != "abc" || len(all[1].payload) != 0 {
		t.Errorf("messages: %d, %v, %v", sequence, all, err)
	}
}

func TestFramesThatAreRefused(t *testing.T) {
	good := make([]byte, headerSize)
	aHeader.put(good)
	for name, spoil := range map[string]func(f []byte) []byte{
		"empty":          func([]byte) []byte { return nil },
		"short":          func(f []byte) []byte { return f[:headerSize-1] },
		"another format": func(f []byte) []byte { f[0] = 2; return f },
		"no kind":        func(f []byte) []byte { f[1] = 0; return f },
		"unknown kind":   func(f []byte) []byte { f[1] = 6; return f },
		"no node":        func(f []byte) []byte { f[2], f[3] = 0, 0; return f },
		"no half":        func(f []byte) []byte { clear(f[12:20]); return f },
		"too long":       func(f []byte) []byte { return append(f, make([]byte, maximumFrame)...) },
	} {
		if _, _, err := split(spoil(bytes.Clone(good))); !errors.Is(err, errFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, body := range map[string]string{
		"no sequence":        "00000000000000",
		"sequence zero":      "0000000000000000",
		"topic alone":        "000000000000000101",
		"longer than it is":  "00000000000000010105616263",
		"a length too large": "000000000000000101ffffffffffffffffff01",
		"a length too long":  "000000000000000101ffffffffffffffffffffff01",
	} {
		data, err := hex.DecodeString(body)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := messages(data); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestQuestionAndAnswer(t *testing.T) {
	q := question{bus.TopicStatus, 1500, []byte("who?")}
	got, err := parseQuestion(q.append(nil))
	if err != nil || !reflect.DeepEqual(got, q) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range [][]byte{nil, {1}, {1, 0xff}, append([]byte{1}, bytes.Repeat([]byte{0xff}, 9)...)} {
		if _, err := parseQuestion(bad); err == nil {
			t.Errorf("%x: taken", bad)
		}
	}
	if got, err := parseAnswer(answer(verdictAnswer, []byte("I"))); err != nil || string(got) != "I" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := parseAnswer(answer(verdictError, []byte("no"))); err == nil || err.Error() != "no" {
		t.Errorf("%v", err)
	}
	if _, err := parseAnswer(answer(verdictUnreachable, nil)); !errors.Is(err, bus.ErrUnreachable) {
		t.Errorf("%v", err)
	}
	for _, bad := range [][]byte{nil, {1}, {2, 0}, {1, 9}} {
		if _, err := parseAnswer(bad); !errors.Is(err, errFrame) {
			t.Errorf("%x: %v", bad, err)
		}
	}
}

// A field that is added to bus.Status is carried.
func TestStatusCarriesEveryField(t *testing.T) {
	var s bus.Status
	v := reflect.ValueOf(&s).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case string:
			f.SetString(v.Type().Field(i).Name)
		case bool:
			f.SetBool(true)
		case uint64:
			f.SetUint(uint64(i + 1))
		case int:
			f.SetInt(int64(i + 1))
		case float64:
			f.SetFloat(0.5)
		case time.Time:
			f.Set(reflect.ValueOf(time.Unix(1700000000, 123)))
		default:
			t.Fatalf("%s is of a type that this test does not know", v.Type().Field(i).Name)
		}
	}
	got, err := decodeStatus(encodeStatus(s))
	if err != nil || got != s {
		t.Errorf("%+v, %v; want %+v", got, err, s)
	}
	long := bus.Status{Halted: strings.Repeat("é", 3000)}
	if got, err := decodeStatus(encodeStatus(long)); err != nil || len(got.Halted) != 2048 {
		t.Errorf("a long reason: %d bytes, %v", len(got.Halted), err)
	}
}

// What comes from the network is read without a panic, and what could be read is written again as the same bytes.
func FuzzFrame(f *testing.F) {
	data := make([]byte, dataSize)
	aHeader.put(data)
	data[dataSize-1] = 1
	f.Add(appendMessage(data, message{bus.TopicCalls, []byte("abc")}))
	for _, k := range []kind{kindPresence, kindAck, kindGoodbye, kindQuestion} {
		frame := make([]byte, headerSize)
		h := aHeader
		h.kind = k
		h.put(frame)
		if k == kindPresence {
			frame = append(append(frame, 1), encodeStatus(bus.Status{Version: "v", Load: 0.5})...)
		}
		if k == kindQuestion {
			frame = question{bus.TopicStatus, 300, []byte("q")}.append(frame)
		}
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		h, body, err := split(frame)
		if err != nil {
			return
		}
		again := make([]byte, headerSize)
		h.put(again)
		if !bytes.Equal(again, frame[:headerSize]) {
			t.Fatalf("header %x became %x", frame[:headerSize], again)
		}
		switch h.kind {
		case kindData:
			if _, all, err := messages(body); err == nil {
				size := 8
				for _, m := range all {
					size += len(m.payload) + 2
				}
				if size > len(body) {
					t.Fatalf("messages of %d bytes out of %d", size, len(body))
				}
			}
		case kindPresence:
			if len(body) > 0 {
				if s, err := decodeStatus(body[1:]); err == nil {
					if got, err := decodeStatus(encodeStatus(s)); err != nil || (got != s && s.Load == s.Load && len(s.Halted) < 2048 && len(s.Version) < 256) {
						t.Fatalf("status %+v became %+v, %v", s, got, err)
					}
				}
			}
		case kindQuestion:
			if q, err := parseQuestion(body); err == nil {
				if got, err := parseQuestion(q.append(nil)); err != nil || !reflect.DeepEqual(got, q) {
					t.Fatalf("question %+v became %+v, %v", q, got, err)
				}
			}
		}
		_, _ = parseAnswer(body)
	})
}
