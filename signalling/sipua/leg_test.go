package sipua

import (
	"strings"
	"testing"
	"time"

	"tandem/call/line"
	"tandem/call/signal"
	"tandem/registration"
	"tandem/telephony"
	"tandem/wire/sip"
)

func TestNothingOfOneLegLeaksIntoTheOther(t *testing.T) {
	_, a, b := two(t)
	secrets := []string{"alicetag", "secret-agent", "a-tool", "x-private", "subject line", "history", "10.99.99.99", "alice-user"}
	from := a.call("2002", strings.Replace(audio(40000, "a=tool:a-tool"), "o=ua 77 1 IN IP4 127.0.0.1", "o=alice-user 77 1 IN IP4 10.99.99.99", 1),
		"User-Agent: secret-agent", "X-Header: x-private", "Subject: subject line", "History-Info: <sip:history@x>", "Via: SIP/2.0/UDP 10.99.99.99;branch=z9hG4bKx",
		"P-Asserted-Identity: <sip:history@x>", "Diversion: <sip:history@x>;reason=unconditional", "Remote-Party-ID: <sip:history@x>")
	to := b.ring()
	all := sip.String(to.offered)
	secrets = append(secrets, from.callID, tagOf(from.from), a.contact, sip.URIString(&from.invite.Recipient)+";")
	for _, s := range secrets {
		if strings.Contains(all, s) {
			t.Errorf("%q leaked:\n%s", s, all)
		}
	}
	to.reply(200, audioAt("127.0.0.1", 50000, 1), "Server: secret-agent", "X-Header: x-private", "Warning: 399 x history")
	to.request(sip.ACK)
	all = sip.String(from.expect(200))
	for _, s := range append(secrets[:6:6], to.callID, to.tag, b.contact) {
		if strings.Contains(all, s) {
			t.Errorf("%q leaked back:\n%s", s, all)
		}
	}
	from.ack("")
	from.bye()
	to.request(sip.BYE)
}

func TestIdentities(t *testing.T) {
	r, a, b := two(t)
	r.change("bob", func(d *registration.Device) { d.Product = telephony.Product{Name: "Cisco 7960", Family: "P0S"} })
	b.registered()
	from := a.call("2002", audio(40000))
	to := b.ring()
	if f := to.offered.From(); f.Address.User != "2001" || sip.Unquote(f.DisplayName) != "Name 2001" {
		t.Errorf("From %s", f.Value())
	}
	if p := sip.AssertedIdentities(to.offered); len(p) != 1 || p[0].URI.User != "2001" {
		t.Errorf("P-Asserted-Identity %v", p)
	}
	if p, ok := sip.ParseRemotePartyID(to.offered, "calling"); !ok || p.URI.User != "2001" || p.Screen != "yes" {
		t.Errorf("Remote-Party-ID %v", p)
	}
	to.reply(180, "")
	if p := sip.AssertedIdentities(from.expect(180)); len(p) != 1 || p[0].URI.User != "2002" || sip.Unquote(p[0].DisplayName) != "Name 2002" {
		t.Errorf("the caller is shown %v", p)
	}
	to.reply(486, "")
	from.expect(486)
	// A number that is withheld: anonymous, and no trace of it.
	r.set("2001", func(i *line.Info) { i.Party.NumberRestricted, i.Party.NameRestricted = true, true })
	from = a.call("2002", audio(40000))
	to = b.ring()
	all := sip.String(to.offered)
	if strings.Contains(all, "2001") || !strings.Contains(all, "anonymous.invalid") || sip.HeaderValue(to.offered, "Privacy") != "id" {
		t.Errorf("the withheld number shows:\n%s", all)
	}
	to.reply(486, "")
	from.expect(486)
}

func TestPartyIsUpdatedAfterATransfer(t *testing.T) {
	for _, updates := range []bool{true, false} {
		r, a, b := two(t)
		if !updates {
			a.allow = "INVITE, ACK, CANCEL, BYE"
		}
		r.phone("carol", "2003")
		c := r.ua("carol", "2003").registered()
		from, to := talk(t, a, b)
		to.send(sip.REFER, "", "Refer-To: <sip:2003@"+r.udp.String()+">")
		third := c.ring()
		third.reply(180, "")
		if updates {
			u := from.request(sip.UPDATE)
			if p := sip.AssertedIdentities(u); len(p) != 1 || p[0].URI.User != "2003" {
				t.Errorf("the update names %v", p)
			}
		}
		third.reply(200, audio(51000))
		change := from.request(sip.INVITE)
		if p := sip.AssertedIdentities(change); !updates && (len(p) != 1 || p[0].URI.User != "2003") {
			t.Errorf("the re-INVITE names %v", p)
		}
		from.reply2(200, audioAt("127.0.0.1", 40000, 2))
		from.request(sip.ACK)
		from.bye()
		third.request(sip.BYE)
		r.idle()
	}
}

func TestR36_KeysBySignalling(t *testing.T) {
	r, a, b := two(t)
	plain := func(port string) string {
		return "v=0\r\no=ua 77 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio " + port + " RTP/AVP 0\r\n"
	}
	from := a.call("2002", plain("40000"))
	to := b.ring()
	to.reply(200, plain("50000"))
	to.request(sip.ACK)
	from.expect(200)
	from.ack("")
	for _, c := range []struct{ kind, body, want string }{
		{"application/dtmf-relay", "Signal=5\r\nDuration=250\r\n", "Signal=5\r\nDuration=250\r\n"},
		{"application/dtmf-relay", "Signal= #\r\nDuration= 100\r\n", "Signal=#\r\nDuration=100\r\n"},
		{"application/dtmf", "*", "Signal=*\r\nDuration=160\r\n"},
		{"application/dtmf-relay", "Signal=11\r\n", "Signal=#\r\nDuration=160\r\n"},
	} {
		from.send(sip.INFO, c.body, "Content-Type: "+c.kind)
		from.final(sip.INFO, 200)
		if got := string(to.request(sip.INFO).Body()); got != c.want {
			t.Errorf("%q became %q, want %q", c.body, got, c.want)
		}
	}
	from.send(sip.INFO, "Signal=x", "Content-Type: application/dtmf-relay")
	from.final(sip.INFO, 415)
	from.send(sip.INFO, "<xml/>", "Content-Type: application/media_control+xml")
	from.final(sip.INFO, 415)
	from.bye()
	to.request(sip.BYE)
	// Where both ends agreed on RFC 4733 a phone that sends INFO as well makes one key, not two.
	from, to = talk(t, a, b)
	from.send(sip.INFO, "Signal=5\r\n", "Content-Type: application/dtmf-relay")
	from.final(sip.INFO, 200)
	b.none(100*time.Millisecond, "a second key", isRequest(sip.INFO))
	from.bye()
	to.request(sip.BYE)
	r.idle()
}

func TestStatisticsOfThePhones(t *testing.T) {
	r, a, b := two(t)
	from, to := talk(t, a, b)
	from.bye("RTP-RxStat: Dur=62,Pkt=3120,Oct=499200,LatePkt=0,LostPkt=2,AvgJit=4", "RTP-TxStat: Dur=62,Pkt=3118,Oct=498880")
	to.request(sip.BYE)
	from, to = talk(t, a, b)
	to.bye("X-RTP-Stat: CS=0;PS=11;ES=12;OS=13;SP=0/0;PR=14;ER=15;OR=16;CR=0;PL=17,0;JI=18,1;DL=19,0,0;IP=1.2.3.4,5.6.7.8")
	from.request(sip.BYE)
	from, to = talk(t, a, b)
	from.bye("P-RTP-Stat: PS=21,OS=22,PR=23,OR=24,PL=25,JI=26,LA=27,DU=62")
	to.request(sip.BYE)
	r.idle()
	r.mu.Lock()
	defer r.mu.Unlock()
	var got []signal.Diagnostics
	for _, f := range r.facts {
		if d, ok := f.(signal.Diagnostics); ok {
			got = append(got, d)
		}
	}
	if len(got) != 3 {
		t.Fatalf("%d diagnostics", len(got))
	}
	if d := got[0]; d.PacketsSent != 3118 || d.OctetsReceived != 499200 || d.PacketsLost != 2 || d.Jitter != 4 || d.Device != "alice" || d.Line.Number != "2001" || d.Call.IsZero() {
		t.Errorf("%+v", d)
	}
	if d := got[1]; d.PacketsSent != 11 || d.OctetsSent != 13 || d.PacketsReceived != 14 || d.PacketsLost != 17 || d.Jitter != 18 || d.Latency != 19 || d.Device != "bob" {
		t.Errorf("%+v", d)
	}
	if d := got[2]; d.PacketsSent != 21 || d.OctetsReceived != 24 || d.Latency != 27 {
		t.Errorf("%+v", d)
	}
}

func TestOptionsAndUnknownMethods(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001")
	a := r.ua("alice", "2001")
	ask := func(m sip.Method) *sip.Response {
		req := a.text(m, "sip:"+a.server.String(), a.aor()+";tag=x", a.aor(), a.token(), 1, "", "Contact: <"+a.contact+">")
		a.send(req)
		return a.response(sip.CallIDOf(req), m, 0)
	}
	if res := ask(sip.OPTIONS); res.StatusCode != 200 || !sip.HasToken(res, "Allow", "REFER") || !sip.HasToken(res, "Supported", "replaces") {
		t.Errorf("OPTIONS: %s", sip.String(res))
	}
	if res := ask(sip.PUBLISH); res.StatusCode != 405 || sip.HeaderValue(res, "Allow") == "" {
		t.Errorf("PUBLISH: %s", sip.String(res))
	}
	if res := ask("FROBNICATE"); res.StatusCode != 501 {
		t.Errorf("an unknown method: %d", res.StatusCode)
	}
	if res := ask(sip.REFER); res.StatusCode != 481 {
		t.Errorf("REFER outside a dialog: %d", res.StatusCode)
	}
}

func TestQ46_SessionExpiresUnasked(t *testing.T) {
	r, a, b := two(t)
	from := a.call("2002", audio(40000))
	to := b.ring()
	to.reply(200, audio(50000), "Session-Expires: 90", "Require: timer")
	to.request(sip.ACK)
	from.expect(200)
	from.ack("")
	from.bye()
	to.request(sip.BYE)
	r.idle()
}

func TestQ55_HoldInTwoSteps(t *testing.T) {
	_, a, b := two(t)
	from, to := talk(t, a, b)
	hold(t, from, to, audioAt("127.0.0.1", 40000, 2, "a=inactive"), audioAt("127.0.0.1", 50000, 2, "a=inactive"))
	offered, _ := hold(t, from, to, audioAt("127.0.0.1", 40000, 3, "a=sendonly"), audioAt("127.0.0.1", 50000, 3, "a=recvonly"))
	contains(t, offered, "a=sendonly")
	offered, answered := hold(t, from, to, audioAt("127.0.0.1", 40000, 4), audioAt("127.0.0.1", 50000, 4))
	contains(t, offered, "a=sendrecv")
	contains(t, answered, "a=sendrecv")
	from.bye()
	to.request(sip.BYE)
}

func TestQ58_OddHeadersAreNoReasonForSilence(t *testing.T) {
	_, a, b := two(t)
	from := a.call("2002", audio(40000), "P-Charging-Vector: icid-value=1234bc9876e;icid-generated-at=192.0.6.8;orig-ioi=home1.net",
		"Feature-Caps: *;+g.3gpp.srvcc", "X-Odd: ;;;===\"\"", "Geolocation: <cid:x@y>;inserted-by=\"z\"", "Supported: x-never-heard-of")
	to := b.ring()
	to.reply(486, "")
	from.expect(486)
	// What is required and not known is refused in words.
	d := a.call("2002", audio(40000))
	b.ring().reply(486, "")
	d.expect(486)
}

func TestSRTPAndVideoPassThrough(t *testing.T) {
	_, a, b := two(t)
	offer := "v=0\r\no=ua 77 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/SAVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n" +
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20\r\nm=video 40002 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\na=fmtp:99 profile-level-id=42801F\r\na=rtcp-fb:99 nack pli\r\n"
	from := a.call("2002", offer)
	to := b.ring()
	contains(t, to.remoteSDP, "m=audio 40000 RTP/SAVP 0 101", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20",
		"m=video 40002 RTP/AVP 99", "a=rtpmap:99 H264/90000", "a=fmtp:99 profile-level-id=42801F", "a=rtcp-fb:99 nack pli")
	to.reply(200, strings.NewReplacer("40000", "50000", "m=video 40002", "m=video 0", "d0Rm", "e0Rm").Replace(offer))
	to.request(sip.ACK)
	from.expect(200)
	contains(t, from.remoteSDP, "inline:e0Rm", "m=video 0 ")
	from.ack("")
	from.bye()
	to.request(sip.BYE)
}

func TestMediaLinesKeepTheirPlace(t *testing.T) {
	// A answers with fewer lines than were offered, as a phone without video does.
	_, a, b := two(t)
	from := a.call("2002", strings.Replace(audio(40000), "m=audio", "m=video 40002 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\nm=audio", 1))
	to := b.ring()
	to.reply(200, audio(50000))
	to.request(sip.ACK)
	from.expect(200)
	if i, j := strings.Index(from.remoteSDP, "m=video 0"), strings.Index(from.remoteSDP, "m=audio 50000"); i < 0 || j < i {
		t.Fatalf("the lines lost their place:\n%s", from.remoteSDP)
	}
	from.ack("")
	// B offers audio alone later: A still gets both lines in order.
	to.send(sip.INVITE, audioAt("127.0.0.1", 50000, 2, "a=sendonly"))
	from.request(sip.INVITE)
	if i, j := strings.Index(from.remoteSDP, "m=video 0"), strings.Index(from.remoteSDP, "m=audio 50000"); i < 0 || j < i {
		t.Fatalf("the lines lost their place:\n%s", from.remoteSDP)
	}
	from.reply2(200, strings.Replace(audioAt("127.0.0.1", 40000, 2, "a=recvonly"), "m=audio", "m=video 0 RTP/AVP 99\r\nm=audio", 1))
	from.request(sip.ACK)
	to.expect(200)
	contains(t, to.remoteSDP, "m=audio 40000", "a=recvonly")
	if strings.Contains(to.remoteSDP, "m=video") {
		t.Errorf("an answer with more lines than the offer:\n%s", to.remoteSDP)
	}
	to.ack("")
	from.bye()
	to.request(sip.BYE)
}
