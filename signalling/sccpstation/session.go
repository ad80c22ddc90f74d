package sccpstation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"tandem/fault"
	"tandem/wire/sccp"
)

// session is one connection. Its reader goroutine, run, owns every field that has no comment.
type session struct {
	srv    *Server
	conn   net.Conn
	remote netip.AddrPort
	local  netip.AddrPort
	reader *sccp.Reader
	out    outbox

	// Written by the reader under the station's lock, read by whoever holds it.
	st      *station // nil until registered; the station may have another session by now
	codec   sccp.Codec
	device  sccp.DeviceType
	takes   taken
	version sccp.Version

	born     time.Time
	heard    bool // something was said: a standby connection, or a phone
	standby  bool // nothing but keep-alives, so far
	began    time.Time
	deadline atomic.Int64 // of the registration under way, Unix nanoseconds; 0 when none is
	partial  time.Time    // since when a message is incomplete
	bad      int          // messages that could not be read
	tokens   float64      // messages that may be sent at once
	refilled time.Time
	slowed   bool
	ending   error // why the connection is to be closed
}

// maxBad messages that cannot be read end a connection; one or two are a phone's slip.
const maxBad = 10

func newSession(s *Server, conn net.Conn, remote netip.AddrPort) *session {
	n := &session{srv: s, conn: conn, remote: remote, local: addressOf(conn.LocalAddr()), born: s.Now()}
	n.out.session = n
	n.codec = sccp.NewCodec(sccp.MinVersion)
	n.reader = sccp.NewReader(n)
	n.tokens = float64(s.Parameters().MessageBurst)
	n.refilled = n.born
	return n
}

// Read implements io.Reader for the frame reader: before it waits for more, what was answered so far is sent.
func (n *session) Read(b []byte) (int, error) {
	n.out.flush()
	for {
		registering := n.deadline.Load() != 0
		if err := n.conn.SetReadDeadline(n.patience()); err != nil {
			return 0, err
		}
		got, err := n.conn.Read(b)
		if got == 0 && errors.Is(err, os.ErrDeadlineExceeded) && registering && n.deadline.Load() == 0 {
			continue // the registration was completed meanwhile, by quiet
		}
		return got, err
	}
}

// patience is until when something must be heard.
func (n *session) patience() time.Time {
	p := n.srv.Parameters()
	now := n.srv.Now()
	var until time.Time
	switch {
	case n.deadline.Load() != 0:
		until = time.Unix(0, n.deadline.Load())
	case n.st != nil:
		until = now.Add(time.Duration(p.Missed) * p.KeepAlive)
	case n.heard:
		until = now.Add(time.Duration(p.Missed) * p.StandbyKeepAlive)
	default:
		until = n.born.Add(p.RegisterWithin)
	}
	if n.reader.Buffered() == 0 {
		n.partial = time.Time{}
		return until
	}
	if n.partial.IsZero() {
		n.partial = now
	}
	if end := n.partial.Add(p.RegisterWithin); end.Before(until) {
		return end // a message that never ends (T-7)
	}
	return until
}

// run serves the connection until it ends.
func (n *session) run() {
	defer n.srv.gone(n)
	err := n.serve()
	n.out.flush()
	n.out.close()
	n.conn.Close()
	n.noStandby()
	n.leave(err)
}

// errEnd ends a connection on purpose; what there was to tell has been told.
var errEnd = errors.New("the connection is no longer needed")

func (n *session) serve() (err error) {
	defer func() {
		if p := recover(); p != nil {
			n.srv.figures.panics.Add(1)
			n.srv.Log.Error("a fault ended the connection of a phone", "device", n.name(), "address", n.remote.String(),
				"fault", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("a fault of this server: %v", p)
		}
	}()
	for {
		frame, err := n.reader.ReadFrame()
		if err != nil {
			return err
		}
		n.srv.figures.received.Add(1)
		if !n.heard {
			n.heard = true
			n.srv.limits.spoke(n.remote.Addr())
		}
		n.throttle()
		n.handle(frame)
		if n.ending != nil {
			return n.ending
		}
	}
}

// throttle makes a connection that sends too much wait; nobody else notices (T-23).
func (n *session) throttle() {
	p := n.srv.Parameters()
	now := n.srv.Now()
	rate := float64(p.MessagesPerSecond)
	n.tokens = min(n.tokens+now.Sub(n.refilled).Seconds()*rate, float64(p.MessageBurst))
	n.refilled = now
	if n.tokens--; n.tokens >= 0 {
		return
	}
	n.srv.figures.flooded.Add(1)
	if !n.slowed {
		n.slowed = true
		n.srv.report(n.name(), fault.New(fault.SCCPFlood, "device", n.name(), "address", n.remote, "rate", p.MessagesPerSecond))
	}
	n.out.flush()
	time.Sleep(min(time.Duration(-n.tokens/rate*float64(time.Second)), 100*time.Millisecond))
}

// handle gives one frame to its handler.
func (n *session) handle(f sccp.Frame) {
	if f.ID == sccp.IDKeepAlive {
		n.keepAlive()
		return
	}
	h, known := handlers[f.ID]
	if !known {
		if f.ID.From() == 0 {
			n.srv.Log.Debug("a phone sent an unknown message", "device", n.name(), "message", f.ID.String(), "bytes", len(f.Body))
		}
		return // never an error (sccp.md 1.1)
	}
	if h.registered && n.st == nil {
		return // late from a former life, or from somebody who is no phone
	}
	m, err := n.codec.DecodeFrame(f)
	if err != nil {
		n.srv.figures.invalid.Add(1)
		n.srv.Log.Warn("a phone sent a message that cannot be read", "device", n.name(), "error", err)
		if n.bad++; n.bad >= maxBad {
			n.ending = err
		}
		return
	}
	h.do(n, m, f)
}

var keepAliveAck sccp.KeepAliveAck

// name is the device, or the address of a connection without one.
func (n *session) name() string {
	if n.st != nil {
		return n.st.name
	}
	return n.remote.Addr().String()
}

// leave cleans up after the connection; the station does so only if this is still its connection.
func (n *session) leave(err error) {
	p := n.srv.Parameters()
	st := n.st
	device := n.name()
	var f *fault.Error
	switch {
	case errors.Is(err, errEnd), n.out.replaced.Load():
	case errors.Is(err, sccp.ErrLength), n.bad >= maxBad:
		n.srv.figures.invalid.Add(1)
		f = fault.New(fault.SCCPFrameInvalid, "device", device, "address", n.remote, "problem", err)
	case n.out.overflowed():
		f = fault.New(fault.SCCPSlowReader, "device", device, "address", n.remote, "count", n.out.waiting())
	case st == nil: // a standby connection, or nobody
	case errors.Is(err, os.ErrDeadlineExceeded) && n.deadline.Load() != 0:
		f = fault.New(fault.RegistrationIncomplete, "device", device, "address", n.remote, "timeout", p.RegisterWithin,
			"step", st.awaited())
	case errors.Is(err, os.ErrDeadlineExceeded):
		f = fault.New(fault.SCCPKeepAliveExpired, "device", device, "address", n.remote,
			"timeout", time.Duration(p.Missed)*p.KeepAlive)
	default:
		f = fault.New(fault.DeviceLost, "device", device, "address", n.remote, "why", describe(err))
	}
	current := false
	if st != nil {
		current = st.lost(n)
		n.srv.forget(st)
	}
	if f != nil && (current || st == nil) {
		n.srv.report(device, f)
	}
}

func describe(err error) string {
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return "It closed its connection without unregistering"
	case errors.Is(err, net.ErrClosed):
		return "This server closed the connection"
	case errors.Is(err, context.Canceled):
		return "This server is stopping"
	}
	return "Its connection broke: " + err.Error()
}
