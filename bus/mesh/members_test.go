package mesh

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"tandem/bus"
)

// listening counts the connections that come to an address at which no mesh listens any more.
func listening(t *testing.T, address string) *atomic.Int64 {
	t.Helper()
	var listener net.Listener
	until(t, "the address is free", func() (ok bool) {
		var err error
		listener, err = net.Listen("tcp", address)
		return err == nil
	})
	var dialled atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			dialled.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return &dialled
}

// A member is added and removed while the mesh runs: a removed one is cut at once, also where it dialled, and is not dialled again.
func TestMembersChangeWhileItRuns(t *testing.T) {
	c := newCluster(t, 3)
	all := c.members
	two := all[:2]
	c.members = two
	a, b := c.join(1), c.join(2)
	c.start(1)
	c.start(2)
	c.reach(1)

	c.members = all
	third := c.join(3)
	c.start(3)
	time.Sleep(50 * time.Millisecond) // it knocks, and is refused: it is no member for the others yet
	if len(third.Peers()) != 0 || len(a.Peers()) != 1 {
		t.Fatalf("a server that is no member for the others reaches %v", third.Peers())
	}
	for _, m := range []*Mesh{a, b} {
		if err := m.SetMembers(all); err != nil {
			t.Fatal(err)
		}
	}
	c.reach(2)

	for _, m := range []*Mesh{a, b} {
		if err := m.SetMembers(two); err != nil {
			t.Fatal(err)
		}
		if err := m.Send(3, bus.TopicCalls, []byte("x")); !errors.Is(err, bus.ErrUnreachable) {
			t.Errorf("a message to a removed member: %v", err)
		}
	}
	until(t, "the removed server has no route left", func() bool { return third.server.NumRoutes() == 0 && len(third.Peers()) == 0 })
	until(t, "the others have no route to it", func() bool { return a.server.NumRoutes() == 1 && b.server.NumRoutes() == 1 })
	for range 30 { // it knocks every second and more often, and gets nowhere
		if n := len(third.Peers()); n != 0 || len(a.Peers()) != 1 || len(b.Peers()) != 1 {
			t.Fatalf("the removed server reaches %v, the others %v and %v", third.Peers(), a.Peers(), b.Peers())
		}
		time.Sleep(50 * time.Millisecond)
	}
	third.Close()
	dialled := listening(t, all[2].Address)
	time.Sleep(3 * time.Second) // three times NATS's time between two attempts
	if n := dialled.Load(); n != 0 {
		t.Errorf("the removed server was dialled %d times", n)
	}
	if err := a.SetMembers(all); err != nil {
		t.Fatal(err)
	}
	until(t, "a server that is a member again is dialled", func() bool { return dialled.Load() > 0 })
}

// A removed server is cut also where it dialled. Here only it can dial: the other has a wrong address of it.
func TestRemovedServerThatDialledIsCut(t *testing.T) {
	c := newCluster(t, 2)
	right := c.members
	c.members = slices.Clone(right)
	c.members[1].Address = freeAddress(t)
	a := c.join(1)
	c.start(1)
	c.members = right
	b := c.join(2)
	c.start(2)
	c.reach(1)
	a.admit.set(c.members[:1])
	a.admit.cut() // without NATS, which cuts what it dialled
	until(t, "the connection is gone and none comes back", func() bool { return a.server.NumRoutes() == 0 && b.server.NumRoutes() == 0 })
	c.reach(0)
}

// Who is not of the cluster gets no route: another authority, a certificate of somebody who is no member, another cluster's name, no TLS.
func TestStrangersAreRefused(t *testing.T) {
	c := newCluster(t, 2)
	c.join(1)
	c.start(1)
	member := c.mesh(1)
	t.Run("at the port", func(t *testing.T) {
		for _, stranger := range []struct {
			name   string
			change func(o *Options)
		}{
			{"another authority", func(o *Options) { o.TLS = newAuthority(t).tls(t, 2) }},
			{"not a member", func(o *Options) { o.TLS = c.authority.tls(t, 7) }},
			{"another cluster", func(o *Options) { o.Cluster = "other" }},
			{"this server's own certificate", func(o *Options) { o.TLS = c.authority.tls(t, 1) }},
		} {
			t.Run(stranger.name, func(t *testing.T) {
				t.Parallel()
				o := c.options(2)
				o.Listen = freeAddress(t)
				stranger.change(&o)
				m, err := New(o)
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				if err := m.Start(c.members); err != nil {
					t.Fatal(err)
				}
				for deadline := time.Now().Add(1500 * time.Millisecond); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
					if len(member.Peers()) != 0 || len(m.Peers()) != 0 {
						t.Fatal("they reach each other")
					}
				}
			})
		}
	})
	t.Run("no TLS", func(t *testing.T) {
		conn, err := net.Dial("tcp", c.members[0].Address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = conn.Write([]byte("CONNECT {\"verbose\":false}\r\nPING\r\n"))
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		said, err := io.ReadAll(conn)
		if errors.Is(err, os.ErrDeadlineExceeded) || bytes.Contains(said, []byte("PONG")) {
			t.Errorf("the server said %q, %v", said, err)
		}
	})
	c.join(2)
	c.start(2)
	c.reach(1) // and the true one is let in
}

// The listener that NATS has for clients lets nobody in who does not know the password of this process.
func TestNobodyElseOnThisMachineIsAClient(t *testing.T) {
	c := newCluster(t, 1)
	c.join(1)
	c.start(1)
	conn, err := net.Dial("tcp", c.mesh(1).server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := conn.Write([]byte("CONNECT {\"user\":\"tandem\",\"pass\":\"guess\",\"verbose\":true}\r\nSUB > 1\r\nPING\r\n")); err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(conn)
	if !bytes.Contains(said, []byte("Authorization Violation")) || bytes.Contains(said, []byte("PONG")) {
		t.Errorf("the server said %q", said)
	}
}

// A port that is taken is an error of Start, and the same mesh starts when it is free.
func TestPortTaken(t *testing.T) {
	c := newCluster(t, 1)
	listener, err := net.Listen("tcp", c.members[0].Address)
	if err != nil {
		t.Fatal(err)
	}
	m := c.join(1)
	var taken *net.OpError
	if err := m.Start(c.members); !errors.As(err, &taken) {
		t.Errorf("with its port taken: %v", err)
	}
	_ = listener.Close()
	if err := m.Start(c.members); err != nil {
		t.Errorf("with its port free: %v", err)
	}
}

func TestOptionsThatCannotWork(t *testing.T) {
	c := newCluster(t, 1)
	good := c.options(1)
	for name, change := range map[string]func(o *Options){
		"no node":                 func(o *Options) { o.Self.Node = 0 },
		"no cluster":              func(o *Options) { o.Cluster = "" },
		"no certificates":         func(o *Options) { o.TLS = nil },
		"nobody knows whose":      func(o *Options) { o.Identify = nil },
		"an address without port": func(o *Options) { o.Self.Address = "127.0.0.1" },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
