package call

import "tandem/call/signal"

// Two half-calls on different servers ask each other from time to time whether the other still has the call. Signals
// between servers arrive or the server is lost, so an audit finds only what should not be: faults, and half-calls that
// speak with somebody who does not speak with them.

// auditPeer keeps the timer of the audit for as long as there is a peer on another server.
func (t *turn) auditPeer() {
	peer := t.Peer.Half
	if t.State != Active || peer.Node() == t.ID.Node() {
		peer = 0
	}
	if peer == t.Audited {
		return
	}
	t.AuditOpen, t.Misses = false, 0
	switch {
	case peer != 0:
		t.start(signal.TimerAudit, t.limits().Audit)
	case t.State != Ended && t.State != Passing: // where all timers were stopped
		t.stop(signal.TimerAudit)
	}
	t.Audited = peer
}

// audit asks the peer, or ends the call because it did not answer.
func audit(t *turn) {
	if t.AuditOpen {
		t.noAgreementFor(signal.CauseTemporaryFailure)
		return
	}
	t.AuditOpen = true
	t.toPeer(signal.Audit{From: t.ID})
	t.start(signal.TimerAudit, t.limits().AuditAnswer)
}

// allowedMisses is how often in a row a peer may name another: a join between three servers may be on its way.
const allowedMisses = 2

func heardAudit(t *turn) {
	a := t.input.(signal.AuditAnswer)
	switch {
	case a.From != t.Peer.Half:
		return
	case a.Peer == 0 && a.Settled: // it has ended
		t.noAgreementFor(signal.CauseTemporaryFailure)
		return
	case !t.AuditOpen:
		return
	}
	t.AuditOpen = false
	if a.Peer == t.ID || !a.Settled {
		t.Misses = 0
		t.start(signal.TimerAudit, t.limits().Audit)
		return
	}
	if t.Misses++; t.Misses > allowedMisses {
		t.noAgreementFor(signal.CauseTemporaryFailure)
		return
	}
	t.start(signal.TimerAudit, t.limits().AuditAnswer)
}

func answerAudit(t *turn) {
	a := t.input.(signal.Audit)
	t.send(signal.ToHalf(a.From), signal.AuditAnswer{From: t.ID, Peer: t.Peer.Half,
		Settled: (t.State == Active || t.State == Stranded) && !t.Expects && !t.MustAgree && t.Neg != AwaitAck})
}
