// Package tftpd serves provisioning files over TFTP (69/udp) and HTTP (6970).
//
// One Server is one TFTP port. Each transfer has a goroutine and, as RFC 1350 section 4 has it, a port of its own; with
// Config.SinglePort all of them use the port of the server, which is what passes through firewalls and address
// translation that know nothing of TFTP. Transfers beyond the maximum wait in a bounded queue; a request beyond that is
// left unanswered, so that the phone asks again later. NewHTTP serves the same names.
//
// What does not live here: which name is which file, the story of a device, alarms about it (provision), and the form of
// packets and the order of blocks (wire/tftp).
package tftpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"tandem/provision"
	"tandem/wire/tftp"
)

// Config says how a Server works. The zero value of a field means its default.
type Config struct {
	SinglePort       bool          // every transfer from the server's own port
	MaximumTransfers int           // under way at once; default 200 ("maximum serving count")
	MaximumPerSource int           // under way at once for one address; default: half of MaximumTransfers, 8 at least
	MaximumWaiting   int           // requests waiting for a place; default 2000
	MaximumDuration  time.Duration // of one transfer, however busily its client asks; default 30 minutes
	Limits           tftp.Limits   // of negotiated options
	Patience         tftp.Patience // with silent clients
	Log              *slog.Logger  // default: none
}

func (c Config) withDefaults() Config {
	if c.MaximumTransfers <= 0 {
		c.MaximumTransfers = 200
	}
	if c.MaximumPerSource <= 0 {
		c.MaximumPerSource = max(8, c.MaximumTransfers/2)
	}
	if c.MaximumWaiting <= 0 {
		c.MaximumWaiting = 2000
	}
	if c.MaximumDuration <= 0 {
		c.MaximumDuration = 30 * time.Minute
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

const (
	receiveBuffer = 4 << 20          // octets; a thousand phones that start at once do not overrun it
	waitingLapse  = 12 * time.Second // a waiting client that did not repeat its request for so long has left
	maximumText   = MaximumNetASCII
)

// MaximumNetASCII is the largest file, in octets, that is converted for a client that asks in netascii.
const MaximumNetASCII = 1 << 20

// Server serves one UDP port.
type Server struct {
	config   Config
	files    provision.Files
	conn     *net.UDPConn
	wildcard bool // the port listens on every address, so that the one that was asked must be told by the system
	count    counters

	ctx    context.Context // ends when the server closes
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	mu        sync.Mutex // guards what follows; nothing blocks under it
	transfers map[netip.AddrPort]*transfer
	running   int
	perSource map[netip.Addr]int
	waiting   []*transfer
	closed    bool
}

// Listen opens the port at addr ("0.0.0.0:69") and serves it until Close.
func Listen(addr string, files provision.Files, config Config) (*Server, error) {
	udp, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("TFTP address %s: %w", addr, err)
	}
	conn, err := net.ListenUDP("udp", udp)
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(receiveBuffer) // the system may grant less
	s := &Server{
		config: config.withDefaults(), files: files, conn: conn, wildcard: udp.IP == nil || udp.IP.IsUnspecified(),
		transfers: map[netip.AddrPort]*transfer{}, perSource: map[netip.Addr]int{},
	}
	if s.wildcard {
		if err := tellDestination(conn); err != nil {
			s.config.Log.Warn("the system does not tell at which address TFTP requests arrive", "cause", err)
		}
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.tasks.Add(1)
	go s.read()
	return s, nil
}

// Addr is the address on which the server listens.
func (s *Server) Addr() netip.AddrPort { return s.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// Counters returns the figures of now.
func (s *Server) Counters() Counters { return s.count.snapshot() }

// Close ends every transfer, tells its client, and returns when all of it is over.
func (s *Server) Close() error {
	s.mu.Lock()
	already := s.closed
	s.closed = true
	s.mu.Unlock()
	if already {
		return nil
	}
	s.cancel()
	_ = s.conn.SetReadDeadline(time.Unix(1, 0))
	s.tasks.Wait()
	return s.conn.Close()
}

// read is the goroutine that owns the listening side of the port.
func (s *Server) read() {
	defer s.tasks.Done()
	buffer := make([]byte, tftp.MaxPacket+1)
	control := make([]byte, 128)
	for {
		n, c, _, from, err := s.conn.ReadMsgUDPAddrPort(buffer, control)
		if s.ctx.Err() != nil {
			return
		}
		if err != nil { // an earlier answer was refused by its receiver's host, or the system is short of something
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		local := s.Addr().Addr()
		if s.wildcard {
			local = destination(control[:c])
		}
		s.take(buffer[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), local)
	}
}

// take handles one packet that arrived at the port of the server.
func (s *Server) take(b []byte, from netip.AddrPort, local netip.Addr) {
	packet, err := tftp.Parse(b)
	if err != nil {
		s.count.malformed.Add(1)
		if len(b) >= 2 && b[0] == 0 && (b[1] == 1 || b[1] == 2) {
			s.refuse(from, local, tftp.IllegalOperation, "malformed request")
		}
		return
	}
	request, ok := packet.(tftp.Request)
	if !ok {
		if !s.config.SinglePort || !s.deliver(from, b) {
			s.count.strays.Add(1)
		}
		return
	}
	r := provision.Request{Name: request.Name, Transport: provision.TFTP, Source: from, Local: local, At: time.Now()}
	switch {
	case request.Write:
		s.count.writesRefused.Add(1)
		s.refuse(from, local, tftp.AccessViolation, "this server is read-only")
		s.files.Served(r, provision.Result{Err: provision.ErrWrite})
	case request.Mode == tftp.Mail:
		s.count.refused.Add(1)
		s.refuse(from, local, tftp.IllegalOperation, "mode mail is not served")
	default:
		s.admit(&transfer{server: s, request: request, r: r, heard: r.At})
	}
}

// admit starts the transfer, lets it wait, or leaves it unanswered.
func (s *Server) admit(t *transfer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if old := s.transfers[t.r.Source]; old != nil {
		if old.request.Name == t.request.Name && !old.moved.Load() {
			// The same question again, before the first answer arrived: the transfer that runs repeats by itself
			// (sccp.md 5.2: never two streams of data for one request).
			old.heard = t.heard
			s.count.repeated.Add(1)
			return
		}
		// The client began anew from the same port.
		s.leave(old)
		if old.cancel != nil {
			old.cancel()
		}
	}
	s.count.requests.Add(1)
	switch {
	case s.place(t.r.Source.Addr()):
		s.start(t)
	case len(s.waiting) < s.config.MaximumWaiting:
		s.transfers[t.r.Source] = t
		s.waiting = append(s.waiting, t)
		s.count.waiting.Store(int64(len(s.waiting)))
	default:
		s.count.dropped.Add(1)
		s.tasks.Add(1)
		go func() { // the listener outlives a slow reader of the story
			defer s.tasks.Done()
			s.files.Served(t.r, provision.Result{Err: provision.ErrBusy})
		}()
	}
}

// place reports whether one more transfer may run for the address.
func (s *Server) place(source netip.Addr) bool {
	return s.running < s.config.MaximumTransfers && s.perSource[source] < s.config.MaximumPerSource
}

// start runs the transfer on a goroutine of its own. The caller holds the lock.
func (s *Server) start(t *transfer) {
	t.ctx, t.cancel = context.WithTimeout(s.ctx, s.config.MaximumDuration)
	if s.config.SinglePort {
		t.link = newMailbox(s.conn, t.r.Source, s.replyControl(t.r.Local))
	}
	s.transfers[t.r.Source] = t
	s.running++
	s.perSource[t.r.Source.Addr()]++
	s.count.active.Store(int64(s.running))
	s.tasks.Add(1)
	go func() {
		defer s.tasks.Done()
		defer s.finished(t)
		t.run()
	}()
}

// finished gives the place of a transfer to the first that waits and may have it.
func (s *Server) finished(t *transfer) {
	t.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(t)
	s.running--
	if source := t.r.Source.Addr(); s.perSource[source] > 1 {
		s.perSource[source]--
	} else {
		delete(s.perSource, source)
	}
	s.count.active.Store(int64(s.running))
	now := time.Now()
	for i := 0; i < len(s.waiting) && s.running < s.config.MaximumTransfers && !s.closed; {
		next := s.waiting[i]
		if now.Sub(next.heard) > waitingLapse {
			s.count.dropped.Add(1)
			s.leave(next) // takes it out of the queue
			continue
		}
		if !s.place(next.r.Source.Addr()) {
			i++
			continue
		}
		s.leave(next)
		s.start(next)
	}
	s.count.waiting.Store(int64(len(s.waiting)))
}

// leave takes a transfer out of the tables, unless another has taken its client over. The caller holds the lock.
func (s *Server) leave(t *transfer) {
	if s.transfers[t.r.Source] == t {
		delete(s.transfers, t.r.Source)
	}
	for i, w := range s.waiting {
		if w == t {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			return
		}
	}
}

// deliver hands a packet to the transfer of its sender, when all share one port.
func (s *Server) deliver(from netip.AddrPort, b []byte) bool {
	s.mu.Lock()
	t := s.transfers[from]
	running := t != nil && t.cancel != nil
	s.mu.Unlock()
	if !running {
		return false
	}
	t.link.(*mailbox).put(b)
	return true
}

// refuse sends one error packet from the port of the server.
func (s *Server) refuse(to netip.AddrPort, local netip.Addr, code tftp.ErrorCode, text string) {
	_, _, _ = s.conn.WriteMsgUDPAddrPort(tftp.Failure{Code: code, Message: text}.Append(nil), s.replyControl(local), to)
}

// replyControl makes an answer leave from the address that was asked.
func (s *Server) replyControl(local netip.Addr) []byte {
	if !s.wildcard || !local.IsValid() {
		return nil
	}
	return fromAddress(local)
}
