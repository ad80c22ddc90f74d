package sip

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Algorithm is a digest algorithm (RFC 8760).
type Algorithm uint8

const (
	// MD5 is what every phone can (RFC 2617).
	MD5 Algorithm = iota + 1
	// SHA256 is the algorithm of RFC 7616.
	SHA256
)

// String returns the name as it stands in a challenge.
func (a Algorithm) String() string {
	switch a {
	case MD5:
		return "MD5"
	case SHA256:
		return "SHA-256"
	}
	return "unknown"
}

// parseAlgorithm reads the parameter; absent means MD5.
func parseAlgorithm(s string) (Algorithm, bool) {
	switch {
	case s == "" || strings.EqualFold(s, "MD5"):
		return MD5, true
	case strings.EqualFold(s, "SHA-256"):
		return SHA256, true
	}
	return 0, false
}

func (a Algorithm) hash(parts ...string) string {
	var buf [512]byte
	b := buf[:0]
	for i, p := range parts {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, p...)
	}
	if a == SHA256 {
		sum := sha256.Sum256(b)
		return hex.EncodeToString(sum[:])
	}
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// HA1 computes what a server stores instead of a password: H(user:realm:password) in lower-case
// hexadecimal.
func HA1(a Algorithm, user, realm, password string) string { return a.hash(user, realm, password) }

// digestResponse computes the response parameter (RFC 7616 3.4.1). qop is "auth" or "".
func digestResponse(a Algorithm, ha1, nonce, nc, cnonce, qop, method, uri string) string {
	ha2 := a.hash(method, uri)
	if qop == "" {
		return a.hash(ha1, nonce, ha2)
	}
	return a.hash(ha1, nonce, nc, cnonce, qop, ha2)
}

// digestFields are the parameters of an authentication header; there are few, and a map of them costs more than it finds.
type digestFields []Param

// get returns a parameter by its name in lower case, empty if it is not there.
func (f digestFields) get(name string) string {
	for i := range f {
		if f[i].K == name {
			return f[i].V
		}
	}
	return ""
}

func (f digestFields) has(name string) bool {
	return slices.ContainsFunc(f, func(p Param) bool { return p.K == name })
}

// digestParams splits the value of an authentication header into its parameters, names in lower
// case, quotes taken off. ok is false for another scheme than Digest or a malformed value.
func digestParams(v string) (digestFields, bool) {
	v = trim(v)
	if len(v) < 7 || !strings.EqualFold(v[:6], "Digest") || v[6] != ' ' && v[6] != '\t' {
		return nil, false
	}
	if len(v) > 4096 {
		return nil, false
	}
	out := make(digestFields, 0, 12)
	for rest := trim(v[6:]); rest != ""; {
		i := strings.IndexByte(rest, '=')
		if i <= 0 || len(out) >= 32 {
			return nil, false
		}
		name := strings.ToLower(trim(rest[:i]))
		rest = trim(rest[i+1:])
		var value string
		if rest != "" && rest[0] == '"' {
			n := quotedEnd(rest)
			if n < 0 {
				return nil, false
			}
			value, rest = Unquote(rest[:n]), trim(rest[n:])
		} else {
			n := strings.IndexByte(rest, ',')
			if n < 0 {
				n = len(rest)
			}
			value, rest = trim(rest[:n]), rest[n:]
		}
		if out.has(name) {
			return nil, false
		}
		out = append(out, Param{K: name, V: value})
		if rest != "" {
			if rest[0] != ',' {
				return nil, false
			}
			rest = trim(rest[1:])
		}
	}
	return out, true
}

func quoted(s string) string { return `"` + Quote(s) + `"` }
