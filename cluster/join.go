package cluster

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"regexp"
	"time"

	"tandem/cluster/link"
	"tandem/fault"
	"tandem/security/ca"
)

// JoinOptions are what a server needs to join.
type JoinOptions struct {
	Secrets    *Secrets
	Token      Token
	Passphrase string
	Publisher  string // host:port; "": the one in the token
	Details           // Addresses: all of this machine's; the result says which is announced
	Announce   netip.Addr
	Version    string
	Resolver   Resolver         // nil: StaticResolver
	Now        func() time.Time // nil: time.Now
	Timeout    time.Duration    // of the whole; 0: 60 s
}

// JoinResult is what a server knows after it has joined. Its certificate and keyring are in its secrets directory already.
type JoinResult struct {
	Identity  ca.Identity
	Publisher Member
	Members   []Member // all, this one among them
	Addresses []netip.Addr
	Files     map[string][]byte // for the secrets directory, by file name; the caller knows which it takes
	Warnings  []*fault.Error    // for the administrator; nothing of it stands in the way
}

// joiner is a join under way: one connection.
type joiner struct {
	o       JoinOptions
	conn    *tls.Conn
	read    *bufio.Reader
	channel []byte
	begun   beginning
	offset  time.Duration // of our clock against the publisher's
}

// Join makes this server a member: it asks the publisher that the token names, over a connection on which it has checked by the token
// that the other side belongs to the cluster. It may be called again with the same token when it failed. What is refused is a
// *fault.Error.
func Join(ctx context.Context, o JoinOptions) (*JoinResult, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Resolver == nil {
		o.Resolver = StaticResolver()
	}
	if o.Timeout == 0 {
		o.Timeout = joinTime
	}
	if o.Publisher == "" {
		o.Publisher = o.Token.Address
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	j := &joiner{o: o}
	if err := j.connect(ctx); err != nil {
		return nil, err
	}
	defer j.conn.NetConn().Close()
	stop := context.AfterFunc(ctx, func() { _ = j.conn.NetConn().Close() })
	defer stop()
	return j.join(ctx)
}

func (j *joiner) connect(ctx context.Context) error {
	host, port, err := net.SplitHostPort(j.o.Publisher)
	if err != nil {
		return fault.Wrap(err, fault.JoinNameUnresolved, "name", j.o.Publisher)
	}
	hosts := []string{host}
	if _, err := netip.ParseAddr(host); err != nil {
		if hosts, err = j.o.Resolver.LookupHost(ctx, host); err != nil || len(hosts) == 0 {
			return fault.Wrap(lookupError(err), fault.JoinNameUnresolved, "name", host)
		}
	}
	var raw net.Conn
	for _, h := range hosts {
		if raw, err = new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(h, port)); err == nil {
			break
		}
	}
	if err != nil {
		return fault.Wrap(err, fault.JoinUnreachable, "address", j.o.Publisher)
	}
	foreign := false
	j.conn = tls.Client(raw, &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: link.JoinProtocols(j.o.Token.Authority), SessionTicketsDisabled: true,
		InsecureSkipVerify: true, // the token says whom to trust, and no name of a host
		VerifyConnection: func(cs tls.ConnectionState) error {
			err := checkPublisher(cs, j.o.Token.Authority, j.o.Now())
			foreign = err != nil
			return err
		}})
	if err := j.conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		if foreign {
			return fault.Wrap(err, fault.JoinAuthorityForeign, "address", j.o.Publisher)
		}
		return fault.Wrap(err, fault.JoinUnreachable, "address", j.o.Publisher)
	}
	cs := j.conn.ConnectionState()
	j.read = bufio.NewReader(j.conn)
	j.channel, err = exporter(&cs)
	return err
}

// checkPublisher checks that the other side has a certificate by the authority whose hash is in the token. The dates in it are left out: a
// clock that is wrong is told from a wrong cluster later.
func checkPublisher(cs tls.ConnectionState, authority [32]byte, now time.Time) error {
	if cs.NegotiatedProtocol == "" || len(cs.PeerCertificates) < 2 {
		return errors.New("this is not the joining end of a publisher")
	}
	leaf, root := cs.PeerCertificates[0], cs.PeerCertificates[1]
	if sha256.Sum256(root.Raw) != authority {
		return errors.New("the authority is not the one that the token names")
	}
	i, err := ca.IdentityOf(leaf)
	if err != nil {
		return err
	}
	if now.Before(leaf.NotBefore) {
		now = leaf.NotBefore
	}
	if now.After(leaf.NotAfter) {
		now = leaf.NotAfter
	}
	_, err = (&ca.Trust{Cluster: i.Cluster, Anchors: []ca.Anchor{{Certificate: root}}}).Verify(leaf, x509.ExtKeyUsageServerAuth, now)
	return err
}

func (j *joiner) join(ctx context.Context) (*JoinResult, error) {
	asked := j.o.Now()
	if err := j.ask(pathBegin, struct{}{}, &j.begun); err != nil {
		return nil, err
	}
	trip := j.o.Now().Sub(asked)
	j.offset = asked.Add(trip / 2).Sub(time.Unix(0, j.begun.Time))
	result := &JoinResult{}
	warning, err := CheckClock(j.o.Name, j.offset)
	if err != nil {
		return nil, err
	}
	if warning != nil {
		result.Warnings = append(result.Warnings, warning)
	}
	toward, err := netip.ParseAddrPort(j.conn.LocalAddr().String())
	if err != nil {
		return nil, err
	}
	own := j.o.Addresses
	if len(own) == 0 {
		own = []netip.Addr{toward.Addr()}
	}
	announced, notice, err := Announce(own, j.o.Announce, toward.Addr())
	if err != nil {
		return nil, err
	}
	if notice != nil {
		result.Warnings = append(result.Warnings, notice)
	}
	result.Addresses = announced[:min(len(announced), ca.MaximumAddresses)]
	q := request{Details: Details{j.o.Name, result.Addresses, j.o.Ports}, Identity: j.o.Secrets.Identity, SealingKey: j.o.Secrets.Sealing.Public(),
		Version: j.o.Version, Time: j.o.Now().Add(trip / 2).UnixNano()}
	if q.Request, err = ca.NewRequest(j.o.Secrets.Key); err != nil {
		return nil, err
	}
	message, err := j.seal(q)
	if err != nil {
		return nil, err
	}
	var answer admission
	if err := j.ask(pathJoin, message, &answer); err != nil {
		return nil, err
	}
	if err := j.take(&answer, result); err != nil {
		return nil, fault.Wrap(err, fault.JoinBroken)
	}
	// Everything is on our disk: the token may end. If that is not heard it ends by itself, and nobody else could have used it.
	if err := j.ask(pathDone, message, &struct{}{}); err != nil {
		result.Warnings = append(result.Warnings, fault.Wrap(err, fault.JoinBroken))
	}
	for _, row := range CheckNames(ctx, j.o.Resolver, j.o.Name, named(result.Members)) {
		result.Warnings = append(result.Warnings, row.Problems...)
	}
	return result, nil
}

// seal puts the proofs to a request.
func (j *joiner) seal(q request) (sealed, error) {
	b, err := json.Marshal(q)
	if err != nil {
		return sealed{}, err
	}
	key, err := j.begun.Derivation.PassphraseKey(j.o.Passphrase)
	if err != nil {
		return sealed{}, fault.Wrap(err, fault.JoinBroken)
	}
	proof := j.o.Token.proofKey()
	return sealed{Token: tokenID(proof), Request: b, TokenProof: ca.Prove(proof, proven(j.channel, b, "token")),
		PassphraseProof: ca.Prove(key, proven(j.channel, b, "pass-phrase"))}, nil
}

// ask sends a request on the connection and reads the answer.
func (j *joiner) ask(path string, message, answer any) error {
	broken := func(err error) error { return fault.Wrap(err, fault.JoinBroken) }
	b, err := json.Marshal(message)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(http.MethodPost, "https://publisher"+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if err := r.Write(j.conn); err != nil {
		return broken(err)
	}
	a, err := http.ReadResponse(j.read, r)
	if err != nil {
		return broken(err)
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK {
		var f fault.Error
		if err := readJSON(a.Body, maximumRequest, &f); err != nil {
			return broken(fmt.Errorf("the publisher answered %s", a.Status))
		}
		return &f
	}
	if err := readJSON(a.Body, maximumAnswer, answer); err != nil {
		return broken(err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(a.Body, 1)) // the connection is used again
	return err
}

var fileForm = regexp.MustCompile(`^[a-z][a-z0-9.-]{0,63}$`)

// take checks what the publisher sent and writes it down: the keyring first, the certificate last.
func (j *joiner) take(a *admission, result *JoinResult) error {
	c, err := x509.ParseCertificate(a.Certificate)
	if err != nil {
		return err
	}
	trust := &ca.Trust{Cluster: a.Cluster}
	pinned := false
	for _, der := range a.Authorities {
		root, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		pinned = pinned || sha256.Sum256(der) == j.o.Token.Authority
		trust.Anchors = append(trust.Anchors, ca.Anchor{Certificate: root})
	}
	if result.Identity, err = trust.Verify(c, x509.ExtKeyUsageServerAuth, j.o.Now()); err != nil {
		return err
	}
	if key, ok := c.PublicKey.(*ecdsa.PublicKey); !ok || !key.Equal(j.o.Secrets.Key.Public()) || result.Identity.Node != a.Node || !pinned {
		return errors.New("the certificate is not for this server")
	}
	ring, err := ca.ParseKeyring(a.Keyring)
	if err != nil {
		return err
	}
	for name := range a.Files {
		if !fileForm.MatchString(name) || filepath.Base(name) != name {
			return fmt.Errorf("%q is not the name of a file", name)
		}
	}
	for _, m := range a.Members {
		if m.Node == a.Publisher {
			result.Publisher = m
		}
	}
	result.Members, result.Files = a.Members, a.Files
	result.Warnings = append(result.Warnings, a.Warnings...)
	if err := j.o.Secrets.SaveKeyring(ring); err != nil {
		return err
	}
	if err := j.o.Secrets.SaveAuthorities(roots(trust)); err != nil {
		return err
	}
	return j.o.Secrets.SaveCertificates([]*x509.Certificate{c})
}
