package telephony

// Server is one node of the cluster. Each node exists once, by name or by address but not both
// (callmanager-4x.md A.3).
type Server struct {
	Name          ServerName `yaml:"name" json:"name" maxLength:"63" doc:"Name of the server, as given to init or join."`
	Description   string     `yaml:"description,omitempty" json:"description,omitempty" maxLength:"128" doc:"What the server is for."`
	Address       string     `yaml:"address,omitempty" json:"address,omitempty" maxLength:"253" doc:"IP address or host name that phones are given. Empty: the address at which the phone asked."`
	SCCPPort      int        `yaml:"sccpPort,omitempty" json:"sccpPort,omitempty" minimum:"0" maximum:"65535" doc:"Port for SCCP phones. 0 or absent: that of the server which the phone asks."`
	SIPPort       int        `yaml:"sipPort,omitempty" json:"sipPort,omitempty" minimum:"0" maximum:"65535" doc:"Port for SIP phones. 0 or absent: that of the server which the phone asks."`
	SecureSIPPort int        `yaml:"secureSipPort,omitempty" json:"secureSipPort,omitempty" minimum:"0" maximum:"65535" doc:"Port for SIP phones over TLS. 0 or absent: that of the server which the phone asks."`
}

// Kind implements Object.
func (*Server) Kind() Kind { return KindServer }

// Key implements Object.
func (s *Server) Key() string { return string(s.Name) }

// ServiceActivation says whether a service is activated on a server, and what happens when it fails.
// A service without an entry follows its own default.
type ServiceActivation struct {
	Server          ServerName  `yaml:"server" json:"server" ref:"server" doc:"Server on which the service runs."`
	Service         ServiceName `yaml:"service" json:"service" maxLength:"64" doc:"Classic name of the service, such as CallManager or TFTP."`
	Activated       bool        `yaml:"activated" json:"activated" doc:"Whether the service is activated."`
	Recovery        string      `yaml:"recovery,omitempty" json:"recovery,omitempty" enum:"restart,none" doc:"What happens when the service fails: restart (the default) or none."`
	MaximumRestarts int         `yaml:"maximumRestarts,omitempty" json:"maximumRestarts,omitempty" minimum:"0" maximum:"1000" doc:"Restarts within ten minutes before the service stays down. 0: the default of the service manager."`
}

// Kind implements Object.
func (*ServiceActivation) Kind() Kind { return KindServiceActivation }

// Key implements Object: "cm1/TFTP".
func (a *ServiceActivation) Key() string { return string(a.Server) + "/" + string(a.Service) }
