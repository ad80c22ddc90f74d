package call

import (
	"time"

	"tandem/call/signal"
)

// Env is what a half-call may ask while it decides: the configuration and the cluster at this moment.
type Env interface {
	Configuration
	// Owner is the server that owns a line now; 0 where there is only one server.
	Owner(line signal.LineRef) signal.NodeID
	// Reachable says whether another server can be reached now.
	Reachable(node signal.NodeID) bool
}

// Configuration is an immutable view of the configuration at this moment.
type Configuration interface {
	// Analyze looks digits up for a calling party. Complete says that no digit will follow.
	Analyze(q Query) Analysis
	// Narrow removes from an offer what the pair of regions does not allow or the device cannot do. ok is false when no
	// audio is left.
	Narrow(offer *signal.Session, device signal.Capabilities, region, peerRegion string) (narrowed *signal.Session, ok bool)
	// Common gives what both can receive within the regions' ceiling, best first.
	Common(a, b signal.Capabilities, region, peerRegion string) signal.Capabilities
	// Ceiling is the best codec that the pair of regions allows.
	Ceiling(region, peerRegion string) string
	// Limits gives timers and bounds from the service parameters.
	Limits() Limits
}

// Query asks digit analysis for a route.
type Query struct {
	Digits   string
	Spaces   []string // calling search spaces, the line's first
	Complete bool
	Calling  signal.Party
}

// Outcome is what digit analysis found.
type Outcome uint8

// Outcomes of digit analysis.
const (
	NoMatch    Outcome = iota // no pattern can match, or the pattern blocks
	NeedDigits                // more digits can change the result
	Found                     // the route is decided
)

// Analysis is the answer of digit analysis.
type Analysis struct {
	Outcome     Outcome
	Cause       signal.Cause // of NoMatch
	OutsideTone bool         // NeedDigits: give the outside dial tone now
	Matched     bool         // NeedDigits: a pattern matches already and is taken when T302 runs out
	Target      signal.Address
	Called      signal.Party // after translation and transformation
	Calling     signal.Party // as the called side is to see it
	External    bool         // the route leaves the cluster
}

// Limits are the timers and bounds of calls.
type Limits struct {
	FirstDigit       time.Duration // off-hook to first digit
	Interdigit       time.Duration // T302
	Setup            time.Duration // T303
	Alerting         time.Duration // T301
	Media            time.Duration // an offer stays unanswered
	EarlyOffer       time.Duration // a called device waits for the offer of a caller that has to be asked for it
	Patience         time.Duration // a failed call plays its tone
	Preservation     time.Duration // a call whose device is gone is kept
	Join             time.Duration // a transfer completes or is undone
	Audit            time.Duration // how often a half-call asks a peer on another server whether it still has the call
	AuditAnswer      time.Duration // how long it waits for the answer
	ForwardHops      int           // Forward Maximum Hop Count
	NoAnswer         time.Duration // Forward No Answer Timer where a line has none of its own
	MaxDigits        int           // longest number that is collected
	TransferOnHangUp bool          // hanging up in a consultation completes the transfer
}

// ringing bounds how long a called device rings: longer than any caller waits, so that it ends a ringing whose caller has
// vanished and no other.
func (l Limits) ringing() time.Duration { return l.Setup + l.Alerting + l.Join }

// DefaultLimits are the limits of a server on which no parameter was changed (callmanager-4x.md A.9).
func DefaultLimits() Limits {
	return Limits{
		FirstDigit: 15 * time.Second, Interdigit: 15 * time.Second, Setup: 10 * time.Second, Alerting: 180 * time.Second,
		Media: 32 * time.Second, EarlyOffer: time.Second, Patience: 15 * time.Second, Preservation: time.Hour, Join: 5 * time.Second,
		Audit: time.Minute, AuditAnswer: 10 * time.Second,
		ForwardHops: 12, NoAnswer: 12 * time.Second, MaxDigits: 64,
	}
}

// Profile is what a half-call knows of its own device and line. It is resolved once, when the half-call is made, so that
// a change of configuration never touches a call in progress.
type Profile struct {
	Node         signal.NodeID
	Device       string
	Instance     int
	Line         signal.LineRef
	Party        signal.Party
	Spaces       []string // calling search spaces, the line's first
	Region       string
	Location     string
	External     bool
	Capabilities signal.Capabilities
	Record       signal.LegRecord
	// OffersWhenAsked and WantsOffer are what the device says of itself (signal.Origin, signal.Attachment).
	OffersWhenAsked bool
	WantsOffer      bool
}
