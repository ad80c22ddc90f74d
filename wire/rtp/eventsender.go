package rtp

// Shortest tone and shortest gap that a receiver must notice, in milliseconds;
// keys that come faster are sent no faster.
const (
	MinEventMilliseconds = 40
	MinGapMilliseconds   = 40
)

// endPackets is how often the end of an event is said (RFC 4733 2.5.1.4).
const endPackets = 3

// maxQueuedEvents bounds what a sender keeps when keys come faster than they can be sent.
const maxQueuedEvents = 64

// EventSender turns keys into telephone-event packets, one per packet time: one
// timestamp per event, rising duration, marker on the first, three end packets,
// and a gap before the next (RFC 4733 2.5.1, R-36). It is not safe for concurrent
// use. The caller asks Next once per packet time and, while it says yes, sends
// that instead of audio.
type EventSender struct {
	perMillisecond uint32
	step           uint32 // timestamp units per packet time
	queue          []queuedEvent
	current        queuedEvent
	state          eventState
	start          uint32 // timestamp of the event that is being sent
	duration       uint32
	ends           int
	idleFrom       uint32 // no event may begin before this timestamp
	idleSet        bool
}

type queuedEvent struct {
	code   uint8
	volume uint8
	length uint32 // timestamp units
}

type eventState uint8

const (
	eventIdle eventState = iota
	eventSounding
	eventEnding
)

// NewEventSender makes a sender for an event clock of clockRate hertz (8000 unless
// the session description says otherwise) and a packet every packetMilliseconds.
func NewEventSender(clockRate, packetMilliseconds int) *EventSender {
	per := uint32(max(clockRate, 1000) / 1000)
	return &EventSender{perMillisecond: per, step: per * uint32(max(packetMilliseconds, 1))}
}

// Press queues a key of the given length in milliseconds; shorter than 40 is made
// 40, and longer than the 16-bit duration can say is cut to it. It is false when
// 64 keys are waiting already.
func (s *EventSender) Press(code uint8, milliseconds int) bool {
	if len(s.queue) >= maxQueuedEvents {
		return false
	}
	length := uint32(max(milliseconds, MinEventMilliseconds)) * s.perMillisecond
	s.queue = append(s.queue, queuedEvent{code: code, volume: 10, length: min(length, 0xffff)})
	return true
}

// Busy reports whether an event is being sent or waits.
func (s *EventSender) Busy() bool { return s.state != eventIdle || len(s.queue) > 0 }

// Outgoing is an event packet: what goes into the header beside sequence number,
// payload type and SSRC, and the payload.
type Outgoing struct {
	Marker    bool
	Timestamp uint32
	Event     Event
}

// Next gives the packet for the packet time whose audio would carry timestamp
// now; false means that audio is to be sent.
func (s *EventSender) Next(now uint32) (Outgoing, bool) {
	switch s.state {
	case eventIdle:
		if len(s.queue) == 0 || s.idleSet && int32(now-s.idleFrom) < 0 {
			return Outgoing{}, false
		}
		s.current, s.queue = s.queue[0], s.queue[1:]
		s.state, s.start = eventSounding, now
		// The first packet covers one packet time: a duration of zero would mean a
		// state, not a key (RFC 4733 2.3.5).
		s.duration = min(s.step, s.current.length)
		return s.packet(true, false), true
	case eventSounding:
		s.duration = min(s.duration+s.step, s.current.length)
		if s.duration < s.current.length {
			return s.packet(false, false), true
		}
		s.state, s.ends = eventEnding, 0
	}
	s.ends++
	out := s.packet(false, true)
	if s.ends == endPackets {
		s.finish(now)
	}
	return out, true
}

func (s *EventSender) finish(now uint32) {
	s.state = eventIdle
	s.idleFrom, s.idleSet = now+s.step+MinGapMilliseconds*s.perMillisecond, true
}

// Close ends the stream: queued keys are dropped, and if a key is sounding the
// remaining end packets are returned for sending at once.
func (s *EventSender) Close(now uint32) []Outgoing {
	s.queue = nil
	if s.state == eventIdle {
		return nil
	}
	var out []Outgoing
	if s.state == eventSounding {
		s.ends = 0
	}
	for ; s.ends < endPackets; s.ends++ {
		out = append(out, s.packet(false, true))
	}
	s.finish(now)
	return out
}

func (s *EventSender) packet(marker, end bool) Outgoing {
	return Outgoing{
		Marker:    marker,
		Timestamp: s.start,
		Event: Event{
			Code: s.current.code, Volume: s.current.volume,
			End: end, Duration: uint16(s.duration),
		},
	}
}
