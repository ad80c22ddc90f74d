package sccpstation

import (
	"time"

	"tandem/call/signal"
	"tandem/wire/sccp"
)

// Offers and answers: what call processing asks of the phone's media, and hold and resume, which are nothing else than
// offers with another direction. Our own offer is out at most once; what the user does meanwhile is offered afterwards.

// replyTo is the direction that answers a peer's description fully.
func replyTo(s *signal.Session) signal.Direction {
	a := s.Audio()
	switch {
	case a == nil:
		return signal.Inactive
	case a.Address.Addr().IsUnspecified() && a.Direction.Sends(): // the hold of RFC 2543
		return signal.RecvOnly
	}
	return a.Direction.Reverse()
}

// answerOffer opens what the peer offers; held calls answer that they are.
func (st *station) answerOffer(c *call, offer *signal.Session, why purpose) {
	m := &c.media
	a := offer.Audio()
	if !m.heard(offer) || a == nil {
		st.refuseMedia(c, why, signal.CauseIncompatibleDestination)
		return
	}
	if !st.reaches(m) {
		st.refuseMedia(c, why, signal.CauseIncompatibleDestination)
		return
	}
	m.reply = replyTo(offer)
	switch {
	case c.state == sHeld:
		m.reply = signal.Inactive
		st.answerNow(c, why)
	case m.reply == signal.Inactive && why == forAnswer && m.local.IsValid():
		m.superseded(why) // a resume of our own that was under way is offered after the answer
		m.close(st, c)
		st.holdTone(c)
		st.answerNow(c, why)
	default:
		if m.reply != signal.Inactive {
			st.noHoldTone(c)
		}
		st.openMedia(c, a.Codecs, a.Ptime, why)
		st.transmit(c)
	}
}

// answerNow tells the answer without opening anything.
func (st *station) answerNow(c *call, why purpose) {
	c.media.purpose = why
	st.mediaOpen(c)
}

// reaches says that the phone can send to the peer's address: below version 17 addresses are of four bytes.
func (st *station) reaches(m *media) bool {
	ip := m.far.Addr().Unmap()
	return ip.Is4() || ip.Is6() && st.sess != nil && st.sess.version >= 17
}

// requested is call processing asking for an offer to a new party.
func (st *station) requested(c *call, peer []signal.Codec) {
	m := &c.media
	m.offering, m.again = false, false // the former party's negotiation is over
	m.fresh, m.farTakes = !m.restoring, false
	st.transmit(c) // the former party is sent nothing more
	st.noHoldTone(c)
	if c.state == sHeld {
		m.offering = true
		c.tell(signal.Offer{Media: st.describe(c, signal.Inactive)})
		return
	}
	if len(peer) == 0 {
		peer = st.caps.Codecs
	}
	st.openMedia(c, peer, 0, forOffer)
}

// hearEarly lets the user hear the other side before the answer, and it the user: what it says answers our offer. Once heard
// it is heard until the answer or until the call goes elsewhere, whether it rings besides or not.
func (st *station) hearEarly(c *call, answer *signal.Session) {
	c.stopTone()
	c.media.heard(answer)
	if c.state == sRingOut {
		c.showInfo()
	} else {
		st.showRingOut(c, false)
	}
	st.transmit(c)
}

// withdrawOffer takes back the offer that was asked for before the answer and is not ready yet, and forgets one that is out.
func (st *station) withdrawOffer(c *call) {
	m := &c.media
	m.offering = false
	if m.purpose == forOffer {
		m.purpose = forNothing
		c.tell(signal.RefuseMedia{Cause: signal.CauseRequestPending})
	}
}

// endEarly ends what was opened for somebody that the call went to before.
func (st *station) endEarly(c *call) {
	st.withdrawOffer(c)
	c.media.close(st, c)
	c.media.farTakes = false
}

// holdMedia closes the media and offers that nothing is received. What is owed to the peer is answered first.
func (st *station) holdMedia(c *call) {
	m := &c.media
	owed := m.purpose
	m.close(st, c)
	m.reply = signal.Inactive
	switch owed {
	case forReady:
		c.tell(signal.Ready{Media: st.describe(c, signal.Inactive)})
	case forAnswer:
		c.tell(signal.Answer{Media: st.describe(c, signal.Inactive)})
	case forOffer:
		m.offering = true
		c.tell(signal.Offer{Media: st.describe(c, signal.Inactive)})
		return
	}
	st.offer(c, signal.Inactive)
}

// resumeMedia opens the channel again; the offer follows when the phone listens.
func (st *station) resumeMedia(c *call) {
	list := c.media.list
	if len(list) == 0 {
		list = st.caps.Codecs
	}
	st.openMedia(c, list, c.media.millis, forResume)
}

// offer makes our own offer, or remembers to.
func (st *station) offer(c *call, d signal.Direction) {
	m := &c.media
	stop(&m.retry)
	if m.offering {
		m.again = true
		return
	}
	m.offering = true
	c.tell(signal.Offer{Media: st.describe(c, d)})
}

// offerWanted offers what the user wants now.
func (st *station) offerWanted(c *call) {
	m := &c.media
	m.again = false
	switch {
	case c.state == sHeld:
		st.offer(c, signal.Inactive)
	case c.state == sConnected && m.rx == open:
		st.offer(c, signal.SendRecv)
	case c.state == sConnected && m.rx == closed:
		st.resumeMedia(c)
	}
}

// answered is the peer's answer to our offer.
func (st *station) answered(c *call, answer *signal.Session) {
	m := &c.media
	m.offering, m.retries = false, 0
	m.heard(answer)
	if m.again {
		st.offerWanted(c)
		return
	}
	st.transmit(c)
	if c.peerHolds && !m.sending {
		st.holdTone(c)
	}
}

// retryLimit and retryPause bound what becomes of an offer that met another one (RFC 3261 14.1). The pause is short: which
// of two ends goes first has been decided, and the other one answers in a moment.
const (
	retryLimit = 8
	retryPause = 120 * time.Millisecond
)

// offerRefused is our offer refused: later, or for good. The session is then as it was before.
func (st *station) offerRefused(c *call, cause signal.Cause) {
	m := &c.media
	m.offering = false
	if m.again {
		st.offerWanted(c)
		return
	}
	if cause == signal.CauseRequestPending && m.retries < retryLimit {
		m.retries++
		stop(&m.retry)
		st.retryLater(c, time.Duration(m.retries)*retryPause)
		return
	}
	m.retries = 0
	st.transmit(c)
}

// retryLater makes the refused offer again, when nothing else is under way with the phone's media.
func (st *station) retryLater(c *call, pause time.Duration) {
	m := &c.media
	m.retry = st.after(pause, func() {
		switch {
		case m.offering:
			m.again = true
		case m.purpose != forNothing:
			st.retryLater(c, retryPause)
		default:
			st.offerWanted(c)
		}
	})
}

// holdTone tells the user that the other side holds, until there is music (sccp.md 4.8). It is heard while audio is closed.
func (st *station) holdTone(c *call) {
	if c.peerHolds && c.state == sConnected && c.tone == sccp.ToneSilence {
		if c.media.rx != closed {
			c.media.superseded(forAnswer)
			c.media.close(st, c)
		}
		c.startTone(sccp.ToneHold)
	}
}

func (st *station) noHoldTone(c *call) {
	if c.tone == sccp.ToneHold {
		c.stopTone()
	}
}
