package line

import (
	"time"

	"tandem/call/signal"
)

// Env is what an owner may ask while it decides: an immutable view of configuration and registrations at this moment.
type Env interface {
	// Line describes the line. ok is false when there is no such line (any more).
	Line(ref signal.LineRef) (info Info, ok bool)
	// Reachable says whether another server can be reached now.
	Reachable(node signal.NodeID) bool
}

// Shown is an Env that can say for less than Line costs whether the calls of a line are shown to anybody: it is watched or
// has several appearances. Most lines are neither, and every step of every call asks.
type Shown interface {
	Shown(ref signal.LineRef) bool
}

// Info is what configuration and registrations say about a line now.
type Info struct {
	Party               signal.Party
	ForwardAll          Forward
	ForwardBusy         Forward
	ForwardNoAnswer     Forward
	ForwardUnregistered Forward
	NoAnswer            time.Duration // how long to ring before ForwardNoAnswer
	AutoAnswer          bool
	Appearances         []Appearance
	Messages            int  // waiting voice messages
	Watched             bool // somebody who has no appearance wants to know what the line does
	Elsewhere           bool // another server owns the line now: only calls that are offered here are left, and it tells the devices
}

// Forward is a destination with the rights to call it.
type Forward struct {
	Destination string
	Spaces      []string // calling search spaces; nil: those of the caller
}

// Appearance is the line on one device's button.
type Appearance struct {
	Device      string
	Instance    int
	Registered  bool
	Node        signal.NodeID // where it is registered; 0: on this server
	MaxCalls    int
	BusyTrigger int
	// DoNotDisturb: the user of the device wants no calls. It is passed over, as if all its places were taken.
	DoNotDisturb bool
}

// Owner holds a line's own state. It is plain data.
type Owner struct {
	Line   signal.LineRef
	Node   signal.NodeID // the owner's server; 0 where there is only one
	Offers []Offer
	Calls  []signal.LineCall
	// Next is the last token given. Who makes an owner has it begin elsewhere than any other owner of the line did, so that
	// an answer to an offering of theirs means nothing to this one.
	Next uint32
}

// Offer is a call that nobody has answered yet.
type Offer struct {
	Token   uint32
	Setup   signal.Setup
	Targets []Target
	Alerted bool
	Worst   signal.Cause // best explanation of the refusals so far
	// Changed is the transfer that made the caller one, for the case that the transferor's server is lost before the caller
	// hears of it.
	Changed *signal.CallerChanged
}

// Target is an appearance that the call was offered to. Half is zero until it has reported.
type Target struct {
	Device   string
	Instance int
	Node     signal.NodeID
	Half     signal.HalfCallID
}

// Idle says that the owner has nothing to remember and can be forgotten.
func (o *Owner) Idle() bool { return len(o.Offers) == 0 && len(o.Calls) == 0 }

type turn struct {
	*Owner
	env Env
	now time.Time
	out []signal.Effect
}

func (t *turn) send(to signal.Address, s signal.Signal) {
	t.out = append(t.out, signal.Send{To: to, Signal: s})
}

func (t *turn) toHalf(id signal.HalfCallID, s signal.Signal) {
	if id != 0 {
		t.send(signal.ToHalf(id), s)
	}
}

// Handle takes one signal or a TimerFired and returns what is to be done. known is false when the input has no place.
func (o *Owner) Handle(env Env, now time.Time, input any) (effects []signal.Effect, known bool) {
	t := &turn{Owner: o, env: env, now: now}
	known = true
	switch in := input.(type) {
	case signal.Setup:
		t.setup(in)
	case signal.Alerting:
		t.alerting(in)
	case signal.Claim:
		t.claim(in)
	case signal.Decline:
		t.decline(in)
	case signal.Release:
		t.release(in)
	case signal.CallerChanged:
		t.callerChanged(in)
	case signal.LineReport:
		t.report(in)
	case signal.TimerFired:
		if in.Timer == signal.TimerNoAnswer {
			t.noAnswer(in.Key)
		}
	case Refresh:
		t.notify(true)
	case signal.ServerLost:
		t.serverLost(in.Node)
	case signal.ServerBack: // whoever is there reports anew
	default:
		known = false
	}
	return t.out, known
}

// Refresh tells the owner that configuration, registrations or user state changed and the line's devices are to be told.
type Refresh struct{}

// setup offers a call, or says at once why not.
func (t *turn) setup(s signal.Setup) {
	info, ok := t.env.Line(t.Line)
	if !ok {
		t.toHalf(s.Caller.Half, signal.Rejected{Cause: signal.CauseUnallocatedNumber})
		return
	}
	s.Called = t.called(s.Called, info)
	if t.forward(s, info, info.ForwardAll, signal.RedirectUnconditional) {
		return
	}
	var targets []Target
	registered, waiting := false, false
	for _, a := range info.Appearances {
		if !a.Registered {
			continue
		}
		registered = true
		if a.DoNotDisturb {
			continue
		}
		n := t.callsAt(a.Device, a.Instance)
		if n < a.BusyTrigger && n < a.MaxCalls && !t.calls(a.Device, a.Instance, s.Caller.Half) {
			targets = append(targets, Target{Device: a.Device, Instance: a.Instance, Node: a.Node})
			waiting = waiting || n > 0
		}
	}
	if len(targets) == 0 {
		if !registered {
			t.refused(s, info, signal.CauseSubscriberAbsent)
		} else {
			t.refused(s, info, signal.CauseUserBusy)
		}
		return
	}
	t.Next++
	o := Offer{Token: t.Next, Setup: s, Targets: targets}
	t.Offers = append(t.Offers, o)
	for _, a := range targets {
		to := s
		to.Owner, to.Token, to.AutoAnswer = signal.Address{Line: t.Line, Node: t.Node}, o.Token, info.AutoAnswer && len(targets) == 1
		to.AskOffer = s.AskOffer && len(targets) == 1        // of several none is heard before the answer
		to.CallWaiting = t.callsAt(a.Device, a.Instance) > 1 // this offer counts already
		t.out = append(t.out, signal.Create{Device: a.Device, Instance: a.Instance, Node: a.Node, Setup: to})
	}
	if info.ForwardNoAnswer.Destination != "" {
		t.out = append(t.out, signal.Start{Timer: signal.TimerNoAnswer, Key: o.Token, After: info.NoAnswer})
	}
}

// called completes the called party by what the line says of itself.
func (t *turn) called(p signal.Party, info Info) signal.Party {
	p.Name, p.Partition = info.Party.Name, t.Line.Partition
	if p.Number == "" {
		p.Number = t.Line.Number
	}
	p.LineTextForCaller, p.VoiceMail = info.Party.LineTextForCaller, info.Party.VoiceMail
	return p
}

// callsAt counts the calls of one appearance: those that reported and those that are just being offered, without those that
// were told to end: who gives up and calls again finds nobody busy with himself. The count is made from the list, never kept
// beside it.
func (t *turn) callsAt(device string, instance int) int {
	n := 0
	for i := range t.Calls {
		if c := &t.Calls[i]; c.Device == device && c.Instance == instance && !c.Ending {
			n++
		}
	}
	for i := range t.Offers {
		for _, a := range t.Offers[i].Targets {
			if a.Half == 0 && a.Device == device && a.Instance == instance {
				n++
			}
		}
	}
	return n
}

// calls says that the half-call is one of the appearance's own: a line that calls itself is busy there.
func (t *turn) calls(device string, instance int, caller signal.HalfCallID) bool {
	for i := range t.Calls {
		if t.Calls[i].Half == caller && t.Calls[i].Device == device && t.Calls[i].Instance == instance {
			return true
		}
	}
	return false
}

// forward sends the caller elsewhere, if there is a destination.
func (t *turn) forward(s signal.Setup, info Info, f Forward, why signal.RedirectReason) bool {
	if f.Destination == "" {
		return false
	}
	from := info.Party
	from.Number, from.Partition = t.Line.Number, t.Line.Partition
	t.toHalf(s.Caller.Half, signal.Redirect{To: f.Destination, Spaces: f.Spaces,
		Redirection: s.Redirection.Add(from, why, signal.OnBehalfOfForward)})
	return true
}

// refused treats a call that no appearance takes, by its cause.
func (t *turn) refused(s signal.Setup, info Info, cause signal.Cause) {
	switch cause {
	case signal.CauseUserBusy, signal.CauseCallRejected:
		if t.forward(s, info, info.ForwardBusy, signal.RedirectBusy) {
			return
		}
	case signal.CauseSubscriberAbsent, signal.CauseDestinationOutOfOrder, signal.CauseNoUserResponding,
		signal.CauseTemporaryFailure, signal.CauseRecoveryOnTimer, signal.CauseNetworkOutOfOrder:
		if t.forward(s, info, info.ForwardUnregistered, signal.RedirectUnregistered) {
			return
		}
	case signal.CauseNoAnswer:
		if t.forward(s, info, info.ForwardNoAnswer, signal.RedirectNoAnswer) {
			return
		}
	}
	t.toHalf(s.Caller.Half, signal.Rejected{Cause: cause})
}

func (t *turn) offer(token uint32) *Offer {
	for i := range t.Offers {
		if t.Offers[i].Token == token {
			return &t.Offers[i]
		}
	}
	return nil
}

// close ends an offer; the targets that are left hear why.
func (t *turn) close(token uint32, except signal.HalfCallID, r signal.Release) {
	for i := range t.Offers {
		if t.Offers[i].Token != token {
			continue
		}
		for _, a := range t.Offers[i].Targets {
			if a.Half != except {
				t.endCall(a.Half, r)
			}
		}
		t.Offers = append(t.Offers[:i], t.Offers[i+1:]...)
		break
	}
	if len(t.Offers) == 0 {
		t.Offers = nil
	}
	t.out = append(t.out, signal.Stop{Timer: signal.TimerNoAnswer, Key: token})
}

// endCall tells a half-call that is or was offered the call to end.
func (t *turn) endCall(half signal.HalfCallID, r signal.Release) {
	t.toHalf(half, r)
	for i := range t.Calls {
		if t.Calls[i].Half == half {
			t.Calls[i].Ending = true
		}
	}
}

// meet notes the half-call that stands behind a target.
func (o *Offer) meet(device string, instance int, half signal.HalfCallID) {
	for i := range o.Targets {
		a := &o.Targets[i]
		if a.Half == 0 && a.Device == device && a.Instance == instance {
			a.Half = half
			return
		}
	}
}

func (t *turn) alerting(a signal.Alerting) {
	o := t.offer(a.Token)
	if o == nil {
		t.toHalf(a.From, signal.Release{Cause: signal.CauseNormalClearing, By: signal.OnBehalfOfCallControl})
		return
	}
	if o.Alerted && (a.Early == nil || len(o.Targets) > 1) {
		return // the caller knows, and early media of one of several would hide the others
	}
	o.Alerted = o.Alerted || !a.InBand
	if len(o.Targets) > 1 {
		a.Early = nil
	}
	t.toHalf(o.Setup.Caller.Half, a)
}

// claim gives the call to the first that picks up.
func (t *turn) claim(c signal.Claim) {
	o := t.offer(c.Token)
	if o == nil {
		t.toHalf(c.From, signal.Release{Cause: signal.CauseAnsweredElsewhere, By: signal.OnBehalfOfCallControl, Elsewhere: true})
		return
	}
	caller := o.Setup.Caller
	t.close(c.Token, c.From, signal.Release{Cause: signal.CauseAnsweredElsewhere, By: signal.OnBehalfOfCallControl, Elsewhere: true})
	t.toHalf(c.From, signal.Granted{Caller: caller})
}

// decline takes one target out; with the last one the call is treated as the line's settings say.
func (t *turn) decline(d signal.Decline) {
	o := t.offer(d.Token)
	if o == nil {
		return
	}
	for i := range o.Targets {
		a := o.Targets[i]
		if (a.Half != 0 && a.Half == d.From) || (a.Half == 0 && a.Device == d.Device && a.Instance == d.Instance) {
			o.Targets = append(o.Targets[:i], o.Targets[i+1:]...)
			break
		}
	}
	o.Worst = weigh(o.Worst, d.Cause)
	s, cause, left := o.Setup, o.Worst, len(o.Targets)
	if d.RedirectTo != "" {
		info, _ := t.env.Line(t.Line)
		t.close(d.Token, d.From, signal.Release{Cause: signal.CauseAnsweredElsewhere, By: signal.OnBehalfOfForward, Elsewhere: true})
		t.forward(s, info, Forward{Destination: d.RedirectTo, Spaces: info.ForwardAll.Spaces}, signal.RedirectDeflection)
		return
	}
	if left > 0 {
		return
	}
	t.close(d.Token, 0, signal.Release{})
	info, ok := t.env.Line(t.Line)
	if !ok {
		t.toHalf(s.Caller.Half, signal.Rejected{Cause: cause})
		return
	}
	t.refused(s, info, cause)
}

// weigh keeps the refusal that tells the caller most: a person's answer before a device's trouble.
func weigh(a, b signal.Cause) signal.Cause {
	rank := func(c signal.Cause) int {
		switch c {
		case signal.CauseNone:
			return 0
		case signal.CauseCallRejected:
			return 4
		case signal.CauseUserBusy:
			return 3
		case signal.CauseNoAnswer:
			return 2
		}
		return 1
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// noAnswer forwards a call that rang long enough.
func (t *turn) noAnswer(token uint32) {
	o := t.offer(token)
	if o == nil {
		return
	}
	s := o.Setup
	info, ok := t.env.Line(t.Line)
	if !ok || info.ForwardNoAnswer.Destination == "" {
		return // the setting was taken back meanwhile: it rings on
	}
	t.close(token, 0, signal.Release{Cause: signal.CauseNoAnswer, By: signal.OnBehalfOfForward})
	t.forward(s, info, info.ForwardNoAnswer, signal.RedirectNoAnswer)
}

// release is the caller giving up.
func (t *turn) release(r signal.Release) {
	for i := range t.Offers {
		if t.Offers[i].Setup.Caller.Half == r.From {
			t.close(t.Offers[i].Token, 0, signal.Release{From: r.From, Cause: r.Cause, By: r.By})
			return
		}
	}
}

// callerChanged puts another caller in the place of the one that transferred the ringing call.
func (t *turn) callerChanged(c signal.CallerChanged) {
	for i := range t.Offers {
		o := &t.Offers[i]
		if o.Setup.Caller.Half != c.From {
			continue
		}
		o.Setup.Caller, o.Setup.Call, o.Changed = c.Caller, c.Call, &c
		for _, a := range o.Targets {
			t.toHalf(a.Half, c)
		}
		return
	}
	if t.offered(c.Caller.Half) || t.env.Reachable(c.From.Node()) {
		// Known, or answered or gone in this moment: the half-call that answers speaks with the former caller, which passes it
		// on.
		return
	}
	t.toHalf(c.Caller.Half, signal.Rejected{Cause: signal.CauseTemporaryFailure})
}

// report keeps the list of calls on the line and tells its devices.
func (t *turn) report(r signal.LineReport) {
	if r.Token != 0 {
		if o := t.offer(r.Token); o != nil {
			o.meet(r.Call.Device, r.Call.Instance, r.Call.Half)
		} else if r.Call.State == signal.LineRingingIn && !r.Gone {
			r.Call.Ending = true
			t.toHalf(r.Call.Half, signal.Release{Cause: signal.CauseNormalClearing, By: signal.OnBehalfOfCallControl})
		}
	}
	at := -1
	for i := range t.Calls {
		if t.Calls[i].Half == r.Call.Half {
			at = i
			break
		}
	}
	switch {
	case r.Gone && at < 0:
		return
	case r.Gone:
		t.Calls = append(t.Calls[:at], t.Calls[at+1:]...)
		if len(t.Calls) == 0 {
			t.Calls = nil
		}
	case at < 0:
		t.Calls = append(t.Calls, r.Call)
	default:
		r.Call.Ending = r.Call.Ending || t.Calls[at].Ending
		t.Calls[at] = r.Call
	}
	t.notify(false)
}

// notify tells those who show the line what it does. A device that has the line to itself knows its own calls; it is
// told only of what comes from elsewhere (all).
func (t *turn) notify(all bool) {
	if s, ok := t.env.(Shown); ok && !all && !s.Shown(t.Line) {
		return
	}
	info, ok := t.env.Line(t.Line)
	if !ok || info.Elsewhere {
		return
	}
	if info.Watched {
		t.out = append(t.out, signal.Notify{State: t.state(info, 0, info.undisturbed())})
	}
	if !all && len(info.Appearances) < 2 {
		return
	}
	for _, a := range info.Appearances {
		if !a.Registered {
			continue
		}
		t.out = append(t.out, signal.Notify{Device: a.Device, Node: a.Node, State: t.state(info, a.Instance, a.DoNotDisturb)})
	}
}

func (t *turn) state(info Info, instance int, undisturbed bool) signal.LineState {
	return signal.LineState{Line: t.Line, Instance: instance, ForwardAll: info.ForwardAll.Destination,
		Messages: info.Messages, DoNotDisturb: undisturbed, Calls: append([]signal.LineCall(nil), t.Calls...)}
}

// undisturbed says that the line has devices and that none of them wants calls.
func (i *Info) undisturbed() bool {
	registered := false
	for _, a := range i.Appearances {
		if a.Registered && !a.DoNotDisturb {
			return false
		}
		registered = registered || a.Registered
	}
	return registered
}
