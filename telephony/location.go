package telephony

// Location is a place behind a link of limited bandwidth. Calls that leave or enter it are counted
// against the link; calls inside it are not.
type Location struct {
	Name               LocationName `yaml:"name" json:"name" maxLength:"50" doc:"Name of the location."`
	AudioBandwidthKbps int          `yaml:"audioBandwidthKbps,omitempty" json:"audioBandwidthKbps,omitempty" minimum:"0" maximum:"2147483" doc:"Bandwidth for audio in kbit/s; a G.711 call takes 80, a G.729 call 24. 0 or absent: unlimited."`
	VideoBandwidthKbps int          `yaml:"videoBandwidthKbps,omitempty" json:"videoBandwidthKbps,omitempty" minimum:"0" maximum:"2147483" doc:"Bandwidth for video in kbit/s. 0 or absent: unlimited."`
}

// Kind implements Object.
func (*Location) Kind() Kind { return KindLocation }

// Key implements Object.
func (l *Location) Key() string { return string(l.Name) }
