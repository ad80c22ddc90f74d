package telephony

// DeviceDefaults is what phones of a product get that do not say otherwise. Besides the standing load a new one can be
// rolled out in stages: to a percentage of the phones, chosen by their names.
type DeviceDefaults struct {
	Product         ProductName         `yaml:"product" json:"product" ref:"product" doc:"Product for which these hold."`
	Protocol        Protocol            `yaml:"protocol" json:"protocol" enum:"SCCP,SIP" doc:"Protocol for which these hold."`
	FirmwareLoad    LoadName            `yaml:"firmwareLoad,omitempty" json:"firmwareLoad,omitempty" maxLength:"64" load:"true" doc:"Firmware load. Absent: phones keep what they have."`
	DevicePool      DevicePoolName      `yaml:"devicePool,omitempty" json:"devicePool,omitempty" ref:"devicePool" doc:"Device pool of phones that register by themselves."`
	ButtonTemplate  ButtonTemplateName  `yaml:"buttonTemplate,omitempty" json:"buttonTemplate,omitempty" ref:"buttonTemplate" doc:"Button template. Absent: the product's own."`
	SoftkeyTemplate SoftkeyTemplateName `yaml:"softkeyTemplate,omitempty" json:"softkeyTemplate,omitempty" ref:"softkeyTemplate" doc:"Softkey template. Absent: the product's own."`
	RolloutLoad     LoadName            `yaml:"rolloutLoad,omitempty" json:"rolloutLoad,omitempty" maxLength:"64" load:"true" doc:"Firmware load that is being rolled out."`
	RolloutPercent  int                 `yaml:"rolloutPercent,omitempty" json:"rolloutPercent,omitempty" minimum:"0" maximum:"100" doc:"Percentage of the phones that get the load being rolled out."`
}

// DeviceDefaultsKey is the key for a product and protocol: "Cisco 7960/SCCP".
func DeviceDefaultsKey(product ProductName, protocol Protocol) string {
	return string(product) + "/" + string(protocol)
}

// Kind implements Object.
func (*DeviceDefaults) Kind() Kind { return KindDeviceDefaults }

// Key implements Object.
func (d *DeviceDefaults) Key() string { return DeviceDefaultsKey(d.Product, d.Protocol) }

// Load is the firmware load for one phone: that being rolled out if the phone belongs to the percentage, else
// the standing one. A phone that belongs to a stage belongs to every later one.
func (d *DeviceDefaults) Load(phone DeviceName) LoadName {
	if d == nil {
		return ""
	}
	if d.RolloutLoad != "" && rolloutStage(phone) < d.RolloutPercent {
		return d.RolloutLoad
	}
	return d.FirmwareLoad
}

// rolloutStage spreads phones evenly over 0 to 99 by their names (FNV-1a, so that every server agrees).
func rolloutStage(phone DeviceName) int {
	h := uint32(2166136261)
	for i := 0; i < len(phone); i++ {
		h = (h ^ uint32(phone[i])) * 16777619
	}
	h ^= h >> 15 // the low bits of FNV-1a alone follow the last digit of neighbouring MAC addresses
	h *= 0x2c1b3c6d
	h ^= h >> 12
	return int(h % 100)
}
