package admin

import (
	"context"

	"tandem/admin/client"
	"tandem/cdr"
	"tandem/fault"
)

// recordStore is the store of all servers' call records, which the publisher has.
func (o *Operations) recordStore(ctx context.Context, p Permission, operation string) (*cdr.Receiver, error) {
	if err := o.may(ctx, p, operation); err != nil {
		return nil, err
	}
	if r := o.Sources.Records().Cluster; r != nil {
		return r, nil
	}
	return nil, fault.New(fault.RecordsElsewhere)
}

// QuarantinedRecords lists the call records that could not be inserted.
func (o *Operations) QuarantinedRecords(ctx context.Context) ([]client.QuarantinedRecords, error) {
	r, err := o.recordStore(ctx, ToRead, "see the quarantine of call records")
	if err != nil {
		return nil, err
	}
	list, err := r.Quarantined()
	out := make([]client.QuarantinedRecords, 0, len(list))
	for _, q := range list {
		out = append(out, client.QuarantinedRecords{Name: q.Name, Server: q.Server, Kind: string(q.Kind), File: q.Batch, Lines: q.Lines,
			Reason: q.Reason, Since: q.At, Tries: q.Tries})
	}
	return out, err
}

// ReplayRecords tries to insert what is in quarantine under a name.
func (o *Operations) ReplayRecords(ctx context.Context, name string) (client.ReplayedRecords, error) {
	r, err := o.recordStore(ctx, ToAdminister, "replay-records")
	if err != nil {
		return client.ReplayedRecords{}, err
	}
	receipt, err := r.Replay(ctx, name)
	o.note(ctx, "replay-records", name, err, nil)
	return client.ReplayedRecords{Inserted: receipt.Inserted, Known: receipt.Known}, err
}

// DiscardRecords removes what is in quarantine under a name for good.
func (o *Operations) DiscardRecords(ctx context.Context, name string) error {
	r, err := o.recordStore(ctx, ToAdminister, "discard-records")
	if err == nil {
		err = r.Discard(name)
		o.note(ctx, "discard-records", name, err, nil)
	}
	return err
}
