package sip

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// program finds a program that the tests need.
func program(t *testing.T, name, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: install the Debian package %s", name, debianPackage)
	}
	return path
}

// simple answers every INVITE, ends its own calls at once, and counts.
type simple struct {
	ep                             *Endpoint
	answered, ended, failed, acked atomic.Int64
}

func (s *simple) OnRequest(tx *ServerTx, req *Request) {
	switch req.Method {
	case INVITE:
		d, err := s.ep.Incoming(tx, LocalContact(tx.Flow(), "simple"), s)
		if err != nil {
			return
		}
		_ = d.Ring(180, nil, false)
		_ = d.Answer([]byte("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"))
	default:
		_ = tx.Reply(200)
	}
}
func (s *simple) OnCancel(*ServerTx)                                  {}
func (s *simple) OnFlowClosed(Flow, error)                            {}
func (s *simple) OnDialogRequest(d *Dialog, tx *ServerTx, r *Request) { s.ended.Add(1) }
func (s *simple) OnDialogAck(*Dialog, *Request)                       { s.acked.Add(1) }
func (s *simple) OnDialogCancel(*Dialog, *ServerTx)                   {}
func (s *simple) OnRefreshDue(*Dialog)                                {}
func (s *simple) OnDialogLost(*Dialog, error)                         { s.failed.Add(1) }
func (s *simple) OnProgress(*Call, *Dialog, *Response)                {}
func (s *simple) OnCallFailed(*Call, *Response, error)                { s.failed.Add(1) }
func (s *simple) OnAnswer(_ *Call, d *Dialog, _ *Response) {
	s.answered.Add(1)
	_ = d.Ack(nil)
	_ = d.Bye("")
}

func simpleEndpoint(t testing.TB, transport Transport) (*simple, netip.AddrPort) {
	t.Helper()
	s := &simple{}
	ep, err := NewEndpoint(Config{}, Options{Allow: "INVITE, ACK, BYE, CANCEL, OPTIONS"}, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ep.Close() })
	s.ep = ep
	listen := ep.ListenUDP
	if transport == TCP {
		listen = ep.ListenTCP
	}
	a, err := listen(loopback, netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	return s, a
}

func run(t *testing.T, name, debianPackage string, args ...string) {
	t.Helper()
	path := program(t, name, debianPackage)
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = t.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil {
		text := string(out)
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, text[max(0, len(text)-3000):])
	}
}

func TestInterop_SippCallsUs(t *testing.T) {
	const calls = 200
	for _, c := range []struct {
		transport Transport
		flag      string
	}{{UDP, "u1"}, {TCP, "t1"}, {TCP, "tn"}} {
		s, a := simpleEndpoint(t, c.transport)
		run(t, "sipp", "sip-tester", "-sn", "uac", a.String(), "-i", "127.0.0.1", "-t", c.flag, "-m", fmt.Sprint(calls), "-r", "200", "-l", "50", "-d", "20", "-nostdin", "-max_socket", "200")
		until(t, "all calls ended", func() bool { return s.ended.Load() == calls && s.ep.Dialogs() == 0 })
		if s.failed.Load() != 0 || s.acked.Load() != calls {
			t.Errorf("%s: %d failed, %d of %d acknowledged", c.flag, s.failed.Load(), s.acked.Load(), calls)
		}
	}
}

func TestInterop_WeCallSipp(t *testing.T) {
	const calls = 200
	s, _ := simpleEndpoint(t, UDP)
	free, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(loopback))
	if err != nil {
		t.Fatal(err)
	}
	port := free.LocalAddr().(*net.UDPAddr).Port
	free.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(t, "sipp", "sip-tester", "-sn", "uas", "-i", "127.0.0.1", "-p", fmt.Sprint(port), "-m", fmt.Sprint(calls), "-nostdin")
	}()
	there := netip.AddrPortFrom(loopback.Addr(), uint16(port))
	me := Address{URI: URI{Scheme: "sip", User: "us", Host: "127.0.0.1"}}
	for i := range calls {
		until(t, "room for a call", func() bool { return int64(i)-s.answered.Load() < 20 })
		_, err := s.ep.Invite(Invitation{URI: AddrURI("them", there), From: me, To: Address{URI: AddrURI("them", there)}, Target: At(UDP, there),
			Body: []byte("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n")}, s)
		if err != nil {
			t.Fatal(err)
		}
	}
	until(t, "all calls answered", func() bool { return s.answered.Load() == calls })
	<-done
	if s.failed.Load() != 0 {
		t.Errorf("%d failed", s.failed.Load())
	}
}

func TestInterop_Sipsak(t *testing.T) {
	_, a := simpleEndpoint(t, UDP)
	run(t, "sipsak", "sipsak", "-v", "-s", "sip:x@"+a.String())
}

// BenchmarkOptions answers OPTIONS over UDP on loopback: messages in and out per second of the
// server and the client together.
func BenchmarkOptions(b *testing.B) {
	_, a := udpStack(b, Config{Handler: &testHandler{request: func(tx *ServerTx, _ *Request) { _ = tx.Reply(200) }}})
	client, _ := udpStack(b, Config{})
	window := make(chan struct{}, 64)
	h := &released{window}
	b.ReportAllocs()
	for b.Loop() {
		window <- struct{}{}
		if _, err := client.Send(options(client, a), At(UDP, a), h); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

type released struct{ window chan struct{} }

func (r *released) OnResponse(_ *ClientTx, res *Response) { <-r.window }
func (r *released) OnFailure(*ClientTx, error)            { <-r.window }

// BenchmarkCall sets up and ends calls between two endpoints over UDP on loopback: INVITE, 180,
// 200, ACK, BYE, 200, both sides in this process.
func BenchmarkCall(b *testing.B) {
	server, a := simpleEndpoint(b, UDP)
	client := &caller{window: make(chan struct{}, 64)}
	ep, err := NewEndpoint(Config{}, Options{}, client)
	if err != nil {
		b.Fatal(err)
	}
	defer ep.Close()
	client.ep = ep
	if _, err := ep.ListenUDP(loopback, netip.AddrPort{}); err != nil {
		b.Fatal(err)
	}
	me := Address{URI: URI{Scheme: "sip", User: "us", Host: "127.0.0.1"}}
	them := Address{URI: AddrURI("them", a)}
	sdp := []byte(benchInvite[strings.Index(benchInvite, "\r\n\r\n")+4:])
	b.ReportAllocs()
	for b.Loop() {
		client.window <- struct{}{}
		if _, err := ep.Invite(Invitation{URI: them.URI, From: me, To: them, Target: At(UDP, a), Body: sdp}, client); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	if n := client.failed.Load() + server.failed.Load(); n != 0 {
		b.Errorf("%d calls failed", n)
	}
}

type caller struct {
	simple
	window chan struct{}
}

func (c *caller) OnAnswer(_ *Call, d *Dialog, _ *Response) {
	_ = d.Ack(nil)
	_ = d.Bye("")
	<-c.window
}
