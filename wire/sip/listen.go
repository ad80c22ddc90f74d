package sip

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"time"
)

// connKey finds a connection that can be used again.
type connKey struct {
	transport  Transport
	remote     netip.AddrPort
	serverName string
}

// source counts the connections of one address.
type source struct {
	total    int
	unproven []*conn // oldest first
}

// listener is one stream listener.
type listener struct {
	nl        net.Listener
	transport Transport
	local     netip.AddrPort
	advertise netip.AddrPort
}

// ListenTCP opens a TCP listener and serves it until Close. advertise as in [Stack.ListenUDP].
func (s *Stack) ListenTCP(address, advertise netip.AddrPort) (netip.AddrPort, error) {
	return s.listenStream(TCP, address, advertise, nil)
}

// ListenTLS opens a TLS listener with a server configuration and serves it until Close.
func (s *Stack) ListenTLS(address, advertise netip.AddrPort, config *tls.Config) (netip.AddrPort, error) {
	if config == nil {
		return netip.AddrPort{}, errors.New("sip: TLS needs a configuration")
	}
	return s.listenStream(TLS, address, advertise, config)
}

func (s *Stack) listenStream(t Transport, address, advertise netip.AddrPort, config *tls.Config) (netip.AddrPort, error) {
	network := "tcp4"
	if address.Addr().Is6() && !address.Addr().Is4In6() {
		network = "tcp6"
	}
	nl, err := net.Listen(network, address.String())
	if err != nil {
		return netip.AddrPort{}, err
	}
	return s.ServeListener(t, nl, advertise, config)
}

// ServeListener serves a listener that exists already, for instance one handed over by an earlier
// process. For TLS config is the server configuration, otherwise nil.
func (s *Stack) ServeListener(t Transport, nl net.Listener, advertise netip.AddrPort, config *tls.Config) (netip.AddrPort, error) {
	a, ok := nl.Addr().(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, errors.New("sip: listener without TCP address")
	}
	if t == TLS {
		nl = tls.NewListener(nl, config)
	}
	l := &listener{nl: nl, transport: t, local: plain(a.AddrPort()), advertise: advertise}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		nl.Close()
		return netip.AddrPort{}, ErrClosed
	}
	s.listeners = append(s.listeners, l)
	s.wg.Add(1)
	go s.accept(l)
	return l.local, nil
}

// accept never stops before Close: an error, such as no descriptors left, is waited out (R-32 d).
func (s *Stack) accept(l *listener) {
	defer s.wg.Done()
	delay := time.Millisecond
	for {
		nc, err := l.nl.Accept()
		if err != nil {
			if s.isClosed() || errors.Is(err, net.ErrClosed) {
				return
			}
			select {
			case <-s.ctx.Done():
				return
			case <-time.After(delay):
			}
			delay = min(2*delay, 250*time.Millisecond)
			continue
		}
		delay = time.Millisecond
		s.admit(l, nc)
	}
}

// admit applies the limits to a new connection and starts its reader.
func (s *Stack) admit(l *listener, nc net.Conn) {
	ta, ok := nc.RemoteAddr().(*net.TCPAddr)
	if !ok {
		nc.Close()
		return
	}
	remote := plain(ta.AddrPort())
	if g := s.cfg.Guard; g != nil && !g.AdmitConnection(remote, l.transport) {
		s.count.connRefused.Add(1)
		nc.Close()
		return
	}
	c := &conn{stack: s, transport: l.transport, accepted: true, remote: remote, nc: nc}
	c.contact = s.contactFor(l.transport, nc.LocalAddr())
	victim, ok := s.enter(c)
	if victim != nil {
		s.count.connIdle.Add(1)
		victim.close(ErrIdle)
	}
	if !ok {
		s.count.connRefused.Add(1)
		nc.Close()
		return
	}
	s.count.connAccepted.Add(1)
	go c.serve()
}

// enter puts a new accepted connection into the tables, or says which one must leave for it.
func (s *Stack) enter(c *conn) (victim *conn, ok bool) {
	lim := &s.cfg.Limits
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, false
	}
	from := s.sources[c.remote.Addr()]
	if from == nil {
		from = new(source)
		s.sources[c.remote.Addr()] = from
	}
	switch {
	case len(from.unproven) >= lim.UnprovenPerSource:
		victim = from.unproven[0]
	case from.total >= lim.PerSource:
		if len(from.unproven) == 0 {
			return nil, false
		}
		victim = from.unproven[0]
	case len(s.all) >= lim.Connections:
		if victim = s.oldestUnproven(); victim == nil {
			return nil, false
		}
	}
	if victim != nil {
		s.removeLocked(victim)
		if s.sources[c.remote.Addr()] == nil {
			s.sources[c.remote.Addr()] = from
		}
	}
	from.total++
	from.unproven = append(from.unproven, c)
	s.all[c] = struct{}{}
	s.byRemote[connKey{c.transport, c.remote, ""}] = c
	s.wg.Add(1)
	return victim, true
}

func (s *Stack) oldestUnproven() *conn {
	for _, from := range s.sources {
		if len(from.unproven) > 0 {
			return from.unproven[0]
		}
	}
	return nil
}

// proved moves a connection out of the list of those that may be closed for a new one.
func (s *Stack) proved(c *conn) {
	s.mu.Lock()
	if from := s.sources[c.remote.Addr()]; from != nil {
		from.drop(c)
	}
	s.mu.Unlock()
}

func (f *source) drop(c *conn) {
	for i, o := range f.unproven {
		if o == c {
			f.unproven = append(f.unproven[:i], f.unproven[i+1:]...)
			return
		}
	}
}

// forget takes a connection out of all tables.
func (s *Stack) forget(c *conn) {
	s.mu.Lock()
	s.removeLocked(c)
	s.mu.Unlock()
}

func (s *Stack) removeLocked(c *conn) {
	if _, ok := s.all[c]; !ok {
		return
	}
	delete(s.all, c)
	key := connKey{c.transport, c.remote, c.serverName}
	if s.byRemote[key] == c {
		delete(s.byRemote, key)
	}
	if from := s.sources[c.remote.Addr()]; c.accepted && from != nil {
		from.drop(c)
		if from.total--; from.total == 0 {
			delete(s.sources, c.remote.Addr())
		}
	}
}

// connect returns the connection to an address, making one if there is none. fresh tells that it
// is new.
func (s *Stack) connect(t Transport, remote netip.AddrPort, serverName string) (c *conn, fresh bool, err error) {
	if t == TLS && s.cfg.TLSClient == nil {
		return nil, false, ErrNoRoute
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, false, ErrClosed
	}
	key := connKey{t, remote, serverName}
	if c := s.byRemote[key]; c != nil && !c.isClosed() {
		return c, false, nil
	}
	if len(s.all) >= s.cfg.Limits.Connections {
		return nil, false, ErrTooMany
	}
	c = &conn{stack: s, transport: t, remote: remote, serverName: serverName}
	c.contact = s.contactTo(t, remote.Addr())
	s.all[c] = struct{}{}
	s.byRemote[key] = c
	s.wg.Add(1)
	go c.dial()
	return c, true, nil
}

// contactFor is our address for the peer of an accepted connection.
func (s *Stack) contactFor(t Transport, local net.Addr) netip.AddrPort {
	a, ok := local.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	at := plain(a.AddrPort())
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeners {
		if l.transport == t && l.local.Port() == at.Port() && l.advertise.IsValid() {
			return l.advertise
		}
	}
	return at
}

// contactTo is our address for a peer to which we connect: that of a listener of the transport.
// Called with s.mu held.
func (s *Stack) contactTo(t Transport, remote netip.Addr) netip.AddrPort {
	for _, l := range s.listeners {
		if l.transport != t || l.local.Addr().Is4() != remote.Is4() {
			continue
		}
		switch {
		case l.advertise.IsValid():
			return l.advertise
		case !l.local.Addr().IsUnspecified():
			return l.local
		default:
			return netip.AddrPortFrom(localFor(remote), l.local.Port())
		}
	}
	return netip.AddrPortFrom(localFor(remote), t.DefaultPort())
}
