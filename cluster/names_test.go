package cluster

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"tandem/fault"
	"tandem/telephony"
)

// book is a resolver with entries both ways.
type book struct{ forward, reverse map[string][]string }

func (b book) LookupHost(_ context.Context, host string) ([]string, error) {
	if all := b.forward[host]; all != nil {
		return all, nil
	}
	return nil, errors.New("no such host")
}

func (b book) LookupAddr(_ context.Context, address string) ([]string, error) {
	if all := b.reverse[address]; all != nil {
		return all, nil
	}
	return nil, errors.New("no such address")
}

func TestNamesBothWays(t *testing.T) {
	b := book{
		forward: map[string][]string{"cm1": {"192.0.2.1"}, "cm2": {"192.0.2.2"}, "cm3": {"192.0.2.9"}, "cm4": {"192.0.2.4"}, "cm6": {"::1", "192.0.2.6"}},
		reverse: map[string][]string{"192.0.2.1": {"CM1.example.com."}, "192.0.2.3": {"cm3."}, "192.0.2.4": {"cm44.example.com."}, "192.0.2.6": {"localhost", "cm6"}},
	}
	want := map[telephony.ServerName][]fault.Code{
		"cm1": nil,
		"cm2": {fault.NameReverseMissing},
		"cm3": {fault.NameForwardOther},
		"cm4": {fault.NameReverseOther},
		"cm5": {fault.NameForwardMissing, fault.NameReverseMissing},
		"cm6": nil,
	}
	var servers []Named
	for i, name := range []telephony.ServerName{"cm1", "cm2", "cm3", "cm4", "cm5", "cm6"} {
		servers = append(servers, Named{name, netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)})})
	}
	for i, row := range CheckNames(t.Context(), b, "cm1", servers) {
		var got []fault.Code
		for _, p := range row.Problems {
			got = append(got, p.Code)
			if !strings.Contains(p.Error(), "cm1") {
				t.Errorf("%v does not say who asked", p)
			}
		}
		if row.Name != servers[i].Name || row.From != "cm1" || !slices.Equal(got, want[row.Name]) {
			t.Errorf("%s: %v, want %v", row.Name, got, want[row.Name])
		}
	}
}

func TestMatrixOfAllPairs(t *testing.T) {
	members := []Member{{Node: 1, Name: "cm1", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}, {Node: 2, Name: "cm2", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.2")}},
		{Node: 3, Name: "cm3", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.3")}}}
	good := book{map[string][]string{"cm1": {"192.0.2.1"}, "cm2": {"192.0.2.2"}, "cm3": {"192.0.2.3"}},
		map[string][]string{"192.0.2.1": {"cm1"}, "192.0.2.2": {"cm2"}, "192.0.2.3": {"cm3"}}}
	reports := []NameReport{
		ReportNames(t.Context(), good, "cm1", members, "hosts: files mdns4_minimal [NOTFOUND=return] dns\n"),
		ReportNames(t.Context(), book{}, "cm2", members, ""),
	}
	m := NewMatrix(members, reports)
	if len(m.Servers) != 3 || len(m.Rows) != 6 || len(m.Problems()) != 6 || !slices.Equal(m.Silent, []telephony.ServerName{"cm3"}) {
		t.Errorf("%+v", m)
	}
	if got := m.Ignored["cm1"]; len(got) != 1 || len(m.Ignored) != 1 {
		t.Errorf("not consulted: %v", m.Ignored)
	}
}

func TestWhatTheStaticResolverDoesNotConsult(t *testing.T) {
	for text, want := range map[string]int{
		"":                          0,
		"hosts: files dns\n":        0,
		"passwd: files nis\n":       0,
		"# hosts: wins\n":           0,
		"hosts: files wins dns # x": 1,
		"hosts:\tfiles mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return continue] dns mdns4 myhostname\n": 3,
		"hosts: files homemade": 1,
	} {
		if got := NotConsulted(text); len(got) != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
