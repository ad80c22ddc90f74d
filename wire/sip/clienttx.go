package sip

import (
	"sync/atomic"
	"time"
)

// clientState is a state of RFC 3261 17.1 and RFC 6026 7.2.
type clientState uint8

const (
	clientCalling    clientState = iota // sent, no response yet
	clientUnwanted                      // INVITE: as before, but it is to be cancelled
	clientProceeding                    // a provisional response came
	clientCancelled                     // INVITE: as before, and CANCEL was sent
	clientCompleted                     // INVITE: 3xx to 6xx came and was acknowledged
	clientGone
	clientStates
)

type clientEvent uint8

const (
	clientProvisional clientEvent = iota // 1xx
	clientSuccess                        // 2xx
	clientFailure                        // 3xx to 6xx
	clientTick                           // time to repeat the request
	clientEnd                            // the state's time is over
	clientBroken                         // the request could not be delivered
	clientCancel                         // the user wants no answer any more
	clientEvents
)

type clientTell uint8

const (
	tellNobody clientTell = iota
	tellResponse
	tellTimeout
	tellBroken
)

// clientStep is what happens at an event.
type clientStep struct {
	do   func(*clientRecord, *Response)
	next clientState
	tell clientTell
}

type clientTable [clientStates][clientEvents]clientStep

// A pair that is not listed is refused and counted. Nothing is kept after a 2xx: its repeats and
// those of other forks come to [Handler] OnStray, which is what the Accepted state of RFC 6026 is
// for, and need no memory.
var inviteClient = clientTable{
	clientCalling: {
		clientProvisional: {(*clientRecord).proceed, clientProceeding, tellResponse},
		clientSuccess:     {(*clientRecord).finish, clientGone, tellResponse},
		clientFailure:     {(*clientRecord).acknowledge, clientCompleted, tellResponse},
		clientTick:        {(*clientRecord).repeatDoubling, clientCalling, tellNobody},
		clientEnd:         {(*clientRecord).forget, clientGone, tellTimeout},
		clientBroken:      {(*clientRecord).forget, clientGone, tellBroken},
		clientCancel:      {(*clientRecord).nothing, clientUnwanted, tellNobody},
	},
	clientUnwanted: {
		clientProvisional: {(*clientRecord).sendCancel, clientCancelled, tellResponse},
		clientSuccess:     {(*clientRecord).finish, clientGone, tellResponse},
		clientFailure:     {(*clientRecord).acknowledge, clientCompleted, tellResponse},
		clientTick:        {(*clientRecord).repeatDoubling, clientUnwanted, tellNobody},
		clientEnd:         {(*clientRecord).forget, clientGone, tellTimeout},
		clientBroken:      {(*clientRecord).forget, clientGone, tellBroken},
		clientCancel:      {(*clientRecord).nothing, clientUnwanted, tellNobody},
	},
	clientProceeding: {
		clientProvisional: {(*clientRecord).nothing, clientProceeding, tellResponse},
		clientSuccess:     {(*clientRecord).finish, clientGone, tellResponse},
		clientFailure:     {(*clientRecord).acknowledge, clientCompleted, tellResponse},
		clientCancel:      {(*clientRecord).sendCancel, clientCancelled, tellNobody},
		clientBroken:      {(*clientRecord).nothing, clientProceeding, tellNobody},
	},
	clientCancelled: {
		clientProvisional: {(*clientRecord).nothing, clientCancelled, tellResponse},
		clientSuccess:     {(*clientRecord).finish, clientGone, tellResponse},
		clientFailure:     {(*clientRecord).acknowledge, clientCompleted, tellResponse},
		clientEnd:         {(*clientRecord).forget, clientGone, tellTimeout},
		clientCancel:      {(*clientRecord).nothing, clientCancelled, tellNobody},
		clientBroken:      {(*clientRecord).nothing, clientCancelled, tellNobody},
	},
	clientCompleted: {
		clientProvisional: {(*clientRecord).nothing, clientCompleted, tellNobody},
		clientFailure:     {(*clientRecord).acknowledgeAgain, clientCompleted, tellNobody},
		clientEnd:         {(*clientRecord).forget, clientGone, tellNobody},
		clientCancel:      {(*clientRecord).nothing, clientCompleted, tellNobody},
		clientBroken:      {(*clientRecord).nothing, clientCompleted, tellNobody},
	},
}

// Other requests need no state after their final response: what comes again is dropped as stray,
// which is all that Timer K is for (RFC 3261 17.1.2.2).
var otherClient = clientTable{
	clientCalling: {
		clientProvisional: {(*clientRecord).slowDown, clientProceeding, tellResponse},
		clientSuccess:     {(*clientRecord).finish, clientGone, tellResponse},
		clientFailure:     {(*clientRecord).finish, clientGone, tellResponse},
		clientTick:        {(*clientRecord).repeatCapped, clientCalling, tellNobody},
		clientEnd:         {(*clientRecord).forget, clientGone, tellTimeout},
		clientBroken:      {(*clientRecord).forget, clientGone, tellBroken},
	},
	clientProceeding: {
		clientProvisional: {(*clientRecord).nothing, clientProceeding, tellResponse},
		clientSuccess:     {(*clientRecord).finish, clientGone, tellResponse},
		clientFailure:     {(*clientRecord).finish, clientGone, tellResponse},
		clientTick:        {(*clientRecord).repeatCapped, clientProceeding, tellNobody},
		clientEnd:         {(*clientRecord).forget, clientGone, tellTimeout},
		clientBroken:      {(*clientRecord).forget, clientGone, tellBroken},
	},
}

// clientRecord is what the table holds of a client transaction.
type clientRecord struct {
	shard   *shard
	table   *clientTable
	key     string
	tx      *ClientTx // nil once only the ACK is left to repeat
	flow    Flow
	bytes   []byte // the request while it may be repeated, then the ACK of a failure
	timer   timer
	ends    time.Time
	pause   time.Duration
	state   clientState
	invite  bool
	retried bool // a second connection was tried
	why     error
}

// ClientTx is a request that we sent. Its methods may be called from any goroutine.
type ClientTx struct {
	rec     *clientRecord
	stack   *Stack
	req     *Request
	target  Target
	handler ResponseHandler
	flow    atomic.Pointer[Flow]
	reason  atomic.Pointer[string]
}

// Request returns the request as it was sent, with our Via. It must not be changed.
func (tx *ClientTx) Request() *Request { return tx.req }

// Flow returns the flow over which the request went last.
func (tx *ClientTx) Flow() Flow {
	if f := tx.flow.Load(); f != nil {
		return *f
	}
	return Flow{}
}

// Send starts a client transaction. It takes the request over: sets its top Via and Max-Forwards
// if it has none, and sends it to the target. Whatever comes of it goes to h; an error is returned
// only if nothing was sent at all, and then h is not called. Do not send ACK with it, see
// [Stack.SendAck].
func (s *Stack) Send(req *Request, target Target, h ResponseHandler) (*ClientTx, error) {
	branch := branchCookie + s.Token(8)
	return s.send(req, target, h, branch, nil)
}

// send is Send with a branch given. hold, if set, is called with the transaction before anything
// is sent, so that its owner knows it when the first response comes.
func (s *Stack) send(req *Request, target Target, h ResponseHandler, branch string, hold func(*ClientTx)) (*ClientTx, error) {
	f, _, err := s.route(&target)
	if err != nil {
		return nil, err
	}
	s.prepare(req, f, branch)
	b := wire(req)
	if len(b) > s.cfg.MaxDatagram && f.socket != nil {
		if !target.Stream.IsValid() {
			s.count.oversized.Add(1)
		} else if c, _, err := s.connect(TCP, target.Stream, ""); err == nil {
			f = c.flow()
			target = Target{Flow: f, Transport: TCP, Address: target.Stream}
			req.RemoveHeader("Via")
			s.prepare(req, f, branch)
			b = wire(req)
		} else {
			s.count.oversized.Add(1)
		}
	}
	sh := s.shardOf(CallIDOf(req))
	tx := &ClientTx{stack: s, req: req, target: target, handler: h}
	rec := &clientRecord{shard: sh, tx: tx, flow: f, bytes: b, invite: req.Method == INVITE}
	rec.table = &otherClient
	if rec.invite {
		rec.table = &inviteClient
	}
	rec.key = string(clientKey(nil, branch, req.Method))
	rec.timer.owner = rec
	tx.rec = rec
	if hold != nil {
		hold(tx)
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.client[rec.key] != nil {
		return nil, ErrFinished
	}
	sh.client[rec.key] = rec
	rec.ends = now().Add(64 * s.cfg.Timers.T1)
	rec.pause = s.cfg.Timers.T1
	if err := rec.transmit(); err != nil {
		rec.forget(nil)
		return nil, err
	}
	if f.Transport().Reliable() {
		sh.arm(&rec.timer, 64*s.cfg.Timers.T1)
	} else {
		sh.arm(&rec.timer, rec.pause)
	}
	return tx, nil
}

// route finds the flow to a target, and the connection if it is one.
func (s *Stack) route(t *Target) (Flow, *conn, error) {
	if !t.Flow.IsZero() && t.Flow.Alive() {
		return t.Flow, t.Flow.conn, nil
	}
	if !t.Address.IsValid() {
		return Flow{}, nil, ErrNoRoute
	}
	address := plain(t.Address)
	if t.Transport == 0 || t.Transport == UDP {
		k := s.socketFor(address.Addr())
		if k == nil {
			return Flow{}, nil, ErrNoRoute
		}
		return Flow{socket: k, remote: address}, nil, nil
	}
	c, _, err := s.connect(t.Transport, address, t.ServerName)
	if err != nil {
		return Flow{}, nil, err
	}
	return c.flow(), c, nil
}

// FlowTo returns a flow to an address, connecting for a stream if there is no connection yet: its
// Local is what a request to there must have as Contact.
func (s *Stack) FlowTo(t Target) (Flow, error) {
	f, _, err := s.route(&t)
	return f, err
}

// prepare puts our Via on top, Max-Forwards if it is missing, and rport (RFC 3581 3).
func (s *Stack) prepare(req *Request, f Flow, branch string) {
	local := f.Local()
	parts := &struct {
		via    Via
		params [2]Param
		hops   MaxForwards
	}{params: [2]Param{{K: "branch", V: branch}, {K: "rport"}}, hops: 70}
	n := 1
	if f.socket != nil {
		n = 2
	}
	parts.via = Via{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: f.Transport().String(),
		Host: addrText(local.Addr()), Port: int(local.Port()), Params: parts.params[:n:n]}
	req.PrependHeader(&parts.via)
	if firstOf[*MaxForwards](req.Headers()) == nil {
		req.AppendHeader(&parts.hops)
	}
}

// transmit writes the request.
func (rec *clientRecord) transmit() error {
	s := rec.shard.stack
	f := rec.flow
	rec.tx.flow.Store(&f)
	if f.conn == nil {
		return s.write(rec.bytes, f)
	}
	if s.cfg.Trace != nil {
		s.cfg.Trace(true, f, rec.bytes)
	}
	if err := f.conn.send(rec.bytes, rec); err != nil {
		s.count.sendErrors.Add(1)
		return err
	}
	s.count.sent.Add(1)
	return nil
}

// broken is told by the worker that the connection ended before there was a response. A reset of a
// connection that was there before gets one more attempt over a new one (R-32 b, c).
func (rec *clientRecord) broken(c *conn, why error) {
	sh, s := rec.shard, rec.shard.stack
	sh.mu.Lock()
	if rec.flow.conn != c || rec.tx == nil || sh.client[rec.key] != rec {
		sh.mu.Unlock()
		return
	}
	t := rec.tx.target
	if address := t.Address; address.IsValid() && !rec.retried && c.everConnected() && (rec.state == clientCalling || rec.state == clientUnwanted) {
		rec.retried = true
		if next, _, err := s.connect(c.transport, plain(address), t.ServerName); err == nil {
			rec.flow = next.flow()
			if rec.transmit() == nil {
				s.count.reconnected.Add(1)
				sh.mu.Unlock()
				return
			}
		}
	}
	rec.why = why
	then := rec.step(clientBroken, nil)
	sh.mu.Unlock()
	if then != nil {
		then()
	}
}

// step looks an event up and does what the table says, with the shard's lock held. What it returns
// is to be called without the lock.
func (rec *clientRecord) step(ev clientEvent, res *Response) func() {
	st := &rec.table[rec.state][ev]
	if st.do == nil {
		rec.shard.stack.count.unexpected.Add(1)
		return nil
	}
	rec.state = st.next
	tx := rec.tx
	st.do(rec, res)
	if tx == nil || tx.handler == nil {
		return nil
	}
	switch st.tell {
	case tellResponse:
		return func() { tx.handler.OnResponse(tx, res) }
	case tellTimeout:
		rec.shard.stack.count.timeouts.Add(1)
		return func() { tx.handler.OnFailure(tx, ErrTimeout) }
	case tellBroken:
		why := rec.why
		return func() { tx.handler.OnFailure(tx, why) }
	}
	return nil
}

func (rec *clientRecord) nothing(*Response) {}

// proceed stops the repeats: from here on only the other end decides, or the user by Cancel.
func (rec *clientRecord) proceed(*Response) {
	rec.shard.wheel.stop(&rec.timer)
	rec.first()
	rec.bytes = nil
}

func (rec *clientRecord) first() {
	if rec.flow.conn != nil {
		rec.flow.conn.answered(rec)
	}
}

// acknowledge sends the ACK of a failure and keeps it for repeats: Timer D.
func (rec *clientRecord) acknowledge(res *Response) {
	rec.first()
	rec.bytes = wire(ackFor(rec.tx.req, res))
	_ = rec.shard.stack.write(rec.bytes, rec.flow)
	rec.tx = nil
	if rec.flow.Transport().Reliable() {
		rec.forget(nil)
		rec.state = clientGone
		return
	}
	rec.endIn(64 * rec.timers().T1)
}

func (rec *clientRecord) acknowledgeAgain(*Response) {
	rec.shard.stack.count.repeated.Add(1)
	_ = rec.shard.stack.write(rec.bytes, rec.flow)
}

// sendCancel sends CANCEL and gives the INVITE 64*T1 to end (RFC 3261 9.1, R-23 b).
func (rec *clientRecord) sendCancel(*Response) {
	rec.first()
	rec.bytes = nil
	rec.endIn(64 * rec.timers().T1)
	tx := rec.tx
	cancel := cancelFor(tx.req)
	if r := tx.reason.Load(); r != nil {
		cancel.AppendHeader(NewHeader("Reason", *r))
	}
	branch := ParamValue(tx.req.Via().Params, "branch")
	target := tx.target
	target.Flow = rec.flow
	rec.shard.post(event{do: func() { _, _ = tx.stack.sendAgain(cancel, target, branch) }})
}

// sendAgain sends a request that has its Via already.
func (s *Stack) sendAgain(req *Request, target Target, branch string) (*ClientTx, error) {
	f, _, err := s.route(&target)
	if err != nil {
		return nil, err
	}
	sh := s.shardOf(CallIDOf(req))
	tx := &ClientTx{stack: s, req: req, target: target}
	rec := &clientRecord{shard: sh, table: &otherClient, tx: tx, flow: f, bytes: wire(req)}
	rec.key = string(clientKey(nil, branch, req.Method))
	rec.timer.owner = rec
	tx.rec = rec
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.client[rec.key] = rec
	rec.ends = now().Add(64 * s.cfg.Timers.T1)
	rec.pause = s.cfg.Timers.T1
	if err := rec.transmit(); err != nil {
		rec.forget(nil)
		return nil, err
	}
	if f.Transport().Reliable() {
		sh.arm(&rec.timer, 64*s.cfg.Timers.T1)
	} else {
		sh.arm(&rec.timer, rec.pause)
	}
	return tx, nil
}

// repeatDoubling is Timer A.
func (rec *clientRecord) repeatDoubling(*Response) { rec.repeatIn(2 * rec.pause) }

// repeatCapped is Timer E.
func (rec *clientRecord) repeatCapped(*Response) {
	if rec.state == clientProceeding {
		rec.repeatIn(rec.timers().T2)
		return
	}
	rec.repeatIn(min(2*rec.pause, rec.timers().T2))
}

func (rec *clientRecord) repeatIn(d time.Duration) {
	rec.shard.stack.count.repeated.Add(1)
	_ = rec.shard.stack.write(rec.bytes, rec.flow)
	rec.pause = d
	rec.shard.arm(&rec.timer, min(d, rec.ends.Sub(now())))
}

// slowDown is what a provisional response to another request than INVITE does.
func (rec *clientRecord) slowDown(*Response) {
	rec.first()
	if !rec.flow.Transport().Reliable() {
		rec.pause = rec.timers().T2
		rec.shard.arm(&rec.timer, min(rec.pause, rec.ends.Sub(now())))
	}
}

func (rec *clientRecord) finish(*Response) {
	rec.first()
	rec.forget(nil)
}

func (rec *clientRecord) endIn(d time.Duration) {
	rec.ends = now().Add(d)
	rec.shard.arm(&rec.timer, d)
}

func (rec *clientRecord) forget(*Response) {
	rec.shard.wheel.stop(&rec.timer)
	if rec.shard.client[rec.key] == rec {
		delete(rec.shard.client, rec.key)
	}
	rec.bytes = nil
}

func (rec *clientRecord) timers() *Timers { return &rec.shard.stack.cfg.Timers }

func (rec *clientRecord) expire(at time.Time) func() {
	if !at.Before(rec.ends) {
		return rec.step(clientEnd, nil)
	}
	if rec.flow.Transport().Reliable() {
		rec.shard.arm(&rec.timer, rec.ends.Sub(at))
		return nil
	}
	return rec.step(clientTick, nil)
}

// Cancel asks that an INVITE be cancelled: at once if a provisional response came, with the first
// one if not (RFC 3261 9.1). The final response, a 200 that crossed the CANCEL included, comes to
// OnResponse; without any for 64*T1 OnFailure is called with [ErrTimeout]. reason is the
// value of a Reason header, "" for none.
func (tx *ClientTx) Cancel(reason string) {
	if reason != "" {
		tx.reason.Store(&reason)
	}
	tx.rec.shard.mu.Lock()
	defer tx.rec.shard.mu.Unlock()
	if tx.rec.invite && tx.rec.tx != nil && tx.rec.state != clientGone {
		tx.rec.step(clientCancel, nil)
	}
}

// response is where the worker takes a response.
func (sh *shard) response(res *Response, f Flow) {
	via, cseq := res.Via(), res.CSeq()
	sh.mu.Lock()
	sh.key = clientKey(sh.key[:0], ParamValue(via.Params, "branch"), cseq.MethodName)
	rec := sh.client[string(sh.key)]
	if rec == nil {
		sh.mu.Unlock()
		if cseq.MethodName == INVITE && res.StatusCode/100 == 2 {
			sh.stack.cfg.Handler.OnStray(res, f)
			return
		}
		sh.stack.count.stray.Add(1)
		return
	}
	ev := clientFailure
	switch res.StatusCode / 100 {
	case 1:
		ev = clientProvisional
	case 2:
		ev = clientSuccess
	}
	then := rec.step(ev, res)
	sh.mu.Unlock()
	if then != nil {
		then()
	}
}

// SendAck sends a request outside any transaction: the ACK of a 2xx (RFC 3261 13.2.2.4). It returns
// the bytes and the flow, with which the same ACK can be sent again by [Stack.Resend].
func (s *Stack) SendAck(ack *Request, target Target) ([]byte, Flow, error) {
	f, _, err := s.route(&target)
	if err != nil {
		return nil, Flow{}, err
	}
	s.prepare(ack, f, branchCookie+s.Token(8))
	b := wire(ack)
	return b, f, s.write(b, f)
}

// Resend writes bytes that SendAck returned once more.
func (s *Stack) Resend(b []byte, f Flow) error {
	s.count.repeated.Add(1)
	return s.write(b, f)
}

// ackFor makes the ACK of a failure (RFC 3261 17.1.1.3).
func ackFor(req *Request, res *Response) *Request {
	ack := bare(ACK, req)
	ack.AppendHeader(res.To())
	return ack
}

// cancelFor makes the CANCEL of an INVITE (RFC 3261 9.1).
func cancelFor(req *Request) *Request {
	cancel := bare(CANCEL, req)
	cancel.AppendHeader(req.To())
	return cancel
}

// bare copies what ACK and CANCEL have in common with their INVITE.
func bare(m Method, req *Request) *Request {
	out := newRequest(m, req.Recipient)
	out.AppendHeader(req.Via())
	for _, h := range req.Headers() {
		switch h := h.(type) {
		case *Route, *From, *CallID:
			out.AppendHeader(h)
		}
	}
	mf := MaxForwards(70)
	out.AppendHeader(&mf)
	out.AppendHeader(&CSeq{SeqNo: req.CSeq().SeqNo, MethodName: m})
	return out
}
