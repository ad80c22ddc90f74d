package sipua

import (
	"strings"
	"testing"

	"tandem/call/signal"
	"tandem/wire/sip"
)

// two gives a rig with two registered phones.
func two(t testing.TB) (r *rig, a, b *ua) {
	t.Helper()
	r = newRig(t, nil)
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	return r, r.ua("alice", "2001").registered(), r.ua("bob", "2002").registered()
}

func TestRegisterAndCall(t *testing.T) {
	r, a, b := two(t)
	from, to := talk(t, a, b)
	if !strings.Contains(from.remoteSDP, "m=audio 50000") || !strings.Contains(to.remoteSDP, "m=audio 40000") {
		t.Fatalf("media did not cross:\n%s\n%s", from.remoteSDP, to.remoteSDP)
	}
	if got := sip.URIString(&to.offered.Recipient); got != b.contact {
		t.Errorf("Request-URI %s is not the contact %s", got, b.contact)
	}
	from.bye()
	to.request(sip.BYE)
	r.idle()
	rec := r.records()
	if len(rec) != 1 || rec[0].Calling.Number != "2001" || rec[0].FinalCalled.Number != "2002" || rec[0].Connected.IsZero() || rec[0].Orig.Cause != signal.CauseNormalClearing {
		t.Fatalf("records: %+v", rec)
	}
}

func TestCalledSideHangsUp(t *testing.T) {
	r, a, b := two(t)
	from, to := talk(t, a, b)
	to.bye(`Reason: Q.850;cause=31`)
	req := from.request(sip.BYE)
	if sip.Q850(req) != 31 {
		t.Errorf("the cause did not cross: %s", sip.String(req))
	}
	r.idle()
}
