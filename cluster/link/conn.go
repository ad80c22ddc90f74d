package link

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strings"
	"sync"

	"tandem/security/ca"
)

// Conn is a connection to another server. It is a net.Conn that knows whose it is.
type Conn struct {
	*tls.Conn
	link    *Link
	peer    ca.Identity
	leaf    *x509.Certificate
	usage   x509.ExtKeyUsage
	version int
	once    sync.Once
}

// Peer is the server at the other end.
func (c *Conn) Peer() ca.Identity { return c.peer }

// Version is the negotiated version of the protocol.
func (c *Conn) Version() int { return c.version }

// Close ends the connection.
func (c *Conn) Close() error {
	c.forget()
	return c.Conn.Close()
}

func (c *Conn) forget() {
	c.once.Do(func() {
		c.link.mu.Lock()
		delete(c.link.open, c)
		c.link.mu.Unlock()
	})
}

// cut ends the connection without a word, so that neither a write that waits nor the other side can delay it.
func (c *Conn) cut() {
	c.forget()
	_ = c.NetConn().Close()
}

// PeerOf tells whose the other end of a connection is; false if it is not one of a link.
func PeerOf(conn net.Conn) (ca.Identity, bool) {
	c, ok := conn.(*Conn)
	if !ok {
		return ca.Identity{}, false
	}
	return c.peer, true
}

// Dial connects to the server with the number want, at host:port. The error is ErrWrongServer if another one answers, and ErrVersion if
// the two have no version in common.
func (l *Link) Dial(ctx context.Context, p Purpose, address string, want uint16) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, l.options.Handshake)
	defer cancel()
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	t := tls.Client(raw, l.client(p, want))
	if err := t.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("link: %s at %s: %w", p, address, handshakeError(err))
	}
	return l.register(t, x509.ExtKeyUsageServerAuth)
}

// handshakeError recognises the alert by which the other side says that it has no common version.
func handshakeError(err error) error {
	if strings.Contains(err.Error(), "no application protocol") {
		return fmt.Errorf("%w (%w)", ErrVersion, err)
	}
	return err
}

// register makes a Conn of a finished handshake. Trust may have changed since its certificate was looked at, so it is looked at again
// where review would see it.
func (l *Link) register(t *tls.Conn, usage x509.ExtKeyUsage) (*Conn, error) {
	cs := t.ConnectionState()
	c := &Conn{Conn: t, link: l, leaf: cs.PeerCertificates[0], usage: usage}
	c.peer, _ = ca.IdentityOf(c.leaf)
	_, c.version = versionOf(cs.NegotiatedProtocol)
	l.mu.Lock()
	err := l.admit(c)
	l.mu.Unlock()
	if err != nil {
		_ = t.NetConn().Close()
		return nil, err
	}
	return c, nil
}

func (l *Link) admit(c *Conn) error {
	if l.closed {
		return ErrClosed
	}
	if len(l.open) >= MaximumConnections {
		return fmt.Errorf("link: there are %d connections already", MaximumConnections)
	}
	if _, err := l.verify(c.leaf, c.usage); err != nil {
		return err
	}
	l.open[c] = struct{}{}
	return nil
}

// Connections counts the open connections with a server; node 0: with all.
func (l *Link) Connections(node uint16) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for c := range l.open {
		if node == 0 || c.peer.Node == node {
			n++
		}
	}
	return n
}

// Close ends every listener and cuts every connection.
func (l *Link) Close() error {
	l.mu.Lock()
	l.closed = true
	var connections []*Conn
	for c := range l.open {
		connections = append(connections, c)
	}
	var listeners []*Listener
	for e := range l.ends {
		listeners = append(listeners, e)
	}
	l.mu.Unlock()
	for _, e := range listeners {
		_ = e.Close()
	}
	for _, c := range connections {
		c.cut()
	}
	return nil
}
