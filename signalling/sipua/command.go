package sipua

import (
	"tandem/call/signal"
)

// Command implements signal.Port for calls that the phone makes.
func (l *leg) Command(_ signal.HalfCallID, c signal.Command) { l.command(c) }

// LineChanged implements signal.Port; lines are told to the station.
func (l *leg) LineChanged(signal.LineState) {}

// command carries out what the half-call tells the phone.
func (l *leg) command(c signal.Command) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch c := c.(type) {
	case signal.Proceed:
		l.proceed(c)
	case signal.RemoteAlerting:
		l.remoteAlerting(c)
	case signal.Connect:
		if l.phase == up { // the first answer of a new pair, for a phone that is connected
			l.party = c.Connected
			l.answerMedia(c.Media)
			return
		}
		l.connect(c)
	case signal.Accept:
		l.accept(c)
	case signal.Established:
		l.established(c)
	case signal.OfferMedia:
		l.want(&task{media: c.Media})
	case signal.RequestOffer:
		l.want(&task{})
	case signal.AnswerMedia:
		l.answerMedia(c.Media)
	case signal.MediaRefused:
		l.mediaRefused(c.Cause)
	case signal.PartyChanged:
		l.partyChanged(c)
	case signal.SendKey:
		l.sendKey(c)
	case signal.TransferStatus:
		l.transferStatus(c)
	case signal.Fail:
		l.fail(c)
	case signal.Clear:
		l.clear(c)
	case signal.CollectDigits, signal.RemoteHold:
		// Complete numbers collect nothing, and a phone learns of a hold by its offer.
	}
}

// proceed notes the identity of the call.
func (l *leg) proceed(c signal.Proceed) {
	l.call = c.Call
	l.party = c.Called
	if l.phase == dialing && l.first != nil {
		l.s.onLadder(l.d.CallID(), l.st.name, c.Call)
		l.s.replay(l.d.CallID(), l.firstCame, l.first.Request())
	}
}

// established completes the called side. Called with mu held.
func (l *leg) established(c signal.Established) {
	l.party = c.Connected
	switch {
	case l.phase == dialing && l.replaces && c.Answer != nil && l.offer != nil:
		m := l.answerTo(c.Answer, l.offer)
		l.said = m
		l.answered(l.d.Answer(l.write(m, m.Streams), l.identity("called")...))
	case l.phase == up && l.ackDue && l.offered == offerNone:
		l.ackDue = false
		var answer []byte
		if c.Answer != nil {
			m := l.answerTo(c.Answer, l.asked)
			l.said = m
			answer = l.write(m, m.Streams)
		} else {
			answer = l.keepAnswer(l.asked)
		}
		l.asked = nil
		_ = l.d.Ack(answer)
		l.pump()
	}
}

// accept gives a ringing call to the phone that asked for it with Replaces. It may have made an offer in its INVITE
// while the caller made one as well: each gets what both have as its answer. Called with mu held.
func (l *leg) accept(c signal.Accept) {
	if l.phase != dialing || !l.replaces {
		return
	}
	refuse := func() {
		_ = l.d.Reject(488)
		l.end()
		l.tell(signal.Refuse{Cause: signal.CauseIncompatibleDestination})
	}
	switch {
	case c.Offer == nil && l.offer != nil:
		l.tell(signal.Ready{Media: l.offer}) // Established brings the answer
	case c.Offer == nil:
		refuse()
	case l.offer == nil:
		m := l.offerOf(c.Offer)
		l.said, l.ackFor = m, ackReady
		l.answered(l.d.Answer(l.write(m, m.Streams), l.identity("called")...))
	default:
		mine, ok := match(c.Offer, l.offer)
		theirs, too := match(l.offer, c.Offer)
		if !ok || !too {
			refuse()
			return
		}
		m := l.answerTo(theirs, l.offer)
		l.said, l.heard = m, l.offer
		l.answered(l.d.Answer(l.write(m, m.Streams), l.identity("called")...))
		l.tell(signal.Ready{Media: mine})
	}
}

// partyChanged tells the phone with whom it is connected now: at once if it takes UPDATE, else in the next message.
// Called with mu held.
func (l *leg) partyChanged(c signal.PartyChanged) {
	if c.Connected.Number == l.party.Number && c.Connected.Name == l.party.Name && !l.partyDirty {
		return
	}
	l.party = c.Connected
	l.partyDirty = true
	if l.phase == ringing && l.early != nil && l.updates && len(l.forks) == 1 {
		l.updateParty(l.early)
		return
	}
	l.pump()
}
