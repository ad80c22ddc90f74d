package sccp

// Enumerations of media (sccp.md 3.2, 3.9).

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

// OnHook reports whether the phone refused because it is on hook; both published values count.
func (v MediaStatus) OnHook() bool { return v == MediaDeviceOnHook || v == MediaDeviceOnHookOld }

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
