package sipua

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"tandem/wire/sip"
)

func TestR22_NotToldTwiceToTryAgain(t *testing.T) {
	// While a blind transfer looks for its target there is nobody who could answer A's hold.
	r, a, b := two(t)
	r.phone("carol", "2003")
	c := r.ua("carol", "2003").registered()
	from, to := talk(t, a, b)
	to.send(sip.REFER, "", "Refer-To: <sip:2003@"+r.udp.String()+">")
	to.final(sip.REFER, 202)
	third := c.ring()
	third.reply(180, "")
	to.sipfrag(t, 180)
	from.send(sip.INVITE, audioAt("127.0.0.1", 40000, 2, "a=sendonly"))
	from.expect(491)
	from.send(sip.INVITE, audioAt("127.0.0.1", 40000, 2, "a=sendonly"))
	from.expect(200)
	contains(t, from.remoteSDP, "a=recvonly")
	from.ack("")
	from.bye()
	cancel := third.request(sip.CANCEL)
	c.reply(cancel, 200, "")
	third.reply(487, "")
	to.request(sip.BYE)
	r.idle()
}

func TestR30_HeldPartyIsTransferredAndMovedOn(t *testing.T) {
	r, a, b := two(t)
	r.phone("carol", "2003")
	c := r.ua("carol", "2003").registered()
	from, to := talk(t, a, b)
	hold(t, from, to, audioAt("127.0.0.1", 40000, 2, "a=sendonly"), audioAt("127.0.0.1", 50000, 2, "a=recvonly"))
	to.send(sip.REFER, "", "Refer-To: <sip:2003@"+r.udp.String()+">")
	third := c.ring()
	if len(third.offered.Body()) != 0 {
		t.Fatal("an offer was not expected")
	}
	third.reply(200, audio(51000))
	from.request(sip.INVITE) // with C's offer: A answers it
	contains(t, from.remoteSDP, "m=audio 51000")
	from.reply2(200, audioAt("127.0.0.1", 40000, 3))
	from.request(sip.ACK)
	contains(t, string(third.request(sip.ACK).Body()), "m=audio 40000")
	// C moves the call to another dialog of its own.
	moved := c.call("2001", audio(51004), "Replaces: "+third.callID+";to-tag="+tagOf(third.to)+";from-tag="+third.tag)
	third.request(sip.BYE)
	from.request(sip.INVITE)
	from.reply2(200, audioAt("127.0.0.1", 40000, 4))
	from.request(sip.ACK)
	moved.expect(200)
	moved.ack("")
	from.bye()
	moved.request(sip.BYE)
	r.idle()
}

func TestOfferlessReinviteIsRefused(t *testing.T) {
	r, a, b := two(t)
	r.phone("carol", "2003")
	c := r.ua("carol", "2003").registered()
	from, to := talk(t, a, b)
	consult := b.call("2003", audio(50002))
	third := c.ring()
	third.reply(200, audio(51000))
	third.request(sip.ACK)
	consult.expect(200)
	consult.ack("")
	to.send(sip.REFER, "", "Refer-To: <sip:2003@x?Replaces="+sip.Escape(consult.callID+";to-tag="+tagOf(consult.to)+";from-tag="+tagOf(consult.from))+">")
	from.request(sip.INVITE)
	from.reply2(488, "")
	from.request(sip.ACK)
	// What A said last is its offer to C, and C's answer is offered to A.
	third.request(sip.INVITE)
	contains(t, third.remoteSDP, "m=audio 40000")
	third.reply(200, audioAt("127.0.0.1", 51000, 2))
	third.request(sip.ACK)
	from.request(sip.INVITE)
	contains(t, from.remoteSDP, "m=audio 51000")
	from.reply2(200, audioAt("127.0.0.1", 40000, 2))
	from.request(sip.ACK)
	from.bye()
	third.request(sip.BYE)
	r.idle()
}

func TestCancelledHoldIsUndone(t *testing.T) {
	r, a, b := two(t)
	from, to := talk(t, a, b)
	from.send(sip.INVITE, audioAt("127.0.0.1", 40000, 2, "a=sendonly"))
	to.request(sip.INVITE)
	from.cancel()
	from.expect(487)
	to.reply(200, audioAt("127.0.0.1", 50000, 2, "a=recvonly"))
	to.request(sip.ACK)
	to.request(sip.INVITE)
	contains(t, to.remoteSDP, "a=sendrecv")
	to.reply(200, audioAt("127.0.0.1", 50000, 3))
	to.request(sip.ACK)
	from.bye()
	to.request(sip.BYE)
	r.idle()
}

func TestHangUpDuringAChange(t *testing.T) {
	r, a, b := two(t)
	from, to := talk(t, a, b)
	from.send(sip.INVITE, audioAt("127.0.0.1", 40000, 2, "a=sendonly"))
	to.request(sip.INVITE)
	to.send(sip.BYE, "")
	to.final(sip.BYE, 200)
	from.request(sip.BYE)
	r.idle()
}

func TestIPv6(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	server, err := r.s.ListenUDP(netip.MustParseAddrPort("[::1]:0"), netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	r.udp = server
	six := func(name, number string) *ua {
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("[::1]:0")))
		if err != nil {
			t.Fatal(err)
		}
		u := r.newUA(name, number)
		u.over(c)
		return u.registered()
	}
	a, b := six("alice", "2001"), six("bob", "2002")
	sdp6 := func(port int) string { return audioSix(port) }
	from := a.call("2002", sdp6(40000))
	to := b.ring()
	contains(t, to.remoteSDP, "c=IN IP6 ::1", "o=- ", " IN IP6 ::1")
	to.reply(200, sdp6(50000))
	to.request(sip.ACK)
	from.expect(200)
	contains(t, from.remoteSDP, "c=IN IP6 ::1", "m=audio 50000")
	from.ack("")
	from.bye()
	to.request(sip.BYE)
	r.idle()
}

func audioSix(port int) string {
	return "v=0\r\no=ua 77 1 IN IP6 ::1\r\ns=call\r\nc=IN IP6 ::1\r\nt=0 0\r\nm=audio " + itoa(uint32(port)) + " RTP/AVP 0\r\n"
}

func TestT06_IdleConnectionsKeepNobodyOut(t *testing.T) {
	r := newRig(t, func(o *Options, _ *Parameters) { o.Limits = sip.Limits{Unproven: time.Second} })
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	a, b := r.uaTCP("alice", "2001").registered(), r.ua("bob", "2002").registered()
	const idle = 1500
	conns := make([]net.Conn, 0, idle)
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for range idle {
		c, err := net.Dial("tcp", r.tcp.String())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	began := time.Now()
	late := r.uaTCP("alice", "2001").registered() // a phone that comes now gets in
	from, to := talk(t, late, b)
	if took := time.Since(began); took > 5*time.Second { // five times the figure
		t.Errorf("registration and call took %v", took)
	}
	from.bye()
	to.request(sip.BYE)
	r.eventually("the idle connections are gone", func() bool { return r.s.Transport().Connections <= 2 })
	_ = a
}
