package sipua

import (
	"testing"
	"time"

	"tandem/fault"
)

// The administrator is told once a minute that new requests are refused, not with each.
func TestT23_AdministratorIsToldOfRefusals(t *testing.T) {
	r := newRig(t, nil)
	for range 3 {
		r.s.late(80 * time.Millisecond)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.alarms) != 1 || r.alarms[0].Code != fault.CallThrottled {
		t.Errorf("%v", r.alarms)
	}
}
