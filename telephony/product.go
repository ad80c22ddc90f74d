package telephony

// Product is a model of phone, with what the server must know of it. The built-in ones are in products.go; an
// administrator may add models of his own but not change these.
type Product struct {
	Name            ProductName         `yaml:"name" json:"name" maxLength:"64" doc:"Name, such as Cisco 7960."`
	Model           string              `yaml:"model,omitempty" json:"model,omitempty" maxLength:"32" doc:"Model as the phone itself writes it, such as 7960."`
	Protocols       []Protocol          `yaml:"protocols" json:"protocols" enum:"SCCP,SIP" minItems:"1" maxItems:"2" doc:"What it can speak."`
	DeviceType      int                 `yaml:"deviceType,omitempty" json:"deviceType,omitempty" minimum:"0" maximum:"2147483647" doc:"Number with which it registers over SCCP and under which it looks for its load (sccp.md 3.1). 0: none."`
	Buttons         int                 `yaml:"buttons,omitempty" json:"buttons,omitempty" minimum:"0" maximum:"255" doc:"Programmable buttons on the phone itself."`
	MaximumLines    int                 `yaml:"maximumLines,omitempty" json:"maximumLines,omitempty" minimum:"0" maximum:"200" doc:"Most lines that it can have. 0: as many as it has buttons."`
	CallsPerLine    int                 `yaml:"callsPerLine,omitempty" json:"callsPerLine,omitempty" minimum:"0" maximum:"200" doc:"Most calls that it can hold on one line. 0: no limit of its own."`
	MaximumVersion  int                 `yaml:"maximumVersion,omitempty" json:"maximumVersion,omitempty" minimum:"0" maximum:"255" doc:"Highest SCCP version to agree on with it. 0: no limit of its own."`
	ButtonTemplate  ButtonTemplateName  `yaml:"buttonTemplate,omitempty" json:"buttonTemplate,omitempty" ref:"buttonTemplate" doc:"Its standard button template."`
	SoftkeyTemplate SoftkeyTemplateName `yaml:"softkeyTemplate,omitempty" json:"softkeyTemplate,omitempty" ref:"softkeyTemplate" doc:"Its standard softkeys. Absent: it has none."`
	SIPFile         SIPFileForm         `yaml:"sipFile,omitempty" json:"sipFile,omitempty" enum:"none,xml,text" doc:"Form of its configuration file with a SIP load: xml (SEP….cnf.xml), text (SIP….cnf) or none."`
	DigestSHA256    bool                `yaml:"digestSha256,omitempty" json:"digestSha256,omitempty" doc:"Over SIP it can use SHA-256 for digest authentication."`
	Family          string              `yaml:"family,omitempty" json:"family,omitempty" maxLength:"32" doc:"Firmware family, such as 41 for the loads SCCP41 and SIP41."`
	DeviceWeight    int                 `yaml:"deviceWeight,omitempty" json:"deviceWeight,omitempty" minimum:"0" maximum:"1000" doc:"Share of a server's capacity that one such device takes, in device weight units. 0 or absent: 1."`
}

// SIPFileForm is the form of a phone's configuration file with a SIP load.
type SIPFileForm string

// The forms. The empty value means none.
const (
	SIPFileNone SIPFileForm = "none"
	SIPFileXML  SIPFileForm = "xml"
	SIPFileText SIPFileForm = "text"
)

// Kind implements Object.
func (*Product) Kind() Kind { return KindProduct }

// Key implements Object.
func (p *Product) Key() string { return string(p.Name) }

// Speaks reports whether the product can speak the protocol.
func (p *Product) Speaks(protocol Protocol) bool {
	for _, q := range p.Protocols {
		if q == protocol {
			return true
		}
	}
	return false
}

// Lines is the most lines that the product can have, at least 1.
func (p *Product) Lines() int {
	switch {
	case p.MaximumLines > 0:
		return p.MaximumLines
	case p.Buttons > 0:
		return p.Buttons
	}
	return 1
}

// Weight is the share of a server's capacity that one device takes (callmanager-4x.md A.11), at least 1.
func (p *Product) Weight() int { return max(p.DeviceWeight, 1) }

// GenericSIPPhone is the product of every SIP phone that is not ours to provision.
const GenericSIPPhone ProductName = "Generic SIP phone"
