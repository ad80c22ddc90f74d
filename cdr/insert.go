package cdr

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"zombiezen.com/go/sqlite"

	"tandem/telephony/parameter"
)

// arrival is a batch that lies here whole.
type arrival struct {
	server string
	kind   Kind
	name   string
	sum    string
	path   string // where it lies
	aside  string // the name in quarantine of what cannot be inserted
	tries  int    // how often it came from quarantine
}

// insertRows is how many rows go into the store in one transaction; a smaller batch is done in one.
const insertRows = 1000

// insert stores a batch, with mu held. It can be repeated at any point, also after a crash: rows that the same batch
// brought before are its own, and the batch counts only when all is done. again reads one that is stored already.
func (r *Receiver) insert(b *arrival, again bool) (Receipt, error) {
	if r.conn == nil {
		return Receipt{}, errClosed
	}
	name, ok := parseBatchName(b.kind, b.name)
	if !ok {
		return Receipt{}, fmt.Errorf("%w: the name %q", errRefused, b.name)
	}
	where := []any{b.server, string(b.kind), b.name}
	if n, err := number(r.conn, "SELECT count(*) FROM batch WHERE server = ? AND kind = ? AND name = ? AND sum = ? AND complete = 1",
		append(where, b.sum)...); err != nil || n > 0 && !again {
		return Receipt{}, err
	}
	i := &insertion{conn: r.conn, server: b.server, any: r.made}
	err := i.portions(func() error {
		err := run(r.conn, "INSERT INTO batch (server, kind, name, node, at, sum) VALUES (?,?,?,?,?,?) ON CONFLICT (server, kind, name) DO UPDATE SET "+
			"sum = excluded.sum, complete = 0", append(where, int(name.node), millis(name.at), b.sum)...)
		if err != nil {
			return err
		}
		if i.batch, err = number(r.conn, "SELECT number FROM batch WHERE server = ? AND kind = ? AND name = ?", where...); err != nil {
			return err
		}
		bad, err := r.insertRows(b, i)
		if err != nil {
			return err
		}
		if i.Quarantined = bad.count; bad.count > 0 {
			if err := r.putAside(b, bad); err != nil {
				return err
			}
		}
		if err := r.collect(b.kind, i.batch, b.name); err != nil {
			return err
		}
		return run(r.conn, "UPDATE batch SET complete = 1 WHERE number = ?", i.batch)
	})
	if err == nil && b.kind == KindFacts && r.removed {
		_, err = r.makeRecords(i.batch)
	}
	return i.Receipt, err
}

// maxBadLines is how many bad lines of a batch are told apart; if there are more the whole of it goes aside.
const maxBadLines = 1_000_000

// badLines are the lines of a batch that cannot be inserted.
type badLines struct {
	lines []int // their numbers, rising; empty with count > 0: all
	count int
	why   error // of the first
}

func (b *badLines) add(line int, err error) {
	switch {
	case b.count > 0 && len(b.lines) == 0: // all count as bad
	case b.count == maxBadLines:
		b.lines = nil
	default:
		b.lines = append(b.lines, line)
	}
	b.count++
	if b.why == nil {
		b.why = fmt.Errorf("line %d: %w", line, err)
	}
}

// insertRows reads the batch and inserts what can be.
func (r *Receiver) insertRows(b *arrival, i *insertion) (*badLines, error) {
	f, err := os.Open(b.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	bad := &badLines{}
	switch b.kind {
	case KindQuality:
		err = insertAll(r.o.Cluster(), f, bad, qualityByName, func(q *QualityRecord) (string, string, error) { return q.ID, q.Cluster, q.check() }, i.quality)
	case KindFacts:
		err = insertAll(r.o.Cluster(), f, bad, callsByName, checkCall, i.fact)
	default:
		err = insertAll(r.o.Cluster(), f, bad, callsByName, checkCall, i.call)
	}
	if err != nil {
		return nil, err
	}
	return bad, endsTorn(f, bad)
}

func checkCall(c *CallRecord) (id, cluster string, err error) { return c.ID, c.Cluster, c.check() }

// insertAll inserts the rows of a flat file.
func insertAll[T any](cluster string, f io.Reader, bad *badLines, known map[string]func(*T, string) error,
	check func(*T) (id, cluster string, err error), insert func(*T, []byte) error) error {
	var failed error
	err := readFlat(f, known, func(line int, record T) bool {
		text, of, err := check(&record)
		var id []byte
		if err == nil {
			id, err = recordID(text)
		}
		if err == nil && of != "" && of != cluster {
			err = fmt.Errorf("it is a record of the cluster %q", of)
		}
		if err != nil {
			bad.add(line, err)
			return true
		}
		failed = insert(&record, id)
		return failed == nil
	}, bad.add)
	if failed != nil {
		return failed
	}
	var path *os.PathError
	if errors.As(err, &path) { // the disk cannot be read: not the batch's fault
		return err
	}
	if err != nil { // the heading is none: nothing of it can be understood
		*bad = badLines{count: 1, why: err}
	}
	return nil
}

// endsTorn finds a last line without its end, which readers pass over because it may still be written.
func endsTorn(f *os.File, bad *badLines) error {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 || bad.count > 0 && len(bad.lines) == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, info.Size()-1); err != nil || last[0] == '\n' {
		return err
	}
	bad.add(1<<62, errTorn)
	return nil
}

// copyBad writes the heading and the bad lines of a batch, so that the result is a flat file again.
func copyBad(w io.Writer, from io.Reader, bad *badLines) error {
	if len(bad.lines) == 0 {
		_, err := io.Copy(w, from)
		return err
	}
	in, out := bufio.NewReaderSize(from, maxRow), bufio.NewWriter(w)
	left := bad.lines
	for line := 1; ; line++ {
		types := line == 2
		for part := 0; ; part++ {
			text, err := in.ReadSlice('\n')
			torn := err == io.EOF
			if err != nil && !torn && !errors.Is(err, bufio.ErrBufferFull) {
				return err
			}
			types = types && part == 0 && (hasPrefix(text, "INTEGER") || hasPrefix(text, "UNIQUEIDENTIFIER"))
			wanted := len(left) > 0 && (left[0] == line || torn && left[0] == 1<<62)
			if line == 1 || types || wanted {
				_, _ = out.Write(text)
			}
			if torn {
				if wanted && len(text) > 0 {
					_ = out.WriteByte('\n')
				}
				return out.Flush()
			}
			if err == nil {
				break
			}
		}
		if len(left) > 0 && left[0] == line {
			left = left[1:]
		}
	}
}

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }

// collect writes the flat file of a batch: the records that it brought first, in the layout of now. It is whole before the
// batch counts, and the same when it is written again.
func (r *Receiver) collect(kind Kind, batch int64, name string) error {
	layout := Layout4
	if values := r.o.Parameters(); values.Text(parameter.CDRFormat) == "database" {
		return nil
	} else if Layout(values.Text(parameter.CDRLayout)) == LayoutLater {
		layout = LayoutLater
	}
	// A server that was given another name, or another server's number, must not write over what is there.
	if n, err := number(r.conn, "SELECT count(*) FROM batch WHERE kind = ? AND name = ? AND number < ?", string(kind), name, batch); err != nil {
		return err
	} else if n > 0 {
		if name, _, err = laterName(kind, name, otherSequence+uint64(batch)); err != nil {
			return err
		}
	}
	switch kind {
	case KindCalls:
		return collectRows(r, "call", batch, name, callsLater, layout.calls())
	case KindQuality:
		return collectRows(r, "quality", batch, name, qualityLater, layout.quality())
	}
	return nil
}

func collectRows[T any](r *Receiver, table string, batch int64, name string, kept, columns []column[T]) error {
	if n, err := number(r.conn, "SELECT count(*) FROM "+table+" WHERE batch = ?", batch); err != nil || n == 0 {
		return err
	}
	return replaceFile(r.path("collected", name), func(w io.Writer) error {
		out := bufio.NewWriterSize(w, 64<<10)
		line := appendHeading(nil, columns)
		_, _ = out.Write(line)
		err := each(r.conn, "SELECT data FROM "+table+" WHERE batch = ? ORDER BY number", func(s *sqlite.Stmt) error {
			record, err := rowOf(s, 0, kept)
			if err != nil {
				return err
			}
			line = appendRow(line[:0], columns, record)
			_, err = out.Write(line)
			return err
		}, batch)
		return errors.Join(err, out.Flush())
	})
}

// madeBy stands for the server of batches that we made of facts; no server has this name.
const madeBy = ""

// These are added to the number of a batch for what comes of it later, so that files that
// billing systems may have read never change.
const (
	madeSequence  = 1_000_000_000_000
	otherSequence = 2_000_000_000_000
	retrySequence = 3_000_000_000_000 // and once more with each try
)

// laterName names the file of what comes of a batch later.
func laterName(kind Kind, name string, add uint64) (string, batchName, error) {
	b, ok := parseBatchName(kind, name)
	if !ok {
		return "", b, fmt.Errorf("%w: the name %q", errRefused, name)
	}
	return fmt.Sprintf("%s%s_%02d_%s_%d", kind.prefix(), b.cluster, b.node, b.at.Format("200601021504"), b.sequence+add), b, nil
}
