package sipua

import (
	"errors"
	"net/netip"

	"tandem/call/signal"
	"tandem/wire/sdp"
	"tandem/wire/sip"
)

// task is a change of the session that call processing wants: an offer of media to the phone, or a request for the
// phone's own offer.
type task struct {
	media  *signal.Session // nil: the phone shall make an offer
	silent bool            // nobody waits for the answer
	tries  int
}

// maxTries bounds how often a change that meets one of the phone's is tried again.
const maxTries = 6

// offerOf arranges media for the phone as an offer: each m= line that the dialog ever had stays in its place. Called
// with mu held.
func (l *leg) offerOf(m *signal.Session) *signal.Session {
	streams := fit(m.Streams, l.slots, true)
	l.slots = slotsOf(streams)
	return withStreams(m, streams)
}

// answerTo arranges media as the answer to an offer of the phone: line for line, and never more than the offer allows.
// Called with mu held.
func (l *leg) answerTo(m, offer *signal.Session) *signal.Session {
	l.slots = slotsOf(offer.Streams)
	streams := fit(m.Streams, l.slots, false)
	copied := false
	for i := range streams {
		s := &streams[i]
		if offer.Streams[i].Address.Port() == 0 && s.Address.Port() != 0 {
			streams, copied = copyOnce(streams, copied)
			streams[i] = signal.Stream{Kind: s.Kind, Protocol: s.Protocol, Direction: signal.Inactive}
			continue
		}
		if d := answerDirection(offer.Streams[i].Direction, s.Direction); d != s.Direction && s.Address.Port() != 0 {
			streams, copied = copyOnce(streams, copied)
			streams[i].Direction = d
		}
	}
	return withStreams(m, streams)
}

func copyOnce(s []signal.Stream, copied bool) ([]signal.Stream, bool) {
	if copied {
		return s, true
	}
	return append([]signal.Stream(nil), s...), true
}

// withStreams returns m with other streams, m itself if they are its own.
func withStreams(m *signal.Session, streams []signal.Stream) *signal.Session {
	if len(streams) == len(m.Streams) && (len(streams) == 0 || &streams[0] == &m.Streams[0]) {
		return m
	}
	c := *m
	c.Streams = streams
	return &c
}

// fitAnswer arranges what the phone answered by the order in which it was offered. Called with mu held.
func (l *leg) fitAnswer(m *signal.Session) *signal.Session {
	return withStreams(m, fit(m.Streams, l.slots, false))
}

// keepAnswer answers an offer of the phone that comes to nothing: with what is in force if there is anything, else by
// refusing every stream. An offer always gets its answer (R-27 g). Called with mu held.
func (l *leg) keepAnswer(offer *signal.Session) []byte {
	if offer == nil {
		return nil
	}
	if l.said == nil {
		return l.refusal(offer)
	}
	m := l.answerTo(l.said, offer)
	return l.write(m, m.Streams)
}

// refusal answers an offer by refusing every stream of it.
func (l *leg) refusal(offer *signal.Session) []byte {
	none := &signal.Session{Streams: make([]signal.Stream, len(offer.Streams))}
	for i := range offer.Streams {
		none.Streams[i] = signal.Stream{Kind: offer.Streams[i].Kind, Protocol: offer.Streams[i].Protocol, Direction: signal.Inactive}
	}
	return l.write(none, none.Streams)
}

// changed takes a re-INVITE or UPDATE of the phone. Called with mu held.
func (l *leg) changed(d *sip.Dialog, tx *sip.ServerTx, req *sip.Request) {
	body := sdpOf(req)
	switch {
	case l.phase == over:
		_ = tx.Reply(481)
		return
	case body == nil && req.Method == sip.UPDATE:
		_ = d.Respond(tx, 200, nil, l.news()...)
		return
	case l.phase != up || d != l.d || l.ackDue:
		_ = d.Respond(tx, 491, nil) // the first offer has no answer yet
		return
	case body == nil:
		l.giveOffer(tx)
		return
	}
	media, origin, err := parseDescription(body)
	if err != nil {
		_ = d.Respond(tx, 488, nil, sip.NewHeader("Warning", `399 tandem "`+err.Error()+`"`))
		return
	}
	switch {
	case l.unchanged(media, origin):
		// A refresh of the session: it concerns this leg alone.
		l.answerLocally(tx, media)
	case l.offered != offerNone:
		_ = d.Respond(tx, 491, nil)
	default:
		l.tx, l.asked, l.askedFrom, l.offered = tx, media, origin, offerAsked
		l.tell(signal.Offer{Media: media})
	}
}

// unchanged says that the phone describes what is in force already: the same text, or under the same version the same
// streams in another order of codecs (R-28 d). A phone that changes what matters without a new version is believed
// about the change.
func (l *leg) unchanged(m *signal.Session, o sdp.Origin) bool {
	if l.heard == nil || l.said == nil {
		return false
	}
	if equal(l.heard, m) {
		return true
	}
	return o.SessionID == l.origin.SessionID && o.Version == l.origin.Version && o.User == l.origin.User && alike(l.heard, m)
}

// answerLocally accepts what changes nothing for the other party. Called with mu held.
func (l *leg) answerLocally(tx *sip.ServerTx, media *signal.Session) {
	m := l.answerTo(l.said, media)
	_ = l.d.Respond(tx, 200, l.write(m, m.Streams), l.news()...)
	l.sent200(tx, ackPlain)
}

// sent200 notes that a 200 to a re-INVITE waits for its ACK.
func (l *leg) sent200(tx *sip.ServerTx, use ackUse) {
	if tx.Request().Method == sip.INVITE {
		l.ackWanted, l.ackFor = true, use
	}
}

// giveOffer answers a re-INVITE without an offer by ours: what is in force, and both ways again where the phone itself
// had held (R-27 d). The ACK brings the phone's answer. Called with mu held.
func (l *leg) giveOffer(tx *sip.ServerTx) {
	if l.said == nil || l.offered != offerNone {
		_ = l.d.Respond(tx, 491, nil)
		return
	}
	m := l.said
	if l.heard != nil && len(l.heard.Streams) == len(m.Streams) {
		streams, copied := m.Streams, false
		for i := range streams {
			h := l.heard.Streams[i].Direction
			if h != signal.SendRecv && streams[i].Direction == h.Reverse() && streams[i].Address.Port() != 0 {
				streams, copied = copyOnce(streams, copied)
				streams[i].Direction = signal.SendRecv
			}
		}
		m = withStreams(m, streams)
	}
	m = l.offerOf(m)
	l.said = m
	_ = l.d.Respond(tx, 200, l.write(m, m.Streams), l.news()...)
	l.sent200(tx, ackResume)
}

// answerMedia brings the answer to the phone's offer. Called with mu held.
func (l *leg) answerMedia(media *signal.Session) {
	was := l.offered
	l.offered, l.refusals = offerNone, 0
	if l.phase != up || media == nil {
		return
	}
	switch was {
	case offerAsked:
		m := l.answerTo(media, l.asked)
		said, heard, origin := l.said, l.heard, l.origin
		l.said, l.heard, l.origin = m, l.asked, l.askedFrom
		tx := l.tx
		l.tx, l.asked = nil, nil
		if err := l.d.Respond(tx, 200, l.write(m, m.Streams), l.news()...); errors.Is(err, sip.ErrFinished) {
			// A CANCEL was quicker: it is answered already, and OnDialogCancel is on its way.
			l.said, l.heard, l.origin = said, heard, origin
			l.undo()
			break
		}
		l.sent200(tx, ackPlain)
	case offerGiven:
		m := l.answerTo(media, l.asked)
		l.said, l.heard, l.origin = m, l.asked, l.askedFrom
		l.ackDue, l.asked = false, nil
		_ = l.d.Ack(l.write(m, m.Streams))
	case offerSilent:
		if l.heard != nil && !alike(l.answerTo(media, l.heard), l.said) && l.task == nil {
			l.task = &task{media: media, silent: true}
		}
	case offerDrawn:
		l.undo()
	}
	l.pump()
}

// undo takes a change back that the other party has accepted and the phone does not want any more. Called with mu held.
func (l *leg) undo() {
	l.asked = nil
	if l.heard != nil {
		l.offered = offerSilent
		l.tell(signal.Offer{Media: l.heard})
	}
}

// mediaRefused tells the phone that its offer was not accepted. Called with mu held.
func (l *leg) mediaRefused(cause signal.Cause) {
	was := l.offered
	l.offered = offerNone
	if l.phase != up {
		return
	}
	switch was {
	case offerAsked:
		l.refuse(cause)
	case offerGiven:
		l.ackDue = false
		_ = l.d.Ack(l.keepAnswer(l.asked))
		l.asked = nil
	case offerSilent:
		if cause == signal.CauseRequestPending {
			l.offerLater()
		}
	}
	l.pump()
}

// refuse answers the request that brought the phone's offer. It is not told twice in a row to try again: the second
// time we answer for the other party, which hears of the change when it can. Called with mu held.
func (l *leg) refuse(cause signal.Cause) {
	tx, media, origin := l.tx, l.asked, l.askedFrom
	l.tx, l.asked = nil, nil
	if tx == nil {
		return
	}
	later := false
	switch cause {
	case signal.CauseRequestPending:
		if l.refusals++; l.refusals == 1 {
			_ = l.d.Respond(tx, 491, nil)
			return
		}
		later = true
	case signal.CauseMediaUnchanged:
	default:
		_ = l.d.Respond(tx, 488, nil, reasonHeader(cause)...)
		return
	}
	if l.said == nil {
		_ = l.d.Respond(tx, 488, nil)
		return
	}
	l.refusals = 0
	m := l.answerTo(l.said, media)
	l.heard, l.origin = media, origin
	_ = l.d.Respond(tx, 200, l.write(m, m.Streams), l.news()...)
	l.sent200(tx, ackPlain)
	if later {
		l.offerLater()
	}
}

// offerLater tells call processing again what the phone wants, after the time of RFC 3261 14.1. Called with mu held.
func (l *leg) offerLater() {
	l.later(func() {
		if l.offered == offerNone && l.heard != nil {
			l.offered = offerSilent
			l.tell(signal.Offer{Media: l.heard})
		}
	})
}

// later runs do with the lock when glare is over. Called with mu held.
func (l *leg) later(do func()) {
	if l.stopRetry != nil {
		l.stopRetry()
	}
	l.stopRetry = l.d.AfterGlare(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.stopRetry = nil
		if l.phase == up {
			do()
		}
	})
}

// want takes a change that call processing wants; the newest counts. Called with mu held.
func (l *leg) want(t *task) {
	switch l.phase {
	case up:
		l.task = t
		l.pump()
	case dialing:
		if t.media == nil && l.replaces && l.late {
			// The phone took a call over without an offer: it gets an empty session, and is asked behind it.
			l.task = t
			m := l.offerOf(&signal.Session{Streams: []signal.Stream{{Kind: "audio", Protocol: "RTP/AVP", Direction: signal.Inactive,
				Address: netip.AddrPortFrom(l.addr, discard), Codecs: []signal.Codec{{Name: "PCMU", Clock: 8000}}}}})
			l.said = m
			l.answered(l.d.Answer(l.write(m, m.Streams), l.identity("called")...))
		}
	}
}

// discard is the port of a stream that nobody sends to (RFC 863).
const discard = 9

// pump does what is waiting as soon as the dialog is free for it. Called with mu held.
func (l *leg) pump() {
	if l.phase != up || l.ackWanted || l.ackDue || l.tx != nil || l.sending {
		return
	}
	if l.task != nil {
		l.sendTask()
		return
	}
	if l.partyDirty && l.updates {
		l.sendParty()
	}
}

// sendTask sends the re-INVITE of the task. Called with mu held.
func (l *leg) sendTask() {
	t := l.task
	req := l.d.NewRequest(sip.INVITE)
	c := &change{l: l, t: t}
	if t.media != nil {
		slots := l.slots
		c.said = l.offerOf(t.media)
		c.slots, l.slots = l.slots, slots // they count from the answer on
		sip.SetBody(req, "application/sdp", l.write(c.said, c.said.Streams))
	}
	for _, h := range l.news() {
		req.AppendHeader(h)
	}
	switch _, err := l.d.Send(req, c); {
	case err == nil:
		l.sending = true
	case err == sip.ErrPending && t.tries < maxTries:
		t.tries++
		l.later(l.pump)
	default:
		l.taskFailed(t, signal.CauseTemporaryFailure)
	}
}

// taskFailed reports that a change cannot be had. Called with mu held.
func (l *leg) taskFailed(t *task, cause signal.Cause) {
	l.task = nil
	if !t.silent {
		l.tell(signal.RefuseMedia{Cause: cause})
	}
}

// change takes the answer to a re-INVITE of ours.
type change struct {
	l     *leg
	t     *task
	said  *signal.Session // what we offered, nil if we asked for an offer
	slots []slot
}

// OnResponse implements sip.ResponseHandler.
func (c *change) OnResponse(_ *sip.ClientTx, res *sip.Response) {
	l := c.l
	l.mu.Lock()
	defer l.mu.Unlock()
	if res.StatusCode < 200 {
		return
	}
	l.sending = false
	l.noteAllow(res)
	switch {
	case res.StatusCode < 300:
		c.accepted(res)
	case l.phase != up:
	case res.StatusCode == 491 && l.task == c.t && c.t.tries < maxTries:
		c.t.tries++
		l.later(l.pump)
		return
	case res.StatusCode == 481 || res.StatusCode == 408:
		// The phone knows the dialog no more (RFC 3261 12.2.1.2).
		l.bye("")
		l.hangUp(signal.CauseDestinationOutOfOrder)
	case l.task == c.t && c.said == nil && l.heard != nil && res.StatusCode != 491 && res.StatusCode < 500:
		// A phone that makes no offer when asked: what it said last is its offer, both ways.
		l.task = nil
		l.offered = offerSilent
		l.tell(signal.Offer{Media: bothWays(l.heard)})
	case l.task == c.t:
		l.taskFailed(c.t, causeFor(res))
	}
	l.pump()
}

// bothWays returns a description without hold.
func bothWays(m *signal.Session) *signal.Session {
	streams := append([]signal.Stream(nil), m.Streams...)
	for i := range streams {
		if streams[i].Address.Port() != 0 {
			streams[i].Direction = signal.SendRecv
		}
	}
	return withStreams(m, streams)
}

// accepted takes the 2xx. Called with the leg's mu held.
func (c *change) accepted(res *sip.Response) {
	l := c.l
	media, origin, err := parseDescription(sdpOf(res))
	if l.phase != up {
		_ = l.d.Ack(nil)
		return
	}
	wanted := l.task == c.t
	if c.said != nil {
		_ = l.d.Ack(nil)
		if err != nil {
			if wanted {
				l.taskFailed(c.t, signal.CauseIncompatibleDestination)
			}
			return
		}
		l.slots = c.slots
		l.said = c.said
		media = l.fitAnswer(media)
		l.heard, l.origin = media, origin
		if !wanted {
			return
		}
		l.task = nil
		if !c.t.silent {
			l.tell(signal.Answer{Media: withStreams(media, fit(media.Streams, slotsOf(c.t.media.Streams), false))})
		}
		return
	}
	if err != nil || !wanted || l.offered != offerNone {
		var answer []byte
		if err == nil {
			answer = l.keepAnswer(media)
		}
		_ = l.d.Ack(answer)
		if wanted {
			l.taskFailed(c.t, signal.CauseIncompatibleDestination)
		}
		return
	}
	l.task = nil
	l.ackDue, l.asked, l.askedFrom, l.offered = true, media, origin, offerGiven
	l.tell(signal.Offer{Media: media})
}

// OnFailure implements sip.ResponseHandler.
func (c *change) OnFailure(*sip.ClientTx, error) {
	l := c.l
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sending = false
	if l.phase != up {
		return
	}
	l.bye("")
	l.hangUp(signal.CauseDestinationOutOfOrder)
}
