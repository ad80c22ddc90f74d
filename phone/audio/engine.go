// Package audio gives a test phone ears and a mouth: UDP ports for RTP and RTCP,
// a sound to send in 20 ms packets, and a record of what was heard, from where,
// with which loss.
//
// Calls and signalling live in package phone; what a packet looks like in
// wire/rtp; how samples become bytes in media/codec.
package audio

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// tick is the resolution at which packets are sent. Sessions start at different
// ticks, so that a thousand phones do not all send in the same instant.
const tick = 5 * time.Millisecond

// Ports that phones use for audio (the range of the Cisco phones).
const (
	firstPort = 16384
	lastPort  = 32766
)

// ErrClosed is returned by Open on a closed engine.
var ErrClosed = errors.New("audio engine is closed")

// Engine is the one clock of any number of sessions. Make it with NewEngine.
type Engine struct {
	// Stride is handed to the tone detectors: how many half windows of 64 ms pass
	// between two looks at what is heard. Zero looks at everything.
	Stride int

	mu       sync.Mutex
	sessions map[*Session]struct{}
	nextPort int
	closed   bool
	started  bool
	wake     chan struct{}
	done     chan struct{}
	stopped  chan struct{}
}

// NewEngine makes an engine. Its goroutine begins with the first session and ends
// with Close.
func NewEngine() *Engine {
	return &Engine{
		sessions: map[*Session]struct{}{},
		nextPort: firstPort + 2*rand.IntN((lastPort-firstPort)/2),
		wake:     make(chan struct{}, 1),
		done:     make(chan struct{}),
		stopped:  make(chan struct{}),
	}
}

// Open binds an even port for RTP and the next for RTCP on the local address and
// begins to listen. port is 0 for any, or the even port that the phone insists on.
func (e *Engine) Open(local netip.Addr, port uint16) (*Session, error) {
	media, control, err := e.bind(local, port)
	if err != nil {
		return nil, err
	}
	s := newSession(e, media, control)
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		s.closeSockets()
		return nil, ErrClosed
	}
	e.sessions[s] = struct{}{}
	if !e.started {
		e.started = true
		go e.run()
	}
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
	s.listen()
	return s, nil
}

func (e *Engine) bind(local netip.Addr, port uint16) (media, control *net.UDPConn, err error) {
	tries := 400
	if port != 0 {
		tries = 1
	}
	for range tries {
		try := int(port)
		if port == 0 {
			e.mu.Lock()
			try = e.nextPort
			if e.nextPort += 2; e.nextPort > lastPort {
				e.nextPort = firstPort
			}
			e.mu.Unlock()
		}
		media, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, uint16(try))))
		if err != nil {
			continue
		}
		control, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, uint16(try+1))))
		if err == nil {
			return media, control, nil
		}
		media.Close()
	}
	return nil, nil, fmt.Errorf("no pair of UDP ports on %v: %w", local, err)
}

// Close ends all sessions and the clock, and waits for it.
func (e *Engine) Close() {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return
	}
	e.closed = true
	var all []*Session
	for s := range e.sessions {
		all = append(all, s)
	}
	started := e.started
	e.mu.Unlock()
	for _, s := range all {
		s.Close()
	}
	close(e.done)
	if started {
		<-e.stopped
	}
}

func (e *Engine) remove(s *Session) {
	e.mu.Lock()
	delete(e.sessions, s)
	e.mu.Unlock()
}

// run sends what is due. Without sessions it sleeps until one is opened.
func (e *Engine) run() {
	defer close(e.stopped)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var list []*Session
	for {
		select {
		case <-e.done:
			return
		case <-ticker.C:
		}
		list = list[:0]
		e.mu.Lock()
		for s := range e.sessions {
			list = append(list, s)
		}
		e.mu.Unlock()
		if len(list) == 0 {
			ticker.Stop()
			select {
			case <-e.done:
				return
			case <-e.wake:
				ticker.Reset(tick)
			}
			continue
		}
		now := time.Now()
		for _, s := range list {
			s.send(now)
		}
	}
}
