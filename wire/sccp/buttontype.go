package sccp

// ButtonType says what a button of the template does (sccp.md 3.4). It shares its numbers with
// Stimulus; one byte in a button template, a word in FeatureStat.
type ButtonType uint32

const (
	ButtonUnused                 ButtonType = 0x00
	ButtonLastNumberRedial       ButtonType = 0x01
	ButtonSpeedDial              ButtonType = 0x02
	ButtonHold                   ButtonType = 0x03
	ButtonTransfer               ButtonType = 0x04
	ButtonForwardAll             ButtonType = 0x05
	ButtonForwardBusy            ButtonType = 0x06
	ButtonForwardNoAnswer        ButtonType = 0x07
	ButtonDisplay                ButtonType = 0x08
	ButtonLine                   ButtonType = 0x09
	ButtonT120Chat               ButtonType = 0x0A
	ButtonT120Whiteboard         ButtonType = 0x0B
	ButtonT120ApplicationSharing ButtonType = 0x0C
	ButtonT120FileTransfer       ButtonType = 0x0D
	ButtonVideo                  ButtonType = 0x0E
	ButtonVoiceMail              ButtonType = 0x0F
	ButtonAnswerRelease          ButtonType = 0x10
	ButtonAutoAnswer             ButtonType = 0x11
	ButtonSelect                 ButtonType = 0x12
	ButtonFeature                ButtonType = 0x13
	ButtonServiceURL             ButtonType = 0x14
	ButtonBLFSpeedDial           ButtonType = 0x15
	ButtonMaliciousCall          ButtonType = 0x1B
	ButtonGenericAppB1           ButtonType = 0x21
	ButtonGenericAppB2           ButtonType = 0x22
	ButtonGenericAppB3           ButtonType = 0x23
	ButtonGenericAppB4           ButtonType = 0x24
	ButtonGenericAppB5           ButtonType = 0x25
	ButtonMultiBlink             ButtonType = 0x26
	ButtonMeetMeConference       ButtonType = 0x7B
	ButtonConference             ButtonType = 0x7D
	ButtonCallPark               ButtonType = 0x7E
	ButtonCallPickup             ButtonType = 0x7F
	ButtonGroupCallPickup        ButtonType = 0x80
	ButtonMobility               ButtonType = 0x81
	ButtonDoNotDisturb           ButtonType = 0x82
	ButtonConfList               ButtonType = 0x83
	ButtonRemoveLastParticipant  ButtonType = 0x84
	ButtonQualityReport          ButtonType = 0x85
	ButtonCallBack               ButtonType = 0x86
	ButtonOtherPickup            ButtonType = 0x87
	ButtonVideoMode              ButtonType = 0x88
	ButtonNewCall                ButtonType = 0x89
	ButtonEndCall                ButtonType = 0x8A
	ButtonHuntGroupLogIn         ButtonType = 0x8B
	ButtonQueuing                ButtonType = 0x8F
	ButtonParkingLot             ButtonType = 0xC0
	ButtonTestF                  ButtonType = 0xC1
	ButtonMessages               ButtonType = 0xC2
	ButtonDirectory              ButtonType = 0xC3
	ButtonTestI                  ButtonType = 0xC4
	ButtonApplication            ButtonType = 0xC5
	ButtonHeadset                ButtonType = 0xC6
	ButtonKeypad                 ButtonType = 0xF0
	ButtonPlaceholderMulti       ButtonType = 0xF1
	ButtonPlaceholderLine        ButtonType = 0xF2
	ButtonPlaceholderSpeedDial   ButtonType = 0xF3
	ButtonPlaceholderHint        ButtonType = 0xF4
	ButtonAbbreviatedDial        ButtonType = 0xF5
	ButtonEchoCancel             ButtonType = 0xFD
	ButtonUndefined              ButtonType = 0xFF
)

// String gives the name used in traces, or the number of a value that has none.
func (v ButtonType) String() string { return nameOf(v, "ButtonType", buttonTypeNames) }

var buttonTypeNames = map[ButtonType]string{
	ButtonUnused:                 "Unused",
	ButtonLastNumberRedial:       "LastNumberRedial",
	ButtonSpeedDial:              "SpeedDial",
	ButtonHold:                   "Hold",
	ButtonTransfer:               "Transfer",
	ButtonForwardAll:             "ForwardAll",
	ButtonForwardBusy:            "ForwardBusy",
	ButtonForwardNoAnswer:        "ForwardNoAnswer",
	ButtonDisplay:                "Display",
	ButtonLine:                   "Line",
	ButtonT120Chat:               "T120Chat",
	ButtonT120Whiteboard:         "T120Whiteboard",
	ButtonT120ApplicationSharing: "T120ApplicationSharing",
	ButtonT120FileTransfer:       "T120FileTransfer",
	ButtonVideo:                  "Video",
	ButtonVoiceMail:              "VoiceMail",
	ButtonAnswerRelease:          "AnswerRelease",
	ButtonAutoAnswer:             "AutoAnswer",
	ButtonSelect:                 "Select",
	ButtonFeature:                "Feature",
	ButtonServiceURL:             "ServiceURL",
	ButtonBLFSpeedDial:           "BLFSpeedDial",
	ButtonMaliciousCall:          "MaliciousCall",
	ButtonGenericAppB1:           "GenericAppB1",
	ButtonGenericAppB2:           "GenericAppB2",
	ButtonGenericAppB3:           "GenericAppB3",
	ButtonGenericAppB4:           "GenericAppB4",
	ButtonGenericAppB5:           "GenericAppB5",
	ButtonMultiBlink:             "MultiBlink",
	ButtonMeetMeConference:       "MeetMeConference",
	ButtonConference:             "Conference",
	ButtonCallPark:               "CallPark",
	ButtonCallPickup:             "CallPickup",
	ButtonGroupCallPickup:        "GroupCallPickup",
	ButtonMobility:               "Mobility",
	ButtonDoNotDisturb:           "DoNotDisturb",
	ButtonConfList:               "ConfList",
	ButtonRemoveLastParticipant:  "RemoveLastParticipant",
	ButtonQualityReport:          "QualityReport",
	ButtonCallBack:               "CallBack",
	ButtonOtherPickup:            "OtherPickup",
	ButtonVideoMode:              "VideoMode",
	ButtonNewCall:                "NewCall",
	ButtonEndCall:                "EndCall",
	ButtonHuntGroupLogIn:         "HuntGroupLogIn",
	ButtonQueuing:                "Queuing",
	ButtonParkingLot:             "ParkingLot",
	ButtonTestF:                  "TestF",
	ButtonMessages:               "Messages",
	ButtonDirectory:              "Directory",
	ButtonTestI:                  "TestI",
	ButtonApplication:            "Application",
	ButtonHeadset:                "Headset",
	ButtonKeypad:                 "Keypad",
	ButtonPlaceholderMulti:       "PlaceholderMulti",
	ButtonPlaceholderLine:        "PlaceholderLine",
	ButtonPlaceholderSpeedDial:   "PlaceholderSpeedDial",
	ButtonPlaceholderHint:        "PlaceholderHint",
	ButtonAbbreviatedDial:        "AbbreviatedDial",
	ButtonEchoCancel:             "EchoCancel",
	ButtonUndefined:              "Undefined",
}
