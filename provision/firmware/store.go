// Package firmware keeps the files that devices fetch and that people add: parts of firmware loads, rings, locale files.
//
// Store holds contents under their SHA-256, so that a file is stored once however many names it has, is never half there,
// and can be checked at any time. Which name has which content is the configuration's business (telephony.FirmwareFile);
// so the names travel, are undone and are backed up with everything else. Parts and FileNames know what belongs to a load.
//
// What does not live here: defaults per model, pins and staged roll-outs (telephony.DeviceDefaults, Phone.FirmwareLoad).
package firmware

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// MaximumSize is the largest file, in octets, that is taken by default. The largest loads of desk phones are near 100 MB.
const MaximumSize = 256 << 20

// ErrTooLarge, ErrEmpty and ErrDamaged are why a file is not taken or not given out.
var (
	ErrTooLarge = errors.New("the file is too large")
	ErrEmpty    = errors.New("the file is empty")
	ErrDamaged  = errors.New("the content is not what its hash says")
	ErrNoHash   = errors.New("not a SHA-256 in small hexadecimal digits")
)

// Store is a directory of contents. Its methods may be called at the same time.
type Store struct {
	dir     string
	maximum int64
	mu      sync.Mutex      // guards checked
	checked map[string]bool // contents whose hash was verified since the start
}

// Open opens the store in a directory, which is made if it is not there. maximum bounds one file in octets; 0 means
// MaximumSize. What an interrupted Put left behind is removed.
func Open(dir string, maximum int64) (*Store, error) {
	if maximum <= 0 {
		maximum = MaximumSize
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	leftovers, err := filepath.Glob(filepath.Join(dir, "incoming-*"))
	if err != nil {
		return nil, err
	}
	for _, path := range leftovers {
		_ = os.Remove(path)
	}
	return &Store{dir: dir, maximum: maximum, checked: map[string]bool{}}, nil
}

// Put stores a content and returns its hash and size. When it returns the content is on the disk, whole; if it fails
// nothing is left of it.
func (s *Store) Put(content io.Reader) (hash string, size int64, err error) {
	f, err := os.CreateTemp(s.dir, "incoming-*")
	if err != nil {
		return "", 0, err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	sum := sha256.New()
	size, err = io.Copy(io.MultiWriter(f, sum), io.LimitReader(content, s.maximum+1))
	switch {
	case err != nil:
		return "", 0, err
	case size == 0:
		return "", 0, ErrEmpty
	case size > s.maximum:
		return "", 0, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, s.maximum)
	}
	if err = errors.Join(f.Chmod(0o644), f.Sync()); err != nil {
		return "", 0, err
	}
	if err = f.Close(); err != nil {
		return "", 0, err
	}
	hash = hex.EncodeToString(sum.Sum(nil))
	if err = os.Rename(f.Name(), s.path(hash)); err != nil {
		return "", 0, err
	}
	return hash, size, syncDir(s.dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open gives a content. The first time after a start its hash is verified; a damaged one is ErrDamaged, a missing one
// fs.ErrNotExist.
func (s *Store) Open(hash string) (*os.File, error) {
	if !valid(hash) {
		return nil, ErrNoHash
	}
	f, err := os.Open(s.path(hash))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	known := s.checked[hash]
	s.mu.Unlock()
	if known {
		return f, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		f.Close()
		return nil, err
	}
	if hex.EncodeToString(sum.Sum(nil)) != hash {
		f.Close()
		return nil, fmt.Errorf("%s: %w", hash, ErrDamaged)
	}
	s.mu.Lock()
	s.checked[hash] = true
	s.mu.Unlock()
	return f, nil
}

// Content is one content of the store.
type Content struct {
	Hash string
	Size int64
}

// List returns all contents in the order of their hashes.
func (s *Store) List() ([]Content, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	var list []Content
	for _, e := range entries {
		if !e.Type().IsRegular() || !valid(e.Name()) {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, Content{e.Name(), info.Size()})
	}
	return list, nil
}

// Remove deletes a content. Transfers that read it go on to their end. A missing one is no error.
func (s *Store) Remove(hash string) error {
	if !valid(hash) {
		return ErrNoHash
	}
	s.mu.Lock()
	delete(s.checked, hash)
	s.mu.Unlock()
	if err := os.Remove(s.path(hash)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Sweep removes every content that no name uses any more and returns how many those were.
func (s *Store) Sweep(used func(hash string) bool) (int, error) {
	list, err := s.List()
	if err != nil {
		return 0, err
	}
	n := 0
	for _, c := range list {
		if used(c.Hash) {
			continue
		}
		if err := s.Remove(c.Hash); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (s *Store) path(hash string) string { return filepath.Join(s.dir, hash) }

func valid(hash string) bool {
	if len(hash) != 2*sha256.Size {
		return false
	}
	for _, c := range []byte(hash) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
