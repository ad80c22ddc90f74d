package sip

import (
	"net/netip"
	"sync/atomic"
	"time"
)

// serverState is a state of RFC 3261 17.2 and RFC 6026 7.1.
type serverState uint8

const (
	serverTrying     serverState = iota // nothing sent yet
	serverProceeding                    // a provisional response was sent
	serverCompleted                     // the final response was sent; for INVITE: other than 2xx, without ACK yet
	serverConfirmed                     // INVITE: the ACK for it came
	serverAccepted                      // INVITE: 2xx sent, without ACK yet
	serverAcked                         // INVITE: the ACK for the 2xx came
	serverGone
	serverStates
)

type serverEvent uint8

const (
	serverRepeat      serverEvent = iota // the request again
	serverAck                            // an ACK
	serverProvisional                    // we answer 1xx
	serverSuccess                        // we answer 2xx
	serverFailure                        // we answer 3xx to 6xx
	serverTick                           // time to say or repeat something
	serverEnd                            // the state's time is over
	serverEvents
)

// serverTell is what the transaction user hears of a step.
type serverTell uint8

const (
	tellNothing serverTell = iota
	tellAck
	tellNoAck
)

// serverStep is what happens at an event: what to do, the next state, what to tell.
type serverStep struct {
	do   func(*serverRecord)
	next serverState
	tell serverTell
}

type serverTable [serverStates][serverEvents]serverStep

// A pair that is not listed is refused and counted.
var inviteServer = serverTable{
	serverTrying: {
		serverRepeat:      {(*serverRecord).nothing, serverTrying, tellNothing},
		serverProvisional: {(*serverRecord).sendProvisional, serverProceeding, tellNothing},
		serverSuccess:     {(*serverRecord).sendSuccess, serverAccepted, tellNothing},
		serverFailure:     {(*serverRecord).sendFailure, serverCompleted, tellNothing},
		serverTick:        {(*serverRecord).sendTrying, serverProceeding, tellNothing},
	},
	serverProceeding: {
		serverRepeat:      {(*serverRecord).repeat, serverProceeding, tellNothing},
		serverProvisional: {(*serverRecord).sendProvisional, serverProceeding, tellNothing},
		serverSuccess:     {(*serverRecord).sendSuccess, serverAccepted, tellNothing},
		serverFailure:     {(*serverRecord).sendFailure, serverCompleted, tellNothing},
	},
	serverCompleted: {
		serverRepeat: {(*serverRecord).repeat, serverCompleted, tellNothing},
		serverAck:    {(*serverRecord).confirm, serverConfirmed, tellNothing},
		serverTick:   {(*serverRecord).repeatLater, serverCompleted, tellNothing},
		serverEnd:    {(*serverRecord).forget, serverGone, tellNoAck},
	},
	serverConfirmed: {
		serverRepeat: {(*serverRecord).nothing, serverConfirmed, tellNothing},
		serverAck:    {(*serverRecord).nothing, serverConfirmed, tellNothing},
		serverEnd:    {(*serverRecord).forget, serverGone, tellNothing},
	},
	serverAccepted: {
		serverRepeat: {(*serverRecord).nothing, serverAccepted, tellNothing},
		serverAck:    {(*serverRecord).settle, serverAcked, tellAck},
		serverTick:   {(*serverRecord).repeatLater, serverAccepted, tellNothing},
		serverEnd:    {(*serverRecord).forget, serverGone, tellNoAck},
	},
	serverAcked: {
		serverRepeat: {(*serverRecord).nothing, serverAcked, tellNothing},
		serverAck:    {(*serverRecord).nothing, serverAcked, tellNothing},
		serverEnd:    {(*serverRecord).forget, serverGone, tellNothing},
	},
}

var otherServer = serverTable{
	serverTrying: {
		serverRepeat:      {(*serverRecord).nothing, serverTrying, tellNothing},
		serverProvisional: {(*serverRecord).sendProvisional, serverProceeding, tellNothing},
		serverSuccess:     {(*serverRecord).sendFinal, serverCompleted, tellNothing},
		serverFailure:     {(*serverRecord).sendFinal, serverCompleted, tellNothing},
		serverEnd:         {(*serverRecord).forget, serverGone, tellNothing},
	},
	serverProceeding: {
		serverRepeat:      {(*serverRecord).repeat, serverProceeding, tellNothing},
		serverProvisional: {(*serverRecord).sendProvisional, serverProceeding, tellNothing},
		serverSuccess:     {(*serverRecord).sendFinal, serverCompleted, tellNothing},
		serverFailure:     {(*serverRecord).sendFinal, serverCompleted, tellNothing},
		serverEnd:         {(*serverRecord).forget, serverGone, tellNothing},
	},
	serverCompleted: {
		serverRepeat: {(*serverRecord).repeat, serverCompleted, tellNothing},
		serverEnd:    {(*serverRecord).forget, serverGone, tellNothing},
	},
}

// serverRecord is what the table holds of a server transaction. When the transaction has had its
// final response it holds nothing but what a repeat needs: the bytes of that response.
type serverRecord struct {
	shard  *shard
	key    string
	ackKey string
	flow   Flow
	back   netip.AddrPort // where to connect if the flow has ended
	last   []byte         // the response to repeat
	tx     *ServerTx      // nil once the transaction user needs it no more
	timer  timer
	ends   time.Time // when serverEnd comes
	pause  time.Duration
	err    error // of the last send
	state  serverState
	invite bool
}

// ServerTx is a request that we answer. Its methods may be called from any goroutine.
type ServerTx struct {
	rec       *serverRecord
	stack     *Stack
	req       *Request
	flow      Flow
	tag       string
	cancelled atomic.Bool
	final     atomic.Int32
	value     atomic.Value
	dialog    atomic.Pointer[Dialog]
}

// Request returns the request. It must not be changed.
func (tx *ServerTx) Request() *Request { return tx.req }

// Flow returns where the request came from and its responses go.
func (tx *ServerTx) Flow() Flow { return tx.flow }

// Stack returns the stack of the transaction.
func (tx *ServerTx) Stack() *Stack { return tx.stack }

// Tag returns the To tag of all our responses to this request: that of the request's To if it had
// one.
func (tx *ServerTx) Tag() string { return tx.tag }

// Cancelled reports whether a CANCEL came before the final response.
func (tx *ServerTx) Cancelled() bool { return tx.cancelled.Load() }

// Final returns the status of the final response, 0 if there is none yet.
func (tx *ServerTx) Final() int { return int(tx.final.Load()) }

// SetValue attaches a value of the transaction user's, always of the same type.
func (tx *ServerTx) SetValue(v any) { tx.value.Store(v) }

// Value returns what SetValue attached, nil if nothing.
func (tx *ServerTx) Value() any { return tx.value.Load() }

// Response makes a response with our tag. reason may be empty.
func (tx *ServerTx) Response(status int, reason string) *Response {
	if status == 100 {
		return NewResponse(tx.req, status, reason, "")
	}
	return NewResponse(tx.req, status, reason, tx.tag)
}

// Reply makes a response with headers and no body, and sends it.
func (tx *ServerTx) Reply(status int, headers ...Header) error {
	res := tx.Response(status, "")
	for _, h := range headers {
		res.AppendHeader(h)
	}
	return tx.Respond(res)
}

// Respond sends a response. A final one is repeated by the stack as long as the RFCs ask; one to an
// INVITE until its ACK comes or 64*T1 have passed (then [Handler] OnNoAck). After a final response
// it returns [ErrFinished]; other errors are those of sending.
func (tx *ServerTx) Respond(res *Response) error {
	return tx.respond(res, wire(res))
}

func (tx *ServerTx) respond(res *Response, b []byte) error {
	rec := tx.rec
	sh := rec.shard
	ev := serverProvisional
	switch {
	case res.StatusCode >= 300:
		ev = serverFailure
	case res.StatusCode >= 200:
		ev = serverSuccess
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if rec.tx == nil || tx.final.Load() != 0 {
		return ErrFinished
	}
	if ev != serverProvisional {
		tx.final.Store(int32(res.StatusCode))
	}
	if ev == serverSuccess && rec.invite {
		rec.ackKey = string(ackKey(nil, res))
	}
	rec.last = b
	_, err := rec.step(ev)
	return err
}

// step looks an event up and does what the table says, with the shard's lock held.
func (rec *serverRecord) step(ev serverEvent) (serverTell, error) {
	table := &otherServer
	if rec.invite {
		table = &inviteServer
	}
	st := &table[rec.state][ev]
	if st.do == nil {
		rec.shard.stack.count.unexpected.Add(1)
		return tellNothing, ErrFinished
	}
	rec.state = st.next
	rec.err = nil
	st.do(rec)
	return st.tell, rec.err
}

func (rec *serverRecord) nothing() { rec.shard.stack.count.absorbed.Add(1) }

func (rec *serverRecord) send() {
	rec.err = rec.shard.stack.writeResponse(rec.last, rec.flow, rec.back)
}

func (rec *serverRecord) repeat() {
	rec.shard.stack.count.absorbed.Add(1)
	rec.shard.stack.count.repeated.Add(1)
	rec.send()
}

func (rec *serverRecord) sendTrying() {
	rec.last = wire(rec.tx.Response(100, ""))
	rec.send()
}

func (rec *serverRecord) sendProvisional() {
	if rec.invite {
		rec.shard.wheel.stop(&rec.timer)
	}
	rec.send()
}

// sendFinal ends a transaction other than INVITE: Timer J (RFC 3261 17.2.2).
func (rec *serverRecord) sendFinal() {
	rec.send()
	rec.tx = nil
	if rec.flow.Transport().Reliable() {
		rec.forget()
		rec.state = serverGone
		return
	}
	rec.endIn(64 * rec.timers().T1)
}

// sendFailure starts Timers G and H (RFC 3261 17.2.1).
func (rec *serverRecord) sendFailure() {
	rec.send()
	rec.ends = now().Add(64 * rec.timers().T1)
	if rec.flow.Transport().Reliable() {
		rec.shard.arm(&rec.timer, 64*rec.timers().T1)
		return
	}
	rec.pause = rec.timers().T1
	rec.shard.arm(&rec.timer, rec.pause)
}

// sendSuccess sends a 2xx and repeats it until its ACK comes, over every transport (RFC 3261
// 13.3.1.4, RFC 6026 7.1).
func (rec *serverRecord) sendSuccess() {
	rec.send()
	rec.ends = now().Add(64 * rec.timers().T1)
	rec.pause = rec.timers().T1
	rec.shard.acks[rec.ackKey] = rec
	rec.shard.arm(&rec.timer, rec.pause)
}

// repeatLater repeats the response and doubles the pause up to T2.
func (rec *serverRecord) repeatLater() {
	rec.shard.stack.count.repeated.Add(1)
	rec.send()
	rec.pause = min(2*rec.pause, rec.timers().T2)
	rec.shard.arm(&rec.timer, min(rec.pause, rec.ends.Sub(now())))
}

// confirm takes the ACK of a failure: Timer I absorbs its repeats.
func (rec *serverRecord) confirm() {
	rec.last, rec.tx = nil, nil
	if rec.flow.Transport().Reliable() {
		rec.forget()
		rec.state = serverGone
		return
	}
	rec.endIn(rec.timers().T4)
}

// settle takes the ACK of a 2xx. What is left absorbs repeats of the INVITE until Timer L.
func (rec *serverRecord) settle() {
	delete(rec.shard.acks, rec.ackKey)
	rec.last, rec.tx = nil, nil
	if rec.flow.Transport().Reliable() {
		rec.ackKey = ""
		rec.forget()
		rec.state = serverGone
		return
	}
	rec.ackKey = ""
	rec.shard.arm(&rec.timer, max(rec.ends.Sub(now()), rec.timers().T1))
}

func (rec *serverRecord) endIn(d time.Duration) {
	rec.ends = now().Add(d)
	rec.shard.arm(&rec.timer, d)
}

func (rec *serverRecord) forget() {
	rec.shard.wheel.stop(&rec.timer)
	delete(rec.shard.server, rec.key)
	if rec.ackKey != "" {
		delete(rec.shard.acks, rec.ackKey)
	}
	rec.tx, rec.last = nil, nil
}

func (rec *serverRecord) timers() *Timers { return &rec.shard.stack.cfg.Timers }

// expire is the timer of the record.
func (rec *serverRecord) expire(at time.Time) func() {
	ev := serverTick
	if !rec.ends.IsZero() && !at.Before(rec.ends) {
		ev = serverEnd
	}
	tx := rec.tx
	if ev == serverTick && (rec.state == serverConfirmed || rec.state == serverAcked || !rec.invite) {
		rec.shard.arm(&rec.timer, rec.ends.Sub(at))
		return nil
	}
	if ev == serverTick && rec.state == serverCompleted && rec.flow.Transport().Reliable() {
		rec.shard.arm(&rec.timer, rec.ends.Sub(at))
		return nil
	}
	if tell, _ := rec.step(ev); tell == tellNoAck && tx != nil {
		rec.shard.stack.count.noAck.Add(1)
		return func() { tx.stack.cfg.Handler.OnNoAck(tx) }
	}
	return nil
}

// request is where the worker takes a request.
func (sh *shard) request(req *Request, f Flow) {
	s := sh.stack
	sh.mu.Lock()
	sh.key = serverKey(sh.key[:0], req, false)
	rec := sh.server[string(sh.key)]
	if req.Method == ACK {
		sh.ack(rec, req, f)
		return
	}
	if rec != nil {
		_, _ = rec.step(serverRepeat)
		sh.mu.Unlock()
		return
	}
	tag := ToTag(req)
	if tag == "" {
		tag = s.NewTag()
	}
	tx := &ServerTx{stack: s, req: req, flow: f, tag: tag}
	rec = &serverRecord{shard: sh, key: string(sh.key), flow: f, back: backAddress(req, f), tx: tx, invite: req.Method == INVITE}
	rec.timer.owner = rec
	tx.rec = rec
	sh.server[rec.key] = rec
	switch {
	case !rec.invite:
		rec.endIn(64 * s.cfg.Timers.T1) // an answer after that helps nobody (RFC 4320 4.2)
	case s.cfg.Timers.Trying >= 0:
		sh.arm(&rec.timer, s.cfg.Timers.Trying)
	}
	if req.Method == CANCEL {
		sh.cancel(tx)
		return
	}
	sh.mu.Unlock()
	s.cfg.Handler.OnRequest(tx, req)
}

// ack takes an ACK: of a failure by its branch, of a 2xx by its dialog. It is called with the lock
// held and releases it.
func (sh *shard) ack(rec *serverRecord, req *Request, f Flow) {
	if rec == nil || rec.state == serverAccepted || rec.state == serverAcked {
		sh.key = ackKey(sh.key[:0], req)
		if r := sh.acks[string(sh.key)]; r != nil {
			rec = r
		}
	}
	if rec == nil {
		sh.mu.Unlock()
		sh.stack.cfg.Handler.OnAck(nil, req, f)
		return
	}
	tx := rec.tx
	tell, _ := rec.step(serverAck)
	sh.mu.Unlock()
	if tell == tellAck {
		sh.stack.cfg.Handler.OnAck(tx, req, f)
	}
}

// cancel answers a CANCEL and tells the INVITE's user (RFC 3261 9.2). It is called with the lock
// held and releases it.
func (sh *shard) cancel(tx *ServerTx) {
	sh.key = serverKey(sh.key[:0], tx.req, true)
	rec := sh.server[string(sh.key)]
	var invite *ServerTx
	if rec != nil {
		invite = rec.tx
	}
	sh.mu.Unlock()
	if rec == nil {
		_ = tx.Reply(481)
		return
	}
	if invite != nil && ToTag(tx.req) == "" {
		tx.tag = invite.tag
	}
	_ = tx.Reply(200)
	// A final response that went out already stands (R-23 d).
	if invite != nil && invite.final.Load() == 0 && !invite.cancelled.Swap(true) {
		sh.stack.cfg.Handler.OnCancel(invite, tx.req)
	}
}
