package sipua

import (
	"errors"
	"log/slog"
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/registration"
	"tandem/wire/sip"
)

// Directory is the live configuration as this adapter needs it. Its methods are called from many goroutines and must not
// block.
type Directory interface {
	// Device returns a configured device, of whatever protocol.
	Device(name string) (*registration.Device, bool)
	// DeviceOfDigestUser returns the SIP phone that registers with a digest user: at most one.
	DeviceOfDigestUser(user string) (*registration.Device, bool)
	// DeviceOfNumber returns a SIP phone that has a line with this number; which one does not matter. It decides only
	// which digest algorithms are offered.
	DeviceOfNumber(number string) (*registration.Device, bool)
	// LineOf finds the line that a device means by a number, for subscriptions; false if it is no line of the cluster.
	LineOf(device, number string) (signal.LineRef, bool)
}

// Credentials looks up digest credentials.
type Credentials interface {
	// HA1 returns H(user:realm:password) in lower-case hexadecimal for the server's realm, by sip.HA1; ok is false if there
	// is no such user.
	HA1(user string, algorithm sip.Algorithm) (ha1 string, ok bool)
}

// Story keeps the story of each device, which `tandem explain device` tells. code is empty for what is in order.
type Story interface {
	Say(device, code, text string)
}

// Alarms takes events that an administrator should hear of. subject is the device or the address.
type Alarms interface {
	Event(f *fault.Error, subject string)
}

// Ladder is shown every message that belongs to a call, and when it came or went. raw must be copied to be kept. summarize appends to b in a few words
// what raw is about; it is a function so that nothing is made of messages at which nobody looks.
type Ladder interface {
	Message(call signal.CallID, device string, toDevice bool, at time.Time, summarize func(b, raw []byte) []byte, raw []byte)
}

// Parameters are what an administrator can set. DefaultParameters gives the defaults.
type Parameters struct {
	RegistrationDefault time.Duration // where a phone does not say how long
	RegistrationMinimum time.Duration // shorter wishes get 423
	RegistrationMaximum time.Duration // longer wishes are cut
	RegistrationRate    int           // phones a second that register and were not here; the others are told when to come (T-12)
	FallbackRate        int           // the same of phones that are registered at another server now
	MaximumContacts     int           // of one line of a phone; a further one replaces the oldest

	SubscriptionDefault  time.Duration
	SubscriptionMinimum  time.Duration // shorter wishes get 423
	SubscriptionMaximum  time.Duration // longer wishes are cut
	SubscriptionGrace    time.Duration // a subscription is kept for so long past its end
	MaximumSubscriptions int           // of one phone

	InviteExpires time.Duration // how long a phone may ring where nothing else ends it

	FailedAttempts    int           // wrong credentials from one address after which it is held back (T-5)
	FailureWindow     time.Duration // within which they count
	HoldBack          time.Duration // for how long
	RequestsPerSecond int           // messages of one phone, sustained; what is above is refused (T-23a); 0: no limit
	RequestBurst      int           // messages that a phone may send at once
}

// DefaultParameters are the values of a server on which nothing was changed.
func DefaultParameters() Parameters {
	return Parameters{
		RegistrationDefault: time.Hour, RegistrationMinimum: time.Minute, RegistrationMaximum: time.Hour, MaximumContacts: 10,
		RegistrationRate: 1000, FallbackRate: 150,
		SubscriptionDefault: time.Hour, SubscriptionMinimum: time.Minute, SubscriptionMaximum: time.Hour,
		SubscriptionGrace: 30 * time.Second, MaximumSubscriptions: 256,
		InviteExpires:  3 * time.Minute,
		FailedAttempts: 10, FailureWindow: time.Minute, HoldBack: time.Minute,
		RequestsPerSecond: 100, RequestBurst: 1000,
	}
}

// Options are what a Server is made with. Exchange, Directory, Credentials, Realm and NonceKey are needed, everything else
// may be absent.
type Options struct {
	Exchange    signal.Exchange
	Directory   Directory
	Credentials Credentials
	Realm       string
	// NonceKey signs nonces; 16 bytes or more, the same on every server of a cluster.
	NonceKey []byte
	// NonceLife is how long a nonce can be used; 0: five minutes.
	NonceLife time.Duration
	// Parameters are asked for each time, so that a change is in force at once; nil: the defaults.
	Parameters func() Parameters
	// SessionInterval and SessionMinimum are those of RFC 4028; 0: 30 minutes and 90 seconds.
	SessionInterval, SessionMinimum time.Duration
	Timers                          sip.Timers
	Limits                          sip.Limits
	Workers                         int // goroutines that handle messages; 0: one for each processor
	Story                           Story
	Alarms                          Alarms
	Ladder                          Ladder
	// Product is what we call ourselves in User-Agent and Server; empty: "Tandem".
	Product string
	// Name is the server's name.
	Name string
	// Where names the server of the cluster at which a device is registered, if it is known; nil: it never is.
	Where func(device string) (server string, ok bool)
	// Capacity is the account of this server, shared with its other adapters; nil: there is no limit.
	Capacity registration.Room
	Log      *slog.Logger
	Now      func() time.Time
}

type silence struct{}

func (silence) Say(string, string, string) {}
func (silence) Event(*fault.Error, string) {}

func (o *Options) complete() error {
	if o.Exchange == nil || o.Directory == nil || o.Credentials == nil || o.Realm == "" {
		return errors.New("sipua: Exchange, Directory, Credentials and Realm are needed")
	}
	if o.Parameters == nil {
		p := DefaultParameters()
		o.Parameters = func() Parameters { return p }
	}
	if o.NonceLife == 0 {
		o.NonceLife = 5 * time.Minute
	}
	if o.SessionInterval == 0 {
		o.SessionInterval = 30 * time.Minute
	}
	if o.SessionMinimum == 0 {
		o.SessionMinimum = 90 * time.Second
	}
	if o.Story == nil {
		o.Story = silence{}
	}
	if o.Alarms == nil {
		o.Alarms = silence{}
	}
	if o.Product == "" {
		o.Product = "Tandem"
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
	return nil
}
