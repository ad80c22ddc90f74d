package sip

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// until polls a condition for at most 10 s.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within 10 s: %s", what)
}

func tcpStack(t *testing.T, cfg Config) (*Stack, netip.AddrPort) {
	t.Helper()
	if cfg.Handler == nil {
		cfg.Handler = &testHandler{request: func(tx *ServerTx, req *Request) {
			_ = tx.Reply(200, NewHeader("X-Body", fmt.Sprint(len(req.Body()))))
		}}
	}
	s := newStack(t, cfg)
	a, err := s.ListenTCP(loopback, netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	return s, a
}

func dialTCP(t *testing.T, a netip.AddrPort) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", a.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

func tcpRequest(id string, body int) string {
	return fmt.Sprintf("OPTIONS sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK%s\r\nFrom: <sip:b@x>;tag=1\r\nTo: <sip:a@x>\r\n"+
		"Call-ID: %s\r\nCSeq: 1 OPTIONS\r\nl: %d\r\n\r\n%s", id, id, body, strings.Repeat("x", body))
}

// readResponse reads one message without a body.
func readResponse(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return b.String(), err
		}
		b.WriteString(line)
		if line == "\r\n" {
			return b.String(), nil
		}
	}
}

func TestR33_StreamSplitAnywhereAndTwoInOneSegment(t *testing.T) {
	_, a := tcpStack(t, Config{Workers: 1})
	text := tcpRequest("one", 30)
	for cut := 1; cut < len(text); cut += 7 {
		c := dialTCP(t, a)
		id := fmt.Sprint("cut", cut)
		text := tcpRequest(id, 30)
		_, _ = io.WriteString(c, text[:cut])
		time.Sleep(200 * time.Microsecond) // two segments most of the time; the result is the same either way
		_, _ = io.WriteString(c, text[cut:])
		res, err := readResponse(bufio.NewReader(c))
		if err != nil || !strings.Contains(res, "X-Body: 30\r\n") {
			t.Fatalf("cut at %d: %v\n%s", cut, err, res)
		}
		c.Close()
	}
	c := dialTCP(t, a)
	_, _ = io.WriteString(c, "\r\n\r\n"+tcpRequest("two", 5)+"\r\n"+tcpRequest("three", 60000)+tcpRequest("four", 0))
	r := bufio.NewReader(c)
	if pong, err := readResponse(r); err != nil || pong != "\r\n" {
		t.Errorf("keep-alive answered %q %v", pong, err)
	}
	for _, want := range []string{"X-Body: 5\r\n", "X-Body: 60000\r\n", "X-Body: 0\r\n"} {
		if res, err := readResponse(r); err != nil || !strings.Contains(res, want) {
			t.Errorf("%q missing: %v\n%s", want, err, res)
		}
	}
}

func TestFrame_BadStreamsEnd(t *testing.T) {
	s, a := tcpStack(t, Config{})
	for name, text := range map[string]string{
		"no length": strings.Replace(tcpRequest("x", 0), "l: 0\r\n", "", 1),
		"negative":  strings.Replace(tcpRequest("x", 0), "l: 0", "l: -1", 1),
		"too large": strings.Replace(tcpRequest("x", 0), "l: 0", "l: 70000", 1),
		"HTTP":      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"TLS hello": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"no end":    "OPTIONS sip:x SIP/2.0\r\n" + strings.Repeat("X: y\r\n", 12000),
		"long line": strings.Repeat("x", 5000),
	} {
		c := dialTCP(t, a)
		_, _ = io.WriteString(c, text)
		if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%s: %v", name, err)
		}
	}
	until(t, "connections forgotten", func() bool { return s.Counters().Connections == 0 })
}

func TestT07_SlowMessageAndIdleConnection(t *testing.T) {
	_, a := tcpStack(t, Config{Limits: Limits{Unproven: 200 * time.Millisecond, Message: 300 * time.Millisecond}})
	idle := dialTCP(t, a)
	start := time.Now()
	if _, err := idle.Read(make([]byte, 1)); err != io.EOF {
		t.Error("idle connection:", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("closed after %v", d)
	}
	slow := dialTCP(t, a)
	_, _ = io.WriteString(slow, tcpRequest("proof", 0))
	r := bufio.NewReader(slow)
	if _, err := readResponse(r); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { _, err := readResponse(r); ended <- err }()
	for i := range 1000 {
		if _, err := io.WriteString(slow, "O"); err != nil {
			break
		}
		select {
		case <-ended:
			return
		case <-time.After(10 * time.Millisecond):
		}
		if i == 999 {
			t.Error("a message may take 10 s, want 0.3 s")
		}
	}
}

func TestT06_IdleConnectionsKeepNobodyOut(t *testing.T) {
	s, a := tcpStack(t, Config{Limits: Limits{UnprovenPerSource: 20, PerSource: 200}})
	for range 300 {
		dialTCP(t, a)
	}
	c := dialTCP(t, a)
	_, _ = io.WriteString(c, tcpRequest("phone", 0))
	start := time.Now()
	if res, err := readResponse(bufio.NewReader(c)); err != nil || !strings.HasPrefix(res, "SIP/2.0 200") {
		t.Fatalf("phone among idle connections: %v %s", err, res)
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("answer took %v", d)
	}
	until(t, "idle connections bounded", func() bool { n := s.Counters().Connections; return n >= 1 && n <= 21 })
}

func TestR32_ResetOnWriteGetsOneNewConnection(t *testing.T) {
	client := newStack(t, Config{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var conns, answered atomic.Int32
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n := conns.Add(1)
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for {
					text, err := readResponse(r)
					if err != nil {
						return
					}
					if n != 2 && strings.Contains(text, "OPTIONS") && answered.Load() >= 1 && n == 1 {
						_ = c.(*net.TCPConn).SetLinger(0) // power cycled: a reset
						return
					}
					m, _ := Parse([]byte(text))
					res := NewResponse(m.(*Request), 200, "", "t")
					answered.Add(1)
					_, _ = io.WriteString(c, String(res))
				}
			}()
		}
	}()
	at := l.Addr().(*net.TCPAddr).AddrPort()
	for i := range 2 {
		got := make(answers, 2)
		if _, err := client.Send(options(client, at), At(TCP, at), got); err != nil {
			t.Fatal(err)
		}
		if x := got.next(t); x.err != nil || x.res.StatusCode != 200 {
			t.Fatalf("request %d: %v", i, x)
		}
	}
	if c := client.Counters(); c.Reconnected != 1 || conns.Load() != 2 {
		t.Errorf("%d connections, %+v", conns.Load(), c)
	}
	// Refused: an error at once, not after Timer B.
	l.Close()
	until(t, "connections gone", func() bool {
		for f := range client.connections() {
			f.Close()
		}
		return client.Counters().Connections == 0
	})
	got := make(answers, 2)
	start := time.Now()
	_, err = client.Send(options(client, at), At(TCP, at), got)
	if err == nil {
		err = got.next(t).err
	}
	if err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("refused connection: %v after %v", err, time.Since(start))
	}
}

// connections are the flows that are open.
func (s *Stack) connections() map[Flow]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[Flow]bool)
	for c := range s.all {
		out[c.flow()] = true
	}
	return out
}

func TestR32_RequestsGoOverTheConnectionOfTheRegistration(t *testing.T) {
	flows := make(chan Flow, 2)
	closed := make(chan error, 8)
	server, a := tcpStack(t, Config{Handler: &testHandler{
		request: func(tx *ServerTx, req *Request) { flows <- tx.Flow(); _ = tx.Reply(200) },
		closed:  func(_ Flow, why error) { closed <- why },
	}})
	asked := make(chan Flow, 1)
	phone := newStack(t, Config{Handler: &testHandler{request: func(tx *ServerTx, req *Request) { asked <- tx.Flow(); _ = tx.Reply(200) }}})
	got := make(answers, 2)
	if _, err := phone.Send(options(phone, a), At(TCP, a), got); err != nil {
		t.Fatal(err)
	}
	got.next(t)
	flow := <-flows
	back := make(answers, 2)
	req := server.NewRequest(OPTIONS, URI{Scheme: "sip", User: "phone", Host: "10.1.1.1"}, Address{URI: URI{Scheme: "sip", Host: "x"}}, Address{URI: URI{Scheme: "sip", Host: "x"}}, "")
	if _, err := server.Send(req, Over(flow), back); err != nil {
		t.Fatal(err)
	}
	if x := back.next(t); x.err != nil || x.res.StatusCode != 200 {
		t.Fatal(x)
	}
	if f := <-asked; f.Remote() != a {
		t.Errorf("came from %v, want %v", f.Remote(), a)
	}
	if n := server.Counters().ConnAccepted; n != 1 {
		t.Errorf("%d connections", n)
	}
	flow.Close()
	if why := <-closed; why != ErrFlowReplaced || flow.Alive() {
		t.Errorf("closed with %v", why)
	}
	if _, err := server.Send(options(server, a), Over(flow), back); err != ErrNoRoute {
		t.Error("request over an ended connection:", err)
	}
}

func TestR33_LargeRequestGoesByTCPIfThePeerTakesIt(t *testing.T) {
	server := newStack(t, Config{Handler: &testHandler{request: func(tx *ServerTx, req *Request) {
		_ = tx.Reply(200, NewHeader("X-Transport", tx.Flow().Transport().String()))
	}}})
	udp, err := server.ListenUDP(loopback, netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := server.ListenTCP(loopback, netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	client, _ := udpStack(t, Config{})
	for _, c := range []struct {
		body   int
		stream netip.AddrPort
		want   string
	}{{100, tcp, "UDP"}, {1400, tcp, "TCP"}, {1400, netip.AddrPort{}, "UDP"}, {60000, netip.AddrPort{}, "UDP"}} {
		req := options(client, udp)
		SetBody(req, "text/plain", []byte(strings.Repeat("x", c.body)))
		got := make(answers, 2)
		if _, err := client.Send(req, Target{Transport: UDP, Address: udp, Stream: c.stream}, got); err != nil {
			t.Fatal(err)
		}
		if x := got.next(t); x.err != nil || HeaderValue(x.res, "X-Transport") != c.want {
			t.Errorf("%d bytes: %v %v", c.body, x.res, x.err)
		}
	}
	if n := client.Counters().Oversized; n != 2 {
		t.Errorf("%d oversized counted", n)
	}
}

// TestOrder_WithinACall sends the messages of many calls without waiting and checks that each call
// sees its own in order.
func TestOrder_WithinACall(t *testing.T) {
	type step struct {
		id   string
		cseq uint32
	}
	seen := make(chan step, 100000)
	_, a := udpStack(t, Config{Workers: 4, Handler: &testHandler{
		request: func(tx *ServerTx, req *Request) { seen <- step{CallIDOf(req), req.CSeq().SeqNo}; _ = tx.Reply(200) },
		ack:     func(_ *ServerTx, req *Request, _ Flow) { seen <- step{CallIDOf(req), req.CSeq().SeqNo} },
	}})
	c, err := net.Dial("udp", a.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const calls, steps = 100, 12
	for n := 1; n <= steps; n++ {
		for i := range calls {
			m := "INFO"
			if n%3 == 0 {
				m = "ACK" // no transaction: these must not be overtaken
			}
			fmt.Fprintf(c, "%s sip:a@x SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%d-%d\r\nFrom: <sip:b@x>;tag=1\r\nTo: <sip:a@x>;tag=2\r\nCall-ID: order%d\r\nCSeq: %d %s\r\n\r\n",
				m, c.LocalAddr(), i, n, i, n, m)
		}
		time.Sleep(time.Millisecond)
	}
	last := map[string]uint32{}
	for range calls * steps {
		select {
		case s := <-seen:
			if s.cseq <= last[s.id] {
				t.Fatalf("%s: %d after %d", s.id, s.cseq, last[s.id])
			}
			last[s.id] = s.cseq
		case <-time.After(10 * time.Second):
			t.Fatal("messages lost on loopback")
		}
	}
}

func TestPanic_StaysWithItsCall(t *testing.T) {
	recovered := make(chan string, 1)
	_, a := udpStack(t, Config{
		Handler: &testHandler{request: func(tx *ServerTx, req *Request) {
			if HeaderValue(req, "X-Panic") != "" {
				panic("on purpose")
			}
			_ = tx.Reply(200)
		}},
		Recover: func(callID string, _ any, stack []byte) { recovered <- callID },
	})
	client, _ := udpStack(t, Config{})
	bad := options(client, a)
	bad.AppendHeader(NewHeader("X-Panic", "yes"))
	if _, err := client.Send(bad, At(UDP, a), make(answers, 8)); err != nil {
		t.Fatal(err)
	}
	if id := <-recovered; id != CallIDOf(bad) {
		t.Errorf("panic of %q told as %q", CallIDOf(bad), id)
	}
	got := make(answers, 2)
	if _, err := client.Send(options(client, a), At(UDP, a), got); err != nil {
		t.Fatal(err)
	}
	if x := got.next(t); x.err != nil {
		t.Error("worker did not go on:", x.err)
	}
}

// A stack with several addresses connects from the one that it is told.
func TestConnectionsComeFromTheSource(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	source := netip.MustParseAddr("127.0.0.5")
	client := newStack(t, Config{Handler: &testHandler{}, Source: source})
	if _, err := client.FlowTo(At(TCP, netip.MustParseAddrPort(l.Addr().String()))); err != nil {
		t.Fatal(err)
	}
	_ = l.(*net.TCPListener).SetDeadline(time.Now().Add(30 * time.Second))
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if from := netip.MustParseAddrPort(c.RemoteAddr().String()); from.Addr() != source {
		t.Errorf("the connection comes from %v", from)
	}
}
