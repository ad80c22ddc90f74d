package tftpd

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"tandem/wire/tftp"
)

// relay is a bad link between a client and a TFTP server: it loses, doubles and reorders packets in both directions, and
// knows that each transfer has a port of its own.
type relay struct {
	server netip.AddrPort
	front  *net.UDPConn // where clients send requests
	random *rand.Rand
	loss   float64 // also the share of doubled and of reordered packets, a third each

	mu    sync.Mutex // guards random and lost
	lost  int
	tasks sync.WaitGroup
	socks []*net.UDPConn
}

func newRelay(t *testing.T, server netip.AddrPort, seed uint64, loss float64) *relay {
	t.Helper()
	front, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{server: server, front: front, random: rand.New(rand.NewPCG(seed, 7)), loss: loss}
	r.tasks.Add(1)
	go r.listen(t)
	t.Cleanup(func() {
		front.Close()
		r.mu.Lock()
		for _, s := range r.socks {
			s.Close()
		}
		r.mu.Unlock()
		r.tasks.Wait()
	})
	return r
}

func (r *relay) addr() string { return r.front.LocalAddr().String() }

// listen gives each client two sockets: one towards the server, one that stands for the port of its transfer.
func (r *relay) listen(t *testing.T) {
	defer r.tasks.Done()
	back := map[netip.AddrPort]*lane{}
	b := make([]byte, tftp.MaxPacket)
	for {
		n, from, err := r.front.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		l := back[from]
		if l == nil {
			if l, err = r.lane(from); err != nil {
				t.Error(err)
				return
			}
			back[from] = l
		}
		r.pass(append([]byte(nil), b[:n]...), &l.heldUp, func(p []byte) { _, _ = l.up.WriteToUDPAddrPort(p, r.server) })
	}
}

type lane struct {
	up, down         *net.UDPConn
	heldUp, heldDown []byte
	mu               sync.Mutex
	transfer         netip.AddrPort // port of the transfer at the server
}

func (r *relay) lane(client netip.AddrPort) (*lane, error) {
	up, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	down, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	l := &lane{up: up, down: down}
	r.mu.Lock()
	r.socks = append(r.socks, up, down)
	r.mu.Unlock()
	r.tasks.Add(2)
	go func() { // server to client
		defer r.tasks.Done()
		b := make([]byte, tftp.MaxPacket)
		for {
			n, from, err := up.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			l.mu.Lock()
			l.transfer = from
			l.mu.Unlock()
			r.pass(append([]byte(nil), b[:n]...), &l.heldDown, func(p []byte) { _, _ = down.WriteToUDPAddrPort(p, client) })
		}
	}()
	go func() { // client to the transfer
		defer r.tasks.Done()
		b := make([]byte, tftp.MaxPacket)
		var held []byte
		for {
			n, _, err := down.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			l.mu.Lock()
			to := l.transfer
			l.mu.Unlock()
			r.pass(append([]byte(nil), b[:n]...), &held, func(p []byte) { _, _ = up.WriteToUDPAddrPort(p, to) })
		}
	}()
	return l, nil
}

// pass sends a packet, or not, or twice, or behind the next one.
func (r *relay) pass(p []byte, held *[]byte, send func([]byte)) {
	r.mu.Lock()
	fate := r.random.Float64()
	if fate < r.loss {
		r.lost++
	}
	r.mu.Unlock()
	switch {
	case fate < r.loss:
		return
	case fate < r.loss*4/3:
		send(p)
		send(p)
	case fate < r.loss*5/3 && *held == nil:
		*held = p
		return
	default:
		send(p)
	}
	if *held != nil {
		send(*held)
		*held = nil
	}
}

// Every transfer over a bad link ends with the right content, with and without options.
func TestLossyLink(t *testing.T) {
	bothModes(t, func(t *testing.T, config Config) {
		m := newMemory()
		config.Patience = tftp.Patience{First: 20 * time.Millisecond, Longest: 80 * time.Millisecond, Repeats: 40}
		s := serve(t, m, config)
		for seed, o := range []tftp.GetOptions{
			{}, {BlockSize: 1468, TransferSize: true}, {BlockSize: 65464}, {BlockSize: 1024, Window: 8}, {BlockSize: 512, Window: 64},
		} {
			o.Repeat, o.Repeats = 25*time.Millisecond, 40
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				r := newRelay(t, s.Addr(), uint64(seed), 0.12)
				before := s.Counters().Resent
				content, transfer, err := tftp.Get(t.Context(), r.addr(), "load.bin", o)
				if err != nil || !bytes.Equal(content, m.files["load.bin"]) {
					t.Fatalf("%d octets, %v", len(content), err)
				}
				r.mu.Lock()
				defer r.mu.Unlock()
				if o.BlockSize < 60000 && r.lost == 0 {
					t.Errorf("nothing was lost; client repeated %d", transfer.Repeated)
				}
				// Doubled acknowledgements do not double the data: block by block, what is sent again stays near what
				// was lost or held up.
				if again := s.Counters().Resent - before; o.Window == 0 && again > uint64(4*r.lost+10) {
					t.Errorf("%d blocks sent again for %d packets lost", again, r.lost)
				}
			})
		}
	})
}
