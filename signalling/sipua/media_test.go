package sipua

import (
	"strings"
	"testing"
	"time"

	"tandem/wire/sip"
)

// contains fails unless a description has each of the parts.
func contains(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(body, p) {
			t.Fatalf("%q is missing in\n%s", p, body)
		}
	}
}

func TestDelayedOfferEndToEnd(t *testing.T) {
	r, a, b := two(t)
	from := a.call("2002", "")
	to := b.ring()
	if len(to.offered.Body()) != 0 {
		t.Fatalf("an offer out of nothing: %s", to.offered.Body())
	}
	to.reply(180, "")
	from.expect(180)
	to.reply(200, audio(50000))
	from.expect(200)
	contains(t, from.remoteSDP, "m=audio 50000")
	from.ack(audio(40000))
	ack := to.request(sip.ACK)
	contains(t, string(ack.Body()), "m=audio 40000")
	from.bye()
	to.request(sip.BYE)
	r.idle()
}

func TestDelayedOfferWithoutAnswer(t *testing.T) {
	r, a, b := two(t)
	from := a.call("2002", "")
	to := b.ring()
	to.reply(200, audio(50000))
	from.expect(200)
	from.ack("") // no answer: nothing was agreed
	from.request(sip.BYE)
	ack := to.request(sip.ACK)
	contains(t, string(ack.Body()), "m=audio 0 ")
	to.request(sip.BYE)
	r.idle()
}

func TestR25_EarlyMediaOfOneForkAnswerOfAnother(t *testing.T) {
	r, a, b := two(t)
	from := a.call("2002", audio(40000))
	to := b.ring()
	to.reply(183, audio(50000))
	from.expect(183)
	contains(t, from.remoteSDP, "m=audio 50000")
	to.tag, to.from = "another", strings.Replace(to.from, "tag="+to.tag, "tag=another", 1)
	to.reply(200, audio(50100))
	ack := to.request(sip.ACK)
	if sip.ToTag(ack) != "another" {
		t.Fatalf("the ACK names the wrong fork: %s", sip.String(ack))
	}
	from.expect(200)
	contains(t, from.remoteSDP, "m=audio 50100")
	from.ack("")
	// A second 200 of a third fork gets its ACK and BYE.
	to.tag = "third"
	to.reply(200, audio(50200))
	for _, m := range []sip.Method{sip.ACK, sip.BYE} {
		req := b.until("the end of the third fork", func(x sip.Message) bool {
			q, ok := x.(*sip.Request)
			return ok && q.Method == m && sip.ToTag(q) == "third"
		}).(*sip.Request)
		if m == sip.BYE {
			b.reply(req, 200, "")
		}
	}
	to.tag = "another"
	from.bye()
	to.request(sip.BYE)
	r.idle()
}

func TestR25_FirstContactThatAnswersWins(t *testing.T) {
	r, a, b := two(t)
	b2 := r.ua("bob", "2002").registered()
	from := a.call("2002", audio(40000))
	one, two := b.ring(), b2.ring()
	one.reply(180, "")
	two.reply(180, "")
	from.expect(180)
	two.reply(200, audio(50100))
	two.request(sip.ACK)
	cancel := one.request(sip.CANCEL)
	if !strings.Contains(sip.HeaderValue(cancel, "Reason"), "elsewhere") {
		t.Errorf("the other phone will show a missed call: %s", sip.String(cancel))
	}
	b.reply(cancel, 200, "")
	one.reply(487, "")
	from.expect(200)
	from.ack("")
	from.bye()
	two.request(sip.BYE)
	r.idle()
}

func TestR25_TwoContactsAnswerAtOnce(t *testing.T) {
	r, a, b := two(t)
	b2 := r.ua("bob", "2002").registered()
	from := a.call("2002", audio(40000))
	one, two := b.ring(), b2.ring()
	one.reply(200, audio(50000))
	two.reply(200, audio(50100))
	one.request(sip.ACK)
	two.request(sip.ACK)
	from.expect(200)
	from.ack("")
	// Exactly one of them is ended.
	loser := b
	if strings.Contains(from.remoteSDP, "m=audio 50000") {
		loser = b2
	}
	bye := loser.request(sip.BYE)
	loser.reply(bye, 200, "")
	winner := one
	if loser == b {
		winner = two
	}
	from.bye()
	winner.request(sip.BYE)
	r.idle()
}

// hold sends a re-INVITE of one side and answers it at the other; it returns what each was told.
func hold(t *testing.T, from, to *dlg, offer, answer string) (offered, answered string) {
	t.Helper()
	from.send(sip.INVITE, offer)
	to.request(sip.INVITE)
	to.reply(200, answer)
	to.request(sip.ACK)
	from.expect(200)
	from.ack("")
	return to.remoteSDP, from.remoteSDP
}

func TestR27_HoldAndResumeInEveryForm(t *testing.T) {
	r, a, b := two(t)
	from, to := talk(t, a, b)
	version := 1
	for round := range 12 {
		version++
		var offer, want, reply string
		switch round % 3 {
		case 0:
			offer, want, reply = audioAt("127.0.0.1", 40000, version, "a=sendonly"), "a=sendonly", "a=recvonly"
		case 1:
			offer, want, reply = audioAt("127.0.0.1", 40000, version, "a=inactive"), "a=inactive", "a=inactive"
		case 2:
			offer, want, reply = audioAt("0.0.0.0", 40000, version), "a=sendonly", "a=recvonly"
		}
		if round%2 == 1 {
			offer = strings.TrimSuffix(offer, "\r\n") // the last line may lack its end
		}
		h, g := from, to
		if round%4 > 1 {
			h, g = to, from
		}
		port := 50000
		offered, answered := hold(t, h, g, offer, audioAt("127.0.0.1", port, version, reply))
		contains(t, offered, want)
		contains(t, answered, reply)
		version++
		offered, answered = hold(t, h, g, audioAt("127.0.0.1", 40000, version), audioAt("127.0.0.1", port, version)) // absent means sendrecv
		contains(t, offered, "a=sendrecv", "c=IN IP4 127.0.0.1")
		contains(t, answered, "a=sendrecv")
	}
	from.bye()
	to.request(sip.BYE)
	r.idle()
}

func TestR27_OfferlessReinviteWhileHeld(t *testing.T) {
	_, a, b := two(t)
	from, to := talk(t, a, b)
	hold(t, from, to, audioAt("127.0.0.1", 40000, 2, "a=sendonly"), audioAt("127.0.0.1", 50000, 2, "a=recvonly"))
	from.send(sip.INVITE, "")
	from.expect(200)
	contains(t, from.remoteSDP, "a=sendrecv", "m=audio 50000")
	from.ack(audioAt("127.0.0.1", 40000, 3))
	// The other side learns that the hold is over.
	to.request(sip.INVITE)
	contains(t, to.remoteSDP, "a=sendrecv")
	to.reply(200, audioAt("127.0.0.1", 50000, 3))
	to.request(sip.ACK)
	from.bye()
	to.request(sip.BYE)
}

func version(t *testing.T, body string) string {
	t.Helper()
	for _, l := range strings.Split(body, "\r\n") {
		if strings.HasPrefix(l, "o=") {
			return l
		}
	}
	t.Fatalf("no o= line in %s", body)
	return ""
}

func TestR28_NoCommonCodecLeavesTheSession(t *testing.T) {
	_, a, b := two(t)
	from, to := talk(t, a, b)
	first := version(t, to.remoteSDP)
	from.send(sip.INVITE, "v=0\r\no=ua 77 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 18\r\n")
	to.request(sip.INVITE)
	second := version(t, to.remoteSDP)
	if first == second {
		t.Fatal("the offer changed and its version did not")
	}
	to.reply(488, "")
	from.expect(488)
	// The session goes on; the next change has the next version, not an old one.
	offered, _ := hold(t, from, to, audioAt("127.0.0.1", 40000, 3, "a=sendonly"), audioAt("127.0.0.1", 50000, 2, "a=recvonly"))
	third := version(t, offered)
	if !strings.HasSuffix(strings.Fields(third)[2], "") || strings.Fields(third)[2] <= strings.Fields(second)[2] {
		t.Errorf("versions %q, %q, %q do not rise", first, second, third)
	}
	from.bye()
	to.request(sip.BYE)
}

func TestR29_RefreshStaysOnItsLeg(t *testing.T) {
	_, a, b := two(t)
	from, to := talk(t, a, b)
	before := version(t, from.remoteSDP)
	for range 60 {
		from.send(sip.INVITE, audio(40000))
		from.expect(200)
		from.ack("")
	}
	if version(t, from.remoteSDP) != before {
		t.Error("the version rose although nothing changed")
	}
	// Another order of codecs under the same version is no change either (R-28 d).
	from.send(sip.INVITE, strings.Replace(audio(40000), "AVP 0 8 101", "AVP 8 0 101", 1))
	from.expect(200)
	from.ack("")
	from.send(sip.UPDATE, "")
	from.final(sip.UPDATE, 200)
	from.send(sip.UPDATE, audio(40000))
	contains(t, string(from.final(sip.UPDATE, 200).Body()), "m=audio 50000")
	b.none(100*time.Millisecond, "a refresh of the other leg", isRequest(sip.INVITE))
	from.bye()
	to.request(sip.BYE)
}

func TestR22_ReinviteBeforeTheAck(t *testing.T) {
	_, a, b := two(t)
	from := a.call("2002", audio(40000))
	to := b.ring()
	to.reply(200, audio(50000))
	to.request(sip.ACK)
	from.expect(200)
	// B changes at once; A has not acknowledged yet.
	to.send(sip.INVITE, audioAt("127.0.0.1", 50000, 2, "a=sendonly"))
	from.ack("")
	from.request(sip.INVITE)
	from.reply2(200, audioAt("127.0.0.1", 40000, 2, "a=recvonly"))
	from.request(sip.ACK)
	to.expect(200)
	to.ack("")
	contains(t, to.remoteSDP, "a=recvonly")
	from.bye()
	to.request(sip.BYE)
}

func TestR21_BothHoldAtOnce(t *testing.T) {
	_, a, b := two(t)
	from, to := talk(t, a, b)
	from.send(sip.INVITE, audioAt("127.0.0.1", 40000, 2, "a=sendonly"))
	to.send(sip.INVITE, audioAt("127.0.0.1", 50000, 2, "a=sendonly"))
	// One of the two goes first; the other is told 491 and tries again in its window.
	agents := map[*dlg]*dlg{from: to, to: from}
	var loser *dlg
	deadline := time.Now().Add(waitLimit)
	for loser == nil {
		if time.Now().After(deadline) {
			t.Fatal("nobody was told to try again")
		}
		for d := range agents {
			m := d.u.within(20*time.Millisecond, func(x sip.Message) bool {
				res, ok := x.(*sip.Response)
				return ok && res.StatusCode == 491
			})
			if m != nil {
				d.u.send(d.u.ackFor(d.invite, m.(*sip.Response)))
				loser = d
			}
		}
	}
	winner := agents[loser]
	loser.request(sip.INVITE)
	contains(t, loser.remoteSDP, "a=sendonly")
	loser.reply2(200, audioAt("127.0.0.1", 45000, 2, "a=recvonly"))
	loser.request(sip.ACK)
	winner.expect(200)
	winner.ack("")
	loser.send(sip.INVITE, audioAt("127.0.0.1", 45000, 3, "a=inactive"))
	winner.request(sip.INVITE)
	winner.reply2(200, audioAt("127.0.0.1", 46000, 3, "a=inactive"))
	winner.request(sip.ACK)
	loser.expect(200)
	loser.ack("")
	contains(t, loser.remoteSDP, "a=inactive")
}

func TestR21_OurChangeMeetsThePhones(t *testing.T) {
	_, a, b := two(t)
	from, to := talk(t, a, b)
	from.send(sip.INVITE, audioAt("127.0.0.1", 40000, 2, "a=sendonly"))
	first := to.request(sip.INVITE)
	// While ours is pending the phone sends its own: 491. It answers ours with 491 as well.
	cross := to.send(sip.INVITE, audioAt("127.0.0.1", 50000, 2, "a=sendonly"))
	res := to.u.response(to.callID, sip.INVITE, 491)
	to.u.send(to.u.ackFor(cross, res))
	began := time.Now()
	to.offered = first
	to.reply(491, "")
	to.request(sip.ACK)
	again := to.request(sip.INVITE)
	if wait := time.Since(began); wait < 2*time.Second || wait > 5*time.Second {
		t.Errorf("we own the Call-ID and tried again after %v", wait)
	}
	if again.CSeq().SeqNo <= first.CSeq().SeqNo {
		t.Error("CSeq did not rise")
	}
	to.reply(200, audioAt("127.0.0.1", 50000, 2, "a=recvonly"))
	to.request(sip.ACK)
	from.expect(200)
	from.ack("")
	// A second INVITE before the final answer of the first gets 500 with Retry-After.
	from.send(sip.INVITE, audioAt("127.0.0.1", 40000, 3))
	one := from.invite
	to.request(sip.INVITE)
	from.send(sip.INVITE, audioAt("127.0.0.1", 40000, 4))
	res = from.u.until("500", func(x sip.Message) bool { q, ok := x.(*sip.Response); return ok && q.StatusCode == 500 }).(*sip.Response)
	if sip.HeaderValue(res, "Retry-After") == "" {
		t.Error("500 without Retry-After")
	}
	from.u.send(from.u.ackFor(from.invite, res))
	to.reply(200, audioAt("127.0.0.1", 50000, 3))
	to.request(sip.ACK)
	from.u.until("the 200 of the first", func(x sip.Message) bool { q, ok := x.(*sip.Response); return ok && q.StatusCode == 200 })
	from.u.send(from.u.text(sip.ACK, from.target, from.from, from.to, from.callID, one.CSeq().SeqNo, ""))
	from.bye()
	to.request(sip.BYE)
}
