package sipua

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"tandem/call/signal"
	"tandem/registration"
	"tandem/wire/sdp"
	"tandem/wire/sip"
)

// overloadWait is what a refused caller is told to wait, in seconds (T-23).
const overloadWait = 2

// invite begins a call of a phone.
func (s *Server) invite(tx *sip.ServerTx, req *sip.Request) {
	dev := s.authenticate(tx, req)
	if dev == nil {
		return
	}
	st := s.station(dev.Name)
	if st == nil || !st.registered() {
		s.say(dev.Name, "", "INVITE from %s refused: the phone is not registered", tx.Flow().Remote())
		_ = tx.Reply(403)
		return
	}
	var offer *signal.Session
	var origin sdp.Origin
	if body := sdpOf(req); body != nil {
		var err error
		if offer, origin, err = parseDescription(body); err != nil {
			status := 400
			if errors.Is(err, errAddress) {
				status = 488
			}
			_ = tx.Reply(status, sip.NewHeader("Warning", `399 tandem "`+err.Error()+`"`))
			return
		}
		if !live(offer) {
			_ = tx.Reply(488)
			return
		}
	}
	replaced, status := s.replaced(req, st)
	if status != 0 {
		_ = tx.Reply(status)
		return
	}
	line := callingLine(dev, req)
	l := &leg{s: s, st: st, instance: line.Instance, number: line.Ref.Number, offer: offer, heard: offer, origin: origin, late: offer == nil,
		infos: true, replaces: replaced != nil, first: tx, firstCame: time.Now(), addr: tx.Flow().Local().Addr().Unmap()}
	d, err := s.ep.Incoming(tx, sip.LocalContact(tx.Flow(), l.number), l)
	if err != nil {
		return // it has been answered
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.setDialog(d)
	l.noteAllow(req)
	o := signal.Origin{Device: st.name, Instance: line.Instance, Address: tx.Flow().Remote().Addr().Unmap()}
	if a := offer.Audio(); a != nil {
		o.Capabilities = capabilities(offer)
		o.SRTP = len(a.Crypto) > 0
		st.learn(o.Capabilities)
	}
	id, err := s.o.Exchange.Originate(o, l)
	if err != nil {
		l.phase = over
		if errors.Is(err, signal.ErrOverloaded) {
			_ = d.Reject(503, sip.RetryAfter(overloadWait))
		} else {
			_ = d.Reject(403)
		}
		return
	}
	l.id = id
	st.enter(id, l)
	if replaced != nil {
		r, _ := sip.ParseReplaces(sip.HeaderValue(req, "Replaces"))
		l.tell(signal.Replace{Other: replaced.id, Offer: offer, EarlyOnly: r.EarlyOnly})
		return
	}
	l.tell(signal.Dial{Number: userOf(req.Recipient), Complete: true, Offer: offer})
}

// callingLine finds the line from which a phone calls: the one whose number it names, else its first.
func callingLine(dev *registration.Device, req *sip.Request) registration.Line {
	names := make([]string, 0, 3)
	names = append(names, userOf(req.From().Address))
	if c := sip.Contacts(req); len(c) > 0 {
		names = append(names, userOf(c[0].Address))
	}
	for _, p := range sip.PreferredIdentities(req) {
		names = append(names, userOf(p.URI))
	}
	for _, n := range names {
		if i := lineOf(dev, n); i > 0 {
			line := dev.Lines[i-1]
			line.Instance = i
			return line
		}
	}
	if len(dev.Lines) == 0 {
		return registration.Line{Instance: 1}
	}
	line := dev.Lines[0]
	line.Instance = 1
	return line
}

// capabilities are what a description says that its end can receive.
func capabilities(s *signal.Session) signal.Capabilities {
	var c signal.Capabilities
	if a := s.Audio(); a != nil {
		c.Codecs, c.SRTP = a.Codecs, len(a.Crypto) > 0
	}
	c.Video = s.Video() != nil
	return c
}

// sdpOf returns the session description of a message, alone or as a part of several (RFC 5621); nil without one.
func sdpOf(m sip.Message) []byte {
	body := m.Body()
	if len(body) == 0 {
		return nil
	}
	switch t := sip.MediaType(m); {
	case t == "application/sdp":
		return body
	case strings.HasPrefix(t, "multipart/"):
		return sdpPart(sip.HeaderValue(m, "Content-Type"), body)
	}
	return nil
}

// maxParts bounds the parts of a body that are looked at.
const maxParts = 8

func sdpPart(contentType string, body []byte) []byte {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return nil
	}
	r := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for range maxParts {
		p, err := r.NextRawPart()
		if err != nil {
			return nil
		}
		t, _, _ := strings.Cut(textproto.MIMEHeader(p.Header).Get("Content-Type"), ";")
		if !strings.EqualFold(strings.TrimSpace(t), "application/sdp") {
			continue
		}
		b, err := io.ReadAll(io.LimitReader(p, maxBody))
		if err != nil {
			return nil
		}
		return b
	}
	return nil
}

// sessionID is the number of a leg's description: that of its half-call, which no other leg has.
func sessionID(id signal.HalfCallID) string { return strconv.FormatUint(uint64(id), 10) }

// remoteAlerting tells the calling phone that the other side rings, or lets it hear the other side. Called with mu held.
func (l *leg) remoteAlerting(c signal.RemoteAlerting) {
	l.party = c.Connected
	if l.phase != dialing {
		return
	}
	status := 180
	if c.InBand {
		status = 183
	}
	var body []byte
	req := sip.Message(l.first.Request())
	reliable := false
	if live(c.Early) && l.offer != nil {
		if l.earlySaid == nil {
			m := l.answerTo(c.Early, l.offer)
			body = l.write(m, m.Streams)
			reliable = sip.HasToken(req, "Supported", "100rel") || sip.HasToken(req, "Require", "100rel")
			if reliable {
				l.earlySaid = m
			}
		}
		// An answer that went reliably stands: another one comes after the 200 (RFC 3262 5).
	}
	_ = l.d.Ring(status, body, reliable, l.identity("called")...)
}

// connect answers the calling phone. Called with mu held.
func (l *leg) connect(c signal.Connect) {
	l.party = c.Connected
	if l.phase != dialing {
		return
	}
	headers := l.identity("called")
	l.partyDirty = false
	if c.IsOffer || l.late {
		m := l.offerOf(c.Media)
		l.said = m
		l.ackFor = ackConnect
		l.answered(l.d.Answer(l.write(m, m.Streams), headers...))
		return
	}
	m := l.answerTo(c.Media, l.offer)
	switch {
	case l.earlySaid != nil && equal(l.earlySaid, m):
		l.said = m
		l.answered(l.d.Answer(l.write(m, m.Streams), headers...))
	case l.earlySaid != nil:
		// The phone has a final answer already, from whom the call was offered to before: it gets the new one as a change.
		l.said = l.earlySaid
		l.task = &task{media: c.Media, silent: true}
		l.answered(l.d.Answer(nil, headers...))
	default:
		l.said = m
		l.answered(l.d.Answer(l.write(m, m.Streams), headers...))
	}
}

// answered notes that our 200 is out. If a CANCEL was quicker, OnDialogCancel ends the leg. Called with mu held.
func (l *leg) answered(err error) {
	if err != nil {
		return
	}
	l.phase, l.ackWanted = up, true
	l.offer, l.earlySaid, l.first = nil, nil, nil
}

// fail refuses the calling phone. Called with mu held.
func (l *leg) fail(c signal.Fail) {
	switch l.phase {
	case dialing:
		_ = l.d.Reject(statusFor(c.Cause), reasonHeader(c.Cause)...)
	case up:
		l.bye(reasonValue(c.Cause))
	}
	l.hangUp(signal.CauseNormalClearing)
}
