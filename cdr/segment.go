package cdr

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

// segment is one journal file and the two flat files that belong to it.
type segment struct {
	dir      string
	sequence uint64
	path     string
	start    startEntry
	file     *os.File
	syncer   *syncer       // nil: plain fsync
	size     int64         // up to where the file is whole
	dirty    bool          // the file may be longer than size
	since    time.Duration // up time of the run when it was begun
	records  int           // rows for flat files in it
	calls    flatWriter[CallRecord]
	quality  flatWriter[QualityRecord]
	broken   bool // the flat files do not hold all that the journal holds
	flat     bool // the flat files are complete and durable, and the journal says so
}

func (s *segment) flatFiles() {
	s.calls = flatWriter[CallRecord]{path: filepath.Join(s.dir, s.start.Calls), columns: s.start.Layout.calls()}
	s.quality = flatWriter[QualityRecord]{path: filepath.Join(s.dir, s.start.Quality), columns: s.start.Layout.quality()}
}

// createSegment begins a journal file with its start and whatever checkpoint adds, all durable when it returns.
func createSegment(dir string, sequence uint64, start startEntry, by *syncer, checkpoint func(*encoder) error) (*segment, error) {
	s := &segment{dir: dir, sequence: sequence, syncer: by, path: journalPath(dir, sequence), start: start}
	e := newEncoder()
	if err := e.add(entryStart, start); err != nil {
		return nil, err
	}
	if err := checkpoint(e); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o640)
	if err != nil {
		return nil, err
	}
	s.file = f
	if err := errors.Join(s.append(e.buf.Bytes()), syncDirectory(filepath.Dir(s.path))); err != nil {
		f.Close()
		os.Remove(s.path)
		return nil, err
	}
	s.flatFiles()
	return s, nil
}

// append writes entries and makes them durable. After an error the file ends where it did before.
func (s *segment) append(b []byte) error {
	if s.dirty {
		if err := s.file.Truncate(s.size); err != nil {
			return err
		}
		s.dirty = false
	}
	n, err := s.file.WriteAt(b, s.size)
	if err == nil {
		err = s.syncer.sync(s.file)
	}
	if err != nil {
		// What was written half is cut off, now or before the next write.
		s.dirty = n > 0 && s.file.Truncate(s.size) != nil
		return err
	}
	s.size += int64(len(b))
	return nil
}

// rebuild writes the flat files anew from the journal.
func (s *segment) rebuild(bad func(line []byte, err error)) error {
	s.broken = true
	if err := errors.Join(s.calls.discard(), s.quality.discard()); err != nil {
		return err
	}
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	var failed error
	_, err = readEntries(io.LimitReader(f, s.size), entryHandler{
		bad: bad,
		entry: func(kind entryKind, data []byte) error {
			if failed != nil {
				return nil
			}
			switch kind {
			case entryEnded:
				r := &CallRecord{}
				if err := json.Unmarshal(data, r); err != nil {
					return err
				}
				if err := r.check(); err != nil {
					return err
				}
				s.calls.add(r)
			case entryQuality:
				q := &QualityRecord{}
				if err := json.Unmarshal(data, q); err != nil {
					return err
				}
				s.quality.add(q)
			}
			if len(s.calls.buf)+len(s.quality.buf) > 1<<20 {
				failed = s.flush()
			}
			return nil
		},
	})
	if err := errors.Join(err, failed, s.flush()); err != nil {
		return err
	}
	s.broken = false
	return nil
}

func (s *segment) flush() error { return errors.Join(s.calls.flush(), s.quality.flush()) }

// finish completes the flat files and removes the journal file. It can be repeated until it succeeds, also by another
// run of the server: each step leaves what the next needs.
func (s *segment) finish(bad func(line []byte, err error)) error {
	if !s.flat {
		if s.broken {
			if err := s.rebuild(bad); err != nil {
				return err
			}
		}
		if err := errors.Join(s.calls.sync(s.syncer), s.quality.sync(s.syncer)); err != nil {
			s.broken = true
			return err
		}
		e := newEncoder()
		if err := e.add(entryFlattened, struct{}{}); err != nil {
			return err
		}
		if s.file == nil {
			f, err := os.OpenFile(s.path, os.O_RDWR, 0o640)
			if err != nil {
				return err
			}
			s.file = f
		}
		if err := s.append(e.buf.Bytes()); err != nil {
			return err
		}
		s.flat = true
	}
	s.calls.close()
	s.quality.close()
	err := errors.Join(complete(s.calls.path), complete(s.quality.path))
	if err == nil {
		err = syncDirectory(s.dir)
	}
	if err != nil {
		return err
	}
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
	if err := os.Remove(s.path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}
