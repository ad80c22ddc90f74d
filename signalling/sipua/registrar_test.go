package sipua

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem/fault"
	"tandem/registration"
	"tandem/telephony"
	"tandem/wire/sip"
)

func TestRegistrationBounds(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001", "2011")
	a := r.ua("alice", "2001")
	if res := a.register(30); res.StatusCode != 423 || sip.HeaderValue(res, "Min-Expires") != "60" {
		t.Fatalf("30 s: %s", sip.String(res))
	}
	res := a.register(100000)
	if v, _ := sip.Lookup(sip.Contacts(res)[0].Params, "expires"); v != "3600" {
		t.Errorf("100,000 s became %s", v)
	}
	if got := sip.URIString(&sip.Contacts(res)[0].Address); got != a.contact {
		t.Errorf("the Contact came back as %s, sent was %s", got, a.contact)
	}
	if sip.HeaderValue(res, "Date") == "" {
		t.Error("no Date")
	}
	if reg, ok := r.x.Registration("alice"); !ok || reg.Load != "scripted/1.0" || reg.Address != a.local {
		t.Errorf("registration %+v", reg)
	}
	// Another line of the same phone is another contact; a number that it does not have is refused.
	l2 := r.ua("alice", "2011").registered()
	if n := r.s.Figures(); n.Registered != 1 || n.Contacts != 2 {
		t.Errorf("%+v", n)
	}
	if res := r.ua("alice", "2002").register(3600); res.StatusCode != 403 {
		t.Errorf("a number of nobody: %d", res.StatusCode)
	}
	if res := l2.register(0); res.StatusCode != 200 || len(sip.Contacts(res)) != 0 {
		t.Errorf("unregister: %s", sip.String(res))
	}
	if _, ok := r.x.Registration("alice"); !ok {
		t.Error("the other line is gone as well")
	}
	a.contact = "*"
	a.cseq++
	req := a.text(sip.REGISTER, "sip:"+a.server.String(), a.aor()+";tag=x", a.aor(), a.regID, a.cseq, "", "Contact: *", "Expires: 0")
	a.send(req)
	a.answered401(req)
	if res := a.response(a.regID, sip.REGISTER, 200); len(sip.Contacts(res)) != 0 {
		t.Error("the wildcard left something")
	}
	if _, ok := r.x.Registration("alice"); ok {
		t.Error("still registered")
	}
}

func TestRegistrationRunsOut(t *testing.T) {
	r := newRig(t, func(_ *Options, p *Parameters) { p.RegistrationMinimum = time.Second })
	r.phone("alice", "2001")
	r.ua("alice", "2001").register(1)
	if _, ok := r.x.Registration("alice"); !ok {
		t.Fatal("not registered")
	}
	r.eventually("the registration ran out", func() bool { _, ok := r.x.Registration("alice"); return !ok })
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.alarms) != 1 || r.alarms[0].Code != fault.DeviceLost {
		t.Errorf("alarms: %v", r.alarms)
	}
}

func TestR35_StaleNonces(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001")
	a := r.ua("alice", "2001").registered()
	register := func(auth string) *sip.Response {
		a.cseq++
		req := a.text(sip.REGISTER, "sip:"+a.server.String(), a.aor()+";tag=x", a.aor(), a.regID, a.cseq, "",
			"Contact: <"+a.contact+">", "Expires: 3600", "Authorization: "+auth)
		a.send(req)
		return a.response(a.regID, sip.REGISTER, 0)
	}
	uri := "sip:" + a.server.String()
	// The nonce is used again with a rising count: no challenge.
	if res := register(a.credentials("REGISTER", uri)); res.StatusCode != 200 {
		t.Fatalf("nc=2: %s", sip.String(res))
	}
	// (d) the same count again: stale, never a failure.
	a.nc--
	res := register(a.credentials("REGISTER", uri))
	v := sip.HeaderValue(res, "WWW-Authenticate")
	if res.StatusCode != 401 || !strings.Contains(v, "stale=true") || !strings.Contains(v, "nonce=") || !strings.Contains(v, "realm=") {
		t.Fatalf("a repeated count: %s", sip.String(res))
	}
	// A nonce that is not ours with right credentials: stale as well.
	a.nonce = "bm90IG91cnMgYnV0IGxvbmcgZW5vdWdoIHRvIGJlIG9uZQ"
	if res = register(a.credentials("REGISTER", uri)); !strings.Contains(sip.HeaderValue(res, "WWW-Authenticate"), "stale=true") {
		t.Fatalf("an unknown nonce: %s", sip.String(res))
	}
	// Wrong credentials: no stale.
	a.pass = "wrong"
	if res = register(a.credentials("REGISTER", uri)); res.StatusCode != 401 || strings.Contains(sip.HeaderValue(res, "WWW-Authenticate"), "stale") {
		t.Fatalf("a wrong password: %s", sip.String(res))
	}
	if n := r.s.Figures().RefusedSources; n != 0 {
		t.Errorf("%d sources were held back", n)
	}
}

func TestDigestSHA256IsOfferedToWhoCan(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	r.change("bob", func(d *registration.Device) { d.Product.DigestSHA256 = true })
	offers := func(number string) int {
		u := r.ua("x", number)
		req := u.text(sip.REGISTER, "sip:"+u.server.String(), u.aor()+";tag=x", u.aor(), u.token(), 1, "", "Contact: <"+u.contact+">")
		u.send(req)
		return len(sip.HeaderValues(u.response(sip.CallIDOf(req), sip.REGISTER, 401), "WWW-Authenticate"))
	}
	if n := offers("2001"); n != 1 {
		t.Errorf("a phone with MD5 only was offered %d", n)
	}
	if n := offers("2002"); n != 2 {
		t.Errorf("a phone with SHA-256 was offered %d", n)
	}
	for i := range 8 {
		if n := offers(fmt.Sprint(7000 + i)); n != 1 {
			t.Errorf("a number of nobody was offered %d: it can be told from that of a phone", n)
		}
	}
}

func TestR37_ContactsAreReplaced(t *testing.T) {
	r := newRig(t, func(_ *Options, p *Parameters) { p.MaximumContacts = 3 })
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	a := r.ua("alice", "2001").registered()
	b := r.ua("bob", "2002").registered()
	// the same phone registers again with the address that it learnt from rport.
	b.contact = "sip:2002@" + b.local.String() + ";learnt=1"
	if res := b.register(3600); len(sip.Contacts(res)) != 1 {
		t.Fatalf("%d contacts of one phone: %s", len(sip.Contacts(res)), sip.String(res))
	}
	// Each wake-up a new Call-ID and a new Contact: the oldest gives way, and it is counted.
	for i := range 10 {
		b.regID, b.contact = "", fmt.Sprintf("sip:2002@%s;wake=%d", b.local, i)
		b.contact = fmt.Sprintf("sip:w%d@%s", i, b.local)
		if res := b.register(3600); res.StatusCode != 200 || len(sip.Contacts(res)) > 3 {
			t.Fatalf("%d contacts: %s", len(sip.Contacts(res)), sip.String(res))
		}
	}
	if n := r.s.Figures().ContactsReplaced; n != 8 {
		t.Errorf("%d contacts were replaced, want 8", n)
	}
	_ = a
}

func TestR37_FlowInsteadOfContactAddress(t *testing.T) {
	// Behind an address translator: the Contact names an address that leads nowhere.
	r := newRig(t, nil)
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	a := r.ua("alice", "2001").registered()
	b := r.ua("bob", "2002")
	b.contact = "sip:2002@192.0.2.77:5062;line=abc"
	b.registered()
	from := a.call("2002", audio(40000))
	to := b.ring()
	if got := sip.URIString(&to.offered.Recipient); got != b.contact {
		t.Errorf("Request-URI %s, the Contact is %s", got, b.contact)
	}
	to.reply(200, audio(50000))
	to.request(sip.ACK)
	from.expect(200)
	from.ack("")
	from.bye()
	bye := to.request(sip.BYE)
	if got := sip.URIString(&bye.Recipient); got != b.contact {
		t.Errorf("BYE to %s", got)
	}
}

func TestQ32_PhoneThatListensElsewhere(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	a := r.ua("alice", "2001").registered()
	listens := r.ua("bob", "2002")
	sends := r.ua("bob", "2002")
	// It sends from a random port; Via and Contact name the one on which it listens, without rport.
	for cseq := 1; cseq <= 2; cseq++ {
		auth := ""
		if cseq == 2 {
			res := listens.response("q32", sip.REGISTER, 401)
			probe := listens.text(sip.REGISTER, "sip:"+sends.server.String(), sends.aor(), sends.aor(), "q32", 1, "")
			auth = "Authorization: " + listens.authorize(res, probe) + "\r\n"
		}
		sends.raw([]byte(fmt.Sprintf("REGISTER sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKq32%d\r\nMax-Forwards: 70\r\nFrom: %s;tag=1\r\nTo: %s\r\nCall-ID: q32\r\nCSeq: %d REGISTER\r\nContact: <sip:2002@%s>\r\nExpires: 3600\r\n%sContent-Length: 0\r\n\r\n",
			sends.server, listens.local, cseq, sends.aor(), sends.aor(), cseq, listens.local, auth)))
	}
	listens.response("q32", sip.REGISTER, 200)
	from := a.call("2002", audio(40000))
	listens.ring().reply(486, "")
	from.expect(486)
}

func TestQ54_SecondRegistrationReplaces(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001")
	a := r.ua("alice", "2001").registered()
	for range 5 {
		a.contact = fmt.Sprintf("sip:2001@%s;x=%s", a.local, a.token())
		if res := a.register(3600); len(sip.Contacts(res)) != 1 {
			t.Fatalf("contacts pile up: %s", sip.String(res))
		}
	}
	if reg, _ := r.x.Registration("alice"); reg.Incarnation == 0 {
		t.Error("not attached")
	}
}

func TestLateRegistrationIsRefused(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001")
	a := r.ua("alice", "2001").registered()
	a.cseq -= 2 // an older request that was under way
	if res := a.register(3600); res.StatusCode != 500 {
		t.Errorf("a REGISTER with a lower CSeq: %d", res.StatusCode)
	}
}

func TestT05_ScannerLearnsNothing(t *testing.T) {
	r := newRig(t, func(_ *Options, p *Parameters) { p.HoldBack = 300 * time.Millisecond })
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	good := r.ua("alice", "2001").registered() // behind the same address as the scanner
	scanner := r.ua("bob", "2002")
	scanner.pass = "guess"
	known := scanner.register(3600)
	stranger := r.ua("nobody", "5555")
	unknown := stranger.register(3600)
	if known.StatusCode != 401 || unknown.StatusCode != known.StatusCode || names(known) != names(unknown) {
		t.Fatalf("a wrong password and an unknown user differ:\n%s\n%s", sip.String(known), sip.String(unknown))
	}
	if a, b := challengeShape(known), challengeShape(unknown); a != b {
		t.Logf("challenges: %q and %q (chosen by the number's hash)", a, b)
	}
	for range 8 {
		scanner.regID = ""
		scanner.register(3600)
	}
	// Ten failures: silence, and one alarm.
	scanner.cseq++
	scanner.send(scanner.text(sip.REGISTER, "sip:"+scanner.server.String(), scanner.aor()+";tag=1", scanner.aor(), scanner.token(), 1, "", "Contact: <"+scanner.contact+">"))
	scanner.none(100*time.Millisecond, "an answer although it is held back", func(m sip.Message) bool { _, ok := m.(*sip.Response); return ok })
	r.mu.Lock()
	alarms := len(r.alarms)
	code := fault.Code("")
	if alarms > 0 {
		code = r.alarms[0].Code
	}
	r.mu.Unlock()
	if alarms != 1 || code != fault.SIPSourceHeldBack {
		t.Errorf("%d alarms, first %s", alarms, code)
	}
	// The phone that is registered goes on.
	if res := good.register(3600); res.StatusCode != 200 {
		t.Errorf("a good phone was disturbed: %d", res.StatusCode)
	}
	r.eventually("the source is let go", func() bool { return !r.s.guard.stillHeld(scanner.local.Addr()) })
	scanner.pass = password + "bob"
	scanner.regID = ""
	scanner.registered()
}

// names lists the headers of a response.
func names(res *sip.Response) string {
	var n []string
	for _, h := range res.Headers() {
		if h.Name() != "WWW-Authenticate" {
			n = append(n, h.Name())
		}
	}
	return strings.Join(n, ",")
}

func challengeShape(res *sip.Response) string {
	var n []string
	for _, v := range sip.HeaderValues(res, "WWW-Authenticate") {
		head, rest, _ := strings.Cut(v, `nonce="`)
		_, tail, _ := strings.Cut(rest, `"`)
		n = append(n, head+tail)
	}
	return strings.Join(n, "|")
}

func TestT23a_OnePhoneGoneMad(t *testing.T) {
	r := newRig(t, func(_ *Options, p *Parameters) { p.RequestsPerSecond, p.RequestBurst = 20, 40 })
	r.phone("mad", "2000")
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	mad := r.ua("mad", "2000").registered()
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				mad.raw([]byte(fmt.Sprintf("SUBSCRIBE sip:2001@x SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKmad%d\r\nFrom: <sip:2000@x>;tag=1\r\nTo: <sip:2001@x>\r\nCall-ID: mad%d\r\nCSeq: 1 SUBSCRIBE\r\nMax-Forwards: 70\r\nEvent: dialog\r\nContact: <sip:2000@%s>\r\nContent-Length: 0\r\n\r\n", mad.local, i, i, mad.local)))
			}
		}
	}()
	began := time.Now()
	a, b := r.ua("alice", "2001").registered(), r.ua("bob", "2002").registered()
	from, to := talk(t, a, b)
	if took := time.Since(began); took > 5*time.Second { // five times the figure
		t.Errorf("others needed %v to register and call", took)
	}
	from.bye()
	to.request(sip.BYE)
	close(stop)
	<-done
	if r.s.Figures().Limited == 0 {
		t.Error("nothing was limited")
	}
	mad.until("503 with Retry-After", func(m sip.Message) bool {
		res, ok := m.(*sip.Response)
		return ok && res.StatusCode == 503 && sip.HeaderValue(res, "Retry-After") != ""
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.alarms) != 1 || r.alarms[0].Code != fault.SIPDeviceFlood {
		t.Errorf("alarms: %v", r.alarms)
	}
}

func TestDeletedDeviceIsUnregistered(t *testing.T) {
	r, a, _ := two(t)
	r.change("bob", nil)
	r.s.DeviceChanged("bob")
	if _, ok := r.x.Registration("bob"); ok {
		t.Error("a deleted phone is registered")
	}
	a.call("2002", audio(40000)).expect(480)
	// A phone that speaks SCCP now cannot register over SIP.
	r.change("alice", func(d *registration.Device) { d.Protocol = telephony.ProtocolSCCP })
	if res := a.register(3600); res.StatusCode != 403 {
		t.Errorf("got %d", res.StatusCode)
	}
}

func TestQ48_ChangedPhoneIsAskedToRestartWhenIdle(t *testing.T) {
	r, a, b := two(t)
	a.auto.Store(false)
	b.auto.Store(false)
	from, to := talk(t, a, b)
	r.change("bob", func(d *registration.Device) { d.Fingerprint = 2 })
	r.s.DeviceChanged("bob")
	b.none(100*time.Millisecond, "check-sync during a call", isRequest(sip.NOTIFY))
	from.bye()
	to.request(sip.BYE)
	n := b.request(sip.NOTIFY)
	if v := sip.HeaderValue(n, "Event"); v != "check-sync;reboot=true" {
		t.Errorf("Event %q", v)
	}
	b.reply(n, 200, "")
	r.s.DeviceChanged("bob")
	a.none(50*time.Millisecond, "a NOTIFY for an unchanged phone", isRequest(sip.NOTIFY))
}
