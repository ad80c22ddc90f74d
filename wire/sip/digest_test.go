package sip

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// people is a Secrets of one user.
type people struct{}

func (people) HA1(user, realm string, a Algorithm) (string, bool) {
	if user != "alice" {
		return "", false
	}
	return HA1(a, user, realm, "secret"), true
}

func verifier(t testing.TB, algorithms ...Algorithm) *Verifier {
	t.Helper()
	v, err := NewVerifier("tandem", []byte("0123456789abcdef"), 5*time.Minute, algorithms, people{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// register is a REGISTER with credentials for a nonce; empty parts are left out.
func register(user, password, nonce string, nc uint32, a Algorithm) *Request {
	text := "REGISTER sip:tandem SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:u@x>;tag=1\r\nTo: <sip:u@x>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n\r\n"
	m, err := Parse([]byte(text))
	if err != nil {
		panic(err)
	}
	req := m.(*Request)
	p := digestFields{{K: "realm", V: "tandem"}, {K: "nonce", V: nonce}, {K: "qop", V: "auth"}}
	req.AppendHeader(NewHeader("Authorization", authorization(p, a, Login{user, password}, "REGISTER", "sip:tandem", nc)))
	return req
}

// The example of RFC 7616 3.9.1, both algorithms, and that of RFC 2617 3.5.
func TestDigest_Vectors(t *testing.T) {
	for a, want := range map[Algorithm]string{MD5: "8ca523f5e9506fed4657c9700eebdbec", SHA256: "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"} {
		ha1 := HA1(a, "Mufasa", "http-auth@example.org", "Circle of Life")
		got := digestResponse(a, ha1, "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "auth", "GET", "/dir/index.html")
		if got != want {
			t.Errorf("%v: %s", a, got)
		}
	}
	ha1 := HA1(MD5, "Mufasa", "testrealm@host.com", "Circle Of Life")
	if got := digestResponse(MD5, ha1, "dcd98b7102dd2f0e8b11d0f600bfb0c093", "00000001", "0a4f113b", "auth", "GET", "/dir/index.html"); got != "6629fae49393a05397450978507c4ef1" {
		t.Error("RFC 2617:", got)
	}
}

func TestR35_Outcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := verifier(t, SHA256, MD5)
		check := func(what string, req *Request, want Outcome) {
			t.Helper()
			if got := v.Check(req, false).Outcome; got != want {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		nonce := v.Nonce()
		check("first use", register("alice", "secret", nonce, 1, MD5), Granted)
		check("same count again", register("alice", "secret", nonce, 1, MD5), Stale)
		check("next count", register("alice", "secret", nonce, 2, SHA256), Granted)
		check("a jump", register("alice", "secret", nonce, 40, MD5), Granted)
		check("one that was overtaken", register("alice", "secret", nonce, 39, MD5), Granted)
		check("the overtaken one again", register("alice", "secret", nonce, 39, MD5), Stale)
		check("count 0", register("alice", "secret", nonce, 0, MD5), Stale)
		check("wrong password", register("alice", "guess", nonce, 41, MD5), Denied)
		check("unknown user", register("mallory", "guess", nonce, 42, MD5), Denied)
		check("right password, not our nonce", register("alice", "secret", "made-up", 1, MD5), Stale)
		check("wrong password, not our nonce", register("alice", "guess", "made-up", 1, MD5), Denied)
		other, err := NewVerifier("tandem", []byte("0123456789abcdef"), 5*time.Minute, []Algorithm{MD5}, people{})
		if err != nil {
			t.Fatal(err)
		}
		check("nonce of another server or before a restart", register("alice", "secret", other.Nonce(), 1, MD5), Granted)
		none := register("alice", "secret", nonce, 50, MD5)
		none.RemoveHeader("Authorization")
		check("no credentials", none, NoCredentials)
		time.Sleep(6 * time.Minute)
		check("old nonce", register("alice", "secret", nonce, 60, MD5), Stale)
		check("old nonce, wrong password", register("alice", "guess", nonce, 61, MD5), Denied)
		if n := verifier(t, MD5); n.Check(register("alice", "secret", n.Nonce(), 1, SHA256), false).Outcome != Denied {
			t.Error("an algorithm that is not offered was taken")
		}
	})
}

// TestT05_UnknownUsersLookLikeWrongPasswords compares everything that a scanner sees.
func TestT05_UnknownUsersLookLikeWrongPasswords(t *testing.T) {
	v := verifier(t, MD5)
	shape := func(user string) string {
		req := register(user, "guess", v.Nonce(), 1, MD5)
		a := v.Check(req, false)
		res := NewResponse(req, 401, "", "tag")
		v.Challenge(res, a.Outcome == Stale)
		p, _ := digestParams(HeaderValue(res, "WWW-Authenticate"))
		return fmt.Sprint(a.Outcome, len(String(res)), p.get("stale"), p.get("algorithm"), p.get("qop"))
	}
	if a, b := shape("alice"), shape("mallo"); a != b {
		t.Errorf("known %q, unknown %q", a, b)
	}
}

func TestR35_ClientTriesEachNewNonceOnce(t *testing.T) {
	challenge := func(nonce, more string) *Response {
		req := register("a", "b", "n", 1, MD5)
		res := NewResponse(req, 401, "", "t")
		res.AppendHeader(NewHeader("WWW-Authenticate", `Digest realm="r", nonce="`+nonce+`", qop="auth,auth-int"`+more))
		return res
	}
	req := register("a", "b", "n", 1, MD5)
	a := Authorizer{Credentials: AnyRealm{"alice", "secret"}}
	for _, c := range []struct {
		nonce, more string
		again       bool
	}{{"n1", "", true}, {"n1", "", false}, {"n2", "", true}, {"n2", ", stale=true", false}, {"n3", ", stale=true", true}, {"n4", ", stale=true", false}} {
		if got := a.Answer(req, challenge(c.nonce, c.more)) != nil; got != c.again {
			t.Errorf("%s%s: again %v, want %v", c.nonce, c.more, got, c.again)
		}
	}
	both := challenge("m", ", algorithm=MD5")
	both.AppendHeader(NewHeader("WWW-Authenticate", `Digest realm="r", nonce="s", qop="auth", algorithm=SHA-256`))
	both.AppendHeader(NewHeader("WWW-Authenticate", `Digest realm="r", nonce="x", qop="auth", algorithm=SHA-512-256`))
	b := Authorizer{Credentials: AnyRealm{"alice", "secret"}}
	if h := b.Answer(req, both); h == nil || !strings.Contains(h.Value(), "algorithm=SHA-256") {
		t.Errorf("strongest algorithm not taken: %v", h)
	}
}

func TestDigest_RequestWithCredentials(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, n *memNet, a *recorder, b *rawPeer) {
		v := verifier(t, SHA256, MD5)
		me := Address{URI: URI{Scheme: "sip", User: "alice", Host: "192.0.2.2"}}
		req := a.ep.NewRequest(REGISTER, URI{Scheme: "sip", Host: "192.0.2.2"}, me, me, "")
		if _, err := a.ep.Request(req, At(UDP, addrB), AnyRealm{"alice", "secret"}, a); err != nil {
			t.Fatal(err)
		}
		first := b.request(REGISTER)
		res := NewResponse(first, 401, "", "t")
		v.Challenge(res, false)
		b.send(hostA, String(res))
		second := b.request(REGISTER)
		if got := v.Check(second, false); got.Outcome != Granted || got.User != "alice" || second.CSeq().SeqNo != 2 || CallIDOf(second) != CallIDOf(first) ||
			len(Vias(second)) != 1 {
			t.Errorf("%+v for\n%s", got, String(second))
		}
		b.answer(second, hostA, 200, "t")
		a.wants(t, "200")
	})
}

func FuzzDigest(f *testing.F) {
	f.Add(`Digest username="a\"b", realm="r", nonce="n", uri="sip:x", response="00", qop=auth, nc=00000001, cnonce="c"`)
	f.Add(`digest a=,b="`)
	v := verifier(f, MD5)
	f.Fuzz(func(t *testing.T, value string) {
		req := register("a", "b", "n", 1, MD5)
		req.RemoveHeader("Authorization")
		req.AppendHeader(NewHeader("Authorization", value))
		if v.Check(req, false).Outcome == Granted {
			t.Fatalf("granted: %q", value)
		}
		res := NewResponse(req, 401, "", "t")
		res.AppendHeader(NewHeader("WWW-Authenticate", value))
		a := Authorizer{Credentials: AnyRealm{"u", "p"}}
		if h := a.Answer(req, res); h != nil {
			if _, ok := digestParams(h.Value()); !ok {
				t.Fatalf("our own credentials cannot be read: %q", h.Value())
			}
		}
	})
}
