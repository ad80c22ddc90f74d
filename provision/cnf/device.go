package cnf

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/telephony"
)

// Families and products that depart from the others.
const family7960 = "7960"

// early reports whether a phone has a load of the CallManager 4 age: it knows the first half of the file only (sccp.md
// 5.3), and its memory is small.
func early(p *telephony.Product) bool {
	switch p.Family {
	case family7960:
		return true
	case "":
		return p.Name != "Cisco 7921" && p.Name != "Cisco 7925" && p.Name != "Cisco 7926" && p.Name != "Cisco 7937" && p.Name != "Cisco IP Communicator"
	}
	return false
}

// wireless reports whether the phone runs on a battery.
func wireless(p *telephony.Product) bool {
	switch p.Name {
	case "Cisco 7920", "Cisco 7921", "Cisco 7925", "Cisco 7926":
		return true
	}
	return false
}

// device makes the root of SEP….cnf.xml (sccp.md 5.3 and 5.7).
func device(p Phone, form Form) *node {
	small := early(p.Product)
	root := el("device")
	if !small {
		root.add(leaf("fullConfig", true))
	}
	root.add(leaf("deviceProtocol", p.Protocol))
	root.add(pool(p, small))
	if !p.Password.Empty() {
		root.add(el("commonProfile", leaf("phonePassword", p.Password.Reveal()), leaf("backgroundImageAccess", true), leaf("callLogBlfEnabled", 1)))
	}
	root.add(leaf("loadInformation", p.Load))
	root.add(vendor(p.Vendor))
	root.add(leaf("versionStamp", ""))
	root.add(el("userLocale", leaf("name", p.UserLocale.Name), leaf("langCode", p.UserLocale.LangCode), leaf("winCharSet", p.UserLocale.Charset)))
	root.add(leaf("networkLocale", p.NetworkLocale))
	if !small {
		root.add(el("networkLocaleInfo", leaf("name", p.NetworkLocale)))
	}
	root.add(leaf("deviceSecurityMode", 1)) // any other one needs a trust list
	root.add(leaf("idleTimeout", p.URLs.IdleSeconds))
	proxy := p.URLs.Proxy
	if p.Product.Name == "Cisco 7912" {
		proxy = "" // sccp.md 5.3
	}
	root.add(leaf("authenticationURL", p.URLs.Authentication), leaf("directoryURL", p.URLs.Directories), leaf("idleURL", p.URLs.Idle),
		leaf("informationURL", p.URLs.Information), leaf("messagesURL", p.URLs.Messages), leaf("proxyServerURL", proxy),
		leaf("servicesURL", p.URLs.Services))
	if small {
		return root
	}
	root.add(leaf("dscpForSCCPPhoneConfig", p.DSCPConfig<<2), leaf("dscpForSCCPPhoneServices", 0), leaf("dscpForCm2Dvce", p.DSCPSignals<<2))
	root.add(leaf("transportLayerProtocol", 4))
	root.add(leaf("dndCallAlert", 5), leaf("phonePersonalization", 0), leaf("rollover", 0), leaf("singleButtonBarge", 0),
		leaf("joinAcrossLines", 0), leaf("autoCallPickupEnable", false), leaf("advertiseG722Codec", 1))
	root.add(leaf("capfAuthMode", 0), el("capfList"), leaf("certHash", ""), leaf("encrConfig", false))
	root.add(services(p))
	if form == SIPXML {
		root.add(sipProfile(p))
	}
	return root
}

func pool(p Phone, small bool) *node {
	n := el("devicePool", leaf("revertPriority", p.Revert))
	date := el("dateTimeSetting", leaf("name", p.DateGroup), leaf("dateTemplate", p.DateTemplate), leaf("timeZone", ZoneName(p.TimeZone)))
	if len(p.NTP) > 0 && !small {
		list := el("ntps")
		for _, server := range p.NTP {
			list.add(el("ntp", leaf("name", server), leaf("ntpMode", "unicast")))
		}
		date.add(list)
	}
	n.add(date, group(p.Group, p.Servers))
	monitor := p.MonitorSecs
	if wireless(p.Product) { // no second connection, and a monitor time within the keep-alive
		monitor = p.KeepAliveSecs * 3 / 4
	}
	n.add(survivable(p.SRST, small && !wireless(p.Product)), leaf("mlppDomainId", -1), leaf("mlppIndicationStatus", "Off"), leaf("preemption", "Disabled"),
		leaf("connectionMonitorDuration", monitor))
	return n
}

// survivable is the SRST reference. Its addresses stand in numbered elements, of which the empty ones are left out where the
// file has to be small.
func survivable(r SRST, brief bool) *node {
	name, option := r.Name, "Enable"
	if len(r.Addresses) == 0 {
		name, option = "Disable", "Disable"
	}
	n := el("srstInfo", leaf("name", name), leaf("srstOption", option), leaf("userModifiable", false))
	numbered := func(address, port string, list []string, standard int) {
		for i := range 3 {
			at := ""
			if i < len(list) {
				at = list[i]
			}
			if at != "" || !brief {
				n.add(leaf(fmt.Sprint(address, i+1), at), leaf(fmt.Sprint(port, i+1), standard))
			}
		}
	}
	numbered("ipAddr", "port", r.Addresses, cmp.Or(r.Port, telephony.DefaultSRSTPort))
	if len(r.Addresses) > 0 {
		numbered("sipIpAddr", "sipPort", r.SIPAddresses, cmp.Or(r.SIPPort, telephony.DefaultSRSTSIPPort))
		n.add(leaf("isSecure", false))
	}
	return n
}

func group(name string, servers []Server) *node {
	members := el("members")
	for i, s := range servers {
		members.add(el("member",
			el("callManager",
				leaf("name", s.Name),
				el("ports", leaf("ethernetPhonePort", s.SCCPPort), leaf("sipPort", s.SIPPort), leaf("securedSipPort", s.SecureSIPPort)),
				leaf("processNodeName", s.Address),
			)).with("priority", i))
	}
	return el("callManagerGroup", leaf("name", name), leaf("tftpDefault", true), members)
}

// vendor writes what the administrator set, in an order that does not change from one time to the next.
func vendor(settings map[string]string) *node {
	n := el("vendorConfig")
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if elementName(name) {
			n.add(leaf(name, settings[name]))
		}
	}
	return n
}

// elementName reports whether a name of the administrator can be that of an element.
func elementName(name string) bool {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789_-.", r)) {
			return false
		}
	}
	return name != ""
}

// services lists what is behind the keys of loads from 7 on: without the list those of release 9 show empty menus
// (sccp.md 5.3).
func services(p Phone) *node {
	n := el("phoneServices", leaf("provisioning", 2))
	for _, s := range []struct {
		kind      int
		name, url string
	}{
		{1, "Missed Calls", "Application:Cisco/MissedCalls"}, {1, "Received Calls", "Application:Cisco/ReceivedCalls"},
		{1, "Placed Calls", "Application:Cisco/PlacedCalls"}, {1, "Corporate Directory", p.URLs.Directories},
		{2, "Voicemail", "Application:Cisco/Voicemail"},
	} {
		if s.url != "" {
			n.add(el("phoneService", leaf("name", s.name), leaf("url", s.url), leaf("vendor", ""), leaf("version", "")).
				with("type", s.kind).with("category", 0))
		}
	}
	return n
}
