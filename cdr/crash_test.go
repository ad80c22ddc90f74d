package cdr

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/telephony/parameter"
)

const childDirectory = "TANDEM_CDR_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDirectory); dir != "" {
		child(dir)
		return
	}
	if dir := os.Getenv(publisherDirectory); dir != "" {
		publisherChild(dir)
		return
	}
	if dir := os.Getenv(subscriberDirectory); dir != "" {
		subscriberChild(dir, os.Getenv(publisherAddress))
		return
	}
	os.Exit(m.Run())
}

// child makes calls until it is killed, and says which are durable: "a" answered, "e" ended.
func child(dir string) {
	t := &testing.T{}
	var a alarms
	var current atomic.Pointer[parameter.Values]
	current.Store(valuesOf(t))
	layouts := []Layout{Layout4, LayoutLater}
	o := a.options(t)
	o.Parameters = current.Load
	c, err := Open(dir, o)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	n := c.FirstCall()
	for round := 0; ; round++ {
		var names []string
		for range 1 + round%7 {
			r := sample(n, time.Now())
			r.Connected = r.Began
			c.Fact(signal.Answered{Record: r})
			names = append(names, fmt.Sprintf("a %d", n))
			if n%3 == 0 {
				c.Fact(signal.Ended{Record: end(r, 0)})
				names = append(names, fmt.Sprintf("e %d", n))
			}
			n++
		}
		if err := c.Sync(ctx(t)); err != nil {
			os.Exit(1)
		}
		fmt.Println(strings.Join(names, "\n"))
		if round%10 == 9 { // another layout begins new files, so that kills meet that too
			layouts = append(layouts[1:], layouts[0])
			current.Store(valuesOf(t, parameter.CDRLayout, layouts[0]))
		}
	}
}

// A server that is killed at any moment has, after its restart, exactly one record of every call of which it knew that
// the journal holds it, and those that were up are closed with their own cause (T-16).
func TestR43_T16_KilledServerLosesNoAnsweredCall(t *testing.T) {
	dir := t.TempDir()
	answered, ended := map[uint32]bool{}, map[uint32]bool{}
	for range 8 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childDirectory+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		stop := 20 + rand.IntN(500)
		for n := 0; lines.Scan(); n++ {
			var kind string
			var call uint32
			if _, err := fmt.Sscanf(lines.Text(), "%s %d", &kind, &call); err != nil {
				t.Fatalf("the child said %q", lines.Text())
			}
			answered[call] = true
			if kind == "e" {
				ended[call] = true
			}
			if n == stop {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait()
	}
	var a alarms
	c := open(t, dir, a.options(t))
	first := c.FirstCall()
	shut(t, c)
	records := map[uint32]CallRecord{}
	for _, r := range inFiles(t, dir) {
		if _, ok := records[r.Call.Call]; ok {
			t.Errorf("call %d has two records", r.Call.Call)
		}
		records[r.Call.Call] = r
		if r.Call.Call >= first {
			t.Errorf("call numbers begin at %d although call %d has a record", first, r.Call.Call)
		}
	}
	late := 0
	for n := range answered {
		r, ok := records[n]
		switch {
		case !ok:
			t.Errorf("call %d was answered and has no record", n)
		case ended[n] && r.Cause() != signal.CauseNormalClearing:
			t.Errorf("call %d had ended and was closed with %v", n, r.Cause())
		case r.Cause() == signal.CauseServerRestarted:
			late++
			if r.Comment != CommentServerRestarted || !r.Answered() || r.Ended.Before(r.Connected) {
				t.Errorf("record closed late: %+v", r)
			}
		}
	}
	if len(answered) < 200 || late == 0 {
		t.Errorf("%d calls, %d closed late: the test is worth nothing", len(answered), late)
	}
}

// A call that was up when the server died lasts until the last heartbeat.
func TestT16_CallIsClosedAtTheLastSignOfLife(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	o := a.options(t)
	begin := time.Now()
	now := begin
	o.Now = func() time.Time { return now }
	c, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(ctx(t)); err != nil { // from here the test is the writer
		t.Fatal(err)
	}
	s, err := c.createSegment()
	if err != nil {
		t.Fatal(err)
	}
	c.w.segment = s
	r := sample(1000, begin.Add(-time.Second))
	c.Fact(signal.Answered{Record: r})
	if err := c.drain(); err != nil {
		t.Fatal(err)
	}
	now = begin.Add(100 * time.Second)
	c.tick()
	now = begin.Add(103 * time.Second) // no heartbeat comes after this
	c.tick()
	s.file.Close()

	now = begin.Add(time.Hour)
	c = open(t, dir, o)
	got := query(t, c, Query{})
	if len(got) != 1 || got[0].Duration() != 100*time.Second || got[0].Cause() != signal.CauseServerRestarted ||
		!got[0].Ended.Equal(got[0].Connected.Add(100*time.Second)) {
		t.Errorf("%+v", got)
	}
	if a.count(fault.RecordsClosedLate) != 1 {
		t.Errorf("alarms %v", a.raised)
	}
	// It is closed once only.
	shut(t, c)
	open(t, dir, o)
	if a.count(fault.RecordsClosedLate) != 1 {
		t.Error("closed again")
	}
	once(t, dir, 1000, 1000)
}

func copyTree(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// A crash between any two steps of the change from one interval to the next neither doubles nor loses a record.
func TestT16_CrashBetweenTheStepsOfAnInterval(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	c, err := Open(dir, a.options(t))
	if err != nil {
		t.Fatal(err)
	}
	for n := uint32(1000); n < 1050; n++ {
		r := sample(n, time.Now())
		c.Fact(signal.Answered{Record: r})
		if n%2 == 0 {
			c.Fact(signal.Ended{Record: end(r, time.Second)})
		}
	}
	sync1(t, c)
	states := map[string]string{"before": copyTree(t, dir)}
	if err := c.Close(ctx(t)); err != nil {
		t.Fatal(err)
	}
	// The state before, from which the steps are taken one by one.
	at := copyTree(t, states["before"])
	step := &Collector{dir: at, options: c.options, begin: c.begin, run: c.run, open: c.open}
	step.w.encoder, step.w.sequence = newEncoder(), 1
	if _, err := step.createSegment(); err != nil {
		t.Fatal(err)
	}
	states["next journal file begun"] = copyTree(t, at)

	old := &segment{dir: at, sequence: 1, path: journalPath(at, 1), start: c.startOf(t, at), broken: true}
	info, err := os.Stat(old.path)
	if err != nil {
		t.Fatal(err)
	}
	old.size = info.Size()
	old.flatFiles()
	if err := old.rebuild(func([]byte, error) { t.Error("bad entry") }); err != nil {
		t.Fatal(err)
	}
	states["flat file written"] = copyTree(t, at)
	e := newEncoder()
	if err := e.add(entryFlattened, struct{}{}); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(old.path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(e.buf.Bytes()); err != nil {
		t.Fatal(err)
	}
	f.Close()
	states["journal says that it is complete"] = copyTree(t, at)
	if err := complete(old.calls.path); err != nil {
		t.Fatal(err)
	}
	states["flat file renamed"] = copyTree(t, at)
	if err := os.Remove(old.path); err != nil {
		t.Fatal(err)
	}
	states["journal file removed"] = at
	for name, dir := range states {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the second run finds nothing to do
				var a alarms
				c := open(t, dir, a.options(t))
				shut(t, c)
				once(t, dir, 1000, 1049)
			}
			if left, _ := c.leftParts(dir); len(left) != 0 {
				t.Errorf("parts are left: %v", left)
			}
		})
	}
}

func (c *Collector) startOf(t *testing.T, dir string) startEntry {
	h := &history{open: map[string]*journalled{}, ended: map[string]bool{}, alive: map[string]time.Duration{}}
	s, err := (&Collector{dir: dir, options: c.options}).readJournal(1, h)
	if err != nil {
		t.Fatal(err)
	}
	return s.start
}

func (c *Collector) leftParts(dir string) ([]string, error) {
	return fs.Glob(os.DirFS(dir), "*"+partSuffix)
}

// A journal that is cut at any byte gives back every record before the cut, and never stops the server.
func TestTornJournal(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	c, err := Open(dir, a.options(t))
	if err != nil {
		t.Fatal(err)
	}
	for n := uint32(1000); n < 1003; n++ {
		r := sample(n, time.Now())
		c.Fact(signal.Answered{Record: r})
		sync1(t, c) // so that the answer is in the journal too
		if n != 1002 {
			c.Fact(signal.Ended{Record: end(r, time.Second)})
		}
	}
	sync1(t, c)
	whole, err := os.ReadFile(journalPath(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	shut(t, c)
	for cut := 0; cut <= len(whole); cut += 1 + cut%61 {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "journal"), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(journalPath(dir, 1), whole[:cut], 0o640); err != nil {
			t.Fatal(err)
		}
		var a alarms
		c, err := Open(dir, a.options(t))
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		shut(t, c)
		// Calls whose answer stands wholly before the cut have a record.
		want := bytes.Count(whole[:bytes.LastIndexByte(whole[:cut], '\n')+1], []byte(" A {"))
		if got := len(inFiles(t, dir)); got != want {
			t.Errorf("cut at %d of %d: %d records, want %d", cut, len(whole), got, want)
		}
	}
}

// A damaged entry in the middle goes aside with an alarm; the entries around it count.
func TestR43_DamagedJournalEntry(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	c, err := Open(dir, a.options(t))
	if err != nil {
		t.Fatal(err)
	}
	for n := uint32(1000); n < 1005; n++ {
		c.Fact(signal.Ended{Record: unanswered(sample(n, time.Now()))})
	}
	sync1(t, c)
	whole, err := os.ReadFile(journalPath(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	shut(t, c)
	for _, damage := range []struct {
		name string
		do   func([]byte) []byte
	}{
		{"a changed byte", func(b []byte) []byte { return bytes.Replace(b, []byte("1/1002"), []byte("1/9002"), 1) }},
		{"a line end within", func(b []byte) []byte { return bytes.Replace(b, []byte("1/1002"), []byte("1/1\n02"), 1) }},
		{"a long line", func(b []byte) []byte {
			return bytes.Replace(b, []byte("1/1002"), bytes.Repeat([]byte("x"), 3*maxEntry), 1)
		}},
	} {
		t.Run(damage.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.MkdirAll(filepath.Join(dir, "journal"), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(journalPath(dir, 1), damage.do(bytes.Clone(whole)), 0o640); err != nil {
				t.Fatal(err)
			}
			var a alarms
			c := open(t, dir, a.options(t))
			shut(t, c)
			var calls []uint32
			for _, r := range inFiles(t, dir) {
				calls = append(calls, r.Call.Call)
			}
			if fmt.Sprint(calls) != "[1000 1001 1003 1004]" {
				t.Errorf("calls %v", calls)
			}
			if a.count(fault.RecordJournalBad) == 0 {
				t.Error("no alarm")
			}
			if bad, err := os.ReadFile(filepath.Join(dir, "BAD", "journal-0000000001")); err != nil || len(bad) == 0 {
				t.Errorf("nothing was put aside: %v", err)
			}
		})
	}
}
