package phone

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"tandem/wire/sccp"
)

// shown maps call states on the wire to what the phone shows.
var shown = map[sccp.CallStateCode]CallState{
	sccp.CallStateOffHook: OffHook, sccp.CallStateRingOut: RingingOut, sccp.CallStateRingIn: RingingIn,
	sccp.CallStateConnected: Connected, sccp.CallStateBusy: Busy, sccp.CallStateCongestion: Congested,
	sccp.CallStateHold: OnHold, sccp.CallStateCallWaiting: RingingIn, sccp.CallStateCallTransfer: Transferring,
	sccp.CallStateCallPark: Parked, sccp.CallStateProceed: Proceeding, sccp.CallStateCallRemoteMultiline: RemoteInUse,
	sccp.CallStateInvalidNumber: InvalidNumber, sccp.CallStateHoldRevert: OnHold, sccp.CallStateRemoteHold: RemoteOnHold,
	sccp.CallStateWhisper: Connected,
}

// opening are the states with which a call may appear on the phone (sccp.md 4.4,
// 4.6, 4.8, 4.10).
var opening = []sccp.CallStateCode{sccp.CallStateOffHook, sccp.CallStateRingIn, sccp.CallStateCallWaiting,
	sccp.CallStateCallRemoteMultiline, sccp.CallStateHold, sccp.CallStateRemoteHold}

// handleCall handles what is not registration.
func (d *station) handleCall(m sccp.Message) error {
	s := &d.p.state
	switch m := m.(type) {
	case *sccp.CallState:
		return d.callState(m)
	case *sccp.CallInfo:
		return d.callInfo(m)
	case *sccp.DialedNumber:
		if c := d.known(m.CallReference, "DialedNumber"); c != nil {
			c.Dialed = m.Number
		}
	case *sccp.SelectSoftKeys:
		d.selectSoftKeys(m)
	case *sccp.DisplayPromptStatus:
		d.prompt(m)
	case *sccp.ClearPromptStatus:
		if m.CallReference == 0 {
			s.Prompt = ""
		} else if c := d.known(m.CallReference, "ClearPromptStatus"); c != nil {
			c.Prompt = ""
		}
	case *sccp.DisplayNotify:
		s.Notice = readable(m.Text)
	case *sccp.DisplayPriNotify:
		s.Notice = readable(m.Text)
	case *sccp.DisplayText:
		s.Prompt = readable(m.Text)
	case *sccp.ClearNotify, *sccp.ClearPriNotify:
		s.Notice = ""
	case *sccp.ClearDisplay:
		s.Prompt = ""
	case *sccp.ActivateCallPlane:
		d.plane = int(m.LineInstance)
		if m.LineInstance == 0 || s.Line(d.plane) == nil {
			d.p.violation("ActivateCallPlane for line %d, which the phone does not have", m.LineInstance)
		}
	case *sccp.DeactivateCallPlane:
		d.plane = 0
	case *sccp.StartTone:
		if m.CallReference != 0 {
			d.known(m.CallReference, "StartTone")
		}
		if m.Tone == sccp.ToneSilence {
			s.Tone = ""
		} else if s.Tone = m.Tone.String(); d.profile.Device == sccp.Device7910 && d.anyReceiving() {
			d.p.violation("StartTone while audio is open is not heard on a 7910 (4.15)")
		}
	case *sccp.StopTone:
		s.Tone = ""
	case *sccp.SetRinger:
		d.ringer(m)
	case *sccp.SetLamp:
		d.lamp(m)
	case *sccp.SetSpeakerMode:
		d.speaker(m.Mode == sccp.SwitchOn)
	case *sccp.CallSelectStatRes:
		if c := d.known(m.CallReference, "CallSelectStatRes"); c != nil {
			c.Selected = m.Selected
		}
	case *sccp.OpenReceiveChannel:
		d.openReceive(m)
	case *sccp.CloseReceiveChannel:
		d.closeReceive(m)
	case *sccp.StartMediaTransmission:
		d.startTransmission(m)
	case *sccp.StopMediaTransmission:
		d.stopTransmission(m)
	case *sccp.ConnectionStatisticsReq:
		d.statistics(m)
	case *sccp.CallCountReq:
		d.p.violation("CallCountReq is a message of phones")
	}
	return nil
}

// known finds a live call; a dead or unknown reference is a violation.
func (d *station) known(reference uint32, what string) *Call {
	if c := d.calls[reference]; c != nil {
		return c
	}
	if at, ok := d.dead[reference]; ok {
		d.p.violation("%s for call %d, which ended %v ago", what, reference, time.Since(at).Round(time.Millisecond))
	} else {
		d.p.violation("%s for call %d, which the phone does not know", what, reference)
	}
	return nil
}

func (d *station) callState(m *sccp.CallState) error {
	if m.CallReference == 0 {
		d.p.violation("CallState %v for call 0", m.State)
		return d.badCall(0)
	}
	if m.PrecedenceLevel != sccp.PrecedenceRoutine {
		d.p.violation("CallState %v: precedence %d shows as a priority call, 4 is routine (4.15)", m.State, m.PrecedenceLevel)
	}
	if l := d.p.state.Line(int(m.LineInstance)); l == nil {
		d.p.violation("CallState %v for line %d, which the phone does not have", m.State, m.LineInstance)
	}
	c := d.calls[m.CallReference]
	if m.State == sccp.CallStateOnHook || m.State == sccp.CallStateIdle {
		if c == nil {
			d.p.violation("CallState %v for call %d, which the phone does not have", m.State, m.CallReference)
			return nil
		}
		d.finish(c)
		return nil
	}
	state, ok := shown[m.State]
	if !ok {
		d.p.violation("unknown call state %d", m.State)
		return d.badCall(m.CallReference)
	}
	if c == nil {
		if !slices.Contains(opening, m.State) {
			d.p.violation("CallState %v opens call %d; a call begins off hook, ringing, held or in use remotely (4.4, 4.6, 4.10)", m.State, m.CallReference)
			if err := d.badCall(m.CallReference); err != nil {
				return err
			}
		}
		c = &Call{ID: strconv.FormatUint(uint64(m.CallReference), 10), Reference: m.CallReference,
			Line: int(m.LineInstance), Started: time.Now()}
		c.Inbound = m.State == sccp.CallStateRingIn || m.State == sccp.CallStateCallWaiting
		d.calls[m.CallReference] = c
		delete(d.dead, m.CallReference)
		d.live[m.CallReference] = callExtra{}
		d.p.state.Calls = append(d.p.state.Calls, c)
		if c.Inbound {
			d.autoAnswer(c)
		}
	}
	if c.Line != int(m.LineInstance) {
		d.p.violation("call %d moved from line %d to %d", m.CallReference, c.Line, m.LineInstance)
	}
	d.enter(c, state)
	return nil
}

// enter puts a call into a state.
func (d *station) enter(c *Call, state CallState) {
	before := c.State
	c.State = state
	switch state {
	case OffHook:
		d.focus(c)
	case RingingIn, RingingOut:
		if c.Ringing.IsZero() {
			c.Ringing = time.Now()
		}
		if d.active == 0 || state == RingingOut {
			d.focus(c)
		}
	case Connected:
		if c.Answered.IsZero() {
			c.Answered = time.Now()
		}
		d.focus(c)
	case RemoteInUse, RemoteOnHold:
		if before == Connected && d.live[c.Reference].receiving {
			d.p.violation("call %d is %s while its audio is open here", c.Reference, state)
		}
		if d.active == c.Reference {
			d.active, d.p.state.Focus = 0, ""
		}
	}
}

func (d *station) focus(c *Call) {
	d.active, d.p.state.Focus = c.Reference, c.ID
	d.showKeys()
}

// showKeys puts the keys of the call in front, or of the idle phone, on the display.
func (d *station) showKeys() {
	if c := d.calls[d.active]; c != nil {
		d.p.state.SoftKeys = c.SoftKeys
		return
	}
	d.p.state.SoftKeys = d.idleKeys
}

func (d *station) autoAnswer(c *Call) {
	after := d.p.cfg.AutoAnswer
	if after <= 0 {
		return
	}
	conn, reference := d.conn, c.Reference
	d.p.after(after, func() {
		if d.conn == conn && d.calls[reference] == c && c.State == RingingIn {
			_ = d.pressLocked(press{kind: pressAnswer, call: c.ID})
		}
	})
}

// finish ends a call: its reference is dead from here on (sccp.md 4.7).
func (d *station) finish(c *Call) {
	extra := d.live[c.Reference]
	if extra.receiving {
		d.p.violation("call %d went on hook while its receive channel is open (4.7)", c.Reference)
	}
	if extra.sending {
		d.p.violation("call %d went on hook while it sends (4.7)", c.Reference)
	}
	delete(d.calls, c.Reference)
	delete(d.live, c.Reference)
	d.dead[c.Reference] = time.Now()
	if len(d.dead) > 1000 {
		for r, at := range d.dead {
			if time.Since(at) > time.Minute {
				delete(d.dead, r)
			}
		}
	}
	if d.active == c.Reference {
		d.active = 0
	}
	cause := "released"
	switch c.State {
	case Busy:
		cause = "busy"
	case Congested:
		cause = "congestion"
	case InvalidNumber:
		cause = "invalid number"
	case RingingIn:
		cause = "not answered here"
	case RingingOut, Proceeding:
		cause = "not answered"
	}
	d.p.endCall(c, cause)
	if len(d.calls) == 0 {
		d.p.state.Tone = ""
	}
	d.showKeys()
	if d.restartDue && !d.busy() {
		d.restartNow()
	}
}

// badCall restarts the models that do so on a call id they hold invalid.
func (d *station) badCall(reference uint32) error {
	if d.profile.BadCallRestarts && !d.p.cfg.Lenient {
		d.last = fmt.Sprintf("Invalid-Call-Id-%d", reference)
		return fmt.Errorf("call id %d is invalid: the phone restarts (R-16)", reference)
	}
	return nil
}

func (d *station) callInfo(m *sccp.CallInfo) error {
	c := d.known(m.CallReference, "CallInfo")
	if c == nil {
		return d.badCall(m.CallReference)
	}
	if m.CallInstance == 0 {
		d.p.violation("CallInfo: call number 0 (4.15)")
	}
	extra := d.live[m.CallReference]
	if !extra.haveInfo && m.CallInstance > 1 {
		// An idle line's next call shows 1.
		alone := true
		for _, other := range d.calls {
			alone = alone && (other == c || other.Line != c.Line)
		}
		if alone {
			d.p.violation("CallInfo: the only call of line %d has number %d (R-16)", c.Line, m.CallInstance)
		}
	}
	for _, other := range d.calls {
		if other != c && other.Line == c.Line && other.Instance == int(m.CallInstance) && m.CallInstance != 0 {
			d.p.violation("CallInfo: two calls of line %d have number %d", c.Line, m.CallInstance)
		}
	}
	extra.haveInfo = true
	d.live[m.CallReference] = extra
	c.Instance = int(m.CallInstance)
	party := func(p sccp.Party) Party { return Party{Name: readable(p.Name), Number: readable(p.Number)} }
	c.Calling, c.Called = party(m.Calling), party(m.Called)
	c.Original, c.Redirecting = party(m.OriginalCalled), party(m.LastRedirecting)
	switch m.Type {
	case sccp.CallInbound:
		c.Inbound, c.Remote = true, c.Calling
	case sccp.CallOutbound, sccp.CallForward:
		c.Remote = c.Called
		if c.State != RingingIn {
			c.Inbound = false
		}
	default:
		d.p.violation("CallInfo: call type %d", m.Type)
	}
	return nil
}

func (d *station) selectSoftKeys(m *sccp.SelectSoftKeys) {
	if !d.profile.SoftKeys {
		d.p.violation("SelectSoftKeys for a model without soft keys")
		return
	}
	if d.sets != nil && int(m.Set) >= len(d.sets) {
		d.p.violation("SelectSoftKeys: set %d of %d", m.Set, len(d.sets))
	}
	if m.Set == sccp.KeysConnectedConference && d.profile.NoConnectedConference {
		d.p.violation("SelectSoftKeys: set 7 is shown wrongly on this model (4.15)")
	}
	keys := d.keysOf(m.Set, m.Mask)
	if m.CallReference == 0 {
		d.idleKeys, d.selectedIdle = keys, d.selectedIdle || m.Set == sccp.KeysOnHook
		d.showKeys()
		return
	}
	c := d.known(m.CallReference, "SelectSoftKeys")
	if c == nil {
		return
	}
	c.SoftKeys = keys
	if d.active == 0 {
		d.focus(c)
	}
	d.showKeys()
}

func (d *station) prompt(m *sccp.DisplayPromptStatus) {
	text := readable(m.Text)
	if m.CallReference == 0 {
		d.p.state.Prompt = text
		d.idleShown = true
		return
	}
	if c := d.known(m.CallReference, "DisplayPromptStatus"); c != nil {
		c.Prompt = text
	}
}

func (d *station) ringer(m *sccp.SetRinger) {
	if m.Duration == 0 {
		d.p.violation("SetRinger: duration 0 misbehaves on newer loads (4.15)")
	}
	if m.Mode != sccp.RingOff && m.CallReference != 0 {
		d.known(m.CallReference, "SetRinger")
	}
	if m.Mode == sccp.RingOff {
		d.p.state.Ringer = "off"
	} else {
		d.p.state.Ringer = map[sccp.RingMode]string{sccp.RingInside: "inside", sccp.RingOutside: "outside",
			sccp.RingFeature: "feature", sccp.RingFlashOnly: "flash", sccp.RingPrecedence: "precedence"}[m.Mode]
		if d.p.state.Ringer == "" {
			d.p.state.Ringer = m.Mode.String()
		}
	}
}

// lampModes names what lamps do.
var lampModes = map[sccp.LampMode]string{sccp.LampOff: "off", sccp.LampOn: "on", sccp.LampWink: "wink",
	sccp.LampFlash: "flash", sccp.LampBlink: "blink"}

func (d *station) lamp(m *sccp.SetLamp) {
	mode, ok := lampModes[m.Mode]
	if !ok {
		d.p.violation("SetLamp: mode %d", m.Mode)
		return
	}
	name := m.Stimulus.String()
	switch m.Stimulus {
	case sccp.StimulusLine:
		name = "line"
		if d.p.state.Line(int(m.Instance)) == nil && d.p.state.Registration == Registered {
			d.p.violation("SetLamp for line %d, which the phone does not have", m.Instance)
		}
	case sccp.StimulusDoNotDisturb:
		name = "do not disturb"
	case sccp.StimulusVoiceMail:
		name = "voice mail"
		if d.profile.Analogue {
			d.p.violation("SetLamp for messages to a device without a lamp (Q-27)")
		}
		if m.Instance == 0 {
			d.p.state.MessageWaiting = mode != "off"
		} else if l := d.p.state.Line(int(m.Instance)); l != nil {
			l.MessageWaiting = mode != "off"
		}
	}
	d.p.state.Lamps[fmt.Sprintf("%s %d", name, m.Instance)] = mode
}

// speaker is the loudspeaker switched by the server.
func (d *station) speaker(on bool) {
	if d.profile.NoSpeaker && on {
		d.p.violation("SetSpeakerMode for a device without a loudspeaker")
		return
	}
	d.p.state.Speaker = on
}
