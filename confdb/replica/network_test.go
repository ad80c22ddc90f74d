package replica

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tandem/confdb"
	"tandem/confdb/sqlite"
	"tandem/fault"
	"tandem/telephony"
)

// network is a few servers on loopback whose connections can be cut, in one direction or both. A cut connection stays open and
// silent, as with a broken cable.
type network struct {
	t     testing.TB
	mu    sync.Mutex
	cut   map[[2]telephony.ServerName]bool // from, to
	hosts map[telephony.ServerName]*host
	stop  chan struct{}
	beats sync.WaitGroup
	noAck bool // subscribers confirm nothing
}

// host is a server with its files, running or not.
type host struct {
	*site     // nil while it does not run
	network   *network
	name      telephony.ServerName
	directory string
	port      string // kept over restarts
	raised    map[fault.Code]*fault.Error
}

func newNetwork(t testing.TB) *network {
	n := &network{t: t, cut: map[[2]telephony.ServerName]bool{}, hosts: map[telephony.ServerName]*host{}, stop: make(chan struct{})}
	n.beats.Go(n.beat)
	t.Cleanup(func() {
		close(n.stop)
		n.beats.Wait()
		n.mu.Lock()
		clear(n.cut)
		n.mu.Unlock()
		for _, h := range n.hosts {
			h.end()
		}
	})
	return n
}

// beat stands for the heartbeats between servers.
func (n *network) beat() {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-n.stop:
			return
		case <-ticker.C:
		}
		for _, h := range n.running() {
			n.acknowledge(h.name, h.position())
		}
	}
}

// introduce tells whoever publishes which servers there are, every now and then.
func (n *network) introduce() {
	for {
		select {
		case <-n.stop:
			return
		case <-time.After(200 * time.Millisecond):
		}
		for _, h := range n.running() {
			n.mu.Lock()
			s := h.site
			n.mu.Unlock()
			if s != nil && s.replica.Status().Leads {
				n.addAll(s)
			}
		}
	}
}

// addAll stands for the server that knows from the configuration who belongs to the cluster.
func (n *network) addAll(publisher *site) {
	n.mu.Lock()
	var all []Member
	for name, h := range n.hosts {
		all = append(all, Member{Server: name, Address: net.JoinHostPort(string(name), h.port)})
	}
	n.mu.Unlock()
	for _, m := range all {
		if m.Server != publisher.replica.options.Server {
			_ = publisher.replica.AddSubscriber(m.Server, m.Address)
		}
	}
}

func (n *network) running() []*host {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []*host
	for _, h := range n.hosts {
		if h.site != nil {
			all = append(all, h)
		}
	}
	return all
}

func (n *network) acknowledge(from telephony.ServerName, at confdb.Position) {
	n.mu.Lock()
	var to []*site
	for _, h := range n.hosts {
		if h.site != nil && h.name != from && !n.noAck && !n.cut[[2]telephony.ServerName{from, h.name}] {
			to = append(to, h.site)
		}
	}
	n.mu.Unlock()
	for _, s := range to {
		s.replica.Acknowledge(from, at)
	}
}

func (h *host) position() confdb.Position {
	h.network.mu.Lock()
	s := h.site
	h.network.mu.Unlock()
	if s == nil {
		return confdb.Position{}
	}
	return s.replica.Status().Position
}

func (n *network) severed(from, to telephony.ServerName) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cut[[2]telephony.ServerName{from, to}]
}

// reach is another server as one asks it something; nil while it does not run or is cut off.
func (n *network) reach(from, to telephony.ServerName) *site {
	if n.severed(from, to) || n.severed(to, from) {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hosts[to].site
}

func (n *network) fence(from, to telephony.ServerName, epoch uint64) (confdb.Position, error) {
	s := n.reach(from, to)
	if s == nil {
		return confdb.Position{}, os.ErrDeadlineExceeded
	}
	return s.replica.Fence(epoch)
}

// isolate cuts a server off in both directions; heal ends all cuts.
func (n *network) isolate(name telephony.ServerName) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for other := range n.hosts {
		n.cut[[2]telephony.ServerName{name, other}], n.cut[[2]telephony.ServerName{other, name}] = true, true
	}
}

func (n *network) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.cut)
}

func (n *network) dial(from telephony.ServerName, address string, timeout time.Duration) (net.Conn, error) {
	to, port, _ := net.SplitHostPort(address)
	if n.severed(from, telephony.ServerName(to)) || n.severed(telephony.ServerName(to), from) {
		time.Sleep(min(timeout, 50*time.Millisecond))
		return nil, os.ErrDeadlineExceeded
	}
	c, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", port), timeout)
	if err != nil {
		return nil, err
	}
	return &cable{Conn: c, network: n, from: from, to: telephony.ServerName(to), closed: make(chan struct{})}, nil
}

// cable is the calling end of a connection: what goes in or comes out of it waits while it is cut.
type cable struct {
	net.Conn
	network  *network
	from, to telephony.ServerName
	once     sync.Once
	closed   chan struct{}
	mu       sync.Mutex
	deadline time.Time
}

func (c *cable) wait(from, to telephony.ServerName) error {
	for c.network.severed(from, to) {
		c.mu.Lock()
		deadline := c.deadline
		c.mu.Unlock()
		if !deadline.IsZero() && time.Now().After(deadline) {
			return os.ErrDeadlineExceeded
		}
		select {
		case <-c.closed:
			return net.ErrClosed
		case <-time.After(2 * time.Millisecond):
		}
	}
	return nil
}

func (c *cable) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if w := c.wait(c.to, c.from); w != nil {
		return 0, w
	}
	return n, err
}

func (c *cable) Write(b []byte) (int, error) {
	if err := c.wait(c.from, c.to); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *cable) SetDeadline(t time.Time) error {
	c.mu.Lock()
	c.deadline = t
	c.mu.Unlock()
	return c.Conn.SetDeadline(t)
}

func (c *cable) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// host makes a server that does not run yet.
func (n *network) host(name telephony.ServerName) *host {
	h := &host{network: n, name: name, directory: filepath.Join(n.t.TempDir(), string(name)), port: "0", raised: map[fault.Code]*fault.Error{}}
	if err := os.MkdirAll(h.directory, 0o700); err != nil {
		n.t.Fatal(err)
	}
	n.mu.Lock()
	n.hosts[name] = h
	n.mu.Unlock()
	return h
}

// start begins a server, or begins it again. With first it becomes a publisher if its directory is empty, else a subscriber.
func (h *host) start(first bool) *host {
	h.network.t.Helper()
	if err := h.begin(first); err != nil {
		h.network.t.Fatal(err)
	}
	return h
}

func (h *host) begin(first bool) error {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", h.port))
	if err != nil {
		return err
	}
	_, h.port, _ = net.SplitHostPort(listener.Addr().String())
	s := &site{}
	opener := sqlite.Opener(h.directory, testKey(), first)
	var logger *slog.Logger
	if os.Getenv("TANDEM_DEBUG") != "" {
		logger = slog.New(slog.NewTextHandler(os.Stdout, nil)).With("server", h.name)
	}
	r, err := Open(Options{
		Logger: logger, Directory: h.directory, Server: h.name, Create: first, Join: !first,
		Open: func(fresh bool) (confdb.Storage, error) {
			db, err := opener(fresh)
			s.db = db
			return db, err
		},
		Fence: func(_ context.Context, server telephony.ServerName, epoch uint64) (confdb.Position, error) {
			return h.network.fence(h.name, server, epoch)
		},
		Release: func(_ context.Context, server telephony.ServerName, epoch uint64) {
			if s := h.network.reach(h.name, server); s != nil {
				_ = s.replica.Release(epoch)
			}
		},
		Report: func(f *fault.Error) {
			if logger != nil {
				logger.Info("reported", "fault", f)
			}
			s.mu.Lock()
			s.reports = append(s.reports, f)
			s.mu.Unlock()
		},
		Raise: func(f *fault.Error) {
			s.mu.Lock()
			h.raised[f.Code] = f
			s.mu.Unlock()
		},
		Clear: func(code fault.Code) {
			s.mu.Lock()
			delete(h.raised, code)
			s.mu.Unlock()
		},
		Applied: func(at confdb.Position) { h.network.acknowledge(h.name, at) },
		Streams: &Streams{Address: net.JoinHostPort(string(h.name), h.port), Listener: listener,
			Dial: func(address string, timeout time.Duration) (net.Conn, error) {
				return h.network.dial(h.name, address, timeout)
			}},
	})
	if err != nil {
		_ = listener.Close()
		return err
	}
	s.replica = r
	if s.Store, err = confdb.New(r, confdb.StoreOptions{Forward: &testForwarder{h.network, h.name, r}}); err != nil {
		_ = r.Close()
		return err
	}
	h.network.mu.Lock()
	h.site = s
	h.network.mu.Unlock()
	return nil
}

// end stops a server.
func (h *host) end() {
	h.network.mu.Lock()
	s := h.site
	h.site = nil
	h.network.mu.Unlock()
	if s != nil {
		_ = s.Close()
	}
}

func (h *host) stands(code fault.Code) bool {
	s := h.site
	s.mu.Lock()
	defer s.mu.Unlock()
	return h.raised[code] != nil
}

// address is where a server is reached now.
func (h *host) address() string { return h.replica.options.Streams.Address }

type testForwarder struct {
	network *network
	name    telephony.ServerName
	replica *Replica
}

func (f *testForwarder) Away() bool { return f.replica.Follows() }

func (f *testForwarder) Ask(ctx context.Context, request []byte) ([]byte, error) {
	to := f.replica.Publisher()
	for _, h := range f.network.running() {
		if h.name == to && !f.network.severed(f.name, to) && !f.network.severed(to, f.name) {
			f.network.mu.Lock()
			s := h.site
			f.network.mu.Unlock()
			if s == nil {
				break
			}
			return s.Serve(ctx, request)
		}
	}
	return nil, fmt.Errorf("%q: %w", to, confdb.ErrNotSent)
}

// cluster is cm1, the publisher, and subscribers cm2 and up.
func cluster(t testing.TB, servers int) (*network, []*host) {
	t.Helper()
	n := newNetwork(t)
	hosts := []*host{n.host("cm1").start(true)}
	hosts[0].ready(t)
	hosts[0].put(t, partition("first"))
	for i := 2; i <= servers; i++ {
		h := n.host(telephony.ServerName(fmt.Sprint("cm", i))).start(false)
		if err := hosts[0].replica.AddSubscriber(h.name, h.address()); err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, h)
	}
	same(t, hosts...)
	return n, hosts
}

// patience bounds every wait of these tests; a step takes a second at most when the machine is idle.
const patience = 30 * time.Second

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in %v: %s", patience, what)
		}
	}
}

// same waits until the servers stand at one position, and compares their copies: in memory and on the disk.
func same(t testing.TB, hosts ...*host) {
	t.Helper()
	eventually(t, "all servers at one position", func() bool {
		for _, h := range hosts[1:] {
			if h.Snapshot().Position() != hosts[0].Snapshot().Position() {
				return false
			}
		}
		return true
	})
	want, rows := hosts[0].export(t), digestOf(t, hosts[0].db)
	for _, h := range hosts[1:] {
		if h.export(t) != want {
			t.Errorf("%s differs from %s:\n%s\n%s", h.name, hosts[0].name, h.export(t), want)
		}
		if digestOf(t, h.db) != rows {
			t.Errorf("the database of %s differs", h.name)
		}
	}
}

func digestOf(t testing.TB, db confdb.Storage) string {
	t.Helper()
	text := ""
	if err := db.Digest(func(kind telephony.Kind, key string, hash [32]byte) {
		text += fmt.Sprintf("%s %s %x\n", kind, key, hash)
	}); err != nil {
		t.Fatal(err)
	}
	return text
}

func (h *host) has(name string) bool {
	return h.Snapshot().Partition(telephony.PartitionName(name)) != nil
}

func (h *host) write(name string) (confdb.Result, error) {
	return h.Apply(context.Background(), *new(confdb.ChangeSet).Put(partition(name)), confdb.Options{Actor: "writer"})
}

func refusedWith(err error, code fault.Code) bool { return err != nil && errors.Is(err, code) }
