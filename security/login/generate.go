package login

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// alphabet has 32 letters and digits that nobody takes for one another on paper or on the telephone: no i, l, o, u.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

var letters = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// NewPassword makes a password for a person to type once: 80 random bits in groups of four, such as k7m2-9qxt-….
// random nil: crypto/rand.
func NewPassword(random io.Reader) (string, error) { return grouped(random, 10) }

// NewPassphrase makes the cluster's private pass-phrase: 160 random bits in groups of four.
func NewPassphrase(random io.Reader) (string, error) { return grouped(random, 20) }

// NewDigestPassword makes a password for SIP digest authentication: 120 random bits in 24 characters, which the oldest loads still
// take (31 at most).
func NewDigestPassword(random io.Reader) (string, error) {
	b, err := draw(random, 15)
	return letters.EncodeToString(b), err
}

func draw(random io.Reader, n int) ([]byte, error) {
	if random == nil {
		random = rand.Reader
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(random, b); err != nil {
		return nil, fmt.Errorf("login: draw random bytes: %w", err)
	}
	return b, nil
}

func grouped(random io.Reader, n int) (string, error) {
	b, err := draw(random, n)
	if err != nil {
		return "", err
	}
	text := letters.EncodeToString(b)
	var groups []string
	for len(text) > 4 {
		groups, text = append(groups, text[:4]), text[4:]
	}
	return strings.Join(append(groups, text), "-"), nil
}

// TokenPrefix begins every API token, so that one that was left lying about is recognised.
const TokenPrefix = "tandem_"

const (
	tokenBytes      = 32
	tokenHashPrefix = "sha256:"
)

// NewToken makes an API token (256 random bits) and the hash under which it is kept. The token itself is shown once. Unlike a password it
// needs no slow hash: it cannot be guessed.
func NewToken(random io.Reader) (token, hash string, err error) {
	b, err := draw(random, tokenBytes)
	if err != nil {
		return "", "", err
	}
	token = TokenPrefix + letters.EncodeToString(b)
	return token, TokenHash(token), nil
}

// TokenHash is the hash under which a token is kept and found. Anything that has not the form of a token has the hash "", which
// no token has.
func TokenHash(token string) string {
	rest, ok := strings.CutPrefix(token, TokenPrefix)
	if !ok || len(rest) != letters.EncodedLen(tokenBytes) || strings.Trim(rest, alphabet) != "" {
		return ""
	}
	sum := sha256.Sum256([]byte(token))
	return tokenHashPrefix + hex.EncodeToString(sum[:])
}

// VerifyToken reports whether the hash is that of the token, in constant time.
func VerifyToken(hash, token string) bool {
	got := TokenHash(token)
	return got != "" && subtle.ConstantTimeCompare([]byte(got), []byte(hash)) == 1
}
