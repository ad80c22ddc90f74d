package ca

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/crypto/argon2"
)

// Cost is how much work it takes to derive a key from the pass-phrase (argon2id, RFC 9106).
type Cost struct {
	Memory uint32 `json:"memory"` // KiB
	Time   uint32 `json:"time"`   // passes
}

// StandardCost takes some 150 ms and 64 MiB. It is paid when a server is set up or joins, and by who guesses.
var StandardCost = Cost{Memory: 64 * 1024, Time: 3}

// Bounds of what a file or another server may ask for.
const (
	maximumMemory = 256 * 1024 // KiB
	maximumTime   = 16

	secretSize = 32
	saltSize   = 16

	// MaximumPassphrase bounds a pass-phrase, in bytes.
	MaximumPassphrase = 512
	// MaximumGenerations bounds how many generations a keyring keeps secrets of: the newest.
	MaximumGenerations = 4
	// MaximumKeyring bounds a keyring as it is stored, in bytes.
	MaximumKeyring = 16 << 10
)

// Derivation says how the key is derived from the pass-phrase. It is no secret.
type Derivation struct {
	Salt []byte `json:"salt"`
	Cost Cost   `json:"cost"`
}

func (d Derivation) check() error {
	if len(d.Salt) != saltSize || d.Cost.Memory < 8 || d.Cost.Memory > maximumMemory || d.Cost.Time < 1 || d.Cost.Time > maximumTime {
		return errors.New("ca: the derivation of the pass-phrase key is out of bounds")
	}
	return nil
}

// PassphraseKey derives the key from the pass-phrase.
func (d Derivation) PassphraseKey(passphrase string) ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	if passphrase == "" || len(passphrase) > MaximumPassphrase {
		return nil, fmt.Errorf("ca: a pass-phrase has 1 to %d bytes", MaximumPassphrase)
	}
	return argon2.IDKey([]byte(passphrase), d.Salt, d.Cost.Time, d.Cost.Memory, 1, secretSize), nil
}

// Keyring is what every server of the cluster keeps, readable to its own user only: the key derived from the pass-phrase, and the
// cluster secret of each generation. It is immutable; methods that change it return another.
type Keyring struct {
	Derivation
	key     []byte         // derived from the pass-phrase; nil: locked
	check   []byte         // tells a right pass-phrase from a wrong one
	secrets map[int][]byte // cluster secret, by generation
}

// Errors of keyrings.
var (
	// ErrLocked says that the keyring needs the pass-phrase first.
	ErrLocked = errors.New("ca: the keyring needs the pass-phrase")
	// ErrPassphrase says that the pass-phrase is wrong.
	ErrPassphrase = errors.New("ca: the pass-phrase is wrong")
	// ErrNoSecret says that the keyring has no secret of that generation: it was made for others.
	ErrNoSecret = errors.New("ca: the keyring has no secret of this generation")
)

// NewKeyring makes the keyring of a new cluster, with the secret of generation 1.
func NewKeyring(passphrase string, cost Cost) (*Keyring, error) {
	k := &Keyring{Derivation: Derivation{Salt: draw(saltSize), Cost: cost}, secrets: map[int][]byte{1: draw(secretSize)}}
	key, err := k.PassphraseKey(passphrase)
	if err != nil {
		return nil, err
	}
	k.key, k.check = key, passphraseCheck(key)
	return k, nil
}

func draw(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

func passphraseCheck(key []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("tandem pass-phrase check"))
	return h.Sum(nil)[:16]
}

// Locked reports whether the pass-phrase must be given before the keyring opens anything.
func (k *Keyring) Locked() bool { return k.key == nil }

// Unlock gives the keyring with the key derived from the pass-phrase: after a restore, or to check a pass-phrase.
func (k *Keyring) Unlock(passphrase string) (*Keyring, error) {
	key, err := k.PassphraseKey(passphrase)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(passphraseCheck(key), k.check) != 1 {
		return nil, ErrPassphrase
	}
	next := *k
	next.key = key
	return &next, nil
}

// Lock gives the keyring without the derived key, as a backup holds it: nothing opens without the pass-phrase.
func (k *Keyring) Lock() *Keyring {
	next := *k
	next.key = nil
	return &next
}

// Proves reports whether proof was made by Prove with the same pass-phrase and message, in constant time.
func (k *Keyring) Proves(proof, message []byte) bool {
	return k.key != nil && hmac.Equal(proof, Prove(k.key, message))
}

// Prove shows that one has a key without telling it: an HMAC over a message, which must be bound to the channel.
func Prove(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("tandem proof\x00"))
	h.Write(message)
	return h.Sum(nil)
}

// Generations lists the generations whose secret the keyring has, the oldest first.
func (k *Keyring) Generations() []int { return slices.Sorted(maps.Keys(k.secrets)) }

// WithSecret gives the keyring with the cluster secret of another generation. Secrets of the oldest generations beyond
// MaximumGenerations are dropped.
func (k *Keyring) WithSecret(generation int, secret []byte) (*Keyring, error) {
	if generation < 1 || len(secret) != secretSize {
		return nil, errors.New("ca: this is no cluster secret")
	}
	next := *k
	next.secrets = maps.Clone(k.secrets)
	next.secrets[generation] = slices.Clone(secret)
	for all := next.Generations(); len(all) > MaximumGenerations; all = all[1:] {
		delete(next.secrets, all[0])
	}
	return &next, nil
}

// NewSecret draws the cluster secret of a new generation.
func NewSecret() []byte { return draw(secretSize) }

// wrappingKey is the key that wraps the authority's key of a generation.
func (k *Keyring) wrappingKey(generation int) ([]byte, error) {
	if k.key == nil {
		return nil, ErrLocked
	}
	secret := k.secrets[generation]
	if secret == nil {
		return nil, ErrNoSecret
	}
	return hkdf.Key(sha256.New, k.key, secret, "tandem wrapping key", 32)
}

// storedKeyring is a keyring in its file.
type storedKeyring struct {
	Derivation
	Key     []byte         `json:"key,omitempty"`
	Check   []byte         `json:"check"`
	Secrets map[int][]byte `json:"secrets"`
}

// Encode gives the keyring as it is stored. Only the server's own user may read it.
func (k *Keyring) Encode() []byte {
	b, err := json.MarshalIndent(storedKeyring{k.Derivation, k.key, k.check, k.secrets}, "", "  ")
	if err != nil {
		panic("ca: " + err.Error()) // there is nothing in it that could fail
	}
	return append(b, '\n')
}

// ParseKeyring reads what Encode wrote.
func ParseKeyring(b []byte) (*Keyring, error) {
	if len(b) > MaximumKeyring {
		return nil, errors.New("ca: the keyring is too large")
	}
	var s storedKeyring
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("ca: the keyring is damaged: %w", err)
	}
	k := &Keyring{Derivation: s.Derivation, key: s.Key, check: s.Check, secrets: s.Secrets}
	if err := k.Derivation.check(); err != nil {
		return nil, err
	}
	if len(k.key) == 0 {
		k.key = nil
	}
	bad := k.key != nil && (len(k.key) != secretSize || subtle.ConstantTimeCompare(passphraseCheck(k.key), k.check) != 1)
	bad = bad || len(k.check) != 16 || len(k.secrets) == 0 || len(k.secrets) > MaximumGenerations
	for generation, secret := range k.secrets {
		bad = bad || generation < 1 || len(secret) != secretSize
	}
	if bad {
		return nil, errors.New("ca: the keyring is damaged")
	}
	return k, nil
}
