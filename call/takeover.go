package call

import "tandem/call/signal"

// Taking a call over: another appearance of a shared line retrieves a held call, or an INVITE with Replaces takes
// the place of a half-call (RFC 3891). The new half-call asks, the old one gives its party and ends.

// takeHeld asks for a call that another appearance holds.
func takeHeld(t *turn) {
	r := t.input.(signal.Retrieve)
	t.ask(r.Held, signal.TakeOver{From: t.leg(), HeldOnly: true, Line: t.Profile.Line})
}

// takePlace asks for the call of the half-call that Replaces names.
func takePlace(t *turn) {
	r := t.input.(signal.Replace)
	t.Offer = r.Offer
	t.says(r.Offer)
	t.ask(r.Other, signal.TakeOver{From: t.leg(), EarlyOnly: r.EarlyOnly})
}

func (t *turn) ask(other signal.HalfCallID, o signal.TakeOver) {
	t.Consultation = other
	t.send(signal.ToHalf(other), o)
	t.start(signal.TimerJoin, t.limits().Join)
}

// judgeTakeOver gives an active call away, if it may be.
func judgeTakeOver(t *turn) {
	o := t.input.(signal.TakeOver)
	refuse := func(c signal.Cause) {
		t.send(signal.ToHalf(o.From.Half), signal.TakeOverRefused{Cause: c})
	}
	switch {
	case o.EarlyOnly:
		refuse(signal.CauseUserBusy)
	case o.HeldOnly && (!t.Held || o.Line != t.Profile.Line):
		refuse(signal.CauseFacilityRejected)
	case t.Neg == AwaitAck || t.TransferWait:
		refuse(signal.CauseRequestPending)
	default:
		t.send(signal.ToHalf(o.From.Half), signal.TakenOver{Peer: t.Peer, Call: t.Call})
		t.toPeer(signal.Joined{From: t.ID, Peer: o.From, Call: t.Call, Redirection: t.Redirection, By: signal.OnBehalfOfDevice})
		t.split(signal.OnBehalfOfDevice)
		t.become(Passing)
		t.pass(signal.ToHalf(o.From.Half))
	}
}

// giveRingingHere lets another device answer the call that rings at ours.
func giveRingingHere(t *turn) {
	o := t.input.(signal.TakeOver)
	if o.HeldOnly {
		t.become(Ringing)
		t.send(signal.ToHalf(o.From.Half), signal.TakeOverRefused{Cause: signal.CauseFacilityRejected})
		return
	}
	t.send(signal.ToHalf(o.From.Half), signal.TakenOver{Peer: t.Peer, Call: t.Call, Early: true, Setup: *t.Setup})
	t.order(signal.Clear{Cause: signal.CauseAnsweredElsewhere, Elsewhere: true})
	t.stopAll()
	t.Successor = signal.ToHalf(o.From.Half)
	t.start(signal.TimerForward, t.limits().Join)
}

// adopt takes the party that was given to us.
func adopt(t *turn) {
	o := t.input.(signal.TakenOver)
	t.stop(signal.TimerJoin)
	t.tellJoined(o.Call)
	t.Peer, t.Call = o.Peer, o.Call
	if o.Early {
		// The call rang elsewhere: we answer it in that half-call's name.
		t.Owner, t.Token, t.Setup = o.Setup.Owner, o.Setup.Token, &o.Setup
		t.KeepsRecord = false
		t.Connected = true
		t.become(Claiming)
		t.claimNow()
		t.Token = 0 // the offering is closed by the claim; what we report from now on is a call of the line like any other
		return
	}
	t.raise(RouteFound, o)
}

// beginAdopted makes the first offer to the party that was given to us.
func beginAdopted(t *turn) {
	o := t.input.(signal.TakenOver)
	t.beginRecord(signal.OnBehalfOfDevice)
	t.Record.Connected = t.now
	t.emit(signal.Answered{Record: t.Record})
	t.MustAgree = true
	t.Replaces, t.JoinedBy = t.Consultation, signal.OnBehalfOfDevice
	if t.Offer != nil {
		// An INVITE with Replaces brought its offer; the answer completes it with Connect like any other call.
		t.Connected = false
		t.Neg = LocalOffer
		t.propose(t.Offer)
	} else {
		t.Connected = true
		t.requestOffer()
	}
	t.order(signal.PartyChanged{Connected: o.Peer.Party.Presented()})
}

// leaveTaking ends a half-call whose request for another's party is still out: the party is released when it comes.
func leaveTaking(t *turn) {
	t.order(signal.Clear{Cause: signal.CauseNormalClearing})
	t.raise(NobodyWaits, nil)
}
