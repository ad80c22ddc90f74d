package cdr

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// storeID marks the file as ours.
const storeID = 0x54434452

// storeSchema describes the store of all servers' records. A batch is one file of one server; a record belongs to the batch
// that brought it first, and its identifier is unique: that is what "exactly once" hangs on. Times are milliseconds.
const storeSchema = `
CREATE TABLE about (one INTEGER PRIMARY KEY CHECK (one = 1), store TEXT NOT NULL, generation INTEGER NOT NULL, since INTEGER NOT NULL) STRICT;
CREATE TABLE batch (
	number INTEGER PRIMARY KEY, server TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, node INTEGER NOT NULL, at INTEGER NOT NULL,
	sum TEXT NOT NULL, complete INTEGER NOT NULL DEFAULT 0, UNIQUE (server, kind, name)
) STRICT;
CREATE INDEX batch_at ON batch (at);
CREATE TABLE call (
	number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, batch INTEGER NOT NULL, manager INTEGER NOT NULL, call INTEGER NOT NULL,
	orig INTEGER NOT NULL, dest INTEGER NOT NULL, began INTEGER NOT NULL, connected INTEGER NOT NULL, ended INTEGER NOT NULL,
	server TEXT NOT NULL, calling TEXT NOT NULL, first TEXT NOT NULL, final TEXT NOT NULL, last TEXT NOT NULL,
	origdevice TEXT NOT NULL, destdevice TEXT NOT NULL, made INTEGER NOT NULL, data TEXT NOT NULL
) STRICT;
CREATE INDEX call_ended ON call (ended);
CREATE INDEX call_call ON call (call, manager);
CREATE INDEX call_legs ON call (orig, dest);
CREATE INDEX call_batch ON call (batch);
CREATE TABLE quality (
	number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, batch INTEGER NOT NULL, manager INTEGER NOT NULL, call INTEGER NOT NULL,
	leg INTEGER NOT NULL, at INTEGER NOT NULL, data TEXT NOT NULL
) STRICT;
CREATE INDEX quality_at ON quality (at);
CREATE INDEX quality_leg ON quality (leg);
CREATE INDEX quality_batch ON quality (batch);
CREATE TABLE fact (
	number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, batch INTEGER NOT NULL, keeper INTEGER NOT NULL, orig INTEGER NOT NULL,
	dest INTEGER NOT NULL, connected INTEGER NOT NULL, ended INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0, data TEXT NOT NULL
) STRICT;
CREATE INDEX fact_keeper ON fact (keeper, batch);
CREATE INDEX fact_ended ON fact (ended);
CREATE INDEX fact_batch ON fact (batch);
CREATE TABLE removed (node INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;
`

// openConn opens a connection to the store, which is made if create says so.
func openConn(path string, create bool) (conn *sqlite.Conn, err error) {
	flags := []sqlite.OpenFlags{sqlite.OpenReadWrite}
	if create {
		flags[0] |= sqlite.OpenCreate
	}
	conn, err = sqlite.OpenConn(path, flags...)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = conn.Close()
		}
	}()
	conn.SetBusyTimeout(10 * time.Second)
	// FULL: a server removes what it was told is stored, so it must be on the disk by then.
	for _, pragma := range []string{"journal_mode=WAL", "synchronous=FULL", "trusted_schema=OFF", "cache_size=-8000", "journal_size_limit=16777216"} {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA "+pragma, nil); err != nil {
			return nil, err
		}
	}
	return conn, nil
}

// prepare makes the tables in a new file, and refuses one that is not ours.
func prepare(conn *sqlite.Conn, path, store string) error {
	id, err := number(conn, "PRAGMA application_id")
	if err != nil {
		return err
	}
	objects, err := number(conn, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return err
	}
	switch {
	case id == storeID:
		_, err := number(conn, "SELECT count(*) FROM about") // finds a file whose beginning is damaged
		return err
	case id != 0 || objects != 0:
		return errNotOurs
	}
	if err := sqlitex.ExecuteScript(conn, storeSchema+fmt.Sprintf("PRAGMA application_id=%d;", storeID), nil); err != nil {
		return err
	}
	err = run(conn, "INSERT INTO about VALUES (1, ?, 1, 0)", store)
	return errors.Join(err, os.Chmod(path, 0o640))
}

var errNotOurs = errors.New("it is no store of call records")

// damagedStore says that the file itself is at fault, and not the disk or its permissions.
func damagedStore(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return true
	}
	return errors.Is(err, errNotOurs)
}

// run executes a statement that gives no rows.
func run(conn *sqlite.Conn, query string, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args})
}

// each executes a query and hands every row to row.
func each(conn *sqlite.Conn, query string, row func(*sqlite.Stmt) error, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: row})
}

// number gives the first column of the first row, 0 without one.
func number(conn *sqlite.Conn, query string, args ...any) (n int64, err error) {
	err = each(conn, query, func(s *sqlite.Stmt) error { n = s.ColumnInt64(0); return nil }, args...)
	return n, err
}

// recordID turns the identifier of a record into bytes.
func recordID(s string) ([]byte, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(s) != 36 || len(b) != 16 {
		return nil, fmt.Errorf("%q is no identifier of a record", s)
	}
	return b, nil
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// insertion is the state of inserting one batch.
type insertion struct {
	conn   *sqlite.Conn
	batch  int64
	server string
	made   bool // by us, of facts: not by a server
	any    bool // there are records that we made
	rows   int  // in the running transaction
	end    func(*error)
	Receipt
}

// portions runs f in a transaction that next divides.
func (i *insertion) portions(f func() error) (err error) {
	if i.end, err = sqlitex.ImmediateTransaction(i.conn); err != nil {
		return err
	}
	defer func() {
		if i.end != nil {
			i.end(&err)
		}
	}()
	return f()
}

// next begins another transaction when the running one is large.
func (i *insertion) next() (err error) {
	if i.rows++; i.rows < insertRows || i.end == nil {
		return nil
	}
	i.rows = 0
	i.end(&err)
	i.end = nil
	if err == nil {
		i.end, err = sqlitex.ImmediateTransaction(i.conn)
	}
	return err
}

// owns says, after an insertion that found the identifier there, whether the same batch brought it before.
func (i *insertion) owns(table string, id []byte) error {
	if i.conn.Changes() > 0 {
		i.Inserted++
		return i.next()
	}
	batch, err := number(i.conn, "SELECT batch FROM "+table+" WHERE id = ?", id)
	if err == nil && batch != i.batch {
		i.Known++
	}
	return err
}

// sameTime is how far apart two servers may have noted the same event.
const sameTime = time.Hour

func (i *insertion) call(r *CallRecord, id []byte) error {
	if i.any && !i.made && r.Orig.ID != 0 && r.Dest.ID != 0 {
		// A record that we made of the other side's facts stays the only one of its pair.
		n, err := number(i.conn, "SELECT count(*) FROM call WHERE orig = ? AND dest = ? AND made = 1 AND abs(connected - ?) < ?",
			r.Orig.ID, r.Dest.ID, millis(r.Connected), sameTime.Milliseconds())
		if err != nil || n > 0 {
			i.Known += int(n)
			return err
		}
	}
	err := run(i.conn, "INSERT INTO call (id, batch, manager, call, orig, dest, began, connected, ended, server, calling, first, final, last, "+
		"origdevice, destdevice, made, data) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
		id, i.batch, int(r.Call.Manager), int64(r.Call.Call), r.Orig.ID, r.Dest.ID, millis(r.Began), millis(r.Connected), millis(r.Ended), i.server,
		r.Calling.Number, r.OriginalCalled.Number, r.FinalCalled.Number, r.LastRedirect.Number, strings.ToLower(r.Orig.Device),
		strings.ToLower(r.Dest.Device), i.made, encodeRow(callsLater, r))
	if err != nil {
		return err
	}
	return i.owns("call", id)
}

func (i *insertion) quality(q *QualityRecord, id []byte) error {
	err := run(i.conn, "INSERT INTO quality (id, batch, manager, call, leg, at, data) VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
		id, i.batch, int(q.Call.Manager), int64(q.Call.Call), q.Leg, millis(q.At), encodeRow(qualityLater, q))
	if err != nil {
		return err
	}
	return i.owns("quality", id)
}

func (i *insertion) fact(r *CallRecord, id []byte) error {
	err := run(i.conn, "INSERT INTO fact (id, batch, keeper, orig, dest, connected, ended, data) VALUES (?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
		id, i.batch, int(r.Orig.Node), r.Orig.ID, r.Dest.ID, millis(r.Connected), millis(r.Ended), encodeRow(callsLater, r))
	if err != nil {
		return err
	}
	return i.owns("fact", id)
}

// The store holds a record as the row that it is in a flat file of the later layout, which has every column that the other
// has, so that what a server wrote comes out as it was.

func encodeRow[T any](columns []column[T], r *T) string { return string(appendRow(nil, columns, r)) }

// rowOf reads a record back from a column of the store.
func rowOf[T any](s *sqlite.Stmt, at int, columns []column[T]) (*T, error) {
	fields, err := splitRow(make([]string, 0, len(columns)), trimEnd([]byte(s.ColumnText(at))))
	if err == nil && len(fields) < len(columns) {
		err = errors.New("it has too few columns")
	}
	v := new(T)
	for i := range columns {
		if err == nil && columns[i].set != nil {
			err = columns[i].set(v, fields[i])
		}
	}
	if err != nil {
		return nil, fmt.Errorf("a record in the store: %w", err)
	}
	if c, ok := any(v).(*CallRecord); ok {
		c.afterReading()
	}
	return v, nil
}

// find answers a query from the store, newest end first.
func find(conn *sqlite.Conn, q *Query, limit int) (found []CallRecord, err error) {
	var where []string
	var args []any
	add := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if !q.Since.IsZero() {
		add("ended >= ?", q.Since.UnixMilli())
	}
	if !q.Until.IsZero() {
		add("began <= ?", q.Until.UnixMilli())
	}
	if !q.Call.IsZero() {
		add("call = ? AND manager = ?", int64(q.Call.Call), int(q.Call.Manager))
	}
	if q.Server != "" {
		add("server = ? COLLATE NOCASE", q.Server)
	}
	if q.Number != "" {
		add("(calling = ? OR first = ? OR final = ? OR last = ?)", q.Number, q.Number, q.Number, q.Number)
	}
	if q.Device != "" {
		d := strings.ToLower(q.Device)
		add("(origdevice = ? OR destdevice = ?)", d, d)
	}
	query := "SELECT data, server FROM call"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	err = each(conn, query+" ORDER BY ended DESC, number DESC LIMIT ?", func(s *sqlite.Stmt) error {
		r, err := rowOf(s, 0, callsLater)
		if err != nil {
			return err
		}
		r.Server = s.ColumnText(1)
		found = append(found, *r)
		return nil
	}, append(args, limit)...)
	return found, err
}

// qualityOf finds what devices measured in the pair of a record, whichever servers they were on. A leg keeps its number
// when a transfer gives the call another identifier; as numbers of legs come round again, time must agree then.
func qualityOf(conn *sqlite.Conn, r *CallRecord) (found []QualityRecord, err error) {
	err = each(conn, "SELECT data FROM quality WHERE leg IN (?, ?) AND (call = ? AND manager = ? OR abs(at - ?) < ?) ORDER BY at, number",
		func(s *sqlite.Stmt) error {
			q, err := rowOf(s, 0, qualityLater)
			if err != nil {
				return err
			}
			if n := len(found); q.Leg != 0 && (n == 0 || found[n-1].ID != q.ID) {
				found = append(found, *q)
			}
			return nil
		}, r.Orig.ID, r.Dest.ID, int64(r.Call.Call), int(r.Call.Manager), millis(r.Ended), (10 * time.Minute).Milliseconds())
	return found, err
}
