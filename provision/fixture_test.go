package provision

import (
	"io"
	"iter"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/fault"
	"tandem/provision/firmware"
	"tandem/telephony"
	"tandem/telephony/parameter"
)

// site is a configuration held in maps, one object of which a test replaces to make the next snapshot.
type site struct {
	phones     map[telephony.DeviceName]*telephony.Phone
	products   map[telephony.ProductName]*telephony.Product
	pools      map[telephony.DevicePoolName]*telephony.DevicePool
	groups     map[telephony.GroupName]*telephony.CallManagerGroup
	survivable map[telephony.SRSTReferenceName]*telephony.SRSTReference
	dates      map[telephony.DateTimeGroupName]*telephony.DateTimeGroup
	servers    map[telephony.ServerName]*telephony.Server
	numbers    map[telephony.LineKey]*telephony.DirectoryNumber
	users      map[telephony.UserID]*telephony.User
	templates  map[telephony.ButtonTemplateName]*telephony.ButtonTemplate
	softkeys   map[telephony.SoftkeyTemplateName]*telephony.SoftkeyTemplate
	defaults   map[string]*telephony.DeviceDefaults
	files      map[string]*telephony.FirmwareFile
	auto       map[telephony.ServerName]*telephony.AutoRegistration
	parameters *parameter.Values
}

func (s *site) Phone(n telephony.DeviceName) *telephony.Phone               { return s.phones[n] }
func (s *site) Phones() iter.Seq[*telephony.Phone]                          { return maps.Values(s.phones) }
func (s *site) Product(n telephony.ProductName) *telephony.Product          { return s.products[n] }
func (s *site) Products() iter.Seq[*telephony.Product]                      { return sorted(s.products) }
func (s *site) Server(n telephony.ServerName) *telephony.Server             { return s.servers[n] }
func (s *site) User(n telephony.UserID) *telephony.User                     { return s.users[n] }
func (s *site) FirmwareFile(n string) *telephony.FirmwareFile               { return s.files[n] }
func (s *site) FirmwareFiles() iter.Seq[*telephony.FirmwareFile]            { return sorted(s.files) }
func (s *site) Parameters(telephony.ServerName) *parameter.Values           { return s.parameters }
func (s *site) DevicePool(n telephony.DevicePoolName) *telephony.DevicePool { return s.pools[n] }
func (s *site) CallManagerGroup(n telephony.GroupName) *telephony.CallManagerGroup {
	return s.groups[n]
}
func (s *site) SRSTReference(n telephony.SRSTReferenceName) *telephony.SRSTReference {
	return s.survivable[n]
}
func (s *site) DateTimeGroup(n telephony.DateTimeGroupName) *telephony.DateTimeGroup {
	return s.dates[n]
}
func (s *site) DirectoryNumber(k telephony.LineKey) *telephony.DirectoryNumber { return s.numbers[k] }
func (s *site) DeviceDefaults(p telephony.ProductName, q telephony.Protocol) *telephony.DeviceDefaults {
	return s.defaults[telephony.DeviceDefaultsKey(p, q)]
}
func (s *site) AutoRegistration(n telephony.ServerName) *telephony.AutoRegistration {
	return s.auto[n]
}
func (s *site) ButtonTemplateOf(p *telephony.Phone) *telephony.ButtonTemplate {
	if p.ButtonTemplate != "" {
		return s.templates[p.ButtonTemplate]
	}
	if product := s.products[p.Product]; product != nil {
		return s.templates[product.ButtonTemplate]
	}
	return nil
}
func (s *site) SoftkeyTemplateOf(p *telephony.Phone) *telephony.SoftkeyTemplate {
	return s.softkeys[first(p.SoftkeyTemplate, telephony.StandardSoftkeys)]
}

var _ Configuration = (*site)(nil)

func sorted[K ~string, V any](m map[K]V) iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(m[k]) {
				return
			}
		}
	}
}

// smallSite is the site of the documentation, with phones of several models.
func smallSite() *site {
	s := &site{
		phones:   map[telephony.DeviceName]*telephony.Phone{},
		products: map[telephony.ProductName]*telephony.Product{}, templates: map[telephony.ButtonTemplateName]*telephony.ButtonTemplate{},
		softkeys: map[telephony.SoftkeyTemplateName]*telephony.SoftkeyTemplate{},
		pools:    map[telephony.DevicePoolName]*telephony.DevicePool{"HQ": {Name: "HQ", CallManagerGroup: "Default", Region: "HQ", DateTimeGroup: "Berlin"}},
		groups:   map[telephony.GroupName]*telephony.CallManagerGroup{"Default": {Name: "Default", Members: []telephony.ServerName{"cm1", "cm2"}}},
		dates:    map[telephony.DateTimeGroupName]*telephony.DateTimeGroup{"Berlin": {Name: "Berlin", TimeZone: "Europe/Berlin", NTPServers: []string{"192.0.2.1"}}},
		servers:  map[telephony.ServerName]*telephony.Server{"cm1": {Name: "cm1"}, "cm2": {Name: "cm2", Address: "192.0.2.12"}},
		users:    map[telephony.UserID]*telephony.User{"alice": {UserID: "alice", FirstName: "Alice", LastName: "Archer", DigestPassword: telephony.NewSecret("alice-secret")}},
		numbers: map[telephony.LineKey]*telephony.DirectoryNumber{
			{Pattern: "2003", Partition: "internal"}: {Pattern: "2003", Partition: "internal", Display: "Carol Cook"},
			{Pattern: "2004", Partition: "internal"}: {Pattern: "2004", Partition: "internal", Display: "Zoë Müller & <Söhne>"},
		},
		defaults:   map[string]*telephony.DeviceDefaults{},
		files:      map[string]*telephony.FirmwareFile{},
		auto:       map[telephony.ServerName]*telephony.AutoRegistration{"cm1": {CallManager: "cm1", Enabled: true, StartNumber: "2900", EndNumber: "2999", DevicePool: "HQ"}},
		parameters: parameter.NewValues("cm1", nil, nil),
	}
	for _, p := range telephony.BuiltInProducts() {
		s.products[p.Name] = p
	}
	for _, t := range telephony.BuiltInButtonTemplates() {
		s.templates[t.Name] = t
	}
	for _, t := range telephony.BuiltInSoftkeyTemplates() {
		s.softkeys[t.Name] = t
	}
	line := func(number string, label string) []telephony.LineAppearance {
		return []telephony.LineAppearance{{DirectoryNumber: telephony.Pattern(number), Partition: "internal", Label: label}}
	}
	for _, p := range []*telephony.Phone{
		{Name: "SEP0000AAAA2003", Protocol: telephony.ProtocolSCCP, Product: "Cisco 7960", Lines: line("2003", "Carol")},
		{Name: "SEP0000AAAA2004", Protocol: telephony.ProtocolSCCP, Product: "Cisco 7961", Lines: line("2004", "Lobby")},
		{Name: "SEP0000AAAA2005", Protocol: telephony.ProtocolSCCP, Product: "Cisco 7925", Lines: line("2005", "Porter")},
		{Name: "SEP0000AAAA2006", Protocol: telephony.ProtocolSIP, Product: "Cisco 7975", DigestUser: "alice", Lines: line("2004", "Lobby"),
			SpeedDials:   []telephony.SpeedDial{{Index: 1, Number: "2003", Label: "Carol"}, {Index: 2, Number: "95551234"}},
			VendorConfig: map[string]string{"webAccess": "0", "settingsAccess": "1", "not an element": "x"}, PhonePassword: telephony.NewSecret("1234")},
		{Name: "SEP0000AAAA2007", Protocol: telephony.ProtocolSIP, Product: "Cisco 7960", DigestUser: "alice", Lines: line("2003", "Carol")},
		{Name: "SEP0000AAAA2008", Protocol: telephony.ProtocolSIP, Product: "Cisco 9971", DigestUser: "alice", Lines: line("2003", "Carol")},
		{Name: "SEP0000AAAA2009", Protocol: telephony.ProtocolSCCP, Product: "Cisco 8941", Lines: line("2003", "Carol")},
		{Name: "SIP2001", Protocol: telephony.ProtocolSIP, Product: telephony.GenericSIPPhone, Lines: line("2003", "Carol")},
	} {
		p.DevicePool = "HQ"
		s.phones[p.Name] = p
	}
	s.defaults["Cisco 7960/SIP"] = &telephony.DeviceDefaults{Product: "Cisco 7960", Protocol: telephony.ProtocolSIP, FirmwareLoad: "P0S3-8-12-00"}
	s.defaults["Cisco 7961/SCCP"] = &telephony.DeviceDefaults{Product: "Cisco 7961", Protocol: telephony.ProtocolSCCP, FirmwareLoad: "SCCP41.9-4-2SR3-1S"}
	return s
}

// change returns the next snapshot: everything shared but the phones' map, on which edit works.
func (s *site) change(edit func(next *site)) *site {
	next := *s
	next.phones, next.numbers, next.defaults = maps.Clone(s.phones), maps.Clone(s.numbers), maps.Clone(s.defaults)
	next.pools, next.dates, next.servers, next.files = maps.Clone(s.pools), maps.Clone(s.dates), maps.Clone(s.servers), maps.Clone(s.files)
	next.users, next.softkeys, next.templates = maps.Clone(s.users), maps.Clone(s.softkeys), maps.Clone(s.templates)
	edit(&next)
	return &next
}

// phone replaces a phone by an edited copy.
func (s *site) phone(name telephony.DeviceName, edit func(p *telephony.Phone)) {
	p := *s.phones[name]
	p.Lines, p.SpeedDials = slices.Clone(p.Lines), slices.Clone(p.SpeedDials)
	edit(&p)
	s.phones[name] = &p
}

// lab is a Service with what it told.
type lab struct {
	*Service
	t     *testing.T
	store *firmware.Store
	mu    sync.Mutex
	now   *site
	lines []string // of stories
	stand map[string]*fault.Error
	event []*fault.Error
	at    time.Time
}

func newLab(t *testing.T, c *site) *lab {
	t.Helper()
	store, err := firmware.Open(filepath.Join(t.TempDir(), "files"), 0)
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, store: store, now: c, stand: map[string]*fault.Error{}, at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	l.Service = New(Options{Server: "cm1", Configuration: func() Configuration { l.mu.Lock(); defer l.mu.Unlock(); return l.now }, Contents: store, Story: l, Alarms: l})
	return l
}

func (l *lab) Tell(device string, code fault.Code, sentence string) {
	l.lines = append(l.lines, strings.TrimSpace(device+" "+string(code))+": "+sentence)
}
func (l *lab) Raise(f *fault.Error, subject string) { l.stand[string(f.Code)+"/"+subject] = f }
func (l *lab) Event(f *fault.Error, subject string) { l.event = append(l.event, f) }
func (l *lab) Clear(code fault.Code, subject string) bool {
	_, ok := l.stand[string(code)+"/"+subject]
	delete(l.stand, string(code)+"/"+subject)
	return ok
}

func (l *lab) set(c *site) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = c
}

// add puts a file into the store and the configuration.
func (l *lab) add(name, content, category string) {
	l.t.Helper()
	hash, size, err := l.store.Put(strings.NewReader(content))
	if err != nil {
		l.t.Fatal(err)
	}
	l.set(l.now.change(func(next *site) {
		next.files[name] = &telephony.FirmwareFile{Name: name, SHA256: hash, Size: size, Category: category}
	}))
}

// ask asks as a phone at an address does, and tells the Service how it went.
func (l *lab) ask(name, source string) (string, error) {
	l.t.Helper()
	r := Request{Name: name, Transport: TFTP, Source: netip.AddrPortFrom(netip.MustParseAddr(source), 50000), Local: netip.MustParseAddr("192.0.2.11"), At: l.at}
	l.at = l.at.Add(time.Second)
	f, err := l.Open(l.t.Context(), r)
	if err != nil {
		l.Served(r, Result{Err: err})
		return "", err
	}
	content, readErr := io.ReadAll(io.NewSectionReader(f.Content, 0, f.Size))
	if readErr != nil {
		l.t.Fatal(readErr)
	}
	l.Served(r, Result{File: f, Sent: f.Size})
	if err := f.Close(); err != nil {
		l.t.Fatal(err)
	}
	return string(content), nil
}

func (l *lab) last() string {
	if len(l.lines) == 0 {
		return ""
	}
	return l.lines[len(l.lines)-1]
}

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s changed (go test -update writes it anew):\n%s", path, got)
	}
}
