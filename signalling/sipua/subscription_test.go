package sipua

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem/call/line"
	"tandem/wire/sip"
)

// subscribe sends a SUBSCRIBE and answers the challenge; the dialog is returned with the final response.
func (u *ua) subscribe(number, event string, expires int) (*dlg, *sip.Response) {
	u.t.Helper()
	d := &dlg{u: u, callID: u.token() + "@sub", from: u.aor() + ";tag=" + u.token(), to: fmt.Sprintf("<sip:%s@%s>", number, u.server), cseq: 2}
	req := u.text(sip.SUBSCRIBE, fmt.Sprintf("sip:%s@%s", number, u.server), d.from, d.to, d.callID, 1, "",
		"Contact: <"+u.contact+">", "Event: "+event, fmt.Sprintf("Expires: %d", expires))
	u.send(req)
	u.answered401(req)
	res := u.response(d.callID, sip.SUBSCRIBE, 0)
	if res.StatusCode == 200 {
		d.to, d.target = res.To().Value(), sip.URIString(&res.Contact().Address)
	}
	return d, res
}

// notify waits for the next NOTIFY in the dialog and answers it.
func (d *dlg) notify(status int) *sip.Request {
	d.u.t.Helper()
	req := d.request(sip.NOTIFY)
	if !d.u.auto.Load() {
		d.u.reply(req, status, "")
	}
	return req
}

func TestMessageWaiting(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001")
	a := r.ua("alice", "2001").registered()
	d, res := a.subscribe("2001", "message-summary", 600)
	if res.StatusCode != 200 || sip.HeaderValue(res, "Expires") != "600" {
		t.Fatal(sip.String(res))
	}
	n := d.notify(200)
	contains(t, string(n.Body()), "Messages-Waiting: no", "Voice-Message: 0/0")
	if s, _ := sip.ParseSubscriptionState(n); s.State != "active" || s.Expires < 590 {
		t.Errorf("state %+v", s)
	}
	r.set("2001", func(i *line.Info) { i.Messages = 3 })
	r.x.Refresh(r.Lines("alice")...)
	contains(t, string(d.notify(200).Body()), "Messages-Waiting: yes", "Voice-Message: 3/0")
	d.send(sip.SUBSCRIBE, "", "Contact: <"+a.contact+">", "Event: message-summary", "Expires: 0")
	d.final(sip.SUBSCRIBE, 200)
	if s, _ := sip.ParseSubscriptionState(d.notify(200)); s.State != "terminated" {
		t.Errorf("state %+v", s)
	}
	r.eventually("the subscription is gone", func() bool { return r.s.Figures().Subscriptions == 0 })
}

func TestSubscriptionRefusals(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001")
	a := r.ua("alice", "2001").registered()
	for _, c := range []struct {
		number, event string
		expires, want int
	}{{"2001", "presence", 600, 489}, {"2001", "dialog", 10, 423}, {"9999", "dialog", 600, 404}} {
		if _, res := a.subscribe(c.number, c.event, c.expires); res.StatusCode != c.want {
			t.Errorf("%+v: %d", c, res.StatusCode)
		}
	}
	// The state once, without a subscription.
	d, res := a.subscribe("2001", "dialog", 0)
	if res.StatusCode != 200 {
		t.Fatal(sip.String(res))
	}
	if s, _ := sip.ParseSubscriptionState(d.notify(200)); s.State != "terminated" {
		t.Errorf("state %+v", s)
	}
	for end := time.Now().Add(30 * time.Second); r.s.Figures().Subscriptions != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d subscriptions", r.s.Figures().Subscriptions)
		}
	}
	_, res = a.subscribe("2001", "dialog", 999999)
	if sip.HeaderValue(res, "Expires") != "3600" {
		t.Errorf("Expires %s", sip.HeaderValue(res, "Expires"))
	}
}

func TestQ49Q50_LampsShowTheRightStateAndParties(t *testing.T) {
	r, a, b := two(t)
	r.phone("carol", "2003")
	c := r.ua("carol", "2003").registered()
	d, res := c.subscribe("2002", "dialog", 600)
	if res.StatusCode != 200 {
		t.Fatal(sip.String(res))
	}
	contains(t, string(d.notify(200).Body()), "<state>terminated</state>", `state="full"`)
	from := a.call("2002", audio(40000))
	to := b.ring()
	to.reply(180, "")
	ringing := string(d.notifyWith("<state>early</state>").Body())
	contains(t, ringing, `direction="recipient"`, "<local><identity>sip:2002@", `<remote><identity display="Name 2001">sip:2001@`)
	to.reply(200, audio(50000))
	to.request(sip.ACK)
	from.expect(200)
	from.ack("")
	d.notifyWith("<state>confirmed</state>")
	hold(t, to, from, audioAt("127.0.0.1", 50000, 2, "a=sendonly"), audioAt("127.0.0.1", 40000, 2, "a=recvonly"))
	d.notifyWith(`pvalue="no"`)
	from.bye()
	to.request(sip.BYE)
	last := string(d.notifyWith("<state>terminated</state>").Body())
	if strings.Contains(last, "confirmed") {
		t.Errorf("an idle line is shown busy:\n%s", last)
	}
	// The watcher and the watched talk to each other: every end has its NOTIFY.
	c2, to2 := talk(t, c, b)
	d.notifyWith("<state>confirmed</state>")
	to2.bye()
	c2.request(sip.BYE)
	d.notifyWith("<state>terminated</state>")
}

// notifyWith waits for a NOTIFY whose body has the part.
func (d *dlg) notifyWith(part string) *sip.Request {
	d.u.t.Helper()
	return d.u.until("a NOTIFY with "+part, func(x sip.Message) bool {
		q, ok := x.(*sip.Request)
		return ok && q.Method == sip.NOTIFY && sip.CallIDOf(q) == d.callID && strings.Contains(string(q.Body()), part)
	}).(*sip.Request)
}

func TestQ42_NotifyNumbersOnlyRise(t *testing.T) {
	r, a, b := two(t)
	r.phone("carol", "2003")
	c := r.ua("carol", "2003").registered()
	d, _ := c.subscribe("2002", "dialog", 600)
	last := d.notify(200).CSeq().SeqNo
	for range 3 {
		from, to := talk(t, a, b)
		from.bye()
		to.request(sip.BYE)
		n := d.notifyWith("terminated").CSeq().SeqNo
		if n <= last {
			t.Fatalf("CSeq %d after %d", n, last)
		}
		last = n
	}
	// A subscription that nobody knows (after a restart) gets 481, so that the phone begins anew.
	d.callID = "of-another-life"
	d.send(sip.SUBSCRIBE, "", "Contact: <"+c.contact+">", "Event: dialog", "Expires: 600")
	d.final(sip.SUBSCRIBE, 481)
}

func TestQ51Q35_SlowAndSilentSubscribers(t *testing.T) {
	r := newRig(t, func(o *Options, _ *Parameters) {
		o.Timers = sip.Timers{T1: 5 * time.Millisecond, T2: 20 * time.Millisecond}
	})
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	r.phone("carol", "2003")
	a, b := r.ua("alice", "2001").registered(), r.ua("bob", "2002").registered()
	c := r.ua("carol", "2003").registered()
	c.auto.Store(false)
	d, _ := c.subscribe("2002", "dialog", 600)
	first := d.request(sip.NOTIFY) // not answered
	from := a.call("2002", audio(40000))
	to := b.ring()
	to.reply(180, "")
	from.expect(180)
	c.none(60*time.Millisecond, "a second NOTIFY while one is under way", func(x sip.Message) bool {
		q, ok := x.(*sip.Request)
		return ok && q.Method == sip.NOTIFY && q.CSeq().SeqNo != first.CSeq().SeqNo
	})
	// The first comes to nothing (64*T1 = 320 ms); the subscription lives, and a refresh brings the state.
	r.eventually("the NOTIFY timed out", func() bool { return r.s.Transport().Timeouts > 0 })
	if n := r.s.Figures().Subscriptions; n != 1 {
		t.Fatalf("%d subscriptions after one time-out", n)
	}
	d.send(sip.SUBSCRIBE, "", "Contact: <"+c.contact+">", "Event: dialog", "Expires: 600")
	d.final(sip.SUBSCRIBE, 200)
	d.u.reply(d.notifyWith("<state>early</state>"), 200, "")
	// 481 ends it.
	from.cancel()
	from.expect(487)
	r.eventually("481 ended the subscription", func() bool {
		if m := c.within(time.Millisecond, isRequest(sip.NOTIFY)); m != nil { // repeats of earlier ones are among them
			c.reply(m.(*sip.Request), 481, "")
		}
		return r.s.Figures().Subscriptions == 0
	})
	cancel := to.request(sip.CANCEL)
	b.reply(cancel, 200, "")
	to.reply(487, "")
}

func TestQ43_LateRefreshIsTaken(t *testing.T) {
	r := newRig(t, func(_ *Options, p *Parameters) {
		p.SubscriptionMinimum, p.SubscriptionGrace = time.Second, 600*time.Millisecond
	})
	r.phone("alice", "2001")
	a := r.ua("alice", "2001").registered()
	d, _ := a.subscribe("2001", "message-summary", 1)
	began := time.Now()
	d.notify(200)
	a.none(1200*time.Millisecond-time.Since(began), "the end of the subscription within its grace", isRequest(sip.NOTIFY))
	d.send(sip.SUBSCRIBE, "", "Contact: <"+a.contact+">", "Event: message-summary", "Expires: 1")
	d.final(sip.SUBSCRIBE, 200)
	d.notify(200)
	if s, _ := sip.ParseSubscriptionState(d.notify(200)); s.State != "terminated" || s.Reason != "timeout" {
		t.Errorf("state %+v", s)
	}
}

func TestSubscriptionsAreBounded(t *testing.T) {
	r := newRig(t, func(_ *Options, p *Parameters) { p.MaximumSubscriptions = 5 })
	r.phone("alice", "2001")
	a := r.ua("alice", "2001").registered()
	for range 12 {
		if _, res := a.subscribe("2001", "dialog", 600); res.StatusCode != 200 {
			t.Fatal(sip.String(res))
		}
	}
	for end := time.Now().Add(30 * time.Second); r.s.Figures().Subscriptions != 5; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d subscriptions", r.s.Figures().Subscriptions)
		}
	}
}
