package call

import "tandem/call/signal"

// Kind classes an input so that the tables can be read. What decides between two outcomes is a kind of its own: digit
// analysis, for example, answers with one of three.
type Kind uint8

// Kinds of input.
const (
	Unknown Kind = iota

	// From the device.
	Seize
	Digits
	Backspace
	Dial
	Retrieve
	Replace
	DeviceAlerting
	DeviceProgress
	Pickup
	Ready
	Refuse
	DeviceOffer
	DeviceAnswer
	DeviceRefusal
	Key
	TransferTo
	TransferWith
	HangUp
	Gone
	Returned
	DeviceMoved

	// From the tables' own actions.
	RouteFound
	NoRoute
	MoreDigits
	NobodyReached  // whom our connected device was to talk to cannot be had
	BackToFormer   // … and the transferor still waits
	NobodyWaits    // … and nobody waits
	OffersMet      // both ends made an offer at once, ours goes first
	OffersMetYield // … the peer's goes first
	Settled        // the negotiation came to rest
	OfferWanted    // our device wants an offer, and the caller makes one when it is asked

	// From peers and owners.
	SetupSignal
	OfferRequest
	CallerOffer
	PeerAlerting
	Granted
	ConnectedAnswer
	ConnectedOffer
	ConnectAck
	Rejected
	Redirected
	TransferRequest // a Redirect by a connected party
	RedirectStatus
	TransferorGone
	Released
	PeerMediaOffer
	PeerMediaAnswer
	PeerMediaReject
	PeerKey
	JoinRequest
	JoinAccept
	JoinRefuse
	Joined
	CallerChanged
	TakeOver
	TakenOver
	TakeOverRefused
	Audit
	AuditAnswer
	JoiningOffer // a MediaOffer of a new peer, with the Joined that says so

	// From the cluster: another server was lost or is back, and what it means to us.
	PeerLost   // our peer was there
	TargetLost // whom we call is offered the call there
	OwnerLost  // the owner that offered us the call was there
	AskedLost  // somebody else whom we wait for was there: a transferor, whose call we take over, who joined us
	PeerBack   // the server of our peer is reachable again
	DeviceBack // our peer's device has registered without a call

	// Timers.
	FirstDigitTimeout
	InterdigitTimeout
	SetupTimeout
	AlertingTimeout
	MediaTimeout
	PatienceTimeout
	PreservationTimeout
	JoinTimeout
	ForwardTimeout
	AuditTimeout
)

var timerKinds = map[signal.Timer]Kind{
	signal.TimerFirstDigit: FirstDigitTimeout, signal.TimerInterdigit: InterdigitTimeout, signal.TimerSetup: SetupTimeout,
	signal.TimerAlerting: AlertingTimeout, signal.TimerMedia: MediaTimeout, signal.TimerPatience: PatienceTimeout,
	signal.TimerPreservation: PreservationTimeout, signal.TimerJoin: JoinTimeout, signal.TimerForward: ForwardTimeout,
	signal.TimerAudit: AuditTimeout,
}

func kindOf(input any) Kind {
	switch in := input.(type) {
	case signal.Seize:
		return Seize
	case signal.Digits:
		return Digits
	case signal.Backspace:
		return Backspace
	case signal.Dial:
		return Dial
	case signal.Retrieve:
		return Retrieve
	case signal.Replace:
		return Replace
	case signal.DeviceAlerting:
		return DeviceAlerting
	case signal.DeviceProgress:
		return DeviceProgress
	case signal.Pickup:
		return Pickup
	case signal.Ready:
		return Ready
	case signal.Refuse:
		return Refuse
	case signal.Offer:
		return DeviceOffer
	case signal.Answer:
		return DeviceAnswer
	case signal.RefuseMedia:
		return DeviceRefusal
	case signal.Key:
		return Key
	case signal.TransferTo:
		return TransferTo
	case signal.TransferWith:
		return TransferWith
	case signal.HangUp:
		return HangUp
	case signal.Gone:
		return Gone
	case signal.Returned:
		return Returned
	case signal.DeviceMoved:
		return DeviceMoved
	case signal.Setup:
		return SetupSignal
	case signal.OfferRequest:
		return OfferRequest
	case signal.CallerOffer:
		return CallerOffer
	case signal.Alerting:
		return PeerAlerting
	case signal.Granted:
		return Granted
	case signal.Connected:
		if in.IsOffer {
			return ConnectedOffer
		}
		return ConnectedAnswer
	case signal.ConnectAck:
		return ConnectAck
	case signal.Rejected:
		return Rejected
	case signal.Redirect:
		if in.Transferor != 0 {
			return TransferRequest
		}
		return Redirected
	case signal.RedirectStatus:
		return RedirectStatus
	case signal.TransferorGone:
		return TransferorGone
	case signal.Release:
		return Released
	case signal.MediaOffer:
		if in.Join != nil {
			return JoiningOffer
		}
		return PeerMediaOffer
	case signal.MediaAnswer:
		return PeerMediaAnswer
	case signal.MediaReject:
		return PeerMediaReject
	case signal.KeyPressed:
		return PeerKey
	case signal.JoinRequest:
		return JoinRequest
	case signal.JoinAccept:
		return JoinAccept
	case signal.JoinRefuse:
		return JoinRefuse
	case signal.Joined:
		return Joined
	case signal.CallerChanged:
		return CallerChanged
	case signal.TakeOver:
		return TakeOver
	case signal.TakenOver:
		return TakenOver
	case signal.TakeOverRefused:
		return TakeOverRefused
	case signal.Audit:
		return Audit
	case signal.AuditAnswer:
		return AuditAnswer
	case signal.DeviceBack:
		return DeviceBack
	case signal.TimerFired:
		return timerKinds[in.Timer]
	}
	return Unknown
}
