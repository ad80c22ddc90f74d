package sip

import (
	"testing"

	gosip "github.com/emiago/sipgo/sip"
)

// benchInvite is an INVITE as a desk phone sends it.
const benchInvite = "INVITE sip:2002@192.0.2.10 SIP/2.0\r\n" +
	"Via: SIP/2.0/UDP 192.0.2.77:5060;branch=z9hG4bK-524287-1---a5ae4f1f;rport\r\n" +
	"Max-Forwards: 70\r\n" +
	"Contact: <sip:2001@192.0.2.77:5060;transport=udp>;+sip.instance=\"<urn:uuid:0000-11>\"\r\n" +
	"To: <sip:2002@192.0.2.10>\r\n" +
	"From: \"Ward Office\" <sip:2001@192.0.2.10>;tag=8d1e0b2f\r\n" +
	"Call-ID: 97845ZGVlMmEwOTg4ZTgxMWFhYzQ1\r\n" +
	"CSeq: 1 INVITE\r\n" +
	"Allow: INVITE, ACK, CANCEL, BYE, REFER, INFO, NOTIFY, UPDATE, PRACK, MESSAGE, OPTIONS, SUBSCRIBE\r\n" +
	"Supported: replaces, 100rel, timer\r\n" +
	"User-Agent: Desk/1.0\r\n" +
	"Content-Type: application/sdp\r\n" +
	"Content-Length: 175\r\n\r\n" +
	"v=0\r\no=- 1 1 IN IP4 192.0.2.77\r\ns=-\r\nc=IN IP4 192.0.2.77\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8 101\r\n" +
	"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"

func BenchmarkParseInvite(b *testing.B) {
	data := []byte(benchInvite)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParseInviteModule is the parser of the module whose message types are used, for comparison.
func BenchmarkParseInviteModule(b *testing.B) {
	data := []byte(benchInvite)
	p := gosip.NewParser()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.ParseSIP(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendInvite(b *testing.B) {
	m, _ := Parse([]byte(benchInvite))
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], m)
	}
}

func BenchmarkAppendInviteModule(b *testing.B) {
	m, _ := Parse([]byte(benchInvite))
	b.ReportAllocs()
	for b.Loop() {
		_ = m.String()
	}
}
