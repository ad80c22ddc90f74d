package cdr

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"tandem/fault"
)

// whySuffix is that of the file beside each in quarantine which says where it is from and why it is there.
const whySuffix = ".why"

// Quarantined is a file of call records that could not be inserted: a whole batch, or its bad lines below its heading.
type Quarantined struct {
	Name   string    `json:"name"`   // in quarantine
	Server string    `json:"server"` // that sent it
	Kind   Kind      `json:"kind"`
	Batch  string    `json:"batch"`  // name of the server's file
	Lines  int       `json:"lines"`  // that are bad; 1 also where nothing of the file can be understood
	Reason string    `json:"reason"` // of the first
	At     time.Time `json:"at"`     // since when it is here
	Tries  int       `json:"tries"`  // how often it was tried again
}

func quarantineName(server string, kind Kind, name string) string {
	return nameable(server) + "." + string(kind) + "." + name
}

// putAside writes what cannot be inserted into quarantine, before the batch counts. The same batch that comes again
// writes the same.
func (r *Receiver) putAside(b *arrival, bad *badLines) error {
	from, err := os.Open(b.path)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := replaceFile(r.path("quarantine", b.aside), func(w io.Writer) error { return copyBad(w, from, bad) }); err != nil {
		return err
	}
	name := b.name
	if b.tries > 0 {
		// It keeps the name under which it came at first.
		if was, err := r.why(b.aside); err == nil {
			name = was.Batch
		}
	}
	q := Quarantined{Name: b.aside, Server: b.server, Kind: b.kind, Batch: name, Lines: bad.count, Reason: clip(bad.why.Error()),
		At: wall(r.o.Now()), Tries: b.tries}
	err = replaceFile(r.path("quarantine", b.aside+whySuffix), func(w io.Writer) error { return json.NewEncoder(w).Encode(q) })
	if err == nil {
		r.alarms.again(fault.New(fault.RecordsQuarantined, "server", b.server, "name", b.aside, "cause", q.Reason, "directory", r.path("quarantine")))
	}
	return err
}

func (r *Receiver) why(name string) (q Quarantined, err error) {
	if strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, whySuffix) || strings.HasPrefix(name, ".") {
		return q, fault.New(fault.QuarantineUnknown, "name", name)
	}
	data, err := os.ReadFile(r.path("quarantine", name+whySuffix))
	if errors.Is(err, os.ErrNotExist) {
		return q, fault.New(fault.QuarantineUnknown, "name", name)
	}
	if err == nil {
		err = json.Unmarshal(data, &q)
	}
	return q, err
}

// Quarantined lists what could not be inserted, by name.
func (r *Receiver) Quarantined() ([]Quarantined, error) {
	entries, err := os.ReadDir(r.path("quarantine"))
	list := []Quarantined{}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), whySuffix); ok {
			if q, err := r.why(name); err == nil {
				list = append(list, q)
			}
		}
	}
	return list, err
}

// Replay tries to insert what is in quarantine under a name. What can be inserted is, and leaves the quarantine; the error
// fault.RecordsStillBad says that lines remain.
func (r *Receiver) Replay(_ context.Context, name string) (Receipt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q, err := r.why(name)
	if err != nil {
		return Receipt{}, err
	}
	path := r.path("quarantine", name)
	_, sum, err := hashFile(path)
	if err != nil {
		return Receipt{}, err
	}
	batch, _, err := laterName(q.Kind, q.Batch, retrySequence*uint64(q.Tries+1))
	if err != nil {
		return Receipt{}, err
	}
	b := &arrival{server: q.Server, kind: q.Kind, name: batch, sum: sum, path: path, aside: name, tries: q.Tries + 1}
	receipt, err := r.insert(b, true)
	if err := r.outcome(err); err != nil {
		return receipt, err
	}
	if receipt.Quarantined > 0 {
		left, err := r.why(name)
		return receipt, errors.Join(fault.New(fault.RecordsStillBad, "count", receipt.Quarantined, "name", name, "cause", left.Reason,
			"directory", r.path("quarantine")), err)
	}
	return receipt, r.discard(name)
}

// Discard removes what is in quarantine under a name for good.
func (r *Receiver) Discard(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.why(name); errors.Is(err, fault.QuarantineUnknown) {
		return err
	}
	return r.discard(name)
}

func (r *Receiver) discard(name string) error {
	err := os.Remove(r.path("quarantine", name))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	err = errors.Join(err, os.Remove(r.path("quarantine", name+whySuffix)))
	r.judgeQuarantine()
	return err
}

// judgeQuarantine ends the alarm when nothing is in quarantine, with mu held.
func (r *Receiver) judgeQuarantine() {
	list, err := r.Quarantined()
	switch {
	case err == nil && len(list) == 0:
		r.alarms.over(fault.RecordsQuarantined)
	case len(list) > 0 && !r.alarms.standing[fault.RecordsQuarantined]:
		q := list[0]
		r.alarms.stands(fault.New(fault.RecordsQuarantined, "server", q.Server, "name", q.Name, "cause", q.Reason, "directory", r.path("quarantine")))
	}
}
