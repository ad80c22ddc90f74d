package replica

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

const (
	holderTimeout = time.Second             // how long a write waits for a subscriber
	holderSilence = 1500 * time.Millisecond // without a word from a subscriber, it counts as not connected
)

// holders knows how far each subscriber's disk is. Raft does not tell; the subscribers do.
type holders struct {
	mu      sync.Mutex
	known   map[telephony.ServerName]holder
	changed chan struct{} // closed and replaced at every word
	alone   bool          // the alarm that no subscriber is connected stands
	slow    bool          // the alarm that none confirms stands
}

type holder struct {
	position confdb.Position
	heard    time.Time
}

func newHolders() *holders {
	return &holders{known: map[telephony.ServerName]holder{}, changed: make(chan struct{})}
}

func (h *holders) set(server telephony.ServerName, to *holder) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if to == nil {
		delete(h.known, server)
	} else {
		h.known[server] = *to
	}
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *holders) forget(server telephony.ServerName) { h.set(server, nil) }

// Acknowledge says how far a subscriber's disk is: what its Options.Applied was told, and with every heartbeat the position again, as a
// sign of life. Only members of the group count.
func (r *Replica) Acknowledge(server telephony.ServerName, at confdb.Position) {
	r.holders.set(server, &holder{at, time.Now()})
}

// Lost says that the connection to a subscriber broke. Its next Acknowledge says that it is back.
func (r *Replica) Lost(server telephony.ServerName) { r.holders.forget(server) }

func (h holder) holds(at confdb.Position) bool {
	return h.position.Epoch == at.Epoch && h.position.Index >= at.Index
}

// look tells whether one of the servers holds an entry, and whether one is connected at all.
func (h *holders) look(servers []telephony.ServerName, at confdb.Position) (held, connected bool, changed <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range servers {
		if k, ok := h.known[s]; ok {
			held = held || k.holds(at)
			connected = connected || time.Since(k.heard) < holderSilence
		}
	}
	return held, connected, h.changed
}

// await waits until a server holds an entry.
func (h *holders) await(ctx context.Context, server telephony.ServerName, at confdb.Position) error {
	for {
		held, _, changed := h.look([]telephony.ServerName{server}, at)
		if held {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// awaitHeld waits until an entry of this server's disk is on a second one, and returns the number of disks that it can vouch for:
// 2, or 1 at once where there is no subscriber, at once with an alarm while none is connected, and after a second with an alarm
// otherwise.
func (r *Replica) awaitHeld(at confdb.Position) int {
	var others []telephony.ServerName
	voters := 0
	for _, s := range r.group().GetConfiguration().Configuration().Servers {
		if s.Suffrage == raft.Voter {
			voters++
		}
		if s.ID != raft.ServerID(r.options.Server) {
			others = append(others, telephony.ServerName(s.ID))
		}
	}
	if len(others) == 0 {
		r.tellHolders(false, false)
		return 1
	}
	if voters > 1 { // a majority has it, or it would not be committed
		r.tellHolders(false, false)
		return 2
	}
	if wait := r.options.AwaitSubscriber; wait != nil && !wait() {
		return 1
	}
	timer := time.NewTimer(holderTimeout)
	defer timer.Stop()
	for {
		held, connected, changed := r.holders.look(others, at)
		switch {
		case held:
			r.tellHolders(false, false)
			return 2
		case !connected:
			r.tellHolders(true, false)
			return 1
		}
		select {
		case <-changed:
		case <-timer.C:
			r.tellHolders(false, true)
			return 1
		case <-r.closing:
			return 1
		}
	}
}

// tellHolders raises and clears the two alarms.
func (r *Replica) tellHolders(alone, slow bool) {
	h := r.holders
	h.mu.Lock()
	wasAlone, wasSlow := h.alone, h.slow
	h.alone, h.slow = alone, slow
	h.mu.Unlock()
	change := func(was, is bool, code fault.Code, make func() *fault.Error) {
		switch {
		case is && !was:
			r.options.Raise(make())
		case was && !is:
			r.options.Clear(code)
		}
	}
	change(wasAlone, alone, fault.NoSubscriberConnected, func() *fault.Error { return fault.New(fault.NoSubscriberConnected) })
	change(wasSlow, slow, fault.SubscribersSlow, func() *fault.Error {
		return fault.New(fault.SubscribersSlow, "limit", holderTimeout.String())
	})
}
