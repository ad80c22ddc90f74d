package sccp

import "fmt"

// The small enumerations (sccp.md 3.5, 3.6, 3.9, 3.10).

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

// MediaStatus is the result of opening a channel or of starting to send. Sources give two values for a phone that is on hook; see OnHook.
type MediaStatus uint32

// Values of MediaStatus.
const (
	MediaOK                     MediaStatus = 0
	MediaUnknown                MediaStatus = 1
	MediaNotEnoughChannels      MediaStatus = 2
	MediaCodecTooComplex        MediaStatus = 3
	MediaInvalidPartyID         MediaStatus = 4
	MediaInvalidCallReference   MediaStatus = 5
	MediaInvalidCodec           MediaStatus = 6
	MediaInvalidPacketSize      MediaStatus = 7
	MediaOutOfSockets           MediaStatus = 8
	MediaCoderFailed            MediaStatus = 9
	MediaInvalidDynamicPayload  MediaStatus = 10
	MediaAddressTypeUnavailable MediaStatus = 11
	MediaDeviceOnHookOld        MediaStatus = 12
	MediaDeviceOnHook           MediaStatus = 255
)

var mediaStatusNames = map[MediaStatus]string{
	MediaOK:                     "OK",
	MediaUnknown:                "Unknown",
	MediaNotEnoughChannels:      "NotEnoughChannels",
	MediaCodecTooComplex:        "CodecTooComplex",
	MediaInvalidPartyID:         "InvalidPartyID",
	MediaInvalidCallReference:   "InvalidCallReference",
	MediaInvalidCodec:           "InvalidCodec",
	MediaInvalidPacketSize:      "InvalidPacketSize",
	MediaOutOfSockets:           "OutOfSockets",
	MediaCoderFailed:            "CoderFailed",
	MediaInvalidDynamicPayload:  "InvalidDynamicPayload",
	MediaAddressTypeUnavailable: "AddressTypeUnavailable",
	MediaDeviceOnHookOld:        "DeviceOnHookOld",
	MediaDeviceOnHook:           "DeviceOnHook",
}

// String gives the name used in traces, or the number of a value that has none.
func (v MediaStatus) String() string { return nameOf(v, "MediaStatus", mediaStatusNames) }

// MulticastStatus is the result of listening to a group.
type MulticastStatus uint32

// Values of MulticastStatus.
const (
	MulticastOK    MulticastStatus = 0
	MulticastError MulticastStatus = 1
)

var multicastStatusNames = map[MulticastStatus]string{
	MulticastOK:    "OK",
	MulticastError: "Error",
}

// String gives the name used in traces, or the number of a value that has none.
func (v MulticastStatus) String() string { return nameOf(v, "MulticastStatus", multicastStatusNames) }

// StatsProcessing says what becomes of the counters after the report.
type StatsProcessing uint32

// Values of StatsProcessing.
const (
	StatsClear StatsProcessing = 0
	StatsKeep  StatsProcessing = 1
)

var statsProcessingNames = map[StatsProcessing]string{
	StatsClear: "Clear",
	StatsKeep:  "Keep",
}

// String gives the name used in traces, or the number of a value that has none.
func (v StatsProcessing) String() string { return nameOf(v, "StatsProcessing", statsProcessingNames) }

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

// EncryptionAlgorithm is the cipher of a media stream.
type EncryptionAlgorithm uint32

// Values of EncryptionAlgorithm.
const (
	EncryptionNone         EncryptionAlgorithm = 0
	EncryptionAES128HMAC32 EncryptionAlgorithm = 1
	EncryptionAES128HMAC80 EncryptionAlgorithm = 2
	EncryptionF8HMAC32     EncryptionAlgorithm = 3
	EncryptionF8HMAC80     EncryptionAlgorithm = 4
	EncryptionAES128GCM    EncryptionAlgorithm = 5
	EncryptionAES256GCM    EncryptionAlgorithm = 6
)

var encryptionAlgorithmNames = map[EncryptionAlgorithm]string{
	EncryptionNone:         "None",
	EncryptionAES128HMAC32: "AES128HMAC32",
	EncryptionAES128HMAC80: "AES128HMAC80",
	EncryptionF8HMAC32:     "F8HMAC32",
	EncryptionF8HMAC80:     "F8HMAC80",
	EncryptionAES128GCM:    "AES128GCM",
	EncryptionAES256GCM:    "AES256GCM",
}

// String gives the name used in traces, or the number of a value that has none.
func (v EncryptionAlgorithm) String() string {
	return nameOf(v, "EncryptionAlgorithm", encryptionAlgorithmNames)
}

// MediaType is the kind of a stream.
type MediaType uint32

// Values of MediaType.
const (
	MediaInvalid           MediaType = 0
	MediaAudio             MediaType = 1
	MediaMainVideo         MediaType = 2
	MediaFECC              MediaType = 3
	MediaPresentationVideo MediaType = 4
	MediaBFCP              MediaType = 5
	MediaIXChannel         MediaType = 6
	MediaT38               MediaType = 7
)

var mediaTypeNames = map[MediaType]string{
	MediaInvalid:           "Invalid",
	MediaAudio:             "Audio",
	MediaMainVideo:         "MainVideo",
	MediaFECC:              "FECC",
	MediaPresentationVideo: "PresentationVideo",
	MediaBFCP:              "BFCP",
	MediaIXChannel:         "IXChannel",
	MediaT38:               "T38",
}

// String gives the name used in traces, or the number of a value that has none.
func (v MediaType) String() string { return nameOf(v, "MediaType", mediaTypeNames) }

// Transport is the transport of a stream.
type Transport uint32

// Values of Transport.
const (
	TransportRTP Transport = 1
	TransportUDP Transport = 2
	TransportTCP Transport = 3
)

var transportNames = map[Transport]string{
	TransportRTP: "RTP",
	TransportUDP: "UDP",
	TransportTCP: "TCP",
}

// String gives the name used in traces, or the number of a value that has none.
func (v Transport) String() string { return nameOf(v, "Transport", transportNames) }

// AddressType is a family of IP addresses.
type AddressType uint32

// Values of AddressType.
const (
	AddressIPv4    AddressType = 0
	AddressIPv6    AddressType = 1
	AddressBoth    AddressType = 2
	AddressInvalid AddressType = 3
)

var addressTypeNames = map[AddressType]string{
	AddressIPv4:    "IPv4",
	AddressIPv6:    "IPv6",
	AddressBoth:    "Both",
	AddressInvalid: "Invalid",
}

// String gives the name used in traces, or the number of a value that has none.
func (v AddressType) String() string { return nameOf(v, "AddressType", addressTypeNames) }

// Key is a key of the number pad.
type Key uint32

// Values of Key.
const (
	Key0     Key = 0
	Key1     Key = 1
	Key2     Key = 2
	Key3     Key = 3
	Key4     Key = 4
	Key5     Key = 5
	Key6     Key = 6
	Key7     Key = 7
	Key8     Key = 8
	Key9     Key = 9
	KeyA     Key = 10
	KeyB     Key = 11
	KeyC     Key = 12
	KeyD     Key = 13
	KeyStar  Key = 14
	KeyPound Key = 15
	KeyPlus  Key = 16
)

var keyNames = map[Key]string{
	Key0:     "0",
	Key1:     "1",
	Key2:     "2",
	Key3:     "3",
	Key4:     "4",
	Key5:     "5",
	Key6:     "6",
	Key7:     "7",
	Key8:     "8",
	Key9:     "9",
	KeyA:     "A",
	KeyB:     "B",
	KeyC:     "C",
	KeyD:     "D",
	KeyStar:  "Star",
	KeyPound: "Pound",
	KeyPlus:  "Plus",
}

// String gives the name used in traces, or the number of a value that has none.
func (v Key) String() string { return nameOf(v, "Key", keyNames) }

// SoftKeySet is a situation that has its own soft keys (sccp.md 3.6).
type SoftKeySet uint32

// Values of SoftKeySet.
const (
	KeysOnHook              SoftKeySet = 0
	KeysConnected           SoftKeySet = 1
	KeysOnHold              SoftKeySet = 2
	KeysRingIn              SoftKeySet = 3
	KeysOffHook             SoftKeySet = 4
	KeysConnectedTransfer   SoftKeySet = 5
	KeysDigits              SoftKeySet = 6
	KeysConnectedConference SoftKeySet = 7
	KeysRingOut             SoftKeySet = 8
	KeysOffHookFeature      SoftKeySet = 9
	KeysRemoteInUse         SoftKeySet = 10
	KeysOnHookStealable     SoftKeySet = 11
)

var softKeySetNames = map[SoftKeySet]string{
	KeysOnHook:              "OnHook",
	KeysConnected:           "Connected",
	KeysOnHold:              "OnHold",
	KeysRingIn:              "RingIn",
	KeysOffHook:             "OffHook",
	KeysConnectedTransfer:   "ConnectedTransfer",
	KeysDigits:              "Digits",
	KeysConnectedConference: "ConnectedConference",
	KeysRingOut:             "RingOut",
	KeysOffHookFeature:      "OffHookFeature",
	KeysRemoteInUse:         "RemoteInUse",
	KeysOnHookStealable:     "OnHookStealable",
}

// String gives the name used in traces, or the number of a value that has none.
func (v SoftKeySet) String() string { return nameOf(v, "SoftKeySet", softKeySetNames) }

// SoftKeyCode is the event of a soft key, in the numbering of CallManager 4.x (sccp.md 3.5). The phone returns what the template gave it.
type SoftKeyCode uint32

// Values of SoftKeyCode.
const (
	SoftKeyRedial            SoftKeyCode = 1
	SoftKeyNewCall           SoftKeyCode = 2
	SoftKeyHold              SoftKeyCode = 3
	SoftKeyTransfer          SoftKeyCode = 4
	SoftKeyForwardAll        SoftKeyCode = 5
	SoftKeyForwardBusy       SoftKeyCode = 6
	SoftKeyForwardNoAnswer   SoftKeyCode = 7
	SoftKeyBackspace         SoftKeyCode = 8
	SoftKeyEndCall           SoftKeyCode = 9
	SoftKeyResume            SoftKeyCode = 10
	SoftKeyAnswer            SoftKeyCode = 11
	SoftKeyInfo              SoftKeyCode = 12
	SoftKeyConference        SoftKeyCode = 13
	SoftKeyPark              SoftKeyCode = 14
	SoftKeyJoin              SoftKeyCode = 15
	SoftKeyMeetMe            SoftKeyCode = 16
	SoftKeyPickup            SoftKeyCode = 17
	SoftKeyGroupPickup       SoftKeyCode = 18
	SoftKeyRemoveLast        SoftKeyCode = 19
	SoftKeyCallBack          SoftKeyCode = 20
	SoftKeyBarge             SoftKeyCode = 21
	SoftKeyDoNotDisturb      SoftKeyCode = 22
	SoftKeyPrivate           SoftKeyCode = 25
	SoftKeyTransferVoiceMail SoftKeyCode = 26
	SoftKeyDirectTransfer    SoftKeyCode = 28
	SoftKeySelect            SoftKeyCode = 29
	SoftKeyConferenceList    SoftKeyCode = 30
	SoftKeyEmpty             SoftKeyCode = 31
	SoftKeyDial              SoftKeyCode = 32
	SoftKeyVideoMode         SoftKeyCode = 33
)

var softKeyCodeNames = map[SoftKeyCode]string{
	SoftKeyRedial:            "Redial",
	SoftKeyNewCall:           "NewCall",
	SoftKeyHold:              "Hold",
	SoftKeyTransfer:          "Transfer",
	SoftKeyForwardAll:        "ForwardAll",
	SoftKeyForwardBusy:       "ForwardBusy",
	SoftKeyForwardNoAnswer:   "ForwardNoAnswer",
	SoftKeyBackspace:         "Backspace",
	SoftKeyEndCall:           "EndCall",
	SoftKeyResume:            "Resume",
	SoftKeyAnswer:            "Answer",
	SoftKeyInfo:              "Info",
	SoftKeyConference:        "Conference",
	SoftKeyPark:              "Park",
	SoftKeyJoin:              "Join",
	SoftKeyMeetMe:            "MeetMe",
	SoftKeyPickup:            "Pickup",
	SoftKeyGroupPickup:       "GroupPickup",
	SoftKeyRemoveLast:        "RemoveLast",
	SoftKeyCallBack:          "CallBack",
	SoftKeyBarge:             "Barge",
	SoftKeyDoNotDisturb:      "DoNotDisturb",
	SoftKeyPrivate:           "Private",
	SoftKeyTransferVoiceMail: "TransferVoiceMail",
	SoftKeyDirectTransfer:    "DirectTransfer",
	SoftKeySelect:            "Select",
	SoftKeyConferenceList:    "ConferenceList",
	SoftKeyEmpty:             "Empty",
	SoftKeyDial:              "Dial",
	SoftKeyVideoMode:         "VideoMode",
}

// String gives the name used in traces, or the number of a value that has none.
func (v SoftKeyCode) String() string { return nameOf(v, "SoftKeyCode", softKeyCodeNames) }

// OnHook reports whether the phone refused because it is on hook; both published values count.
func (v MediaStatus) OnHook() bool { return v == MediaDeviceOnHook || v == MediaDeviceOnHookOld }

// Digit is the character of a pad key: 0-9, A-D, * # or +; 0 for a number that no key has.
func (v Key) Digit() byte {
	if v > KeyPlus {
		return 0
	}
	return "0123456789ABCD*#+"[v]
}

// KeyOf is the pad key of a character, and whether there is one.
func KeyOf(digit byte) (Key, bool) {
	for k := Key0; k <= KeyPlus; k++ {
		if k.Digit() == digit {
			return k, true
		}
	}
	return 0, false
}

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
