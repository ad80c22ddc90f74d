package sccpstation

import (
	"tandem/call/signal"
	"tandem/wire/sccp"
)

// Command implements signal.Port: what half-calls tell the phone.
func (st *station) Command(id signal.HalfCallID, cmd signal.Command) {
	st.lock()
	defer st.release()
	c := st.byHalf(id)
	if c == nil {
		if r, ok := cmd.(signal.Ring); ok {
			st.offered(id, r)
		}
		return
	}
	if c.lost {
		st.commandLost(c, cmd)
		return
	}
	st.command(c, cmd)
}

// commandLost keeps track of a call whose phone is gone.
func (st *station) commandLost(c *call, cmd signal.Command) {
	switch cmd := cmd.(type) {
	case signal.Clear:
		st.drop(c)
	case signal.PartyChanged:
		c.remote = cmd.Connected
	case signal.RequestOffer, signal.OfferMedia:
		c.tell(signal.RefuseMedia{Cause: signal.CauseMediaUnchanged})
	case signal.Fail:
		c.tell(signal.HangUp{Cause: signal.CauseDestinationOutOfOrder})
	}
}

func (st *station) command(c *call, cmd signal.Command) {
	switch cmd := cmd.(type) {
	case signal.CollectDigits:
		c.identify(cmd.Call)
		st.collectDigits(c, cmd)
	case signal.Proceed:
		c.identify(cmd.Call)
		c.dialed, c.remote = cmd.Dialed, cmd.Called
		if cmd.Dialed != "" {
			st.srv.LastNumbers.Dialed(st.name, cmd.Dialed)
		}
		st.endEarly(c)
		if !c.ending {
			st.showProceeding(c)
		}
	case signal.RemoteAlerting:
		c.remote = cmd.Connected
		switch {
		case c.ending:
		case cmd.Early.Audio() != nil && c.media.offering && c.media.rx == open:
			st.hearEarly(c, cmd.Early)
		case c.state == sRingOut:
			c.showInfo()
		default:
			// Also where the other side says that it is to be heard already (183) and the phone has no audio open: its user
			// would hear nothing until the answer.
			st.showRingOut(c, true)
		}
	case signal.Accept:
		st.accepted(c, cmd)
	case signal.Connect:
		st.connected(c, cmd)
	case signal.Established:
		c.remote = cmd.Connected
		if cmd.Answer != nil {
			c.media.heard(cmd.Answer)
		}
		st.transmit(c)
	case signal.OfferMedia:
		st.answerOffer(c, cmd.Media, forAnswer)
	case signal.RequestOffer:
		if c.state == sRetrieving {
			st.retrieved(c, cmd)
			return
		}
		st.requested(c, cmd.Peer.Codecs)
	case signal.AnswerMedia:
		st.answered(c, cmd.Media)
	case signal.MediaRefused:
		st.offerRefused(c, cmd.Cause)
	case signal.PartyChanged:
		st.partyChanged(c, cmd)
	case signal.RemoteHold:
		c.peerHolds = cmd.Held
		if !cmd.Held {
			st.noHoldTone(c)
		}
	case signal.SendKey:
		st.playKey(c, cmd)
	case signal.TransferStatus:
		if cmd.Done && cmd.Cause != signal.CauseNone {
			c.joining = false
			st.notice(st.label(sccp.LabelCanNotCompleteTransfer))
		}
	case signal.Fail:
		st.failed(c, cmd)
	case signal.Clear:
		st.showEnded(c, cmd.Cause, cmd.Elsewhere)
	}
}

// collectDigits is a half-call waiting for digits: dial tone, none, or the tone after an access code (sccp.md 4.4, 7 to 10).
func (st *station) collectDigits(c *call, cmd signal.CollectDigits) {
	if c.ending {
		return
	}
	switch cmd.Tone {
	case signal.ToneDial:
		if c.state != sOffHook || c.digits != "" {
			return // a key was faster than the tone
		}
		tone := sccp.ToneInsideDial
		if l := st.line(c.line); st.traits.noLamp && l != nil && l.messages > 0 {
			tone = sccp.TonePartialDial // stutter, where there is no lamp
		}
		c.startTone(tone)
	case signal.ToneOutsideDial:
		if c.state == sDialing && c.digits == cmd.Digits {
			c.startTone(sccp.ToneOutsideDial)
		}
	}
}

// offered is a call for this phone (sccp.md 4.6).
func (st *station) offered(id signal.HalfCallID, r signal.Ring) {
	refuse := func(cause signal.Cause) { st.srv.Exchange.Tell(id, signal.Refuse{Cause: cause}) }
	if st.sess == nil || !st.reg.done || st.line(r.Instance) == nil {
		refuse(signal.CauseDestinationOutOfOrder)
		return
	}
	c := st.newCall(r.Instance, id)
	if c == nil {
		refuse(signal.CauseUserBusy)
		return
	}
	c.inbound, c.remote, c.called, c.redirect, c.external = true, r.Calling, r.Called, r.Redirection, r.External
	c.state = sRingIn
	c.identify(r.Call)
	if r.AutoAnswer && st.active() == nil {
		st.autoAnswer(c)
		return
	}
	st.showRinging(c)
	c.tell(signal.DeviceAlerting{})
}

// autoAnswer takes a call without ringing: a zip tone and the loudspeaker (sccp.md 4.6).
func (st *station) autoAnswer(c *call) {
	st.focus = c
	c.state = sAnswering
	st.lamp(c.line)
	c.callState(sccp.CallStateOffHook)
	c.plane()
	c.startTone(sccp.ToneZip)
	st.speaker(true)
	c.tell(signal.DeviceAlerting{})
	c.tell(signal.Pickup{})
}

// accepted is the call granted to this phone: 4.6, step 11.
func (st *station) accepted(c *call, a signal.Accept) {
	if c.ending {
		return
	}
	if a.Offer != nil {
		st.answerOffer(c, a.Offer, forReady)
	} else {
		list := a.Caller.Codecs
		if len(list) == 0 {
			list = st.caps.Codecs
		}
		c.media.reply = signal.SendRecv
		st.openMedia(c, list, 0, forReady)
	}
	st.showConnected(c)
}

// connected is the other side's answer: 4.4, step 13.
func (st *station) connected(c *call, m signal.Connect) {
	c.remote = m.Connected
	if c.ending {
		return
	}
	was := c.state
	c.endTone()
	st.withdrawOffer(c)
	if was == sHeld { // held while the answer was on its way
		c.state = sHeld
	} else {
		c.state = sConnected
	}
	if m.IsOffer {
		st.answerOffer(c, m.Media, forAnswer)
	} else {
		c.media.heard(m.Media)
		c.media.offering = false
		st.transmit(c)
	}
	st.showConnected(c)
}

// partyChanged shows whom the phone talks to now, or will.
func (st *station) partyChanged(c *call, p signal.PartyChanged) {
	c.remote = p.Connected
	if p.Redirection.Hops > 0 {
		c.redirect = p.Redirection
	}
	c.peerHolds = false
	switch {
	case c.state == sRingIn:
		st.announce(c)
		return
	case c.state != sConnected && c.state != sHeld:
		c.showInfo()
		return
	}
	m := &c.media
	c.joining = false
	if p.Alerting {
		m.close(st, c) // nobody is there to talk to; the tone is heard while audio is closed
		m.fresh, m.farTakes, m.offering, m.again = true, false, false, false
		if c.state == sConnected && c.tone != sccp.ToneAlerting {
			c.stopTone()
			c.startTone(sccp.ToneAlerting)
			c.prompt(st.label(sccp.LabelRingOut))
		}
		c.showInfo()
		return
	}
	if c.tone == sccp.ToneAlerting || c.tone == sccp.ToneHold {
		c.stopTone()
	}
	c.showInfo()
	m.farTakes = false
	if m.rx != closed {
		m.fresh = true
		st.transmit(c) // the former party is sent nothing more
	}
	if c.state != sConnected {
		return
	}
	c.prompt(st.label(sccp.LabelConnected))
	if m.rx == closed && m.purpose == forNothing && len(m.list) > 0 {
		// An offer, or the request for one, follows; if not, the former party is back and the session is built up again.
		m.fresh = false
		st.resumeMedia(c)
		m.restoring = true
	}
}

// retrieved is a held call taken from another appearance: it is this phone's now, and its media is asked for.
func (st *station) retrieved(c *call, r signal.RequestOffer) {
	c.state, c.answered, c.inbound = sConnected, true, false
	c.elsewhere = 0
	st.showResumed(c)
	st.requested(c, r.Peer.Codecs)
	c.showInfo()
	c.keys(c.connectedKeys())
	c.prompt(st.label(sccp.LabelConnected))
}

// failed is a call that came to nothing; the tone plays until the user, or call processing's patience, ends it.
func (st *station) failed(c *call, f signal.Fail) {
	if c.state == sRetrieving {
		st.notRetrieved(c)
		return
	}
	if c.ending {
		return
	}
	if c.dialed == "" && c.digits != "" {
		st.srv.LastNumbers.Dialed(st.name, c.digits)
	}
	st.showFailed(c, f.Cause, f.Tone)
}
