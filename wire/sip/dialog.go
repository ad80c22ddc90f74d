package sip

import (
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// DialogState is how far a dialog has come.
type DialogState uint8

const (
	// DialogEarly: not answered yet.
	DialogEarly DialogState = iota
	// DialogConfirmed: answered; for the answering side also while the ACK is missing.
	DialogConfirmed
	// DialogEnded: a BYE or an end came or went. It takes no new requests.
	DialogEnded
)

// Dialog is one dialog (RFC 3261 12) in either role. Its methods may be called from any goroutine
// and do not call back.
type Dialog struct {
	ep       *Endpoint
	user     DialogUser
	callID   string
	localTag string
	owner    bool // we sent the first request and own the Call-ID
	value    atomic.Value

	mu            sync.Mutex
	remoteTag     string
	state         DialogState
	localAddr     Address // with tag, as From of our requests
	remoteAddr    Address // with tag once known, as To of our requests
	contact       *Contact
	target        URI
	routes        []URI
	flow          Flow
	followContact bool
	creds         Credentials
	localSeq      uint32
	remoteSeq     uint32
	peerUpdates   bool

	call      *Call     // of a dialog that we started, while it is early
	inviteIn  *ServerTx // INVITE of the other end without final response
	inviteOut *ClientTx // our INVITE without final response
	offerOut  bool      // we offered, no answer yet
	offerIn   bool      // the other end offered, no answer yet
	offerTx   *ServerTx // in this request, if it was a request
	ackWanted bool      // our 2xx has no ACK yet
	byeWanted *string   // a BYE that waits for that ACK, with its reason

	ackSeq  uint32 // CSeq of our INVITE whose 2xx wants an ACK
	ackSent []byte
	ackFlow Flow

	reliable  reliableOut
	rseqIn    uint32
	early     []byte // session description of an early answer
	earlyKept bool   // early came reliably
	session   session
}

// dialogTimer is a timer of a dialog on its shard's wheel.
type dialogTimer struct {
	timer
	d  *Dialog
	do func(*Dialog)
}

func (t *dialogTimer) expire(time.Time) func() {
	d, do := t.d, t.do
	return func() { do(d) }
}

func (d *Dialog) setTimer(t *dialogTimer, in time.Duration, do func(*Dialog)) {
	sh := d.ep.shardOf(d.callID)
	sh.mu.Lock()
	t.owner, t.d, t.do = t, d, do
	sh.arm(&t.timer, in)
	sh.mu.Unlock()
}

func (d *Dialog) stopTimer(t *dialogTimer) {
	sh := d.ep.shardOf(d.callID)
	sh.mu.Lock()
	sh.wheel.stop(&t.timer)
	sh.mu.Unlock()
}

// CallID returns the Call-ID.
func (d *Dialog) CallID() string { return d.callID }

// LocalTag returns our tag.
func (d *Dialog) LocalTag() string { return d.localTag }

// RemoteTag returns the other end's tag, "" while it has none.
func (d *Dialog) RemoteTag() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.remoteTag
}

// remoteTagIs compares the tag, and learns it for a dialog of ours that has none yet (a NOTIFY may
// overtake the 200 to its SUBSCRIBE).
func (d *Dialog) remoteTagIs(tag string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.remoteTag == "" && d.owner && tag != "" && d.call == nil {
		d.setRemoteTag(tag)
	}
	return d.remoteTag == tag
}

func (d *Dialog) setRemoteTag(tag string) {
	tag = strings.Clone(tag)
	d.remoteTag = tag
	d.remoteAddr.Params = append(d.remoteAddr.Params.Clone(), Param{K: "tag", V: tag})
}

// State returns the state.
func (d *Dialog) State() DialogState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

// Owner reports whether we sent the first request: who retries sooner after glare depends on it.
func (d *Dialog) Owner() bool { return d.owner }

// Flow returns the way to the other end.
func (d *Dialog) Flow() Flow {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.flow
}

// Remote returns the remote target: the other end's Contact.
func (d *Dialog) Remote() URI {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.target
}

// RemoteAddress returns the other end's name-addr with its tag.
func (d *Dialog) RemoteAddress() Address {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.remoteAddr
}

// LocalAddress returns our name-addr with our tag.
func (d *Dialog) LocalAddress() Address {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.localAddr
}

// Replaces returns the Replaces value by which a third party names this dialog to the other end
// (RFC 3891): to-tag is the other end's, from-tag is ours.
func (d *Dialog) Replaces() Replaces {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Replaces{CallID: d.callID, ToTag: d.remoteTag, FromTag: d.localTag}
}

// SetValue attaches a value of the user's, always of the same type.
func (d *Dialog) SetValue(v any) { d.value.Store(v) }

// Value returns what SetValue attached, nil if nothing.
func (d *Dialog) Value() any { return d.value.Load() }

// FollowContact makes requests go to the other end's Contact instead of over the flow from which
// its messages come: for trunks whose answers name another host.
func (d *Dialog) FollowContact() {
	d.mu.Lock()
	d.followContact = true
	d.mu.Unlock()
}

// EarlyAnswer returns the session description of a provisional response, and whether that was a
// reliable one: then it is the answer even if the 2xx has none.
func (d *Dialog) EarlyAnswer() (body []byte, reliable bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.early, d.earlyKept
}

// Pending reports whether an INVITE of the other end (in) or of ours (out) has no final response.
func (d *Dialog) Pending() (in, out bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.inviteIn != nil, d.inviteOut != nil
}

func (d *Dialog) nextCSeq() uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.localSeq++
	return d.localSeq
}

// NewRequest makes a request of this dialog (RFC 3261 12.2.1.1). Its CSeq is set when it is sent.
func (d *Dialog) NewRequest(m Method) *Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.newRequest(m)
}

func (d *Dialog) newRequest(m Method) *Request {
	uri, routes := d.target, d.routes
	if len(routes) > 0 {
		if _, lr := Lookup(routes[0].UriParams, "lr"); !lr { // strict router
			uri = routes[0]
			routes = append(append([]URI(nil), routes[1:]...), d.target)
		}
	}
	req := newRequest(m, uri)
	for i := range routes {
		req.AppendHeader(&Route{Address: routes[i]})
	}
	appendParties(req, d.localAddr, d.remoteAddr, CallID(d.callID), CSeq{MethodName: m})
	if d.contact != nil && m != BYE && m != CANCEL && m != PRACK && m != INFO {
		req.AppendHeader(d.contact)
	}
	if h := d.ep.usual.userAgent; h != nil && m != ACK {
		req.AppendHeader(h)
	}
	return req
}

// hop returns where requests go: the first route, else the flow of the other end, else its Contact.
// Called with d.mu held.
func (d *Dialog) hop() Target {
	uri := &d.target
	if len(d.routes) > 0 {
		uri = &d.routes[0]
	}
	t, known := AddressTarget(uri)
	if !known && d.ep.opt.Resolve != nil && (!d.flow.Alive() || len(d.routes) > 0 || d.followContact) {
		t, known = d.ep.opt.Resolve(*uri)
	}
	useFlow := d.flow.Alive()
	if known && (len(d.routes) > 0 || d.followContact) {
		// The next hop is named: the flow serves if it leads there.
		useFlow = useFlow && t.Address.Addr() == d.flow.remote.Addr() && (d.flow.conn != nil || t.Address == d.flow.remote)
	}
	if useFlow {
		t.Flow = d.flow
		if t.Transport == UDP && d.flow.Transport() != UDP {
			t.Transport = d.flow.Transport() // a Contact without transport parameter
		}
	}
	return t
}

// AddressTarget returns the target of a URI whose host (or maddr) is an IP address.
func AddressTarget(u *URI) (Target, bool) {
	host := u.Host
	if m := ParamValue(u.UriParams, "maddr"); m != "" {
		host = m
	}
	a, ok := HostAddr(host)
	if !ok {
		return Target{}, false
	}
	t := UDP
	if u.Scheme == "sips" {
		t = TLS
	}
	if name := ParamValue(u.UriParams, "transport"); name != "" {
		if p, ok := ParseTransport(name); ok {
			t = p
		}
	}
	if u.Scheme == "sips" && t == TCP {
		t = TLS
	}
	port := uint16(u.Port)
	if port == 0 {
		port = t.DefaultPort()
	}
	return Target{Transport: t, Address: netip.AddrPortFrom(a.Unmap(), port)}, true
}

// Send sends a request made by NewRequest. CSeq numbers leave in rising order. Challenges and 422
// are dealt with before h hears of them. An INVITE of ours while another is pending, or one of the
// other end's, fails with [ErrPending].
func (d *Dialog) Send(req *Request, h ResponseHandler) (*ClientTx, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.send(req, h)
}

func (d *Dialog) send(req *Request, h ResponseHandler) (*ClientTx, error) {
	if d.state == DialogEnded && req.Method != BYE {
		return nil, ErrDialogEnded
	}
	d.settle()
	offer := len(req.Body()) > 0 && MediaType(req) == "application/sdp"
	switch req.Method {
	case INVITE:
		if d.inviteOut != nil || d.inviteIn != nil || d.offerOut || d.offerIn {
			return nil, ErrPending
		}
	case UPDATE:
		if offer && (d.offerOut || d.offerIn) {
			return nil, ErrPending
		}
	}
	if req.Method == INVITE || req.Method == UPDATE {
		d.ep.advertise(req)
		d.offerSession(req)
	}
	d.localSeq++
	req.CSeq().SeqNo = d.localSeq
	x := &exchange{ep: d.ep, dialog: d, target: d.hop(), creds: d.creds}
	x.user = &dialogResponses{d: d, user: h, offer: offer && req.Method != PRACK}
	tx, err := x.start(req)
	if err != nil {
		return nil, err
	}
	if req.Method == INVITE {
		d.inviteOut = tx
	}
	if offer && req.Method != PRACK {
		d.offerOut = true
	}
	return tx, nil
}

// advertise adds Allow and Supported.
func (ep *Endpoint) advertise(m Message) {
	if h := ep.usual.allow; h != nil && !HasHeader(m, "Allow") {
		m.AppendHeader(h)
	}
	if h := ep.usual.supported; h != nil && !HasHeader(m, "Supported") {
		m.AppendHeader(h)
	}
}

// dialogResponses keeps the dialog up to date before its user hears of a response.
type dialogResponses struct {
	d     *Dialog
	user  ResponseHandler
	offer bool
}

func (r *dialogResponses) OnResponse(tx *ClientTx, res *Response) {
	d := r.d
	req := tx.Request()
	d.mu.Lock()
	if req.Method == INVITE && res.StatusCode >= 200 {
		d.inviteOut = nil
	}
	if res.StatusCode >= 200 && r.offer {
		d.offerOut = false
	}
	if res.StatusCode/100 == 2 {
		if d.remoteTag == "" {
			d.setRemoteTag(ToTag(res))
		}
		switch req.Method {
		case INVITE, UPDATE, SUBSCRIBE:
			d.refreshTarget(res, tx.Flow())
		}
		if req.Method == INVITE {
			d.ackSeq, d.ackSent = req.CSeq().SeqNo, nil
			d.offerIn = len(req.Body()) == 0 && len(res.Body()) > 0
		}
		if req.Method == INVITE || req.Method == UPDATE {
			d.sessionAnswered(req, res)
		}
	}
	d.mu.Unlock()
	if r.user != nil {
		r.user.OnResponse(tx, res)
	}
}

func (r *dialogResponses) OnFailure(tx *ClientTx, err error) {
	d := r.d
	d.mu.Lock()
	if tx.Request().Method == INVITE {
		d.inviteOut = nil
	}
	if r.offer {
		d.offerOut = false
	}
	d.mu.Unlock()
	if r.user != nil {
		r.user.OnFailure(tx, err)
	}
}

// refreshTarget takes over the Contact of a message (RFC 3261 12.2.1.2). Called with d.mu held.
func (d *Dialog) refreshTarget(m Message, f Flow) {
	if c := contactOf(m); c != nil && !c.Address.Wildcard && !sameURI(&d.target, &c.Address) {
		d.target = OwnURI(c.Address)
	}
	if HasHeader(m, "Allow") {
		d.peerUpdates = HasToken(m, "Allow", string(UPDATE))
	}
	if f.Alive() {
		d.flow = f
	}
}

func contactOf(m Message) *Contact {
	return firstOf[*Contact](headersOf(m))
}

// Ack sends the ACK of the 2xx to our latest INVITE, with a session description if that 2xx made
// an offer. Repeats of the 2xx get the same ACK again.
func (d *Dialog) Ack(body []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	ack := d.newRequest(ACK)
	ack.CSeq().SeqNo = d.ackSeq
	SetBody(ack, "application/sdp", body)
	b, f, err := d.ep.SendAck(ack, d.hop())
	d.ackSent, d.ackFlow = b, f
	d.offerIn = false
	return err
}

// reAck answers a repeated 2xx with the ACK that we sent. It reports whether the dialog knows it.
func (d *Dialog) reAck(res *Response) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if res.CSeq().SeqNo != d.ackSeq {
		return true // of an INVITE before the latest: its ACK was sent long ago, do not disturb
	}
	if d.ackSent != nil {
		_ = d.ep.Resend(d.ackSent, d.ackFlow)
	}
	return true
}

// Bye ends the dialog by what its state allows: BYE; CANCEL or 480 for an early one; after our
// answer, as long as its ACK is missing, BYE when that came or its time is over (R-23 d). reason is
// the value of a Reason header, "" for none. A dialog that has ended returns [ErrDialogEnded].
func (d *Dialog) Bye(reason string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.state == DialogEnded:
		return ErrDialogEnded
	case d.state == DialogEarly && d.call != nil:
		call := d.call
		d.ep.shardOf(d.callID).post(event{do: func() { call.Cancel(reason) }})
		return nil
	case d.state == DialogEarly && d.inviteIn != nil:
		tx := d.inviteIn
		d.end()
		return tx.Reply(480)
	case d.ackWanted:
		d.byeWanted = &reason
		return nil
	}
	return d.bye(reason)
}

func (d *Dialog) bye(reason string) error {
	if d.inviteIn != nil { // a re-INVITE that nobody will answer any more
		_ = d.inviteIn.Reply(487)
		d.inviteIn = nil
	}
	req := d.newRequest(BYE)
	if reason != "" {
		req.AppendHeader(NewHeader("Reason", reason))
	}
	d.finish()
	_, err := d.send(req, (*byeResponses)(d))
	if err != nil {
		d.ep.removeDialog(d)
	}
	return err
}

// byeResponses takes the dialog out of the table when its BYE was answered.
type byeResponses Dialog

func (b *byeResponses) OnResponse(_ *ClientTx, res *Response) {
	if res.StatusCode >= 200 {
		b.remove()
	}
}

func (b *byeResponses) OnFailure(*ClientTx, error) { b.remove() }

func (b *byeResponses) remove() {
	d := (*Dialog)(b)
	d.mu.Lock()
	d.ep.removeDialog(d)
	d.mu.Unlock()
}

// finish stops everything that runs; the dialog stays in the table. Called with d.mu held.
func (d *Dialog) finish() {
	d.state = DialogEnded
	d.session.interval = 0
	d.stopTimer(&d.session.timer)
	d.stopTimer(&d.reliable.timer)
	d.reliable.sent, d.reliable.queue = nil, nil
}

// end finishes the dialog and takes it out of the table. Called with d.mu held.
func (d *Dialog) end() {
	d.finish()
	d.ep.removeDialog(d)
}

// Close drops the dialog without a word to the other end: a subscription that was answered with
// its last NOTIFY.
func (d *Dialog) Close() {
	d.mu.Lock()
	if d.state != DialogEnded {
		d.end()
	}
	d.mu.Unlock()
}
