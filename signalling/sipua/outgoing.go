package sipua

import (
	"errors"
	"net/netip"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/wire/sip"
)

// ring calls the phone at each of its contacts; the first that answers has the call.
func (st *station) ring(id signal.HalfCallID, r signal.Ring) {
	s := st.s
	contacts := st.reach(r.Instance)
	if len(contacts) == 0 {
		s.o.Exchange.Tell(id, signal.Refuse{Cause: signal.CauseSubscriberAbsent})
		return
	}
	l := &leg{s: s, st: st, id: id, instance: r.Instance, number: r.Line.Number, phase: ringing, call: r.Call, party: r.Calling,
		late: r.Offer == nil, infos: true}
	st.enter(id, l)
	for i := range contacts {
		if f := contacts[i].flow; !f.Alive() {
			// A connection must be made first, which takes its time: nobody may wait for it here.
			if !s.begin() {
				return
			}
			go func() {
				defer s.work.Done()
				l.start(r, contacts)
			}()
			return
		}
	}
	l.start(r, contacts)
}

// start sends the INVITEs.
func (l *leg) start(r signal.Ring, contacts []contact) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.phase != ringing {
		return
	}
	failed := 0
	for i := range contacts {
		if err := l.fork(r, &contacts[i]); err != nil {
			failed++
			l.s.say(l.st.name, string(fault.SIPUnreachable), "it could not be called at %s: %v", contacts[i].flow, err)
		}
	}
	if failed == len(contacts) {
		l.end()
		l.tell(signal.Refuse{Cause: signal.CauseDestinationOutOfOrder})
	}
}

// fork sends the INVITE to one contact. The Request-URI is the contact as the phone gave it. Called with mu
// held.
func (l *leg) fork(r signal.Ring, c *contact) error {
	s := l.s
	target := c.target()
	f := c.flow
	if !f.Alive() {
		var err error
		if f, err = s.ep.FlowTo(target); err != nil {
			return err
		}
		target.Flow = f
	}
	local := f.Local()
	l.addr = local.Addr().Unmap()
	from := l.partyAddress(r.Calling, local)
	inv := sip.Invitation{URI: c.uri, From: from, To: sip.Address{URI: sip.AddrURI(l.number, local)}, CallID: s.ep.NewCallID(),
		Contact: sip.LocalContact(f, l.number), Target: target, Reliable: r.Offer != nil}
	inv.Headers = append(l.ringHeaders(r, local), sip.NewHeader("Expires", seconds(s.o.Parameters().InviteExpires)))
	if r.Offer != nil {
		m := l.offerOf(r.Offer)
		l.said = m
		inv.Body = l.write(m, m.Streams)
	}
	s.onLadder(inv.CallID, l.st.name, r.Call)
	call, err := s.ep.Invite(inv, l)
	if err != nil {
		s.unladder(inv.CallID)
		return err
	}
	l.forks = append(l.forks, call)
	return nil
}

// ringHeaders are what an INVITE to a phone says about the call. Called with mu held.
func (l *leg) ringHeaders(r signal.Ring, local netip.AddrPort) []sip.Header {
	h := l.identity("calling")
	h = append(h, diversions(r.Redirection, local)...)
	switch {
	case r.AutoAnswer:
		h = append(h, sip.NewHeader("Alert-Info", "<http://localhost>;info=alert-autoanswer"), sip.NewHeader("Call-Info", "<sip:localhost>;answer-after=0"))
	case r.AlertingInfo != "":
		h = append(h, sip.NewHeader("Alert-Info", "<"+r.AlertingInfo+">"))
	case r.External:
		h = append(h, sip.NewHeader("Alert-Info", "<http://localhost>;info=alert-external"))
	}
	if r.Offer == nil {
		// A reliable provisional response could make the offer, and nobody could answer it yet.
		h = append(h, sip.NewHeader("Supported", "timer, replaces, norefersub"))
	}
	return h
}

// OnProgress implements sip.CallUser.
func (l *leg) OnProgress(_ *sip.Call, d *sip.Dialog, res *sip.Response) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.phase != ringing {
		return
	}
	l.noteAllow(res)
	if d != nil {
		d.SetValue(l) // who picks the call up names this dialog
		l.early = d
	}
	var early *signal.Session
	if body := sdpOf(res); body != nil && !l.late {
		if m, _, err := parseDescription(body); err == nil && live(m) {
			early = l.fitAnswer(m)
		}
	}
	if early == nil && l.told == res.StatusCode {
		return
	}
	l.told = res.StatusCode
	if res.StatusCode == 183 {
		l.tell(signal.DeviceProgress{Early: early})
	} else {
		l.tell(signal.DeviceAlerting{Early: early})
	}
}

// OnAnswer implements sip.CallUser.
func (l *leg) OnAnswer(c *sip.Call, d *sip.Dialog, res *sip.Response) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.phase != ringing {
		l.surplus(d, res)
		return
	}
	l.noteAllow(res)
	for _, other := range l.forks {
		if other != c {
			other.Cancel(elsewhere)
		}
	}
	l.forks, l.early = nil, nil
	l.setDialog(d)
	body := sdpOf(res)
	if body == nil && !l.late {
		if b, reliable := d.EarlyAnswer(); reliable {
			body = b // RFC 3262: the answer came before (R-25 f)
		}
	}
	media, origin, err := parseDescription(body)
	if err != nil || !live(media) {
		l.s.say(l.st.name, "", "it answered without usable media")
		_ = d.Ack(nil)
		_ = d.Bye(reasonValue(signal.CauseIncompatibleDestination))
		l.end()
		l.tell(signal.Refuse{Cause: signal.CauseIncompatibleDestination})
		return
	}
	l.phase = up
	l.origin = origin
	if l.late {
		l.ackDue, l.asked = true, media
		l.heard = media
		l.st.learn(capabilities(media))
	} else {
		media = l.fitAnswer(media)
		l.heard = media
		_ = d.Ack(nil)
	}
	l.tell(signal.Pickup{Media: media})
}

// surplus ends a dialog that nobody wants any more: another contact, or nobody, has the call.
func (l *leg) surplus(d *sip.Dialog, res *sip.Response) {
	var answer []byte
	if body := sdpOf(res); body != nil && l.late {
		if m, _, err := parseDescription(body); err == nil {
			answer = l.refusal(m)
		}
	}
	_ = d.Ack(answer)
	_ = d.Bye(elsewhere)
}

// OnCallFailed implements sip.CallUser.
func (l *leg) OnCallFailed(c *sip.Call, res *sip.Response, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.s.unladder(c.CallID())
	for i, f := range l.forks {
		if f == c {
			l.forks = append(l.forks[:i], l.forks[i+1:]...)
			break
		}
	}
	if l.phase != ringing {
		return
	}
	r := signal.Refuse{Cause: signal.CauseDestinationOutOfOrder}
	decided := false
	switch {
	case res != nil && res.StatusCode < 400:
		if number := redirectNumber(res); number != "" {
			r, decided = signal.Refuse{Cause: signal.CauseNumberChanged, RedirectTo: number}, true
		}
	case res != nil:
		r.Cause = causeFor(res)
		decided = res.StatusCode >= 600 // RFC 3261 21.6: for all contacts
	case errors.Is(err, sip.ErrTimeout):
		r.Cause = signal.CauseNoUserResponding
		f := fault.New(fault.SIPUnreachable, "device", l.st.name, "address", "its contact", "timeout", "32 s")
		l.s.say(l.st.name, string(f.Code), "it does not answer: %v", err)
		l.s.o.Alarms.Event(f, l.st.name)
	default:
		l.s.say(l.st.name, string(fault.SIPUnreachable), "it could not be called: %v", err)
	}
	if l.worst == signal.CauseNone || tells(r.Cause) > tells(l.worst) {
		l.worst = r.Cause
	}
	if !decided {
		if len(l.forks) > 0 {
			return
		}
		r.Cause = l.worst
	}
	for _, other := range l.forks {
		other.Cancel("")
	}
	l.end()
	l.tell(r)
}

// tells ranks refusals of several contacts: what a person did says more than what happened to a device.
func tells(c signal.Cause) int {
	switch c {
	case signal.CauseCallRejected:
		return 3
	case signal.CauseUserBusy:
		return 2
	case signal.CauseNoAnswer, signal.CauseNoUserResponding:
		return 1
	}
	return 0
}

// redirectNumber is where a 3xx sends the caller: the user of its best Contact.
func redirectNumber(res *sip.Response) string {
	for _, c := range sip.Contacts(res) {
		if n := userOf(c.Address); n != "" && !c.Address.Wildcard {
			return n
		}
	}
	return ""
}

// clear ends the leg because the half-call ended. Called with mu held.
func (l *leg) clear(c signal.Clear) {
	switch l.phase {
	case dialing:
		cause := c.Cause
		if cause == signal.CauseNone || cause == signal.CauseNormalClearing {
			cause = signal.CauseNormalUnspecified
		}
		_ = l.d.Reject(statusFor(cause), reasonHeader(cause)...)
	case ringing:
		reason := reasonValue(c.Cause)
		if c.Elsewhere {
			reason = elsewhere
		}
		for _, f := range l.forks {
			f.Cancel(reason)
		}
	case up:
		reason := reasonValue(c.Cause)
		if c.Elsewhere {
			reason = elsewhere
		}
		l.bye(reason)
	case over:
		return
	}
	l.end()
}
