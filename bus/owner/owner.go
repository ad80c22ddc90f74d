// Package owner says which server owns a line: the one whose owner offers the line's calls, counts them, and tells its
// devices. It is a function of the registrations, so that every server that sees the same table gives the same answer
// without asking anybody. Moving what an owner knows is the business of whoever delivers (bus/runner).
package owner

import "tandem/call/signal"

// Of is the server that owns the line of these devices: where the line is registered, of several servers the one with the
// lowest number. A line without a registered appearance is owned by the server that asks (self), because nothing is to be
// shared. where gives the server at which a device is registered; registrations at servers that cannot be reached must be
// gone from it.
func Of(devices []string, where func(device string) (signal.NodeID, bool), self signal.NodeID) signal.NodeID {
	lowest := signal.NodeID(0)
	for _, d := range devices {
		if n, ok := where(d); ok && (lowest == 0 || n < lowest) {
			lowest = n
		}
	}
	if lowest == 0 {
		return self
	}
	return lowest
}
