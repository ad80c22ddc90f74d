package sccpstation

import (
	"log/slog"
	"testing"

	"tandem/call/signal"
	"tandem/registration"
	"tandem/telephony"
	"tandem/wire/sccp"
)

// deaf is a half-call exchange that only notes what it is told.
type deaf struct {
	told     []signal.Event
	next     signal.HalfCallID
	forwards int
	begun    int
}

func (d *deaf) Originate(signal.Origin, signal.Port) (signal.HalfCallID, error) {
	d.next++
	d.begun++
	return d.next, nil
}
func (d *deaf) Tell(_ signal.HalfCallID, e signal.Event)               { d.told = append(d.told, e) }
func (d *deaf) Attach(signal.Attachment, signal.Port)                  {}
func (d *deaf) Detach(string, uint64)                                  {}
func (d *deaf) ForwardAll(string, signal.LineRef, string, func(error)) { d.forwards++ }
func (d *deaf) DoNotDisturb(string, bool, func(error))                 { d.forwards++ }
func (d *deaf) Watch(signal.LineRef, signal.Port) func()               { return func() {} }
func (d *deaf) Report(signal.Fact)                                     {}

// inState is a station with a call in a state, and what leads there left out.
func inState(t *testing.T, s state, template telephony.SoftkeyTemplate) (*station, *call, *deaf, *[]sccp.Message) {
	t.Helper()
	x := &deaf{next: 100}
	sent := &[]sccp.Message{}
	srv := New(Options{Exchange: x, Directory: newDirectory(), Log: slog.New(slog.DiscardHandler),
		tap: func(_ sccp.Codec, m sccp.Message, _ []byte) { *sent = append(*sent, m) }})
	st := srv.station("SEP000000000001")
	n := &session{srv: srv, codec: sccp.NewCodec(17), version: 17, device: sccp.Device7975, takes: takenBy(sccp.Device7975, 17)}
	n.out.session = n
	st.sess, st.dev = n, &registration.Device{Name: st.name, Protocol: telephony.ProtocolSCCP, Softkeys: template,
		Lines: []registration.Line{{Instance: 1, Ref: signal.LineRef{Number: "1001"}, MaxCalls: 4, BusyTrigger: 2},
			{Instance: 2, Ref: signal.LineRef{Number: "1002"}, MaxCalls: 4}},
		SpeedDials: []telephony.SpeedDial{{Index: 1, Number: "1003"}}}
	st.traits = traitsOf(sccp.Device7975, 17)
	st.reg = progress{capabilities: true, buttons: true, last: true, done: true}
	st.resize(2)
	st.caps, st.payloads, _ = capabilitiesOf(mulaw, 17)
	st.computeMasks()
	srv.LastNumbers.Dialed(st.name, "1003")
	st.lock()
	if s == sIdle {
		return st, nil, x, sent
	}
	id := signal.HalfCallID(7)
	if s == sRemote || s == sRemoteHeld || s == sCollecting {
		id = 0
	}
	c := st.newCall(1, id)
	c.state, c.elsewhere = s, 9
	return st, c, x, sent
}

// finish lets go of a station whose connection leads nowhere.
func finish(st *station) {
	st.sess.out.close()
	for _, c := range st.calls {
		c.stopTimers()
	}
	st.unlock()
}

// Every press in every state, with each set of soft keys: accepted, or refused with a text; never silent.
func TestR14_EveryKeyInEveryState(t *testing.T) {
	templates := map[string]telephony.SoftkeyTemplate{"standard": *telephony.BuiltInSoftkeyTemplates()[0], "none": {}}
	quietly := map[control]bool{pressOnHook: true, pressOffHook: true} // a hook is no key
	for name, template := range templates {
		for s := range states {
			for what := range controls {
				st, c, x, sent := inState(t, s, template)
				ref := uint32(0)
				if c != nil {
					ref = c.ref
				}
				_, accepted := plane[s][what]
				before := c != nil && c.state == s
				st.press(press{what: what, digit: '5', number: "1003", line: 1, index: 1}, ref)
				silent := len(*sent) == 0 && len(x.told) == 0 && x.forwards == 0 && x.begun == 0
				notice := false
				for _, m := range *sent {
					_, n := m.(*sccp.DisplayNotify)
					notice = notice || n
				}
				switch {
				case !accepted && !notice && !quietly[what]:
					t.Errorf("%s: %v while %v is refused without a text", name, what, s)
				case accepted && silent && !quietly[what]:
					// Pressing the key of the line whose dial tone is heard asks for what is there already.
					if !(what == pressLine && s == sOffHook) {
						t.Errorf("%s: %v while %v does nothing", name, what, s)
					}
				}
				if what == pressEndCall && before && accepted && len(x.told) == 0 && s != sCollecting && s != sIdle {
					t.Errorf("%s: EndCall while %v ends nothing", name, s)
				}
				finish(st)
			}
		}
	}
}

// Every soft key that a set shows, for features that are installed, does something in the state in which the set is shown.
func TestR14_ShownKeysAreNotRefused(t *testing.T) {
	template := *telephony.BuiltInSoftkeyTemplates()[0]
	shown := map[state][]sccp.SoftKeySet{
		sIdle: {sccp.KeysOnHook}, sConnected: {sccp.KeysConnected}, sHeld: {sccp.KeysOnHold}, sRingIn: {sccp.KeysRingIn},
		sOffHook: {sccp.KeysOffHook}, sDialing: {sccp.KeysDigits}, sRingOut: {sccp.KeysRingOut}, sRemote: {sccp.KeysRemoteInUse},
	}
	for s, sets := range shown {
		for _, set := range sets {
			mask := maskOf(template.Sets()[set])
			for i, key := range template.Sets()[set] {
				what := softKeyControls[sccp.SoftKeyCode(key.Event())]
				if key.Event() == 0 || mask&(1<<i) == 0 {
					continue
				}
				if s == sRingOut && what == pressTransfer {
					continue // shown in a consultation, where it completes
				}
				if _, ok := plane[s][what]; !ok {
					t.Errorf("set %v shows %v, which is refused while %v", set, what, s)
				}
			}
		}
	}
}

// Messages of a call that is over are ignored (sccp.md 4.7).
func TestLateMessages(t *testing.T) {
	st, c, x, _ := inState(t, sConnected, telephony.SoftkeyTemplate{})
	defer finish(st)
	st.onHook(&sccp.OnHook{LineInstance: 1, CallReference: 200})
	st.softKey(&sccp.SoftKeyEvent{Event: sccp.SoftKeyEndCall, LineInstance: 1, CallReference: 200})
	st.statistics(&sccp.ConnectionStatisticsRes{CallReference: 200})
	st.openAck(&sccp.OpenReceiveChannelAck{PassThroughPartyID: 99, CallReference: c.ref})
	if len(x.told) != 0 || c.state != sConnected {
		t.Errorf("told %v; %v", x.told, c.state)
	}
}
