package sip

import (
	"errors"
	"sync"
)

// CallUser gets the answers to an INVITE of ours, and afterwards the events of its dialogs.
type CallUser interface {
	DialogUser
	// OnProgress gets each new provisional response above 100. d is its early dialog, nil if it has no
	// tag. A reliable one has been acknowledged, unless it makes an offer: then call d.Prack.
	OnProgress(c *Call, d *Dialog, res *Response)
	// OnAnswer gets the first 2xx: call d.Ack, with an answer if the INVITE had no offer.
	OnAnswer(c *Call, d *Dialog, res *Response)
	// OnCallFailed gets the final failure, or with res nil the reason for which there is none:
	// [ErrTimeout], [ErrCancelled], or what the transport said.
	OnCallFailed(c *Call, res *Response, err error)
}

// ErrCancelled: the call was answered when it had been cancelled already; it has been ended.
var ErrCancelled = errors.New("sip: answered after it was cancelled")

// Invitation is what an INVITE, or another request that starts a dialog, is made of.
type Invitation struct {
	URI      URI      // Request-URI
	From, To Address  // without tags
	CallID   string   // "": a new one
	Contact  *Contact // nil: [LocalContact] of the flow with the user of From
	Target   Target
	Routes   []URI // Route headers
	Body     []byte
	Type     string   // of the body, "": application/sdp
	Headers  []Header // further ones
	Creds    Credentials
	// Reliable: 100rel is supported; RequireReliable: it is required.
	Reliable, RequireReliable bool
	// FollowContact as [Dialog.FollowContact].
	FollowContact bool
}

// maxForks bounds the early dialogs of one INVITE.
const maxForks = 16

// Call is an INVITE of ours until its final response.
type Call struct {
	ep       *Endpoint
	user     CallUser
	callID   string
	localTag string
	offered  bool
	inv      *Invitation
	contact  *Contact
	x        exchange

	mu        sync.Mutex
	early     []*Dialog
	done      bool
	cancelled bool
	reason    string
}

func (ep *Endpoint) newInvitation(m Method, inv *Invitation) (*Request, *Contact, error) {
	f, err := ep.FlowTo(inv.Target)
	if err != nil {
		return nil, nil, err
	}
	inv.Target.Flow = f
	req := ep.NewRequest(m, inv.URI, inv.From, inv.To, inv.CallID)
	for i := range inv.Routes {
		req.AppendHeader(&Route{Address: inv.Routes[i]})
	}
	contact := inv.Contact
	if contact == nil {
		contact = LocalContact(f, inv.From.URI.User)
	}
	req.AppendHeader(contact)
	for _, h := range inv.Headers {
		req.AppendHeader(h)
	}
	ep.signRequest(req)
	kind := inv.Type
	if kind == "" {
		kind = "application/sdp"
	}
	if len(inv.Body) > 0 {
		SetBody(req, kind, inv.Body)
	}
	return req, contact, nil
}

// Invite sends an INVITE. An error means that nothing was sent.
func (ep *Endpoint) Invite(inv Invitation, user CallUser) (*Call, error) {
	req, contact, err := ep.newInvitation(INVITE, &inv)
	if err != nil {
		return nil, err
	}
	if inv.RequireReliable {
		req.AppendHeader(NewHeader("Require", "100rel"))
	} else if inv.Reliable && !HasHeader(req, "Supported") {
		v := "100rel"
		if ep.opt.Supported != "" {
			v = ep.opt.Supported
			if !HasTokenIn(v, "100rel") {
				v += ", 100rel"
			}
		}
		req.AppendHeader(NewHeader("Supported", v))
	}
	ep.advertise(req)
	c := &Call{ep: ep, user: user, callID: CallIDOf(req), localTag: FromTag(req), offered: len(inv.Body) > 0, inv: &inv, contact: contact}
	c.x = exchange{ep: ep, target: inv.Target, user: c, creds: inv.Creds}
	if s := ep.opt.SessionInterval; s > 0 {
		req.AppendHeader(SessionExpires{Seconds: uint32(s.Seconds())}.Header())
	}
	if _, err := c.x.start(req); err != nil {
		return nil, err
	}
	return c, nil
}

// HasTokenIn reports whether a comma list holds a token, in any case.
func HasTokenIn(list, token string) bool { return containsFold(splitList(nil, list), token) }

// CallID returns the Call-ID.
func (c *Call) CallID() string { return c.callID }

// LocalTag returns our tag.
func (c *Call) LocalTag() string { return c.localTag }

// Cancel gives the call up: no further attempt is made, CANCEL goes out as soon as the rules allow,
// and a 200 that crosses it is acknowledged and ended. OnCallFailed tells the end. reason is
// the value of a Reason header, "" for none.
func (c *Call) Cancel(reason string) {
	c.mu.Lock()
	if c.done || c.cancelled {
		c.mu.Unlock()
		return
	}
	c.cancelled, c.reason = true, reason
	c.mu.Unlock()
	if tx := c.x.stop(); tx != nil {
		tx.Cancel(reason)
	}
}

// OnResponse implements ResponseHandler.
func (c *Call) OnResponse(tx *ClientTx, res *Response) {
	switch {
	case res.StatusCode == 100:
	case res.StatusCode < 200:
		c.provisional(tx, res)
	case res.StatusCode < 300:
		c.answered(tx, res)
	default:
		c.failed(res, nil)
	}
}

// OnFailure implements ResponseHandler.
func (c *Call) OnFailure(_ *ClientTx, err error) { c.failed(nil, err) }

func (c *Call) failed(res *Response, err error) {
	c.mu.Lock()
	c.done = true
	early := c.early
	c.early = nil
	c.mu.Unlock()
	for _, d := range early {
		d.Close()
	}
	c.user.OnCallFailed(c, res, err)
}

// dialog returns the early dialog of a tag, a new one if it is the first response with it.
func (c *Call) dialog(tx *ClientTx, res *Response) *Dialog {
	tag := ToTag(res)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.early {
		if d.remoteTag == tag { // set before the dialog was entered, never changed for calls
			return d
		}
	}
	if tag == "" || len(c.early) >= maxForks && res.StatusCode < 200 {
		return nil
	}
	d := c.ep.dialogOf(res, tx.Flow())
	d.user, d.call, d.contact, d.creds = c.user, c, c.contact, c.inv.Creds
	d.followContact = c.inv.FollowContact
	d.offerOut = c.offered
	if contactOf(res) == nil {
		d.target = c.inv.URI
	}
	c.early = append(c.early, d)
	c.ep.enterDialog(d)
	return d
}

// dialogOf makes the dialog of a response to an INVITE of ours.
func (ep *Endpoint) dialogOf(res *Response, f Flow) *Dialog {
	d := &Dialog{ep: ep, user: silentUser{}, owner: true, callID: CallIDOf(res), localTag: FromTag(res), remoteTag: ToTag(res), flow: f}
	from, to := res.From(), res.To()
	d.localAddr = Address{DisplayName: from.DisplayName, URI: from.Address, Params: from.Params}
	d.remoteAddr = Address{DisplayName: to.DisplayName, URI: to.Address, Params: to.Params}
	d.localSeq = res.CSeq().SeqNo
	d.ackSeq = d.localSeq
	d.routes = recordRoutes(res, true)
	d.own()
	d.refreshTarget(res, f)
	return d
}

func (c *Call) provisional(tx *ClientTx, res *Response) {
	d := c.dialog(tx, res)
	if d == nil {
		c.user.OnProgress(c, nil, res)
		return
	}
	rseq, reliable := ParseRSeq(res)
	reliable = reliable && HasToken(res, "Require", "100rel")
	d.mu.Lock()
	if d.state == DialogEnded {
		d.mu.Unlock()
		return
	}
	d.refreshTarget(res, tx.Flow())
	prack := false
	if reliable {
		if d.rseqIn != 0 && rseq != d.rseqIn+1 { // a repeat, or one came before its time (RFC 3262 4)
			d.mu.Unlock()
			return
		}
		d.rseqIn = rseq
		prack = true
		if len(res.Body()) > 0 {
			d.offerOut = false
			if !c.offered {
				d.offerIn, prack = true, false
			}
		}
	}
	if len(res.Body()) > 0 && (reliable || !d.earlyKept) {
		d.early, d.earlyKept = res.Body(), reliable
	}
	d.mu.Unlock()
	c.mu.Lock()
	gone := c.cancelled || c.done
	c.mu.Unlock()
	if prack && !gone {
		_ = d.Prack(res, nil, nil)
	}
	c.user.OnProgress(c, d, res)
}

func (c *Call) answered(tx *ClientTx, res *Response) {
	d := c.dialog(tx, res)
	c.mu.Lock()
	c.done = true
	cancelled, reason := c.cancelled, c.reason
	early := c.early
	c.early = nil
	c.mu.Unlock()
	for _, o := range early {
		if o != d {
			o.Close()
		}
	}
	if d == nil { // no tag: no dialog can be made (RFC 3261 12.1.2)
		c.user.OnCallFailed(c, res, nil)
		return
	}
	d.mu.Lock()
	d.state, d.call = DialogConfirmed, nil
	d.routes = recordRoutes(res, true) // RFC 3261 13.2.2.4: anew from the 2xx
	d.refreshTarget(res, tx.Flow())
	d.localSeq = max(d.localSeq, res.CSeq().SeqNo)
	d.ackSeq = res.CSeq().SeqNo
	d.offerOut = false
	d.offerIn = !c.offered && len(res.Body()) > 0
	d.sessionAnswered(tx.Request(), res)
	d.mu.Unlock()
	if cancelled {
		_ = d.Ack(nil)
		_ = d.Bye(reason)
		c.user.OnCallFailed(c, nil, ErrCancelled)
		return
	}
	c.user.OnAnswer(c, d, res)
}

// Subscribe sends a request other than INVITE that starts a dialog, usually SUBSCRIBE. The dialog
// exists at once, because the first NOTIFY may overtake the response. h gets the response.
func (ep *Endpoint) Subscribe(m Method, inv Invitation, user DialogUser, h ResponseHandler) (*Dialog, error) {
	req, contact, err := ep.newInvitation(m, &inv)
	if err != nil {
		return nil, err
	}
	from, to := req.From(), req.To()
	d := &Dialog{ep: ep, user: user, owner: true, callID: CallIDOf(req), localTag: FromTag(req), state: DialogConfirmed,
		contact: contact, target: inv.URI, flow: inv.Target.Flow, creds: inv.Creds, followContact: inv.FollowContact,
		localAddr:  Address{DisplayName: from.DisplayName, URI: from.Address, Params: from.Params},
		remoteAddr: Address{DisplayName: to.DisplayName, URI: to.Address, Params: to.Params}, routes: inv.Routes}
	ep.enterDialog(d)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.localSeq = 1
	x := &exchange{ep: ep, dialog: d, target: inv.Target, creds: inv.Creds}
	x.user = &firstResponse{dialogResponses{d: d, user: h}}
	if _, err := x.start(req); err != nil {
		d.end()
		return nil, err
	}
	return d, nil
}

// firstResponse sets the route set from the response that makes the dialog.
type firstResponse struct{ dialogResponses }

func (r *firstResponse) OnResponse(tx *ClientTx, res *Response) {
	d := r.d
	d.mu.Lock()
	switch {
	case res.StatusCode >= 300:
		if d.state != DialogEnded {
			d.end()
		}
	case res.StatusCode >= 200:
		d.routes = recordRoutes(res, true)
	}
	d.mu.Unlock()
	r.dialogResponses.OnResponse(tx, res)
}

func (r *firstResponse) OnFailure(tx *ClientTx, err error) {
	r.d.Close()
	r.dialogResponses.OnFailure(tx, err)
}

// silentUser is the user of a dialog that exists only to be ended.
type silentUser struct{}

func (silentUser) OnDialogRequest(_ *Dialog, tx *ServerTx, _ *Request) { _ = tx.Reply(481) }
func (silentUser) OnDialogAck(*Dialog, *Request)                       {}
func (silentUser) OnDialogCancel(*Dialog, *ServerTx)                   {}
func (silentUser) OnRefreshDue(*Dialog)                                {}
func (silentUser) OnDialogLost(*Dialog, error)                         {}
