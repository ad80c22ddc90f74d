package cdr

import (
	"context"
	"errors"
	"os"

	"zombiezen.com/go/sqlite"
)

// HandOn gives another publisher the collected files of the servers that gone names: those that were removed and cannot
// deliver their records themselves any more. Every other server does, and what this store made of facts the new one makes
// again. It can be repeated; what the other store has is passed over. Records keep their server.
func (r *Receiver) HandOn(ctx context.Context, to Destination, gone func(server string) bool) error {
	var after int64
	for {
		type batch struct {
			kind Kind
			Listed
		}
		var list []batch
		err := r.read(ctx, func(conn *sqlite.Conn) error {
			return each(conn, "SELECT number, server, kind, name FROM batch WHERE number > ? AND complete = 1 AND server <> ? AND kind <> ? ORDER BY number LIMIT ?",
				func(s *sqlite.Stmt) error {
					after = s.ColumnInt64(0)
					list = append(list, batch{Kind(s.ColumnText(2)), Listed{Name: s.ColumnText(3), Of: s.ColumnText(1)}})
					return nil
				}, after, madeBy, string(KindFacts), maxListed)
		})
		if err != nil || len(list) == 0 {
			return err
		}
		for _, b := range list {
			if !gone(b.Of) {
				continue
			}
			if err := r.handOn(ctx, to, b.kind, b.Listed); err != nil {
				return err
			}
		}
	}
}

func (r *Receiver) handOn(ctx context.Context, to Destination, kind Kind, l Listed) (err error) {
	path := r.path("collected", l.Name)
	l.Size, l.SHA256, err = hashFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // none of its records was new, or they are too old
	}
	if err != nil {
		return err
	}
	missing, err := to.Missing(ctx, kind, []Listed{l})
	if err != nil || len(missing) == 0 {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = to.Deliver(ctx, kind, l, f)
	return err
}
