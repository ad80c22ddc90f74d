package live

import (
	"encoding/json"
	"hash/fnv"
	"sync"
	"time"

	"tandem/confdb"
	"tandem/registration"
	"tandem/telephony"
)

// zones keeps time zones that were loaded; there are a few hundred in the world.
var zones sync.Map

func zone(name string) *time.Location {
	if name == "" {
		return time.UTC
	}
	if l, ok := zones.Load(name); ok {
		return l.(*time.Location)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	zones.Store(name, l)
	return l
}

// Device resolves a phone for an adapter. The same device is given to all who ask; it is not to be changed.
func (d *Directory) Device(name string) (*registration.Device, bool) {
	return d.view.Load().device(telephony.DeviceName(name))
}

func resolve(s *confdb.Snapshot, phone *telephony.Phone) *registration.Device {
	d := &registration.Device{
		Name: string(phone.Name), Description: phone.Description, Protocol: phone.Protocol, Owner: string(phone.Owner),
		DigestUser: string(phone.DigestUser), SpeedDials: phone.SpeedDials, ServiceURLs: phone.ServiceURLs,
		UserLocale: string(phone.UserLocale), NetworkLocale: string(phone.NetworkLocale), Load: string(phone.FirmwareLoad),
		Zone: time.UTC, DateFormat: telephony.DefaultDateTemplate,
	}
	product := s.Product(phone.Product)
	if product != nil {
		d.Product = *product
	}
	defaults := s.DeviceDefaults(phone.Product, phone.Protocol)
	if d.Load == "" {
		d.Load = string(defaults.Load(phone.Name))
	}
	softkeys, buttons := phone.SoftkeyTemplate, phone.ButtonTemplate
	var home homes
	if pool := s.DevicePool(phone.DevicePool); pool != nil {
		if g := s.DateTimeGroup(pool.DateTimeGroup); g != nil {
			d.Zone, d.DateFormat = zone(g.TimeZone), g.Template()
		}
		home = homesOf(s, pool)
		softkeys = first(softkeys, pool.SoftkeyTemplate)
		d.UserLocale = first(d.UserLocale, string(pool.UserLocale))
		d.NetworkLocale = first(d.NetworkLocale, string(pool.NetworkLocale))
	}
	if defaults != nil {
		softkeys, buttons = first(softkeys, defaults.SoftkeyTemplate), first(buttons, defaults.ButtonTemplate)
	}
	softkeys, buttons = first(softkeys, d.Product.SoftkeyTemplate), first(buttons, d.Product.ButtonTemplate)
	if t := s.SoftkeyTemplate(softkeys); t != nil {
		d.Softkeys = *t
	}
	if t := s.ButtonTemplate(buttons); t != nil {
		d.Buttons = t.Buttons
	}
	for i, l := range phone.Lines {
		out := registration.Line{
			Instance: i + 1, Ref: refOf(l.LineKey()), Label: l.Text(), Display: l.Display, ExternalMask: l.ExternalMask,
			MaxCalls: l.Calls(d.Product.CallsPerLine), BusyTrigger: l.Busy(d.Product.CallsPerLine), Ring: l.Ring,
			RingInUse: l.RingInUse, Shared: len(s.Appearances(l.LineKey())) > 1,
		}
		if n := s.DirectoryNumber(l.LineKey()); n != nil {
			out.Display = first(out.Display, n.Display)
			out.ExternalMask = first(out.ExternalMask, n.ExternalMask)
			out.AutoAnswer = n.AutoAnswer
		}
		d.Lines = append(d.Lines, out)
	}
	d.Fingerprint = fingerprint(phone, d, home)
	return d
}

// homes is where a phone may register, as its file says it.
type homes struct {
	Group   *telephony.CallManagerGroup
	Servers []*telephony.Server
	SRST    *telephony.SRSTReference
	Revert  int
}

func homesOf(s *confdb.Snapshot, pool *telephony.DevicePool) homes {
	h := homes{Group: s.CallManagerGroup(pool.CallManagerGroup), SRST: s.SRSTReference(pool.SRSTReference), Revert: pool.RevertPriority}
	if h.Group != nil {
		for _, name := range h.Group.Members {
			h.Servers = append(h.Servers, s.Server(name))
		}
	}
	return h
}

func first[T comparable](values ...T) (none T) {
	for _, v := range values {
		if v != none {
			return v
		}
	}
	return none
}

// fingerprint covers what a phone learns only from its file or while it registers. What call processing uses for itself
// (names for others, call limits, forwarding) is left out: it is live at once and restarts nobody.
func fingerprint(phone *telephony.Phone, d *registration.Device, home homes) uint64 {
	type button struct {
		Number, Partition, Label string
	}
	var lines []button
	for _, l := range d.Lines {
		lines = append(lines, button{l.Ref.Number, l.Ref.Partition, l.Label})
	}
	h := fnv.New64a()
	_ = json.NewEncoder(h).Encode([]any{d.Protocol, d.Product.Name, d.Load, lines, d.Buttons, d.SpeedDials, d.ServiceURLs, d.Softkeys,
		d.Zone.String(), d.DateFormat, d.UserLocale, d.NetworkLocale, phone.VendorConfig, phone.DigestUser, home})
	return h.Sum64()
}
