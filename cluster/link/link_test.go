package link

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tandem/fault"
	"tandem/security/ca"
	"tandem/telephony"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

func authority(t *testing.T, cluster string, generation int) *ca.Authority {
	t.Helper()
	a, err := ca.New(cluster, generation, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func certificate(t *testing.T, a *ca.Authority, node uint16) Certificate {
	t.Helper()
	key, err := ca.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	name := telephony.ServerName("cm" + string(rune('0'+node)))
	leaf, err := a.Issue(ca.Subject{Identity: ca.Identity{Cluster: a.Cluster, Node: node, Name: name}, Key: key.Public()}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return Certificate{Leaf: leaf, Authority: a.Certificate, Key: key}
}

func trust(all ...*ca.Authority) *ca.Trust {
	t := &ca.Trust{Cluster: all[0].Cluster}
	for _, a := range all {
		t.Anchors = append(t.Anchors, ca.Anchor{Certificate: a.Certificate})
	}
	return t
}

func newLink(t *testing.T, o Options) *Link {
	t.Helper()
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func server(t *testing.T, a *ca.Authority, node uint16) *Link {
	t.Helper()
	return newLink(t, Options{State: State{trust(a), []Certificate{certificate(t, a, node)}}})
}

// echo accepts and sends back what comes.
func echo(t *testing.T, l *Link, p Purpose) *Listener {
	t.Helper()
	e, err := l.Listen(p, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := e.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); work.Wait() })
	return e
}

func say(c net.Conn) error {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := c.Write([]byte("hello")); err != nil {
		return err
	}
	b := make([]byte, 5)
	_, err := io.ReadFull(c, b)
	return err
}

// talk dials and says something: in TLS 1.3 a client learns only then that its certificate was refused.
func talk(l *Link, p Purpose, address string, want uint16) (*Conn, error) {
	c, err := l.Dial(context.Background(), p, address, want)
	if err != nil {
		return nil, err
	}
	if err := say(c); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, patience)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestTwoServersKnowEachOther(t *testing.T) {
	a := authority(t, ca.NewCluster(), 1)
	one, two := server(t, a, 1), server(t, a, 2)
	e, err := one.Listen(Replication, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, 1)
	go func() {
		c, _ := e.Accept()
		accepted <- c
	}()
	c, err := two.Dial(context.Background(), Replication, e.Addr().String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	other := <-accepted
	defer other.Close()
	if i, ok := PeerOf(c); !ok || i != one.Self() || i.Name != "cm1" {
		t.Errorf("the dialling side sees %v", i)
	}
	if i, ok := PeerOf(other); !ok || i != two.Self() || i.Node != 2 {
		t.Errorf("the accepting side sees %v", i)
	}
	if v := c.ConnectionState().Version; v != tls.VersionTLS13 {
		t.Errorf("TLS version %x", v)
	}
	if one.Connections(2) != 1 || two.Connections(1) != 1 || two.Connections(3) != 0 {
		t.Error("the registry")
	}
	_ = c.Close()
	_ = other.Close()
	if one.Connections(0) != 0 || two.Connections(0) != 0 {
		t.Error("closed connections stay in the registry")
	}
}

func TestWhoIsRefused(t *testing.T) {
	cluster := ca.NewCluster()
	a := authority(t, cluster, 1)
	var refusals atomic.Int32
	one := newLink(t, Options{State: State{trust(a), []Certificate{certificate(t, a, 1)}}, Refused: func(f *fault.Error) {
		if f.Code == fault.ServerRefused && strings.Contains(f.Message, "127.0.0.1:") {
			refusals.Add(1)
		}
	}})
	e := echo(t, one, Replication)
	address := e.Addr().String()
	two := server(t, a, 2)
	foreign := authority(t, ca.NewCluster(), 1)
	forged := authority(t, cluster, 1) // a man in the middle with an authority that claims to be ours
	removed := server(t, a, 9)
	one.Deny(9)
	forgedLink := newLink(t, Options{State: State{trust(a), []Certificate{certificate(t, forged, 3)}}})
	for name, try := range map[string]func() error{
		"another cluster":                        func() error { _, err := talk(server(t, foreign, 2), Replication, address, 1); return err },
		"a foreign certificate by who trusts us": func() error { _, err := talk(forgedLink, Replication, address, 1); return err },
		"another server than wanted": func() error {
			_, err := talk(two, Replication, address, 3)
			if !errors.Is(err, ErrWrongServer) {
				t.Errorf("another server: %v", err)
			}
			return err
		},
		"another purpose": func() error {
			_, err := talk(two, Signals, address, 1)
			if !errors.Is(err, ErrVersion) {
				t.Errorf("another purpose: %v", err)
			}
			return err
		},
		"a removed server": func() error { _, err := talk(removed, Replication, address, 1); return err },
		"a copy of the disk": func() error {
			_, err := talk(newLink(t, Options{State: *one.state.Load()}), Replication, address, 1)
			return err
		},
		"who wants to join, on the port of replication": func() error {
			return dialTLS(address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"tandem-joining/1"}})
		},
		"without a certificate": func() error {
			return dialTLS(address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"tandem-replication/1"}})
		},
		"no protocol named": func() error {
			own := certificate(t, a, 4)
			return dialTLS(address, &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{*own.tls(false)}})
		},
	} {
		if try() == nil {
			t.Errorf("%s got in", name)
		}
	}
	// Told are the foreign certificate, the removed server and the copy of the disk; the others ended before their certificate was looked at.
	if n := refusals.Load(); n < 3 {
		t.Errorf("%d refusals were told", n)
	}
	if c, err := talk(two, Replication, address, 1); err != nil {
		t.Errorf("who belongs here: %v", err)
	} else {
		_ = c.Close()
	}
}

// The ports between servers take TLS 1.3 alone, on every purpose and for who joins.
func TestT11_NodePortsTakeNoOlderTLS(t *testing.T) {
	a := authority(t, ca.NewCluster(), 1)
	one := server(t, a, 1)
	own := certificate(t, a, 2)
	for _, p := range []Purpose{Replication, Signals, Files} {
		address := echo(t, one, p).Addr().String()
		for _, protocol := range []string{"tandem-" + string(p) + "/1", "tandem-joining/1"} {
			for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12} {
				err := dialTLS(address, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: v, NextProtos: []string{protocol},
					Certificates: []tls.Certificate{*own.tls(false)}})
				if err == nil || !strings.Contains(err.Error(), "protocol version") {
					t.Errorf("%s with %s: %v", protocol, tls.VersionName(v), err)
				}
			}
		}
	}
}

func dialTLS(address string, c *tls.Config) error {
	conn, err := tls.Dial("tcp", address, c)
	if err != nil {
		return err
	}
	defer conn.Close()
	return say(conn)
}

// A server that is removed loses the connections that it has, in both directions, and gets no new one.
func TestRemovalCutsOpenConnections(t *testing.T) {
	a := authority(t, ca.NewCluster(), 1)
	one, two, three := server(t, a, 1), server(t, a, 2), server(t, a, 3)
	e1, e3 := echo(t, one, Replication), echo(t, three, Signals)
	in, err := talk(three, Replication, e1.Addr().String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := talk(one, Signals, e3.Addr().String(), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	stays, err := talk(two, Replication, e1.Addr().String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer stays.Close()

	one.Deny(3)
	if say(in) == nil || say(out) == nil {
		t.Error("a connection of the removed server lives")
	}
	if one.Connections(3) != 0 || one.Connections(2) != 1 {
		t.Errorf("%d connections with the removed server, %d with the other", one.Connections(3), one.Connections(2))
	}
	if err := say(stays); err != nil {
		t.Errorf("the connection of another server: %v", err)
	}
	if _, err := talk(three, Replication, e1.Addr().String(), 1); err == nil {
		t.Error("the removed server came back")
	}
	if _, err := one.Dial(context.Background(), Signals, e3.Addr().String(), 3); !errors.Is(err, ca.ErrDenied) {
		t.Errorf("the removed server is dialled: %v", err)
	}
}

// Through a rotation servers that are behind and servers that are ahead talk to each other, in both directions.
func TestRotationWithoutABreak(t *testing.T) {
	cluster := ca.NewCluster()
	old, next := authority(t, cluster, 1), authority(t, cluster, 2)
	one, two := server(t, old, 1), server(t, old, 2)
	e1, e2 := echo(t, one, Replication), echo(t, two, Replication)
	meet := func(stage string) {
		t.Helper()
		for _, c := range []struct {
			from *Link
			to   *Listener
			node uint16
		}{{one, e2, 2}, {two, e1, 1}} {
			conn, err := talk(c.from, Replication, c.to.Addr().String(), c.node)
			if err != nil {
				t.Fatalf("%s, to node %d: %v", stage, c.node, err)
			}
			_ = conn.Close()
		}
	}
	lasting, err := talk(two, Replication, e1.Addr().String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer lasting.Close()
	update := func(l *Link, s State) {
		t.Helper()
		if err := l.Update(s); err != nil {
			t.Fatal(err)
		}
	}
	meet("before")
	oldOne, oldTwo := one.state.Load().Certificates[0], two.state.Load().Certificates[0]
	both := &ca.Trust{Cluster: cluster, Anchors: []ca.Anchor{{Certificate: next.Certificate}, {Certificate: old.Certificate, Retired: true}},
		Recorded: map[string]bool{ca.Fingerprint(oldOne.Leaf): true, ca.Fingerprint(oldTwo.Leaf): true}}
	newOne, newTwo := certificate(t, next, 1), certificate(t, next, 2)
	update(one, State{both, []Certificate{newOne, oldOne}})
	meet("the first is ahead")
	update(two, State{both, []Certificate{oldTwo}})
	meet("the second trusts the new authority and has no certificate by it")
	update(two, State{both, []Certificate{newTwo, oldTwo}})
	meet("both have both")
	if err := say(lasting); err != nil {
		t.Errorf("a connection was cut by the rotation: %v", err)
	}
	alone := trust(next)
	alone.Recorded = both.Recorded
	update(one, State{alone, []Certificate{newOne}})
	meet("the first has let go of the old")
	if err := say(lasting); err != nil {
		t.Errorf("the end of a generation cut the connection of a member: %v", err)
	}
	update(one, State{trust(next), []Certificate{newOne}})
	if say(lasting) == nil {
		t.Error("a connection by a certificate that is neither trusted nor on record lives")
	}
	update(two, State{trust(next), []Certificate{newTwo}})
	meet("after")
	// What somebody makes with the retired key is refused: it is not on record.
	update(one, State{both, []Certificate{newOne, oldOne}})
	forged := newLink(t, Options{State: State{both, []Certificate{certificate(t, old, 7)}}})
	if _, err := talk(forged, Replication, e1.Addr().String(), 1); err == nil {
		t.Error("a certificate made with the retired key got in")
	}
}

func TestNeighbouringVersions(t *testing.T) {
	a := authority(t, ca.NewCluster(), 1)
	with := func(node uint16, v Versions) *Link {
		return newLink(t, Options{State: State{trust(a), []Certificate{certificate(t, a, node)}}, Versions: map[Purpose]Versions{Signals: v}})
	}
	for _, c := range []struct {
		here, there Versions
		want        int
	}{{Versions{1, 2}, Versions{2, 3}, 2}, {Versions{1, 3}, Versions{1, 3}, 3}, {Versions{}, Versions{1, 2}, 1}, {Versions{1, 1}, Versions{2, 2}, 0}} {
		e := echo(t, with(1, c.here), Signals)
		conn, err := talk(with(2, c.there), Signals, e.Addr().String(), 1)
		switch {
		case c.want == 0 && !errors.Is(err, ErrVersion):
			t.Errorf("%v and %v: %v", c.here, c.there, err)
		case c.want != 0 && err != nil:
			t.Errorf("%v and %v: %v", c.here, c.there, err)
		case c.want != 0 && conn.Version() != c.want:
			t.Errorf("%v and %v: version %d", c.here, c.there, conn.Version())
		}
		if err == nil {
			_ = conn.Close()
		}
	}
}

// Who joins reaches the joining end of the port of files, with the authority's certificate in the chain, and servers the other end.
func TestFilesAndJoiningShareAPort(t *testing.T) {
	a := authority(t, ca.NewCluster(), 1)
	one, two := server(t, a, 1), server(t, a, 2)
	e := echo(t, one, Files)
	joined := make(chan net.Conn, 1)
	go func() {
		c, _ := e.Joins().Accept()
		joined <- c
	}()
	conn, err := tls.Dial("tcp", e.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"tandem-joining/1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := <-joined
	defer c.Close()
	if _, known := PeerOf(c); known {
		t.Error("who joins is taken for a server")
	}
	if chain := conn.ConnectionState().PeerCertificates; len(chain) != 2 || !chain[1].Equal(a.Certificate) {
		t.Errorf("a chain of %d certificates", len(chain))
	}
	s, err := talk(two, Files, e.Addr().String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
}

// Those who bring their own connections (NATS) use one configuration for both ends.
func TestConfigurationForOthers(t *testing.T) {
	a := authority(t, ca.NewCluster(), 1)
	one, two := server(t, a, 1), server(t, a, 2)
	shake := func() error {
		x, y := net.Pipe()
		defer x.Close()
		defer y.Close()
		end := make(chan error, 1)
		s := tls.Server(x, one.TLS(Signals))
		go func() { end <- s.Handshake() }()
		err := tls.Client(y, two.TLS(Signals)).Handshake()
		_ = y.SetReadDeadline(time.Now()) // the server's answer to a refused certificate is not waited for
		_ = y.Close()
		if e := <-end; e != nil {
			return e
		}
		if err == nil && !one.Trusted(s.ConnectionState()) {
			return errors.New("accepted and not trusted")
		}
		one.Deny(2)
		if one.Trusted(s.ConnectionState()) {
			t.Error("a removed server is trusted")
		}
		return err
	}
	if err := shake(); err != nil {
		t.Fatal(err)
	}
	if err := shake(); !errors.Is(err, ca.ErrDenied) {
		t.Errorf("a removed server: %v", err)
	}
}

func TestSilentStrangersAreCut(t *testing.T) {
	a := authority(t, ca.NewCluster(), 1)
	one := newLink(t, Options{State: State{trust(a), []Certificate{certificate(t, a, 1)}}, Handshake: 200 * time.Millisecond})
	e := echo(t, one, Replication)
	var silent []net.Conn
	for range 20 {
		c, err := net.Dial("tcp", e.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		silent = append(silent, c)
	}
	for _, c := range silent {
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if _, err := c.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
			t.Errorf("a stranger who says nothing is kept: %v", err)
		}
	}
	until(t, "the slots are free", func() bool { return len(e.slots) == 0 })
}

func TestCloseCutsEverything(t *testing.T) {
	a := authority(t, ca.NewCluster(), 1)
	one, two := server(t, a, 1), server(t, a, 2)
	e := echo(t, one, Replication)
	c, err := talk(two, Replication, e.Addr().String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	if say(c) == nil {
		t.Error("a connection outlives its link")
	}
	if _, err := one.Listen(Replication, "127.0.0.1:0"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := e.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

func TestLinkNeedsItsState(t *testing.T) {
	a := authority(t, ca.NewCluster(), 1)
	if _, err := New(Options{State: State{Trust: trust(a)}}); err == nil {
		t.Error("a link without a certificate")
	}
	one := server(t, a, 1)
	if err := one.Update(State{Certificates: one.state.Load().Certificates}); err == nil {
		t.Error("an update without trust")
	}
}
