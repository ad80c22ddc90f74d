// Package registration knows who is registered where. A Table is plain data without a lock; whoever owns it guards it.
// Which server a device prefers and in what order it falls back is decided here too; reaching the device is the
// adapters' business.
package registration

import (
	"slices"
	"strings"

	"tandem/call/signal"
)

// Registration is a device's hold on a server.
type Registration struct {
	signal.Attachment
	Node signal.NodeID
}

// Table lists the devices that are registered, by name.
type Table struct {
	devices map[string]Registration
}

// NewTable makes an empty table.
func NewTable() *Table { return &Table{devices: make(map[string]Registration)} }

// Put enters a registration. A registration with a lower incarnation than the one that stands is a late message of a
// former life and changes nothing; replaced tells whether the device had another.
func (t *Table) Put(r Registration) (accepted, replaced bool) {
	old, had := t.devices[r.Device]
	if had && old.Node == r.Node && old.Incarnation > r.Incarnation {
		return false, false
	}
	t.devices[r.Device] = r
	return true, had
}

// Remove ends the registration of that incarnation; a newer one stays.
func (t *Table) Remove(device string, incarnation uint64) bool {
	r, ok := t.devices[device]
	if !ok || r.Incarnation != incarnation {
		return false
	}
	delete(t.devices, device)
	return true
}

// Get returns the registration of a device.
func (t *Table) Get(device string) (Registration, bool) {
	r, ok := t.devices[device]
	return r, ok
}

// Len counts the registered devices.
func (t *Table) Len() int { return len(t.devices) }

// All lists the registrations in order of device name.
func (t *Table) All() []Registration {
	all := make([]Registration, 0, len(t.devices))
	for _, r := range t.devices {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Registration) int { return strings.Compare(a.Device, b.Device) })
	return all
}
