package sipua

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"tandem/call/signal"
	"tandem/wire/sdp"
	"tandem/wire/sip"
)

// phase is how far a leg has come.
type phase uint8

const (
	dialing phase = iota // the phone's INVITE has no final response yet
	ringing              // nor have ours to the phone
	up                   // a dialog stands
	over
)

// ackUse is what the session description in the ACK of our 200 is for.
type ackUse uint8

const (
	ackPlain   ackUse = iota // nothing: the offer was in the INVITE
	ackConnect               // the answer to the offer in Connect
	ackReady                 // the answer to the offer in Accept
	ackResume                // the answer to our offer, for which a re-INVITE asked
)

// offered is an offer of the phone that the half-call has not answered yet, by the way in which it came.
type offered uint8

const (
	offerNone   offered = iota
	offerAsked          // in a re-INVITE or UPDATE that waits for its response
	offerGiven          // in the 200 to our re-INVITE without one; its ACK waits
	offerSilent         // nothing waits for it on the wire
	offerDrawn          // the phone took the re-INVITE back (CANCEL)
)

// leg is one dialog with a phone and one half-call.
type leg struct {
	s        *Server
	st       *station
	id       signal.HalfCallID
	instance int
	number   string                     // of the line: what stands in our Contact
	shown    atomic.Pointer[sip.Dialog] // d, for readers without the lock

	mu        sync.Mutex
	phase     phase
	call      signal.CallID
	d         *sip.Dialog
	party     signal.Party // the other party, as the phone shall show it
	first     *sip.ServerTx
	firstCame time.Time // when

	// While our INVITEs ring.
	forks []*sip.Call
	early *sip.Dialog
	worst signal.Cause
	told  int  // status of the last progress that the half-call heard of
	late  bool // the first INVITE had no offer

	// The session.
	addr       netip.Addr      // ours, on the flow to the phone
	offer      *signal.Session // of the first INVITE, until it is answered
	heard      *signal.Session // what the phone said last, of what was agreed
	said       *signal.Session // what we said last, of what was agreed
	origin     sdp.Origin      // of what was heard
	slots      []slot
	text       []byte // our last description, as it was sent
	version    uint64
	earlySaid  *signal.Session // the answer in a reliable provisional response
	ackDue     bool            // a 200 of the phone made an offer and waits for its ACK
	ackWanted  bool            // our 200 has no ACK yet
	ackFor     ackUse
	tx         *sip.ServerTx // the request of offerAsked
	asked      *signal.Session
	askedFrom  sdp.Origin
	offered    offered
	refusals   int // of offers of the phone, one behind the other
	task       *task
	sending    bool
	stopRetry  func()
	updates    bool // the phone takes UPDATE
	infos      bool // the phone takes INFO, or does not say what it takes
	partyDirty bool
	replaces   bool // began with Replaces
	transfer   *transfer
}

// setDialog notes the dialog. Called with mu held.
func (l *leg) setDialog(d *sip.Dialog) {
	l.d = d
	l.shown.Store(d)
	d.SetValue(l)
}

// flow returns the way to the phone; it takes no lock.
func (l *leg) flow() (sip.Flow, bool) {
	if d := l.shown.Load(); d != nil {
		return d.Flow(), true
	}
	return sip.Flow{}, false
}

func (l *leg) tell(e signal.Event) { l.s.o.Exchange.Tell(l.id, e) }

// noteAllow learns from any message of the phone which methods it takes. Called with mu held.
func (l *leg) noteAllow(m sip.Message) {
	if sip.HasHeader(m, "Allow") {
		l.updates = sip.HasToken(m, "Allow", string(sip.UPDATE))
		l.infos = sip.HasToken(m, "Allow", string(sip.INFO))
	}
}

// end is the last thing that happens to a leg; the caller has said what the protocol needs. Called with mu held.
func (l *leg) end() {
	if l.phase == over {
		return
	}
	l.phase = over
	if l.stopRetry != nil {
		l.stopRetry()
		l.stopRetry = nil
	}
	l.task, l.forks, l.early, l.first, l.asked, l.offer = nil, nil, nil, nil, nil, nil
	l.text, l.said, l.heard, l.slots = nil, nil, nil, nil
	if l.d != nil {
		l.s.unladder(l.d.CallID())
	}
	l.st.leave(l.id)
}

// hangUp ends the leg because of the phone, and tells the half-call. Called with mu held.
func (l *leg) hangUp(c signal.Cause) {
	if l.phase == over {
		return
	}
	l.end()
	l.tell(signal.HangUp{Cause: c})
}

// bye ends a dialog that stands, with what is still owed to it. Called with mu held.
func (l *leg) bye(reason string) {
	if l.ackDue {
		l.ackDue = false
		_ = l.d.Ack(l.keepAnswer(l.asked))
	}
	if l.tx != nil {
		if l.tx.Request().Method == sip.UPDATE {
			_ = l.tx.Reply(487)
		}
		l.tx = nil // an INVITE gets its 487 from the dialog
	}
	_ = l.d.Bye(reason)
}

// OnDialogRequest implements sip.DialogUser.
func (l *leg) OnDialogRequest(d *sip.Dialog, tx *sip.ServerTx, req *sip.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.noteAllow(req)
	switch req.Method {
	case sip.BYE:
		if d == l.d {
			l.statistics(req)
			l.byeByPhone(req)
		}
	case sip.INVITE, sip.UPDATE:
		l.changed(d, tx, req)
	case sip.PRACK:
		if tx.Final() == 0 {
			_ = d.Respond(tx, 488, nil) // an offer in PRACK: the session is not old enough to be changed
		}
	case sip.REFER:
		l.refer(d, tx, req)
	case sip.INFO:
		l.info(tx, req)
	case sip.OPTIONS:
		_ = d.Respond(tx, 200, nil)
	case sip.NOTIFY:
		_ = d.Respond(tx, 200, nil) // keep-alives and events nobody asked for
	case sip.SUBSCRIBE:
		l.unsubscribeRefer(d, tx, req)
	default:
		_ = tx.Reply(501)
	}
}

// byeByPhone is the phone hanging up. A transfer that it asked for goes on without it (R-30 a). Called with mu held.
func (l *leg) byeByPhone(req *sip.Request) {
	l.transfer = nil
	l.hangUp(hangUpCause(req))
}

// OnDialogAck implements sip.DialogUser.
func (l *leg) OnDialogAck(d *sip.Dialog, ack *sip.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d != l.d || l.phase != up {
		return
	}
	l.ackWanted = false
	use := l.ackFor
	l.ackFor = ackPlain
	if use != ackPlain {
		l.ackAnswer(use, ack)
	}
	l.pump()
}

// ackAnswer takes the session description in an ACK. Called with mu held.
func (l *leg) ackAnswer(use ackUse, ack *sip.Request) {
	media, origin, err := parseDescription(sdpOf(ack))
	if err != nil || !live(media) {
		switch use {
		case ackConnect, ackReady:
			// An offer without an answer: nothing was agreed, and nothing can be (RFC 3261 13.2.1).
			l.bye(reasonValue(signal.CauseIncompatibleDestination))
			l.hangUp(signal.CauseIncompatibleDestination)
		}
		return
	}
	media = l.fitAnswer(media)
	before := l.heard
	l.heard, l.origin = media, origin
	switch use {
	case ackConnect:
		l.tell(signal.Answer{Media: media})
	case ackReady:
		l.tell(signal.Ready{Media: media})
	case ackResume:
		if !alike(before, media) && l.offered == offerNone {
			l.offered = offerSilent
			l.tell(signal.Offer{Media: media})
		}
	}
}

// OnDialogCancel implements sip.DialogUser.
func (l *leg) OnDialogCancel(d *sip.Dialog, tx *sip.ServerTx) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.phase == up {
		if tx == l.tx {
			l.tx = nil
			l.offered = offerDrawn
		}
		return
	}
	if l.phase == dialing {
		l.hangUp(signal.CauseNormalClearing)
	}
}

// OnRefreshDue implements sip.DialogUser: the session is refreshed with what is in force; nothing of it reaches the
// other leg.
func (l *leg) OnRefreshDue(d *sip.Dialog) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.phase != up || d != l.d || l.said == nil {
		return
	}
	_ = d.Refresh("application/sdp", l.write(l.said, l.said.Streams))
}

// OnDialogLost implements sip.DialogUser.
func (l *leg) OnDialogLost(d *sip.Dialog, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.phase == over || l.d != d {
		return
	}
	l.s.say(l.st.name, "", "call with %s ended: %v", l.party.Number, why)
	l.hangUp(signal.CauseRecoveryOnTimer)
}

// write makes the wire form of a description of ours: its own o= line, whose version rises with each change and only
// then (R-28 d). Called with mu held.
func (l *leg) write(s *signal.Session, streams []signal.Stream) []byte {
	d := toSDP(s, streams)
	d.Origin = sdp.Origin{User: "-", SessionID: sessionID(l.id), Version: l.version, Address: l.addr.String()}
	if d.Connection.IsZero() {
		d.Connection = sdp.Connection{Address: d.Origin.Address}
	}
	b := d.Bytes()
	if l.text != nil && string(b) == string(l.text) {
		return l.text
	}
	if l.text != nil {
		l.version++
		d.Origin.Version = l.version
		b = d.Bytes()
	}
	l.text = b
	return b
}
