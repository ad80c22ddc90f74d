package mesh

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"

	"tandem/call/signal"
)

// admission decides which servers may connect. To have a certificate of the cluster is not enough: it must be that of a member. It
// keeps the connections that were accepted, so that those of a server that is a member no more can be cut; NATS itself cuts
// only those that it dialled.
type admission struct {
	options Options

	mu      sync.Mutex
	members []Member
	open    map[net.Conn]signal.NodeID
}

func newAdmission(o Options) *admission {
	return &admission{options: o, open: map[net.Conn]signal.NodeID{}}
}

// set says who the members are.
func (a *admission) set(members []Member) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.members = slices.Clone(members)
}

// check is the last step of each handshake. accepted is the connection if the other server made it, and nil if this one did.
func (a *admission) check(state tls.ConnectionState, accepted net.Conn) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("the other server shows no certificate")
	}
	node, err := a.options.Identify(state.PeerCertificates[0])
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !contains(a.members, node) || node == a.options.Self.Node {
		return fmt.Errorf("server %d is no other member of the cluster", node)
	}
	if accepted != nil {
		a.remember(accepted, node) // under the same lock, so that set and cut come before or after
	}
	return nil
}

// config is what NATS uses in both directions: as it stands when it dials, by GetConfigForClient when it is dialled.
func (a *admission) config() (*tls.Config, error) {
	server, client, err := a.options.TLS()
	if err != nil {
		return nil, err
	}
	config := a.checked(client, nil)
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		own := server
		if server.GetConfigForClient != nil {
			chosen, err := server.GetConfigForClient(hello)
			if err != nil {
				return nil, err
			}
			if chosen != nil {
				own = chosen
			}
		}
		if own.ClientAuth < tls.RequireAnyClientCert {
			return nil, errors.New("the configuration asks for no certificate of the other server")
		}
		return a.checked(own, hello.Conn), nil
	}
	return config, nil
}

// checked is a configuration that accepts nobody but members.
func (a *admission) checked(config *tls.Config, accepted net.Conn) *tls.Config {
	config = config.Clone()
	config.GetConfigForClient = nil
	config.SessionTicketsDisabled = true // a resumed session would pass over what has changed since
	verify := config.VerifyConnection
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if verify != nil {
			if err := verify(state); err != nil {
				return err
			}
		}
		return a.check(state, accepted)
	}
	return config
}

// remember keeps a connection that a member made. Those that NATS has closed meanwhile are forgotten with the next one. The lock is held.
func (a *admission) remember(conn net.Conn, node signal.NodeID) {
	for c := range a.open {
		if closed(c) {
			delete(a.open, c)
		}
	}
	a.open[conn] = node
}

// closed reports whether this side has closed a connection.
func closed(conn net.Conn) bool {
	raw, ok := conn.(*net.TCPConn)
	if !ok {
		return false
	}
	control, err := raw.SyscallConn()
	if err != nil {
		return true
	}
	return control.Control(func(uintptr) {}) != nil
}

// cut closes the connections of those that are members no more.
func (a *admission) cut() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for conn, node := range a.open {
		if !contains(a.members, node) {
			_ = conn.Close()
			delete(a.open, conn)
		}
	}
}

// close forgets all connections; NATS has closed them.
func (a *admission) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.open)
}
