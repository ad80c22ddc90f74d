package cluster

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tandem/cluster/link"
	"tandem/confdb"
	"tandem/fault"
	"tandem/security/ca"
	"tandem/telephony"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	patience   = 30 * time.Second
	passphrase = "correct horse battery staple"
	version    = "1.2.3"
)

var cheap = ca.Cost{Memory: 64, Time: 1}

var loopback = netip.MustParseAddr("127.0.0.1")

// clock is a clock that tests move.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

// copyOf is a server's view of the configuration: the same objects, and no writing while the publisher is away.
type copyOf struct {
	*confdb.Store
	away *atomic.Bool
}

func (c copyOf) Update(ctx context.Context, o confdb.Options, f func(*confdb.Snapshot) (confdb.ChangeSet, error)) (confdb.Result, error) {
	if c.away.Load() {
		return confdb.Result{}, errors.New("the publisher is away")
	}
	return c.Store.Update(ctx, o, f)
}

// site is a cluster in one process: a publisher with its joining end, and servers that join.
type site struct {
	t         *testing.T
	clock     *clock
	store     *confdb.Store
	away      atomic.Bool
	options   AuthorityOptions
	authority *Authority
	publisher *member
	files     string // host:port of the joining end
	alarms    alarms
}

type alarms struct {
	mu  sync.Mutex
	all map[fault.Code]int
}

func (a *alarms) raise(_ string, f *fault.Error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all[f.Code]++
}

func (a *alarms) raised(c fault.Code) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all[c] > 0
}

// member is a server: its secrets, its link and what keeps it up.
type member struct {
	secrets *Secrets
	link    *link.Link
	end     *link.Listener
	stop    func()
}

// names answers for every name of the site.
type names struct{ wrong bool }

func (n names) LookupHost(_ context.Context, host string) ([]string, error) {
	if n.wrong || strings.HasPrefix(host, "nowhere") {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"}, nil
}

func (n names) LookupAddr(context.Context, string) ([]string, error) {
	return []string{"cm1.", "cm2.example.com.", "cm3."}, nil
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, clock: &clock{}, alarms: alarms{all: map[fault.Code]int{}}}
	secrets, err := OpenSecrets(filepath.Join(t.TempDir(), "secrets"))
	if err != nil {
		t.Fatal(err)
	}
	objects, err := Found(secrets, passphrase, cheap, Details{Name: "cm1", Addresses: []netip.Addr{loopback}}, s.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	s.store = confdb.NewMemory()
	t.Cleanup(func() { _ = s.store.Close() })
	set := new(confdb.ChangeSet).Put(objects...).Put(&telephony.Server{Name: "cm1", Address: "127.0.0.1"})
	if _, err := s.store.Apply(t.Context(), *set, confdb.Options{}); err != nil {
		t.Fatal(err)
	}
	s.publisher = s.start(secrets, nil)
	s.options = AuthorityOptions{Store: s.store, Secrets: secrets, Link: s.publisher.link, Name: "cm1", Version: version,
		Publisher: func() telephony.ServerName { return "cm1" }, Address: func() string { return s.files }, Now: s.clock.now,
		Files: func() (map[string][]byte, error) { return map[string][]byte{"data.key": []byte("the data key")}, nil }, Resolver: names{}}
	s.serve()
	return s
}

// serve starts the joining end; again, as after a crash of the process.
func (s *site) serve() {
	s.t.Helper()
	var err error
	if s.authority, err = NewAuthority(s.options); err != nil {
		s.t.Fatal(err)
	}
	end, err := s.publisher.link.Listen(link.Files, "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.files = end.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	authority := s.authority
	work.Go(func() { _ = authority.Serve(ctx, end.Joins()) })
	s.t.Cleanup(func() { cancel(); _ = end.Close(); work.Wait() })
}

// start runs the link and the keeper of a server.
func (s *site) start(secrets *Secrets, authority *Authority) *member {
	s.t.Helper()
	state, err := LinkState(s.store.Snapshot(), secrets, s.clock.now())
	if err != nil {
		s.t.Fatal(err)
	}
	l, err := link.New(link.Options{State: state, Now: s.clock.now})
	if err != nil {
		s.t.Fatal(err)
	}
	end, err := l.Listen(link.Replication, "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	k := NewKeeper(KeeperOptions{Store: copyOf{s.store, &s.away}, Secrets: secrets, Link: l, Authority: authority, Now: s.clock.now,
		Every: 20 * time.Millisecond, Raise: s.alarms.raise})
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { _ = k.Run(ctx) })
	work.Go(func() {
		for {
			c, err := end.Accept()
			if err != nil {
				return
			}
			work.Go(func() { // holds the connection until it is cut
				defer c.Close()
				_, _ = c.Write([]byte("!"))
				_, _ = c.Read(make([]byte, 1))
			})
		}
	})
	m := &member{secrets: secrets, link: l, end: end}
	var once sync.Once
	m.stop = func() { once.Do(func() { cancel(); _ = l.Close(); work.Wait() }) }
	s.t.Cleanup(m.stop)
	return m
}

func (s *site) secrets(name string) *Secrets {
	s.t.Helper()
	secrets, err := OpenSecrets(filepath.Join(s.t.TempDir(), name))
	if err != nil {
		s.t.Fatal(err)
	}
	return secrets
}

func (s *site) token(o TokenOptions) Token {
	s.t.Helper()
	t, _, err := s.authority.CreateToken(o)
	if err != nil {
		s.t.Fatal(err)
	}
	return t
}

// candidate is a server that would be admitted.
func (s *site) candidate(name telephony.ServerName, address string) JoinOptions {
	a := netip.MustParseAddr(address)
	return JoinOptions{Secrets: s.secrets(string(name)), Passphrase: passphrase, Details: Details{Name: name, Addresses: []netip.Addr{a}}, Announce: a,
		Version: version, Resolver: names{}, Now: s.clock.now}
}

func (s *site) join(o JoinOptions) *JoinResult {
	s.t.Helper()
	r, err := Join(s.t.Context(), o)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *site) joined(name telephony.ServerName, address string) *member {
	s.t.Helper()
	o := s.candidate(name, address)
	o.Token = s.token(TokenOptions{})
	s.join(o)
	return s.start(o.Secrets, nil)
}

// dial connects one server with another and waits for the other's word, since in TLS 1.3 the dialling side is not told that it was refused.
func dial(from, to *member) (*link.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := from.link.Dial(ctx, link.Replication, to.end.Addr().String(), to.link.Self().Node)
	if err != nil {
		return nil, err
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if _, err := c.Read(make([]byte, 1)); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, c.SetReadDeadline(time.Time{})
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, patience)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
