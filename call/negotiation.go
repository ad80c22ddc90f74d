package call

import "tandem/call/signal"

// offerPeer passes our device's offer on. Hold and resume are nothing else than offers with another direction.
func offerPeer(t *turn) {
	o := t.input.(signal.Offer)
	t.says(o.Media)
	t.Held = o.Media.OnHold()
	t.propose(o.Media)
}

// propose makes an offer to the peer. The first to a new one says who we are.
func (t *turn) propose(media *signal.Session) {
	o := signal.MediaOffer{From: t.ID, Media: media, Region: t.Profile.Region}
	if t.MustAgree && t.Replaces != 0 {
		o.Join = &signal.Joined{From: t.Replaces, Peer: t.leg(), Replaces: t.Arranger, Call: t.Call, By: t.JoinedBy}
	}
	t.toPeer(o)
	t.start(signal.TimerMedia, t.limits().Media)
}

// offerDevice asks our device to accept the peer's offer.
func offerDevice(t *turn) {
	o := t.input.(signal.MediaOffer)
	if o.From != t.Peer.Half {
		t.Neg = Stable
		t.send(signal.ToHalf(o.From), signal.MediaReject{From: t.ID, Cause: signal.CauseRequestPending})
		return
	}
	offer, ok := t.env.Narrow(o.Media, t.Profile.Capabilities, t.Profile.Region, t.Peer.Region)
	if !ok {
		t.Neg = Stable
		t.toPeer(signal.MediaReject{From: t.ID, Cause: signal.CauseIncompatibleDestination})
		t.settle()
		return
	}
	t.heardOffer()
	t.Replaces = 0 // it knows us
	t.PeerMedia = o.Media
	if holds := o.Media.OnHold(); holds != t.PeerHolds {
		t.PeerHolds = holds
		t.order(signal.RemoteHold{Held: holds})
	}
	if t.DeviceGone {
		// The phone keeps its stream although it cannot be told of a change.
		t.Neg = Stable
		t.toPeer(signal.MediaReject{From: t.ID, Cause: signal.CauseMediaUnchanged})
		return
	}
	t.order(signal.OfferMedia{Media: offer, Ceiling: t.env.Ceiling(t.Profile.Region, t.Peer.Region)})
	t.start(signal.TimerMedia, t.limits().Media)
}

func answerPeer(t *turn) {
	a := t.input.(signal.Answer)
	t.stop(signal.TimerMedia)
	t.says(a.Media)
	t.MustAgree = false
	t.toPeer(signal.MediaAnswer{From: t.ID, Media: a.Media})
	t.noteMedia(a.Media)
	t.settle()
}

func rejectPeer(t *turn) {
	cause := signal.CauseIncompatibleDestination
	switch in := t.input.(type) {
	case signal.RefuseMedia:
		cause = in.Cause
	case signal.TimerFired:
		cause = signal.CauseRecoveryOnTimer
	}
	t.stop(signal.TimerMedia)
	t.toPeer(signal.MediaReject{From: t.ID, Cause: cause})
	if t.MustAgree && cause != signal.CauseRequestPending && cause != signal.CauseMediaUnchanged {
		t.noAgreementFor(cause) // there is no session to stay with
		return
	}
	t.settle()
}

func answerDevice(t *turn) {
	a := t.input.(signal.MediaAnswer)
	t.stop(signal.TimerMedia)
	t.PeerMedia = a.Media
	t.MustAgree = false
	t.Replaces = 0 // it knows us
	t.heardOffer()
	if t.Connected {
		t.order(signal.AnswerMedia{Media: a.Media})
	} else {
		t.Connected = true
		t.order(signal.Connect{Connected: t.Peer.Party.Presented(), Media: a.Media,
			Ceiling: t.env.Ceiling(t.Profile.Region, t.Peer.Region)})
	}
	t.noteMedia(a.Media)
	t.settle()
}

// offerRefused tells our device that the session stays as it was. Where two parties were just put together there is no
// session to stay with, and the call ends.
func offerRefused(t *turn) {
	cause := signal.CauseRecoveryOnTimer
	if r, ok := t.input.(signal.MediaReject); ok {
		cause = r.Cause
	}
	t.stop(signal.TimerMedia)
	if t.MustAgree && cause != signal.CauseRequestPending && cause != signal.CauseMediaUnchanged {
		t.order(signal.MediaRefused{Cause: cause})
		t.noAgreementFor(cause)
		return
	}
	t.order(signal.MediaRefused{Cause: cause})
	t.settle()
}

// noAgreement ends a call whose parties cannot be connected.
func noAgreement(t *turn) {
	cause := signal.CauseRecoveryOnTimer
	switch in := t.input.(type) {
	case signal.RefuseMedia:
		cause = in.Cause
	case signal.MediaReject:
		cause = in.Cause
	}
	t.noAgreementFor(cause)
}

func (t *turn) noAgreementFor(cause signal.Cause) {
	if cause == signal.CauseRequestPending || cause == signal.CauseNone {
		cause = signal.CauseTemporaryFailure
	}
	t.toPeer(signal.Release{From: t.ID, Cause: cause, By: signal.OnBehalfOfCallControl, Record: t.facts()})
	t.closeRecord(cause, true, signal.OnBehalfOfCallControl)
	t.order(signal.Clear{Cause: cause})
	t.stopAll()
	t.become(Ended)
}

// judgeGlare decides whose offer goes first when both ends made one: that of the half-call with the lower identifier,
// which both know. The other device is told to try again (RFC 3261 14.1, R-21).
func judgeGlare(t *turn) {
	o := t.input.(signal.MediaOffer)
	if t.ID < o.From {
		t.raise(OffersMet, o)
	} else {
		t.raise(OffersMetYield, o)
	}
}

func rejectPending(t *turn) { rejectPendingOffer(t, t.input.(signal.MediaOffer).From) }

func rejectPendingOffer(t *turn, from signal.HalfCallID) {
	t.send(signal.ToHalf(from), signal.MediaReject{From: t.ID, Cause: signal.CauseRequestPending})
}

// yield withdraws our device's offer in favour of the peer's.
func yield(t *turn) {
	t.order(signal.MediaRefused{Cause: signal.CauseRequestPending})
	offerDevice(t)
}

func flushed(t *turn) {
	t.stop(signal.TimerMedia)
	t.settle()
}

func flushedWith(t *turn) {
	t.order(signal.MediaRefused{Cause: signal.CauseRequestPending})
	t.settle()
}

// quiet notes that our device has done with an offer of a former peer.
func quiet(t *turn) {
	t.stop(signal.TimerMedia)
	t.Neg = Stable
}

// holdBack refuses our device's offer while there is nobody to make it to.
func holdBack(t *turn) {
	quiet(t)
	t.order(signal.MediaRefused{Cause: signal.CauseRequestPending})
}

// settle is called whenever the negotiation comes to rest: what waited is taken up.
func (t *turn) settle() {
	switch {
	case t.Initiate && t.Neg == Requested:
		t.Initiate = false // the offer that is on its way goes to the new peer
		return
	case t.Initiate && t.Neg == Stable:
		t.requestOffer()
		return
	}
	if len(t.Deferred) > 0 {
		t.raise(Settled, nil)
	}
}

// requestOffer asks our device for an offer to a new peer.
func (t *turn) requestOffer() {
	t.Initiate = false
	t.Neg = Requested
	t.order(signal.RequestOffer{
		Peer:    t.env.Common(t.Profile.Capabilities, t.Peer.Capabilities, t.Profile.Region, t.Peer.Region),
		Ceiling: t.env.Ceiling(t.Profile.Region, t.Peer.Region),
	})
	t.start(signal.TimerMedia, t.limits().Media)
}

// deferInput keeps an input until the negotiation is stable; beyond the bound it is refused.
func deferInput(t *turn) {
	if len(t.Deferred) >= maxDeferred {
		t.refuse(kindOf(t.input))
		return
	}
	var d Deferred
	switch in := t.input.(type) {
	case signal.Offer:
		d.Offer = &in
	case signal.MediaOffer:
		d.MediaOffer = &in
	case signal.JoinRequest:
		d.JoinRequest = &in
	case signal.TransferWith:
		d.TransferWith = &in
	case signal.TransferTo:
		d.TransferTo = &in
	default:
		t.refuse(kindOf(t.input))
		return
	}
	t.Deferred = append(t.Deferred, d)
}

// resumeDeferred takes up what waited, one at a time, as long as the negotiation stays at rest.
func resumeDeferred(t *turn) {
	for len(t.Deferred) > 0 && t.State == Active && t.Neg == Stable {
		in := t.Deferred[0].input()
		t.Deferred = t.Deferred[1:]
		t.step(kindOf(in), in)
	}
	if len(t.Deferred) == 0 {
		t.Deferred = nil
	}
}

func sendKey(t *turn) {
	k := t.input.(signal.Key)
	t.toPeer(signal.KeyPressed(k))
}

func playKey(t *turn) {
	k := t.input.(signal.KeyPressed)
	if !k.InBand {
		t.order(signal.SendKey{Digit: k.Digit, Duration: k.Duration})
	}
}

// expectOffer waits for the offer of a new peer, whose device may need a while for it.
func (t *turn) expectOffer() {
	t.Expects = true
	t.start(signal.TimerJoin, 2*t.limits().Media+t.limits().Join)
}

// heardOffer notes that the new peer is there.
func (t *turn) heardOffer() {
	if t.Expects {
		t.Expects = false
		if t.State != Joining { // where the timer is that of the transfer
			t.stop(signal.TimerJoin)
		}
	}
}

// judgeSilence ends a call with a new peer that never said anything.
func judgeSilence(t *turn) {
	if t.Expects {
		t.noAgreementFor(signal.CauseRecoveryOnTimer)
	}
}

// hangUp ends a connected call from our device's side.
func hangUp(t *turn) {
	cause := t.hangUpCause()
	if t.TransferWait {
		// The transferor does not wait for the result; the other two go on.
		t.toPeer(signal.TransferorGone{From: t.ID})
		t.split(signal.OnBehalfOfTransfer)
	} else {
		t.toPeer(signal.Release{From: t.ID, Cause: cause, By: signal.OnBehalfOfDevice, Record: t.facts()})
		t.closeRecord(cause, true, signal.OnBehalfOfDevice)
	}
	t.order(signal.Clear{Cause: cause})
	t.stopAll()
}

// clearDevice ends the call because the peer did.
func clearDevice(t *turn) {
	r := t.input.(signal.Release)
	t.closeRecord(r.Cause, false, r.By)
	t.order(signal.Clear{Cause: r.Cause, Elsewhere: r.Elsewhere})
	t.stopAll()
}

// endForMedia ends a call that was answered but has no media.
func endForMedia(t *turn) {
	cause := signal.CauseRecoveryOnTimer
	switch in := t.input.(type) {
	case signal.RefuseMedia:
		cause = in.Cause
	case signal.Refuse:
		cause = in.Cause
	}
	t.toPeer(signal.Release{From: t.ID, Cause: cause, By: signal.OnBehalfOfCallControl, Record: t.facts()})
	t.closeRecord(cause, true, signal.OnBehalfOfCallControl)
	t.order(signal.Clear{Cause: cause})
	t.stopAll()
}

// preserve keeps a call whose device lost its connection: the parties may still hear each other (sccp.md 4.3).
func preserve(t *turn) {
	t.DeviceGone = true
	if t.Neg == PeerOffer {
		t.toPeer(signal.MediaReject{From: t.ID, Cause: signal.CauseMediaUnchanged})
	}
	if t.Neg == AwaitAck || t.Neg == Requested {
		t.Neg = Stable
		t.input = signal.HangUp{Cause: signal.CauseDestinationOutOfOrder}
		hangUp(t)
		t.become(Ended)
		return
	}
	t.Neg = Stable
	t.stop(signal.TimerMedia)
	t.start(signal.TimerPreservation, t.limits().Preservation)
}

func takeUp(t *turn) {
	t.DeviceGone = false
	t.stop(signal.TimerPreservation)
}

func moveDevice(t *turn) { t.Profile.Capabilities = t.input.(signal.DeviceMoved).Capabilities }

func endPreserved(t *turn) {
	t.input = signal.HangUp{Cause: signal.CauseDestinationOutOfOrder}
	hangUp(t)
}
