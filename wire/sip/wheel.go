package sip

import (
	"math/bits"
	"time"
)

// The timer wheel: one for each shard, guarded by the shard's lock. Setting and stopping a timer
// touches two pointers; a runtime timer for each of several hundred thousand finished transactions
// would cost a heap operation each. Timers fire up to one tick late, never early.
const (
	tickLength = 10 * time.Millisecond
	wheelSlots = 4096 // 41 s a turn, longer than 64*T1; longer timers stay in their slot for more turns
)

// expirer is what a timer belongs to. expire runs with the shard's lock held, by the shard's worker;
// what it returns, if anything, is run after the lock was released.
type expirer interface {
	expire(now time.Time) func()
}

type timer struct {
	next, prev *timer
	tick       int64
	owner      expirer
}

type wheel struct {
	start    time.Time
	now      int64 // ticks before this one are done
	count    int
	occupied [wheelSlots / 64]uint64
	slots    [wheelSlots]*timer // doubly linked ring through the first entry
}

// set starts or restarts a timer that fires d after now. It reports when that is.
func (w *wheel) set(t *timer, now time.Time, d time.Duration) int64 {
	w.stop(t)
	at := now.Add(d).Sub(w.start)
	t.tick = max(int64((at+tickLength-1)/tickLength), w.now)
	slot := t.tick % wheelSlots
	if head := w.slots[slot]; head == nil {
		t.next, t.prev = t, t
		w.slots[slot] = t
		w.occupied[slot/64] |= 1 << (slot % 64)
	} else {
		t.next, t.prev = head, head.prev
		head.prev.next, head.prev = t, t
	}
	w.count++
	return t.tick
}

// stop takes a timer out; one that is not set is left alone.
func (w *wheel) stop(t *timer) {
	if t.next == nil {
		return
	}
	slot := t.tick % wheelSlots
	if t.next == t {
		w.slots[slot] = nil
		w.occupied[slot/64] &^= 1 << (slot % 64)
	} else {
		t.prev.next, t.next.prev = t.next, t.prev
		if w.slots[slot] == t {
			w.slots[slot] = t.next
		}
	}
	t.next, t.prev = nil, nil
	w.count--
}

// due takes out and returns one timer that has expired, nil when there is none.
func (w *wheel) due(now time.Time) *timer {
	limit := int64(now.Sub(w.start) / tickLength)
	if w.count == 0 {
		w.now = max(w.now, limit)
		return nil
	}
	for w.now <= limit {
		slot := w.now % wheelSlots
		if head := w.slots[slot]; head != nil {
			for t := head; ; {
				if t.tick <= w.now {
					w.stop(t)
					return t
				}
				if t = t.next; t == head {
					break
				}
			}
		}
		if w.now == limit {
			return nil
		}
		w.now++
		w.skipEmpty(limit)
	}
	return nil
}

// skipEmpty moves on to the next slot that holds something, or to limit.
func (w *wheel) skipEmpty(limit int64) {
	for w.now < limit {
		slot := w.now % wheelSlots
		word := w.occupied[slot/64] >> (slot % 64)
		if word != 0 {
			w.now = min(w.now+int64(bits.TrailingZeros64(word)), limit)
			return
		}
		w.now = min(w.now+64-slot%64, limit)
	}
}

// wait returns how long nothing can expire: up to the next slot in use, at most one turn.
func (w *wheel) wait(now time.Time) time.Duration {
	if w.count == 0 {
		return time.Hour
	}
	t := w.now
	if !w.dueAt(t) {
		t++
	}
	for range wheelSlots/64 + 1 {
		slot := t % wheelSlots
		if word := w.occupied[slot/64] >> (slot % 64); word != 0 {
			t += int64(bits.TrailingZeros64(word))
			break
		}
		t += 64 - slot%64
	}
	return max(w.start.Add(time.Duration(t)*tickLength).Sub(now), 0)
}

// dueAt reports whether the slot of a tick holds a timer for this turn.
func (w *wheel) dueAt(tick int64) bool {
	head := w.slots[tick%wheelSlots]
	for t := head; t != nil; {
		if t.tick <= tick {
			return true
		}
		if t = t.next; t == head {
			break
		}
	}
	return false
}
