package cdr

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tandem/fault"
	"tandem/telephony/parameter"
)

// ReceiverOptions are what a Receiver is given. Dir, Cluster and Parameters are required.
type ReceiverOptions struct {
	Dir        string                   // for the store, the files of all servers and the quarantine
	Cluster    func() string            // name of the cluster; records of another one go into quarantine
	Parameters func() *parameter.Values // for retention and layout
	Accepts    func() bool              // this server is the publisher now; nil: it is
	Alarm      func(error)              // gets fault.Error, and must not call back; nil: they are logged only
	Cleared    func(fault.Code)         // says that an alarm is over; may be nil
	Log        *slog.Logger             // nil: none
	Now        func() time.Time         // nil: time.Now
	NotBefore  time.Duration            // how long after the start records may be removed; 0: an hour
	MaxBatch   int64                    // bytes of one batch at most; 0: 8 GiB
}

// Receiver is the publisher's side: it takes the batches of all servers, inserts their records once each into a store that
// can be searched, and keeps flat files of them for billing systems. It is safe for concurrent use.
//
//	records.db       the store
//	collected/       flat files of all servers, in one layout; each record stands in one of them
//	quarantine/      what could not be inserted
//	incoming/        batches on their way; what a crash leaves here is sent again
type Receiver struct {
	o     ReceiverOptions
	begin time.Time
	slots chan struct{} // batches that come in at the same time

	greeting atomic.Pointer[Greeting] // nil: closed. Not under mu: nobody shall wait for an insertion to be greeted
	incoming atomic.Uint64            // names files on their way

	mu      sync.Mutex // of the writing connection and all below
	conn    *sqlite.Conn
	made    bool // the store has records that we made of facts
	removed bool // a server was removed
	alarms  standing
	clock   evenClock

	reading sync.Mutex // of the connection for queries
	reader  *sqlite.Conn
}

var (
	errClosed  = errors.New("the store of call records is closed")
	errRefused = errors.New("refused")
)

// NewReceiver opens the store of all servers' records, or makes it. A damaged one is put aside, with an alarm: the servers
// send everything again that they keep.
func NewReceiver(o ReceiverOptions) (*Receiver, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.NotBefore <= 0 {
		o.NotBefore = time.Hour
	}
	if o.MaxBatch <= 0 {
		o.MaxBatch = 8 << 30
	}
	r := &Receiver{o: o, begin: o.Now(), slots: make(chan struct{}, 4), alarms: newStanding(o.Alarm, o.Cleared, o.Log)}
	r.clock = evenClock{notBefore: o.NotBefore, offset: r.begin.Round(0)}
	err := os.RemoveAll(r.path("incoming"))
	for _, dir := range []string{"incoming", "collected", "quarantine"} {
		err = errors.Join(err, os.MkdirAll(r.path(dir), 0o750))
	}
	if err == nil {
		err = r.open()
	}
	if err != nil {
		r.close()
		return nil, fault.Wrap(err, fault.RecordStoreUnreadable, "directory", o.Dir)
	}
	r.mu.Lock()
	r.judgeQuarantine()
	r.mu.Unlock()
	return r, nil
}

func (r *Receiver) path(parts ...string) string {
	return filepath.Join(append([]string{r.o.Dir}, parts...)...)
}

// open opens both connections, before anybody else knows of r.
func (r *Receiver) open() error {
	err := r.connect()
	if err != nil && damagedStore(err) {
		return r.renew(err)
	}
	return err
}

func (r *Receiver) connect() (err error) {
	path := r.path("records.db")
	if r.conn, err = openConn(path, true); err != nil {
		return err
	}
	if err := prepare(r.conn, path, rand.Text()); err != nil {
		return err
	}
	err = each(r.conn, "SELECT store, generation, since FROM about", func(s *sqlite.Stmt) error {
		g := Greeting{Store: s.ColumnText(0), Generation: s.ColumnInt64(1)}
		if since := s.ColumnInt64(2); since != 0 {
			g.Since = time.UnixMilli(since).UTC()
		}
		r.greeting.Store(&g)
		return nil
	})
	if err != nil {
		return err
	}
	made, err := number(r.conn, "SELECT EXISTS (SELECT 1 FROM batch WHERE server = ?)", madeBy)
	if err != nil {
		return err
	}
	removed, err := number(r.conn, "SELECT EXISTS (SELECT 1 FROM removed)")
	if err != nil {
		return err
	}
	r.made, r.removed = made != 0, removed != 0
	r.reading.Lock()
	defer r.reading.Unlock()
	r.reader, err = openConn(path, false)
	return err
}

func (r *Receiver) close() {
	r.greeting.Store(nil)
	if r.conn != nil {
		_ = r.conn.Close()
		r.conn = nil
	}
	r.reading.Lock()
	defer r.reading.Unlock()
	if r.reader != nil {
		_ = r.reader.Close()
		r.reader = nil
	}
}

// Close ends the store. What is on its way is refused and sent again later.
func (r *Receiver) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.close()
	return nil
}

// AskAgain makes every server go through its records again from since on (zero: all that it keeps), and send what this
// store lacks: for a store that was restored from a backup.
func (r *Receiver) AskAgain(since time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn == nil {
		return errClosed
	}
	if err := run(r.conn, "UPDATE about SET generation = generation + 1, since = ?", millis(since)); err != nil {
		return err
	}
	g := *r.greeting.Load()
	g.Generation++
	g.Since = since.UTC()
	r.greeting.Store(&g)
	return nil
}

func (r *Receiver) greet() (Greeting, error) {
	g := r.greeting.Load()
	if g == nil || r.o.Accepts != nil && !r.o.Accepts() {
		return Greeting{}, ErrNotTaking
	}
	return *g, nil
}

// missing says which of the listed batches of a server are not stored.
func (r *Receiver) missing(ctx context.Context, server string, kind Kind, list []Listed) ([]string, error) {
	if len(list) > maxListed || !kind.known() {
		return nil, fmt.Errorf("%w: a list of %d batches of %q", errRefused, len(list), kind)
	}
	if _, err := r.greet(); err != nil {
		return nil, err
	}
	names := []string{}
	err := r.read(ctx, func(conn *sqlite.Conn) error {
		for _, l := range list {
			of := server
			if l.Of != "" {
				of = l.Of
			}
			n, err := number(conn, "SELECT count(*) FROM batch WHERE server = ? AND kind = ? AND name = ? AND (sum = ? OR ?) AND complete = 1",
				of, string(kind), l.Name, l.SHA256, l.Of != "")
			if err != nil {
				return err
			}
			if n == 0 {
				names = append(names, l.Name)
			}
		}
		return nil
	})
	return names, err
}

// receive takes one batch of a server. When it returns without an error everything in it is stored or in quarantine.
func (r *Receiver) receive(ctx context.Context, server string, kind Kind, l Listed, content io.Reader) (Receipt, error) {
	if _, err := r.greet(); err != nil {
		return Receipt{}, err
	}
	if _, ok := parseBatchName(kind, l.Name); !ok || !kind.known() || server == "" || l.Size > r.o.MaxBatch {
		return Receipt{}, fmt.Errorf("%w: %q of %d bytes is no batch of %q", errRefused, l.Name, l.Size, kind)
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return Receipt{}, ctx.Err()
	}
	path := r.path("incoming", fmt.Sprint(r.incoming.Add(1)))
	defer os.Remove(path)
	if err := r.takeIn(path, l, content); err != nil {
		return Receipt{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.Of != "" {
		server = l.Of
	}
	b := arrival{server: server, kind: kind, name: l.Name, sum: l.SHA256, path: path, aside: quarantineName(server, kind, l.Name)}
	receipt, err := r.insert(&b, false)
	return receipt, r.outcome(err)
}

// takeIn writes what comes into a file and checks that it came whole.
func (r *Receiver) takeIn(path string, l Listed, content io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.outcome(err)
	}
	defer f.Close()
	h := sha256.New()
	w := &errorWriter{w: io.MultiWriter(f, h)}
	n, err := io.Copy(w, io.LimitReader(content, l.Size+1))
	if w.err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.outcome(w.err)
	}
	if err != nil || n != l.Size || hex.EncodeToString(h.Sum(nil)) != l.SHA256 {
		return errors.Join(ErrDamaged, err)
	}
	return nil
}

// errorWriter tells errors of writing from those of reading.
type errorWriter struct {
	w   io.Writer
	err error
}

func (w *errorWriter) Write(b []byte) (n int, err error) {
	n, err = w.w.Write(b)
	w.err = err
	return n, err
}

// outcome raises or ends the alarm about storing, with mu held. Whatever prevents it, the sender keeps its records: it is
// told that there is no room.
func (r *Receiver) outcome(err error) error {
	if err == nil {
		r.alarms.over(fault.RecordsNotInserted)
		return nil
	}
	if errors.Is(err, errClosed) || errors.Is(err, ErrNotTaking) {
		return ErrNotTaking
	}
	if damagedStore(err) {
		if again := r.renew(err); again != nil {
			err = again
		}
	}
	r.alarms.stands(fault.Wrap(err, fault.RecordsNotInserted, "directory", r.o.Dir))
	return errors.Join(ErrNoRoom, err)
}

// renew puts a store aside that turned out to be damaged and begins a new one.
func (r *Receiver) renew(err error) error {
	r.close()
	aside := "records.db.damaged-" + r.o.Now().UTC().Format("20060102T150405.000")
	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Remove(r.path("records.db" + suffix))
	}
	if err := os.Rename(r.path("records.db"), r.path(aside)); err != nil {
		return err
	}
	r.alarms.raise(fault.Wrap(err, fault.RecordStoreDamaged, "file", aside))
	return r.connect()
}

// transaction runs f in one transaction of the writing connection, with mu held.
func (r *Receiver) transaction(f func() error) (err error) {
	if r.conn == nil {
		return errClosed
	}
	end, err := sqlitex.ImmediateTransaction(r.conn)
	if err != nil {
		return err
	}
	defer end(&err)
	return f()
}

// Query finds records of all servers, those that ended last first. ctx ends a search that takes too long.
func (r *Receiver) Query(ctx context.Context, q Query) (found []CallRecord, err error) {
	err = r.read(ctx, func(conn *sqlite.Conn) error {
		found, err = find(conn, &q, q.limit())
		return err
	})
	return found, err
}

// Quality finds what the devices of a record's two sides measured, also when they were on different servers.
func (r *Receiver) Quality(ctx context.Context, record *CallRecord) (found []QualityRecord, err error) {
	err = r.read(ctx, func(conn *sqlite.Conn) error {
		found, err = qualityOf(conn, record)
		return err
	})
	return found, err
}

func (r *Receiver) read(ctx context.Context, f func(*sqlite.Conn) error) error {
	r.reading.Lock()
	defer r.reading.Unlock()
	if r.reader == nil {
		return errClosed
	}
	defer r.reader.SetInterrupt(r.reader.SetInterrupt(ctx.Done()))
	err := f(r.reader)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// Local is the Destination for the publisher's own records.
func (r *Receiver) Local(server string) Destination { return local{r, server} }

type local struct {
	r      *Receiver
	server string
}

func (l local) Greet(context.Context) (Greeting, error) { return l.r.greet() }

func (l local) Missing(ctx context.Context, kind Kind, list []Listed) ([]string, error) {
	return l.r.missing(ctx, l.server, kind, list)
}

func (l local) Deliver(ctx context.Context, kind Kind, batch Listed, content io.Reader) (Receipt, error) {
	return l.r.receive(ctx, l.server, kind, batch, content)
}
