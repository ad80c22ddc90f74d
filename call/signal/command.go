package signal

// Command is what a half-call tells its device through the adapter. Commands for one half-call arrive in order and
// one at a time; the adapter must not block in them.
type Command interface{ command() }

// Tone is a call progress tone in the sense of E.180; an adapter maps it to what its protocol can play.
type Tone uint8

// Tones that call processing asks for.
const (
	ToneNone Tone = iota
	ToneDial
	ToneOutsideDial
	ToneRingback
	ToneBusy
	ToneReorder
	ToneHold
	ToneCallWaiting
	ToneConfirmation
)

// CollectDigits tells the device that its call is seized and waits for digits: dial tone, or the outside dial tone
// after an access code, or no tone in the middle of a number.
type CollectDigits struct {
	Call   CallID
	Tone   Tone
	Digits string // collected so far
}

// Proceed tells the calling device that its number is complete and the call is on its way.
type Proceed struct {
	Call   CallID
	Dialed string // what the user dialled
	Called Party
}

// RemoteAlerting tells the calling device that the other side rings. With Early it hears the other side; without, it
// plays the ringback tone itself. InBand says that progress comes without ringing (183).
type RemoteAlerting struct {
	Connected Party
	Early     *Session
	InBand    bool
}

// Ring offers a call to a device. Offer is the caller's description, nil when it is late.
type Ring struct {
	Call         CallID
	Line         LineRef
	Instance     int // number of the line on the device, from 1
	Calling      Party
	Called       Party
	Redirection  Redirection
	Offer        *Session
	Caller       Capabilities // what the caller can receive, when it has not made an offer
	Ceiling      string       // best codec that the pair of regions allows: G729, iLBC, G711, G722 or Opus
	CallWaiting  bool         // another call is up on this line of the device
	AutoAnswer   bool
	External     bool   // the caller is outside the cluster
	AlertingInfo string // distinctive ring to be asked for, empty: the line's own
}

// Accept tells a device which picked up without media that the call is its own: it opens its media and says Ready.
type Accept struct {
	Offer   *Session // to be answered; nil: the device makes the offer
	Caller  Capabilities
	Ceiling string
}

// Connect tells the calling device that the other side answered. Media answers the device's offer, or is an offer
// (IsOffer) that the device answers with Answer.
type Connect struct {
	Connected Party
	Media     *Session
	IsOffer   bool
	Ceiling   string
}

// Established tells the called device that the call is complete and, where it made the offer, gives the answer.
type Established struct {
	Connected Party
	Answer    *Session // nil when the device answered an offer itself
}

// OfferMedia asks the device to accept a change of media: it says Answer or RefuseMedia. When it crosses an offer of the
// device, that one is answered with MediaRefused first and the adapter carries OfferMedia out afterwards, in the time
// that its protocol gives (RFC 3261 14.1). The same holds for RequestOffer.
type OfferMedia struct {
	Media   *Session
	Ceiling string
}

// RequestOffer asks the device for a fresh offer of everything it can do: it says Offer or RefuseMedia. Peer is what
// the other side can receive where that is known. A calling device that has said so (Origin.OffersWhenAsked) is asked before
// the answer as well: RemoteAlerting may bring an early answer, Connect brings the answer, or an offer that overtakes its own,
// and a second Proceed says that the call goes elsewhere and the offer is void.
type RequestOffer struct {
	Peer    Capabilities
	Ceiling string
}

// AnswerMedia brings the answer to the device's own offer.
type AnswerMedia struct{ Media *Session }

// MediaRefused tells the device that its offer was not accepted and the session stays as it was. With
// CauseRequestPending the device tries again after the time of RFC 3261 14.1.
type MediaRefused struct{ Cause Cause }

// PartyChanged tells the device that it is connected (or will be) to somebody else now.
type PartyChanged struct {
	Connected   Party
	Redirection Redirection
	Alerting    bool // the new party still rings: play ringback
	Tone        bool // the ringback must be played for the device by its own means
}

// RemoteHold tells the device that the other party holds or took the call back.
type RemoteHold struct{ Held bool }

// SendKey asks the device to play a key that the other party pressed.
type SendKey struct {
	Digit    byte
	Duration uint16 // milliseconds; 0: the default of 100
}

// TransferStatus tells the device that asked for a transfer how it goes on. Done says that no more follows.
type TransferStatus struct {
	Alerting bool
	Answered bool
	Done     bool
	Cause    Cause // why it failed, else CauseNone
}

// Fail tells the calling device that the call will not be: it plays the tone until the user hangs up. The half-call
// goes on to exist until HangUp or until its patience is over.
type Fail struct {
	Cause Cause
	Tone  Tone
}

// Clear ends the half-call towards the device. Its identifier is dead afterwards; the adapter sends what its protocol
// needs to make the device idle and forgets the half-call.
type Clear struct {
	Cause Cause
	// Elsewhere says that another appearance answered: not a missed call.
	Elsewhere bool
}

func (CollectDigits) command()  {}
func (Proceed) command()        {}
func (RemoteAlerting) command() {}
func (Ring) command()           {}
func (Accept) command()         {}
func (Connect) command()        {}
func (Established) command()    {}
func (OfferMedia) command()     {}
func (RequestOffer) command()   {}
func (AnswerMedia) command()    {}
func (MediaRefused) command()   {}
func (PartyChanged) command()   {}
func (RemoteHold) command()     {}
func (SendKey) command()        {}
func (TransferStatus) command() {}
func (Fail) command()           {}
func (Clear) command()          {}
