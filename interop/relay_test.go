package interop

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"tandem/sim/lab"
)

// packet is what one side sent: a piece of a stream, or a datagram.
type packet struct {
	fromServer bool
	data       []byte
}

// recording is what passed through a relay, in order.
type recording struct {
	mu      sync.Mutex
	packets []packet
}

func (r *recording) add(fromServer bool, data []byte) {
	r.mu.Lock()
	r.packets = append(r.packets, packet{fromServer, append([]byte(nil), data...)})
	r.mu.Unlock()
}

func (r *recording) all() []packet {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]packet(nil), r.packets...)
}

// relayTCP takes connections and passes them on to the server, keeping all that passes. It ends with the test.
func relayTCP(t *testing.T, server string) (address string, seen *recording) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(lab.Loopback, "0"))
	if err != nil {
		t.Fatal(err)
	}
	seen = &recording{}
	var running sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	pump := func(to, from net.Conn, fromServer bool) {
		buffer := make([]byte, 64<<10)
		for {
			n, err := from.Read(buffer)
			if n > 0 {
				seen.add(fromServer, buffer[:n])
				if _, err := to.Write(buffer[:n]); err != nil {
					break
				}
			}
			if err != nil {
				break
			}
		}
		to.Close()
	}
	running.Go(func() {
		for {
			phone, err := l.Accept()
			if err != nil {
				return
			}
			up, err := net.DialTimeout("tcp", server, step)
			if err != nil {
				phone.Close()
				continue
			}
			mu.Lock()
			open = append(open, phone, up)
			mu.Unlock()
			running.Go(func() { pump(up, phone, false) })
			running.Go(func() { pump(phone, up, true) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return l.Addr().String(), seen
}

// relayUDP does the same for one phone's datagrams.
func relayUDP(t *testing.T, server string) (address string, seen *recording) {
	t.Helper()
	listen := func() *net.UDPConn {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(lab.Loopback)})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	down, up := listen(), listen()
	target, err := net.ResolveUDPAddr("udp", server)
	if err != nil {
		t.Fatal(err)
	}
	seen = &recording{}
	var running sync.WaitGroup
	var mu sync.Mutex
	var phone *net.UDPAddr
	running.Go(func() {
		buffer := make([]byte, 64<<10)
		for {
			n, from, err := down.ReadFromUDP(buffer)
			if err != nil {
				return
			}
			mu.Lock()
			phone = from
			mu.Unlock()
			seen.add(false, buffer[:n])
			_, _ = up.WriteToUDP(buffer[:n], target)
		}
	})
	running.Go(func() {
		buffer := make([]byte, 64<<10)
		for {
			n, _, err := up.ReadFromUDP(buffer)
			if err != nil {
				return
			}
			mu.Lock()
			to := phone
			mu.Unlock()
			seen.add(true, buffer[:n])
			if to != nil {
				_, _ = down.WriteToUDP(buffer[:n], to)
			}
		}
	})
	t.Cleanup(func() {
		down.Close()
		up.Close()
		running.Wait()
	})
	return down.LocalAddr().String(), seen
}

// writeDatagrams writes datagrams as a capture file in which one side has port 5060.
func writeDatagrams(w io.Writer, packets []packet) error {
	const snap, ethernet = 65535, 1
	out := []byte{}
	le := binary.LittleEndian
	for _, word := range []uint32{0xA1B2C3D4, 2 | 4<<16, 0, 0, snap, ethernet} {
		out = le.AppendUint32(out, word)
	}
	for i, p := range packets {
		if len(p.data) > 60000 {
			return errors.New("a datagram is too large")
		}
		source, target := []byte{192, 0, 2, 1}, []byte{192, 0, 2, 2}
		from, to := uint16(40000), uint16(5060)
		if p.fromServer {
			source, target, from, to = target, source, to, from
		}
		be := binary.BigEndian
		frame := append([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}, 8, 0, 0x45, 0)
		frame = be.AppendUint16(frame, uint16(28+len(p.data)))
		frame = append(frame, 0, 0, 0x40, 0, 64, 17, 0, 0)
		frame = append(append(frame, source...), target...)
		frame = be.AppendUint16(be.AppendUint16(frame, from), to)
		frame = be.AppendUint16(be.AppendUint16(frame, uint16(8+len(p.data))), 0) // without a checksum
		frame = append(frame, p.data...)
		at := time.Duration(i) * time.Millisecond
		for _, word := range []uint32{uint32(at / time.Second), uint32(at % time.Second / time.Microsecond), uint32(len(frame)), uint32(len(frame))} {
			out = le.AppendUint32(out, word)
		}
		out = append(out, frame...)
	}
	_, err := w.Write(out)
	return err
}
