package tftpd

import (
	"net"
	"net/netip"
	"syscall"
	"unsafe"
)

// A port that listens on every address must learn from the system at which of them a request arrived, to answer from
// there: clients do not accept an answer from another address of the same server.

// tellDestination makes the system report the destination of each packet.
func tellDestination(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var four, six error
	if err := raw.Control(func(fd uintptr) {
		four = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_PKTINFO, 1)
		six = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_RECVPKTINFO, 1)
	}); err != nil {
		return err
	}
	if four != nil && six != nil {
		return four
	}
	return nil
}

// destination reads the report; the zero address if there is none.
func destination(control []byte) netip.Addr {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return netip.Addr{}
	}
	for _, m := range messages {
		switch {
		case m.Header.Level == syscall.IPPROTO_IP && m.Header.Type == syscall.IP_PKTINFO && len(m.Data) >= 12:
			// struct in_pktinfo: interface, local address, destination in the header
			return netip.AddrFrom4([4]byte(m.Data[8:12]))
		case m.Header.Level == syscall.IPPROTO_IPV6 && m.Header.Type == syscall.IPV6_PKTINFO && len(m.Data) >= 16:
			return netip.AddrFrom16([16]byte(m.Data[:16])).Unmap()
		}
	}
	return netip.Addr{}
}

// fromAddress makes a packet leave from an address.
func fromAddress(local netip.Addr) []byte {
	if local.Is4() {
		b := make([]byte, syscall.CmsgSpace(syscall.SizeofInet4Pktinfo))
		header(b, syscall.IPPROTO_IP, syscall.IP_PKTINFO, syscall.SizeofInet4Pktinfo)
		source := local.As4()
		copy(b[syscall.CmsgLen(0)+4:], source[:]) // ipi_spec_dst
		return b
	}
	b := make([]byte, syscall.CmsgSpace(syscall.SizeofInet6Pktinfo))
	header(b, syscall.IPPROTO_IPV6, syscall.IPV6_PKTINFO, syscall.SizeofInet6Pktinfo)
	source := local.As16()
	copy(b[syscall.CmsgLen(0):], source[:])
	return b
}

func header(b []byte, level, kind int32, size int) {
	h := (*syscall.Cmsghdr)(unsafe.Pointer(&b[0]))
	h.Level, h.Type = level, kind
	h.SetLen(syscall.CmsgLen(size))
}
