package sccpstation

import (
	"sync"
	"time"

	"tandem/call/signal"
	"tandem/registration"
	"tandem/wire/sccp"
)

// station is a device: it outlives its connections as long as a call of it is up. It is the signal.Port of its calls and
// lines. Everything below mu is guarded by it; what belongs to the connection is read through sess.
type station struct {
	srv  *Server
	name string

	mu        sync.Mutex
	x         *scratch // while mu is held
	forgotten bool     // out of the server's table

	dev         *registration.Device
	sess        *session // nil: not registered
	incarnation uint64
	attached    bool
	streams     bool // it registered with the media of a call up
	moved       bool // registered at another server: the connection is closed when its calls have ended
	load        string
	traits      traits
	reg         progress
	reshow      bool // calls survived: show them when the registration is complete
	settle      *time.Timer

	caps     signal.Capabilities
	payloads []sccp.Payload // the phone's codecs, in its order
	events   bool           // it sends and takes DTMF as RTP events

	lines        []lineState // by instance, from 1
	calls        []*call     // in the order in which they came
	focus        *call       // shown in front
	nextRef      uint32
	party        uint32 // last pass-through party id
	hookOff      bool
	tone         toneState
	offHookTimer *time.Timer
	pending      []pendingStatistics
	lamps        []*lamp
	lists        []*lamp // subscriptions of the phone's own lists
	restart      restartState
	masks        [11]uint32 // of the softkey sets
}

// scratch holds one of each message that calls and keep-alives send, so that sending allocates nothing.
type scratch struct {
	incoming sccp.Message // the message that is being handled, for the ladder
	frame    []byte

	callState   sccp.CallState
	callInfo    sccp.CallInfo
	softKeys    sccp.SelectSoftKeys
	prompt      sccp.DisplayPromptStatus
	clearPrompt sccp.ClearPromptStatus
	notify      sccp.DisplayNotify
	priNotify   sccp.DisplayPriNotify
	clearPri    sccp.ClearPriNotify
	plane       sccp.ActivateCallPlane
	startTone   sccp.StartTone
	stopTone    sccp.StopTone
	ringer      sccp.SetRinger
	lamp        sccp.SetLamp
	speaker     sccp.SetSpeakerMode
	dialed      sccp.DialedNumber
	open        sccp.OpenReceiveChannel
	closeRx     sccp.CloseReceiveChannel
	start       sccp.StartMediaTransmission
	stopTx      sccp.StopMediaTransmission
	statistics  sccp.ConnectionStatisticsReq
	history     sccp.CallHistoryInfo
	backspace   sccp.BackSpaceRes
	text        sccp.DisplayText
	dtmf        sccp.SendDtmfTone
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func (st *station) lock() {
	st.mu.Lock()
	st.x = scratches.Get().(*scratch)
}

func (st *station) unlock() {
	st.x.incoming = nil
	scratches.Put(st.x)
	st.x = nil
	st.mu.Unlock()
}

// release is unlock for everything but the session's own reader: what was queued must be written.
func (st *station) release() {
	n := st.sess
	idle := n == nil && len(st.calls) == 0
	st.unlock()
	if n != nil {
		n.out.kick()
	}
	if idle {
		st.srv.forget(st)
	}
}

// after calls f with the station locked.
func (st *station) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() {
		st.lock()
		defer st.release()
		f()
	})
}

// stop ends a timer, if it runs.
func stop(t **time.Timer) {
	if *t != nil {
		(*t).Stop()
		*t = nil
	}
}

// send queues a message for the phone, if it is there and knows it.
func (st *station) send(m sccp.Message) { st.sendFor(nil, m) }

// sendFor is send for a message of a call.
func (st *station) sendFor(c *call, m sccp.Message) {
	if st.sess == nil || c != nil && c.lost {
		return
	}
	if !st.sess.takes.allows(m.ID()) {
		return
	}
	st.sess.out.addFor(m, st.sess.codec, st, c)
}

// lineState is what the station knows of one of its lines.
type lineState struct {
	forwardAll string
	messages   int
	disturb    bool   // the user wants no calls
	asked      bool   // the phone asked how it is forwarded
	told       string // forwarding that the phone was told
	lamp       sccp.LampMode
	envelope   bool
	remote     []signal.LineCall // calls of other appearances, as shown
}

// resize fits the lines to the configuration.
func (st *station) resize(n int) {
	old := st.lines
	st.lines = make([]lineState, n)
	for i := range st.lines {
		if i < len(old) {
			st.lines[i].forwardAll, st.lines[i].messages, st.lines[i].disturb = old[i].forwardAll, old[i].messages, old[i].disturb
		}
		st.lines[i].lamp = sccp.LampOff
	}
}

// line returns a line by instance, or nil.
func (st *station) line(instance int) *lineState {
	if instance < 1 || instance > len(st.lines) {
		return nil
	}
	return &st.lines[instance-1]
}

// lost cleans up after a connection, if it is still the device's.
func (st *station) lost(n *session) (current bool) {
	st.lock()
	defer st.unlock()
	if st.sess != n {
		return false
	}
	st.unbind()
	return true
}

// unbind ends the registration: call processing hears that the device is gone, for each call and for the device. Calls whose
// media flows go on without it (sccp.md 4.3).
func (st *station) unbind() {
	st.srv.figures.registered.Add(-1)
	st.srv.Capacity.Leave(st.name)
	if !st.reg.done {
		st.srv.registering.Add(-1)
	}
	st.reg = progress{}
	st.sess = nil
	stop(&st.settle)
	stop(&st.offHookTimer)
	st.unwatchLamps()
	st.pending = nil
	if st.attached {
		st.attached = false
		st.srv.Exchange.Detach(st.name, st.incarnation)
	}
	kept := st.calls[:0]
	for _, c := range st.calls {
		c.stopTimers()
		if c.id == 0 { // shown only: a call elsewhere, a number being collected
			continue
		}
		c.lost = true
		st.srv.Exchange.Tell(c.id, signal.Gone{})
		kept = append(kept, c)
	}
	clear(st.calls[len(kept):])
	st.calls = kept
	for i := range st.lines {
		st.lines[i].remote = nil
	}
	st.focus, st.hookOff, st.tone = nil, false, toneState{}
}

// endLeft ends the calls of a former registration: the phone has come back without their media.
func (st *station) endLeft() {
	for _, c := range st.calls {
		if c.lost {
			st.srv.Exchange.Tell(c.id, signal.HangUp{Cause: signal.CauseDestinationOutOfOrder})
		}
	}
}

// returned takes up the calls that survived: their media still flows, or the phone registered again over the same
// connection.
func (st *station) returned() {
	for _, c := range st.calls {
		if c.id == 0 {
			continue
		}
		if c.lost {
			if c.state != sConnected && c.state != sHeld {
				continue // call processing ends it
			}
			c.lost = false
			st.srv.Exchange.Tell(c.id, signal.Returned{})
		}
		st.showAgain(c)
	}
}

// talking says that a call of this phone is up.
func (st *station) talking() bool {
	for _, c := range st.calls {
		if c.id != 0 && !c.lost {
			return true
		}
	}
	return false
}

// idle says that nobody uses the phone: calls of other appearances do not count.
func (st *station) idle() bool {
	for _, c := range st.calls {
		if c.state != sRemote && c.state != sRemoteHeld {
			return false
		}
	}
	return true
}
