package service

import (
	"context"
	"errors"
	"math"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"tandem/fault"
	"tandem/service/alarm"
)

type testMachine struct {
	free, total, files, fileLimit, memory, memoryLimit uint64
	wall                                               time.Time
	running                                            time.Duration
}

func (m *testMachine) probe() *Probe {
	return &Probe{
		Disk:        func(string) (uint64, uint64, error) { return m.free, m.total, nil },
		Descriptors: func() (uint64, uint64, error) { return m.files, m.fileLimit, nil },
		Memory:      func() (uint64, uint64, error) { return m.memory, m.memoryLimit, nil },
		Clock:       func() (time.Time, time.Duration) { return m.wall, m.running },
	}
}

func standing(b *alarm.Board) string {
	var codes []string
	for _, a := range b.Standing() {
		codes = append(codes, string(a.Code))
	}
	return strings.Join(codes, " ")
}

func TestT20_DiskFills(t *testing.T) {
	m := &testMachine{total: 100 << 30}
	board := alarm.New(alarm.Options{})
	w := NewWatch(WatchOptions{Directories: []string{"/data"}, Alarms: board, Probe: m.probe()})
	full, filling := string(fault.DiskFull), string(fault.DiskFilling)
	for _, c := range []struct {
		free    uint64
		alarms  string
		refused bool
	}{
		{50 << 30, "", false},
		{15 << 30, filling, false}, // 85 %
		{16 << 30, filling, false}, // 84 %: not over yet
		{18 << 30, "", false},      // 82 %
		{17 << 20, filling, false}, // little, but not nothing
		{15 << 20, full + " " + filling, true},
		{0, full + " " + filling, true},
		{20 << 20, full + " " + filling, true}, // not over yet
		{40 << 20, filling, false},
		{50 << 30, "", false},
	} {
		m.free = c.free
		w.Look()
		if got := standing(board); got != c.alarms {
			t.Errorf("%d free: alarms %q, want %q", c.free, got, c.alarms)
		}
		if err := w.Writable(); (err != nil) != c.refused || err != nil && !errors.Is(err, fault.DiskFull) {
			t.Errorf("%d free: %v", c.free, err)
		}
		if w.Admit() != nil {
			t.Error("calls are refused because of the disk")
		}
	}
	// A small disk is not full from the first.
	m.free, m.total = 8<<20, 20<<20
	w.Look()
	if w.Writable() != nil {
		t.Error("a disk of 20 MiB with 8 MiB free counts as full")
	}
}

func TestT22_DescriptorsAndMemoryShort(t *testing.T) {
	m := &testMachine{fileLimit: 512, memoryLimit: 256 << 20}
	board := alarm.New(alarm.Options{})
	w := NewWatch(WatchOptions{Alarms: board, Probe: m.probe()})
	for _, c := range []struct {
		files, memory uint64
		alarms        string
		refused       error
	}{
		{100, 60 << 20, "", nil},
		{461, 60 << 20, string(fault.DescriptorsShort), fault.DescriptorsShort},
		{450, 60 << 20, string(fault.DescriptorsShort), fault.DescriptorsShort},
		{400, 60 << 20, "", nil},
		{400, 240 << 20, string(fault.MemoryShort), fault.MemoryShort},
		{400, 210 << 20, string(fault.MemoryShort), fault.MemoryShort},
		{400, 200 << 20, "", nil},
	} {
		m.files, m.memory = c.files, c.memory
		w.Look()
		if got := standing(board); got != c.alarms {
			t.Errorf("%+v: alarms %q", c, got)
		}
		if err := w.Admit(); c.refused == nil && err != nil || c.refused != nil && !errors.Is(err, c.refused) {
			t.Errorf("%+v: %v", c, err)
		}
		if w.Writable() != nil {
			t.Error("writes are refused although the disk has room")
		}
	}
}

func TestT21_ClockJumps(t *testing.T) {
	m := &testMachine{wall: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	board := alarm.New(alarm.Options{Quiet: time.Nanosecond})
	var steps []time.Duration
	w := NewWatch(WatchOptions{Alarms: board, Probe: m.probe(), ClockMoved: func(d time.Duration) { steps = append(steps, d) }})
	for _, step := range []time.Duration{0, time.Second, time.Hour, -time.Hour, 10 * 365 * 24 * time.Hour, -1900 * time.Millisecond} {
		m.running += 2 * time.Second
		m.wall = m.wall.Add(2*time.Second + step)
		w.Look()
	}
	if len(steps) != 3 || steps[0] != time.Hour || steps[1] != -time.Hour || steps[2] != 10*365*24*time.Hour {
		t.Errorf("steps %v", steps)
	}
	if past := board.History(); len(past) != 3 || past[0].Code != fault.ClockJumped || !strings.Contains(past[0].Message, "1h0m0s") {
		t.Errorf("%+v", past)
	}
}

func TestWatchRunsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var free atomic.Uint64
		free.Store(50 << 30)
		probe := new(testMachine).probe()
		probe.Disk = func(string) (uint64, uint64, error) { return free.Load(), 100 << 30, nil }
		w := NewWatch(WatchOptions{Directories: []string{"/data"}, Probe: probe})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); w.Run(ctx) }()
		synctest.Wait()
		free.Store(0)
		<-time.After(2 * time.Second)
		synctest.Wait()
		if w.Writable() == nil {
			t.Error("a full disk was not seen within two seconds")
		}
		cancel()
		<-ended
	})
}

func TestThisMachine(t *testing.T) {
	p := machine()
	if free, total, err := p.Disk(t.TempDir()); err != nil || total == 0 || free > total {
		t.Errorf("disk: %d of %d, %v", free, total, err)
	}
	if _, _, err := p.Disk("/nowhere"); err == nil {
		t.Error("a directory that is not there has space")
	}
	before, limit, err := p.Descriptors()
	if err != nil || limit == 0 {
		t.Fatalf("descriptors: %d of %d, %v", before, limit, err)
	}
	for range 5 {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
	}
	if after, _, _ := p.Descriptors(); after < before+5 {
		t.Errorf("%d descriptors, then %d with five files more", before, after)
	}
	if used, limit, err := p.Memory(); err != nil || used < 1<<20 || limit < used {
		t.Errorf("memory: %d of %d, %v", used, limit, err)
	}
	board := alarm.New(alarm.Options{})
	w := NewWatch(WatchOptions{Directories: []string{t.TempDir()}, Alarms: board})
	w.Look()
	if past := board.History(); len(past) != 0 {
		t.Errorf("%+v", past)
	}
}

func TestMemoryLimitOfControlGroups(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  uint64
	}{
		"nothing":  {fstest.MapFS{}, 0},
		"machine":  {fstest.MapFS{"proc/meminfo": file("MemTotal:  1000 kB\nMemFree: 1 kB\n")}, 1024000},
		"own":      {fstest.MapFS{"proc/meminfo": file("MemTotal:  1000 kB\n"), "sys/fs/cgroup/memory.max": file("500000\n")}, 500000},
		"no limit": {fstest.MapFS{"proc/meminfo": file("MemTotal:  1000 kB\n"), "sys/fs/cgroup/memory.max": file("max\n")}, 1024000},
		"parent": {fstest.MapFS{
			"proc/self/cgroup":                                     file("0::/system.slice/tandem.service\n"),
			"sys/fs/cgroup/system.slice/memory.max":                file("400000\n"),
			"sys/fs/cgroup/system.slice/tandem.service/memory.max": file("600000\n"),
		}, 400000},
		"odd path": {fstest.MapFS{"proc/self/cgroup": file("0::/../../x\n"), "sys/fs/cgroup/x/memory.max": file("7\n")}, 7},
		"older":    {fstest.MapFS{"sys/fs/cgroup/memory/memory.limit_in_bytes": file("300000\n")}, 300000},
	} {
		if got := memoryLimit(c.files); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestLimitMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	t.Setenv("GOMEMLIMIT", "")
	if limit := LimitMemory(); limit != 0 && debug.SetMemoryLimit(-1) != int64(limit) || limit == 0 && debug.SetMemoryLimit(-1) != math.MaxInt64 {
		t.Errorf("said %d, set %d", limit, debug.SetMemoryLimit(-1))
	}
	debug.SetMemoryLimit(before)
	t.Setenv("GOMEMLIMIT", "1GiB")
	if limit := LimitMemory(); limit != 0 || debug.SetMemoryLimit(-1) != before {
		t.Errorf("the environment's limit was overruled: %d", limit)
	}
}
