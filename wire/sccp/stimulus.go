package sccp

// Stimulus names a hard key or a lamp: what a phone reports in StimulusMessage and what SetLamp
// lights (sccp.md 3.3).
type Stimulus uint32

const (
	StimulusUnused                 Stimulus = 0x00
	StimulusLastNumberRedial       Stimulus = 0x01
	StimulusSpeedDial              Stimulus = 0x02
	StimulusHold                   Stimulus = 0x03
	StimulusTransfer               Stimulus = 0x04
	StimulusForwardAll             Stimulus = 0x05
	StimulusForwardBusy            Stimulus = 0x06
	StimulusForwardNoAnswer        Stimulus = 0x07
	StimulusDisplay                Stimulus = 0x08
	StimulusLine                   Stimulus = 0x09
	StimulusT120Chat               Stimulus = 0x0A
	StimulusT120Whiteboard         Stimulus = 0x0B
	StimulusT120ApplicationSharing Stimulus = 0x0C
	StimulusT120FileTransfer       Stimulus = 0x0D
	StimulusVideo                  Stimulus = 0x0E
	StimulusVoiceMail              Stimulus = 0x0F
	StimulusAnswerRelease          Stimulus = 0x10
	StimulusAutoAnswer             Stimulus = 0x11
	StimulusSelect                 Stimulus = 0x12
	StimulusFeature                Stimulus = 0x13
	StimulusServiceURL             Stimulus = 0x14
	StimulusBLFSpeedDial           Stimulus = 0x15
	StimulusDirectPark             Stimulus = 0x16
	StimulusIntercom               Stimulus = 0x17
	StimulusMaliciousCall          Stimulus = 0x1B
	StimulusGenericAppB1           Stimulus = 0x21
	StimulusGenericAppB2           Stimulus = 0x22
	StimulusGenericAppB3           Stimulus = 0x23
	StimulusGenericAppB4           Stimulus = 0x24
	StimulusGenericAppB5           Stimulus = 0x25
	StimulusMultiBlink             Stimulus = 0x26
	StimulusMeetMeConference       Stimulus = 0x7B
	StimulusConference             Stimulus = 0x7D
	StimulusCallPark               Stimulus = 0x7E
	StimulusCallPickup             Stimulus = 0x7F
	StimulusGroupCallPickup        Stimulus = 0x80
	StimulusMobility               Stimulus = 0x81
	StimulusDoNotDisturb           Stimulus = 0x82
	StimulusConfList               Stimulus = 0x83
	StimulusRemoveLastParticipant  Stimulus = 0x84
	StimulusQualityReport          Stimulus = 0x85
	StimulusCallBack               Stimulus = 0x86
	StimulusOtherPickup            Stimulus = 0x87
	StimulusVideoMode              Stimulus = 0x88
	StimulusNewCall                Stimulus = 0x89
	StimulusEndCall                Stimulus = 0x8A
	StimulusHuntGroupLogIn         Stimulus = 0x8B
	StimulusQueuing                Stimulus = 0x8F
	StimulusParkingLot             Stimulus = 0xC0
	StimulusTestF                  Stimulus = 0xC1
	StimulusMessages               Stimulus = 0xC2
	StimulusDirectory              Stimulus = 0xC3
	StimulusTestI                  Stimulus = 0xC4
	StimulusApplication            Stimulus = 0xC5
	StimulusHeadset                Stimulus = 0xC6
	StimulusKeypad                 Stimulus = 0xF0
	StimulusEchoCancel             Stimulus = 0xFD
	StimulusUndefined              Stimulus = 0xFF
)

// String gives the name used in traces, or the number of a value that has none.
func (v Stimulus) String() string { return nameOf(v, "Stimulus", stimulusNames) }

var stimulusNames = map[Stimulus]string{
	StimulusUnused:                 "Unused",
	StimulusLastNumberRedial:       "LastNumberRedial",
	StimulusSpeedDial:              "SpeedDial",
	StimulusHold:                   "Hold",
	StimulusTransfer:               "Transfer",
	StimulusForwardAll:             "ForwardAll",
	StimulusForwardBusy:            "ForwardBusy",
	StimulusForwardNoAnswer:        "ForwardNoAnswer",
	StimulusDisplay:                "Display",
	StimulusLine:                   "Line",
	StimulusT120Chat:               "T120Chat",
	StimulusT120Whiteboard:         "T120Whiteboard",
	StimulusT120ApplicationSharing: "T120ApplicationSharing",
	StimulusT120FileTransfer:       "T120FileTransfer",
	StimulusVideo:                  "Video",
	StimulusVoiceMail:              "VoiceMail",
	StimulusAnswerRelease:          "AnswerRelease",
	StimulusAutoAnswer:             "AutoAnswer",
	StimulusSelect:                 "Select",
	StimulusFeature:                "Feature",
	StimulusServiceURL:             "ServiceURL",
	StimulusBLFSpeedDial:           "BLFSpeedDial",
	StimulusDirectPark:             "DirectPark",
	StimulusIntercom:               "Intercom",
	StimulusMaliciousCall:          "MaliciousCall",
	StimulusGenericAppB1:           "GenericAppB1",
	StimulusGenericAppB2:           "GenericAppB2",
	StimulusGenericAppB3:           "GenericAppB3",
	StimulusGenericAppB4:           "GenericAppB4",
	StimulusGenericAppB5:           "GenericAppB5",
	StimulusMultiBlink:             "MultiBlink",
	StimulusMeetMeConference:       "MeetMeConference",
	StimulusConference:             "Conference",
	StimulusCallPark:               "CallPark",
	StimulusCallPickup:             "CallPickup",
	StimulusGroupCallPickup:        "GroupCallPickup",
	StimulusMobility:               "Mobility",
	StimulusDoNotDisturb:           "DoNotDisturb",
	StimulusConfList:               "ConfList",
	StimulusRemoveLastParticipant:  "RemoveLastParticipant",
	StimulusQualityReport:          "QualityReport",
	StimulusCallBack:               "CallBack",
	StimulusOtherPickup:            "OtherPickup",
	StimulusVideoMode:              "VideoMode",
	StimulusNewCall:                "NewCall",
	StimulusEndCall:                "EndCall",
	StimulusHuntGroupLogIn:         "HuntGroupLogIn",
	StimulusQueuing:                "Queuing",
	StimulusParkingLot:             "ParkingLot",
	StimulusTestF:                  "TestF",
	StimulusMessages:               "Messages",
	StimulusDirectory:              "Directory",
	StimulusTestI:                  "TestI",
	StimulusApplication:            "Application",
	StimulusHeadset:                "Headset",
	StimulusKeypad:                 "Keypad",
	StimulusEchoCancel:             "EchoCancel",
	StimulusUndefined:              "Undefined",
}
