package cluster

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"tandem/confdb"
	"tandem/telephony"
)

// Store is the configuration, as far as the cluster needs it. *confdb.Store is one.
type Store interface {
	Snapshot() *confdb.Snapshot
	Watch(confdb.Position) *confdb.Watcher
	Update(context.Context, confdb.Options, func(*confdb.Snapshot) (confdb.ChangeSet, error)) (confdb.Result, error)
}

// actor signs the cluster's own changes of the configuration.
const actor = "cluster"

// Member is a server of the cluster.
type Member struct {
	Node      uint16               `json:"node"`
	Name      telephony.ServerName `json:"name"`
	Identity  string               `json:"identity"`
	Addresses []netip.Addr         `json:"addresses"` // the announced one first
	Ports     Ports                `json:"ports"`
}

// Ports are those of the links between servers; 0 is the standard port.
type Ports struct {
	Replication int `json:"replication"`
	Signals     int `json:"signals"`
	Files       int `json:"files"`
}

// StandardPorts are the ports of the design.
var StandardPorts = Ports{Replication: 7400, Signals: 7401, Files: 7402}

func (p Ports) orStandard() Ports {
	return Ports{cmp.Or(p.Replication, StandardPorts.Replication), cmp.Or(p.Signals, StandardPorts.Signals), cmp.Or(p.Files, StandardPorts.Files)}
}

func (p Ports) valid() bool {
	ok := func(n int) bool { return n >= 0 && n <= 65535 }
	return ok(p.Replication) && ok(p.Signals) && ok(p.Files)
}

func (m Member) at(port int) string {
	if len(m.Addresses) == 0 {
		return ""
	}
	return net.JoinHostPort(m.Addresses[0].String(), strconv.Itoa(port))
}

// Replication is host:port of configuration replication on it, "" if it has no address.
func (m Member) Replication() string { return m.at(m.Ports.Replication) }

// Signals is host:port of signals between servers.
func (m Member) Signals() string { return m.at(m.Ports.Signals) }

// Files is host:port of files, records and joining.
func (m Member) Files() string { return m.at(m.Ports.Files) }

func memberOf(o *telephony.Member) Member {
	m := Member{Node: uint16(o.Node), Name: o.Server, Identity: o.Identity,
		Ports: Ports{o.ReplicationPort, o.SignalsPort, o.FilesPort}.orStandard()}
	for _, text := range o.Addresses {
		if a, err := netip.ParseAddr(text); err == nil {
			m.Addresses = append(m.Addresses, a)
		}
	}
	return m
}

// Members lists the servers of the cluster by their nodes, without those that were removed.
func Members(s *confdb.Snapshot) []Member {
	var all []Member
	for o := range s.Members() {
		if !o.Removed() {
			all = append(all, memberOf(o))
		}
	}
	slices.SortFunc(all, func(a, b Member) int { return cmp.Compare(a.Node, b.Node) })
	return all
}

// Find returns the member with a name.
func Find(s *confdb.Snapshot, name telephony.ServerName) (Member, bool) {
	all := Members(s)
	i := slices.IndexFunc(all, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return Member{}, false
	}
	return all[i], true
}

// Follow calls f with the members now, and again whenever one came, went or changed, until ctx or the store ends.
func Follow(ctx context.Context, store Store, f func([]Member)) error {
	return follow(ctx, store, []telephony.Kind{telephony.KindMember}, func(s *confdb.Snapshot) { f(Members(s)) })
}

// follow calls f with the snapshot now, and after every change of one of the kinds.
func follow(ctx context.Context, store Store, kinds []telephony.Kind, f func(*confdb.Snapshot)) error {
	s := store.Snapshot()
	w := store.Watch(s.Position())
	f(s)
	for {
		e, err := w.Next(ctx)
		if err != nil {
			return err
		}
		if e.Resync || slices.ContainsFunc(e.Changes, func(c confdb.Change) bool { return slices.Contains(kinds, c.Kind) }) {
			f(e.Snapshot)
		}
	}
}

// self finds the membership of the server with an identity, removed or not.
func self(s *confdb.Snapshot, identity string) *telephony.Member {
	m, _ := s.Object(telephony.KindMember, identity).(*telephony.Member)
	return m
}
