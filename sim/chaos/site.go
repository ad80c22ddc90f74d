package chaos

import (
	"fmt"
	"strings"
)

// site is the configuration of a run: two phones for each server, SCCP and SIP, at home there with all others as their backups; and a second line for each
// SCCP phone, which nobody rings, for being forwarded to numbers of four digits that begin with 5.
func site(servers int) []byte {
	var b strings.Builder
	b.WriteString(`regions: [{name: House, maximumCodec: {House: G722}}]
locations: [{name: House}]
dateTimeGroups: [{name: Vienna, timeZone: Europe/Vienna}]
partitions: [{name: house}]
callingSearchSpaces: [{name: everybody, partitions: [house]}]
translationPatterns: [{pattern: "5XXX", partition: house, callingSearchSpace: everybody, calledPartyTransformMask: "2001"}]
`)
	section := func(name string, one func(i int) string) {
		b.WriteString(name + ":\n")
		for i := range servers {
			b.WriteString(one(i))
		}
	}
	section("callManagerGroups", func(i int) string {
		var members []string
		for _, s := range group(i, servers) {
			members = append(members, server(s))
		}
		return fmt.Sprintf("  - {name: G%d, members: [%s]}\n", i+1, strings.Join(members, ", "))
	})
	section("devicePools", func(i int) string {
		return fmt.Sprintf("  - {name: P%d, callManagerGroup: G%d, region: House, location: House, dateTimeGroup: Vienna}\n", i+1, i+1)
	})
	section("users", func(i int) string {
		return fmt.Sprintf("  - {userId: u%d, lastName: U%d, digestPassword: %s, devices: [%s]}\n", i+1, i+1, password, sipDevice(i))
	})
	section("directoryNumbers", func(i int) string {
		var lines strings.Builder
		for _, n := range []string{sccpNumber(i), sipNumber(i), forwardNumber(i)} {
			fmt.Fprintf(&lines, "  - {pattern: %q, partition: house}\n", n)
		}
		return lines.String()
	})
	section("phones", func(i int) string {
		const form = "  - {name: %s, protocol: %s, product: %s, devicePool: P%d, callingSearchSpace: everybody, lines: [%s]%s}\n"
		return fmt.Sprintf(form, sccpDevice(i), "SCCP", "Cisco 7961", i+1, line(sccpNumber(i))+", "+line(forwardNumber(i)), "") +
			fmt.Sprintf(form, sipDevice(i), "SIP", "Generic SIP phone", i+1, line(sipNumber(i)), fmt.Sprintf(", digestUser: u%d, owner: u%d", i+1, i+1))
	})
	return []byte(b.String())
}

const password = "a-word-for-chaos"

func line(number string) string {
	return fmt.Sprintf("{directoryNumber: %q, partition: house}", number)
}

func server(i int) string        { return fmt.Sprintf("cm%d", i+1) }
func sccpNumber(i int) string    { return fmt.Sprintf("20%02d", i+1) }
func sipNumber(i int) string     { return fmt.Sprintf("30%02d", i+1) }
func forwardNumber(i int) string { return fmt.Sprintf("40%02d", i+1) }
func sccpDevice(i int) string    { return fmt.Sprintf("SEP0200000020%02d", i+1) }
func sipDevice(i int) string     { return "SIP" + sipNumber(i) }

// group is the servers of a phone in order: its home and up to two others.
func group(home, servers int) []int {
	var all []int
	for i := range min(servers, 3) {
		all = append(all, (home+i)%servers)
	}
	return all
}
