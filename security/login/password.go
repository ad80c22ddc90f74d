// Package login holds what proves who somebody is: password hashes, generated passwords and pass-phrases, API tokens.
//
// Who may do what is security/role's business, where a user's hash lies confdb's, how often somebody may try
// security/guard's.
package login

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost is how much work a password hash takes (RFC 9106). The zero value is not usable.
type Cost struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// StandardCost takes some 30 ms and 19 MiB on a small server. A log-in is rare; what counts is that a stolen hash is
// dear to guess.
var StandardCost = Cost{Memory: 19 * 1024, Time: 2, Threads: 1}

// Bounds of what is accepted from a stored hash, so that a damaged or forged one cannot take the memory of the server.
const (
	maximumMemory  = 256 * 1024 // KiB
	maximumTime    = 16
	maximumThreads = 8
	maximumSalt    = 64
	maximumKey     = 64

	saltSize = 16
	keySize  = 32

	// MaximumPassword bounds what is hashed, in bytes.
	MaximumPassword = 512
	// atOnce bounds how many hashes are made at once: each needs its memory.
	atOnce = 4
)

// Hasher makes and checks password hashes in PHC form ($argon2id$v=19$m=…,t=…,p=…$salt$hash). It may be used from any
// goroutine.
type Hasher struct {
	cost   Cost
	random io.Reader
	slots  chan struct{}
}

// NewHasher makes a hasher. random gives the salts; nil: crypto/rand.
func NewHasher(cost Cost, random io.Reader) *Hasher {
	if random == nil {
		random = rand.Reader
	}
	return &Hasher{cost: cost, random: random, slots: make(chan struct{}, atOnce)}
}

// Errors of Hash.
var (
	ErrEmpty   = errors.New("login: the password is empty")
	ErrTooLong = fmt.Errorf("login: the password is longer than %d bytes", MaximumPassword)
)

// Hash makes a hash with a salt of its own.
func (h *Hasher) Hash(password string) (string, error) {
	switch {
	case password == "":
		return "", ErrEmpty
	case len(password) > MaximumPassword:
		return "", ErrTooLong
	}
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(h.random, salt); err != nil {
		return "", fmt.Errorf("login: make a salt: %w", err)
	}
	return encode(h.cost, salt, h.key(password, salt, h.cost, keySize)), nil
}

// Verify reports whether the hash was made of the password. A hash that cannot be read fits no password, and takes as long as one
// that can: the answer's time does not tell which users have a password.
func (h *Hasher) Verify(hash, password string) bool {
	cost, salt, want, err := decode(hash)
	if err != nil || len(password) > MaximumPassword {
		h.key("", make([]byte, saltSize), h.cost, keySize)
		return false
	}
	got := h.key(password, salt, cost, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && password != ""
}

// NeedsRehash reports whether the hash was made with another cost than this hasher's: make it anew at the next log-in.
func (h *Hasher) NeedsRehash(hash string) bool {
	cost, _, key, err := decode(hash)
	return err != nil || cost != h.cost || len(key) != keySize
}

func (h *Hasher) key(password string, salt []byte, cost Cost, size uint32) []byte {
	h.slots <- struct{}{}
	defer func() { <-h.slots }()
	return argon2.IDKey([]byte(password), salt, cost.Time, cost.Memory, cost.Threads, size)
}

func encode(c Cost, salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

var errForm = errors.New("login: the hash has not the form of argon2id")

func decode(hash string) (Cost, []byte, []byte, error) {
	parts := strings.Split(hash, "$")
	if len(hash) > 512 || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return Cost{}, nil, nil, errForm
	}
	var values [3]uint64
	fields := strings.Split(parts[3], ",")
	if len(fields) != 3 {
		return Cost{}, nil, nil, errForm
	}
	for i, name := range []string{"m=", "t=", "p="} {
		text, ok := strings.CutPrefix(fields[i], name)
		n, err := strconv.ParseUint(text, 10, 32)
		if !ok || err != nil {
			return Cost{}, nil, nil, errForm
		}
		values[i] = n
	}
	if values[0] < 8 || values[0] > maximumMemory || values[1] < 1 || values[1] > maximumTime || values[2] < 1 || values[2] > maximumThreads {
		return Cost{}, nil, nil, errForm
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(salt) > maximumSalt || len(key) < 16 || len(key) > maximumKey {
		return Cost{}, nil, nil, errForm
	}
	return Cost{Memory: uint32(values[0]), Time: uint32(values[1]), Threads: uint8(values[2])}, salt, key, nil
}
