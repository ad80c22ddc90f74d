package sccpstation

import (
	"tandem/call/signal"
	"tandem/telephony"
	"tandem/wire/sccp"
)

// What the phone is shown, in the order of sccp.md 4.4 to 4.9.

// showSeized is a call begun here: 4.4, steps 2 to 6.
func (st *station) showSeized(c *call) {
	st.focus = c
	st.quiet()
	st.ringer(nil, sccp.RingOff, sccp.RingNormal)
	st.speaker(true)
	st.lamp(c.line)
	c.callState(sccp.CallStateOffHook)
	c.keys(c.offHookKeys())
	text := sccp.LabelEnterNumber
	if c.consults != nil {
		text = sccp.LabelCallTransfer
	}
	c.prompt(st.label(text))
	c.plane()
}

// showProceeding is a number complete: 4.4, step 11.
func (st *station) showProceeding(c *call) {
	c.endTone()
	c.state = sProceeding
	st.lamp(c.line)
	c.showInfo()
	m := &st.x.dialed
	*m = sccp.DialedNumber{Number: c.dialed, LineInstance: uint32(c.line), CallReference: c.ref}
	st.sendFor(c, m)
	c.callState(sccp.CallStateProceed)
}

// showRingOut is the other side ringing: 4.4, step 12.
func (st *station) showRingOut(c *call, tone bool) {
	c.state = sRingOut
	if tone {
		c.startTone(sccp.ToneAlerting)
	}
	c.prompt(st.label(sccp.LabelRingOut))
	c.callState(sccp.CallStateRingOut)
	c.keys(c.ringOutKeys())
	c.showInfo()
}

// showConnected is a call answered, by the other side or by us; the media was opened just before: 4.4, step 13, and 4.6,
// step 11, which differ in the order of keys and names.
func (st *station) showConnected(c *call) {
	c.state, c.answered = sConnected, true
	c.callState(sccp.CallStateConnected)
	if c.inbound {
		c.keys(c.connectedKeys())
		c.showInfo()
	} else {
		c.showInfo()
		c.keys(c.connectedKeys())
	}
	c.prompt(st.label(sccp.LabelConnected))
	if c.inbound {
		st.x.clearPri = sccp.ClearPriNotify{Priority: sccp.PriorityIncomingCall}
		st.sendFor(c, &st.x.clearPri)
	}
}

// showFailed is a call that comes to nothing: 4.4, failures. The tone is heard when audio is closed.
func (st *station) showFailed(c *call, cause signal.Cause, tone signal.Tone) {
	c.media.close(st, c)
	c.stopTone()
	c.state = sFailed
	text, shown := sccp.LabelTempFail, sccp.CallStateCongestion
	switch cause {
	case signal.CauseUserBusy:
		text, shown = sccp.LabelBusy, sccp.CallStateBusy
	case signal.CauseUnallocatedNumber, signal.CauseNoRouteToDestination, signal.CauseInvalidNumberFormat,
		signal.CauseNumberChanged:
		text, shown = sccp.LabelUnknownNumber, sccp.CallStateInvalidNumber
	}
	if t := toneOf(tone); t != sccp.ToneSilence {
		c.startTone(t)
	}
	c.prompt(st.label(text))
	c.callState(shown)
	c.keys(sccp.KeysOffHookFeature)
}

// showRinging offers a call: 4.6, steps 1 to 7.
func (st *station) showRinging(c *call) {
	busy := st.active() != nil
	if !busy {
		st.focus = c
	}
	c.callState(sccp.CallStateRingIn)
	c.keys(sccp.KeysRingIn)
	st.announce(c)
	st.lamp(c.line)
	st.ring(c, busy)
}

// announce says who calls: 4.6, steps 3 to 5.
func (st *station) announce(c *call) {
	text := st.caller(c)
	c.prompt(text)
	m := &st.x.priNotify
	*m = sccp.DisplayPriNotify{Timeout: seconds(st.srv.Parameters().CallerTime), Priority: sccp.PriorityIncomingCall, Text: text}
	st.sendFor(c, m)
	c.showInfo()
}

// ring announces a call as its line is set: loud, once, by light, or, in a call, by a beep.
func (st *station) ring(c *call, busy bool) {
	l, _ := st.dev.Line(c.line)
	how := l.Ring
	if busy {
		how = l.RingInUse
		if how == "" {
			how = telephony.RingBeep
		}
	}
	mode := sccp.RingInside
	if c.external {
		mode = sccp.RingOutside
	}
	switch how {
	case telephony.RingBeep:
		if a := st.active(); a != nil && a.state == sConnected && !st.traits.deafInCall {
			// To the call that is heard (sccp.md 4.6); it ends by itself.
			m := &st.x.startTone
			*m = sccp.StartTone{Tone: sccp.ToneCallWaiting, LineInstance: uint32(a.line), CallReference: a.ref}
			st.sendFor(a, m)
		}
		st.ringer(c, sccp.RingFlashOnly, sccp.RingNormal)
	case telephony.RingFlash:
		st.ringer(c, sccp.RingFlashOnly, sccp.RingNormal)
	case telephony.RingOnce:
		st.ringer(c, mode, sccp.RingSingle)
	case telephony.RingSilent:
		st.ringer(c, sccp.RingOff, sccp.RingNormal)
	default:
		st.ringer(c, mode, sccp.RingNormal)
	}
}

// showAnswering is a call picked up: 4.6, steps 9 and 10.
func (st *station) showAnswering(c *call) {
	st.focus = c
	st.quiet()
	st.ringer(nil, sccp.RingOff, sccp.RingNormal)
	c.state = sAnswering
	st.speaker(true)
	st.lamp(c.line)
	c.callState(sccp.CallStateOffHook)
	c.plane()
	st.ringer(c, sccp.RingOff, sccp.RingNormal)
	c.endTone()
}

// showHeld: 4.8. The media was closed just before.
func (st *station) showHeld(c *call) {
	c.callState(sccp.CallStateHold)
	st.lamp(c.line)
	c.prompt(st.label(sccp.LabelHold))
	c.keys(sccp.KeysOnHold)
}

// showResumed: 4.8, up to the opening of the media.
func (st *station) showResumed(c *call) {
	st.focus = c
	st.quiet()
	st.speaker(true)
	st.lamp(c.line)
	c.callState(sccp.CallStateConnected)
	c.plane()
}

// showCall shows a call that comes into hand because another one ended: its keys and its prompt.
func (st *station) showCall(c *call) {
	st.focus = c
	if c.state != sRingIn {
		c.plane()
	}
	switch c.state {
	case sHeld:
		c.keys(sccp.KeysOnHold)
		c.prompt(st.label(sccp.LabelHold))
	case sRingIn:
		c.keys(sccp.KeysRingIn)
		c.prompt(st.caller(c))
	case sConnected:
		c.keys(c.connectedKeys())
		c.prompt(st.label(sccp.LabelConnected))
	case sOffHook, sCollecting:
		c.keys(c.offHookKeys())
	case sDialing:
		c.keys(sccp.KeysDigits)
	case sRingOut:
		c.keys(c.ringOutKeys())
	case sRemote:
		c.keys(sccp.KeysRemoteInUse)
		c.prompt(st.label(sccp.LabelInUseRemote))
	case sRemoteHeld:
		c.keys(sccp.KeysOnHold)
		c.prompt(st.label(sccp.LabelHold))
	}
}

// showAgain builds a call up on a phone that registered again while its media flowed.
func (st *station) showAgain(c *call) {
	st.focus = c
	switch c.state {
	case sConnected:
		c.callState(sccp.CallStateOffHook)
		st.lamp(c.line)
		c.callState(sccp.CallStateConnected)
	case sHeld:
		c.callState(sccp.CallStateHold)
		st.lamp(c.line)
	default:
		return
	}
	c.showInfo()
	st.showCall(c)
}

// showEnded makes the phone idle after a call, or gives it back to the call that is left: 4.7.
func (st *station) showEnded(c *call, cause signal.Cause, elsewhere bool) {
	wasRinging := c.state == sRingIn || c.state == sAnswering && !c.answered
	if wasRinging {
		st.ringerOff(c)
	}
	st.askStatistics(c)
	c.media.close(st, c)
	if wasRinging {
		c.stopTone()
	} else {
		c.endTone()
	}
	heard := c.engaged() || c.ending
	held := c.consults
	line := c.line
	if elsewhere && c.inbound {
		st.notMissed(c)
	}
	c.state = sIdle
	st.lamp(line)
	st.x.clearPrompt = sccp.ClearPromptStatus{LineInstance: uint32(line), CallReference: c.ref}
	st.sendFor(c, &st.x.clearPrompt)
	c.callState(sccp.CallStateOnHook)
	st.drop(c)
	next := st.next(held)
	if next == nil || !next.engaged() {
		st.selectIdle()
	}
	if st.active() == nil {
		st.speaker(false)
	}
	if next != nil {
		st.showCall(next)
	}
	if st.newest(sRingIn) == nil {
		st.ringer(nil, sccp.RingOff, sccp.RingNormal)
	}
	if wasRinging {
		st.x.clearPri = sccp.ClearPriNotify{Priority: sccp.PriorityIncomingCall}
		st.send(&st.x.clearPri)
	}
	if st.traits.timeAfter {
		st.sendTime()
	}
	if heard && st.active() == nil && st.hookOff {
		st.leftOffHook(cause)
	}
	if wasRinging {
		st.syncRemote(line)
	}
	st.restartWhenIdle()
	st.leaveWhenIdle()
}

// notMissed keeps a call that was answered elsewhere off the list of missed calls (sccp.md 4.10).
func (st *station) notMissed(c *call) {
	if st.sess != nil && st.sess.takes.history {
		m := &st.x.history
		*m = sccp.CallHistoryInfo{Disposition: sccp.HistoryIgnore, LineInstance: uint32(c.line), CallReference: c.ref}
		st.sendFor(c, m)
		return
	}
	c.callStatePrivate(sccp.CallStateConnected, sccp.PrivacyFull)
	c.callStatePrivate(sccp.CallStateCallRemoteMultiline, sccp.PrivacyFull)
}

// next is the call that comes into hand when one ended: one that the user is in, the held one that it was a consultation
// for, one that rings, any held one, one in use elsewhere.
func (st *station) next(held *call) *call {
	if c := st.active(); c != nil {
		return c
	}
	if held != nil && held.state == sHeld && !held.lost {
		return held
	}
	for _, s := range [...]state{sRingIn, sHeld, sRemoteHeld, sRemote} {
		if c := st.newest(s); c != nil {
			return c
		}
	}
	return nil
}

// clearShown ends a call behind which no half-call stands.
func (st *station) clearShown(c *call) { st.showEnded(c, signal.CauseNormalClearing, false) }

// selectIdle shows the keys and the prompt of the idle phone.
func (st *station) selectIdle() {
	m := &st.x.softKeys
	*m = sccp.SelectSoftKeys{Set: sccp.KeysOnHook, Mask: st.mask(sccp.KeysOnHook)}
	st.send(m)
	p := &st.x.prompt
	*p = sccp.DisplayPromptStatus{Text: st.idleText()}
	st.send(p)
	st.oneLine(p.Text)
}

// showIdle is the idle screen (4.1, step 15), unless a call is shown.
func (st *station) showIdle() {
	if st.reg.done && st.active() == nil && st.newest(sRingIn, sHeld) == nil {
		p := &st.x.prompt
		*p = sccp.DisplayPromptStatus{Text: st.idleText()}
		st.send(p)
		st.oneLine(p.Text)
		m := &st.x.softKeys
		*m = sccp.SelectSoftKeys{Set: sccp.KeysOnHook, Mask: st.mask(sccp.KeysOnHook)}
		st.send(m)
		if c := st.newest(sRemoteHeld, sRemote); c != nil {
			st.showCall(c)
		}
	}
}

// idleText says where the phone is forwarded to, that it takes no calls, or that it is ready.
func (st *station) idleText() string {
	for i := range st.lines {
		if to := st.lines[i].forwardAll; to != "" {
			return st.label(sccp.LabelForwardedTo) + " " + sccp.Plain(to)
		}
	}
	if st.undisturbed() {
		return st.label(sccp.LabelDoNotDisturbIsActive)
	}
	return st.label(sccp.LabelYourCurrentOptions)
}
