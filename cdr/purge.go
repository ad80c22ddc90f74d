package cdr

import (
	"context"
	"os"
	"time"

	"zombiezen.com/go/sqlite"

	"tandem/telephony/parameter"
)

// batchesLonger is how much longer the store knows a batch than its records: as long as any server may still send it.
const batchesLonger = 60 * 24 * time.Hour

// purgeRows is how many rows go in one transaction, so that insertions do not wait for long.
const purgeRows = 5000

// Run removes what is older or more than the retention allows, until ctx ends.
func (r *Receiver) Run(ctx context.Context) error {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.purge(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

// purge applies the retention once.
func (r *Receiver) purge(ctx context.Context) {
	now := r.o.Now()
	r.mu.Lock()
	trusted, stepped := r.clock.trusted(now.Sub(r.begin), now)
	r.mu.Unlock()
	if stepped != 0 {
		r.o.Log.Warn("the clock was set far; old call records stay for now", "by", stepped.String())
	}
	if !trusted {
		return
	}
	values := r.o.Parameters()
	limit := now.AddDate(0, 0, -values.Int(parameter.CDRRetentionDays))
	most := values.Int(parameter.MaximumCDRRecords)
	for _, t := range []struct{ table, column string }{{"call", "ended"}, {"quality", "at"}, {"fact", "ended"}} {
		r.deleteWhere(ctx, t.table, t.column, t.column+" < ?", limit.UnixMilli())
		if t.table != "fact" {
			r.deleteBeyond(ctx, t.table, t.column, most)
		}
	}
	r.deleteWhere(ctx, "batch", "at", "at < ?", limit.Add(-batchesLonger).UnixMilli())
	if oldest, err := r.oldest(); err == nil && oldest.After(limit) {
		limit = oldest
	}
	r.purgeFiles(limit)
	r.mu.Lock()
	r.judgeQuarantine()
	r.mu.Unlock()
}

// deleteWhere removes rows in portions.
func (r *Receiver) deleteWhere(ctx context.Context, table, column, condition string, args ...any) {
	for ctx.Err() == nil {
		n, err := r.deleteSome("DELETE FROM "+table+" WHERE number IN (SELECT number FROM "+table+" WHERE "+condition+
			" ORDER BY "+column+" LIMIT ?)", append(args, purgeRows)...)
		if err != nil {
			r.o.Log.Error("old call records cannot be removed from the store", "error", err)
			return
		}
		if n < purgeRows {
			return
		}
	}
}

// deleteBeyond removes the oldest rows above a number.
func (r *Receiver) deleteBeyond(ctx context.Context, table, column string, most int) {
	var n int64
	err := r.read(ctx, func(conn *sqlite.Conn) (err error) {
		n, err = number(conn, "SELECT count(*) FROM "+table)
		return err
	})
	for n -= int64(most); err == nil && n > 0 && ctx.Err() == nil; n -= purgeRows {
		_, err = r.deleteSome("DELETE FROM "+table+" WHERE number IN (SELECT number FROM "+table+" ORDER BY "+column+" LIMIT ?)", min(n, purgeRows))
	}
	if err != nil {
		r.o.Log.Error("call records beyond the greatest number cannot be removed from the store", "error", err)
	}
}

func (r *Receiver) deleteSome(query string, args ...any) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn == nil {
		return 0, errClosed
	}
	err = run(r.conn, query, args...)
	return r.conn.Changes(), err
}

func (r *Receiver) oldest() (t time.Time, err error) {
	err = r.read(context.Background(), func(conn *sqlite.Conn) error {
		n, err := number(conn, "SELECT ended FROM call ORDER BY ended LIMIT 1")
		t = time.UnixMilli(n)
		return err
	})
	return t, err
}

// purgeFiles removes flat files, and what is in quarantine, from before limit.
func (r *Receiver) purgeFiles(limit time.Time) {
	for _, prefix := range []string{callsPrefix, qualityPrefix} {
		files, err := flatFiles(r.path("collected"), prefix)
		if err != nil {
			r.o.Log.Error("files of call records cannot be listed", "error", err)
			return
		}
		for _, f := range files {
			if f.at.Add(25 * time.Hour).Before(limit) {
				_ = remove(r.path("collected", f.name))
			}
		}
	}
	days := time.Duration(r.o.Parameters().Int(parameter.CDRRetentionDays)) * 24 * time.Hour
	entries, _ := os.ReadDir(r.path("quarantine"))
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.ModTime().Before(r.o.Now().Add(-days)) {
			_ = remove(r.path("quarantine", e.Name()))
		}
	}
}
