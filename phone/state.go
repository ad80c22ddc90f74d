package phone

import (
	"slices"
	"strings"
	"time"

	"tandem/media/codec"
	"tandem/phone/audio"
)

// Registration is how far a phone is on its way to service.
type Registration string

// States of Registration.
const (
	// Idle: not started, or closed.
	Idle Registration = "idle"
	// Fetching its configuration.
	Fetching Registration = "fetching"
	// Connecting to a server.
	Connecting Registration = "connecting"
	// Registering: the server answered, the exchange is not complete.
	Registering Registration = "registering"
	// Registered and ready for calls.
	Registered Registration = "registered"
	// Rejected by the server; State.Reason has its words. The phone tries again.
	Rejected Registration = "rejected"
	// Lost: the connection is gone. The phone tries again.
	Lost Registration = "lost"
)

// CallState is the state of one call as the phone shows it.
type CallState string

// States of a call.
const (
	OffHook       CallState = "off hook"
	Dialing       CallState = "dialing"
	Proceeding    CallState = "proceeding"
	RingingOut    CallState = "ringing out"
	RingingIn     CallState = "ringing in"
	Connected     CallState = "connected"
	OnHold        CallState = "on hold"
	RemoteInUse   CallState = "in use remotely"
	RemoteOnHold  CallState = "held remotely"
	Transferring  CallState = "transferring"
	Parked        CallState = "parked"
	Busy          CallState = "busy"
	Congested     CallState = "congestion"
	InvalidNumber CallState = "invalid number"
	Ended         CallState = "ended"
)

// Party is somebody as the display shows them.
type Party struct{ Name, Number string }

// String is "Name (number)" or the part that there is.
func (p Party) String() string {
	switch {
	case p.Name == "":
		return p.Number
	case p.Number == "":
		return p.Name
	}
	return p.Name + " (" + p.Number + ")"
}

// Call is one call on the phone.
type Call struct {
	// ID names the call on this phone: the call reference of SCCP, the Call-ID of SIP.
	ID string
	// Reference is the SCCP call reference, 0 with SIP.
	Reference uint32
	// Line is the line's instance, from 1.
	Line int
	// Instance is the call's number on its line as the display shows it, from 1.
	Instance int
	State    CallState
	// Inbound is set for calls to this phone.
	Inbound bool
	// Remote is the other party as shown.
	Remote Party
	// Calling, Called, Original and Redirecting are the parties as signalled.
	Calling, Called, Original, Redirecting Party
	// Dialed is the number dialled as the server completed it.
	Dialed string
	// Prompt is the text shown for this call; SoftKeys the keys offered for it.
	Prompt   string
	SoftKeys []string
	// Selected is set when the user has marked the call.
	Selected bool
	// Cause says why the call ended or failed, in the words of the protocol.
	Cause string
	// Started, Answered and Finished are zero when not reached.
	Started, Answered, Finished time.Time
	// Ringing is when ringing was first shown or heard.
	Ringing time.Time

	media *media
}

// Media gives the counts of the call's audio: those of its newest ports, with the
// packets of earlier ports (before a hold, for example) added.
func (c *Call) Media() audio.Statistics {
	if c.media == nil {
		return audio.Statistics{}
	}
	return c.media.statistics()
}

// Hears is what the call's audio sounds like now; false when nothing arrives.
func (c *Call) Hears() (codec.Segment, bool) {
	if c.media == nil || c.media.session == nil {
		return codec.Segment{}, false
	}
	return c.media.session.Hears()
}

// HearsTone reports whether the tone is heard now and has been for the time.
func (c *Call) HearsTone(t codec.Tone, length time.Duration) bool {
	s, ok := c.Hears()
	return ok && s.Sound == codec.Pure && s.Tone.Near(t, 8) && s.Length >= length
}

// Heard lists what was heard since the audio was last opened, oldest first.
func (c *Call) Heard() []codec.Segment {
	if c.media == nil || c.media.session == nil {
		return nil
	}
	return c.media.session.Heard()
}

// Line is one line of the phone.
type Line struct {
	// Instance counts from 1.
	Instance int
	Number   string
	// Name is shown to others, Label at the button.
	Name, Label string
	// ForwardAll, ForwardBusy and ForwardNoAnswer are targets, empty if not active.
	ForwardAll, ForwardBusy, ForwardNoAnswer string
	// MessageWaiting is the line's envelope.
	MessageWaiting bool
}

// Button is one of the programmable keys.
type Button struct {
	// Position from 1, Instance from 1 within its kind.
	Position, Instance int
	// Kind is "line", "speed dial", "service", "feature", "busy lamp" or another name.
	Kind          string
	Number, Label string
	// Status of a feature or busy lamp.
	Status int
}

// State is everything that can be observed on a phone.
type State struct {
	Registration Registration
	// Reason is why it is not registered, in the server's words where it gave any.
	Reason string
	// Server is where the phone is registered, "host:port"; Standby the server to
	// which it keeps a spare connection.
	Server, Standby string
	// Since is when the phone came into service at its server.
	Since time.Time
	// FeaturesOff: the server is lost during a call, which goes on and can only be ended.
	FeaturesOff bool
	// PutOff counts the times that a server told the phone to come later.
	PutOff int
	// Version is the negotiated SCCP protocol version.
	Version int
	// Registrations, Resets and Connections count since the start.
	Registrations, Resets, Connections int
	// KeepAlives counts answered keep-alives.
	KeepAlives int

	// Prompt is the status line when no call has the focus, Notice the passing message.
	Prompt, Notice string
	// SoftKeys are offered now, for the call with the focus or the idle phone.
	SoftKeys []string
	Lines    []Line
	Buttons  []Button
	// Calls that exist, oldest first; Focus is the ID of the one in front.
	Calls []*Call
	Focus string
	// Ringer is "off" or the kind of ringing.
	Ringer string
	// Tone is the tone that the phone itself plays, empty for none.
	Tone string
	// Lamps by name, such as "line 1" or "voice mail 0": off, on, wink, flash, blink.
	Lamps map[string]string
	// Speaker and OffHook are the hook: loudspeaker on, handset lifted.
	Speaker, OffHook bool
	// MessageWaiting is the message lamp.
	MessageWaiting bool
	// Clock is the time that the server sent last, as shown.
	Clock time.Time
	// Past are the calls that ended, oldest first, at most 64.
	Past []*Call
	// Strays counts audio packets that came to closed ports, over all calls.
	Strays uint64
	// Violations are departures of the server from what a real phone of this model
	// expects, at most 200.
	Violations []string
}

// maxPast and maxViolations bound the records of a phone.
const (
	maxPast       = 64
	maxViolations = 200
)

// Call finds the newest call in one of the states; nil if there is none. Without
// states it is the newest call of all.
func (s *State) Call(states ...CallState) *Call {
	for _, c := range slices.Backward(s.Calls) {
		if len(states) == 0 || slices.Contains(states, c.State) {
			return c
		}
	}
	return nil
}

// Active is the call with the focus, else the newest, else nil.
func (s *State) Active() *Call {
	for _, c := range s.Calls {
		if c.ID == s.Focus {
			return c
		}
	}
	return s.Call()
}

// Line finds a line by instance.
func (s *State) Line(instance int) *Line {
	for i := range s.Lines {
		if s.Lines[i].Instance == instance {
			return &s.Lines[i]
		}
	}
	return nil
}

// Last is the call that ended last, nil if none did.
func (s *State) Last() *Call {
	if len(s.Past) == 0 {
		return nil
	}
	return s.Past[len(s.Past)-1]
}

// Offers reports whether a soft key is offered now.
func (s *State) Offers(key string) bool {
	return slices.ContainsFunc(s.SoftKeys, func(k string) bool { return sameKey(k, key) })
}

// keyNames maps what displays and people say to the names used here.
var keyNames = map[string]string{
	"trnsfer": "transfer", "cfwdall": "forwardall", "<<": "backspace", "confrn": "conference",
	"conflist": "conferencelist", "dirtrfr": "directtransfer", "gpickup": "grouppickup", "new call": "newcall",
	"end call": "endcall", "rmlstc": "removelast", "vidmode": "videomode", "dnd": "donotdisturb", "forward all": "forwardall",
}

func canonicalKey(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if n, ok := keyNames[s]; ok {
		return n
	}
	return strings.ReplaceAll(s, " ", "")
}

func sameKey(a, b string) bool { return canonicalKey(a) == canonicalKey(b) }

// clone copies the state so that it does not change any more; the audio counts of
// its calls still do.
func (s *State) clone() State {
	out := *s
	out.SoftKeys = slices.Clone(s.SoftKeys)
	out.Lines = slices.Clone(s.Lines)
	out.Buttons = slices.Clone(s.Buttons)
	out.Calls = cloneCalls(s.Calls)
	out.Past = cloneCalls(s.Past)
	out.Violations = slices.Clone(s.Violations)
	out.Lamps = make(map[string]string, len(s.Lamps))
	for k, v := range s.Lamps {
		out.Lamps[k] = v
	}
	return out
}

func cloneCalls(in []*Call) []*Call {
	out := make([]*Call, len(in))
	for i, c := range in {
		copied := *c
		copied.SoftKeys = slices.Clone(c.SoftKeys)
		out[i] = &copied
	}
	return out
}
