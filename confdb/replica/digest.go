package replica

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

// Digest is a copy of the configuration counted up at one position. Copies that are equal have equal digests.
type Digest struct {
	Position confdb.Position               `json:"position"`
	Schema   int                           `json:"schema"`
	Kinds    map[telephony.Kind]KindDigest `json:"kinds"`
	objects  map[telephony.Kind]map[string]objectHash
}

// KindDigest is one kind of object in a Digest.
type KindDigest struct {
	Objects int    `json:"objects"`
	Hash    string `json:"hash"` // SHA-256 over keys and rows, hexadecimal
}

// objectHash is the beginning of an object's hash: enough to tell two copies apart.
type objectHash [8]byte

// Differs lists the kinds in which two copies differ, in alphabetical order; "schema" if their tables do.
func (d Digest) Differs(other Digest) []telephony.Kind {
	var kinds []telephony.Kind
	if d.Schema != other.Schema {
		kinds = append(kinds, "schema")
	}
	for kind, k := range d.Kinds {
		if other.Kinds[kind] != k {
			kinds = append(kinds, kind)
		}
	}
	for kind := range other.Kinds {
		if _, ok := d.Kinds[kind]; !ok {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// Sum is one hash over all kinds, hexadecimal: SHA-256.
func (d Digest) Sum() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "schema %d\n", d.Schema)
	for _, kind := range slices.Sorted(maps.Keys(d.Kinds)) {
		fmt.Fprintf(sum, "%s %d %s\n", kind, d.Kinds[kind].Objects, d.Kinds[kind].Hash)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// DifferentObjects lists the keys of the objects that two copies do not have alike, as Objects gave them.
func DifferentObjects(a, b map[string]string) []string {
	var keys []string
	for key, hash := range a {
		if b[key] != hash {
			keys = append(keys, key)
		}
	}
	for key := range b {
		if _, ok := a[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// keptDigests bounds what is remembered of verifications.
const keptDigests = 2

// digests keeps the last verifications.
type digests struct {
	mu      sync.Mutex
	kept    []Digest
	changed chan struct{}
}

func newDigests() *digests { return &digests{changed: make(chan struct{})} }

func (d *digests) put(digest Digest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept = append(d.kept, digest); len(d.kept) > keptDigests {
		d.kept = slices.Delete(d.kept, 0, 1)
	}
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *digests) find(at confdb.Position) (Digest, bool, <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range d.kept {
		if k.Position == at {
			return k, true, d.changed
		}
	}
	return Digest{}, false, d.changed
}

// count counts the storage up where it is: every server does it at the same entry of the log.
func (m *machine) count(at confdb.Position) error {
	_, version := m.storage.State()
	d := Digest{Position: at, Schema: version, Kinds: map[telephony.Kind]KindDigest{}, objects: map[telephony.Kind]map[string]objectHash{}}
	var kind telephony.Kind
	sum := sha256.New()
	finish := func() {
		if kind != "" {
			d.Kinds[kind] = KindDigest{len(d.objects[kind]), hex.EncodeToString(sum.Sum(nil))}
		}
	}
	err := m.storage.Digest(func(k telephony.Kind, key string, hash [32]byte) {
		if k != kind {
			finish()
			kind = k
			sum.Reset()
			d.objects[kind] = map[string]objectHash{}
		}
		fmt.Fprintf(sum, "%d %s", len(key), key)
		sum.Write(hash[:])
		d.objects[kind][key] = objectHash(hash[:8])
	})
	if err != nil {
		return err // of no consequence for the log
	}
	finish()
	m.digested(d)
	return nil
}

// Verify has every server count up its copy at the same position, at the publisher, and returns the publisher's digest. Those of the
// others are asked for with Digest, at its position.
func (r *Replica) Verify(ctx context.Context) (Digest, error) {
	if err := r.WaitReady(ctx); err != nil {
		return Digest{}, err
	}
	at, _ := r.machineNow().storage.State()
	before := r.digests.newest()
	if err := r.append(entry{format: formatVerification, epoch: at.Epoch, time: time.Now(), actor: "verify"}); err != nil {
		return Digest{}, err
	}
	if d := r.digests.newest(); d.Position != before.Position {
		return d, nil
	}
	return Digest{}, fault.Wrap(errors.New("the verification had no effect"), fault.DatabaseNotReady)
}

func (d *digests) newest() Digest {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.kept) == 0 {
		return Digest{}
	}
	return d.kept[len(d.kept)-1]
}

// Digest is this server's copy at the position of a Verify, waiting for it if it is not there yet. The last two are remembered; a
// server that got a later snapshot has none, and waits for ctx.
func (r *Replica) Digest(ctx context.Context, at confdb.Position) (Digest, error) {
	for {
		d, ok, changed := r.digests.find(at)
		if ok {
			return d, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Digest{}, ctx.Err()
		case <-r.closing:
			return Digest{}, errClosed
		}
	}
}

// Objects gives the hash of each object of a kind in a Digest of this server, by key; nil if it is not remembered.
func (r *Replica) Objects(at confdb.Position, kind telephony.Kind) map[string]string {
	d, ok, _ := r.digests.find(at)
	if !ok {
		return nil
	}
	all := make(map[string]string, len(d.objects[kind]))
	for key, hash := range d.objects[kind] {
		all[key] = hex.EncodeToString(hash[:])
	}
	return all
}
