package replica

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"tandem/confdb"
)

// branch says where the history of an epoch begins: after an entry of an earlier one. Indexes go on counting over it.
type branch struct {
	Epoch    uint64 `json:"epoch"`
	Previous uint64 `json:"previous"` // epoch before
	Index    uint64 `json:"index"`    // last entry of the epoch before that counts
}

// maximumBranches bounds what is kept: as many promotions.
const maximumBranches = 16

// lineage is what a server knows of the epochs of its cluster: the fence against a deposed publisher (dependencies.md 3.1, traps 1 and
// 2). It is handed on with every connection, and survives a restart.
type lineage struct {
	mu    sync.Mutex
	known lineageState
	store func(lineageState) error
}

type lineageState struct {
	Seen     uint64   `json:"seen"` // highest epoch that was ever heard of
	Branches []branch `json:"branches,omitempty"`
	// Promised is the epoch of a promotion to which this server has told what it holds: it takes nothing from an older epoch any more.
	// It is this server's own and not handed on.
	Promised uint64 `json:"promised,omitempty"`
}

func (l *lineage) state() lineageState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return lineageState{l.known.Seen, slices.Clone(l.known.Branches), l.known.Promised}
}

// learn takes in what another server knows. What is learnt counts even if it cannot be stored: the error is only for the log.
func (l *lineage) learn(other lineageState) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.known.Branches)
	changed := other.Seen > l.known.Seen
	l.known.Seen = max(l.known.Seen, other.Seen)
	for _, b := range other.Branches {
		changed = changed || b.Epoch > l.known.Seen
		l.known.Seen = max(l.known.Seen, b.Epoch)
		if !slices.Contains(l.known.Branches, b) {
			l.known.Branches = append(l.known.Branches, b)
		}
	}
	slices.SortFunc(l.known.Branches, func(a, b branch) int { return cmp.Compare(a.Epoch, b.Epoch) })
	if n := len(l.known.Branches); n > maximumBranches {
		l.known.Branches = slices.Delete(l.known.Branches, 0, n-maximumBranches)
	}
	if !changed && before == len(l.known.Branches) {
		return nil
	}
	return l.store(l.known)
}

// promise keeps a promise to a promotion; 0 takes it back. It counts only when it is stored.
func (l *lineage) promise(epoch uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.known.Promised
	l.known.Promised = epoch
	if err := l.store(l.known); err != nil {
		l.known.Promised = before
		return err
	}
	return nil
}

// epochStep is what the number of an epoch leaves to chance: two servers that begin an epoch without knowing of each other do not begin
// the same one.
const epochStep = 1 << 10

// promotedEpoch follows every epoch that was seen. It is made of the time: of two promotions the later one wins, even if the first was
// lost before anybody heard of it and comes back.
func promotedEpoch(seen uint64, now time.Time) uint64 {
	return max(seen+1, uint64(now.UnixMilli())*epochStep) + rand.Uint64N(epochStep)
}

// rebasedEpoch is for a publisher that must begin its log anew. It gives way to a promotion of the same time: that was a person's will.
func rebasedEpoch(seen uint64) uint64 { return seen + 1 + rand.Uint64N(epochStep-1) }

// common is the last entry that a server at a position of an epoch that is over shares with the cluster. False: it is not known.
func (s lineageState) common(own confdb.Position) (index uint64, known bool) {
	theirs := map[uint64]uint64{} // what counts of each epoch on the way to the newest
	for _, p := range s.line(confdb.Position{Epoch: s.Seen, Index: math.MaxUint64}) {
		theirs[p.Epoch] = p.Index
	}
	for _, p := range s.line(own) {
		if counts, ok := theirs[p.Epoch]; ok {
			return min(p.Index, counts), p != own || p.Epoch != s.Seen
		}
	}
	return 0, false
}

// line is the history that leads to a position, backwards: each epoch with its last entry that counts for it.
func (s lineageState) line(from confdb.Position) []confdb.Position {
	all := []confdb.Position{from}
	for {
		i := slices.IndexFunc(s.Branches, func(b branch) bool { return b.Epoch == from.Epoch })
		if i < 0 || s.Branches[i].Previous >= from.Epoch {
			return all
		}
		from = confdb.Position{Epoch: s.Branches[i].Previous, Index: min(s.Branches[i].Index, from.Index)}
		all = append(all, from)
	}
}
