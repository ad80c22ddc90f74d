package cdr

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"tandem/fault"
	"tandem/telephony/parameter"
)

// evenClock says whether the clock may decide what is old: a clock that is ten years ahead for a while must not remove ten
// years' records (T-21).
type evenClock struct {
	notBefore time.Duration // up time before which nothing is removed
	offset    time.Time     // the wall clock's idea of when this run began
}

// trusted takes the up time and the wall clock of now. stepped is not zero when the clock was set far since the last time.
func (e *evenClock) trusted(up time.Duration, now time.Time) (ok bool, stepped time.Duration) {
	begin := now.Round(0).Add(-up)
	if d := begin.Sub(e.offset); d > leap || d < -leap {
		e.notBefore = max(e.notBefore, up+settled)
		stepped = d
	}
	e.offset = begin
	return up >= e.notBefore, stepped
}

// keeper holds a server's flat files within the limit of number. That of age is the Collector's.
type keeper struct {
	clock evenClock
	next  time.Duration // up time of the next look
	rows  []fileRows    // of the complete files of calls, by sequence
}

type fileRows struct {
	sequence uint64
	rows     int
}

// retain warns before records are removed that were not delivered, and removes the oldest beyond the greatest number.
func (s *Shipper) retain(now time.Time, oldest time.Time) {
	days := s.o.Parameters().Int(parameter.CDRRetentionDays)
	up := now.Sub(s.begin)
	near := ""
	if !oldest.IsZero() {
		if left := oldest.Add(25*time.Hour).AddDate(0, 0, days).Sub(now); left < time.Duration(days)*24*time.Hour/4 {
			near = fmt.Sprintf("records are kept for %d days", days)
		}
	}
	trusted, _ := s.keep.clock.trusted(up, now)
	if up >= s.keep.next {
		s.keep.next = up + tidyEvery
		if err := s.limitNumber(trusted); err != nil {
			s.o.Log.Error("old call records cannot be removed", "error", err)
		}
	}
	if n, most := s.keep.total(), s.o.Parameters().Int(parameter.MaximumCDRRecords); near == "" && !oldest.IsZero() && n > most/10*9 {
		near = fmt.Sprintf("%d of at most %d records are kept", n, most)
	}
	if near == "" {
		s.alarms.over(fault.RecordsNearRetention)
	} else {
		s.alarms.stands(fault.New(fault.RecordsNearRetention, "since", oldest.Format(time.RFC3339), "limit", near, "directory", s.o.Dir))
	}
}

func (k *keeper) total() (n int) {
	for _, f := range k.rows {
		n += f.rows
	}
	return n
}

// limitNumber counts the records in files, each file once, and removes the oldest files while there are too many.
func (s *Shipper) limitNumber(remove bool) error {
	files, err := flatFiles(s.o.Dir, callsPrefix)
	if err != nil {
		return err
	}
	known := s.keep.rows
	var rows []fileRows
	var names []string
	for _, f := range files {
		if f.part {
			continue
		}
		for len(known) > 0 && known[0].sequence < f.sequence {
			known = known[1:]
		}
		n := fileRows{sequence: f.sequence}
		if len(known) > 0 && known[0].sequence == f.sequence {
			n = known[0]
		} else if n.rows, err = countRows(filepath.Join(s.o.Dir, f.name)); err != nil {
			continue // it may be removed right now; one that cannot be read is reported when it is to be delivered
		}
		rows, names = append(rows, n), append(names, f.name)
	}
	s.keep.rows = rows
	most := s.o.Parameters().Int(parameter.MaximumCDRRecords)
	// The newest file is kept: it tells the next run where numbers go on.
	for total := s.keep.total(); remove && total > most && len(names) > 1; names = names[1:] {
		if err := os.Remove(filepath.Join(s.o.Dir, names[0])); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		total -= s.keep.rows[0].rows
		s.keep.rows = s.keep.rows[1:]
	}
	return nil
}

// countRows counts the records of a flat file: its lines without the heading.
func countRows(path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	buf := make([]byte, 64<<10)
	n := -2
	for {
		k, err := f.Read(buf)
		n += bytes.Count(buf[:k], []byte("\n"))
		if err == io.EOF {
			return max(n, 0), nil
		}
		if err != nil {
			return 0, err
		}
	}
}
