package call

import "tandem/call/signal"

// openRecord begins the record of a call that our device makes.
func (t *turn) openRecord() {
	if t.KeepsRecord {
		return
	}
	t.KeepsRecord = true
	t.Record = signal.Record{Call: t.Call, Orig: t.Profile.Record, Calling: t.Profile.Party, Began: t.now}
}

// answered writes the answer into the record and has it journalled.
func (t *turn) answered() {
	if !t.KeepsRecord {
		return
	}
	t.Record.Dest = t.Peer.Record
	t.Record.Dest.Half = t.Peer.Half
	t.Record.Calling = t.callingParty()
	if t.Record.FinalCalled.Number == "" {
		t.Record.FinalCalled = t.Peer.Party
	}
	t.Record.FinalCalled.Device, t.Record.FinalCalled.User = t.Peer.Party.Device, t.Peer.Party.User
	t.Record.Connected = t.now
	t.emit(signal.Answered{Record: t.Record})
}

// noteMedia keeps where each end last received media, for the record; a hold does not erase it.
func (t *turn) noteMedia() {
	if !t.KeepsRecord {
		return
	}
	orig, dest := t.DeviceMedia, t.PeerMedia
	note(&t.Record.Orig, orig, dest)
	note(&t.Record.Dest, dest, orig)
}

func note(r *signal.LegRecord, own, other *signal.Session) {
	a := own.Audio()
	if a == nil || a.Address.Addr().IsUnspecified() {
		return
	}
	r.Media = a.Address
	if len(a.Codecs) > 0 {
		r.Codec, r.Ptime = a.Codecs[0].Name, a.Ptime
		if o := other.Audio(); o != nil && len(o.Codecs) > 0 && len(o.Codecs) < len(a.Codecs) {
			r.Codec = o.Codecs[0].Name
		}
	}
	if v := own.Video(); v != nil && len(v.Codecs) > 0 {
		r.Video, r.VideoCodec = v.Address, v.Codecs[0].Name
	}
}

// closeRecord ends the record, if it is ours to keep. ours says that our side ended the call.
func (t *turn) closeRecord(cause signal.Cause, ours bool, by signal.OnBehalfOf) {
	if !t.KeepsRecord {
		return
	}
	t.KeepsRecord = false
	t.noteMedia()
	r := t.Record
	r.Ended = t.now
	if !r.Connected.IsZero() {
		r.Duration = t.now.Sub(r.Connected)
	}
	if ours {
		r.Orig.Cause, r.Orig.TerminatedBy = cause, by
	} else {
		r.Dest.Cause, r.Dest.TerminatedBy = cause, by
	}
	t.emit(signal.Ended{Record: r})
}

// split ends the record because the pair is divided by a transfer; both sides carry the cause for it.
func (t *turn) split(by signal.OnBehalfOf) {
	if !t.KeepsRecord {
		return
	}
	t.Record.Dest.Cause, t.Record.Dest.TerminatedBy = signal.CauseSplit, by
	t.closeRecord(signal.CauseSplit, true, by)
}

// beginRecord begins the record of a new pair of connected parties.
func (t *turn) beginRecord(by signal.OnBehalfOf) {
	t.KeepsRecord = true
	t.Record = signal.Record{
		Call: t.Call, Orig: t.Profile.Record, Dest: t.Peer.Record, Calling: t.callingParty(),
		OriginalCalled: t.Peer.Party, FinalCalled: t.Peer.Party, Redirection: t.Redirection, JoinedBy: by, Began: t.now,
	}
	if t.Redirection.Hops > 0 && t.Redirection.Original.Number != "" {
		t.Record.OriginalCalled = t.Redirection.Original
	}
}

// report tells the owner of our own line what we do on it, when that changed.
func (t *turn) report() {
	line := t.Profile.Line
	if line.IsZero() {
		return
	}
	state := t.lineState()
	if state == signal.LineIdle {
		if t.OnLine {
			t.OnLine = false
			t.Reported = state
			t.send(signal.ToLine(line), signal.LineReport{Call: signal.LineCall{Half: t.ID, Device: t.Profile.Device,
				Instance: t.Profile.Instance}, Token: t.Token, Gone: true})
		}
		return
	}
	if t.OnLine && state == t.Reported {
		return
	}
	t.OnLine, t.Reported = true, state
	t.send(signal.ToLine(line), signal.LineReport{Token: t.Token, Call: signal.LineCall{
		Half: t.ID, Call: t.Call, Device: t.Profile.Device, Instance: t.Profile.Instance, State: state,
		Remote: t.Peer.Party.Presented(), Initiator: t.Token == 0,
	}})
}

func (t *turn) lineState() signal.LineCallState {
	switch t.State {
	case Dialing:
		return signal.LineDialing
	case Proceeding, Alerting, Taking:
		return signal.LineRingingOut
	case Offered, Ringing, Claiming:
		return signal.LineRingingIn
	case Connecting, Accepting, Active, Reaching, Joining:
		if t.Held {
			return signal.LineHeld
		}
		return signal.LineConnected
	case Failed:
		return signal.LineDialing
	}
	return signal.LineIdle
}
