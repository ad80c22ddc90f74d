package tftpd

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/provision"
	"tandem/wire/tftp"
)

func get(t *testing.T, s *Server, name string, o tftp.GetOptions) ([]byte, tftp.Transfer, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return tftp.Get(ctx, s.Addr().String(), name, o)
}

func TestEveryFileWithEveryOption(t *testing.T) {
	bothModes(t, func(t *testing.T, config Config) {
		m := newMemory()
		s := serve(t, m, config)
		for name, content := range m.files {
			for _, o := range []tftp.GetOptions{
				{}, {BlockSize: 8}, {BlockSize: 1468, TransferSize: true}, {BlockSize: 65464}, {Window: 16, BlockSize: 1024},
				{Window: 65535, BlockSize: 65464, TransferSize: true}, {Timeout: 2 * time.Second}, {Extra: tftp.Options{{Name: "multicast", Value: ""}}},
			} {
				if o.BlockSize == 8 && len(content) > 5000 {
					continue
				}
				got, transfer, err := get(t, s, name, o)
				if err != nil || !bytes.Equal(got, content) {
					t.Fatalf("%s with %+v: %d octets, %v", name, o, len(got), err)
				}
				if (transfer.Server == s.Addr()) != config.SinglePort {
					t.Errorf("answered from %v, listening on %v", transfer.Server, s.Addr())
				}
			}
		}
	})
}

// what is not there is refused at once with code 1.
func TestR60_NotFoundAtOnce(t *testing.T) {
	bothModes(t, func(t *testing.T, config Config) {
		m := newMemory()
		s := serve(t, m, config)
		started := time.Now()
		for _, name := range []string{"CTLSEP0000AAAA2003.tlv", "SEP0000AAAA2003.cnf.xml.sgn", "../../etc/passwd"} {
			_, _, err := get(t, s, name, tftp.GetOptions{})
			var failure tftp.Failure
			if !errors.As(err, &failure) || failure.Code != tftp.FileNotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
		if took := time.Since(started); took > time.Second {
			t.Errorf("three refusals took %v", took)
		}
		eventually(t, "counters", func() bool { c := s.Counters(); return c.NotFound == 2 && c.Refused == 1 && c.Active == 0 })
	})
}

// exchange sends raw packets from one port and returns what comes back within the time.
func exchange(t *testing.T, s *Server, wait time.Duration, packets ...string) []string {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, p := range packets {
		if _, err := conn.WriteToUDPAddrPort([]byte(p), s.Addr()); err != nil {
			t.Fatal(err)
		}
	}
	var replies []string
	_ = conn.SetReadDeadline(time.Now().Add(wait))
	b := make([]byte, tftp.MaxPacket)
	for {
		n, err := conn.Read(b)
		if err != nil {
			return replies
		}
		replies = append(replies, string(b[:n]))
	}
}

// A request that is repeated before the answer arrives does not give two streams of data (sccp.md 5.2).
func TestR60_RepeatedRequest(t *testing.T) {
	bothModes(t, func(t *testing.T, config Config) {
		s := serve(t, newMemory(), config)
		rrq := "\x00\x01load.bin\x00octet\x00"
		if replies := exchange(t, s, 300*time.Millisecond, rrq, rrq, rrq); len(replies) != 1 {
			t.Errorf("%d answers to a request sent three times", len(replies))
		}
		if c := s.Counters(); c.Repeated != 2 || c.Requests != 1 {
			t.Errorf("%+v", c)
		}
	})
}

// A client that begins anew from the same port is served; its first transfer ends.
func TestRequestForAnotherFileFromTheSamePort(t *testing.T) {
	bothModes(t, func(t *testing.T, config Config) {
		m := newMemory()
		s := serve(t, m, config)
		replies := exchange(t, s, 300*time.Millisecond, "\x00\x01load.bin\x00octet\x00", "\x00\x01OS79XX.TXT\x00octet\x00")
		found := false
		for _, r := range replies {
			found = found || r == "\x00\x03\x00\x01P003-8-12-00"
		}
		if !found {
			t.Errorf("answers %q", replies)
		}
		if r := lastResult(t, m, 1); !errors.Is(r.result.Err, errReplaced) && !errors.Is(r.result.Err, errLeft) {
			t.Errorf("first transfer: %v", r.result.Err)
		}
	})
}

// R-60 (e): an option answer that nobody acknowledges does not hold its place for ever.
func TestR60_SilentClientIsGivenUp(t *testing.T) {
	m := newMemory()
	s := serve(t, m, Config{SinglePort: true, Patience: tftp.Patience{First: 5 * time.Millisecond, Longest: 10 * time.Millisecond, Repeats: 3}})
	replies := exchange(t, s, 300*time.Millisecond, "\x00\x01load.bin\x00octet\x00blksize\x001024\x00")
	if len(replies) != 4 || replies[0] != "\x00\x06blksize\x001024\x00" || replies[3] != replies[0] {
		t.Errorf("answers %q", replies)
	}
	if r := lastResult(t, m, 1); !errors.Is(r.result.Err, errSilent) || r.result.Sent != 0 {
		t.Errorf("told %+v", r.result)
	}
	eventually(t, "place free", func() bool { return s.Counters().Active == 0 && s.Counters().Abandoned == 1 })
}

func TestT08_WritesAreRefused(t *testing.T) {
	m := newMemory()
	s := serve(t, m, Config{})
	replies := exchange(t, s, 200*time.Millisecond, "\x00\x02SEP0000AAAA2003.cnf.xml\x00octet\x00", "\x00\x02new\x00octet\x00blksize\x0065464\x00tsize\x001\x00")
	if len(replies) != 2 || !strings.HasPrefix(replies[0], "\x00\x05\x00\x02") || !strings.HasPrefix(replies[1], "\x00\x05\x00\x02") {
		t.Errorf("answers %q", replies)
	}
	if r := lastResult(t, m, 2); !errors.Is(r.result.Err, provision.ErrWrite) {
		t.Errorf("told %v", r.result.Err)
	}
}

// T-8: thirteen malformed packets, and it still serves.
func TestT08_MalformedStillServes(t *testing.T) {
	s := serve(t, newMemory(), Config{})
	exchange(t, s, 100*time.Millisecond,
		"", "\x00", "\x00\x01", "\x00\x01\x00", "\x00\x01\x00\x00", "\x00\x01load.bin", "\x00\x01load.bin\x00", "\x00\x01load.bin\x00octe",
		"\x00\x01load.bin\x00wrong\x00", "\x00\x09aaaa", "\xff\xff\xff\xff", "\x00\x01"+strings.Repeat("A", 60000), "\x00\x04\x00\x01\x00\x06blksize\x000\x00")
	if _, _, err := get(t, s, "load.bin", tftp.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "counted", func() bool { c := s.Counters(); return c.Malformed >= 10 && c.Served == 1 })
}

func TestPanicEndsOneTransferOnly(t *testing.T) {
	m := newMemory()
	s := serve(t, m, Config{})
	_, _, err := get(t, s, "broken", tftp.GetOptions{})
	var failure tftp.Failure
	if !errors.As(err, &failure) || failure.Code != tftp.NotDefined {
		t.Errorf("client got %v", err)
	}
	if _, _, err := get(t, s, "load.bin", tftp.GetOptions{}); err != nil {
		t.Error(err)
	}
	eventually(t, "counted", func() bool { c := s.Counters(); return c.Failed == 1 && c.Served == 1 && c.Active == 0 })
}

func TestNetASCII(t *testing.T) {
	m := newMemory()
	m.files["text"] = []byte("a\nb\rc\r\nd")
	s := serve(t, m, Config{})
	replies := exchange(t, s, 200*time.Millisecond, "\x00\x01text\x00netascii\x00")
	if len(replies) != 1 || replies[0] != "\x00\x03\x00\x01a\r\nb\r\x00c\r\nd" {
		t.Errorf("answers %q", replies)
	}
	replies = exchange(t, s, 200*time.Millisecond, "\x00\x01text\x00netascii\x00tsize\x000\x00")
	if len(replies) != 1 || replies[0] != "\x00\x06tsize\x0010\x00" {
		t.Errorf("exact size: %q", replies)
	}
}

// The answer comes from the address that was asked, also when the server listens on all of them.
func TestAnswersFromTheAddressThatWasAsked(t *testing.T) {
	bothModes(t, func(t *testing.T, config Config) {
		m := newMemory()
		s, err := Listen("0.0.0.0:0", m, config)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.77"), s.Addr().Port())
		content, transfer, err := tftp.Get(context.Background(), to.String(), "OS79XX.TXT", tftp.GetOptions{Repeat: time.Second})
		if err != nil || string(content) != "P003-8-12-00" || transfer.Server.Addr() != to.Addr() {
			t.Fatalf("%q from %v, %v", content, transfer.Server, err)
		}
		if r := lastResult(t, m, 1); r.r.Local != to.Addr() {
			t.Errorf("asked at %v, told %v", to.Addr(), r.r.Local)
		}
	})
}

func TestIPv6(t *testing.T) {
	m := newMemory()
	s, err := Listen("[::1]:0", m, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if content, _, err := get(t, s, "load.bin", tftp.GetOptions{BlockSize: 1024}); err != nil || len(content) != 200_001 {
		t.Fatal(len(content), err)
	}
}

// A thousand phones ask at once; two hundred are served at a time, the others wait, and nobody is lost.
func TestThousandParallelTransfers(t *testing.T) {
	count := 1000
	if testing.Short() { // under the race detector a thousand take longer than clients wait
		count = 200
	}
	bothModes(t, func(t *testing.T, config Config) {
		m := newMemory()
		m.files["load"] = noise(9, 20_000)
		config.MaximumPerSource = 200
		s := serve(t, m, config)
		var group sync.WaitGroup
		failed := make(chan error, 1000)
		for range count {
			group.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
				defer cancel()
				content, _, err := tftp.Get(ctx, s.Addr().String(), "load", tftp.GetOptions{BlockSize: 1024, Repeats: 20})
				if err == nil && !bytes.Equal(content, m.files["load"]) {
					err = errors.New("wrong content")
				}
				if err != nil {
					failed <- err
				}
			})
		}
		group.Wait()
		close(failed)
		for err := range failed {
			t.Fatal(err)
		}
		eventually(t, "all over", func() bool { c := s.Counters(); return c.Active == 0 && c.Waiting == 0 && int(c.Served) >= count })
	})
}

// One address cannot take the places of the others.
func TestPlacesPerSource(t *testing.T) {
	m := newMemory()
	s := serve(t, m, Config{MaximumTransfers: 10, MaximumPerSource: 3, MaximumWaiting: 4})
	for range 12 { // twelve silent clients at one address: 3 run, 4 wait, 5 get no answer
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = conn.WriteToUDPAddrPort([]byte("\x00\x01load.bin\x00octet\x00"), s.Addr())
	}
	eventually(t, "limits reached", func() bool { c := s.Counters(); return c.Active == 3 && c.Waiting == 4 && c.Dropped == 5 })
	content, _, err := get(t, s, "OS79XX.TXT", tftp.GetOptions{Local: netip.MustParseAddr("127.0.0.2")})
	if err != nil || string(content) != "P003-8-12-00" {
		t.Errorf("another address: %q, %v", content, err)
	}
	eventually(t, "busy told", func() bool {
		busy := 0
		for _, r := range m.results() {
			if errors.Is(r.result.Err, provision.ErrBusy) {
				busy++
			}
		}
		return busy == 5
	})
}

func TestCloseTellsClients(t *testing.T) {
	m := newMemory()
	s := serve(t, m, Config{})
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = conn.WriteToUDPAddrPort([]byte("\x00\x01load.bin\x00octet\x00"), s.Addr())
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	b := make([]byte, 1000)
	if n, err := conn.Read(b); err != nil || n != 516 {
		t.Fatal(n, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(b)
	if err != nil || !strings.HasPrefix(string(b[:n]), "\x00\x05\x00\x00") {
		t.Errorf("%q, %v", b[:n], err)
	}
	if r := lastResult(t, m, 1); !errors.Is(r.result.Err, errStopped) {
		t.Errorf("told %v", r.result.Err)
	}
}

// T-3: 20,000 mutated packets, in both modes; afterwards it still serves and holds nothing.
func TestT03_TwentyThousandMutatedPackets(t *testing.T) {
	bothModes(t, func(t *testing.T, config Config) {
		m := newMemory()
		config.Patience = tftp.Patience{First: 100 * time.Millisecond, Longest: 200 * time.Millisecond, Repeats: 5}
		s := serve(t, m, config)
		seeds := []string{
			"\x00\x01SEP0000AAAA2003.cnf.xml\x00octet\x00blksize\x001468\x00tsize\x000\x00windowsize\x004\x00timeout\x001\x00",
			"\x00\x01load.bin\x00netascii\x00", "\x00\x02x\x00octet\x00", "\x00\x03\x00\x01abc", "\x00\x04\x00\x00",
			"\x00\x05\x00\x01gone\x00", "\x00\x06blksize\x00512\x00",
		}
		random := rand.New(rand.NewPCG(3, 20000))
		const packets, ports = 20_000, 50
		var conns [ports]*net.UDPConn
		for i := range conns {
			conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(s.Addr()))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conns[i] = conn
		}
		for i := range packets {
			b := []byte(seeds[random.IntN(len(seeds))])
			for range random.IntN(6) {
				switch at := random.IntN(len(b)); random.IntN(5) {
				case 0:
					b[at] = byte(random.Uint32())
				case 1:
					b = b[:max(1, at)]
				case 2:
					b = append(b[:at:at], append([]byte(strings.Repeat(string(b[at:]), 1+random.IntN(20))), b[at:]...)...)
				case 3:
					b[at] ^= 1 << random.IntN(8)
				case 4:
					b = append(b, byte(random.Uint32()))
				}
			}
			if len(b) > 60000 {
				b = b[:60000]
			}
			_, _ = conns[i%ports].Write(b)
			if i%500 == 0 { // let the server keep up: the point is what it reads, not what it misses
				if _, _, err := get(t, s, "OS79XX.TXT", tftp.GetOptions{Repeat: 20 * time.Millisecond, Repeats: 50}); err != nil {
					t.Fatalf("after %d packets: %v", i, err)
				}
			}
		}
		if _, _, err := get(t, s, "load.bin", tftp.GetOptions{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "nothing held", func() bool { c := s.Counters(); return c.Active == 0 && c.Waiting == 0 })
		c := s.Counters()
		if c.Failed != 0 {
			t.Errorf("%+v", c)
		}
		if c.Malformed+c.Strays+c.WritesRefused+c.Requests+c.Repeated < packets/2 {
			t.Errorf("the server saw too few packets for this to mean anything: %+v", c)
		}
	})
}
