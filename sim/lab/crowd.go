package lab

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"tandem/phone"
	"tandem/phone/load"
)

// Crowd is a site with thousands of phones of both kinds, each with a number of its own, for tests and measurements. It has one region
// at which codecs need not be changed.
type Crowd struct {
	// Groups are lists of servers, best first. Each has its SCCP and its SIP phones.
	Groups []CrowdGroup
}

// CrowdGroup are phones that have the same servers.
type CrowdGroup struct {
	Members   []string
	SCCP, SIP int
}

// Numbers of SIP phones and of SCCP phones begin here, those of each further group so much higher.
const (
	CrowdSIP  = 100000
	CrowdSCCP = 300000
	crowdStep = 30000
)

// CrowdSecret is the password of every user of a crowd.
const CrowdSecret = "one-secret-for-all"

// Site is the site file.
func (c Crowd) Site() []byte {
	var groups, pools, users, numbers, phones strings.Builder
	for i, g := range c.Groups {
		fmt.Fprintf(&groups, "- {name: G%d, members: [%s]}\n", i, strings.Join(g.Members, ", "))
		fmt.Fprintf(&pools, "- {name: P%d, callManagerGroup: G%d, region: R, location: L, dateTimeGroup: D}\n", i, i)
		for n := CrowdSIP + i*crowdStep; n < CrowdSIP+i*crowdStep+g.SIP; n++ {
			fmt.Fprintf(&users, "- {userId: \"%d\", lastName: N%d, digestPassword: %s, devices: [SIP%d]}\n", n, n, CrowdSecret, n)
			fmt.Fprintf(&numbers, "- {pattern: \"%d\", partition: all}\n", n)
			fmt.Fprintf(&phones, "- {name: SIP%d, protocol: SIP, product: Generic SIP phone, devicePool: P%d, callingSearchSpace: all, digestUser: \"%d\", "+
				"lines: [{directoryNumber: \"%d\", partition: all}]}\n", n, i, n, n)
		}
		for n := CrowdSCCP + i*crowdStep; n < CrowdSCCP+i*crowdStep+g.SCCP; n++ {
			fmt.Fprintf(&numbers, "- {pattern: \"%d\", partition: all}\n", n)
			fmt.Fprintf(&phones, "- {name: SEP000000%d, protocol: SCCP, product: Cisco 7961, devicePool: P%d, callingSearchSpace: all, "+
				"lines: [{directoryNumber: \"%d\", partition: all}]}\n", n, i, n)
		}
	}
	var b strings.Builder
	section := func(name string, text *strings.Builder) {
		if text.Len() > 0 {
			fmt.Fprintf(&b, "%s:\n%s", name, text)
		}
	}
	section("callManagerGroups", &groups)
	b.WriteString(`regions: [{name: R}]
locations: [{name: L}]
dateTimeGroups: [{name: D, timeZone: UTC}]
partitions: [{name: all}]
callingSearchSpaces: [{name: all, partitions: [all]}]
`)
	section("devicePools", &pools)
	section("users", &users)
	section("directoryNumbers", &numbers)
	section("phones", &phones)
	return []byte(b.String())
}

// Sources are the loopback addresses from which the phones of a crowd come: an address may not open as many connections as there are phones.
const Sources = 20

// source is the first of them; servers have lower ones.
var source = netip.AddrFrom4([4]byte{127, 0, 1, 1})

// Phones are the SCCP phones of a group, and its SIP phones of which half use TCP; kinds of which there are none are left out. SIP phones over
// UDP learn that their server is gone by asking it every keepAlive; 0 is as phones do by themselves.
func (c Crowd) Phones(cluster *Cluster, group int, keepAlive time.Duration) []load.Options {
	g := c.Groups[group]
	at := func(use string) (servers []string) {
		for _, name := range g.Members {
			servers = append(servers, cluster.Named(name).Address(use))
		}
		return servers
	}
	var all []load.Options
	add := func(n, first int, name string, p phone.Config) {
		if n > 0 {
			p.Local, p.Trace, p.Monitor = source, -1, time.Hour
			all = append(all, load.Options{Phone: p, Name: name, Number: "%d", First: first + group*crowdStep, Count: n, Password: CrowdSecret,
				RegisterRate: 250, Spread: Sources})
		}
	}
	add(g.SCCP, CrowdSCCP, "SEP000000%d", phone.Config{Protocol: phone.SCCP, Model: "7961", Servers: at("sccp")})
	sip := phone.Config{Protocol: phone.SIP, Servers: at("sip"), Habits: phone.Habits{KeepAlive: keepAlive, AnswerTimeout: 8 * time.Second}}
	add(g.SIP/2, CrowdSIP, "SIP%d", sip)
	sip.Transport = "tcp"
	add(g.SIP-g.SIP/2, CrowdSIP+g.SIP/2, "SIP%d", sip)
	return all
}
