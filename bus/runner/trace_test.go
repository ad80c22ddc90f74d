package runner

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"tandem/call/signal"
)

// Signals of a call that leave for another server are told with their call, those between parties on one server are not.
func TestSignalsToOtherServersAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSites(t, newTown("a", "b", "c"), 2)
		defer s.close()
		type told struct {
			call     signal.CallID
			from, to signal.NodeID
			name     string
		}
		var mu sync.Mutex
		var all []told
		for n, c := range s.at {
			c.x.signalled = func(call signal.CallID, to signal.NodeID, name string) {
				mu.Lock()
				defer mu.Unlock()
				all = append(all, told{call, n, to, name})
			}
		}
		a, b, c := s.phone("a", 1, false), s.phone("b", 1, false), s.phone("c", 2, false)
		s.settle()
		s.talk(a, b)
		a.hangUp()
		s.settle()
		if len(all) > 0 {
			t.Errorf("a call on one server: %+v", all)
		}
		s.talk(a, c)
		a.hangUp()
		s.settle()
		mu.Lock()
		defer mu.Unlock()
		var names []string
		for _, x := range all {
			if x.call != all[0].call || x.call == (signal.CallID{}) || x.from == x.to {
				t.Errorf("%+v in %+v", x, all)
			}
			names = append(names, x.name)
		}
		for _, want := range []string{"Setup", "Connected", "Release"} {
			if !slices.Contains(names, want) {
				t.Errorf("%s was not told: %v", want, names)
			}
		}
	})
}
