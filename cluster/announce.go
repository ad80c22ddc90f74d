package cluster

import (
	"context"
	"net/netip"

	"tandem/confdb"
	"tandem/confdb/schema"
)

// Announce puts on record where this server is reached. Unlike joining and removing it works on every server: the change goes to the
// publisher.
func (a *Authority) Announce(ctx context.Context, addresses []netip.Addr, p Ports) error {
	_, err := a.o.Store.Update(ctx, confdb.Options{Actor: actor}, func(s *confdb.Snapshot) (set confdb.ChangeSet, err error) {
		me := self(s, a.o.Secrets.Identity)
		if me == nil || me.Removed() {
			return set, unknownMember(s, a.o.Name)
		}
		next := schema.Clone(me)
		next.Addresses = nil
		for _, address := range addresses {
			next.Addresses = append(next.Addresses, address.Unmap().String())
		}
		next.ReplicationPort, next.SignalsPort, next.FilesPort = p.Replication, p.Signals, p.Files
		set.Source = "where a server is"
		return *set.Put(next), nil
	})
	return err
}
