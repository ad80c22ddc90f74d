package line

import "tandem/call/signal"

// serverLost takes out what was on a server that is lost: callers, appearances that ring, and calls on the line.
func (t *turn) serverLost(node signal.NodeID) {
	if node == 0 || node == t.Node {
		return
	}
	var callers []signal.HalfCallID
	for i := range t.Offers {
		if c := t.Offers[i].Setup.Caller.Half; c.Node() == node {
			callers = append(callers, c)
		}
	}
	for _, c := range callers {
		t.release(signal.Release{From: c, Cause: signal.CauseTemporaryFailure, By: signal.OnBehalfOfCallControl})
	}
	t.loseTargets(node)
	for i := range t.Offers {
		t.tellCaller(&t.Offers[i], node)
	}
	kept := t.Calls[:0]
	for _, c := range t.Calls {
		if c.Half.Node() != node {
			kept = append(kept, c)
		}
	}
	if len(kept) == len(t.Calls) {
		return
	}
	clear(t.Calls[len(kept):])
	if t.Calls = kept; len(kept) == 0 {
		t.Calls = nil
	}
	t.notify(false)
}

// loseTargets declines for the appearances that were on a lost server; the others ring on.
func (t *turn) loseTargets(node signal.NodeID) {
	var lost []signal.Decline
	for _, o := range t.Offers {
		for _, a := range o.Targets {
			if a.Node == node || a.Half.Node() == node {
				lost = append(lost, signal.Decline{From: a.Half, Token: o.Token, Device: a.Device, Instance: a.Instance,
					Cause: signal.CauseTemporaryFailure})
			}
		}
	}
	for _, d := range lost {
		t.decline(d)
	}
}

// tellCaller tells a caller that a transfer made one, in place of the transferor, that this line rings for it. The caller
// which knows takes no notice; one that has gone meanwhile says so.
func (t *turn) tellCaller(o *Offer, node signal.NodeID) {
	if o.Changed == nil || o.Changed.From.Node() != node {
		return
	}
	c := *o.Changed
	o.Changed = nil
	s := o.Setup
	s.Offer = nil
	t.toHalf(s.Caller.Half, signal.Joined{From: c.Replaces, Owner: signal.Address{Line: t.Line, Node: t.Node}, Replaces: c.From,
		Setup: s, Records: true, Call: c.Call, Redirection: c.Redirection, By: signal.OnBehalfOfTransfer})
}

// offered says that a call of this caller is offered here.
func (t *turn) offered(caller signal.HalfCallID) bool {
	for i := range t.Offers {
		if t.Offers[i].Setup.Caller.Half == caller {
			return true
		}
	}
	return false
}
