package provision

import (
	"maps"
	"testing"

	"tandem/telephony"
)

// a change names exactly the phones that must restart.
func TestR18_NeedsRestart(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(n *site)
		want Set
	}{
		{"nothing", func(*site) {}, Set{}},
		{"the same again, written anew", func(n *site) {
			for name := range n.phones {
				n.phone(name, func(*telephony.Phone) {})
			}
			for k, dn := range n.numbers {
				again := *dn
				n.numbers[k] = &again
			}
			pool := *n.pools["HQ"]
			n.pools["HQ"] = &pool
		}, Set{}},
		{"an absent value set to its default", func(n *site) {
			n.phone("SEP0000AAAA2003", func(p *telephony.Phone) {
				p.ButtonTemplate, p.SoftkeyTemplate, p.UserLocale = "Standard 6 buttons", telephony.StandardSoftkeys, "English_United_States"
				p.VendorConfig = map[string]string{}
				p.SpeedDials = []telephony.SpeedDial{}
			})
			date := *n.dates["Berlin"]
			date.DateTemplate = telephony.DefaultDateTemplate
			n.dates["Berlin"] = &date
		}, Set{}},
		{"a line is added to one phone", func(n *site) {
			n.phone("SEP0000AAAA2003", func(p *telephony.Phone) {
				p.Lines = append(p.Lines, telephony.LineAppearance{DirectoryNumber: "2004", Partition: "internal"})
			})
		}, Set{"SEP0000AAAA2003": ButtonsChanged}},
		{"a line is added to a SIP phone", func(n *site) {
			n.phone("SEP0000AAAA2006", func(p *telephony.Phone) {
				p.Lines = append(p.Lines, telephony.LineAppearance{DirectoryNumber: "2003", Partition: "internal"})
			})
		}, Set{"SEP0000AAAA2006": FileChanged}},
		{"a new phone", func(n *site) {
			n.phones["SEP0000AAAA2999"] = &telephony.Phone{Name: "SEP0000AAAA2999", Product: "Cisco 7960", Protocol: telephony.ProtocolSCCP, DevicePool: "HQ"}
		}, Set{}},
		{"a phone is removed", func(n *site) { delete(n.phones, "SEP0000AAAA2004") }, Set{"SEP0000AAAA2004": Removed}},
		{"a number is forwarded, its rights change", func(n *site) {
			key := telephony.LineKey{Pattern: "2004", Partition: "internal"}
			dn := *n.numbers[key]
			dn.ForwardAll = &telephony.Forward{Destination: "2003"}
			dn.CallingSearchSpace = "board"
			n.numbers[key] = &dn
		}, Set{}},
		{"calls per line and the phone's rights", func(n *site) {
			n.phone("SEP0000AAAA2003", func(p *telephony.Phone) {
				p.Lines[0].MaximumCalls, p.CallingSearchSpace, p.Description = 6, "board", "third floor"
			})
		}, Set{}},
		{"the name of a shared number", func(n *site) {
			key := telephony.LineKey{Pattern: "2003", Partition: "internal"}
			dn := *n.numbers[key]
			dn.Display = "Carol Clark"
			n.numbers[key] = &dn
		}, Set{"SEP0000AAAA2003": ButtonsChanged, "SEP0000AAAA2009": ButtonsChanged, "SEP0000AAAA2007": FileChanged, "SEP0000AAAA2008": FileChanged}},
		{"a load for one model", func(n *site) {
			n.defaults["Cisco 7961/SCCP"] = &telephony.DeviceDefaults{FirmwareLoad: "SCCP41.9-4-2SR4-1S"}
		}, Set{"SEP0000AAAA2004": FileChanged}},
		{"a password", func(n *site) {
			n.users["alice"] = &telephony.User{UserID: "alice", DigestPassword: telephony.NewSecret("other")}
		}, Set{"SEP0000AAAA2006": FileChanged, "SEP0000AAAA2007": FileChanged, "SEP0000AAAA2008": FileChanged}},
		{"a softkey template", func(n *site) {
			t := *n.softkeys[telephony.StandardSoftkeys]
			t.OnHook = []telephony.Softkey{telephony.SoftkeyNewCall}
			n.softkeys[telephony.StandardSoftkeys] = &t
		}, Set{"SEP0000AAAA2003": SoftkeysChanged, "SEP0000AAAA2004": SoftkeysChanged, "SEP0000AAAA2005": SoftkeysChanged, "SEP0000AAAA2009": SoftkeysChanged}},
		{"another protocol", func(n *site) {
			n.phone("SEP0000AAAA2003", func(p *telephony.Phone) { p.Protocol = telephony.ProtocolSIP })
		}, Set{"SEP0000AAAA2003": ProtocolChanged}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := smallSite()
			after := before.change(c.edit)
			got := NeedsRestart(before, after, "cm1")
			if !maps.Equal(got, c.want) {
				t.Errorf("restarts %v, want %v", got, c.want)
			}
			if len(NeedsRestart(after, after, "cm1")) != 0 {
				t.Error("no change restarts something")
			}
		})
	}
}

func BenchmarkNeedsRestart(b *testing.B) {
	before := smallSite()
	for i := range 10_000 {
		name := telephony.DeviceName("SEP" + string("0123456789ABCDEF"[i%16]) + "0000" + string("0123456789ABCDEF"[i/16%16]) + string("0123456789ABCDEF"[i/256%16]) + string("0123456789ABCDEF"[i/4096%16]) + "0000")
		before.phones[name] = &telephony.Phone{Name: name, Product: "Cisco 7961", Protocol: telephony.ProtocolSCCP, DevicePool: "HQ",
			Lines: []telephony.LineAppearance{{DirectoryNumber: "2003", Partition: "internal"}}}
	}
	after := before.change(func(n *site) { n.phone("SEP0000AAAA2003", func(p *telephony.Phone) { p.FirmwareLoad = "X" }) })
	for b.Loop() {
		if len(NeedsRestart(before, after, "cm1")) != 1 {
			b.Fatal("wrong set")
		}
	}
}
