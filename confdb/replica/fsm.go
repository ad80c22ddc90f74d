package replica

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"tandem/confdb"
	"tandem/fault"
)

// machine follows the log: it puts entries into the storage and gives them to the sink. Raft calls it from one
// goroutine.
type machine struct {
	storage   confdb.Storage
	directory string // for copies under way
	report    func(*fault.Error)
	closing   chan struct{} // closed when the replica ends
	newest    byte          // newest format of entries that is known

	applied  func(confdb.Position) // is told of what is stored
	digested func(Digest)          // is told of what was counted up for a verification
	filled   func()                // is told that a snapshot took the place of the database

	mu      sync.Mutex
	sink    confdb.Sink
	halted  error // why the log is not followed any more; reads go on
	damaged bool  // halted because this copy is not what it should be: a new one helps
	filling bool  // nothing but a snapshot is taken
	stuck   error // why the entry under way cannot be stored just now
}

func (m *machine) isFilling() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.filling
}

// isDamaged reports whether the log is not followed because this copy is not what it should be.
func (m *machine) isDamaged() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.halted != nil && m.damaged
}

// retryPause is how long a storage that cannot be written is left alone.
const retryPause = 100 * time.Millisecond

// errNotFilled keeps entries off a copy that waits for its snapshot. It halts without a fault: the snapshot lifts it.
var errNotFilled = errors.New("the copy waits for a snapshot of the publisher")

var errClosed = errors.New("the server is stopping")

// halt stops following the log. What is stored stays readable, and nothing is thrown away: the log keeps the entries, since
// Snapshot fails from now on (dependencies.md 3.1, trap 5).
func (m *machine) halt(err error, f *fault.Error) error {
	m.mu.Lock()
	first := m.halted == nil
	if first {
		m.halted, m.damaged = err, f != nil && f.Code == fault.DatabaseCorrupt
	}
	m.mu.Unlock()
	if first && f != nil {
		m.report(f)
	}
	return err
}

func (m *machine) state() (halted, stuck error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.halted, m.stuck
}

// Apply implements raft.FSM. Its answer is nil or an error.
func (m *machine) Apply(l *raft.Log) any {
	if halted, _ := m.state(); halted != nil {
		return halted
	}
	if m.isFilling() {
		return m.halt(errNotFilled, nil)
	}
	position, _ := m.storage.State()
	e, err := decodeEntry(l.Data, m.newest)
	if err != nil {
		var unknown unknownFormat
		if errors.As(err, &unknown) {
			return m.halt(err, fault.New(fault.DatabaseTooNew, "file", m.storage.File(),
				"found", fmt.Sprintf("%d in its log", byte(unknown)), "known", fmt.Sprint(m.newest)))
		}
		return m.halt(err, fault.Wrap(err, fault.DatabaseCorrupt, "file", m.storage.File()))
	}
	switch {
	case e.epoch != position.Epoch:
		// A newer epoch: another server was promoted, and this copy must be begun anew from its snapshot (trap 1). An older one
		// cannot come after what is stored.
		err := fmt.Errorf("the log entry is of epoch %d, the database of epoch %d", e.epoch, position.Epoch)
		return m.halt(err, fault.Wrap(err, fault.DatabaseCorrupt, "file", m.storage.File()))
	case l.Index <= position.Index:
		return nil // stored before the restart
	}
	at := confdb.Position{Epoch: e.epoch, Index: l.Index}
	switch e.format {
	case formatMigration:
		return m.migrate(at, e)
	case formatVerification:
		return m.count(at)
	default:
		return m.change(at, e)
	}
}

func (m *machine) change(at confdb.Position, e entry) any {
	var changes []confdb.Change
	err := m.persist(func() (err error) {
		changes, err = m.storage.Apply(at, e.body)
		return err
	})
	if err != nil {
		return err
	}
	m.sinkNow().Applied(at, confdb.Entry{Changes: changes, Actor: e.actor, Time: e.time})
	m.applied(at)
	return nil
}

func (m *machine) migrate(at confdb.Position, e entry) any {
	version, err := migrationVersion(e.body)
	if err != nil {
		return m.halt(err, fault.Wrap(err, fault.DatabaseCorrupt, "file", m.storage.File()))
	}
	if version > m.storage.KnownSchema() {
		err := fmt.Errorf("the log holds the unknown migration %d", version)
		return m.halt(err, fault.New(fault.DatabaseTooNew, "file", m.storage.File(), "found", fmt.Sprint(version), "known", fmt.Sprint(m.storage.KnownSchema())))
	}
	if _, have := m.storage.State(); version <= have {
		return nil
	}
	if err := m.persist(func() error { return m.storage.Migrate(at, version) }); err != nil {
		return err
	}
	return m.replaced()
}

// persist stores an entry that is in the log and therefore must take effect: while the disk is full it tries again and
// again. Only the log waits; who reads the configuration does not.
func (m *machine) persist(store func() error) error {
	for first := true; ; first = false {
		err := store()
		if err == nil {
			m.mu.Lock()
			m.stuck = nil
			m.mu.Unlock()
			return nil
		}
		if errors.Is(err, confdb.ErrDiverged) {
			return m.halt(err, fault.Wrap(err, fault.DatabaseCorrupt, "file", m.storage.File()))
		}
		m.mu.Lock()
		m.stuck = err
		m.mu.Unlock()
		if first {
			m.report(fault.Wrap(err, fault.DatabaseWriteFailed, "file", m.storage.File()))
		}
		select {
		case <-m.closing:
			return m.halt(errClosed, nil) // what follows must not be stored without this one
		case <-time.After(retryPause):
		}
	}
}

func (m *machine) sinkNow() confdb.Sink {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sink
}

func (m *machine) replaced() error {
	objects, err := m.storage.Load()
	if err != nil {
		return m.halt(err, fault.Wrap(err, fault.DatabaseCorrupt, "file", m.storage.File()))
	}
	at, _ := m.storage.State()
	m.sinkNow().Replaced(at, objects)
	m.applied(at)
	return nil
}

// A snapshot is a header of 17 bytes (format, epoch and index of the last entry in it) and the database file.
const (
	snapshotFormat = 1
	snapshotHeader = 17
)

func encodeSnapshotHeader(at confdb.Position) []byte {
	b := append(make([]byte, 0, snapshotHeader), snapshotFormat)
	b = binary.BigEndian.AppendUint64(b, at.Epoch)
	return binary.BigEndian.AppendUint64(b, at.Index)
}

func readSnapshotHeader(r io.Reader) (confdb.Position, error) {
	var b [snapshotHeader]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return confdb.Position{}, err
	}
	if b[0] != snapshotFormat {
		return confdb.Position{}, fmt.Errorf("the snapshot has the unknown format %d", b[0])
	}
	return confdb.Position{Epoch: binary.BigEndian.Uint64(b[1:]), Index: binary.BigEndian.Uint64(b[9:])}, nil
}

// Snapshot implements raft.FSM. When it has returned, raft may throw entries away: so everything that was applied is on the
// disk first (trap 4), and it fails if entries were not applied (trap 5).
func (m *machine) Snapshot() (raft.FSMSnapshot, error) {
	if halted, stuck := m.state(); halted != nil || stuck != nil {
		return nil, fmt.Errorf("no snapshot while the log is not followed: %w", errors.Join(halted, stuck))
	}
	if err := m.storage.Flush(); err != nil {
		return nil, fmt.Errorf("flush the database: %w", err)
	}
	at, _ := m.storage.State()
	path := filepath.Join(m.directory, fmt.Sprintf("copy-%d-%d%s", at.Epoch, at.Index, temporary))
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := m.storage.Copy(path); err != nil {
		_ = os.Remove(path)
		return nil, fmt.Errorf("copy the database: %w", err)
	}
	return &snapshot{path: path, at: at}, nil
}

// temporary is the end of names of files that may be removed at start.
const temporary = ".partial"

// Restore implements raft.FSM: the snapshot takes the place of the database. Until the file is swapped the old one is
// read.
func (m *machine) Restore(from io.ReadCloser) error {
	defer from.Close()
	if _, err := readSnapshotHeader(from); err != nil {
		return err
	}
	return m.restoreFrom(from)
}

// restoreFrom is Restore behind the header.
func (m *machine) restoreFrom(from io.Reader) error {
	path := filepath.Join(m.directory, "restore"+temporary)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = m.storage.Replace(path)
	}
	if err != nil {
		_ = os.Remove(path)
		return err
	}
	m.mu.Lock()
	m.halted, m.stuck, m.damaged, m.filling = nil, nil, false, false
	m.mu.Unlock()
	if err := m.replaced(); err != nil {
		return err
	}
	m.filled()
	return nil
}

type snapshot struct {
	path string
	at   confdb.Position
}

// Persist implements raft.FSMSnapshot.
func (s *snapshot) Persist(sink raft.SnapshotSink) error {
	err := func() error {
		f, err := os.Open(s.path)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := sink.Write(encodeSnapshotHeader(s.at)); err != nil {
			return err
		}
		_, err = io.Copy(sink, f)
		return err
	}()
	if err != nil {
		_ = sink.Cancel()
		return err
	}
	return sink.Close()
}

// Release implements raft.FSMSnapshot.
func (s *snapshot) Release() { _ = os.Remove(s.path) }
