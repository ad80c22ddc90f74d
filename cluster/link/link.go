package link

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tandem/fault"
	"tandem/security/ca"
)

// Certificate is one with which this server proves who it is.
type Certificate struct {
	Leaf      *x509.Certificate
	Authority *x509.Certificate // that made it
	Key       crypto.Signer
}

func (c *Certificate) tls(withAuthority bool) *tls.Certificate {
	chain := [][]byte{c.Leaf.Raw}
	if withAuthority { // for who joins: it knows the authority by its hash only
		chain = append(chain, c.Authority.Raw)
	}
	return &tls.Certificate{Certificate: chain, PrivateKey: c.Key, Leaf: c.Leaf}
}

// State is what the link goes by. It is not changed once it was handed over.
type State struct {
	Trust        *ca.Trust
	Certificates []Certificate // of this server, the newest first; at least one
}

// Options of a link.
type Options struct {
	State    State
	Versions map[Purpose]Versions // zero: version 1 alone
	// Handshake bounds a handshake; 0: 10 s.
	Handshake time.Duration
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: silent
	// Refused is told of each connection that was refused because of its certificate: a ServerRefused that names who it claimed to be. It
	// must not block. nil: nobody.
	Refused func(*fault.Error)
}

// Bounds.
const (
	handshakeTime = 10 * time.Second
	// MaximumConnections bounds the open connections of a link that servers dialled: far more than a cluster has.
	MaximumConnections = 4096
	// maximumHandshakes bounds the handshakes under way on one listener; who comes while there are so many is cut.
	maximumHandshakes = 128
)

// Errors of a link.
var (
	// ErrClosed says that the link was closed.
	ErrClosed = errors.New("link: closed")
	// ErrVersion says that the two servers have no version of the protocol in common.
	ErrVersion = errors.New("link: no common version of the protocol")
	// ErrWrongServer says that another server answered than the one that was asked for.
	ErrWrongServer = errors.New("link: another server answered")
)

// Link makes and accepts connections between servers. Its methods may be called from any goroutine.
type Link struct {
	options Options
	state   atomic.Pointer[State]

	mu     sync.Mutex
	open   map[*Conn]struct{}
	ends   map[*Listener]struct{}
	closed bool
}

// New makes a link.
func New(o Options) (*Link, error) {
	if err := o.State.check(); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Handshake == 0 {
		o.Handshake = handshakeTime
	}
	l := &Link{options: o, open: map[*Conn]struct{}{}, ends: map[*Listener]struct{}{}}
	l.state.Store(&o.State)
	return l, nil
}

func (s *State) check() error {
	if s.Trust == nil || len(s.Certificates) == 0 {
		return errors.New("link: without an authority and a certificate there is no link")
	}
	return nil
}

func (l *Link) versions(p Purpose) Versions {
	v := l.options.Versions[p]
	if v.Newest < 1 {
		return Versions{1, 1}
	}
	return Versions{max(v.Oldest, 1), v.Newest}
}

// Self is who this server is, by its newest certificate.
func (l *Link) Self() ca.Identity {
	i, _ := ca.IdentityOf(l.state.Load().Certificates[0].Leaf)
	return i
}

// Update changes certificates and trust. Handshakes from now on go by the new ones; open connections that do not hold any more by the
// new trust are cut before it returns.
func (l *Link) Update(s State) error {
	if err := s.check(); err != nil {
		return err
	}
	l.state.Store(&s)
	l.review()
	return nil
}

// Deny refuses a server from now on and cuts its connections at once, ahead of the Update that will say the same.
func (l *Link) Deny(node uint16) {
	for {
		old := l.state.Load()
		trust := *old.Trust
		trust.Denied = map[uint16]bool{node: true}
		for n, denied := range old.Trust.Denied {
			trust.Denied[n] = denied || n == node
		}
		if l.state.CompareAndSwap(old, &State{Trust: &trust, Certificates: old.Certificates}) {
			break
		}
	}
	l.review()
}

// review cuts the connections that would not be accepted now.
func (l *Link) review() {
	l.mu.Lock()
	var cut []*Conn
	for c := range l.open {
		if err := l.state.Load().Trust.Holds(c.leaf, l.options.Now()); err != nil {
			cut = append(cut, c)
			l.options.Log.Warn("a connection between servers was cut", "peer", c.peer.String(), "reason", err)
		}
	}
	l.mu.Unlock()
	for _, c := range cut {
		c.cut()
	}
}

func (l *Link) verify(c *x509.Certificate, usage x509.ExtKeyUsage) (ca.Identity, error) {
	i, err := l.state.Load().Trust.Verify(c, usage, l.options.Now())
	if err == nil && i == l.Self() {
		// A second server with our own identity is a copy of our disk (C-25).
		return i, fmt.Errorf("%s is this server itself, or a copy of its disk", i)
	}
	return i, err
}

// TLS is a configuration for those who make their connections themselves, for either end: it presents, asks for and checks
// certificates as they are at each handshake. Their connections are not in the registry: who uses it cuts them itself (see Trusted).
func (l *Link) TLS(p Purpose) *tls.Config {
	c := l.client(p, 0)
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) { return l.server(p, hello), nil }
	return c
}

// Trusted reports whether the peer of an open connection that was made with TLS is still trusted.
func (l *Link) Trusted(cs tls.ConnectionState) bool {
	if len(cs.PeerCertificates) == 0 {
		return false
	}
	return l.state.Load().Trust.Holds(cs.PeerCertificates[0], l.options.Now()) == nil
}

// base holds what both ends have. Go's own verification is left out, since it asks for host names; VerifyConnection takes its place and
// is never skipped: sessions are not resumed.
func (l *Link) base(p Purpose, usage x509.ExtKeyUsage, want uint16) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, SessionTicketsDisabled: true, Time: l.options.Now,
		VerifyConnection: func(cs tls.ConnectionState) error { return l.accept(cs, p, usage, want) },
	}
}

// accept decides about the other end of a handshake.
func (l *Link) accept(cs tls.ConnectionState, p Purpose, usage x509.ExtKeyUsage, want uint16) error {
	if got, n := versionOf(cs.NegotiatedProtocol); got != p || n == 0 {
		return ErrVersion
	}
	if len(cs.PeerCertificates) == 0 {
		return errors.New("link: the other side has no certificate")
	}
	i, err := l.verify(cs.PeerCertificates[0], usage)
	if err == nil && want != 0 && i.Node != want {
		err = fmt.Errorf("%w: %s instead of node %d", ErrWrongServer, i, want)
	}
	return err
}

func (l *Link) server(p Purpose, hello *tls.ClientHelloInfo) *tls.Config {
	state := l.state.Load()
	c := l.base(p, x509.ExtKeyUsageClientAuth, 0)
	verify := c.VerifyConnection
	c.VerifyConnection = func(cs tls.ConnectionState) error {
		err := verify(cs)
		if err != nil && l.options.Refused != nil && len(cs.PeerCertificates) > 0 {
			claimed := "nobody of a cluster"
			if i, err := ca.IdentityOf(cs.PeerCertificates[0]); err == nil {
				claimed = i.String()
			}
			l.options.Refused(fault.Wrap(err, fault.ServerRefused, "remote", hello.Conn.RemoteAddr(), "server", claimed))
		}
		return err
	}
	c.ClientAuth, c.ClientCAs = tls.RequireAnyClientCert, state.Trust.Pool()
	c.NextProtos = l.versions(p).offers(p)
	c.Certificates = []tls.Certificate{*choose(state.Certificates, hello.SupportedProtos).tls(false)}
	return c
}

// joining is the configuration for a server that has no certificate yet.
func (l *Link) joining(hello *tls.ClientHelloInfo) *tls.Config {
	state := l.state.Load()
	return &tls.Config{
		MinVersion: tls.VersionTLS13, SessionTicketsDisabled: true, Time: l.options.Now, NextProtos: l.versions(Joining).offers(Joining),
		Certificates: []tls.Certificate{*choose(state.Certificates, hello.SupportedProtos).tls(true)},
	}
}

func (l *Link) client(p Purpose, want uint16) *tls.Config {
	c := l.base(p, x509.ExtKeyUsageServerAuth, want)
	c.NextProtos = append(l.versions(p).offers(p), markers(l.state.Load().Trust)...)
	c.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		state := l.state.Load()
		for i := range state.Certificates {
			if own := state.Certificates[i].tls(false); info.SupportsCertificate(own) == nil {
				return own, nil
			}
		}
		return state.Certificates[0].tls(false), nil
	}
	return c
}
