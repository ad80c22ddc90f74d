package tftpd

import (
	"context"
	"net"
	"net/netip"
	"os"
	"time"
)

// link carries the packets of one transfer.
type link interface {
	send(b []byte) error
	// receive waits until the deadline (os.ErrDeadlineExceeded) or the end of ctx (its error).
	receive(ctx context.Context, buffer []byte, deadline time.Time) (int, error)
	close()
}

// port is a link with a socket of its own, connected to the client: the system lets nobody else in.
type port struct{ conn *net.UDPConn }

func dialPort(local netip.Addr, client netip.AddrPort) (port, error) {
	var from *net.UDPAddr
	if local.IsValid() && !local.IsUnspecified() {
		from = net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0))
	}
	conn, err := net.DialUDP("udp", from, net.UDPAddrFromAddrPort(client))
	return port{conn}, err
}

func (p port) send(b []byte) error {
	_, err := p.conn.Write(b)
	return err
}

func (p port) receive(ctx context.Context, buffer []byte, deadline time.Time) (int, error) {
	if err := p.conn.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	stop := context.AfterFunc(ctx, func() { _ = p.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	n, err := p.conn.Read(buffer)
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	return n, err
}

func (p port) close() { p.conn.Close() }

// mailbox is a link over the port that all transfers share. A full one loses packets, as the network does.
type mailbox struct {
	conn    *net.UDPConn
	client  netip.AddrPort
	control []byte
	box     chan []byte
}

// Acknowledgements that wait for one transfer, and the octets of each that matter.
const (
	mailboxPackets = 64
	mailboxPacket  = 600
)

func newMailbox(conn *net.UDPConn, client netip.AddrPort, control []byte) *mailbox {
	return &mailbox{conn: conn, client: client, control: control, box: make(chan []byte, mailboxPackets)}
}

func (m *mailbox) put(b []byte) {
	if len(b) > mailboxPacket {
		return
	}
	select {
	case m.box <- append([]byte(nil), b...):
	default:
	}
}

func (m *mailbox) send(b []byte) error {
	_, _, err := m.conn.WriteMsgUDPAddrPort(b, m.control, m.client)
	return err
}

func (m *mailbox) receive(ctx context.Context, buffer []byte, deadline time.Time) (int, error) {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case b := <-m.box:
		return copy(buffer, b), nil
	case <-timer.C:
		return 0, os.ErrDeadlineExceeded
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (m *mailbox) close() {}
