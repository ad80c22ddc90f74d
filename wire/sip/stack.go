package sip

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash/maphash"
	"io"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Stack is the transport and transaction layers: sockets, connections and the transactions on
// them. All methods may be called from any goroutine.
type Stack struct {
	cfg    Config
	shards []*shard
	seed   maphash.Seed
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	count  counters

	random struct {
		sync.Mutex
		r *bufio.Reader
	}
	toldLate atomic.Int64 // when Config.Late was called last, Unix nanoseconds
	secret   [32]byte     // makes the tags of stateless responses

	mu        sync.Mutex // guards what follows; a conn's lock may be taken under it, not the reverse
	closed    bool
	sockets   []*socket
	listeners []*listener
	all       map[*conn]struct{}
	byRemote  map[connKey]*conn
	sources   map[netip.Addr]*source
}

// New makes a stack without any socket. Close ends it.
func New(cfg Config) (*Stack, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	s := &Stack{cfg: cfg, seed: maphash.MakeSeed(), all: make(map[*conn]struct{}),
		byRemote: make(map[connKey]*conn), sources: make(map[netip.Addr]*source)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.random.r = bufio.NewReaderSize(cfg.Random, 1024)
	if _, err := io.ReadFull(s.random.r, s.secret[:]); err != nil {
		return nil, err
	}
	for range cfg.Workers {
		sh := newShard(s)
		s.shards = append(s.shards, sh)
		s.wg.Add(1)
		go sh.work()
	}
	return s, nil
}

// Close closes all sockets and connections and waits for every goroutine of the stack. Callbacks
// that run are waited for, none is called afterwards; transactions end without a callback.
func (s *Stack) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.wg.Wait()
		return nil
	}
	s.closed = true
	sockets, listeners := s.sockets, s.listeners
	conns := make([]*conn, 0, len(s.all))
	for c := range s.all {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	s.cancel()
	for _, l := range listeners {
		l.nl.Close()
	}
	for _, k := range sockets {
		k.pc.Close()
	}
	for _, c := range conns {
		c.close(ErrClosed)
	}
	for _, sh := range s.shards {
		sh.stop()
	}
	s.wg.Wait()
	return nil
}

func (s *Stack) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *Stack) shardOf(callID string) *shard {
	if len(s.shards) == 1 {
		return s.shards[0]
	}
	return s.shards[maphash.String(s.seed, callID)%uint64(len(s.shards))]
}

// Token returns n random bytes, 32 at most, in hexadecimal, for tags and Call-IDs.
func (s *Stack) Token(n int) string {
	var text [64]byte
	n = min(n, len(text)/2)
	s.random.Lock()
	defer s.random.Unlock()
	random, err := s.random.r.Peek(n)
	if err != nil {
		panic("sip: source of randomness failed: " + err.Error())
	}
	hex.Encode(text[:], random)
	_, _ = s.random.r.Discard(n) // it was there
	return string(text[:2*n])
}

// NewCallID returns a Call-ID that names no address of ours.
func (s *Stack) NewCallID() string { return s.Token(16) }

// NewTag returns a tag for From or To.
func (s *Stack) NewTag() string { return s.Token(8) }

// receive takes one message from the wire. It reports whether it was a valid one.
func (s *Stack) receive(data []byte, f Flow) bool {
	t := f.Transport()
	var v Verdict
	if g := s.cfg.Guard; g != nil {
		if v = g.Admit(f.remote, t, len(data)); v.Drop {
			s.count.guardDropped.Add(1)
			return false
		}
	}
	if blank(data) { // keep-alive of a phone behind an address translator
		return false
	}
	if s.refuseLate(data, f) {
		return true
	}
	if s.cfg.Trace != nil {
		s.cfg.Trace(false, f, data)
	}
	if v.RetryAfter > 0 && s.shed(data, f, v.RetryAfter) {
		return true
	}
	msg, err := Parse(data)
	switch m := msg.(type) {
	case *Request:
		return s.receiveRequest(m, err, data, f)
	case *Response:
		if err == nil && CheckResponse(m) {
			s.count.received.Add(1)
			if !s.shardOf(CallIDOf(m)).offer(event{res: m, flow: f}) {
				s.count.queueFull.Add(1)
			}
			return true
		}
	}
	if err == nil {
		err = ErrNotSIP
	}
	s.malformed(f, err)
	return false
}

func (s *Stack) malformed(f Flow, err error) {
	s.count.malformed.Add(1)
	if g := s.cfg.Guard; g != nil {
		g.Malformed(f.remote, f.Transport(), err)
	}
}

func (s *Stack) receiveRequest(req *Request, err error, data []byte, f Flow) bool {
	via := req.Via()
	if via == nil {
		s.malformed(f, malformed("no usable Via"))
		return false
	}
	f = s.stampVia(req, via, f)
	if err != nil {
		s.malformed(f, err)
		pe, ok := err.(*ParseError)
		if ok && req.Method != ACK {
			s.refuseParsed(req, &Reject{Status: pe.Status, Reason: ReasonPhrase(pe.Status) + " - " + pe.Reason}, f)
		}
		return false
	}
	if r := s.cfg.Policy.CheckRequest(req); r != nil {
		s.malformed(f, &ParseError{Status: r.Status, Reason: "request refused with " + strconv.Itoa(r.Status)})
		if req.Method != ACK {
			s.refuseParsed(req, r, f)
		}
		return r.Status != 400
	}
	s.count.received.Add(1)
	if s.shardOf(CallIDOf(req)).offer(event{req: req, flow: f}) {
		return true
	}
	s.count.queueFull.Add(1)
	s.shed(data, f, 5)
	return true
}

// stampVia adds received and rport to the top Via (RFC 3261 18.2.1, RFC 3581 4) and returns the flow
// for responses.
func (s *Stack) stampVia(req *Request, via *Via, f Flow) Flow {
	source := f.remote
	a, isAddr := netip.Addr{}, false
	if p, err := netip.ParseAddr(via.Host); err == nil {
		a, isAddr = p.Unmap(), true
	}
	same := isAddr && a == source.Addr().WithZone("")
	_, rport := Lookup(via.Params, "rport")
	if rport {
		setParam(&via.Params, "rport", strconv.Itoa(int(source.Port())))
	}
	if !same || rport {
		setParam(&via.Params, "received", source.Addr().WithZone("").String())
	}
	if f.socket == nil {
		return f
	}
	policy := AnswerAuto
	if s.cfg.AnswerPort != nil {
		policy = s.cfg.AnswerPort(req, source)
	}
	if policy == AnswerVia || policy == AnswerAuto && !rport && same {
		port := uint16(via.Port)
		if port == 0 {
			port = UDP.DefaultPort()
		}
		f.remote = netip.AddrPortFrom(source.Addr(), port)
	}
	return f
}

func setParam(ps *Params, name, value string) {
	for i := range *ps {
		if (*ps)[i].K == name {
			(*ps)[i].V = value
			return
		}
	}
	*ps = append(*ps, Param{K: name, V: value})
}

// refuseParsed answers a request without keeping anything (RFC 3261 8.2.7).
func (s *Stack) refuseParsed(req *Request, r *Reject, f Flow) {
	res := r.response(req, s.statelessTag(CallIDOf(req), req.Via().Params))
	_ = s.write(wire(res), f)
}

// refuse answers bytes that could not be framed, if they can be understood that far.
func (s *Stack) refuse(data []byte, f Flow, status int, reason string) {
	if msg, _ := Parse(data); msg != nil {
		if req, ok := msg.(*Request); ok && req.Via() != nil && req.Method != ACK {
			s.refuseParsed(req, &Reject{Status: status, Reason: reason}, f)
		}
	}
}

// statelessTag makes the To tag of a response that leaves no state: the same for each repeat of
// the request.
func (s *Stack) statelessTag(callID string, via Params) string {
	h := hmac.New(sha256.New, s.secret[:])
	h.Write([]byte(callID))
	h.Write([]byte{0})
	h.Write([]byte(ParamValue(via, "branch")))
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// write sends bytes over a flow. They must not change afterwards when the flow is a connection.
func (s *Stack) write(b []byte, f Flow) error {
	if s.cfg.Trace != nil {
		s.cfg.Trace(true, f, b)
	}
	var err error
	switch {
	case f.socket != nil:
		err = f.socket.write(b, f.remote)
	case f.conn != nil:
		err = f.conn.send(b, nil)
	default:
		err = ErrNoRoute
	}
	if err != nil {
		s.count.sendErrors.Add(1)
		return err
	}
	s.count.sent.Add(1)
	return nil
}

// writeResponse sends a response, over a new connection to where Via says if that of the request
// has ended (RFC 3261 18.2.2).
func (s *Stack) writeResponse(b []byte, f Flow, back netip.AddrPort) error {
	if f.conn == nil || !f.conn.isClosed() || !back.IsValid() {
		return s.write(b, f)
	}
	c, _, err := s.connect(f.conn.transport, back, "")
	if err != nil {
		s.count.sendErrors.Add(1)
		return err
	}
	return s.write(b, c.flow())
}

// backAddress is where the Via of a request that came over a stream says that responses go when
// the connection has ended.
func backAddress(req *Request, f Flow) netip.AddrPort {
	if f.conn == nil {
		return netip.AddrPort{}
	}
	port := uint16(req.Via().Port)
	if port == 0 {
		port = f.Transport().DefaultPort()
	}
	return netip.AddrPortFrom(f.remote.Addr(), port)
}

func blank(b []byte) bool {
	if len(b) > 64 {
		return false
	}
	for _, c := range b {
		if c != '\r' && c != '\n' && c != 0 && c != ' ' {
			return false
		}
	}
	return true
}

// now is the time of the stack; inside a synctest bubble it is the bubble's.
func now() time.Time { return time.Now() }
