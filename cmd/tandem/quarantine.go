package main

import (
	"context"
	"fmt"
)

// quarantineCommands look after call records that the publisher could not insert.
type quarantineCommands struct {
	List    quarantineList    `cmd:"" help:"List what is in quarantine, and why."`
	Replay  quarantineReplay  `cmd:"" help:"Try to insert it again, after the reason is gone."`
	Discard quarantineDiscard `cmd:"" help:"Remove it for good."`
}

type quarantineList struct {
	connection
	format
}

// Run lists what is in quarantine.
func (q *quarantineList) Run(ctx context.Context, c *console) error {
	server, err := q.open()
	if err != nil {
		return err
	}
	defer server.Close()
	list, err := server.QuarantinedRecords(ctx)
	if err != nil {
		return err
	}
	return q.show(c.out, list, func() {
		if len(list) == 0 {
			fmt.Fprintln(c.out, "No call record is in quarantine.")
			return
		}
		t := newTable(c.out, "NAME", "SERVER", "SINCE", "LINES", "TRIES", "REASON")
		for _, l := range list {
			t.row(l.Name, l.Server, moment(l.Since), l.Lines, l.Tries, l.Reason)
		}
		t.end()
	})
}

type quarantineReplay struct {
	Name string `arg:"" help:"Name in quarantine."`
	connection
	format
}

// Run inserts what is in quarantine.
func (q *quarantineReplay) Run(ctx context.Context, c *console) error {
	server, err := q.open()
	if err != nil {
		return err
	}
	defer server.Close()
	r, err := server.ReplayRecords(ctx, q.Name)
	if err != nil {
		return err
	}
	return q.show(c.out, r, func() {
		fmt.Fprintf(c.out, "%d records were inserted; %d were there already.\n", r.Inserted, r.Known)
	})
}

type quarantineDiscard struct {
	Name string `arg:"" help:"Name in quarantine."`
	connection
}

// Run removes what is in quarantine.
func (q *quarantineDiscard) Run(ctx context.Context, c *console) error {
	server, err := q.open()
	if err != nil {
		return err
	}
	defer server.Close()
	if err := server.DiscardRecords(ctx, q.Name); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s is gone.\n", clean(q.Name))
	return err
}
