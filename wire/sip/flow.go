package sip

import (
	"net/netip"
	"strings"
)

// Transport is how messages travel.
type Transport uint8

const (
	// UDP is datagrams (RFC 3261 18).
	UDP Transport = iota + 1
	// TCP is a plain stream.
	TCP
	// TLS is a stream over TLS.
	TLS
)

// String returns the name as Via has it.
func (t Transport) String() string {
	switch t {
	case UDP:
		return "UDP"
	case TCP:
		return "TCP"
	case TLS:
		return "TLS"
	}
	return "unknown"
}

// Reliable reports whether the transport delivers by itself, so that nothing is repeated.
func (t Transport) Reliable() bool { return t != UDP }

// DefaultPort is the port when none is given (RFC 3261 19.1.2).
func (t Transport) DefaultPort() uint16 {
	if t == TLS {
		return 5061
	}
	return 5060
}

// ParseTransport reads a transport parameter or the transport of a Via, in any case.
func ParseTransport(s string) (Transport, bool) {
	for t := UDP; t <= TLS; t++ {
		if strings.EqualFold(s, t.String()) {
			return t, true
		}
	}
	return 0, false
}

// Flow is the path on which a message came or can be sent: a socket and a remote address, or a
// connection. A registrar keeps the flow of a REGISTER and sends requests for the phone over it
// . Flows compare with ==. The zero Flow leads nowhere.
type Flow struct {
	remote netip.AddrPort
	socket *socket
	conn   *conn
}

// IsZero reports whether the flow leads nowhere.
func (f Flow) IsZero() bool { return f.socket == nil && f.conn == nil }

// Transport returns the transport, 0 for the zero Flow.
func (f Flow) Transport() Transport {
	switch {
	case f.socket != nil:
		return UDP
	case f.conn != nil:
		return f.conn.transport
	}
	return 0
}

// Remote returns the address of the other end.
func (f Flow) Remote() netip.AddrPort { return f.remote }

// Local returns our address on this flow: the one to put into Contact, so that the other end can
// reach us there. For a connection it is the address of the listener of that transport if there is
// one on the same IP, otherwise that of the connection.
func (f Flow) Local() netip.AddrPort {
	switch {
	case f.socket != nil:
		return f.socket.addressFor(f.remote.Addr())
	case f.conn != nil:
		return f.conn.contact
	}
	return netip.AddrPort{}
}

// Alive reports whether messages can be sent: always for UDP, until it closes for a connection.
func (f Flow) Alive() bool {
	if f.conn != nil {
		return !f.conn.isClosed()
	}
	return f.socket != nil
}

// Close closes the connection of a flow, for instance one that a phone replaced by registering
// from another (R-32 a). For UDP it does nothing.
func (f Flow) Close() {
	if f.conn != nil {
		f.conn.close(ErrFlowReplaced)
	}
}

// WithRemote returns the same UDP socket with another remote address, for phones that listen
// elsewhere than where they send from. Other flows are returned as they are.
func (f Flow) WithRemote(to netip.AddrPort) Flow {
	if f.socket != nil {
		f.remote = to
	}
	return f
}

// String names the flow for traces.
func (f Flow) String() string {
	if f.IsZero() {
		return "no flow"
	}
	return f.Transport().String() + " " + f.remote.String()
}

// Target says where a request goes.
type Target struct {
	// Flow is used as long as it is alive.
	Flow Flow
	// Address and Transport say where to go without a live flow. An invalid Address means: nowhere
	// else, the request fails at once.
	Address   netip.AddrPort
	Transport Transport
	// ServerName is the name checked in the certificate of a TLS peer.
	ServerName string
	// Stream is where the peer is known to take TCP; a request larger than Config.MaxDatagram goes
	// there instead of being fragmented. Invalid if unknown.
	Stream netip.AddrPort
}

// Over is a Target that uses a flow and nothing else.
func Over(f Flow) Target { return Target{Flow: f} }

// At is a Target at an address.
func At(t Transport, a netip.AddrPort) Target { return Target{Transport: t, Address: a} }
