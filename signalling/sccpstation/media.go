package sccpstation

import (
	"net/netip"
	"time"

	"tandem/call/signal"
	"tandem/wire/sccp"
)

// purpose is what is to be told when the receive channel is open.
type purpose uint8

const (
	forNothing purpose = iota
	forReady           // the called device's answer or offer, after the Accept
	forAnswer          // the answer to the peer's offer
	forOffer           // the offer that call processing asked for
	forResume          // our own offer: resume, or media restored after a transfer that failed
)

// channel is the state of the receive channel.
type channel uint8

const (
	closed channel = iota
	opening
	open
)

// media is the audio of one call. The phone opens one codec at a time and says where it listens; then it can be told where
// to send. Nothing that the user does waits for it.
type media struct {
	rx      channel
	party   uint32 // of the channel: names it in both directions
	format  *format
	codec   signal.Codec // as agreed, with the payload type in use
	millis  uint16
	local   netip.AddrPort // where the phone listens, or listened last
	purpose purpose
	reply   signal.Direction // of the answer that is owed
	list    []signal.Codec   // what the codec was chosen from, kept for a resume
	tries   int
	waiting *time.Timer // for the acknowledgement

	far       netip.AddrPort // where the peer listens
	farTakes  bool           // it wants to receive
	farEvents uint8          // its payload type of DTMF events, 0 for none
	events    uint8          // the payload type that we take them with: the peer's in an answer, ours in an offer
	sending   bool
	sendTo    netip.AddrPort
	fresh     bool // another party came: the next offer opens a new channel
	resumes   bool // a resume waits behind the answer that is owed
	restoring bool // opened in case that the former party is back; whatever is asked for next takes its place

	offering bool // our own offer is out
	again    bool // what the user wants changed meanwhile
	retries  int
	retry    *time.Timer
}

func (m *media) stopTimers() {
	stop(&m.waiting)
	stop(&m.retry)
}

// maxOpens is how often an open request is made before it counts as refused.
const maxOpens = 3

// openMedia opens a codec of the list for a purpose, or takes the channel that is open if it will do.
func (st *station) openMedia(c *call, list []signal.Codec, ptime uint16, why purpose) {
	m := &c.media
	f, codec, ok := st.choose(list)
	if !ok {
		st.refuseMedia(c, why, signal.CauseIncompatibleDestination)
		return
	}
	m.list = list
	if m.events = eventPayload; why == forAnswer || why == forReady {
		m.events = eventsOf(list) // an answer names no more than was offered (RFC 3264 6.1)
	}
	millis := f.millis
	if ptime >= 10 && ptime <= 60 && ptime%10 == 0 && f.millis == 20 {
		millis = ptime
	}
	if m.rx != closed && !m.fresh && m.format == f && m.millis == millis {
		m.superseded(why)
		m.codec, m.purpose = codec, why
		if m.rx == open {
			st.mediaOpen(c)
		}
		return
	}
	m.superseded(why)
	m.close(st, c) // one stream at a time
	m.fresh = false
	m.format, m.codec, m.millis, m.purpose, m.tries = f, codec, millis, why, 0
	st.requestOpen(c)
}

// superseded notes that a resume is overtaken by the answer to a peer's offer: it is offered afterwards, for the peer must
// hear that it is held no more.
func (m *media) superseded(by purpose) {
	if m.purpose == forResume && by == forAnswer && !m.restoring {
		m.resumes = true
	}
	m.restoring = false
}

// requestOpen sends OpenReceiveChannel and waits for the acknowledgement, for a while.
func (st *station) requestOpen(c *call) {
	m := &c.media
	m.rx, m.tries = opening, m.tries+1
	if st.party++; st.party > 0x00FFFFFF {
		st.party = 1
	}
	m.party = st.party
	o := &st.x.open
	*o = sccp.OpenReceiveChannel{ConferenceID: c.ref, PassThroughPartyID: m.party, PacketMillis: uint32(m.millis),
		Payload: m.format.payload, EchoCancellation: true, Codec: m.parameters(), CallReference: c.ref}
	if st.events && m.events != 0 {
		o.Options.RFC2833Payload, o.Options.DTMFType = uint32(m.events), sccp.DTMFEvents
	}
	st.sendFor(c, o)
	stop(&m.waiting)
	party := m.party
	m.waiting = st.after(st.srv.Parameters().MediaWait, func() {
		if m.rx == opening && m.party == party {
			st.unanswered(c)
		}
	})
}

func (m *media) parameters() sccp.CodecParameters {
	p := sccp.CodecParameters{Mode: m.format.mode}
	if m.format.dynamic {
		p.DynamicPayload = m.codec.Payload
	}
	return p
}

// unanswered repeats an open request that the phone forgot; a phone that forgets it for good loses that stream only.
func (st *station) unanswered(c *call) {
	m := &c.media
	if st.sess != nil {
		st.srv.figures.missed(st.sess.device)
	}
	if m.tries < maxOpens {
		st.closeReceive(c)
		st.requestOpen(c)
		return
	}
	why := m.purpose
	m.close(st, c)
	st.refuseMedia(c, why, signal.CauseRecoveryOnTimer)
}

// openAck is the phone listening, or not. It counts only for the request that it answers: by the party id, by the call
// reference where that is missing, by the only open request where both are.
func (st *station) openAck(a *sccp.OpenReceiveChannelAck) {
	c := st.awaiting(a.PassThroughPartyID, a.CallReference)
	if c == nil {
		st.foreignAck(a)
		return
	}
	m := &c.media
	st.noteIncoming(c)
	stop(&m.waiting)
	if a.Status != sccp.MediaOK {
		st.notOpened(c, a.Status)
		return
	}
	ip := a.Address.Addr().Unmap()
	if !ip.IsValid() || ip.IsUnspecified() {
		ip = st.address()
	}
	m.local = netip.AddrPortFrom(ip, a.Address.Port())
	m.rx = open
	st.mediaOpen(c)
	st.transmit(c)
}

// awaiting finds the call whose open request an acknowledgement answers.
func (st *station) awaiting(party, ref uint32) *call {
	var only *call
	n := 0
	for _, c := range st.calls {
		if c.lost || c.media.rx != opening {
			continue
		}
		if party != 0 {
			if c.media.party == party && (ref == 0 || ref == c.ref) {
				return c
			}
			continue
		}
		if ref != 0 {
			if ref == c.ref {
				return c
			}
			continue
		}
		only, n = c, n+1
	}
	if n == 1 {
		return only
	}
	return nil
}

// foreignAck closes a channel that nobody waits for any more (sccp.md 4.7, R-7).
func (st *station) foreignAck(a *sccp.OpenReceiveChannelAck) {
	for _, c := range st.calls {
		if c.media.rx == open && (c.media.party == a.PassThroughPartyID || a.PassThroughPartyID == 0) {
			return // the same acknowledgement again
		}
	}
	st.srv.figures.foreign.Add(1)
	ref := a.CallReference
	if a.Status != sccp.MediaOK || a.PassThroughPartyID == 0 || ref == 0 || st.byReference(ref) != nil {
		return // a channel that has been closed already; another one of the call may be open
	}
	st.x.closeRx = sccp.CloseReceiveChannel{ConferenceID: ref, PassThroughPartyID: a.PassThroughPartyID, CallReference: ref}
	st.send(&st.x.closeRx)
	st.x.stopTx = sccp.StopMediaTransmission{ConferenceID: ref, PassThroughPartyID: a.PassThroughPartyID, CallReference: ref}
	st.send(&st.x.stopTx)
}

// notOpened is a phone that cannot listen.
func (st *station) notOpened(c *call, status sccp.MediaStatus) {
	m := &c.media
	why := m.purpose
	m.rx, m.purpose = closed, forNothing
	st.srv.Story.Say(st.name, "", "Could not open its audio: "+status.String()+".")
	if status.OnHook() || status == sccp.MediaNotEnoughChannels || status == sccp.MediaOutOfSockets {
		st.end(c) // sccp.md 4.7
		return
	}
	if rest := m.without(m.format); len(rest) > 0 {
		st.openMedia(c, rest, 0, why) // another codec may do
		return
	}
	st.refuseMedia(c, why, signal.CauseIncompatibleDestination)
}

// without is the list of codecs that remain when one does not work.
func (m *media) without(f *format) (rest []signal.Codec) {
	audio := false
	for _, c := range m.list {
		if f != nil && c.Is(f.codec.Name) {
			continue
		}
		rest = append(rest, c)
		audio = audio || !c.Is("telephone-event")
	}
	if !audio {
		return nil
	}
	return rest
}

// mediaOpen tells call processing what it waits for.
func (st *station) mediaOpen(c *call) {
	m := &c.media
	why := m.purpose
	m.purpose = forNothing
	switch why {
	case forReady:
		c.tell(signal.Ready{Media: st.describe(c, m.reply)})
	case forAnswer:
		c.tell(signal.Answer{Media: st.describe(c, m.reply)})
		if m.resumes {
			m.resumes = false
			st.offerWanted(c)
		}
	case forOffer:
		m.offering = true
		c.tell(signal.Offer{Media: st.describe(c, signal.SendRecv)})
	case forResume:
		m.restoring = false
		st.offer(c, signal.SendRecv)
	}
}

// describe is what the phone does now as a session of one stream.
func (st *station) describe(c *call, d signal.Direction) *signal.Session {
	m := &c.media
	at := m.local
	if at.Port() == 0 {
		// Nothing was ever opened: an address is needed all the same, and nobody will send to it.
		ip := st.address()
		if !ip.IsValid() {
			ip = netip.IPv4Unspecified()
		}
		at = netip.AddrPortFrom(ip, discardPort)
	}
	codec := m.codec
	if m.format == nil {
		f := &formats[0]
		if len(st.payloads) > 0 {
			f = formatOf[st.payloads[0]]
		}
		codec = f.codec
	}
	codecs := make([]signal.Codec, 1, 2)
	codecs[0] = codec
	if st.events && m.events != 0 {
		e := telephoneEvent
		e.Payload = m.events
		codecs = append(codecs, e)
	}
	return &signal.Session{Streams: []signal.Stream{{
		Kind: "audio", Address: at, Protocol: "RTP/AVP", Codecs: codecs, Direction: d, Ptime: max(m.millis, 10),
	}}}
}

// discardPort is named where an address is needed at which nobody listens (RFC 863).
const discardPort = 9

// refuseMedia tells call processing that there will be no media.
func (st *station) refuseMedia(c *call, why purpose, cause signal.Cause) {
	switch why {
	case forReady, forAnswer, forOffer:
		c.tell(signal.RefuseMedia{Cause: cause})
	case forResume:
		c.state = sHeld
		st.showHeld(c)
		st.notice(st.label(sccp.LabelTempFail))
	}
}

// heard notes what the peer says about itself.
func (m *media) heard(s *signal.Session) bool {
	a := s.Audio()
	if a == nil {
		m.farTakes = false
		return false
	}
	m.far = a.Address
	m.farTakes = a.Direction.Receives() && !a.Address.Addr().IsUnspecified()
	m.farEvents = eventsOf(a.Codecs)
	return true
}

// transmit starts or stops sending as both ends want it now. Both directions carry the same codec.
func (st *station) transmit(c *call) {
	m := &c.media
	want := m.rx == open && c.state != sHeld && m.farTakes && m.far.Port() != 0
	if m.sending && (!want || m.sendTo != m.far) {
		st.stopTransmission(c)
	}
	if !want || m.sending {
		return
	}
	m.sending, m.sendTo = true, m.far
	o := &st.x.start
	*o = sccp.StartMediaTransmission{ConferenceID: c.ref, PassThroughPartyID: m.party, Remote: m.far,
		PacketMillis: uint32(m.millis), Payload: m.format.payload,
		Precedence: uint32(st.srv.Parameters().AudioDSCP) << 2, Codec: m.parameters(), CallReference: c.ref}
	if st.events && m.farEvents != 0 {
		o.Options.RFC2833Payload, o.Options.DTMFType = uint32(m.farEvents), sccp.DTMFEvents
	}
	st.sendFor(c, o)
}

func (st *station) stopTransmission(c *call) {
	m := &c.media
	m.sending = false
	st.x.stopTx = sccp.StopMediaTransmission{ConferenceID: c.ref, PassThroughPartyID: m.party, CallReference: c.ref}
	st.sendFor(c, &st.x.stopTx)
}

func (st *station) closeReceive(c *call) {
	m := &c.media
	st.x.closeRx = sccp.CloseReceiveChannel{ConferenceID: c.ref, PassThroughPartyID: m.party, CallReference: c.ref}
	st.sendFor(c, &st.x.closeRx)
	m.rx = closed
}

// close ends both directions: CloseReceiveChannel, then StopMediaTransmission (sccp.md 4.7).
func (m *media) close(st *station, c *call) {
	stop(&m.waiting)
	if m.rx != closed {
		st.closeReceive(c)
	}
	if m.sending {
		st.stopTransmission(c)
	}
	m.purpose = forNothing
}

// eventsBothWays says that keys travel as RTP events between the phones themselves.
func (m *media) eventsBothWays(st *station) bool { return st.events && m.farEvents != 0 && m.sending }

// transmitAck is the phone sending, or not.
func (st *station) transmitAck(a *sccp.StartMediaTransmissionAck) {
	for _, c := range st.calls {
		if c.media.sending && (c.media.party == a.PassThroughPartyID || a.PassThroughPartyID == 0 && (c.ref == a.CallReference || a.CallReference == 0)) {
			st.noteIncoming(c)
			if a.Status != sccp.MediaOK {
				st.srv.Story.Say(st.name, "", "Could not send its audio: "+a.Status.String()+".")
				if a.Status.OnHook() {
					st.end(c)
				}
			}
			return
		}
	}
}

func (st *station) transmitFailed(f *sccp.MediaTransmissionFailure) {
	st.srv.Story.Say(st.name, "", "What it sends to "+f.Remote.String()+" does not arrive.")
}

// noteIncoming shows the message that is being handled in the call's ladder.
func (st *station) noteIncoming(c *call) {
	if st.srv.Ladder != nil && st.x.incoming != nil {
		c.ladder(false, st.x.incoming.ID(), summary(st.x.incoming), st.x.frame)
		st.x.incoming = nil
	}
}
