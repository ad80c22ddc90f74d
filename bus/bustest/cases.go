package bustest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"tandem/bus"
	"tandem/call/signal"
)

func everybody(t *testing.T, s *servers) {
	s.start(3)
	for node, e := range s.ends {
		if e.Self().Node != node {
			t.Errorf("server %d says that it is %+v", node, e.Self())
		}
		peers := e.Peers()
		if !slices.IsSortedFunc(peers, func(a, b bus.Peer) int { return int(a.Node) - int(b.Node) }) {
			t.Errorf("peers of server %d: %v, want them by node", node, peers)
		}
		for _, p := range peers {
			other := s.ends[p.Node].Self()
			if p.Session == 0 || p.Name != other.Name || p.Incarnation != other.Incarnation || p.Node == node {
				t.Errorf("server %d sees %+v, which says of itself %+v", node, p, other)
			}
			back, _ := s.ends[p.Node].peer(node)
			if back.Session != p.Session {
				t.Errorf("session %d at server %d, %d at server %d", p.Session, node, back.Session, p.Node)
			}
		}
	}
}

func ordered(t *testing.T, s *servers) {
	const count = 5000
	s.start(3)
	failed := make(chan error, 6)
	for from, e := range s.ends {
		for to := range s.ends {
			if from == to {
				continue
			}
			go func() {
				for n := uint64(1); n <= count; n++ {
					if err := e.tell(to, n); err != nil {
						failed <- fmt.Errorf("message %d from %d to %d: %w", n, from, to, err)
						return
					}
				}
				failed <- nil
			}()
		}
	}
	for range 6 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	for from := range s.ends {
		for to, e := range s.ends {
			if from != to {
				s.until(fmt.Sprintf("all messages from %d reach %d", from, to), func() bool { return len(e.received(from)) >= count })
				if got := e.received(from); got[0] != 1 || got[count-1] != count {
					t.Errorf("from %d to %d: first %d, last %d", from, to, got[0], got[count-1]) // check does what is in between
				}
			}
		}
	}
}

func refused(t *testing.T, s *servers) {
	s.start(2)
	a := s.ends[1]
	if err := a.Send(2, bus.TopicCalls, make([]byte, bus.MaximumMessage+1)); !errors.Is(err, bus.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if err := a.Send(3, bus.TopicCalls, []byte("x")); !errors.Is(err, bus.ErrUnreachable) {
		t.Errorf("not started: %v", err)
	}
	if err := a.Send(99, bus.TopicCalls, []byte("x")); !errors.Is(err, bus.ErrUnreachable) {
		t.Errorf("unknown: %v", err)
	}
	if err := a.Send(1, bus.TopicCalls, []byte("x")); err == nil {
		t.Error("a message to itself was taken")
	}
	if _, err := a.Ask(t.Context(), 3, bus.TopicStatus, nil); !errors.Is(err, bus.ErrUnreachable) {
		t.Errorf("question to one that is not started: %v", err)
	}
	// The largest goes through, between small ones, and the sender may use its memory again.
	if err := a.tell(2, 1); err != nil {
		t.Fatal(err)
	}
	large := make([]byte, bus.MaximumMessage)
	large[7] = 2 // its number
	if err := a.Send(2, bus.TopicUserState, large); err != nil {
		t.Fatal(err)
	}
	clear(large)
	if err := a.tell(2, 3); err != nil {
		t.Fatal(err)
	}
	s.until("three messages arrive", func() bool { return slices.Equal(s.ends[2].received(1), []uint64{1, 2, 3}) })
}

func questions(t *testing.T, s *servers) {
	b := s.joinWith(2, func(b *end) {
		b.Answer(bus.TopicStatus, func(ctx context.Context, from bus.Peer, payload []byte) ([]byte, error) {
			switch string(payload) {
			case "fail":
				return nil, errors.New("the line is not here")
			case "wait":
				<-ctx.Done()
				return nil, ctx.Err()
			case "panic":
				panic("for the test")
			}
			return fmt.Appendf(nil, "%d: %s", from.Node, payload), nil
		})
	})
	_ = b
	s.join(1)
	s.cluster.Start(1)
	s.cluster.Start(2)
	s.settled(2)
	a := s.ends[1]
	got, err := a.Ask(t.Context(), 2, bus.TopicStatus, []byte("hello"))
	if err != nil || string(got) != "1: hello" {
		t.Errorf("answer %q, %v", got, err)
	}
	if _, err := a.Ask(t.Context(), 2, bus.TopicStatus, []byte("fail")); err == nil || err.Error() != "the line is not here" {
		t.Errorf("error: %v", err)
	}
	if _, err := a.Ask(t.Context(), 2, bus.TopicStatus, []byte("panic")); err == nil {
		t.Error("a panic was answered")
	}
	if _, err := a.Ask(t.Context(), 2, bus.TopicRecords, nil); err == nil || errors.Is(err, bus.ErrUnreachable) {
		t.Errorf("a question that nobody answers: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := a.Ask(ctx, 2, bus.TopicStatus, []byte("wait")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a question that takes too long: %v", err)
	}
	large := bytes.Repeat([]byte("x"), bus.MaximumMessage-10)
	if got, err := a.Ask(t.Context(), 2, bus.TopicStatus, large); err != nil || len(got) != len(large)+3 {
		t.Errorf("a large question: %d bytes, %v", len(got), err)
	}
	if _, err := a.Ask(t.Context(), 2, bus.TopicStatus, append(large, large...)); !errors.Is(err, bus.ErrTooLarge) {
		t.Errorf("a question that is too large: %v", err)
	}
}

// joinWith joins a server and prepares it before anything starts.
func (s *servers) joinWith(node signal.NodeID, prepare func(*end)) *end {
	e := s.join(node)
	prepare(e)
	return e
}

func questionLost(t *testing.T, s *servers) {
	asked := make(chan struct{}, 1)
	s.joinWith(2, func(b *end) {
		b.Answer(bus.TopicStatus, func(ctx context.Context, _ bus.Peer, _ []byte) ([]byte, error) {
			asked <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		})
	})
	s.join(1)
	s.cluster.Start(1)
	s.cluster.Start(2)
	s.settled(2)
	result := make(chan error, 1)
	go func() {
		_, err := s.ends[1].Ask(t.Context(), 2, bus.TopicStatus, nil)
		result <- err
	}()
	<-asked
	s.partition(1, 2)
	select {
	case err := <-result:
		if !errors.Is(err, bus.ErrUnreachable) {
			t.Errorf("the question ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("the question did not end")
	}
}

func (s *servers) partition(a, b signal.NodeID) {
	s.cluster.Cut(a, b)
	s.cluster.Cut(b, a)
}

func killed(t *testing.T, s *servers) {
	s.start(3)
	before, _ := s.ends[1].peer(3)
	s.cluster.Kill(3)
	lost := s.ends[3]
	delete(s.ends, 3)
	s.until("both others have lost it", func() bool { return s.ends[1].told(3, false) && s.ends[2].told(3, false) })
	if err := s.ends[1].tell(3, 1); !errors.Is(err, bus.ErrUnreachable) {
		t.Errorf("a message to a killed server: %v", err)
	}
	if len(s.ends[1].Peers()) != 1 || !s.ends[1].told(2, true) {
		t.Errorf("the third server sees %v", s.ends[1].Peers())
	}
	if _, _, known := s.ends[1].StatusOf(3); !known {
		t.Error("the last status of the lost server is forgotten")
	}
	lost.check(t, 3)
	s.join(3)
	s.cluster.Start(3)
	s.settled(3)
	s.until("the watchers are told", func() bool { return s.ends[1].told(3, true) && s.ends[3].told(1, true) })
	after, _ := s.ends[1].peer(3)
	if after.Session <= before.Session || after.Incarnation == before.Incarnation {
		t.Errorf("before %+v, after %+v", before, after)
	}
	for n := uint64(1); n <= 100; n++ {
		if err := errors.Join(s.ends[1].tell(3, n), s.ends[3].tell(1, n)); err != nil {
			t.Fatal(err)
		}
	}
	s.until("messages flow again", func() bool { return len(s.ends[3].received(1)) == 100 && len(s.ends[1].received(3)) == 100 })
}

func partition(t *testing.T, s *servers) {
	s.start(3)
	a, b := s.ends[1], s.ends[2]
	n := uint64(0)
	for range 3 {
		before, _ := a.peer(2)
		for range 10 {
			n++
			_, _ = a.tell(2, n), b.tell(1, n)
		}
		s.partition(1, 2)
		for range 1000 { // of these some may arrive, in order, and none after the return
			n++
			_, _ = a.tell(2, n), b.tell(1, n)
		}
		s.until("each has lost the other", func() bool { return a.told(2, false) && b.told(1, false) })
		if !a.told(3, true) || !b.told(3, true) || len(s.ends[3].Peers()) != 2 {
			t.Error("the third server was drawn in")
		}
		s.cluster.Heal()
		s.until("they reach each other again", func() bool { return a.told(2, true) && b.told(1, true) })
		after, _ := a.peer(2)
		back, _ := b.peer(1)
		if after.Session <= before.Session || back.Session != after.Session {
			t.Errorf("session %d before, %d and %d after", before.Session, after.Session, back.Session)
		}
		n++
		first := n
		if err := errors.Join(a.tell(2, n), b.tell(1, n)); err != nil {
			t.Error(err)
		}
		s.until("a message of the new session arrives", func() bool {
			return slices.Contains(a.received(2), first) && slices.Contains(b.received(1), first)
		})
	}
}

func oneWay(t *testing.T, s *servers) {
	s.start(3)
	a, b := s.ends[1], s.ends[2]
	s.cluster.Cut(1, 2)
	s.until("both have lost each other", func() bool { return a.told(2, false) && b.told(1, false) })
	for range 50 { // it stays so: one direction is not enough
		if len(a.Peers()) != 1 || len(b.Peers()) != 1 {
			t.Fatalf("with one direction cut, 1 reaches %v and 2 reaches %v", a.Peers(), b.Peers())
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.cluster.Heal()
	s.settled(3)
	s.until("the watchers are told", func() bool { return a.told(2, true) && b.told(1, true) })
}

func lateWatcher(t *testing.T, s *servers) {
	s.start(3)
	told := make(chan bus.Peer, 10)
	s.ends[1].Watch(func(p bus.Peer, up bool) {
		if up {
			told <- p
		}
	})
	first, second := <-told, <-told
	if first.Node+second.Node != 5 || first.Node == second.Node {
		t.Errorf("told of %+v and %+v", first, second)
	}
}

func status(t *testing.T, s *servers) {
	want := bus.Status{Version: "v1", Epoch: 2, Index: 345, Schema: 6, Formats: 1, Halted: "why", Publisher: true, Processing: true,
		Registered: 7, Calls: 8, Load: 0.25, Started: time.Unix(1700000000, 5)}
	s.joinWith(2, func(e *end) { e.Describe(func() bus.Status { return want }) })
	s.join(1)
	if _, _, known := s.ends[1].StatusOf(2); known {
		t.Error("a status is known before anything was heard")
	}
	s.cluster.Start(1)
	s.cluster.Start(2)
	s.settled(2)
	var got bus.Status
	s.until("the status is known", func() (ok bool) {
		got, _, ok = s.ends[1].StatusOf(2)
		return ok && got.Version != ""
	})
	if !got.Started.Equal(want.Started) {
		t.Errorf("started %v, want %v", got.Started, want.Started)
	}
	got.Started = want.Started
	if got != want {
		t.Errorf("status %+v, want %+v", got, want)
	}
	_, first, _ := s.ends[1].StatusOf(2)
	s.until("it comes again with the next heartbeat", func() bool {
		_, at, _ := s.ends[1].StatusOf(2)
		return at.After(first)
	})
}

func panics(t *testing.T, s *servers) {
	s.joinWith(2, func(e *end) {
		e.Receive(bus.TopicRecords, func(bus.Peer, []byte) { panic("for the test") })
	})
	s.join(1)
	s.cluster.Start(1)
	s.cluster.Start(2)
	s.settled(2)
	if err := errors.Join(s.ends[1].tell(2, 1), s.ends[1].Send(2, bus.TopicRecords, []byte("x")), s.ends[1].tell(2, 2)); err != nil {
		t.Fatal(err)
	}
	s.until("the message after it arrives", func() bool { return slices.Equal(s.ends[2].received(1), []uint64{1, 2}) })
}
