package admin

import (
	"context"
	"errors"
	"sync"
	"time"

	"tandem/admin/client"
	"tandem/confdb"
	"tandem/fault"
)

// Bounds of the audit log that is kept in memory; the server's log file has all of it.
const (
	auditEntries = 1000
	auditChanges = 100
)

// audit remembers what was done and refused, newest last.
type audit struct {
	mu      sync.Mutex
	entries []client.AuditEntry
}

// note writes what somebody did, or was refused, to the log and remembers it.
func (o *Operations) note(ctx context.Context, operation, object string, err error, r *confdb.Result) {
	i := From(ctx)
	e := client.AuditEntry{Time: time.Now(), Actor: i.Name, Address: i.Address, Operation: operation, Object: object}
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
	o.Log.Info("administration", "actor", e.Actor, "address", e.Address, "operation", operation, "object", object,
		"refused", err != nil, "code", string(e.Code), "changes", len(e.Changes)+e.More)
	o.audit.mu.Lock()
	defer o.audit.mu.Unlock()
	if len(o.audit.entries) >= auditEntries {
		o.audit.entries = append(o.audit.entries[:0], o.audit.entries[1:]...)
	}
	o.audit.entries = append(o.audit.entries, e)
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
