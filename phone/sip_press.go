package phone

import (
	"errors"
	"fmt"
	"strings"

	"tandem/wire/sip"
)

// press does what the user does. A SIP phone knows its keys by itself.
func (d *sipPhone) press(b press) error {
	d.p.mu.Lock()
	defer d.p.mu.Unlock()
	defer d.p.broadcast()
	if d.gone {
		return d.pressAlone(b)
	}
	if d.p.state.Registration != Registered {
		return ErrNotRegistered
	}
	switch b.kind {
	case pressOffHook, pressSpeaker:
		if b.kind == pressOffHook {
			d.p.state.OffHook = true
		}
		if x := d.find("", RingingIn); x != nil {
			return d.answerLeg(x)
		}
		return d.offHook()
	case pressOnHook:
		d.p.state.OffHook = false
		return d.hangup("")
	case pressNewCall:
		return d.offHook()
	case pressLine:
		if x := d.find("", OnHold); x != nil && x.line.instance == b.number {
			return d.setHold(x, false)
		}
		return d.offHook()
	case pressDigit:
		return d.digit(b.text)
	case pressEnBloc:
		return d.dial(b.text)
	case pressAnswer:
		x := d.find(b.call, RingingIn)
		if x == nil {
			return ErrNoCall
		}
		return d.answerLeg(x)
	case pressHangup:
		d.p.state.OffHook = false
		return d.hangup(b.call)
	case pressHold:
		x := d.find(b.call, Connected)
		if x == nil {
			return ErrNoCall
		}
		return d.setHold(x, true)
	case pressResume:
		x := d.find(b.call, OnHold)
		if x == nil {
			return ErrNoCall
		}
		d.holdOthers(x)
		return d.setHold(x, false)
	case pressTransfer:
		return d.transfer(b)
	case pressRedial:
		if d.p.dialed == "" {
			return errors.New("nothing was dialled yet")
		}
		return d.dial(d.p.dialed)
	case pressSpeedDial:
		for _, button := range d.p.state.Buttons {
			if button.Instance == b.number {
				return d.dial(button.Number)
			}
		}
		return fmt.Errorf("there is no speed dial %d", b.number)
	case pressForwardAll:
		if len(d.p.state.Lines) == 0 {
			return errNoLine
		}
		d.p.state.Lines[0].ForwardAll = b.text
		return nil
	case pressSoftKey:
		return d.softKey(b)
	}
	return errors.New("a SIP phone has no such key")
}

// pressAlone is what the user can still do when the server is lost during a call.
func (d *sipPhone) pressAlone(b press) error {
	switch name := canonicalKey(b.text); {
	case b.kind == pressHangup, b.kind == pressOnHook, b.kind == pressSoftKey && name == "endcall":
		return d.hangup(b.call)
	case b.kind == pressResume, b.kind == pressSoftKey && name == "resume":
		x := d.find(b.call, OnHold)
		if x == nil {
			return ErrNoCall
		}
		return d.resumeAtBackup(x)
	case b.kind == pressDigit:
		return d.digit(b.text)
	}
	return ErrFeaturesOff
}

// softKey maps the names of keys to actions.
func (d *sipPhone) softKey(b press) error {
	offered := d.p.state.SoftKeys
	call := ""
	if x := d.find(b.call); b.call != "" && x != nil {
		offered, call = x.call.SoftKeys, x.call.ID
	}
	if !b.force && !contains(offered, b.text) {
		return fmt.Errorf("%s: %w; offered are %s", b.text, ErrNotOffered, strings.Join(offered, " "))
	}
	kinds := map[string]pressKind{"newcall": pressNewCall, "redial": pressRedial, "answer": pressAnswer, "endcall": pressHangup,
		"hold": pressHold, "resume": pressResume, "transfer": pressTransfer, "forwardall": pressForwardAll}
	name := canonicalKey(b.text)
	if name == "dial" {
		return d.dial("")
	}
	if name == "backspace" {
		if n := len(d.dialing); n > 0 {
			d.dialing = d.dialing[:n-1]
		}
		return nil
	}
	kind, ok := kinds[name]
	if !ok {
		return fmt.Errorf("%s: %w", b.text, ErrNotOffered)
	}
	d.p.mu.Unlock()
	err := d.press(press{kind: kind, call: call})
	d.p.mu.Lock()
	return err
}

// find is the call with an id, or the one in front, or the newest, in one of the states.
func (d *sipPhone) find(id string, states ...CallState) *leg {
	fits := func(c *Call) bool { return len(states) == 0 || in(c.State, states) }
	if id != "" {
		for c, x := range d.legs {
			if c.ID == id && fits(c) {
				return x
			}
		}
		return nil
	}
	if c := d.p.state.Active(); c != nil && fits(c) {
		return d.legs[c]
	}
	if c := d.p.state.Call(states...); c != nil {
		return d.legs[c]
	}
	return nil
}

// offHook begins a call that has no number yet.
func (d *sipPhone) offHook() error {
	if len(d.lines) == 0 {
		return errNoLine
	}
	if d.find("", OffHook) != nil {
		return nil
	}
	d.next++
	x := d.newLeg(d.lines[0], fmt.Sprintf("new-%d", d.next), false, OffHook)
	d.holdOthers(x)
	d.dialing = ""
	d.p.state.Focus, d.p.state.Tone = x.call.ID, "InsideDial"
	d.showKeys()
	return nil
}

func (d *sipPhone) digit(key string) error {
	if _, err := keyCode(key); err != nil {
		return err
	}
	if x := d.find("", OffHook); x != nil {
		if key == "#" {
			return d.dial("")
		}
		if len(d.dialing) >= 64 {
			return errors.New("the number is too long")
		}
		d.dialing += key
		d.p.state.Tone = ""
		x.call.Prompt = d.dialing
		return nil
	}
	x := d.find("", Connected, RingingOut)
	if x == nil || x.call.media == nil || x.call.media.session == nil {
		return ErrNoCall
	}
	if !x.call.media.session.Press(key[0], keyLength) {
		return errors.New("the other end takes no telephone events")
	}
	return nil
}

// dial calls a number, or the digits keyed so far.
func (d *sipPhone) dial(number string) error {
	if number == "" {
		number = d.dialing
	}
	if number == "" {
		return errors.New("no number was given")
	}
	x := d.find("", OffHook)
	if x == nil {
		if err := d.offHook(); err != nil {
			return err
		}
		x = d.find("", OffHook)
	}
	d.dialing = ""
	uri := d.address(number)
	if strings.Contains(number, "@") || strings.HasPrefix(number, "sip:") {
		var err error
		if uri, err = sip.ParseURI("sip:" + strings.TrimPrefix(number, "sip:")); err != nil {
			d.endLeg(x, err.Error())
			return err
		}
	}
	if err := d.callNumber(x, uri); err != nil {
		d.endLeg(x, err.Error())
		return err
	}
	return nil
}

func (d *sipPhone) hangup(id string) error {
	x := d.find(id)
	if x == nil {
		return ErrNoCall
	}
	waiting := x.invite != nil
	d.hangLeg(x)
	if waiting && x.call.State != OffHook {
		x.call.Cause = "cancelled"
		d.endLeg(x, "cancelled")
		return nil
	}
	x.dialog = nil
	d.endLeg(x, "released")
	return nil
}

// transfer: with a number blind; without one, first press a consultation call,
// second press the transfer.
func (d *sipPhone) transfer(b press) error {
	if b.text != "" {
		x := d.find(b.call, Connected, OnHold)
		if x == nil {
			return ErrNoCall
		}
		return d.transferTo(x, d.address(b.text), nil)
	}
	x := d.find(b.call, Connected, RingingOut, Proceeding)
	if x == nil {
		return ErrNoCall
	}
	if x.consultOf == nil {
		if x.call.State != Connected {
			return ErrNoCall
		}
		if err := d.offHook(); err != nil {
			return err
		}
		d.find("", OffHook).consultOf = x
		return nil
	}
	first := x.consultOf
	if x.call.State != Connected { // while it rings: blind, the consultation is given up
		target := d.address(x.call.Dialed)
		if err := d.hangup(x.call.ID); err != nil {
			return err
		}
		return d.transferTo(first, target, nil)
	}
	replaces := x.dialog.Replaces()
	return d.transferTo(first, x.dialog.RemoteAddress().URI, &replaces)
}
