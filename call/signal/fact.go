package signal

import (
	"net/netip"
	"time"
)

// Fact is what call processing reports about calls. Facts go to call records, counters and monitors, and never back.
type Fact interface{ fact() }

// LegRecord is one side of a call record.
type LegRecord struct {
	Half         HalfCallID
	Device       string
	Address      netip.Addr     // of the device's signalling
	Media        netip.AddrPort // where it last received audio
	Codec        string         // of the audio, under its registered name
	Ptime        uint16         // milliseconds
	Video        netip.AddrPort
	VideoCodec   string
	Cause        Cause // set on the side that ended the call
	TerminatedBy OnBehalfOf
}

// Record is everything that a call detail record holds about one pair of parties.
type Record struct {
	Call           CallID
	Orig, Dest     LegRecord
	Calling        Party
	OriginalCalled Party
	FinalCalled    Party
	Redirection    Redirection
	JoinedBy       OnBehalfOf
	Began          time.Time     // the call was made (off-hook or INVITE)
	Connected      time.Time     // zero: never answered
	Ended          time.Time     // zero: still up
	Duration       time.Duration // from answer to end by the monotonic clock, so that a clock step does not touch it (T-21)
	ConversationID uint32
	Comment        string
	Incomplete     bool // what only the other party's server knew is lost: it was lost itself, or sent an end without facts
}

// Answered opens the record of a pair in the journal, so that a crash loses no answered call.
type Answered struct{ Record Record }

// Ended closes the record of a pair for good.
type Ended struct{ Record Record }

// Witnessed is what the half-call that does not keep the record knows of a pair whose other half is on another server: it
// comes when the pair is up, with Ended zero, and again when it is not. It is no record; should the server that keeps the
// record be removed for good, the record is made of it. Orig is the half that keeps the record.
type Witnessed struct{ Record Record }

// Abandoned says that an answered pair was divided and its record went to another half-call that keeps it from now on.
type Abandoned struct {
	Call CallID
	Orig HalfCallID
}

// Diagnostics is what a device measured on its stream; it becomes a call management record.
type Diagnostics struct {
	Call            CallID
	Half            HalfCallID
	Device          string
	Line            LineRef
	At              time.Time
	PacketsSent     uint32
	OctetsSent      uint32
	PacketsReceived uint32
	OctetsReceived  uint32
	PacketsLost     uint32
	Jitter          uint32 // milliseconds
	Latency         uint32 // milliseconds
}

// Progress tells monitors what a call does now: made, ringing, answered, ended.
type Progress struct {
	Call  CallID
	Half  HalfCallID
	State LineCallState
	Party Party
	Other Party
	At    time.Time
}

// CallsJoined says that a transfer or a retrieval joined a party of the call Other to Call: what was noted under either
// identifier belongs to one call from now on.
type CallsJoined struct{ Call, Other CallID }

func (Answered) fact()    {}
func (Ended) fact()       {}
func (Witnessed) fact()   {}
func (Abandoned) fact()   {}
func (Diagnostics) fact() {}
func (Progress) fact()    {}
func (CallsJoined) fact() {}
