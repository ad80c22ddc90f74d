package sipua

import (
	"tandem/call/signal"
	"tandem/wire/sip"
)

// transfer is a REFER of the phone that is under way: the implicit subscription by which the phone hears of it.
type transfer struct {
	cseq   uint32
	quiet  bool // the phone wants to hear nothing (RFC 4488)
	status int  // told last
}

// refer takes a REFER in the dialog of a call (RFC 3515): a transfer without consultation, or with one when it names
// another call of the same phone. Called with mu held.
func (l *leg) refer(d *sip.Dialog, tx *sip.ServerTx, req *sip.Request) {
	target, ok := sip.ParseReferTo(req)
	switch {
	case l.phase != up || d != l.d:
		_ = d.Respond(tx, 481, nil)
		return
	case !ok:
		_ = d.Respond(tx, 400, nil)
		return
	case target.Method != sip.INVITE:
		_ = d.Respond(tx, 405, nil)
		return
	case l.transfer != nil:
		_ = d.Respond(tx, 491, nil) // R-30 c: the first one goes on
		return
	}
	event := signal.Event(signal.TransferTo{Number: userOf(target.URI)})
	status := 0
	if target.Replaces != nil {
		var other *leg
		if other, status = l.s.find(*target.Replaces); other != nil {
			if other.st != l.st || other == l {
				status = 403
			} else {
				event = signal.TransferWith{Consultation: other.id}
			}
		}
	} else if userOf(target.URI) == "" {
		_ = d.Respond(tx, 400, nil)
		return
	}
	t := &transfer{cseq: req.CSeq().SeqNo}
	var headers []sip.Header
	if v := sip.HeaderValue(req, "Refer-Sub"); v == "false" {
		t.quiet = true
		headers = append(headers, sip.NewHeader("Refer-Sub", "false"))
	}
	l.transfer = t
	_ = d.Respond(tx, 202, nil, headers...)
	if status != 0 {
		l.notifyTransfer(status, true)
		return
	}
	l.notifyTransfer(100, false)
	l.tell(event)
}

// transferStatus tells the phone how the transfer goes. Called with mu held.
func (l *leg) transferStatus(c signal.TransferStatus) {
	switch {
	case l.transfer == nil || l.phase != up:
	case c.Cause != signal.CauseNone:
		l.notifyTransfer(statusFor(c.Cause), true)
	case c.Done:
		l.notifyTransfer(200, true)
	case c.Alerting:
		l.notifyTransfer(180, false)
	}
}

// notifyTransfer sends the NOTIFY about a REFER (RFC 3515 2.4.5). Called with mu held.
func (l *leg) notifyTransfer(status int, last bool) {
	t := l.transfer
	if last {
		l.transfer = nil
	}
	if t.quiet || t.status == status {
		return
	}
	t.status = status
	req := l.d.NewRequest(sip.NOTIFY)
	req.AppendHeader(sip.Event{Package: "refer", ID: itoa(t.cseq)}.Header())
	state := sip.SubscriptionState{State: "active", Expires: 60}
	if last {
		state = sip.SubscriptionState{State: "terminated", Reason: "noresource", Expires: -1}
	}
	req.AppendHeader(state.Header())
	sip.SetBody(req, sip.SipfragType, sip.Sipfrag(status, ""))
	_, _ = l.d.Send(req, nil)
}

// unsubscribeRefer takes a SUBSCRIBE in the dialog of a call: only the implicit subscription of a REFER can be meant.
// Called with mu held.
func (l *leg) unsubscribeRefer(d *sip.Dialog, tx *sip.ServerTx, req *sip.Request) {
	e, ok := sip.ParseEvent(req)
	if !ok || e.Package != "refer" || l.transfer == nil {
		_ = d.Respond(tx, 481, nil)
		return
	}
	n, _ := sip.Expires(req)
	if n == 0 {
		l.transfer.quiet = true
	}
	_ = d.Respond(tx, 200, nil, sip.NewHeader("Expires", itoa(min(n, 60))))
}

// find looks up the call that a Replaces means, and the status for there being none (RFC 3891 3).
func (s *Server) find(r sip.Replaces) (*leg, int) {
	d := s.ep.FindReplaced(r)
	if d == nil {
		return nil, 481
	}
	other, ok := d.Value().(*leg)
	if !ok {
		return nil, 481
	}
	switch {
	case d.State() == sip.DialogEnded:
		return nil, 603
	case r.EarlyOnly && d.State() != sip.DialogEarly:
		return nil, 486
	}
	return other, 0
}

// replaced finds the call whose place an INVITE with Replaces takes: one of the same phone, or of another appearance of a
// line that the phone has as well. status is what to refuse the INVITE with.
func (s *Server) replaced(req *sip.Request, st *station) (other *leg, status int) {
	v := sip.HeaderValue(req, "Replaces")
	if v == "" {
		return nil, 0
	}
	r, ok := sip.ParseReplaces(v)
	if !ok || len(sip.HeaderValues(req, "Replaces")) > 1 {
		return nil, 400
	}
	if other, status = s.find(r); other == nil {
		return nil, status
	}
	if other.st == st {
		return other, 0
	}
	line, ok := other.st.device().Line(other.instance)
	if ok {
		for _, mine := range st.device().Lines {
			if mine.Ref == line.Ref {
				return other, 0
			}
		}
	}
	return nil, 403
}
