package cluster

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tandem/cluster/link"
	"tandem/confdb"
	"tandem/fault"
	"tandem/security/ca"
	"tandem/telephony"
)

// generation is the number of the generation that makes certificates, and how many there are.
func (s *site) generation() (signs, all int) {
	s.t.Helper()
	a, err := signing(s.store.Snapshot())
	if err != nil {
		s.t.Fatal(err)
	}
	return a.Generation, len(generations(s.store.Snapshot()))
}

// A removed server loses its connections at once, everywhere, and gets no new one; those of the others stay.
func TestRemovalLocksOutAtOnce(t *testing.T) {
	s := newSite(t)
	two, three := s.joined("cm2", "127.0.0.2"), s.joined("cm3", "127.0.0.3")
	var open []*link.Conn
	for _, pair := range [][2]*member{{three, s.publisher}, {three, two}, {two, three}, {s.publisher, three}} {
		c, err := dial(pair[0], pair[1])
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		open = append(open, c)
	}
	stays, err := dial(two, s.publisher)
	if err != nil {
		t.Fatal(err)
	}
	defer stays.Close()
	// What the removed server has on its disk when it is removed.
	disk := copyDirectory(t, three.secrets.directory)
	database := s.store.Snapshot()

	removed, err := s.authority.Remove(t.Context(), "cm3")
	if err != nil || removed.Node != 3 {
		t.Fatalf("%+v, %v", removed, err)
	}
	for i, c := range open {
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("connection %d of the removed server lives: %v", i, err)
		}
	}
	if s.publisher.link.Connections(3) != 0 || two.link.Connections(3) != 0 {
		t.Error("connections with the removed server are in the registry")
	}
	until(t, "the alarm at the removed server", func() bool { return s.alarms.raised(fault.ServerRemoved) })

	// Its files open nothing. A link of its own making, by all that it has, is refused by everybody.
	secrets, err := OpenSecrets(disk)
	if err != nil {
		t.Fatal(err)
	}
	state, err := LinkState(database, secrets, s.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	outsider := &member{secrets: secrets}
	if outsider.link, err = link.New(link.Options{State: state}); err != nil {
		t.Fatal(err)
	}
	defer outsider.link.Close()
	for name, to := range map[string]*member{"the publisher": s.publisher, "a subscriber": two} {
		if c, err := dial(outsider, to); err == nil {
			_ = c.Close()
			t.Errorf("the removed server got in at %s", name)
		}
	}
	// With its keyring it opens the old authority, and makes itself a certificate of another node, even of one that there is: refused.
	ring, err := secrets.Keyring()
	if err != nil {
		t.Fatal(err)
	}
	old, err := signing(database)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := openAuthority(old, ring)
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range []uint16{2, 17} {
		key, err := ca.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := authority.Issue(ca.Subject{Identity: ca.Identity{Cluster: authority.Cluster, Node: node, Name: "cm2"}, Key: key.Public()}, s.clock.now())
		if err != nil {
			t.Fatal(err)
		}
		l, err := link.New(link.Options{State: link.State{Trust: state.Trust, Certificates: []link.Certificate{{Leaf: leaf, Authority: authority.Certificate, Key: key}}}})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if c, err := dial(&member{link: l}, s.publisher); err == nil {
			_ = c.Close()
			t.Errorf("a certificate of node %d that the removed server made got in", node)
		}
	}
	// The new key does not open, not even with everything that the cluster has in its configuration now.
	after := s.store.Snapshot()
	next, err := signing(after)
	if err != nil || next.Generation != 2 {
		t.Fatalf("generation %d, %v", next.Generation, err)
	}
	tried, err := receive(after, secrets.Identity, secrets.Sealing, ring)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openAuthority(next, tried); !errors.Is(err, ca.ErrNoSecret) {
		t.Errorf("the removed server opens the new key: %v", err)
	}
	for identity, text := range next.Envelopes {
		envelope, _ := base64.StdEncoding.DecodeString(text)
		if _, err := secrets.Sealing.OpenSecret(2, envelope); err == nil {
			t.Errorf("the removed server opens the envelope of %s", identity)
		}
	}

	// The others go on, and the old generation ends when each has a certificate of the new one.
	keeper := NewKeeper(KeeperOptions{Store: s.store, Secrets: s.publisher.secrets, Link: s.publisher.link, Authority: s.authority, Now: s.clock.now})
	until(t, "the end of the old generation", func() bool {
		if err := keeper.write(t.Context()); err != nil {
			t.Error(err)
		}
		signs, all := s.generation()
		return signs == 2 && all == 1
	})
	until(t, "a connection by new certificates", func() bool {
		c, err := dial(two, s.publisher)
		if err != nil {
			return false
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].Issuer.CommonName == certificatesOf(t, s.publisher.secrets).Authority.Subject.CommonName
	})
	_ = stays.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if _, err := stays.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection of another server did not outlive the old generation: %v", err)
	}
	// The number is not used again, and the identity is not taken again.
	again := s.candidate("cm3", "127.0.0.3")
	again.Secrets, again.Token = secrets, s.token(TokenOptions{})
	if _, err := Join(t.Context(), again); !errors.Is(err, fault.JoinIdentityTaken) {
		t.Errorf("the removed server joins with its old disk: %v", err)
	}
	fresh := s.candidate("cm3", "127.0.0.3")
	fresh.Token = s.token(TokenOptions{})
	if r := s.join(fresh); r.Identity.Node != 4 {
		t.Errorf("node %d", r.Identity.Node)
	}
}

func copyDirectory(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestRemovalRefused(t *testing.T) {
	s := newSite(t)
	s.joined("cm2", "127.0.0.2")
	if _, err := s.authority.Remove(t.Context(), "cm9"); !errors.Is(err, fault.MemberUnknown) {
		t.Error(err)
	}
	if _, err := s.authority.Remove(t.Context(), "cm1"); !errors.Is(err, fault.MemberNotRemovable) {
		t.Error(err)
	}
	if signs, all := s.generation(); signs != 1 || all != 1 {
		t.Errorf("a refused removal rotated: generation %d of %d", signs, all)
	}
}

// A server whose disk was wiped takes the place of the one that it was, whose number is denied.
func TestWipedServerJoinsAgain(t *testing.T) {
	s := newSite(t)
	s.joined("cm2", "127.0.0.2").stop()
	o := s.candidate("cm2", "127.0.0.2")
	o.Token = s.token(TokenOptions{})
	if _, err := Join(t.Context(), o); !errors.Is(err, fault.JoinNameTaken) {
		t.Fatal(err)
	}
	o.Token = s.token(TokenOptions{Replace: "cm2"})
	if r := s.join(o); r.Identity.Node != 3 || len(r.Members) != 2 {
		t.Errorf("%+v", r)
	}
	if trust, err := Trust(s.store.Snapshot()); err != nil || !trust.Denied[2] || trust.Denied[3] {
		t.Errorf("%v, %v", trust.Denied, err)
	}
	if _, _, err := s.authority.CreateToken(TokenOptions{Replace: "cm9"}); !errors.Is(err, fault.MemberUnknown) {
		t.Error(err)
	}
}

// A server renews its certificate by itself, through months in which the publisher is away, and never stops being trusted.
func TestRenewalWithoutThePublisher(t *testing.T) {
	s := newSite(t)
	two, three := s.joined("cm2", "127.0.0.2"), s.joined("cm3", "127.0.0.3")
	before := certificatesOf(t, two.secrets).Leaf
	s.away.Store(true)
	meet := func() {
		t.Helper()
		c, err := dial(two, three)
		if err != nil {
			t.Fatalf("after %v: %v", time.Duration(s.clock.offset.Load()), err)
		}
		_ = c.Close()
		until(t, "the end of a connection", func() bool { return three.link.Connections(2) == 0 })
	}
	meet()
	s.clock.advance(ca.Life - ca.RenewBefore - 31*24*time.Hour)
	meet()
	if !certificatesOf(t, two.secrets).Leaf.Equal(before) {
		t.Error("the certificate was renewed too early")
	}
	s.clock.advance(32 * 24 * time.Hour)
	for _, m := range []*member{two, three} {
		until(t, "the renewal", func() bool { return !ca.NeedsRenewal(certificatesOf(t, m.secrets).Leaf, s.clock.now()) })
	}
	if life := certificatesOf(t, two.secrets).Leaf.NotAfter.Sub(s.clock.now()); life < 300*24*time.Hour {
		t.Errorf("the new certificate has %v", life)
	}
	meet()
	s.clock.advance(ca.RenewBefore + 31*24*time.Hour) // the first certificates have ended
	meet()
	s.away.Store(false)
	until(t, "the records", func() bool {
		recorded := 0
		for _, m := range []*member{two, three} {
			o := self(s.store.Snapshot(), m.secrets.Identity)
			if o.Certificates[0] == ca.Fingerprint(certificatesOf(t, m.secrets).Leaf) {
				recorded++
			}
		}
		return recorded == 2
	})
	meet()
}

// Before the authority ends, the publisher begins a new generation by itself.
func TestAuthorityIsReplacedBeforeItsEnd(t *testing.T) {
	s := newSite(t)
	two := s.joined("cm2", "127.0.0.2")
	k := NewKeeper(KeeperOptions{Store: s.store, Secrets: s.publisher.secrets, Link: s.publisher.link, Authority: s.authority, Now: s.clock.now})
	s.clock.advance(ca.AuthorityLife - 2*ca.Life + 24*time.Hour)
	until(t, "the next generation alone", func() bool {
		if err := k.write(t.Context()); err != nil {
			t.Error(err)
		}
		signs, all := s.generation()
		return signs == 2 && all == 1
	})
	until(t, "a connection", func() bool {
		c, err := dial(two, s.publisher)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	})
}

func TestRotationByHand(t *testing.T) {
	s := newSite(t)
	s.joined("cm2", "127.0.0.2")
	s.away.Store(true) // nobody can put a new certificate on record
	if n, err := s.authority.Rotate(t.Context()); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	if signs, all := s.generation(); signs != 2 || all != 2 {
		t.Errorf("generation %d of %d", signs, all)
	}
	trust, err := Trust(s.store.Snapshot())
	if err != nil || len(trust.Anchors) != 2 || trust.Anchors[0].Retired || trust.Anchors[1].Retired {
		t.Errorf("%+v, %v", trust, err)
	}
	// A server that joins now is by the new generation, and its token names it.
	o := s.candidate("cm3", "127.0.0.3")
	o.Token = s.token(TokenOptions{})
	var r *JoinResult
	until(t, "the joining end has its certificate of the new generation", func() bool {
		var err error
		r, err = Join(t.Context(), o)
		return err == nil
	})
	if m := self(s.store.Snapshot(), o.Secrets.Identity); m.Generation != 2 || r.Identity.Node != 3 {
		t.Errorf("%+v", m)
	}
	// A removal while a rotation is going on retires both generations before.
	if _, err := s.authority.Remove(t.Context(), "cm3"); err != nil {
		t.Fatal(err)
	}
	trust, err = Trust(s.store.Snapshot())
	if err != nil || len(trust.Anchors) != 3 || trust.Anchors[0].Retired || !trust.Anchors[1].Retired || !trust.Anchors[2].Retired {
		t.Errorf("%+v, %v", trust, err)
	}
}

// Two fresh clusters share no secret.
func TestT10_FreshClustersShareNothing(t *testing.T) {
	seen := map[string]string{}
	for _, s := range []*site{newSite(t), newSite(t)} {
		for _, name := range []string{identityFile, linkKeyFile, sealingKeyFile, keyringFile} {
			path := s.publisher.secrets.path(name)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", name, info.Mode(), err)
			}
			if seen[string(text)] != "" {
				t.Errorf("%s is the same in two clusters", name)
			}
			seen[string(text)] = name
		}
	}
}

func TestSecretsAreKept(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "secrets")
	one, err := OpenSecrets(directory)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Keyring(); !errors.Is(err, errNoKeyring) {
		t.Error(err)
	}
	two, err := OpenSecrets(directory)
	if err != nil || two.Identity != one.Identity || !two.Key.Equal(one.Key) || !bytes.Equal(two.Sealing.Public(), one.Sealing.Public()) {
		t.Errorf("the same server is another after a restart: %v", err)
	}
	for _, name := range []string{identityFile, linkKeyFile, sealingKeyFile, keyringFile} {
		damaged := copyDirectory(t, directory)
		if err := os.WriteFile(filepath.Join(damaged, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenSecrets(damaged); err == nil {
			t.Errorf("a damaged %s was taken", name)
		}
	}
	if _, err := LinkState(confdb.NewMemory().Snapshot(), one, time.Now()); !errors.Is(err, errNoAuthority) {
		t.Errorf("a server that has not joined: %v", err)
	}
}

func TestMembersFollowed(t *testing.T) {
	s := newSite(t)
	lists := make(chan []Member, 10)
	done := make(chan error, 1)
	go func() { done <- Follow(t.Context(), s.store, func(m []Member) { lists <- m }) }()
	if first := <-lists; len(first) != 1 || first[0].Name != "cm1" {
		t.Errorf("%+v", first)
	}
	if _, err := s.store.Apply(t.Context(), *new(confdb.ChangeSet).Put(&telephony.Partition{Name: "p"}), confdb.Options{}); err != nil {
		t.Fatal(err)
	}
	s.joined("cm2", "127.0.0.2")
	if second := <-lists; len(second) != 2 || second[1].Node != 2 {
		t.Errorf("%+v", second)
	}
	_ = s.store.Close()
	if err := <-done; !errors.Is(err, confdb.ErrClosed) {
		t.Error(err)
	}
}

// The alarm of a server that cannot renew its certificate, before it is too late.
func TestCertificateThatCannotBeRenewed(t *testing.T) {
	s := newSite(t)
	secrets := s.publisher.secrets
	ring, err := secrets.Keyring()
	if err != nil {
		t.Fatal(err)
	}
	if err := secrets.SaveKeyring(ring.Lock()); err != nil { // restored without the pass-phrase
		t.Fatal(err)
	}
	s.clock.advance(ca.Life - 40*24*time.Hour)
	until(t, "the alarm", func() bool {
		return s.alarms.raised(fault.CertificateNotRenewed) && s.alarms.raised(fault.AuthorityNotOpened)
	})
	if err := secrets.SaveKeyring(ring); err != nil {
		t.Fatal(err)
	}
	until(t, "the renewal", func() bool { return !ca.NeedsRenewal(certificatesOf(t, secrets).Leaf, s.clock.now()) })
}

func TestCertificateOfAnotherUse(t *testing.T) {
	s := newSite(t)
	trust, err := Trust(s.store.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trust.Verify(certificatesOf(t, s.publisher.secrets).Leaf, x509.ExtKeyUsageCodeSigning, s.clock.now()); err == nil {
		t.Error("a server's certificate passes for another use")
	}
}
