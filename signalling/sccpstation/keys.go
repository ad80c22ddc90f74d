package sccpstation

import (
	"tandem/call/signal"
	"tandem/wire/sccp"
)

// Messages of keys and hook. Each becomes a press, which the call plane takes.

func (st *station) keypad(m *sccp.KeypadButton) {
	if d := m.Key.Digit(); d != 0 {
		st.press(press{what: pressDigit, digit: d}, m.CallReference)
		return
	}
	st.press(press{what: pressOther}, m.CallReference)
}

func (st *station) enbloc(m *sccp.EnblocCall) {
	number := dialable(m.Number)
	if number == "" {
		st.press(press{what: pressOther}, 0)
		return
	}
	st.press(press{what: pressNumber, number: number, line: st.lineFrom(m.LineInstance)}, 0)
}

// dialable keeps what can be dialled of a number that a phone composed from a list.
func dialable(number string) string {
	out := make([]byte, 0, len(number))
	for i := range len(number) {
		switch b := number[i]; {
		case b >= '0' && b <= '9', b == '*', b == '#', b == '+', b >= 'A' && b <= 'D':
			out = append(out, b)
		}
	}
	return string(out)
}

func (st *station) softKey(m *sccp.SoftKeyEvent) {
	what, ok := softKeyControls[m.Event]
	if !ok {
		what = pressOther
	}
	st.press(press{what: what, line: st.lineFrom(m.LineInstance)}, m.CallReference)
}

func (st *station) stimulus(m *sccp.StimulusMessage) {
	what, ok := stimulusControls[m.Stimulus]
	if !ok {
		what = pressOther
	}
	p := press{what: what}
	switch what {
	case pressLine:
		p.line = int(m.Instance)
	case pressSpeedDial:
		p.index = int(m.Instance)
	}
	st.press(p, m.CallReference)
}

func (st *station) offHook(m *sccp.OffHook) {
	st.hookOff = true
	stop(&st.offHookTimer)
	st.press(press{what: pressOffHook, line: st.lineFrom(m.LineInstance)}, 0)
}

func (st *station) offHookWithNumber(m *sccp.OffHookWithCallingPartyNumber) {
	st.offHook(&sccp.OffHook{LineInstance: m.LineInstance})
}

func (st *station) onHook(m *sccp.OnHook) {
	st.hookOff = false
	stop(&st.offHookTimer)
	if m.CallReference != 0 && st.byReference(m.CallReference) == nil {
		// A call that is over (sccp.md 4.7): only the hook itself is new.
		if st.active() == nil {
			st.press(press{what: pressOnHook}, 0)
		}
		return
	}
	st.press(press{what: pressOnHook, line: st.lineFrom(m.LineInstance)}, m.CallReference)
}

func (st *station) hookFlash(m *sccp.HookFlash) {
	st.press(press{what: pressFlash, line: st.lineFrom(m.LineInstance)}, m.CallReference)
}

// lineFrom is the line that a phone means; some models give the position of the button instead (sccp.md 4.15).
func (st *station) lineFrom(n uint32) int {
	if n == 0 || n > 1<<16 {
		return 0
	}
	if st.traits.buttonIndex {
		position := 0
		for _, b := range st.buttons() {
			if position++; position == int(n) {
				if b.Type == sccp.ButtonLine {
					return int(b.Instance)
				}
				break
			}
		}
	}
	if st.line(int(n)) == nil {
		return 0
	}
	return int(n)
}

// press finds the call that a press is for and does what the plane says.
func (st *station) press(p press, ref uint32) {
	c := st.target(p, ref)
	if c == nil && ref != 0 && st.byReference(ref) == nil {
		p.dead = true
	}
	if st.srv.Ladder != nil && st.x.incoming != nil && c != nil {
		c.ladder(false, st.x.incoming.ID(), summary(st.x.incoming), st.x.frame)
		st.x.incoming = nil
	}
	s := sIdle
	if c != nil {
		s = c.state
	}
	do := plane[s][p.what]
	if do == nil || len(st.lines) == 0 {
		st.refuse(p.what)
		return
	}
	before := len(st.calls)
	do(st, c, p)
	if st.srv.Ladder != nil && st.x.incoming != nil && len(st.calls) > before {
		made := st.calls[len(st.calls)-1]
		e := ladderEntry{false, st.x.incoming.ID().String(), summary(st.x.incoming), append([]byte(nil), st.x.frame...)}
		made.early = append([]ladderEntry{e}, made.early...)
		st.x.incoming = nil
	}
}

// target is the call that a press is meant for.
func (st *station) target(p press, ref uint32) *call {
	if ref != 0 {
		if c := st.byReference(ref); c != nil {
			return c
		}
		switch p.what {
		case pressDigit, pressOnHook: // keys with a stale reference go to the call that the user hears
		default:
			return nil
		}
	}
	switch p.what {
	case pressAnswer:
		return st.newest(sRingIn)
	case pressOffHook:
		if c := st.newest(sRingIn); c != nil && (p.line == 0 || c.line == p.line || st.active() == nil) {
			if a := st.active(); a == nil {
				return c
			}
		}
		return st.active()
	case pressResume:
		if c := st.newest(sHeld); c != nil {
			return c
		}
		return st.newest(sRemoteHeld)
	case pressLine:
		return st.onLine(p.line)
	case pressHold:
		if c := st.active(); c != nil {
			return c
		}
		return st.newest(sHeld) // button phones toggle (sccp.md 4.8)
	case pressFlash:
		if c := st.newest(sRingIn); c != nil {
			if a := st.active(); a == nil || a.state == sConnected {
				return c
			}
		}
		if c := st.active(); c != nil {
			return c
		}
		return st.newest(sHeld)
	case pressEndCall:
		if c := st.active(); c != nil {
			return c
		}
		return st.newest(sRingIn)
	}
	return st.active()
}

// onLine is the call that pressing a line's key is about: one that rings there, one held there, one held elsewhere, else
// the call in hand.
func (st *station) onLine(line int) *call {
	for _, s := range [...]state{sRingIn, sHeld, sRemoteHeld} {
		for i := len(st.calls) - 1; i >= 0; i-- {
			if c := st.calls[i]; c.line == line && c.state == s && !c.lost {
				return c
			}
		}
	}
	return st.active()
}

// refuse tells the user that a key does nothing now.
func (st *station) refuse(what control) {
	switch {
	case what == pressOnHook || what == pressOffHook:
		return // the hook is no key: there is nothing to say
	case what == pressMessages:
		st.notice(st.label(sccp.LabelVoicemail) + " " + st.label(sccp.LabelServiceIsNotActive))
	default:
		st.notice(st.label(sccp.LabelKeyIsNotActive))
	}
}

// notice shows a short text for a while.
func (st *station) notice(text string) {
	m := &st.x.notify
	*m = sccp.DisplayNotify{Timeout: seconds(st.srv.Parameters().NoticeTime), Text: text}
	st.send(m)
	if st.sess != nil && st.sess.takes.text {
		st.x.text = sccp.DisplayText{Text: text}
		st.send(&st.x.text)
	}
}

// hookDown is the handset put down without a call to end.
func hookDown(st *station, _ *call, _ press) {
	st.quiet()
	if st.idle() {
		st.speaker(false)
		st.showIdle()
	}
}

// switchPath is a handset lifted, or the loudspeaker pressed, during a call: the phone does it by itself.
func switchPath(*station, *call, press) {}

// originate begins a half-call on a line.
func (st *station) originate(line int) (signal.HalfCallID, error) {
	return st.srv.Exchange.Originate(signal.Origin{
		Device: st.name, Instance: line, Capabilities: st.caps, Address: st.address(),
		// A phone that plays no tone while its audio is open would not be heard to ring out.
		OffersWhenAsked: !st.traits.deafInCall,
	}, st)
}
