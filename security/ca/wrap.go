package ca

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hpke"
	"crypto/x509"
	"errors"
	"fmt"
)

// wrapFormat begins a wrapped key; another number, another way of wrapping.
const wrapFormat = 1

// maximumWrapped bounds a wrapped key, in bytes.
const maximumWrapped = 4 << 10

// Wrap gives the authority's key, encrypted (AES-256-GCM) with the wrapping key of its generation. It may be stored anywhere.
func (a *Authority) Wrap(k *Keyring) ([]byte, error) {
	gcm, err := k.gcm(a.Generation)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return nil, err
	}
	nonce := draw(gcm.NonceSize())
	return gcm.Seal(append([]byte{wrapFormat}, nonce...), nonce, key, wrapPlace(a.Certificate)), nil
}

// Open unwraps the key of an authority of a generation. It fails with ErrNoSecret when the keyring was not given that generation's
// secret.
func Open(certificate *x509.Certificate, cluster string, generation int, wrapped []byte, k *Keyring) (*Authority, error) {
	gcm, err := k.gcm(generation)
	if err != nil {
		return nil, err
	}
	if len(wrapped) > maximumWrapped || len(wrapped) < 1+gcm.NonceSize() || wrapped[0] != wrapFormat {
		return nil, errors.New("ca: the wrapped key is damaged or of a newer version")
	}
	nonce := wrapped[1 : 1+gcm.NonceSize()]
	plain, err := gcm.Open(nil, nonce, wrapped[1+gcm.NonceSize():], wrapPlace(certificate))
	if err != nil {
		return nil, errors.New("ca: the wrapped key does not open with this keyring")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(plain)
	if err != nil {
		return nil, fmt.Errorf("ca: the wrapped key is damaged: %w", err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(certificate.PublicKey) {
		return nil, errors.New("ca: the wrapped key is not that of the certificate")
	}
	return &Authority{Certificate: certificate, Generation: generation, Cluster: cluster, key: key}, nil
}

// wrapPlace ties a wrapped key to its certificate.
func wrapPlace(c *x509.Certificate) []byte { return []byte("tandem authority " + Fingerprint(c)) }

func (k *Keyring) gcm(generation int) (cipher.AEAD, error) {
	key, err := k.wrappingKey(generation)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// The envelope in which a new cluster secret travels to each server, through the configuration, which all can read: HPKE (RFC 9180) to
// the server's sealing key, so that a removed server, which has a copy of everything up to its removal, cannot open it.

// SealingKey is the key of a server by which others seal envelopes for it (X25519). It never leaves the server.
type SealingKey struct{ key *ecdh.PrivateKey }

// sealedSecret bounds an envelope, in bytes.
const sealedSecret = 256

// NewSealingKey makes one.
func NewSealingKey() (SealingKey, error) {
	k, err := ecdh.X25519().GenerateKey(nil)
	return SealingKey{k}, err
}

// ParseSealingKey reads what Bytes gave.
func ParseSealingKey(b []byte) (SealingKey, error) {
	k, err := ecdh.X25519().NewPrivateKey(b)
	return SealingKey{k}, err
}

// Bytes is the secret key itself, 32 bytes.
func (s SealingKey) Bytes() []byte { return s.key.Bytes() }

// Public is the public part, 32 bytes.
func (s SealingKey) Public() []byte { return s.key.PublicKey().Bytes() }

func envelopeInfo(generation int) []byte {
	return fmt.Appendf(nil, "tandem cluster secret %d", generation)
}

// SealSecret seals the cluster secret of a generation for the server with the public sealing key.
func SealSecret(public []byte, generation int, secret []byte) ([]byte, error) {
	p, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("ca: this is no sealing key: %w", err)
	}
	to, err := hpke.NewDHKEMPublicKey(p)
	if err != nil {
		return nil, err
	}
	return hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES256GCM(), envelopeInfo(generation), secret)
}

// OpenSecret opens an envelope of SealSecret.
func (s SealingKey) OpenSecret(generation int, envelope []byte) ([]byte, error) {
	if len(envelope) > sealedSecret {
		return nil, errors.New("ca: the envelope is too large")
	}
	k, err := hpke.NewDHKEMPrivateKey(s.key)
	if err != nil {
		return nil, err
	}
	secret, err := hpke.Open(k, hpke.HKDFSHA256(), hpke.AES256GCM(), envelopeInfo(generation), envelope)
	if err != nil {
		return nil, errors.New("ca: the envelope is damaged or for another server")
	}
	return secret, nil
}
