package replica

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

// scriptedStorage fails as often as it is told and remembers what it was asked.
type scriptedStorage struct {
	confdb.Storage
	position confdb.Position
	failures int
	failure  error
	calls    []string
}

func (s *scriptedStorage) State() (confdb.Position, int)     { return s.position, 1 }
func (s *scriptedStorage) File() string                      { return "CCM0300.db" }
func (s *scriptedStorage) Load() ([]telephony.Object, error) { return nil, nil }
func (s *scriptedStorage) Flush() error                      { return s.step("flush") }
func (s *scriptedStorage) Copy(string) error                 { return s.step("copy") }

func (s *scriptedStorage) Apply(at confdb.Position, _ []byte) ([]confdb.Change, error) {
	if err := s.step("apply"); err != nil {
		return nil, err
	}
	s.position = at
	return nil, nil
}

func (s *scriptedStorage) step(name string) error {
	s.calls = append(s.calls, name)
	if s.failures > 0 {
		s.failures--
		return s.failure
	}
	return nil
}

type countingSink struct{ applied int }

func (c *countingSink) Applied(confdb.Position, confdb.Entry)        { c.applied++ }
func (c *countingSink) Replaced(confdb.Position, []telephony.Object) {}

func testMachine(t *testing.T, s *scriptedStorage) (*machine, *countingSink, *[]*fault.Error) {
	sink, reports := &countingSink{}, &[]*fault.Error{}
	s.position.Epoch = 1
	return &machine{storage: s, directory: t.TempDir(), report: func(f *fault.Error) { *reports = append(*reports, f) },
		closing: make(chan struct{}), newest: newestFormat, sink: sink,
		applied: func(confdb.Position) {}, digested: func(Digest) {}, filled: func() {}}, sink, reports
}

func changeEntry(index uint64) *raft.Log {
	return &raft.Log{Index: index, Data: entry{format: formatChangeset, epoch: 1, time: time.Now(), body: []byte("x")}.encode()}
}

// An entry is in the log when the database cannot be written: it takes effect as soon as it can.
func TestEntryWaitsForTheDatabase(t *testing.T) {
	s := &scriptedStorage{failures: 3, failure: errors.New("disk full")}
	m, sink, reports := testMachine(t, s)
	if err := m.Apply(changeEntry(5)); err != nil {
		t.Fatal(err)
	}
	if s.position.Index != 5 || len(s.calls) != 4 || sink.applied != 1 || len(*reports) != 1 || (*reports)[0].Code != fault.DatabaseWriteFailed {
		t.Errorf("at %v after %v, reported %v", s.position, s.calls, *reports)
	}
	if _, stuck := m.state(); stuck != nil {
		t.Error("it still counts as stuck")
	}
	if err := m.Apply(changeEntry(5)); err != nil || len(s.calls) != 4 {
		t.Error("the same entry again was applied again")
	}
}

// When the server stops before the entry could be stored, none after it is stored either: they come again after the restart.
func TestNothingIsStoredOutOfOrderAtTheEnd(t *testing.T) {
	s := &scriptedStorage{failures: 1 << 30, failure: errors.New("disk full")}
	m, sink, _ := testMachine(t, s)
	close(m.closing)
	if err, _ := m.Apply(changeEntry(5)).(error); err == nil {
		t.Error("it counts as stored")
	}
	s.failures = 0
	if err, _ := m.Apply(changeEntry(6)).(error); err == nil || s.position.Index != 0 || sink.applied != 0 {
		t.Errorf("the entry after it was stored: %v", s.position)
	}
}

func TestDivergenceHalts(t *testing.T) {
	s := &scriptedStorage{failures: 1, failure: confdb.ErrDiverged}
	m, _, reports := testMachine(t, s)
	if err, _ := m.Apply(changeEntry(5)).(error); !errors.Is(err, confdb.ErrDiverged) || len(*reports) != 1 {
		t.Errorf("%v, reported %v", err, *reports)
	}
	if err, _ := m.Apply(changeEntry(6)).(error); err == nil || len(s.calls) != 1 {
		t.Error("it went on")
	}
	if _, err := m.Snapshot(); err == nil { // trap 5
		t.Error("a halted machine gave a snapshot")
	}
}

// Trap 4: flushed before copied, and no snapshot if the disk did not take it.
func TestTrap4_SnapshotOrder(t *testing.T) {
	s := &scriptedStorage{}
	m, _, _ := testMachine(t, s)
	if _, err := m.Snapshot(); err != nil || len(s.calls) != 2 || s.calls[0] != "flush" || s.calls[1] != "copy" {
		t.Errorf("%v, %v", s.calls, err)
	}
	s.failures, s.failure = 1, errors.New("disk full")
	if _, err := m.Snapshot(); err == nil {
		t.Error("a snapshot without a flush")
	}
}

func TestSnapshotHeader(t *testing.T) {
	at := confdb.Position{Epoch: 3, Index: 1 << 40}
	if got, err := readSnapshotHeader(bytes.NewReader(encodeSnapshotHeader(at))); err != nil || got != at {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range [][]byte{nil, {1}, append([]byte{9}, make([]byte, 16)...)} {
		if _, err := readSnapshotHeader(bytes.NewReader(bad)); err == nil {
			t.Errorf("%v was read", bad)
		}
	}
	m, _, _ := testMachine(t, &scriptedStorage{})
	if err := m.Restore(io.NopCloser(bytes.NewReader([]byte("short")))); err == nil {
		t.Error("a short snapshot was restored")
	}
}

// Raft ends the process when it cannot store its term; it must wait for room instead.
func TestTermWaitsForRoom(t *testing.T) {
	bolt, err := openLog(filepath.Join(t.TempDir(), "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer bolt.Close()
	s := &patientStore{BoltStore: bolt, closing: make(chan struct{})}
	tries := 0
	if err := s.patiently(func() error {
		if tries++; tries < 3 {
			return errors.New("disk full")
		}
		return nil
	}); err != nil || tries != 3 {
		t.Errorf("%d tries, %v", tries, err)
	}
	close(s.closing)
	if err := s.patiently(func() error { return errors.New("disk full") }); err != nil {
		t.Error("at the end it must give up")
	}
	if err := s.StoreLog(&raft.Log{Index: 1}); err == nil {
		t.Error("entries were stored after the end")
	}
}

func FuzzDecodeEntry(f *testing.F) {
	f.Add(entry{format: formatChangeset, epoch: 7, time: time.Unix(1, 2), actor: "me", body: []byte("body")}.encode())
	f.Add(entry{format: formatMigration, epoch: 1, body: migrationBody(1)}.encode())
	f.Add([]byte{})
	f.Add([]byte{1, 2, 3})
	f.Add([]byte{99})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := decodeEntry(data, newestFormat)
		if err != nil {
			return
		}
		if again := e.encode(); !bytes.Equal(again, data) {
			t.Fatalf("%x became %x", data, again)
		}
		_, _ = migrationVersion(e.body)
	})
}
