package cluster

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"

	"tandem/fault"
)

// Token admits one server to the cluster, once and for a short time. Besides its secret it carries the hash of the cluster's authority, by
// which the joining server knows that it talks to the right cluster, and where to go.
type Token struct {
	Secret    [20]byte // random
	Authority [32]byte // SHA-256 of the certificate of the authority
	Address   string   // host:port of the publisher's joining end, at most 255 bytes
}

const (
	tokenPrefix  = "tandem-join-"
	tokenVersion = 1
	tokenSum     = 4 // bytes of a checksum, so that a typing error is told from a wrong token
	tokenFixed   = 1 + 20 + 32 + 1 + tokenSum
	maximumToken = 1024 // letters
)

var tokenLetters = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewToken draws a token.
func NewToken(authority [32]byte, address string) Token {
	t := Token{Authority: authority, Address: address}
	_, _ = rand.Read(t.Secret[:]) // never fails
	return t
}

// String is the token as it is printed, once, and handed on.
func (t Token) String() string {
	address := t.Address[:min(len(t.Address), 255)]
	b := []byte{tokenVersion}
	b = append(append(b, t.Secret[:]...), t.Authority[:]...)
	b = append(append(b, byte(len(address))), address...)
	sum := sha256.Sum256(b)
	return tokenPrefix + strings.ToLower(tokenLetters.EncodeToString(append(b, sum[:tokenSum]...)))
}

// ParseToken reads a token. Blanks and line ends in it, as mail programs make them, are passed over.
func ParseToken(text string) (Token, error) {
	malformed := fault.New(fault.JoinTokenMalformed)
	if len(text) > maximumToken {
		return Token{}, malformed
	}
	rest, ok := strings.CutPrefix(strings.ToLower(strings.Join(strings.Fields(text), "")), tokenPrefix)
	b, err := tokenLetters.DecodeString(strings.ToUpper(rest))
	if !ok || err != nil || len(b) < tokenFixed || b[0] != tokenVersion {
		return Token{}, malformed
	}
	body, sum := b[:len(b)-tokenSum], sha256.Sum256(b[:len(b)-tokenSum])
	address := body[tokenFixed-tokenSum:]
	if !bytes.Equal(sum[:tokenSum], b[len(b)-tokenSum:]) || int(body[tokenFixed-tokenSum-1]) != len(address) {
		return Token{}, malformed
	}
	t := Token{Address: string(address)}
	copy(t.Secret[:], body[1:])
	copy(t.Authority[:], body[21:])
	if t.String() != tokenPrefix+rest {
		return Token{}, malformed // bits beyond the end
	}
	return t, nil
}

// proofKey is what the publisher keeps of a token. It is a hash, and as it proves the token it lies where the cluster's keys lie.
func (t Token) proofKey() []byte {
	sum := sha256.Sum256(append([]byte("tandem join token\x00"), t.Secret[:]...))
	return sum[:]
}

// tokenID names a token without telling what proves it.
func tokenID(proofKey []byte) string {
	sum := sha256.Sum256(append([]byte("tandem join token name\x00"), proofKey...))
	return hex.EncodeToString(sum[:12])
}
