package cdr

import (
	"zombiezen.com/go/sqlite"

	"tandem/fault"
)

// makeRecords makes records of the facts in a batch (0: in all) whose keeper was removed and has delivered none, with mu
// held. Each batch of facts is done in one transaction, so a crash repeats it or leaves it done.
func (r *Receiver) makeRecords(batch int64) (made int, err error) {
	type source struct {
		number       int64
		server, name string
	}
	var sources []source
	err = each(r.conn, "SELECT DISTINCT b.number, b.server, b.name FROM fact f JOIN batch b ON b.number = f.batch JOIN removed r ON r.node = f.keeper "+
		"WHERE f.done = 0 AND b.complete = 1 AND (? = 0 OR f.batch = ?) ORDER BY b.number", func(s *sqlite.Stmt) error {
		sources = append(sources, source{s.ColumnInt64(0), s.ColumnText(1), s.ColumnText(2)})
		return nil
	}, batch, batch)
	for _, s := range sources {
		if err == nil {
			var n int
			n, err = r.makeOf(s.number, s.server, s.name)
			made += n
		}
	}
	if made > 0 {
		r.made = true
		r.alarms.raise(fault.New(fault.RecordsMadeFromFacts, "count", made))
	}
	return made, err
}

func (r *Receiver) makeOf(facts int64, server, name string) (made int, err error) {
	file, parsed, err := laterName(KindFacts, name, madeSequence)
	if err != nil {
		return 0, err
	}
	err = r.transaction(func() error {
		var records []*CallRecord
		var numbers []int64
		// A server that was removed and came back under the same number keeps its records again.
		err := each(r.conn, "SELECT f.data, f.number FROM fact f JOIN removed r ON r.node = f.keeper WHERE f.batch = ? AND f.done = 0 "+
			"AND f.connected < r.at + ? AND NOT EXISTS (SELECT 1 FROM call c WHERE c.orig = f.orig AND c.dest = f.dest AND "+
			"abs(c.connected - f.connected) < ?) ORDER BY f.number", func(s *sqlite.Stmt) error {
			c, err := rowOf(s, 0, callsLater)
			records, numbers = append(records, c), append(numbers, s.ColumnInt64(1))
			return err
		}, facts, sameTime.Milliseconds(), sameTime.Milliseconds())
		if err != nil || len(records) == 0 {
			return err
		}
		if err := run(r.conn, "INSERT INTO batch (server, kind, name, node, at, sum, complete) VALUES (?,?,?,?,?,'',1) ON CONFLICT DO NOTHING",
			madeBy, string(KindCalls), file, int(parsed.node), millis(parsed.at)); err != nil {
			return err
		}
		i := &insertion{conn: r.conn, server: server, made: true}
		if i.batch, err = number(r.conn, "SELECT number FROM batch WHERE server = ? AND kind = ? AND name = ?", madeBy, string(KindCalls), file); err != nil {
			return err
		}
		for n, c := range records {
			c.Incomplete, c.Comment = true, CommentServerRemoved
			id, err := recordID(c.ID)
			if err == nil {
				err = i.call(c, id)
			}
			if err == nil {
				err = run(r.conn, "UPDATE fact SET done = 1 WHERE number = ?", numbers[n])
			}
			if err != nil {
				return err
			}
		}
		made = i.Inserted
		return r.collect(KindCalls, i.batch, file)
	})
	return made, err
}

// CloseRecordsOf makes the records of calls whose record was kept by a server that is removed for good, of what the other
// servers witnessed; facts that arrive later are treated alike. It returns how many were made now.
func (r *Receiver) CloseRecordsOf(node uint16) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn == nil {
		return 0, errClosed
	}
	err := run(r.conn, "INSERT INTO removed (node, at) VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at", int(node), millis(r.o.Now()))
	if err != nil {
		return 0, r.outcome(err)
	}
	r.removed = true
	made, err := r.makeRecords(0)
	return made, r.outcome(err)
}
