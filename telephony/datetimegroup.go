package telephony

// DateTimeGroup gives devices their time zone and the way they write the date.
type DateTimeGroup struct {
	Name         DateTimeGroupName `yaml:"name" json:"name" maxLength:"50" doc:"Name of the group."`
	TimeZone     string            `yaml:"timeZone" json:"timeZone" maxLength:"64" doc:"Time zone by its IANA name, such as Europe/Berlin."`
	DateTemplate string            `yaml:"dateTemplate,omitempty" json:"dateTemplate,omitempty" maxLength:"8" enum:"M/D/Y,D/M/Y,Y/M/D,M-D-Y,D-M-Y,Y-M-D,M.D.Y,D.M.Y,Y.M.D,M/D/YA,D/M/YA,Y/M/DA,M-D-YA,D-M-YA,Y-M-DA,M.D.YA,D.M.YA,Y.M.DA" doc:"Order of day (D), month (M) and year (Y) with their separator; a final A asks for a 12-hour clock. Absent: D.M.Y."`
	NTPServers   []string          `yaml:"ntpServers,omitempty" json:"ntpServers,omitempty" maxItems:"4" maxLength:"253" doc:"Time servers that SIP phones are told to use."`
}

// DefaultDateTemplate is used where a group names none.
const DefaultDateTemplate = "D.M.Y"

// Kind implements Object.
func (*DateTimeGroup) Kind() Kind { return KindDateTimeGroup }

// Key implements Object.
func (g *DateTimeGroup) Key() string { return string(g.Name) }

// Template is the date template in force.
func (g *DateTimeGroup) Template() string {
	if g == nil || g.DateTemplate == "" {
		return DefaultDateTemplate
	}
	return g.DateTemplate
}
