package phone

import (
	"slices"
	"time"

	"tandem/wire/sccp"
)

// A flow is a stretch of messages whose order the protocol reference fixes
// (sccp.md 4.1, 4.4, 4.6, 4.7), written as data. Messages that no step names may
// stand between. A step that comes before an earlier one is a violation, and so is
// one that has not come a few seconds after the flow began.
type flow struct {
	kind      flowKind
	source    string // section of the reference
	steps     []step
	done      []bool
	reference uint32
	// unordered flows want all steps in any order.
	unordered bool
}

type flowKind uint8

const (
	flowIdle flowKind = iota
	flowDial
	flowRing
	flowWaiting
	flowAnswer
	flowConnected
	flowRingOut
	flowHangup
	flowHold
)

type step struct {
	name     string
	match    func(sccp.Message) bool
	optional bool
}

// patience is when a flow must be complete.
const patience = 4 * time.Second

// begin starts a flow, in place of one of the same kind.
func (d *station) begin(f flow) {
	d.endFlow(f.kind)
	f.done = make([]bool, len(f.steps))
	started := &f
	d.flows = append(d.flows, started)
	conn := d.conn
	d.p.after(patience, func() {
		if d.conn != conn {
			return
		}
		for _, running := range d.flows {
			if running == started {
				for i, s := range f.steps {
					if !f.done[i] && !s.optional {
						d.p.violation("%s: %s did not come within %v", f.source, s.name, patience)
					}
				}
				d.drop(started)
				return
			}
		}
	})
}

func (d *station) drop(f *flow) {
	for i, running := range d.flows {
		if running == f {
			d.flows = append(d.flows[:i:i], d.flows[i+1:]...)
			return
		}
	}
}

// endFlow drops the flow of a kind without judgement: the user went on.
func (d *station) endFlow(kind flowKind) {
	for _, f := range d.flows {
		if f.kind == kind {
			d.drop(f)
			return
		}
	}
}

// endFlowsOf drops the flows of a call that ended or changed its course.
func (d *station) endFlowsOf(reference uint32, kinds ...flowKind) {
	for i := len(d.flows) - 1; i >= 0; i-- {
		f := d.flows[i]
		if f.reference != reference {
			continue
		}
		for _, k := range kinds {
			if f.kind == k {
				d.drop(f)
				break
			}
		}
	}
}

// follow advances the running flows by a message and begins those that messages begin.
func (d *station) follow(m sccp.Message) {
	d.registrationOrder(m)
	for _, f := range append([]*flow(nil), d.flows...) {
		if f.advance(d, m) {
			break // the older flow has it: what rings on while the user answers, for example
		}
	}
	d.trigger(m)
}

// tellsCaller says that a message shows who calls, which may change while the phone rings.
func tellsCaller(m sccp.Message) bool {
	return isA[*sccp.CallInfo](m) || isA[*sccp.DisplayPromptStatus](m)
}

// advance reports whether the message is a step of the flow.
func (f *flow) advance(d *station, m sccp.Message) bool {
	at := -1
	for i, s := range f.steps {
		if !f.done[i] && s.match(m) {
			at = i
			break
		}
	}
	if at < 0 || (f.kind == flowAnswer && !slices.Contains(f.done, true) && tellsCaller(m)) {
		// A new caller that was told to the ringing phone crosses the user's answer: it belongs to the ringing.
		return false
	}
	f.done[at] = true
	if !f.unordered {
		for i := range at {
			if !f.done[i] && !f.steps[i].optional {
				d.p.violation("%s: %s came before %s", f.source, f.steps[at].name, f.steps[i].name)
			}
		}
	}
	for i, s := range f.steps {
		if !f.done[i] && !s.optional {
			return true
		}
	}
	d.drop(f)
	return true
}

// registrationOrder: CapabilitiesReq directly behind RegisterAck, SelectSoftKeys of
// the idle phone directly behind SoftKeySetRes (sccp.md 4.1, 5 and 9).
func (d *station) registrationOrder(m sccp.Message) {
	if _, alive := m.(*sccp.KeepAliveAck); alive {
		return
	}
	switch d.previous {
	case sccp.IDRegisterAck:
		if m.ID() != sccp.IDCapabilitiesReq {
			d.p.violation("4.1: %v directly behind RegisterAck, where CapabilitiesReq belongs", m.ID())
		}
	case sccp.IDSoftKeySetRes:
		k, ok := m.(*sccp.SelectSoftKeys)
		if d.p.state.Registration != Registered && (!ok || k.CallReference != 0 || k.LineInstance != 0 || k.Set != sccp.KeysOnHook) {
			d.p.violation("4.1: %v directly behind SoftKeySetRes, where SelectSoftKeys of the idle phone belongs", m.ID())
		}
	}
	d.previous = m.ID()
}

// trigger begins the flows that a message of the server begins, and checks what
// must have come before it.
func (d *station) trigger(m sccp.Message) {
	switch m := m.(type) {
	case *sccp.TimeDateRes:
		if d.p.state.Registration == Registering {
			d.begin(flow{kind: flowIdle, source: "4.1, 15", steps: []step{
				{"the idle prompt", idlePrompt, !d.profile.Display}, {"the idle soft-key set", idleKeys, !d.profile.SoftKeys},
			}})
		}
	case *sccp.CallState:
		d.triggerState(m)
	}
}

func (d *station) triggerState(m *sccp.CallState) {
	ref := m.CallReference
	c := d.calls[ref]
	line := m.LineInstance
	switch m.State {
	case sccp.CallStateRingIn, sccp.CallStateCallWaiting:
		if c != nil {
			return // a held call that comes back, for example
		}
		if d.busy() {
			d.begin(flow{kind: flowWaiting, source: "4.6, second call", reference: ref, unordered: true, steps: []step{
				{"the prompt", promptFor(ref), !d.profile.Display}, {"CallInfo", callInfoFor(ref), false},
				{"the blinking lamp", lampIs(line, sccp.LampBlink), false},
			}})
			return
		}
		d.begin(flow{kind: flowRing, source: "4.6", reference: ref, steps: []step{
			{"SelectSoftKeys 3", keysFor(ref, sccp.KeysRingIn), !d.profile.SoftKeys},
			{"the prompt", promptFor(ref), !d.profile.Display},
			{"DisplayPriNotify", isA[*sccp.DisplayPriNotify], !d.profile.Display},
			{"CallInfo", callInfoFor(ref), false},
			{"the blinking lamp", lampIs(line, sccp.LampBlink), false},
			{"SetRinger", ringerOn(ref), false},
		}})
	case sccp.CallStateProceed:
		if c != nil && !d.live[ref].haveInfo {
			d.p.violation("4.4, 11: CallState Proceed came before CallInfo")
		}
		if c != nil && c.Dialed == "" {
			d.p.violation("4.4, 11: CallState Proceed came before DialedNumber")
		}
	case sccp.CallStateRingOut:
		d.endFlow(flowDial)
		if d.p.state.Tone != sccp.ToneAlerting.String() && !d.live[ref].receiving {
			d.p.violation("4.4, 12: CallState RingOut without alerting tone or early audio (tone %q)", d.p.state.Tone)
		}
		d.begin(flow{kind: flowRingOut, source: "4.4, 12", reference: ref, steps: []step{
			{"SelectSoftKeys 8", keysFor(ref, sccp.KeysRingOut, sccp.KeysConnectedTransfer, sccp.KeysConnectedConference), !d.profile.SoftKeys},
			{"CallInfo", callInfoFor(ref), false},
		}})
	case sccp.CallStateConnected:
		d.endFlowsOf(ref, flowRing, flowWaiting, flowRingOut)
		if c == nil {
			return
		}
		if d.p.state.Tone == sccp.ToneAlerting.String() || d.p.state.Tone == sccp.ToneInsideDial.String() {
			d.p.violation("4.4, 13: CallState Connected while %s sounds", d.p.state.Tone)
		}
		if c.State == RingingOut || c.State == Proceeding {
			if !d.live[ref].receiving && !d.live[ref].closedAudio {
				d.p.violation("4.4, 13: CallState Connected came before OpenReceiveChannel")
			}
			d.begin(flow{kind: flowConnected, source: "4.4, 13", reference: ref, steps: []step{
				{"CallInfo", callInfoFor(ref), false},
				{"the soft keys", keysFor(ref, sccp.KeysConnected, sccp.KeysConnectedTransfer, sccp.KeysConnectedConference), !d.profile.SoftKeys},
				{"the prompt", promptFor(ref), !d.profile.Display},
			}})
		}
	case sccp.CallStateOnHook:
		d.hangupOrder(c, line, ref)
	case sccp.CallStateCallRemoteMultiline:
		d.endFlowsOf(ref, flowRing, flowWaiting, flowAnswer)
		if c != nil && d.p.state.Ringer != "off" && !d.anotherRings(ref) {
			d.begin(flow{kind: flowHold, source: "4.10", reference: ref, unordered: true, steps: []step{{"SetRinger off", ringerOff, false}}})
		}
	case sccp.CallStateHold:
		if c == nil || c.State != Connected {
			return
		}
		if x := d.live[ref]; x.receiving || x.sending {
			d.p.violation("4.8: CallState Hold while audio is open")
		}
		d.begin(flow{kind: flowHold, source: "4.8", reference: ref, unordered: true, steps: []step{
			{"the winking lamp", lampIs(line, sccp.LampWink), false},
			{"the soft keys", keysFor(ref, sccp.KeysOnHold), !d.profile.SoftKeys},
		}})
	}
}

func (d *station) anotherRings(ref uint32) bool {
	for r, c := range d.calls {
		if r != ref && c.State == RingingIn {
			return true
		}
	}
	return false
}

// hangupOrder checks 4.7: what comes before CallState OnHook and what after.
func (d *station) hangupOrder(c *Call, line, ref uint32) {
	d.endFlowsOf(ref, flowRing, flowWaiting, flowAnswer, flowDial, flowRingOut, flowConnected, flowHold)
	d.endFlow(flowDial)
	if c == nil {
		return
	}
	alone := true
	for r, other := range d.calls {
		if r != ref && other.Line == c.Line {
			alone = false
		}
	}
	if mode := d.p.state.Lamps[lampName(line)]; alone && mode != "off" && mode != "" {
		d.p.violation("4.7: CallState OnHook while the lamp of line %d is %s", line, mode)
	}
	if c.Prompt != "" && d.profile.Display {
		d.p.violation("4.7: CallState OnHook before ClearPromptStatus")
	}
	if len(d.calls) > 1 || d.handset {
		return
	}
	d.begin(flow{kind: flowHangup, source: "4.7", steps: []step{
		{"the idle soft-key set", idleKeys, !d.profile.SoftKeys},
		{"the idle prompt", idlePrompt, !d.profile.Display},
		{"SetSpeakerMode off", func(m sccp.Message) bool { s, ok := m.(*sccp.SetSpeakerMode); return ok && s.Mode == sccp.SwitchOff }, d.profile.NoSpeaker},
		{"SetRinger off", ringerOff, false},
		{"the time", isA[*sccp.TimeDateRes], !d.profile.TimeAfterCall},
	}})
}

// dialTones begins the flow of a new outgoing call (sccp.md 4.4, 2 to 7).
func (d *station) dialTones(speaker, tone bool) {
	line := func(m sccp.Message) bool {
		l, ok := m.(*sccp.SetLamp)
		return ok && l.Stimulus == sccp.StimulusLine && l.Mode == sccp.LampOn
	}
	d.begin(flow{kind: flowDial, source: "4.4", steps: []step{
		{"SetRinger off", ringerOff, false},
		{"SetSpeakerMode on", speakerOn, !speaker || d.profile.NoSpeaker},
		{"the lamp of the line", line, false},
		{"CallState OffHook", func(m sccp.Message) bool { s, ok := m.(*sccp.CallState); return ok && s.State == sccp.CallStateOffHook }, false},
		{"SelectSoftKeys 4", func(m sccp.Message) bool {
			k, ok := m.(*sccp.SelectSoftKeys)
			return ok && (k.Set == sccp.KeysOffHook || k.Set == sccp.KeysOffHookFeature)
		}, !d.profile.SoftKeys},
		{"the prompt", isA[*sccp.DisplayPromptStatus], !d.profile.Display},
		{"ActivateCallPlane", isA[*sccp.ActivateCallPlane], false},
		{"the dial tone", func(m sccp.Message) bool { t, ok := m.(*sccp.StartTone); return ok && t.Tone != sccp.ToneSilence }, !tone},
	}})
}

// answering begins the flow of an answer (sccp.md 4.6, 9 to 11).
func (d *station) answering(c *Call, speaker bool) {
	ref, line := c.Reference, uint32(c.Line)
	display, keys := !d.profile.Display, !d.profile.SoftKeys
	d.begin(flow{kind: flowAnswer, source: "4.6, answer", reference: ref, steps: []step{
		{"SetRinger off", ringerOff, false},
		{"SetSpeakerMode on", speakerOn, !speaker || d.profile.NoSpeaker || d.p.state.Speaker},
		{"the lamp of the line", lampIs(line, sccp.LampOn), false},
		{"CallState OffHook", stateFor(ref, sccp.CallStateOffHook), false},
		{"ActivateCallPlane", isA[*sccp.ActivateCallPlane], false},
		{"SetRinger off for the call", func(m sccp.Message) bool {
			r, ok := m.(*sccp.SetRinger)
			return ok && r.Mode == sccp.RingOff && r.CallReference == ref
		}, false},
		{"StopTone", func(m sccp.Message) bool { t, ok := m.(*sccp.StopTone); return ok && t.CallReference == ref }, false},
		{"OpenReceiveChannel", func(m sccp.Message) bool { o, ok := m.(*sccp.OpenReceiveChannel); return ok && o.CallReference == ref }, false},
		{"CallState Connected", stateFor(ref, sccp.CallStateConnected), false},
		{"SelectSoftKeys 1", keysFor(ref, sccp.KeysConnected), keys},
		{"CallInfo", callInfoFor(ref), false},
		{"the prompt", promptFor(ref), display},
		{"ClearPriNotify", isA[*sccp.ClearPriNotify], display},
	}})
}
