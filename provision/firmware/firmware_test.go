package firmware

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"tandem/fault"
)

func open(t *testing.T, dir string, maximum int64) *Store {
	t.Helper()
	s, err := Open(dir, maximum)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t *testing.T, s *Store, hash string) (string, error) {
	t.Helper()
	f, err := s.Open(hash)
	if err != nil {
		return "", err
	}
	defer f.Close()
	content, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<20))
	return string(content), err
}

const helloHash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	s := open(t, dir, 10)
	hash, size, err := s.Put(strings.NewReader("hello"))
	if err != nil || hash != helloHash || size != 5 {
		t.Fatal(hash, size, err)
	}
	if _, _, err := s.Put(strings.NewReader("hello")); err != nil { // the same again
		t.Fatal(err)
	}
	if _, _, err := s.Put(strings.NewReader("hello world")); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if _, _, err := s.Put(strings.NewReader("")); !errors.Is(err, ErrEmpty) {
		t.Errorf("empty: %v", err)
	}
	broken := io.MultiReader(strings.NewReader("he"), errReader{})
	if _, _, err := s.Put(broken); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("broken off: %v", err)
	}
	for range 2 {
		if got, err := read(t, s, hash); got != "hello" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if list, err := s.List(); err != nil || !reflect.DeepEqual(list, []Content{{helloHash, 5}}) {
		t.Errorf("%v, %v", list, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	for _, bad := range []string{"", "../" + hash[3:], strings.ToUpper(hash), hash[:63], hash + "0"} {
		if _, err := s.Open(bad); !errors.Is(err, ErrNoHash) {
			t.Errorf("%q: %v", bad, err)
		}
		if err := s.Remove(bad); !errors.Is(err, ErrNoHash) {
			t.Errorf("remove %q: %v", bad, err)
		}
	}
	if n, err := s.Sweep(func(h string) bool { return h == hash }); n != 0 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if n, err := s.Sweep(func(string) bool { return false }); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if _, err := s.Open(hash); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}
	if err := s.Remove(hash); err != nil {
		t.Errorf("removed twice: %v", err)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestDamagedContentIsNotGivenOut(t *testing.T) {
	dir := t.TempDir()
	hash, _, err := open(t, dir, 0).Put(strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, hash), []byte("hallo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, dir, 0).Open(hash); !errors.Is(err, ErrDamaged) {
		t.Errorf("%v", err)
	}
}

func TestLeftoversAreRemoved(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "incoming-1"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, dir, 0)
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("%v", entries)
	}
}

func TestStoreAtOnce(t *testing.T) {
	s := open(t, t.TempDir(), 0)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			hash, _, err := s.Put(strings.NewReader("hello"))
			if err != nil {
				t.Error(err)
				return
			}
			if f, err := s.Open(hash); err != nil {
				t.Error(err)
			} else {
				f.Close()
			}
		})
	}
	group.Wait()
}

func TestQ37_NamesAreExact(t *testing.T) {
	for _, good := range []string{"P0030801SR02.loads", "SCCP41.9-4-2SR3-1S.loads", "apps41.9-4-2ES26.sbn", "German_Germany/mk-sccp.jar",
		"Desktops/320x212x16/List.xml", "Bells.raw", "P003-8-12-00.bin"} {
		if problem := CheckName(good); problem != "" {
			t.Errorf("%s: %s", good, problem)
		}
	}
	for _, bad := range []string{"", "P003-8-12-00.bin ", " a", "a\n", "a\tb", "../a", "a/../b", "/a", "a//b", "a/", ".a", `a\b`, "C:a", "ä",
		"a/b/c/d", strings.Repeat("a", 129), "SEP0000AAAA2003.cnf.xml", "SIPDefault.cnf", "XMLDefault.cnf.xml", "OS79XX.TXT", "CTLFile.tlv", "dialplan.xml"} {
		err := Check(bad)
		if !errors.Is(err, fault.FirmwareInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestLoads(t *testing.T) {
	has := func(names ...string) func(string) bool {
		return func(n string) bool {
			for _, one := range names {
				if one == n {
					return true
				}
			}
			return false
		}
	}
	if !Present("SCCP41.9-4-2SR3-1S", has("SCCP41.9-4-2SR3-1S.loads")) || Present("SCCP41.9-4-2SR3-1S", has("apps41.sbn")) ||
		!Present("P0S3-8-12-00", has("P003-8-12-00.bin")) || !Present("P00308010200", has("P00308010200.bin")) {
		t.Error("Present")
	}
	loads := "\x00\x01SCCP41\x00\napps41.9-4-2ES26.sbn\ncnu41.9-4-2ES26.sbn \x7f../etc.sbn apps41.9-4-2ES26.sbn " + strings.Repeat("x", 100) + ".sbn"
	if got := Parts([]byte(loads)); !reflect.DeepEqual(got, []string{"apps41.9-4-2ES26.sbn", "cnu41.9-4-2ES26.sbn"}) {
		t.Errorf("parts %q", got)
	}
	if CheckRing(8160) != "" || CheckRing(100) == "" || CheckRing(241) == "" || CheckRing(16320) == "" {
		t.Error("CheckRing")
	}
}

func FuzzParts(f *testing.F) {
	f.Add([]byte("a.sbn b.bin"))
	f.Fuzz(func(t *testing.T, b []byte) {
		parts := Parts(b)
		if len(parts) > maximumParts {
			t.Fatalf("%d parts", len(parts))
		}
		for _, p := range parts {
			if CheckName(p) != "" {
				t.Fatalf("%q", p)
			}
		}
	})
}
