package node

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tandem/call/signal"
	"tandem/cluster"
	"tandem/cluster/link"
	"tandem/confdb"
	"tandem/fault"
	"tandem/security/ca"
	"tandem/service"
)

// ownAddresses are those at which other servers reach this machine, when no one address was set: those of its interfaces, loopback
// last and only if there is nothing else.
func ownAddresses(set string) []netip.Addr {
	if a, err := netip.ParseAddr(set); err == nil && !a.IsUnspecified() {
		return []netip.Addr{a}
	}
	var out []netip.Addr
	all, _ := net.InterfaceAddrs()
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		if ip := p.Addr().Unmap(); !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && len(out) < ca.MaximumAddresses {
			out = append(out, ip)
		}
	}
	if len(out) == 0 {
		out = append(out, netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	return out
}

// details are what this server says of itself when the cluster is founded or joined. Ports that the system chooses are told later.
func details(s Settings) cluster.Details {
	p := s.Ports.over(StandardPorts)
	known := func(port int) int { return max(port, 0) }
	return cluster.Details{Name: s.server(), Addresses: ownAddresses(s.Address),
		Ports: cluster.Ports{Replication: known(p.Replication), Signals: known(p.Signals), Files: known(p.Files)}}
}

// openLink makes the link between servers from what this server keeps. The configuration, when it is open, brings it up to date.
func (n *Node) openLink(secrets *cluster.Secrets) (*link.Link, error) {
	state, err := cluster.LinkState(confdb.Empty(), secrets, time.Now())
	if err != nil {
		return nil, err
	}
	return link.New(link.Options{State: state, Log: n.log.With("service", "link"), Refused: func(f *fault.Error) { n.alarms.Event(f, "connections of servers") }})
}

// identify says which server a certificate belongs to.
func identify(c *x509.Certificate) (signal.NodeID, error) {
	i, err := ca.IdentityOf(c)
	return signal.NodeID(i.Node), err
}

// gate holds connections back until the configuration is open, so that trust goes by it from the first one on.
type gate struct {
	net.Listener
	open   chan struct{}
	closed chan struct{}
	once   sync.Once
}

func newGate(l net.Listener, open chan struct{}) *gate {
	return &gate{Listener: l, open: open, closed: make(chan struct{})}
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	select {
	case <-g.open:
		return g.Listener.Accept()
	case <-g.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (g *gate) Close() error {
	g.once.Do(func() { close(g.closed) })
	return g.Listener.Close()
}

// peerKey is where a request between servers carries whose it is.
type peerKey struct{}

// peerOf tells which server sent a request on the port between servers.
func peerOf(r *http.Request) (string, bool) {
	i, ok := r.Context().Value(peerKey{}).(ca.Identity)
	return string(i.Name), ok
}

// serveServers answers the other servers' requests for files and with records until ctx ends.
func serveServers(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelInfo),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if i, ok := link.PeerOf(c); ok {
				return context.WithValue(ctx, peerKey{}, i)
			}
			return ctx
		}}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	err := s.Serve(l)
	if ctx.Err() != nil || errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// contained has a panic in a request end that request only.
func contained(h *service.Host, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.Guard(r.URL.Path, func() { handler.ServeHTTP(w, r) }) {
			http.Error(w, "a defect of the program", http.StatusInternalServerError)
		}
	})
}

// serversClient reaches the port for files of other servers. Who answers must be the server at that address.
func serversClient(l *link.Link, want func(address string) uint16) *http.Client {
	dial := func(ctx context.Context, _, address string) (net.Conn, error) {
		return l.Dial(ctx, link.Files, address, want(address))
	}
	return &http.Client{Transport: &http.Transport{DialTLSContext: dial, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute,
		ResponseHeaderTimeout: 2 * time.Minute}}
}

// handover is what a joining server gets for its secrets directory: the key under which the configuration keeps its secrets.
func (n *Node) handover() (map[string][]byte, error) {
	key, err := os.ReadFile(filepath.Join(n.options.Data, secretDir, dataKeyFile))
	if err != nil {
		return nil, err
	}
	return map[string][]byte{dataKeyFile: key}, nil
}
