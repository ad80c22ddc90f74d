package sccp

// Version is a protocol version: the number that a phone offers in Register and the server answers in
// RegisterAck. It selects the layout of every later message of the session (sccp.md 1.2, 1.4).
type Version uint8

// The range of versions that this package sends, and the highest whose layouts it can read. Above 17
// published sources contradict each other about the width of numbers (sccp.md 1.4, 7), so nothing is
// sent there; frames of such phones are decoded all the same.
const (
	MinVersion    Version = 3
	MaxVersion    Version = 17
	MaxReadable   Version = 22
	firstInHeader Version = 10 // from here on the header carries the version; below it carries 0
)

// HeaderWord is the second word of a frame in a session of this version (sccp.md 1.2).
func (v Version) HeaderWord() uint32 {
	if v < firstInHeader {
		return 0
	}
	return uint32(v)
}

// Negotiate is the version in which a server speaks with a device that offered one: never above
// MaxVersion, never below MinVersion (devices too old to offer anything take version 3). The ATA 186
// and 188 report a meaningless 33 and speak version 3 (sccp.md 1.3). Versions 12 to 14 are not known to
// exist: no header version is published for them (sccp.md 1.1), so 11 is answered.
func Negotiate(device DeviceType, offered Version) Version {
	switch {
	case device == DeviceATA186, device == DeviceATA188:
		return MinVersion
	case offered >= 12 && offered <= 14:
		return 11
	}
	return min(max(offered, MinVersion), MaxVersion)
}

// Features are the three bytes that follow the version in Register and RegisterAck (sccp.md 1.3).
type Features [3]byte

// UTF8 reports whether the phone announced that it displays UTF-8 text.
func (f Features) UTF8() bool { return f[1]&0x10 != 0 }

// RFC2833 reports whether the phone announced DTMF as RTP events.
func (f Features) RFC2833() bool { return f[2]&0x04 != 0 }

// AbbreviatedDial reports whether the phone announced abbreviated dialling.
func (f Features) AbbreviatedDial() bool { return f[2]&0x80 != 0 }

// AckFeatures are the feature bytes that a server sends in RegisterAck for a version (sccp.md 1.3).
func AckFeatures(v Version) Features {
	switch {
	case v <= 3:
		return Features{}
	case v < 11:
		return Features{0x20, 0xF1, 0xFE}
	}
	return Features{0x20, 0xF1, 0xFF}
}

// A change is one point in which layouts differ between versions.
type change uint8

const (
	streamWords change = iota
	codecParameters
	stopToneTone
	receiveSource
	transmitDirection
	registerTail
	utf8Text
	callInfoAlternate
	callInfoHuntPilot
	requestedAddressType
	typedAddress
	enblocLine
	audioLevel
	wideNumbers
	portMediaType
	latentCapabilities
	changes
)

// since names the first version with each change. It is the only place that knows.
var since = [changes]Version{
	// OpenReceiveChannel and StartMediaTransmission end after the encryption salt in what CallManager
	// 4.x sends (version 5/6, sccp.md 2.1); the words about key derivation and DTMF follow from here on.
	streamWords: 7,
	// The word after echo cancellation / packet limits is a G.723 bit rate before, a union after.
	codecParameters: 11,
	// StopTone names the tone.
	stopToneTone: 11,
	// OpenReceiveChannel carries mixing mode, party direction and the expected source.
	receiveSource: 11,
	// StartMediaTransmission carries the party direction: length 0x78 in frames of version 11 phones
	// (sccp.md 2.1, 8); one dissector expects it from 15 on and ignores it before.
	transmitDirection: 11,
	// Register grew from 64 to 124 bytes (sccp.md 2.2).
	registerTail: 11,
	// Phones that offered 11 (7940/7960 loads) do not announce UTF-8, those that offered 15 do
	// (sccp.md 1.3). Used only where the phone's feature bits are not at hand.
	utf8Text: 15,
	// CallInfo carries the alternate calling number: 12 strings before, 13 from here (sccp.md 1.4, 7).
	callInfoAlternate: 16,
	// CallInfo may end in the hunt pilot.
	callInfoHuntPilot: 17,
	// OpenReceiveChannel asks for an address family.
	requestedAddressType: 16,
	// Addresses are a family word and 16 bytes instead of four bytes.
	typedAddress: 17,
	// EnblocCall names its line.
	enblocLine: 17,
	// OpenReceiveChannel may end in an audio level adjustment; phones of version 17 and 18 work
	// without it (length 0x84, sccp.md 2.1), so it is read, never sent.
	audioLevel: 17,
	// Numbers in fixed fields may be 25 bytes, packed or padded; read by length (sccp.md 1.4).
	wideNumbers: 18,
	// PortRes names the kind of media.
	portMediaType: 19,
	// Both media messages end in latent capabilities.
	latentCapabilities: 21,
}

func (v Version) has(c change) bool { return v >= since[c] }
