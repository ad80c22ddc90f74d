package cdr

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	"tandem/fault"
	"tandem/telephony/parameter"
)

const (
	tidyEvery = time.Hour
	// longestCall is how long a call may be up before its open record is reported.
	longestCall = 24 * time.Hour
	// settled is how long the clock must run evenly after it was set by more than leap before it may decide what is old.
	settled = 24 * time.Hour
	leap    = 12 * time.Hour
)

// tidier removes old flat files.
type tidier struct {
	next  time.Duration // up time of the next run
	clock evenClock
}

func (t *tidier) init(c *Collector) {
	t.clock = evenClock{notBefore: c.options.NotBefore, offset: c.begin.Round(0)}
}

func (t *tidier) run(c *Collector) {
	up, now := c.up(), c.options.Now().Round(0)
	trusted, stepped := t.clock.trusted(up, now)
	if stepped != 0 {
		c.options.Log.Warn("the clock was set far; old call records stay for now", "by", stepped.String())
	}
	if up < t.next {
		return
	}
	t.next = up + tidyEvery
	c.nag()
	if !trusted {
		t.next = min(t.next, t.clock.notBefore)
		return
	}
	days := c.options.Parameters().Int(parameter.CDRRetentionDays)
	removed := 0
	for _, prefix := range []string{callsPrefix, qualityPrefix} {
		files, err := flatFiles(c.dir, prefix)
		if err != nil {
			c.options.Log.Error("old call records cannot be listed", "error", err)
			return
		}
		removed += c.removeOld(files, now.AddDate(0, 0, -days))
	}
	if removed > 0 {
		c.options.Log.Info("old files of call records were removed", "count", removed, "days", days)
	}
}

// removeOld removes the files whose interval ended before limit.
func (c *Collector) removeOld(files []flatFile, limit time.Time) (removed int) {
	for i, f := range files {
		// No interval is longer than a day. The newest file of all is kept.
		if f.part || i+1 == len(files) || !f.at.Add(25*time.Hour).Before(limit) {
			continue
		}
		if remove(filepath.Join(c.dir, f.name)) {
			removed++
		}
	}
	bad, _ := os.ReadDir(filepath.Join(c.dir, "BAD"))
	for _, e := range bad {
		if info, err := e.Info(); err == nil && info.ModTime().Before(limit) {
			_ = remove(filepath.Join(c.dir, "BAD", e.Name()))
		}
	}
	return removed
}

// nag reports calls that are open for longer than any call should be.
func (c *Collector) nag() {
	up := c.up()
	var late []*CallRecord
	c.mu.Lock()
	for _, list := range c.open {
		for _, o := range list {
			if !o.nagged && up-o.up > longestCall {
				o.nagged = true
				late = append(late, o.record)
			}
		}
	}
	c.mu.Unlock()
	slices.SortFunc(late, func(a, b *CallRecord) int { return a.Began.Compare(b.Began) })
	for _, r := range late {
		c.alarm(fault.New(fault.RecordNeverEnded, "call", r.Call.String(), "device", r.Orig.Device,
			"since", r.Connected.Format(time.RFC3339)))
	}
}
