package ca

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// Anchor is one generation that is trusted.
type Anchor struct {
	Certificate *x509.Certificate
	// Retired is a generation whose key somebody outside may have: only the certificates that are on record are trusted.
	Retired bool
}

// Trust says which certificates a cluster accepts. It is not changed once it is in use.
type Trust struct {
	Cluster string
	Anchors []Anchor        // the newest first
	Denied  map[uint16]bool // nodes that were removed
	// Recorded are the fingerprints of the certificates that the members are known to have.
	Recorded map[string]bool
}

// ErrDenied says that a server was removed from the cluster.
var ErrDenied = errors.New("the server was removed from the cluster")

// Verify checks a certificate in one of its uses, and tells whose it is. The error is ErrDenied or says what is wrong with the certificate.
func (t *Trust) Verify(c *x509.Certificate, usage x509.ExtKeyUsage, now time.Time) (Identity, error) {
	identity, err := IdentityOf(c)
	if err != nil {
		return Identity{}, err
	}
	if identity.Cluster != t.Cluster {
		return Identity{}, fmt.Errorf("%s is a server of another cluster", identity)
	}
	if t.Denied[identity.Node] {
		return identity, fmt.Errorf("%s: %w", identity, ErrDenied)
	}
	anchor := t.anchorOf(c)
	if anchor == nil {
		return Identity{}, fmt.Errorf("the certificate of %s is not by an authority that this server trusts", identity)
	}
	pool := x509.NewCertPool()
	pool.AddCert(anchor.Certificate)
	if _, err := c.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: within(now, c, anchor.Certificate), KeyUsages: []x509.ExtKeyUsage{usage}}); err != nil {
		return Identity{}, err
	}
	// A clock that jumps, or a server that was switched off for a year, must not take a cluster apart (T-21): the dates of a certificate
	// that is on record do not count, since the record ends with the server's removal. Its server renews it.
	if (now.Before(c.NotBefore) || now.After(c.NotAfter)) && !t.Recorded[Fingerprint(c)] {
		return Identity{}, fmt.Errorf("the certificate of %s has expired or is not yet valid", identity)
	}
	if anchor.Retired && !t.Recorded[Fingerprint(c)] {
		return Identity{}, fmt.Errorf("the certificate of %s is by a retired authority and not on record", identity)
	}
	return identity, nil
}

// Holds reports whether the other end of an open connection, which was accepted with this certificate, is still trusted. The end of a
// generation does not cut the connections of those who are members: calls go over them.
func (t *Trust) Holds(c *x509.Certificate, now time.Time) error {
	i, err := IdentityOf(c)
	if err == nil && i.Cluster == t.Cluster && !t.Denied[i.Node] && t.Recorded[Fingerprint(c)] {
		return nil
	}
	_, err = t.Verify(c, x509.ExtKeyUsageAny, now)
	return err
}

// within is the time in which both certificates are valid that is nearest to now.
func within(now time.Time, all ...*x509.Certificate) time.Time {
	for _, c := range all {
		if now.After(c.NotAfter) {
			now = c.NotAfter
		}
	}
	for _, c := range all {
		if now.Before(c.NotBefore) {
			now = c.NotBefore
		}
	}
	return now
}

func (t *Trust) anchorOf(c *x509.Certificate) *Anchor {
	for i := range t.Anchors {
		if c.CheckSignatureFrom(t.Anchors[i].Certificate) == nil {
			return &t.Anchors[i]
		}
	}
	return nil
}

// Pool is the certificates of all generations, for the list of acceptable authorities in a handshake.
func (t *Trust) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, a := range t.Anchors {
		pool.AddCert(a.Certificate)
	}
	return pool
}
