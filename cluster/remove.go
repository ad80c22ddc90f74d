package cluster

import (
	"context"
	"crypto/hmac"
	"strings"
	"time"

	"tandem/cluster/link"
	"tandem/confdb"
	"tandem/confdb/schema"
	"tandem/fault"
	"tandem/telephony"
)

func equal(a, b []byte) bool { return hmac.Equal(a, b) }

func unknownMember(s *confdb.Snapshot, name telephony.ServerName) error {
	var known []string
	for _, m := range Members(s) {
		known = append(known, string(m.Name))
	}
	return fault.New(fault.MemberUnknown, "server", name, "known", strings.Join(known, ", "))
}

// Remove locks a server out of the cluster. In one change it denies the server, retires the authority whose key the server has, and begins
// a new generation, whose secret only the others get; its connections with this server are cut at once, those with the others as soon
// as the change reaches them. What is configured about the server (its name in CallManager groups, its services) stays, for the
// administrator to change.
func (a *Authority) Remove(ctx context.Context, name telephony.ServerName) (Member, error) {
	if err := a.here(); err != nil {
		return Member{}, err
	}
	if name == a.o.Name {
		return Member{}, fault.New(fault.MemberNotRemovable, "server", name)
	}
	ring, err := a.keyring()
	if err != nil {
		return Member{}, err
	}
	var removed Member
	_, err = a.o.Store.Update(ctx, confdb.Options{Actor: actor}, func(s *confdb.Snapshot) (set confdb.ChangeSet, err error) {
		m, found := Find(s, name)
		if !found {
			return set, unknownMember(s, name)
		}
		removed = m
		objects, _, err := rotation(s, ring, telephony.AuthorityRetired, m.Identity, a.o.Now())
		if err != nil {
			return set, err
		}
		if a.o.Link != nil {
			a.o.Link.Deny(m.Node)
		}
		gone := schema.Clone(self(s, m.Identity))
		gone.RemovedAt = a.o.Now().UTC().Format(time.RFC3339)
		set.Source = "the removal of a server"
		set.Put(append(objects, gone)...)
		return set, nil
	})
	if err != nil {
		return Member{}, err
	}
	a.o.Log.Warn("a server was removed from the cluster", "server", name, "node", removed.Node)
	if _, err = a.keyring(); err == nil && a.o.Link != nil {
		// The keeper will do the same. Who asked for the removal is answered when the retired authority is not trusted here any more.
		var state link.State
		if state, err = LinkState(a.o.Store.Snapshot(), a.o.Secrets, a.o.Now()); err == nil {
			err = a.o.Link.Update(state)
		}
	}
	return removed, err
}

// Rotate begins a new generation of the authority, with a new wrapping key, and returns its number. Certificates of the one before hold
// until every server has a new one.
func (a *Authority) Rotate(ctx context.Context) (generation int, err error) {
	if err := a.here(); err != nil {
		return 0, err
	}
	ring, err := a.keyring()
	if err != nil {
		return 0, err
	}
	_, err = a.o.Store.Update(ctx, confdb.Options{Actor: actor}, func(s *confdb.Snapshot) (set confdb.ChangeSet, err error) {
		objects, n, err := rotation(s, ring, telephony.AuthorityTrusted, "", a.o.Now())
		generation = n
		set.Source = "the rotation of the certificate authority"
		return *set.Put(objects...), err
	})
	if err != nil {
		return 0, err
	}
	_, err = a.keyring()
	return generation, err
}
