package telephony

// DevicePool gathers what the devices of a site have in common (callmanager-4x.md A.6).
type DevicePool struct {
	Name               DevicePoolName         `yaml:"name" json:"name" maxLength:"50" doc:"Name of the device pool."`
	CallManagerGroup   GroupName              `yaml:"callManagerGroup" json:"callManagerGroup" ref:"callManagerGroup" doc:"Servers with which its devices register, in order."`
	Region             RegionName             `yaml:"region" json:"region" ref:"region" doc:"Region, for the choice of codecs."`
	Location           LocationName           `yaml:"location,omitempty" json:"location,omitempty" ref:"location" doc:"Location, for bandwidth. Absent: unlimited."`
	DateTimeGroup      DateTimeGroupName      `yaml:"dateTimeGroup" json:"dateTimeGroup" ref:"dateTimeGroup" doc:"Time zone and date format."`
	SoftkeyTemplate    SoftkeyTemplateName    `yaml:"softkeyTemplate,omitempty" json:"softkeyTemplate,omitempty" ref:"softkeyTemplate" doc:"Softkeys of phones that name none themselves."`
	CallingSearchSpace CallingSearchSpaceName `yaml:"callingSearchSpace,omitempty" json:"callingSearchSpace,omitempty" ref:"callingSearchSpace" doc:"Calling search space of devices that name none themselves."`
	UserLocale         LocaleName             `yaml:"userLocale,omitempty" json:"userLocale,omitempty" maxLength:"64" doc:"Language of the phone's texts, such as English_United_States."`
	NetworkLocale      LocaleName             `yaml:"networkLocale,omitempty" json:"networkLocale,omitempty" maxLength:"64" doc:"Country of the tones."`
	RevertPriority     int                    `yaml:"revertPriority,omitempty" json:"revertPriority,omitempty" minimum:"0" maximum:"2" doc:"Class of delay before phones go back to their primary server."`
	SRSTReference      SRSTReferenceName      `yaml:"srstReference,omitempty" json:"srstReference,omitempty" ref:"srstReference" doc:"Router that takes its phones when no server can be reached. Absent: none."`
}

// Kind implements Object.
func (*DevicePool) Kind() Kind { return KindDevicePool }

// Key implements Object.
func (p *DevicePool) Key() string { return string(p.Name) }
