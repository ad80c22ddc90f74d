package telephony

// Forward says where calls go and with whose rights.
type Forward struct {
	Destination        Number                 `yaml:"destination" json:"destination" maxLength:"48" number:"true" doc:"Number to which calls go."`
	CallingSearchSpace CallingSearchSpaceName `yaml:"callingSearchSpace,omitempty" json:"callingSearchSpace,omitempty" ref:"callingSearchSpace" doc:"Where the destination is looked for. Absent: the null partition only."`
	Seconds            int                    `yaml:"seconds,omitempty" json:"seconds,omitempty" minimum:"0" maximum:"300" doc:"How long the line rings first, in seconds; for no answer only. 0 or absent: the service parameter ForwardNoAnswerTimer."`
}

// DirectoryNumber is a number with the settings that belong to it on whatever device it appears.
type DirectoryNumber struct {
	Pattern             Pattern                `yaml:"pattern" json:"pattern" maxLength:"48" pattern:"dial" doc:"The digits; wildcards are allowed."`
	Partition           PartitionName          `yaml:"partition,omitempty" json:"partition,omitempty" ref:"partition" doc:"Partition in which it can be reached. Absent: the null partition."`
	Description         string                 `yaml:"description,omitempty" json:"description,omitempty" maxLength:"128" doc:"What it is for."`
	Display             string                 `yaml:"display,omitempty" json:"display,omitempty" maxLength:"50" doc:"Name that the called party sees."`
	AlertingName        string                 `yaml:"alertingName,omitempty" json:"alertingName,omitempty" maxLength:"50" doc:"Name that the caller sees while the line rings. Absent: the display name."`
	ExternalMask        string                 `yaml:"externalMask,omitempty" json:"externalMask,omitempty" maxLength:"24" mask:"true" doc:"Mask that makes the number that the outside sees: digits and X."`
	CallingSearchSpace  CallingSearchSpaceName `yaml:"callingSearchSpace,omitempty" json:"callingSearchSpace,omitempty" ref:"callingSearchSpace" doc:"What the line can call, searched before that of the device."`
	ForwardAll          *Forward               `yaml:"forwardAll,omitempty" json:"forwardAll,omitempty" doc:"Every call goes there."`
	ForwardBusy         *Forward               `yaml:"forwardBusy,omitempty" json:"forwardBusy,omitempty" doc:"Where calls go while the line is busy."`
	ForwardNoAnswer     *Forward               `yaml:"forwardNoAnswer,omitempty" json:"forwardNoAnswer,omitempty" doc:"Where calls go when nobody answers."`
	ForwardUnregistered *Forward               `yaml:"forwardUnregistered,omitempty" json:"forwardUnregistered,omitempty" doc:"Where calls go while no device with this number is registered."`
	AutoAnswer          AutoAnswer             `yaml:"autoAnswer,omitempty" json:"autoAnswer,omitempty" enum:"off,headset,speaker" doc:"Whether the phone answers by itself, and with what."`
	Inactive            bool                   `yaml:"inactive,omitempty" json:"inactive,omitempty" doc:"The number is kept but cannot be reached."`
}

// AutoAnswer says whether a phone answers by itself.
type AutoAnswer string

// Ways to answer. The empty value means off.
const (
	AutoAnswerOff     AutoAnswer = "off"
	AutoAnswerHeadset AutoAnswer = "headset"
	AutoAnswerSpeaker AutoAnswer = "speaker"
)

// Kind implements Object.
func (*DirectoryNumber) Kind() Kind { return KindDirectoryNumber }

// Key implements Object: "2001/internal".
func (d *DirectoryNumber) Key() string { return d.LineKey().String() }

// LineKey is the typed key.
func (d *DirectoryNumber) LineKey() LineKey { return LineKey{d.Pattern, d.Partition} }
