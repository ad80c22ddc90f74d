package replica

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"tandem/confdb"
	"tandem/confdb/sqlite"
)

// unsafeDisk is a storage on a disk that loses, when the power goes, everything of the database that was not synced: what remains
// is what it was at the last Flush, and before the first one nothing at all. The log syncs every entry itself.
type unsafeDisk struct {
	confdb.Storage
	t     testing.TB
	image string // of the database at the last Flush
}

func (d *unsafeDisk) Flush() error {
	err := d.Storage.Flush()
	if err == nil {
		err = copyFile(d.Storage.File(), d.image)
	}
	return err
}

func (d *unsafeDisk) Replace(path string) error {
	err := d.Storage.Replace(path)
	if err == nil { // it syncs before it takes the place
		err = copyFile(d.Storage.File(), d.image)
	}
	return err
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}

// loseUnsynced is what the power loss leaves.
func loseUnsynced(t testing.TB, directory, image string) {
	t.Helper()
	database := filepath.Join(directory, sqlite.FileName)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(database + suffix); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(image); err == nil {
		if err := copyFile(image, database); err != nil {
			t.Fatal(err)
		}
	}
}

// TestT17_PowerLoss loses the power again and again while the log is cut now and then: nothing acknowledged is lost.
func TestT17_PowerLoss(t *testing.T) {
	directory, image := t.TempDir(), filepath.Join(t.TempDir(), "image")
	var acknowledged []string
	for round := range 8 {
		opener := sqlite.Opener(directory, testKey(), round == 0)
		s := &site{}
		r, err := Open(Options{Directory: directory, Server: "cm1", Create: round == 0, Open: func(fresh bool) (confdb.Storage, error) {
			db, err := opener(fresh)
			if err != nil {
				return nil, err
			}
			s.db = &unsafeDisk{Storage: db, t: t, image: image}
			return s.db, nil
		}})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		s.replica = r
		if s.Store, err = confdb.New(r, confdb.StoreOptions{}); err != nil {
			t.Fatal(err)
		}
		s.ready(t)
		for _, name := range acknowledged {
			if s.Snapshot().Object("partition", name) == nil {
				t.Errorf("round %d: %s is lost", round, name)
			}
		}
		for i := range 12 {
			name := fmt.Sprintf("%d-%d", round, i)
			s.put(t, partition(name))
			acknowledged = append(acknowledged, name)
			if round%3 == 1 && i == 6 {
				config := r.group().ReloadableConfig()
				config.TrailingLogs = 2
				if err := r.group().ReloadConfig(config); err != nil {
					t.Fatal(err)
				}
				if err := r.Snapshot(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		loseUnsynced(t, directory, image)
	}
}
