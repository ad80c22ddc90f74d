package sip

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// recorder is a user of everything; it notes what it hears.
type recorder struct {
	ep     *Endpoint
	mu     sync.Mutex // guards heard and lost
	heard  []string
	dialog *Dialog // the latest
	call   *Call
	tx     *ServerTx // the latest request of a dialog
	lost   error
	invite func(*ServerTx, *Request)
	on     func(*ServerTx, *Request)
	answer func(*Dialog, *Response)
	sdp    []byte
}

func (r *recorder) say(format string, a ...any) {
	r.mu.Lock()
	r.heard = append(r.heard, fmt.Sprintf(format, a...))
	r.mu.Unlock()
}

func (r *recorder) setLost(why error) {
	r.mu.Lock()
	r.lost = why
	r.mu.Unlock()
}

// why returns the latest reason that was told.
func (r *recorder) why() error {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost
}

func (r *recorder) forget() {
	r.mu.Lock()
	r.heard = nil
	r.mu.Unlock()
}

func (r *recorder) OnRequest(tx *ServerTx, req *Request) {
	r.say("%s", req.Method)
	r.tx = tx
	if r.invite != nil {
		r.invite(tx, req)
	} else if req.Method == INVITE {
		r.dialog, _ = r.ep.Incoming(tx, LocalContact(tx.Flow(), "a"), r)
	}
}
func (r *recorder) OnCancel(*ServerTx)       { r.say("cancel") }
func (r *recorder) OnFlowClosed(Flow, error) {}
func (r *recorder) OnDialogRequest(d *Dialog, tx *ServerTx, req *Request) {
	r.say("%s", req.Method)
	r.tx, r.dialog = tx, d
	if r.on != nil {
		r.on(tx, req)
	}
}
func (r *recorder) OnDialogAck(*Dialog, *Request)     { r.say("ACK") }
func (r *recorder) OnDialogCancel(*Dialog, *ServerTx) { r.say("cancelled") }
func (r *recorder) OnRefreshDue(d *Dialog)            { r.say("refresh"); _ = d.Refresh("application/sdp", r.sdp) }
func (r *recorder) OnDialogLost(_ *Dialog, why error) { r.say("lost"); r.setLost(why) }
func (r *recorder) OnProgress(c *Call, d *Dialog, res *Response) {
	r.say("%d", res.StatusCode)
	if d != nil {
		r.dialog = d
	}
}
func (r *recorder) OnAnswer(c *Call, d *Dialog, res *Response) {
	r.say("%d", res.StatusCode)
	r.dialog = d
	if r.answer != nil {
		r.answer(d, res)
	} else {
		_ = d.Ack(nil)
	}
}
func (r *recorder) OnCallFailed(_ *Call, res *Response, err error) {
	if res != nil {
		r.say("failed %d", res.StatusCode)
	} else {
		r.say("failed")
		r.setLost(err)
	}
}
func (r *recorder) OnResponse(_ *ClientTx, res *Response) { r.say("%d", res.StatusCode) }
func (r *recorder) OnFailure(_ *ClientTx, err error)      { r.say("failed"); r.setLost(err) }

func (r *recorder) wants(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.heard, want) {
		t.Errorf("heard %v, want %v", r.heard, want)
	}
	r.heard = nil
}

func memEndpoint(t *testing.T, n *memNet, at string, opt Options) *recorder {
	t.Helper()
	r := &recorder{sdp: []byte("v=0\r\n")}
	ep, err := NewEndpoint(Config{Workers: 1, Policy: Policy{Supported: []string{"100rel", "timer", "replaces"}}}, opt, r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ep.ServePacket(n.host(at), netip.AddrPort{}); err != nil {
		t.Fatal(err)
	}
	r.ep = ep
	return r
}

func (r *recorder) invitation() Invitation {
	return Invitation{URI: URI{Scheme: "sip", User: "b", Host: "192.0.2.2"}, From: Address{URI: URI{Scheme: "sip", User: "a", Host: "192.0.2.1"}},
		To: Address{URI: URI{Scheme: "sip", User: "b", Host: "192.0.2.2"}}, Target: At(UDP, addrB), Body: r.sdp}
}

func (r *recorder) callB(t *testing.T) *Call {
	t.Helper()
	c, err := r.ep.Invite(r.invitation(), r)
	if err != nil {
		t.Fatal(err)
	}
	r.call = c
	return c
}

const contactB = "<sip:b@10.9.9.9:5088;transport=udp;ob=1;X-Case=Yes>"

// established calls B, which answers, and returns its INVITE and the tag.
func (r *recorder) established(t *testing.T, peer *rawPeer, headers ...Header) *Request {
	t.Helper()
	r.callB(t)
	invite := peer.request(INVITE)
	peer.answer(invite, hostA, 200, "tb", append([]Header{NewHeader("Contact", contactB)}, headers...)...)
	peer.request(ACK)
	synctest.Wait()
	r.forget()
	return invite
}

// inDialog is a request of B in the dialog that r started.
func (r *recorder) inDialog(m Method, cseq int, more string) string {
	d := r.dialog
	return fmt.Sprintf("%s sip:a@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKd%d%s\nMax-Forwards: 70\n"+
		"From: <sip:b@192.0.2.2>;tag=%s\nTo: <sip:a@192.0.2.1>;tag=%s\nCall-ID: %s\nCSeq: %d %s\nContact: %s\n%sContent-Length: 0\n\n",
		m, cseq, m, d.RemoteTag(), d.LocalTag(), d.CallID(), cseq, m, contactB, more)
}

func withBody(text string) string {
	return strings.Replace(text, "Content-Length: 0\n\n", "Content-Type: application/sdp\nContent-Length: 5\n\nv=0\n", 1)
}

func bubble(t *testing.T, opt Options, f func(t *testing.T, n *memNet, a *recorder, b *rawPeer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		a := memEndpoint(t, n, hostA, opt)
		defer a.ep.Close()
		f(t, n, a, n.raw(t, hostB))
		time.Sleep(2 * time.Minute)
		if c := a.ep.Counters(); c.ServerTx != 0 || c.ClientTx != 0 || c.UnackedResponses != 0 {
			t.Errorf("transactions left over: %+v", c)
		}
	})
}

func gone(t *testing.T, a *recorder) {
	t.Helper()
	time.Sleep(2 * time.Minute)
	if n := a.ep.Dialogs(); n != 0 {
		t.Errorf("%d dialogs left over", n)
	}
}

func TestR21_GlareBothEndsAndRetryByRole(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
		a.established(t, b)
		hold := func() {
			req := a.dialog.NewRequest(INVITE)
			SetBody(req, "application/sdp", a.sdp)
			_, _ = a.dialog.Send(req, a)
		}
		hold()
		ours := b.request(INVITE)
		b.send(hostA, withBody(a.inDialog(INVITE, 5, "")))
		b.response(491)
		b.send(hostA, withBody(a.inDialog(UPDATE, 6, "")))
		b.response(491)
		if _, err := a.dialog.Send(a.dialog.NewRequest(INVITE), a); !errors.Is(err, ErrPending) {
			t.Error("a second INVITE of ours:", err)
		}
		b.answer(ours, hostA, 491, "tb")
		b.request(ACK)
		a.wants(t, "491")
		start := time.Now()
		a.dialog.AfterGlare(hold)
		ours = b.request(INVITE)
		if d := time.Since(start); d < 2100*time.Millisecond || d > 4050*time.Millisecond {
			t.Errorf("owner of the Call-ID retried after %v", d)
		}
		b.answer(ours, hostA, 200, "tb", NewHeader("Contact", contactB))
		synctest.Wait()
		_ = a.dialog.Ack(nil)
		if again := b.request(ACK); again.CSeq().SeqNo != ours.CSeq().SeqNo {
			t.Errorf("ACK has CSeq %d, INVITE %d", again.CSeq().SeqNo, ours.CSeq().SeqNo)
		}

		// A second INVITE before the final answer to the first.
		b.send(hostA, withBody(a.inDialog(INVITE, 10, "")))
		synctest.Wait()
		b.send(hostA, withBody(a.inDialog(INVITE, 11, "")))
		if res := b.response(500); !HasHeader(res, "Retry-After") {
			t.Error("500 without Retry-After")
		}
		_ = a.dialog.Answer(a.sdp)
		ok := b.response(200)
		b.send(hostA, a.inDialog(ACK, 10, ""))
		_ = ok
		_ = a.dialog.Bye("")
		b.answer(b.request(BYE), hostA, 200, "tb")
		gone(t, a)
	})
	bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
		b.send(hostA, rawRequest(INVITE, "1", "c1", "tb", "", 1, ""))
		synctest.Wait()
		start := time.Now()
		var after time.Duration
		a.dialog.AfterGlare(func() { after = time.Since(start) })
		stopped := a.dialog.AfterGlare(func() { t.Error("stopped retry ran") })
		stopped()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if after > 2050*time.Millisecond {
			t.Errorf("the other end retried after %v", after)
		}
		_ = a.dialog.Reject(486)
		b.response(486)
	})
}

func TestR23_CancelCrosses200(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
		c := a.callB(t)
		invite := b.request(INVITE)
		b.answer(invite, hostA, 180, "tb")
		synctest.Wait()
		c.Cancel("")
		b.answer(invite, hostA, 200, "tb", NewHeader("Contact", contactB))
		b.answer(b.request(CANCEL), hostA, 200, "tb")
		b.request(ACK)
		bye := b.request(BYE)
		b.answer(bye, hostA, 200, "tb")
		synctest.Wait()
		if !errors.Is(a.why(), ErrCancelled) {
			t.Error("told", a.why())
		}
		gone(t, a)
	})
}

func TestR23_NoNewAttemptAfterCancel(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
		inv := a.invitation()
		inv.Creds = AnyRealm{User: "a", Password: "p"}
		c, err := a.ep.Invite(inv, a)
		if err != nil {
			t.Fatal(err)
		}
		invite := b.request(INVITE)
		c.Cancel("")
		b.answer(invite, hostA, 401, "tb", NewHeader("WWW-Authenticate", `Digest realm="r", nonce="n", qop="auth"`))
		b.request(ACK)
		time.Sleep(time.Minute)
		if got := n.packets("INVITE"); len(got) != 1 {
			t.Errorf("%d INVITEs", len(got))
		}
		a.wants(t, "failed 401")
	})
}

func TestR23_ByeWaitsForTheAck(t *testing.T) {
	for _, acks := range []bool{true, false} {
		bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
			b.send(hostA, rawRequest(INVITE, "1", "c1", "tb", "", 1, ""))
			synctest.Wait()
			_ = a.dialog.Answer(a.sdp)
			res := b.response(200)
			_ = a.dialog.Bye("")
			time.Sleep(time.Second)
			if len(n.packets("BYE")) != 0 {
				t.Error("BYE before the ACK")
			}
			if acks {
				b.send(hostA, rawRequest(ACK, "2", "c1", "tb", ToTag(res), 1, ""))
			}
			start := time.Now()
			b.answer(b.request(BYE), hostA, 200, "")
			if d := time.Since(start); acks && d > time.Second || !acks && d > 33*time.Second {
				t.Errorf("ACK %v: BYE after %v", acks, d)
			}
			gone(t, a)
		})
	}
}

func TestR24_RequestsGoWhereTheyShould(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
		proxy := n.raw(t, "192.0.2.9:5062")
		a.callB(t)
		invite := b.request(INVITE)
		res := NewResponse(invite, 200, "", "tb")
		for _, rr := range []string{"<sip:10.0.0.1;lr;a=1>, <sip:10.0.0.2;lr>", "<sip:192.0.2.9:5062;lr;b=2>"} {
			res.AppendHeader(NewHeader("Record-Route", rr))
		}
		res.AppendHeader(NewHeader("Contact", contactB))
		b.send(hostA, String(res))
		ack := proxy.request(ACK)
		if got := "<" + URIString(&ack.Recipient) + ">"; got != contactB {
			t.Errorf("Request-URI %s, want the Contact %s", got, contactB)
		}
		var routes []string
		for _, h := range ack.Headers() {
			if r, ok := h.(*Route); ok {
				routes = append(routes, URIString(&r.Address))
			}
		}
		if want := []string{"sip:192.0.2.9:5062;lr;b=2", "sip:10.0.0.2;lr", "sip:10.0.0.1;lr;a=1"}; !slices.Equal(routes, want) {
			t.Errorf("Route %v, want %v", routes, want)
		}
		b.send(hostA, String(res)) // repeated 2xx: the same ACK
		if again := proxy.request(ACK); String(again) != String(ack) {
			t.Errorf("another ACK:\n%s\n%s", String(again), String(ack))
		}
		_ = a.dialog.Bye("")
		bye := proxy.request(BYE)
		if "<"+URIString(&bye.Recipient)+">" != contactB || bye.CSeq().SeqNo <= ack.CSeq().SeqNo {
			t.Errorf("BYE is\n%s", String(bye))
		}
		proxy.answer(bye, hostA, 200, "")
		synctest.Wait()
		b.send(hostA, String(res)) // even now: an ACK, and no other BYE
		if late := proxy.request(ACK); late.CSeq().SeqNo != ack.CSeq().SeqNo {
			t.Errorf("late ACK is\n%s", String(late))
		}
		gone(t, a)
		if got := n.packets("BYE"); len(got) != 1 {
			t.Errorf("%d BYEs", len(got))
		}
	})
}

func TestR24_NoAckEndsTheCall(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
		b.send(hostA, rawRequest(INVITE, "1", "c1", "tb", "", 1, ""))
		synctest.Wait()
		start := time.Now()
		_ = a.dialog.Answer(a.sdp)
		bye := b.request(BYE)
		if d := time.Since(start).Round(time.Second); d != 32*time.Second || !errors.Is(a.why(), ErrNoAck) {
			t.Errorf("BYE after %v, told %v", d, a.why())
		}
		if got := URIString(&bye.Recipient); got != "sip:b@192.0.2.2;x=y" {
			t.Error("BYE to", got)
		}
		b.answer(bye, hostA, 200, "")
		gone(t, a)
	})
}

func TestR25_ForksHaveTheirOwnDialogs(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
		inv := a.invitation()
		inv.Reliable = true
		if _, err := a.ep.Invite(inv, a); err != nil {
			t.Fatal(err)
		}
		invite := b.request(INVITE)
		early := func(tag, sdp string, rseq uint32) {
			res := NewResponse(invite, 183, "", tag)
			res.AppendHeader(NewHeader("Contact", "<sip:"+tag+"@192.0.2.2>"))
			res.AppendHeader(NewHeader("Require", "100rel"))
			res.AppendHeader(RSeq(rseq))
			SetBody(res, "application/sdp", []byte(sdp))
			b.send(hostA, String(res))
		}
		for i, tag := range []string{"t1", "t2", "t3"} {
			early(tag, "v=0 "+tag, uint32(100*i+1))
			prack := b.request(PRACK)
			rack, _ := ParseRAck(prack)
			if ToTag(prack) != tag || rack.RSeq != uint32(100*i+1) || prack.Recipient.User != tag || rack.CSeq != invite.CSeq().SeqNo {
				t.Errorf("PRACK of %s is\n%s", tag, String(prack))
			}
			b.answer(prack, hostA, 200, "")
		}
		early("t2", "v=0 repeat", 101) // a repeat is not told again
		synctest.Wait()
		answer := func(tag string) {
			b.answer(invite, hostA, 200, tag, NewHeader("Contact", "<sip:"+tag+"@192.0.2.2>"))
		}
		answer("t2")
		ack := b.request(ACK)
		if ToTag(ack) != "t2" || ack.Recipient.User != "t2" {
			t.Errorf("ACK is\n%s", String(ack))
		}
		a.wants(t, "183", "183", "183", "200")
		if sdp, kept := a.dialog.EarlyAnswer(); string(sdp) != "v=0 t2" || !kept {
			t.Errorf("early answer %q %v", sdp, kept)
		}
		for _, tag := range []string{"t3", "t9"} { // one that rang, one never heard of
			answer(tag)
			if x := b.request(ACK); ToTag(x) != tag {
				t.Errorf("ACK to %q", ToTag(x))
			}
			bye := b.request(BYE)
			if ToTag(bye) != tag {
				t.Errorf("BYE to %q", ToTag(bye))
			}
			b.answer(bye, hostA, 200, "")
		}
		_ = a.dialog.Bye("")
		b.answer(b.request(BYE), hostA, 200, "")
		gone(t, a)
	})
}

func TestR26_ReliableProvisionalAtTheServer(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
		b.send(hostA, withBody(rawRequest(INVITE, "1", "c1", "tb", "", 1, "k: 100rel\n")))
		synctest.Wait()
		_ = a.dialog.Ring(183, a.sdp, true)
		res := b.response(183)
		rseq, _ := ParseRSeq(res)
		if !HasToken(res, "Require", "100rel") || rseq == 0 {
			t.Errorf("183 is\n%s", String(res))
		}
		_ = a.dialog.Ring(180, nil, true) // waits for the PRACK
		_ = a.dialog.Answer(a.sdp)        // so does the answer
		time.Sleep(2 * time.Second)
		same(t, "183", n.times("SIP/2.0 183"), seconds(0, 0.5, 1.5))
		if len(n.packets("SIP/2.0 200")) != 0 || len(n.packets("SIP/2.0 180")) != 0 {
			t.Error("later responses before the PRACK")
		}
		b.send(hostA, rawRequest(PRACK, "9", "c1", "tb", ToTag(res), 2, "RAck: 999 1 INVITE\n"))
		b.response(481)
		b.send(hostA, rawRequest(PRACK, "3", "c1", "tb", ToTag(res), 3, fmt.Sprintf("RAck: %d 1 INVITE\n", rseq)))
		b.response(200)
		if ok := b.response(200); ok.CSeq().MethodName != INVITE {
			t.Errorf("answer is\n%s", String(ok))
		}
		b.send(hostA, rawRequest(ACK, "4", "c1", "tb", ToTag(res), 1, ""))
		time.Sleep(5 * time.Second)
		if got := n.packets("SIP/2.0 183"); len(got) != 3 {
			t.Errorf("183 repeated after PRACK: %d", len(got))
		}
		b.send(hostA, rawRequest(BYE, "5", "c1", "tb", ToTag(res), 4, ""))
		b.response(200)
		gone(t, a)
	})
	bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) { // never a PRACK
		b.send(hostA, withBody(rawRequest(INVITE, "1", "c1", "tb", "", 1, "Require: 100rel\n")))
		synctest.Wait()
		_ = a.dialog.Ring(180, nil, false)
		res := b.response(504)
		b.send(hostA, rawRequest(ACK, "1", "c1", "tb", ToTag(res), 1, ""))
		synctest.Wait()
		if !errors.Is(a.why(), ErrNoPrack) {
			t.Error("told", a.why())
		}
		gone(t, a)
	})
	bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) { // a caller without 100rel never sees it
		b.send(hostA, withBody(rawRequest(INVITE, "1", "c1", "tb", "", 1, "")))
		synctest.Wait()
		_ = a.dialog.Ring(183, a.sdp, true)
		if res := b.response(183); HasHeader(res, "RSeq") || HasHeader(res, "Require") {
			t.Errorf("183 is\n%s", String(res))
		}
		_ = a.dialog.Reject(486)
		b.response(486)
	})
}

func TestDialog_CSeqMustRise(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
		a.on = func(tx *ServerTx, req *Request) { _ = tx.Reply(200) }
		a.established(t, b)
		b.send(hostA, a.inDialog(INFO, 7, ""))
		b.response(200)
		b.send(hostA, a.inDialog(INFO, 6, ""))
		b.response(500)
		b.send(hostA, strings.Replace(a.inDialog(INFO, 8, ""), "tag="+a.dialog.LocalTag(), "tag=other", 1))
		b.response(481)
		b.send(hostA, a.inDialog(BYE, 9, ""))
		b.response(200)
		a.wants(t, "INFO", "BYE")
		gone(t, a)
	})
}

func TestR29_WeRefreshWhenTheyDoNot(t *testing.T) {
	opt := Options{SessionInterval: 90 * time.Second, Allow: "INVITE, UPDATE", Supported: "timer"}
	bubble(t, opt, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
		a.established(t, b, NewHeader("Session-Expires", "90;refresher=uac"), NewHeader("Allow", "INVITE, UPDATE"))
		last := uint32(0)
		for i := range 60 {
			update := b.request(UPDATE)
			se, _ := ParseSessionExpires(update)
			if se != (SessionExpires{90, "uac"}) || update.CSeq().SeqNo <= last || len(update.Body()) != 0 {
				t.Fatalf("refresh %d is\n%s", i, String(update))
			}
			last = update.CSeq().SeqNo
			b.answer(update, hostA, 200, "", NewHeader("Session-Expires", "90;refresher=uac"), NewHeader("Contact", contactB))
		}
		if d := n.packets("UPDATE")[1].at - n.packets("UPDATE")[0].at; d.Round(time.Second) != 45*time.Second {
			t.Errorf("refreshed every %v", d)
		}
		// The peer's answer to the next refresh does not come: the call ends.
		b.request(UPDATE)
		b.answer(b.request(BYE), hostA, 200, "")
		if !errors.Is(a.why(), ErrSessionExpired) {
			t.Error("told", a.why())
		}
		gone(t, a)
	})
}

func TestR29_TheyRefresh(t *testing.T) {
	opt := Options{SessionInterval: 90 * time.Second, Supported: "timer"}
	bubble(t, opt, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
		a.on = func(tx *ServerTx, req *Request) {
			if req.Method == UPDATE {
				_ = a.dialog.Respond(tx, 200, nil)
			}
		}
		b.send(hostA, rawRequest(INVITE, "1", "c1", "tb", "", 1, "Supported: timer\nSession-Expires: 90;refresher=uac\n"))
		synctest.Wait()
		_ = a.dialog.Answer(a.sdp)
		res := b.response(200)
		if se, _ := ParseSessionExpires(res); se != (SessionExpires{90, "uac"}) || !HasToken(res, "Require", "timer") {
			t.Fatalf("200 is\n%s", String(res))
		}
		b.send(hostA, rawRequest(ACK, "2", "c1", "tb", ToTag(res), 1, ""))
		for i := range 60 {
			time.Sleep(45 * time.Second)
			b.send(hostA, rawRequest(UPDATE, fmt.Sprint("u", i), "c1", "tb", ToTag(res), 2+i, "Supported: timer\nSession-Expires: 90;refresher=uac\n"))
			b.response(200)
		}
		start := time.Now()
		b.answer(b.request(BYE), hostA, 200, "") // before the end by the lesser of 32 s and a third
		if d := time.Since(start).Round(time.Second); d != 60*time.Second || !errors.Is(a.why(), ErrSessionExpired) {
			t.Errorf("BYE after %v, told %v", d, a.why())
		}
		gone(t, a)
	})
}

func TestR29_TooSmallAndUnasked(t *testing.T) {
	opt := Options{SessionInterval: 120 * time.Second, Allow: "INVITE, UPDATE", Supported: "timer"}
	bubble(t, opt, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
		b.send(hostA, rawRequest(INVITE, "1", "c1", "tb", "", 1, "Supported: timer\nSession-Expires: 30\n"))
		if least, ok := ParseMinSE(b.response(422)); !ok || least != 90 {
			t.Error("422 with Min-SE", least)
		}
		a.callB(t) // ours is too small for them
		invite := b.request(INVITE)
		b.answer(invite, hostA, 422, "tb", MinSE(1800))
		b.request(ACK)
		again := b.request(INVITE)
		se, _ := ParseSessionExpires(again)
		least, _ := ParseMinSE(again)
		if se.Seconds != 1800 || least != 1800 || again.CSeq().SeqNo != 2 || CallIDOf(again) != CallIDOf(invite) {
			t.Errorf("second INVITE is\n%s", String(again))
		}
		b.answer(again, hostA, 486, "tb")
		b.request(ACK)
	})
	bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) { // in the 200 unasked
		a.established(t, b, NewHeader("Session-Expires", "90;refresher=uas"), NewHeader("Allow", "UPDATE"))
		for range 5 {
			b.answer(b.request(UPDATE), hostA, 481+7, "")
		}
		if len(n.packets("BYE")) != 0 {
			t.Error("a good call was ended over a timer that nobody agreed")
		}
		b.send(hostA, a.inDialog(BYE, 9, ""))
		b.response(200)
		gone(t, a)
	})
}

func TestR31_ReplacesFindsTheDialog(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
		a.established(t, b)
		r, ok := ParseReplaces(a.dialog.Replaces().String() + ";early-only")
		if !ok || !r.EarlyOnly || a.ep.FindReplaced(r) != a.dialog {
			t.Errorf("%+v not found", r)
		}
		r.FromTag, r.ToTag = r.ToTag, r.FromTag
		if a.ep.FindReplaced(r) != a.dialog {
			t.Error("not found from the other side")
		}
		r.ToTag = "x"
		if a.ep.FindReplaced(r) != nil {
			t.Error("wrong tag found")
		}
		b.send(hostA, a.inDialog(BYE, 9, ""))
		b.response(200)
		gone(t, a)
	})
}
