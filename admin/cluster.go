package admin

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tandem/admin/client"
	"tandem/fault"
	"tandem/telephony"
)

// Cluster is the cluster as administrators work with it. Refusals are faults. nil in Sources stands for a server whose
// cluster does not run.
type Cluster interface {
	Servers(context.Context) ([]client.ClusterServer, error)
	RemoveServer(ctx context.Context, name string) error
	SetVoters(ctx context.Context, names []string) error
	CreateJoinToken(ctx context.Context, validity time.Duration, address, replace string) (client.JoinToken, error)
	Replication(context.Context) (client.Replication, error)
	VerifyReplication(context.Context) (client.Verification, error)
	Reinitialize(ctx context.Context, server string) error // empty: all
	Promote(context.Context, client.Promotion) (client.PromotionResult, error)
	Names(context.Context) (client.NameMatrix, error)
	SetUserSetting(ctx context.Context, actor string, setting telephony.UserSetting, line telephony.LineKey, device telephony.DeviceName, value string) (durable int, err error)
}

// cluster is the cluster for somebody who has the permission, or why not.
func (o *Operations) cluster(ctx context.Context, p Permission, operation string) (Cluster, error) {
	if err := o.may(ctx, p, operation); err != nil {
		return nil, err
	}
	if o.Cluster != nil {
		if c := o.Cluster(); c != nil {
			return c, nil
		}
	}
	return nil, notOpen()
}

// Servers lists the servers of the cluster.
func (o *Operations) Servers(ctx context.Context) ([]client.ClusterServer, error) {
	c, err := o.cluster(ctx, ToRead, "see servers")
	if err != nil {
		return nil, err
	}
	return c.Servers(ctx)
}

// RemoveServer locks a server out for good.
func (o *Operations) RemoveServer(ctx context.Context, name string) error {
	c, err := o.cluster(ctx, ToAdminister, "remove-server")
	if err == nil {
		err = c.RemoveServer(ctx, name)
		o.note(ctx, "remove-server", name, err, nil)
	}
	return err
}

// SetVoters names the servers that may be the publisher.
func (o *Operations) SetVoters(ctx context.Context, names []string) (client.Replication, error) {
	c, err := o.cluster(ctx, ToAdminister, "set-voters")
	if err != nil {
		return client.Replication{}, err
	}
	err = c.SetVoters(ctx, names)
	o.note(ctx, "set-voters", strings.Join(names, ","), err, nil)
	if err != nil {
		return client.Replication{}, err
	}
	return c.Replication(ctx)
}

// Bounds of a join token's validity.
const (
	joinTokenStandard = time.Hour
	joinTokenMaximum  = 7 * 24 * time.Hour
)

// CreateJoinToken makes a token with which one server may join.
func (o *Operations) CreateJoinToken(ctx context.Context, n client.NewJoinToken) (client.JoinToken, error) {
	c, err := o.cluster(ctx, ToAdminister, "create-join-token")
	if err != nil {
		return client.JoinToken{}, err
	}
	validity := time.Duration(n.Minutes * float64(time.Minute))
	if n.Minutes == 0 {
		validity = joinTokenStandard
	}
	if validity <= 0 || validity > joinTokenMaximum {
		return client.JoinToken{}, fault.New(fault.RequestInvalid, "problem", "A join token is good for up to 7 days")
	}
	t, err := c.CreateJoinToken(ctx, validity, n.Address, n.Replace)
	o.note(ctx, "create-join-token", n.Replace, err, nil)
	return t, err
}

// Replication tells how the configuration is replicated.
func (o *Operations) Replication(ctx context.Context) (client.Replication, error) {
	c, err := o.cluster(ctx, ToRead, "see the replication")
	if err != nil {
		return client.Replication{}, err
	}
	return c.Replication(ctx)
}

// VerifyReplication compares all copies.
func (o *Operations) VerifyReplication(ctx context.Context) (client.Verification, error) {
	c, err := o.cluster(ctx, ToOperate, "verify-replication")
	if err != nil {
		return client.Verification{}, err
	}
	v, err := c.VerifyReplication(ctx)
	o.note(ctx, "verify-replication", "", err, nil)
	return v, err
}

// Reinitialize rebuilds a copy from a snapshot.
func (o *Operations) Reinitialize(ctx context.Context, server string) (client.Replication, error) {
	c, err := o.cluster(ctx, ToAdminister, "reinitialize-replication")
	if err != nil {
		return client.Replication{}, err
	}
	err = c.Reinitialize(ctx, server)
	o.note(ctx, "reinitialize-replication", server, err, nil)
	if err != nil {
		return client.Replication{}, err
	}
	return c.Replication(ctx)
}

// Promote moves the publisher's role.
func (o *Operations) Promote(ctx context.Context, p client.Promotion) (client.PromotionResult, error) {
	c, err := o.cluster(ctx, ToAdminister, "promote")
	if err != nil {
		return client.PromotionResult{}, err
	}
	r, err := c.Promote(ctx, p)
	if r.Done || err != nil {
		o.note(ctx, "promote", p.Server, err, nil)
	}
	return r, err
}

// Names checks the resolution of names between all pairs of servers.
func (o *Operations) Names(ctx context.Context) (client.NameMatrix, error) {
	c, err := o.cluster(ctx, ToOperate, "check names")
	if err != nil {
		return client.NameMatrix{}, err
	}
	return c.Names(ctx)
}

// maximumMessages bounds how many waiting messages a line can have.
const maximumMessages = 9999

// SetUserSetting changes what users change at their phones, on the same path.
func (o *Operations) SetUserSetting(ctx context.Context, s client.UserSetting) (client.UserSetting, error) {
	c, err := o.cluster(ctx, ToOperate, "set-user-setting")
	if err != nil {
		return s, err
	}
	snapshot, err := o.snapshot()
	if err != nil {
		return s, err
	}
	s.Durable, err = func() (int, error) {
		setting := telephony.UserSetting(s.Setting)
		line, device := telephony.ParseLineKey(s.Subject), telephony.DeviceName("")
		switch setting {
		case telephony.SettingForwardAll:
		case telephony.SettingMessages:
			n, bad := strconv.Atoi(s.Value)
			if s.Value != "" && (bad != nil || n < 0 || n > maximumMessages) {
				return 0, fault.New(fault.RequestInvalid, "problem", "The number of messages is 0 to 9999")
			}
			if n == 0 {
				s.Value = ""
			}
		case telephony.SettingDoNotDisturb:
			device, line = telephony.DeviceName(s.Subject), telephony.LineKey{}
			switch strings.ToLower(s.Value) {
			case telephony.DoNotDisturbOn:
				s.Value = telephony.DoNotDisturbOn
			case "", "off":
				s.Value = ""
			default:
				return 0, fault.New(fault.RequestInvalid, "problem", "Do not disturb is on or off")
			}
		default:
			return 0, fault.New(fault.RequestInvalid, "problem", "The setting is forwardAll, doNotDisturb or messages")
		}
		switch {
		case device != "" && snapshot.Phone(device) == nil:
			return 0, fault.New(fault.ObjectNotFound, "kind", "phone", "name", brief(s.Subject))
		case device == "" && snapshot.DirectoryNumber(line) == nil:
			return 0, fault.New(fault.ObjectNotFound, "kind", "directory number", "name", brief(s.Subject))
		}
		return c.SetUserSetting(ctx, From(ctx).Name, setting, line, device, s.Value)
	}()
	o.note(ctx, "set-user-setting", s.Setting+" "+brief(s.Subject), err, nil)
	return s, err
}
