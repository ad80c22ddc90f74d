package signal

// Signal is what half-calls and line owners tell each other. Every signal can cross to another server, so it holds
// nothing but data.
type Signal interface{ signal() }

// Leg describes a party's half-call to the other side: what it needs for media decisions and for call records.
type Leg struct {
	Half         HalfCallID
	Party        Party
	Capabilities Capabilities
	Region       string
	Location     string
	External     bool
	Record       LegRecord
}

// Setup offers a call: from the calling half-call to the owner of the called line, and from there to a new half-call
// for each appearance.
type Setup struct {
	Call        CallID
	Caller      Leg
	Called      Party // the number that is called now, after translation
	Redirection Redirection
	Offer       *Session
	// AskOffer says that the caller has no address yet, and makes its offer when the called half-call asks for it with
	// OfferRequest, so that the caller hears the called side before the answer (early media).
	AskOffer bool
	// CallerSpaces are the caller's calling search spaces; a redirection without one of its own uses them.
	CallerSpaces []string
	// Owner is the line (or device) owner that offers; set on the way to the called half-call.
	Owner       Address
	Token       uint32 // the owner's name for this offering; comes back in whatever the called half-call tells the owner
	CallWaiting bool
	AutoAnswer  bool
}

// OfferRequest asks the calling half-call for an offer before the called device is told of the call. It is answered with a
// CallerOffer at once or as soon as the calling device is ready; whoever asks does not wait for long.
type OfferRequest struct{ From Leg }

// CallerOffer is the answer to an OfferRequest. Media is nil when the caller makes no offer before the answer.
type CallerOffer struct {
	From  HalfCallID
	Media *Session
}

// Alerting says that a called appearance rings (or sends early media without ringing, InBand).
type Alerting struct {
	From      HalfCallID
	Token     uint32
	Connected Party
	Early     *Session
	InBand    bool
}

// Claim asks the owner for the call because this appearance was answered. The first one is Granted it.
type Claim struct {
	From  HalfCallID
	Token uint32
}

// Granted tells the claiming half-call that the call is its own.
type Granted struct{ Caller Leg }

// Decline says that an appearance does not take the call. Device and Instance tell which one when its half-call has not
// reported yet, or could not be made.
type Decline struct {
	From       HalfCallID
	Token      uint32
	Device     string
	Instance   int
	Cause      Cause
	RedirectTo string
}

// Connected tells the calling half-call that the call was answered, by whom, and with which media: an answer to its
// offer, or an offer that it must answer.
type Connected struct {
	From    Leg
	Media   *Session
	IsOffer bool
	// Join is what the caller is told by the transferor that made it the caller of this call, where that was not sure yet
	// when the call was answered.
	Join *Joined
}

// ConnectAck tells the called half-call that the caller took the answer.
type ConnectAck struct{ Caller Leg }

// Rejected tells the calling half-call that nobody takes the call.
type Rejected struct{ Cause Cause }

// Redirect tells a half-call to try another number. To the caller of an unanswered call it is a forwarding; with
// Transferor set it reaches a connected half-call and is a blind transfer.
type Redirect struct {
	To          string
	Spaces      []string // calling search spaces of the redirecting party
	Redirection Redirection
	Transferor  HalfCallID
}

// RedirectStatus tells the transferor how its blind transfer goes.
type RedirectStatus struct {
	Alerting bool
	Answered bool
	Cause    Cause // of a failure; CauseNone while there is none
}

// TransferorGone tells the redirected half-call that nobody waits for the result any more.
type TransferorGone struct{ From HalfCallID }

// Release ends the call with the receiver, in any state.
type Release struct {
	From  HalfCallID
	Cause Cause
	By    OnBehalfOf
	// Elsewhere says that another appearance took the call.
	Elsewhere bool
	// Record is what the sender's side knows for the call's record, when the receiver is on another server. A record that ends
	// by a release from there without it is marked as incomplete: somebody spoke in that half-call's place.
	Record *LegRecord
}

// MediaOffer proposes a change of media to the other half-call. The first offer to a new peer carries the Joined that the
// receiver gets from whoever arranged it: between three servers the offer may be faster, or that signal may be lost.
type MediaOffer struct {
	From   HalfCallID
	Media  *Session
	Region string
	Join   *Joined
}

// MediaAnswer answers a MediaOffer, or the offer in Connected.
type MediaAnswer struct {
	From  HalfCallID
	Media *Session
}

// MediaReject says that an offer was not accepted.
type MediaReject struct {
	From  HalfCallID
	Cause Cause
}

// KeyPressed carries a key to the other party.
type KeyPressed struct {
	Digit    byte
	Duration uint16 // milliseconds
	InBand   bool
}

// JoinRequest asks the consultation half-call of the same device to give up its party so that it is joined with Party
// . From and the receiver both end by it.
type JoinRequest struct {
	From HalfCallID
	// Peer is the half-call that is to be joined with the receiver's party, and what is known of it.
	Peer        Leg
	Call        CallID
	Redirection Redirection // of the joined call
}

// JoinAccept tells the asking half-call whom its party is joined with. When the consultation still rings, Owner is the
// owner of the ringing line and Peer has no half-call yet.
type JoinAccept struct {
	Peer     Leg
	Owner    Address
	Alerting bool
	Setup    Setup // what the ringing owner was asked, for the half-call that takes over the calling side
}

// JoinRefuse tells the asking half-call that the consultation cannot be joined; both calls stay as they are.
type JoinRefuse struct{ Cause Cause }

// Joined tells a half-call that it has another peer now.
type Joined struct {
	From HalfCallID // who arranged it
	Peer Leg        // the new peer; without a half-call while Owner's line rings
	// Owner is the ringing line that the receiver calls from now on.
	Owner Address
	Setup Setup
	// Replaces is the half-call that the new peer speaks with until it is told of the receiver: both tell each other when
	// the server of whoever arranged it is lost in between. The join has its name from From and Replaces, and a half-call
	// that has left From for Peer takes it no second time.
	Replaces HalfCallID
	// Initiate says that the receiver makes the new offer; the other side waits for it.
	Initiate bool
	// Records says that the receiver keeps the record of the new pair.
	Records     bool
	Call        CallID
	Redirection Redirection
	By          OnBehalfOf
}

// CallerChanged tells the owner of a ringing line, and through it the ringing half-calls, that another half-call is the
// caller now. Stale says that the offer that was given with Setup is no longer good.
type CallerChanged struct {
	From   HalfCallID // the caller until now
	Caller Leg
	Call   CallID
	// Replaces is the half-call that Caller speaks with until it is told that it is the caller now.
	Replaces    HalfCallID
	Redirection Redirection
}

// TakeOver asks a half-call to give its party to the asking half-call: retrieving a held call from another appearance,
// or an INVITE with Replaces.
type TakeOver struct {
	From      Leg
	HeldOnly  bool // refuse unless the call is on hold
	EarlyOnly bool // refuse unless it still rings (RFC 3891)
	Line      LineRef
}

// TakenOver gives the party to the half-call that asked.
type TakenOver struct {
	Peer    Leg
	Call    CallID
	Records bool
	Record  Record
	// Setup is the ringing call that was taken, with Early set.
	Early bool
	Setup Setup
}

// TakeOverRefused says why a call was not given.
type TakeOverRefused struct{ Cause Cause }

// LineReport tells the owner of the party's own line what the half-call does on it.
type LineReport struct {
	Call  LineCall
	Token uint32 // of the offering that made the half-call; 0 for calls of the line's own side
	Gone  bool
}

// Audit asks a peer whether it still has this call; no answer releases it.
type Audit struct{ From HalfCallID }

// AuditAnswer says that the half-call still exists and who its peer is. Settled says that this will not change by itself:
// nobody is joining it with another.
type AuditAnswer struct {
	From    HalfCallID
	Peer    HalfCallID
	Settled bool
}

func (Setup) signal()           {}
func (OfferRequest) signal()    {}
func (CallerOffer) signal()     {}
func (Alerting) signal()        {}
func (Claim) signal()           {}
func (Granted) signal()         {}
func (Decline) signal()         {}
func (Connected) signal()       {}
func (ConnectAck) signal()      {}
func (Rejected) signal()        {}
func (Redirect) signal()        {}
func (RedirectStatus) signal()  {}
func (TransferorGone) signal()  {}
func (Release) signal()         {}
func (MediaOffer) signal()      {}
func (MediaAnswer) signal()     {}
func (MediaReject) signal()     {}
func (KeyPressed) signal()      {}
func (JoinRequest) signal()     {}
func (JoinAccept) signal()      {}
func (JoinRefuse) signal()      {}
func (Joined) signal()          {}
func (CallerChanged) signal()   {}
func (TakeOver) signal()        {}
func (TakenOver) signal()       {}
func (TakeOverRefused) signal() {}
func (LineReport) signal()      {}
func (Audit) signal()           {}
func (AuditAnswer) signal()     {}
