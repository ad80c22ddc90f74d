package node

import (
	"context"
	"time"

	"tandem/call"
	"tandem/call/signal"
	"tandem/fault"
	"tandem/telephony"
)

// A setting that is already as wanted here is kept all the same: another server may have taken a change that this one has not heard of
// yet, and the user's word is later than that.

// settingWithin bounds how long a user waits for a setting to be kept.
const settingWithin = 5 * time.Second

// setForwardAll keeps the forwarding of all calls of a line that a user set at a device, or an administrator for him. An empty
// destination, or the line itself, ends it.
func (m *membership) setForwardAll(ctx context.Context, actor, device string, line signal.LineRef, destination string) (durable int, err error) {
	d := m.n.live()
	if d == nil {
		return 0, fault.New(fault.DatabaseNotReady, "cause", "the configuration is not open")
	}
	if destination == line.Number {
		destination = ""
	}
	key := telephony.LineKey{Pattern: telephony.Pattern(line.Number), Partition: telephony.PartitionName(line.Partition)}
	number := d.Snapshot().DirectoryNumber(key)
	if number == nil {
		return 0, fault.New(fault.ObjectNotFound, "kind", "directory number", "name", key.String())
	}
	now := d.ForwardAll(key)
	u := telephony.UserState{Setting: telephony.SettingForwardAll, Subject: key.String(), Value: destination, Actor: actor}
	if destination != "" {
		switch p, ok := d.Profile(device, 1); {
		case now != nil:
			u.CallingSearchSpace = now.CallingSearchSpace
		case ok: // as the user could call it now: the rights of the device
			u.CallingSearchSpace = telephony.CallingSearchSpaceName(p.Spaces[1])
		default:
			u.CallingSearchSpace = number.CallingSearchSpace
		}
		a := d.Analyze(call.Query{Digits: destination, Spaces: []string{string(u.CallingSearchSpace)}, Complete: true})
		if a.Outcome != call.Found {
			return 0, fault.New(fault.ForwardUnreachable, "destination", destination, "line", key.String(), "space", string(u.CallingSearchSpace))
		}
	}
	return m.set(ctx, u)
}

// setDoNotDisturb keeps whether a device wants calls, as its user set it at the device, or an administrator for him.
func (m *membership) setDoNotDisturb(ctx context.Context, actor, device string, on bool) (durable int, err error) {
	d := m.n.live()
	if d == nil {
		return 0, fault.New(fault.DatabaseNotReady, "cause", "the configuration is not open")
	}
	if d.Snapshot().Phone(telephony.DeviceName(device)) == nil {
		return 0, fault.New(fault.ObjectNotFound, "kind", "phone", "name", device)
	}
	u := telephony.UserState{Setting: telephony.SettingDoNotDisturb, Subject: device, Actor: actor}
	if on {
		u.Value = telephony.DoNotDisturbOn
	}
	return m.set(ctx, u)
}

func (m *membership) set(ctx context.Context, u telephony.UserState) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, settingWithin)
	defer cancel()
	r, err := m.users.Set(ctx, u)
	return r.Durable, err
}

// userChanged has the devices told of settings that users changed.
func (n *Node) userChanged(settings []*telephony.UserState) {
	d := n.live()
	n.mu.RLock()
	x := n.exchange
	n.mu.RUnlock()
	if d == nil || x == nil {
		return
	}
	var lines []signal.LineRef
	for _, u := range settings {
		if u.Setting.AboutLine() {
			k := telephony.ParseLineKey(u.Subject)
			lines = append(lines, signal.LineRef{Number: string(k.Pattern), Partition: string(k.Partition)})
		} else {
			lines = append(lines, d.Lines(u.Subject)...)
		}
	}
	x.Refresh(lines...)
}

// userDropped records that a user's change lost.
func (n *Node) userDropped(u *telephony.UserState, why *fault.Error) {
	n.log.Info("a change of a user has no effect", "setting", u.Key(), "actor", u.Actor, "cause", why.Text())
	n.alarms.Event(why, u.Key())
	n.stories.Tell(u.Actor, why.Code, why.Message)
}
