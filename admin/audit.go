package admin

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"tandem/admin/client"
	"tandem/confdb"
	"tandem/fault"
)

// Bounds of the audit log that is kept in memory; the server's log file has all of it.
const (
	auditEntries = 1000
	auditChanges = 100    // of one entry
	auditInAll   = 20_000 // changes of all entries together; the oldest keep only how many they were
	briefLength  = 256    // characters of a name that somebody gave
)

// brief bounds a text that somebody gave, for messages and the log.
func brief(text string) string {
	if len(text) <= briefLength {
		return text
	}
	return strings.ToValidUTF8(text[:briefLength], "") + "…"
}

// audit remembers what was done and refused, newest last.
type audit struct {
	mu      sync.Mutex
	entries []client.AuditEntry
	changes int // in all entries
}

// add remembers an entry, within the bounds.
func (a *audit) add(e client.AuditEntry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.entries) >= auditEntries {
		a.changes -= len(a.entries[0].Changes)
		a.entries = append(a.entries[:0], a.entries[1:]...)
	}
	a.entries = append(a.entries, e)
	a.changes += len(e.Changes)
	for i := 0; a.changes > auditInAll; i++ {
		old := &a.entries[i]
		a.changes -= len(old.Changes)
		old.More += len(old.Changes)
		old.Changes = nil
	}
}

// note writes what somebody did, or was refused, to the log and remembers it.
func (o *Operations) note(ctx context.Context, operation, object string, err error, r *confdb.Result) {
	i, object := From(ctx), brief(object)
	e := client.AuditEntry{Time: time.Now(), Actor: i.Name, Address: i.Address, Operation: brief(operation), Object: object}
	var f *fault.Error
	if errors.As(err, &f) {
		e.Code = f.Code
	}
	if r != nil {
		words := resultWords(*r)
		e.Changes = words.Items
		if len(e.Changes) > auditChanges {
			e.More = len(e.Changes) - auditChanges
			e.Changes = e.Changes[:auditChanges]
		}
	}
	o.Log.Info("administration", "actor", e.Actor, "address", e.Address, "operation", e.Operation, "object", object,
		"refused", err != nil, "code", string(e.Code), "changes", len(e.Changes)+e.More)
	o.audit.add(e)
}

// Audit lists what was done, newest first, at most limit (0: 100).
func (o *Operations) Audit(ctx context.Context, limit int) ([]client.AuditEntry, error) {
	if err := o.may(ctx, ToRead, "read the audit log"); err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = 100
	}
	o.audit.mu.Lock()
	defer o.audit.mu.Unlock()
	out := []client.AuditEntry{}
	for i := len(o.audit.entries) - 1; i >= 0 && len(out) < limit; i-- {
		out = append(out, o.audit.entries[i])
	}
	return out, nil
}
