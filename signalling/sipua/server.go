package sipua

import (
	"crypto/tls"
	"fmt"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"tandem/call/signal"
	"tandem/wire/sip"
)

// allowed are the methods that phones may use; others get 405 or 501.
var allowed = []sip.Method{sip.INVITE, sip.ACK, sip.CANCEL, sip.BYE, sip.OPTIONS, sip.REGISTER, sip.SUBSCRIBE, sip.NOTIFY,
	sip.REFER, sip.INFO, sip.PRACK, sip.UPDATE}

const (
	// supported are the extensions that we name in Supported.
	supported = "100rel, timer, replaces, norefersub"
	events    = "message-summary, dialog, refer"
	// maxBody bounds bodies, in bytes; a session description above 32 KiB describes no phone.
	maxBody = 32 << 10
)

// Server is the registrar and the calls of SIP phones on one server.
type Server struct {
	o        Options
	ep       *sip.Endpoint
	verifier *sip.Verifier
	md5Only  *sip.Verifier
	guard    *guard
	start    int64 // of the server, Unix nanoseconds: incarnations rise over restarts

	mu       sync.RWMutex
	stations map[string]*station
	closed   bool
	work     sync.WaitGroup // goroutines that connect to a phone; each ends with its dial

	incarnation atomic.Uint64
	paces       paces
	toldLate    atomic.Int64 // when the administrator was told of overload last, Unix seconds
	ladder      rungs

	figures struct {
		contactsReplaced, refusedSources, limited, subscriptions, held atomic.Int64
		legs                                                           atomic.Int64
	}
}

// Figures are counts of the server at one moment.
type Figures struct {
	Registered       int   // phones with at least one contact
	Contacts         int   // of all of them
	Legs             int64 // dialogs of calls
	Subscriptions    int64
	ContactsReplaced int64 // contacts that gave way to a newer one beyond the limit
	RefusedSources   int64 // addresses held back so far (T-5)
	Held             int64 // registrations that were told to come again, because many phones came at once (T-12)
	Limited          int64 // messages refused or dropped because a phone sent too many (T-23a)
}

// New makes a server without any socket: see ListenUDP, ListenTCP and ListenTLS. Close ends it.
func New(o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	s := &Server{o: o, stations: make(map[string]*station), start: o.Now().UnixNano()}
	s.incarnation.Store(uint64(s.start))
	s.guard = newGuard(s)
	var err error
	secrets := secrets{o.Credentials}
	if s.verifier, err = sip.NewVerifier(o.Realm, o.NonceKey, o.NonceLife, []sip.Algorithm{sip.SHA256, sip.MD5}, secrets); err != nil {
		return nil, fmt.Errorf("sipua: %w", err)
	}
	if s.md5Only, err = sip.NewVerifier(o.Realm, o.NonceKey, o.NonceLife, []sip.Algorithm{sip.MD5}, secrets); err != nil {
		return nil, fmt.Errorf("sipua: %w", err)
	}
	cfg := sip.Config{
		Timers: o.Timers, Limits: o.Limits, Guard: s.guard, Workers: o.Workers,
		Policy: sip.Policy{Allow: allowed, Supported: []string{"100rel", "timer", "replaces", "norefersub"},
			Bodies: []string{"application/sdp", "multipart/mixed"}, MaxBody: maxBody},
		Recover: s.crashed, Late: s.late,
	}
	if o.Ladder != nil {
		cfg.Trace = s.trace
	}
	names := make([]string, len(allowed))
	for i, m := range allowed {
		names[i] = string(m)
	}
	s.ep, err = sip.NewEndpoint(cfg, sip.Options{SessionInterval: o.SessionInterval, MinSE: o.SessionMinimum,
		Allow: strings.Join(names, ", "), Supported: supported, UserAgent: o.Product, Server: o.Product}, s)
	if err != nil {
		return nil, fmt.Errorf("sipua: %w", err)
	}
	return s, nil
}

// ListenUDP opens a socket; advertise is the address that phones shall use, the zero value for the socket's own. It
// returns the address that was bound.
func (s *Server) ListenUDP(address, advertise netip.AddrPort) (netip.AddrPort, error) {
	return s.ep.ListenUDP(address, advertise)
}

// ListenTCP opens a listener; see ListenUDP.
func (s *Server) ListenTCP(address, advertise netip.AddrPort) (netip.AddrPort, error) {
	return s.ep.ListenTCP(address, advertise)
}

// ListenTLS opens a TLS listener; see ListenUDP.
func (s *Server) ListenTLS(address, advertise netip.AddrPort, config *tls.Config) (netip.AddrPort, error) {
	return s.ep.ListenTLS(address, advertise, config)
}

// Close ends the server: its sockets, its registrations and every timer. Calls that are up are not told; end them at the
// Exchange before.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	all := make([]*station, 0, len(s.stations))
	for _, st := range s.stations {
		all = append(all, st)
	}
	s.mu.Unlock()
	err := s.ep.Close()
	for _, st := range all {
		st.shut()
	}
	s.work.Wait()
	return err
}

// begin enters a goroutine that Close waits for; false when the server is closed already.
func (s *Server) begin() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return false
	}
	s.work.Add(1)
	return true
}

// Figures counts.
func (s *Server) Figures() Figures {
	f := Figures{Legs: s.figures.legs.Load(), Subscriptions: s.figures.subscriptions.Load(),
		ContactsReplaced: s.figures.contactsReplaced.Load(), RefusedSources: s.figures.refusedSources.Load(), Limited: s.figures.limited.Load(),
		Held: s.figures.held.Load()}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, st := range s.stations {
		st.mu.Lock()
		if len(st.contacts) > 0 {
			f.Registered++
			f.Contacts += len(st.contacts)
		}
		st.mu.Unlock()
	}
	return f
}

// Transport gives the counters of the layers below.
func (s *Server) Transport() sip.Counters { return s.ep.Counters() }

// Registered lists the names of the phones that are registered, in order.
func (s *Server) Registered() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var names []string
	for name, st := range s.stations {
		if st.registered() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (s *Server) crashed(callID string, what any, stack []byte) {
	if stack == nil {
		stack = debug.Stack()
	}
	s.o.Log.Error("a fault in the SIP adapter was contained", "callID", callID, "fault", fmt.Sprint(what), "stack", string(stack))
}

// OnRequest implements sip.Core: everything outside dialogs.
func (s *Server) OnRequest(tx *sip.ServerTx, req *sip.Request) {
	switch req.Method {
	case sip.REGISTER:
		s.register(tx, req)
	case sip.INVITE:
		s.invite(tx, req)
	case sip.SUBSCRIBE:
		s.subscribe(tx, req)
	case sip.OPTIONS:
		s.options(tx)
	case sip.REFER, sip.INFO, sip.UPDATE, sip.PRACK, sip.NOTIFY, sip.BYE:
		_ = tx.Reply(481) // they belong to a dialog, and this one names none
	default:
		_ = tx.Reply(501)
	}
}

// OnCancel implements sip.Core. An INVITE without a dialog is still being refused: nothing is left to end.
func (s *Server) OnCancel(*sip.ServerTx) {}

// OnFlowClosed implements sip.Core. The contacts stay: a phone whose connection broke is called at its address.
func (s *Server) OnFlowClosed(f sip.Flow, _ error) { s.guard.closed(f.Remote()) }

// options says what we are able to do (RFC 3261 11.2).
func (s *Server) options(tx *sip.ServerTx) {
	names := make([]string, len(allowed))
	for i, m := range allowed {
		names[i] = string(m)
	}
	_ = tx.Reply(200, sip.NewHeader("Allow", strings.Join(names, ", ")), sip.NewHeader("Accept", "application/sdp"),
		sip.NewHeader("Supported", supported), sip.NewHeader("Allow-Events", events), sip.NewHeader("Server", s.o.Product))
}

// station returns what is known of a device, nil if it never registered.
func (s *Server) station(device string) *station {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.stations[device]
}

func (s *Server) say(device, code, format string, args ...any) {
	s.o.Story.Say(device, code, fmt.Sprintf(format, args...))
}

var _ signal.Port = (*station)(nil)
