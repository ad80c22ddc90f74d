package cnf

import (
	"errors"
	"fmt"
	"strings"

	"tandem/telephony"
)

var errNoServer = errors.New("no server is known for the default file")

// XMLDefault writes XMLDefault.cnf.xml, from which an unknown phone learns where to register and which load its model runs
// (sccp.md 5.5, Q-40).
func XMLDefault(d Default) ([]byte, error) {
	if len(d.Servers) == 0 {
		return nil, errNoServer
	}
	root := el("Default", group(d.Group, d.Servers))
	for _, l := range d.Loads {
		root.add(leaf(fmt.Sprint("loadInformation", l.DeviceType), l.Name).with("model", l.Model))
	}
	root.add(leaf("authenticationURL", d.URLs.Authentication), leaf("directoryURL", d.URLs.Directories), leaf("idleURL", d.URLs.Idle),
		leaf("informationURL", d.URLs.Information), leaf("messagesURL", d.URLs.Messages), leaf("servicesURL", d.URLs.Services))
	content := root.bytes()
	if _, err := parse(content); err != nil {
		return nil, err
	}
	return content, nil
}

// OS79XX writes OS79XX.TXT: the name of the image of the 7940 and 7960, and not one octet more, since a blank or the end
// of a line becomes part of the name that the phone then asks for. The image of the SIP load P0S3-8-12-00 is
// P003-8-12-00 (sccp.md 5.6). nil if there is no load.
func OS79XX(load telephony.LoadName) []byte {
	name := strings.TrimSpace(string(load))
	if name == "" {
		return nil
	}
	if rest, ok := strings.CutPrefix(name, "P0S3-"); ok {
		name = "P003-" + rest
	}
	return []byte(name)
}

// DialPlan writes dialplan.xml for SIP phones: the phone sends what was keyed seconds after the last digit, or at once at
// "#". What the digits mean is decided by the server alone.
func DialPlan(seconds int) []byte {
	return el("DIALTEMPLATE",
		el("TEMPLATE").with("MATCH", "*").with("Timeout", seconds).with("User", "Phone"),
	).bytes()
}

// Ring is one ring melody.
type Ring struct {
	Name string // shown in the menu
	File string // asked for over TFTP
}

// MaximumRings is what a ring list may hold (sccp.md 5.6).
const MaximumRings = 50

// RingList writes Ringlist.xml and DistinctiveRinglist.xml.
func RingList(rings []Ring) []byte {
	root := el("CiscoIPPhoneRingList")
	for _, r := range rings[:min(len(rings), MaximumRings)] {
		root.add(el("Ring", leaf("DisplayName", r.Name), leaf("FileName", r.File)))
	}
	return root.bytes()
}

// RingListText writes RINGLIST.DAT: name, tabulator, file.
func RingListText(rings []Ring) []byte {
	var b strings.Builder
	for _, r := range rings[:min(len(rings), MaximumRings)] {
		name := strings.Map(func(c rune) rune {
			if c < ' ' || c > '~' {
				return '?'
			}
			return c
		}, r.Name)
		fmt.Fprintf(&b, "%s\t%s\r\n", name, r.File)
	}
	return []byte(b.String())
}
