package sip

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
)

// Login is a user with a password.
type Login struct{ User, Password string }

// Credentials says how to log in to a realm.
type Credentials interface {
	Login(realm string) (Login, bool)
}

// AnyRealm is a Login used for every realm.
type AnyRealm Login

// Login implements Credentials.
func (a AnyRealm) Login(string) (Login, bool) { return Login(a), a.User != "" }

// maxAttempts is how often a request is repeated with credentials.
const maxAttempts = 3

// Authorizer answers the challenges to one request: one attempt for each new nonce, three in all.
// It is not safe for concurrent use.
type Authorizer struct {
	Credentials Credentials
	attempts    int
	nonces      []string
}

// Answer makes the Authorization or Proxy-Authorization header for a 401 or 407, nil if there is no
// use in trying again: no challenge that we can meet, the same nonce again without stale, or too
// many attempts. A new nonce is tried once even without stale=true.
func (a *Authorizer) Answer(req *Request, res *Response) Header {
	challenge, name := "WWW-Authenticate", "Authorization"
	if res.StatusCode == 407 {
		challenge, name = "Proxy-Authenticate", "Proxy-Authorization"
	}
	if a.attempts >= maxAttempts {
		return nil
	}
	var best digestFields
	var bestAlgorithm Algorithm
	for _, h := range res.Headers() {
		if !strings.EqualFold(h.Name(), challenge) {
			continue
		}
		p, ok := digestParams(h.Value())
		if !ok {
			continue
		}
		alg, ok := parseAlgorithm(p.get("algorithm"))
		if ok && alg > bestAlgorithm && (p.get("qop") == "" || containsFold(splitList(nil, p.get("qop")), "auth")) {
			best, bestAlgorithm = p, alg
		}
	}
	if best == nil || best.get("nonce") == "" {
		return nil
	}
	for _, n := range a.nonces {
		if n == best.get("nonce") {
			return nil
		}
	}
	login, ok := a.Credentials.Login(best.get("realm"))
	if !ok {
		return nil
	}
	a.attempts++
	a.nonces = append(a.nonces, best.get("nonce"))
	return NewHeader(name, authorization(best, bestAlgorithm, login, string(req.Method), URIString(&req.Recipient), 1))
}

// authorization writes the credentials for a challenge.
func authorization(p digestFields, a Algorithm, login Login, method, uri string, nc uint32) string {
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		panic("sip: source of randomness failed: " + err.Error())
	}
	cnonce := hex.EncodeToString(random[:])
	count := fmt.Sprintf("%08x", nc)
	qop := ""
	if p.get("qop") != "" {
		qop = "auth"
	}
	ha1 := HA1(a, login.User, p.get("realm"), login.Password)
	var b strings.Builder
	fmt.Fprintf(&b, `Digest username=%s, realm=%s, nonce=%s, uri=%s, response="%s", algorithm=%s`,
		quoted(login.User), quoted(p.get("realm")), quoted(p.get("nonce")), quoted(uri),
		digestResponse(a, ha1, p.get("nonce"), count, cnonce, qop, method, uri), a)
	if qop != "" {
		fmt.Fprintf(&b, `, qop=auth, nc=%s, cnonce="%s"`, count, cnonce)
	}
	if o := p.get("opaque"); o != "" {
		fmt.Fprintf(&b, `, opaque=%s`, quoted(o))
	}
	return b.String()
}
