package call

import "tandem/call/signal"

// Consultative transfer. The transferor's two half-calls agree first, then each party is told of its new peer:
//
//	B1 --JoinRequest--> B2          B1 speaks with A, B2 with C (or C still rings)
//	B2 --JoinAccept--> B1           B2 --Joined--> C   (ringing: --CallerChanged--> owner of C's line)
//	B1 --Joined--> A                A makes the new offer to C
//
// Both of the transferor's half-calls then pass on what arrives late.

// askConsultation begins to connect our peer with the party of the consultation.
func askConsultation(t *turn) {
	w := t.input.(signal.TransferWith)
	if t.TransferWait || t.Peer.Half == 0 || w.Consultation == 0 || w.Consultation == t.ID {
		t.become(Active)
		t.order(signal.TransferStatus{Done: true, Cause: signal.CauseRequestPending})
		return
	}
	t.Consultation = w.Consultation
	t.PeerLeft, t.Leaves = false, nil
	t.send(signal.ToHalf(w.Consultation), signal.JoinRequest{From: t.ID, Peer: t.Peer, Call: t.Call,
		Redirection: t.Redirection.Add(t.Profile.Party, signal.RedirectTransfer, signal.OnBehalfOfTransfer)})
	t.start(signal.TimerJoin, t.limits().Join)
}

// giveParty is the answered consultation giving its party up.
func giveParty(t *turn) {
	j := t.input.(signal.JoinRequest)
	if t.Neg == AwaitAck || t.DeviceGone || j.Peer.Half == t.Peer.Half {
		t.become(Active)
		refuseJoin(t)
		return
	}
	t.toPeer(signal.Joined{From: t.ID, Peer: j.Peer, Replaces: j.From, Call: j.Call, By: signal.OnBehalfOfTransfer})
	t.send(signal.ToHalf(j.From), signal.JoinAccept{Peer: t.Peer})
	t.joinCalls(j.Call)
	t.pass(signal.ToHalf(j.Peer.Half))
}

// giveRinging is the consultation whose party still rings: the other side's party becomes the caller.
func giveRinging(t *turn) {
	j := t.input.(signal.JoinRequest)
	t.send(t.Target, signal.CallerChanged{From: t.ID, Caller: j.Peer, Call: j.Call, Replaces: j.From, Redirection: j.Redirection})
	t.send(signal.ToHalf(j.From), signal.JoinAccept{Owner: t.Target, Alerting: true, Setup: signal.Setup{
		Call: t.Call, Called: t.Called, Redirection: t.Redirection, CallerSpaces: t.Profile.Spaces, Offer: t.Offer}})
	t.Away = true
	t.joinCalls(j.Call)
	t.pass(signal.ToHalf(j.Peer.Half))
}

// joinCalls ends the record of the consultation under the identifier of the call that goes on, so that all records of
// a transferred call are found by one, and tells that both identifiers are one call.
func (t *turn) joinCalls(call signal.CallID) {
	t.tellJoined(call)
	t.Record.Call = call
	t.split(signal.OnBehalfOfTransfer)
}

// tellJoined reports that our call is part of another from now on.
func (t *turn) tellJoined(call signal.CallID) {
	if call != t.Call {
		t.emit(signal.CallsJoined{Call: call, Other: t.Call})
	}
}

// pass ends the half-call for its device; what arrives late goes to the successor.
func (t *turn) pass(successor signal.Address) {
	t.Successor = successor
	if t.Neg == LocalOffer {
		t.order(signal.MediaRefused{Cause: signal.CauseMediaUnchanged})
	}
	t.order(signal.Clear{Cause: signal.CauseNormalClearing})
	t.stopAll()
	t.start(signal.TimerForward, t.limits().Join)
}

func passOn(t *turn) {
	s, ok := t.input.(signal.Signal)
	if !ok {
		return
	}
	if n := t.Successor.Server(); n != 0 && n != t.ID.Node() && !t.env.Reachable(n) {
		t.out = append(t.out, Bounce(signal.ToHalf(t.ID), s)...)
		return
	}
	if c, ok := s.(signal.Connected); ok {
		t.Passed = c.From.Half
	}
	t.send(t.Successor, s)
}

// dropPassed is the loss of our successor's server: whoever answered us and was passed on waits for nobody.
func dropPassed(t *turn) {
	if t.Passed != 0 {
		t.send(signal.ToHalf(t.Passed), signal.Release{From: t.ID, Cause: signal.CauseTemporaryFailure, By: signal.OnBehalfOfCallControl})
		t.Passed = 0
	}
}

// passRelease passes the end of a ringing consultation on. The release of a connected party needs no passing: whoever
// is told to join with it learns of its end when the signal bounces.
func passRelease(t *turn) {
	if t.Peer.Half == 0 {
		passOn(t)
	}
}

func refuseJoin(t *turn) {
	j := t.input.(signal.JoinRequest)
	t.send(signal.ToHalf(j.From), signal.JoinRefuse{Cause: signal.CauseFacilityRejected})
}

// refuseJoined declines a party that was arranged by somebody who is not our peer, or that comes too late.
func refuseJoined(t *turn) {
	t.out = append(t.out, Bounce(signal.ToHalf(t.ID), t.input)...)
}

// joinedWhileJoining is our peer leaving by a transfer of its own while we are under way with ours. Whom it offers us
// cannot be handed on any more, so the call ends as if the peer had hung up.
func joinedWhileJoining(t *turn) {
	if t.input.(signal.Joined).From == t.Peer.Half {
		t.PeerLeft, t.LeftCause = true, signal.CauseNormalClearing
	}
	refuseJoined(t)
}

// announceJoin tells our peer whom it is joined with.
func announceJoin(t *turn) {
	a := t.input.(signal.JoinAccept)
	if t.PeerLeft {
		if a.Peer.Half != 0 {
			t.send(signal.ToHalf(a.Peer.Half), signal.Release{From: t.Peer.Half, Cause: t.LeftCause, By: signal.OnBehalfOfDevice})
		} else {
			t.send(a.Owner, signal.Release{From: t.Peer.Half, Cause: t.LeftCause, By: signal.OnBehalfOfDevice})
		}
		t.closeRecord(t.LeftCause, false, signal.OnBehalfOfDevice)
		t.order(signal.Clear{Cause: t.LeftCause})
		t.stopAll()
		t.become(Ended)
		return
	}
	redirection := t.Redirection.Add(t.Profile.Party, signal.RedirectTransfer, signal.OnBehalfOfTransfer)
	t.toPeer(signal.Joined{From: t.ID, Peer: a.Peer, Owner: a.Owner, Replaces: t.Consultation, Setup: a.Setup, Initiate: a.Peer.Half != 0, Records: true,
		Call: t.Call, Redirection: redirection, By: signal.OnBehalfOfTransfer})
	t.order(signal.TransferStatus{Done: true, Answered: a.Peer.Half != 0, Alerting: a.Alerting})
	t.split(signal.OnBehalfOfTransfer)
	successor := signal.ToHalf(a.Peer.Half)
	if a.Peer.Half == 0 {
		successor = a.Owner
	}
	t.pass(successor)
}

func joinFailed(t *turn) {
	cause := signal.CauseRecoveryOnTimer
	if r, ok := t.input.(signal.JoinRefuse); ok {
		cause = r.Cause
	}
	t.stop(signal.TimerJoin)
	t.order(signal.TransferStatus{Done: true, Cause: cause})
	switch {
	case t.PeerLeft:
		t.closeRecord(t.LeftCause, false, signal.OnBehalfOfDevice)
		t.order(signal.Clear{Cause: t.LeftCause})
		t.stopAll()
		t.become(Ended)
		return
	case t.Leaves != nil:
		t.input = *t.Leaves
		hangUp(t)
		t.become(Ended)
		return
	case t.DeviceGone:
		preserve(t)
		return
	}
	if t.Expects {
		t.expectOffer()
	}
	t.settle()
}

// hangUpLater keeps the wish to leave until it is known whether the transfer comes about; then it has no effect, as our
// party goes on with the other.
func hangUpLater(t *turn) {
	h := t.input.(signal.HangUp)
	t.Leaves = &h
}

// preserveLater notes that our device is gone; if the transfer fails, its call is kept like any other (sccp.md 4.3).
func preserveLater(t *turn) { t.DeviceGone = true }

// joinLate is the consultation giving its party up after we stopped waiting, because it was busy with its media. Our party
// is joined all the same if it is still the one that the other was told of.
func joinLate(t *turn) {
	if t.Consultation == 0 || t.TransferWait {
		refuseJoined(t)
		return
	}
	t.become(Passing)
	announceJoin(t)
}

func notePeerLeft(t *turn) {
	t.PeerLeft, t.LeftCause = true, t.input.(signal.Release).Cause
}

// changePeer gives us another party to talk to: one that is connected already, or one that still rings.
func changePeer(t *turn) {
	j := t.input.(signal.Joined)
	if j.From != t.Peer.Half {
		t.become(Active)
		joinedAgain(t)
		return
	}
	t.split(j.By)
	t.Arranger, t.Replaces, t.JoinedBy = j.From, j.Replaces, j.By
	t.freeDevice()
	t.Call, t.Redirection = j.Call, j.Redirection
	t.PeerHolds = false
	t.Consultation = 0 // whoever we asked was told of the former peer
	t.heardOffer()
	if t.TransferWait {
		t.endTransferWait(signal.CauseFacilityRejected)
	}
	if j.Peer.Half == 0 {
		t.Target, t.Away, t.Called = j.Owner, false, j.Setup.Called
		t.Offer = nil
		t.Peer = signal.Leg{}
		t.become(Reaching)
		t.Alerted = true
		t.beginRecord(j.By)
		t.Record.FinalCalled = j.Setup.Called
		t.order(signal.PartyChanged{Connected: j.Setup.Called.Presented(), Redirection: j.Redirection, Alerting: true})
		t.start(signal.TimerAlerting, t.limits().Alerting)
		return
	}
	t.Peer = j.Peer
	t.order(signal.PartyChanged{Connected: j.Peer.Party.Presented(), Redirection: j.Redirection})
	if j.Records {
		t.beginRecord(j.By)
		t.Record.Connected = t.now
		t.emit(signal.Answered{Record: t.Record})
	}
	if j.Initiate {
		t.MustAgree = true
		t.Initiate = true
		t.settle()
	} else {
		t.expectOffer()
	}
}

// joinedAgain hears of a join from a second side, which is the first one's rescue when a server is lost: what we know
// already changes nothing, and anything else is declined.
func joinedAgain(t *turn) {
	if j := t.input.(signal.Joined); j.From != t.Arranger {
		refuseJoined(t)
	}
}

// takeJoin is the first offer of a new peer, which may be faster than the Joined of whoever arranged it.
func takeJoin(t *turn) {
	o := t.input.(signal.MediaOffer)
	join := *o.Join
	o.Join = nil
	switch {
	case o.From == t.Peer.Half:
	case join.From == t.Peer.Half && t.Neg != AwaitAck:
		t.input = join
		changePeer(t)
	default:
		if t.Peer.Half.Node() != t.ID.Node() && !t.env.Reachable(t.Peer.Half.Node()) {
			t.become(Stranded)
		}
		rejectPendingOffer(t, o.From)
		return
	}
	t.raise(PeerMediaOffer, o)
}

// takeAnswered is the answer of a line that rings for us by a transfer of which our peer has not told us yet.
func takeAnswered(t *turn) {
	c := t.input.(signal.Connected)
	if c.Join == nil || c.Join.From != t.Peer.Half || t.Neg == AwaitAck {
		if t.Peer.Half.Node() != t.ID.Node() && !t.env.Reachable(t.Peer.Half.Node()) {
			t.become(Stranded)
		}
		t.out = append(t.out, Bounce(signal.ToHalf(t.ID), c)...)
		return
	}
	t.input = *c.Join
	changePeer(t)
	c.Join = nil
	t.raise(kindOf(c), c)
}

// freeDevice ends whatever negotiation runs with the former peer.
func (t *turn) freeDevice() {
	switch t.Neg {
	case LocalOffer:
		t.order(signal.MediaRefused{Cause: signal.CauseRequestPending})
		t.Neg = Stable
		t.stop(signal.TimerMedia)
	case PeerOffer:
		t.Neg = Flushing
	case AwaitAck:
		t.order(signal.Established{Connected: t.Peer.Party.Presented()})
		t.Neg = Stable
		t.stop(signal.TimerMedia)
	}
	t.Deferred = nil
}

// Blind transfer. The transferor asks its peer to call somebody else and stays until that one answers:
//
//	B --Redirect--> A      A calls C with B's rights
//	A --RedirectStatus--> B

// askRedirect sends our peer to a number.
func askRedirect(t *turn) {
	r := t.input.(signal.TransferTo)
	if t.TransferWait || t.Peer.Half == 0 {
		t.order(signal.TransferStatus{Done: true, Cause: signal.CauseRequestPending})
		return
	}
	t.TransferWait = true
	t.start(signal.TimerAlerting, t.limits().ringing())
	t.toPeer(signal.Redirect{To: r.Number, Spaces: t.Profile.Spaces, Transferor: t.ID,
		Redirection: t.Redirection.Add(t.Profile.Party, signal.RedirectBlindTransfer, signal.OnBehalfOfTransfer)})
}

// tellTransfer tells the device that asked for the transfer how it goes.
func tellTransfer(t *turn) {
	s := t.input.(signal.RedirectStatus)
	if !t.TransferWait {
		return
	}
	if s.Cause != signal.CauseNone {
		t.endTransferWait(s.Cause)
		return
	}
	if s.Answered {
		t.TransferWait = false
		t.order(signal.TransferStatus{Done: true, Answered: true})
		t.split(signal.OnBehalfOfTransfer)
		t.order(signal.Clear{Cause: signal.CauseNormalClearing})
		t.stopAll()
		t.become(Ended)
		return
	}
	t.start(signal.TimerAlerting, t.limits().ringing())
	t.order(signal.TransferStatus{Alerting: s.Alerting})
}

// endTransferWait tells the device that its transfer came to nothing; the call stays.
func (t *turn) endTransferWait(cause signal.Cause) {
	t.TransferWait = false
	t.stop(signal.TimerAlerting)
	t.order(signal.TransferStatus{Done: true, Cause: cause})
}

// giveUpTransfer stops waiting for news of a transfer.
func giveUpTransfer(t *turn) {
	if t.TransferWait {
		t.endTransferWait(signal.CauseRecoveryOnTimer)
	}
}

// callOnBehalf calls the number that our peer named, with its rights, while our device stays connected.
func callOnBehalf(t *turn) {
	r := t.input.(signal.Redirect)
	if r.Transferor != t.Peer.Half || t.Neg == AwaitAck || t.TransferWait { // of two at once neither goes on
		t.become(Active)
		refuseRedirect(t)
		return
	}
	t.freeDevice()
	t.heardOffer()
	t.Consultation = 0
	t.Transferor = r.Transferor
	if t.KeepsRecord {
		former := t.Record
		t.FormerRecord = &former
		t.KeepsRecord = false
	}
	t.Redirection = r.Redirection
	t.Alerted = false
	t.Offer = nil
	t.KeepsRecord = true
	t.Record = signal.Record{Call: t.Call, Orig: t.Profile.Record, Calling: t.Profile.Party, OriginalCalled: r.Redirection.Last,
		FinalCalled: signal.Party{Number: r.To}, Redirection: r.Redirection, JoinedBy: signal.OnBehalfOfTransfer, Began: t.now}
	if r.Redirection.Hops > t.limits().ForwardHops {
		t.raise(NoRoute, signal.Rejected{Cause: signal.CauseExchangeRoutingError})
		return
	}
	t.route(Query{Digits: r.To, Spaces: r.Spaces, Complete: true, Calling: t.Profile.Party})
}

func refuseRedirect(t *turn) {
	r := t.input.(signal.Redirect)
	t.send(signal.ToHalf(r.Transferor), signal.RedirectStatus{Cause: signal.CauseRequestPending})
}

func offerAgain(t *turn) {
	a := t.input.(Analysis)
	t.aim(a)
	t.order(signal.PartyChanged{Connected: a.Called.Presented(), Redirection: t.Redirection, Alerting: true})
}

func reachAlerting(t *turn) {
	a := t.input.(signal.Alerting)
	t.stop(signal.TimerSetup)
	t.start(signal.TimerAlerting, t.limits().Alerting)
	t.Alerted = true
	t.order(signal.PartyChanged{Connected: a.Connected.Presented(), Redirection: t.Redirection, Alerting: true, Tone: true})
	if t.Transferor != 0 {
		t.send(signal.ToHalf(t.Transferor), signal.RedirectStatus{Alerting: true})
	}
}

// reached connects our device, which has been connected all along, with the party that answered now.
func reached(t *turn) {
	c := t.input.(signal.Connected)
	if t.Transferor != 0 {
		t.send(signal.ToHalf(t.Transferor), signal.RedirectStatus{Answered: true})
		t.Transferor = 0
	}
	t.closeFormer()
	t.PeerHolds, t.Held = false, false
	t.meet(c, nil)
	t.order(signal.PartyChanged{Connected: c.From.Party.Presented(), Redirection: t.Redirection})
	t.MustAgree = true
	if c.IsOffer && t.canTake(c) {
		// Whoever answered in the moment of the transfer took the former caller for its peer.
		t.toPeer(signal.CallerChanged{From: t.ID, Caller: t.leg(), Call: t.Call})
		t.raise(PeerMediaOffer, signal.MediaOffer{From: c.From.Half, Media: c.Media, Region: c.From.Region})
		return
	}
	// What the other side offers or answered was meant for the former caller, or our device cannot take it: it makes an offer
	// of its own.
	t.toPeer(signal.ConnectAck{Caller: t.leg()})
	t.Initiate = true
	t.settle()
}

// canTake says whether our device has a codec of the offer, by what it said when it registered or has named so far.
func (t *turn) canTake(c signal.Connected) bool {
	_, ok := t.env.Narrow(c.Media, t.leg().Capabilities, t.Profile.Region, c.From.Region)
	return ok
}

// closeFormer ends the record with the transferor: the pair is divided for good.
func (t *turn) closeFormer() {
	if t.FormerRecord == nil {
		return
	}
	current := t.Record
	t.Record = *t.FormerRecord
	t.FormerRecord = nil
	t.split(signal.OnBehalfOfTransfer)
	t.Record = current
	t.KeepsRecord = true
}

// judgeFailure decides what becomes of us when the number cannot be reached: back to the transferor if it still waits.
func judgeFailure(t *turn) {
	cause := signal.CauseNormalUnspecified
	switch in := t.input.(type) {
	case signal.Rejected:
		cause = in.Cause
	case signal.Release:
		cause = in.Cause
	case signal.ServerLost:
		cause = signal.CauseTemporaryFailure
	}
	t.stop(signal.TimerSetup)
	t.stop(signal.TimerAlerting)
	t.Away = true
	t.closeRecord(cause, false, signal.OnBehalfOfNone)
	if t.Transferor != 0 {
		t.raise(BackToFormer, signal.Rejected{Cause: cause})
	} else {
		t.raise(NobodyWaits, signal.Rejected{Cause: cause})
	}
}

func judgeRelease(t *turn) {
	r := t.input.(signal.Release)
	if r.From != 0 && r.From == t.Transferor {
		forgetTransferor(t)
		return
	}
	judgeFailure(t)
}

// withdraw gives up a number that does not answer.
func withdraw(t *turn) {
	t.releaseTarget(signal.CauseNoAnswer)
	t.raise(NobodyReached, signal.Rejected{Cause: signal.CauseNoAnswer})
}

func backToTransferor(t *turn) {
	r := t.input.(signal.Rejected)
	t.send(signal.ToHalf(t.Transferor), signal.RedirectStatus{Cause: r.Cause})
	t.Transferor = 0
	if t.FormerRecord != nil {
		t.Record, t.KeepsRecord, t.FormerRecord = *t.FormerRecord, true, nil
	}
	t.order(signal.PartyChanged{Connected: t.Peer.Party.Presented()})
	t.settle()
}

// loseTransferor is the transferor hanging up in the moment in which its transfer failed and we came back to it: there is
// nobody left to talk to. When somebody else was reached meanwhile it means nothing.
func loseTransferor(t *turn) {
	if t.input.(signal.TransferorGone).From != t.Peer.Half {
		return
	}
	t.closeRecord(signal.CauseNormalClearing, false, signal.OnBehalfOfDevice)
	t.order(signal.Clear{Cause: signal.CauseNormalClearing})
	t.stopAll()
	t.become(Ended)
}

func forgetTransferor(t *turn) {
	t.Transferor = 0
	t.closeFormer()
}

func abandonReaching(t *turn) {
	cause := t.hangUpCause()
	t.releaseTarget(cause)
	if t.Transferor != 0 {
		t.send(signal.ToHalf(t.Transferor), signal.Release{From: t.ID, Cause: cause, By: signal.OnBehalfOfDevice})
	}
	t.closeFormer()
	t.closeRecord(cause, true, signal.OnBehalfOfDevice)
	t.order(signal.Clear{Cause: cause})
	t.stopAll()
}
