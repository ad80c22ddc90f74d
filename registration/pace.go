package registration

import "time"

// Bounds of Pace.
const (
	maximumSlots = 100000          // devices for which a time is kept
	slotLife     = 2 * time.Minute // a device that does not come at its time has lost it after so long
)

// Pace spreads devices that want to come at once over time, so that a server which returns, or takes over, is not flooded
// (T-12, T-15). Who cannot come now is given a time of its own and is let in when it asks again then: nobody is refused for
// good, and nobody who waited is overtaken by who did not. Like Table it is plain data without a lock.
type Pace struct {
	next  time.Time            // of the next device without a time
	slots map[string]time.Time // times that were given
	swept time.Time
}

// Ask says how long a device must wait before it may come: 0 lets it in now. perSecond is the rate, at least 1; burst is how
// many may come at once after a quiet time.
func (p *Pace) Ask(device string, now time.Time, perSecond, burst int) time.Duration {
	step := time.Second / time.Duration(max(perSecond, 1))
	if slot, ok := p.slots[device]; ok {
		if slot.After(now) {
			return slot.Sub(now)
		}
		delete(p.slots, device)
		return 0
	}
	if earliest := now.Add(-time.Duration(max(burst, 1)-1) * step); p.next.Before(earliest) {
		p.next = earliest
	}
	slot := p.next
	if !slot.After(now) {
		p.next = slot.Add(step)
		return 0
	}
	if p.slots == nil {
		p.slots = map[string]time.Time{}
	}
	if len(p.slots) >= maximumSlots {
		p.sweep(now)
	}
	if len(p.slots) < maximumSlots {
		p.slots[device] = slot
		p.next = slot.Add(step)
	}
	return slot.Sub(now)
}

// Waiting counts the devices that were given a time and have not come yet.
func (p *Pace) Waiting(now time.Time) int {
	p.sweep(now)
	return len(p.slots)
}

// sweep forgets devices that did not come at their time; at most once a second, for it looks at all.
func (p *Pace) sweep(now time.Time) {
	if now.Sub(p.swept) < time.Second {
		return
	}
	p.swept = now
	for device, slot := range p.slots {
		if now.Sub(slot) > slotLife {
			delete(p.slots, device)
		}
	}
}
