package sip

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// socket is one UDP socket, or a net.PacketConn that stands for one in tests.
type socket struct {
	stack     *Stack
	udp       *net.UDPConn
	pc        net.PacketConn
	local     netip.AddrPort
	advertise netip.AddrPort // zero: local, or what the route to the peer says

	mu     sync.Mutex
	routes map[netip.Addr]netip.Addr // remote → our address, for sockets bound to all addresses
}

// receiveBuffer is asked for each UDP socket: the kernel's default loses messages in bursts and
// costs half of the call rate.
const receiveBuffer = 4 << 20

// ListenUDP opens a socket and serves it until Close. advertise is the address that peers shall
// use, the zero value for the socket's own. It returns the address that was bound.
func (s *Stack) ListenUDP(address, advertise netip.AddrPort) (netip.AddrPort, error) {
	network := "udp4"
	if address.Addr().Is6() && !address.Addr().Is4In6() {
		network = "udp6"
	}
	c, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(address))
	if err != nil {
		return netip.AddrPort{}, err
	}
	// Best effort: net.core.rmem_max may allow less.
	_ = c.SetReadBuffer(receiveBuffer)
	_ = c.SetWriteBuffer(receiveBuffer)
	return s.servePacket(c, c, advertise)
}

// ServePacket serves any packet connection as UDP until Close: an in-memory network in tests.
// Its addresses must be *net.UDPAddr.
func (s *Stack) ServePacket(pc net.PacketConn, advertise netip.AddrPort) (netip.AddrPort, error) {
	u, _ := pc.(*net.UDPConn)
	return s.servePacket(pc, u, advertise)
}

func (s *Stack) servePacket(pc net.PacketConn, u *net.UDPConn, advertise netip.AddrPort) (netip.AddrPort, error) {
	a, ok := pc.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}, errors.New("sip: packet connection without UDP address")
	}
	k := &socket{stack: s, udp: u, pc: pc, advertise: advertise, routes: make(map[netip.Addr]netip.Addr)}
	k.local = plain(a.AddrPort())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		pc.Close()
		return netip.AddrPort{}, ErrClosed
	}
	s.sockets = append(s.sockets, k)
	s.wg.Add(1)
	go k.read()
	return k.local, nil
}

func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// read is the only reader of the socket: messages are parsed in the order of arrival.
func (k *socket) read() {
	defer k.stack.wg.Done()
	buf := make([]byte, MaxMessage+1)
	for {
		var n int
		var from netip.AddrPort
		var err error
		if k.udp != nil {
			n, from, err = k.udp.ReadFromUDPAddrPort(buf)
		} else {
			var a net.Addr
			if n, a, err = k.pc.ReadFrom(buf); err == nil {
				u, ok := a.(*net.UDPAddr)
				if !ok {
					continue
				}
				from = u.AddrPort()
			}
		}
		if err != nil {
			if k.stack.isClosed() || errors.Is(err, net.ErrClosed) {
				return
			}
			// An ICMP error for something sent earlier; the socket goes on.
			time.Sleep(time.Millisecond)
			continue
		}
		k.stack.receive(buf[:n], Flow{socket: k, remote: plain(from)})
	}
}

func (k *socket) write(b []byte, to netip.AddrPort) error {
	var err error
	if k.udp != nil {
		_, err = k.udp.WriteToUDPAddrPort(b, to)
	} else {
		_, err = k.pc.WriteTo(b, net.UDPAddrFromAddrPort(to))
	}
	return err
}

// maxRoutes bounds the memory of addressFor.
const maxRoutes = 4096

// addressFor returns our address as a peer sees it.
func (k *socket) addressFor(remote netip.Addr) netip.AddrPort {
	if k.advertise.IsValid() {
		return k.advertise
	}
	if !k.local.Addr().IsUnspecified() {
		return k.local
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if a, ok := k.routes[remote]; ok {
		return netip.AddrPortFrom(a, k.local.Port())
	}
	if len(k.routes) >= maxRoutes {
		clear(k.routes)
	}
	a := localFor(remote)
	k.routes[remote] = a
	return netip.AddrPortFrom(a, k.local.Port())
}

// localFor asks the routing table which of our addresses leads to a peer. Nothing is sent.
func localFor(remote netip.Addr) netip.Addr {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(remote, 9)))
	if err != nil {
		if remote.Is6() {
			return netip.IPv6Loopback()
		}
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	defer c.Close()
	return plain(c.LocalAddr().(*net.UDPAddr).AddrPort()).Addr()
}

// socketFor picks the socket for a remote address: of its family, and on the loopback interface
// only for loopback addresses.
func (s *Stack) socketFor(remote netip.Addr) *socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	var best *socket
	for _, k := range s.sockets {
		l := k.local.Addr()
		if l.Is4() != remote.Is4() {
			continue
		}
		if best == nil || l.IsLoopback() == remote.IsLoopback() && best.local.Addr().IsLoopback() != remote.IsLoopback() {
			best = k
		}
	}
	return best
}
