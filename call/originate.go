package call

import "tandem/call/signal"

func ignore(*turn) {}

// giveDialTone begins a call whose number is still to be dialled.
func giveDialTone(t *turn) {
	t.openRecord()
	t.order(signal.CollectDigits{Call: t.Call, Tone: signal.ToneDial})
	t.start(signal.TimerFirstDigit, t.limits().FirstDigit)
}

// dialWhole takes a number that comes at once. A complete one never waits for further digits.
func dialWhole(t *turn) {
	d := t.input.(signal.Dial)
	t.openRecord()
	t.stop(signal.TimerFirstDigit)
	if d.Offer != nil {
		t.Offer = d.Offer
		t.says(d.Offer)
	}
	if d.Redirection.Hops > 0 {
		t.Redirection = d.Redirection
	}
	t.Digits += d.Number
	if d.Number == "" && d.Complete {
		t.raise(NoRoute, signal.Rejected{Cause: signal.CauseInvalidNumberFormat})
		return
	}
	t.analyze(d.Complete)
}

// collect takes keys one by one.
func collect(t *turn) {
	d := t.input.(signal.Digits)
	t.stop(signal.TimerFirstDigit)
	if len(t.Digits)+len(d.Digits) > t.limits().MaxDigits {
		t.raise(NoRoute, signal.Rejected{Cause: signal.CauseInvalidNumberFormat})
		return
	}
	t.Digits += d.Digits
	t.analyze(false)
}

func eraseDigit(t *turn) {
	if t.Digits != "" {
		t.Digits = t.Digits[:len(t.Digits)-1]
	}
	if t.Digits == "" {
		t.stop(signal.TimerInterdigit)
		t.order(signal.CollectDigits{Call: t.Call, Tone: signal.ToneDial})
		t.start(signal.TimerFirstDigit, t.limits().FirstDigit)
		return
	}
	t.analyze(false)
}

// dialCollected takes the digits as they are, because T302 ran out.
func dialCollected(t *turn) { t.analyze(true) }

// analyze asks digit analysis and raises its answer.
func (t *turn) analyze(complete bool) {
	t.Dialed = t.Digits
	t.route(Query{Digits: t.Digits, Spaces: t.Profile.Spaces, Complete: complete, Calling: t.Profile.Party})
}

func (t *turn) route(q Query) {
	a := t.env.Analyze(q)
	switch {
	case a.Outcome == Found:
		t.raise(RouteFound, a)
	case a.Outcome == NeedDigits && !q.Complete:
		t.raise(MoreDigits, a)
	default:
		t.calledInVain(q.Digits)
		cause := a.Cause
		if cause == signal.CauseNone {
			cause = signal.CauseUnallocatedNumber
		}
		t.raise(NoRoute, signal.Rejected{Cause: cause})
	}
}

func awaitDigit(t *turn) {
	a := t.input.(Analysis)
	tone := signal.ToneNone
	if a.OutsideTone {
		tone = signal.ToneOutsideDial
	}
	t.order(signal.CollectDigits{Call: t.Call, Tone: tone, Digits: t.Digits})
	t.start(signal.TimerInterdigit, t.limits().Interdigit)
}

// offerCall sends the call to whom digit analysis found.
func offerCall(t *turn) {
	a := t.input.(Analysis)
	t.stop(signal.TimerInterdigit)
	t.aim(a)
	t.order(signal.Proceed{Call: t.Call, Dialed: t.Dialed, Called: a.Called})
}

// aim sends the Setup to the route's target and remembers it.
func (t *turn) aim(a Analysis) {
	t.Target, t.Called, t.CallingAs, t.Away = a.Target, a.Called, a.Calling, false
	if t.Target.Half == 0 && t.Target.Node == 0 {
		t.Target.Node = t.env.Owner(t.Target.Line)
	}
	t.Record.Calling = t.callingParty()
	t.Record.FinalCalled = a.Called
	if t.Record.OriginalCalled.Number == "" {
		t.Record.OriginalCalled = a.Called
	}
	t.Record.Redirection = t.Redirection
	caller := t.leg()
	caller.Party = t.callingParty()
	t.send(t.Target, signal.Setup{Call: t.Call, Caller: caller, Called: a.Called, Redirection: t.Redirection,
		Offer: t.Offer, AskOffer: t.State == Proceeding && t.Offer == nil && t.Profile.OffersWhenAsked, CallerSpaces: t.Profile.Spaces})
	t.start(signal.TimerSetup, t.limits().Setup)
}

func showAlerting(t *turn) {
	a := t.input.(signal.Alerting)
	t.stop(signal.TimerSetup)
	if t.Target.IsZero() || t.State == Alerting {
		t.start(signal.TimerAlerting, t.limits().Alerting)
	}
	t.order(signal.RemoteAlerting{Connected: a.Connected.Presented(), Early: a.Early, InBand: a.InBand})
}

// tryElsewhere follows a forwarding: the line that was called named another number.
func tryElsewhere(t *turn) {
	r := t.input.(signal.Redirect)
	t.stop(signal.TimerSetup)
	t.stop(signal.TimerAlerting)
	t.Away = true
	if t.Asker = 0; t.Profile.OffersWhenAsked {
		t.Offer = nil // made for whom we called before; the next one asks anew
	}
	if r.Redirection.Hops > t.limits().ForwardHops {
		t.raise(NoRoute, signal.Rejected{Cause: signal.CauseExchangeRoutingError})
		return
	}
	t.Redirection = r.Redirection
	spaces := r.Spaces
	if len(spaces) == 0 {
		spaces = t.Profile.Spaces
	}
	t.route(Query{Digits: r.To, Spaces: spaces, Complete: true, Calling: t.Profile.Party})
}

// connectDevice completes the calling side with the answer to our device's offer.
func connectDevice(t *turn) {
	c := t.input.(signal.Connected)
	t.PeerMedia = c.Media
	t.meet(c, c.Media)
	t.order(signal.Connect{Connected: c.From.Party.Presented(), Media: c.Media, Ceiling: t.env.Ceiling(t.Profile.Region, c.From.Region)})
	t.Connected = true
	t.toPeer(signal.ConnectAck{Caller: t.leg()})
	t.settle()
}

// connectForAnswer gives the called side's offer to our device, which answers it.
func connectForAnswer(t *turn) {
	c := t.input.(signal.Connected)
	t.meet(c, nil)
	offer, ok := t.env.Narrow(c.Media, t.Profile.Capabilities, t.Profile.Region, c.From.Region)
	if !ok {
		t.Requesting = false
		t.raise(DeviceRefusal, signal.RefuseMedia{Cause: signal.CauseIncompatibleDestination})
		return
	}
	t.PeerMedia = c.Media
	t.order(signal.Connect{Connected: c.From.Party.Presented(), Media: offer, IsOffer: true,
		Ceiling: t.env.Ceiling(t.Profile.Region, c.From.Region)})
	t.Connected = true
	t.start(signal.TimerMedia, t.limits().Media)
}

// meet notes the party that answered and opens the record of the conversation. answer is what it said to our device's
// offer, nil where media are still to be agreed.
func (t *turn) meet(c signal.Connected, answer *signal.Session) {
	t.stop(signal.TimerSetup)
	t.stop(signal.TimerAlerting)
	t.Away = true
	t.Peer = c.From
	t.answered(answer)
}

// acknowledge sends our device's answer to the called side's offer.
func acknowledge(t *turn) {
	a := t.input.(signal.Answer)
	t.stop(signal.TimerMedia)
	t.says(a.Media)
	t.noteMedia(a.Media)
	t.toPeer(signal.MediaAnswer{From: t.ID, Media: a.Media})
	t.settle()
}

// releaseTarget takes the call back from whom it was offered to.
func (t *turn) releaseTarget(cause signal.Cause) {
	if !t.Away && !t.Target.IsZero() {
		t.send(t.Target, signal.Release{From: t.ID, Cause: cause, By: signal.OnBehalfOfDevice})
	}
	t.Away = true
}

// leave ends a half-call that has nobody else.
func leave(t *turn) {
	t.closeRecord(t.hangUpCause(), true, signal.OnBehalfOfDevice)
	t.order(signal.Clear{Cause: signal.CauseNormalClearing})
	t.stopAll()
}

func (t *turn) hangUpCause() signal.Cause {
	switch in := t.input.(type) {
	case signal.HangUp:
		if in.Cause != signal.CauseNone {
			return in.Cause
		}
	case signal.Gone:
		return signal.CauseDestinationOutOfOrder
	}
	return signal.CauseNormalClearing
}

// abandon ends a call before the answer, from the caller's side.
func abandon(t *turn) {
	cause := t.hangUpCause()
	t.releaseTarget(cause)
	t.closeRecord(cause, true, signal.OnBehalfOfDevice)
	t.order(signal.Clear{Cause: cause})
	t.stopAll()
}

// fail lets the user hear why nothing came of the call.
func fail(t *turn) {
	cause := signal.CauseNormalUnspecified
	switch in := t.input.(type) {
	case signal.Rejected:
		cause = in.Cause
	case signal.Release:
		cause = in.Cause
	case signal.TakeOverRefused:
		cause = in.Cause
	}
	t.failWith(cause)
}

func failUnused(t *turn) { t.failWith(signal.CauseRecoveryOnTimer) }

// failTarget gives up a target that does not react or rings too long.
func failTarget(t *turn) {
	cause := signal.CauseNoAnswer
	if f, ok := t.input.(signal.TimerFired); ok && f.Timer != signal.TimerAlerting {
		cause = signal.CauseRecoveryOnTimer
	}
	t.releaseTarget(cause)
	t.failWith(cause)
}

func (t *turn) failWith(cause signal.Cause) {
	t.stopAll()
	t.Away = true
	t.closeRecord(cause, false, signal.OnBehalfOfNone)
	t.order(signal.Fail{Cause: cause, Tone: toneFor(cause)})
	t.start(signal.TimerPatience, t.limits().Patience)
}

// toneFor gives the tone that says the cause to a listener (sccp.md 4.4).
func toneFor(c signal.Cause) signal.Tone {
	if c == signal.CauseUserBusy {
		return signal.ToneBusy
	}
	return signal.ToneReorder
}

func clearFailed(t *turn) {
	t.order(signal.Clear{Cause: signal.CauseNormalClearing})
	t.stopAll()
}

// stopAll ends every timer of the half-call.
func (t *turn) stopAll() { t.out = append(t.out, signal.StopAll{}) }
