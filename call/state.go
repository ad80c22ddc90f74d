package call

// State is where a half-call stands.
type State uint8

// States of a half-call. The first group belongs to the calling side, the second to the called side, the third to both.
const (
	Idle       State = iota
	Dialing          // digits are collected
	Proceeding       // the call was offered, nobody rings yet
	Alerting         // the other side rings
	Connecting       // the other side answered with an offer that our device has to answer
	Failed           // nothing came of it; the user hears a tone

	Asking    // the caller was asked for its offer; the device is told next
	Offered   // the device was told
	Ringing   // the device rings
	Claiming  // the device picked up; the owner of the line decides who was first
	Accepting // the call is ours; the device opens its media

	Active   // two parties talk, or one holds
	Reaching // our device is connected, the party that it shall talk to is being called
	Joining  // the consultation was asked to give its party
	Taking   // another half-call was asked to give its party to us
	Stranded // the server of the other party is lost; the audio goes on and our device can hang up
	Passing  // over for our device; late signals are passed to whom we were joined
	Ended
)

var stateNames = [...]string{"idle", "dialing", "proceeding", "alerting", "connecting", "failed", "asking", "offered", "ringing",
	"claiming", "accepting", "active", "reaching", "joining", "taking", "stranded",
	"passing", "ended"}

// String names the state.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// Negotiation is where the exchange of offer and answer stands while two parties are connected.
type Negotiation uint8

// States of the negotiation.
const (
	Stable     Negotiation = iota
	AwaitAck               // called side: the caller has not taken our answer or answered our offer yet
	LocalOffer             // our device made an offer, the peer has not answered
	PeerOffer              // the peer made an offer, our device has not answered
	Requested              // our device was asked for an offer
	Flushing               // our device still works on an offer of a former peer; its answer will be dropped
)

var negotiationNames = [...]string{"stable", "await ack", "local offer", "peer offer", "requested", "flushing"}

// String names the state of the negotiation.
func (n Negotiation) String() string {
	if int(n) < len(negotiationNames) {
		return negotiationNames[n]
	}
	return "unknown"
}
