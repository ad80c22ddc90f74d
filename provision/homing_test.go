package provision

import (
	"strings"
	"testing"

	"tandem/telephony"
)

// Servers of one group may use different ports; a change of any of them, or of the SRST router, is in the next file.
func TestFileFollowsServersAndSRST(t *testing.T) {
	s := smallSite()
	l := newLab(t, s)
	before, err := l.ask("SEP0000AAAA2003.cnf.xml", "192.0.2.100")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(before, "<ethernetPhonePort>2000</ethernetPhonePort>"); n != 2 || !strings.Contains(before, "<srstOption>Disable") {
		t.Errorf("%d servers use the standard port:\n%s", n, before)
	}
	l.set(s.change(func(next *site) {
		next.servers = map[telephony.ServerName]*telephony.Server{"cm1": s.servers["cm1"],
			"cm2": {Name: "cm2", Address: "192.0.2.12", SCCPPort: 2100, SIPPort: 5160, SecureSIPPort: 5161}}
		next.survivable = map[telephony.SRSTReferenceName]*telephony.SRSTReference{"Branch": {Name: "Branch", Addresses: []string{"192.0.2.250"}}}
		next.pools = map[telephony.DevicePoolName]*telephony.DevicePool{"HQ": {Name: "HQ", CallManagerGroup: "Default", Region: "HQ",
			DateTimeGroup: "Berlin", SRSTReference: "Branch"}}
	}))
	after, err := l.ask("SEP0000AAAA2003.cnf.xml", "192.0.2.100")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<ethernetPhonePort>2000</ethernetPhonePort>", "<ethernetPhonePort>2100</ethernetPhonePort>", "<sipPort>5160</sipPort>",
		"<securedSipPort>5161</securedSipPort>", "<name>Branch</name><srstOption>Enable</srstOption>", "<ipAddr1>192.0.2.250</ipAddr1><port1>2000</port1>"} {
		if !strings.Contains(after, want) {
			t.Errorf("no %s in\n%s", want, after)
		}
	}
}
