package call

import (
	"slices"
	"time"

	"tandem/call/signal"
)

// HalfCall is one party's side of a call. It is plain data: it can be written down, read back by the same or the next
// version, and goes on where it stood.
type HalfCall struct {
	ID      signal.HalfCallID
	Call    signal.CallID
	State   State
	Neg     Negotiation
	Profile Profile

	// Calling side.
	Digits      string
	Dialed      string // what the user dialled in the end
	Offer       *signal.Session
	Asker       signal.HalfCallID // the called half-call that waits for our offer
	Requesting  bool              // our device was asked for it and has not said anything yet
	Redirection signal.Redirection
	Called      signal.Party
	CallingAs   signal.Party // as the route presents us
	Target      signal.Address
	Away        bool // the call was answered or failed: the Target has nothing more of ours

	// Called side.
	Owner   signal.Address
	Token   uint32
	Setup   *signal.Setup   // what we were asked; dropped once the call is up
	Pending *signal.Session // media that came with the Pickup, until the call is granted
	Asked   bool            // the offer in Setup was asked for; the device may do without it
	Stale   bool            // the caller changed after the offer was given to the device
	Offers  bool            // our device answers the call with an offer of its own

	// Both.
	Peer        signal.Leg
	Connected   bool            // the device has been told that it is connected
	DeviceMedia *signal.Session // what our device said last
	// Learned is what our device has shown that it can receive, where it has not said so when it registered (SIP).
	Learned    signal.Capabilities
	PeerMedia  *signal.Session // what the peer said last
	Held       bool            // our device asked its peer to stop sending
	PeerHolds  bool
	MustAgree  bool // the running negotiation is the first of a new pair: without agreement there is no call
	Initiate   bool // make the offer to the new peer as soon as the device is free
	Expects    bool // the new peer is to make an offer and has not yet
	DeviceGone bool

	// Transfer.
	Transferor   signal.HalfCallID // who waits for the result of our Reaching
	TransferWait bool              // our device asked for a blind transfer and has not been told the result
	Consultation signal.HalfCallID // whose party we asked for
	Leaves       *signal.HangUp    // our device hung up while we were Joining
	PeerLeft     bool              // the peer released while we were Joining
	LeftCause    signal.Cause
	Successor    signal.Address    // Passing: who goes on in our place
	Passed       signal.HalfCallID // Passing: who answered us late
	Alerted      bool              // Reaching: the new party rings
	FormerRecord *signal.Record    // Reaching: the record with the transferor, taken up again when nobody is reached
	// Arranger is the half-call that joined us with our peer; it is listened to once.
	Arranger signal.HalfCallID
	// Replaces is the half-call that our new peer (or caller) speaks with until it is told of us; 0 when we know that it was.
	Replaces signal.HalfCallID
	JoinedBy signal.OnBehalfOf

	// Peers on other servers.
	Audited   signal.HalfCallID // the peer for which the timer of the audit runs
	AuditOpen bool              // it was asked and has not answered
	Misses    int               // how often in a row it said that it speaks with somebody else

	// Records.
	KeepsRecord bool
	Record      signal.Record
	Witnessing  *signal.Record       // the pair whose record the other half keeps, on another server
	Reported    signal.LineCallState // what the line owner was told last
	ReportedTo  signal.NodeID        // where that owner is
	OnLine      bool                 // the line owner counts us

	Deferred []Deferred
}

// Deferred is an input that waits until the negotiation is stable; one of the fields is set.
type Deferred struct {
	Offer        *signal.Offer
	MediaOffer   *signal.MediaOffer
	JoinRequest  *signal.JoinRequest
	TransferWith *signal.TransferWith
	TransferTo   *signal.TransferTo
}

func (d Deferred) input() any {
	switch {
	case d.Offer != nil:
		return *d.Offer
	case d.MediaOffer != nil:
		return *d.MediaOffer
	case d.JoinRequest != nil:
		return *d.JoinRequest
	case d.TransferWith != nil:
		return *d.TransferWith
	case d.TransferTo != nil:
		return *d.TransferTo
	}
	return nil
}

// maxDeferred bounds what a half-call keeps for later; what comes above is refused like anything out of place.
const maxDeferred = 8

// New makes a half-call for a device. call is the identifier that an outgoing call gets; an incoming one takes its
// caller's.
func New(id signal.HalfCallID, call signal.CallID, p Profile) *HalfCall {
	p.Record.Half, p.Record.Device = id, p.Device
	return &HalfCall{ID: id, Call: call, Profile: p}
}

// leg describes our side to others.
func (h *HalfCall) leg() signal.Leg {
	capabilities := h.Profile.Capabilities
	if len(capabilities.Codecs) == 0 {
		capabilities = h.Learned
	}
	return signal.Leg{
		Half: h.ID, Party: h.Profile.Party, Capabilities: capabilities, Region: h.Profile.Region,
		Location: h.Profile.Location, External: h.Profile.External, Record: h.Profile.Record,
	}
}

// says notes what our device says about its media. A device that has not told its codecs is known by those that it has
// named so far: whoever it is joined with later opens one of them.
func (t *turn) says(m *signal.Session) {
	t.DeviceMedia = m
	a := m.Audio()
	if a == nil || len(t.Profile.Capabilities.Codecs) > 0 {
		return
	}
	for _, c := range a.Codecs {
		if !slices.ContainsFunc(t.Learned.Codecs, func(k signal.Codec) bool { return k.Is(c.Name) }) && len(t.Learned.Codecs) < maxLearned {
			t.Learned.Codecs = append(slices.Clip(t.Learned.Codecs), c)
		}
	}
}

// maxLearned bounds the codecs that are kept of a device.
const maxLearned = 32

// turn is the handling of one input.
type turn struct {
	*HalfCall
	env    Env
	now    time.Time
	input  any
	out    []signal.Effect
	few    [8]signal.Effect // where out begins: most inputs have no more effects
	raised []raised
	// The tables are held here because actions look into them again.
	states      map[State]map[Kind]entry
	negotiation map[Negotiation]map[Kind]negotiationEntry
}

// stops are the effects that stop each timer, made once because nothing is said more often.
var stops = func() (all [signal.TimerAudit + 1]signal.Effect) {
	for k := range all {
		all[k] = signal.Stop{Timer: signal.Timer(k)}
	}
	return all
}()

type raised struct {
	kind  Kind
	input any
}

func (t *turn) send(to signal.Address, s signal.Signal) {
	t.out = append(t.out, signal.Send{To: to, Signal: s})
}
func (t *turn) toPeer(s signal.Signal) {
	if t.Peer.Half != 0 {
		t.send(signal.ToHalf(t.Peer.Half), s)
	}
}
func (t *turn) order(c signal.Command) { t.out = append(t.out, signal.Order{Command: c}) }
func (t *turn) start(k signal.Timer, after time.Duration) {
	t.out = append(t.out, signal.Start{Timer: k, After: after})
}
func (t *turn) stop(k signal.Timer)     { t.out = append(t.out, stops[k]) }
func (t *turn) emit(f signal.Fact)      { t.out = append(t.out, signal.Emit{Fact: f}) }
func (t *turn) raise(k Kind, input any) { t.raised = append(t.raised, raised{k, input}) }
func (t *turn) become(s State)          { t.State = s }
func (t *turn) limits() Limits          { return t.env.Limits() }
func (t *turn) callingParty() signal.Party {
	if t.CallingAs.Number != "" || t.CallingAs.Name != "" {
		return t.CallingAs
	}
	return t.Profile.Party
}

// Handle takes one input (a device event, a signal or a TimerFired) and returns what is to be done. known is false when
// the input has no place in this state; it was then refused or ignored as Refusal says, and the caller counts it.
func (h *HalfCall) Handle(env Env, now time.Time, input any) (effects []signal.Effect, known bool) {
	t := &turn{HalfCall: h, env: env, now: now, states: states, negotiation: negotiation}
	t.out = t.few[:0]
	known = true
	switch in := input.(type) {
	case signal.ServerLost:
		t.input = input
		t.lose(in.Node)
	case signal.ServerBack:
		if t.Peer.Half.Node() == in.Node {
			t.raiseListed(PeerBack, in)
		}
	case signal.OwnerMoved: // the report says it
	default:
		known = t.step(kindOf(input), input)
	}
	t.settleRaised()
	t.loseUnreachable()
	t.auditPeer()
	t.witness()
	t.report()
	if h.State == Ended {
		t.out = append(t.out, signal.Finish{})
	}
	return t.out, known
}

func (t *turn) settleRaised() {
	for len(t.raised) > 0 {
		r := t.raised[0]
		t.raised = t.raised[1:]
		t.step(r.kind, r.input)
	}
}

// step looks the input up in the tables and performs the entry.
func (t *turn) step(k Kind, input any) bool {
	t.input = input
	if e, ok := t.states[t.State][k]; ok {
		t.State = e.next
		e.do(t)
		return true
	}
	if negotiates[t.State] {
		if e, ok := t.negotiation[t.Neg][k]; ok {
			t.Neg = e.next
			e.do(t)
			return true
		}
	}
	t.refuse(k)
	return false
}

// refuse answers what has no place now, so that nobody waits for nothing.
func (t *turn) refuse(k Kind) {
	over := t.State == Passing || t.State == Ended // for the device: it knows the call no more
	switch in := t.input.(type) {
	case signal.Offer:
		if !over {
			t.order(signal.MediaRefused{Cause: signal.CauseRequestPending})
		}
	case signal.MediaOffer:
		t.send(signal.ToHalf(in.From), signal.MediaReject{From: t.ID, Cause: signal.CauseRequestPending})
	case signal.TransferWith, signal.TransferTo:
		if !over {
			t.order(signal.TransferStatus{Done: true, Cause: signal.CauseFacilityRejected})
		}
	case signal.MediaAnswer, signal.ConnectAck: // too late; the sender has another peer by now, or hears from us
	default:
		if t.State != Ended {
			t.out = append(t.out, Bounce(signal.ToHalf(t.ID), t.input)...)
		}
	}
}

// noPeer tells a half-call that another has ended, which matters to it only if that one is its peer.
func noPeer(ended, sender signal.HalfCallID) []signal.Effect {
	return []signal.Effect{signal.Send{To: signal.ToHalf(sender), Signal: signal.AuditAnswer{From: ended, Settled: true}}}
}

// Bounce gives the answer to a signal for a half-call that has ended or cannot take it, so that the sender ends too
// instead of waiting. Inputs that need no answer give none.
func Bounce(to signal.Address, input any) []signal.Effect {
	release := func(id signal.HalfCallID) []signal.Effect {
		if id == 0 {
			return nil
		}
		return []signal.Effect{signal.Send{To: signal.ToHalf(id),
			Signal: signal.Release{From: to.Half, Cause: signal.CauseNormalClearing, By: signal.OnBehalfOfCallControl}}}
	}
	switch in := input.(type) {
	case signal.Connected:
		return release(in.From.Half)
	case signal.OfferRequest:
		return []signal.Effect{signal.Send{To: signal.ToHalf(in.From.Half), Signal: signal.CallerOffer{From: to.Half}}}
	case signal.Granted:
		return release(in.Caller.Half) // the user picked up and hung up at once
	case signal.MediaOffer:
		return release(in.From)
	case signal.JoinRequest:
		return []signal.Effect{signal.Send{To: signal.ToHalf(in.From), Signal: signal.JoinRefuse{Cause: signal.CauseNormalClearing}}}
	case signal.JoinAccept:
		return release(in.Peer.Half)
	case signal.Joined:
		if in.Peer.Half != 0 {
			return release(in.Peer.Half)
		}
		return []signal.Effect{signal.Send{To: in.Owner, Signal: signal.Release{From: to.Half, Cause: signal.CauseNormalClearing}}}
	case signal.TakeOver:
		return []signal.Effect{signal.Send{To: signal.ToHalf(in.From.Half), Signal: signal.TakeOverRefused{Cause: signal.CauseNormalClearing}}}
	case signal.TakenOver:
		return release(in.Peer.Half)
	case signal.Audit:
		return release(in.From)
	case signal.MediaAnswer:
		return noPeer(to.Half, in.From)
	case signal.ConnectAck:
		return noPeer(to.Half, in.Caller.Half)
	case signal.Redirect:
		if in.Transferor != 0 {
			return []signal.Effect{signal.Send{To: signal.ToHalf(in.Transferor), Signal: signal.RedirectStatus{Cause: signal.CauseNormalClearing}}}
		}
	}
	return nil
}
