package node

import (
	"runtime"
	"sync"
	"syscall"
	"time"
)

// busyWindow is the shortest time over which the load is measured.
const busyWindow = 2 * time.Second

// busy measures the part of the machine's processors that this process uses.
type busy struct {
	mu   sync.Mutex
	at   time.Time
	used time.Duration
	last float64
}

// load is the part in use, 0 to 1, over the last seconds.
func (b *busy) load() float64 {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	used := time.Duration(r.Utime.Nano() + r.Stime.Nano())
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if elapsed := now.Sub(b.at); elapsed >= busyWindow {
		if !b.at.IsZero() {
			b.last = min(float64(used-b.used)/float64(elapsed)/float64(runtime.NumCPU()), 1)
		}
		b.at, b.used = now, used
	}
	return b.last
}
