package replica

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tandem/confdb"
	"tandem/confdb/bulk"
	"tandem/confdb/sqlite"
	"tandem/fault"
	"tandem/telephony"
)

// site is a store over a replica over a database, as a server has it.
type site struct {
	*confdb.Store
	replica *Replica
	db      confdb.Storage
	mu      sync.Mutex
	reports []*fault.Error
}

func (s *site) reported(code fault.Code) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.reports {
		if f.Code == code {
			return true
		}
	}
	return false
}

func testKey() *sqlite.Key {
	key, err := sqlite.NewKey([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		panic(err)
	}
	return key
}

// openSite opens what is in the directory; change changes the replica before it starts.
func openSite(directory string, create bool, change func(*Replica)) (*site, error) {
	s := &site{}
	opener := sqlite.Opener(directory, testKey(), create)
	r, err := Open(Options{
		Directory: directory, Server: "cm1", Create: create,
		Open: func(fresh bool) (confdb.Storage, error) {
			db, err := opener(fresh)
			s.db = db
			return db, err
		},
		Report: func(f *fault.Error) {
			s.mu.Lock()
			s.reports = append(s.reports, f)
			s.mu.Unlock()
		},
	})
	if err != nil {
		return nil, err
	}
	s.replica = r
	if change != nil {
		change(r)
	}
	if s.Store, err = confdb.New(r, confdb.StoreOptions{}); err != nil {
		_ = r.Close()
		return nil, err
	}
	return s, nil
}

func mustOpen(t testing.TB, directory string, create bool) *site {
	t.Helper()
	return mustOpenWith(t, directory, create, nil)
}

func mustOpenWith(t testing.TB, directory string, create bool, change func(*Replica)) *site {
	t.Helper()
	s, err := openSite(directory, create, change)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (s *site) ready(t testing.TB) *site {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.replica.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) put(t testing.TB, objects ...telephony.Object) confdb.Result {
	t.Helper()
	var result confdb.Result
	var err error
	eventually(t, "a publisher", func() bool { // a machine that is busy with other things elects late
		result, err = s.Apply(context.Background(), *new(confdb.ChangeSet).Put(objects...), confdb.Options{Actor: "test"})
		return !refusedWith(err, fault.DatabaseNotReady)
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func (s *site) export(t testing.TB) string {
	t.Helper()
	data, err := bulk.Encode(s.Snapshot(), bulk.Options{Secrets: true})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func partition(name string) *telephony.Partition {
	return &telephony.Partition{Name: telephony.PartitionName(name)}
}

func fillSite(t testing.TB, s *site) {
	t.Helper()
	if _, err := s.Apply(t.Context(), smallSite(t), confdb.Options{}); err != nil {
		t.Fatal(err)
	}
}

// smallSite is the example of a site, with the server that it is for.
func smallSite(t testing.TB) confdb.ChangeSet {
	t.Helper()
	data, err := os.ReadFile("../bulk/testdata/site-small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, err := bulk.Decode("site-small.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	set.Put(&telephony.Server{Name: "cm1"})
	return set
}

func TestConfigurationSurvivesARestart(t *testing.T) {
	directory := t.TempDir()
	s := mustOpen(t, directory, true)
	fillSite(t, s)
	result := s.put(t, partition("last"))
	want, at := s.export(t), s.Snapshot().Position()
	if result.Position != at || result.Durable != 1 {
		t.Errorf("acknowledged as %+v, the snapshot is at %v", result, at)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, directory, false) // at once, before there is a leader
	if again.export(t) != want || again.Snapshot().Position() != at {
		t.Errorf("after the restart at %v instead of %v:\n%s", again.Snapshot().Position(), at, again.export(t))
	}
	again.ready(t).put(t, partition("next"))
	if again.Snapshot().Position().Index <= at.Index {
		t.Error("the position does not rise")
	}
}

func TestEmptyDirectoryIsRefusedUnlessToBeMade(t *testing.T) {
	if _, err := openSite(t.TempDir(), false, nil); !errors.Is(err, fault.DatabaseMissing) {
		t.Errorf("%v", err)
	}
}

func TestWatchersSeeWhatTheLogGivesBack(t *testing.T) {
	s := mustOpen(t, t.TempDir(), true).ready(t)
	w := s.Watch(s.Snapshot().Position())
	s.put(t, partition("a"))
	e, err := w.Next(t.Context())
	if err != nil || e.Resync || len(e.Changes) != 1 || e.Changes[0].Key != "a" || e.Actor != "test" || e.Changes[0].Action() != confdb.Created || time.Since(e.Time) > time.Minute {
		t.Fatalf("%+v, %v", e, err)
	}
	if _, err := s.Delete(t.Context(), telephony.KindPartition, "a", confdb.Options{}); err != nil {
		t.Fatal(err)
	}
	if e, err = w.Next(t.Context()); err != nil || e.Changes[0].Action() != confdb.Deleted {
		t.Fatalf("%+v, %v", e, err)
	}
}

// Trap 4: raft may cut its log only when what was applied is on the disk.
func TestTrap4_SnapshotFlushesTheDatabaseFirst(t *testing.T) {
	directory := t.TempDir()
	s := mustOpen(t, directory, true).ready(t)
	s.put(t, partition("a"))
	wal := filepath.Join(directory, sqlite.FileName+"-wal")
	if info, err := os.Stat(wal); err != nil || info.Size() == 0 {
		t.Fatalf("the write-ahead log is empty before: the test proves nothing (%v)", err)
	}
	if err := s.replica.Snapshot(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(wal); err != nil || info.Size() != 0 {
		t.Errorf("after the snapshot the write-ahead log still holds something: %v, %v", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(directory, "*"+temporary+"*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Trap 4: the flag that keeps raft from restoring at start must be off if the database is not there, or is older than the snapshot.
func TestTrap4_MissingOrOldDatabaseIsRestoredFromTheSnapshot(t *testing.T) {
	for _, name := range []string{"missing", "older"} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			path := filepath.Join(directory, sqlite.FileName)
			s := mustOpen(t, directory, true).ready(t)
			s.replica.raft.ReloadConfig(raft.ReloadableConfig{TrailingLogs: 1, SnapshotInterval: time.Hour, SnapshotThreshold: 1 << 30, HeartbeatTimeout: heartbeatTimeout, ElectionTimeout: electionTimeout})
			s.put(t, partition("a"))
			if err := s.db.Flush(); err != nil {
				t.Fatal(err)
			}
			old, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 20 {
				s.put(t, partition(fmt.Sprint("b", i)))
			}
			if err := s.replica.Snapshot(); err != nil {
				t.Fatal(err)
			}
			s.put(t, partition("c")) // in the log only
			want := s.export(t)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			for _, suffix := range []string{"", "-wal", "-shm"} {
				_ = os.Remove(path + suffix)
			}
			if name == "older" {
				if err := os.WriteFile(path, old, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			again := mustOpen(t, directory, false).ready(t)
			if got := again.export(t); got != want {
				t.Errorf("restored:\n%s\nwant:\n%s", got, want)
			}
			if name == "missing" && !again.reported(fault.DatabaseMissing) {
				t.Error("nobody was told")
			}
		})
	}
}

func damage(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		data[i] ^= 0x5A
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedDatabaseIsBuiltAgainFromTheLog(t *testing.T) {
	directory := t.TempDir()
	s := mustOpen(t, directory, true)
	fillSite(t, s)
	want := s.export(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, filepath.Join(directory, sqlite.FileName))
	again := mustOpen(t, directory, false).ready(t)
	if got := again.export(t); got != want {
		t.Errorf("built again:\n%s", got)
	}
	if !again.reported(fault.DatabaseCorrupt) {
		t.Error("nobody was told")
	}
	if _, err := os.Stat(filepath.Join(directory, sqlite.FileName+".damaged1")); err != nil {
		t.Errorf("the damaged file was not kept: %v", err)
	}
	again.put(t, partition("new"))
}

func TestDamagedLogIsBegunAnewFromTheDatabase(t *testing.T) {
	for _, name := range []string{"damaged", "missing", "of an earlier time"} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			log := filepath.Join(directory, "log.db")
			s := mustOpen(t, directory, true)
			s.put(t, partition("early"))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			early, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			s = mustOpen(t, directory, false)
			fillSite(t, s)
			want, at := s.export(t), s.Snapshot().Position()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			switch name {
			case "damaged":
				damage(t, log)
			case "missing":
				err = os.Remove(log)
			default:
				err = os.WriteFile(log, early, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			again := mustOpen(t, directory, false).ready(t)
			if again.export(t) != want {
				t.Error("something is lost")
			}
			if !again.reported(fault.DatabaseCorrupt) {
				t.Error("nobody was told")
			}
			again.put(t, partition("after"))
			if now := again.Snapshot().Position(); now.Epoch <= at.Epoch {
				t.Errorf("at %v, before at %v", now, at)
			}
			want = again.export(t)
			if err := again.Close(); err != nil {
				t.Fatal(err)
			}
			// The new log leads to the database too: from its snapshot.
			damage(t, filepath.Join(directory, sqlite.FileName))
			if last := mustOpen(t, directory, false).ready(t); last.export(t) != want {
				t.Error("something is lost the second time")
			}
		})
	}
}

// A server that is killed while it begins a new log goes on with that at its next start.
func TestBeginningTheLogAnewSurvivesKill(t *testing.T) {
	directory := t.TempDir()
	s := mustOpen(t, directory, true)
	fillSite(t, s)
	want := s.export(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(directory, "log.db")); err != nil {
		t.Fatal(err)
	}
	killed, err := Open(Options{Directory: directory, Server: "cm1", Open: sqlite.Opener(directory, testKey(), false)})
	if err != nil {
		t.Fatal(err)
	}
	if err := killed.Close(); err != nil { // the database is at the new epoch, the log is empty
		t.Fatal(err)
	}
	again := mustOpen(t, directory, false).ready(t)
	if again.export(t) != want || again.Snapshot().Position().Epoch <= 1 {
		t.Errorf("at %v", again.Snapshot().Position())
	}
	if list, err := again.replica.snapshots.List(); err != nil || len(list) != 1 {
		t.Errorf("there are %d snapshots, %v", len(list), err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	// Without that snapshot the log alone does not lead to the database: that is said, and nothing is begun empty.
	if err := os.RemoveAll(filepath.Join(directory, "snapshots")); err != nil {
		t.Fatal(err)
	}
	bolt, err := openLog(filepath.Join(directory, "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	if first, _ := bolt.FirstIndex(); first != 1 {
		t.Fatalf("the log begins at %d: the test proves nothing", first)
	}
	_ = bolt.Close()
	damage(t, filepath.Join(directory, sqlite.FileName))
	if _, err := openSite(directory, false, nil); !errors.Is(err, fault.DatabaseCorrupt) {
		t.Errorf("%v", err)
	}
}

func TestNothingLeftToBuildFrom(t *testing.T) {
	directory := t.TempDir()
	s := mustOpen(t, directory, true).ready(t)
	s.put(t, partition("a"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, filepath.Join(directory, sqlite.FileName))
	if err := os.Remove(filepath.Join(directory, "log.db")); err != nil {
		t.Fatal(err)
	}
	_, err := openSite(directory, false, nil)
	if f := fault.From(err); !errors.Is(err, fault.DatabaseCorrupt) || !strings.Contains(f.Action, "backup") {
		t.Errorf("%v", err)
	}
}

// appendRaw puts bytes into the log as they are.
func (s *site) appendRaw(t *testing.T, data []byte) error {
	t.Helper()
	f := s.replica.raft.Apply(data, time.Second)
	if err := f.Error(); err != nil {
		t.Fatal(err)
	}
	err, _ := f.Response().(error)
	return err
}

// An entry of a newer version stops the log, not the server: reads go on, writes are refused, nothing is thrown away, and the version that
// knows the format goes on from there. Trap 5: meanwhile no snapshot is taken.
func TestTrap5_UnknownFormatHaltsAndKeepsEverything(t *testing.T) {
	directory := t.TempDir()
	s := mustOpen(t, directory, true).ready(t)
	s.put(t, partition("before"))
	at := s.Snapshot().Position()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// The same program, but knowing no changesets of the version that follows: format 2 stands for the new one.
	old := mustOpenWith(t, directory, false, func(r *Replica) { r.machine.newest = 1 }).ready(t)
	if err := old.appendRaw(t, entry{format: 2, epoch: 1, time: time.Now(), body: migrationBody(1)}.encode()); err == nil {
		t.Fatal("the old version took the entry")
	}
	changeset, err := old.db.Plan([]confdb.Change{{Kind: telephony.KindPartition, Key: "held", After: partition("held")}})
	if err != nil {
		t.Fatal(err)
	}
	if err := old.appendRaw(t, entry{format: 1, epoch: 1, time: time.Now(), body: changeset}.encode()); err == nil {
		t.Error("an entry after the unknown one was applied")
	}
	if old.Snapshot().Position() != at || old.Snapshot().Partition("before") == nil || old.Snapshot().Partition("held") != nil {
		t.Error("reading is disturbed")
	}
	if !old.reported(fault.DatabaseTooNew) || old.replica.Status().Halted == nil {
		t.Error("nobody was told")
	}
	if _, err := old.Apply(t.Context(), *new(confdb.ChangeSet).Put(partition("x")), confdb.Options{}); !errors.Is(err, fault.DatabaseNotReady) {
		t.Errorf("a write: %v", err)
	}
	if err := old.replica.raft.Snapshot().Error(); err == nil || errors.Is(err, raft.ErrNothingNewToSnapshot) {
		t.Errorf("a snapshot was taken: %v", err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, directory, false).ready(t)
	if again.Snapshot().Partition("held") == nil {
		t.Error("the held entry was not applied by the version that knows it")
	}
	again.put(t, partition("after"))
}

// Trap 1: an entry of a newer epoch is not applied to a copy of the older one.
func TestTrap1_EntryOfAnotherEpochHalts(t *testing.T) {
	s := mustOpen(t, t.TempDir(), true).ready(t)
	s.put(t, partition("a"))
	changeset, err := s.db.Plan([]confdb.Change{{Kind: telephony.KindPartition, Key: "b", After: partition("b")}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.appendRaw(t, entry{format: 1, epoch: 2, time: time.Now(), body: changeset}.encode()); err == nil || s.Snapshot().Partition("b") != nil {
		t.Errorf("it was applied: %v", err)
	}
	if s.replica.Status().Halted == nil || !s.reported(fault.DatabaseCorrupt) {
		t.Error("nobody was told")
	}
}

// Trap 7: the default of the engine costs 50 ms until a change is seen.
func TestTrap7_CommitTimeoutIsSet(t *testing.T) {
	s := mustOpen(t, t.TempDir(), true)
	if c := s.replica.config(); c.CommitTimeout != 5*time.Millisecond || !c.NoSnapshotRestoreOnStart {
		t.Errorf("commit time-out %v, no restore %v", c.CommitTimeout, c.NoSnapshotRestoreOnStart)
	}
}

func TestWritesOfManyAtOnce(t *testing.T) {
	s := mustOpen(t, t.TempDir(), true).ready(t)
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range 20 {
				if _, err := s.Apply(context.Background(), *new(confdb.ChangeSet).Put(partition(fmt.Sprint(w, "-", i))), confdb.Options{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := s.Snapshot().Count(telephony.KindPartition); n != 80 {
		t.Errorf("%d partitions", n)
	}
}

func BenchmarkWrite(b *testing.B) {
	s := mustOpen(b, b.TempDir(), true).ready(b)
	i := 0
	for b.Loop() {
		i++
		s.put(b, &telephony.DirectoryNumber{Pattern: "1", Display: fmt.Sprint(i)})
	}
}

// From the start of the process to the first look-up, with 10,000 phones.
func BenchmarkOpenTenThousandPhones(b *testing.B) {
	directory := b.TempDir()
	s := mustOpen(b, directory, true).ready(b)
	fillSite(b, s)
	var set confdb.ChangeSet
	for i := range 10_000 {
		n := telephony.Pattern(fmt.Sprintf("%05d", i))
		set.Put(&telephony.DirectoryNumber{Pattern: n, Partition: "internal"},
			&telephony.Phone{Name: telephony.DeviceName("SEP0000000" + n), Protocol: "SCCP", Product: "Cisco 7960", DevicePool: "HQ",
				Lines: []telephony.LineAppearance{{DirectoryNumber: n, Partition: "internal"}}})
	}
	begin := time.Now()
	if _, err := s.Apply(context.Background(), set, confdb.Options{}); err != nil {
		b.Fatal(err)
	}
	imported := time.Since(begin)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		again, err := openSite(directory, false, nil)
		if err != nil || again.Snapshot().Count(telephony.KindPhone) < 10_000 {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := again.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(imported.Seconds(), "s/import")
}
