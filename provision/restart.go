package provision

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"tandem/provision/cnf"
	"tandem/telephony"
)

// Why says why a phone must restart.
type Why string

// The reasons.
const (
	FileChanged     Why = "its configuration file changes"
	ButtonsChanged  Why = "its buttons or their labels change"
	SoftkeysChanged Why = "its softkeys change"
	ProtocolChanged Why = "its protocol or product changes"
	Removed         Why = "it is removed from the configuration"
)

// Set names the devices that a change restarts, with the reason.
type Set map[telephony.DeviceName]Why

// Names lists the devices in the order of their names.
func (s Set) Names() []telephony.DeviceName {
	names := make([]telephony.DeviceName, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// NeedsRestart names the devices which a change from before to after restarts. It is pure, so that the answer can be
// shown before the change is made. What the phones would be told is compared, not what was written: setting a value to
// what it is, or an absent value to its default, restarts nothing, and a phone outside of the set sees nothing.
// server is the one that answers; phones of other servers are judged the same way. New phones are not in the set.
func NeedsRestart(before, after Configuration, server telephony.ServerName) Set {
	set := Set{}
	h := here{server: server, ports: StandardPorts}
	for old := range before.Phones() {
		p := after.Phone(old.Name)
		if p == nil {
			set[old.Name] = Removed
			continue
		}
		if gather(before, old, h).equal(gather(after, p, h)) {
			continue // nothing of what it is made of was touched
		}
		if why, ok := compare(before, old, after, p, h); ok {
			set[old.Name] = why
		}
	}
	return set
}

func compare(before Configuration, old *telephony.Phone, after Configuration, p *telephony.Phone, h here) (Why, bool) {
	if old.Protocol != p.Protocol || old.Product != p.Product {
		return ProtocolChanged, true
	}
	if p.Protocol == telephony.ProtocolSCCP {
		if station(before, old) != station(after, p) {
			return ButtonsChanged, true
		}
		if softkeys(before, old) != softkeys(after, p) {
			return SoftkeysChanged, true
		}
	}
	one, errOne := cnf.File(resolve(before, old, h))
	two, errTwo := cnf.File(resolve(after, p, h))
	if errOne != nil && errTwo != nil {
		return "", false // it has no file, before as after
	}
	if !bytes.Equal(one, two) {
		return FileChanged, true
	}
	return "", false
}

// station is what an SCCP phone is told about its buttons at registration, and again only after a restart.
func station(c Configuration, p *telephony.Phone) string {
	var b strings.Builder
	if t := c.ButtonTemplateOf(p); t != nil {
		for _, button := range t.Buttons {
			fmt.Fprintf(&b, "%d %q\n", button.Kind.Code(), button.Label)
		}
	}
	for _, l := range p.Lines {
		display := l.Display
		if dn := c.DirectoryNumber(l.LineKey()); dn != nil {
			display = first(display, dn.Display)
		}
		fmt.Fprintf(&b, "line %q %q %q\n", l.DirectoryNumber, l.Text(), first(display, string(l.DirectoryNumber)))
	}
	dials := slices.Clone(p.SpeedDials)
	slices.SortFunc(dials, func(a, b telephony.SpeedDial) int { return a.Index - b.Index })
	for _, s := range dials {
		fmt.Fprintf(&b, "dial %d %q %q\n", s.Index, s.Number, s.Text())
	}
	for _, s := range p.ServiceURLs {
		fmt.Fprintf(&b, "service %q %q\n", s.Label, s.URL)
	}
	return b.String()
}

func softkeys(c Configuration, p *telephony.Phone) string {
	t := c.SoftkeyTemplateOf(p)
	if t == nil {
		return ""
	}
	return fmt.Sprint(t.Sets())
}
