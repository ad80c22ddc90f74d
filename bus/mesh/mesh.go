// Package mesh connects the servers of a cluster: a bus.Mesh over NATS, a server of which runs inside each of our processes. NATS brings the
// routes between servers, with mutual TLS and reconnecting, and delivers at most once; bus/session adds order, repetition and the loss
// of a peer. What does not live here: certificates (cluster/link) and who is a member (cluster).
//
// The subjects are node.N.frame and node.N.ask, N being the node, and the answers of NATS's own under reply.N. A subject never holds
// a directory number.
package mesh

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"tandem/bus"
	"tandem/bus/session"
	"tandem/call/signal"
	"tandem/telephony"
)

// Member is a server that belongs to the cluster.
type Member struct {
	Node    signal.NodeID
	Name    telephony.ServerName
	Address string // host and port at which its mesh listens
}

// Options of a mesh. Times that are zero get the values of the design, see session.Options.
type Options struct {
	Self        Member // with the address at which others find this server
	Listen      string // host and port at which it listens; empty: as Self.Address
	Cluster     string // name of the cluster; servers of another are refused
	Incarnation uint64 // of this process; 0: the time
	// TLS returns what connections go by: what this server presents when it is dialled and when it dials, and what it accepts. It is asked
	// at Start and with every SetMembers. Both may be the same configuration.
	TLS func() (server, client *tls.Config, err error)
	// Identify says which server a certificate that TLS accepted belongs to. A server that is not a member is refused.
	Identify func(certificate *x509.Certificate) (signal.NodeID, error)
	Log      *slog.Logger // none: nothing is logged

	Heartbeat time.Duration // 500 ms
	Silence   time.Duration // 1.5 s
	Probe     time.Duration // 300 ms
}

// Mesh is this server's end of the mesh. Set its receivers before Start.
type Mesh struct {
	*session.Endpoint
	options Options
	admit   *admission
	carrier *carrier
	group   sync.WaitGroup
	done    chan struct{}

	mu       sync.Mutex // of starting, changing and closing
	server   *natsserver.Server
	settings natsserver.Options
	closed   bool
}

var _ bus.Mesh = (*Mesh)(nil)

// New makes a mesh that does nothing before Start.
func New(o Options) (*Mesh, error) {
	if o.Self.Node == 0 || o.Cluster == "" || o.TLS == nil || o.Identify == nil {
		return nil, errors.New("mesh: a node, the name of the cluster, certificates and whose they are must be given")
	}
	if o.Listen == "" {
		o.Listen = o.Self.Address
	}
	for _, address := range []string{o.Listen, o.Self.Address} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, fmt.Errorf("mesh: %w", err)
		}
	}
	if o.Incarnation == 0 {
		o.Incarnation = uint64(time.Now().UnixNano())
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return newMesh(o, nil), nil
}

// newMesh makes a mesh, in tests with something between sessions and NATS.
func newMesh(o Options, between func(session.Carrier) session.Carrier) *Mesh {
	m := &Mesh{options: o, done: make(chan struct{}), carrier: &carrier{self: o.Self.Node}}
	m.admit = newAdmission(o)
	var sends session.Carrier = m.carrier
	if between != nil {
		sends = between(sends)
	}
	m.Endpoint = session.New(session.Options{
		Self: bus.Peer{Node: o.Self.Node, Name: o.Self.Name, Incarnation: o.Incarnation}, Carrier: sends, Log: o.Log,
		Heartbeat: o.Heartbeat, Silence: o.Silence, Probe: o.Probe,
	})
	m.carrier.endpoint = m.Endpoint
	return m
}

// startTime bounds how long the server inside may take until it listens.
const startTime = 10 * time.Second

// Start listens, and connects this server with the members. The error of a port that is taken is that of net.Listen. What failed may be
// tried again.
func (m *Mesh) Start(members []Member) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.server != nil {
		return errors.New("mesh: it was started already")
	}
	// NATS only logs that it cannot listen, so it is tried before.
	listener, err := net.Listen("tcp", m.options.Listen)
	if err != nil {
		return err
	}
	_ = listener.Close()
	m.admit.set(members)
	password, err := secret()
	if err != nil {
		return err
	}
	if m.settings, err = m.options.settings(members, password, m.admit); err != nil {
		return err
	}
	settings := m.settings
	server, err := natsserver.NewServer(&settings)
	if err != nil {
		return fmt.Errorf("mesh: %w", err)
	}
	server.SetLoggerV2(logger{m.options.Log}, false, false, false)
	server.Start()
	m.server = server
	if err := m.connect(password); err != nil {
		m.shutdown()
		m.server = nil // so that it can be tried again
		return fmt.Errorf("mesh: %w", err)
	}
	m.Endpoint.SetMembers(sessionMembers(members))
	m.Endpoint.Start()
	m.group.Go(m.watchRoutes)
	return nil
}

// connect makes the connection of this process to the server inside it.
func (m *Mesh) connect(password string) error {
	if !m.server.ReadyForConnections(startTime) {
		return fmt.Errorf("the server inside did not listen on %s within %v", m.options.Listen, startTime)
	}
	return m.carrier.connect(m.server, password, m.options.Log)
}

// SetMembers says who belongs to the cluster from now on. Who does not any more is cut off at once and not dialled again.
func (m *Mesh) SetMembers(members []Member) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.server == nil {
		return errors.New("mesh: it does not run")
	}
	m.admit.set(members)
	m.Endpoint.SetMembers(sessionMembers(members))
	settings, err := m.options.settings(members, m.settings.Password, m.admit)
	if err == nil {
		m.settings = settings
		err = m.server.ReloadOptions(&settings)
	}
	m.admit.cut() // also when the rest failed
	if err != nil {
		return fmt.Errorf("mesh: %w", err)
	}
	return nil
}

func sessionMembers(members []Member) []session.Member {
	all := make([]session.Member, 0, len(members))
	for _, member := range members {
		all = append(all, session.Member{Node: member.Node, Name: member.Name})
	}
	return all
}

// Close ends the mesh: the peers are told, and every goroutine has ended when it returns. It must not be called from a receiver, an answerer
// or a watcher.
func (m *Mesh) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	m.closed = true
	close(m.done)
	m.Endpoint.Close()
	m.shutdown()
	m.group.Wait()
}

// leaveTime is how long the goodbyes may take to leave.
const leaveTime = 500 * time.Millisecond

func (m *Mesh) shutdown() {
	m.carrier.close(leaveTime)
	if m.server != nil {
		m.server.Shutdown()
		m.server.WaitForShutdown()
	}
	m.admit.close()
}

// routeInterval is how often the routes are looked at. NATS tells nobody of a route that goes.
const routeInterval = 100 * time.Millisecond

// watchRoutes tells the sessions of a peer whose last route is gone, so that a killed process is found before its silence is.
func (m *Mesh) watchRoutes() {
	ticker := time.NewTicker(routeInterval)
	defer ticker.Stop()
	for {
		select {
		case <-m.done:
			return
		case <-ticker.C:
		}
		routes, err := m.server.Routez(nil)
		if err != nil {
			continue
		}
		has := map[signal.NodeID]bool{}
		for _, r := range routes.Routes {
			if node, ok := nodeOf(r.RemoteName); ok {
				has[node] = true
			}
		}
		for _, p := range m.Peers() {
			if !has[p.Node] {
				m.Gone(p.Node)
			}
		}
	}
}

// contains reports whether a node is among members.
func contains(members []Member, node signal.NodeID) bool {
	return slices.ContainsFunc(members, func(m Member) bool { return m.Node == node })
}

var _ session.Carrier = (*carrier)(nil)

// carrier is what the sessions send through.
type carrier struct {
	self     signal.NodeID
	endpoint *session.Endpoint
	mu       sync.RWMutex
	conn     *nats.Conn
}

func (c *carrier) connection() (*nats.Conn, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.conn == nil {
		return nil, bus.ErrUnreachable
	}
	return c.conn, nil
}

// Send is of session.Carrier.
func (c *carrier) Send(to signal.NodeID, frame []byte) error {
	conn, err := c.connection()
	if err != nil {
		return err
	}
	return conn.Publish(frameSubject(to), frame)
}

// Ask is of session.Carrier. NATS answers at once when nobody listens.
func (c *carrier) Ask(ctx context.Context, to signal.NodeID, question []byte) ([]byte, error) {
	conn, err := c.connection()
	if err != nil {
		return nil, err
	}
	reply, err := conn.RequestWithContext(ctx, askSubject(to), question)
	switch {
	case err == nil:
		return reply.Data, nil
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, nats.ErrConnectionClosed):
		return nil, bus.ErrUnreachable
	}
	return nil, err
}
