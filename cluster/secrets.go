package cluster

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"tandem/security/ca"
)

// Files in the secrets directory of a server, all readable to its own user only.
const (
	identityFile    = "server.identity" // who this server is, drawn once
	linkKeyFile     = "link.key"        // key of its certificates
	linkCertificate = "link.crt"        // its certificates, the newest first
	authorityFile   = "authorities.crt" // authorities that it trusts while it has no configuration yet, the newest first
	sealingKeyFile  = "sealing.key"     // by which cluster secrets are sealed for it
	keyringFile     = "cluster.key"     // key derived from the pass-phrase, and cluster secrets
	tokenFile       = "join-tokens"     // journal of join tokens, at the publisher
)

// Secrets are what a server keeps to prove who it is. Its methods may be called from any goroutine.
type Secrets struct {
	directory string
	Identity  string            // 32 hexadecimal digits
	Key       *ecdsa.PrivateKey // of its certificates
	Sealing   ca.SealingKey

	mu   sync.Mutex
	ring *ca.Keyring
}

// OpenSecrets reads the secrets of a server, and draws what is missing: a server that was not yet set up gets its identity and its keys
// here, before it asks to join, so that it can ask again as the same server when something breaks.
func OpenSecrets(directory string) (*Secrets, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, err
	}
	s := &Secrets{directory: directory}
	err := s.each(identityFile, func() ([]byte, error) {
		b := make([]byte, 16)
		_, err := rand.Read(b)
		return []byte(hex.EncodeToString(b) + "\n"), err
	}, func(b []byte) error {
		s.Identity = strings.TrimSpace(string(b))
		if raw, err := hex.DecodeString(s.Identity); err != nil || len(raw) != 16 || strings.ToLower(s.Identity) != s.Identity {
			return errors.New("it is not 32 hexadecimal digits")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = s.each(linkKeyFile, func() ([]byte, error) {
		k, err := ca.NewKey()
		if err != nil {
			return nil, err
		}
		return ca.EncodeKey(k)
	}, func(b []byte) (err error) {
		s.Key, err = ca.ParseKey(b)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = s.each(sealingKeyFile, func() ([]byte, error) {
		k, err := ca.NewSealingKey()
		if err != nil {
			return nil, err
		}
		return []byte(base64.StdEncoding.EncodeToString(k.Bytes()) + "\n"), nil
	}, func(b []byte) error {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(b)))
		if err == nil {
			s.Sealing, err = ca.ParseSealingKey(raw)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	text, err := ca.ReadFile(s.path(keyringFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		s.ring, err = ca.ParseKeyring(text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.path(keyringFile), err)
	}
	return s, nil
}

func (s *Secrets) path(name string) string { return filepath.Join(s.directory, name) }

// each reads a file, after making it if it is not there.
func (s *Secrets) each(name string, draw func() ([]byte, error), take func([]byte) error) error {
	b, err := ca.ReadFile(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		if b, err = draw(); err == nil {
			err = ca.WriteFile(s.path(name), b)
		}
	}
	if err == nil {
		err = take(b)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.path(name), err)
	}
	return nil
}

var errNoKeyring = errors.New("this server has no keyring: it has not joined")

// Keyring is the keyring of this server.
func (s *Secrets) Keyring() (*ca.Keyring, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ring == nil {
		return nil, errNoKeyring
	}
	return s.ring, nil
}

// SaveKeyring replaces the keyring.
func (s *Secrets) SaveKeyring(ring *ca.Keyring) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ring != nil && bytes.Equal(s.ring.Encode(), ring.Encode()) {
		return nil
	}
	if err := ca.WriteFile(s.path(keyringFile), ring.Encode()); err != nil {
		return err
	}
	s.ring = ring
	return nil
}

// maximumCertificates bounds the certificates that a server keeps: with those of the generation before, and a renewal that is not yet
// on record.
const maximumCertificates = 4

// Certificates reads the certificates of this server, the newest first; none is no error.
func (s *Secrets) Certificates() ([]*x509.Certificate, error) {
	return s.readCertificates(linkCertificate)
}

// SaveCertificates replaces the certificates of this server, the newest first.
func (s *Secrets) SaveCertificates(all []*x509.Certificate) error {
	return s.writeCertificates(linkCertificate, all)
}

// Authorities reads the authorities that this server goes by as long as it has no copy of the configuration: after joining, and
// when its copy is built anew.
func (s *Secrets) Authorities() ([]*x509.Certificate, error) {
	return s.readCertificates(authorityFile)
}

// SaveAuthorities replaces them, the newest first. What is there already is not written again.
func (s *Secrets) SaveAuthorities(all []*x509.Certificate) error {
	all = all[:min(len(all), maximumCertificates)]
	there, err := s.Authorities()
	if err == nil && slices.EqualFunc(there, all, (*x509.Certificate).Equal) {
		return nil
	}
	return s.writeCertificates(authorityFile, all)
}

func (s *Secrets) readCertificates(name string) ([]*x509.Certificate, error) {
	rest, err := ca.ReadFile(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []*x509.Certificate
	for len(all) < maximumCertificates {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return all, nil
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.path(name), err)
		}
		all = append(all, c)
	}
	return all, nil
}

func (s *Secrets) writeCertificates(name string, all []*x509.Certificate) error {
	var b []byte
	for _, c := range all[:min(len(all), maximumCertificates)] {
		b = append(b, ca.EncodeCertificate(c)...)
	}
	return ca.WriteFile(s.path(name), b)
}
