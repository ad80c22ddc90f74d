package sip

import (
	"net/netip"
	"testing"
	"time"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// testHandler is a Handler made of functions; those not given do nothing.
type testHandler struct {
	request func(*ServerTx, *Request)
	cancel  func(*ServerTx, *Request)
	ack     func(*ServerTx, *Request, Flow)
	noAck   func(*ServerTx)
	stray   func(*Response, Flow)
	closed  func(Flow, error)
}

func (h *testHandler) OnRequest(tx *ServerTx, req *Request) {
	if h.request != nil {
		h.request(tx, req)
	}
}

func (h *testHandler) OnCancel(tx *ServerTx, req *Request) {
	if h.cancel != nil {
		h.cancel(tx, req)
	}
}

func (h *testHandler) OnAck(tx *ServerTx, req *Request, f Flow) {
	if h.ack != nil {
		h.ack(tx, req, f)
	}
}

func (h *testHandler) OnNoAck(tx *ServerTx) {
	if h.noAck != nil {
		h.noAck(tx)
	}
}

func (h *testHandler) OnStray(res *Response, f Flow) {
	if h.stray != nil {
		h.stray(res, f)
	}
}

func (h *testHandler) OnFlowClosed(f Flow, why error) {
	if h.closed != nil {
		h.closed(f, why)
	}
}

// answer is what came of a request in a test.
type answer struct {
	res *Response
	err error
}

type answers chan answer

func (a answers) OnResponse(_ *ClientTx, res *Response) { a <- answer{res: res} }
func (a answers) OnFailure(_ *ClientTx, err error)      { a <- answer{err: err} }

func (a answers) next(t *testing.T) answer {
	t.Helper()
	select {
	case x := <-a:
		return x
	case <-time.After(10 * time.Second):
		t.Fatal("no answer within 10 s")
		return answer{}
	}
}

func newStack(t testing.TB, cfg Config) *Stack {
	t.Helper()
	if cfg.Handler == nil {
		cfg.Handler = &testHandler{}
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func udpStack(t testing.TB, cfg Config) (*Stack, netip.AddrPort) {
	t.Helper()
	s := newStack(t, cfg)
	a, err := s.ListenUDP(loopback, netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	return s, a
}

func options(s *Stack, at netip.AddrPort) *Request {
	me := Address{URI: AddrURI("tester", at)}
	return s.NewRequest(OPTIONS, AddrURI("", at), me, me, "")
}

func TestStack_RequestAndResponseOverEachTransport(t *testing.T) {
	server := newStack(t, Config{Handler: &testHandler{request: func(tx *ServerTx, req *Request) {
		_ = tx.Reply(200, NewHeader("X-Transport", tx.Flow().Transport().String()))
	}}})
	serverTLS, clientTLS := testTLS(t)
	client := newStack(t, Config{TLSClient: clientTLS})
	for _, lo := range []string{"127.0.0.1:0", "[::1]:0"} {
		lo := netip.MustParseAddrPort(lo)
		udp, err := server.ListenUDP(lo, netip.AddrPort{})
		if err != nil {
			t.Fatal(err)
		}
		tcp, err := server.ListenTCP(lo, netip.AddrPort{})
		if err != nil {
			t.Fatal(err)
		}
		tls, err := server.ListenTLS(lo, netip.AddrPort{}, serverTLS)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.ListenUDP(lo, netip.AddrPort{}); err != nil {
			t.Fatal(err)
		}
		for tr, at := range map[Transport]netip.AddrPort{UDP: udp, TCP: tcp, TLS: tls} {
			got := make(answers, 4)
			if _, err := client.Send(options(client, at), Target{Transport: tr, Address: at, ServerName: "localhost"}, got); err != nil {
				t.Fatal(tr, at, err)
			}
			a := got.next(t)
			if a.err != nil || a.res.StatusCode != 200 || HeaderValue(a.res, "X-Transport") != tr.String() {
				t.Errorf("%v %v: got %v %v", tr, at, a.res, a.err)
			}
		}
	}
}
