package phone

import (
	"errors"
	"fmt"
	"strings"

	"tandem/wire/sccp"
)

// press does what the user does.
func (d *station) press(b press) error {
	d.p.mu.Lock()
	defer d.p.mu.Unlock()
	defer d.p.broadcast()
	return d.pressLocked(b)
}

func (d *station) pressLocked(b press) error {
	if d.p.state.FeaturesOff {
		return d.pressAlone(b)
	}
	if d.p.state.Registration != Registered {
		return ErrNotRegistered
	}
	switch b.kind {
	case pressOffHook:
		return d.lift()
	case pressOnHook:
		return d.replace()
	case pressSpeaker:
		return d.speakerKey()
	case pressNewCall:
		return d.newCall()
	case pressDigit:
		return d.digit(b.text)
	case pressEnBloc:
		if d.calls[d.active] == nil {
			d.dialTones(!d.handset, false)
		} else {
			d.endFlow(flowDial)
		}
		d.send(&sccp.EnblocCall{Number: b.text, LineInstance: 1})
		return nil
	case pressSoftKey:
		return d.softKey(b)
	case pressLine:
		d.send(&sccp.StimulusMessage{Stimulus: sccp.StimulusLine, Instance: uint32(b.number)})
		return nil
	case pressSpeedDial:
		d.send(&sccp.StimulusMessage{Stimulus: sccp.StimulusSpeedDial, Instance: uint32(b.number)})
		return nil
	case pressAnswer:
		return d.answer(b)
	case pressHangup:
		return d.hangup(b)
	case pressHold:
		return d.onCall(b, "Hold", sccp.StimulusHold, Connected)
	case pressResume:
		return d.onCall(b, "Resume", sccp.StimulusHold, OnHold, RemoteOnHold)
	case pressTransfer:
		return d.transfer(b)
	case pressRedial:
		if d.p.state.Offers("Redial") {
			return d.softKey(press{text: "Redial"})
		}
		d.send(&sccp.StimulusMessage{Stimulus: sccp.StimulusLastNumberRedial})
		return nil
	case pressForwardAll:
		if d.profile.SoftKeys {
			return d.softKey(press{text: "ForwardAll"})
		}
		d.send(&sccp.StimulusMessage{Stimulus: sccp.StimulusForwardAll, Instance: 1})
		return nil
	case pressMessages:
		d.send(&sccp.StimulusMessage{Stimulus: sccp.StimulusVoiceMail, Instance: 1})
		return nil
	case pressHookFlash:
		line, reference := d.front()
		d.send(&sccp.HookFlash{LineInstance: line, CallReference: reference})
		return nil
	}
	return errors.New("an SCCP phone has no such key")
}

// front is line and reference of the call in front, zero if there is none.
func (d *station) front() (line, reference uint32) {
	if c := d.calls[d.active]; c != nil {
		return d.lineField(c), c.Reference
	}
	return 0, 0
}

// lineField is what the model puts into the line field of keys and hook.
func (d *station) lineField(c *Call) uint32 {
	if !d.profile.ButtonIndex {
		return uint32(c.Line)
	}
	for _, b := range d.p.state.Buttons {
		if b.Kind == "line" && b.Instance == c.Line {
			return uint32(b.Position)
		}
	}
	return uint32(c.Line)
}

// ringing finds the call that an answer would take.
func (d *station) ringing(id string) *Call {
	for i := len(d.p.state.Calls) - 1; i >= 0; i-- {
		c := d.p.state.Calls[i]
		if c.State == RingingIn && (id == "" || c.ID == id) {
			return c
		}
	}
	return nil
}

func (d *station) lift() error {
	if d.handset {
		return errors.New("the handset is lifted already")
	}
	d.handset, d.p.state.OffHook = true, true
	if c := d.ringing(""); c != nil {
		d.answering(c, false)
		d.send(&sccp.OffHook{LineInstance: d.lineField(c), CallReference: c.Reference})
		return nil
	}
	if d.calls[d.active] == nil {
		d.dialTones(false, true)
	}
	d.send(&sccp.OffHook{})
	return nil
}

func (d *station) replace() error {
	if !d.handset {
		return errors.New("the handset is on the hook")
	}
	d.handset, d.p.state.OffHook = false, false
	line, reference := d.front()
	d.send(&sccp.OnHook{LineInstance: line, CallReference: reference})
	return nil
}

func (d *station) speakerKey() error {
	if d.profile.NoSpeaker {
		return errors.New("this model has no loudspeaker")
	}
	line, reference := d.front()
	if d.p.state.Speaker {
		d.p.state.Speaker = false
		d.send(&sccp.OnHook{LineInstance: line, CallReference: reference})
		return nil
	}
	if c := d.ringing(""); c != nil {
		d.answering(c, true)
		line, reference = d.lineField(c), c.Reference
	} else {
		d.dialTones(true, true)
	}
	d.send(&sccp.OffHook{LineInstance: line, CallReference: reference})
	return nil
}

func (d *station) newCall() error {
	if !d.profile.SoftKeys {
		return d.lift()
	}
	if !d.p.state.Offers("NewCall") {
		return fmt.Errorf("NewCall: %w", ErrNotOffered)
	}
	return d.softKey(press{text: "NewCall"})
}

func (d *station) digit(key string) error {
	code, err := keyCode(key)
	if err != nil {
		return err
	}
	c := d.calls[d.active]
	if c == nil {
		return ErrNoCall
	}
	if c.State == OffHook {
		d.endFlow(flowDial)
	}
	m := &sccp.KeypadButton{Key: code, LineInstance: d.lineField(c), CallReference: c.Reference}
	if d.profile.BareKeys {
		d.sendShort(m, 4)
	} else {
		d.send(m)
	}
	if c.State == Connected {
		d.keyTone(c, key[0])
	}
	return nil
}

func keyCode(key string) (sccp.Key, error) {
	const keys = "0123456789ABCD*#+"
	if i := strings.Index(keys, strings.ToUpper(key)); i >= 0 && len(key) == 1 {
		return sccp.Key(i), nil
	}
	return 0, fmt.Errorf("there is no key %q", key)
}

// softKey presses a key that the server named; its event is what the template says.
func (d *station) softKey(b press) error {
	event, err := d.eventOf(b.text)
	if err != nil {
		return err
	}
	c := d.calls[d.active]
	offered := d.p.state.SoftKeys
	if b.call != "" {
		if c = d.byID(b.call); c == nil {
			return ErrNoCall
		}
		offered = c.SoftKeys
	}
	if !b.force && !contains(offered, b.text) {
		return fmt.Errorf("%s: %w; offered are %s", b.text, ErrNotOffered, strings.Join(offered, " "))
	}
	m := &sccp.SoftKeyEvent{Event: event}
	if c != nil {
		m.LineInstance, m.CallReference = uint32(c.Line), c.Reference
	}
	switch {
	case sameKey(b.text, "NewCall"):
		if c == nil {
			d.dialTones(!d.handset, true)
		}
		m.LineInstance, m.CallReference = 0, 0
	case sameKey(b.text, "Answer") && c != nil:
		d.answering(c, !d.handset)
	}
	d.send(m)
	return nil
}

func contains(keys []string, name string) bool {
	for _, k := range keys {
		if sameKey(k, name) {
			return true
		}
	}
	return false
}

func (d *station) byID(id string) *Call {
	for _, c := range d.p.state.Calls {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func (d *station) answer(b press) error {
	c := d.ringing(b.call)
	if c == nil {
		return ErrNoCall
	}
	if d.profile.SoftKeys {
		return d.softKey(press{text: "Answer", call: c.ID, force: b.force})
	}
	return d.lift()
}

func (d *station) hangup(b press) error {
	c := d.calls[d.active]
	if b.call != "" {
		c = d.byID(b.call)
	}
	if c == nil {
		if b.call == "" && d.handset {
			return d.replace()
		}
		return ErrNoCall
	}
	if d.handset && c.Reference == d.active {
		return d.replace()
	}
	if d.profile.SoftKeys {
		return d.softKey(press{text: "EndCall", call: c.ID, force: true})
	}
	d.p.state.Speaker = false
	d.send(&sccp.OnHook{LineInstance: d.lineField(c), CallReference: c.Reference})
	return nil
}

// onCall presses a key for a call in one of the states: the soft key, or the
// button of models without.
func (d *station) onCall(b press, key string, stimulus sccp.Stimulus, states ...CallState) error {
	c := d.calls[d.active]
	if b.call != "" {
		c = d.byID(b.call)
	} else if c == nil || !in(c.State, states) {
		c = d.p.state.Call(states...)
	}
	if c == nil {
		return ErrNoCall
	}
	if d.profile.SoftKeys {
		return d.softKey(press{text: key, call: c.ID, force: b.force})
	}
	d.send(&sccp.StimulusMessage{Stimulus: stimulus, Instance: uint32(c.Line), CallReference: c.Reference})
	return nil
}

func in(s CallState, states []CallState) bool {
	for _, x := range states {
		if x == s {
			return true
		}
	}
	return false
}

func (d *station) transfer(b press) error {
	if !d.profile.Flash {
		return d.onCall(b, "Transfer", sccp.StimulusTransfer, Connected, RingingOut)
	}
	// A hook flash begins; on-hook completes.
	c := d.calls[d.active]
	if c == nil {
		return ErrNoCall
	}
	if len(d.calls) > 1 && d.handset {
		return d.replace()
	}
	d.send(&sccp.HookFlash{LineInstance: d.lineField(c), CallReference: c.Reference})
	return nil
}
