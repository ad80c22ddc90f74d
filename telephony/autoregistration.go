package telephony

// AutoRegistration lets unknown phones in on one server: each gets the next free number of the range.
type AutoRegistration struct {
	CallManager        ServerName             `yaml:"callManager" json:"callManager" ref:"server" doc:"Server on which unknown phones are let in."`
	Enabled            bool                   `yaml:"enabled" json:"enabled" doc:"Whether they are."`
	StartNumber        Number                 `yaml:"startNumber" json:"startNumber" maxLength:"18" digits:"true" doc:"First number of the range."`
	EndNumber          Number                 `yaml:"endNumber" json:"endNumber" maxLength:"18" digits:"true" doc:"Last number of the range; as many digits as the first."`
	Partition          PartitionName          `yaml:"partition,omitempty" json:"partition,omitempty" ref:"partition" doc:"Partition of the numbers."`
	CallingSearchSpace CallingSearchSpaceName `yaml:"callingSearchSpace,omitempty" json:"callingSearchSpace,omitempty" ref:"callingSearchSpace" doc:"What such phones can call."`
	DevicePool         DevicePoolName         `yaml:"devicePool" json:"devicePool" ref:"devicePool" doc:"Device pool of such phones, where the device defaults name none."`
	ExternalMask       string                 `yaml:"externalMask,omitempty" json:"externalMask,omitempty" maxLength:"24" mask:"true" doc:"External mask of their lines."`
}

// Kind implements Object.
func (*AutoRegistration) Kind() Kind { return KindAutoRegistration }

// Key implements Object.
func (a *AutoRegistration) Key() string { return string(a.CallManager) }
