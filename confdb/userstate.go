package confdb

import (
	"time"

	"tandem/telephony"
)

// followUserState adds to changes what they mean for the user state: an administrative change of a setting that users change
// too is the last word on it from now on, and what is deleted has no settings any more. Both are in the same transaction as the
// change itself, so that no server ever sees one without the other.
func followUserState(before *Snapshot, changes []Change, o Options, now time.Time) []Change {
	if o.UserState {
		return changes // who folds user state writes these objects too
	}
	for _, c := range changes[:len(changes):len(changes)] {
		switch c.Kind {
		case telephony.KindDirectoryNumber:
			if c.After == nil {
				changes = forget(before, changes, c.Key, telephony.SettingForwardAll, telephony.SettingMessages)
				continue
			}
			old, _ := c.Before.(*telephony.DirectoryNumber)
			number := c.After.(*telephony.DirectoryNumber)
			if (old == nil && number.ForwardAll == nil) || (old != nil && sameForward(old.ForwardAll, number.ForwardAll)) {
				continue
			}
			changes = append(changes, lastWord(before, forwardState(c.Key, number.ForwardAll), o.Actor, now))
		case telephony.KindPhone:
			if c.After == nil {
				changes = forget(before, changes, c.Key, telephony.SettingDoNotDisturb)
			}
		}
	}
	return changes
}

func sameForward(a, b *telephony.Forward) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Destination == b.Destination && a.CallingSearchSpace == b.CallingSearchSpace
}

func forwardState(key string, f *telephony.Forward) *telephony.UserState {
	u := &telephony.UserState{Setting: telephony.SettingForwardAll, Subject: key}
	if f != nil {
		u.Value, u.CallingSearchSpace = string(f.Destination), f.CallingSearchSpace
	}
	return u
}

// lastWord stamps an administrative change: after everything that is known, also when the clock stands behind it.
func lastWord(before *Snapshot, u *telephony.UserState, actor string, now time.Time) Change {
	u.Stamp, u.Actor, u.Administrative = now.UnixNano(), short(actor), true
	c := Change{Kind: telephony.KindUserState, Key: u.Key(), After: u}
	if old := before.UserState(u.Setting, u.Subject); old != nil {
		c.Before, u.Server = old, old.Server
		u.Stamp = max(u.Stamp, old.Stamp+1)
	}
	return c
}

// maximumActor is what UserState keeps of an actor's name, in bytes.
const maximumActor = 128

func short(actor string) string {
	if len(actor) > maximumActor {
		return actor[:maximumActor]
	}
	return actor
}

func forget(before *Snapshot, changes []Change, subject string, settings ...telephony.UserSetting) []Change {
	for _, setting := range settings {
		if old := before.UserState(setting, subject); old != nil {
			changes = append(changes, Change{Kind: telephony.KindUserState, Key: old.Key(), Before: old})
		}
	}
	return changes
}
