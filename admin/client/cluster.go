package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// ClusterServer is one server of the cluster as the answering one sees it.
type ClusterServer struct {
	Name       string     `json:"name" doc:"Name of the server."`
	Node       int        `json:"node" doc:"Its number in the cluster."`
	Address    string     `json:"address" doc:"Address at which the other servers reach it."`
	Role       string     `json:"role" enum:"publisher,voter,subscriber" doc:"publisher takes changes of the configuration; a voter may take over from it by itself."`
	Reachable  bool       `json:"reachable" doc:"Heard of within the last 1.5 seconds, or the answering server itself."`
	Heard      *time.Time `json:"heard,omitempty" doc:"When it was last heard of."`
	Version    string     `json:"version,omitempty" doc:"Version of its program."`
	Started    *time.Time `json:"started,omitempty" doc:"Since when it runs."`
	Processing bool       `json:"processing" doc:"Its CallManager service takes calls."`
	Registered int        `json:"registered" doc:"Devices that are registered with it."`
	Calls      int        `json:"calls" doc:"Sides of calls on it."`
	Load       float64    `json:"load" doc:"Part of its processors in use, 0 to 1."`
}

// JoinToken lets one server join, once.
type JoinToken struct {
	Token   string    `json:"token" doc:"To be given to tandem join. Shown once."`
	Expires time.Time `json:"expires" doc:"After this it lets nobody join."`
	Address string    `json:"address" doc:"Address of the publisher that it leads to."`
}

// NewJoinToken asks for a join token.
type NewJoinToken struct {
	Minutes float64 `json:"minutes,omitempty" minimum:"0" maximum:"10080" doc:"How long it is good. Absent: 60."`
	Address string  `json:"address,omitempty" maxLength:"256" doc:"Address, with port, at which the new server reaches this one. Absent: as configured."`
	Replace string  `json:"replace,omitempty" maxLength:"63" doc:"Server whose place the new one takes because its disk is gone: it is removed as the new one joins."`
}

// ReplicaStatus is the configuration's copy on one server.
type ReplicaStatus struct {
	Server    string     `json:"server" doc:"Name of the server."`
	Role      string     `json:"role" enum:"publisher,voter,subscriber" doc:"Its part in the replication."`
	Position  *Position  `json:"position,omitempty" doc:"Where its copy stands, as the server itself reports."`
	Lag       int64      `json:"lag" doc:"Entries that it is behind the publisher; -1: not known."`
	Contact   *time.Time `json:"contact,omitempty" doc:"When it was last heard of."`
	Verdict   string     `json:"verdict" doc:"current, behind, unreachable, old epoch, halted or unknown."`
	Reason    string     `json:"reason,omitempty" doc:"Why, where that is not plain."`
	Schema    int        `json:"schema" doc:"Version of its tables."`
	Reachable bool       `json:"reachable" doc:"Heard of within the last 1.5 seconds."`
}

// Replication is how the configuration is replicated.
type Replication struct {
	Publisher string          `json:"publisher" doc:"Server that takes changes; empty if none is known."`
	Writable  bool            `json:"writable" doc:"Changes are taken now."`
	Servers   []ReplicaStatus `json:"servers" doc:"Every server."`
}

// CopyDigest is the hash of one server's copy.
type CopyDigest struct {
	Server string `json:"server" doc:"Name of the server."`
	Digest string `json:"digest,omitempty" doc:"SHA-256 over its tables."`
	Equal  bool   `json:"equal" doc:"Whether it equals the publisher's."`
	Differ string `json:"differ,omitempty" doc:"What differs, or why it was not compared."`
}

// Verification is the comparison of all copies at one position.
type Verification struct {
	Position Position     `json:"position" doc:"Where all copies were compared."`
	Equal    bool         `json:"equal" doc:"All copies were compared and are equal."`
	Copies   []CopyDigest `json:"copies" doc:"Each copy."`
}

// Promotion asks for another publisher.
type Promotion struct {
	Server     string `json:"server,omitempty" maxLength:"63" doc:"Who is to be the publisher. Absent: the most advanced subscriber is proposed."`
	Force      bool   `json:"force,omitempty" doc:"The publisher is lost for good: do without it."`
	AcceptLoss bool   `json:"acceptLoss,omitempty" doc:"Go on although a server that may hold more cannot be asked."`
}

// PromotionResult says what became of it.
type PromotionResult struct {
	Publisher string          `json:"publisher,omitempty" doc:"The publisher now."`
	Proposed  string          `json:"proposed,omitempty" doc:"The most advanced subscriber, when nobody was named."`
	Position  *Position       `json:"position,omitempty" doc:"Where its copy stands."`
	Servers   []ReplicaStatus `json:"servers,omitempty" doc:"What is known of each server."`
	Done      bool            `json:"done" doc:"The role has moved."`
}

// NameCheck is how one server resolves another.
type NameCheck struct {
	From      string `json:"from" doc:"Server that looked."`
	To        string `json:"to" doc:"Server that was looked for."`
	Forward   string `json:"forward,omitempty" doc:"Addresses that its name has there."`
	Reverse   string `json:"reverse,omitempty" doc:"Names that its address has there."`
	OK        bool   `json:"ok" doc:"Both ways agree."`
	Complaint string `json:"complaint,omitempty" doc:"What does not agree."`
}

// NameMatrix is the resolution between all pairs of servers.
type NameMatrix struct {
	Checks []NameCheck `json:"checks" doc:"Every pair."`
	Notes  []string    `json:"notes,omitempty" doc:"What this resolver does not consult, and who could not be asked."`
}

// UserSetting is a setting that users change, of a line or a device.
type UserSetting struct {
	Setting string `json:"setting" enum:"forwardAll,doNotDisturb,messages" doc:"Which setting."`
	Subject string `json:"subject" maxLength:"128" doc:"Line, such as 2001/internal, or name of the device."`
	Value   string `json:"value" maxLength:"64" doc:"Destination, on or off, or number of messages; empty ends it."`
	Durable int    `json:"durable,omitempty" doc:"In an answer: disks that hold the change."`
}

// Servers lists the servers of the cluster.
func (c *Client) Servers(ctx context.Context) ([]ClusterServer, error) {
	return ask[[]ClusterServer](ctx, c, http.MethodGet, "/cluster/servers", nil, nil)
}

// RemoveServer locks a server out of the cluster for good.
func (c *Client) RemoveServer(ctx context.Context, name string) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, path: "/cluster/servers" + segment(name)})
	return err
}

// SetVoters names the servers, one, three or five, that may be the publisher.
func (c *Client) SetVoters(ctx context.Context, names []string) (Replication, error) {
	return ask[Replication](ctx, c, http.MethodPut, "/cluster/voters", nil, map[string][]string{"servers": names})
}

// CreateJoinToken makes a token with which one server may join.
func (c *Client) CreateJoinToken(ctx context.Context, n NewJoinToken) (JoinToken, error) {
	return ask[JoinToken](ctx, c, http.MethodPost, "/cluster/join-tokens", nil, n)
}

// Replication tells how the configuration is replicated.
func (c *Client) Replication(ctx context.Context) (Replication, error) {
	return ask[Replication](ctx, c, http.MethodGet, "/cluster/replication", nil, nil)
}

// VerifyReplication compares all copies of the configuration.
func (c *Client) VerifyReplication(ctx context.Context) (Verification, error) {
	return ask[Verification](ctx, c, http.MethodPost, "/cluster/replication/verify", nil, nil)
}

// Reinitialize rebuilds a server's copy from a snapshot; an empty name means all but the publisher's.
func (c *Client) Reinitialize(ctx context.Context, server string) (Replication, error) {
	return ask[Replication](ctx, c, http.MethodPost, "/cluster/replication/reinitialize", url.Values(query{}.text("server", server)), nil)
}

// Promote moves the publisher's role.
func (c *Client) Promote(ctx context.Context, p Promotion) (PromotionResult, error) {
	return ask[PromotionResult](ctx, c, http.MethodPost, "/cluster/promote", nil, p)
}

// Names checks the resolution of names between all pairs of servers.
func (c *Client) Names(ctx context.Context) (NameMatrix, error) {
	return ask[NameMatrix](ctx, c, http.MethodPost, "/cluster/names", nil, nil)
}

// SetUserSetting changes what users change at their phones.
func (c *Client) SetUserSetting(ctx context.Context, s UserSetting) (UserSetting, error) {
	return ask[UserSetting](ctx, c, http.MethodPut, "/user-settings", nil, s)
}
