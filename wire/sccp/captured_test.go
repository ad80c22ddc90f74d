package sccp

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the decodings in testdata, never the frames")

// captured is one frame of testdata/captured.txt.
type captured struct {
	version Version
	system  string
	raw     []byte
	decoded string
}

const capturedFile = "testdata/captured.txt"

func readCaptured(t testing.TB) (frames []captured) {
	t.Helper()
	text, err := os.ReadFile(capturedFile)
	if err != nil {
		t.Fatal(err)
	}
	for n, line := range strings.Split(string(text), "\n") {
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '\t':
			frames[len(frames)-1].decoded = line[1:]
		default:
			f := strings.Fields(line)
			v, err := strconv.Atoi(f[0])
			if err != nil || len(f) != 3 {
				t.Fatalf("%s:%d: want version, system, hex", capturedFile, n+1)
			}
			raw, err := hex.DecodeString(f[2])
			if err != nil {
				t.Fatalf("%s:%d: %v", capturedFile, n+1, err)
			}
			frames = append(frames, captured{version: Version(v), system: f[1], raw: raw})
		}
	}
	return frames
}

// notSentLikeThis lists captured frames that are decoded but not produced byte for byte, and why.
var notSentLikeThis = map[MessageID]string{
	IDFeatureStatRes:        "filler after the terminating zero (sccp.md 1.1)",
	IDOpenReceiveChannelAck: "version 5 phones leave out the call reference (sccp.md 2.5)",
}

// The frames that real systems exchanged decode to what their fields say, and up to version 17 our own
// frame for that message is the same to the byte.
func TestCapturedFrames(t *testing.T) {
	frames := readCaptured(t)
	if len(frames) < 45 {
		t.Fatalf("only %d frames in %s", len(frames), capturedFile)
	}
	for i, f := range frames {
		frame, err := NewReader(bytes.NewReader(f.raw)).ReadFrame()
		if err != nil {
			t.Errorf("%x: %v", f.raw, err)
			continue
		}
		m, err := Decode(frame.ID, f.version, frame.Body)
		if err != nil {
			t.Errorf("%x: %v", f.raw, err)
			continue
		}
		got := strings.TrimPrefix(fmt.Sprintf("%T %+v", m, m), "*sccp.")
		got = strings.Trim(strconv.QuoteToASCII(got), `"`) // labels hold bytes that are no text
		if *update {
			frames[i].decoded = got
		} else if got != f.decoded {
			t.Errorf("%v of version %d\n got %s\nwant %s", frame.ID, f.version, got, f.decoded)
		}
		if f.version > MaxVersion {
			continue
		}
		if why := notSentLikeThis[frame.ID]; why != "" && f.version == 5 {
			continue
		}
		again, err := AppendMessage(nil, m, f.version)
		if err != nil {
			t.Errorf("%v of version %d: %v", frame.ID, f.version, err)
			continue
		}
		// Captures of version 11 have header word 0, CallManager's habit (sccp.md 1.2).
		copy(again[4:8], f.raw[4:8])
		if !bytes.Equal(again, f.raw) {
			t.Errorf("%v of version %d\n sent %x\n real %x", frame.ID, f.version, again, f.raw)
		}
	}
	if *update {
		rewriteCaptured(t, frames)
	}
}

func rewriteCaptured(t *testing.T, frames []captured) {
	t.Helper()
	text, err := os.ReadFile(capturedFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	n := 0
	for i := range lines {
		if strings.HasPrefix(lines[i], "\t") {
			lines[i] = "\t" + frames[n].decoded
			n++
		}
	}
	if err := os.WriteFile(capturedFile, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}
