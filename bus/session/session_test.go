package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/bus"
	"tandem/call/signal"
)

// wires connects endpoints directly. loses may drop a frame.
type wires struct {
	mu        sync.Mutex
	endpoints map[signal.NodeID]*Endpoint
	loses     func(from, to signal.NodeID, h header) bool
	seen      [][]byte // frames, in order
}

type wire struct {
	all  *wires
	from signal.NodeID
}

func (w wire) Send(to signal.NodeID, frame []byte) error {
	frame = bytes.Clone(frame)
	h, _, err := split(frame)
	if err != nil {
		return err
	}
	w.all.mu.Lock()
	other := w.all.endpoints[to]
	lost := other == nil || w.all.loses != nil && w.all.loses(w.from, to, h)
	w.all.seen = append(w.all.seen, frame)
	w.all.mu.Unlock()
	if !lost {
		other.Frame(frame)
	}
	return nil
}

func (w wire) Ask(context.Context, signal.NodeID, []byte) ([]byte, error) {
	return nil, bus.ErrUnreachable
}

func (w *wires) endpoint(node signal.NodeID, change func(o *Options)) *Endpoint {
	o := Options{Self: bus.Peer{Node: node, Name: "cm", Incarnation: uint64(time.Now().UnixNano())}, Carrier: wire{w, node}}
	if change != nil {
		change(&o)
	}
	e := New(o)
	e.SetMembers([]Member{{1, "cm"}, {2, "cm"}})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.endpoints[node] = e
	return e
}

func (w *wires) lose(f func(from, to signal.NodeID, h header) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loses = f
}

// two starts two endpoints that reach each other and notes what the first is told of the second.
func two(t *testing.T, change func(o *Options)) (w *wires, a, b *Endpoint, told func() string) {
	w = &wires{endpoints: map[signal.NodeID]*Endpoint{}}
	a, b = w.endpoint(1, change), w.endpoint(2, change)
	var mu sync.Mutex
	var text strings.Builder
	a.Watch(func(p bus.Peer, up bool) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprint(&text, map[bool]string{true: "+", false: "-"}[up])
	})
	a.Start()
	b.Start()
	t.Cleanup(a.Close)
	t.Cleanup(b.Close)
	synctest.Wait()
	return w, a, b, func() string {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		return text.String()
	}
}

// Whoever fills the queue of a peer, with messages or with bytes, loses that peer: nothing waits without end.
func TestFullQueueLosesThePeer(t *testing.T) {
	for _, c := range []struct {
		name string
		size int
		most int
	}{{"messages", 10, 1000}, {"bytes", bus.MaximumMessage, maximumBytes/bus.MaximumMessage + 1}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, a, _, told := two(t, func(o *Options) { o.Queued = 1000 })
				w.lose(func(_, _ signal.NodeID, h header) bool { return h.kind == kindData })
				sent := 0
				for ; sent < 2000; sent++ {
					if err := a.Send(2, bus.TopicCalls, make([]byte, c.size)); err != nil {
						if !errors.Is(err, bus.ErrUnreachable) {
							t.Errorf("refused with %v", err)
						}
						break
					}
				}
				if sent > c.most || sent < c.most-2 {
					t.Errorf("%d messages were taken, want %d", sent, c.most)
				}
				if got := told(); got != "+-+" { // lost, and, since the network is well, reachable again in a new session
					t.Errorf("told %q", got)
				}
			})
		})
	}
}

// A receiver that takes nothing any more is not drowned: the peer is lost at that side.
func TestSlowReceiverLosesThePeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wires{endpoints: map[signal.NodeID]*Endpoint{}}
		few := func(o *Options) { o.Queued = 100 }
		a, b := w.endpoint(1, nil), w.endpoint(2, few)
		release := make(chan struct{})
		b.Receive(bus.TopicCalls, func(bus.Peer, []byte) { <-release })
		a.Start()
		b.Start()
		defer a.Close()
		defer b.Close()
		defer close(release)
		synctest.Wait()
		for range 50 {
			for range 10 {
				_ = a.Send(2, bus.TopicCalls, []byte("x"))
			}
			synctest.Wait()
		}
		if b.Figures().Lost.Load() == 0 {
			t.Error("the peer is still there")
		}
	})
}

// A peer that hears but takes nothing in is lost in the end: what is sent must arrive or the peer is lost.
func TestUnacknowledgedLosesThePeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a, _, told := two(t, nil)
		w.lose(func(from, _ signal.NodeID, h header) bool { return from == 1 && h.kind == kindData })
		if err := a.Send(2, bus.TopicCalls, []byte("x")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(9 * time.Second)
		if got := told(); got != "+" {
			t.Errorf("after 9 s: told %q", got)
		}
		time.Sleep(2 * time.Second)
		if got := told(); got != "+-+" {
			t.Errorf("after 11 s: told %q", got)
		}
	})
}

// Frames of an earlier session change nothing when they come late, whatever they say, and whether the other side started again or only
// the network broke.
func TestLateFramesChangeNothing(t *testing.T) {
	for _, restarts := range []bool{true, false} {
		t.Run(fmt.Sprintf("restarts=%v", restarts), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, a, b, told := two(t, nil)
				got := 0
				a.Receive(bus.TopicCalls, func(bus.Peer, []byte) { got++ })
				for range 20 {
					_ = b.Send(1, bus.TopicCalls, []byte("x"))
					time.Sleep(100 * time.Millisecond)
				}
				w.mu.Lock()
				first := w.seen
				w.mu.Unlock()
				if restarts {
					b.Close()
					time.Sleep(time.Second)
					b = w.endpoint(2, nil)
					b.Start()
					defer b.Close()
				} else {
					w.lose(func(signal.NodeID, signal.NodeID, header) bool { return true })
					time.Sleep(3 * time.Second)
					w.lose(nil)
				}
				time.Sleep(time.Second)
				if got := told(); got != "+-+" {
					t.Fatalf("in the new session: told %q", got)
				}
				for _, f := range first {
					if h, _, _ := split(f); h.from == 2 {
						a.Frame(bytes.Clone(f))
					} else {
						b.Frame(bytes.Clone(f))
					}
				}
				time.Sleep(time.Second)
				if told := told(); told != "+-+" || got != 20 || a.Figures().Lost.Load() != 1 {
					t.Errorf("after late frames: told %q, %d messages", told, got)
				}
			})
		})
	}
}

// A server that started again with its clock set back is heard all the same, once the silence of its predecessor is over.
func TestClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a, b, told := two(t, nil)
		before := a.Peers()[0]
		w.lose(func(from, to signal.NodeID, _ header) bool { return from == 2 }) // no goodbye
		b.Close()
		w.lose(nil)
		b = w.endpoint(2, func(o *Options) { o.Self.Incarnation -= uint64(time.Hour) })
		b.Start()
		defer b.Close()
		time.Sleep(3 * time.Second)
		if got := told(); got != "+-+" {
			t.Fatalf("told %q", got)
		}
		if after := a.Peers()[0]; after.Session <= before.Session {
			t.Errorf("session %d after %d", after.Session, before.Session)
		}
	})
}

// What cannot be read, or is from nobody we know, is counted and changes nothing.
func TestNonsense(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, _, told := two(t, nil)
		stranger := make([]byte, headerSize)
		header{kind: kindAck, from: 9, half: 1}.put(stranger)
		for _, f := range [][]byte{nil, []byte("GET / HTTP/1.1"), make([]byte, headerSize), stranger} {
			a.Frame(f)
		}
		a.Question([]byte("?"), func(reply []byte) {
			if _, err := parseAnswer(reply); !errors.Is(err, bus.ErrUnreachable) {
				t.Errorf("nonsense was answered with %q", reply)
			}
		})
		if n := a.Figures().Refused.Load(); n != 5 {
			t.Errorf("%d refused, want 5", n)
		}
		if got := told(); got != "+" {
			t.Errorf("told %q", got)
		}
	})
}

// A process that did not run for a while does not blame the others: the time is forgiven.
func TestOwnPauseIsForgiven(t *testing.T) {
	l := &link{up: true, e: New(Options{})}
	start := time.Unix(1000, 0)
	l.round, l.heard = start, start.Add(-400*time.Millisecond)
	l.judge(start.Add(5 * time.Second)) // it ends a session that has no end, if at all
	if !l.up {
		t.Error("lost")
	}
	l.end = func() {}
	l.inbox = newInbox()
	for at := start.Add(5500 * time.Millisecond); at.Before(start.Add(8 * time.Second)); at = at.Add(500 * time.Millisecond) {
		l.judge(at)
	}
	if l.up {
		t.Error("still there after 2.5 s of silence with this process running")
	}
}
