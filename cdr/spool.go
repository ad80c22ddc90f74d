package cdr

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"
)

// The spool is the directory of records itself: complete flat files never change and get rising numbers, so one number per
// kind says what was delivered. Losing that number costs time, not records: everything is listed again, and the publisher
// names what it lacks.

// delivered is what a server remembers of its deliveries, and to which store they went.
type delivered struct {
	Greeting
	UpTo    map[Kind]uint64 `json:"upTo"` // every batch up to this sequence is in the store
	Audited time.Time       `json:"audited,omitzero"`
	Moved   bool            `json:"moved"` // whoever wants to hear of another store was told of this one
}

func deliveredPath(dir string) string { return filepath.Join(dir, "delivered") }

func readDelivered(dir string) (d delivered) {
	data, err := os.ReadFile(deliveredPath(dir))
	if err != nil || json.Unmarshal(data, &d) != nil {
		d = delivered{}
	}
	if d.UpTo == nil {
		d.UpTo = map[Kind]uint64{}
	}
	return d
}

func (d *delivered) write(dir string) error {
	return replaceFile(deliveredPath(dir), func(w io.Writer) error { return json.NewEncoder(w).Encode(d) })
}

// restart forgets what was delivered, because the publisher has another store or asks for everything again.
func (d *delivered) restart(g Greeting, now time.Time) {
	moved := d.Moved && d.Store == g.Store && d.Generation == g.Generation
	*d = delivered{Greeting: g, UpTo: map[Kind]uint64{}, Audited: now, Moved: moved}
}

// undelivered lists the complete files of a kind that are not delivered, oldest first.
func (d *delivered) undelivered(dir string, kind Kind) ([]flatFile, error) {
	files, err := flatFiles(kind.dir(dir), kind.prefix())
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if n := len(files); n > 0 && files[n-1].sequence < d.UpTo[kind] {
		d.UpTo[kind] = 0 // the directory was begun anew
	}
	left := files[:0]
	for _, f := range files {
		// No interval is longer than a day.
		if !f.part && f.sequence > d.UpTo[kind] && (d.Since.IsZero() || f.at.Add(25*time.Hour).After(d.Since)) {
			left = append(left, f)
		}
	}
	return left, nil
}
