package peer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/media/codec"
)

func TestPortsAreGivenOnce(t *testing.T) {
	seen := map[int]bool{}
	for range 50 {
		p, err := FreePorts(2)
		if err != nil {
			t.Fatal(err)
		}
		if seen[p] || seen[p+1] {
			t.Fatalf("%d was given twice", p)
		}
		seen[p], seen[p+1] = true, true
	}
}

// A recording is heard while it is written: with a heading whose lengths are wrong, or not there yet.
func TestRecordingInProgress(t *testing.T) {
	dir := t.TempDir()
	tone := codec.Tone{First: 440, Second: 1000}
	whole := filepath.Join(dir, "whole.wav")
	if err := WriteTone(whole, tone, time.Second); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func([]byte){
		"finished":    func([]byte) {},
		"no lengths":  func(b []byte) { clear(b[4:8]); clear(b[40:44]) },
		"old lengths": func(b []byte) { b[40], b[41], b[42], b[43] = 16, 0, 0, 0 },
		"no heading":  func(b []byte) { clear(b[:44]) },
	} {
		copied := append([]byte(nil), data...)
		change(copied)
		file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".wav")
		if err := os.WriteFile(file, copied, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := WaitHears(t.Context(), file, 0, tone, 800*time.Millisecond); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, short := range [][]byte{nil, []byte("RIFF"), []byte("RIFF....WAVEfmt \xff\xff\xff\xff"), data[:30]} {
		if rate, samples := wave(short); rate != 0 && len(samples) > 0 {
			t.Errorf("%q is taken for audio", short)
		}
	}
}

func TestMissingProgramNamesItsPackage(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Find("baresip"); err == nil || !strings.Contains(err.Error(), "baresip-core") {
		t.Errorf("error %v", err)
	}
}
