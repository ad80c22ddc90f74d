package cdr

import (
	"slices"
	"sync"
)

// recent holds the newest records in memory. It is safe for concurrent use.
type recent struct {
	mu      sync.Mutex
	records []*CallRecord // a ring once it is full; never changed after they came in
	next    int
	limit   int
	older   bool // there are or may be older records in files
}

func newRecent(limit int, older bool) *recent { return &recent{limit: limit, older: older} }

func (r *recent) add(record *CallRecord) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.records) < r.limit {
		r.records = append(r.records, record)
		return
	}
	r.older = true
	r.records[r.next] = record
	r.next = (r.next + 1) % r.limit
}

// find returns the matching records, newest end first, and whether no file can hold another match.
func (r *recent) find(q *Query, limit int) (found []CallRecord, complete bool) {
	r.mu.Lock()
	all := make([]*CallRecord, 0, len(r.records))
	for i := range r.records {
		all = append(all, r.records[(r.next+i)%len(r.records)])
	}
	complete = !r.older
	r.mu.Unlock()
	for _, record := range slices.Backward(all) {
		if q.matches(record) {
			found = append(found, *record)
			if len(found) == limit {
				break
			}
		}
	}
	slices.SortStableFunc(found, func(a, b CallRecord) int { return b.Ended.Compare(a.Ended) })
	return found, complete
}
