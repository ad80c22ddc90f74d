package sip

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Secrets looks credentials up for a [Verifier].
type Secrets interface {
	// HA1 returns [HA1] of a user for an algorithm; ok is false if there is no such user, or none for
	// that algorithm.
	HA1(user, realm string, a Algorithm) (ha1 string, ok bool)
}

// Verifier challenges and checks requests by digest authentication (RFC 7616, RFC 8760, RFC 3261
// 22). Nonces are not stored: they carry their time and are signed, so that every server with the
// same key takes them, also after a restart. What is stored, and bounded, is which nonce counts of
// a nonce were used.
type Verifier struct {
	realm      string
	key        [32]byte
	life       time.Duration
	algorithms []Algorithm
	secrets    Secrets

	macs sync.Pool // of hash.Hash with the key

	mu    sync.Mutex
	seen  map[string]*nonceUse
	swept time.Time
}

// mac computes HMAC-SHA-256 of parts with the verifier's key. Setting a key up costs more than the hash of so little.
func (v *Verifier) mac(sum *[sha256.Size]byte, parts ...[]byte) {
	h, _ := v.macs.Get().(hash.Hash)
	if h == nil {
		h = hmac.New(sha256.New, v.key[:])
	}
	h.Reset()
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(sum[:0])
	v.macs.Put(h)
}

// nonceUse is the replay window of a nonce: its highest count and the 64 below.
type nonceUse struct {
	top   uint32
	below uint64
	until time.Time
}

// maxNonces bounds the replay windows. When they are all in use the oldest half of the time is
// forgotten: its nonces then count as old.
const maxNonces = 1 << 17

// NewVerifier makes a verifier. key signs the nonces and is the same on every server of a cluster,
// at least 16 bytes; life is how long a nonce can be used, a minute at least; algorithms are those
// offered, most wanted first.
func NewVerifier(realm string, key []byte, life time.Duration, algorithms []Algorithm, secrets Secrets) (*Verifier, error) {
	if len(key) < 16 || realm == "" || len(algorithms) == 0 || secrets == nil {
		return nil, fmt.Errorf("sip: verifier needs a realm, a key of 16 bytes, an algorithm and secrets")
	}
	v := &Verifier{realm: realm, key: sha256.Sum256(key), life: max(life, time.Minute), algorithms: algorithms,
		secrets: secrets, seen: make(map[string]*nonceUse)}
	return v, nil
}

// Outcome is what a check came to.
type Outcome uint8

const (
	// NoCredentials: none for our realm; challenge.
	NoCredentials Outcome = iota
	// Granted: the credentials are right and fresh.
	Granted
	// Stale: the credentials are right but the nonce is old, used, or not ours: challenge with
	// stale=true, and do not count it as a failure.
	Stale
	// Denied: wrong, for a user that exists or not: challenge without stale, count it.
	Denied
)

// Authentication is the result of a check. User is what the sender claims unless Outcome is Granted.
type Authentication struct {
	Outcome Outcome
	User    string
}

// Check checks the credentials of a request. It takes the same time and gives the same outcome for
// unknown users as for wrong passwords (T-5). proxy selects Proxy-Authorization.
func (v *Verifier) Check(req *Request, proxy bool) Authentication {
	name := "Authorization"
	if proxy {
		name = "Proxy-Authorization"
	}
	out := Authentication{}
	for _, h := range req.Headers() {
		if h.Name() != name {
			continue
		}
		p, ok := digestParams(h.Value())
		if !ok || p.get("realm") != v.realm {
			continue
		}
		if a := v.check(req, p); a.Outcome > out.Outcome || out.Outcome == NoCredentials {
			out = a
		}
		if out.Outcome == Granted {
			return out
		}
	}
	return out
}

func (v *Verifier) check(req *Request, p digestFields) Authentication {
	out := Authentication{Outcome: Denied, User: p.get("username")}
	a, ok := parseAlgorithm(p.get("algorithm"))
	if !ok || !v.offers(a) {
		return out
	}
	qop, nc := p.get("qop"), p.get("nc")
	if qop != "" && qop != "auth" || qop != "" && (len(nc) != 8 || p.get("cnonce") == "") {
		return out
	}
	ha1, known := v.secrets.HA1(p.get("username"), v.realm, a)
	if dummy := v.dummy(a, p.get("username")); !known {
		ha1 = dummy
	}
	want := digestResponse(a, ha1, p.get("nonce"), nc, p.get("cnonce"), qop, string(req.Method), p.get("uri"))
	right := subtle.ConstantTimeCompare([]byte(want), []byte(p.get("response"))) == 1
	// The nonce is looked at in any case, so that the time does not tell.
	fresh := v.fresh(p.get("nonce"))
	if !right || !known {
		return out
	}
	if !fresh || qop != "" && !v.use(p.get("nonce"), nc) {
		out.Outcome = Stale
		return out
	}
	out.Outcome = Granted
	return out
}

func (v *Verifier) offers(a Algorithm) bool {
	for _, o := range v.algorithms {
		if o == a {
			return true
		}
	}
	return false
}

// dummy is the secret of users that do not exist: nobody's password gives it.
func (v *Verifier) dummy(a Algorithm, user string) string {
	var sum [sha256.Size]byte
	v.mac(&sum, []byte("no such user:"), []byte(user))
	return a.hash(string(sum[:]))
}

// Challenge adds a challenge for each algorithm to a 401, or to a 407 with proxy.
func (v *Verifier) Challenge(res *Response, stale bool) {
	name := "WWW-Authenticate"
	if res.StatusCode == 407 {
		name = "Proxy-Authenticate"
	}
	for _, a := range v.algorithms {
		value := `Digest realm=` + quoted(v.realm) + `, nonce="` + v.Nonce() + `", qop="auth", algorithm=` + a.String()
		if stale {
			value += `, stale=true`
		}
		res.AppendHeader(NewHeader(name, value))
	}
}

// Nonce makes a nonce: the time, chance and their signature.
func (v *Verifier) Nonce() string {
	var b [32]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now().UnixMilli()))
	if _, err := rand.Read(b[8:16]); err != nil {
		panic("sip: source of randomness failed: " + err.Error())
	}
	var sum [sha256.Size]byte
	copy(b[16:], v.sign(&sum, b[:16]))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// sign puts the signature of b into sum; its first 16 bytes are used.
func (v *Verifier) sign(sum *[sha256.Size]byte, b []byte) []byte {
	v.mac(sum, b, []byte(v.realm))
	return sum[:16]
}

// fresh reports whether a nonce is ours and not too old. A clock that was set back leaves nonces
// usable that seem to come from the near future.
func (v *Verifier) fresh(nonce string) bool {
	var b [32]byte
	n, err := base64.RawURLEncoding.Decode(b[:], []byte(nonce[:min(len(nonce), 43)]))
	var sum [sha256.Size]byte
	signed := hmac.Equal(b[16:], v.sign(&sum, b[:16]))
	if err != nil || n != 32 || len(nonce) != 43 || !signed {
		return false
	}
	age := now().Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(b[:8]))))
	return age < v.life && age > -v.life
}

// use notes a nonce count; false if it was used or is too far below the highest.
func (v *Verifier) use(nonce, nc string) bool {
	n64, err := strconv.ParseUint(nc, 16, 32)
	if err != nil || n64 == 0 {
		return false
	}
	n := uint32(n64)
	v.mu.Lock()
	defer v.mu.Unlock()
	at := now()
	if len(v.seen) >= maxNonces || at.Sub(v.swept) > v.life {
		v.sweep(at)
	}
	u := v.seen[nonce]
	if u == nil {
		v.seen[strings.Clone(nonce)] = &nonceUse{top: n, until: at.Add(2 * v.life)}
		return true
	}
	switch {
	case n > u.top:
		if shift := n - u.top; shift < 64 {
			u.below = u.below<<shift | 1<<(shift-1)
		} else {
			u.below = 0
			if shift == 64 {
				u.below = 1 << 63
			}
		}
		u.top = n
		return true
	case n == u.top || u.top-n > 64:
		return false
	}
	bit := uint64(1) << (u.top - n - 1)
	if u.below&bit != 0 {
		return false
	}
	u.below |= bit
	return true
}

func (v *Verifier) sweep(at time.Time) {
	v.swept = at
	for k, u := range v.seen {
		if u.until.Before(at) {
			delete(v.seen, k)
		}
	}
	if len(v.seen) >= maxNonces { // a flood of right credentials: forget all, their owners get stale=true no more than once
		clear(v.seen)
	}
}
