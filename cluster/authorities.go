package cluster

import (
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"tandem/confdb"
	"tandem/confdb/schema"
	"tandem/security/ca"
	"tandem/telephony"
)

// generations lists the generations of the authority, the newest first.
func generations(s *confdb.Snapshot) []*telephony.ClusterAuthority {
	all := slices.Collect(s.ClusterAuthorities())
	slices.SortFunc(all, func(a, b *telephony.ClusterAuthority) int { return cmp.Compare(b.Generation, a.Generation) })
	return all
}

var errNoAuthority = errors.New("the configuration holds no certificate authority")

// signing is the generation that makes certificates.
func signing(s *confdb.Snapshot) (*telephony.ClusterAuthority, error) {
	for _, a := range generations(s) {
		if a.State == telephony.AuthoritySigning {
			return a, nil
		}
	}
	return nil, errNoAuthority
}

func certificateOf(a *telephony.ClusterAuthority) (*x509.Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(a.Certificate)
	if err != nil {
		return nil, fmt.Errorf("the certificate of generation %d: %w", a.Generation, err)
	}
	return x509.ParseCertificate(der)
}

// openAuthority opens the key of a generation.
func openAuthority(a *telephony.ClusterAuthority, ring *ca.Keyring) (*ca.Authority, error) {
	c, err := certificateOf(a)
	if err != nil {
		return nil, err
	}
	wrapped, err := base64.StdEncoding.DecodeString(a.WrappedKey.Reveal())
	if err != nil {
		return nil, err
	}
	return ca.Open(c, a.Cluster, a.Generation, wrapped, ring)
}

// authorityObject is an authority as it is stored.
func authorityObject(a *ca.Authority, ring *ca.Keyring) (*telephony.ClusterAuthority, error) {
	wrapped, err := a.Wrap(ring)
	if err != nil {
		return nil, err
	}
	return &telephony.ClusterAuthority{
		Fingerprint: ca.Fingerprint(a.Certificate), Cluster: a.Cluster, Generation: a.Generation, State: telephony.AuthoritySigning,
		Certificate: base64.StdEncoding.EncodeToString(a.Certificate.Raw), WrappedKey: telephony.NewSecret(base64.StdEncoding.EncodeToString(wrapped)),
	}, nil
}

// Trust is what the servers trust by a configuration.
func Trust(s *confdb.Snapshot) (*ca.Trust, error) {
	t := &ca.Trust{Denied: map[uint16]bool{}, Recorded: map[string]bool{}}
	for m := range s.Members() {
		if m.Removed() {
			t.Denied[uint16(m.Node)] = true
			continue
		}
		for _, f := range m.Certificates {
			t.Recorded[f] = true
		}
	}
	for _, a := range generations(s) {
		c, err := certificateOf(a)
		if err != nil {
			return nil, err
		}
		t.Cluster = a.Cluster
		t.Anchors = append(t.Anchors, ca.Anchor{Certificate: c, Retired: a.State == telephony.AuthorityRetired})
	}
	if len(t.Anchors) == 0 {
		return nil, errNoAuthority
	}
	return t, nil
}

// rotation is the change to a new generation: the one before becomes what old says, and the secret of the new one is sealed for every
// member but those that are to be left out.
func rotation(s *confdb.Snapshot, ring *ca.Keyring, old string, without string, now time.Time) ([]telephony.Object, int, error) {
	before, err := signing(s)
	if err != nil {
		return nil, 0, err
	}
	next, err := ca.New(before.Cluster, before.Generation+1, now)
	if err != nil {
		return nil, 0, err
	}
	secret := ca.NewSecret()
	ring, err = ring.WithSecret(next.Generation, secret)
	if err != nil {
		return nil, 0, err
	}
	o, err := authorityObject(next, ring)
	if err != nil {
		return nil, 0, err
	}
	o.Envelopes = map[string]string{}
	for m := range s.Members() {
		if m.Removed() || m.Identity == without {
			continue
		}
		public, err := hex.DecodeString(m.SealingKey)
		if err != nil {
			return nil, 0, err
		}
		envelope, err := ca.SealSecret(public, next.Generation, secret)
		if err != nil {
			return nil, 0, fmt.Errorf("seal the secret for %s: %w", m.Server, err)
		}
		o.Envelopes[m.Identity] = base64.StdEncoding.EncodeToString(envelope)
	}
	objects := []telephony.Object{o}
	for _, a := range generations(s) {
		// A generation that is retired stays so; one that is only being replaced is retired with the others when a server is removed.
		if a.State == old || a.State == telephony.AuthorityRetired {
			continue
		}
		changed := schema.Clone(a)
		changed.State = old
		objects = append(objects, changed)
	}
	return objects, next.Generation, nil
}

// receive opens the envelopes that are for this server, and returns the keyring with the secrets in them.
func receive(s *confdb.Snapshot, identity string, key ca.SealingKey, ring *ca.Keyring) (*ca.Keyring, error) {
	have := ring.Generations()
	all := generations(s)
	slices.Reverse(all) // the oldest first: the keyring keeps the newest
	for _, a := range all {
		text, sealed := a.Envelopes[identity]
		if !sealed || slices.Contains(have, a.Generation) {
			continue
		}
		envelope, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, err
		}
		secret, err := key.OpenSecret(a.Generation, envelope)
		if err != nil {
			return nil, fmt.Errorf("the secret of generation %d: %w", a.Generation, err)
		}
		if ring, err = ring.WithSecret(a.Generation, secret); err != nil {
			return nil, err
		}
	}
	return ring, nil
}
