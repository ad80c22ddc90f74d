package sip

import (
	"hash/maphash"
	"sync"
	"time"
)

// endedSet remembers which dialogs of ours ended lately, by a hash of their identity: a repeat of
// their 2xx gets an ACK and nothing else, while the 2xx of a fork that never was a dialog gets a
// BYE as well. Two generations of 64*T1, bounded; 16 bytes a call.
type endedSet struct {
	mu       sync.Mutex
	seed     maphash.Seed
	now, old map[uint64]struct{}
	turned   time.Time
}

// maxEnded bounds a generation. Forgetting early costs a needless BYE.
const maxEnded = 1 << 18

func (e *endedSet) hash(callID, localTag, remoteTag string) uint64 {
	var h maphash.Hash
	h.SetSeed(e.seed)
	h.WriteString(callID)
	h.WriteByte('|')
	h.WriteString(localTag)
	h.WriteByte('|')
	h.WriteString(remoteTag)
	return h.Sum64()
}

func (e *endedSet) add(key uint64, life time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if at := now(); e.now == nil || at.Sub(e.turned) > life || len(e.now) >= maxEnded {
		e.old, e.now, e.turned = e.now, make(map[uint64]struct{}), at
	}
	e.now[key] = struct{}{}
}

func (e *endedSet) has(key uint64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, a := e.now[key]
	_, b := e.old[key]
	return a || b
}
