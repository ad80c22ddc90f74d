package telephony

// ServiceParameter is the value of a service's parameter where it differs from the default. The catalogue of
// names, defaults and bounds is telephony/parameter.
type ServiceParameter struct {
	Service ServiceName `yaml:"service" json:"service" maxLength:"64" doc:"Service to which it belongs, such as CallManager."`
	Name    string      `yaml:"name" json:"name" maxLength:"64" doc:"Name of the parameter, such as T302Timer."`
	Server  ServerName  `yaml:"server,omitempty" json:"server,omitempty" ref:"server" doc:"Server for which it holds. Absent: every server that has no value of its own."`
	Value   string      `yaml:"value" json:"value" maxLength:"1024" empty:"allowed" doc:"The value."`
}

// Kind implements Object.
func (*ServiceParameter) Kind() Kind { return KindServiceParameter }

// Key implements Object: "CallManager/T302Timer", or "CallManager/T302Timer/cm1" for one server.
func (p *ServiceParameter) Key() string {
	key := string(p.Service) + "/" + p.Name
	if p.Server != "" {
		key += "/" + string(p.Server)
	}
	return key
}

// EnterpriseParameter is the value of a parameter of the whole cluster where it differs from the default.
type EnterpriseParameter struct {
	Name  string `yaml:"name" json:"name" maxLength:"64" doc:"Name of the parameter, such as ClusterID."`
	Value string `yaml:"value" json:"value" maxLength:"1024" empty:"allowed" doc:"The value."`
}

// Kind implements Object.
func (*EnterpriseParameter) Kind() Kind { return KindEnterpriseParameter }

// Key implements Object.
func (p *EnterpriseParameter) Key() string { return p.Name }
