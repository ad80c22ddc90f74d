package client

import (
	"context"
	"net/http"
	"time"
)

// QuarantinedRecords are call records that could not be inserted into the publisher's store.
type QuarantinedRecords struct {
	Name   string    `json:"name" doc:"Name in quarantine."`
	Server string    `json:"server" doc:"Server that sent them."`
	Kind   string    `json:"kind" enum:"calls,quality,facts" doc:"What they are."`
	File   string    `json:"file" doc:"The server's file that they were in."`
	Lines  int       `json:"lines" doc:"Lines that cannot be inserted."`
	Reason string    `json:"reason" doc:"Why the first of them cannot."`
	Since  time.Time `json:"since" doc:"Since when they are in quarantine."`
	Tries  int       `json:"tries" doc:"How often their insertion was tried again."`
}

// ReplayedRecords tells what became of call records that were in quarantine.
type ReplayedRecords struct {
	Inserted int `json:"inserted" doc:"Records that are new in the store."`
	Known    int `json:"known" doc:"Records that were in the store already."`
}

// QuarantinedRecords lists the call records that could not be inserted.
func (c *Client) QuarantinedRecords(ctx context.Context) ([]QuarantinedRecords, error) {
	return ask[[]QuarantinedRecords](ctx, c, http.MethodGet, "/quarantine", nil, nil)
}

// ReplayRecords tries to insert what is in quarantine under a name.
func (c *Client) ReplayRecords(ctx context.Context, name string) (ReplayedRecords, error) {
	return ask[ReplayedRecords](ctx, c, http.MethodPost, "/quarantine"+segment(name, "replay"), nil, nil)
}

// DiscardRecords removes what is in quarantine under a name for good.
func (c *Client) DiscardRecords(ctx context.Context, name string) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, path: "/quarantine" + segment(name)})
	return err
}
