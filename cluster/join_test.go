package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"tandem/cluster/link"
	"tandem/confdb"
	"tandem/fault"
	"tandem/security/ca"
	"tandem/telephony"
)

func TestJoin(t *testing.T) {
	s := newSite(t)
	o := s.candidate("cm2", "127.0.0.2")
	o.Token = s.token(TokenOptions{})
	r := s.join(o)
	if r.Identity.Node != 2 || r.Identity.Name != "cm2" || r.Publisher.Name != "cm1" || len(r.Members) != 2 || string(r.Files["data.key"]) != "the data key" {
		t.Errorf("%+v", r)
	}
	if len(r.Warnings) != 0 {
		t.Errorf("warnings without a reason: %v", r.Warnings)
	}
	snapshot := s.store.Snapshot()
	m, found := Find(snapshot, "cm2")
	if !found || m.Node != 2 || m.Replication() != "127.0.0.2:7400" || m.Signals() != "127.0.0.2:7401" || m.Files() != "127.0.0.2:7402" {
		t.Errorf("%+v", m)
	}
	if server := snapshot.Server("cm2"); server == nil || server.Address != "127.0.0.2" {
		t.Errorf("%+v", server)
	}
	// Without a copy of the configuration it can already talk to the publisher, by what it was told.
	state, err := LinkState(confdb.NewMemory().Snapshot(), o.Secrets, s.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	l, err := link.New(link.Options{State: state})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := l.Dial(t.Context(), link.Replication, s.publisher.end.Addr().String(), r.Publisher.Node)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	// With its keyring it opens the authority, as every server does.
	ring, err := o.Secrets.Keyring()
	if err != nil {
		t.Fatal(err)
	}
	generation, err := signing(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openAuthority(generation, ring); err != nil {
		t.Error(err)
	}
}

// Each refusal, with its fault. What is refused leaves no member behind and, where it can be mended, does not spend the token.
func TestRefusals(t *testing.T) {
	s := newSite(t)
	s.joined("cm2", "127.0.0.2")
	if _, err := s.store.Apply(t.Context(), *new(confdb.ChangeSet).Put(&telephony.Server{Name: "planned", Address: "127.0.0.9"}), confdb.Options{}); err != nil {
		t.Fatal(err)
	}
	copied, err := OpenSecrets(s.publisher.secrets.directory) // a copy of the publisher's disk
	if err != nil {
		t.Fatal(err)
	}
	used := s.token(TokenOptions{})
	first := s.candidate("cm3", "127.0.0.3")
	first.Token = used
	s.join(first)
	for _, c := range []struct {
		name   string
		change func(*JoinOptions)
		want   fault.Code
		spent  bool // the token, for anybody else
	}{
		{"another token", func(o *JoinOptions) { o.Token = NewToken(o.Token.Authority, o.Token.Address) }, fault.JoinTokenUnknown, false},
		{"a used token", func(o *JoinOptions) { o.Token = used }, fault.JoinTokenUsed, false},
		{"a wrong pass-phrase", func(o *JoinOptions) { o.Passphrase = "wrong horse" }, fault.JoinPassphraseWrong, false},
		{"an older version", func(o *JoinOptions) { o.Version = "1.2.2" }, fault.JoinVersionDiffers, false},
		{"a copied disk", func(o *JoinOptions) { o.Secrets = copied }, fault.JoinIdentityTaken, false},
		{"the name of a member", func(o *JoinOptions) { o.Name = "CM2" }, fault.JoinNameTaken, false},
		{"the address of a member", func(o *JoinOptions) { o.Addresses, o.Announce = []netip.Addr{loopback}, loopback }, fault.JoinAddressTaken, false},
		{"the address of a server that is entered", func(o *JoinOptions) {
			a := netip.MustParseAddr("127.0.0.9")
			o.Addresses, o.Announce = []netip.Addr{a}, a
		}, fault.JoinAddressTaken, false},
		{"a clock that is behind", func(o *JoinOptions) { o.Now = func() time.Time { return s.clock.now().Add(-10 * time.Minute) } }, fault.JoinClockDiffers, false},
		{"a clock that is years ahead", func(o *JoinOptions) { o.Now = func() time.Time { return s.clock.now().AddDate(5, 0, 0) } }, fault.JoinClockDiffers, false},
		{"an address that is not here", func(o *JoinOptions) { o.Announce = netip.MustParseAddr("192.0.2.1") }, fault.JoinAddressUnfit, false},
		{"no server's name", func(o *JoinOptions) { o.Name = "a/b" }, fault.JoinRequestInvalid, false},
		{"a publisher without an address", func(o *JoinOptions) { o.Publisher = "nowhere.example:7402" }, fault.JoinNameUnresolved, false},
		{"a publisher without a port", func(o *JoinOptions) { o.Publisher = "cm1" }, fault.JoinNameUnresolved, false},
		{"nobody there", func(o *JoinOptions) { o.Publisher = "127.0.0.1:1" }, fault.JoinUnreachable, false},
		{"the port of replication", func(o *JoinOptions) { o.Publisher = s.publisher.end.Addr().String() }, fault.JoinUnreachable, false},
	} {
		before := len(Members(s.store.Snapshot()))
		o := s.candidate("cm4", "127.0.0.4")
		o.Token = s.token(TokenOptions{})
		token := o.Token
		c.change(&o)
		_, err := Join(t.Context(), o)
		f := fault.From(err)
		if f == nil || f.Code != c.want || f.Reason == "" || f.Action == "" {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		if len(Members(s.store.Snapshot())) != before {
			t.Errorf("%s: a member came", c.name)
		}
		if _, err := s.authority.tokens.find(tokenID(token.proofKey()), "somebody else"); (err != nil) != c.spent {
			t.Errorf("%s: the token: %v", c.name, err)
		}
		_ = s.authority.tokens.finishAll()
	}
	expired := s.candidate("cm4", "127.0.0.4")
	expired.Token = s.token(TokenOptions{Life: time.Minute})
	s.clock.advance(2 * time.Minute)
	if _, err := Join(t.Context(), expired); !errors.Is(err, fault.JoinTokenExpired) {
		t.Error(err)
	}
	s.options.Publisher = func() telephony.ServerName { return "cm2" }
	s.serve()
	elsewhere := s.candidate("cm4", "127.0.0.4")
	elsewhere.Token = NewToken(expired.Token.Authority, s.files)
	if _, err := Join(t.Context(), elsewhere); !errors.Is(err, fault.JoinNotPublisher) {
		t.Error(err)
	}
	if _, _, err := s.authority.CreateToken(TokenOptions{}); !errors.Is(err, fault.JoinNotPublisher) {
		t.Error(err)
	}
}

// finishAll spends every token, so that tests are not held up by the bound on open ones.
func (t *tokens) finishAll() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.all {
		s.Used = true
		if err := t.save(s); err != nil {
			return err
		}
	}
	return nil
}

// A token that was shown with too many wrong pass-phrases is void, also for who knows the right one, and after a restart.
func TestPassphraseAttemptsAreLimited(t *testing.T) {
	s := newSite(t)
	o := s.candidate("cm2", "127.0.0.2")
	o.Token, o.Passphrase = s.token(TokenOptions{}), "wrong"
	key := tokenID(o.Token.proofKey())
	if _, err := Join(t.Context(), o); !errors.Is(err, fault.JoinPassphraseWrong) {
		t.Fatal(err)
	}
	for range PassphraseAttempts - 1 { // without the pauses
		if _, err := s.authority.tokens.missed(key); err != nil {
			t.Fatal(err)
		}
	}
	s.serve()
	o.Passphrase, o.Publisher = passphrase, s.files
	if _, err := Join(t.Context(), o); !errors.Is(err, fault.JoinTokenVoid) {
		t.Error(err)
	}
}

func TestTwoVersionsDuringAnUpgrade(t *testing.T) {
	s := newSite(t)
	s.options.PermitVersions = func() []string { return []string{version, "1.3.0"} }
	s.serve()
	for i, v := range []string{version, "1.3.0", "1.4.0"} {
		o := s.candidate(telephony.ServerName(fmt.Sprintf("cm%d", i+2)), fmt.Sprintf("127.0.0.%d", i+2))
		o.Token, o.Version = s.token(TokenOptions{}), v
		if _, err := Join(t.Context(), o); (err == nil) != (v != "1.4.0") {
			t.Errorf("version %s: %v", v, err)
		}
	}
}

func TestSeveralJoinAtOnce(t *testing.T) {
	s := newSite(t)
	const servers = 6
	results := make([]*JoinResult, servers)
	errs := make([]error, servers)
	var work sync.WaitGroup
	for i := range servers {
		o := s.candidate(telephony.ServerName(fmt.Sprintf("cm%d", i+2)), fmt.Sprintf("127.0.0.%d", i+2))
		o.Token = s.token(TokenOptions{})
		work.Go(func() { results[i], errs[i] = Join(context.Background(), o) })
	}
	work.Wait()
	nodes := map[uint16]bool{}
	for i := range servers {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		nodes[results[i].Identity.Node] = true
	}
	if len(nodes) != servers || nodes[1] || len(Members(s.store.Snapshot())) != servers+1 {
		t.Errorf("nodes %v", nodes)
	}
}

// One token shown by several servers at once admits one of them.
func TestStolenTokenAdmitsOne(t *testing.T) {
	s := newSite(t)
	token := s.token(TokenOptions{})
	const servers = 4
	errs := make([]error, servers)
	var work sync.WaitGroup
	for i := range servers {
		o := s.candidate(telephony.ServerName(fmt.Sprintf("cm%d", i+2)), fmt.Sprintf("127.0.0.%d", i+2))
		o.Token = token
		work.Go(func() { _, errs[i] = Join(context.Background(), o) })
	}
	work.Wait()
	admitted := 0
	for _, err := range errs {
		switch {
		case err == nil:
			admitted++
		case !errors.Is(err, fault.JoinTokenUsed):
			t.Error(err)
		}
	}
	if admitted != 1 || len(Members(s.store.Snapshot())) != 2 {
		t.Errorf("%d servers were admitted", admitted)
	}
}

// Somebody in the middle who has the token's address but another authority learns nothing: the connection ends before the first word.
func TestManInTheMiddle(t *testing.T) {
	s, other := newSite(t), newSite(t)
	o := s.candidate("cm2", "127.0.0.2")
	o.Token = s.token(TokenOptions{})
	o.Publisher = other.files
	if _, err := Join(t.Context(), o); !errors.Is(err, fault.JoinAuthorityForeign) {
		t.Error(err)
	}
	// A copy of our authority's certificate in the chain does not help: the certificate itself must be by it.
	honest, foreign := certificatesOf(t, s.publisher.secrets), certificatesOf(t, other.publisher.secrets)
	forged, err := link.New(link.Options{State: link.State{Trust: &ca.Trust{Cluster: "x"}, Certificates: []link.Certificate{{Leaf: foreign.Leaf, Authority: honest.Authority, Key: foreign.Key}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer forged.Close()
	end, err := forged.Listen(link.Files, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan []byte, 1)
	var work sync.WaitGroup
	work.Go(func() {
		c, err := end.Joins().Accept()
		if err != nil {
			close(heard)
			return
		}
		defer c.Close()
		b := make([]byte, 100)
		n, _ := c.Read(b)
		heard <- b[:n]
	})
	o.Publisher = end.Addr().String()
	if _, err := Join(t.Context(), o); !errors.Is(err, fault.JoinAuthorityForeign) {
		t.Error(err)
	}
	_ = end.Close()
	work.Wait()
	if b, ok := <-heard; ok && len(b) > 0 {
		t.Errorf("the man in the middle heard %q", b)
	}
}

func certificatesOf(t *testing.T, s *Secrets) link.Certificate {
	t.Helper()
	own, err := s.Certificates()
	if err != nil || len(own) == 0 {
		t.Fatal(err)
	}
	roots, err := s.Authorities()
	if err != nil || len(roots) == 0 {
		t.Fatal(err)
	}
	return link.Certificate{Leaf: own[0], Authority: roots[0], Key: s.Key}
}

// A relay in the middle that passes on what it hears cannot use the proofs on a connection of its own: they are bound to the first.
func TestProofsAreBoundToTheirConnection(t *testing.T) {
	s := newSite(t)
	o := s.candidate("cm2", "127.0.0.2")
	o.Token = s.token(TokenOptions{})
	connect := func() *joiner {
		j := &joiner{o: o}
		j.o.Publisher = s.files
		if err := j.connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = j.conn.NetConn().Close() })
		if err := j.ask(pathBegin, struct{}{}, &j.begun); err != nil {
			t.Fatal(err)
		}
		return j
	}
	one, two := connect(), connect()
	request, err := ca.NewRequest(o.Secrets.Key)
	if err != nil {
		t.Fatal(err)
	}
	message, err := one.seal(asked(o, request, s.clock.now()))
	if err != nil {
		t.Fatal(err)
	}
	var answer admission
	if err := two.ask(pathJoin, message, &answer); !errors.Is(err, fault.JoinTokenUnknown) {
		t.Errorf("a proof from another connection: %v", err)
	}
	changed := message
	changed.Request = append([]byte(nil), message.Request...)
	changed.Request[len(changed.Request)-2] ^= 1 // the last digit of the time
	if err := one.ask(pathJoin, changed, &answer); err == nil {
		t.Error("a proof for another request")
	}
	if err := one.ask(pathJoin, message, &answer); err != nil || answer.Node != 2 {
		t.Errorf("the proof itself: %v", err)
	}
}

func asked(o JoinOptions, csr []byte, now time.Time) request {
	return request{Details: o.Details, Identity: o.Secrets.Identity, Request: csr, SealingKey: o.Secrets.Sealing.Public(), Version: o.Version, Time: now.UnixNano()}
}

// broken is a store in which the change that admits a server fails, once.
type broken struct {
	Store
	before, after bool
}

func (b *broken) Update(ctx context.Context, o confdb.Options, f func(*confdb.Snapshot) (confdb.ChangeSet, error)) (confdb.Result, error) {
	if b.before {
		b.before = false
		return confdb.Result{}, errors.New("killed before the change was stored")
	}
	r, err := b.Store.Update(ctx, o, f)
	if b.after && err == nil {
		b.after = false
		return r, errors.New("killed after the change was stored")
	}
	return r, err
}

// The publisher is killed between the use of a token and the end of the join. The token stays with the server that used it: it may
// go on with it, under the same number if it had got one, and nobody else may, before and after the restart.
func TestCrashAfterTheTokenWasUsed(t *testing.T) {
	for name, store := range map[string]*broken{"before the change": {before: true}, "after the change": {after: true}} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			store.Store = s.store
			s.options.Store = store
			s.serve()
			o := s.candidate("cm2", "127.0.0.2")
			o.Token = s.token(TokenOptions{})
			if _, err := Join(t.Context(), o); !errors.Is(err, fault.JoinBroken) {
				t.Fatal(err)
			}
			s.serve() // the journal is read again
			thief := s.candidate("cm9", "127.0.0.9")
			thief.Token, thief.Publisher = o.Token, s.files
			if _, err := Join(t.Context(), thief); !errors.Is(err, fault.JoinTokenUsed) {
				t.Errorf("another server with the same token: %v", err)
			}
			o.Publisher = s.files
			if r := s.join(o); r.Identity.Node != 2 || len(r.Members) != 2 {
				t.Errorf("again: %+v", r)
			}
			if _, err := Join(t.Context(), o); !errors.Is(err, fault.JoinTokenUsed) {
				t.Errorf("a third time: %v", err)
			}
		})
	}
}

func TestNamesAreCheckedWhenJoining(t *testing.T) {
	s := newSite(t)
	o := s.candidate("cm2", "127.0.0.2")
	o.Token, o.Resolver, o.Publisher = s.token(TokenOptions{}), names{wrong: true}, ""
	r := s.join(o)
	if len(r.Warnings) == 0 || r.Warnings[0].Code != fault.NameForwardMissing {
		t.Errorf("%v", r.Warnings)
	}
}

func TestClockOffset(t *testing.T) {
	for offset, want := range map[time.Duration]fault.Code{0: "", 4 * time.Second: "", -6 * time.Second: fault.ClockDrifts, 59 * time.Second: fault.ClockDrifts,
		61 * time.Second: fault.JoinClockDiffers, -time.Hour: fault.JoinClockDiffers} {
		warning, err := CheckClock("cm2", offset)
		got := fault.Code("")
		if warning != nil {
			got = warning.Code
		}
		if f := fault.From(err); f != nil {
			got = f.Code
		}
		if got != want {
			t.Errorf("%v: %s, want %s", offset, got, want)
		}
	}
	s := newSite(t)
	o := s.candidate("cm2", "127.0.0.2")
	o.Token, o.Now = s.token(TokenOptions{}), func() time.Time { return s.clock.now().Add(20 * time.Second) }
	if r := s.join(o); len(r.Warnings) == 0 || r.Warnings[0].Code != fault.ClockDrifts {
		t.Errorf("20 s: %v", r.Warnings)
	}
}

func TestAnnouncedAddress(t *testing.T) {
	a := func(texts ...string) (all []netip.Addr) {
		for _, text := range texts {
			all = append(all, netip.MustParseAddr(text))
		}
		return all
	}
	none := netip.Addr{}
	for name, c := range map[string]struct {
		own            []netip.Addr
		wanted, toward netip.Addr
		want           []netip.Addr
		notice         bool
		refused        bool
	}{
		"one":                   {a("127.0.0.1", "192.0.2.1"), none, a("192.0.2.1")[0], a("192.0.2.1"), false, false},
		"two, by the way":       {a("127.0.0.1", "192.0.2.1", "198.51.100.1"), none, a("198.51.100.1")[0], a("198.51.100.1", "192.0.2.1"), true, false},
		"two, by wish":          {a("192.0.2.1", "198.51.100.1"), a("192.0.2.1")[0], a("198.51.100.1")[0], a("192.0.2.1", "198.51.100.1"), false, false},
		"not here":              {a("192.0.2.1"), a("192.0.2.9")[0], a("192.0.2.1")[0], nil, false, true},
		"link-local is no use":  {a("fe80::1", "2001:db8::1"), none, a("2001:db8::1")[0], a("2001:db8::1"), false, false},
		"mapped":                {a("::ffff:192.0.2.1"), none, a("::ffff:192.0.2.1")[0], a("192.0.2.1"), false, false},
		"all on one machine":    {a("127.0.0.2", "192.0.2.1"), a("127.0.0.2")[0], a("127.0.0.1")[0], a("127.0.0.2"), false, false},
		"every one: no address": {a("0.0.0.0"), a("0.0.0.0")[0], a("192.0.2.1")[0], nil, false, true},
	} {
		got, notice, err := Announce(c.own, c.wanted, c.toward)
		if fmt.Sprint(got) != fmt.Sprint(c.want) || (notice != nil) != c.notice || errors.Is(err, fault.JoinAddressUnfit) != c.refused {
			t.Errorf("%s: %v, %v, %v", name, got, notice, err)
		}
	}
}

func FuzzRequest(f *testing.F) {
	secrets, err := OpenSecrets(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	csr, err := ca.NewRequest(secrets.Key)
	if err != nil {
		f.Fatal(err)
	}
	good, err := json.Marshal(asked(JoinOptions{Secrets: secrets, Details: Details{Name: "cm2", Addresses: []netip.Addr{loopback}}}, csr, time.Unix(0, 0)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"Name":"cm2","Addresses":["::1%eth0"],"identity":"00"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var q request
		if json.Unmarshal(b, &q) != nil {
			return
		}
		_ = q.claimant()
		if q.checkForm() != nil {
			return
		}
		if len(q.Addresses) == 0 || q.Name == "" || q.Identity == "" {
			t.Errorf("a server without a name, identity or address passes: %+v", q)
		}
		_ = checkPlace(confdb.NewMemory().Snapshot(), &q)
	})
}

// Who is not speaking the protocol gets a refusal, and costs little.
func TestNonsenseAtTheJoiningEnd(t *testing.T) {
	s := newSite(t)
	o := s.candidate("cm2", "127.0.0.2")
	o.Token = s.token(TokenOptions{})
	j := &joiner{o: o}
	j.o.Publisher = s.files
	if err := j.connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer j.conn.NetConn().Close()
	for _, message := range []any{"", 1, map[string]any{"request": "bm90aGluZw=="}, sealed{Request: []byte("{}")}, sealed{Request: []byte(`{"Addresses":["x"]}`)}} {
		if err := j.ask(pathJoin, message, &struct{}{}); !errors.Is(err, fault.JoinRequestInvalid) && !errors.Is(err, fault.JoinTokenUnknown) {
			t.Errorf("%v: %v", message, err)
		}
	}
	plain, err := net.Dial("tcp", s.files)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	_, _ = plain.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	_ = plain.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 100)
	if n, err := plain.Read(b); err == nil && n > 50 {
		t.Errorf("without TLS: %q", b[:n])
	}
}
