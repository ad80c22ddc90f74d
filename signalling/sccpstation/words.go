package sccpstation

import "tandem/wire/sccp"

// The words of a display: one message each, sent from the station's scratch.

// toneState is a tone that belongs to no call.
type toneState struct{ on bool }

func (c *call) callState(s sccp.CallStateCode) { c.callStatePrivate(s, sccp.PrivacyNone) }

func (c *call) callStatePrivate(s sccp.CallStateCode, p sccp.Privacy) {
	m := &c.st.x.callState
	*m = sccp.CallState{State: s, LineInstance: uint32(c.line), CallReference: c.ref, Privacy: p, PrecedenceLevel: sccp.PrecedenceRoutine}
	c.st.sendFor(c, m)
}

func (c *call) keys(set sccp.SoftKeySet) {
	m := &c.st.x.softKeys
	*m = sccp.SelectSoftKeys{LineInstance: uint32(c.line), CallReference: c.ref, Set: set, Mask: c.st.mask(set)}
	c.st.sendFor(c, m)
}

func (c *call) prompt(text string) {
	m := &c.st.x.prompt
	*m = sccp.DisplayPromptStatus{Text: text, LineInstance: uint32(c.line), CallReference: c.ref}
	c.st.sendFor(c, m)
	c.st.oneLine(text)
}

func (c *call) plane() {
	c.st.x.plane = sccp.ActivateCallPlane{LineInstance: uint32(c.line)}
	c.st.sendFor(c, &c.st.x.plane)
}

func (c *call) startTone(t sccp.Tone) {
	c.tone = t
	m := &c.st.x.startTone
	*m = sccp.StartTone{Tone: t, Direction: sccp.ToneToUser, LineInstance: uint32(c.line), CallReference: c.ref}
	c.st.sendFor(c, m)
}

// stopTone ends the tone of the call, if there is one.
func (c *call) stopTone() {
	if c.tone != sccp.ToneSilence {
		c.endTone()
	}
}

func (c *call) endTone() {
	m := &c.st.x.stopTone
	*m = sccp.StopTone{LineInstance: uint32(c.line), CallReference: c.ref, Tone: c.tone}
	c.tone = sccp.ToneSilence
	c.st.sendFor(c, m)
}

func (st *station) ringer(c *call, mode sccp.RingMode, duration sccp.RingDuration) {
	m := &st.x.ringer
	*m = sccp.SetRinger{Mode: mode, Duration: duration}
	if c != nil {
		m.LineInstance, m.CallReference = uint32(c.line), c.ref
	}
	st.sendFor(c, m)
}

// ringerOff ends ringing, unless another call still rings.
func (st *station) ringerOff(except *call) {
	for _, c := range st.calls {
		if c != except && c.state == sRingIn && !c.lost && !c.ending {
			return
		}
	}
	st.ringer(nil, sccp.RingOff, sccp.RingNormal)
}

// speaker opens or closes the audio path of phones that have a loudspeaker. "On" means the path that is in use: the server
// cannot tell the speaker key from the handset, and a lifted handset stays what is heard (sccp.md 2.4).
func (st *station) speaker(on bool) {
	if st.traits.noSpeaker {
		return
	}
	st.x.speaker.Mode = sccp.SwitchOff
	if on {
		st.x.speaker.Mode = sccp.SwitchOn
	}
	st.send(&st.x.speaker)
}

// lamp shows what a line does: the most important of all its calls.
func (st *station) lamp(line int) {
	l := st.line(line)
	if l == nil {
		return
	}
	mode, weight := sccp.LampOff, 0
	for _, c := range st.calls {
		if c.line != line || c.lost {
			continue
		}
		m, w := lampOf(c.state)
		if w > weight {
			mode, weight = m, w
		}
	}
	l.lamp = mode
	m := &st.x.lamp
	*m = sccp.SetLamp{Stimulus: sccp.StimulusLine, Instance: uint32(line), Mode: mode}
	st.send(m)
}

func lampOf(s state) (sccp.LampMode, int) {
	switch s {
	case sRingIn:
		return sccp.LampBlink, 5
	case sIdle:
		return sccp.LampOff, 0
	case sHeld:
		return sccp.LampWink, 3
	case sRemoteHeld:
		return sccp.LampWink, 1
	case sRemote:
		return sccp.LampOn, 2
	}
	return sccp.LampOn, 4
}

// oneLine writes the display of phones that have nothing else.
func (st *station) oneLine(text string) {
	if st.sess != nil && st.sess.takes.text {
		st.x.text = sccp.DisplayText{Text: text}
		st.send(&st.x.text)
	}
}

// offHookKeys is the key set of a dial tone, connectedKeys that of a conversation; a consultation has its own.
func (c *call) offHookKeys() sccp.SoftKeySet {
	if c.consults != nil || c.state == sCollecting {
		return sccp.KeysOffHookFeature
	}
	return sccp.KeysOffHook
}

func (c *call) connectedKeys() sccp.SoftKeySet {
	if c.consults != nil || c.st.consultation(c) != nil {
		return sccp.KeysConnectedTransfer
	}
	return sccp.KeysConnected
}

func (c *call) ringOutKeys() sccp.SoftKeySet {
	if c.consults != nil {
		return sccp.KeysConnectedTransfer
	}
	return sccp.KeysRingOut
}
