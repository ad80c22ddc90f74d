package signal

import "time"

// Effect is what a decision asks the machinery to do. Decisions perform nothing themselves.
type Effect interface{ effect() }

// Send delivers a signal.
type Send struct {
	To     Address
	Signal Signal
}

// Order gives a command to the half-call's own device.
type Order struct{ Command Command }

// Start sets a timer; a timer of the same kind that runs is replaced.
type Start struct {
	Timer Timer
	Key   uint32 // tells timers of one kind apart; 0 where there is only one
	After time.Duration
}

// Stop ends a timer; one that does not run is no error.
type Stop struct {
	Timer Timer
	Key   uint32
}

// StopAll ends every timer of the machine.
type StopAll struct{}

// TimerFired is given to the machine when a timer that it started has run out.
type TimerFired struct {
	Timer Timer
	Key   uint32
}

// Create makes a half-call for a device's line and gives it the Setup. When the device cannot be reached any more the
// asking owner gets a Decline from half-call zero.
type Create struct {
	Device   string
	Instance int
	Node     NodeID // where the device is registered; 0: on this server
	Setup    Setup
}

// Notify tells a device the state of one of its lines, or all watchers of the line.
type Notify struct {
	Device string // empty: the watchers
	Node   NodeID // where the device is registered; 0: on this server
	State  LineState
}

// Await asks for DeviceBack when a device that was registered at Node registers anew and without a call, or has done so
// already.
type Await struct {
	Device string
	Node   NodeID
}

// Emit reports a fact.
type Emit struct{ Fact Fact }

// Finish says that the machine has ended; it receives nothing any more.
type Finish struct{}

func (Send) effect()    {}
func (Order) effect()   {}
func (Start) effect()   {}
func (Stop) effect()    {}
func (StopAll) effect() {}
func (Create) effect()  {}
func (Notify) effect()  {}
func (Await) effect()   {}
func (Emit) effect()    {}
func (Finish) effect()  {}

// Timer names a timer of a machine.
type Timer uint8

// Timers of half-calls and line owners.
const (
	TimerNone         Timer = iota
	TimerFirstDigit         // off-hook to first digit
	TimerInterdigit         // T302
	TimerSetup              // no reaction to a Setup (T303)
	TimerAlerting           // rings too long (T301)
	TimerMedia              // a device or peer does not answer an offer
	TimerPatience           // a failed call is kept so that the user hears the tone
	TimerPreservation       // the device is gone, its media may still flow
	TimerJoin               // a transfer in progress completes or is undone
	TimerForward            // after a join: late signals are passed on
	TimerNoAnswer           // forward no answer
	TimerAudit              // ask the peer whether it still has the call
)

var timerNames = [...]string{"none", "first digit", "interdigit (T302)", "setup (T303)", "alerting (T301)", "media", "patience",
	"preservation", "join", "forward", "no answer", "audit"}

// String names the timer for traces.
func (t Timer) String() string {
	if int(t) < len(timerNames) {
		return timerNames[t]
	}
	return "unknown"
}
