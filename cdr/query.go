package cdr

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tandem/call/signal"
)

// Limits of a Query.
const (
	DefaultLimit = 100
	MaximumLimit = 100_000
)

// Query says which records are wanted. A zero field asks for nothing.
type Query struct {
	Since, Until time.Time     // records of calls that were up at any time between
	Number       string        // calling, original called, final called or last redirecting number
	Device       string        // of either side, in any capitalisation
	Call         signal.CallID // all records of one call
	Server       string        // that wrote it; for records of several servers (Receiver, Reports)
	Limit        int           // how many at most, newest first; 0 means DefaultLimit
}

func (q *Query) limit() int {
	if q.Limit <= 0 {
		return DefaultLimit
	}
	return min(q.Limit, MaximumLimit)
}

func (q *Query) matches(r *CallRecord) bool {
	switch {
	case !q.Since.IsZero() && r.Ended.Before(q.Since), !q.Until.IsZero() && r.Began.After(q.Until):
		return false
	case !q.Call.IsZero() && r.Call.CallID != q.Call:
		return false
	case q.Number != "" && r.Calling.Number != q.Number && r.FinalCalled.Number != q.Number &&
		r.OriginalCalled.Number != q.Number && r.LastRedirect.Number != q.Number:
		return false
	case q.Device != "" && !strings.EqualFold(r.Orig.Device, q.Device) && !strings.EqualFold(r.Dest.Device, q.Device):
		return false
	}
	return true
}

// Query returns the records that q asks for, those that ended last first. It looks into memory for the newest and into
// the flat files for older ones, which keep whole seconds and no IPv6 address in the layout of 4.x. ctx ends a search
// that takes too long; what was found until then comes with the error.
func (c *Collector) Query(ctx context.Context, q Query) ([]CallRecord, error) {
	limit := q.limit()
	found, complete := c.recent.find(&q, limit)
	if complete || len(found) >= limit {
		return found, nil
	}
	seen := make(map[string]bool, len(found))
	for i := range found {
		seen[found[i].ID] = true
	}
	older, err := searchFiles(ctx, c.dir, &q, limit, seen)
	found = append(found, older...)
	slices.SortStableFunc(found, func(a, b CallRecord) int { return b.Ended.Compare(a.Ended) })
	return found[:min(len(found), limit)], err
}

// searchFiles looks through the flat files from the newest to the oldest.
func searchFiles(ctx context.Context, dir string, q *Query, limit int, seen map[string]bool) (found []CallRecord, err error) {
	files, err := flatFiles(dir, callsPrefix)
	if err != nil {
		return nil, err
	}
	want := limit - len(seen)
	for i := len(files) - 1; i >= 0 && len(found) < want; i-- {
		if ctx.Err() != nil {
			return found, ctx.Err()
		}
		// A file holds calls that ended between its own minute and the next file's; an hour is allowed for set clocks.
		if !q.Since.IsZero() && i+1 < len(files) && files[i+1].at.Add(time.Hour).Before(q.Since) {
			continue
		}
		records, err := searchFile(ctx, dir, files[i], q, seen)
		if err != nil {
			return found, err
		}
		// Newest first within the file too.
		slices.Reverse(records)
		found = append(found, records...)
	}
	return found, nil
}

func searchFile(ctx context.Context, dir string, file flatFile, q *Query, seen map[string]bool) (found []CallRecord, err error) {
	f, err := os.Open(filepath.Join(dir, file.name))
	if errors.Is(err, fs.ErrNotExist) && file.part {
		f, err = os.Open(filepath.Join(dir, strings.TrimSuffix(file.name, partSuffix))) // completed meanwhile
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // too old, or somebody took it away
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	n := 0
	err = ReadCalls(f, func(r CallRecord) bool {
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return false
		}
		if q.matches(&r) && !seen[r.ID] {
			seen[r.ID] = true
			found = append(found, r)
			if len(found) >= 2*MaximumLimit { // only the newest are wanted
				found = append(found[:0], found[MaximumLimit:]...)
			}
		}
		return true
	}, func(int, error) {})
	if err != nil && file.part {
		err = nil // being written, or built again
	}
	return found, errors.Join(err, ctx.Err())
}

func sortFlat(files []flatFile) {
	slices.SortFunc(files, func(a, b flatFile) int {
		if a.sequence != b.sequence {
			if a.sequence < b.sequence {
				return -1
			}
			return 1
		}
		return strings.Compare(a.name, b.name)
	})
}
