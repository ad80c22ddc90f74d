package tftp

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// scripted answers each packet of one client with what answer says, from a port of its own.
func scripted(t *testing.T, answer func(Packet) []Packet) string {
	t.Helper()
	listener, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	transfer, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	serve := func(conn *net.UDPConn, done chan<- struct{}) {
		defer close(done)
		b := make([]byte, MaxPacket)
		for {
			n, from, err := conn.ReadFromUDP(b)
			if err != nil {
				return
			}
			p, err := Parse(b[:n])
			if err != nil {
				t.Errorf("client sent %q: %v", b[:n], err)
				continue
			}
			for _, reply := range answer(p) {
				_, _ = transfer.WriteToUDP(reply.Append(nil), from)
			}
		}
	}
	one, two := make(chan struct{}), make(chan struct{})
	go serve(listener, one)
	go serve(transfer, two)
	t.Cleanup(func() {
		listener.Close()
		transfer.Close()
		<-one
		<-two
	})
	return listener.LocalAddr().String()
}

func TestGetRefusesWhatIsNotAgreed(t *testing.T) {
	data := func(n int) Packet { return Data{1, bytes.Repeat([]byte("x"), n)} }
	for _, c := range []struct {
		name  string
		o     GetOptions
		reply Packet
		want  string
	}{
		{"option not asked", GetOptions{TransferSize: true}, OptionAck{Options{{"blksize", "1024"}}}, "not asked"},
		{"larger block than asked", GetOptions{BlockSize: 100}, OptionAck{Options{{"blksize", "101"}}}, "block size 101 for 100"},
		{"block size 0", GetOptions{BlockSize: 100}, OptionAck{Options{{"blksize", "0"}}}, "block size 0"},
		{"larger window", GetOptions{Window: 4}, OptionAck{Options{{"windowsize", "5"}}}, "window size 5"},
		{"block size used unconfirmed", GetOptions{BlockSize: 1024}, data(1024), "1024 octets where 512"},
		{"file too large", GetOptions{TransferSize: true, MaxSize: 99}, OptionAck{Options{{"tsize", "100"}}}, "100 octets"},
		{"data too large", GetOptions{MaxSize: 99}, data(100), "more than 99"},
		{"not found", GetOptions{}, Failure{FileNotFound, "no"}, "TFTP error 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			addr := scripted(t, func(p Packet) []Packet {
				if _, ok := p.(Request); ok {
					return []Packet{c.reply}
				}
				return nil
			})
			_, _, err := Get(context.Background(), addr, "a", c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			var failure Failure
			if errors.As(err, &failure) != (c.name == "not found") {
				t.Errorf("failure in %v", err)
			}
		})
	}
}

func TestGetConfirmsRepeatedDataOnce(t *testing.T) {
	acks := make(chan uint16, 10)
	addr := scripted(t, func(p Packet) []Packet {
		switch p := p.(type) {
		case Request:
			block := Data{1, bytes.Repeat([]byte("a"), 512)}
			return []Packet{block, block}
		case Ack:
			acks <- p.Block
			if p.Block == 1 && len(acks) == 2 {
				return []Packet{Data{2, []byte("end")}}
			}
		}
		return nil
	})
	content, transfer, err := Get(context.Background(), addr, "a", GetOptions{})
	if err != nil || len(content) != 515 {
		t.Fatalf("%d octets, %v", len(content), err)
	}
	if !transfer.Server.IsValid() || transfer.Server.String() == addr {
		t.Errorf("came from %v", transfer.Server)
	}
}

func TestGetSilentServer(t *testing.T) {
	addr := scripted(t, func(Packet) []Packet { return nil })
	_, transfer, err := Get(context.Background(), addr, "a", GetOptions{Repeat: time.Millisecond, Repeats: 3})
	if !errors.Is(err, ErrTimeout) || transfer.Repeated != 3 {
		t.Errorf("%v after %d repetitions", err, transfer.Repeated)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := Get(ctx, addr, "a", GetOptions{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with an ended context: %v", err)
	}
}
