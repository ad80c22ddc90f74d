package call

import "tandem/call/signal"

// Early media for a caller whose device names no address before it has opened its audio (SCCP). The called side asks for the
// offer before it tells its device of the call, so that what the device says before the answer can be heard:
//
//	caller --Setup, AskOffer--> called
//	caller <--OfferRequest----- called      the caller's device opens its audio
//	caller --CallerOffer------> called      Ring with the offer
//	caller <--Alerting, Early-- called
//
// Only a device that can be heard early asks (Profile.WantsOffer), and only when the call is offered to nobody else. It does
// not wait for long: without the offer it rings all the same, and the offer is made at the answer.

// askCaller asks the caller for its offer, for a while.
func askCaller(t *turn) {
	t.toPeer(signal.OfferRequest{From: t.leg()})
	t.start(signal.TimerMedia, t.limits().EarlyOffer)
}

// ringWithOffer tells our device of the call with the offer that we asked for, if there is one that it can take.
func ringWithOffer(t *turn) {
	o := t.input.(signal.CallerOffer)
	if o.From != t.Peer.Half {
		t.become(Asking)
		return
	}
	t.stop(signal.TimerMedia)
	if o.Media == nil {
		t.ring(nil)
		return
	}
	offer, ok := t.env.Narrow(o.Media, t.Profile.Capabilities, t.Profile.Region, t.Peer.Region)
	if !ok {
		t.ring(nil)
		return
	}
	s := *t.Setup
	s.Offer = o.Media
	t.Setup, t.Asked, t.PeerMedia = &s, true, o.Media
	t.ring(offer)
}

// ringWithoutOffer tells our device of the call because the caller's device did not get ready in time.
func ringWithoutOffer(t *turn) { t.ring(nil) }

// ringForAnother is a transfer that puts another caller in the place of the one that we asked: nobody is asked again.
func ringForAnother(t *turn) {
	t.stop(signal.TimerMedia)
	t.takeCaller(t.input.(signal.CallerChanged))
	t.start(signal.TimerAlerting, t.limits().ringing())
	t.ring(nil)
}

// declineOrRing is our device not taking the call. When it was the offer that it does not take, it is told of the call once
// more and makes the offer itself: the caller had to choose one codec before it knew those of the called device.
func declineOrRing(t *turn) {
	r := t.input.(signal.Refuse)
	if !t.Asked || r.Cause != signal.CauseIncompatibleDestination || r.RedirectTo != "" {
		decline(t)
		return
	}
	t.become(Offered)
	t.Asked, t.PeerMedia = false, nil
	s := *t.Setup
	s.Offer = nil
	t.Setup = &s
	t.ring(nil)
}

// requestFirst asks our device for the offer that the called side wants. One request is out at a time, and whoever comes
// while another waits goes without.
func requestFirst(t *turn) {
	r := t.input.(signal.OfferRequest)
	if t.Requesting || t.Offer != nil || !t.Profile.OffersWhenAsked {
		t.send(signal.ToHalf(r.From.Half), signal.CallerOffer{From: t.ID})
		return
	}
	t.Asker, t.Requesting = r.From.Half, true
	t.order(signal.RequestOffer{
		Peer:    t.env.Common(t.Profile.Capabilities, r.From.Capabilities, t.Profile.Region, r.From.Region),
		Ceiling: t.env.Ceiling(t.Profile.Region, r.From.Region),
	})
}

// giveFirst passes our device's offer on to whoever asked for it, or that there is none.
func giveFirst(t *turn) {
	asked, asker := t.Requesting, t.Asker
	t.Requesting, t.Asker = false, 0
	o, offers := t.input.(signal.Offer)
	switch {
	case !asked && offers:
		t.order(signal.MediaRefused{Cause: signal.CauseRequestPending})
	case asker == 0: // the call has gone elsewhere
	case offers:
		t.Offer = o.Media
		t.says(o.Media)
		t.send(signal.ToHalf(asker), signal.CallerOffer{From: t.ID, Media: o.Media})
	default:
		t.send(signal.ToHalf(asker), signal.CallerOffer{From: t.ID})
	}
}

// offeredLate is our device ready when the called one rings already: the offer is made at the answer.
func offeredLate(t *turn) {
	asked := t.Requesting
	t.Requesting, t.Asker = false, 0
	if _, offers := t.input.(signal.Offer); offers && !asked {
		t.order(signal.MediaRefused{Cause: signal.CauseRequestPending})
	}
}

// deferOffer keeps an offer of our device until the call is up. The one that we asked for before the answer means nothing
// any more.
func deferOffer(t *turn) {
	if t.Requesting {
		t.Requesting, t.Asker = false, 0
		return
	}
	deferInput(t)
}

// refuseAnswer is our device not able to answer the called side's offer, unless it speaks of the offer that we asked for
// before the answer.
func refuseAnswer(t *turn) {
	if t.Requesting {
		t.Requesting, t.Asker = false, 0
		return
	}
	endForMedia(t)
	t.become(Ended)
}
