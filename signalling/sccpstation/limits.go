package sccpstation

import (
	"net"
	"net/netip"
	"sync"
)

// limits counts connections (T-6). Those that have said nothing yet are counted by their address too; what has spoken is
// a phone, of which any number may stand behind one address.
type limits struct {
	mu     sync.Mutex
	all    int
	silent int
	source map[netip.Addr]int // silent connections
}

func (l *limits) enter(from netip.Addr, p *Parameters) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= p.MaximumConnections || l.silent >= p.MaximumSilent || l.source[from] >= p.SilentPerSource {
		return false
	}
	if l.source == nil {
		l.source = map[netip.Addr]int{}
	}
	l.all++
	l.silent++
	l.source[from]++
	return true
}

// spoke says that the connection is one of a phone.
func (l *limits) spoke(from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(from)
}

func (l *limits) drop(from netip.Addr) {
	l.silent--
	if l.source[from]--; l.source[from] == 0 {
		delete(l.source, from)
	}
}

// leave ends a connection; spoke tells whether it has spoken.
func (l *limits) leave(from netip.Addr, spoke bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if !spoke {
		l.drop(from)
	}
}

// addressOf is an address of a connection, IPv4 where it is one.
func addressOf(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		p := tcp.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	p, _ := netip.ParseAddrPort(a.String())
	return p
}
