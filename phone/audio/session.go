package audio

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"tandem/media/codec"
	"tandem/wire/rtp"
)

// Format is how one direction of a stream is packed.
type Format struct {
	Codec *codec.Codec
	// PayloadType of the audio; usually that of the codec.
	PayloadType uint8
	// Packet is the audio in one packet, in milliseconds, 10 to 200; 0 means 20.
	Packet int
	// EventType is the payload type of telephone events, 0 for none (RFC 4733).
	EventType uint8
}

func (f Format) packet() time.Duration {
	if f.Packet < 10 || f.Packet > 200 {
		return 20 * time.Millisecond
	}
	return time.Duration(f.Packet) * time.Millisecond
}

// grace is how long packets may still arrive after the receiver was closed: the
// far end learns of it later than we do.
const grace = 250 * time.Millisecond

// late is the longest that the sender catches up after the machine was busy.
const late = 100 * time.Millisecond

// maxDigits bounds the record of keys heard.
const maxDigits = 256

// Session is one pair of ports: the audio of one call, both ways.
type Session struct {
	engine  *Engine
	media   *net.UDPConn
	control *net.UDPConn
	local   netip.AddrPort
	readers sync.WaitGroup

	mu     sync.Mutex
	closed bool

	// Sending.
	sending   bool
	to        netip.AddrPort
	out       Format
	player    *player
	due       time.Time
	ssrc      uint32
	sequence  uint16
	timestamp uint32
	firstSent bool
	events    *rtp.EventSender
	sent      uint64
	sentBytes uint64
	packet    []byte

	// Receiving.
	receiving  bool
	in         Format
	stopped    time.Time
	decoder    codec.Decoder
	detector   *codec.Detector
	statistics rtp.Statistics
	keys       rtp.EventReceiver
	digits     []byte
	origin     time.Time // zero of arrival times
	lastAudio  time.Time
	lastAny    time.Time
	lastSeq    uint16
	from       netip.AddrPort
	stray      uint64
	foreign    uint64
	samples    []int16
	reports    uint64
	goodbye    bool
}

func newSession(e *Engine, media, control *net.UDPConn) *Session {
	return &Session{
		engine: e, media: media, control: control,
		local:     media.LocalAddr().(*net.UDPAddr).AddrPort(),
		ssrc:      rand.Uint32(),
		sequence:  uint16(rand.Uint32()),
		timestamp: rand.Uint32(),
		origin:    time.Now(),
	}
}

// Local is the address on which RTP is received.
func (s *Session) Local() netip.AddrPort { return s.local }

// listen starts the two readers; they end when the sockets are closed.
func (s *Session) listen() {
	s.readers.Add(2)
	go s.read(s.media, s.receive)
	go s.read(s.control, s.receiveControl)
}

func (s *Session) read(conn *net.UDPConn, take func([]byte, netip.AddrPort)) {
	defer s.readers.Done()
	buffer := make([]byte, 2048)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
				return
			}
			continue // a port-unreachable answer to something that we sent
		}
		take(buffer[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
	}
}

// Send starts to send sound to an address, or changes either while sending.
func (s *Session) Send(to netip.AddrPort, f Format, sound Sound) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || f.Codec == nil {
		return
	}
	if !s.sending {
		// The phase differs from session to session, at most one packet.
		s.due = time.Now().Add(rand.N(f.packet()))
		s.firstSent = false
	}
	s.sending, s.to, s.out = true, to, f
	s.player = newPlayer(f.Codec, sound)
	if s.events == nil {
		s.events = rtp.NewEventSender(f.Codec.ClockRate, int(f.packet()/time.Millisecond))
	}
}

// StopSending ends the outgoing stream; a key that sounds is ended first.
func (s *Session) StopSending() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.sending {
		return
	}
	if s.events != nil && s.out.EventType != 0 {
		for _, o := range s.events.Close(s.timestamp) {
			s.sendEvent(o)
		}
	}
	s.sending = false
}

// Press sends a key as telephone event for the given length. It is false when
// nothing is being sent, the far end takes no events, or the key is none.
func (s *Session) Press(key byte, length time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	code, ok := rtp.EventCode(key)
	if !ok || !s.sending || s.out.EventType == 0 {
		return false
	}
	return s.events.Press(code, int(length/time.Millisecond))
}

// send is called by the clock of the engine.
func (s *Session) send(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || !s.sending {
		return
	}
	step := s.out.packet()
	units := uint32(s.out.Codec.ClockRate) * uint32(step/time.Millisecond) / 1000
	if now.Sub(s.due) > late {
		// What was missed is not sent: the time stamp jumps, the sequence does not.
		missed := now.Sub(s.due) / step
		s.due = s.due.Add(missed * step)
		s.timestamp += uint32(missed) * units
	}
	for !s.due.After(now) {
		s.due = s.due.Add(step)
		if o, ok := s.nextEvent(); ok {
			s.sendEvent(o)
		} else {
			s.sendAudio(step)
		}
		s.timestamp += units
	}
}

func (s *Session) nextEvent() (rtp.Outgoing, bool) {
	if s.out.EventType == 0 || s.events == nil {
		return rtp.Outgoing{}, false
	}
	return s.events.Next(s.timestamp)
}

func (s *Session) sendEvent(o rtp.Outgoing) {
	h := rtp.Header{Marker: o.Marker, PayloadType: s.out.EventType, Sequence: s.sequence, Timestamp: o.Timestamp, SSRC: s.ssrc}
	s.packet = o.Event.Append(h.Append(s.packet[:0]))
	s.write()
}

func (s *Session) sendAudio(step time.Duration) {
	h := rtp.Header{Marker: !s.firstSent, PayloadType: s.out.PayloadType, Sequence: s.sequence, Timestamp: s.timestamp, SSRC: s.ssrc}
	s.firstSent = true
	s.packet = s.player.payload(h.Append(s.packet[:0]), s.out.Codec.SampleRate*int(step/time.Millisecond)/1000)
	s.write()
}

func (s *Session) write() {
	s.sequence++
	// A full socket buffer or an unreachable port loses the packet, as a network does.
	if _, err := s.media.WriteToUDPAddrPort(s.packet, s.to); err == nil {
		s.sent++
		s.sentBytes += uint64(len(s.packet) - rtp.HeaderSize)
	}
}

// Close ends the session and frees its ports. It returns when the readers are done.
func (s *Session) Close() {
	s.StopSending()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed, s.receiving = true, false
	s.stopped = time.Now()
	if s.sent > 0 && s.to.IsValid() {
		c := rtp.Compound{Reporter: s.ssrc, CNAME: s.local.String(), Goodbye: true}
		if s.statistics.Packets > 0 {
			c.Reports = []rtp.ReceptionReport{s.statistics.Report()}
		}
		to := netip.AddrPortFrom(s.to.Addr(), s.to.Port()+1)
		_, _ = s.control.WriteToUDPAddrPort(c.Append(nil), to) // a courtesy, nobody waits for it
	}
	s.mu.Unlock()
	s.engine.remove(s)
	s.closeSockets()
	s.readers.Wait()
}

func (s *Session) closeSockets() {
	s.media.Close()
	s.control.Close()
}
