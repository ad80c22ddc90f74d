// Package provision decides which file a device gets, and when it must fetch it again.
//
// Service answers the servers of provision/tftpd: from a closed set of names it makes the device's own file out of the live
// configuration, or finds the file that somebody added. It tells the story of each request to the device's story, and sees
// the patterns that keep phones from coming up: a phone in a loop, one that trusts another cluster, one that
// nobody knows. NeedsRestart is the pure function behind "this change restarts these phones".
//
// Not served, on purpose: signed files and trust lists (a phone without them goes on at once), softkey files and feature
// policies of SIP phones (their loads have their own; SCCP softkeys travel at registration), files of other makers.
//
// What does not live here: sockets (provision/tftpd), the form of files (provision/cnf), contents (provision/firmware),
// registration and the restarting of phones itself.
package provision

import (
	"cmp"
	"iter"
	"net/netip"

	"tandem/fault"
	"tandem/provision/cnf"
	"tandem/provision/locale"
	"tandem/telephony"
	"tandem/telephony/parameter"
)

// Configuration is one immutable snapshot of the configuration; *confdb.Snapshot is one. A look-up that finds nothing
// returns nil. Objects that did not change are the same pointers in the next snapshot.
type Configuration interface {
	Phone(telephony.DeviceName) *telephony.Phone
	Phones() iter.Seq[*telephony.Phone]
	Product(telephony.ProductName) *telephony.Product
	Products() iter.Seq[*telephony.Product]
	DevicePool(telephony.DevicePoolName) *telephony.DevicePool
	CallManagerGroup(telephony.GroupName) *telephony.CallManagerGroup
	SRSTReference(telephony.SRSTReferenceName) *telephony.SRSTReference
	DateTimeGroup(telephony.DateTimeGroupName) *telephony.DateTimeGroup
	Server(telephony.ServerName) *telephony.Server
	DirectoryNumber(telephony.LineKey) *telephony.DirectoryNumber
	User(telephony.UserID) *telephony.User
	ButtonTemplateOf(*telephony.Phone) *telephony.ButtonTemplate
	SoftkeyTemplateOf(*telephony.Phone) *telephony.SoftkeyTemplate
	DeviceDefaults(telephony.ProductName, telephony.Protocol) *telephony.DeviceDefaults
	FirmwareFile(name string) *telephony.FirmwareFile
	FirmwareFiles() iter.Seq[*telephony.FirmwareFile]
	AutoRegistration(telephony.ServerName) *telephony.AutoRegistration
	Parameters(telephony.ServerName) *parameter.Values
}

// Ports are those of the services that phones are told of.
type Ports struct{ SCCP, SIP, SecureSIP int }

// StandardPorts are those of a server that was not told otherwise.
var StandardPorts = Ports{SCCP: 2000, SIP: 5060, SecureSIP: 5061}

// Storyteller takes a line of a device's story; the stories of service/trace are one. It does not block.
type Storyteller interface {
	Tell(device string, code fault.Code, sentence string)
}

// Alarms takes what an administrator should know; the board of service/alarm is one. Raise stands until Clear; Event is
// over when it is said.
type Alarms interface {
	Raise(f *fault.Error, subject string)
	Event(f *fault.Error, subject string)
	Clear(code fault.Code, subject string) bool
}

// here is the server that answers: its name, its ports, and the address at which it was asked.
type here struct {
	server telephony.ServerName
	ports  Ports
	local  netip.Addr
}

// inputs are the objects of which a file is made. Two equal lists make equal files.
type inputs []any

func (in inputs) equal(other inputs) bool {
	if len(in) != len(other) {
		return false
	}
	for i := range in {
		if in[i] != other[i] {
			return false
		}
	}
	return true
}

// note adds an object and returns it.
func note[T comparable](in *inputs, object T) T {
	*in = append(*in, object)
	return object
}

// members resolves the servers of a group. A server that has no address of its own is reached where the phone asked, if it
// is this one, and by its name otherwise; one that names no ports is taken to use those of this one.
func members(in *inputs, c Configuration, group *telephony.CallManagerGroup, h here) []cnf.Server {
	names := []telephony.ServerName{h.server}
	if group != nil && len(group.Members) > 0 {
		names = group.Members
	}
	var servers []cnf.Server
	for _, name := range names {
		address, ports, s := string(name), h.ports, note(in, c.Server(name))
		switch {
		case s != nil && s.Address != "":
			address = s.Address
		case name == h.server && h.local.IsValid() && !h.local.IsUnspecified():
			address = h.local.Unmap().WithZone("").String()
		}
		if s != nil {
			ports = Ports{SCCP: cmp.Or(s.SCCPPort, ports.SCCP), SIP: cmp.Or(s.SIPPort, ports.SIP), SecureSIP: cmp.Or(s.SecureSIPPort, ports.SecureSIP)}
		}
		servers = append(servers, cnf.Server{Name: string(name), Address: address, SCCPPort: ports.SCCP, SIPPort: ports.SIP, SecureSIPPort: ports.SecureSIP})
	}
	return servers
}

func addresses(values *parameter.Values) cnf.URLs {
	return cnf.URLs{
		Authentication: values.Text(parameter.URLAuthentication), Directories: values.Text(parameter.URLDirectories),
		Idle: values.Text(parameter.URLIdle), Information: values.Text(parameter.URLInformation),
		Messages: values.Text(parameter.URLMessages), Proxy: values.Text(parameter.URLProxyServer),
		Services: values.Text(parameter.URLServices), IdleSeconds: int(values.Duration(parameter.URLIdleTime).Seconds()),
	}
}

// load is the firmware load of a phone: its own pin, else the device defaults, with a staged roll-out (nil-safe).
func load(in *inputs, c Configuration, p *telephony.Phone) telephony.LoadName {
	defaults := note(in, c.DeviceDefaults(p.Product, p.Protocol))
	if p.FirmwareLoad != "" {
		return p.FirmwareLoad
	}
	return defaults.Load(p.Name)
}

// gather looks up everything that the file of a phone is made of, and nothing more: it is quick, and its list tells
// whether anything changed.
func gather(c Configuration, p *telephony.Phone, h here) inputs {
	in := inputs{p, h}
	note(&in, c.Product(p.Product))
	pool := note(&in, c.DevicePool(p.DevicePool))
	if pool != nil {
		note(&in, c.DateTimeGroup(pool.DateTimeGroup))
		note(&in, c.SRSTReference(pool.SRSTReference))
		members(&in, c, note(&in, c.CallManagerGroup(pool.CallManagerGroup)), h)
	}
	note(&in, c.Parameters(h.server))
	load(&in, c, p)
	note(&in, c.ButtonTemplateOf(p))
	note(&in, c.SoftkeyTemplateOf(p))
	note(&in, c.User(p.DigestUser))
	for _, l := range p.Lines {
		note(&in, c.DirectoryNumber(l.LineKey()))
	}
	return in
}

// resolve makes a phone's file out of the configuration.
func resolve(c Configuration, p *telephony.Phone, h here) cnf.Phone {
	var unused inputs
	values := c.Parameters(h.server)
	pool := c.DevicePool(p.DevicePool)
	if pool == nil {
		pool = &telephony.DevicePool{}
	}
	dates := c.DateTimeGroup(pool.DateTimeGroup)
	if dates == nil {
		dates = &telephony.DateTimeGroup{TimeZone: "Etc/UTC"}
	}
	language := locale.Find(first(p.UserLocale, pool.UserLocale, telephony.LocaleName(values.Text(parameter.DefaultUserLocale))))
	out := cnf.Phone{
		Name: p.Name, Product: c.Product(p.Product), Protocol: p.Protocol, Pool: string(pool.Name), Revert: pool.RevertPriority,
		Group: string(pool.CallManagerGroup), Servers: members(&unused, c, c.CallManagerGroup(pool.CallManagerGroup), h),
		DateGroup: string(dates.Name), DateTemplate: dates.Template(), TimeZone: dates.TimeZone, NTP: dates.NTPServers,
		MonitorSecs:   int(values.Duration(parameter.ConnectionMonitorDuration).Seconds()),
		KeepAliveSecs: int(values.Duration(parameter.StationKeepAliveInterval).Seconds()),
		Load:          load(&unused, c, p),
		UserLocale:    cnf.Locale{Name: string(language.Name), LangCode: language.LangCode, Charset: language.Charset},
		NetworkLocale: string(locale.Country(first(p.NetworkLocale, pool.NetworkLocale, telephony.LocaleName(values.Text(parameter.DefaultNetworkLocale))))),
		URLs:          addresses(values), Password: p.PhonePassword, Vendor: p.VendorConfig,
		DSCPSignals: values.Int(parameter.DSCPForSignalling), DSCPConfig: values.Int(parameter.DSCPForConfiguration),
		DSCPAudio: values.Int(parameter.DSCPForAudio), Expires: int(values.Duration(parameter.SIPRegistrationExpires).Seconds()),
		DialSeconds: dialSeconds(values),
	}
	if r := c.SRSTReference(pool.SRSTReference); r != nil {
		out.SRST.Name = string(r.Name)
		out.SRST.Addresses, out.SRST.Port = r.SCCP()
		out.SRST.SIPAddresses, out.SRST.SIPPort = r.SIP()
	}
	if p.Protocol == telephony.ProtocolSIP && out.Product != nil {
		buttons(c, p, &out)
	}
	return out
}

func dialSeconds(values *parameter.Values) int {
	return max(1, int(values.Duration(parameter.T302Timer).Seconds()))
}

func first[T ~string](values ...T) T {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// buttons lays the lines, speed dials and services of a SIP phone on its buttons, as its template says.
func buttons(c Configuration, p *telephony.Phone, out *cnf.Phone) {
	auth, password := string(p.Name), telephony.Secret{}
	if u := c.User(p.DigestUser); u != nil {
		auth, password = string(u.UserID), u.DigestPassword
	}
	for i, l := range p.Lines {
		if i >= out.Product.Lines() {
			break
		}
		dn := c.DirectoryNumber(l.LineKey())
		line := cnf.Line{
			Number: string(l.DirectoryNumber), Label: l.Text(), Display: l.Display, AuthName: auth, AuthPassword: password,
			MaximumCalls: l.Calls(out.Product.CallsPerLine), BusyTrigger: l.Busy(out.Product.CallsPerLine),
			RingIdle: ringPolicy(l.Ring, 4), RingInUse: ringPolicy(l.RingInUse, 5),
		}
		if dn != nil {
			line.Display = first(line.Display, dn.Display)
			line.AutoAnswer = dn.AutoAnswer == telephony.AutoAnswerHeadset || dn.AutoAnswer == telephony.AutoAnswerSpeaker
		}
		line.Display = first(line.Display, line.Number)
		out.Lines = append(out.Lines, line)
	}
	template := c.ButtonTemplateOf(p)
	if template == nil {
		for i := range out.Lines {
			out.LineButtons = append(out.LineButtons, i+1)
		}
		return
	}
	dial, service := 0, 0
	for i, b := range template.Buttons {
		switch b.Kind {
		case telephony.ButtonLine:
			if len(out.LineButtons) < len(out.Lines) {
				out.LineButtons = append(out.LineButtons, i+1)
			}
		case telephony.ButtonSpeedDial, telephony.ButtonBLF:
			dial++
			if s, ok := p.SpeedDial(dial); ok {
				out.Keys = append(out.Keys, cnf.Key{Button: i + 1, Label: s.Text(), Number: string(s.Number)})
			}
		case telephony.ButtonServiceURL:
			if service < len(p.ServiceURLs) {
				s := p.ServiceURLs[service]
				out.Keys = append(out.Keys, cnf.Key{Button: i + 1, Label: s.Label, URL: s.URL})
			}
			service++
		}
	}
}

// ringPolicy is the number that a phone knows a way to ring by (sccp.md 5.7); standard is that of an absent setting.
func ringPolicy(r telephony.Ring, standard int) int {
	switch r {
	case telephony.RingSilent:
		return 1
	case telephony.RingFlash:
		return 2
	case telephony.RingOnce:
		return 3
	case telephony.RingNormal:
		return 4
	case telephony.RingBeep:
		return 5
	}
	return standard
}
