// Package dissect lets Wireshark's command line judge SCCP frames in tests: it writes them into a
// capture file, runs tshark over it and compares what the dissector reads with what was meant.
//
// It is test support: nothing but tests imports it. Which dissector field stands for which field of
// our messages, and where the dissector is known to err, is data in names.go.
package dissect

import (
	"encoding/binary"
	"io"
)

// Segment is one TCP segment of a conversation between a phone and a server at port 2000.
type Segment struct {
	FromServer bool
	Payload    []byte // 60 KB at most
}

// Addresses of the conversation in the capture file.
var (
	phoneMAC, serverMAC = [6]byte{2, 0, 0, 0, 0, 1}, [6]byte{2, 0, 0, 0, 0, 2}
	phoneIP, serverIP   = [4]byte{192, 0, 2, 1}, [4]byte{192, 0, 2, 2}
)

const (
	phonePort, serverPort = 50000, 2000

	snapLength   = 65535
	linkEthernet = 1
)

// WritePcap writes the segments as a capture file (libpcap format 2.4, Ethernet, IPv4, TCP).
func WritePcap(w io.Writer, segments []Segment) error {
	out := make([]byte, 0, 24)
	for _, word := range [...]uint32{0xA1B2C3D4, 2 | 4<<16, 0, 0, snapLength, linkEthernet} {
		out = binary.LittleEndian.AppendUint32(out, word)
	}
	var next [2]uint32 // sequence numbers: of the phone, of the server
	for i, s := range segments {
		packet := ethernet(s, &next)
		// One millisecond apart; seconds, microseconds, captured and original length.
		for _, word := range [...]uint32{uint32(i / 1000), uint32(i % 1000 * 1000), uint32(len(packet)), uint32(len(packet))} {
			out = binary.LittleEndian.AppendUint32(out, word)
		}
		out = append(out, packet...)
	}
	_, err := w.Write(out)
	return err
}

func ethernet(s Segment, next *[2]uint32) []byte {
	srcMAC, dstMAC, srcIP, dstIP := phoneMAC, serverMAC, phoneIP, serverIP
	srcPort, dstPort, side := uint16(phonePort), uint16(serverPort), 0
	if s.FromServer {
		srcMAC, dstMAC, srcIP, dstIP = dstMAC, srcMAC, dstIP, srcIP
		srcPort, dstPort, side = dstPort, srcPort, 1
	}
	be := binary.BigEndian
	p := append(append([]byte{}, dstMAC[:]...), srcMAC[:]...)
	p = append(p, 0x08, 0x00)

	ip := []byte{0x45, 0}
	ip = be.AppendUint16(ip, uint16(20+20+len(s.Payload)))
	ip = append(ip, 0, 0, 0x40, 0, 64, 6, 0, 0)
	ip = append(append(ip, srcIP[:]...), dstIP[:]...)
	be.PutUint16(ip[10:], ^fold(sum(0, ip)))

	tcp := be.AppendUint16(nil, srcPort)
	tcp = be.AppendUint16(tcp, dstPort)
	tcp = be.AppendUint32(tcp, 1+next[side])
	tcp = be.AppendUint32(tcp, 1+next[1-side])
	tcp = append(tcp, 5<<4, 0x18, 0xFF, 0xFF, 0, 0, 0, 0) // ACK and PSH, window, checksum, urgent
	tcp = append(tcp, s.Payload...)
	pseudo := append(append([]byte{}, ip[12:20]...), 0, 6)
	pseudo = be.AppendUint16(pseudo, uint16(len(tcp)))
	be.PutUint16(tcp[16:], ^fold(sum(sum(0, pseudo), tcp)))

	next[side] += uint32(len(s.Payload))
	return append(append(p, ip...), tcp...)
}

// sum adds 16-bit words as the Internet checksum does (RFC 1071); b starts at an even offset.
func sum(acc uint32, b []byte) uint32 {
	for i := 0; i+1 < len(b); i += 2 {
		acc += uint32(b[i])<<8 | uint32(b[i+1])
		acc = acc&0xFFFF + acc>>16
	}
	if len(b)%2 == 1 {
		acc += uint32(b[len(b)-1]) << 8
	}
	return acc
}

func fold(acc uint32) uint16 {
	acc = acc&0xFFFF + acc>>16
	return uint16(acc + acc>>16)
}
