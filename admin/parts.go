package admin

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"tandem/admin/client"
	"tandem/confdb"
	"tandem/fault"
	"tandem/security/login"
	"tandem/service"
	"tandem/service/alarm"
	"tandem/telephony"
	"tandem/telephony/parameter"
)

func notice(f *fault.Error) client.FaultNotice {
	return client.FaultNotice{Code: f.Code, Severity: f.Severity.String(), Message: f.Message, Reason: f.Reason, Action: f.Action}
}

func serviceWords(s service.Status) client.Service {
	w := client.Service{Name: string(s.Name), About: s.About, Activated: s.Activated, Always: s.Always, State: s.State.String(),
		Since: s.Since, Restarts: s.Restarts, Panics: s.Panics,
		Recovery: client.Recovery{Restart: s.Recovery.Restart, After: s.Recovery.After.Seconds(), Count: s.Recovery.Count, Window: s.Recovery.Window.Seconds()}}
	for _, n := range s.Needs {
		w.Needs = append(w.Needs, string(n))
	}
	if s.Fault != nil {
		n := notice(s.Fault)
		w.Fault = &n
	}
	if !s.Next.IsZero() {
		w.Next = &s.Next
	}
	return w
}

// ServiceList lists the services in the order in which they start.
func (o *Operations) ServiceList(ctx context.Context) ([]client.Service, error) {
	if err := o.may(ctx, ToRead, "see services"); err != nil {
		return nil, err
	}
	out := []client.Service{}
	for _, s := range o.Services.List() {
		out = append(out, serviceWords(s))
	}
	return out, nil
}

// serviceName finds a service by its name in any capitalisation.
func (o *Operations) serviceName(name string) service.Name {
	for _, s := range o.Services.List() {
		if strings.EqualFold(string(s.Name), name) {
			return s.Name
		}
	}
	return service.Name(name)
}

// ServiceAction activates, deactivates, starts, stops or restarts a service.
func (o *Operations) ServiceAction(ctx context.Context, name, action string) (client.Service, error) {
	if err := o.may(ctx, ToAdminister, action+" services"); err != nil {
		return client.Service{}, err
	}
	n := o.serviceName(name)
	do, ok := map[string]func(context.Context, service.Name) error{"activate": o.Services.Activate, "deactivate": o.Services.Deactivate,
		"start": o.Services.Start, "stop": o.Services.Stop, "restart": o.Services.Restart}[action]
	if !ok {
		return client.Service{}, fault.New(fault.RequestInvalid, "problem", "A service can be activated, deactivated, started, stopped and restarted, nothing else")
	}
	err := do(ctx, n)
	o.note(ctx, "service-"+action, string(n), err, nil)
	if err != nil {
		return client.Service{}, err
	}
	s, err := o.Services.Get(n)
	return serviceWords(s), err
}

func alarmWords(a alarm.Alarm) client.Alarm {
	w := client.Alarm{FaultNotice: client.FaultNotice{Code: a.Code, Severity: a.Severity.String(), Message: a.Message, Reason: a.Reason,
		Action: a.Action}, Subject: a.Subject, First: a.First, Last: a.Last, Count: a.Count, AcknowledgedBy: a.AcknowledgedBy}
	if !a.AcknowledgedAt.IsZero() {
		w.AcknowledgedAt = &a.AcknowledgedAt
	}
	if !a.Cleared.IsZero() {
		w.Cleared = &a.Cleared
	}
	return w
}

// AlarmList lists the alarms that stand, or with history all that are remembered.
func (o *Operations) AlarmList(ctx context.Context, history bool) ([]client.Alarm, error) {
	if err := o.may(ctx, ToRead, "see alarms"); err != nil {
		return nil, err
	}
	out := []client.Alarm{}
	all := o.Alarms.Standing()
	if history {
		all = o.Alarms.History()
	}
	for _, a := range all {
		out = append(out, alarmWords(a))
	}
	return out, nil
}

// Acknowledge notes that somebody has seen an alarm.
func (o *Operations) Acknowledge(ctx context.Context, code fault.Code, subject string) (client.Alarm, error) {
	if err := o.may(ctx, ToOperate, "acknowledge alarms"); err != nil {
		return client.Alarm{}, err
	}
	for _, a := range o.Alarms.Standing() {
		if a.Code == code && (subject == "" || a.Subject == subject) {
			o.Alarms.Acknowledge(code, a.Subject, From(ctx).Name)
			o.note(ctx, "acknowledge", string(code)+" "+a.Subject, nil, nil)
			w := alarmWords(a)
			w.AcknowledgedBy = From(ctx).Name
			return w, nil
		}
	}
	return client.Alarm{}, fault.New(fault.ObjectNotFound, "kind", "standing alarm", "name", strings.TrimSpace(string(code)+" "+subject))
}

// MessageList explains every identifier of the catalogue.
func (o *Operations) MessageList(ctx context.Context) ([]client.Message, error) {
	if err := o.may(ctx, ToRead, "read the catalogue"); err != nil {
		return nil, err
	}
	out := []client.Message{}
	for _, a := range fault.Areas() {
		for _, e := range a.Entries {
			out = append(out, client.Message{Area: a.About, FaultNotice: client.FaultNotice{Code: e.Code, Severity: e.Severity.String(),
				Message: e.Message, Reason: e.Reason, Action: e.Action}})
		}
	}
	return out, nil
}

// Message explains one identifier.
func (o *Operations) Message(ctx context.Context, id string) (client.Message, error) {
	all, err := o.MessageList(ctx)
	if err != nil {
		return client.Message{}, err
	}
	for _, m := range all {
		if strings.EqualFold(string(m.Code), id) {
			return m, nil
		}
	}
	return client.Message{}, fault.New(fault.MessageUnknown, "id", id)
}

// ParameterList lists every parameter with the value in force on this server.
func (o *Operations) ParameterList(ctx context.Context) ([]client.Parameter, error) {
	if err := o.may(ctx, ToRead, "see parameters"); err != nil {
		return nil, err
	}
	s, err := o.snapshot()
	if err != nil {
		return nil, err
	}
	v := s.Parameters(o.Server)
	out := []client.Parameter{}
	for _, p := range parameter.Catalogue() {
		w := client.Parameter{Name: string(p.Name), Service: string(p.Service), Type: string(p.Type), Value: v.Text(p.Name),
			Source: string(v.Source(p.Name)), Default: p.Default, Suggested: p.Suggested, Unit: p.Unit, Choices: p.Choices, Explanation: p.Explanation}
		if p.Minimum != 0 || p.Maximum != 0 {
			w.Minimum, w.Maximum = &p.Minimum, &p.Maximum
		}
		out = append(out, w)
	}
	return out, nil
}

// SetParameter sets a parameter, on one server or on all that have no value of their own.
func (o *Operations) SetParameter(ctx context.Context, name string, value client.ParameterValue) (client.Result, error) {
	if err := o.may(ctx, ToAdminister, "set-parameter"); err != nil {
		return client.Result{}, err
	}
	p, ok := parameter.Lookup(name)
	if !ok {
		return client.Result{}, fault.New(fault.ParameterUnknown, "name", brief(name))
	}
	set := confdb.ChangeSet{Source: "the request"}
	switch {
	case p.Enterprise() && value.Server != "":
		return client.Result{}, fault.New(fault.RequestInvalid, "problem", string(p.Name)+" is an enterprise parameter: it has one value for all servers")
	case p.Enterprise():
		set.Put(&telephony.EnterpriseParameter{Name: string(p.Name), Value: value.Value})
	default:
		set.Put(&telephony.ServiceParameter{Service: p.Service, Name: string(p.Name), Server: telephony.ServerName(value.Server), Value: value.Value})
	}
	return o.change(ctx, "set-parameter", name, false, func(*confdb.Snapshot) (confdb.ChangeSet, error) { return set, nil })
}

// TokenList lists the API tokens, without their secrets.
func (o *Operations) TokenList(ctx context.Context) ([]client.Token, error) {
	if err := o.may(ctx, ToAdminister, "see tokens"); err != nil {
		return nil, err
	}
	s, err := o.snapshot()
	if err != nil {
		return nil, err
	}
	out := []client.Token{}
	for t := range s.APITokens() {
		out = append(out, client.Token{Name: t.Name, User: string(t.User), Role: string(t.Role), Created: t.Created, Expires: t.Expires})
	}
	return out, nil
}

// tokenDays is how long a token that ends works at most, in days.
const tokenDays = 36500

// CreateToken makes an API token; its secret is in the answer and nowhere else.
func (o *Operations) CreateToken(ctx context.Context, n client.NewToken) (client.Token, error) {
	if err := o.may(ctx, ToAdminister, "create tokens"); err != nil {
		return client.Token{}, err
	}
	if !(n.Days >= 0 && n.Days <= tokenDays) {
		return client.Token{}, fault.New(fault.RequestInvalid, "problem", fmt.Sprintf("A token works for 0 (for ever) to %d days", tokenDays))
	}
	user := n.User
	if user == "" {
		user = From(ctx).User
	}
	if user == "" {
		user = "administrator"
	}
	token, hash, err := login.NewToken(rand.Reader)
	if err != nil {
		return client.Token{}, err
	}
	t := &telephony.APIToken{Name: n.Name, User: telephony.UserID(user), Role: telephony.Role(n.Role), Hash: telephony.NewSecret(hash),
		Created: time.Now().UTC().Format(time.RFC3339)}
	if n.Days > 0 {
		t.Expires = time.Now().Add(time.Duration(n.Days * 24 * float64(time.Hour))).UTC().Format(time.RFC3339)
	}
	if _, err := o.change(ctx, "create-token", n.Name, false, func(s *confdb.Snapshot) (confdb.ChangeSet, error) {
		if s.Object(telephony.KindAPIToken, n.Name) != nil {
			return confdb.ChangeSet{}, fault.New(fault.ObjectDuplicate, "kind", "API token", "name", n.Name, "other", "An API token of that name", "field", "the name")
		}
		return *new(confdb.ChangeSet).Put(t), nil
	}); err != nil {
		return client.Token{}, err
	}
	return client.Token{Name: t.Name, User: user, Role: n.Role, Created: t.Created, Expires: t.Expires, Secret: token}, nil
}

// DeleteToken takes an API token back at once.
func (o *Operations) DeleteToken(ctx context.Context, name string) (client.Result, error) {
	return o.Delete(ctx, string(telephony.KindAPIToken), name, "")
}

// ByToken says who shows a token. The error is the fault for a token that is unknown or over.
func (o *Operations) ByToken(token string) (Identity, error) {
	refused := fault.New(fault.NotAuthenticated)
	s, err := o.snapshot()
	if err != nil {
		return Identity{}, err
	}
	hash := login.TokenHash(token)
	if hash == "" {
		return Identity{}, refused
	}
	for t := range s.APITokens() {
		if !login.VerifyToken(t.Hash.Reveal(), token) {
			continue
		}
		if t.Expires != "" {
			if end, err := time.Parse(time.RFC3339, t.Expires); err != nil || time.Now().After(end) {
				return Identity{}, refused
			}
		}
		u := s.User(t.User)
		if u == nil || u.Role == "" {
			return Identity{}, refused
		}
		role := u.Role
		if t.Role != "" && rank(t.Role) < rank(role) {
			role = t.Role
		}
		return Identity{Name: string(t.User) + " by token " + t.Name, User: string(t.User), Role: role}, nil
	}
	return Identity{}, refused
}

// ByPassword says who shows a user's name and password. An unknown user takes as long as a known one.
func (o *Operations) ByPassword(user, password string) (Identity, error) {
	s, err := o.snapshot()
	if err != nil {
		return Identity{}, err
	}
	u, hash := s.User(telephony.UserID(user)), ""
	if u != nil {
		hash = u.Password.Reveal()
	}
	if !login.NewHasher(login.StandardCost, nil).Verify(hash, password) || u == nil || u.Role == "" {
		return Identity{}, fault.New(fault.NotAuthenticated)
	}
	return Identity{Name: user, User: user, Role: u.Role}, nil
}

func rank(r telephony.Role) int {
	switch r {
	case telephony.RoleAdministrator:
		return 3
	case telephony.RoleOperator:
		return 2
	case telephony.RoleAuditor:
		return 1
	}
	return 0
}
