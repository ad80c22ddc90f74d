package sip

import (
	"errors"
	"math/rand/v2"
	"time"
)

// ErrPending: an offer or INVITE is under way in the dialog; try again when it has its answer.
var ErrPending = errors.New("sip: another offer is pending in the dialog")

// Incoming makes a dialog of an INVITE or SUBSCRIBE without To tag. contact is ours, see
// [LocalContact]. An error means that the request cannot make a dialog; it has been answered then.
func (ep *Endpoint) Incoming(tx *ServerTx, contact *Contact, user DialogUser) (*Dialog, error) {
	req := tx.Request()
	from := FromTag(req)
	c := contactOf(req)
	if c == nil || c.Address.Wildcard {
		_ = tx.Reply(400)
		return nil, errors.New("sip: request without usable Contact")
	}
	d := &Dialog{ep: ep, user: user, callID: CallIDOf(req), localTag: tx.Tag(), remoteTag: from, contact: contact}
	to := req.To()
	d.localAddr = Address{DisplayName: to.DisplayName, URI: to.Address, Params: append(to.Params.Clone(), Param{K: "tag", V: d.localTag})}
	f := req.From()
	d.remoteAddr = Address{DisplayName: f.DisplayName, URI: f.Address, Params: f.Params}
	d.routes = recordRoutes(req, false)
	d.own()
	d.remoteSeq = req.CSeq().SeqNo
	d.refreshTarget(req, tx.Flow())
	if req.Method == INVITE {
		if d.checkSession(tx, req) {
			return nil, errors.New("sip: session interval too small")
		}
		d.inviteIn = tx
		d.offerIn, d.offerTx = hasOffer(req), tx
	} else {
		d.state = DialogConfirmed
	}
	tx.dialog.Store(d)
	ep.enterDialog(d)
	if tx.Cancelled() {
		d.mu.Lock()
		d.end()
		d.mu.Unlock()
		return nil, errors.New("sip: cancelled")
	}
	return d, nil
}

func hasOffer(m Message) bool { return len(m.Body()) > 0 }

// recordRoutes returns the route set (RFC 3261 12.1): as listed for the answering side, reversed
// for the asking one.
func recordRoutes(m Message, reversed bool) []URI {
	var routes []URI
	for _, h := range headersOf(m) {
		if r, ok := h.(*RecordRoute); ok {
			routes = append(routes, r.Address)
		}
	}
	if reversed {
		for i, j := 0, len(routes)-1; i < j; i, j = i+1, j-1 {
			routes[i], routes[j] = routes[j], routes[i]
		}
	}
	return routes
}

// receive takes a request of the dialog.
func (d *Dialog) receive(tx *ServerTx, req *Request) {
	d.mu.Lock()
	if d.state == DialogEnded {
		d.mu.Unlock()
		status := 481
		if req.Method == BYE { // crossed ours
			status = 200
		}
		_ = tx.Reply(status)
		return
	}
	if seq := req.CSeq().SeqNo; d.remoteSeq != 0 && seq <= d.remoteSeq {
		d.mu.Unlock()
		_ = tx.Reply(500, NewHeader("Warning", `399 dialog "CSeq is not above the last"`))
		return
	} else {
		d.remoteSeq = seq
	}
	d.settle()
	switch req.Method {
	case BYE:
		d.receiveBye(tx, req)
		return
	case PRACK:
		d.receivePrack(tx, req)
		return
	case INVITE, UPDATE:
		if status := d.glare(req); status != 0 {
			d.mu.Unlock()
			var more []Header
			if status == 500 {
				more = append(more, RetryAfter(1+rand.IntN(10)))
			}
			_ = tx.Reply(status, more...)
			return
		}
		if d.checkSession(tx, req) {
			d.mu.Unlock()
			return
		}
		d.refreshTarget(req, tx.Flow())
		if req.Method == INVITE {
			d.inviteIn = tx
			tx.dialog.Store(d)
		}
		if hasOffer(req) {
			d.offerIn, d.offerTx = true, tx
		}
	case SUBSCRIBE, NOTIFY, REFER:
		d.refreshTarget(req, tx.Flow())
	}
	d.mu.Unlock()
	d.user.OnDialogRequest(d, tx, req)
}

// settle forgets requests of the other end that have been answered past the dialog. Called with
// d.mu held.
func (d *Dialog) settle() {
	if d.inviteIn != nil && d.inviteIn.Final() != 0 {
		d.inviteIn = nil
	}
	if d.offerTx != nil && d.offerTx.Final() != 0 {
		d.offerIn, d.offerTx = false, nil
	}
}

// glare tells with what a request is refused that crosses another, 0 if it crosses none (RFC 3261
// 14.2, RFC 3311 5.2, R-21). Called with d.mu held.
func (d *Dialog) glare(req *Request) int {
	if req.Method == INVITE {
		switch {
		case d.inviteIn != nil || d.offerIn:
			return 500 // the first one has no final answer yet
		case d.inviteOut != nil || d.offerOut:
			return 491
		}
		return 0
	}
	if !hasOffer(req) {
		return 0
	}
	switch {
	case d.offerOut:
		return 491
	case d.offerIn:
		return 500
	}
	return 0
}

func (d *Dialog) receiveBye(tx *ServerTx, req *Request) {
	pending := d.inviteIn
	d.inviteIn = nil
	d.end()
	d.mu.Unlock()
	_ = tx.Reply(200)
	if pending != nil { // RFC 3261 15.1.2
		_ = pending.Reply(487)
	}
	d.user.OnDialogRequest(d, tx, req)
}

func (d *Dialog) cancelled(tx *ServerTx) {
	d.mu.Lock()
	if d.inviteIn == tx {
		d.inviteIn = nil
		d.offerIn, d.offerTx = false, nil
	}
	if d.state == DialogEarly {
		d.end()
	}
	d.mu.Unlock()
	d.user.OnDialogCancel(d, tx)
}

func (d *Dialog) acked(ack *Request) {
	d.mu.Lock()
	d.ackWanted, d.offerOut = false, false
	var err error
	if d.byeWanted != nil && d.state != DialogEnded {
		reason := *d.byeWanted
		d.byeWanted = nil
		err = d.bye(reason)
	}
	d.mu.Unlock()
	_ = err // a BYE that cannot be sent has ended the dialog all the same
	d.user.OnDialogAck(d, ack)
}

func (d *Dialog) noAck() {
	d.mu.Lock()
	if d.state == DialogEnded {
		d.mu.Unlock()
		return
	}
	wanted := d.byeWanted != nil
	d.ackWanted, d.byeWanted = false, nil
	_ = d.bye(`SIP;cause=408;text="no ACK"`)
	d.mu.Unlock()
	if !wanted {
		d.user.OnDialogLost(d, ErrNoAck)
	}
}

// Respond answers a request of the dialog with what the dialog adds: Contact, Allow, Supported and
// session headers. headers and body may be empty.
func (d *Dialog) Respond(tx *ServerTx, status int, body []byte, headers ...Header) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.respond(tx, status, body, headers)
}

func (d *Dialog) response(tx *ServerTx, status int, body []byte, headers []Header) *Response {
	res := tx.Response(status, "")
	m := tx.Request().Method
	if d.contact != nil && status > 100 && status < 300 && (makesDialog(m) || m == UPDATE) {
		res.AppendHeader(d.contact)
	}
	if h := d.ep.usual.server; h != nil {
		res.AppendHeader(h)
	}
	for _, h := range headers {
		res.AppendHeader(h)
	}
	SetBody(res, "application/sdp", body)
	return res
}

func (d *Dialog) respond(tx *ServerTx, status int, body []byte, headers []Header) error {
	res := d.response(tx, status, body, headers)
	req := tx.Request()
	if status >= 200 && (req.Method == INVITE || req.Method == UPDATE) {
		if status < 300 {
			d.ep.advertise(res)
			d.answerSession(req, res)
		}
		if tx == d.inviteIn {
			d.inviteIn = nil
		}
		d.offerIn, d.offerTx = false, nil
		if req.Method == INVITE && status < 300 {
			d.ackWanted = true
			d.offerOut = !hasOffer(req) && len(body) > 0
		}
	}
	err := tx.Respond(res)
	if errors.Is(err, ErrFinished) && req.Method == INVITE { // a CANCEL was quicker
		d.ackWanted, d.offerOut = false, false
	}
	return err
}

// Ring sends a provisional response to the INVITE, 180 or 183 usually. It goes reliably if reliable
// is set and the other end supports that, or if the other end requires it (RFC 3262 3).
func (d *Dialog) Ring(status int, body []byte, reliable bool, headers ...Header) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	tx := d.inviteIn
	if tx == nil {
		return ErrFinished
	}
	res := d.response(tx, status, body, headers)
	if status > 100 {
		d.ep.advertise(res)
		req := tx.Request()
		if HasToken(req, "Require", "100rel") || reliable && HasToken(req, "Supported", "100rel") {
			return d.sendReliably(tx, res)
		}
	}
	return tx.Respond(res)
}

// Answer answers the INVITE with 200 and a session description. As long as a reliable response
// with a session description has no PRACK the answer waits for it (R-26 d).
func (d *Dialog) Answer(body []byte, headers ...Header) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.answer(body, headers)
}

func (d *Dialog) answer(body []byte, headers []Header) error {
	tx := d.inviteIn
	if tx == nil {
		return ErrFinished
	}
	if d.reliable.mustWait() {
		d.reliable.answer = func() { _ = d.answer(body, headers) }
		return nil
	}
	d.dropReliable()
	if d.state == DialogEarly {
		d.state = DialogConfirmed
	}
	return d.respond(tx, 200, body, headers)
}

// Reject refuses the INVITE. The first INVITE's dialog ends with it.
func (d *Dialog) Reject(status int, headers ...Header) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	tx := d.inviteIn
	if tx == nil {
		return ErrFinished
	}
	d.dropReliable()
	err := d.respond(tx, status, nil, headers)
	if d.state == DialogEarly {
		d.end()
	}
	return err
}

// AfterGlare runs do when RFC 3261 14.1 lets us try again after 491: 2.1 to 4 s if we own the
// Call-ID, 0 to 2 s if not. stop prevents it; it does not run once the dialog has ended.
func (d *Dialog) AfterGlare(do func()) (stop func()) {
	wait := time.Duration(rand.IntN(201)) * 10 * time.Millisecond
	if d.owner {
		wait = 2100*time.Millisecond + time.Duration(rand.IntN(191))*10*time.Millisecond
	}
	t := new(dialogTimer)
	d.setTimer(t, wait, func(d *Dialog) {
		if d.State() != DialogEnded {
			do()
		}
	})
	return func() { d.stopTimer(t) }
}
