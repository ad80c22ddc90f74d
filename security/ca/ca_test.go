package ca

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	cheap = Cost{Memory: 64, Time: 1}
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

const passphrase = "correct horse battery"

type world struct {
	*Authority
	ring *Keyring
}

func newWorld(t *testing.T) world {
	t.Helper()
	a, err := New(NewCluster(), 1, start)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := NewKeyring(passphrase, cheap)
	if err != nil {
		t.Fatal(err)
	}
	return world{a, ring}
}

func (w world) identity(node uint16) Identity { return Identity{w.Cluster, node, "cm2"} }

func (w world) issue(t *testing.T, i Identity, now time.Time) *x509.Certificate {
	t.Helper()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	c, err := w.Issue(Subject{Identity: i, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.2")}, Key: key.Public()}, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCertificateOfAServer(t *testing.T) {
	w := newWorld(t)
	c := w.issue(t, w.identity(2), start)
	trust := Trust{Cluster: w.Cluster, Anchors: []Anchor{{Certificate: w.Certificate}}}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		if got, err := trust.Verify(c, usage, start); err != nil || got != w.identity(2) {
			t.Errorf("%v, %v", got, err)
		}
	}
	if life := c.NotAfter.Sub(c.NotBefore); life > 397*24*time.Hour {
		t.Errorf("the certificate is valid for %v", life)
	}
	if err := c.VerifyHostname("192.0.2.2"); err != nil {
		t.Error(err)
	}
	if NeedsRenewal(c, start.AddDate(0, 8, 0)) || !NeedsRenewal(c, start.AddDate(0, 9, 0)) {
		t.Error("a certificate is renewed in the last third of its life")
	}
	if left := RenewBefore; left < 31*24*time.Hour {
		t.Errorf("a publisher that is away for a month leaves %v", left)
	}
	if NeedsRotation(w.Certificate, start) || !NeedsRotation(w.Certificate, start.AddDate(9, 0, 0)) {
		t.Error("an authority is replaced in its last years")
	}
}

func TestWhatIsNotTrusted(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	foreign, _ := New(w.Cluster, 1, start) // another authority that claims the same cluster
	good := w.issue(t, w.identity(2), start)
	trust := func(a ...Anchor) *Trust {
		return &Trust{Cluster: w.Cluster, Anchors: a, Denied: map[uint16]bool{9: true}}
	}
	recording := func(c *x509.Certificate, t *Trust) *Trust {
		t.Recorded = map[string]bool{Fingerprint(c): true}
		return t
	}
	ours := Anchor{Certificate: w.Certificate}
	for name, c := range map[string]struct {
		trust       *Trust
		certificate *x509.Certificate
		now         time.Time
		want        string
	}{
		"another cluster":         {trust(ours), other.issue(t, other.identity(2), start), start, "another cluster"},
		"another authority":       {trust(ours), world{foreign, nil}.issue(t, w.identity(2), start), start, "not by an authority"},
		"removed":                 {trust(ours), w.issue(t, w.identity(9), start), start, "removed"},
		"run out":                 {trust(ours), good, start.Add(Life), "expired"},
		"not yet":                 {trust(ours), good, start.AddDate(0, 0, -2), "expired or is not yet valid"},
		"the authority itself":    {trust(ours), w.Certificate, start, "names no server"},
		"retired":                 {trust(Anchor{Certificate: w.Certificate, Retired: true}), good, start, "retired"},
		"retired, another record": {recording(w.Certificate, trust(Anchor{Certificate: w.Certificate, Retired: true})), good, start, "retired"},
		"no anchor":               {trust(), good, start, "not by an authority"},
	} {
		if _, err := c.trust.Verify(c.certificate, x509.ExtKeyUsageClientAuth, c.now); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := trust(ours).Verify(w.issue(t, w.identity(9), start), x509.ExtKeyUsageAny, start); !errors.Is(err, ErrDenied) {
		t.Error(err)
	}
	kept := recording(good, trust(ours))
	for _, now := range []time.Time{start.AddDate(10, 0, 0), start.AddDate(-10, 0, 0)} {
		if _, err := kept.Verify(good, x509.ExtKeyUsageServerAuth, now); err != nil {
			t.Errorf("the clock jumps to %v: %v", now, err)
		}
	}
	recorded := recording(good, trust(Anchor{Certificate: w.Certificate, Retired: true}))
	if _, err := recorded.Verify(good, x509.ExtKeyUsageServerAuth, start); err != nil {
		t.Errorf("a recorded certificate of a retired authority: %v", err)
	}
	// An open connection outlives the generation by which it was made, and not its server's removal.
	if err := recording(good, trust(Anchor{Certificate: foreign.Certificate})).Holds(good, start); err != nil {
		t.Errorf("an open connection after the end of its generation: %v", err)
	}
	if recording(w.Certificate, trust(Anchor{Certificate: foreign.Certificate})).Holds(good, start) == nil {
		t.Error("a connection whose certificate is neither trusted nor on record holds")
	}
	if removed := w.issue(t, w.identity(9), start); recording(removed, trust(ours)).Holds(removed, start) == nil {
		t.Error("a connection of a removed server holds")
	}
}

func TestIdentityInACertificate(t *testing.T) {
	id := strings.Repeat("0a", 16)
	for uri, want := range map[string]bool{
		"tandem://" + id + "/node/2/cm2":                  true,
		"tandem://" + id + "/node/65535/cm2":              true,
		"tandem://" + id + "/node/65536/cm2":              false,
		"tandem://" + id + "/node/0/cm2":                  false,
		"tandem://" + id + "/node/02/cm2":                 false,
		"tandem://" + id + "/node/2/":                     false,
		"tandem://" + id + "/node/2":                      false,
		"tandem://" + id + "/node/2/cm2/x":                false,
		"tandem://" + id[1:] + "/node/2/cm2":              false,
		"tandem://" + id + "/authority/1":                 false,
		"https://" + id + "/node/2/cm2":                   false,
		"tandem://" + id + "/node/2/" + "c%00m":           false,
		"tandem://" + id + "/node/-1/cm2":                 false,
		"tandem://" + strings.ToUpper(id) + "/node/2/cm2": false,
	} {
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		i, err := IdentityOf(&x509.Certificate{URIs: []*url.URL{u}})
		if (err == nil) != want || (want && i.uri().String() != uri) {
			t.Errorf("%s: %v, %v", uri, i, err)
		}
	}
	if _, err := IdentityOf(&x509.Certificate{}); err == nil {
		t.Error("a certificate without a name")
	}
}

func TestIssueRefuses(t *testing.T) {
	w := newWorld(t)
	key, _ := NewKey()
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	good := Subject{Identity: w.identity(2), Key: key.Public()}
	for name, change := range map[string]func(*Subject){
		"another cluster": func(s *Subject) { s.Cluster = NewCluster() }, "no node": func(s *Subject) { s.Node = 0 },
		"no name": func(s *Subject) { s.Name = "" }, "a path as name": func(s *Subject) { s.Name = "a/b" },
		"another curve": func(s *Subject) { s.Key = p384.Public() }, "no key": func(s *Subject) { s.Key = nil },
		"too many addresses": func(s *Subject) { s.Addresses = make([]netip.Addr, MaximumAddresses+1) },
	} {
		s := good
		change(&s)
		if _, err := w.Issue(s, start); err == nil {
			t.Error(name)
		}
	}
}

func TestCertificateRequest(t *testing.T) {
	key, _ := NewKey()
	der, err := NewRequest(key)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := RequestedKey(der); err != nil || !got.Equal(key.Public()) {
		t.Error(err)
	}
	for i := range der {
		bad := bytes.Clone(der)
		bad[i] ^= 0x40
		if _, err := RequestedKey(bad); err == nil {
			t.Fatalf("a request with byte %d changed passes", i)
		}
	}
}

// The key is opened with the pass-phrase and the cluster secret together, and with neither alone.
func TestWrappedKey(t *testing.T) {
	w := newWorld(t)
	wrapped, err := w.Wrap(w.ring)
	if err != nil {
		t.Fatal(err)
	}
	open := func(k *Keyring) error {
		a, err := Open(w.Certificate, w.Cluster, 1, wrapped, k)
		if err == nil {
			world{a, k}.issue(t, w.identity(3), start)
		}
		return err
	}
	if err := open(w.ring); err != nil {
		t.Error(err)
	}
	locked := w.ring.Lock()
	if err := open(locked); !errors.Is(err, ErrLocked) || !locked.Locked() {
		t.Errorf("a backup without the pass-phrase: %v", err)
	}
	if _, err := locked.Unlock("wrong horse battery"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("a wrong pass-phrase: %v", err)
	}
	unlocked, err := locked.Unlock(passphrase)
	if err != nil || open(unlocked) != nil {
		t.Errorf("a backup with the pass-phrase: %v", err)
	}
	other, _ := NewKeyring(passphrase, cheap)
	if open(other) == nil {
		t.Error("the pass-phrase without the cluster secret opens the key")
	}
	samePassphrase, _ := w.ring.WithSecret(1, NewSecret())
	if open(samePassphrase) == nil {
		t.Error("the pass-phrase key with another cluster secret opens the key")
	}
	for i := range wrapped {
		bad := bytes.Clone(wrapped)
		bad[i] ^= 1
		if _, err := Open(w.Certificate, w.Cluster, 1, bad, w.ring); err == nil {
			t.Fatalf("a wrapped key with byte %d changed opens", i)
		}
	}
	foreign := newWorld(t)
	if _, err := Open(foreign.Certificate, w.Cluster, 1, wrapped, w.ring); err == nil {
		t.Error("a wrapped key opens for another certificate")
	}
}

// What a removed server has (its keyring, its sealing key, and a copy of all that is public) does not open the next generation.
func TestRotationLocksOut(t *testing.T) {
	w := newWorld(t)
	kept, _ := NewSealingKey()
	removed, _ := NewSealingKey()
	next, _ := New(w.Cluster, 2, start)
	secret := NewSecret()
	ring, err := w.ring.WithSecret(2, secret)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := next.Wrap(ring)
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := SealSecret(kept.Public(), 2, secret)
	if err != nil {
		t.Fatal(err)
	}

	if _, err := Open(next.Certificate, w.Cluster, 2, wrapped, w.ring); !errors.Is(err, ErrNoSecret) {
		t.Errorf("the old keyring opens the new key: %v", err)
	}
	if _, err := removed.OpenSecret(2, envelope); err == nil {
		t.Error("the removed server opens the envelope of another")
	}
	old, _ := w.ring.WithSecret(2, w.ring.secrets[1]) // the old secret under the new number
	if _, err := Open(next.Certificate, w.Cluster, 2, wrapped, old); err == nil {
		t.Error("the old secret opens the new key")
	}
	again, _ := ParseSealingKey(kept.Bytes())
	got, err := again.OpenSecret(2, envelope)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kept.OpenSecret(3, envelope); err == nil {
		t.Error("an envelope of generation 2 passes for one of 3")
	}
	theirs, _ := w.ring.WithSecret(2, got)
	if _, err := Open(next.Certificate, w.Cluster, 2, wrapped, theirs); err != nil {
		t.Errorf("a server that stays cannot open the new key: %v", err)
	}
}

func TestKeyringStored(t *testing.T) {
	w := newWorld(t)
	ring := w.ring
	for g := 2; g <= MaximumGenerations+2; g++ {
		ring, _ = ring.WithSecret(g, NewSecret())
	}
	if all := ring.Generations(); len(all) != MaximumGenerations || all[0] != 3 {
		t.Errorf("generations %v", all)
	}
	path := filepath.Join(t.TempDir(), "cluster.key")
	if err := WriteFile(path, ring.Encode()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	text, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseKeyring(text)
	if err != nil || !bytes.Equal(again.Encode(), ring.Encode()) {
		t.Errorf("%v", err)
	}
	message := []byte("exporter")
	if !again.Proves(Prove(ring.key, message), message) || again.Proves(Prove(NewSecret(), message), message) || ring.Lock().Proves(Prove(nil, message), message) {
		t.Error("proofs of the pass-phrase")
	}
}

func TestKeysAndCertificatesAsPEM(t *testing.T) {
	w := newWorld(t)
	key, _ := NewKey()
	text, err := EncodeKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ParseKey(text); err != nil || !again.Equal(key) {
		t.Error(err)
	}
	if c, err := ParseCertificate(EncodeCertificate(w.Certificate)); err != nil || !c.Equal(w.Certificate) {
		t.Error(err)
	}
	for _, bad := range [][]byte{nil, []byte("x"), EncodeCertificate(w.Certificate)[:80], text[:40]} {
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("%q is a key", bad)
		}
		if _, err := ParseCertificate(bad); err == nil {
			t.Errorf("%q is a certificate", bad)
		}
	}
	big := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(big, make([]byte, maximumFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(big); err == nil {
		t.Error("a file without bounds was read")
	}
}

func FuzzFiles(f *testing.F) {
	ring, _ := NewKeyring(passphrase, cheap)
	key, _ := NewKey()
	text, _ := EncodeKey(key)
	request, _ := NewRequest(key)
	a, _ := New(strings.Repeat("ab", 16), 1, start)
	wrapped, _ := a.Wrap(ring)
	for _, seed := range [][]byte{ring.Encode(), ring.Lock().Encode(), text, EncodeCertificate(a.Certificate), request, wrapped, []byte(`{"secrets":{"-1":""}}`)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := ParseKeyring(b); err == nil {
			if again, err := ParseKeyring(k.Encode()); err != nil || !bytes.Equal(again.Encode(), k.Encode()) {
				t.Errorf("a keyring does not survive being stored: %v", err)
			}
		}
		if c, err := ParseCertificate(b); err == nil {
			_, _ = IdentityOf(c)
			_, _ = (&Trust{Anchors: []Anchor{{Certificate: a.Certificate}}}).Verify(c, x509.ExtKeyUsageAny, start)
		}
		_, _ = ParseKey(b)
		_, _ = RequestedKey(b)
		if _, err := Open(a.Certificate, a.Cluster, 1, b, ring); err == nil && !bytes.Equal(b, wrapped) {
			t.Error("a wrapped key was made up")
		}
		s, _ := NewSealingKey()
		_, _ = s.OpenSecret(1, b)
	})
}
