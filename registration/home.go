package registration

import "slices"

// Homing is the answer to a device that wants to come to a server.
type Homing uint8

// The answers.
const (
	Welcome   Homing = iota // the server is the best that it can have
	Elsewhere               // it is registered at a server that stands before this one in its group
	Stranger                // this server does not belong to its group
)

// Home says whether a device may come to the server here. group lists the servers of its CallManager group, best first,
// empty if none is known; at is where it is registered now, "" if nowhere. A server that does not stand in the group is worth
// less than any that does.
func Home(group []string, here, at string) Homing {
	if len(group) == 0 || at == here {
		return Welcome
	}
	mine, other := slices.Index(group, here), slices.Index(group, at)
	switch {
	case mine < 0:
		return Stranger
	case other >= 0 && other < mine:
		return Elsewhere
	}
	return Welcome
}
