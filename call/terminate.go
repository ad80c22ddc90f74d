package call

import "tandem/call/signal"

// ringDevice offers the call to our device.
func ringDevice(t *turn) {
	s := t.input.(signal.Setup)
	t.Setup, t.Owner, t.Token, t.Call = &s, s.Owner, s.Token, s.Call
	t.Peer = s.Caller
	t.Called, t.Redirection = s.Called, s.Redirection
	t.start(signal.TimerAlerting, t.limits().ringing())
	if s.Offer == nil && s.AskOffer && t.Profile.WantsOffer {
		t.raise(OfferWanted, s)
		return
	}
	offer := s.Offer
	if offer != nil {
		narrowed, ok := t.env.Narrow(offer, t.Profile.Capabilities, t.Profile.Region, s.Caller.Region)
		if !ok {
			t.raise(Refuse, signal.Refuse{Cause: signal.CauseIncompatibleDestination})
			return
		}
		offer = narrowed
		t.PeerMedia = s.Offer
	}
	t.ring(offer)
}

// ring tells our device of the call, with the caller's offer if there is one.
func (t *turn) ring(offer *signal.Session) {
	s := t.Setup
	t.order(signal.Ring{
		Call: s.Call, Line: t.Profile.Line, Instance: t.Profile.Instance,
		Calling: s.Caller.Party.Presented(), Called: s.Called, Redirection: s.Redirection, Offer: offer,
		Caller:  t.env.Common(t.Profile.Capabilities, s.Caller.Capabilities, t.Profile.Region, s.Caller.Region),
		Ceiling: t.env.Ceiling(t.Profile.Region, s.Caller.Region), CallWaiting: s.CallWaiting, AutoAnswer: s.AutoAnswer,
		External: s.Caller.External,
	})
}

func tellRinging(t *turn) {
	a := t.input.(signal.DeviceAlerting)
	t.send(t.Owner, signal.Alerting{From: t.ID, Token: t.Token, Connected: t.Profile.Party, Early: a.Early})
}

func tellProgress(t *turn) {
	a := t.input.(signal.DeviceProgress)
	t.send(t.Owner, signal.Alerting{From: t.ID, Token: t.Token, Connected: t.Profile.Party, Early: a.Early, InBand: true})
}

// claim asks the owner for the call: of several that pick up, one gets it.
func claim(t *turn) {
	t.Pending = t.input.(signal.Pickup).Media
	t.stop(signal.TimerAlerting)
	t.claimNow()
}

func (t *turn) claimNow() {
	t.send(t.Owner, signal.Claim{From: t.ID, Token: t.Token})
	t.start(signal.TimerSetup, t.limits().Setup)
}

func decline(t *turn) {
	d := signal.Decline{From: t.ID, Token: t.Token, Device: t.Profile.Device, Instance: t.Profile.Instance,
		Cause: signal.CauseCallRejected}
	switch in := t.input.(type) {
	case signal.Refuse:
		d.Cause, d.RedirectTo = in.Cause, in.RedirectTo
	case signal.HangUp:
		if in.Cause != signal.CauseNone && in.Cause != signal.CauseNormalClearing {
			d.Cause = in.Cause
		}
	case signal.Gone:
		d.Cause = signal.CauseDestinationOutOfOrder
	case signal.ServerLost:
		d.Cause = signal.CauseTemporaryFailure
	case signal.TimerFired:
		d.Cause = signal.CauseRecoveryOnTimer
		if in.Timer == signal.TimerAlerting {
			d.Cause = signal.CauseNoAnswer
		}
	}
	t.send(t.Owner, d)
	t.order(signal.Clear{Cause: d.Cause})
	t.stopAll()
}

// clearUnanswered ends our ringing because the caller gave up, another appearance answered, or the call went elsewhere.
func clearUnanswered(t *turn) {
	r := t.input.(signal.Release)
	t.order(signal.Clear{Cause: r.Cause, Elsewhere: r.Elsewhere})
	t.stopAll()
}

// openMedia is the grant: a device that brought its media along is done, another opens it now.
func openMedia(t *turn) {
	g := t.input.(signal.Granted)
	t.stop(signal.TimerSetup)
	if g.Caller.Half != 0 {
		t.Peer = g.Caller
	}
	if t.Pending != nil {
		media := t.Pending
		t.Pending, t.Offers = nil, t.Setup.Offer == nil
		t.raise(Ready, signal.Ready{Media: media})
		return
	}
	a := signal.Accept{
		Caller:  t.env.Common(t.Profile.Capabilities, t.Peer.Capabilities, t.Profile.Region, t.Peer.Region),
		Ceiling: t.env.Ceiling(t.Profile.Region, t.Peer.Region),
	}
	if t.Setup.Offer != nil && !t.Stale {
		if offer, ok := t.env.Narrow(t.Setup.Offer, t.Profile.Capabilities, t.Profile.Region, t.Peer.Region); ok {
			a.Offer = offer
		}
	}
	t.Offers = a.Offer == nil
	t.order(a)
	t.start(signal.TimerMedia, t.limits().Media)
}

// answerCaller tells the caller that we answered, with our device's answer or offer.
func answerCaller(t *turn) {
	m := t.input.(signal.Ready).Media
	t.stop(signal.TimerMedia)
	t.says(m)
	t.Neg = AwaitAck
	t.Connected = true
	c := signal.Connected{From: t.leg(), Media: m, IsOffer: t.Offers}
	if t.Replaces != 0 {
		c.Join = &signal.Joined{From: t.Replaces, Owner: t.Owner, Replaces: t.Arranger, Call: t.Call, Redirection: t.Redirection,
			By: signal.OnBehalfOfTransfer, Setup: signal.Setup{Call: t.Call, Called: t.Called}}
		t.Replaces = 0
	}
	t.toPeer(c)
	t.Setup = nil
	t.start(signal.TimerMedia, t.limits().Media)
}

// established completes the called side: the caller took our answer.
func established(t *turn) {
	a := t.input.(signal.ConnectAck)
	t.stop(signal.TimerMedia)
	if a.Caller.Half != 0 {
		t.Peer = a.Caller
	}
	t.order(signal.Established{Connected: t.Peer.Party.Presented()})
	t.settle()
}

// establishedWith completes the called side whose offer the caller answered.
func establishedWith(t *turn) {
	a := t.input.(signal.MediaAnswer)
	t.stop(signal.TimerMedia)
	t.PeerMedia = a.Media
	t.order(signal.Established{Connected: t.Peer.Party.Presented(), Answer: a.Media})
	t.settle()
}

// changeCaller notes that a transfer put another caller in the place of ours while we ring or just answered.
func changeCaller(t *turn) {
	c := t.input.(signal.CallerChanged)
	if !t.takeCaller(c) {
		return
	}
	t.Stale = true
	if t.State == Offered || t.State == Ringing {
		t.start(signal.TimerAlerting, t.limits().ringing()) // the new caller's patience begins now
	}
	t.order(signal.PartyChanged{Connected: c.Caller.Party.Presented(), Redirection: t.Redirection})
}

// takeCaller puts another caller in the place of ours, and says whether it is another one.
func (t *turn) takeCaller(c signal.CallerChanged) bool {
	known := c.Caller.Half == t.Peer.Half && c.Call == t.Call
	t.Peer, t.Call = c.Caller, c.Call
	if known {
		return false
	}
	if t.Setup != nil {
		if c.Replaces != 0 {
			t.Arranger, t.Replaces, t.Redirection = c.From, c.Replaces, c.Redirection
		}
		s := *t.Setup
		s.Caller, s.Call = c.Caller, c.Call
		t.Setup = &s
	}
	return true
}
