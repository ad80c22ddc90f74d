package cdr

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"tandem/call/signal"
	"tandem/fault"
)

// limitFiles lets no file grow beyond size until the function it returns is called.
func limitFiles(t *testing.T, size uint64) func() {
	t.Helper()
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	restore := sync.OnceFunc(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(restore)
	return restore
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for limit := time.Now().Add(15 * time.Second); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s did not come about", what)
		}
	}
}

// While nothing can be written records wait in memory, calls go on, and one alarm stands; when there is room again all
// are written once, in order.
func TestR43_DiskFullAndBack(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	c := open(t, dir, a.options(t))
	now := time.Now()
	up := sample(1000, now)
	c.Fact(signal.Answered{Record: up})
	sync1(t, c)
	restore := limitFiles(t, 8<<10)
	for n := uint32(1001); n <= 1500; n++ {
		r := sample(n, now)
		c.Fact(signal.Answered{Record: r})
		c.Fact(signal.Ended{Record: end(r, time.Second)})
		if n%50 == 0 {
			eventually(t, "a batch", func() bool { return c.Stats().Failing || c.Stats().Waiting == 0 })
		}
	}
	eventually(t, "an alarm", func() bool { return a.count(fault.RecordsNotWritten) == 1 })
	if s := c.Stats(); !s.Failing || s.Waiting == 0 || s.Lost != 0 {
		t.Errorf("%+v", s)
	}
	if got := query(t, c, Query{Limit: 1}); len(got) != 1 || got[0].Call.Call != 1500 {
		t.Errorf("the newest record cannot be read: %+v", got)
	}
	restore()
	eventually(t, "recovery", func() bool { return !c.Stats().Failing && c.Stats().Waiting == 0 })
	a.mu.Lock()
	if !slices.Equal(a.cleared, []fault.Code{fault.RecordsNotWritten}) {
		t.Errorf("cleared %v", a.cleared)
	}
	a.mu.Unlock()
	c.Fact(signal.Ended{Record: end(up, time.Minute)})
	shut(t, c)
	once(t, dir, 1000, 1500)
	order := inFiles(t, dir)
	if !slices.IsSortedFunc(order[:500], func(x, y CallRecord) int { return int(x.Call.Call) - int(y.Call.Call) }) {
		t.Error("the records are not in the order in which the calls ended")
	}
	if n := a.count(fault.RecordsNotWritten); n != 1 {
		t.Errorf("%d alarms", n)
	}
}

// The disk has room for the journal but none for the flat files: these are built again from the journal.
func TestT20_FlatFilesAreRebuilt(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	c := open(t, dir, a.options(t))
	// A directory in the place of the part makes every write of it fail.
	block := filepath.Join(dir, c.w.segment.start.Calls+partSuffix)
	if err := os.MkdirAll(filepath.Join(block, "x"), 0o750); err != nil {
		t.Fatal(err)
	}
	for n := uint32(1000); n < 1100; n++ {
		c.Fact(signal.Ended{Record: unanswered(sample(n, time.Now()))})
	}
	eventually(t, "an alarm", func() bool { return a.count(fault.RecordsNotWritten) == 1 })
	if s := c.Stats(); s.Waiting != 0 {
		t.Errorf("the journal did not take them: %+v", s)
	}
	if err := os.RemoveAll(block); err != nil {
		t.Fatal(err)
	}
	eventually(t, "recovery", func() bool { return !c.Stats().Failing })
	shut(t, c)
	once(t, dir, 1000, 1099)
}

// What finds no room in memory either is counted and reported.
func TestT20_LostRecordsAreCounted(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	o := a.options(t)
	o.Backlog = 100
	c := open(t, dir, o)
	restore := limitFiles(t, 1)
	for n := uint32(1000); n < 1250; n++ {
		r := sample(n, time.Now())
		c.Fact(signal.Answered{Record: r})
		c.Fact(signal.Ended{Record: end(r, time.Second)})
	}
	if s := c.Stats(); s.Lost != 150 || s.Waiting != 100 {
		t.Errorf("%+v", s)
	}
	eventually(t, "an alarm", func() bool { return a.count(fault.RecordsLostCounted) == 1 })
	restore()
	eventually(t, "recovery", func() bool { return !c.Stats().Failing && c.Stats().Waiting == 0 })
	shut(t, c)
	once(t, dir, 1000, 1099)
}

// A record that nobody could read later goes aside; those around it are written.
func TestR43_BadRecordGoesAside(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	c := open(t, dir, a.options(t))
	good := unanswered(sample(1000, time.Now()))
	c.Fact(signal.Ended{Record: good})
	bad := good
	bad.Call = signal.CallID{}
	c.Fact(signal.Ended{Record: bad})
	bad = good
	bad.Began = time.Time{}
	c.Fact(signal.Ended{Record: bad})
	c.Fact(signal.Answered{Record: bad})
	c.Fact(signal.Diagnostics{})
	good.Call.Call = 1001
	c.Fact(signal.Ended{Record: good})
	shut(t, c)
	once(t, dir, 1000, 1001)
	if n := a.count(fault.RecordSetAside); n != 3 {
		t.Errorf("%d alarms", n)
	}
	data, err := os.ReadFile(filepath.Join(dir, "BAD", "records"))
	if err != nil || bytes.Count(data, []byte("\n")) != 3 {
		t.Errorf("put aside: %s, %v", data, err)
	}
}
