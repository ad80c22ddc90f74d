package cluster

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"tandem/fault"
	"tandem/telephony"
)

// How far the clocks of two servers may be apart.
const (
	ClockWarning = 5 * time.Second
	ClockLimit   = 60 * time.Second
)

// CheckClock judges the offset between the clock of a server and the publisher's: a warning, an error, or neither.
func CheckClock(server telephony.ServerName, offset time.Duration) (warning *fault.Error, err error) {
	offset = offset.Abs()
	shown := offset.Round(100 * time.Millisecond)
	switch {
	case offset > ClockLimit:
		return nil, fault.New(fault.JoinClockDiffers, "offset", shown, "limit", ClockLimit)
	case offset > ClockWarning:
		return fault.New(fault.ClockDrifts, "server", server, "offset", shown), nil
	}
	return nil, nil
}

// Announce chooses the address that a server announces (C-26), from those of its machine: the wanted one; else the one from which it
// reaches the publisher. There is a notice when that was a choice. The result has the announced address first, then the others.
func Announce(own []netip.Addr, wanted, toward netip.Addr) ([]netip.Addr, *fault.Error, error) {
	var all []netip.Addr
	for _, a := range own {
		if a = a.Unmap().WithZone(""); a.IsValid() && !a.IsUnspecified() && !a.IsLinkLocalUnicast() && !a.IsMulticast() && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	first := toward.Unmap().WithZone("")
	if wanted.IsValid() {
		first = wanted.Unmap()
	}
	if !slices.Contains(all, first) {
		return nil, nil, fault.New(fault.JoinAddressUnfit, "address", first, "known", addresses(all))
	}
	// Nobody else reaches a server at a loopback address, unless it is all that there is or it leads to the publisher.
	others := slices.DeleteFunc(slices.Clone(all), func(a netip.Addr) bool { return a == first || a.IsLoopback() })
	var notice *fault.Error
	if !wanted.IsValid() && len(others) > 0 {
		notice = fault.New(fault.JoinAddressChosen, "address", first, "known", addresses(append([]netip.Addr{first}, others...)))
	}
	if first.IsLoopback() {
		others = nil // a test or a demonstration on one machine
	}
	return append([]netip.Addr{first}, others...), notice, nil
}

func addresses(all []netip.Addr) string {
	texts := make([]string, len(all))
	for i, a := range all {
		texts[i] = a.String()
	}
	return strings.Join(texts, ", ")
}
