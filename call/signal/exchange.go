package signal

import (
	"net/netip"
	"time"
)

// Exchange is what an adapter uses of call processing. It is safe for concurrent use and never blocks on a call.
type Exchange interface {
	// Originate creates a half-call for a line of a registered device and returns its identifier. port receives its
	// commands. ErrOverloaded refuses new calls early (T-23).
	Originate(o Origin, port Port) (HalfCallID, error)
	// Tell hands an event of the device to the half-call. An event for a half-call that has ended is dropped.
	Tell(id HalfCallID, e Event)
	// Attach declares that device is registered here with port as the receiver of calls and of its lines' state.
	// A second Attach for the same device replaces the first.
	Attach(d Attachment, port Port)
	// Detach ends the registration that incarnation began; a later registration of the same device is not touched.
	Detach(device string, incarnation uint64)
	// ForwardAll sets or clears (empty destination) the forwarding of all calls of a line for a user at a device.
	// The result is called once it is kept for good, or with the fault that says why not.
	ForwardAll(device string, line LineRef, destination string, result func(error))
	// DoNotDisturb keeps calls from a device, or lets them come again, for its user. The result is as that of ForwardAll.
	DoNotDisturb(device string, on bool, result func(error))
	// Watch has the port told of the line's state now and whenever it changes, with Instance 0, until cancel is called
	// (busy lamps, dialog event subscriptions). A line that does not exist is reported as idle.
	Watch(line LineRef, port Port) (cancel func())
	// Report hands over a fact that only the device knows, such as Diagnostics.
	Report(f Fact)
}

// Port receives what call processing says to one device. Methods are called by call processing's own goroutines, must
// not block and may call the Exchange.
type Port interface {
	// Command tells the device something about one of its half-calls. A Ring for an unknown identifier begins a new one.
	Command(id HalfCallID, c Command)
	// LineChanged tells the device of the state of one of its lines, whenever it changes.
	LineChanged(s LineState)
}

// Origin says who makes a call.
type Origin struct {
	Device       string
	Instance     int // line on the device, from 1
	Capabilities Capabilities
	Address      netip.Addr // of the device, for call records
	SRTP         bool
	// OffersWhenAsked says that the device, which makes no offer with its number, can make one before the answer: it then
	// says Offer or RefuseMedia once to the RequestOffer, whatever else it is told meanwhile.
	OffersWhenAsked bool
}

// Attachment is a registration as call processing needs it.
type Attachment struct {
	Device       string
	Protocol     string // "SCCP" or "SIP"
	Incarnation  uint64 // rises with each registration of the device
	Address      netip.AddrPort
	Since        time.Time
	Capabilities Capabilities
	Load         string // firmware that the device says it runs
	// Lines are the instances that the device can be called at; nil means all that are configured.
	Lines []int
	// WantsOffer says that a Ring should bring the caller's offer wherever there is one to be had, because the device can be
	// heard before the answer (SIP).
	WantsOffer bool
	// Idle says that the device had no call when it registered. False: it has one, or cannot say (SIP).
	Idle bool
}

// Registrant is a Port that wants to know when its registration is over because the device has registered at another
// server. It drops the registration and leaves calls in progress alone; the device may still talk over them.
type Registrant interface {
	// RegisteredElsewhere says that the registration which incarnation began has lost against a newer one.
	RegisteredElsewhere(incarnation uint64, server NodeID)
}

// LineState is the public state of a line: forwarding, lamps, and the calls on all its appearances, so that a device
// shows what others do on a shared line (sccp.md 4.10) and watchers see busy lamps.
type LineState struct {
	Line       LineRef
	Instance   int // on the device that is told; 0 for watchers
	ForwardAll string
	Messages   int // waiting voice messages, 0: lamp off
	// DoNotDisturb: the device that is told wants no calls; for watchers, nobody who could take one does.
	DoNotDisturb bool
	Calls        []LineCall
}

// LineCall is one call on a line.
type LineCall struct {
	Half      HalfCallID
	Call      CallID
	Device    string
	Instance  int
	State     LineCallState
	Remote    Party // the other party
	Initiator bool  // the line's side made the call
	Ending    bool  // the line's owner has told it to end: it takes no place any more
}

// LineCallState is what a call does on its appearance.
type LineCallState uint8

// States of a call as a line shows them, in rising order of importance for a lamp that stands for several calls.
const (
	LineIdle LineCallState = iota
	LineHeld
	LineConnected
	LineDialing
	LineRingingOut
	LineRingingIn
)

// String names the state.
func (s LineCallState) String() string {
	return [...]string{"idle", "held", "connected", "dialing", "ringing out", "ringing in"}[s%6]
}
