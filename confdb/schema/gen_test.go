package schema

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var write = flag.Bool("write-first-migration", false, "write migrations/0001.sql anew; only before the first release")

func TestWriteFirstMigration(t *testing.T) {
	if !*write {
		return
	}
	var b strings.Builder
	b.WriteString("-- The tables of the first version.\n")
	for _, table := range Tables() {
		b.WriteString("\n" + table.SQL())
	}
	if err := os.WriteFile(filepath.Join("migrations", "0001.sql"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestMigrationsAreRepeatable(t *testing.T) {
	if Latest() == 0 {
		t.Fatal("there is no migration")
	}
	for n := 1; n <= Latest(); n++ {
		sql, ok := Migration(n)
		if !ok || strings.TrimSpace(sql) == "" {
			t.Errorf("migration %d is empty", n)
		}
		if word := Forbidden(sql); word != "" {
			t.Errorf("migration %d holds %s", n, word)
		}
	}
	if _, ok := Migration(Latest() + 1); ok {
		t.Error("there is one migration too many")
	}
}
