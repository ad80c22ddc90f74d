package userstate

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tandem/bus"
	"tandem/telephony"
)

func change(setting telephony.UserSetting, subject, value string, stamp int64) *telephony.UserState {
	return &telephony.UserState{Setting: setting, Subject: subject, Value: value, Stamp: stamp, Server: "cm1", Actor: "SEP1"}
}

// TestJournalKeepsTheNewestOfEach: what was appended is there after a restart, settled changes are not, and of several changes of
// a setting the newest counts, whatever their order.
func TestJournalKeepsTheNewestOfEach(t *testing.T) {
	dir := t.TempDir()
	j, waiting, err := openJournal(dir)
	if err != nil || len(waiting) != 0 {
		t.Fatal(err, waiting)
	}
	first, second := change(telephony.SettingForwardAll, "2001", "2002", 10), change(telephony.SettingForwardAll, "2001", "", 20)
	other, gone := change(telephony.SettingMessages, "2001", "3", 15), change(telephony.SettingDoNotDisturb, "SEP1", "on", 5)
	for _, l := range []line{{Change: second}, {Change: first}, {Change: other}, {Change: gone}, {Settled: gone.Key(), Stamp: gone.Stamp},
		{Settled: other.Key(), Stamp: other.Stamp - 1}} {
		if err := j.append(l); err != nil {
			t.Fatal(err)
		}
	}
	j.close()
	want := map[string]*telephony.UserState{second.Key(): second, other.Key(): other}
	for range 2 { // the second time from the journal as it was written anew
		j, waiting, err = openJournal(dir)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, waiting); d != "" {
			t.Errorf("after a restart:\n%s", d)
		}
		if j.lines != 2 {
			t.Errorf("%d lines in the new journal", j.lines)
		}
		j.close()
	}
}

// TestJournalCutOff: a crash in the middle of a write costs that entry and no other, wherever it cuts.
func TestJournalCutOff(t *testing.T) {
	dir := t.TempDir()
	j, _, err := openJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, b := change(telephony.SettingForwardAll, "2001", "2002", 10), change(telephony.SettingForwardAll, "2002", "2003", 11)
	if err := j.append(line{Change: a}); err != nil {
		t.Fatal(err)
	}
	whole := j.size
	if err := j.append(line{Change: b}); err != nil {
		t.Fatal(err)
	}
	j.close()
	path := filepath.Join(dir, journalFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := whole; cut < int64(len(text)); cut++ {
		if err := os.WriteFile(path, text[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		j, waiting, err := openJournal(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(waiting) != 1 || waiting[a.Key()] == nil {
			t.Fatalf("cut at %d of %d: %d changes are left", cut, len(text), len(waiting))
		}
		j.close()
	}
}

// TestJournalThatCannotBeWritten changes nothing.
func TestJournalThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	j, _, err := openJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.append(line{Change: change(telephony.SettingForwardAll, "2001", "2002", 10)}); err != nil {
		t.Fatal(err)
	}
	writable := j.file
	if j.file, err = os.Open(j.path); err != nil {
		t.Fatal(err)
	}
	if err := j.append(line{Change: change(telephony.SettingForwardAll, "2002", "2003", 11)}); err == nil {
		t.Fatal("a file that cannot be written took a line")
	}
	j.file.Close()
	j.file = writable
	if err := j.append(line{Change: change(telephony.SettingForwardAll, "2003", "2004", 12)}); err != nil {
		t.Fatal(err)
	}
	j.close()
	_, waiting, err := openJournal(dir)
	if err != nil || len(waiting) != 2 {
		t.Errorf("%v, %d changes", err, len(waiting))
	}
}

func FuzzJournal(f *testing.F) {
	good, err := formatLine(line{Change: change(telephony.SettingForwardAll, "2001/internal", "2002", 10)})
	if err != nil {
		f.Fatal(err)
	}
	settled, _ := formatLine(line{Settled: "forwardAll/2001/internal", Stamp: 10})
	f.Add(good)
	f.Add(append(bytes.Clone(good), settled...))
	f.Add(good[:len(good)/2])
	f.Add([]byte("00000000 {}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		waiting := map[string]*telephony.UserState{}
		if _, _, err := readJournal(bytes.NewReader(b), waiting); err != nil {
			t.Fatal(err) // reading from memory does not fail, and a line that is not whole ends it
		}
		for key, u := range waiting {
			if key != u.Key() || !sound(u) {
				t.Errorf("read %+v under %q", u, key)
			}
		}
	})
}

func FuzzMessage(f *testing.F) {
	good, err := message{Changes: []*telephony.UserState{change(telephony.SettingMessages, "2001", "3", 5)},
		Settled: []*telephony.UserState{change(telephony.SettingDoNotDisturb, "SEP1", "on", 6)}}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add([]byte{messageFormat, 0xbf, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeMessage(b)
		if err != nil {
			return
		}
		again, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		m2, err := decodeMessage(again)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(m, m2); d != "" {
			t.Error(d)
		}
	})
}

// TestJournalOnAFullDisk: when there is no room for a new journal the old one goes on from where it is whole, and what a killed
// server left is swept away.
func TestJournalOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	j, _, err := openJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.append(line{Change: change(telephony.SettingForwardAll, "2001", "2002", 10)}); err != nil {
		t.Fatal(err)
	}
	j.close()
	// The tail of a line that a crash cut off, and a journal that was not finished.
	f, err := os.OpenFile(j.path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("12345678 {\"change\""); err != nil {
		t.Fatal(err)
	}
	f.Close()
	left := filepath.Join(dir, ".new-userstate-1")
	if err := os.WriteFile(left, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	create = func(string, string) (*os.File, error) { return nil, syscall.ENOSPC }
	defer func() { create = os.CreateTemp }()
	for i, to := range []string{"3001", "3002"} {
		j, waiting, err := openJournal(dir)
		if err != nil || len(waiting) != 1 {
			t.Fatalf("%v, %d changes", err, len(waiting))
		}
		if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		if err := j.append(line{Change: change(telephony.SettingForwardAll, "2001", to, int64(20+i))}); err != nil {
			t.Fatal(err)
		}
		j.close()
	}
	create = os.CreateTemp
	j, waiting, err := openJournal(dir)
	if err != nil || waiting["forwardAll/2001"] == nil || waiting["forwardAll/2001"].Value != "3002" {
		t.Fatalf("%v, %v", err, waiting)
	}
	j.close()
}

// TestLargestMessageFits: as many changes as one message holds, each as long as it may be, are within what servers send each other, and each
// is a line that the journal takes.
func TestLargestMessageFits(t *testing.T) {
	u := change(telephony.SettingDoNotDisturb, strings.Repeat("s", 128), strings.Repeat("v", 64), latest)
	u.CallingSearchSpace, u.Server, u.Actor = telephony.CallingSearchSpaceName(strings.Repeat("c", 50)), telephony.ServerName(strings.Repeat("h", 63)), strings.Repeat("a", 128)
	var m message
	for range maximumChanges {
		m.Changes = append(m.Changes, u)
	}
	b, err := m.encode()
	if err != nil || len(b) > bus.MaximumMessage/2 {
		t.Errorf("%v, %d bytes", err, len(b))
	}
	if again, err := decodeMessage(b); err != nil || len(again.Changes) != maximumChanges {
		t.Error(err)
	}
	if _, err := formatLine(line{Change: u}); err != nil {
		t.Error(err)
	}
}
