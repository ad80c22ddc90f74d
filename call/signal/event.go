package signal

// Event is what a device tells its half-call through its adapter.
type Event interface{ event() }

// Seize begins an outgoing call without a number: the handset was lifted or a line key pressed.
type Seize struct{}

// Digits are keys pressed while dialling, each 0-9, *, #, A-D or +.
type Digits struct{ Digits string }

// Backspace takes the last digit back.
type Backspace struct{}

// Dial gives a whole number at once (en bloc). Complete says that no more digits can follow, as in SIP.
type Dial struct {
	Number   string
	Complete bool
	Offer    *Session // the device's early offer, nil when it offers late
	// Redirection that the device names itself (a gateway or trunk that forwards), else zero.
	Redirection Redirection
}

// Retrieve takes over a call that another appearance of the same line holds.
type Retrieve struct{ Held HalfCallID }

// Replace makes this new half-call take the place of another in its call: an INVITE with Replaces (RFC 3891).
type Replace struct {
	Other     HalfCallID
	Offer     *Session
	EarlyOnly bool
}

// DeviceAlerting says that the called device rings. Early is what it says about early media, if anything.
type DeviceAlerting struct{ Early *Session }

// DeviceProgress says that the called device sends early media without ringing (a 183, an announcement).
type DeviceProgress struct{ Early *Session }

// Pickup says that the user answered. Media is the device's answer to the offer it was given, or its offer when it
// was given none, when the protocol brings it along (SIP); otherwise nil, and the device is told with Accept when
// it may open its media.
type Pickup struct{ Media *Session }

// Ready completes an accepted call of a device that opens its media after the Accept: its answer or its offer.
type Ready struct{ Media *Session }

// Refuse says that the called device does not take the call.
type Refuse struct {
	Cause Cause
	// RedirectTo is the number that the device names instead (302), else empty.
	RedirectTo string
}

// Offer proposes a change of media: a re-INVITE or UPDATE with a description, hold and resume of an SCCP phone.
type Offer struct{ Media *Session }

// Answer is the device's answer to OfferMedia or to the offer in Connect.
type Answer struct{ Media *Session }

// RefuseMedia says that the device does not accept the offer, or cannot make one. CauseRequestPending stands for glare.
type RefuseMedia struct{ Cause Cause }

// Key is a key pressed during a call, to be carried to the other party.
type Key struct {
	Digit    byte   // 0-9, *, #, A-D
	Duration uint16 // milliseconds; 0: not known
	// InBand says that the device already sends it as RFC 4733 to the other party; then only observers are told.
	InBand bool
}

// TransferTo asks to send the other party on to a number without consultation (blind transfer).
type TransferTo struct{ Number string }

// TransferWith asks to connect the other party of this call with the other party of the consultation call, whether
// that one is answered or still rings. Both half-calls belong to the device that asks.
type TransferWith struct{ Consultation HalfCallID }

// HangUp ends the half-call from the device's side, in whatever state.
type HangUp struct{ Cause Cause }

// Gone says that the device lost its connection to the server. A call with flowing media is kept until either end
// hangs up or the preservation time is over; any other ends.
type Gone struct{}

// Returned says that a device which was Gone is registered again and has taken the call up.
type Returned struct{}

// DeviceMoved tells a half-call that its device's address or capabilities changed by a new registration.
type DeviceMoved struct{ Capabilities Capabilities }

func (Seize) event()          {}
func (Digits) event()         {}
func (Backspace) event()      {}
func (Dial) event()           {}
func (Retrieve) event()       {}
func (Replace) event()        {}
func (DeviceAlerting) event() {}
func (DeviceProgress) event() {}
func (Pickup) event()         {}
func (Ready) event()          {}
func (Refuse) event()         {}
func (Offer) event()          {}
func (Answer) event()         {}
func (RefuseMedia) event()    {}
func (Key) event()            {}
func (TransferTo) event()     {}
func (TransferWith) event()   {}
func (HangUp) event()         {}
func (Gone) event()           {}
func (Returned) event()       {}
func (DeviceMoved) event()    {}
