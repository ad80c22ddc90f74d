package call

import "tandem/call/signal"

// A call has one record, and one of its two half-calls keeps it. This file is about the other one when it is on another
// server: its facts ride in the release that ends the call, and it keeps what it knows in case that the server with the
// record never comes back.

// facts is what our side adds to a record that the peer keeps on another server; nil when it is on ours, which knows all.
func (t *turn) facts() *signal.LegRecord {
	if t.Peer.Half.Node() == t.ID.Node() {
		return nil
	}
	r := t.Profile.Record
	return &r
}

// takeFacts completes our record with what the other side says at its end. From another server an end without facts means
// that they are lost.
func (t *turn) takeFacts(r signal.Release) {
	dest := &t.Record.Dest
	if dest.Half == 0 || dest.Half.Node() == t.ID.Node() || t.Record.Connected.IsZero() {
		return
	}
	if r.Record == nil || r.Record.Half != dest.Half {
		t.otherSideLost()
		return
	}
	if r.Record.Address.IsValid() {
		dest.Address = r.Record.Address // the device may have moved during the call
	}
	if r.Record.Device != "" {
		dest.Device = r.Record.Device
	}
}

// otherSideLost marks the record that we keep of an answered pair: what the other side knows will not come any more.
func (t *turn) otherSideLost() {
	if t.KeepsRecord && !t.Record.Connected.IsZero() {
		t.Record.Incomplete = true
	}
}

// witness tells when a pair whose record the other half keeps on another server is up, and when it is divided.
func (t *turn) witness() {
	var peer signal.HalfCallID
	if !t.KeepsRecord && t.Connected && (t.State == Active || t.State == Joining || t.State == Stranded) && t.Peer.Half.Node() != t.ID.Node() {
		peer = t.Peer.Half
	}
	if w := t.Witnessing; w != nil {
		if w.Orig.Half == peer {
			w.Call = t.Call
			return
		}
		t.endWitness(signal.CauseSplit, true, signal.OnBehalfOfTransfer)
	}
	if peer == 0 {
		return
	}
	called := t.Called
	if called.Number == "" {
		called = t.Profile.Party
	}
	t.Witnessing = &signal.Record{
		Call: t.Call, Orig: t.Peer.Record, Dest: t.Profile.Record, Calling: t.Peer.Party, OriginalCalled: called,
		FinalCalled: t.Profile.Party, Redirection: t.Redirection, Began: t.now, Connected: t.now,
	}
	t.Witnessing.Orig.Half = peer
	t.emit(signal.Witnessed{Record: *t.Witnessing})
}

// endWitness says how a pair ended whose record the other half keeps. ours says that our side ended it.
func (t *turn) endWitness(cause signal.Cause, ours bool, by signal.OnBehalfOf) {
	w := t.Witnessing
	if w == nil {
		return
	}
	t.Witnessing = nil
	w.Ended, w.Duration = t.now, t.now.Sub(w.Connected)
	if ours {
		w.Dest.Cause, w.Dest.TerminatedBy = cause, by
	} else {
		w.Orig.Cause, w.Orig.TerminatedBy = cause, by
	}
	t.emit(signal.Witnessed{Record: *w})
}
