package link

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"sync"
	"time"
)

// Listener accepts connections of other servers. Handshakes go on in the background, so that a slow one delays nobody; Accept gives
// only connections whose other end is known and trusted (*Conn).
type Listener struct {
	link    *Link
	purpose Purpose
	raw     net.Listener
	servers chan net.Conn
	joins   chan net.Conn // of servers without a certificate; only for Files
	closed  chan struct{}
	once    sync.Once
	slots   chan struct{}
	work    sync.WaitGroup
	cancel  context.CancelFunc
}

// Listen listens on host:port.
func (l *Link) Listen(p Purpose, address string) (*Listener, error) {
	raw, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return l.ListenOn(p, raw)
}

// ListenOn accepts from a listener that is there already, and owns it from now on.
func (l *Link) ListenOn(p Purpose, raw net.Listener) (*Listener, error) {
	ctx, cancel := context.WithCancel(context.Background())
	e := &Listener{link: l, purpose: p, raw: raw, servers: make(chan net.Conn), joins: make(chan net.Conn), closed: make(chan struct{}),
		slots: make(chan struct{}, maximumHandshakes), cancel: cancel}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		cancel()
		_ = raw.Close()
		return nil, ErrClosed
	}
	l.ends[e] = struct{}{}
	l.mu.Unlock()
	e.work.Go(func() { e.run(ctx) })
	return e, nil
}

// acceptPause is how long the listener waits after an error of the system (no descriptor is free) before it accepts again.
const acceptPause = 100 * time.Millisecond

func (e *Listener) run(ctx context.Context) {
	for {
		conn, err := e.raw.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			select {
			case <-e.closed:
				return
			case <-time.After(acceptPause):
			}
			continue
		}
		select {
		case e.slots <- struct{}{}:
		default: // as many strangers as this at once are no cluster
			_ = conn.Close()
			continue
		}
		e.work.Go(func() {
			defer func() { <-e.slots }()
			e.handshake(ctx, conn)
		})
	}
}

func (e *Listener) handshake(ctx context.Context, raw net.Conn) {
	ctx, cancel := context.WithTimeout(ctx, e.link.options.Handshake)
	defer cancel()
	join := false
	t := tls.Server(raw, &tls.Config{MinVersion: tls.VersionTLS13, GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		offers := e.link.versions(Joining).offers(Joining)
		join = e.purpose == Files && slices.ContainsFunc(hello.SupportedProtos, func(p string) bool { return slices.Contains(offers, p) })
		if join {
			return e.link.joining(hello), nil
		}
		return e.link.server(e.purpose, hello), nil
	}})
	if err := t.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		e.link.options.Log.Info("a connection of a server was refused", "purpose", e.purpose, "remote", raw.RemoteAddr().String(), "reason", err)
		return
	}
	if join {
		e.deliver(ctx, e.joins, t)
		return
	}
	c, err := e.link.register(t, x509.ExtKeyUsageClientAuth)
	if err != nil {
		return
	}
	e.deliver(ctx, e.servers, c)
}

// deliver waits for somebody who accepts, for as long as a handshake may take.
func (e *Listener) deliver(ctx context.Context, to chan net.Conn, c net.Conn) {
	select {
	case to <- c:
	case <-e.closed:
		_ = c.Close()
	case <-ctx.Done():
		_ = c.Close()
	}
}

// Accept gives the next connection, a *Conn.
func (e *Listener) Accept() (net.Conn, error) { return e.take(e.servers) }

func (e *Listener) take(from chan net.Conn) (net.Conn, error) {
	select {
	case c := <-from:
		return c, nil
	case <-e.closed:
		return nil, net.ErrClosed
	}
}

// Addr is where it listens.
func (e *Listener) Addr() net.Addr { return e.raw.Addr() }

// Close ends the listener and the handshakes under way. Connections that were accepted stay.
func (e *Listener) Close() error {
	err := net.ErrClosed
	e.once.Do(func() {
		close(e.closed)
		e.cancel()
		err = e.raw.Close()
		e.link.mu.Lock()
		delete(e.link.ends, e)
		e.link.mu.Unlock()
	})
	e.work.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Joins gives the connections of servers that want to join, on a listener for Files: TLS 1.3, with nobody proven at the other end.
// Connections come only while somebody accepts them.
func (e *Listener) Joins() net.Listener { return joins{e} }

type joins struct{ *Listener }

// Accept gives the next connection, a *tls.Conn.
func (j joins) Accept() (net.Conn, error) { return j.take(j.joins) }
