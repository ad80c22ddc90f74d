package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Kind is a kind of fault.
type Kind uint8

// Kinds of faults.
const (
	Kill    Kind = iota // the server dies without a warning and is started again
	Freeze              // it stands still and goes on, which looks like a server that died and came back with an old view
	Isolate             // nothing passes between it and all others
	Part                // nothing passes between two servers
	OneWay              // nothing passes from one server to another
)

func (k Kind) String() string {
	return [...]string{"kill", "freeze", "isolate", "part", "one way"}[k]
}

// network says that the fault is of the network.
func (k Kind) network() bool { return k >= Isolate }

// Fault is one fault of a plan.
type Fault struct {
	Kind          Kind
	Server, Other int           // from 0; Other of Part and OneWay
	At, For       time.Duration // after the begin of the plan, and how long it lasts
}

func (f Fault) String() string {
	who := fmt.Sprintf("cm%d", f.Server+1)
	if f.Kind == Part || f.Kind == OneWay {
		who += fmt.Sprintf(" cm%d", f.Other+1)
	}
	return fmt.Sprintf("%6.2f s: %s %s for %.2f s", f.At.Seconds(), f.Kind, who, f.For.Seconds())
}

// Bounds of one fault and of the time between two. Faults overlap: servers that are lost together lose each other's copies.
const (
	shortest, longest = 500 * time.Millisecond, 6 * time.Second
	quickest, slowest = 200 * time.Millisecond, 4 * time.Second
)

// Plan is the faults of a run of the given length, the same ones for the same seed. Without a network of its own to cut, a run has
// faults of processes only. At no time is more than one fault of its process with a server.
func Plan(seed uint64, servers int, length time.Duration, network bool) []Fault {
	random := rand.New(rand.NewPCG(seed, 23))
	between := func(low, high time.Duration) time.Duration {
		return low + time.Duration(random.Int64N(int64(high-low)))
	}
	kinds := 2
	if network && servers > 1 {
		kinds = 5
	}
	busy := make([]time.Duration, servers) // until then the server has a fault of its process
	var all []Fault
	for at := between(quickest, slowest); at < length; at += between(quickest, slowest) {
		f := Fault{Kind: Kind(random.IntN(kinds)), Server: random.IntN(servers), At: at, For: between(shortest, longest)}
		if servers > 1 {
			f.Other = (f.Server + 1 + random.IntN(servers-1)) % servers
		}
		if !f.Kind.network() {
			if busy[f.Server] > at {
				continue
			}
			busy[f.Server] = at + f.For + longest // it needs a time to come back
		}
		all = append(all, f)
	}
	return all
}

// step is the begin or the end of a fault.
type step struct {
	at    time.Duration
	fault Fault
	ends  bool
}

func steps(faults []Fault) []step {
	var all []step
	for _, f := range faults {
		all = append(all, step{f.At, f, false}, step{f.At + f.For, f, true})
	}
	slices.SortStableFunc(all, func(a, b step) int { return int(a.at - b.at) })
	return all
}
