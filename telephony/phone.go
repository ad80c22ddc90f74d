package telephony

// Protocol is what a device speaks with the server.
type Protocol string

// The protocols of phones.
const (
	ProtocolSCCP Protocol = "SCCP"
	ProtocolSIP  Protocol = "SIP"
)

// Limits of a line on a device.
const (
	DefaultMaximumCalls = 4   // calls that a line holds at once, ringing ones included
	DefaultBusyTrigger  = 2   // calls from which the line counts as busy to a new one
	MaximumCallsPerLine = 200 // upper bound of both
)

// Phone is a device with lines.
type Phone struct {
	Name               DeviceName             `yaml:"name" json:"name" maxLength:"64" doc:"Name with which it registers and asks for its file: SEP and the MAC address for SCCP and Cisco SIP phones, free for others."`
	Description        string                 `yaml:"description,omitempty" json:"description,omitempty" maxLength:"128" doc:"Whose it is or where it stands."`
	Protocol           Protocol               `yaml:"protocol" json:"protocol" enum:"SCCP,SIP" doc:"What it speaks."`
	Product            ProductName            `yaml:"product" json:"product" ref:"product" doc:"What it is."`
	DevicePool         DevicePoolName         `yaml:"devicePool" json:"devicePool" ref:"devicePool" doc:"Site settings."`
	Location           LocationName           `yaml:"location,omitempty" json:"location,omitempty" ref:"location" doc:"Location. Absent: that of the device pool."`
	CallingSearchSpace CallingSearchSpaceName `yaml:"callingSearchSpace,omitempty" json:"callingSearchSpace,omitempty" ref:"callingSearchSpace" doc:"What the phone can call. Absent: that of the device pool."`
	ButtonTemplate     ButtonTemplateName     `yaml:"buttonTemplate,omitempty" json:"buttonTemplate,omitempty" ref:"buttonTemplate" doc:"What its buttons do. Absent: the device defaults, then the product's own."`
	SoftkeyTemplate    SoftkeyTemplateName    `yaml:"softkeyTemplate,omitempty" json:"softkeyTemplate,omitempty" ref:"softkeyTemplate" doc:"Its softkeys. Absent: those of the device pool, then of the product."`
	FirmwareLoad       LoadName               `yaml:"firmwareLoad,omitempty" json:"firmwareLoad,omitempty" maxLength:"64" load:"true" doc:"Pins the firmware load. Absent: the device defaults."`
	Owner              UserID                 `yaml:"owner,omitempty" json:"owner,omitempty" ref:"user" doc:"User whose phone it is."`
	DigestUser         UserID                 `yaml:"digestUser,omitempty" json:"digestUser,omitempty" ref:"user" doc:"SIP: user whose digest password the phone presents. One for each device."`
	UserLocale         LocaleName             `yaml:"userLocale,omitempty" json:"userLocale,omitempty" maxLength:"64" doc:"Language. Absent: that of the device pool."`
	NetworkLocale      LocaleName             `yaml:"networkLocale,omitempty" json:"networkLocale,omitempty" maxLength:"64" doc:"Country of the tones. Absent: that of the device pool."`
	Lines              []LineAppearance       `yaml:"lines,omitempty" json:"lines,omitempty" maxItems:"200" doc:"Lines in the order of the line buttons."`
	SpeedDials         []SpeedDial            `yaml:"speedDials,omitempty" json:"speedDials,omitempty" maxItems:"199" doc:"Speed dials: those that have a button first, the others abbreviated dialling."`
	ServiceURLs        []ServiceURL           `yaml:"serviceUrls,omitempty" json:"serviceUrls,omitempty" maxItems:"100" doc:"Services behind service buttons, in order."`
	PhonePassword      Secret                 `yaml:"phonePassword,omitempty" json:"phonePassword,omitzero" maxLength:"64" secret:"kept" doc:"Opens the phone's own settings menu."`
	VendorConfig       map[string]string      `yaml:"vendorConfig,omitempty" json:"vendorConfig,omitempty" maxItems:"200" maxLength:"255" doc:"Further elements of the phone's configuration file, by their names, such as webAccess."`
}

// LineAppearance is a directory number on a button of a phone.
type LineAppearance struct {
	DirectoryNumber Pattern       `yaml:"directoryNumber" json:"directoryNumber" maxLength:"48" ref:"directoryNumber" doc:"Digits of the directory number."`
	Partition       PartitionName `yaml:"partition,omitempty" json:"partition,omitempty" ref:"partition" doc:"Its partition."`
	Label           string        `yaml:"label,omitempty" json:"label,omitempty" maxLength:"50" doc:"Text beside the button. Absent: the number."`
	Display         string        `yaml:"display,omitempty" json:"display,omitempty" maxLength:"50" doc:"Name shown to others for calls from this button. Absent: that of the directory number."`
	ExternalMask    string        `yaml:"externalMask,omitempty" json:"externalMask,omitempty" maxLength:"24" mask:"true" doc:"Mask for the outside. Absent: that of the directory number."`
	MaximumCalls    int           `yaml:"maximumCalls,omitempty" json:"maximumCalls,omitempty" minimum:"0" maximum:"200" doc:"Calls that the line holds at once. 0 or absent: 4, or the product's own limit if that is lower."`
	BusyTrigger     int           `yaml:"busyTrigger,omitempty" json:"busyTrigger,omitempty" minimum:"0" maximum:"200" doc:"Number of calls from which the line is busy to the next one. 0 or absent: 2, never above the maximum."`
	Ring            Ring          `yaml:"ring,omitempty" json:"ring,omitempty" enum:"ring,flashOnly,ringOnce,silent" doc:"How it rings while the phone is idle. Absent: ring."`
	RingInUse       Ring          `yaml:"ringInUse,omitempty" json:"ringInUse,omitempty" enum:"beep,ring,flashOnly,ringOnce,silent" doc:"How it rings while the phone is in use. Absent: beep."`
}

// Ring is the way in which a line announces a call.
type Ring string

// Ways to ring.
const (
	RingNormal Ring = "ring"
	RingFlash  Ring = "flashOnly"
	RingOnce   Ring = "ringOnce"
	RingSilent Ring = "silent"
	RingBeep   Ring = "beep"
)

// SpeedDial is a number behind a button or, with an index beyond the buttons, behind abbreviated dialling.
type SpeedDial struct {
	Index  int    `yaml:"index" json:"index" minimum:"1" maximum:"199" doc:"Its number, 1 to 199; unique on the phone."`
	Number Number `yaml:"number" json:"number" maxLength:"48" number:"true" doc:"What it dials."`
	Label  string `yaml:"label,omitempty" json:"label,omitempty" maxLength:"50" doc:"Text beside the button. Absent: the number."`
}

// ServiceURL is a phone service behind a button.
type ServiceURL struct {
	Label string `yaml:"label" json:"label" maxLength:"50" doc:"Text beside the button."`
	URL   string `yaml:"url" json:"url" maxLength:"255" doc:"Address that the phone opens."`
}

// Kind implements Object.
func (*Phone) Kind() Kind { return KindPhone }

// Key implements Object.
func (p *Phone) Key() string { return string(p.Name) }

// LineKey is the directory number that appears on the button.
func (l LineAppearance) LineKey() LineKey { return LineKey{l.DirectoryNumber, l.Partition} }

// Calls is the number of calls that the line holds at once, given the product's limit (0: none).
func (l LineAppearance) Calls(productLimit int) int {
	n := l.MaximumCalls
	if n == 0 {
		n = DefaultMaximumCalls
	}
	if productLimit > 0 && n > productLimit {
		n = productLimit
	}
	return n
}

// Busy is the number of calls from which the line is busy to the next one; never above Calls.
func (l LineAppearance) Busy(productLimit int) int {
	n := l.BusyTrigger
	if n == 0 {
		n = DefaultBusyTrigger
	}
	return min(n, l.Calls(productLimit))
}

// Text is what stands beside the button: the label, else the number.
func (l LineAppearance) Text() string {
	if l.Label != "" {
		return l.Label
	}
	return string(l.DirectoryNumber)
}

// Text is what stands beside the button: the label, else the number.
func (s SpeedDial) Text() string {
	if s.Label != "" {
		return s.Label
	}
	return string(s.Number)
}

// SpeedDial finds a speed dial by its number.
func (p *Phone) SpeedDial(index int) (SpeedDial, bool) {
	for _, s := range p.SpeedDials {
		if s.Index == index {
			return s, true
		}
	}
	return SpeedDial{}, false
}
