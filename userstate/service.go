package userstate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"tandem/bus"
	"tandem/call/signal"
	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

// Timing.
const (
	partnerWait  = time.Second      // how long a change waits for a second server to hold it, as configuration does
	foldRetry    = time.Second      // between attempts to fold while the configuration cannot be written
	auditEvery   = 30 * time.Second // everything that waits is offered again, in case something went missing
	foldWithin   = 15 * time.Second
	maximumQueue = 100_000 // changes that wait for the publisher on this server
	maximumLost  = 4096    // dropped changes that are remembered, so that each is told once
)

// Options are what the service works with. The functions must not block.
type Options struct {
	Directory string               // of the journal; must exist
	Server    telephony.ServerName // this server
	Store     *confdb.Store
	Mesh      bus.Mesh    // nil: a server alone
	Publisher func() bool // this server takes configuration writes now
	Others    func() int  // how many other servers the cluster is configured with

	// Changed is told of settings whose value may have changed on this server, so that lamps and labels follow.
	Changed func(settings []*telephony.UserState)
	// Dropped is told of a change that lost: to a later administrative one, or because what it was about is gone.
	Dropped func(u *telephony.UserState, why *fault.Error)
	// Single is told when changes are held by this server alone although others are configured, and when no longer.
	Single func(alone bool)

	Log *slog.Logger
	Now func() time.Time // nil: time.Now
}

var errStopping = errors.New("the server is stopping")

// Receipt is the acknowledgement of a change.
type Receipt struct {
	Durable int // disks that hold it: 1 or 2
}

// Service is user state on one server. Its methods may be called from any goroutine.
type Service struct {
	o Options

	mu      sync.Mutex
	journal *journal
	waiting map[string]*telephony.UserState // for the publisher, by key; the newest of each
	overlay atomic.Pointer[map[string]*telephony.UserState]
	lost    map[string]*telephony.UserState // dropped as publisher, the newest of each key
	alone   bool
	closed  bool

	wake chan struct{} // something is to be folded, or offered
	met  chan bus.Peer // peers that have become reachable

	end     context.CancelFunc
	running sync.WaitGroup
}

// Open reads the journal and begins to work. Close ends it.
func Open(o Options) (*Service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	j, waiting, err := openJournal(o.Directory)
	if err != nil {
		return nil, fault.Wrap(err, fault.UserStateNotKept)
	}
	ctx, end := context.WithCancel(context.Background())
	s := &Service{o: o, journal: j, waiting: waiting, lost: map[string]*telephony.UserState{}, wake: make(chan struct{}, 1), met: make(chan bus.Peer, 64), end: end}
	s.show()
	if o.Mesh != nil {
		o.Mesh.Receive(bus.TopicUserState, s.received)
		o.Mesh.Answer(bus.TopicUserState, s.asked)
		o.Mesh.Watch(func(p bus.Peer, reachable bool) {
			if !reachable {
				return
			}
			select {
			case s.met <- p:
			default: // the audit will do
			}
		})
	}
	s.running.Go(func() { s.follow(ctx) })
	s.running.Go(func() { s.work(ctx) })
	return s, nil
}

// Close ends the work; what waits is in the journal.
func (s *Service) Close() error {
	s.mu.Lock()
	was := s.closed
	s.closed = true
	s.mu.Unlock()
	if was {
		return nil
	}
	s.end()
	s.running.Wait()
	return s.journal.close() // nobody writes to it: all who do look at closed with mu held
}

// show publishes what waits for readers. The caller holds mu.
func (s *Service) show() {
	m := maps.Clone(s.waiting)
	s.overlay.Store(&m)
}

// Pending is the change of a setting that is not in the configuration yet, or nil. It never waits.
func (s *Service) Pending(setting telephony.UserSetting, subject string) *telephony.UserState {
	m := *s.overlay.Load()
	if len(m) == 0 {
		return nil
	}
	return m[telephony.UserStateKey(setting, subject)]
}

// Current is what a setting is now: what waits, or what the configuration has, whichever came later; nil when it was never set.
func (s *Service) Current(snapshot *confdb.Snapshot, setting telephony.UserSetting, subject string) *telephony.UserState {
	row := snapshot.UserState(setting, subject)
	if u := s.Pending(setting, subject); u != nil && u.After(row) {
		return u
	}
	return row
}

// Waiting counts the changes that the publisher has not folded in yet.
func (s *Service) Waiting() int { return len(*s.overlay.Load()) }

// Set takes a change of a user: Setting, Subject, Value, CallingSearchSpace and Actor of u count. It is in force on this server and
// journaled when Set returns, and by then, as a rule, on another server too: the receipt says. A *fault.Error means that
// nothing was changed.
func (s *Service) Set(ctx context.Context, u telephony.UserState) (Receipt, error) {
	u.Server, u.Administrative = s.o.Server, false
	row := s.o.Store.Snapshot().UserState(u.Setting, u.Subject)
	s.mu.Lock()
	if s.closed || len(s.waiting) >= maximumQueue {
		s.mu.Unlock()
		return Receipt{}, fault.New(fault.UserStateNotKept, "cause", "too many changes wait for the publisher, or the server is stopping")
	}
	u.Stamp = s.o.Now().UnixNano()
	for _, known := range []*telephony.UserState{row, s.waiting[u.Key()]} {
		if known != nil {
			u.Stamp = max(u.Stamp, known.Stamp+1)
		}
	}
	if !sound(&u) {
		s.mu.Unlock()
		return Receipt{}, fault.New(fault.UserStateNotKept, "cause", "the setting, what it is about or its value has not the right form")
	}
	err := s.keep(&u)
	s.mu.Unlock()
	if err != nil {
		return Receipt{}, fault.Wrap(err, fault.UserStateNotKept)
	}
	s.changed(&u)
	s.nudge()
	return Receipt{Durable: s.second(ctx, &u)}, nil
}

// keep journals a change and lays it over the configuration. The caller holds mu.
func (s *Service) keep(changes ...*telephony.UserState) error {
	lines := make([]line, len(changes))
	for i, u := range changes {
		lines[i].Change = u
	}
	if err := s.journal.append(lines...); err != nil {
		return err
	}
	for _, u := range changes {
		s.waiting[u.Key()] = u
	}
	s.show()
	s.compact()
	return nil
}

// compact writes the journal anew when most of it is history: a user may change one setting a thousand times while there is no
// publisher. The caller holds mu.
func (s *Service) compact() {
	if s.journal.lines <= 4*len(s.waiting)+slack {
		return
	}
	if err := s.journal.rewrite(s.waiting); err != nil { // a full disk; the journal is good as it is
		s.o.Log.Warn("the journal of user state was not written anew", "cause", err)
	}
}

// second has the other servers journal a change, and returns as soon as one has, or when it must go on without.
func (s *Service) second(ctx context.Context, u *telephony.UserState) int {
	if s.o.Mesh == nil || s.o.Others() == 0 {
		return 1
	}
	peers := s.o.Mesh.Peers()
	payload, err := message{Changes: []*telephony.UserState{u}}.encode()
	if err != nil || len(peers) == 0 {
		s.single(true)
		return 1
	}
	if !s.begin() {
		return 1
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), partnerWait)
	answers := make(chan error, len(peers))
	var asked sync.WaitGroup
	for _, p := range peers {
		asked.Go(func() {
			_, err := s.o.Mesh.Ask(within, p.Node, bus.TopicUserState, payload)
			answers <- err
		})
	}
	go func() { // the slower ones are still to hear it; Close waits for it by what second's caller has begun
		defer s.running.Done()
		asked.Wait()
		cancel()
	}()
	for range peers {
		if err = <-answers; err == nil {
			s.single(false)
			return 2
		}
	}
	s.o.Log.Warn("a change of user state is held by this server alone", "setting", u.Key(), "cause", err)
	s.single(true)
	return 1
}

// begin counts a goroutine that Close waits for; false when Close has come already.
func (s *Service) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.running.Add(1)
	return true
}

func (s *Service) single(alone bool) {
	s.mu.Lock()
	news := s.alone != alone
	s.alone = alone
	s.mu.Unlock()
	if news && s.o.Single != nil {
		s.o.Single(alone)
	}
}

// asked journals what another server took.
func (s *Service) asked(_ context.Context, from bus.Peer, payload []byte) ([]byte, error) {
	m, err := decodeMessage(payload)
	if err != nil {
		return nil, err
	}
	return nil, s.take(from, m.Changes)
}

// received takes what another server has waiting, and what the publisher has dropped.
func (s *Service) received(from bus.Peer, payload []byte) {
	m, err := decodeMessage(payload)
	if err == nil {
		s.settle(m.Settled...) // whatever becomes of the rest; it makes room as well
		err = s.take(from, m.Changes)
	}
	if err != nil && !errors.Is(err, errStopping) {
		s.o.Log.Error("user state of another server was not taken", "server", from.Name, "cause", err)
	}
}

// take merges changes of another server into what waits here.
func (s *Service) take(from bus.Peer, changes []*telephony.UserState) error {
	snapshot := s.o.Store.Snapshot()
	var news, dropped []*telephony.UserState
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errStopping
	}
	for _, u := range changes {
		if row := snapshot.UserState(u.Setting, u.Subject); !u.After(row) && !s.o.Publisher() {
			continue // settled already; the publisher decides even then, because it is the one who tells
		}
		switch lost := s.lost[u.Key()]; {
		case lost != nil && !u.After(lost):
			dropped = append(dropped, lost)
		case u.After(s.waiting[u.Key()]):
			news = append(news, u)
		}
	}
	var err error
	switch {
	case len(news) == 0:
	case len(s.waiting)+s.unknown(news) > maximumQueue:
		err = fmt.Errorf("too many changes wait on server %s", s.o.Server)
	default:
		err = s.keep(news...)
	}
	s.mu.Unlock()
	if len(dropped) > 0 {
		s.send(from.Node, message{Settled: dropped})
	}
	if err != nil || len(news) == 0 {
		return err
	}
	s.o.Log.Debug("user state taken", "from", from.Name, "changes", len(news))
	s.changed(news...)
	s.nudge()
	return nil
}

func (s *Service) changed(settings ...*telephony.UserState) {
	if s.o.Changed != nil {
		s.o.Changed(settings)
	}
}

func (s *Service) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// unknown counts the changes of which nothing waits yet. The caller holds mu.
func (s *Service) unknown(changes []*telephony.UserState) (n int) {
	for _, u := range changes {
		if s.waiting[u.Key()] == nil {
			n++
		}
	}
	return n
}

// settle ends the waiting of changes, and of what came before them. It returns those that waited here. They go into the journal
// with one write: the publisher settles by the hundred.
func (s *Service) settle(changes ...*telephony.UserState) []*telephony.UserState {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	var ended, were []*telephony.UserState
	var lines []line
	for _, u := range changes {
		key := u.Key()
		if w := s.waiting[key]; w != nil && !w.After(u) {
			delete(s.waiting, key)
			ended, were, lines = append(ended, u), append(were, w), append(lines, line{Settled: key, Stamp: w.Stamp})
		}
	}
	if len(ended) == 0 {
		s.mu.Unlock()
		return nil
	}
	s.show()
	err := s.journal.append(lines...)
	if err == nil {
		s.compact()
	}
	s.mu.Unlock()
	if err != nil { // they are offered once more after a restart, and are found settled then
		s.o.Log.Warn("the journal of user state was not written", "cause", err)
	}
	s.changed(were...)
	return ended
}

// everyone does something for each server that is reachable.
func (s *Service) everyone(send func(signal.NodeID)) {
	if s.o.Mesh == nil {
		return
	}
	for _, p := range s.o.Mesh.Peers() {
		send(p.Node)
	}
}
