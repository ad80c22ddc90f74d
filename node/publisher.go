package node

import (
	"context"
	"fmt"
	"time"

	"tandem/admin/client"
	"tandem/fault"
)

// publisherPath takes operations that only the publisher can do, from whichever server the administrator asked.
const publisherPath = "/cluster/operation"

// publisherWork is such an operation, as it goes from one server to another. Whether the administrator may was decided where he asked.
type publisherWork struct {
	Operation string        `json:"operation"`
	Servers   []string      `json:"servers,omitempty"`
	Validity  time.Duration `json:"validity,omitempty"`
	Address   string        `json:"address,omitempty"`
}

// Operations of the publisher.
const (
	workVerify       = "verify-replication"
	workReinitialize = "reinitialize-replication"
	workRemove       = "remove-server"
	workVoters       = "set-voters"
	workJoinToken    = "create-join-token"
)

// publisherAnswer is what comes back, as far as the operation gives anything.
type publisherAnswer struct {
	Verification client.Verification `json:"verification,omitzero"`
	Token        client.JoinToken    `json:"token,omitzero"`
}

// atPublisher has the publisher do it: this server, or the one that is.
func (m *membership) atPublisher(ctx context.Context, w publisherWork) (publisherAnswer, error) {
	if m.replica.Status().Leads {
		return m.work(ctx, w)
	}
	p, ok := m.publisher()
	if !ok || p.Name == m.self {
		return publisherAnswer{}, fault.New(fault.PublisherAway, "cause", "no server says that it is the publisher")
	}
	a, err := askAs[publisherAnswer](ctx, m, p, publisherPath, w)
	if err != nil && fault.From(err) == nil {
		err = fault.Wrap(err, fault.PublisherAway)
	}
	return a, err
}

// worked answers other servers. An operation goes to one publisher and no further.
func (m *membership) worked(ctx context.Context, w publisherWork) (publisherAnswer, error) {
	if !m.replica.Status().Leads {
		return publisherAnswer{}, fault.New(fault.PublisherAway, "cause", fmt.Sprintf("%s is not the publisher any more", m.self))
	}
	return m.work(ctx, w)
}

func (m *membership) work(ctx context.Context, w publisherWork) (a publisherAnswer, err error) {
	one := func() string {
		if len(w.Servers) == 1 {
			return w.Servers[0]
		}
		return ""
	}
	switch w.Operation {
	case workVerify:
		a.Verification, err = m.verify(ctx)
	case workReinitialize:
		err = m.reinitialize(ctx, one())
	case workRemove:
		err = m.remove(ctx, one())
	case workVoters:
		err = m.setVoters(w.Servers)
	case workJoinToken:
		a.Token, err = m.createJoinToken(w.Validity, w.Address, one())
	default:
		err = fmt.Errorf("the publisher does not know the operation %q", w.Operation)
	}
	return a, err
}

// VerifyReplication implements admin.Cluster.
func (m *membership) VerifyReplication(ctx context.Context) (client.Verification, error) {
	a, err := m.atPublisher(ctx, publisherWork{Operation: workVerify})
	return a.Verification, err
}

// Reinitialize implements admin.Cluster.
func (m *membership) Reinitialize(ctx context.Context, server string) error {
	w := publisherWork{Operation: workReinitialize}
	if server != "" {
		w.Servers = []string{server}
	}
	_, err := m.atPublisher(ctx, w)
	return err
}

// RemoveServer implements admin.Cluster.
func (m *membership) RemoveServer(ctx context.Context, name string) error {
	_, err := m.atPublisher(ctx, publisherWork{Operation: workRemove, Servers: []string{name}})
	return err
}

// SetVoters implements admin.Cluster.
func (m *membership) SetVoters(ctx context.Context, names []string) error {
	_, err := m.atPublisher(ctx, publisherWork{Operation: workVoters, Servers: names})
	return err
}

// CreateJoinToken implements admin.Cluster.
func (m *membership) CreateJoinToken(ctx context.Context, validity time.Duration, address, replace string) (client.JoinToken, error) {
	w := publisherWork{Operation: workJoinToken, Validity: validity, Address: address}
	if replace != "" {
		w.Servers = []string{replace}
	}
	a, err := m.atPublisher(ctx, w)
	return a.Token, err
}
