package userstate_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/call/signal"
	"tandem/confdb"
	"tandem/fault"
	simnet "tandem/sim/net"
	"tandem/telephony"
	"tandem/userstate"
)

// town is a cluster of servers with user state, of which the first is the publisher. Configuration is copied from the publisher's
// store while the network carries it.
type town struct {
	t       *testing.T
	network *simnet.Network
	servers []*server
}

type server struct {
	node    signal.NodeID
	name    telephony.ServerName
	dir     string
	store   *confdb.Store
	end     *simnet.End
	service *userstate.Service

	mu        sync.Mutex
	publisher bool
	cut       bool          // from the publisher's configuration
	skew      time.Duration // of its clock
	dropped   []*fault.Error
	alone     bool
}

func (s *server) is(what *bool) bool { s.mu.Lock(); defer s.mu.Unlock(); return *what }
func (s *server) set(what *bool, to bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*what = to
}

func newTown(t *testing.T, n int) *town {
	w := &town{t: t, network: simnet.New(simnet.Options{})}
	for i := range n {
		s := &server{node: signal.NodeID(i + 1), name: telephony.ServerName(fmt.Sprintf("cm%d", i+1)), dir: t.TempDir(),
			store: confdb.NewMemory(), publisher: i == 0}
		w.servers = append(w.servers, s)
		if i == 0 {
			w.configure(new(confdb.ChangeSet).Put(&telephony.DirectoryNumber{Pattern: "2001"}, &telephony.DirectoryNumber{Pattern: "2002"}))
		}
		w.start(s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var copying sync.WaitGroup
	for _, s := range w.servers[1:] {
		copying.Go(func() { w.copy(ctx, s) })
	}
	t.Cleanup(func() {
		cancel()
		copying.Wait()
		for _, s := range w.servers {
			w.stop(s)
		}
		w.network.Close()
	})
	w.settle()
	return w
}

func (w *town) start(s *server) {
	s.end = w.network.Join(s.node, s.name)
	var err error
	s.service, err = userstate.Open(userstate.Options{Directory: s.dir, Server: s.name, Store: s.store, Mesh: s.end,
		Now:       func() time.Time { return time.Now().Add(s.skew) },
		Publisher: func() bool { return s.is(&s.publisher) }, Others: func() int { return len(w.servers) - 1 },
		Dropped: func(_ *telephony.UserState, why *fault.Error) {
			s.mu.Lock()
			s.dropped = append(s.dropped, why)
			s.mu.Unlock()
		},
		Single: func(alone bool) { s.set(&s.alone, alone) },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	s.end.Start()
}

func (w *town) stop(s *server) {
	if s.service == nil {
		return
	}
	if err := s.service.Close(); err != nil {
		w.t.Error(err)
	}
	s.end.Close()
	s.service = nil
}

// copy brings the publisher's configuration to another server, as replication does.
func (w *town) copy(ctx context.Context, s *server) {
	var last *confdb.Snapshot
	for ctx.Err() == nil {
		if now := w.servers[0].store.Snapshot(); now != last && !s.is(&s.cut) {
			var set confdb.ChangeSet
			for _, kind := range []telephony.Kind{telephony.KindDirectoryNumber, telephony.KindPhone, telephony.KindUserState} {
				for _, o := range now.Objects(kind) {
					set.Put(o)
				}
				for _, o := range s.store.Snapshot().Objects(kind) {
					if now.Object(kind, o.Key()) == nil {
						set.Delete(kind, o.Key())
					}
				}
			}
			if _, err := s.store.Apply(ctx, set, confdb.Options{UserState: true}); err != nil && ctx.Err() == nil {
				w.t.Error(err)
			}
			last = now
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (w *town) configure(set *confdb.ChangeSet) {
	w.t.Helper()
	if _, err := w.servers[0].store.Apply(context.Background(), *set, confdb.Options{Actor: "administrator"}); err != nil {
		w.t.Fatal(err)
	}
}

// settle lets everything that is under way arrive; the clock is simulated.
func (w *town) settle() { time.Sleep(10 * time.Second); synctest.Wait() }

func (w *town) forward(s *server, line, to string) userstate.Receipt {
	w.t.Helper()
	r, err := s.service.Set(context.Background(), telephony.UserState{Setting: telephony.SettingForwardAll, Subject: line, Value: to, Actor: "SEP1"})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// current is the forwarding of a line as a server has it now.
func (s *server) current(line string) string {
	if u := s.service.Current(s.store.Snapshot(), telephony.SettingForwardAll, line); u != nil {
		return u.Value
	}
	return ""
}

// equal asks that every server shows the value, that it is folded in, and that nothing waits any more.
func (w *town) equal(line, want string) {
	w.t.Helper()
	for _, s := range w.servers {
		n := s.store.Snapshot().DirectoryNumber(telephony.LineKey{Pattern: telephony.Pattern(line)})
		folded := ""
		if n != nil && n.ForwardAll != nil {
			folded = string(n.ForwardAll.Destination)
		}
		if got := s.current(line); got != want || folded != want {
			w.t.Errorf("%s forwards %s to %q, the configuration there to %q; want %q", s.name, line, got, folded, want)
		}
		if n := s.service.Waiting(); n != 0 {
			w.t.Errorf("%d changes wait on %s", n, s.name)
		}
	}
}

func TestChangeReachesEveryServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, 3)
		for i, s := range w.servers {
			to := fmt.Sprint(3000 + i)
			if r := w.forward(s, "2001", to); r.Durable != 2 {
				t.Errorf("on %s: durable %d", s.name, r.Durable)
			}
			if got := s.current("2001"); got != to {
				t.Errorf("on %s it is %q at once", s.name, got)
			}
			w.settle()
			w.equal("2001", to)
		}
	})
}

// TestT18_ChangesWithoutThePublisher: with the publisher gone users' changes work on the others and are held twice; when it
// returns all are equal, the later change of a line counts, and nothing is doubled.
func TestT18_ChangesWithoutThePublisher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, 3)
		first, second, third := w.servers[0], w.servers[1], w.servers[2]
		w.network.Isolate(1)
		second.set(&second.cut, true)
		third.set(&third.cut, true)
		w.settle()
		if r := w.forward(second, "2001", "3001"); r.Durable != 2 {
			t.Errorf("durable %d", r.Durable)
		}
		w.settle()
		if got := third.current("2001"); got != "3001" {
			t.Errorf("cm3 forwards to %q", got)
		}
		w.forward(third, "2001", "3002")
		time.Sleep(time.Hour)
		if r := w.forward(first, "2002", "3003"); r.Durable != 1 || !first.is(&first.alone) {
			t.Errorf("a server alone: durable %d, alarm %v", r.Durable, first.is(&first.alone))
		}
		w.network.Heal()
		second.set(&second.cut, false)
		third.set(&third.cut, false)
		time.Sleep(time.Minute)
		w.settle()
		w.equal("2001", "3002")
		w.equal("2002", "3003")
		for _, s := range w.servers {
			if len(s.dropped) != 0 {
				t.Errorf("%s dropped %v", s.name, s.dropped)
			}
		}
		w.forward(first, "2002", "")
		if first.is(&first.alone) {
			t.Error("the alarm stands although others hold the change")
		}
	})
}

// TestLaterAdministrativeChangeWins over a user's that comes late, and that is told once.
func TestLaterAdministrativeChangeWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, 2)
		second := w.servers[1]
		w.network.Partition(1, 2)
		second.set(&second.cut, true)
		w.settle()
		w.forward(second, "2001", "3001")
		time.Sleep(time.Minute)
		w.configure(new(confdb.ChangeSet).Put(&telephony.DirectoryNumber{Pattern: "2001", ForwardAll: &telephony.Forward{Destination: "4000"}}))
		w.network.Heal()
		second.set(&second.cut, false)
		w.settle()
		w.settle()
		w.equal("2001", "4000")
		told := append(append([]*fault.Error(nil), w.servers[0].dropped...), second.dropped...)
		if len(told) == 0 || !errors.Is(told[0], fault.UserStateSuperseded) {
			t.Errorf("told: %v", told)
		}
		// And the other way round: the user's change comes after it.
		w.forward(second, "2001", "3002")
		w.settle()
		w.equal("2001", "3002")
	})
}

// TestChangeOfADeletedLine is dropped and told, and does not come back with the next server.
func TestChangeOfADeletedLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, 3)
		second := w.servers[1]
		w.network.Partition(1, 2)
		w.network.Partition(1, 3)
		second.set(&second.cut, true)
		w.servers[2].set(&w.servers[2].cut, true)
		w.settle()
		w.forward(second, "2001", "3001")
		w.configure(new(confdb.ChangeSet).Delete(telephony.KindDirectoryNumber, "2001"))
		w.network.Heal()
		second.set(&second.cut, false)
		w.servers[2].set(&w.servers[2].cut, false)
		time.Sleep(2 * time.Minute)
		w.settle()
		w.equal("2001", "")
		if d := w.servers[0].dropped; len(d) != 1 || !errors.Is(d[0], fault.UserStateOrphaned) {
			t.Errorf("told: %v", d)
		}
	})
}

// TestChangeSurvivesRestart: a change that one server holds alone is there after its restart, and goes on from there.
func TestChangeSurvivesRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, 2)
		second := w.servers[1]
		w.network.Isolate(2)
		second.set(&second.cut, true)
		w.settle()
		w.forward(second, "2001", "3001")
		w.stop(second)
		w.start(second)
		if got := second.current("2001"); got != "3001" {
			t.Errorf("after a restart: %q", got)
		}
		w.network.Heal()
		second.set(&second.cut, false)
		w.settle()
		w.equal("2001", "3001")
	})
}

// TestT21_ClocksTenYearsApart: a setting that was changed on a server whose clock is ten years ahead can be changed on every other one
// at once, before it is folded in and after, by a user and by an administrator.
func TestT21_ClocksTenYearsApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, 3)
		ahead, behind := w.servers[1], w.servers[2]
		const decade = 10 * 365 * 24 * time.Hour
		ahead.skew, behind.skew = decade, -decade
		for _, s := range []*server{ahead, behind} {
			w.stop(s)
			w.start(s)
		}
		w.settle()
		w.forward(ahead, "2001", "3001")
		w.forward(behind, "2001", "3002") // it waits everywhere, and may be folded in or not
		w.settle()
		w.equal("2001", "3002")
		w.forward(ahead, "2001", "3003")
		w.settle()
		w.forward(w.servers[0], "2001", "3004")
		w.settle()
		w.equal("2001", "3004")
		w.forward(ahead, "2001", "3005")
		w.settle()
		w.configure(new(confdb.ChangeSet).Put(&telephony.DirectoryNumber{Pattern: "2001", ForwardAll: &telephony.Forward{Destination: "4000"}}))
		w.settle()
		w.equal("2001", "4000")
		w.forward(behind, "2001", "")
		w.settle()
		w.equal("2001", "")
		for _, s := range w.servers {
			if len(s.dropped) != 0 {
				t.Errorf("%s dropped %v", s.name, s.dropped)
			}
		}
	})
}

// TestManyLinesAtOnce: all changes of a busy morning without a publisher are folded in when it returns, in few transactions.
func TestManyLinesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, 2)
		const many = 1000
		var set confdb.ChangeSet
		for i := range many {
			set.Put(&telephony.DirectoryNumber{Pattern: telephony.Pattern(fmt.Sprint(50000 + i))})
		}
		w.configure(&set)
		w.settle()
		second := w.servers[1]
		w.network.Partition(1, 2)
		second.set(&second.cut, true)
		w.settle()
		for i := range many {
			w.forward(second, fmt.Sprint(50000+i), "3001")
		}
		before := w.servers[0].store.Snapshot().Position().Index
		w.network.Heal()
		second.set(&second.cut, false)
		time.Sleep(time.Minute)
		w.settle()
		for i := range many {
			w.equal(fmt.Sprint(50000+i), "3001")
		}
		if n := w.servers[0].store.Snapshot().Position().Index - before; n > 50 {
			t.Errorf("%d transactions for %d changes", n, many)
		}
	})
}
