package sip

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net/netip"
	"runtime"
	"time"
)

// Timers are the timers of RFC 3261 17 and appendix A. A value of 0 stands for the default.
type Timers struct {
	T1 time.Duration // round trip estimate, 500 ms
	T2 time.Duration // longest repeat interval, 4 s
	T4 time.Duration // longest life of a message in the network, 5 s
	// Trying is after how long an INVITE that was not answered gets a 100 by itself, 200 ms
	// (RFC 3261 17.2.1); negative: never.
	Trying time.Duration
}

func (t *Timers) fill() {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&t.T1, 500*time.Millisecond)
	def(&t.T2, 4*time.Second)
	def(&t.T4, 5*time.Second)
	def(&t.Trying, 200*time.Millisecond)
}

// Limits bound what peers can make the stack hold. A value of 0 stands for the default.
type Limits struct {
	// Connections is the number of stream connections in all, 20,000.
	Connections int
	// PerSource is the number of connections from one address, 1,000 (a site behind NAT).
	PerSource int
	// UnprovenPerSource is the number of connections from one address over which no valid message
	// came yet, 512: so many phones of one site may come at once when their server is lost (T-12). A
	// further one closes the oldest of them, so that idle ones keep nobody out (T-6).
	UnprovenPerSource int
	// Unproven is how long such a connection may live, 20 s (R-32 d).
	Unproven time.Duration
	// Idle is how long any connection may be without a byte, 2 h.
	Idle time.Duration
	// Message is how long a message may take from its first byte to its last on a stream, 20 s (T-7).
	Message time.Duration
	// Dial is how long connecting and the TLS handshake may take, 8 s.
	Dial time.Duration
	// Write is how long one write to a connection may take, 10 s.
	Write time.Duration
	// Queue is the number of messages waiting for one worker, 8,192. When it is full, new requests
	// outside a dialog get 503 and everything else is dropped and comes again.
	Queue int
	// WriteQueue is the number of bytes waiting to be written to one connection, 1 MiB. A peer that
	// does not read loses its connection.
	WriteQueue int
}

func (l *Limits) fill() {
	num := func(n *int, v int) {
		if *n == 0 {
			*n = v
		}
	}
	dur := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	num(&l.Connections, 20000)
	num(&l.PerSource, 1000)
	num(&l.UnprovenPerSource, 512)
	num(&l.Queue, 8192)
	num(&l.WriteQueue, 1<<20)
	dur(&l.Unproven, 20*time.Second)
	dur(&l.Idle, 2*time.Hour)
	dur(&l.Message, 20*time.Second)
	dur(&l.Dial, 8*time.Second)
	dur(&l.Write, 10*time.Second)
}

// Verdict is what a [Guard] says to a message before it is parsed.
type Verdict struct {
	// Drop discards the message without an answer.
	Drop bool
	// RetryAfter above 0 asks that a request which starts something new is answered 503 with that
	// Retry-After in seconds, unparsed (T-23). Requests of dialogs, ACK, CANCEL and responses pass.
	RetryAfter int
}

// Guard decides about traffic before it costs anything. Its methods are called from many
// goroutines at once and must not block.
type Guard interface {
	// Admit is asked about each datagram and each message of a stream.
	Admit(source netip.AddrPort, t Transport, size int) Verdict
	// AdmitConnection is asked about each new connection.
	AdmitConnection(source netip.AddrPort, t Transport) bool
	// Malformed is told of each message that could not be used.
	Malformed(source netip.AddrPort, t Transport, why error)
}

// AnswerPort says to which port the response to a request without rport goes.
type AnswerPort uint8

const (
	// AnswerAuto is the port in Via if Via names the address from which the request came, otherwise
	// (an address translator is between) the port from which it came.
	AnswerAuto AnswerPort = iota
	// AnswerSource is always the port from which the request came.
	AnswerSource
	// AnswerVia is always the port in Via, even against an rport.
	AnswerVia
)

// Config configures a [Stack] and an [Endpoint]. Only Handler is required (and not for an Endpoint,
// which is its own).
type Config struct {
	Handler Handler
	Timers  Timers
	Limits  Limits
	Policy  Policy
	Guard   Guard
	// Workers is the number of goroutines that run callbacks; messages with the same Call-ID are
	// always handled by the same one, in order. 0 means GOMAXPROCS.
	Workers int
	// MaxDatagram is the size in bytes above which a request goes by TCP if the target takes that,
	// 1,300 (RFC 3261 18.1.1).
	MaxDatagram int
	// TLSClient is used for connections that we make over TLS. nil refuses them.
	TLSClient *tls.Config
	// Source is the address from which connections are made. The zero value lets the system choose.
	Source netip.Addr
	// AnswerPort overrides where responses go. nil means [AnswerAuto].
	AnswerPort func(req *Request, source netip.AddrPort) AnswerPort
	// Trace is given each message as it is on the wire, if set. It must not keep the bytes nor block.
	Trace func(sent bool, f Flow, message []byte)
	// Late is told, at most once a second, that new requests are refused because messages wait for
	// longer than the stack bears (T-23); may be nil. It must not block.
	Late func(wait time.Duration)
	// Random is the source of branches, tags and Call-IDs. nil means crypto/rand.
	Random io.Reader
	// Recover is told of a panic in a callback, with the Call-ID it was about; the worker goes on.
	// nil lets the panic end the process.
	Recover func(callID string, panicked any, stack []byte)
}

func (c *Config) fill() error {
	if c.Handler == nil {
		return errors.New("sip: no handler")
	}
	c.Timers.fill()
	c.Limits.fill()
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.MaxDatagram == 0 {
		c.MaxDatagram = 1300
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	return nil
}

// Handler is the transaction user. Its methods are called by a worker, those for one Call-ID in
// the order of arrival and never two at once; they must not block, because other calls wait behind
// them: hand the work on and answer later from any goroutine.
type Handler interface {
	// OnRequest is called once for each new request except ACK and CANCEL; repeats are answered by
	// the stack. Answer it by tx.Respond.
	OnRequest(tx *ServerTx, req *Request)
	// OnCancel is called when a CANCEL matched an INVITE that has no final response yet. The CANCEL
	// itself has been answered 200; answer the INVITE, usually 487.
	OnCancel(tx *ServerTx, cancel *Request)
	// OnAck is called for the ACK of a 2xx. tx is the INVITE's, nil if none waits for it.
	OnAck(tx *ServerTx, ack *Request, f Flow)
	// OnNoAck is called when no ACK came for 64*T1 after a final response to an INVITE.
	OnNoAck(tx *ServerTx)
	// OnStray is called for every 2xx to an INVITE but the first: a repeat, or the answer of another
	// fork. It needs an ACK (and the fork a BYE).
	OnStray(res *Response, f Flow)
	// OnFlowClosed is called when a connection has ended, not in order with the others.
	OnFlowClosed(f Flow, why error)
}

// ResponseHandler is who sent a request.
type ResponseHandler interface {
	// OnResponse is called for each provisional response and for the final one, under the rules of
	// [Handler]. Further 2xx to an INVITE come to Handler.OnStray.
	OnResponse(tx *ClientTx, res *Response)
	// OnFailure is called instead of a final response: nothing came in time, or nothing could be
	// sent. err is [ErrTimeout], or what the transport said.
	OnFailure(tx *ClientTx, err error)
}

// Errors of sending.
var (
	// ErrTimeout: no final response for 64*T1 (for INVITE: none at all, or none after CANCEL).
	ErrTimeout = errors.New("sip: no response in time")
	// ErrClosed: the stack was closed.
	ErrClosed = errors.New("sip: closed")
	// ErrNoRoute: no flow that lives, and no socket or address to reach the target otherwise.
	ErrNoRoute = errors.New("sip: no way to the target")
	// ErrFinished: the transaction has its final response already.
	ErrFinished = errors.New("sip: transaction already has a final response")
	// ErrFlowReplaced: the connection was closed by us because another took its place.
	ErrFlowReplaced = errors.New("sip: connection replaced")
	// ErrQueueFull: the peer does not read what is sent to it.
	ErrQueueFull = errors.New("sip: peer does not read, queue full")
	// ErrIdle: no valid message came over the connection in time.
	ErrIdle = errors.New("sip: connection idle")
	// ErrTooMany: the limit of connections is reached.
	ErrTooMany = errors.New("sip: too many connections")
)
