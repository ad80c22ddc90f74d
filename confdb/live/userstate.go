package live

import (
	"strconv"

	"tandem/telephony"
)

// UserState knows the changes of users that are not in the configuration yet; it is userstate.Service in the product.
type UserState interface {
	// Pending is the change of a setting that waits to be folded in, or nil. It must not block.
	Pending(setting telephony.UserSetting, subject string) *telephony.UserState
	// Waiting counts such changes.
	Waiting() int
}

// Overlay lays what users changed over the configuration. nil takes it away.
func (d *Directory) Overlay(u UserState) {
	if u == nil {
		d.users.Store(nil)
		return
	}
	d.users.Store(&u)
}

// pending is a change of a line's setting that came after what the configuration has, or nil.
func (d *Directory) pending(v *view, setting telephony.UserSetting, key telephony.LineKey) *telephony.UserState {
	users := d.users.Load()
	if users == nil || (*users).Waiting() == 0 {
		return nil
	}
	u := (*users).Pending(setting, key.String())
	if u == nil || !u.After(v.snapshot.UserStateOfLine(setting, key)) {
		return nil
	}
	return u
}

// forwardAll is the forwarding of all calls of a line that is in force.
func (d *Directory) forwardAll(v *view, n *telephony.DirectoryNumber) *telephony.Forward {
	if u := d.pending(v, telephony.SettingForwardAll, n.LineKey()); u != nil {
		if u.Value == "" {
			return nil
		}
		return &telephony.Forward{Destination: telephony.Number(u.Value), CallingSearchSpace: u.CallingSearchSpace}
	}
	return n.ForwardAll
}

// ForwardAll is the forwarding of all calls of a line that is in force now; nil if there is none.
func (d *Directory) ForwardAll(key telephony.LineKey) *telephony.Forward {
	v := d.view.Load()
	n := v.snapshot.DirectoryNumber(key)
	if n == nil {
		return nil
	}
	return d.forwardAll(v, n)
}

// messages counts the voice messages that wait for a line.
func (d *Directory) messages(v *view, key telephony.LineKey) int {
	u := d.pending(v, telephony.SettingMessages, key)
	if u == nil {
		u = v.snapshot.UserStateOfLine(telephony.SettingMessages, key)
	}
	if u == nil {
		return 0
	}
	n, _ := strconv.Atoi(u.Value) // who set it saw to it that it is a number
	return max(n, 0)
}

// DoNotDisturb says that a device does not want calls.
func (d *Directory) DoNotDisturb(device string) bool { return d.doNotDisturb(d.view.Load(), device) }

func (d *Directory) doNotDisturb(v *view, device string) bool {
	row := v.snapshot.UserStateOfDevice(telephony.SettingDoNotDisturb, device)
	if users := d.users.Load(); users != nil && (*users).Waiting() > 0 {
		if u := (*users).Pending(telephony.SettingDoNotDisturb, device); u != nil && u.After(row) {
			row = u
		}
	}
	return row != nil && row.Value != ""
}
