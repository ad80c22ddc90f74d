package sccpstation

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"tandem/wire/sccp"
)

// raw is a connection that says what it is told to, right or wrong.
type raw struct {
	t     testing.TB
	conn  net.Conn
	r     *sccp.Reader
	codec sccp.Codec
	name  string
}

func (s *site) connect() *raw {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	return &raw{t: s.t, conn: conn, r: sccp.NewReader(conn), codec: sccp.NewCodec(sccp.MinVersion)}
}

func (r *raw) send(messages ...sccp.Message) {
	r.t.Helper()
	var out []byte
	for _, m := range messages {
		var err error
		if out, err = r.codec.Append(out, m); err != nil {
			r.t.Fatal(err)
		}
	}
	r.write(out)
}

func (r *raw) write(b []byte) {
	r.t.Helper()
	if _, err := r.conn.Write(b); err != nil && !errors.Is(err, net.ErrClosed) {
		r.t.Logf("write: %v", err)
	}
}

// next reads one message, nil at the end of the connection.
func (r *raw) next(within time.Duration) sccp.Message {
	r.t.Helper()
	_ = r.conn.SetReadDeadline(time.Now().Add(within))
	f, err := r.r.ReadFrame()
	if err != nil {
		return nil
	}
	m, err := r.codec.DecodeFrame(f)
	if err != nil {
		r.t.Fatal(err)
	}
	if ack, ok := m.(*sccp.RegisterAck); ok {
		r.codec = sccp.NewCodec(ack.Version)
	}
	return m
}

// expect reads up to a message of a kind.
func expect[M sccp.Message](r *raw, what string) M {
	r.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		m := r.next(time.Until(end))
		if m == nil {
			break
		}
		if found, ok := m.(M); ok {
			return found
		}
	}
	var none M
	r.t.Fatalf("%s: %s did not come", r.name, what)
	return none
}

// expectState reads up to a call state.
func (r *raw) expectState(state sccp.CallStateCode) *sccp.CallState {
	r.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		m := r.next(time.Until(end))
		if m == nil {
			break
		}
		if s, ok := m.(*sccp.CallState); ok && s.State == state {
			return s
		}
	}
	r.t.Fatalf("%s: call state %v did not come", r.name, state)
	return nil
}

// ended reports whether the server closed the connection.
func (r *raw) ended(within time.Duration) bool {
	_ = r.conn.SetReadDeadline(time.Now().Add(within))
	for {
		_, err := r.r.ReadFrame()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return false
		case err != nil:
			return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
}

// mulaw is a phone that knows one codec.
var mulaw = []sccp.Capability{{Payload: sccp.PayloadG711ULaw64k, MaxFrames: 40}}

// register goes through the least of a registration.
func (r *raw) register(name string, device sccp.DeviceType, v sccp.Version, change ...func(*sccp.Register)) {
	r.t.Helper()
	r.begin(name, device, v, change...)
	expect[*sccp.DisplayPromptStatus](r, "the idle prompt")
}

// begin registers as far as the time.
func (r *raw) begin(name string, device sccp.DeviceType, v sccp.Version, change ...func(*sccp.Register)) {
	r.t.Helper()
	r.name = name
	m := &sccp.Register{Name: name, Instance: 1, IP: netip.MustParseAddr("127.0.0.1"), DeviceType: device, MaxStreams: 5, Version: v}
	for _, f := range change {
		f(m)
	}
	r.codec = sccp.NewCodec(min(max(v, sccp.MinVersion), sccp.MaxVersion))
	r.send(m)
	expect[*sccp.CapabilitiesReq](r, "CapabilitiesReq")
	r.send(&sccp.CapabilitiesRes{Audio: mulaw}, &sccp.ButtonTemplateReq{}, &sccp.TimeDateReq{})
	expect[*sccp.TimeDateRes](r, "TimeDateRes")
}
