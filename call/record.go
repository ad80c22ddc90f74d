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
func (t *turn) answered(answer *signal.Session) {
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
	if answer != nil {
		t.noteMedia(answer)
	}
	t.emit(signal.Answered{Record: t.Record})
}

// noteMedia keeps for the record where each end receives media and what both agreed upon, whenever an offer was answered.
// answer is the one of the two descriptions that answered. A hold does not erase what was noted before.
func (t *turn) noteMedia(answer *signal.Session) {
	if !t.KeepsRecord {
		return
	}
	note(&t.Record.Orig, t.DeviceMedia, t.PeerMedia, answer)
	note(&t.Record.Dest, t.PeerMedia, t.DeviceMedia, answer)
}

// usualPtime is the packet duration in milliseconds where nobody states one (RFC 3551 4.2).
const usualPtime = 20

func note(r *signal.LegRecord, own, other, answer *signal.Session) {
	if a := own.Audio(); a != nil && !a.Address.Addr().IsUnspecified() {
		r.Media = a.Address
		if c := agreed(answer.Audio()); c != "" {
			r.Codec, r.Ptime = c, usualPtime
			if o := other.Audio(); o != nil && o.Ptime != 0 {
				r.Ptime = o.Ptime
			}
			if a.Ptime != 0 {
				r.Ptime = a.Ptime
			}
		}
	}
	if v := own.Video(); v != nil {
		if c := agreed(answer.Video()); c != "" {
			r.Video, r.VideoCodec = v.Address, c
		}
	}
}

// agreed is the codec that an answer puts first; keys and comfort noise are not what people hear.
func agreed(answer *signal.Stream) string {
	if answer == nil {
		return ""
	}
	for _, c := range answer.Codecs {
		if !c.Is("telephone-event") && !c.Is("CN") {
			return c.Name
		}
	}
	return ""
}

// closeRecord ends the record, if it is ours to keep. ours says that our side ended the call.
func (t *turn) closeRecord(cause signal.Cause, ours bool, by signal.OnBehalfOf) {
	if !t.KeepsRecord {
		t.endWitness(cause, ours, by)
		return
	}
	if r, ok := t.input.(signal.Release); ok && !ours {
		t.takeFacts(r)
	}
	t.KeepsRecord = false
	if t.Record.Connected.IsZero() && t.Record.FinalCalled.Number == "" {
		t.calledInVain(t.Digits) // digits that nobody has, or that were not all dialled
	}
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

// calledInVain writes a number into the record for which there is no route.
func (t *turn) calledInVain(number string) {
	t.Record.FinalCalled, t.Record.Redirection = signal.Party{Number: number}, t.Redirection
	if t.Record.OriginalCalled.Number == "" {
		t.Record.OriginalCalled = t.Record.FinalCalled
	}
}

// split ends the record because the pair is divided by a transfer; both sides carry the cause for it.
func (t *turn) split(by signal.OnBehalfOf) {
	if !t.KeepsRecord {
		return
	}
	t.Record.Dest.Cause, t.Record.Dest.TerminatedBy = signal.CauseSplit, by
	t.closeRecord(signal.CauseSplit, true, by)
}

// beginRecord begins the record of a new pair of parties. Whom a transferor joined has that one as originally called and
// as last redirecting party, whichever way it transferred; the target is the final called party.
func (t *turn) beginRecord(by signal.OnBehalfOf) {
	t.KeepsRecord = true
	t.Record = signal.Record{
		Call: t.Call, Orig: t.Profile.Record, Dest: t.Peer.Record, Calling: t.callingParty(),
		OriginalCalled: t.Peer.Party, FinalCalled: t.Peer.Party, Redirection: t.Redirection, JoinedBy: by, Began: t.now,
	}
	if by == signal.OnBehalfOfTransfer {
		t.Record.OriginalCalled = t.Redirection.Last
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
		t.reportGone()
		t.Reported = state
		return
	}
	owner := t.env.Owner(line)
	if t.OnLine && state == t.Reported && owner == t.ReportedTo {
		return
	}
	switch {
	case t.OnLine && owner != t.ReportedTo:
		t.reportGone() // the line has moved
	case !t.OnLine && t.Token != 0 && t.Owner.Server() != owner:
		t.meetOwner(t.Owner)
	}
	t.OnLine, t.Reported, t.ReportedTo = true, state, owner
	token := t.Token
	if t.Owner.Server() != owner {
		token = 0 // of another owner's offering
	}
	t.send(signal.Address{Line: line, Node: owner}, signal.LineReport{Token: token, Call: signal.LineCall{
		Half: t.ID, Call: t.Call, Device: t.Profile.Device, Instance: t.Profile.Instance, State: state,
		Remote: t.Peer.Party.Presented(), Initiator: t.Token == 0,
	}})
}

// reportGone has the owner that counts us count us no more.
func (t *turn) reportGone() {
	if t.OnLine {
		t.OnLine = false
		t.meetOwner(signal.Address{Line: t.Profile.Line, Node: t.ReportedTo})
	}
}

// meetOwner tells an owner whose offering made us who we are, without being counted there.
func (t *turn) meetOwner(owner signal.Address) {
	t.send(owner, signal.LineReport{Call: signal.LineCall{Half: t.ID, Device: t.Profile.Device, Instance: t.Profile.Instance},
		Token: t.Token, Gone: true})
}

func (t *turn) lineState() signal.LineCallState {
	switch t.State {
	case Dialing:
		return signal.LineDialing
	case Proceeding, Alerting, Taking:
		return signal.LineRingingOut
	case Asking, Offered, Ringing, Claiming:
		return signal.LineRingingIn
	case Connecting, Accepting, Active, Reaching, Joining, Stranded:
		if t.Held {
			return signal.LineHeld
		}
		return signal.LineConnected
	case Failed:
		return signal.LineDialing
	}
	return signal.LineIdle
}
