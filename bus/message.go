package bus

import "tandem/call/signal"

// What servers tell each other about calls beside the signals, and about registrations. Like signals they hold nothing but
// data, and each has a number in numbers.go.

// CreateHalf asks the server at which a device is registered for a half-call.
type CreateHalf struct {
	Device   string
	Instance int
	Setup    signal.Setup
}

// LineNotice is the state of a line for a device on that server, or for all who watch the line there (Device empty).
type LineNotice struct {
	Device string
	State  signal.LineState
}

// Watching tells the server that owns a line whether somebody on the sending server watches it.
type Watching struct {
	Line signal.LineRef
	On   bool
}

// RefreshLine asks the owner of a line to tell its devices and watchers how things are.
type RefreshLine struct{ Line signal.LineRef }

// Registered says that a device has registered at the sending server.
type Registered struct {
	Attachment signal.Attachment
	Version    uint64
}

// Unregistered says that the registration with that incarnation has ended at the sending server.
type Unregistered struct {
	Device      string
	Incarnation uint64
}

// Registrations is a part of all registrations at the sending server. With the Last part they replace what it said before.
type Registrations struct {
	First, Last bool
	All         []Registered
}

// RegistrationDigest sums up the registrations at the sending server, so that a difference is found.
type RegistrationDigest struct {
	Count int
	Sum   uint64
}

// ResendRegistrations asks for all registrations at the receiving server, because the sender's copy differs.
type ResendRegistrations struct{}

// Leaving is the last word of call processing that stops on a server which stays in the cluster: what it had is lost, as with the server, and
// it knows nothing of the others' any more.
type Leaving struct{}
