package confdb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

func member(node int, server telephony.ServerName) *telephony.Member {
	return &telephony.Member{Identity: fmt.Sprintf("%032x", node*7), Node: node, Server: server, Addresses: []string{"192.0.2.1"}, SealingKey: strings.Repeat("ab", 32),
		Generation: 1, JoinedAt: "2026-01-31T09:30:00Z"}
}

func authority(generation int, state string) *telephony.ClusterAuthority {
	return &telephony.ClusterAuthority{Fingerprint: fmt.Sprintf("%064x", generation*7), Cluster: strings.Repeat("ab", 16), Generation: generation, State: state,
		Certificate: "AAAA", WrappedKey: telephony.NewSecret("AAAA")}
}

func TestMembersAreUnique(t *testing.T) {
	removed := member(3, "cm3")
	removed.RemovedAt = "2026-02-01T00:00:00Z"
	change := func(m *telephony.Member, f func(*telephony.Member)) *telephony.Member {
		f(m)
		return m
	}
	for name, c := range map[string]struct {
		put  telephony.Object
		want error
	}{
		"another server":                  {member(4, "cm4"), nil},
		"a number twice":                  {change(member(4, "cm4"), func(m *telephony.Member) { m.Node = 2 }), fault.ObjectDuplicate},
		"the number of a removed server":  {change(member(4, "cm4"), func(m *telephony.Member) { m.Node = 3 }), fault.ObjectDuplicate},
		"the name of a removed server":    {member(4, "cm3"), nil},
		"a name twice":                    {member(4, "CM2"), fault.ObjectDuplicate},
		"no address":                      {change(member(4, "cm4"), func(m *telephony.Member) { m.Addresses = []string{"cm4"} }), fault.ObjectInvalid},
		"node 0":                          {change(member(4, "cm4"), func(m *telephony.Member) { m.Node = 0 }), fault.ObjectInvalid},
		"no identity":                     {change(member(4, "cm4"), func(m *telephony.Member) { m.Identity = "x" }), fault.ObjectInvalid},
		"a second authority":              {authority(2, telephony.AuthoritySigning), fault.ObjectDuplicate},
		"a generation twice":              {&telephony.ClusterAuthority{Fingerprint: strings.Repeat("a", 64), Cluster: strings.Repeat("ab", 16), Generation: 1, State: telephony.AuthorityRetired, Certificate: "AAAA"}, fault.ObjectDuplicate},
		"an authority of the time before": {authority(2, telephony.AuthorityRetired), nil},
	} {
		s := confdb.NewMemory(&telephony.Server{Name: "cm2"}, member(2, "cm2"), removed, authority(1, telephony.AuthoritySigning))
		_, err := s.Apply(t.Context(), *new(confdb.ChangeSet).Put(c.put), confdb.Options{})
		if (c.want == nil) != (err == nil) || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A server is not deleted while it is a member; afterwards it is.
func TestServerOfAMember(t *testing.T) {
	s := confdb.NewMemory(&telephony.Server{Name: "cm2"}, member(2, "cm2"))
	if _, err := s.Delete(t.Context(), telephony.KindServer, "cm2", confdb.Options{}); !errors.Is(err, fault.ObjectInUse) || !strings.Contains(err.Error(), "tandem server remove") {
		t.Errorf("a member was deleted: %v", err)
	}
	gone := member(2, "cm2")
	gone.RemovedAt = "2026-02-01T00:00:00Z"
	if _, err := s.Apply(t.Context(), *new(confdb.ChangeSet).Put(gone), confdb.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Delete(t.Context(), telephony.KindServer, "cm2", confdb.Options{}); err != nil {
		t.Error(err)
	}
}
