package replica

import (
	"fmt"
	"time"

	"tandem/confdb"
	"tandem/telephony"
)

// Standing is what a server said of itself, and when.
type Standing struct {
	Server    telephony.ServerName
	Position  confdb.Position
	Heard     time.Time // last word from it; zero: never
	Connected bool      // the connection to it stands
	Publisher bool
	Filling   bool   // its copy is being built anew
	Halted    string // why it does not follow the log; empty: it does
}

// Finding is what is to be thought of a server's copy.
type Finding string

// The findings.
const (
	InStep      Finding = "in step"
	Behind      Finding = "behind"
	Building    Finding = "being built anew"
	OldEpoch    Finding = "of an old epoch"
	Stopped     Finding = "stopped"
	Unreachable Finding = "unreachable"
	Unknown     Finding = "never heard of"
)

// Report is the line of a server in the status of the replication.
type Report struct {
	Standing
	Lag     uint64 // entries that it does not have, as far as known
	Finding Finding
	Why     string // a word on it, for people; empty: nothing to say
}

const (
	standingSilence = 1500 * time.Millisecond // three heartbeats: then nobody can say how it stands
	toleratedLag    = 200                     // entries on their way while much is written
)

// Verdict judges a server's copy against the publisher's position at a moment. A break shows within two seconds: at once when the
// connection ends, after three heartbeats when nothing ends.
func Verdict(publisher confdb.Position, s Standing, now time.Time) Report {
	r := Report{Standing: s, Finding: InStep}
	if s.Position.Epoch == publisher.Epoch && publisher.Index > s.Position.Index {
		r.Lag = publisher.Index - s.Position.Index
	}
	switch silence := now.Sub(s.Heard); {
	case s.Heard.IsZero():
		r.Finding = Unknown
	case !s.Connected || silence >= standingSilence:
		r.Finding, r.Why = Unreachable, fmt.Sprintf("last heard of %s ago", silence.Round(100*time.Millisecond))
	case s.Filling:
		r.Finding = Building
	case s.Halted != "":
		r.Finding, r.Why = Stopped, s.Halted
	case s.Position.Epoch < publisher.Epoch:
		r.Finding, r.Why = OldEpoch, fmt.Sprintf("it is at epoch %d, the publisher at %d", s.Position.Epoch, publisher.Epoch)
	case r.Lag > toleratedLag:
		r.Finding, r.Why = Behind, fmt.Sprintf("%d entries", r.Lag)
	}
	return r
}
