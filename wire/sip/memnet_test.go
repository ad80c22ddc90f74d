package sip

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// memNet is a network of datagrams in memory, for tests in a synctest bubble.
type memNet struct {
	mu     sync.Mutex
	hosts  map[netip.AddrPort]*memConn
	log    []packet
	filter func(packet) bool // false loses it
}

// packet is a datagram with the time since the start of the test.
type packet struct {
	at       time.Duration
	from, to netip.AddrPort
	text     string
}

func (p packet) first() string {
	line, _, _ := strings.Cut(p.text, "\r\n")
	return strings.TrimSuffix(line, " SIP/2.0")
}

type memConn struct {
	net   *memNet
	local netip.AddrPort
	in    chan packet
	done  chan struct{}
	once  sync.Once
	start time.Time
}

func newMemNet() *memNet { return &memNet{hosts: make(map[netip.AddrPort]*memConn)} }

func (n *memNet) host(a string) *memConn {
	c := &memConn{net: n, local: netip.MustParseAddrPort(a), in: make(chan packet, 4096), done: make(chan struct{}), start: time.Now()}
	n.mu.Lock()
	n.hosts[c.local] = c
	n.mu.Unlock()
	return c
}

func (c *memConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case p := <-c.in:
		return copy(b, p.text), net.UDPAddrFromAddrPort(p.from), nil
	case <-c.done:
		return 0, nil, net.ErrClosed
	}
}

func (c *memConn) WriteTo(b []byte, to net.Addr) (int, error) {
	p := packet{at: time.Since(c.start), from: c.local, to: plain(to.(*net.UDPAddr).AddrPort()), text: string(b)}
	c.net.mu.Lock()
	c.net.log = append(c.net.log, p)
	pass := c.net.filter == nil || c.net.filter(p)
	peer := c.net.hosts[p.to]
	c.net.mu.Unlock()
	if pass && peer != nil {
		select {
		case peer.in <- p:
		default:
		}
	}
	return len(b), nil
}

func (c *memConn) Close() error                     { c.once.Do(func() { close(c.done) }); return nil }
func (c *memConn) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(c.local) }
func (c *memConn) SetDeadline(time.Time) error      { return nil }
func (c *memConn) SetReadDeadline(time.Time) error  { return nil }
func (c *memConn) SetWriteDeadline(time.Time) error { return nil }

// sent returns the start lines of what a host sent, with the time rounded to 10 ms.
func (n *memNet) sent(from string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []string
	for _, p := range n.log {
		if from == "" || p.from.String() == from {
			out = append(out, p.first())
		}
	}
	return out
}

// packets returns the datagrams whose start line begins with a text.
func (n *memNet) packets(start string) []packet {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []packet
	for _, p := range n.log {
		if strings.HasPrefix(p.text, start) {
			out = append(out, p)
		}
	}
	return out
}

func (n *memNet) times(start string) []time.Duration {
	var out []time.Duration
	for _, p := range n.packets(start) {
		out = append(out, p.at.Round(20*time.Millisecond))
	}
	return out
}

func memStack(t *testing.T, n *memNet, at string, cfg Config) *Stack {
	t.Helper()
	if cfg.Handler == nil {
		cfg.Handler = &testHandler{}
	}
	cfg.Workers = 1
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ServePacket(n.host(at), netip.AddrPort{}); err != nil {
		t.Fatal(err)
	}
	return s
}

// rawPeer sends datagrams of its own and sees what comes.
type rawPeer struct {
	*memConn
	t *testing.T
}

func (n *memNet) raw(t *testing.T, at string) *rawPeer { return &rawPeer{n.host(at), t} }

func (r *rawPeer) send(to, text string) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	_, _ = r.WriteTo([]byte(text), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to)))
}

// receive returns the next message, nil if there is none within 90 s.
func (r *rawPeer) receive() Message {
	select {
	case p := <-r.in:
		m, err := Parse([]byte(p.text))
		if err != nil {
			r.t.Errorf("malformed message: %v\n%s", err, p.text)
		}
		return m
	case <-time.After(90 * time.Second):
		return nil
	}
}

// request waits for a request of a method, passing over others.
func (r *rawPeer) request(m Method) *Request {
	r.t.Helper()
	for range 50 {
		switch x := r.receive().(type) {
		case *Request:
			if x.Method == m {
				return x
			}
		case nil:
			r.t.Fatalf("no %s came", m)
		}
	}
	r.t.Fatalf("no %s among 50 messages", m)
	return nil
}

// response waits for a response with a status, passing over others.
func (r *rawPeer) response(status int) *Response {
	r.t.Helper()
	for range 50 {
		switch x := r.receive().(type) {
		case *Response:
			if x.StatusCode == status {
				return x
			}
		case nil:
			r.t.Fatalf("no %d came", status)
		}
	}
	r.t.Fatalf("no %d among 50 messages", status)
	return nil
}

// answer sends a response to a request back to where it came from.
func (r *rawPeer) answer(req *Request, to string, status int, tag string, headers ...Header) {
	res := NewResponse(req, status, "", tag)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	r.send(to, String(res))
}
