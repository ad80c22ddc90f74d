package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tandem/confdb"
	"tandem/confdb/schema"
	"tandem/fault"
	"tandem/telephony"
)

func testKey(t testing.TB) *Key {
	t.Helper()
	key, err := NewKey([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newDB opens an empty database with all migrations.
func newDB(t testing.TB) *DB {
	t.Helper()
	return newDBIn(t, t.TempDir())
}

func newDBIn(t testing.TB, directory string) *DB {
	t.Helper()
	storage, err := Opener(directory, testKey(t), true)(false)
	if err != nil {
		t.Fatal(err)
	}
	db := storage.(*DB)
	t.Cleanup(func() { _ = db.Close() })
	for n := db.schema + 1; n <= schema.Latest(); n++ {
		if err := db.Migrate(confdb.Position{Epoch: 1, Index: uint64(n)}, n); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// step plans changes on one database and applies them to all.
func step(t testing.TB, changes []confdb.Change, dbs ...*DB) []confdb.Change {
	t.Helper()
	changeset, err := dbs[0].Plan(changes)
	if err != nil {
		t.Fatal(err)
	}
	var applied []confdb.Change
	for _, db := range dbs {
		at, _ := db.State()
		at.Index++
		if applied, err = db.Apply(at, changeset); err != nil {
			t.Fatal(err)
		}
	}
	return applied
}

func put(o telephony.Object) confdb.Change {
	return confdb.Change{Kind: o.Kind(), Key: o.Key(), After: o}
}

// The tables that the migrations leave are those that the descriptions ask for.
func TestMigrationsGiveTheDescribedTables(t *testing.T) {
	db := newDB(t)
	for _, table := range schema.Tables() {
		var names, types []string
		var keys int
		err := sqlitex.ExecuteTransient(db.conn, "SELECT name, type, pk, \"notnull\", dflt_value FROM pragma_table_info(?)", &sqlitex.ExecOptions{
			Args: []any{table.Name}, ResultFunc: func(s *sqlite.Stmt) error {
				names, types = append(names, s.ColumnText(0)), append(types, s.ColumnText(1))
				if s.ColumnInt(2) > 0 {
					keys++
				}
				if s.ColumnInt(3) == 0 || s.ColumnText(4) == "" {
					t.Errorf("%s.%s may be NULL or has no default", table.Name, s.ColumnText(0))
				}
				return nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		byName := map[string]string{}
		for i, n := range names {
			byName[n] = types[i]
		}
		if len(names) != len(table.Columns) || keys != table.Keys || keys == 0 {
			t.Errorf("%s has %d columns and %d keys, described are %d and %d", table.Name, len(names), keys, len(table.Columns), table.Keys)
		}
		for i, c := range table.Columns {
			if byName[c.Name] != c.SQL {
				t.Errorf("%s.%s is %q, described as %s", table.Name, c.Name, byName[c.Name], c.SQL)
			}
			if i < table.Keys && names[i] != c.Name {
				t.Errorf("%s: the key column %s is not number %d", table.Name, c.Name, i+1)
			}
		}
	}
	if n, err := integer(db.conn, "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"); err != nil || n != 0 {
		t.Errorf("%d triggers, %v", n, err)
	}
}

// fill gives every field of a struct something.
func fill(t *rapid.T, fields []*schema.Field, of reflect.Value) {
	text := rapid.StringMatching(`[a-zäß0-9 '";%_\\]{1,12}`)
	for _, f := range fields {
		v := f.Value(of)
		if rapid.IntRange(0, 3).Draw(t, "empty") == 0 && f.Shape != schema.ShapeText {
			continue
		}
		switch f.Shape {
		case schema.ShapeText:
			v.SetString(text.Draw(t, f.Name))
		case schema.ShapeBool:
			v.SetBool(rapid.Bool().Draw(t, f.Name))
		case schema.ShapeInteger:
			v.SetInt(rapid.Int64Range(-5, 1<<40).Draw(t, f.Name))
		case schema.ShapeSecret:
			v.Set(reflect.ValueOf(telephony.NewSecret(text.Draw(t, f.Name))))
		case schema.ShapeStruct:
			v.Set(reflect.New(f.Type.Elem()))
			fill(t, f.Fields, v.Elem())
		case schema.ShapeTexts:
			for _, s := range rapid.SliceOfN(text, 1, 4).Draw(t, f.Name) {
				v.Set(reflect.Append(v, reflect.ValueOf(s).Convert(f.Type.Elem())))
			}
		case schema.ShapeTextMap:
			v.Set(reflect.MakeMap(f.Type))
			for k, s := range rapid.MapOfN(text, text, 1, 4).Draw(t, f.Name) {
				v.SetMapIndex(reflect.ValueOf(k).Convert(f.Type.Key()), reflect.ValueOf(s).Convert(f.Type.Elem()))
			}
		case schema.ShapeStructs:
			n := rapid.IntRange(1, 4).Draw(t, f.Name)
			v.Set(reflect.MakeSlice(f.Type, n, n))
			for i := range n {
				fill(t, f.Fields, v.Index(i))
			}
		}
	}
}

// Whatever is written on one server is read back there and on another one that only got the changesets, and storing it again
// changes nothing.
func TestObjectsReadBackOnEveryCopy(t *testing.T) {
	first, second := newDB(t), newDB(t)
	model := map[string]telephony.Object{}
	rapid.Check(t, func(rt *rapid.T) {
		var changes []confdb.Change
		used := map[string]bool{}
		for range rapid.IntRange(1, 5).Draw(rt, "changes") {
			k := rapid.SampledFrom(schema.Kinds()).Draw(rt, "kind")
			o := k.New()
			fill(rt, k.Fields, schema.Struct(o))
			for i, f := range k.Keys { // few names, so that objects meet again
				f.Value(schema.Struct(o)).SetString(fmt.Sprintf("k%d", rapid.IntRange(0, 2).Draw(rt, "name")+i))
			}
			id := string(k.Kind) + " " + o.Key()
			if used[id] {
				continue
			}
			used[id] = true
			c := put(o)
			c.Before = model[id]
			if c.Before != nil && rapid.IntRange(0, 3).Draw(rt, "delete") == 0 {
				c.After = nil
				delete(model, id)
			} else {
				model[id] = o
			}
			changes = append(changes, c)
		}
		applied := step(t, changes, first, second)
		for _, a := range applied {
			want := model[string(a.Kind)+" "+a.Key]
			if !confdb.Equal(a.After, want) {
				rt.Fatalf("%s %s was applied as %+v, want %+v", a.Kind, a.Key, a.After, want)
			}
		}
		for _, db := range []*DB{first, second} {
			objects, err := db.Load()
			if err != nil {
				rt.Fatal(err)
			}
			if len(objects) != len(model) {
				rt.Fatalf("%d objects, want %d", len(objects), len(model))
			}
			for _, o := range objects {
				if want := model[string(o.Kind())+" "+o.Key()]; !confdb.Equal(o, want) {
					rt.Fatalf("%s %s is %s", o.Kind(), o.Key(), confdb.Difference(want, o))
				}
			}
		}
		var again []confdb.Change
		for _, o := range model {
			again = append(again, put(o))
		}
		if changeset, err := first.Plan(again); err != nil || len(changeset) != 0 {
			rt.Fatalf("storing the same again gives %d bytes, %v", len(changeset), err)
		}
	})
}

func TestSecretsLieSealed(t *testing.T) {
	directory := t.TempDir()
	db := newDBIn(t, directory)
	step(t, []confdb.Change{put(&telephony.User{UserID: "alice", DigestPassword: telephony.NewSecret("top-secret-7")}),
		put(&telephony.User{UserID: "bob", DigestPassword: telephony.NewSecret("top-secret-7")})}, db)
	if err := db.Flush(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(directory, FileName))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "top-secret") {
		t.Error("the password lies open in the file")
	}
	if !strings.Contains(string(data), "alice") {
		t.Fatal("the file does not hold what was written; the test proves nothing")
	}
	other, err := NewKey([]byte("another key.....another key....."))
	if err != nil {
		t.Fatal(err)
	}
	a, b := db.key.seal("x", "user.digest_password/alice"), db.key.seal("x", "user.digest_password/bob")
	if a == b {
		t.Error("equal secrets of two users look the same")
	}
	if _, err := db.key.open(a, "user.digest_password/bob"); err == nil {
		t.Error("a secret opens at another place")
	}
	if _, err := other.open(a, "user.digest_password/alice"); err == nil {
		t.Error("a secret opens with another key")
	}
	for _, damaged := range []string{"plain", "sealed:1:!", "sealed:1:AAAA"} {
		if _, err := db.key.open(damaged, "p"); err == nil {
			t.Errorf("%q opens", damaged)
		}
	}
	db.key = other
	if _, err := db.Load(); err == nil || !strings.Contains(err.Error(), "data key") {
		t.Errorf("with the wrong key: %v", err)
	}
}

func TestDataKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.key")
	if _, err := LoadKey(path, false); err == nil {
		t.Error("a missing key was accepted")
	}
	key, err := LoadKey(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("the key has mode %v", info.Mode())
	}
	again, err := LoadKey(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := again.open(key.seal("x", "p"), "p"); err != nil || text != "x" {
		t.Errorf("read again: %q, %v", text, err)
	}
}

func TestPlanChangesNothing(t *testing.T) {
	db := newDB(t)
	at, _ := db.State()
	if _, err := db.Plan([]confdb.Change{put(&telephony.Partition{Name: "p"})}); err != nil {
		t.Fatal(err)
	}
	objects, err := db.Load()
	if now, _ := db.State(); err != nil || len(objects) != 0 || now != at {
		t.Errorf("%v, %v", objects, err)
	}
}

// A changeset that does not fit is refused as divergence and changes nothing.
func TestDivergenceIsNoticed(t *testing.T) {
	a, b := newDB(t), newDB(t)
	step(t, []confdb.Change{put(&telephony.Partition{Name: "p", Description: "one"})}, a, b)
	step(t, []confdb.Change{put(&telephony.Partition{Name: "p", Description: "two"})}, a)
	changeset, err := a.Plan([]confdb.Change{put(&telephony.Partition{Name: "p", Description: "three"})})
	if err != nil {
		t.Fatal(err)
	}
	before, _ := b.State()
	if _, err = b.Apply(confdb.Position{Epoch: 1, Index: before.Index + 1}, changeset); !errors.Is(err, confdb.ErrDiverged) {
		t.Errorf("%v", err)
	}
	if now, _ := b.State(); now != before {
		t.Error("the position moved")
	}
	if _, err = b.Apply(confdb.Position{Epoch: 1, Index: before.Index + 1}, []byte("nonsense")); !errors.Is(err, confdb.ErrDiverged) {
		t.Errorf("nonsense: %v", err)
	}
}

// An older program meets a table with more columns: its changesets still fit (expand, then contract).
func TestChangesetFitsTableWithMoreColumns(t *testing.T) {
	old, expanded := newDB(t), newDB(t)
	if err := sqlitex.ExecuteTransient(expanded.conn, "ALTER TABLE phone ADD COLUMN later TEXT NOT NULL DEFAULT ''", nil); err != nil {
		t.Fatal(err)
	}
	phone := &telephony.Phone{Name: "SEP1", Lines: []telephony.LineAppearance{{DirectoryNumber: "1"}}}
	step(t, []confdb.Change{put(phone)}, old, expanded)
	objects, err := expanded.Load()
	if err != nil || len(objects) != 1 || !confdb.Equal(objects[0], phone) {
		t.Errorf("%+v, %v", objects, err)
	}
}

func TestMissingDamagedAndNewerFiles(t *testing.T) {
	key := testKey(t)
	directory := t.TempDir()
	path := filepath.Join(directory, FileName)
	if _, err := Opener(directory, key, false)(false); !errors.Is(err, fault.DatabaseMissing) {
		t.Errorf("missing: %v", err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Opener(directory, key, false)(false); !errors.Is(err, fault.DatabaseCorrupt) {
		t.Errorf("no database at all: %v", err)
	}
	storage, err := Opener(directory, key, false)(true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + ".damaged1"); err != nil {
		t.Errorf("the damaged file was not kept: %v", err)
	}
	db := storage.(*DB)
	for n := 1; n <= schema.Latest(); n++ {
		if err := db.Migrate(confdb.Position{Epoch: 1, Index: uint64(n)}, n); err != nil {
			t.Fatal(err)
		}
	}
	var many []confdb.Change
	for i := range 500 {
		many = append(many, put(&telephony.Partition{Name: telephony.PartitionName(fmt.Sprint("partition ", i))}))
	}
	step(t, many, db)
	if err := db.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte(nil), data...)
	for i := 8192; i < len(damaged); i++ {
		damaged[i] ^= 0x5A
	}
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Opener(directory, key, false)(false); !errors.Is(err, fault.DatabaseCorrupt) {
		t.Errorf("damaged pages: %v", err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := open(path, key, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.ExecuteTransient(again.conn, "UPDATE log_position SET schema_version = 99", nil); err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
	if _, err := Opener(directory, key, false)(false); !errors.Is(err, fault.DatabaseTooNew) {
		t.Errorf("a newer schema: %v", err)
	}
	if err := os.Rename(path, filepath.Join(directory, "CCM0301.db")); err != nil {
		t.Fatal(err)
	}
	if _, err := Opener(directory, key, true)(false); !errors.Is(err, fault.DatabaseTooNew) {
		t.Errorf("a newer file: %v", err)
	}
}

func TestCopyAndReplace(t *testing.T) {
	a, b := newDB(t), newDB(t)
	step(t, []confdb.Change{put(&telephony.Partition{Name: "a"})}, a)
	step(t, []confdb.Change{put(&telephony.Partition{Name: "b1"})}, b)
	step(t, []confdb.Change{put(&telephony.Partition{Name: "b2"})}, b)
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := a.Copy(copied); err != nil {
		t.Fatal(err)
	}
	if err := b.Replace(copied); err != nil {
		t.Fatal(err)
	}
	objects, err := b.Load()
	at, _ := a.State()
	if now, _ := b.State(); err != nil || len(objects) != 1 || objects[0].Key() != "a" || now != at {
		t.Errorf("%v at %v, %v", objects, now, err)
	}
	step(t, []confdb.Change{put(&telephony.Partition{Name: "next"})}, b)
	bad := filepath.Join(t.TempDir(), "bad.db")
	if err := os.WriteFile(bad, []byte(strings.Repeat("x", 9000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Replace(bad); !errors.Is(err, fault.DatabaseCorrupt) {
		t.Errorf("a damaged copy: %v", err)
	}
	if objects, err = b.Load(); err != nil || len(objects) != 2 {
		t.Errorf("after a refused copy: %v, %v", objects, err)
	}
}

func TestTenThousandPhones(t *testing.T) {
	db := newDB(t)
	var changes []confdb.Change
	for i := range 10_000 {
		n := fmt.Sprintf("%05d", i)
		changes = append(changes, put(&telephony.DirectoryNumber{Pattern: telephony.Pattern(n), Partition: "internal", Display: "Phone " + n}),
			put(&telephony.Phone{Name: telephony.DeviceName("SEP0000000" + n), Protocol: "SCCP", Product: "Cisco 7960", DevicePool: "HQ",
				Lines: []telephony.LineAppearance{{DirectoryNumber: telephony.Pattern(n), Partition: "internal"}}}))
	}
	if got := step(t, changes, db); len(got) != 20_000 {
		t.Fatalf("%d objects applied", len(got))
	}
	objects, err := db.Load()
	if err != nil || len(objects) != 20_000 {
		t.Fatalf("%d objects, %v", len(objects), err)
	}
}

func BenchmarkLoadTenThousandPhones(b *testing.B) {
	db := newDB(b)
	var changes []confdb.Change
	for i := range 10_000 {
		n := fmt.Sprintf("%05d", i)
		changes = append(changes, put(&telephony.DirectoryNumber{Pattern: telephony.Pattern(n), Partition: "internal", Display: "Phone " + n}),
			put(&telephony.Phone{Name: telephony.DeviceName("SEP0000000" + n), Protocol: "SCCP", Product: "Cisco 7960", DevicePool: "HQ",
				Lines: []telephony.LineAppearance{{DirectoryNumber: telephony.Pattern(n), Partition: "internal"}}}))
	}
	step(b, changes, db)
	for b.Loop() {
		if _, err := db.Load(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOneChange(b *testing.B) {
	db := newDB(b)
	i := 0
	for b.Loop() {
		i++
		step(b, []confdb.Change{put(&telephony.DirectoryNumber{Pattern: "1", Display: fmt.Sprint(i)})}, db)
	}
}

// A file whose schema is older than this program is read as well: what its tables lack yet is absent.
func TestEverySchemaOnTheWayCanBeRead(t *testing.T) {
	storage, err := Opener(t.TempDir(), testKey(t), true)(false)
	if err != nil {
		t.Fatal(err)
	}
	db := storage.(*DB)
	defer db.Close()
	for n := 1; n <= schema.Latest(); n++ {
		if err := db.Migrate(confdb.Position{Epoch: 1, Index: uint64(n)}, n); err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			if err := db.run("INSERT INTO server (name, address) VALUES ('cm1', '192.0.2.1')"); err != nil {
				t.Fatal(err)
			}
		}
		objects, err := db.Load()
		if err != nil {
			t.Fatalf("schema %d: %v", n, err)
		}
		if len(objects) != 1 || *objects[0].(*telephony.Server) != (telephony.Server{Name: "cm1", Address: "192.0.2.1"}) {
			t.Errorf("schema %d holds %+v", n, objects)
		}
	}
}
