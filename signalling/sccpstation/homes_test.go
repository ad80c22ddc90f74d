package sccpstation

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"tandem/phone"
)

// homes are servers side by side, as a cluster has them, with no bus between them: what one knows of another is where a
// device is registered. Phones reach each over a line that a test can cut.
type homes struct {
	t     testing.TB
	sites []*site
	lines []*cable
}

// newHomes starts servers cm1, cm2…; groups gives the servers of a device, nil: all of them in order.
func newHomes(t testing.TB, n int, group func(device string) []string, change ...func(*Parameters)) *homes {
	t.Helper()
	h := &homes{t: t}
	for i := range n {
		h.lines = append(h.lines, newCable(t))
		h.sites = append(h.sites, h.server(i, group, change...))
		h.lines[i].connect(h.sites[i].address)
	}
	return h
}

func serverName(i int) string { return "cm" + string(rune('1'+i)) }

func (h *homes) server(i int, group func(string) []string, change ...func(*Parameters)) *site {
	return newSiteWith(h.t, func(o *Options) {
		o.Name = serverName(i)
		o.Servers = func(device string) (list []ServerEntry) {
			names := []string{}
			if group != nil {
				names = group(device)
			} else {
				for k := range h.lines {
					names = append(names, serverName(k))
				}
			}
			for _, name := range names {
				list = append(list, ServerEntry{Name: name, Address: netip.MustParseAddrPort(h.lines[int(name[2]-'1')].address)})
			}
			return list
		}
		o.Where = func(device string) (string, bool) {
			for k, s := range h.sites {
				if s != nil && k != i {
					if _, ok := s.x.Registration(device); ok {
						return serverName(k), true
					}
				}
			}
			return "", false
		}
	}, change...)
}

// add configures a phone on every server.
func (h *homes) add(name, model string, numbers ...string) {
	for _, s := range h.sites {
		s.dir.add(name, model, numbers...)
	}
}

// phone makes a phone that knows the servers in order and is quick about it.
func (h *homes) phone(name, model string, change ...func(*phone.Config)) *phone.Phone {
	return h.sites[0].make(name, model, func(c *phone.Config) {
		c.Servers = nil
		for _, l := range h.lines {
			c.Servers = append(c.Servers, l.address)
		}
		c.Monitor = time.Hour
		c.Habits.Probe = 20 * time.Millisecond
		for _, f := range change {
			f(c)
		}
	})
}

// at waits until a phone is registered at a server, as both see it, and nowhere else.
func (h *homes) at(p *phone.Phone, i int) {
	h.t.Helper()
	h.sites[i].eventually(p.Name()+" at "+serverName(i), func() bool {
		st := p.State()
		if st.Registration != phone.Registered || st.Server != h.lines[i].address {
			return false
		}
		for k, s := range h.sites {
			if _, ok := s.x.Registration(p.Name()); ok != (k == i) {
				return false
			}
		}
		return true
	})
}

// spare waits until a phone has its spare connection to a server.
func (h *homes) spare(p *phone.Phone, i int) {
	h.t.Helper()
	h.sites[i].until(p, "a spare connection to "+serverName(i), func(st *phone.State) bool { return st.Standby == h.lines[i].address })
}

// cable relays connections to a server, until it is cut or does nothing more.
type cable struct {
	t       testing.TB
	l       net.Listener
	address string

	mu     sync.Mutex
	target string
	cut    bool
	frozen chan struct{} // nil: data flows
	conns  map[net.Conn]struct{}
	work   sync.WaitGroup
}

func newCable(t testing.TB) *cable {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{t: t, l: l, address: l.Addr().String(), conns: map[net.Conn]struct{}{}}
	c.work.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			c.work.Go(func() { c.carry(in) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		c.thaw()
		c.sever()
		c.work.Wait()
	})
	return c
}

func (c *cable) connect(target string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.target, c.cut = target, false
}

// sever breaks every connection, and takes none until connect.
func (c *cable) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
	for conn := range c.conns {
		conn.Close()
	}
}

// freeze lets nothing through any more, in either direction, while connections stay and can be made: the server hangs.
func (c *cable) freeze() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen = make(chan struct{})
}

func (c *cable) thaw() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen != nil {
		close(c.frozen)
		c.frozen = nil
	}
}

// enter notes a connection, unless the cable is cut.
func (c *cable) enter(conn net.Conn) (target string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut || c.target == "" {
		conn.Close()
		return "", false
	}
	c.conns[conn] = struct{}{}
	return c.target, true
}

func (c *cable) carry(in net.Conn) {
	target, ok := c.enter(in)
	if !ok {
		return
	}
	c.flowing()
	out, err := net.Dial("tcp", target)
	if err != nil {
		in.Close()
		return
	}
	if _, ok := c.enter(out); !ok {
		in.Close()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { c.copy(out, in) })
	both.Go(func() { c.copy(in, out) })
	both.Wait()
	c.mu.Lock()
	delete(c.conns, in)
	delete(c.conns, out)
	c.mu.Unlock()
}

func (c *cable) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		c.flowing()
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// flowing waits while the cable is frozen.
func (c *cable) flowing() {
	c.mu.Lock()
	frozen := c.frozen
	c.mu.Unlock()
	if frozen != nil {
		<-frozen
	}
}
