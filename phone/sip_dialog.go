package phone

import (
	"fmt"
	"strings"
	"time"

	"tandem/wire/sip"
)

// OnDialogRequest takes the requests of a call's dialog.
func (x *leg) OnDialogRequest(dialog *sip.Dialog, tx *sip.ServerTx, req *sip.Request) {
	defer x.lock()()
	d := x.d
	switch req.Method {
	case sip.INVITE, sip.UPDATE:
		x.changed(dialog, tx, req)
	case sip.BYE:
		x.dialog = nil
		cause := "released by the other end"
		if q := sip.Q850(req); q != 0 {
			cause = fmt.Sprintf("released by the other end, cause %d", q)
		}
		d.endLeg(x, cause)
	case sip.PRACK:
		if len(req.Body()) > 0 {
			_ = dialog.Respond(tx, 200, nil)
		}
	case sip.REFER:
		x.refer(dialog, tx, req)
	case sip.NOTIFY:
		_ = tx.Reply(200)
		x.referProgress(req)
	case sip.INFO, sip.OPTIONS, sip.MESSAGE:
		_ = tx.Reply(200)
	default:
		_ = tx.Reply(405, sip.NewHeader("Allow", allowed))
	}
}

// changed answers a re-INVITE or UPDATE.
func (x *leg) changed(dialog *sip.Dialog, tx *sip.ServerTx, req *sip.Request) {
	x.d.takeIdentity(x, req)
	respond := func(body []byte) {
		var err error
		if req.Method == sip.INVITE {
			err = dialog.Answer(body)
		} else {
			err = dialog.Respond(tx, 200, body)
		}
		if err != nil {
			x.d.p.note("answer to %s: %v", req.Method, err)
		}
	}
	var body []byte
	var err error
	switch {
	case len(req.Body()) > 0:
		body, err = x.d.answerOffer(x, req.Body())
	case req.Method == sip.INVITE:
		// Without an offer we make one, with all that the phone can.
		x.codec, x.ourOffer = nil, true
		body, err = x.d.makeOffer(x)
	}
	if err != nil {
		if req.Method == sip.INVITE {
			_ = dialog.Reject(488)
		} else {
			_ = dialog.Respond(tx, 488, nil)
		}
		return
	}
	respond(body)
	if x.call.State == Connected {
		if x.call.Prompt = ""; x.remoteHold {
			x.call.Prompt = "Held by the other party"
		}
	}
}

// setHold holds or resumes a call by re-INVITE.
func (d *sipPhone) setHold(x *leg, hold bool) error {
	if x.dialog == nil {
		return ErrNoCall
	}
	before := x.held
	x.held, x.wantHeld = hold, hold
	body, err := d.makeOffer(x)
	if err != nil {
		x.held = before
		return err
	}
	req := x.dialog.NewRequest(sip.INVITE)
	sip.SetBody(req, "application/sdp", body)
	x.ourOffer = true
	if _, err := x.dialog.Send(req, &reinvite{x, before}); err != nil {
		x.held = before
		return err
	}
	return nil
}

// reinvite takes the answer to a hold or a resume.
type reinvite struct {
	x      *leg
	before bool
}

func (r *reinvite) OnResponse(_ *sip.ClientTx, res *sip.Response) {
	defer r.x.lock()()
	x := r.x
	if res.StatusCode < 200 || x.ended || x.dialog == nil {
		return
	}
	x.ourOffer = false
	if res.StatusCode >= 300 {
		wanted := x.held
		x.held = r.before
		if res.StatusCode == 491 {
			x.dialog.AfterGlare(func() {
				defer x.lock()()
				if !x.ended {
					_ = x.d.setHold(x, wanted)
				}
			})
			return
		}
		x.d.p.note("re-INVITE: %d %s", res.StatusCode, res.Reason)
		return
	}
	_ = x.dialog.Ack(nil)
	x.d.takeIdentity(x, res)
	if err := x.d.takeAnswer(x, res.Body()); err != nil {
		x.d.p.violation("answer to a re-INVITE: %v", err)
	}
	if x.held {
		x.call.State = OnHold
	} else {
		x.call.State = Connected
		x.d.p.state.Focus = x.call.ID
	}
	x.d.showKeys()
}

func (r *reinvite) OnFailure(_ *sip.ClientTx, err error) {
	defer r.x.lock()()
	r.x.ourOffer = false
	r.x.held = r.before
	r.x.d.p.note("re-INVITE: %v", err)
}

// holdOthers holds the connected calls other than one.
func (d *sipPhone) holdOthers(x *leg) {
	for _, other := range d.legs {
		if other != x && other.call.State == Connected && !other.held {
			if err := d.setHold(other, true); err != nil {
				d.p.note("hold: %v", err)
			}
		}
	}
}

// transferTo refers the other end of a call to a target (RFC 3515), optionally to
// replace a call there (RFC 3891).
func (d *sipPhone) transferTo(x *leg, uri sip.URI, replaces *sip.Replaces) error {
	if x.dialog == nil {
		return ErrNoCall
	}
	req := x.dialog.NewRequest(sip.REFER)
	req.AppendHeader(sip.ReferTo(uri, replaces))
	req.AppendHeader(sip.NewHeader("Referred-By", "<"+sip.URIString(new(d.address(x.line.config.User)))+">"))
	if _, err := x.dialog.Send(req, &referral{x}); err != nil {
		return err
	}
	x.call.State = Transferring
	d.showKeys()
	return nil
}

// referral takes the answer to our REFER.
type referral struct{ x *leg }

func (r *referral) OnResponse(_ *sip.ClientTx, res *sip.Response) {
	defer r.x.lock()()
	if res.StatusCode >= 300 && !r.x.ended {
		r.x.d.p.note("REFER: %d %s", res.StatusCode, res.Reason)
		r.x.transferFailed(fmt.Sprintf("transfer refused: %d", res.StatusCode))
	}
}

func (r *referral) OnFailure(_ *sip.ClientTx, err error) {
	defer r.x.lock()()
	r.x.transferFailed(err.Error())
}

func (x *leg) transferFailed(why string) {
	if x.ended {
		return
	}
	x.call.Prompt = why
	x.call.State = Connected
	if x.held {
		x.call.State = OnHold
	}
	x.d.showKeys()
}

// referProgress takes the notifications about our transfer.
func (x *leg) referProgress(req *sip.Request) {
	status, reason, ok := sip.ParseSipfrag(req.Body())
	if !ok || x.ended || x.call.State != Transferring {
		return
	}
	switch {
	case status < 200:
	case status < 300:
		x.d.hangLeg(x)
		x.dialog = nil
		x.d.endLeg(x, "transferred")
	default:
		x.transferFailed(fmt.Sprintf("transfer failed: %d %s", status, reason))
	}
}

// refer does what a REFER of the other end asks: a new call, of whose progress it is told.
func (x *leg) refer(dialog *sip.Dialog, tx *sip.ServerTx, req *sip.Request) {
	target, ok := sip.ParseReferTo(req)
	if !ok {
		_ = tx.Reply(400)
		return
	}
	_ = dialog.Respond(tx, 202, nil)
	y := x.d.newLeg(x.line, x.d.ep.NewCallID(), false, Proceeding)
	y.referrer = dialog
	y.tellReferrer(100, "Trying")
	var headers []sip.Header
	if target.Replaces != nil {
		headers = append(headers, target.Replaces.Header())
	}
	if by := sip.HeaderValue(req, "Referred-By"); by != "" {
		headers = append(headers, sip.NewHeader("Referred-By", by))
	}
	uri := target.URI
	uri.UriParams, uri.Headers = nil, nil
	if err := x.d.callNumber(y, uri, headers...); err != nil {
		y.tellReferrer(500, "")
		x.d.endLeg(y, err.Error())
	}
}

// tellReferrer notifies whoever asked for this call.
func (x *leg) tellReferrer(status int, reason string) {
	if x.referrer == nil {
		return
	}
	req := x.referrer.NewRequest(sip.NOTIFY)
	req.AppendHeader(sip.Event{Package: "refer"}.Header())
	state := sip.SubscriptionState{State: "active", Expires: 60}
	if status >= 200 {
		state = sip.SubscriptionState{State: "terminated", Reason: "noresource"}
	}
	req.AppendHeader(state.Header())
	if reason == "" {
		reason = sip.ReasonPhrase(status)
	}
	sip.SetBody(req, sip.SipfragType, sip.Sipfrag(status, reason))
	if _, err := x.referrer.Send(req, quiet{}); err != nil {
		x.d.p.note("NOTIFY: %v", err)
	}
	if status >= 200 {
		x.referrer = nil
	}
}

// quiet takes answers that change nothing.
type quiet struct{}

func (quiet) OnResponse(*sip.ClientTx, *sip.Response) {}
func (quiet) OnFailure(*sip.ClientTx, error)          {}

// subscribe begins the subscriptions of the phone.
func (d *sipPhone) subscribe(l *sipLine) {
	if d.p.cfg.WatchMessages {
		d.watch(l, "", "message-summary", "application/simple-message-summary")
	}
	if l.instance == 1 {
		for _, n := range d.p.cfg.Watch {
			d.watch(l, n, "dialog", "application/dialog-info+xml")
		}
	}
}

const watchTime = 600 * time.Second

func (d *sipPhone) watch(l *sipLine, number, event, accept string) {
	for _, have := range d.watching {
		if have == number {
			return
		}
	}
	uri := d.address(number)
	if number == "" {
		uri = d.address(l.config.User)
	}
	dialog, err := d.ep.Subscribe(sip.SUBSCRIBE, sip.Invitation{
		URI: uri, From: d.from(l), To: sip.Address{URI: uri}, Target: d.target, Creds: d.credentials(l),
		Headers: []sip.Header{sip.Event{Package: event}.Header(), sip.NewHeader("Accept", accept),
			sip.NewHeader("Expires", fmt.Sprint(int(watchTime/time.Second)))},
	}, &subscription{d}, &subscribed{d, number})
	if err != nil {
		d.p.note("SUBSCRIBE %s: %v", event, err)
		return
	}
	d.watching[dialog] = number
	d.rewatch(dialog, event, accept)
}

// rewatch refreshes a subscription before it ends.
func (d *sipPhone) rewatch(dialog *sip.Dialog, event, accept string) {
	d.p.after(watchTime*4/5, func() {
		if _, ok := d.watching[dialog]; !ok || d.silent {
			return
		}
		req := dialog.NewRequest(sip.SUBSCRIBE)
		req.AppendHeader(sip.Event{Package: event}.Header())
		req.AppendHeader(sip.NewHeader("Accept", accept))
		req.AppendHeader(sip.NewHeader("Expires", fmt.Sprint(int(watchTime/time.Second))))
		if _, err := dialog.Send(req, quiet{}); err == nil {
			d.rewatch(dialog, event, accept)
		}
	})
}

// subscribed takes the answer to a SUBSCRIBE.
type subscribed struct {
	d      *sipPhone
	number string
}

func (r *subscribed) OnResponse(_ *sip.ClientTx, res *sip.Response) {
	if res.StatusCode >= 300 {
		r.d.p.note("SUBSCRIBE %s: %d %s", r.number, res.StatusCode, res.Reason)
	}
}

func (r *subscribed) OnFailure(_ *sip.ClientTx, err error) {
	r.d.p.note("SUBSCRIBE %s: %v", r.number, err)
}

// subscription takes the notifications of a subscription.
type subscription struct{ d *sipPhone }

func (s *subscription) OnDialogRequest(dialog *sip.Dialog, tx *sip.ServerTx, req *sip.Request) {
	s.d.p.mu.Lock()
	defer s.d.p.mu.Unlock()
	_ = tx.Reply(200)
	if req.Method == sip.NOTIFY {
		s.d.notify(dialog, req)
		s.d.p.broadcast()
	}
}

func (s *subscription) OnDialogAck(*sip.Dialog, *sip.Request)     {}
func (s *subscription) OnDialogCancel(*sip.Dialog, *sip.ServerTx) {}
func (s *subscription) OnRefreshDue(*sip.Dialog)                  {}
func (s *subscription) OnDialogLost(dialog *sip.Dialog, _ error) {
	s.d.p.mu.Lock()
	defer s.d.p.mu.Unlock()
	delete(s.d.watching, dialog)
}

// notify takes a notification, in a subscription or unasked (dialog nil).
func (d *sipPhone) notify(dialog *sip.Dialog, req *sip.Request) {
	event, ok := sip.ParseEvent(req)
	if !ok {
		return
	}
	body := string(req.Body())
	switch event.Package {
	case "message-summary":
		waiting := strings.Contains(strings.ToLower(strings.ReplaceAll(body, " ", "")), "messages-waiting:yes")
		d.p.state.MessageWaiting = waiting
		d.p.state.Lamps["voice mail 0"] = map[bool]string{true: "on", false: "off"}[waiting]
		if l := d.p.state.Line(1); l != nil {
			l.MessageWaiting = waiting
		}
	case "dialog":
		d.lampOf(d.watching[dialog], body)
	case "check-sync", "service-control":
		if len(d.legs) == 0 {
			d.leaveServer(true)
		}
	}
	if st, ok := sip.ParseSubscriptionState(req); ok && st.State == "terminated" && dialog != nil {
		delete(d.watching, dialog)
		dialog.Close()
	}
}

// lampOf shows the state of a watched number: 1 idle, 2 in use, 4 alerting.
func (d *sipPhone) lampOf(number, body string) {
	status := 1
	if strings.Contains(body, ">confirmed<") {
		status = 2
	} else if strings.Contains(body, ">early<") || strings.Contains(body, ">trying<") || strings.Contains(body, ">proceeding<") {
		status = 4
	}
	for i := range d.p.state.Buttons {
		if b := &d.p.state.Buttons[i]; b.Kind == "busy lamp" && b.Number == number {
			b.Status = status
		}
	}
}
