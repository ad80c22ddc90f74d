package sccpstation

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/registration"
	"tandem/telephony"
	"tandem/wire/sccp"
)

// Directory is the live configuration as this adapter needs it. Its methods are called from many goroutines; except for
// AutoRegister they must not block.
type Directory interface {
	// Device returns a configured device, of whatever protocol.
	Device(name string) (*registration.Device, bool)
	// AutoRegister admits a device that is not configured, or says why not. deviceType is the number of sccp.md 3.1.
	AutoRegister(ctx context.Context, name string, deviceType uint32, protocol telephony.Protocol) (*registration.Device, error)
	// NumberComplete says that a number is one that the device can call, and that no longer one begins like it.
	NumberComplete(device, number string) bool
	// LineOf finds the line that a device means by a number, for busy lamps; false if it is no line of the cluster.
	LineOf(device, number string) (signal.LineRef, bool)
}

// Story keeps the story of each device, which `tandem explain device` tells. code is empty for what is in order.
type Story interface {
	Say(device, code, text string)
}

// Alarms takes events that an administrator should hear of. subject is the device or the address.
type Alarms interface {
	Event(f *fault.Error, subject string)
}

// Ladder is shown every message that belongs to a call. raw is the whole frame and must be copied to be kept.
type Ladder interface {
	Message(call signal.CallID, device string, toDevice bool, name, summary string, raw []byte)
}

// LastNumbers remembers the number that each device dialled last, for Redial.
type LastNumbers interface {
	LastNumber(device string) string
	Dialed(device, number string)
}

// ServerEntry is one server of the list that phones ask for (sccp.md 2.2, ServerRes).
type ServerEntry struct {
	Name    string
	Address netip.AddrPort
}

// Parameters are what an administrator can set. DefaultParameters gives the defaults.
type Parameters struct {
	KeepAlive        time.Duration // between keep-alives, told to the phone; whole seconds, at least 1 s
	StandbyKeepAlive time.Duration // the same on a standby connection
	Missed           int           // keep-alives that may stay out before a phone counts as gone
	MaximumVersion   sccp.Version  // highest version to agree on; 17 at most

	RegisterWithin      time.Duration // a connection must register, and a registration be complete, by then
	SettleAfter         time.Duration // a phone that has asked nothing for so long is through with its registration
	TokenWait           time.Duration // told to a phone whose token is refused; whole seconds
	RegistrationsAtOnce int           // tokens are refused while so many registrations are under way
	FallbackRate        int           // phones a second that get a token to come here from another server
	RegistrationRate    int           // phones a second that register and were not here; the others wait their turn (T-12)
	RegistrationWait    time.Duration // longest wait for the turn; whose would be longer is refused and comes again
	MaximumDevices      int           // registered at once

	MaximumConnections int // in all
	MaximumSilent      int // connections that have said nothing yet, in all
	SilentPerSource    int // the same from one address (T-6); registered phones do not count
	MessagesPerSecond  int // of one connection, sustained; more is read late (T-23)
	MessageBurst       int // that a connection may send at once

	OffHook          time.Duration // off hook without a call before the receiver-off-hook tone
	NoticeTime       time.Duration // how long a refusal is shown
	CallerTime       time.Duration // how long a caller is announced over everything else
	CollectWait      time.Duration // no further digit of a forwarding destination for so long: it is complete
	MediaWait        time.Duration // an open request may stay unanswered before it is repeated
	StatisticsWait   time.Duration // the phone's counters of an ended call are waited for
	AudioDSCP        uint8         // 0 to 63
	TransferOnHangUp bool          // hanging up in a consultation completes the transfer
}

// DefaultParameters are the values of a server on which nothing was changed.
func DefaultParameters() Parameters {
	return Parameters{
		KeepAlive: 30 * time.Second, StandbyKeepAlive: 60 * time.Second, Missed: 3, MaximumVersion: sccp.MaxVersion,
		RegisterWithin: 30 * time.Second, SettleAfter: 3 * time.Second, TokenWait: 30 * time.Second,
		RegistrationsAtOnce: 500, MaximumDevices: 20000, FallbackRate: 150, RegistrationRate: 1000, RegistrationWait: 5 * time.Second,
		MaximumConnections: 40000, MaximumSilent: 8192, SilentPerSource: 2048, MessagesPerSecond: 200, MessageBurst: 1000,
		OffHook: 30 * time.Second, NoticeTime: 5 * time.Second, CallerTime: 10 * time.Second, CollectWait: 5 * time.Second,
		MediaWait: 4 * time.Second, StatisticsWait: 4 * time.Second, AudioDSCP: 46,
	}
}

// Options are what a Server is made with. Exchange and Directory are needed, everything else may be absent. What is called
// is often called with a device's lock held: it must not block and must not call the Server back before it returns; the
// Exchange must tell the result of ForwardAll and the states of lines from goroutines of its own, as bus/runner does.
type Options struct {
	Exchange  signal.Exchange
	Directory Directory
	// Parameters are asked for with each message, so that a change is in force at once; nil: the defaults.
	Parameters  func() Parameters
	Story       Story
	Alarms      Alarms
	Ladder      Ladder
	LastNumbers LastNumbers
	// Name is the server's name as phones show it.
	Name string
	// Servers lists the servers of a device's group, best first.
	Servers func(device string) []ServerEntry
	// Where names the server of the cluster at which a device is registered, if it is known; nil: it never is.
	Where func(device string) (server string, ok bool)
	// Capacity is the account of this server, shared with its other adapters; nil: only Parameters.MaximumDevices counts.
	Capacity registration.Room
	Log      *slog.Logger
	Now      func() time.Time

	tap func(k sccp.Codec, m sccp.Message, frame []byte) // shown every message that is sent, for tests
}

type silence struct{}

func (silence) Say(string, string, string)                                  {}
func (silence) Event(*fault.Error, string)                                  {}
func (silence) Message(signal.CallID, string, bool, string, string, []byte) {}

func (o *Options) complete() {
	if o.Parameters == nil {
		p := DefaultParameters()
		o.Parameters = func() Parameters { return p }
	}
	if o.Story == nil {
		o.Story = silence{}
	}
	if o.Alarms == nil {
		o.Alarms = silence{}
	}
	if o.LastNumbers == nil {
		o.LastNumbers = newMemory()
	}
	if o.Servers == nil {
		o.Servers = func(string) []ServerEntry { return nil }
	}
	if o.Capacity == nil {
		o.Capacity = registration.Unbounded{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}
