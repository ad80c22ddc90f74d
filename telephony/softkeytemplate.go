package telephony

// Softkey is a key whose meaning the server sets with the state of the call.
type Softkey string

// The softkeys, with the event numbers of CallManager 4.x (sccp.md 3.5).
const (
	SoftkeyNone           Softkey = "none"
	SoftkeyRedial         Softkey = "redial"
	SoftkeyNewCall        Softkey = "newCall"
	SoftkeyHold           Softkey = "hold"
	SoftkeyTransfer       Softkey = "transfer"
	SoftkeyForwardAll     Softkey = "forwardAll"
	SoftkeyBackspace      Softkey = "backspace"
	SoftkeyEndCall        Softkey = "endCall"
	SoftkeyResume         Softkey = "resume"
	SoftkeyAnswer         Softkey = "answer"
	SoftkeyInfo           Softkey = "info"
	SoftkeyConference     Softkey = "conference"
	SoftkeyPark           Softkey = "park"
	SoftkeyJoin           Softkey = "join"
	SoftkeyMeetMe         Softkey = "meetMe"
	SoftkeyPickup         Softkey = "pickup"
	SoftkeyGroupPickup    Softkey = "groupPickup"
	SoftkeyCallBack       Softkey = "callBack"
	SoftkeyBarge          Softkey = "barge"
	SoftkeyDoNotDisturb   Softkey = "doNotDisturb"
	SoftkeyDirectTransfer Softkey = "directTransfer"
	SoftkeySelect         Softkey = "select"
	SoftkeyConferenceList Softkey = "conferenceList"
	SoftkeyDial           Softkey = "dial"
	SoftkeyVideoMode      Softkey = "videoMode"
)

var softkeyEvents = map[Softkey]uint8{
	SoftkeyRedial: 1, SoftkeyNewCall: 2, SoftkeyHold: 3, SoftkeyTransfer: 4, SoftkeyForwardAll: 5, SoftkeyBackspace: 8,
	SoftkeyEndCall: 9, SoftkeyResume: 10, SoftkeyAnswer: 11, SoftkeyInfo: 12, SoftkeyConference: 13, SoftkeyPark: 14,
	SoftkeyJoin: 15, SoftkeyMeetMe: 16, SoftkeyPickup: 17, SoftkeyGroupPickup: 18, SoftkeyCallBack: 20, SoftkeyBarge: 21,
	SoftkeyDoNotDisturb:   22,
	SoftkeyDirectTransfer: 28, SoftkeySelect: 29, SoftkeyConferenceList: 30, SoftkeyDial: 32, SoftkeyVideoMode: 33,
}

// Event is the number that SoftKeyTemplateRes gives to the key and SoftKeyEvent returns (sccp.md 3.5), 0 for a blank.
func (s Softkey) Event() uint8 { return softkeyEvents[s] }

// SoftkeyTemplate lists the softkeys for each state of a phone, in their order; SoftkeyNone leaves a place blank. The
// fields are the softkey sets of sccp.md 3.6 in the order of their numbers, 0 to 10.
type SoftkeyTemplate struct {
	Name                SoftkeyTemplateName `yaml:"name" json:"name" maxLength:"50" doc:"Name of the template."`
	OnHook              []Softkey           `yaml:"onHook,omitempty" json:"onHook,omitempty" softkeys:"true" maxItems:"16" doc:"Idle."`
	Connected           []Softkey           `yaml:"connected,omitempty" json:"connected,omitempty" softkeys:"true" maxItems:"16" doc:"In a call."`
	OnHold              []Softkey           `yaml:"onHold,omitempty" json:"onHold,omitempty" softkeys:"true" maxItems:"16" doc:"A call is held."`
	RingIn              []Softkey           `yaml:"ringIn,omitempty" json:"ringIn,omitempty" softkeys:"true" maxItems:"16" doc:"A call comes in."`
	OffHook             []Softkey           `yaml:"offHook,omitempty" json:"offHook,omitempty" softkeys:"true" maxItems:"16" doc:"Off hook, nothing dialled."`
	ConnectedTransfer   []Softkey           `yaml:"connectedTransfer,omitempty" json:"connectedTransfer,omitempty" softkeys:"true" maxItems:"16" doc:"In a consultation call for a transfer."`
	DigitsAfterFirst    []Softkey           `yaml:"digitsAfterFirst,omitempty" json:"digitsAfterFirst,omitempty" softkeys:"true" maxItems:"16" doc:"After the first digit."`
	ConnectedConference []Softkey           `yaml:"connectedConference,omitempty" json:"connectedConference,omitempty" softkeys:"true" maxItems:"16" doc:"In a consultation call for a conference."`
	RingOut             []Softkey           `yaml:"ringOut,omitempty" json:"ringOut,omitempty" softkeys:"true" maxItems:"16" doc:"The called party rings."`
	OffHookWithFeature  []Softkey           `yaml:"offHookWithFeature,omitempty" json:"offHookWithFeature,omitempty" softkeys:"true" maxItems:"16" doc:"Off hook for a feature."`
	RemoteInUse         []Softkey           `yaml:"remoteInUse,omitempty" json:"remoteInUse,omitempty" softkeys:"true" maxItems:"16" doc:"A shared line is in use elsewhere."`
}

// Kind implements Object.
func (*SoftkeyTemplate) Kind() Kind { return KindSoftkeyTemplate }

// Key implements Object.
func (t *SoftkeyTemplate) Key() string { return string(t.Name) }

// Sets returns the sets in the order of their numbers, 0 to 10 (sccp.md 3.6).
func (t *SoftkeyTemplate) Sets() [11][]Softkey {
	return [11][]Softkey{
		t.OnHook, t.Connected, t.OnHold, t.RingIn, t.OffHook, t.ConnectedTransfer, t.DigitsAfterFirst,
		t.ConnectedConference, t.RingOut, t.OffHookWithFeature, t.RemoteInUse,
	}
}

// Softkeys lists every softkey by name, SoftkeyNone included.
func Softkeys() []Softkey {
	all := []Softkey{SoftkeyNone}
	for event := uint8(1); event <= 33; event++ {
		for key, e := range softkeyEvents {
			if e == event {
				all = append(all, key)
			}
		}
	}
	return all
}

// StandardSoftkeys is the name of the built-in softkey template.
const StandardSoftkeys SoftkeyTemplateName = "Standard User"

// BuiltInSoftkeyTemplates returns the softkey templates that need no configuration. They offer what the server can do;
// keys of features that are not installed are masked at run time.
func BuiltInSoftkeyTemplates() []*SoftkeyTemplate {
	return []*SoftkeyTemplate{{
		Name:                StandardSoftkeys,
		OnHook:              []Softkey{SoftkeyRedial, SoftkeyNewCall, SoftkeyForwardAll, SoftkeyDoNotDisturb},
		Connected:           []Softkey{SoftkeyHold, SoftkeyEndCall, SoftkeyTransfer, SoftkeyPark, SoftkeyConference, SoftkeyConferenceList, SoftkeySelect, SoftkeyJoin, SoftkeyDirectTransfer},
		OnHold:              []Softkey{SoftkeyResume, SoftkeyNewCall, SoftkeyDirectTransfer, SoftkeySelect, SoftkeyJoin},
		RingIn:              []Softkey{SoftkeyAnswer},
		OffHook:             []Softkey{SoftkeyRedial, SoftkeyEndCall, SoftkeyForwardAll, SoftkeyPickup, SoftkeyGroupPickup, SoftkeyMeetMe},
		ConnectedTransfer:   []Softkey{SoftkeyNone, SoftkeyEndCall, SoftkeyTransfer},
		DigitsAfterFirst:    []Softkey{SoftkeyBackspace, SoftkeyEndCall},
		ConnectedConference: []Softkey{SoftkeyNone, SoftkeyEndCall, SoftkeyConference},
		RingOut:             []Softkey{SoftkeyNone, SoftkeyEndCall, SoftkeyTransfer},
		OffHookWithFeature:  []Softkey{SoftkeyRedial, SoftkeyEndCall},
		RemoteInUse:         []Softkey{SoftkeyNewCall, SoftkeyRedial, SoftkeyBarge},
	}}
}
