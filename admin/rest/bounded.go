package rest

import (
	"net"
	"sync"
)

// bounded limits connections, in all and from one address (T-6).
type bounded struct {
	net.Listener
	limits Limits

	mu   sync.Mutex
	all  int
	from map[string]int
}

func newBounded(l net.Listener, limits Limits) *bounded {
	return &bounded{Listener: l, limits: limits, from: map[string]int{}}
}

// Accept implements net.Listener; connections above the limits are closed at once.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
		b.mu.Lock()
		ok := b.all < b.limits.Connections && b.from[host] < b.limits.PerSource
		if ok {
			b.all++
			b.from[host]++
		}
		b.mu.Unlock()
		if ok {
			return &counted{Conn: c, end: sync.OnceFunc(func() { b.gone(host) })}, nil
		}
		c.Close()
	}
}

func (b *bounded) gone(host string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all--
	if b.from[host]--; b.from[host] == 0 {
		delete(b.from, host)
	}
}

type counted struct {
	net.Conn
	end func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.end()
	return c.Conn.Close()
}
