package runner

import (
	"sync/atomic"
	"time"

	"tandem/fault"
)

// Limits of the delay between the arrival of a new call and its handling: above the upper one new calls are refused,
// until the delay falls below the lower one. Established calls never are (T-23).
const (
	delayRefuse = 150 * time.Millisecond
	delayAccept = 50 * time.Millisecond
)

// load measures how far call processing is behind.
type load struct {
	delay   atomic.Int64 // smoothed, nanoseconds
	last    atomic.Int64 // when it was measured, Unix nanoseconds
	over    atomic.Bool
	told    atomic.Bool // whether the alarm stands
	refused atomic.Uint64
}

func (l *load) observe(d time.Duration) {
	old := l.delay.Load()
	smooth := old + (int64(d)-old)/8
	l.delay.Store(smooth)
	l.last.Store(time.Now().UnixNano())
	switch {
	case smooth > int64(delayRefuse):
		l.over.Store(true)
	case smooth < int64(delayAccept):
		l.over.Store(false)
	}
}

// refuses says that a new call must be refused now. Without measurements for a second the state is forgotten: refusing
// everything must not keep the exchange from learning that it has recovered.
func (l *load) refuses(x *Exchange) bool {
	over := l.over.Load()
	if over && time.Now().UnixNano()-l.last.Load() > int64(time.Second) {
		l.delay.Store(0)
		l.over.Store(false)
		over = false
	}
	if l.told.CompareAndSwap(!over, over) {
		x.alarm(fault.New(fault.CallThrottled, "measure", time.Duration(l.delay.Load()).Round(time.Millisecond).String()+" behind"), !over)
	}
	if over {
		l.refused.Add(1)
	}
	return over
}
