package sccpstation

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"tandem/fault"
	"tandem/wire/sccp"
)

// Server serves SCCP phones.
type Server struct {
	Options
	limits      limits
	incarnation atomic.Uint64
	registering atomic.Int64 // registrations under way
	turns       turns
	closing     chan struct{} // closed by Close
	figures     figures

	mu        sync.Mutex
	closed    bool
	listeners map[net.Listener]struct{}
	sessions  map[*session]struct{}
	stations  map[string]*station
	work      sync.WaitGroup // one for each session, listener and writer
}

// New makes a server; it serves with Serve.
func New(o Options) *Server {
	o.complete()
	s := &Server{Options: o, listeners: map[net.Listener]struct{}{}, sessions: map[*session]struct{}{}, stations: map[string]*station{}}
	s.closing = make(chan struct{})
	s.figures.missing = map[sccp.DeviceType]uint64{}
	return s
}

// ErrClosed is returned by Serve after Close.
var ErrClosed = errors.New("sccpstation: server closed")

// acceptPause is the pause after a connection could not be accepted, for example for want of descriptors (T-22).
const acceptPause = 50 * time.Millisecond

// Serve accepts phones until the listener fails or Close is called. It may run for several listeners at once. It closes
// the listener.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		l.Close()
		return ErrClosed
	}
	s.listeners[l] = struct{}{}
	s.work.Add(1)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.listeners, l)
		s.mu.Unlock()
		l.Close()
		s.work.Done()
	}()
	for {
		conn, err := l.Accept()
		if err == nil {
			s.accept(conn)
			continue
		}
		s.mu.Lock()
		closed := s.closed
		s.mu.Unlock()
		switch {
		case closed:
			return ErrClosed
		case errors.Is(err, net.ErrClosed):
			return err
		}
		s.Log.Warn("no SCCP connection can be accepted now", "error", err)
		time.Sleep(acceptPause)
	}
}

// accept begins a session, if there is room for one.
func (s *Server) accept(conn net.Conn) {
	remote := addressOf(conn.RemoteAddr())
	p := s.Parameters()
	if !s.limits.enter(remote.Addr(), &p) {
		s.figures.refused.Add(1)
		conn.Close()
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		// A phone that vanished is noticed by its missing keep-alives; this notices standby connections too.
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 20 * time.Second, Count: 4})
	}
	n := newSession(s, conn, remote)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.limits.leave(remote.Addr(), n.heard)
		conn.Close()
		return
	}
	s.sessions[n] = struct{}{}
	s.work.Add(1)
	s.mu.Unlock()
	go n.run()
}

// Close ends all connections and returns when nothing works any more. Phones that are in a call keep their media.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		close(s.closing)
	}
	s.closed = true
	for l := range s.listeners {
		l.Close()
	}
	for n := range s.sessions {
		n.conn.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
}

// gone takes a session out; its reader calls it as the last thing.
func (s *Server) gone(n *session) {
	s.limits.leave(n.remote.Addr(), n.heard)
	s.mu.Lock()
	delete(s.sessions, n)
	s.mu.Unlock()
	s.work.Done()
}

// station returns the station of a device name, which is made when there is none.
func (s *Server) station(name string) *station {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stations[name]
	if st == nil {
		st = &station{srv: s, name: name}
		s.stations[name] = st
	}
	return st
}

// known returns the station of a device that is or was registered and has not been forgotten.
func (s *Server) known(name string) *station {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stations[name]
}

// forget drops a station that has neither a connection nor a call. The caller does not hold its lock.
func (s *Server) forget(st *station) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.sess == nil && len(st.calls) == 0 && s.stations[st.name] == st {
		delete(s.stations, st.name)
		st.forgotten = true
	}
}

// nextIncarnation numbers registrations so that they rise over restarts and over protocols.
func (s *Server) nextIncarnation() uint64 {
	for {
		last := s.incarnation.Load()
		next := max(last+1, uint64(s.Now().UnixNano()))
		if s.incarnation.CompareAndSwap(last, next) {
			return next
		}
	}
}

// report tells a refusal or a fault: in the device's story, and as an event to whoever watches alarms.
func (s *Server) report(device string, f *fault.Error) {
	s.Story.Say(device, string(f.Code), f.Message+" "+f.Reason)
	s.Alarms.Event(f, device)
}
