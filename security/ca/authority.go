package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"time"
)

// Lives of certificates.
const (
	// Life is how long the certificate of a server is valid.
	Life = 397 * 24 * time.Hour
	// RenewBefore is how long before its end a server's certificate is renewed: a third of its life, so that a publisher that is away
	// for a month or three delays nothing.
	RenewBefore = Life / 3
	// AuthorityLife is how long an authority is valid; the publisher begins a new generation when less than two lives of a server's
	// certificate are left.
	AuthorityLife = 10 * 365 * 24 * time.Hour

	// backdate lets servers whose clocks are behind take a new certificate.
	backdate = 24 * time.Hour
)

// Authority is the certificate authority with its key: it can make certificates.
type Authority struct {
	Certificate *x509.Certificate
	Generation  int    // from 1
	Cluster     string // identifier of the cluster
	key         *ecdsa.PrivateKey
}

// NewCluster draws the identifier of a new cluster.
func NewCluster() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// New makes an authority of a generation, from 1, for a cluster.
func New(cluster string, generation int, now time.Time) (*Authority, error) {
	if !clusterForm.MatchString(cluster) || generation < 1 {
		return nil, fmt.Errorf("ca: no authority of generation %d for the cluster %q", generation, cluster)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	t := x509.Certificate{
		SerialNumber: serial, NotBefore: now.Add(-backdate), NotAfter: now.Add(AuthorityLife),
		// Each generation has a subject of its own, by which a server chooses among its certificates the one that the other side knows.
		Subject:  pkix.Name{Organization: []string{"Tandem"}, CommonName: fmt.Sprintf("Cluster %s, generation %d", cluster, generation)},
		URIs:     []*url.URL{{Scheme: scheme, Host: cluster, Path: fmt.Sprintf("/authority/%d", generation)}},
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &t, &t, key.Public(), key)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &Authority{Certificate: c, Generation: generation, Cluster: cluster, key: key}, nil
}

func newSerial() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
}

// Subject is what a server's certificate is made for.
type Subject struct {
	Identity
	Addresses []netip.Addr     // at which the server is reached, at most MaximumAddresses
	Names     []string         // host names of it besides its own name
	Key       crypto.PublicKey // ECDSA P-256
}

// MaximumAddresses bounds the addresses, and the names, in a certificate.
const MaximumAddresses = 32

// Issue makes the certificate of a server.
func (a *Authority) Issue(s Subject, now time.Time) (*x509.Certificate, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if s.Cluster != a.Cluster {
		return nil, errors.New("ca: the server is of another cluster")
	}
	if len(s.Addresses) > MaximumAddresses || len(s.Names) > MaximumAddresses {
		return nil, fmt.Errorf("ca: a server has more than %d addresses or names", MaximumAddresses)
	}
	if err := checkKey(s.Key); err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	t := x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{Organization: []string{"Tandem"}, CommonName: string(s.Name)},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(Life - backdate),
		URIs: []*url.URL{s.uri()}, DNSNames: append([]string{string(s.Name)}, s.Names...),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}
	if a.Certificate.NotAfter.Before(t.NotAfter) {
		t.NotAfter = a.Certificate.NotAfter
	}
	for _, address := range s.Addresses {
		t.IPAddresses = append(t.IPAddresses, net.IP(address.Unmap().AsSlice()))
	}
	der, err := x509.CreateCertificate(rand.Reader, &t, a.Certificate, s.Key, a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// NeedsRenewal reports whether a server's certificate is in the last third of its life.
func NeedsRenewal(c *x509.Certificate, now time.Time) bool {
	return !now.Before(c.NotAfter.Add(-RenewBefore))
}

// NeedsRotation reports whether an authority is so near its end that a new generation must begin.
func NeedsRotation(c *x509.Certificate, now time.Time) bool {
	return !now.Before(c.NotAfter.Add(-2 * Life))
}

// Fingerprint is the SHA-256 of a certificate, in hexadecimal digits.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

func checkKey(key crypto.PublicKey) error {
	if k, ok := key.(*ecdsa.PublicKey); !ok || k.Curve != elliptic.P256() {
		return errors.New("ca: the key is not of the kind ECDSA P-256")
	}
	return nil
}

// maximumRequest bounds a certificate request, in bytes.
const maximumRequest = 8 << 10

// NewRequest makes a certificate request (PKCS #10): the public key, and the proof that who asks has the private one. Everything
// else the authority decides.
func NewRequest(key *ecdsa.PrivateKey) ([]byte, error) {
	return x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
}

// RequestedKey reads the public key of a certificate request and checks that the asking side has the private one.
func RequestedKey(der []byte) (*ecdsa.PublicKey, error) {
	if len(der) > maximumRequest {
		return nil, errors.New("ca: the certificate request is too large")
	}
	r, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, err
	}
	if err := checkKey(r.PublicKey); err != nil {
		return nil, err
	}
	if err := r.CheckSignature(); err != nil {
		return nil, err
	}
	return r.PublicKey.(*ecdsa.PublicKey), nil
}
