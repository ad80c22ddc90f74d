package rtp

// Limits of RFC 3550 appendix A.1: a jump of less than maxDropout forward is
// loss, one of less than maxMisorder backward is reordering, anything else is a
// sender that began anew, believed when the next packet continues it.
const (
	maxDropout  = 3000
	maxMisorder = 100
	sequenceMod = 1 << 16
)

// Statistics is what a receiver knows about one stream: sequence, loss and
// interarrival jitter as in RFC 3550 appendices A.1, A.3 and A.8. The zero value
// is ready. It is not safe for concurrent use.
type Statistics struct {
	// SSRC of the stream that is counted. A change of SSRC begins a new count of
	// sequence numbers and keeps the totals.
	SSRC uint32
	// Packets and Octets (payload bytes) received, duplicates included.
	Packets, Octets uint64
	// Reordered counts packets that came behind a later one.
	Reordered uint64
	// Duplicates counts packets with the sequence number of the newest one.
	Duplicates uint64
	// Restarts counts changes of SSRC and jumps of the sequence number.
	Restarts uint64

	started      bool
	base         uint32 // first extended sequence number of this run
	cycles       uint32 // wraps, shifted left by 16
	highest      uint16
	suspect      uint32 // next sequence number of a run that may be a restart
	run          uint64 // packets received in this run
	lostBefore   int64  // lost in earlier runs
	expectBefore uint64 // expected in earlier runs

	transit      uint32
	jitter       uint64 // in 1/16 timestamp units
	havePrevious bool

	intervalExpected uint64
	intervalReceived uint64
}

// Receive counts one packet of size payload bytes that arrived at the instant
// arrival, given in units of the stream's timestamp clock from any fixed origin.
// It reports whether the packet belongs to the stream; a single stray packet far
// from the sequence does not (RFC 3550 A.1).
func (s *Statistics) Receive(h Header, size int, arrival uint32) bool {
	if !s.ReceiveEvent(h, size) {
		return false
	}
	transit := arrival - h.Timestamp
	if s.havePrevious {
		d := int32(transit - s.transit)
		if d < 0 {
			d = -d
		}
		// J += (|D| - J) / 16, kept in sixteenths so that no bits are lost.
		s.jitter += uint64(uint32(d)) - (s.jitter+8)>>4
	}
	s.transit, s.havePrevious = transit, true
	return true
}

// ReceiveEvent counts a packet whose timestamp says nothing about its arrival, as
// those of a telephone event do: all but the jitter.
func (s *Statistics) ReceiveEvent(h Header, size int) bool {
	if !s.started || h.SSRC != s.SSRC {
		if s.started {
			s.Restarts++
		}
		s.begin(h)
	}
	if !s.sequence(h.Sequence) {
		return false
	}
	s.Packets++
	s.run++
	s.Octets += uint64(size)
	return true
}

func (s *Statistics) begin(h Header) {
	s.closeRun()
	s.SSRC = h.SSRC
	s.started = true
	s.base = uint32(h.Sequence)
	s.highest = h.Sequence - 1 // the first packet then counts as in order
	s.cycles = 0
	if h.Sequence == 0 {
		s.cycles = ^uint32(sequenceMod - 1) // the wrap from 65535 to 0 brings it back to zero
	}
	s.suspect = sequenceMod + 1
	s.havePrevious = false
}

func (s *Statistics) closeRun() {
	if !s.started {
		return
	}
	expected := s.runExpected()
	s.expectBefore += expected
	s.lostBefore += int64(expected) - int64(s.run)
	s.run = 0
}

func (s *Statistics) sequence(seq uint16) bool {
	delta := seq - s.highest
	switch {
	case delta == 0:
		s.Duplicates++
	case delta < maxDropout:
		if seq < s.highest {
			s.cycles += sequenceMod
		}
		s.highest = seq
	case delta <= sequenceMod-maxMisorder:
		if uint32(seq) != s.suspect {
			s.suspect = uint32(seq+1) & (sequenceMod - 1)
			return false
		}
		// Two in a row: the sender began anew.
		s.Restarts++
		s.begin(Header{SSRC: s.SSRC, Sequence: seq})
		return s.sequence(seq)
	default:
		s.Reordered++
	}
	return true
}

func (s *Statistics) runExpected() uint64 {
	if !s.started {
		return 0
	}
	return uint64(s.HighestSequence() - s.base + 1)
}

// HighestSequence is the extended highest sequence number received in this run.
func (s *Statistics) HighestSequence() uint32 { return s.cycles + uint32(s.highest) }

// Expected is the number of packets that the sender has sent as far as sequence
// numbers tell.
func (s *Statistics) Expected() uint64 { return s.expectBefore + s.runExpected() }

// Lost is expected less received; negative when duplicates outnumber losses
// (RFC 3550 A.3).
func (s *Statistics) Lost() int64 {
	return s.lostBefore + int64(s.runExpected()) - int64(s.run)
}

// Jitter is the interarrival jitter in timestamp units.
func (s *Statistics) Jitter() uint32 { return uint32(s.jitter >> 4) }

// Report makes the reception report since the last call of Report and begins the
// next interval (RFC 3550 A.3).
func (s *Statistics) Report() ReceptionReport {
	expected, received := s.Expected(), s.Packets
	expectedNow := int64(expected - s.intervalExpected)
	lostNow := expectedNow - int64(received-s.intervalReceived)
	s.intervalExpected, s.intervalReceived = expected, received
	r := ReceptionReport{
		SSRC:            s.SSRC,
		CumulativeLost:  int32(max(min(s.Lost(), 1<<23-1), -1<<23)),
		HighestSequence: s.HighestSequence(),
		Jitter:          s.Jitter(),
	}
	if expectedNow > 0 && lostNow > 0 {
		r.FractionLost = uint8(min(lostNow<<8/expectedNow, 255))
	}
	return r
}
