package admin

import (
	"context"
	"log/slog"
	"time"

	"tandem/admin/client"
	"tandem/call/signal"
	"tandem/cdr"
	"tandem/confdb"
	"tandem/confdb/live"
	"tandem/fault"
	"tandem/provision/firmware"
	"tandem/registration"
	"tandem/service"
	"tandem/service/alarm"
	"tandem/service/trace"
	"tandem/telephony"
)

// Calls is call processing as it is looked at.
type Calls interface {
	Calls() []signal.LineCall                                     // on this server
	Registrations() []registration.Registration                   // at this server
	Registration(device string) (registration.Registration, bool) // at whatever server
	// ClusterRegistrations lists the devices that are registered at any server, by name.
	ClusterRegistrations() []Registered
}

// Registered is a device's registration at a server of the cluster.
type Registered struct {
	registration.Registration
	Lost bool // the server does not answer, and the device is at no other yet
}

// Sources are what the operations work on. The functions return nil while the service that makes the thing is down.
type Sources struct {
	Server  telephony.ServerName
	Version string
	Started time.Time

	Store     func() *confdb.Store
	Directory func() *live.Directory
	Calls     func() Calls
	Records   func() cdr.Reports
	Cluster   func() Cluster // may be nil
	Others    Others         // may be nil: this server is alone

	Services *service.Manager
	Alarms   *alarm.Board
	Stories  *trace.Stories
	Ladders  *trace.Ladders
	Firmware *firmware.Store

	Listening func() map[string]string
	// Restart restarts a device as soon as it is idle; false when it is not registered.
	Restart func(device string) bool
	// Writable says why nothing can be written now, or nil.
	Writable func() error
	Log      *slog.Logger
}

// Operations are what administrators do. The methods may be called from any goroutine.
type Operations struct {
	Sources
	audit   *audit
	uploads uploads
}

// New makes the operations.
func New(s Sources) *Operations { return &Operations{Sources: s, audit: &audit{}} }

// Identity is who asks.
type Identity struct {
	Name    string         // for the audit log: a user, a user and token, or local: and the number of the system's user
	User    string         // user identifier, empty over the local socket
	Role    telephony.Role // what it may do
	Address string         // from where; empty over the local socket
}

// Local is somebody who reaches the socket in the server's data directory: whoever may read that directory owns the server.
func Local(uid string) Identity {
	return Identity{Name: "local:" + uid, Role: telephony.RoleAdministrator}
}

type identityKey struct{}

// With attaches the identity of a request to its context.
func With(ctx context.Context, i Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, i)
}

// From returns the identity of a request; without one it may nothing.
func From(ctx context.Context) Identity {
	i, _ := ctx.Value(identityKey{}).(Identity)
	return i
}

// Permission is what an operation asks of a role.
type Permission uint8

// Permissions in rising order.
const (
	ToRead       Permission = iota // every role
	ToOperate                      // operators and administrators: phones, lines, users without a role; alarms; restarts of phones
	ToAdminister                   // administrators: everything else
)

// May says whether who asks may do such things at all, and notes a refusal: for what is decided before a request is read.
func (o *Operations) May(ctx context.Context, p Permission, operation string) error {
	return o.may(ctx, p, operation)
}

// may refuses what the identity's role does not allow, and notes the refusal.
func (o *Operations) may(ctx context.Context, p Permission, operation string) error {
	err := allowed(From(ctx), p, operation)
	if err != nil {
		o.note(ctx, operation, "", err, nil)
	}
	return err
}

// allowed refuses what the identity's role does not allow.
func allowed(i Identity, p Permission, operation string) error {
	ok := false
	switch i.Role {
	case telephony.RoleAdministrator:
		ok = true
	case telephony.RoleOperator:
		ok = p <= ToOperate
	case telephony.RoleAuditor:
		ok = p == ToRead
	}
	if ok {
		return nil
	}
	role := string(i.Role)
	if role == "" {
		role = "none"
	}
	return fault.New(fault.NotAuthorised, "role", role, "operation", brief(operation))
}

// store is the configuration, or the fault that says that it is not open.
func (o *Operations) store() (*confdb.Store, error) {
	if s := o.Store(); s != nil {
		return s, nil
	}
	return nil, notOpen()
}

// notOpen is the refusal while the service that opens the configuration is on its way, or down.
func notOpen() error {
	return fault.New(fault.DatabaseNotReady, "cause", "the service "+string(service.DatabaseLayerMonitor)+" does not run")
}

func (o *Operations) snapshot() (*confdb.Snapshot, error) {
	s, err := o.store()
	if err != nil {
		return nil, err
	}
	return s.Snapshot(), nil
}

// Status is the server at one glance.
func (o *Operations) Status(ctx context.Context) (client.Status, error) {
	if err := o.may(ctx, ToRead, "see the status"); err != nil {
		return client.Status{}, err
	}
	r := o.Services.Ready()
	s := client.Status{Server: string(o.Server), Version: o.Version, Started: o.Started, ExitStatus: r.ExitStatus(),
		State: map[int]string{0: "ready", 1: "starting", 3: "degraded"}[r.ExitStatus()]}
	for _, n := range r.Waiting {
		s.Waiting = append(s.Waiting, string(n))
	}
	for _, n := range r.Down {
		s.Down = append(s.Down, string(n))
	}
	for _, a := range o.Alarms.Standing() {
		s.Alarms = append(s.Alarms, alarmWords(a))
	}
	if store := o.Store(); store != nil {
		snapshot := store.Snapshot()
		s.Configuration = true
		s.Configured = snapshot.Count(telephony.KindPhone)
		s.Position = client.Position{Epoch: snapshot.Position().Epoch, Index: snapshot.Position().Index}
	}
	if x := o.Calls(); x != nil {
		s.Registered = len(x.Registrations())
		calls := map[signal.CallID]bool{}
		for _, c := range x.Calls() {
			calls[c.Call] = true
		}
		s.Calls = len(calls)
	}
	at := o.Listening()
	for _, use := range []string{"sccp", "sip", "sips", "tftp", "provisioning", "web"} {
		if at[use] != "" {
			s.Listening = append(s.Listening, client.ListeningPlace{Use: use, Address: at[use]})
		}
	}
	return s, nil
}
