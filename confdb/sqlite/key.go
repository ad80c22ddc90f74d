package sqlite

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Key seals the secrets in the database: AES-256-GCM. It lies beside the database in a file that only the server's user
// can read, so that a copy of the database alone tells no password.
//
// The nonce is made of the text and its place (as in SIV), not of chance: the same secret in the same place is
// sealed to the same bytes, so that storing it again is no change. What it tells is that a secret has not changed.
type Key struct {
	gcm   cipher.AEAD
	nonce []byte // key of the HMAC that makes nonces
}

const (
	keySize      = 32
	sealedPrefix = "sealed:1:"
)

// NewKey makes a key of 32 secret bytes.
func NewKey(secret []byte) (*Key, error) {
	if len(secret) != keySize {
		return nil, fmt.Errorf("a data key has %d bytes, not %d", keySize, len(secret))
	}
	block, err := aes.NewCipher(derive(secret, "seal"))
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Key{gcm: gcm, nonce: derive(secret, "nonce")}, nil
}

func derive(secret []byte, purpose string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("tandem configuration " + purpose))
	return h.Sum(nil)
}

// LoadKey reads the key from a file. With create it makes a new one if there is no file.
func LoadKey(path string, create bool) (*Key, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		return createKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the data key: %w", err)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("read the data key %s: %w", path, err)
	}
	return NewKey(secret)
}

func createKey(path string) (*Key, error) {
	secret := make([]byte, keySize)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the data key: %w", err)
	}
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(secret) + "\n")
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = syncDirectory(filepath.Dir(path))
	}
	if err != nil {
		return nil, fmt.Errorf("make the data key: %w", err)
	}
	return NewKey(secret)
}

// seal makes the stored form of a secret. place ties it to its column and object: moved elsewhere it does not open.
func (k *Key) seal(text, place string) string {
	if text == "" {
		return ""
	}
	h := hmac.New(sha256.New, k.nonce)
	h.Write([]byte(place))
	h.Write([]byte{0})
	h.Write([]byte(text))
	nonce := h.Sum(nil)[:k.gcm.NonceSize()]
	return sealedPrefix + base64.StdEncoding.EncodeToString(k.gcm.Seal(nonce, nonce, []byte(text), []byte(place)))
}

func (k *Key) open(stored, place string) (string, error) {
	if stored == "" {
		return "", nil
	}
	encoded, ok := strings.CutPrefix(stored, sealedPrefix)
	if !ok {
		return "", errors.New("a secret is not sealed")
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(data) < k.gcm.NonceSize() {
		return "", errors.New("a sealed secret is damaged")
	}
	text, err := k.gcm.Open(nil, data[:k.gcm.NonceSize()], data[k.gcm.NonceSize():], []byte(place))
	if err != nil {
		return "", errors.New("a sealed secret does not open with this data key")
	}
	return string(text), nil
}

func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}
