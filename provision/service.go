package provision

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"tandem/fault"
	"tandem/provision/cnf"
	"tandem/provision/firmware"
	"tandem/provision/locale"
	"tandem/telephony"
	"tandem/telephony/parameter"
)

// Contents gives the content of a file by its hash; *firmware.Store is one.
type Contents interface {
	Open(hash string) (*os.File, error)
}

// Options is what a Service works with. All fields but Ports and Fetch must be set.
type Options struct {
	Server        telephony.ServerName // the server that answers
	Configuration func() Configuration // the live snapshot
	Contents      Contents
	// Fetch brings a content that is not on this server, or damaged, from another one; nil: there is none. It ends with the context.
	Fetch  func(ctx context.Context, hash string) error
	Story  Storyteller
	Alarms Alarms
	Ports  func() Ports // of call processing on this server, asked whenever a file is made; nil means StandardPorts
}

// Service answers requests for files. Its methods may be called at the same time.
type Service struct {
	o     Options
	cache *cache
	watch *watch

	mu      sync.Mutex // guards index
	index   map[string]string
	indexOf Configuration
}

// New makes a Service.
func New(o Options) *Service {
	if o.Ports == nil {
		o.Ports = func() Ports { return StandardPorts }
	}
	return &Service{o: o, cache: newCache(), watch: newWatch()}
}

// Open finds or makes the file of a request.
func (s *Service) Open(ctx context.Context, r Request) (*File, error) {
	name, err := ParseName(r.Name)
	if err != nil {
		return nil, err
	}
	c := s.o.Configuration()
	h := here{server: s.o.Server, ports: s.o.Ports(), local: r.Local}
	switch name.Kind {
	case KindPhone, KindPhoneText:
		return s.phone(c, name, h)
	case KindXMLDefault, KindSIPDefault, KindImageName, KindDialPlan, KindRingList, KindRingText:
		if f, err := s.added(ctx, c, name.Text); err == nil {
			return f, nil // somebody added a file of this name: it counts
		}
		return s.common(c, name, h)
	case KindOther:
		if f, err := s.added(ctx, c, name.Text); !errors.Is(err, ErrNotFound) {
			return f, err
		}
		if ring := builtInRing(name.Text); ring != nil {
			return memory(name.Text, KindOther, "", ring, ""), nil
		}
	}
	return nil, fmt.Errorf("%s: %w", name.Text, ErrNotFound)
}

// phone makes a phone's own file. SIP….cnf belongs to the device SEP… or SIP… with the same MAC address.
func (s *Service) phone(c Configuration, name Name, h here) (*File, error) {
	p := c.Phone(name.Device)
	if mac, ok := name.Device.MAC(); ok && p == nil && name.Kind == KindPhoneText {
		p = c.Phone(telephony.DeviceName("SEP" + mac))
	}
	if p == nil {
		return nil, fmt.Errorf("%s: %w", name.Text, ErrNotFound)
	}
	form := cnf.FormOf(c.Product(p.Product), p.Protocol)
	if form == cnf.None || (form == cnf.SIPText) != (name.Kind == KindPhoneText) {
		return nil, fmt.Errorf("%s is of another form for %s with %s: %w", name.Text, p.Product, p.Protocol, ErrNotFound)
	}
	content, tag, err := s.cache.get(name.Text, gather(c, p, h), func() ([]byte, error) { return cnf.File(resolve(c, p, h)) })
	if err != nil {
		return nil, err
	}
	return memory(name.Text, name.Kind, p.Name, content, tag), nil
}

// common makes a file that all phones share.
func (s *Service) common(c Configuration, name Name, h here) (*File, error) {
	content, tag, err := s.cache.get(name.Text, inputs{c, h}, func() ([]byte, error) {
		switch name.Kind {
		case KindXMLDefault:
			return cnf.XMLDefault(defaults(c, h))
		case KindSIPDefault:
			return cnf.SIPDefault(defaults(c, h))
		case KindImageName:
			return cnf.OS79XX(imageName(c)), nil
		case KindDialPlan:
			return cnf.DialPlan(dialSeconds(c.Parameters(h.server))), nil
		case KindRingText:
			return cnf.RingListText(rings(c)), nil
		default:
			return cnf.RingList(rings(c)), nil
		}
	})
	if err != nil {
		return nil, err
	}
	if len(content) == 0 { // never an empty file
		return nil, fmt.Errorf("%s: %w", name.Text, ErrNotFound)
	}
	return memory(name.Text, name.Kind, "", content, tag), nil
}

// added opens a file that somebody added. Phones differ in letter case; the exact name comes first.
func (s *Service) added(ctx context.Context, c Configuration, name string) (*File, error) {
	f := c.FirmwareFile(name)
	if f == nil {
		f = c.FirmwareFile(s.folded(c)[strings.ToLower(name)])
	}
	if f == nil {
		return nil, fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	content, err := s.o.Contents.Open(f.SHA256)
	if err != nil && s.o.Fetch != nil {
		// The name came with the configuration, the content is on its way: a phone that restarts for its new load is not sent away.
		if err = s.o.Fetch(ctx, f.SHA256); err == nil {
			content, err = s.o.Contents.Open(f.SHA256)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("content of %s: %w", f.Name, err)
	}
	return &File{Name: f.Name, Size: f.Size, ETag: f.SHA256, Content: content, release: content.Close}, nil
}

// folded indexes the added files by their names in small letters; made once for each configuration. Directories are in it
// with a slash behind them.
func (s *Service) folded(c Configuration) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.indexOf != c {
		s.index = map[string]string{}
		for f := range c.FirmwareFiles() {
			lower := strings.ToLower(f.Name)
			s.index[lower] = f.Name
			if directory, _, ok := strings.Cut(lower, "/"); ok {
				s.index[directory+"/"] = f.Name
			}
		}
		s.indexOf = c
	}
	return s.index
}

// defaults gathers what unknown phones are told.
func defaults(c Configuration, h here) cnf.Default {
	var unused inputs
	values := c.Parameters(h.server)
	d := cnf.Default{Group: "Default", URLs: addresses(values), TimeZone: "Etc/UTC", Expires: int(values.Duration(parameter.SIPRegistrationExpires).Seconds())}
	var group *telephony.CallManagerGroup
	if a := c.AutoRegistration(h.server); a != nil {
		if pool := c.DevicePool(a.DevicePool); pool != nil {
			if group = c.CallManagerGroup(pool.CallManagerGroup); group != nil {
				d.Group = string(group.Name)
			}
			if dates := c.DateTimeGroup(pool.DateTimeGroup); dates != nil {
				d.TimeZone, d.NTP = dates.TimeZone, dates.NTPServers
			}
		}
	}
	d.Servers = members(&unused, c, group, h)
	for p := range c.Products() {
		if p.DeviceType == 0 {
			continue
		}
		l := cnf.Load{DeviceType: p.DeviceType, Model: string(p.Name)}
		for _, protocol := range []telephony.Protocol{telephony.ProtocolSCCP, telephony.ProtocolSIP} {
			if one := c.DeviceDefaults(p.Name, protocol); l.Name == "" && one != nil {
				l.Name = one.FirmwareLoad
			}
		}
		d.Loads = append(d.Loads, l)
	}
	d.SIPLoad = defaultLoad(c, telephony.ProtocolSIP)
	return d
}

// defaultLoad is the standing load of the 7960 and 7940 with a protocol.
func defaultLoad(c Configuration, protocol telephony.Protocol) telephony.LoadName {
	for _, product := range []telephony.ProductName{"Cisco 7960", "Cisco 7940"} {
		if d := c.DeviceDefaults(product, protocol); d != nil && d.FirmwareLoad != "" {
			return d.FirmwareLoad
		}
	}
	return ""
}

// imageName is the load that OS79XX.TXT names. All 7940 and 7960 read the same file: with a default for SIP it is that one,
// since a phone with an SCCP load goes by its own file.
func imageName(c Configuration) telephony.LoadName {
	return first(defaultLoad(c, telephony.ProtocolSIP), defaultLoad(c, telephony.ProtocolSCCP))
}

// Registered tells that a device registered: what kept it from that is over.
func (s *Service) Registered(device telephony.DeviceName) {
	s.watch.known(device, true)
	s.o.Alarms.Clear(fault.ProvisionLoop, string(device))
	s.o.Alarms.Clear(fault.ProvisionForeignTrust, string(device))
}

// Unknown lists the phones that asked for their file lately and are not configured.
func (s *Service) Unknown() []UnknownPhone { return s.watch.strangers() }

// CheckLocales names the locales that a phone is told of but nobody has added; empty for a phone that is not configured.
func (s *Service) CheckLocales(device telephony.DeviceName) []telephony.LocaleName {
	c := s.o.Configuration()
	p := c.Phone(device)
	if p == nil {
		return nil
	}
	out := resolve(c, p, here{server: s.o.Server, ports: s.o.Ports()})
	index := s.folded(c)
	return locale.Missing(telephony.LocaleName(out.UserLocale.Name), telephony.LocaleName(out.NetworkLocale), func(directory string) bool {
		_, ok := index[strings.ToLower(directory)+"/"]
		return ok
	})
}

// missingLoad reports the load of a phone if its first file was never added.
func (s *Service) missingLoad(device telephony.DeviceName) telephony.LoadName {
	c := s.o.Configuration()
	p := c.Phone(device)
	if p == nil {
		return ""
	}
	var unused inputs
	name := load(&unused, c, p)
	if name == "" || firmware.Present(name, func(file string) bool { return c.FirmwareFile(file) != nil }) {
		return ""
	}
	return name
}

// memory makes a File of octets.
func memory(name string, kind Kind, device telephony.DeviceName, content []byte, tag string) *File {
	if tag == "" {
		tag = tagOf(content)
	}
	return &File{Name: name, Kind: kind, Device: device, Size: int64(len(content)), ETag: tag, Content: bytes.NewReader(content)}
}

func tagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:16])
}

// cache keeps files that were made, each with the objects it was made of: it is good as long as these are the same, so that
// a change of one phone touches the file of that phone only.
type cache struct {
	mu    sync.Mutex
	files map[string]cached
	size  int
}

type cached struct {
	made    inputs
	content []byte
	tag     string
}

// maximumCache bounds the files that are kept, in octets; a file that is not is made in a fraction of a millisecond.
const maximumCache = 8 << 20

func newCache() *cache { return &cache{files: map[string]cached{}} }

func (c *cache) get(name string, in inputs, make func() ([]byte, error)) ([]byte, string, error) {
	c.mu.Lock()
	file, ok := c.files[name]
	c.mu.Unlock()
	if ok && file.made.equal(in) {
		return file.content, file.tag, nil
	}
	content, err := make()
	if err != nil {
		return nil, "", err
	}
	file = cached{made: in, content: content, tag: tagOf(content)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.size += len(content) - len(c.files[name].content)
	c.files[name] = file
	for other, f := range c.files {
		if c.size <= maximumCache {
			break
		}
		if other != name {
			c.size -= len(f.content)
			delete(c.files, other)
		}
	}
	return content, file.tag, nil
}
