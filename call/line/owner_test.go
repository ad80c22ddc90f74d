package line

import (
	"testing"
	"time"

	"tandem/call/signal"
)

type town map[signal.LineRef]Info

func (w town) Line(ref signal.LineRef) (Info, bool) {
	i, ok := w[ref]
	i.Appearances = append([]Appearance(nil), i.Appearances...)
	return i, ok
}

func (town) Reachable(signal.NodeID) bool { return true }

var ref = signal.LineRef{Number: "2001", Partition: "internal"}

func at(device string, busy int) Appearance {
	return Appearance{Device: device, Instance: 1, Registered: true, MaxCalls: 4, BusyTrigger: busy}
}

// quiet is an appearance whose user wants no calls.
func quiet(device string) Appearance {
	a := at(device, 2)
	a.DoNotDisturb = true
	return a
}

func setup(caller uint64) signal.Setup {
	return signal.Setup{Caller: signal.Leg{Half: signal.HalfCallID(caller)}, Called: signal.Party{Number: "2001"}}
}

func effects[T signal.Effect](all []signal.Effect) (some []T) {
	for _, e := range all {
		if x, ok := e.(T); ok {
			some = append(some, x)
		}
	}
	return some
}

// sent gives the signals of one type that went to a half-call.
func sent[T signal.Signal](all []signal.Effect, to uint64) (some []T) {
	for _, e := range effects[signal.Send](all) {
		if x, ok := e.Signal.(T); ok && e.To.Half == signal.HalfCallID(to) {
			some = append(some, x)
		}
	}
	return some
}

func TestSetupDecision(t *testing.T) {
	to := Forward{Destination: "2009", Spaces: []string{"staff"}}
	for _, test := range []struct {
		name   string
		info   Info
		calls  []signal.LineCall
		offers int
		cause  signal.Cause
		reason signal.RedirectReason
	}{
		{name: "rings at every appearance", info: Info{Appearances: []Appearance{at("a", 2), at("b", 2)}}, offers: 2},
		{name: "nobody registered", info: Info{Appearances: []Appearance{{Device: "a", Instance: 1, MaxCalls: 4, BusyTrigger: 2}}}, cause: signal.CauseSubscriberAbsent},
		{name: "nobody registered, forwarded", info: Info{ForwardUnregistered: to}, reason: signal.RedirectUnregistered},
		{name: "busy", info: Info{Appearances: []Appearance{at("a", 1)}}, calls: []signal.LineCall{{Half: 7, Device: "a", Instance: 1}}, cause: signal.CauseUserBusy},
		{name: "busy, forwarded", info: Info{Appearances: []Appearance{at("a", 1)}, ForwardBusy: to}, calls: []signal.LineCall{{Half: 7, Device: "a", Instance: 1}}, reason: signal.RedirectBusy},
		{name: "one appearance busy", info: Info{Appearances: []Appearance{at("a", 1), at("b", 1)}}, calls: []signal.LineCall{{Half: 7, Device: "a", Instance: 1}}, offers: 1},
		{name: "all calls forwarded", info: Info{Appearances: []Appearance{at("a", 2)}, ForwardAll: to}, reason: signal.RedirectUnconditional},
		{name: "nobody wants calls", info: Info{Appearances: []Appearance{quiet("a"), quiet("b")}}, cause: signal.CauseUserBusy},
		{name: "nobody wants calls, forwarded as busy", info: Info{Appearances: []Appearance{quiet("a")}, ForwardBusy: to}, reason: signal.RedirectBusy},
		{name: "one of two wants no calls", info: Info{Appearances: []Appearance{quiet("a"), at("b", 2)}}, offers: 1},
		{name: "calls itself", info: Info{Appearances: []Appearance{at("a", 2)}}, calls: []signal.LineCall{{Half: 1, Device: "a", Instance: 1}}, cause: signal.CauseUserBusy},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := &Owner{Line: ref, Calls: test.calls}
			out, _ := o.Handle(town{ref: test.info}, time.Now(), setup(1))
			if n := len(effects[signal.Create](out)); n != test.offers {
				t.Errorf("offered %d times, want %d", n, test.offers)
			}
			if r := sent[signal.Rejected](out, 1); (len(r) == 1) != (test.cause != 0) || (len(r) == 1 && r[0].Cause != test.cause) {
				t.Errorf("rejected %v, want %v", r, test.cause)
			}
			if r := sent[signal.Redirect](out, 1); (len(r) == 1) != (test.reason != 0) || (len(r) == 1 && (r[0].Redirection.LastReason != test.reason || r[0].To != "2009" || r[0].Redirection.Hops != 1)) {
				t.Errorf("redirected %+v, want %v", r, test.reason)
			}
		})
	}
}

func TestUnknownLine(t *testing.T) {
	o := &Owner{Line: ref}
	out, _ := o.Handle(town{}, time.Now(), setup(1))
	if r := sent[signal.Rejected](out, 1); len(r) != 1 || r[0].Cause != signal.CauseUnallocatedNumber {
		t.Errorf("%+v", out)
	}
	if !o.Idle() {
		t.Error("the owner of nothing remembers something")
	}
}

// ringing makes an owner that offers one call to the given devices, whose half-calls are 11, 12 …
func ringing(t *testing.T, info Info) (*Owner, town, uint32) {
	w := town{ref: info}
	o := &Owner{Line: ref}
	out, _ := o.Handle(w, time.Now(), setup(1))
	for i, c := range effects[signal.Create](out) {
		o.Handle(w, time.Now(), signal.LineReport{Token: c.Setup.Token, Call: signal.LineCall{Half: signal.HalfCallID(11 + i),
			Device: c.Device, Instance: c.Instance, State: signal.LineRingingIn}})
	}
	if len(o.Offers) != 1 {
		t.Fatalf("%d offers", len(o.Offers))
	}
	return o, w, o.Offers[0].Token
}

func TestFirstClaimWins(t *testing.T) {
	o, w, token := ringing(t, Info{Appearances: []Appearance{at("a", 2), at("b", 2)}})
	out, _ := o.Handle(w, time.Now(), signal.Claim{From: 12, Token: token})
	if len(sent[signal.Granted](out, 12)) != 1 {
		t.Error("the first was not granted the call")
	}
	if r := sent[signal.Release](out, 11); len(r) != 1 || !r[0].Elsewhere {
		t.Errorf("the other appearance was told %+v", r)
	}
	out, _ = o.Handle(w, time.Now(), signal.Claim{From: 11, Token: token})
	if r := sent[signal.Release](out, 11); len(r) != 1 || !r[0].Elsewhere {
		t.Errorf("the second claim got %+v", r)
	}
}

func TestAppearanceThatReportsLateIsReleased(t *testing.T) {
	w := town{ref: {Appearances: []Appearance{at("a", 2)}}}
	o := &Owner{Line: ref}
	o.Handle(w, time.Now(), setup(1))
	token := o.Offers[0].Token
	o.Handle(w, time.Now(), signal.Release{From: 1, Cause: signal.CauseNormalClearing})
	out, _ := o.Handle(w, time.Now(), signal.LineReport{Token: token, Call: signal.LineCall{Half: 11, Device: "a", Instance: 1, State: signal.LineRingingIn}})
	if len(sent[signal.Release](out, 11)) != 1 {
		t.Errorf("an appearance goes on ringing for a caller that has gone: %+v", out)
	}
}

func TestLastRefusalDecides(t *testing.T) {
	to := Forward{Destination: "2009"}
	for _, test := range []struct {
		name   string
		info   Info
		causes []signal.Cause
		want   signal.Cause
		reason signal.RedirectReason
	}{
		{"busy and rejected", Info{}, []signal.Cause{signal.CauseUserBusy, signal.CauseCallRejected}, signal.CauseCallRejected, 0},
		{"a person's word before a fault", Info{}, []signal.Cause{signal.CauseUserBusy, signal.CauseTemporaryFailure}, signal.CauseUserBusy, 0},
		{"rejected, forwarded as busy", Info{ForwardBusy: to}, []signal.Cause{signal.CauseCallRejected, signal.CauseCallRejected}, 0, signal.RedirectBusy},
		{"not reachable, forwarded as unregistered", Info{ForwardUnregistered: to}, []signal.Cause{signal.CauseDestinationOutOfOrder, signal.CauseSubscriberAbsent}, 0, signal.RedirectUnregistered},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.info.Appearances = []Appearance{at("a", 2), at("b", 2)}
			o, w, token := ringing(t, test.info)
			out, _ := o.Handle(w, time.Now(), signal.Decline{From: 11, Token: token, Cause: test.causes[0]})
			if len(sent[signal.Rejected](out, 1))+len(sent[signal.Redirect](out, 1)) != 0 {
				t.Error("decided while another appearance rings")
			}
			out, _ = o.Handle(w, time.Now(), signal.Decline{From: 12, Token: token, Cause: test.causes[1]})
			if r := sent[signal.Rejected](out, 1); test.want != 0 && (len(r) != 1 || r[0].Cause != test.want) {
				t.Errorf("rejected %+v, want %v", r, test.want)
			}
			if r := sent[signal.Redirect](out, 1); test.reason != 0 && (len(r) != 1 || r[0].Redirection.LastReason != test.reason) {
				t.Errorf("redirected %+v, want %v", r, test.reason)
			}
		})
	}
}

func TestR20_CountIsTheListOfCalls(t *testing.T) {
	w := town{ref: {Appearances: []Appearance{at("a", 2)}}}
	o := &Owner{Line: ref}
	for round := range uint64(50) {
		for i := range uint64(3) {
			o.Handle(w, time.Now(), setup(100+i)) // the third is refused and must change nothing
		}
		if len(o.Offers) != 2 {
			t.Fatalf("round %d: %d calls are offered to a phone that takes two", round, len(o.Offers))
		}
		for _, offer := range append([]Offer(nil), o.Offers...) {
			o.Handle(w, time.Now(), signal.LineReport{Token: offer.Token, Call: signal.LineCall{Half: signal.HalfCallID(offer.Token), Device: "a", Instance: 1, State: signal.LineRingingIn}})
			o.Handle(w, time.Now(), signal.Decline{From: signal.HalfCallID(offer.Token), Token: offer.Token, Cause: signal.CauseDestinationOutOfOrder})
			o.Handle(w, time.Now(), signal.LineReport{Token: offer.Token, Call: signal.LineCall{Half: signal.HalfCallID(offer.Token), Device: "a", Instance: 1}, Gone: true})
		}
		if !o.Idle() {
			t.Fatalf("round %d: %d calls are left", round, len(o.Calls))
		}
	}
}

func TestR14_NobodyIsBusyWithACallThatWasToldToEnd(t *testing.T) {
	w := town{ref: {Appearances: []Appearance{at("a", 1)}}}
	o := &Owner{Line: ref}
	for i := range uint64(3) {
		out, _ := o.Handle(w, time.Now(), setup(i+1))
		created := effects[signal.Create](out)
		if len(created) != 1 {
			t.Fatalf("call %d of a caller who gives up and tries again is not offered: %+v", i+1, out)
		}
		rings := signal.LineReport{Token: created[0].Setup.Token, Call: signal.LineCall{Half: signal.HalfCallID(11 + i), Device: "a", Instance: 1, State: signal.LineRingingIn}}
		late := i == 1 // it reports when the caller has gone
		if !late {
			o.Handle(w, time.Now(), rings)
			if out, _ := o.Handle(w, time.Now(), setup(99)); len(sent[signal.Rejected](out, 99)) != 1 {
				t.Errorf("a phone that rings is offered another call: %+v", out)
			}
		}
		o.Handle(w, time.Now(), signal.Release{From: signal.HalfCallID(i + 1)})
		if late {
			o.Handle(w, time.Now(), rings)
		}
	}
	for half := range signal.HalfCallID(3) {
		o.Handle(w, time.Now(), signal.LineReport{Call: signal.LineCall{Half: 11 + half, Device: "a", Instance: 1}, Gone: true})
	}
	if !o.Idle() {
		t.Errorf("left: %+v", o)
	}
}

// TestDoNotDisturbIsTold to the device that wants no calls, not to others with the line, and to watchers only when nobody wants any.
func TestDoNotDisturbIsTold(t *testing.T) {
	info := Info{Watched: true, Appearances: []Appearance{quiet("a"), at("b", 2)}}
	told := func() map[string]bool {
		out, _ := (&Owner{Line: ref}).Handle(town{ref: info}, time.Time{}, Refresh{})
		by := map[string]bool{}
		for _, n := range effects[signal.Notify](out) {
			by[n.Device] = n.State.DoNotDisturb
		}
		return by
	}
	if got := told(); len(got) != 3 || !got["a"] || got["b"] || got[""] {
		t.Errorf("one of two: %v", got)
	}
	info.Appearances[1].DoNotDisturb = true
	if got := told(); !got["a"] || !got["b"] || !got[""] {
		t.Errorf("both: %v", got)
	}
}
