package sipua

import (
	"strconv"

	"tandem/call/signal"
	"tandem/wire/sip"
)

// causes is the one table between SIP statuses and causes of calls (RFC 3398 7.2.4.1 and 8.2.6.1; RFC 4497 8.4). A row
// with both ways marked is used in both; other rows are for one way only.
var causes = []struct {
	status int
	cause  signal.Cause
	from   bool // the cause of a phone's status
	to     bool // the status by which a phone hears the cause
}{
	{400, signal.CauseTemporaryFailure, true, false},
	{401, signal.CauseCallRejected, true, false},
	{402, signal.CauseCallRejected, true, false},
	{403, signal.CauseCallRejected, true, false},
	{403, signal.CauseOutgoingCallsBarred, false, true},
	{403, signal.CauseIncomingCallsBarred, false, true},
	{403, signal.CauseBearerNotAuthorized, false, true},
	{404, signal.CauseUnallocatedNumber, true, true},
	{404, signal.CauseNoRouteToDestination, false, true},
	{405, signal.CauseBearerNotImplemented, true, false},
	{406, signal.CauseBearerNotImplemented, true, false},
	{407, signal.CauseCallRejected, true, false},
	{408, signal.CauseRecoveryOnTimer, true, false},
	{408, signal.CauseNoUserResponding, false, true},
	{410, signal.CauseNumberChanged, true, true},
	{413, signal.CauseInterworking, true, false},
	{414, signal.CauseInterworking, true, false},
	{415, signal.CauseIncompatibleDestination, true, false},
	{416, signal.CauseInterworking, true, false},
	{420, signal.CauseInterworking, true, false},
	{421, signal.CauseInterworking, true, false},
	{423, signal.CauseInterworking, true, false},
	{480, signal.CauseNoUserResponding, true, false},
	{480, signal.CauseNoAnswer, false, true},
	{480, signal.CauseSubscriberAbsent, false, true},
	{480, signal.CauseNormalUnspecified, false, true},
	{480, signal.CauseNormalClearing, false, true},
	{481, signal.CauseTemporaryFailure, true, false},
	{482, signal.CauseExchangeRoutingError, true, true},
	{483, signal.CauseExchangeRoutingError, true, false},
	{484, signal.CauseInvalidNumberFormat, true, true},
	{485, signal.CauseUnallocatedNumber, true, false},
	{486, signal.CauseUserBusy, true, true},
	{487, signal.CauseNormalClearing, true, false},
	{488, signal.CauseIncompatibleDestination, true, true},
	{488, signal.CauseBearerNotAvailable, false, true},
	{488, signal.CauseBearerNotImplemented, false, true},
	{491, signal.CauseRequestPending, true, true},
	{500, signal.CauseTemporaryFailure, true, false},
	{500, signal.CauseProtocolError, false, true},
	{501, signal.CauseFacilityNotImplemented, true, true},
	{502, signal.CauseDestinationOutOfOrder, true, true},
	{503, signal.CauseTemporaryFailure, true, true},
	{503, signal.CauseNoCircuitAvailable, false, true},
	{503, signal.CauseNetworkOutOfOrder, false, true},
	{503, signal.CauseCongestion, false, true},
	{503, signal.CauseResourceUnavailable, false, true},
	{503, signal.CauseChannelUnavailable, false, true},
	{504, signal.CauseRecoveryOnTimer, true, true},
	{505, signal.CauseInterworking, true, false},
	{513, signal.CauseInterworking, true, false},
	{600, signal.CauseUserBusy, true, false},
	{603, signal.CauseCallRejected, true, true},
	{604, signal.CauseUnallocatedNumber, true, false},
	{606, signal.CauseIncompatibleDestination, true, false},
}

var (
	causeOfStatus = map[int]signal.Cause{}
	statusOfCause = map[signal.Cause]int{}
)

func init() {
	for _, r := range causes {
		if r.from {
			causeOfStatus[r.status] = r.cause
		}
		if r.to {
			statusOfCause[r.cause] = r.status
		}
	}
}

// causeFor gives the cause of a phone's final response: the one it names in Reason (RFC 3326), or that of its status.
func causeFor(res *sip.Response) signal.Cause {
	if n := sip.Q850(res); n > 0 && n <= 127 {
		return signal.Cause(n)
	}
	return causeForStatus(res.StatusCode)
}

func causeForStatus(status int) signal.Cause {
	if c, ok := causeOfStatus[status]; ok {
		return c
	}
	switch status / 100 {
	case 4:
		return signal.CauseInterworking
	case 5:
		return signal.CauseTemporaryFailure
	case 6:
		return signal.CauseCallRejected
	}
	return signal.CauseNormalUnspecified
}

// statusFor gives the status by which a phone hears why its call will not be.
func statusFor(c signal.Cause) int {
	if s, ok := statusOfCause[c]; ok {
		return s
	}
	return 480
}

// reasonValue is the value of a Reason header for a cause; empty for causes that Q.850 has no value for, and for normal
// clearing, which a BYE means by itself: some phones show any Reason as an error.
func reasonValue(c signal.Cause) string {
	if c == signal.CauseNone || c == signal.CauseNormalClearing || c >= signal.CauseSplit && c != signal.CauseInterworking {
		return ""
	}
	return `Q.850;cause=` + strconv.Itoa(int(c)) + `;text="` + c.String() + `"`
}

// elsewhere is the Reason of a CANCEL to a phone that rang while another answered: it counts no missed call
// (RFC 3326 2).
const elsewhere = `SIP;cause=200;text="Call completed elsewhere"`

// reasonHeader gives the Reason header of a cause, if there is one.
func reasonHeader(c signal.Cause) []sip.Header {
	if v := reasonValue(c); v != "" {
		return []sip.Header{sip.NewHeader("Reason", v)}
	}
	return nil
}

// hangUpCause is why a phone ended a call: what its BYE or CANCEL says, else normal clearing.
func hangUpCause(req *sip.Request) signal.Cause {
	if req != nil {
		if n := sip.Q850(req); n > 0 && n <= 127 {
			return signal.Cause(n)
		}
	}
	return signal.CauseNormalClearing
}
