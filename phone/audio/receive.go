package audio

import (
	"net/netip"
	"time"

	"tandem/media/codec"
	"tandem/wire/rtp"
)

// Receive opens the ears for a format. What was heard before is kept in the
// counts and forgotten by the detector.
func (s *Session) Receive(f Format) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Codec == nil {
		return
	}
	s.receiving, s.in = true, f
	s.decoder = f.Codec.NewDecoder()
	s.detector = codec.NewDetector(f.Codec.SampleRate)
	s.detector.Stride = s.engine.Stride
	s.keys = rtp.EventReceiver{PacketTime: f.packet()}
	s.lastAudio = time.Time{}
}

// StopReceiving closes the ears. Packets that still come after a short grace are
// counted as strays (R-11: a held party must receive nothing).
func (s *Session) StopReceiving() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.receiving {
		s.receiving, s.stopped = false, time.Now()
	}
}

func (s *Session) receive(datagram []byte, from netip.AddrPort) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	var p rtp.Packet
	if !s.receiving {
		if s.stopped.IsZero() || now.Sub(s.stopped) > grace {
			s.stray++
		} else if rtp.Parse(datagram, &p) == nil && p.SSRC == s.statistics.SSRC {
			s.statistics.ReceiveEvent(p.Header, len(p.Payload)) // not heard, not lost either
		}
		return
	}
	if rtp.Parse(datagram, &p) != nil {
		s.foreign++
		return
	}
	s.lastAny = now
	if s.in.EventType != 0 && p.PayloadType == s.in.EventType {
		s.receiveEvent(p, now)
		return
	}
	if p.PayloadType != s.in.PayloadType {
		s.foreign++
		return
	}
	clock := time.Duration(s.in.Codec.ClockRate)
	arrival := uint32(now.Sub(s.origin) * clock / time.Second)
	newStream := p.SSRC != s.statistics.SSRC
	if !s.statistics.Receive(p.Header, len(p.Payload), arrival) {
		return
	}
	s.from = from
	s.hear(p, now, newStream)
}

// hear decodes a packet into the detector. Missing packets and pauses become
// silence there, so that gaps are seen; what comes behind its turn is not heard.
func (s *Session) hear(p rtp.Packet, now time.Time, newStream bool) {
	behind := int16(p.Sequence - s.lastSeq)
	if !s.lastAudio.IsZero() && !newStream {
		if behind <= 0 {
			return
		}
		silence := time.Duration(0)
		if pause := now.Sub(s.lastAudio); pause > 5*s.in.packet() {
			silence = min(pause-s.in.packet(), 2*time.Second)
		} else if behind > 1 {
			silence = min(time.Duration(behind-1)*s.in.packet(), 2*time.Second)
		}
		if silence > 0 {
			s.detector.Write(make([]int16, int(silence*time.Duration(s.in.Codec.SampleRate)/time.Second)))
		}
	}
	s.lastSeq, s.lastAudio = p.Sequence, now
	payload := p.Payload[:min(len(p.Payload), 200*s.in.Codec.BytesPerMillisecond)]
	s.samples = s.decoder.Decode(s.samples[:0], payload)
	s.detector.Write(s.samples)
}

func (s *Session) receiveEvent(p rtp.Packet, now time.Time) {
	e, err := rtp.ParseEvent(p.Payload)
	if err != nil {
		s.foreign++
		return
	}
	if !s.statistics.ReceiveEvent(p.Header, len(p.Payload)) {
		return
	}
	// Event packets take the place of audio: they are no loss and no pause.
	if !s.lastAudio.IsZero() {
		s.lastSeq, s.lastAudio = p.Sequence, now
	}
	var keys [4]rtp.Key
	for _, k := range s.keys.Receive(p.Header, e, now.Sub(s.origin), keys[:0]) {
		if key, ok := rtp.EventKey(k.Code); ok && !k.Ended && len(s.digits) < maxDigits {
			s.digits = append(s.digits, key)
		}
	}
}

func (s *Session) receiveControl(datagram []byte, _ netip.AddrPort) {
	c, err := rtp.ParseCompound(datagram)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.foreign++
		return
	}
	s.reports++
	if c.Goodbye {
		s.goodbye = true
	}
}

// Statistics are the counts of a session up to now.
type Statistics struct {
	// Local is where audio is received, To where it is sent, From where the newest
	// audio packet came from.
	Local, To, From netip.AddrPort
	// Sending and Receiving say which directions are open.
	Sending, Receiving bool
	// SendCodec and ReceiveCodec name the codecs, empty if never opened.
	SendCodec, ReceiveCodec string
	// Sent and Received count packets, the octets payload bytes.
	Sent, SentOctets, Received, ReceivedOctets uint64
	// Expected and Lost by sequence numbers; Lost is negative after duplicates.
	Expected uint64
	Lost     int64
	// Jitter of arrival (RFC 3550).
	Jitter time.Duration
	// Reordered and Duplicates count packets out of turn.
	Reordered, Duplicates uint64
	// Stray counts packets that came although the receiver was closed, Foreign those
	// that were no RTP of the agreed formats.
	Stray, Foreign uint64
	// Reports counts RTCP packets; Goodbye is set when the far end said it leaves.
	Reports uint64
	Goodbye bool
	// Digits are the keys heard as telephone events, at most 256.
	Digits string
}

// Statistics of the session.
func (s *Session) Statistics() Statistics {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Statistics{
		Local: s.local, To: s.to, From: s.from, Sending: s.sending, Receiving: s.receiving,
		Sent: s.sent, SentOctets: s.sentBytes,
		Received: s.statistics.Packets, ReceivedOctets: s.statistics.Octets,
		Expected: s.statistics.Expected(), Lost: s.statistics.Lost(),
		Reordered: s.statistics.Reordered, Duplicates: s.statistics.Duplicates,
		Stray: s.stray, Foreign: s.foreign, Reports: s.reports, Goodbye: s.goodbye,
		Digits: string(s.digits),
	}
	if s.out.Codec != nil {
		out.SendCodec = s.out.Codec.Name
	}
	if s.in.Codec != nil {
		out.ReceiveCodec = s.in.Codec.Name
		out.Jitter = time.Duration(s.statistics.Jitter()) * time.Second / time.Duration(s.in.Codec.ClockRate)
	}
	return out
}

// recent is how old a packet may be for its sound to count as heard now.
const recent = 500 * time.Millisecond

// Hears is what is heard now: the newest segment, if audio came within the last
// half second. For how long it has been heard is its Length.
func (s *Session) Hears() (codec.Segment, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.detector == nil || !s.receiving || time.Since(s.lastAudio) > recent {
		return codec.Segment{}, false
	}
	return s.detector.Last()
}

// Heard is everything heard since the receiver was opened, oldest first, at most
// 128 segments.
func (s *Session) Heard() []codec.Segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.detector == nil {
		return nil
	}
	return s.detector.Heard()
}
