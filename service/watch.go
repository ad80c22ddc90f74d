package service

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"tandem/fault"
	"tandem/service/alarm"
)

// Bounds of the watch. Each has a lower one at which it is over, so that an alarm does not flutter.
const (
	diskFillingAt   = 85 // percent in use at which the disk is filling (T-20)
	diskFillingOver = 83
	smallestFree    = 16 << 20 // bytes free below which a disk is full, or 2 % of a small disk; over at twice that
	shortAt         = 90       // percent of descriptors or memory in use at which new work is refused (T-22)
	shortOver       = 80
	clockStep       = 2 * time.Second // difference between the two clocks that is a jump (T-21)
)

// Probe reads what Watch looks at.
type Probe struct {
	Disk        func(directory string) (free, total uint64, err error) // bytes
	Descriptors func() (used, limit uint64, err error)
	Memory      func() (used, limit uint64, err error)         // bytes; limit 0 if there is none
	Clock       func() (wall time.Time, running time.Duration) // the time of day, and a clock that nobody sets
}

// WatchOptions say what to watch. The zero value of each field but Directories takes its default.
type WatchOptions struct {
	Directories []string
	Alarms      *alarm.Board
	Every       time.Duration            // default 2 s
	Probe       *Probe                   // default: this machine
	ClockMoved  func(step time.Duration) // called when the time of day was moved
}

// Watch looks after what all services share: the disk, file descriptors, memory and the clock. It raises alarms, and tells
// those who ask whether new work can be taken. What is running is never touched.
type Watch struct {
	opts WatchOptions
	disk map[string]*diskWatch

	full  atomic.Pointer[fault.Error]
	short atomic.Pointer[fault.Error]

	descriptorsShort, memoryShort bool
	wall                          time.Time
	running                       time.Duration
}

type diskWatch struct{ filling, full bool }

// NewWatch returns a watch that has not looked yet.
func NewWatch(opts WatchOptions) *Watch {
	opts.Every = cmp.Or(opts.Every, 2*time.Second)
	if opts.Alarms == nil {
		opts.Alarms = alarm.New(alarm.Options{})
	}
	if opts.Probe == nil {
		opts.Probe = machine()
	}
	w := &Watch{opts: opts, disk: map[string]*diskWatch{}}
	for _, d := range opts.Directories {
		w.disk[d] = &diskWatch{}
	}
	w.wall, w.running = opts.Probe.Clock()
	return w
}

// Run looks at once and then regularly, until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	ticker := time.NewTicker(w.opts.Every)
	defer ticker.Stop()
	for {
		w.Look()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Writable returns nil, or the fault that a write of the configuration is refused with because a disk is full.
func (w *Watch) Writable() error {
	if f := w.full.Load(); f != nil {
		return f
	}
	return nil
}

// Admit returns nil, or the fault that new work (a connection, a registration, a call) is refused with because descriptors
// or memory are short.
func (w *Watch) Admit() error {
	if f := w.short.Load(); f != nil {
		return f
	}
	return nil
}

// Look looks once. It is not called while Run runs.
func (w *Watch) Look() {
	w.lookAtDisks()
	short := w.lookAtDescriptors()
	if f := w.lookAtMemory(); f != nil {
		short = f
	}
	w.short.Store(short)
	w.lookAtClock()
}

func (w *Watch) lookAtDisks() {
	var full *fault.Error
	for _, directory := range w.opts.Directories {
		state := w.disk[directory]
		free, total, err := w.opts.Probe.Disk(directory)
		if err != nil || total == 0 {
			continue // a directory that is gone shows in what writes there
		}
		used := percent(total-min(free, total), total)
		least := min(smallestFree, total/50)
		state.full = free < least || state.full && free < 2*least
		state.filling = used >= diskFillingAt || state.filling && used >= diskFillingOver
		if state.full {
			full = fault.New(fault.DiskFull, "directory", directory, "free", bytesText(free))
			w.opts.Alarms.Raise(full, directory)
		} else {
			w.opts.Alarms.Clear(fault.DiskFull, directory)
		}
		if state.filling {
			w.opts.Alarms.Raise(fault.New(fault.DiskFilling, "directory", directory, "percent", used, "free", bytesText(free)), directory)
		} else {
			w.opts.Alarms.Clear(fault.DiskFilling, directory)
		}
	}
	w.full.Store(full)
}

func (w *Watch) lookAtDescriptors() *fault.Error {
	used, limit, err := w.opts.Probe.Descriptors()
	if err != nil || limit == 0 {
		return nil
	}
	w.descriptorsShort = over(w.descriptorsShort, used, limit)
	if !w.descriptorsShort {
		w.opts.Alarms.Clear(fault.DescriptorsShort, "file descriptors")
		return nil
	}
	f := fault.New(fault.DescriptorsShort, "used", used, "limit", limit)
	w.opts.Alarms.Raise(f, "file descriptors")
	return f
}

func (w *Watch) lookAtMemory() *fault.Error {
	used, limit, err := w.opts.Probe.Memory()
	if err != nil || limit == 0 {
		return nil
	}
	w.memoryShort = over(w.memoryShort, used, limit)
	if !w.memoryShort {
		w.opts.Alarms.Clear(fault.MemoryShort, "memory")
		return nil
	}
	f := fault.New(fault.MemoryShort, "used", bytesText(used), "limit", bytesText(limit))
	w.opts.Alarms.Raise(f, "memory")
	return f
}

func (w *Watch) lookAtClock() {
	wall, running := w.opts.Probe.Clock()
	step := wall.Round(0).Sub(w.wall.Round(0)) - (running - w.running)
	w.wall, w.running = wall, running
	if step > -clockStep && step < clockStep {
		return
	}
	w.opts.Alarms.Event(fault.New(fault.ClockJumped, "step", step.Round(time.Millisecond).String()), "clock")
	if w.opts.ClockMoved != nil {
		w.opts.ClockMoved(step)
	}
}

// over applies the two bounds of descriptors and memory.
func over(already bool, used, limit uint64) bool {
	p := percent(used, limit)
	return p >= shortAt || already && p >= shortOver
}

func percent(part, whole uint64) int { return int(float64(part) / float64(whole) * 100) }

// bytesText writes a number of bytes as people do.
func bytesText(n uint64) string {
	const kilo = 1024
	switch {
	case n < kilo:
		return fmt.Sprintf("%d bytes", n)
	case n < kilo*kilo:
		return fmt.Sprintf("%d KiB", n/kilo)
	case n < kilo*kilo*kilo:
		return fmt.Sprintf("%d MiB", n/kilo/kilo)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/kilo/kilo/kilo)
}
