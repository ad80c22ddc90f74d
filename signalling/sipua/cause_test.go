package sipua

import (
	"testing"

	"tandem/call/signal"
)

func TestStatusesAndCauses(t *testing.T) {
	statuses, named := map[int]bool{}, map[signal.Cause]bool{}
	for _, row := range causes {
		if row.from {
			if statuses[row.status] {
				t.Errorf("status %d has two causes", row.status)
			}
			statuses[row.status] = true
		}
		if row.to {
			if named[row.cause] {
				t.Errorf("%s has two statuses", row.cause)
			}
			named[row.cause] = true
		}
		if !row.from && !row.to {
			t.Errorf("a row for nothing: %+v", row)
		}
	}
	for _, c := range []struct {
		cause  signal.Cause
		status int
	}{{signal.CauseUnallocatedNumber, 404}, {signal.CauseUserBusy, 486}, {signal.CauseNoAnswer, 480}, {signal.CauseSubscriberAbsent, 480},
		{signal.CauseCallRejected, 603}, {signal.CauseInvalidNumberFormat, 484}, {signal.CauseDestinationOutOfOrder, 502},
		{signal.CauseCongestion, 503}, {signal.CauseIncompatibleDestination, 488}, {signal.CauseOutgoingCallsBarred, 403},
		{signal.CauseRecoveryOnTimer, 504}, {signal.CauseNone, 480}, {signal.Cause(99), 480}} {
		if got := statusFor(c.cause); got != c.status {
			t.Errorf("%s is told as %d, want %d", c.cause, got, c.status)
		}
	}
	for status := 300; status < 700; status++ {
		if c := causeForStatus(status); c == signal.CauseNone || c == signal.CauseNormalClearing && status != 487 {
			t.Errorf("status %d has cause %s", status, c)
		}
	}
	// A cause that crosses from leg to leg by status alone still means the same to people.
	for _, c := range []signal.Cause{signal.CauseUserBusy, signal.CauseUnallocatedNumber, signal.CauseCallRejected, signal.CauseNumberChanged, signal.CauseInvalidNumberFormat} {
		if got := causeForStatus(statusFor(c)); got != c {
			t.Errorf("%s becomes %s", c, got)
		}
	}
}
