package sccp

import "slices"

// Models that differ in what they take (sccp.md 2.4, 4.1; R-15).
var (
	// displayLine: one line of text and nothing else, no soft keys.
	displayLine = []DeviceType{
		Device30SPPlus, Device12SPPlus, Device12SP, Device12S, Device30VIP, DeviceVirtual30SPPlus, Device7910,
	}
	// analogue: a port for an ordinary telephone.
	analogue = []DeviceType{DeviceATA186, DeviceATA188, DeviceAnalogPhone, DeviceISDNBRIPhone}
	// flashing: reports hook flashes when told to.
	flashing = append([]DeviceType{Device7905, Device7912}, analogue...)
	// fixedKeys: feature keys in place of soft keys.
	fixedKeys = []DeviceType{Device7902}
	// noHistory: older than CallHistoryInfo.
	noHistory = slices.Concat(displayLine, analogue, fixedKeys, []DeviceType{
		Device7905, Device7912, Device7920, Device7935, Device7936, Device7940, Device7960,
	})
)

// Takes reports whether a device of this model, in this version, knows the message with the given id
// on the wire. A phone that gets an id which its load lacks may close the connection or restart,
// so a server asks before it sends what is not part of every phone's dialogue. Ids that no layout of
// this package describes are taken by nobody.
func Takes(device DeviceType, v Version, id MessageID) bool {
	r := lookup(id)
	if r == nil || r.make == nil || r.from == FromPhone || !r.allows(v) {
		return false
	}
	switch id {
	case IDDisplayText, IDClearDisplay:
		return slices.Contains(displayLine, device)
	case IDSetHookFlashDetect:
		return slices.Contains(flashing, device)
	case IDSoftKeyTemplateRes, IDSoftKeySetRes, IDSelectSoftKeys:
		return !slices.Contains(displayLine, device) && !slices.Contains(analogue, device) &&
			!slices.Contains(fixedKeys, device)
	case IDCallHistoryInfo:
		return !slices.Contains(noHistory, device)
	}
	return true
}
