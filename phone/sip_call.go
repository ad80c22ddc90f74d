package phone

import (
	"fmt"
	"strings"
	"time"

	"tandem/media/codec"
	"tandem/phone/audio"
	"tandem/wire/sdp"
	"tandem/wire/sip"
)

// leg is one call of a SIP phone with its dialog.
type leg struct {
	d      *sipPhone
	call   *Call
	line   *sipLine
	invite *sip.Call // ours, until it is answered
	dialog *sip.Dialog
	tx     *sip.ServerTx // theirs, until it is answered

	offered    []byte // the offer in an INVITE that is not answered yet
	ourOffer   bool   // an offer of ours waits for its answer
	held       bool   // we hold
	remoteHold bool
	wantHeld   bool // what the re-INVITE under way asks for
	answered   bool // codecs are agreed
	codec      *codec.Codec
	event      int
	heardAs    audio.Format
	offer      []sdp.Media
	versions   sdp.Versioner
	sessionID  string
	consultOf  *leg         // this call was made to transfer that one
	referrer   *sip.Dialog  // who asked for this call by REFER
	headers    []sip.Header // of the INVITE, for a redirected one
	redirects  int
	ended      bool
	afterLoss  uint32 // requests of the call since its server was lost
}

// direction is what the phone wants of the audio.
func (x *leg) direction() sdp.Direction {
	if !x.held {
		return sdp.SendRecv
	}
	if x.d.p.cfg.Habits.HoldInactive {
		return sdp.Inactive
	}
	return sdp.SendOnly
}

// newLeg makes a call on the display.
func (d *sipPhone) newLeg(l *sipLine, id string, inbound bool, state CallState) *leg {
	d.next++
	c := &Call{ID: id, Line: l.instance, Instance: d.freeInstance(l.instance), Inbound: inbound, State: state, Started: time.Now()}
	x := &leg{d: d, call: c, line: l}
	d.p.state.Calls = append(d.p.state.Calls, c)
	d.legs[c] = x
	return x
}

func (d *sipPhone) freeInstance(line int) int {
	for n := 1; ; n++ {
		used := false
		for _, c := range d.p.state.Calls {
			used = used || c.Line == line && c.Instance == n
		}
		if !used {
			return n
		}
	}
}

// OnRequest takes requests outside dialogs.
func (d *sipPhone) OnRequest(tx *sip.ServerTx, req *sip.Request) {
	p := d.p
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.broadcast()
	if d.silent {
		return
	}
	switch req.Method {
	case sip.INVITE:
		d.incoming(tx, req)
	case sip.OPTIONS:
		_ = tx.Reply(200, sip.NewHeader("Allow", allowed), sip.NewHeader("Supported", supported), sip.NewHeader("Accept", "application/sdp"))
	case sip.NOTIFY:
		_ = tx.Reply(200)
		d.notify(nil, req)
	case sip.MESSAGE:
		_ = tx.Reply(200)
		p.state.Notice = string(req.Body())
	default:
		_ = tx.Reply(405, sip.NewHeader("Allow", allowed))
	}
}

// OnCancel: an INVITE without a dialog was cancelled; there is none of those here.
func (d *sipPhone) OnCancel(*sip.ServerTx) {}

func (d *sipPhone) incoming(tx *sip.ServerTx, req *sip.Request) {
	l := d.line(req.Recipient.User)
	if l == nil {
		_ = tx.Reply(404)
		return
	}
	var replaced *leg
	if v := sip.HeaderValue(req, "Replaces"); v != "" {
		r, ok := sip.ParseReplaces(v)
		if !ok {
			_ = tx.Reply(400)
			return
		}
		if dialog := d.ep.FindReplaced(r); dialog != nil {
			replaced, _ = dialog.Value().(*leg)
		}
		if replaced == nil || replaced.ended {
			_ = tx.Reply(481)
			return
		}
		if r.EarlyOnly && replaced.call.State == Connected {
			_ = tx.Reply(486)
			return
		}
	}
	if target := d.p.state.Lines[l.instance-1].ForwardAll; target != "" && replaced == nil {
		to := d.address(target)
		_ = tx.Reply(302, sip.ContactHeader(to))
		return
	}
	if len(d.p.state.Calls) >= d.p.cfg.MaxCalls && replaced == nil {
		_ = tx.Reply(486)
		return
	}
	x := d.newLeg(l, sip.CallIDOf(req), true, RingingIn)
	dialog, err := d.ep.Incoming(tx, sip.LocalContact(tx.Flow(), l.config.User), x)
	if err != nil {
		d.endLeg(x, "the INVITE could not be taken: "+err.Error())
		return
	}
	dialog.SetValue(x)
	x.dialog, x.tx, x.offered = dialog, tx, append([]byte(nil), req.Body()...)
	x.call.Remote = identityOf(req)
	x.call.Calling, x.call.Called = x.call.Remote, Party{Number: l.config.User}
	if to := req.To(); to != nil {
		x.call.Called = Party{Name: sip.Unquote(to.DisplayName), Number: to.Address.User}
	}
	if list := sip.Diversions(req); len(list) > 0 {
		x.call.Redirecting = Party{Name: sip.Unquote(list[0].DisplayName), Number: list[0].URI.User}
		last := list[len(list)-1]
		x.call.Original = Party{Name: sip.Unquote(last.DisplayName), Number: last.URI.User}
	}
	if replaced != nil {
		x.consultOf = replaced.consultOf
		if err := d.answerLeg(x); err == nil {
			d.hangLeg(replaced)
			d.endLeg(replaced, "replaced")
		}
		return
	}
	x.call.Ringing = time.Now()
	d.focusIfIdle(x)
	if err := dialog.Ring(180, nil, d.p.cfg.Habits.Reliable); err != nil {
		d.p.note("180: %v", err)
	}
	d.ringing()
	after := d.p.cfg.AutoAnswer
	if after <= 0 && strings.Contains(strings.ToLower(sip.HeaderValue(req, "Alert-Info")), "answer-after=0") {
		after = time.Millisecond
	}
	if after > 0 {
		d.p.after(after, func() {
			if x.call.State == RingingIn && !x.ended {
				_ = d.answerLeg(x)
			}
		})
	}
}

// identityOf is who a request or response says it comes from: the asserted
// identity, else the party id, else From or the one answering.
func identityOf(m sip.Message) Party {
	if list := sip.AssertedIdentities(m); len(list) > 0 {
		return Party{Name: sip.Unquote(list[0].DisplayName), Number: list[0].URI.User}
	}
	if id, ok := sip.ParseRemotePartyID(m, ""); ok {
		return Party{Name: sip.Unquote(id.DisplayName), Number: id.URI.User}
	}
	if req, ok := m.(*sip.Request); ok {
		if f := req.From(); f != nil {
			return Party{Name: sip.Unquote(f.DisplayName), Number: f.Address.User}
		}
	}
	return Party{}
}

func (d *sipPhone) takeIdentity(x *leg, m sip.Message) {
	if _, ok := m.(*sip.Request); ok && len(sip.AssertedIdentities(m)) == 0 {
		if _, ok := sip.ParseRemotePartyID(m, ""); !ok {
			return // From does not change in a dialog
		}
	}
	if who := identityOf(m); who != (Party{}) {
		x.call.Remote = who
	}
}

// answerLeg answers a ringing call.
func (d *sipPhone) answerLeg(x *leg) error {
	d.holdOthers(x)
	var body []byte
	var err error
	if len(x.offered) > 0 {
		body, err = d.answerOffer(x, x.offered)
	} else {
		body, err = d.makeOffer(x)
		x.ourOffer = true
	}
	if err != nil {
		_ = x.dialog.Reject(488)
		d.endLeg(x, "488 "+err.Error())
		return err
	}
	if err := x.dialog.Answer(body); err != nil {
		d.endLeg(x, err.Error())
		return err
	}
	x.tx, x.offered = nil, nil
	d.connected(x)
	return nil
}

func (d *sipPhone) connected(x *leg) {
	x.call.State = Connected
	if x.held {
		x.call.State = OnHold
	}
	if x.call.Answered.IsZero() {
		x.call.Answered = time.Now()
	}
	d.p.state.Focus = x.call.ID
	d.p.state.Tone = ""
	d.ringing()
}

// ringing sets ringer, tone and keys to what the calls want.
func (d *sipPhone) ringing() {
	s := &d.p.state
	s.Ringer = "off"
	for _, c := range s.Calls {
		if c.State == RingingIn {
			s.Ringer = "inside"
		}
	}
	d.showKeys()
}

func (d *sipPhone) focusIfIdle(x *leg) {
	if d.p.state.Focus == "" {
		d.p.state.Focus = x.call.ID
	}
}

// showKeys offers the keys of the call in front.
func (d *sipPhone) showKeys() {
	s := &d.p.state
	if s.FeaturesOff {
		return
	}
	for c, x := range d.legs {
		c.SoftKeys = sipKeys(c.State, x.consultOf != nil)
	}
	s.SoftKeys = []string{"NewCall", "Redial", "ForwardAll"}
	if c := s.Active(); c != nil {
		s.SoftKeys = c.SoftKeys
	}
}

func sipKeys(state CallState, consult bool) []string {
	switch state {
	case OffHook:
		return []string{"Dial", "Backspace", "EndCall"}
	case RingingIn:
		return []string{"Answer", "EndCall"}
	case RingingOut, Proceeding:
		if consult {
			return []string{"EndCall", "Transfer"}
		}
		return []string{"EndCall"}
	case Connected:
		return []string{"Hold", "EndCall", "Transfer", "NewCall"}
	case OnHold:
		return []string{"Resume", "NewCall", "EndCall"}
	}
	return []string{"EndCall"}
}

// endLeg takes a call off the display.
func (d *sipPhone) endLeg(x *leg, cause string) {
	if x.ended {
		return
	}
	x.ended = true
	delete(d.legs, x.call)
	d.p.endCall(x.call, cause)
	for _, other := range d.legs {
		if other.consultOf == x {
			other.consultOf = nil
		}
	}
	s := &d.p.state
	if c := s.Call(Connected, RingingIn); s.Focus == "" && c != nil {
		s.Focus = c.ID
	}
	s.Tone = ""
	d.ringing()
	d.alone()
}

// hangLeg says goodbye to the other end by whatever the state allows.
func (d *sipPhone) hangLeg(x *leg) {
	switch {
	case x.invite != nil:
		x.invite.Cancel("")
	case x.dialog != nil && x.tx != nil:
		_ = x.dialog.Reject(603)
	case x.dialog != nil:
		_ = x.dialog.Bye("")
	}
}

// maxRedirects bounds how often a call follows a 3xx.
const maxRedirects = 5

// callNumber sends an INVITE to a number at the server.
func (d *sipPhone) callNumber(x *leg, uri sip.URI, headers ...sip.Header) error {
	return d.callAt(x, uri, d.target, headers)
}

// callAt sends an INVITE to a target.
func (d *sipPhone) callAt(x *leg, uri sip.URI, target sip.Target, headers []sip.Header) error {
	l := x.line
	d.holdOthers(x)
	var body []byte
	if !d.p.cfg.Habits.DelayedOffer {
		var err error
		if body, err = d.makeOffer(x); err != nil {
			return err
		}
		x.ourOffer = true
	}
	call, err := d.ep.Invite(sip.Invitation{
		URI: uri, From: d.from(l), To: sip.Address{URI: uri}, Target: target, Body: body, Headers: headers,
		Creds: d.credentials(l), Reliable: d.p.cfg.Habits.Reliable,
	}, x)
	if err != nil {
		return err
	}
	x.invite, x.headers = call, headers
	x.call.State, x.call.Dialed = Proceeding, uri.User
	x.call.ID = call.CallID()
	x.call.Remote, x.call.Called = Party{Number: uri.User}, Party{Number: uri.User}
	x.call.Calling = Party{Name: l.config.Display, Number: l.config.User}
	d.p.state.Focus, d.p.state.Tone = x.call.ID, ""
	d.p.dialed = uri.User
	d.showKeys()
	return nil
}

// lock runs a callback of the stack under the phone's lock.
func (x *leg) lock() func() {
	p := x.d.p
	p.mu.Lock()
	return func() {
		p.broadcast()
		p.mu.Unlock()
	}
}

// OnProgress takes a provisional response.
func (x *leg) OnProgress(_ *sip.Call, dialog *sip.Dialog, res *sip.Response) {
	defer x.lock()()
	if x.ended {
		return
	}
	x.d.takeIdentity(x, res)
	if dialog != nil {
		dialog.SetValue(x)
	}
	if body := res.Body(); len(body) > 0 && sip.MediaType(res) == "application/sdp" {
		if x.ourOffer {
			if err := x.d.takeAnswer(x, body); err != nil {
				x.d.p.violation("%d: description: %v", res.StatusCode, err)
			}
		} else if _, reliable := sip.ParseRSeq(res); reliable && dialog != nil {
			answer, err := x.d.answerOffer(x, body)
			if err == nil {
				err = dialog.Prack(res, answer, nil)
			}
			if err != nil {
				x.d.p.note("PRACK: %v", err)
			}
		}
	}
	if res.StatusCode == 180 || res.StatusCode == 183 && x.answered {
		if x.call.Ringing.IsZero() {
			x.call.Ringing = time.Now()
		}
		x.call.State = RingingOut
		if !x.answered {
			x.d.p.state.Tone = "Alerting"
		} else {
			x.d.p.state.Tone = ""
		}
	}
	x.d.showKeys()
	x.tellReferrer(res.StatusCode, res.Reason)
}

// OnAnswer takes the 2xx.
func (x *leg) OnAnswer(_ *sip.Call, dialog *sip.Dialog, res *sip.Response) {
	defer x.lock()()
	x.dialog, x.invite = dialog, nil
	dialog.SetValue(x)
	if x.ended {
		_ = dialog.Ack(nil)
		_ = dialog.Bye("")
		return
	}
	x.d.takeIdentity(x, res)
	body := res.Body()
	var answer []byte
	var err error
	switch {
	case !x.ourOffer && !x.answered:
		answer, err = x.d.answerOffer(x, body)
	case len(body) > 0:
		err = x.d.takeAnswer(x, body)
	case !x.answered:
		err = fmt.Errorf("200 without a description")
	}
	x.ourOffer = false
	_ = dialog.Ack(answer)
	if err != nil {
		_ = dialog.Bye("")
		x.d.endLeg(x, err.Error())
		return
	}
	x.d.connected(x)
	x.tellReferrer(200, "OK")
}

// failures maps final responses to what the phone shows until the user hangs up.
var failures = map[int]struct {
	state CallState
	tone  string
}{
	486: {Busy, "LineBusy"}, 600: {Busy, "LineBusy"}, 404: {InvalidNumber, "Reorder"}, 484: {InvalidNumber, "Reorder"},
	604: {InvalidNumber, "Reorder"},
}

// OnCallFailed takes the end of an INVITE that was not answered.
func (x *leg) OnCallFailed(_ *sip.Call, res *sip.Response, err error) {
	defer x.lock()()
	x.invite, x.dialog = nil, nil
	if x.ended {
		return
	}
	if res == nil {
		x.tellReferrer(408, "")
		x.d.endLeg(x, err.Error())
		return
	}
	if res.StatusCode/100 == 3 && x.redirect(res) {
		return
	}
	x.tellReferrer(res.StatusCode, res.Reason)
	x.call.Cause = fmt.Sprintf("%d %s", res.StatusCode, res.Reason)
	if res.StatusCode == 487 {
		x.d.endLeg(x, x.call.Cause)
		return
	}
	shown, ok := failures[res.StatusCode]
	if !ok {
		shown.state, shown.tone = Congested, "Reorder"
	}
	x.call.State, x.d.p.state.Tone = shown.state, shown.tone
	if x.call.media != nil {
		x.call.media.close()
	}
	x.d.showKeys()
}

// redirect calls the first Contact of a 3xx instead.
func (x *leg) redirect(res *sip.Response) bool {
	c := res.Contact()
	if c == nil || x.redirects >= maxRedirects {
		return false
	}
	target, ok := sip.AddressTarget(&c.Address)
	if !ok {
		return false
	}
	x.redirects++
	x.ourOffer, x.codec, x.answered = false, nil, false
	dialed := x.call.Dialed
	if err := x.d.callAt(x, c.Address, target, x.headers); err != nil {
		x.d.p.note("redirected call: %v", err)
		return false
	}
	x.call.Dialed = dialed
	return true
}

// OnDialogLost ends the call when the dialog is gone.
func (x *leg) OnDialogLost(_ *sip.Dialog, why error) {
	defer x.lock()()
	if x.d.gone && x.call.outlives() {
		return // without a server the call goes on until somebody hangs up
	}
	x.dialog = nil
	x.d.endLeg(x, why.Error())
}

// OnDialogCancel: the caller gave up.
func (x *leg) OnDialogCancel(*sip.Dialog, *sip.ServerTx) {
	defer x.lock()()
	if x.call.State == RingingIn {
		x.dialog, x.tx = nil, nil
		x.d.endLeg(x, "not answered here")
	}
}

// OnDialogAck may bring the answer to the offer in our 200.
func (x *leg) OnDialogAck(_ *sip.Dialog, ack *sip.Request) {
	defer x.lock()()
	if !x.ourOffer || x.ended {
		return
	}
	x.ourOffer = false
	if err := x.d.takeAnswer(x, ack.Body()); err != nil {
		x.d.p.violation("ACK: description: %v", err)
		x.d.hangLeg(x)
		x.d.endLeg(x, err.Error())
	}
}

// OnRefreshDue keeps the session alive.
func (x *leg) OnRefreshDue(dialog *sip.Dialog) {
	defer x.lock()()
	if x.d.gone {
		return
	}
	body, err := x.d.makeOffer(x)
	if err == nil {
		err = dialog.Refresh("application/sdp", body)
	}
	if err != nil {
		x.d.p.note("session refresh: %v", err)
	}
}
