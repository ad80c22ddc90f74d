package alarm

import "sync/atomic"

// Subscription receives changes until it is closed.
type Subscription struct {
	C <-chan Change // closed by Close

	board   *Board
	changes chan Change
	missed  atomic.Int64
}

// Subscribe returns a subscription that holds up to size changes which its owner has not taken yet. What comes when it
// is full is counted as missed; its owner then reads Board.Standing.
func (b *Board) Subscribe(size int) *Subscription {
	c := make(chan Change, max(size, 1))
	s := &Subscription{C: c, board: b, changes: c}
	b.mu.Lock()
	b.subscribers[s] = struct{}{}
	b.mu.Unlock()
	return s
}

// Missed returns how many changes did not fit, and begins to count anew.
func (s *Subscription) Missed() int { return int(s.missed.Swap(0)) }

// Close ends the subscription and closes C. A second call does nothing.
func (s *Subscription) Close() {
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	if _, ok := s.board.subscribers[s]; ok {
		delete(s.board.subscribers, s)
		close(s.changes)
	}
}

// publish hands a change to every subscriber that has room. The lock is held.
func (b *Board) publish(c Change) {
	for s := range b.subscribers {
		select {
		case s.changes <- c:
		default:
			s.missed.Add(1)
		}
	}
}
