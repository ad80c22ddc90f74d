package sip

import (
	"errors"
	"hash/maphash"
	"maps"
	"sync"
	"time"
)

// Core is what an [Endpoint] asks about everything outside dialogs. The rules of [Handler] hold:
// callbacks in order for each Call-ID, and never blocking.
type Core interface {
	// OnRequest gets each request without To tag. An INVITE or SUBSCRIBE becomes a dialog by
	// [Endpoint.Incoming]; everything is answered through tx.
	OnRequest(tx *ServerTx, req *Request)
	// OnCancel tells that the INVITE of tx, for which there is no dialog yet, was cancelled. It has
	// been answered 487.
	OnCancel(tx *ServerTx)
	// OnFlowClosed tells that a connection has ended.
	OnFlowClosed(f Flow, why error)
}

// DialogUser gets the events of dialogs.
type DialogUser interface {
	// OnDialogRequest gets each request of the dialog that passed the checks of order and glare.
	// Answer INVITE and UPDATE through the dialog ([Dialog.Ring], [Dialog.Answer], [Dialog.Reject],
	// [Dialog.Respond]), others so or through tx. BYE has been answered and the dialog has ended; so has a
	// PRACK without a body been.
	OnDialogRequest(d *Dialog, tx *ServerTx, req *Request)
	// OnDialogAck gets the ACK of our 2xx, which may carry a session description.
	OnDialogAck(d *Dialog, ack *Request)
	// OnDialogCancel tells that the INVITE of tx was cancelled and has been answered 487. If it was
	// the first one the dialog has ended.
	OnDialogCancel(d *Dialog, tx *ServerTx)
	// OnRefreshDue asks for [Dialog.Refresh] with the present session description.
	OnRefreshDue(d *Dialog)
	// OnDialogLost tells that the dialog ended without a BYE from the other end: [ErrNoAck],
	// [ErrNoPrack], [ErrSessionExpired] or why a refresh failed. A BYE was sent where one was due.
	OnDialogLost(d *Dialog, why error)
}

// Why a dialog was lost.
var (
	ErrNoAck          = errors.New("sip: no ACK for the answer")
	ErrNoPrack        = errors.New("sip: no PRACK for a reliable response")
	ErrSessionExpired = errors.New("sip: session was not refreshed in time")
	ErrDialogEnded    = errors.New("sip: dialog has ended")
)

// Options configure what an [Endpoint] does by itself. The zero value offers neither session
// timers nor anything else.
type Options struct {
	// SessionInterval is what we ask for in Session-Expires, 0 for no session timers of our own (a
	// peer's are honoured all the same). MinSE is the least we accept, 90 s at least (RFC 4028 5).
	SessionInterval time.Duration
	MinSE           time.Duration
	// Allow and Supported go into INVITE, its answers and UPDATE. Empty values are left out.
	Allow     string
	Supported string
	// UserAgent goes into requests, Server into responses. Empty values are left out.
	UserAgent string
	Server    string
	// Resolve finds where a hop is that is no IP address, for dialogs whose flow has ended or does
	// not lead to their first route. nil: only addresses can be reached.
	Resolve func(hop URI) (Target, bool)
}

// Endpoint is the dialog layer on a [Stack].
type Endpoint struct {
	*Stack
	core    Core
	opt     Options
	usual   usualHeaders
	buckets [32]bucket
	ended   endedSet
}

// bucket is a part of the table of dialogs, by Call-ID and own tag: a leg is found in every state,
// also before the other end has a tag (R-23 e).
type bucket struct {
	sync.Mutex
	dialogs map[string][]*Dialog
}

// usualHeaders are those that stand in most messages, each made once; nil where its option is empty.
type usualHeaders struct{ allow, supported, userAgent, server Header }

func (o *Options) usualHeaders() usualHeaders {
	header := func(name, value string) Header {
		if value == "" {
			return nil
		}
		return NewHeader(name, value)
	}
	return usualHeaders{allow: header("Allow", o.Allow), supported: header("Supported", o.Supported),
		userAgent: header("User-Agent", o.UserAgent), server: header("Server", o.Server)}
}

// NewEndpoint makes a Stack with a dialog layer. cfg.Handler must be nil.
func NewEndpoint(cfg Config, opt Options, core Core) (*Endpoint, error) {
	if cfg.Handler != nil || core == nil {
		return nil, errors.New("sip: an endpoint needs a core and is its own handler")
	}
	if opt.MinSE < 90*time.Second {
		opt.MinSE = 90 * time.Second
	}
	ep := &Endpoint{core: core, opt: opt, usual: opt.usualHeaders()}
	ep.ended.seed = maphash.MakeSeed()
	for i := range ep.buckets {
		ep.buckets[i].dialogs = make(map[string][]*Dialog)
	}
	cfg.Handler = (*endpointHandler)(ep)
	s, err := New(cfg)
	if err != nil {
		return nil, err
	}
	ep.Stack = s
	return ep, nil
}

// Dialogs returns the number of dialogs now, early ones included.
func (ep *Endpoint) Dialogs() int {
	n := 0
	for i := range ep.buckets {
		b := &ep.buckets[i]
		b.Lock()
		for list := range maps.Values(b.dialogs) {
			n += len(list)
		}
		b.Unlock()
	}
	return n
}

func (ep *Endpoint) bucket(callID string) *bucket {
	h := uint32(2166136261)
	for i := 0; i < len(callID); i++ {
		h = (h ^ uint32(callID[i])) * 16777619
	}
	return &ep.buckets[h%uint32(len(ep.buckets))]
}

// Find returns the dialog with this Call-ID, our tag and the other end's tag, nil if there is none:
// what a Replaces header names (RFC 3891 3).
func (ep *Endpoint) Find(callID, localTag, remoteTag string) *Dialog {
	var few [128]byte
	key := append(append(append(few[:0], callID...), '|'), localTag...)
	b := ep.bucket(callID)
	b.Lock()
	list := b.dialogs[string(key)]
	b.Unlock() // a dialog's lock is never taken under the table's
	for _, d := range list {
		if d.remoteTagIs(remoteTag) {
			return d
		}
	}
	return nil
}

// FindReplaced returns the dialog that a Replaces header means. Both ends' tags are tried in both
// roles, because either end of a call may be named by the far side's view of it.
func (ep *Endpoint) FindReplaced(r Replaces) *Dialog {
	if d := ep.Find(r.CallID, r.ToTag, r.FromTag); d != nil {
		return d
	}
	return ep.Find(r.CallID, r.FromTag, r.ToTag)
}

func (ep *Endpoint) enterDialog(d *Dialog) {
	b := ep.bucket(d.callID)
	b.Lock()
	key := d.callID + "|" + d.localTag
	b.dialogs[key] = append(b.dialogs[key], d)
	b.Unlock()
}

// removeDialog is called with d.mu held or by who has the dialog alone.
func (ep *Endpoint) removeDialog(d *Dialog) {
	if d.owner && d.ackSent != nil {
		ep.ended.add(ep.ended.hash(d.callID, d.localTag, d.remoteTag), 64*ep.cfg.Timers.T1)
	}
	b := ep.bucket(d.callID)
	b.Lock()
	defer b.Unlock()
	key := d.callID + "|" + d.localTag
	list := b.dialogs[key]
	for i, o := range list {
		if o == d {
			if len(list) == 1 {
				delete(b.dialogs, key)
				return
			}
			rest := make([]*Dialog, 0, len(list)-1)
			b.dialogs[key] = append(append(rest, list[:i]...), list[i+1:]...)
			return
		}
	}
}

// endpointHandler keeps the Handler's methods out of the Endpoint's method set.
type endpointHandler Endpoint

func (h *endpointHandler) OnRequest(tx *ServerTx, req *Request) {
	ep := (*Endpoint)(h)
	tag := ToTag(req)
	if tag == "" {
		ep.core.OnRequest(tx, req)
		return
	}
	d := ep.Find(CallIDOf(req), tag, FromTag(req))
	if d == nil {
		_ = tx.Reply(481)
		return
	}
	d.receive(tx, req)
}

func (h *endpointHandler) OnCancel(tx *ServerTx, _ *Request) {
	ep := (*Endpoint)(h)
	_ = tx.Reply(487)
	if d := tx.dialog.Load(); d != nil {
		d.cancelled(tx)
		return
	}
	ep.core.OnCancel(tx)
}

func (h *endpointHandler) OnAck(tx *ServerTx, ack *Request, _ Flow) {
	if tx == nil {
		return // of a dialog that is gone, or a repeat
	}
	if d := tx.dialog.Load(); d != nil {
		d.acked(ack)
	}
}

func (h *endpointHandler) OnNoAck(tx *ServerTx) {
	if d := tx.dialog.Load(); d != nil && tx.Final()/100 == 2 {
		d.noAck()
	}
}

// OnStray acknowledges a repeated 2xx again, and ends the dialog of a fork that we do not want
// (R-25 d).
func (h *endpointHandler) OnStray(res *Response, f Flow) {
	ep := (*Endpoint)(h)
	if d := ep.Find(CallIDOf(res), FromTag(res), ToTag(res)); d != nil && d.reAck(res) {
		return
	}
	if ep.ended.has(ep.ended.hash(CallIDOf(res), FromTag(res), ToTag(res))) {
		_ = ep.dialogOf(res, f).Ack(nil)
		return
	}
	ep.endFork(res, f)
}

func (h *endpointHandler) OnFlowClosed(f Flow, why error) {
	(*Endpoint)(h).core.OnFlowClosed(f, why)
}

// endFork acknowledges the 2xx of a surplus fork and ends it by BYE.
func (ep *Endpoint) endFork(res *Response, f Flow) {
	if contactOf(res) == nil || ToTag(res) == "" {
		return
	}
	d := ep.dialogOf(res, f)
	_ = d.Ack(nil)
	_ = d.Bye("")
}

// Request sends a request outside a dialog, with as many attempts as credentials and the server's
// challenges make sensible (R-35 c). creds may be nil.
func (ep *Endpoint) Request(req *Request, target Target, creds Credentials, h ResponseHandler) (*ClientTx, error) {
	x := &exchange{ep: ep, target: target, user: h, creds: creds}
	ep.signRequest(req)
	return x.start(req)
}

// signRequest adds User-Agent unless there is one.
func (ep *Endpoint) signRequest(req *Request) {
	if h := ep.usual.userAgent; h != nil && !HasHeader(req, "User-Agent") {
		req.AppendHeader(h)
	}
}
