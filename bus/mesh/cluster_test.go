package mesh

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"tandem/bus/session"
	"tandem/call/signal"
	"tandem/telephony"
)

// authority makes the certificates of a test.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pool        *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	a := &authority{pool: x509.NewCertPool()}
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.key = newKey(t)
	a.certificate = a.sign(t, template, template, &a.key.PublicKey)
	a.pool.AddCert(a.certificate)
	return a
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(t testing.TB, template, parent *x509.Certificate, key *ecdsa.PublicKey) *x509.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, a.key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// tls is what a server presents and accepts.
func (a *authority) tls(t testing.TB, node signal.NodeID) func() (server, client *tls.Config, err error) {
	t.Helper()
	key := newKey(t)
	leaf := a.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: fmt.Sprintf("node %d", node)}, DNSNames: []string{"tandem"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.certificate, &key.PublicKey)
	own := []tls.Certificate{{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}}
	return func() (server, client *tls.Config, err error) {
		return certificates(own, a.pool)
	}
}

func certificates(own []tls.Certificate, pool *x509.CertPool) (server, client *tls.Config, err error) {
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: own, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert},
		&tls.Config{MinVersion: tls.VersionTLS13, Certificates: own, RootCAs: pool, ServerName: "tandem"}, nil
}

func privateKey(c *tls.Config) *ecdsa.PrivateKey {
	return c.Certificates[0].PrivateKey.(*ecdsa.PrivateKey)
}

func identify(c *x509.Certificate) (node signal.NodeID, err error) {
	_, err = fmt.Sscanf(c.Subject.CommonName, "node %d", &node)
	return node, err
}

// freeAddress is an address on loopback at which nobody listens.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// cluster is some meshes of a test, with a middle between their sessions and NATS.
type cluster struct {
	t         testing.TB
	authority *authority
	members   []Member
	middle    *middle

	mu     sync.Mutex
	meshes map[signal.NodeID]*Mesh
}

// newCluster makes a cluster of n servers that are not started.
func newCluster(t testing.TB, n int) *cluster {
	c := &cluster{t: t, authority: newAuthority(t), middle: newMiddle(), meshes: map[signal.NodeID]*Mesh{}}
	for node := signal.NodeID(1); int(node) <= n; node++ {
		c.members = append(c.members, Member{node, telephony.ServerName(fmt.Sprintf("cm%d", node)), freeAddress(t)})
	}
	t.Cleanup(c.close)
	return c
}

func (c *cluster) options(node signal.NodeID) Options {
	return Options{Self: c.members[node-1], Cluster: "test", TLS: c.authority.tls(c.t, node), Identify: identify}
}

func (c *cluster) join(node signal.NodeID) *Mesh {
	o := c.options(node)
	o.Incarnation = uint64(time.Now().UnixNano())
	if o.Log == nil {
		checked, err := New(o)
		if err != nil {
			c.t.Fatal(err)
		}
		o = checked.options
	}
	m := newMesh(o, c.middle.between(node))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.meshes[node] = m
	c.middle.revive(node)
	return m
}

func (c *cluster) start(node signal.NodeID) {
	c.t.Helper()
	if err := c.mesh(node).Start(c.members); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) mesh(node signal.NodeID) *Mesh {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.meshes[node]
}

// kill ends a server without a goodbye.
func (c *cluster) kill(node signal.NodeID) {
	c.middle.kill(node)
	c.mesh(node).Close()
}

func (c *cluster) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.meshes {
		m.Close()
	}
	c.middle.flying.Wait()
}

// reach waits until all servers that were started reach n others.
func (c *cluster) reach(n int) {
	c.t.Helper()
	until(c.t, fmt.Sprintf("every server reaches %d others", n), func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, m := range c.meshes {
			if len(m.Peers()) != n {
				return false
			}
		}
		return true
	})
}

func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("It did not come to pass within 30 s that %s.", what)
		}
	}
}

// middle stands between the sessions and NATS, and loses, repeats, delays and cuts.
type middle struct {
	mu      sync.Mutex
	cuts    map[[2]signal.NodeID]bool
	dead    map[signal.NodeID]bool
	weather func(n uint64) (copies int, delay time.Duration) // of the n-th frame
	count   uint64
	flying  sync.WaitGroup
}

func newMiddle() *middle {
	return &middle{cuts: map[[2]signal.NodeID]bool{}, dead: map[signal.NodeID]bool{}}
}

func (m *middle) cut(from, to signal.NodeID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cuts[[2]signal.NodeID{from, to}] = true
}

func (m *middle) heal() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.cuts)
}

func (m *middle) kill(node signal.NodeID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead[node] = true
}

func (m *middle) revive(node signal.NodeID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.dead, node)
}

// fate is how often something arrives, and when.
func (m *middle) fate(from, to signal.NodeID) (copies int, delay time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cuts[[2]signal.NodeID{from, to}] || m.dead[from] || m.dead[to] {
		return 0, 0
	}
	m.count++
	if m.weather == nil {
		return 1, 0
	}
	return m.weather(m.count)
}

func (m *middle) between(self signal.NodeID) func(session.Carrier) session.Carrier {
	return func(c session.Carrier) session.Carrier { return &through{c, m, self} }
}

type through struct {
	session.Carrier
	middle *middle
	self   signal.NodeID
}

func (t *through) Send(to signal.NodeID, frame []byte) error {
	copies, delay := t.middle.fate(t.self, to)
	if delay == 0 {
		var err error
		for range copies {
			err = errors.Join(err, t.Carrier.Send(to, frame))
		}
		return err
	}
	frame = bytes.Clone(frame)
	for range copies {
		t.middle.flying.Add(1)
		time.AfterFunc(delay, func() {
			defer t.middle.flying.Done()
			_ = t.Carrier.Send(to, frame)
		})
	}
	return nil
}

func (t *through) Ask(ctx context.Context, to signal.NodeID, question []byte) ([]byte, error) {
	if copies, _ := t.middle.fate(t.self, to); copies == 0 {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return t.Carrier.Ask(ctx, to, question)
}
