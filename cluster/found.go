package cluster

import (
	"crypto/x509"
	"encoding/hex"
	"net/netip"
	"time"

	"tandem/security/ca"
	"tandem/telephony"
)

// Details are what a server says of itself.
type Details struct {
	Name      telephony.ServerName
	Addresses []netip.Addr // at which the others reach it, the one to announce first; at most ca.MaximumAddresses
	Ports     Ports
}

// Found sets the trust of a new cluster up: its authority, its keyring and the certificate of its first server, node 1. It
// writes the secrets of this server and returns what goes into the configuration.
func Found(secrets *Secrets, passphrase string, cost ca.Cost, d Details, now time.Time) ([]telephony.Object, error) {
	ring, err := ca.NewKeyring(passphrase, cost)
	if err != nil {
		return nil, err
	}
	a, err := ca.New(ca.NewCluster(), 1, now)
	if err != nil {
		return nil, err
	}
	object, err := authorityObject(a, ring)
	if err != nil {
		return nil, err
	}
	c, err := a.Issue(ca.Subject{Identity: ca.Identity{Cluster: a.Cluster, Node: 1, Name: d.Name}, Addresses: d.Addresses, Key: secrets.Key.Public()}, now)
	if err != nil {
		return nil, err
	}
	if err := secrets.SaveKeyring(ring); err != nil {
		return nil, err
	}
	if err := secrets.SaveAuthorities([]*x509.Certificate{a.Certificate}); err != nil {
		return nil, err
	}
	if err := secrets.SaveCertificates([]*x509.Certificate{c}); err != nil {
		return nil, err
	}
	return []telephony.Object{object, newMember(secrets.Identity, 1, d, hex.EncodeToString(secrets.Sealing.Public()), c, 1, now)}, nil
}

func newMember(identity string, node uint16, d Details, sealing string, c *x509.Certificate, generation int, now time.Time) *telephony.Member {
	m := &telephony.Member{
		Identity: identity, Node: int(node), Server: d.Name, ReplicationPort: d.Ports.Replication, SignalsPort: d.Ports.Signals,
		FilesPort: d.Ports.Files, SealingKey: sealing, Certificates: []string{ca.Fingerprint(c)}, Generation: generation,
		JoinedAt: now.UTC().Format(time.RFC3339),
	}
	for _, a := range d.Addresses {
		m.Addresses = append(m.Addresses, a.Unmap().String())
	}
	return m
}
