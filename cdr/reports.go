package cdr

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// Reports answers queries from a server's own records and, at the publisher, from those of all servers.
type Reports struct {
	Server  string     // this server
	Local   *Collector // nil: none
	Cluster *Receiver  // nil: this server is not the publisher
}

// Query returns the records that q asks for, those that ended last first, each once, with the server that wrote it. Of this
// server's own the copy here counts, which is newer and more exact. What was found comes with the error of the other side.
func (r Reports) Query(ctx context.Context, q Query) ([]CallRecord, error) {
	var found []CallRecord
	var failed error
	seen := map[string]bool{}
	if r.Local != nil && (q.Server == "" || strings.EqualFold(q.Server, r.Server)) {
		own := q
		own.Server = ""
		records, err := r.Local.Query(ctx, own)
		failed = err
		for _, c := range records {
			c.Server = r.Server
			seen[c.ID] = true
			found = append(found, c)
		}
	}
	if r.Cluster != nil {
		records, err := r.Cluster.Query(ctx, q)
		failed = errors.Join(failed, err)
		for _, c := range records {
			if !seen[c.ID] {
				found = append(found, c)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b CallRecord) int { return b.Ended.Compare(a.Ended) })
	return found[:min(len(found), q.limit())], failed
}
