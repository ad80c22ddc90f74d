package sccpstation

import (
	"time"

	"tandem/call/signal"
	"tandem/wire/sccp"
)

// state is what a call does on this phone.
type state uint8

const (
	sIdle       state = iota // no call: the phone itself
	sOffHook                 // dial tone
	sDialing                 // digits are collected
	sCollecting              // digits of a forwarding destination are collected; no half-call stands behind it
	sProceeding              // the number is complete
	sRingOut                 // the other side rings
	sFailed                  // busy, reorder
	sRingIn                  // rings here
	sAnswering               // picked up, not granted yet
	sConnected
	sHeld
	sRetrieving // taking a call that another appearance holds
	sRemote     // in use at another appearance
	sRemoteHeld // held at another appearance
	states
)

var stateNames = [states]string{"idle", "off hook", "dialing", "collecting", "proceeding", "ringing out", "failed", "ringing in",
	"answering", "connected", "held", "retrieving", "in use remotely", "held remotely"}

func (s state) String() string { return stateNames[s] }

// call is one call on the phone's display. It is guarded by its station's lock.
type call struct {
	st     *station
	id     signal.HalfCallID // 0: shown only
	global signal.CallID     // zero until known
	ref    uint32            // call reference: names the call on this phone only
	line   int               // instance
	number uint32            // call instance: the call's number on its line
	state  state
	lost   bool // the phone is gone; what remains is the half-call's
	ending bool // it was told to end

	inbound  bool
	remote   signal.Party
	called   signal.Party // inbound: who was called
	redirect signal.Redirection
	external bool
	dialed   string
	digits   string // typed, for the display and for redial
	answered bool
	consults *call // the held call that this one is the consultation for
	joining  bool  // a transfer was asked for

	peerHolds bool
	tone      sccp.Tone // started for this call, ToneSilence for none
	media     media
	timer     *time.Timer // of the state: collecting digits, a failed call of no half-call
	keyTimer  *time.Timer

	elsewhere signal.HalfCallID // sRemote, sRemoteHeld: whose call it is
	early     []ladderEntry
}

// maxReference bounds call references: small numbers, reused in turn, so that late messages of a call that is over do not
// meet the next one.
const maxReference = 255

// reference gives a call reference that no call of the phone has.
func (st *station) reference() uint32 {
	for range maxReference {
		if st.nextRef++; st.nextRef > maxReference {
			st.nextRef = 1
		}
		if st.byReference(st.nextRef) == nil && !st.statisticsPending(st.nextRef) {
			return st.nextRef
		}
	}
	return 0
}

// callNumber gives the lowest number that no call of the line has.
func (st *station) callNumber(line int) uint32 {
next:
	for n := uint32(1); ; n++ {
		for _, c := range st.calls {
			if c.line == line && c.number == n {
				continue next
			}
		}
		return n
	}
}

// newCall puts a call on the display's list. It returns nil when the phone has more calls than references.
func (st *station) newCall(line int, id signal.HalfCallID) *call {
	ref := st.reference()
	if ref == 0 {
		return nil
	}
	c := &call{st: st, id: id, ref: ref, line: line, number: st.callNumber(line)}
	st.calls = append(st.calls, c)
	return c
}

// drop takes a call off the list.
func (st *station) drop(c *call) {
	c.stopTimers()
	for i, other := range st.calls {
		if other == c {
			st.calls = append(st.calls[:i], st.calls[i+1:]...)
			break
		}
	}
	for _, other := range st.calls {
		if other.consults == c {
			other.consults = nil
		}
	}
	if st.focus == c {
		st.focus = nil
	}
}

func (c *call) stopTimers() {
	stop(&c.timer)
	stop(&c.keyTimer)
	c.media.stopTimers()
}

func (st *station) byReference(ref uint32) *call {
	for _, c := range st.calls {
		if c.ref == ref && !c.lost {
			return c
		}
	}
	return nil
}

func (st *station) byHalf(id signal.HalfCallID) *call {
	for _, c := range st.calls {
		if c.id == id && id != 0 {
			return c
		}
	}
	return nil
}

// newest returns the call that came last of those that are in one of the states.
func (st *station) newest(in ...state) *call {
	for i := len(st.calls) - 1; i >= 0; i-- {
		c := st.calls[i]
		if c.lost {
			continue
		}
		for _, s := range in {
			if c.state == s {
				return c
			}
		}
	}
	return nil
}

// engaged says that the call occupies the user: neither held nor ringing here nor somebody else's.
func (c *call) engaged() bool {
	switch c.state {
	case sOffHook, sDialing, sCollecting, sProceeding, sRingOut, sFailed, sAnswering, sConnected, sRetrieving:
		return !c.lost && !c.ending
	}
	return false
}

// active is the call that occupies the user, or nil. There is one at most.
func (st *station) active() *call {
	for i := len(st.calls) - 1; i >= 0; i-- {
		if st.calls[i].engaged() {
			return st.calls[i]
		}
	}
	return nil
}

// callsOn counts the phone's own calls on a line.
func (st *station) callsOn(line int) (n int) {
	for _, c := range st.calls {
		if c.line == line && c.state != sRemote && c.state != sRemoteHeld && !c.ending {
			n++
		}
	}
	return n
}

// consultation is the call that was begun to consult about c, or nil.
func (st *station) consultation(c *call) *call {
	for _, other := range st.calls {
		if other.consults == c && !other.lost {
			return other
		}
	}
	return nil
}

func (c *call) tell(e signal.Event) { c.st.srv.Exchange.Tell(c.id, e) }
