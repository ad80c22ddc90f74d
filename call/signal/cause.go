package signal

import "strconv"

// Cause says why a call was refused or ended: a Q.850 cause value, or one of the values of 126 and above that
// call records use for what Q.850 has no word for. Zero means that no cause is known yet.
type Cause uint8

// The causes that Tandem gives or understands (ITU-T Q.850 2.2.7).
const (
	CauseNone                    Cause = 0
	CauseUnallocatedNumber       Cause = 1
	CauseNoRouteToDestination    Cause = 3
	CauseNormalClearing          Cause = 16
	CauseUserBusy                Cause = 17
	CauseNoUserResponding        Cause = 18
	CauseNoAnswer                Cause = 19
	CauseSubscriberAbsent        Cause = 20
	CauseCallRejected            Cause = 21
	CauseNumberChanged           Cause = 22
	CauseExchangeRoutingError    Cause = 25
	CauseAnsweredElsewhere       Cause = 26
	CauseDestinationOutOfOrder   Cause = 27
	CauseInvalidNumberFormat     Cause = 28
	CauseFacilityRejected        Cause = 29
	CauseNormalUnspecified       Cause = 31
	CauseNoCircuitAvailable      Cause = 34
	CauseNetworkOutOfOrder       Cause = 38
	CauseTemporaryFailure        Cause = 41
	CauseCongestion              Cause = 42
	CauseChannelUnavailable      Cause = 44
	CauseResourceUnavailable     Cause = 47
	CauseFacilityNotSubscribed   Cause = 50
	CauseOutgoingCallsBarred     Cause = 52
	CauseIncomingCallsBarred     Cause = 54
	CauseBearerNotAuthorized     Cause = 57
	CauseBearerNotAvailable      Cause = 58
	CauseBearerNotImplemented    Cause = 65
	CauseFacilityNotImplemented  Cause = 69
	CauseIncompatibleDestination Cause = 88
	CauseRecoveryOnTimer         Cause = 102
	CauseProtocolError           Cause = 111
	CauseInterworking            Cause = 127
	CauseSplit                   Cause = 126 // the record ends because a transfer or conference divided the call
	CauseDropAnyParty            Cause = 128 // a conference dropped its last member
	CauseServerRestarted         Cause = 129 // the server stopped while the call was up; its record was closed at restart
	CauseRequestPending          Cause = 130 // both ends wanted to change the session at once; never written to records
	CauseMediaUnchanged          Cause = 131 // an offer was refused and the session stays as it was; never written to records
)

var causeNames = map[Cause]string{
	CauseNone: "none", CauseUnallocatedNumber: "unallocated number", CauseNoRouteToDestination: "no route to destination",
	CauseNormalClearing: "normal call clearing", CauseUserBusy: "user busy", CauseNoUserResponding: "no user responding",
	CauseNoAnswer: "no answer from user", CauseSubscriberAbsent: "subscriber absent", CauseCallRejected: "call rejected",
	CauseNumberChanged: "number changed", CauseExchangeRoutingError: "exchange routing error",
	CauseAnsweredElsewhere: "answered elsewhere", CauseDestinationOutOfOrder: "destination out of order",
	CauseInvalidNumberFormat: "invalid number format", CauseFacilityRejected: "facility rejected",
	CauseNormalUnspecified: "normal, unspecified", CauseNoCircuitAvailable: "no circuit available",
	CauseNetworkOutOfOrder: "network out of order", CauseTemporaryFailure: "temporary failure",
	CauseCongestion: "switching equipment congestion", CauseChannelUnavailable: "requested channel not available",
	CauseResourceUnavailable: "resource unavailable", CauseFacilityNotSubscribed: "facility not subscribed",
	CauseOutgoingCallsBarred: "outgoing calls barred", CauseIncomingCallsBarred: "incoming calls barred",
	CauseBearerNotAuthorized: "bearer capability not authorized", CauseBearerNotAvailable: "bearer capability not available",
	CauseBearerNotImplemented: "bearer capability not implemented", CauseFacilityNotImplemented: "facility not implemented",
	CauseIncompatibleDestination: "incompatible destination", CauseRecoveryOnTimer: "recovery on timer expiry",
	CauseProtocolError: "protocol error", CauseInterworking: "interworking", CauseSplit: "call split",
	CauseDropAnyParty: "conference dropped its last party", CauseServerRestarted: "server restarted during the call",
	CauseRequestPending: "request pending", CauseMediaUnchanged: "session unchanged",
}

// String gives the cause in words, with its number when it has none.
func (c Cause) String() string {
	if s, ok := causeNames[c]; ok {
		return s
	}
	return "cause " + strconv.Itoa(int(c))
}

// RedirectReason says why a call goes elsewhere than to the number that was called, in the values of call records
// (Q.952 reasons, and the original's own above 15).
type RedirectReason uint8

// Reasons for a redirection.
const (
	RedirectNone          RedirectReason = 0
	RedirectBusy          RedirectReason = 1
	RedirectNoAnswer      RedirectReason = 2
	RedirectTransfer      RedirectReason = 4
	RedirectUnregistered  RedirectReason = 9
	RedirectUnconditional RedirectReason = 15
	RedirectDeflection    RedirectReason = 18
	RedirectBlindTransfer RedirectReason = 34
)

// String gives the reason in the words of the Diversion header and of call records.
func (r RedirectReason) String() string {
	switch r {
	case RedirectNone:
		return "none"
	case RedirectBusy:
		return "busy"
	case RedirectNoAnswer:
		return "no answer"
	case RedirectTransfer, RedirectBlindTransfer:
		return "transfer"
	case RedirectUnregistered:
		return "unregistered"
	case RedirectUnconditional:
		return "unconditional"
	case RedirectDeflection:
		return "deflection"
	}
	return "reason " + strconv.Itoa(int(r))
}

// OnBehalfOf names the feature on whose behalf a call was redirected, joined or ended, in the values of call records.
type OnBehalfOf uint8

// Features that act on calls.
const (
	OnBehalfOfNone        OnBehalfOf = 0
	OnBehalfOfForward     OnBehalfOf = 5
	OnBehalfOfTransfer    OnBehalfOf = 10
	OnBehalfOfDevice      OnBehalfOf = 12
	OnBehalfOfCallControl OnBehalfOf = 13
)
