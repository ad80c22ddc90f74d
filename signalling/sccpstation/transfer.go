package sccpstation

import (
	"tandem/call/signal"
	"tandem/wire/sccp"
)

// Actions of the call plane for hold, retrieval and transfer (sccp.md 4.8, 4.9).

func hold(st *station, c *call, _ press) {
	st.holdCall(c)
	st.speaker(false)
}

// holdCall holds a connected call: its media closes and the other side hears of it.
func (st *station) holdCall(c *call) {
	c.stopTone()
	c.state = sHeld
	st.holdMedia(c)
	st.showHeld(c)
}

func toggleHold(st *station, c *call, p press) { resume(st, c, p) }

// resume takes a held call back; another one that is connected is held first.
func resume(st *station, c *call, _ press) {
	if !st.clearWay(c) {
		return
	}
	c.state = sConnected
	st.showResumed(c)
	st.resumeMedia(c)
	c.keys(c.connectedKeys())
	c.prompt(st.label(sccp.LabelConnected))
}

// retrieve takes a call that another appearance of the line holds. The first to press wins; the second is told.
func retrieve(st *station, c *call, p press) {
	if st.callsOn(c.line) >= st.maxCalls(c.line) {
		st.notice(st.label(sccp.LabelLineInUse))
		return
	}
	if !st.clearWay(c) {
		return
	}
	id, err := st.originate(c.line)
	if err != nil {
		st.notice(st.label(sccp.LabelTempFail))
		return
	}
	c.id, c.state, c.ending = id, sRetrieving, false
	c.tell(signal.Retrieve{Held: c.elsewhere})
}

// notRetrieved puts a call back to what the line says of it: somebody was faster, or it is over.
func (st *station) notRetrieved(c *call) {
	id := c.id
	c.id, c.state = 0, sRemoteHeld
	st.srv.Exchange.Tell(id, signal.HangUp{Cause: signal.CauseNormalClearing})
	st.notice(st.label(sccp.LabelInUseRemote))
	st.syncRemote(c.line)
}

func (st *station) maxCalls(line int) int {
	l, _ := st.dev.Line(line)
	if l.MaxCalls <= 0 {
		return maxReference
	}
	return l.MaxCalls
}

// transfer begins a transfer, or completes the one whose consultation is in hand.
func transfer(st *station, c *call, p press) {
	if c.consults != nil {
		completeTransfer(st, c, p)
		return
	}
	if other := st.consultation(c); other != nil {
		st.join(c, other)
		return
	}
	if st.callsOn(c.line) >= st.maxCalls(c.line) {
		st.notice(st.label(sccp.LabelLineInUse))
		return
	}
	if made := st.seize(c.line, p, c); made != nil {
		made.tell(signal.Seize{})
	} else if c.state == sHeld {
		st.showCall(c) // no second call could be made: the first waits with Resume
	}
}

// completeTransfer joins the held party with the party of the consultation, which may still ring.
func completeTransfer(st *station, c *call, p press) {
	if c.consults == nil {
		st.refuse(p.what)
		return
	}
	st.join(c.consults, c)
}

// completeFromHeld completes a transfer both of whose calls are held.
func completeFromHeld(st *station, c *call, p press) {
	switch other := st.consultation(c); {
	case other != nil:
		st.join(c, other)
	case c.consults != nil:
		st.join(c.consults, c)
	default:
		st.refuse(p.what)
	}
}

func (st *station) join(first, consultation *call) {
	switch consultation.state {
	case sProceeding, sRingOut, sConnected, sHeld:
	default:
		st.notice(st.label(sccp.LabelCanNotCompleteTransfer))
		return
	}
	if first.joining {
		return // asked for already
	}
	first.joining = true
	first.tell(signal.TransferWith{Consultation: consultation.id})
}

// hangUpOrTransfer is the handset put down in a consultation: it completes the transfer where that is wanted, and on models
// that have no other way.
func hangUpOrTransfer(st *station, c *call, p press) {
	if st.traits.flash || st.srv.Parameters().TransferOnHangUp {
		other := st.consultation(c)
		switch {
		case c.consults != nil:
			st.join(c.consults, c)
			return
		case other != nil && other.state == sHeld:
			st.join(c, other)
			return
		}
	}
	st.end(c)
}

// flash is the key of a cradle: it begins a transfer, and goes back and forth between its two calls.
func flash(st *station, c *call, p press) {
	other := c.consults
	if other == nil {
		other = st.consultation(c)
	}
	if other != nil && other.state == sHeld {
		resume(st, other, p)
		return
	}
	transfer(st, c, p)
}

// backToHeld gives a consultation up that nobody has answered, and goes back to the held call.
func backToHeld(st *station, c *call, p press) {
	held := c.consults
	if held == nil || held.state != sHeld {
		st.refuse(p.what)
		return
	}
	resume(st, held, p) // gives the consultation up
}
