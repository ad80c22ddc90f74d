package cdr

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tandem/call/signal"
)

const (
	callsPrefix   = "cdr_"
	qualityPrefix = "cmr_"
	partSuffix    = ".part" // of a flat file that is not complete yet
)

// flatName makes the name of a flat file: kind, cluster, server, UTC minute in which the interval began, sequence.
func flatName(prefix, cluster string, node signal.NodeID, at time.Time, sequence uint64) string {
	return fmt.Sprintf("%s%s_%02d_%s_%d", prefix, nameable(cluster), node, at.UTC().Format("200601021504"), sequence)
}

// nameable keeps what can stand in a file name between underscores.
func nameable(cluster string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		}
		return '-'
	}, cluster)
	if s == "" {
		return "StandAloneCluster"
	}
	return s[:min(len(s), 64)]
}

// flatFile is a name taken apart.
type flatFile struct {
	name     string
	at       time.Time // the minute in which its interval began
	sequence uint64
	part     bool
}

func parseFlatName(prefix, name string) (f flatFile, ok bool) {
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return f, false
	}
	rest, f.part = strings.CutSuffix(rest, partSuffix)
	fields := strings.Split(rest, "_")
	if len(fields) != 4 {
		return f, false
	}
	at, err := time.Parse("200601021504", fields[2])
	if err != nil {
		return f, false
	}
	f.sequence, err = strconv.ParseUint(fields[3], 10, 64)
	if err != nil {
		return f, false
	}
	f.name, f.at = name, at
	return f, true
}

// writer appends to one flat file of the running interval; the file is made when its first row comes.
type flatWriter[T any] struct {
	path    string // final path
	columns []column[T]
	file    *os.File
	size    int64
	buf     []byte
}

func (w *flatWriter[T]) add(r *T) {
	if w.file == nil && len(w.buf) == 0 && w.size == 0 {
		w.buf = appendHeading(w.buf, w.columns)
	}
	w.buf = appendRow(w.buf, w.columns, r)
}

// flush writes what was added. After an error the file is not to be trusted and must be built again.
func (w *flatWriter[T]) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	if w.file == nil {
		f, err := os.OpenFile(w.path+partSuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
		if err != nil {
			return err
		}
		w.file = f
	}
	n, err := w.file.Write(w.buf)
	w.size += int64(n)
	w.buf = w.buf[:0]
	return err
}

// discard forgets what was written, for a fresh start.
func (w *flatWriter[T]) discard() error {
	w.buf, w.size = w.buf[:0], 0
	if w.file != nil {
		w.file.Close()
		w.file = nil
	}
	if err := os.Remove(w.path + partSuffix); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// sync makes the rows durable under the name of the part.
func (w *flatWriter[T]) sync(by *syncer) error {
	if err := w.flush(); err != nil {
		return err
	}
	if w.file == nil {
		return nil
	}
	return by.sync(w.file)
}

func (w *flatWriter[T]) close() {
	if w.file != nil {
		w.file.Close()
		w.file = nil
	}
}

// complete gives a part its final name, if there is one.
func complete(path string) error {
	err := os.Rename(path+partSuffix, path)
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

// syncDirectory makes names in a directory durable.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// flatFiles lists the flat files of a kind in a directory, oldest first.
func flatFiles(dir, prefix string) ([]flatFile, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []flatFile
	for _, e := range entries {
		if f, ok := parseFlatName(prefix, e.Name()); ok && e.Type().IsRegular() {
			files = append(files, f)
		}
	}
	sortFlat(files)
	return files, nil
}

func journalPath(dir string, sequence uint64) string {
	return filepath.Join(dir, "journal", fmt.Sprintf("journal-%010d", sequence))
}
