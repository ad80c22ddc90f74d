package call

import "tandem/call/signal"

// A server of the cluster is lost. What had not come about yet ends at once with cause 41 (temporary failure); two parties
// that talk go on talking, because their audio does not pass through servers: the half-call that is left is Stranded. It
// serves its own device, which can hang up, and has no features until the peer is found again.

// lose raises what the loss of a server means to us.
func (t *turn) lose(node signal.NodeID) {
	if node == 0 || node == t.ID.Node() {
		return
	}
	lost := signal.ServerLost{Node: node}
	if t.asked().Node() == node {
		t.raiseListed(AskedLost, lost) // first: there is no going back to a transferor that is lost too
	}
	if !t.Away && t.Target.Server() == node {
		t.raiseListed(TargetLost, lost)
	}
	if t.Owner.Server() == node {
		t.raiseListed(OwnerLost, lost)
	}
	if t.Peer.Half.Node() == node {
		t.raiseListed(PeerLost, lost)
	}
}

// asked is the half-call, other than our peer, for which we wait.
func (t *turn) asked() signal.HalfCallID {
	switch t.State {
	case Taking:
		return t.Consultation
	case Passing:
		if t.Passed != 0 {
			return t.Successor.Half
		}
	case Reaching:
		if t.Replaces != 0 {
			return t.Arranger
		}
		return t.Transferor
	case Active:
		if t.Expects {
			return t.Arranger
		}
	}
	return 0
}

// raiseListed raises an input that has a meaning in some states only.
func (t *turn) raiseListed(k Kind, input any) {
	if _, ok := t.states[t.State][k]; ok {
		t.raise(k, input)
	}
}

// loseUnreachable sees to it that we never wait for a server that was lost before we had anything to do with it.
func (t *turn) loseUnreachable() {
	own := t.ID.Node()
	for i := range 4 {
		n := [...]signal.NodeID{t.Peer.Half.Node(), t.Target.Server(), t.Owner.Server(), t.asked().Node()}[i]
		if n != 0 && n != own && !t.env.Reachable(n) {
			t.lose(n)
			t.settleRaised()
		}
	}
}

func failLost(t *turn) {
	t.Away = true // nobody is there to be told
	t.failWith(signal.CauseTemporaryFailure)
}

// endLost ends a call that was not complete.
func endLost(t *turn) {
	t.otherSideLost()
	t.closeRecord(signal.CauseTemporaryFailure, false, signal.OnBehalfOfCallControl)
	t.order(signal.Clear{Cause: signal.CauseTemporaryFailure})
	t.stopAll()
}

// losePeer goes on without the server of the party that our device talks to.
func losePeer(t *turn) {
	if t.Neg == AwaitAck || t.Neg == Requested || t.MustAgree || t.Expects || t.Initiate {
		endLost(t) // the two were just being connected
		t.become(Ended)
		return
	}
	if t.TransferWait {
		t.endTransferWait(signal.CauseTemporaryFailure)
	}
	if t.Neg == LocalOffer {
		t.order(signal.MediaRefused{Cause: signal.CauseMediaUnchanged})
	}
	t.Neg = Stable
	t.stop(signal.TimerMedia)
	waiting := t.Deferred
	t.Deferred = nil
	for _, d := range waiting {
		t.input = d.input()
		refuseFeature(t)
	}
	if !t.Peer.External {
		t.out = append(t.out, signal.Await{Device: t.Peer.Party.Device, Node: t.Peer.Half.Node()})
	}
}

// refuseFeature refuses what needs the peer.
func refuseFeature(t *turn) {
	switch in := t.input.(type) {
	case signal.Offer:
		t.order(signal.MediaRefused{Cause: signal.CauseMediaUnchanged})
	case signal.TransferTo, signal.TransferWith:
		t.order(signal.TransferStatus{Done: true, Cause: signal.CauseTemporaryFailure})
	case signal.JoinRequest:
		t.send(signal.ToHalf(in.From), signal.JoinRefuse{Cause: signal.CauseTemporaryFailure})
	}
}

func refuseTakeOver(t *turn) {
	o := t.input.(signal.TakeOver)
	t.send(signal.ToHalf(o.From.Half), signal.TakeOverRefused{Cause: signal.CauseTemporaryFailure})
}

// leaveStranded is our device hanging up.
func leaveStranded(t *turn) {
	cause := t.hangUpCause()
	if f, ok := t.input.(signal.TimerFired); ok && f.Timer == signal.TimerPreservation {
		cause = signal.CauseDestinationOutOfOrder
	}
	t.endStranded(cause, true, signal.OnBehalfOfDevice)
}

// clearStranded ends the call at our device because the other party has left it.
func clearStranded(t *turn) {
	cause, by := signal.CauseNormalClearing, signal.OnBehalfOfDevice
	if r, ok := t.input.(signal.Release); ok {
		cause, by = r.Cause, r.By
	}
	t.endStranded(cause, false, by)
}

func (t *turn) endStranded(cause signal.Cause, ours bool, by signal.OnBehalfOf) {
	if _, heard := t.input.(signal.Release); !heard {
		t.otherSideLost()
	}
	t.closeRecord(cause, ours, by)
	t.order(signal.Clear{Cause: cause})
	t.stopAll()
}

// notePeerLost is the loss of our party's server while we ask the consultation for its party: there is nobody to join any
// more, so both are released as if our party had left.
func notePeerLost(t *turn) {
	t.PeerLeft, t.LeftCause = true, signal.CauseTemporaryFailure
}

// findPeer tells the peer that we were joined with, whose offer we expect, of the join: the server of whoever arranged it
// was lost, maybe before it did so itself.
func findPeer(t *turn) {
	if t.Replaces == 0 {
		t.toPeer(signal.Audit{From: t.ID}) // it knows of us, or has nothing of ours and says so
	} else {
		t.toPeer(signal.Joined{From: t.Replaces, Peer: t.leg(), Replaces: t.Arranger, Initiate: true, Records: true, Call: t.Call,
			Redirection: t.Redirection, By: t.JoinedBy})
	}
	t.Arranger, t.Replaces = 0, 0
}

// findTarget tells the owner of the line that rings for us that we are the caller now, for the same reason; or the
// transferor was lost, and we go on for ourselves.
func findTarget(t *turn) {
	if t.Replaces == 0 {
		forgetTransferor(t)
		return
	}
	t.send(t.Target, signal.CallerChanged{From: t.Replaces, Caller: t.leg(), Call: t.Call, Replaces: t.Arranger,
		Redirection: t.Redirection})
	t.Arranger, t.Replaces = 0, 0
}

// askPeer asks a peer whose server was only cut off whether it still has the call. Of a server that started anew there is
// nothing to ask: the phone may talk on, and its user hangs up.
func askPeer(t *turn) {
	if !t.input.(signal.ServerBack).Restarted {
		t.toPeer(signal.Audit{From: t.ID})
	}
}

// judgePeer takes the call up again when the peer still has it.
func judgePeer(t *turn) {
	a := t.input.(signal.AuditAnswer)
	switch {
	case a.From != t.Peer.Half:
	case a.Peer == t.ID:
		t.become(Active)
	case a.Settled:
		t.endStranded(signal.CauseTemporaryFailure, false, signal.OnBehalfOfCallControl)
		t.become(Ended)
	}
}

// offerStranded is the peer making an offer: it is there again.
func offerStranded(t *turn) {
	o := t.input.(signal.MediaOffer)
	if o.From != t.Peer.Half {
		rejectPendingOffer(t, o.From)
		return
	}
	t.become(Active)
	t.raise(PeerMediaOffer, o)
}

func joinStranded(t *turn) {
	if t.input.(signal.Joined).From != t.Peer.Half {
		t.become(Stranded)
		joinedAgain(t)
		return
	}
	changePeer(t)
}
