package trace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLogIsJSONInAFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	var screen bytes.Buffer
	logger, log, err := OpenLog(LogOptions{Directory: dir, Screen: &screen})
	if err != nil {
		t.Fatal(err)
	}
	logger.Debug("not shown")
	logger.With("call", "7f3a").WithGroup("sip").Info("a call", "cause", 16)
	log.SetLevel(slog.LevelDebug)
	logger.Debug("shown")
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	logger.Info("after the end")
	if log.Lost() != 1 {
		t.Errorf("%d lost, want the one after the end", log.Lost())
	}
	if err := log.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "tandem.log"))
	if err != nil {
		t.Fatal(err)
	}
	var messages []string
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var entry map[string]any
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		messages = append(messages, fmt.Sprint(entry["msg"], " ", entry["call"], " ", entry["sip"]))
	}
	if got := strings.Join(messages, "; "); got != "a call 7f3a map[cause:16]; shown <nil> <nil>" {
		t.Errorf("the file holds %s", got)
	}
	if !strings.Contains(screen.String(), "level=INFO msg=\"a call\" call=7f3a sip.cause=16") {
		t.Errorf("the screen shows %s", screen.String())
	}
}

func TestLogRotates(t *testing.T) {
	dir := t.TempDir()
	logger, log, err := OpenLog(LogOptions{Directory: dir, Megabytes: 1, Keep: 2})
	if err != nil {
		t.Fatal(err)
	}
	for range 2000 {
		logger.Info(strings.Repeat("x", 1000))
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "tandem*"))
	if len(files) < 2 {
		t.Errorf("2 MB of log are in %q", files)
	}
	if info, err := os.Stat(filepath.Join(dir, "tandem.log")); err != nil || info.Size() > 1<<20 {
		t.Errorf("%v %v", info, err)
	}
}

// disk is a file whose writes fail or hang on demand.
type disk struct {
	mu    sync.Mutex
	full  bool
	hang  chan struct{} // if not nil, writes wait for its end
	entry chan struct{} // gets a value when a write begins
	bytes.Buffer
}

func (d *disk) Write(p []byte) (int, error) {
	if d.entry != nil {
		d.entry <- struct{}{}
	}
	if d.hang != nil {
		<-d.hang
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		return 0, errors.New("no space left on device")
	}
	return d.Buffer.Write(p)
}

func (d *disk) Close() error { return nil }

func TestT20_LogOnAFullDisk(t *testing.T) {
	d := &disk{full: true}
	var spare bytes.Buffer
	told, well := make(chan error, 10), make(chan struct{}, 10)
	logger, log, err := OpenLog(LogOptions{
		file: d, Spare: &spare,
		Failed: func(err error) { told <- err }, Recovered: func() { well <- struct{}{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	logger.Info("first")
	if err := <-told; !strings.Contains(err.Error(), "no space") {
		t.Errorf("told %v", err)
	}
	logger.Info("second")
	d.mu.Lock()
	d.full = false
	d.mu.Unlock()
	logger.Info("third")
	<-well
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if len(told) != 0 || !strings.Contains(spare.String(), "first") || !strings.Contains(d.String(), "third") {
		t.Errorf("spare %q\nfile %q\ntold %d more times", spare.String(), d.String(), len(told))
	}
}

func TestLogNeverWaitsForTheDisk(t *testing.T) {
	d := &disk{hang: make(chan struct{}), entry: make(chan struct{}, 1000)}
	logger, log, err := OpenLog(LogOptions{file: d, Queue: 10})
	if err != nil {
		t.Fatal(err)
	}
	logger.Info("the one that hangs")
	<-d.entry
	for range 50 {
		logger.Info("more") // returns although nothing is written: the test would not end otherwise
	}
	if log.Lost() != 40 {
		t.Errorf("%d lost, want what the queue of 10 could not take", log.Lost())
	}
	close(d.hang)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(d.String(), `"lines of the log were lost","count":40`) || strings.Count(d.String(), "more") != 10 {
		t.Errorf("%s", d.String())
	}
}

func TestLogDirectoryThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenLog(LogOptions{Directory: filepath.Join(file, "log")}); err == nil {
		t.Error("no error")
	}
}
