package telephony

// ButtonKind is what a button does. Its values are the button types of sccp.md 3.4.
type ButtonKind string

// The kinds of buttons.
const (
	ButtonLine         ButtonKind = "line"
	ButtonSpeedDial    ButtonKind = "speedDial"
	ButtonServiceURL   ButtonKind = "serviceUrl"
	ButtonBLF          ButtonKind = "blfSpeedDial"
	ButtonPrivacy      ButtonKind = "privacy"
	ButtonRedial       ButtonKind = "redial"
	ButtonHold         ButtonKind = "hold"
	ButtonTransfer     ButtonKind = "transfer"
	ButtonForwardAll   ButtonKind = "forwardAll"
	ButtonDisplay      ButtonKind = "display"
	ButtonVoiceMail    ButtonKind = "voiceMail"
	ButtonMeetMe       ButtonKind = "meetMe"
	ButtonConference   ButtonKind = "conference"
	ButtonPark         ButtonKind = "park"
	ButtonPickup       ButtonKind = "pickup"
	ButtonGroupPickup  ButtonKind = "groupPickup"
	ButtonDoNotDisturb ButtonKind = "doNotDisturb"
	ButtonMessages     ButtonKind = "messages"
	ButtonDirectory    ButtonKind = "directory"
	ButtonApplication  ButtonKind = "application"
	ButtonHeadset      ButtonKind = "headset"
	ButtonNone         ButtonKind = "none"
)

// buttonCodes are the numbers of sccp.md 3.4.
var buttonCodes = map[ButtonKind]uint8{
	ButtonRedial: 0x01, ButtonSpeedDial: 0x02, ButtonHold: 0x03, ButtonTransfer: 0x04, ButtonForwardAll: 0x05,
	ButtonDisplay: 0x08, ButtonLine: 0x09, ButtonVoiceMail: 0x0F, ButtonPrivacy: 0x13, ButtonServiceURL: 0x14,
	ButtonBLF: 0x15, ButtonMeetMe: 0x7B, ButtonConference: 0x7D, ButtonPark: 0x7E, ButtonPickup: 0x7F,
	ButtonGroupPickup: 0x80, ButtonDoNotDisturb: 0x82, ButtonMessages: 0xC2, ButtonDirectory: 0xC3, ButtonApplication: 0xC5,
	ButtonHeadset: 0xC6, ButtonNone: 0xFF,
}

// Code is the number of the button type in ButtonTemplateRes (sccp.md 3.4), 0xFF for an unused button.
func (k ButtonKind) Code() uint8 {
	if code, ok := buttonCodes[k]; ok {
		return code
	}
	return 0xFF
}

// Button is one entry of a button template.
type Button struct {
	Kind  ButtonKind `yaml:"kind" json:"kind" enum:"line,speedDial,serviceUrl,blfSpeedDial,privacy,redial,hold,transfer,forwardAll,display,voiceMail,meetMe,conference,park,pickup,groupPickup,doNotDisturb,messages,directory,application,headset,none" doc:"What the button does."`
	Label string     `yaml:"label,omitempty" json:"label,omitempty" maxLength:"50" doc:"Text beside it, where the line or speed dial gives none."`
}

// ButtonTemplate says what the buttons of a phone do, from the first button on. The first line button carries the
// phone's first line, the second its second, and likewise for speed dials and services.
type ButtonTemplate struct {
	Name    ButtonTemplateName `yaml:"name" json:"name" maxLength:"50" doc:"Name of the template."`
	Buttons []Button           `yaml:"buttons" json:"buttons" minItems:"1" maxItems:"255" doc:"Buttons from the first on."`
}

// Kind implements Object.
func (*ButtonTemplate) Kind() Kind { return KindButtonTemplate }

// Key implements Object.
func (t *ButtonTemplate) Key() string { return string(t.Name) }

// Count is the number of buttons of a kind.
func (t *ButtonTemplate) Count(kind ButtonKind) int {
	if t == nil {
		return 0
	}
	n := 0
	for _, b := range t.Buttons {
		if b.Kind == kind {
			n++
		}
	}
	return n
}
