package sccpstation

import (
	"errors"

	"tandem/fault"
	"tandem/wire/sccp"
)

// Do not disturb by key (sccp.md 3.3 and 3.5). It is a setting of the phone: its lines are passed over when calls come, at the
// line's owner, and whoever shares them rings on.

// doNotDisturb turns it on or off. Calls that are there already are left alone.
func doNotDisturb(st *station, _ *call, _ press) {
	on := !st.undisturbed()
	st.srv.Exchange.DoNotDisturb(st.name, on, func(err error) {
		st.lock()
		defer st.release()
		switch {
		case err == nil && on:
			st.srv.Story.Say(st.name, "", "Turned do not disturb on.")
		case err == nil:
			st.srv.Story.Say(st.name, "", "Turned do not disturb off.")
		default:
			code := ""
			if f := (*fault.Error)(nil); errors.As(err, &f) {
				code = string(f.Code)
			}
			st.srv.Story.Say(st.name, code, "Could not change do not disturb: "+err.Error())
			st.notice(st.label(sccp.LabelTempFail))
		}
	})
}

// undisturbed says that the user wants no calls, as the owners of the lines have told.
func (st *station) undisturbed() bool {
	for i := range st.lines {
		if st.lines[i].disturb {
			return true
		}
	}
	return false
}

// showDoNotDisturb lights the lamp beside the key, on phones that have one.
func (st *station) showDoNotDisturb() {
	for _, b := range st.buttons() {
		if b.Type != sccp.ButtonDoNotDisturb {
			continue
		}
		m := &st.x.lamp
		*m = sccp.SetLamp{Stimulus: sccp.StimulusDoNotDisturb, Instance: uint32(b.Instance), Mode: sccp.LampOff}
		if st.undisturbed() {
			m.Mode = sccp.LampOn
		}
		st.send(m)
		return
	}
}
