package sip

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	hostA = "192.0.2.1:5060"
	hostB = "192.0.2.2:5060"
)

var addrB = netip.MustParseAddrPort(hostB)

func seconds(v ...float64) []time.Duration {
	var out []time.Duration
	for _, s := range v {
		out = append(out, time.Duration(s*float64(time.Second)))
	}
	return out
}

func inviteTo(s *Stack) *Request {
	me := Address{URI: URI{Scheme: "sip", User: "a", Host: "192.0.2.1"}}
	req := s.NewRequest(INVITE, URI{Scheme: "sip", User: "b", Host: "192.0.2.2"}, me, me, "")
	req.AppendHeader(ContactHeader(me.URI))
	return req
}

// rawRequest is a request as text from a peer.
func rawRequest(m Method, branch, callID, fromTag, toTag string, cseq int, more string) string {
	if toTag != "" {
		toTag = ";tag=" + toTag
	}
	return fmt.Sprintf("%s sip:b@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK%s\nMax-Forwards: 70\n"+
		"From: <sip:b@192.0.2.2>;tag=%s\nTo: <sip:a@192.0.2.1>%s\nCall-ID: %s\nCSeq: %d %s\nContact: <sip:b@192.0.2.2;x=y>\n%sContent-Length: 0\n\n",
		m, branch, fromTag, toTag, callID, cseq, m, more)
}

func same(t *testing.T, what string, got, want []time.Duration) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s at %v, want %v", what, got, want)
		return
	}
	for i := range got {
		if d := got[i] - want[i]; d < -20*time.Millisecond || d > 100*time.Millisecond {
			t.Errorf("%s at %v, want %v", what, got, want)
			return
		}
	}
}

func TestTimers_ClientRepeatsAndGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		s := memStack(t, n, hostA, Config{})
		defer s.Close()
		got := make(answers, 4)
		if _, err := s.Send(inviteTo(s), At(UDP, addrB), got); err != nil {
			t.Fatal(err)
		}
		req := options(s, addrB)
		gotO := make(answers, 4)
		if _, err := s.Send(req, At(UDP, addrB), gotO); err != nil {
			t.Fatal(err)
		}
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if a := <-got; !errors.Is(a.err, ErrTimeout) {
			t.Error("INVITE:", a)
		}
		if a := <-gotO; !errors.Is(a.err, ErrTimeout) {
			t.Error("OPTIONS:", a)
		}
		same(t, "INVITE", n.times("INVITE"), seconds(0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5))
		same(t, "OPTIONS", n.times("OPTIONS"), seconds(0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5))
		if c := s.Counters(); c.ClientTx != 0 || c.Timeouts != 2 {
			t.Errorf("%+v", c)
		}
	})
}

func TestTimers_ServerRepeatsFinalResponses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, status := range []int{200, 486} {
			n := newMemNet()
			var lost []int
			s := memStack(t, n, hostA, Config{Handler: &testHandler{
				request: func(tx *ServerTx, req *Request) { _ = tx.Reply(status) },
				noAck:   func(tx *ServerTx) { lost = append(lost, tx.Final()) },
			}})
			peer := n.raw(t, hostB)
			peer.send(hostA, rawRequest(INVITE, "1", "c1", "t1", "", 1, ""))
			time.Sleep(40 * time.Second)
			synctest.Wait()
			same(t, fmt.Sprint(status), n.times(fmt.Sprint("SIP/2.0 ", status)), seconds(0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5))
			if !slices.Equal(lost, []int{status}) {
				t.Errorf("%d: OnNoAck %v", status, lost)
			}
			if c := s.Counters(); c.ServerTx != 0 || c.UnackedResponses != 0 {
				t.Errorf("%d: left over %+v", status, c)
			}
			s.Close()
		}
	})
}

func TestServer_AckStopsRepeats_RepeatsAreAbsorbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		requests, acks := 0, 0
		s := memStack(t, n, hostA, Config{Handler: &testHandler{
			request: func(tx *ServerTx, req *Request) {
				requests++
				status := 200
				if CallIDOf(req) == "busy" {
					status = 486
				}
				_ = tx.Reply(status)
			},
			ack: func(tx *ServerTx, _ *Request, _ Flow) {
				if tx != nil { // the repeat comes with none
					acks++
				}
			},
			noAck: func(*ServerTx) { t.Error("no ACK seen") },
		}})
		defer s.Close()
		peer := n.raw(t, hostB)
		for _, id := range []string{"busy", "fine"} {
			peer.send(hostA, rawRequest(INVITE, id, id, "t1", "", 1, ""))
			res, _ := peer.receive().(*Response)
			if res == nil {
				t.Fatal("no response")
			}
			branch := id
			if id == "fine" {
				branch = "another" // the ACK of a 2xx is a transaction of its own
			}
			ack := rawRequest(ACK, branch, id, "t1", ToTag(res), 1, "")
			peer.send(hostA, ack)
			peer.send(hostA, rawRequest(INVITE, id, id, "t1", "", 1, ""))
			peer.send(hostA, ack)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		peer.send(hostA, rawRequest(OPTIONS, "o", "opt", "t1", "", 1, ""))
		peer.send(hostA, rawRequest(OPTIONS, "o", "opt", "t1", "", 1, ""))
		time.Sleep(time.Second)
		synctest.Wait()
		if got := n.sent(hostA); len(got) != 4 { // 486, 200, and 200 twice
			t.Errorf("sent %v", got)
		}
		if requests != 3 || acks != 1 {
			t.Errorf("%d requests, %d ACKs", requests, acks)
		}
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if c := s.Counters(); c.ServerTx != 0 {
			t.Errorf("left over %+v", c)
		}
	})
}

func TestR23_CancelRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		s := memStack(t, n, hostA, Config{})
		defer s.Close()
		peer := n.raw(t, hostB)
		got := make(answers, 8)

		// (e) the wish comes before any response: CANCEL goes out with the first one, and copies the
		// INVITE's branch.
		tx, err := s.Send(inviteTo(s), At(UDP, addrB), got)
		if err != nil {
			t.Fatal(err)
		}
		tx.Cancel(`Q.850;cause=16`)
		invite := peer.request(INVITE)
		time.Sleep(time.Second)
		synctest.Wait()
		if c := n.packets("CANCEL"); len(c) != 0 {
			t.Fatal("CANCEL before a provisional response")
		}
		peer.answer(invite, hostA, 180, "t")
		cancel := peer.request(CANCEL)
		if ParamValue(cancel.Via().Params, "branch") != ParamValue(invite.Via().Params, "branch") || Q850(cancel) != 16 || cancel.CSeq().SeqNo != 1 || ToTag(cancel) != "" {
			t.Errorf("CANCEL is\n%s", String(cancel))
		}
		peer.answer(cancel, hostA, 200, "t")
		// (b) 487 never comes: dead after 64*T1.
		time.Sleep(40 * time.Second)
		synctest.Wait()
		<-got // 180
		if a := <-got; !errors.Is(a.err, ErrTimeout) {
			t.Error("without 487:", a)
		}
		if c := s.Counters(); c.ClientTx != 0 {
			t.Errorf("left over %+v", c)
		}
	})
}

func TestR23_CancelAtTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		var cancelled int
		var txs []*ServerTx
		s := memStack(t, n, hostA, Config{Handler: &testHandler{
			request: func(tx *ServerTx, req *Request) { txs = append(txs, tx); _ = tx.Reply(180) },
			cancel:  func(tx *ServerTx, _ *Request) { cancelled++; _ = tx.Reply(487) },
		}})
		defer s.Close()
		peer := n.raw(t, hostB)
		peer.send(hostA, rawRequest(CANCEL, "x", "none", "t1", "", 1, ""))
		peer.response(481)
		peer.send(hostA, rawRequest(INVITE, "1", "c1", "t1", "", 1, ""))
		tag := ToTag(peer.response(180))
		peer.send(hostA, rawRequest(CANCEL, "1", "c1", "t1", "", 1, ""))
		if got := ToTag(peer.response(200)); got != tag {
			t.Errorf("200 to CANCEL has tag %q, the INVITE %q", got, tag)
		}
		peer.response(487)
		// (d) a 200 that is out stands.
		peer.send(hostA, rawRequest(INVITE, "2", "c2", "t1", "", 1, ""))
		peer.response(180)
		_ = txs[1].Reply(200)
		peer.send(hostA, rawRequest(CANCEL, "2", "c2", "t1", "", 1, ""))
		time.Sleep(time.Second)
		synctest.Wait()
		if cancelled != 1 || txs[1].Final() != 200 {
			t.Errorf("%d cancelled, final %d", cancelled, txs[1].Final())
		}
		// (f) no ACK to our 487: the transaction ends all the same.
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if c := s.Counters(); c.ServerTx != 0 {
			t.Errorf("left over %+v", c)
		}
	})
}

func TestTrying_IsSentWhenTheUserIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		s := memStack(t, n, hostA, Config{})
		defer s.Close()
		peer := n.raw(t, hostB)
		peer.send(hostA, rawRequest(INVITE, "1", "c1", "t1", "", 1, ""))
		if res := peer.response(100); ToTag(res) != "" {
			t.Error("100 has a tag")
		}
		same(t, "100", n.times("SIP/2.0 100"), seconds(0.2))
	})
}

func TestQ32_AnswerToViaPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		s := memStack(t, n, hostA, Config{
			Handler: &testHandler{request: func(tx *ServerTx, req *Request) { _ = tx.Reply(200) }},
			AnswerPort: func(req *Request, _ netip.AddrPort) AnswerPort {
				if HeaderValue(req, "User-Agent") == "CSCO/7" {
					return AnswerVia
				}
				return AnswerAuto
			},
		})
		defer s.Close()
		random := n.raw(t, "192.0.2.2:50933")
		for _, c := range []struct{ via, agent, want string }{
			{"192.0.2.2:5060", "", "192.0.2.2:5060"},            // RFC 3261 18.2.2: no translator between
			{"192.0.2.2:5060;rport", "", "192.0.2.2:50933"},     // RFC 3581
			{"10.0.0.7:5060", "", "192.0.2.2:50933"},            // behind a translator
			{"10.0.0.7:5062;rport", "CSCO/7", "192.0.2.2:5062"}, // by profile
			{"phone.example.com", "", "192.0.2.2:50933"},
		} {
			before := len(n.packets("SIP/2.0 200"))
			text := strings.Replace(rawRequest(OPTIONS, fmt.Sprint("q", before), fmt.Sprint("q", before), "t", "", 1, "User-Agent: "+c.agent+"\n"), "192.0.2.2:5060;branch", c.via+";branch", 1)
			random.send(hostA, text)
			synctest.Wait()
			p := n.packets("SIP/2.0 200")
			if len(p) != before+1 || p[before].to.String() != c.want {
				t.Errorf("%s %s: answered to %v, want %s", c.via, c.agent, p, c.want)
			}
		}
	})
}

// refusing is a Guard of the verdicts of a test.
type refusing struct {
	verdict   Verdict
	malformed int
}

func (g *refusing) Admit(netip.AddrPort, Transport, int) Verdict   { return g.verdict }
func (g *refusing) AdmitConnection(netip.AddrPort, Transport) bool { return true }
func (g *refusing) Malformed(netip.AddrPort, Transport, error)     { g.malformed++ }

func TestT23_ShedsNewWorkUnparsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		seen := map[Method]int{}
		g := &refusing{verdict: Verdict{RetryAfter: 7}}
		s := memStack(t, n, hostA, Config{Guard: g, Handler: &testHandler{
			request: func(tx *ServerTx, req *Request) { seen[req.Method]++; _ = tx.Reply(481) },
		}})
		defer s.Close()
		peer := n.raw(t, hostB)
		peer.send(hostA, rawRequest(INVITE, "1", "c1", "t1", "", 1, ""))
		res := peer.response(503)
		if HeaderValue(res, "Retry-After") != "7" || CallIDOf(res) != "c1" || ToTag(res) == "" || ParamValue(res.Via().Params, "branch") != "z9hG4bK1" {
			t.Errorf("503 is\n%s", String(res))
		}
		peer.send(hostA, rawRequest(BYE, "2", "c1", "t1", "tag", 2, ""))
		peer.send(hostA, rawRequest(INVITE, "3", "c1", "t1", "tag", 3, ""))
		time.Sleep(time.Second)
		synctest.Wait()
		if seen[BYE] != 1 || seen[INVITE] != 1 {
			t.Errorf("requests of a dialog: %v", seen)
		}
		synctest.Wait()
		g.verdict = Verdict{Drop: true}
		peer.send(hostA, rawRequest(BYE, "4", "c1", "t1", "tag", 4, ""))
		peer.send(hostA, "nonsense")
		time.Sleep(time.Second)
		synctest.Wait()
		if c := s.Counters(); c.GuardDropped != 2 || c.Shed != 1 {
			t.Errorf("%+v", c)
		}
	})
}

func TestPolicy_Answers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		s := memStack(t, n, hostA, Config{Policy: policyOfAServer, Handler: &testHandler{request: func(tx *ServerTx, _ *Request) { _ = tx.Reply(200) }}})
		defer s.Close()
		peer := n.raw(t, hostB)
		for i, c := range []struct {
			method Method
			change [2]string
			want   int
			header string
		}{
			{OPTIONS, [2]string{"", ""}, 200, ""},
			{PUBLISH, [2]string{"", ""}, 405, "Allow"},
			{"NONSENSE", [2]string{"", ""}, 501, "Allow"},
			{OPTIONS, [2]string{"SIP/2.0\n", "SIP/3.0\n"}, 505, ""},
			{OPTIONS, [2]string{"OPTIONS sip:b@192.0.2.1", "OPTIONS news:b"}, 416, ""},
			{INVITE, [2]string{"Max-Forwards: 70", "Max-Forwards: 0"}, 483, ""},
			{OPTIONS, [2]string{"Max-Forwards: 70", "Require: a, timer"}, 420, "Unsupported"},
			{INVITE, [2]string{"Content-Length: 0\n\n", "c: text/plain\nContent-Length: 2\n\nhi"}, 415, "Accept"},
			{OPTIONS, [2]string{"Content-Length: 0", "Content-Length: 9"}, 400, ""},
			{OPTIONS, [2]string{"Max-Forwards: 70", "k: x\nCall-ID: two"}, 400, ""},
		} {
			text := rawRequest(c.method, fmt.Sprint("p", i), fmt.Sprint("p", i), "t", "", 1, "")
			peer.send(hostA, strings.Replace(text, c.change[0], c.change[1], 1))
			res := peer.response(c.want)
			if c.header != "" && !HasHeader(res, c.header) {
				t.Errorf("%d has no %s", c.want, c.header)
			}
			if ToTag(res) == "" {
				t.Errorf("%d has no To tag", c.want)
			}
		}
	})
}
