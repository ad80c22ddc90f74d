package sip

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// RAck is an RAck header: the RSeq that a PRACK acknowledges, and the request it answered
// (RFC 3262 7.2).
type RAck struct {
	RSeq   uint32
	CSeq   uint32
	Method Method
}

// ParseRAck reads the header.
func ParseRAck(m Message) (r RAck, ok bool) {
	f := strings.Fields(HeaderValue(m, "RAck"))
	if len(f) != 3 {
		return r, false
	}
	var ok1, ok2 bool
	r.RSeq, ok1 = number(f[0], 1<<32-1)
	r.CSeq, ok2 = number(f[1], 1<<32-1)
	r.Method = Method(f[2])
	return r, ok1 && ok2
}

// Header makes the header.
func (r RAck) Header() Header {
	return NewHeader("RAck", fmt.Sprintf("%d %d %s", r.RSeq, r.CSeq, r.Method))
}

// ParseRSeq reads RSeq (RFC 3262 7.1).
func ParseRSeq(m Message) (uint32, bool) { return number(trim(HeaderValue(m, "RSeq")), 1<<32-1) }

// RSeq makes an RSeq header.
func RSeq(n uint32) Header { return NewHeader("RSeq", strconv.FormatUint(uint64(n), 10)) }

// maxReliable bounds the provisional responses that wait for the PRACK of the one before.
const maxReliable = 8

// reliableOut is the reliable provisional responses of ours: one under way, others behind it.
type reliableOut struct {
	rseq    uint32
	cseq    uint32
	sent    []byte // the one under way, nil if none
	tx      *ServerTx
	res     *Response
	hasBody bool
	pause   time.Duration
	ends    time.Time
	timer   dialogTimer
	queue   []*Response
	answer  func() // the 2xx that waits; called with d.mu held
}

func (r *reliableOut) mustWait() bool {
	if r.sent != nil && r.hasBody {
		return true
	}
	for _, res := range r.queue {
		if len(res.Body()) > 0 {
			return true
		}
	}
	return false
}

// sendReliably sends a provisional response reliably (RFC 3262 3), after those before it. Called
// with d.mu held.
func (d *Dialog) sendReliably(tx *ServerTx, res *Response) error {
	r := &d.reliable
	r.tx = tx
	if r.sent != nil {
		if len(r.queue) >= maxReliable {
			return ErrPending
		}
		r.queue = append(r.queue, res)
		return nil
	}
	if r.rseq == 0 || r.cseq != tx.Request().CSeq().SeqNo {
		r.rseq = 1
	} else {
		r.rseq++
	}
	r.cseq = tx.Request().CSeq().SeqNo
	res.AppendHeader(NewHeader("Require", "100rel"))
	res.AppendHeader(RSeq(r.rseq))
	r.sent, r.res, r.hasBody = wire(res), res, len(res.Body()) > 0
	if r.hasBody { // it answers the offer, or makes one that PRACK answers
		if d.offerIn {
			d.offerIn = false
		} else if !hasOffer(tx.Request()) {
			d.offerOut = true
		}
	}
	timers := &d.ep.cfg.Timers
	r.pause = timers.T1
	r.ends = now().Add(64 * timers.T1)
	d.setTimer(&r.timer, r.pause, (*Dialog).repeatReliable)
	return tx.respond(res, r.sent)
}

// repeatReliable repeats the response with doubling pauses; without PRACK for 64*T1 the INVITE is
// refused (RFC 3262 3).
func (d *Dialog) repeatReliable() {
	d.mu.Lock()
	r := &d.reliable
	if r.sent == nil || d.state == DialogEnded {
		d.mu.Unlock()
		return
	}
	if left := r.ends.Sub(now()); left > 0 {
		d.ep.count.repeated.Add(1)
		_ = r.tx.respond(r.res, r.sent)
		r.pause *= 2
		d.setTimer(&r.timer, min(r.pause, left), (*Dialog).repeatReliable)
		d.mu.Unlock()
		return
	}
	tx := d.inviteIn
	r.sent, r.queue, r.answer = nil, nil, nil
	d.inviteIn, d.offerIn = nil, false
	first := d.state == DialogEarly
	if first {
		d.end()
	}
	d.mu.Unlock()
	if tx != nil {
		_ = tx.Reply(504)
	}
	d.user.OnDialogLost(d, ErrNoPrack)
}

// dropReliable forgets what waits: a final response overtakes it. Called with d.mu held.
func (d *Dialog) dropReliable() {
	r := &d.reliable
	d.stopTimer(&r.timer)
	r.sent, r.res, r.queue, r.answer, r.tx = nil, nil, nil, nil, nil
}

// receivePrack takes a PRACK. It is called with d.mu held and releases it.
func (d *Dialog) receivePrack(tx *ServerTx, req *Request) {
	r := &d.reliable
	rack, ok := ParseRAck(req)
	if !ok || r.sent == nil || rack.RSeq != r.rseq || rack.CSeq != r.cseq || rack.Method != INVITE {
		d.mu.Unlock()
		_ = tx.Reply(481)
		return
	}
	d.stopTimer(&r.timer)
	r.sent, r.res = nil, nil
	d.offerOut = false
	body := len(req.Body()) > 0
	if !body {
		_ = tx.Reply(200)
	}
	invite, answer := r.tx, r.answer
	if len(r.queue) > 0 {
		next := r.queue[0]
		r.queue = r.queue[1:]
		_ = d.sendReliably(invite, next)
	}
	if answer != nil && !r.mustWait() {
		r.answer = nil
		answer()
	}
	d.mu.Unlock()
	d.user.OnDialogRequest(d, tx, req)
}

// Prack acknowledges a reliable provisional response with a session description in it: needed only
// if that response made an offer; all others are acknowledged by themselves.
func (d *Dialog) Prack(res *Response, body []byte, h ResponseHandler) error {
	rseq, ok := ParseRSeq(res)
	if !ok {
		return ErrFinished
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.offerIn = false
	req := d.newRequest(PRACK)
	req.AppendHeader(RAck{RSeq: rseq, CSeq: res.CSeq().SeqNo, Method: INVITE}.Header())
	SetBody(req, "application/sdp", body)
	_, err := d.send(req, h)
	return err
}
