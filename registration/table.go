// Package registration knows who is registered where. A Table is plain data without a lock; whoever owns it guards it.
// Which server a device prefers and in what order it falls back is decided here too; reaching the device is the
// adapters' business.
package registration

import (
	"encoding/binary"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"tandem/call/signal"
)

// Registration is a device's hold on a server.
type Registration struct {
	signal.Attachment
	Node signal.NodeID
	// Version orders the registrations of a device on all servers: nanoseconds since 1970 of the server that took it, raised
	// above every version that this server had seen (a hybrid logical clock).
	Version uint64
}

// After says that this registration of a device is the one that counts, and the other is over. Every server decides in the
// same way: the higher version, and of two that were given without knowledge of each other in the same nanosecond that of
// the higher server.
func (r Registration) After(other Registration) bool {
	if r.Version != other.Version {
		return r.Version > other.Version
	}
	return r.Node > other.Node
}

// Table lists the devices that are registered in the cluster. Each server has the say over the registrations at itself and
// tells the others; where two servers claim the same device, all go by the newer one until the older is taken back.
type Table struct {
	newest  map[string]Registration
	claims  map[signal.NodeID]map[string]Registration
	digests map[signal.NodeID]uint64
	clock   uint64
}

// NewTable makes an empty table.
func NewTable() *Table {
	return &Table{newest: make(map[string]Registration), claims: make(map[signal.NodeID]map[string]Registration),
		digests: make(map[signal.NodeID]uint64)}
}

// Tick gives the version of a registration that begins now.
func (t *Table) Tick(now time.Time) uint64 {
	t.clock = max(t.clock+1, uint64(max(now.UnixNano(), 0)))
	return t.clock
}

// Put enters a registration. One that is older than what the same server said before is a late message of a former life and
// changes nothing; replaced tells whether the device had another, at whatever server.
func (t *Table) Put(r Registration) (accepted, replaced bool) {
	t.clock = max(t.clock, r.Version)
	old, had := t.claims[r.Node][r.Device]
	if had && (old.Incarnation > r.Incarnation || old.Version > r.Version) {
		return false, false
	}
	_, replaced = t.newest[r.Device]
	if t.claims[r.Node] == nil {
		t.claims[r.Node] = make(map[string]Registration)
	}
	if had {
		t.digests[r.Node] ^= old.hash()
	}
	t.digests[r.Node] ^= r.hash()
	t.claims[r.Node][r.Device] = r
	t.choose(r.Device)
	return true, replaced
}

// Remove ends the registration of that incarnation at a server; a newer one stays.
func (t *Table) Remove(device string, node signal.NodeID, incarnation uint64) bool {
	r, ok := t.claims[node][device]
	if !ok || r.Incarnation != incarnation {
		return false
	}
	t.take(r)
	return true
}

func (t *Table) take(r Registration) {
	t.digests[r.Node] ^= r.hash()
	delete(t.claims[r.Node], r.Device)
	if len(t.claims[r.Node]) == 0 {
		delete(t.claims, r.Node)
		delete(t.digests, r.Node)
	}
	t.choose(r.Device)
}

// choose finds the registration that counts among the claims of all servers.
func (t *Table) choose(device string) {
	var newest Registration
	found := false
	for _, c := range t.claims {
		if r, ok := c[device]; ok && (!found || r.After(newest)) {
			newest, found = r, true
		}
	}
	if found {
		t.newest[device] = newest
	} else {
		delete(t.newest, device)
	}
}

// Get returns the registration of a device.
func (t *Table) Get(device string) (Registration, bool) {
	r, ok := t.newest[device]
	return r, ok
}

// At returns what a server says of a device, whether or not that counts.
func (t *Table) At(device string, node signal.NodeID) (Registration, bool) {
	r, ok := t.claims[node][device]
	return r, ok
}

// Of lists what a server says, in order of device name.
func (t *Table) Of(node signal.NodeID) []Registration { return sorted(t.claims[node]) }

// Drop forgets everything that a server said, because it cannot be reached, and returns it.
func (t *Table) Drop(node signal.NodeID) []Registration {
	all := t.Of(node)
	for _, r := range all {
		t.take(r)
	}
	return all
}

// Replace takes what a server says now in place of all that it said before, and returns the devices for which that makes a
// difference.
func (t *Table) Replace(node signal.NodeID, all []Registration) (changed []string) {
	now := make(map[string]bool, len(all))
	for _, r := range all {
		now[r.Device] = true
	}
	for _, r := range t.Of(node) {
		if !now[r.Device] {
			t.take(r)
			changed = append(changed, r.Device)
		}
	}
	for _, r := range all {
		if old, had := t.At(r.Device, node); had && old.Version == r.Version && old.Incarnation == r.Incarnation {
			continue
		}
		if accepted, _ := t.Put(r); accepted {
			changed = append(changed, r.Device)
		}
	}
	return changed
}

// Digest sums up what a server says: how many devices, and a number that differs when one of them does.
func (t *Table) Digest(node signal.NodeID) (count int, sum uint64) {
	return len(t.claims[node]), t.digests[node]
}

// Len counts the registered devices.
func (t *Table) Len() int { return len(t.newest) }

// LenAt counts the devices that are registered at a server.
func (t *Table) LenAt(node signal.NodeID) int { return len(t.claims[node]) }

// All lists the registrations in order of device name.
func (t *Table) All() []Registration { return sorted(t.newest) }

func sorted(m map[string]Registration) []Registration {
	all := make([]Registration, 0, len(m))
	for _, device := range slices.Sorted(maps.Keys(m)) { // names are moved about more cheaply than registrations
		all = append(all, m[device])
	}
	return all
}

func (r Registration) hash() uint64 {
	h := fnv.New64a()
	h.Write([]byte(r.Device))
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], r.Version)
	binary.BigEndian.PutUint64(b[8:], r.Incarnation)
	h.Write(b[:])
	return h.Sum64()
}
