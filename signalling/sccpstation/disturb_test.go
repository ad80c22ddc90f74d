package sccpstation

import (
	"errors"
	"testing"

	"tandem/phone"
	"tandem/registration"
	"tandem/telephony"
)

// TestDoNotDisturbByKey: the phone says so, its lamp is lit, callers find it busy, and it knows it after a registration; the key
// ends it, and what cannot be kept is told.
func TestDoNotDisturbByKey(t *testing.T) {
	s, a, b, _ := trio(t)
	s.dir.change(b.Name(), func(d *registration.Device) {
		d.Buttons = []telephony.Button{{Kind: telephony.ButtonLine}, {Kind: telephony.ButtonDoNotDisturb}}
	})
	s.srv.Reset(b.Name(), false)
	s.until(b, "its new buttons", func(st *phone.State) bool { return st.Registration == phone.Registered && len(st.Buttons) == 2 })
	on := func(st *phone.State) bool {
		return st.Prompt == "Do Not Disturb Is Active" && st.Lamps["do not disturb 1"] == "on"
	}
	s.must(b.SoftKey("DND"), b)
	s.until(b, "do not disturb", on)
	s.must(a.Dial(s.ctx, "1002"), a)
	s.until(a, "busy", func(st *phone.State) bool { return st.Tone == "LineBusy" })
	s.must(a.Hangup(), a)
	s.idle(a, b)
	s.srv.Reset(b.Name(), false)
	s.until(b, "do not disturb after a restart", func(st *phone.State) bool { return st.Registrations > 2 && on(st) })
	s.must(b.SoftKey("DND"), b)
	s.until(b, "the idle prompt", func(st *phone.State) bool {
		return st.Prompt == "Your Current Options" && st.Lamps["do not disturb 1"] == "off"
	})
	s.must(a.Dial(s.ctx, "1002"), a)
	s.in(b, phone.RingingIn)
	s.must(a.Hangup(), a)
	s.idle(a, b)
	s.dir.mu.Lock()
	s.dir.keepsAll = errors.New("no")
	s.dir.mu.Unlock()
	s.must(b.SoftKey("DND"), b)
	s.until(b, "the refusal", func(st *phone.State) bool { return st.Notice != "" })
}
