package cluster

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"tandem/fault"
	"tandem/telephony"
)

// Resolver finds addresses of names and names of addresses. *net.Resolver is one.
type Resolver interface {
	LookupHost(ctx context.Context, host string) ([]string, error)
	LookupAddr(ctx context.Context, address string) ([]string, error)
}

// StaticResolver is the resolver of this program: /etc/hosts and DNS by /etc/resolv.conf, without the C library.
func StaticResolver() Resolver { return &net.Resolver{PreferGo: true} }

// lookupTime bounds one question to the resolver.
const lookupTime = 5 * time.Second

// Named is a server by its name and the address that it announces.
type Named struct {
	Name    telephony.ServerName `json:"name"`
	Address netip.Addr           `json:"address"`
}

// NameRow is what one server finds out about the name of another (C-107 to C-115): one field of the matrix.
type NameRow struct {
	From     telephony.ServerName `json:"from"` // who asked
	Named                         // about whom
	Forward  []string             `json:"forward"`  // addresses of the name
	Reverse  []string             `json:"reverse"`  // names of the address
	Problems []*fault.Error       `json:"problems"` // empty: both ways are right
}

// CheckNames resolves the name and the address of each server, both ways, as seen from this one. The questions are asked at once.
func CheckNames(ctx context.Context, r Resolver, from telephony.ServerName, servers []Named) []NameRow {
	rows := make([]NameRow, len(servers))
	done := make(chan struct{})
	for i, s := range servers {
		go func() { // ends with its lookups, which are bounded; CheckNames waits for all
			rows[i] = checkName(ctx, r, from, s)
			done <- struct{}{}
		}()
	}
	for range servers {
		<-done
	}
	return rows
}

func checkName(ctx context.Context, r Resolver, from telephony.ServerName, s Named) NameRow {
	row := NameRow{From: from, Named: s}
	add := func(f *fault.Error) { row.Problems = append(row.Problems, f) }
	ask, cancel := context.WithTimeout(ctx, lookupTime)
	forward, err := r.LookupHost(ask, string(s.Name))
	cancel()
	row.Forward = forward
	if err != nil || len(forward) == 0 {
		add(fault.Wrap(lookupError(err), fault.NameForwardMissing, "from", from, "name", s.Name))
	} else if !slices.ContainsFunc(forward, func(text string) bool { return sameAddress(text, s.Address) }) {
		add(fault.New(fault.NameForwardOther, "from", from, "name", s.Name, "found", strings.Join(forward, ", "), "address", s.Address))
	}
	ask, cancel = context.WithTimeout(ctx, lookupTime)
	reverse, err := r.LookupAddr(ask, s.Address.String())
	cancel()
	row.Reverse = reverse
	if err != nil || len(reverse) == 0 {
		add(fault.Wrap(lookupError(err), fault.NameReverseMissing, "from", from, "name", s.Name, "address", s.Address))
	} else if !slices.ContainsFunc(reverse, func(found string) bool { return sameName(found, string(s.Name)) }) {
		add(fault.New(fault.NameReverseOther, "from", from, "name", s.Name, "address", s.Address, "found", strings.Join(reverse, ", ")))
	}
	return row
}

func lookupError(err error) error {
	if err == nil {
		return &net.DNSError{Err: "no entry", IsNotFound: true}
	}
	return err
}

func sameAddress(text string, a netip.Addr) bool {
	found, err := netip.ParseAddr(text)
	return err == nil && found.Unmap() == a.Unmap()
}

// sameName compares a name that was found with that of a server: a domain may follow.
func sameName(found, name string) bool {
	found, name = strings.ToLower(strings.TrimSuffix(found, ".")), strings.ToLower(name)
	return found == name || strings.HasPrefix(found, name+".")
}

// Matrix is what every server finds out about every other: `tandem doctor names`.
type Matrix struct {
	Servers []Named                           `json:"servers"` // the members, by node
	Rows    []NameRow                         `json:"rows"`    // by who asked, then as Servers
	Silent  []telephony.ServerName            `json:"silent"`  // members that could not be asked
	Ignored map[telephony.ServerName][]string `json:"ignored"` // sources of names that a server has and the program does not consult
}

// NameReport is what one server contributes to a matrix.
type NameReport struct {
	From    telephony.ServerName `json:"from"`
	Rows    []NameRow            `json:"rows"`
	Ignored []string             `json:"ignored"`
}

// ReportNames makes this server's part of the matrix. nsswitch is the text of its /etc/nsswitch.conf, "" if there is none.
func ReportNames(ctx context.Context, r Resolver, from telephony.ServerName, members []Member, nsswitch string) NameReport {
	return NameReport{From: from, Rows: CheckNames(ctx, r, from, named(members)), Ignored: NotConsulted(nsswitch)}
}

func named(members []Member) []Named {
	var all []Named
	for _, m := range members {
		if len(m.Addresses) > 0 {
			all = append(all, Named{m.Name, m.Addresses[0]})
		}
	}
	return all
}

// NewMatrix puts the reports of the servers together.
func NewMatrix(members []Member, reports []NameReport) Matrix {
	m := Matrix{Servers: named(members), Ignored: map[telephony.ServerName][]string{}}
	for _, s := range members {
		i := slices.IndexFunc(reports, func(r NameReport) bool { return r.From == s.Name })
		if i < 0 {
			m.Silent = append(m.Silent, s.Name)
			continue
		}
		m.Rows = append(m.Rows, reports[i].Rows...)
		if len(reports[i].Ignored) > 0 {
			m.Ignored[s.Name] = reports[i].Ignored
		}
	}
	return m
}

// Problems lists every problem of the matrix.
func (m Matrix) Problems() []*fault.Error {
	var all []*fault.Error
	for _, r := range m.Rows {
		all = append(all, r.Problems...)
	}
	return all
}

// sources are what the C library may consult for names of hosts and this program does not.
var sources = map[string]string{
	"mdns": "multicast DNS (names in .local)", "mdns4": "multicast DNS (names in .local)", "mdns6": "multicast DNS (names in .local)",
	"mdns_minimal": "multicast DNS (names in .local)", "mdns4_minimal": "multicast DNS (names in .local)", "mdns6_minimal": "multicast DNS (names in .local)",
	"wins": "NetBIOS names and LMHOSTS (winbind)", "nis": "NIS", "nisplus": "NIS+", "ldap": "hosts in a directory (LDAP)", "db": "host databases in /var/db",
	"resolve": "systemd-resolved (except over DNS)", "myhostname": "the machine's own name (nss-myhostname)", "mymachines": "names of local containers (nss-mymachines)",
	"libvirt": "names of virtual machines (nss-libvirt)", "libvirt_guest": "names of virtual machines (nss-libvirt)", "sss": "hosts in a directory (SSSD)",
}

// NotConsulted says which sources of names the machine has, by its nsswitch.conf, that the program does not consult. A source that is not
// known is named as it stands there.
func NotConsulted(nsswitch string) []string {
	var all []string
	for line := range strings.Lines(nsswitch) {
		line, _, _ = strings.Cut(line, "#")
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "hosts:")
		if !ok {
			continue
		}
		inAction := false // [NOTFOUND=return]
		for _, word := range strings.Fields(rest) {
			if inAction || strings.HasPrefix(word, "[") {
				inAction = !strings.HasSuffix(word, "]")
				continue
			}
			text := sources[word]
			if word == "files" || word == "dns" {
				continue
			}
			if text == "" {
				text = word
			}
			if !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	return all
}
