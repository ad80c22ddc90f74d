package sccp

import "fmt"

// The small enumerations of registration, display and sound (sccp.md 3.9, 3.11).

// nameOf is the common String method of the enumerations.
func nameOf[T ~uint32](v T, typ string, names map[T]string) string {
	if s, ok := names[v]; ok {
		return s
	}
	return fmt.Sprintf("%s(%d)", typ, uint32(v))
}

// UnregisterReason says why a phone unregisters.
type UnregisterReason uint32

// Values of UnregisterReason.
const (
	UnregisterUnknown   UnregisterReason = 0
	UnregisterPowerSave UnregisterReason = 1
)

var unregisterReasonNames = map[UnregisterReason]string{
	UnregisterUnknown:   "Unknown",
	UnregisterPowerSave: "PowerSave",
}

// String gives the name used in traces, or the number of a value that has none.
func (v UnregisterReason) String() string {
	return nameOf(v, "UnregisterReason", unregisterReasonNames)
}

// UnregisterStatus is the answer to UnregisterReq.
type UnregisterStatus uint32

// Values of UnregisterStatus.
const (
	UnregisterOK    UnregisterStatus = 0
	UnregisterError UnregisterStatus = 1
	UnregisterNAK   UnregisterStatus = 2
)

var unregisterStatusNames = map[UnregisterStatus]string{
	UnregisterOK:    "OK",
	UnregisterError: "Error",
	UnregisterNAK:   "NAK",
}

// String gives the name used in traces, or the number of a value that has none.
func (v UnregisterStatus) String() string {
	return nameOf(v, "UnregisterStatus", unregisterStatusNames)
}

// ResetType says how thoroughly a phone starts again.
type ResetType uint32

// Values of ResetType.
const (
	ResetDevice      ResetType = 1
	ResetRestart     ResetType = 2
	ResetApplyConfig ResetType = 3
)

var resetTypeNames = map[ResetType]string{
	ResetDevice:      "Device",
	ResetRestart:     "Restart",
	ResetApplyConfig: "ApplyConfig",
}

// String gives the name used in traces, or the number of a value that has none.
func (v ResetType) String() string { return nameOf(v, "ResetType", resetTypeNames) }

// AlarmSeverity is what the phone thinks of its alarm.
type AlarmSeverity uint32

// Values of AlarmSeverity.
const (
	SeverityCritical      AlarmSeverity = 0
	SeverityWarning       AlarmSeverity = 1
	SeverityInformational AlarmSeverity = 2
	SeverityUnknown       AlarmSeverity = 4
	SeverityMajor         AlarmSeverity = 7
	SeverityMinor         AlarmSeverity = 8
	SeverityMarginal      AlarmSeverity = 10
	SeverityTraceInfo     AlarmSeverity = 20
)

var alarmSeverityNames = map[AlarmSeverity]string{
	SeverityCritical:      "Critical",
	SeverityWarning:       "Warning",
	SeverityInformational: "Informational",
	SeverityUnknown:       "Unknown",
	SeverityMajor:         "Major",
	SeverityMinor:         "Minor",
	SeverityMarginal:      "Marginal",
	SeverityTraceInfo:     "TraceInfo",
}

// String gives the name used in traces, or the number of a value that has none.
func (v AlarmSeverity) String() string { return nameOf(v, "AlarmSeverity", alarmSeverityNames) }

// Switch is the state of speaker, microphone, headset or handset.
type Switch uint32

// Values of Switch.
const (
	SwitchOn  Switch = 1
	SwitchOff Switch = 2
)

var switchNames = map[Switch]string{
	SwitchOn:  "On",
	SwitchOff: "Off",
}

// String gives the name used in traces, or the number of a value that has none.
func (v Switch) String() string { return nameOf(v, "Switch", switchNames) }

// MediaPath is a way to hear and speak.
type MediaPath uint32

// Values of MediaPath.
const (
	PathHeadset MediaPath = 1
	PathHandset MediaPath = 2
	PathSpeaker MediaPath = 3
)

var mediaPathNames = map[MediaPath]string{
	PathHeadset: "Headset",
	PathHandset: "Handset",
	PathSpeaker: "Speaker",
}

// String gives the name used in traces, or the number of a value that has none.
func (v MediaPath) String() string { return nameOf(v, "MediaPath", mediaPathNames) }

// RingMode says how a phone rings.
type RingMode uint32

// Values of RingMode.
const (
	RingOff        RingMode = 1
	RingInside     RingMode = 2
	RingOutside    RingMode = 3
	RingFeature    RingMode = 4
	RingFlashOnly  RingMode = 5
	RingPrecedence RingMode = 6
)

var ringModeNames = map[RingMode]string{
	RingOff:        "Off",
	RingInside:     "Inside",
	RingOutside:    "Outside",
	RingFeature:    "Feature",
	RingFlashOnly:  "FlashOnly",
	RingPrecedence: "Precedence",
}

// String gives the name used in traces, or the number of a value that has none.
func (v RingMode) String() string { return nameOf(v, "RingMode", ringModeNames) }

// RingDuration says how long a phone rings.
type RingDuration uint32

// Values of RingDuration.
const (
	RingNormal RingDuration = 1
	RingSingle RingDuration = 2
)

var ringDurationNames = map[RingDuration]string{
	RingNormal: "Normal",
	RingSingle: "Single",
}

// String gives the name used in traces, or the number of a value that has none.
func (v RingDuration) String() string { return nameOf(v, "RingDuration", ringDurationNames) }

// LampMode is the state of a lamp.
type LampMode uint32

// Values of LampMode.
const (
	LampOff   LampMode = 1
	LampOn    LampMode = 2
	LampWink  LampMode = 3
	LampFlash LampMode = 4
	LampBlink LampMode = 5
)

var lampModeNames = map[LampMode]string{
	LampOff:   "Off",
	LampOn:    "On",
	LampWink:  "Wink",
	LampFlash: "Flash",
	LampBlink: "Blink",
}

// String gives the name used in traces, or the number of a value that has none.
func (v LampMode) String() string { return nameOf(v, "LampMode", lampModeNames) }

// ToneDirection says who hears a tone.
type ToneDirection uint32

// Values of ToneDirection.
const (
	ToneToUser    ToneDirection = 0
	ToneToNetwork ToneDirection = 1
	ToneToBoth    ToneDirection = 2
)

var toneDirectionNames = map[ToneDirection]string{
	ToneToUser:    "User",
	ToneToNetwork: "Network",
	ToneToBoth:    "Both",
}

// String gives the name used in traces, or the number of a value that has none.
func (v ToneDirection) String() string { return nameOf(v, "ToneDirection", toneDirectionNames) }

// CallType is the direction of a call seen from the phone.
type CallType uint32

// Values of CallType.
const (
	CallInbound  CallType = 1
	CallOutbound CallType = 2
	CallForward  CallType = 3
)

var callTypeNames = map[CallType]string{
	CallInbound:  "Inbound",
	CallOutbound: "Outbound",
	CallForward:  "Forward",
}

// String gives the name used in traces, or the number of a value that has none.
func (v CallType) String() string { return nameOf(v, "CallType", callTypeNames) }

// CallSecurity is the padlock of a call.
type CallSecurity uint32

// Values of CallSecurity.
const (
	SecurityUnknown          CallSecurity = 0
	SecurityNotAuthenticated CallSecurity = 1
	SecurityAuthenticated    CallSecurity = 2
	SecurityEncrypted        CallSecurity = 3
)

var callSecurityNames = map[CallSecurity]string{
	SecurityUnknown:          "Unknown",
	SecurityNotAuthenticated: "NotAuthenticated",
	SecurityAuthenticated:    "Authenticated",
	SecurityEncrypted:        "Encrypted",
}

// String gives the name used in traces, or the number of a value that has none.
func (v CallSecurity) String() string { return nameOf(v, "CallSecurity", callSecurityNames) }

// Privacy says how much of a call a phone shows.
type Privacy uint32

// Values of Privacy.
const (
	PrivacyNone    Privacy = 0
	PrivacyLimited Privacy = 1
	PrivacyFull    Privacy = 2
)

var privacyNames = map[Privacy]string{
	PrivacyNone:    "None",
	PrivacyLimited: "Limited",
	PrivacyFull:    "Full",
}

// String gives the name used in traces, or the number of a value that has none.
func (v Privacy) String() string { return nameOf(v, "Privacy", privacyNames) }

// CallHistory is the list in which a phone keeps a call.
type CallHistory uint32

// Values of CallHistory.
const (
	HistoryIgnore   CallHistory = 0
	HistoryPlaced   CallHistory = 1
	HistoryReceived CallHistory = 2
	HistoryMissed   CallHistory = 3
	HistoryUnknown  CallHistory = 65535
)

var callHistoryNames = map[CallHistory]string{
	HistoryIgnore:   "Ignore",
	HistoryPlaced:   "Placed",
	HistoryReceived: "Received",
	HistoryMissed:   "Missed",
	HistoryUnknown:  "Unknown",
}

// String gives the name used in traces, or the number of a value that has none.
func (v CallHistory) String() string { return nameOf(v, "CallHistory", callHistoryNames) }

// BLFStatus is what a busy lamp shows.
type BLFStatus uint32

// Values of BLFStatus.
const (
	BLFUnknown      BLFStatus = 0
	BLFIdle         BLFStatus = 1
	BLFInUse        BLFStatus = 2
	BLFDoNotDisturb BLFStatus = 3
	BLFAlerting     BLFStatus = 4
)

var bLFStatusNames = map[BLFStatus]string{
	BLFUnknown:      "Unknown",
	BLFIdle:         "Idle",
	BLFInUse:        "InUse",
	BLFDoNotDisturb: "DoNotDisturb",
	BLFAlerting:     "Alerting",
}

// String gives the name used in traces, or the number of a value that has none.
func (v BLFStatus) String() string { return nameOf(v, "BLFStatus", bLFStatusNames) }

// SubscriptionFeature is what a phone subscribes to.
type SubscriptionFeature uint32

// Values of SubscriptionFeature.
const (
	SubscriptionBLF SubscriptionFeature = 1
)

var subscriptionFeatureNames = map[SubscriptionFeature]string{
	SubscriptionBLF: "BLF",
}

// String gives the name used in traces, or the number of a value that has none.
func (v SubscriptionFeature) String() string {
	return nameOf(v, "SubscriptionFeature", subscriptionFeatureNames)
}

// SubscriptionCause is the answer to a subscription.
type SubscriptionCause uint32

// Values of SubscriptionCause.
const (
	SubscriptionOK             SubscriptionCause = 0
	SubscriptionRouteFail      SubscriptionCause = 1
	SubscriptionAuthFail       SubscriptionCause = 2
	SubscriptionTimeout        SubscriptionCause = 3
	SubscriptionTrunkTerm      SubscriptionCause = 4
	SubscriptionTrunkForbidden SubscriptionCause = 5
	SubscriptionThrottle       SubscriptionCause = 6
)

var subscriptionCauseNames = map[SubscriptionCause]string{
	SubscriptionOK:             "OK",
	SubscriptionRouteFail:      "RouteFail",
	SubscriptionAuthFail:       "AuthFail",
	SubscriptionTimeout:        "Timeout",
	SubscriptionTrunkTerm:      "TrunkTerm",
	SubscriptionTrunkForbidden: "TrunkForbidden",
	SubscriptionThrottle:       "Throttle",
}

// String gives the name used in traces, or the number of a value that has none.
func (v SubscriptionCause) String() string {
	return nameOf(v, "SubscriptionCause", subscriptionCauseNames)
}

// Sequence places a message in a segmented push.
type Sequence uint32

// Values of Sequence.
const (
	SequenceFirst Sequence = 0
	SequenceMore  Sequence = 1
	SequenceLast  Sequence = 2
)

var sequenceNames = map[Sequence]string{
	SequenceFirst: "First",
	SequenceMore:  "More",
	SequenceLast:  "Last",
}

// String gives the name used in traces, or the number of a value that has none.
func (v Sequence) String() string { return nameOf(v, "Sequence", sequenceNames) }

// Restriction lists what a display must hide of a call (sccp.md 3.11).
type Restriction uint32

// What can be hidden.
const (
	HideCallingName Restriction = 1 << iota
	HideCallingNumber
	HideCalledName
	HideCalledNumber
	HideOriginalCalledName
	HideOriginalCalledNumber
	HideLastRedirectingName
	HideLastRedirectingNumber
)
