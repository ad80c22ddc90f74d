package cdr

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Kind says what a batch holds.
type Kind string

// The kinds of batches: one complete flat file each.
const (
	KindCalls   Kind = "calls"   // call detail records
	KindQuality Kind = "quality" // call management records
	KindFacts   Kind = "facts"   // what a server witnessed of calls whose record another server keeps, in the columns of calls
)

var kinds = []Kind{KindCalls, KindQuality, KindFacts}

// factsDir is where facts are kept, below the directory of records.
const factsDir = "facts"

func (k Kind) known() bool { return k == KindCalls || k == KindQuality || k == KindFacts }

func (k Kind) prefix() string {
	if k == KindQuality {
		return qualityPrefix
	}
	return callsPrefix
}

// dir is where a server keeps its files of the kind.
func (k Kind) dir(records string) string {
	if k == KindFacts {
		return filepath.Join(records, factsDir)
	}
	return records
}

// Listed names a batch that a server has.
type Listed struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // of the whole file, hexadecimal
	// Of names the server whose batch it is where a former publisher hands on what it has; empty: the one that delivers.
	// Then any batch of that name will do, because files of the publisher are written by it.
	Of string `json:"of,omitempty"`
}

// maxListed bounds the batches in one question for what is missing.
const maxListed = 200

// Greeting says which store the publisher has. When a server meets another store or generation than the last time, it goes
// through all that it keeps again, from Since on if that is set.
type Greeting struct {
	Store      string    `json:"store"`
	Generation int64     `json:"generation"`
	Since      time.Time `json:"since,omitzero"`
}

// Receipt says what became of a batch. It is on the publisher's disk.
type Receipt struct {
	Inserted    int `json:"inserted"`    // new records
	Known       int `json:"known"`       // records that were there already, by their identifier
	Quarantined int `json:"quarantined"` // lines put aside
}

// Destination is the publisher as the servers see it that deliver records.
type Destination interface {
	// Greet asks which store the publisher has.
	Greet(ctx context.Context) (Greeting, error)
	// Missing asks which of the listed batches, at most 200, the store lacks.
	Missing(ctx context.Context, kind Kind, list []Listed) ([]string, error)
	// Deliver hands a batch over. Without an error it is stored for good.
	Deliver(ctx context.Context, kind Kind, batch Listed, content io.Reader) (Receipt, error)
}

// Errors of a Destination that are worth telling apart.
var (
	ErrNoRoom    = errors.New("the publisher has no room for call records")
	ErrDamaged   = errors.New("the batch was damaged on its way")
	ErrNotTaking = errors.New("this server does not take call records: it is not the publisher, or stops")
)

// batchName is the name of a batch taken apart.
type batchName struct {
	flatFile
	cluster string
	node    uint16
}

func parseBatchName(kind Kind, name string) (b batchName, ok bool) {
	if len(name) > 200 || !validName(name, kind.prefix()) {
		return b, false
	}
	b.flatFile, _ = parseFlatName(kind.prefix(), name)
	fields := strings.Split(strings.TrimPrefix(name, kind.prefix()), "_")
	node, err := strconv.ParseUint(fields[1], 10, 16)
	b.cluster, b.node = fields[0], uint16(node)
	return b, err == nil
}

// hashFile gives what identifies a file's content.
func hashFile(path string) (size int64, sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return size, hex.EncodeToString(h.Sum(nil)), err
}

// replaceFile writes a file whole: it has the old content or the new one, durably, whatever happens meanwhile.
func replaceFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		os.Remove(path + ".new")
		return err
	}
	return syncDirectory(filepath.Dir(path))
}
