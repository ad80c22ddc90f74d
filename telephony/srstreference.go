package telephony

// Ports of an SRST router that names none.
const (
	DefaultSRSTPort    = 2000
	DefaultSRSTSIPPort = 5060
)

// SRSTReference is a router at a site that takes the phones of a device pool when none of their servers can be reached
// (callmanager-4x.md A.6, C-290). Phones learn it from their file.
type SRSTReference struct {
	Name         SRSTReferenceName `yaml:"name" json:"name" maxLength:"50" doc:"Name of the SRST reference."`
	Addresses    []string          `yaml:"addresses" json:"addresses" minItems:"1" maxItems:"3" maxLength:"45" doc:"IP addresses of the router, the one to try first in front."`
	Port         int               `yaml:"port,omitempty" json:"port,omitempty" minimum:"0" maximum:"65535" doc:"Port for SCCP phones. 0 or absent: 2000."`
	SIPAddresses []string          `yaml:"sipAddresses,omitempty" json:"sipAddresses,omitempty" maxItems:"3" maxLength:"45" doc:"IP addresses for SIP phones. Absent: the same."`
	SIPPort      int               `yaml:"sipPort,omitempty" json:"sipPort,omitempty" minimum:"0" maximum:"65535" doc:"Port for SIP phones. 0 or absent: 5060."`
}

// Kind implements Object.
func (*SRSTReference) Kind() Kind { return KindSRSTReference }

// Key implements Object.
func (r *SRSTReference) Key() string { return string(r.Name) }

// SCCP gives the addresses and the port for SCCP phones.
func (r *SRSTReference) SCCP() (addresses []string, port int) {
	if r.Port > 0 {
		return r.Addresses, r.Port
	}
	return r.Addresses, DefaultSRSTPort
}

// SIP gives the addresses and the port for SIP phones.
func (r *SRSTReference) SIP() (addresses []string, port int) {
	addresses, port = r.SIPAddresses, r.SIPPort
	if len(addresses) == 0 {
		addresses = r.Addresses
	}
	if port == 0 {
		port = DefaultSRSTSIPPort
	}
	return addresses, port
}
