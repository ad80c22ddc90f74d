// Package sqlite keeps the configuration in an SQLite file with a table for every kind of object (confdb/schema).
//
// It knows no order of changes: confdb/replica tells it what to apply and at which position of the log. One write
// connection, guarded by a mutex, does everything; other programs may read the file.
package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tandem/confdb"
	"tandem/confdb/schema"
	"tandem/fault"
	"tandem/telephony"
)

// FileName is the database's name. An upgrade increments the number and leaves the old file as the way back.
const FileName = "CCM0300.db"

// applicationID marks the file as ours in its header: "TNDM".
const applicationID = 0x544E444D

// DB is an open database. It implements confdb.Storage.
type DB struct {
	path string
	key  *Key

	mu       sync.Mutex // guards the connection and what follows
	conn     *sqlite.Conn
	position confdb.Position
	schema   int
}

var _ confdb.Storage = (*DB)(nil)

// Opener returns the function that opens the database in a directory. With create a missing one is made, at
// epoch 1; without, it is a fault.DatabaseMissing, so that an unmounted disk never becomes a second publisher.
func Opener(directory string, key *Key, create bool) confdb.OpenStorage {
	return func(fresh bool) (confdb.Storage, error) {
		path := filepath.Join(directory, FileName)
		if fresh {
			if err := setAside(path); err != nil {
				return nil, fault.Wrap(err, fault.DatabaseWriteFailed, "file", path)
			}
		}
		db, err := open(path, key, create || fresh)
		if err != nil {
			return nil, err
		}
		return db, nil
	}
}

// setAside renames a database and what belongs to it, to a name with ".damaged" and the first free number.
func setAside(path string) error {
	for n := 1; n < 1000; n++ {
		to := fmt.Sprintf("%s.damaged%d", path, n)
		if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Rename(path+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return syncDirectory(filepath.Dir(path))
	}
	return errors.New("too many damaged files lie there already")
}

func open(path string, key *Key, create bool) (*DB, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if newer, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "CCM[0-9][0-9][0-9][0-9].db")); len(newer) > 0 {
			return nil, fault.New(fault.DatabaseTooNew, "file", newer[0], "found", filepath.Base(newer[0]), "known", FileName)
		}
		if !create {
			return nil, fault.New(fault.DatabaseMissing, "directory", filepath.Dir(path))
		}
	}
	db := &DB{path: path, key: key}
	if err := db.connect(create); err != nil {
		return nil, db.openFault(err)
	}
	if db.schema > schema.Latest() {
		found := db.schema
		_ = db.Close()
		return nil, fault.New(fault.DatabaseTooNew, "file", path, "found", fmt.Sprint(found), "known", fmt.Sprint(schema.Latest()))
	}
	return db, nil
}

// openFault tells a damaged file from a disk that cannot be written.
func (db *DB) openFault(err error) error {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull, sqlite.ResultReadOnly, sqlite.ResultPerm, sqlite.ResultCantOpen, sqlite.ResultIOErr, sqlite.ResultBusy, sqlite.ResultLocked:
		return fault.Wrap(err, fault.DatabaseWriteFailed, "file", db.path)
	}
	return fault.Wrap(err, fault.DatabaseCorrupt, "file", db.path)
}

// connect opens the connection, checks the file and reads where it stands.
func (db *DB) connect(create bool) (err error) {
	flags := []sqlite.OpenFlags{sqlite.OpenReadWrite}
	if create {
		flags[0] |= sqlite.OpenCreate
	}
	conn, err := sqlite.OpenConn(db.path, flags...)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = conn.Close()
		}
	}()
	conn.SetBusyTimeout(5 * time.Second)
	// synchronous=NORMAL: after a power loss the last transactions may be missing; the log has them, and Flush runs before it
	// forgets any (dependencies.md 3.1, trap 4).
	for _, pragma := range []string{
		"PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA foreign_keys=OFF", "PRAGMA trusted_schema=OFF",
		"PRAGMA cache_size=-4000", "PRAGMA secure_delete=ON",
	} {
		if err := sqlitex.ExecuteTransient(conn, pragma, nil); err != nil {
			return err
		}
	}
	id, err := integer(conn, "PRAGMA application_id")
	if err != nil {
		return err
	}
	objects, err := integer(conn, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return err
	}
	switch {
	case id == 0 && objects == 0:
		if err := initialise(conn); err != nil {
			return err
		}
		if err := os.Chmod(db.path, 0o600); err != nil {
			return err
		}
	case id != applicationID:
		return errors.New("it is no configuration database of ours")
	default:
		if err := check(conn); err != nil {
			return err
		}
	}
	db.conn = conn
	return db.readState()
}

func initialise(conn *sqlite.Conn) error {
	// The position is the one table that is not the log's business: it says how far the log has been followed here.
	return sqlitex.ExecuteScript(conn, fmt.Sprintf(`
		PRAGMA application_id=%d;
		CREATE TABLE log_position (
			one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL, log_index INTEGER NOT NULL, schema_version INTEGER NOT NULL
		) STRICT;
		INSERT INTO log_position VALUES (1, 1, 0, 0);`, applicationID), nil)
}

// check finds damage in the structure of the file.
func check(conn *sqlite.Conn) error {
	var problems []string
	err := sqlitex.ExecuteTransient(conn, "PRAGMA quick_check(5)", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		if text := s.ColumnText(0); text != "ok" {
			problems = append(problems, text)
		}
		return nil
	}})
	if err == nil && len(problems) > 0 {
		err = errors.New(strings.Join(problems, "; "))
	}
	return err
}

func integer(conn *sqlite.Conn, query string) (n int64, err error) {
	err = sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}})
	return n, err
}

func (db *DB) readState() error {
	found := false
	err := sqlitex.ExecuteTransient(db.conn, "SELECT epoch, log_index, schema_version FROM log_position", &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error {
			db.position = confdb.Position{Epoch: uint64(s.ColumnInt64(0)), Index: uint64(s.ColumnInt64(1))}
			db.schema, found = s.ColumnInt(2), true
			return nil
		}})
	if err == nil && !found {
		err = errors.New("it does not say where in the log it stands")
	}
	return err
}

// State implements confdb.Storage.
func (db *DB) State() (confdb.Position, int) {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.position, db.schema
}

// KnownSchema implements confdb.Storage.
func (db *DB) KnownSchema() int { return schema.Latest() }

// File implements confdb.Storage.
func (db *DB) File() string { return db.path }

// Load implements confdb.Storage.
func (db *DB) Load() ([]telephony.Object, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.schema == 0 {
		return nil, nil
	}
	var all []telephony.Object
	for _, k := range schema.Kinds() {
		objects, err := db.loadKind(k)
		if err != nil {
			return nil, db.openFault(err)
		}
		all = append(all, objects...)
	}
	return all, nil
}

// Plan implements confdb.Storage: it makes the changes inside a transaction, takes the changeset and rolls back.
func (db *DB) Plan(changes []confdb.Change) (changeset []byte, err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := db.run("BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	defer func() {
		if rollback := db.run("ROLLBACK"); err == nil {
			err = rollback
		}
	}()
	session, err := db.conn.CreateSession("")
	if err != nil {
		return nil, err
	}
	defer session.Delete()
	for _, t := range schema.Tables() {
		if err := session.Attach(t.Name); err != nil {
			return nil, err
		}
	}
	for _, c := range changes {
		if err := db.write(c); err != nil {
			return nil, fmt.Errorf("write %s %s: %w", c.Kind, c.Key, err)
		}
	}
	var out bytes.Buffer
	if err := session.WriteChangeset(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Apply implements confdb.Storage.
func (db *DB) Apply(at confdb.Position, changeset []byte) (changes []confdb.Change, err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	touched, err := touchedBy(changeset)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", confdb.ErrDiverged, err)
	}
	err = db.transaction(at, db.schema, func() error {
		conflict := ""
		err := db.conn.ApplyChangeset(bytes.NewReader(changeset), nil, func(kind sqlite.ConflictType, it *sqlite.ChangesetIterator) sqlite.ConflictAction {
			conflict = kind.String()
			if operation, err := it.Operation(); err == nil {
				conflict += " in " + operation.TableName
			}
			return sqlite.ChangesetAbort
		})
		if conflict != "" {
			return fmt.Errorf("%w: %s", confdb.ErrDiverged, conflict)
		}
		if err != nil {
			return err
		}
		changes, err = db.read(touched)
		return err
	})
	if err != nil {
		return nil, err
	}
	return changes, nil
}

// Migrate implements confdb.Storage.
func (db *DB) Migrate(at confdb.Position, version int) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	sql, ok := schema.Migration(version)
	if !ok || version != db.schema+1 {
		return fmt.Errorf("there is no migration from %d to %d", db.schema, version)
	}
	return db.transaction(at, version, func() error {
		for rest := strings.TrimSpace(sql); rest != ""; {
			statement, trailing, err := db.conn.PrepareTransient(rest)
			if err != nil {
				return err
			}
			if statement != nil {
				_, err = statement.Step()
				if finalise := statement.Finalize(); err == nil {
					err = finalise
				}
				if err != nil {
					return err
				}
			}
			rest = strings.TrimSpace(rest[len(rest)-trailing:])
		}
		return nil
	})
}

// Rebase implements confdb.Storage.
func (db *DB) Rebase(at confdb.Position) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.transaction(at, db.schema, func() error { return nil })
}

// transaction does something and stores the position, both or neither.
func (db *DB) transaction(at confdb.Position, version int, do func() error) (err error) {
	if err := db.run("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil && !db.conn.AutocommitEnabled() { // some failures have rolled back already
			_ = db.run("ROLLBACK")
		}
	}()
	if err = do(); err != nil {
		return err
	}
	err = sqlitex.Execute(db.conn, "UPDATE log_position SET epoch = ?, log_index = ?, schema_version = ?",
		&sqlitex.ExecOptions{Args: []any{int64(at.Epoch), int64(at.Index), version}})
	if err != nil {
		return err
	}
	if err = db.run("COMMIT"); err != nil {
		return err
	}
	db.position, db.schema = at, version
	return nil
}

func (db *DB) run(statement string) error {
	if db.conn == nil {
		return errors.New("the database is closed")
	}
	return sqlitex.Execute(db.conn, statement, nil)
}

// Flush implements confdb.Storage: the write-ahead log goes into the file, and the file to the disk. Without it a power loss
// after the log was cut would lose what both had forgotten.
func (db *DB) Flush() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.conn == nil {
		return errors.New("the database is closed")
	}
	busy := int64(0)
	err := sqlitex.ExecuteTransient(db.conn, "PRAGMA wal_checkpoint(TRUNCATE)", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		busy = s.ColumnInt64(0)
		return nil
	}})
	if err != nil {
		return err
	}
	if busy != 0 {
		return errors.New("a reader keeps the write-ahead log open")
	}
	f, err := os.OpenFile(db.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(db.path))
}

// Copy implements confdb.Storage.
func (db *DB) Copy(path string) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.conn == nil {
		return errors.New("the database is closed")
	}
	return sqlitex.ExecuteTransient(db.conn, "VACUUM INTO ?", &sqlitex.ExecOptions{Args: []any{path}})
}

// Replace implements confdb.Storage. The copy is checked first; until the rename the old file stays in use.
func (db *DB) Replace(path string) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	fresh := &DB{path: path, key: db.key}
	if err := fresh.connect(false); err != nil {
		return fresh.openFault(err)
	}
	version := fresh.schema
	if err := fresh.close(); err != nil {
		return err
	}
	if version > schema.Latest() {
		return fault.New(fault.DatabaseTooNew, "file", path, "found", fmt.Sprint(version), "known", fmt.Sprint(schema.Latest()))
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if db.conn != nil {
		if err := db.close(); err != nil {
			return err
		}
	}
	for _, suffix := range []string{"-wal", "-shm"} { // of the old file; they must not be taken for the new one's
		for _, name := range []string{db.path + suffix, path + suffix} {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	if err := os.Rename(path, db.path); err != nil {
		return err
	}
	if err := syncDirectory(filepath.Dir(db.path)); err != nil {
		return err
	}
	if err := db.connect(false); err != nil {
		return db.openFault(err)
	}
	return nil
}

// Close implements confdb.Storage.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.conn == nil {
		return nil
	}
	return db.close()
}

func (db *DB) close() error {
	conn := db.conn
	db.conn = nil
	return conn.Close()
}
