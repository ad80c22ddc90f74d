package telephony

// FirmwareFile is a file that phones may fetch: a part of a firmware load, a ring, a locale file. The configuration
// holds its hash; the contents are kept by content.
type FirmwareFile struct {
	Name     string `yaml:"name" json:"name" maxLength:"128" file:"true" doc:"Name under which phones ask for it; exact bytes, no blank at the end."`
	SHA256   string `yaml:"sha256" json:"sha256" maxLength:"64" minLength:"64" hex:"true" doc:"SHA-256 of the contents, 64 hexadecimal digits."`
	Size     int64  `yaml:"size" json:"size" minimum:"0" maximum:"4294967296" doc:"Size in bytes."`
	Category string `yaml:"category,omitempty" json:"category,omitempty" enum:"firmware,locale,ring,background,other" doc:"What it is. Absent: firmware."`
}

// Kind implements Object.
func (*FirmwareFile) Kind() Kind { return KindFirmwareFile }

// Key implements Object.
func (f *FirmwareFile) Key() string { return f.Name }
