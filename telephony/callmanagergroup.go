package telephony

// MaximumGroupMembers is the number of servers that a phone is given: primary, secondary, tertiary.
const MaximumGroupMembers = 3

// CallManagerGroup is the ordered list of servers with which the phones of a device pool register.
type CallManagerGroup struct {
	Name    GroupName    `yaml:"name" json:"name" maxLength:"50" doc:"Name of the group."`
	Members []ServerName `yaml:"members" json:"members" ref:"server" minItems:"1" maxItems:"3" doc:"Servers in order: primary, secondary, tertiary."`
}

// Kind implements Object.
func (*CallManagerGroup) Kind() Kind { return KindCallManagerGroup }

// Key implements Object.
func (g *CallManagerGroup) Key() string { return string(g.Name) }
