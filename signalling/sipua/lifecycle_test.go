package sipua

import (
	"strings"
	"testing"
	"time"

	"tandem/call/line"
	"tandem/call/signal"
	"tandem/fault"
	"tandem/wire/sip"
)

func (d *dlg) cancel() {
	d.u.t.Helper()
	req := d.invite
	var b strings.Builder
	b.WriteString("CANCEL " + sip.URIString(&req.Recipient) + " SIP/2.0\r\nVia: " + req.Via().Value() + "\r\nMax-Forwards: 70\r\nFrom: " + req.From().Value() +
		"\r\nTo: " + req.To().Value() + "\r\nCall-ID: " + d.callID + "\r\nCSeq: " + itoa(req.CSeq().SeqNo) + " CANCEL\r\nContent-Length: 0\r\n\r\n")
	d.u.raw([]byte(b.String()))
	d.u.response(d.callID, sip.CANCEL, 200)
}

func TestR23_CancelWhileRinging(t *testing.T) {
	r, a, b := two(t)
	from := a.call("2002", audio(40000))
	to := b.ring()
	to.reply(180, "")
	from.expect(180)
	from.cancel()
	from.expect(487)
	cancel := to.request(sip.CANCEL)
	b.reply(cancel, 200, "")
	to.reply(487, "")
	to.request(sip.ACK)
	r.idle()
	if rec := r.records(); len(rec) != 1 || rec[0].Duration != 0 || !rec[0].Connected.IsZero() {
		t.Fatalf("records: %+v", rec)
	}
}

func TestR23_CancelAndAnswerCross(t *testing.T) {
	r, a, b := two(t)
	from := a.call("2002", audio(40000))
	to := b.ring()
	to.reply(180, "")
	from.expect(180)
	from.cancel()
	from.expect(487)
	to.request(sip.CANCEL)
	to.reply(200, audio(50000)) // crossed our CANCEL
	to.request(sip.ACK)
	to.request(sip.BYE)
	r.idle()
	if rec := r.records(); len(rec) != 1 || rec[0].Duration != 0 {
		t.Fatalf("records: %+v", rec)
	}
}

func TestR23_CancelBeforeAnyAnswer(t *testing.T) {
	r, a, b := two(t)
	from := a.call("2002", audio(40000))
	to := b.ring() // nothing is answered yet: no CANCEL may go
	from.cancel()
	from.expect(487)
	b.none(100*time.Millisecond, "a CANCEL before any answer", isRequest(sip.CANCEL))
	to.reply(180, "")
	cancel := to.request(sip.CANCEL)
	b.reply(cancel, 200, "")
	to.reply(487, "")
	to.request(sip.ACK)
	r.idle()
}

func TestR24_ByeAndAckGoToTheContact(t *testing.T) {
	r, a, b := two(t)
	from := a.call("2002", audio(40000))
	to := b.ring()
	contact := b.contact
	b.contact = "sip:other-user@" + b.local.String() + ";x-param=1"
	to.reply(200, audio(50000))
	ack := to.request(sip.ACK)
	if got := sip.URIString(&ack.Recipient); got != b.contact {
		t.Errorf("ACK to %s, the Contact of the 200 was %s (registered %s)", got, b.contact, contact)
	}
	from.expect(200)
	from.ack("")
	// A repeated 200 gets the same ACK again.
	to.reply(200, audio(50000))
	to.request(sip.ACK)
	from.bye()
	if bye := to.request(sip.BYE); sip.URIString(&bye.Recipient) != b.contact {
		t.Errorf("BYE to %s", sip.URIString(&bye.Recipient))
	}
	r.idle()
}

func TestR24_NoAckEndsBothLegs(t *testing.T) {
	r := newRig(t, func(o *Options, _ *Parameters) {
		o.Timers = sip.Timers{T1: 20 * time.Millisecond, T2: 80 * time.Millisecond}
	})
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	a, b := r.ua("alice", "2001").registered(), r.ua("bob", "2002").registered()
	from := a.call("2002", audio(40000))
	to := b.ring()
	to.reply(200, audio(50000))
	to.request(sip.ACK)
	from.expect(200)
	from.request(sip.BYE) // 64*T1 later
	to.request(sip.BYE)
	r.idle()
	if rec := r.records(); len(rec) != 1 || rec[0].Orig.Cause != signal.CauseRecoveryOnTimer {
		t.Fatalf("records: %+v", rec)
	}
}

func TestR26_ReliableProvisionalResponsesOnEachLeg(t *testing.T) {
	r, a, b := two(t)
	from := a.call("2002", audio(40000), "Require: 100rel", "Supported: 100rel")
	to := b.ring()
	if !sip.HasToken(to.offered, "Supported", "100rel") || sip.HasToken(to.offered, "Require", "100rel") {
		t.Fatalf("Require of one leg crossed, or we support nothing: %s", sip.String(to.offered))
	}
	to.reply(183, audio(50000), "Require: 100rel", "RSeq: 7001")
	prack := to.request(sip.PRACK)
	if v := sip.HeaderValue(prack, "RAck"); !strings.HasPrefix(v, "7001 ") {
		t.Errorf("RAck %q", v)
	}
	b.reply(prack, 200, "")
	progress := from.expect(183)
	rseq, _ := sip.ParseRSeq(progress)
	if rseq == 7001 || rseq == 0 || !sip.HasToken(progress, "Require", "100rel") {
		t.Errorf("RSeq %d: each leg has its own", rseq)
	}
	// The answer waits for the PRACK of the description.
	to.reply(200, audio(50000))
	to.request(sip.ACK)
	a.none(100*time.Millisecond, "a 200 before its PRACK", func(x sip.Message) bool {
		res, ok := x.(*sip.Response)
		return ok && res.StatusCode == 200 && res.CSeq().MethodName == sip.INVITE
	})
	from.prack(progress)
	from.expect(200)
	from.cseq = from.invite.CSeq().SeqNo
	from.ack("")
	from.cseq++
	from.bye()
	to.request(sip.BYE)
	r.idle()
}

func (d *dlg) prack(res *sip.Response) {
	d.u.t.Helper()
	rseq, _ := sip.ParseRSeq(res)
	d.send(sip.PRACK, "", "RAck: "+itoa(rseq)+" "+itoa(res.CSeq().SeqNo)+" INVITE")
	d.final(sip.PRACK, 200)
}

func TestR26_CallerThatNeverPracks(t *testing.T) {
	r := newRig(t, func(o *Options, _ *Parameters) {
		o.Timers = sip.Timers{T1: 20 * time.Millisecond, T2: 80 * time.Millisecond}
	})
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	a, b := r.ua("alice", "2001").registered(), r.ua("bob", "2002").registered()
	from := a.call("2002", audio(40000), "Require: 100rel")
	to := b.ring()
	to.reply(180, "")
	from.expect(180)
	cancel := to.request(sip.CANCEL)
	b.reply(cancel, 200, "")
	to.reply(487, "")
	res := a.until("a final response", func(x sip.Message) bool {
		q, ok := x.(*sip.Response)
		return ok && q.StatusCode >= 200
	}).(*sip.Response)
	if res.StatusCode/100 != 5 {
		t.Errorf("got %d", res.StatusCode)
	}
	a.send(a.ackFor(from.invite, res))
	r.idle()
}

func TestR26_AnotherAnswerThanTheReliableOne(t *testing.T) {
	// The first phone sends early media reliably, then the call is forwarded on no answer to another one.
	r, a, b := two(t)
	r.phone("carol", "2003")
	c := r.ua("carol", "2003").registered()
	r.set("2002", func(i *line.Info) {
		i.ForwardNoAnswer = line.Forward{Destination: "2003"}
		i.NoAnswer = 300 * time.Millisecond
	})
	from := a.call("2002", audio(40000), "Supported: 100rel")
	to := b.ring()
	to.reply(183, audio(50000))
	progress := from.expect(183)
	from.prack(progress)
	third := c.ring()
	if v := sip.HeaderValue(third.offered, "Diversion"); !strings.Contains(v, "2002@") || !strings.Contains(v, "no-answer") {
		t.Errorf("Diversion %q", v)
	}
	third.reply(200, audio(51000))
	third.request(sip.ACK)
	res := from.expect(200)
	if len(res.Body()) != 0 {
		t.Fatalf("a second answer to one offer: %s", res.Body())
	}
	from.cseq = from.invite.CSeq().SeqNo
	from.ack("")
	from.cseq++
	from.request(sip.INVITE) // the change to whom really answered
	contains(t, from.remoteSDP, "m=audio 51000")
	from.reply2(200, audioAt("127.0.0.1", 40000, 2))
	from.request(sip.ACK)
	from.bye()
	third.request(sip.BYE)
}

func TestR30_BlindTransfer(t *testing.T) {
	r, a, b := two(t)
	r.phone("carol", "2003")
	c := r.ua("carol", "2003").registered()
	from, to := talk(t, a, b)
	to.send(sip.REFER, "", "Refer-To: <sip:2003@"+r.udp.String()+">")
	to.final(sip.REFER, 202)
	third := c.ring()
	to.sipfrag(t, 100)
	third.reply(180, "")
	to.sipfrag(t, 180)
	// A second REFER is refused, the first goes on (c).
	to.send(sip.REFER, "", "Refer-To: <sip:2001@"+r.udp.String()+">")
	to.final(sip.REFER, 491)
	third.reply(200, audio(51000))
	last := to.sipfrag(t, 200)
	if s, _ := sip.ParseSubscriptionState(last); s.State != "terminated" {
		t.Errorf("the last NOTIFY is not the last: %s", sip.String(last))
	}
	to.request(sip.BYE)
	// A hears of C and both get media.
	from.request(sip.INVITE)
	from.reply2(200, audioAt("127.0.0.1", 40000, 2))
	if len(third.offered.Body()) == 0 {
		ack := third.request(sip.ACK)
		contains(t, string(ack.Body()), "m=audio 40000")
	}
	from.request(sip.ACK)
	from.bye()
	third.request(sip.BYE)
	r.idle()
	if n := len(r.records()); n != 2 {
		t.Errorf("%d records of a blind transfer, want two", n)
	}
}

// sipfrag waits for the NOTIFY about a transfer with this status.
func (d *dlg) sipfrag(t *testing.T, status int) *sip.Request {
	t.Helper()
	return d.u.until("the NOTIFY about "+itoa(uint32(status)), func(x sip.Message) bool {
		q, ok := x.(*sip.Request)
		if !ok || q.Method != sip.NOTIFY || sip.CallIDOf(q) != d.callID {
			return false
		}
		got, _, _ := sip.ParseSipfrag(q.Body())
		return got == status
	}).(*sip.Request)
}

func TestR30_TransferorLeavesAtOnce(t *testing.T) {
	r, a, b := two(t)
	r.phone("carol", "2003")
	c := r.ua("carol", "2003").registered()
	from, to := talk(t, a, b)
	to.send(sip.REFER, "", "Refer-To: <sip:2003@"+r.udp.String()+">")
	to.final(sip.REFER, 202)
	third := c.ring()
	to.bye() // right after the 202
	third.reply(200, audio(51000))
	from.request(sip.INVITE)
	from.reply2(200, audioAt("127.0.0.1", 40000, 2))
	from.request(sip.ACK)
	from.bye()
	third.request(sip.BYE)
	r.idle()
}

func TestR30_TargetRefusesTransferorStays(t *testing.T) {
	r, a, b := two(t)
	r.phone("carol", "2003")
	c := r.ua("carol", "2003").registered()
	from, to := talk(t, a, b)
	to.send(sip.REFER, "", "Refer-To: <sip:2003@"+r.udp.String()+";user=phone>")
	to.final(sip.REFER, 202)
	third := c.ring()
	third.reply(486, "")
	to.sipfrag(t, 486)
	// Both are still connected.
	offered, _ := hold(t, to, from2(from), audioAt("127.0.0.1", 50000, 2, "a=sendonly"), audioAt("127.0.0.1", 40000, 2, "a=recvonly"))
	contains(t, offered, "a=sendonly")
	from.bye()
	to.request(sip.BYE)
	r.idle()
}

// from2 lets reply serve a dialog that the phone began.
func from2(d *dlg) *dlg { return d }

func TestR30_OddReferTo(t *testing.T) {
	_, a, b := two(t)
	from, to := talk(t, a, b)
	for _, v := range []string{"", "<sip:%zz@host?a=%>", "<sip:2003@host?Replaces=abc%3Bto-tag%3D1>", "nonsense <", "<mailto:x@y>", "<sip:@host>"} {
		to.send(sip.REFER, "", "Refer-To: "+v)
		res := to.final(sip.REFER, 0)
		if res.StatusCode < 400 {
			t.Errorf("Refer-To %q was answered %d", v, res.StatusCode)
			to.u.until("its NOTIFY", isRequest(sip.NOTIFY))
		}
	}
	from.bye()
	to.request(sip.BYE)
}

func TestR31_AttendedTransfer(t *testing.T) {
	for _, ringing := range []bool{false, true} {
		r, a, b := two(t)
		r.phone("carol", "2003")
		c := r.ua("carol", "2003").registered()
		from, to := talk(t, a, b)
		hold(t, to, from, audioAt("127.0.0.1", 50000, 2, "a=sendonly"), audioAt("127.0.0.1", 40000, 2, "a=recvonly"))
		consult := b.call("2003", audio(50002))
		third := c.ring()
		third.reply(180, "")
		consult.expect(180)
		if !ringing {
			third.reply(200, audio(51000))
			third.request(sip.ACK)
			consult.expect(200)
			consult.ack("")
		}
		theirs, ours := tagOf(consult.to), tagOf(consult.from)
		to.send(sip.REFER, "", "Refer-To: <sip:2003@"+r.udp.String()+"?Replaces="+sip.Escape(consult.callID+";to-tag="+theirs+";from-tag="+ours)+">")
		to.final(sip.REFER, 202)
		to.sipfrag(t, 200)
		to.request(sip.BYE)
		if ringing {
			consult.expect(480)
			third.reply(200, audio(51000))
			third.request(sip.ACK)
		} else {
			consult.request(sip.BYE)
		}
		// A makes a new offer to C.
		from.request(sip.INVITE)
		if len(from.offered.Body()) != 0 {
			t.Fatal("A was expected to be asked for an offer")
		}
		from.reply2(200, audioAt("127.0.0.1", 40000, 3))
		third.request(sip.INVITE)
		contains(t, third.remoteSDP, "m=audio 40000")
		third.reply(200, audioAt("127.0.0.1", 51000, 2))
		third.request(sip.ACK)
		ack := from.request(sip.ACK)
		contains(t, string(ack.Body()), "m=audio 51000")
		from.bye()
		third.request(sip.BYE)
		r.idle()
	}
}

func tagOf(addr string) string {
	_, tag, _ := strings.Cut(addr, "tag=")
	return tag
}

func TestR31_ReplacesThatMatchesNothing(t *testing.T) {
	r, a, b := two(t)
	r.phone("carol", "2003")
	c := r.ua("carol", "2003").registered()
	from, to := talk(t, a, b)
	d := b.call("2001", audio(50002), "Replaces: nothing@here;to-tag=1;from-tag=2")
	d.expect(481)
	d = b.call("2001", audio(50002), "Replaces: "+to.callID+";to-tag="+tagOf(to.to)+";from-tag="+tagOf(to.from)+";early-only")
	d.expect(486)
	d = c.call("2001", audio(50002), "Replaces: "+to.callID+";to-tag="+tagOf(to.to)+";from-tag="+tagOf(to.from))
	d.expect(403) // somebody else's call
	to.send(sip.REFER, "", "Refer-To: <sip:2003@h?Replaces=x%40y%3Bto-tag%3D1%3Bfrom-tag%3D2>")
	to.final(sip.REFER, 202)
	to.sipfrag(t, 481)
	// The same phone moves its call to another dialog.
	moved := b.call("2001", audio(50004), "Replaces: "+to.callID+";to-tag="+tagOf(to.to)+";from-tag="+tagOf(to.from))
	to.request(sip.BYE)
	from.request(sip.INVITE)
	contains(t, from.remoteSDP, "m=audio 50004")
	from.reply2(200, audioAt("127.0.0.1", 40000, 2))
	from.request(sip.ACK)
	moved.expect(200)
	contains(t, moved.remoteSDP, "m=audio 40000")
	moved.ack("")
	from.bye()
	moved.request(sip.BYE)
	r.idle()
}

func TestR31_ReplacesWithoutAnOffer(t *testing.T) {
	r, a, b := two(t)
	from, to := talk(t, a, b)
	moved := b.call("2001", "", "Replaces: "+to.callID+";to-tag="+tagOf(to.to)+";from-tag="+tagOf(to.from))
	to.request(sip.BYE)
	moved.expect(200)
	contains(t, moved.remoteSDP, "a=inactive")
	moved.ack(audio(50004, "a=inactive"))
	moved.request(sip.INVITE) // asked for its offer
	moved.reply2(200, audioAt("127.0.0.1", 50004, 2))
	from.request(sip.INVITE)
	contains(t, from.remoteSDP, "m=audio 50004")
	from.reply2(200, audioAt("127.0.0.1", 40000, 2))
	ack := moved.request(sip.ACK)
	contains(t, string(ack.Body()), "m=audio 40000")
	moved.bye()
	from.request(sip.BYE)
	r.idle()
}

func TestR32_RegistrationOwnsItsConnection(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	a := r.ua("alice", "2001").registered()
	b := r.uaTCP("bob", "2002")
	instance := `+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"`
	if res := b.registerInstance(instance); res.StatusCode != 200 {
		t.Fatal(sip.String(res))
	}
	old := b.tcp
	// Power cycle: no FIN; the phone comes from another port.
	b2 := r.uaTCP("bob", "2002")
	if res := b2.registerInstance(instance); res.StatusCode != 200 {
		t.Fatal(sip.String(res))
	}
	if n := r.s.Figures().Contacts; n != 2 { // one of each phone
		t.Fatalf("%d contacts", n)
	}
	from := a.call("2002", audio(40000))
	to := b2.ring()
	to.reply(200, audio(50000))
	to.request(sip.ACK)
	from.expect(200)
	from.ack("")
	_ = old.SetReadDeadline(time.Now().Add(waitLimit))
	r.eventually("the replaced connection is closed", func() bool {
		_, err := old.Write([]byte("\r\n\r\n"))
		return err != nil
	})
	from.bye()
	to.request(sip.BYE)
	r.idle()
}

func (u *ua) registerInstance(instance string) *sip.Response {
	u.t.Helper()
	u.regID = u.token() + "@reg"
	u.cseq++
	req := u.text(sip.REGISTER, "sip:"+u.server.String(), u.aor()+";tag=1", u.aor(), u.regID, u.cseq, "", "Contact: <"+u.contact+">;"+instance, "Expires: 600")
	u.send(req)
	u.answered401(req)
	u.cseq++
	return u.response(u.regID, sip.REGISTER, 0)
}

func TestR32_DeadConnectionFailsAtOnce(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	a := r.ua("alice", "2001").registered()
	b := r.uaTCP("bob", "2002").registered()
	b.tcp.Close()
	began := time.Now()
	from := a.call("2002", audio(40000))
	from.expect(502)
	if wait := time.Since(began); wait > 3*time.Second {
		t.Errorf("told after %v", wait)
	}
	r.idle()
}

func TestR33_LargeInviteByUDP(t *testing.T) {
	r, a, b := two(t)
	var codecs, maps strings.Builder
	for i := 96; i < 127; i++ {
		codecs.WriteString(" " + itoa(uint32(i)))
		maps.WriteString("a=rtpmap:" + itoa(uint32(i)) + " codec" + itoa(uint32(i)) + "/48000/2\r\na=fmtp:" + itoa(uint32(i)) + " " + strings.Repeat("parameter=value;", 20) + "\r\n")
	}
	big := "v=0\r\no=ua 77 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0" + codecs.String() + "\r\n" + maps.String()
	from := a.call("2002", big)
	to := b.ring()
	contains(t, to.remoteSDP, "a=rtpmap:126 codec126/48000/2")
	if r.s.Transport().Oversized == 0 {
		t.Error("nothing counts the large datagram")
	}
	to.reply(200, audio(50000))
	to.request(sip.ACK)
	from.expect(200)
	from.ack("")
	from.bye()
	to.request(sip.BYE)
}

func TestRedirectionByThePhone(t *testing.T) {
	r, a, b := two(t)
	r.phone("carol", "2003")
	c := r.ua("carol", "2003").registered()
	from := a.call("2002", audio(40000))
	to := b.ring()
	b.contact = "sip:2003@" + r.udp.String()
	to.reply(302, "")
	to.request(sip.ACK)
	third := c.ring()
	if v := sip.HeaderValue(third.offered, "Diversion"); !strings.Contains(v, "2002@") || !strings.Contains(v, "deflection") {
		t.Errorf("Diversion %q", v)
	}
	third.reply(200, audio(51000))
	third.request(sip.ACK)
	from.expect(200)
	from.ack("")
	from.bye()
	third.request(sip.BYE)
	r.idle()
}

func TestRefusalsReachTheCaller(t *testing.T) {
	_, a, b := two(t)
	for status, want := range map[int]int{486: 486, 603: 603, 404: 404, 480: 408, 488: 488, 500: 503, 600: 486} {
		from := a.call("2002", audio(40000))
		to := b.ring()
		to.reply(status, "")
		to.request(sip.ACK)
		res := from.expect(want)
		if sip.Q850(res) == 0 {
			t.Errorf("%d: no Q.850 cause", status)
		}
	}
	a.call("9999", audio(40000)).expect(404)
}

func TestNotRegisteredCalls(t *testing.T) {
	r, _, b := two(t)
	r.phone("dave", "2004")
	d := r.ua("dave", "2004")
	d.call("2002", audio(40000)).expect(403)
	b.none(50*time.Millisecond, "a call of an unregistered phone", isRequest(sip.INVITE))
}

func TestOverloadIsToldWithRetryAfter(t *testing.T) {
	r := newRig(t, func(o *Options, _ *Parameters) { o.Exchange = overloaded{o.Exchange} })
	r.phone("alice", "2001")
	a := r.ua("alice", "2001").registered()
	if res := a.call("2002", audio(40000)).expect(503); sip.HeaderValue(res, "Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

type overloaded struct{ signal.Exchange }

func (overloaded) Originate(signal.Origin, signal.Port) (signal.HalfCallID, error) {
	return 0, signal.ErrOverloaded
}

func TestUnreachablePhoneIsAnAlarm(t *testing.T) {
	r := newRig(t, func(o *Options, _ *Parameters) {
		o.Timers = sip.Timers{T1: 10 * time.Millisecond, T2: 40 * time.Millisecond}
	})
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	a, b := r.ua("alice", "2001").registered(), r.ua("bob", "2002").registered()
	b.udp.Close()
	a.call("2002", audio(40000)).expect(408)
	r.eventually("the alarm", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, f := range r.alarms {
			if f.Code == fault.SIPUnreachable {
				return true
			}
		}
		return false
	})
}

func TestR31_PickupOfARingingCallByReplaces(t *testing.T) {
	// Two phones share a line: the second answers the call that rings at the first by INVITE with Replaces.
	r, a, b := two(t)
	from := a.call("2002", audio(40000))
	to := b.ring()
	to.reply(180, "")
	from.expect(180)
	pick := b.call("2002", audio(50004), "Replaces: "+to.callID+";to-tag="+tagOf(to.to)+";from-tag="+to.tag)
	cancel := to.request(sip.CANCEL)
	b.reply(cancel, 200, "")
	to.reply(487, "")
	pick.expect(200)
	contains(t, pick.remoteSDP, "m=audio 40000")
	pick.ack("")
	from.expect(200)
	contains(t, from.remoteSDP, "m=audio 50004")
	from.ack("")
	from.bye()
	pick.request(sip.BYE)
	r.idle()
}
