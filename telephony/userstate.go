package telephony

// UserSetting is a setting that users change from their phones and pages.
type UserSetting string

// The settings, and what they are about.
const (
	SettingForwardAll   UserSetting = "forwardAll"   // of a line: the destination, empty: none
	SettingDoNotDisturb UserSetting = "doNotDisturb" // of a device: "on" or empty
	SettingMessages     UserSetting = "messages"     // of a line: how many voice messages wait, empty: none
)

// DoNotDisturbOn is the value of SettingDoNotDisturb while a device wants no calls.
const DoNotDisturbOn = "on"

// AboutLine says that the setting belongs to a line, not to a device.
func (s UserSetting) AboutLine() bool { return s != SettingDoNotDisturb }

// UserState is the last word on one setting of one line or device: what it was set to, when and by whom. Servers write it
// themselves, with every change by a user and with every administrative change of the same field, so that a change that comes
// late, from a server that was cut off, is weighed against it (the design, section 2).
type UserState struct {
	Setting            UserSetting            `yaml:"setting" json:"setting" maxLength:"32" doc:"Which setting."`
	Subject            string                 `yaml:"subject" json:"subject" maxLength:"128" doc:"Key of the line, or name of the device."`
	Value              string                 `yaml:"value,omitempty" json:"value,omitempty" maxLength:"64" doc:"What it was set to."`
	CallingSearchSpace CallingSearchSpaceName `yaml:"callingSearchSpace,omitempty" json:"callingSearchSpace,omitempty" maxLength:"50" doc:"Of a destination: where it is looked for."`
	Stamp              int64                  `yaml:"stamp,omitempty" json:"stamp,omitempty" doc:"When, by the hybrid clock of the cluster, in nanoseconds since 1970."`
	Server             ServerName             `yaml:"server,omitempty" json:"server,omitempty" maxLength:"63" doc:"Server that took the change; decides between equal stamps."`
	Actor              string                 `yaml:"actor,omitempty" json:"actor,omitempty" maxLength:"128" doc:"Who changed it."`
	Administrative     bool                   `yaml:"administrative,omitempty" json:"administrative,omitempty" doc:"An administrator changed it, not a user."`
}

// Kind implements Object.
func (*UserState) Kind() Kind { return KindUserState }

// Key implements Object: "forwardAll/2001/internal".
func (u *UserState) Key() string { return UserStateKey(u.Setting, u.Subject) }

// UserStateKey is the key of a setting of a line or device.
func UserStateKey(s UserSetting, subject string) string { return string(s) + "/" + subject }

// After says that the change came after the other: by stamp, and by the name of the server between equal stamps, so that all
// servers decide alike.
func (u *UserState) After(o *UserState) bool {
	if o == nil || u.Stamp != o.Stamp {
		return o == nil || u.Stamp > o.Stamp
	}
	return u.Server > o.Server
}
