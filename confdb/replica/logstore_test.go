package replica

import (
	"path/filepath"
	"testing"

	"github.com/hashicorp/raft"
)

// The newest entry is read without the file, and never another one than the file has.
func TestNewestEntryIsKept(t *testing.T) {
	open := func(path string) *patientStore {
		file, err := openLog(path)
		if err != nil {
			t.Fatal(err)
		}
		return &patientStore{BoltStore: file, closing: make(chan struct{})}
	}
	s := open(filepath.Join(t.TempDir(), "log"))
	defer s.Close()
	entry := func(index, term uint64) *raft.Log {
		return &raft.Log{Index: index, Term: term, Data: make([]byte, 1<<20)}
	}
	has := func(what string, index, term uint64, kept bool) {
		t.Helper()
		var l raft.Log
		if err := s.GetLog(index, &l); err != nil || l.Index != index || l.Term != term || len(l.Data) != 1<<20 {
			t.Errorf("%s: index %d, term %d, %d bytes, %v", what, l.Index, l.Term, len(l.Data), err)
		}
		if allocs := testing.AllocsPerRun(10, func() { _ = s.GetLog(index, &l) }); (allocs == 0) != kept {
			t.Errorf("%s: %v allocations", what, allocs)
		}
	}
	if err := s.StoreLogs([]*raft.Log{entry(1, 1), entry(2, 1)}); err != nil {
		t.Fatal(err)
	}
	has("newest", 2, 1, true)
	has("one before", 1, 1, false)
	if err := s.DeleteRange(2, 2); err != nil { // another leader has written something else
		t.Fatal(err)
	}
	var l raft.Log
	if err := s.GetLog(2, &l); err == nil {
		t.Error("an entry that was deleted is there")
	}
	if err := s.StoreLog(entry(2, 3)); err != nil {
		t.Fatal(err)
	}
	has("in its place", 2, 3, true)
}
