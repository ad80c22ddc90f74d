package sccp

import (
	"fmt"
	"net/netip"
)

// CodecParameters is the word that some codecs need beside their number. For G.723.1 it holds the bit
// rate, in Mode.
type CodecParameters struct {
	Mode           uint8
	DynamicPayload uint8 // RTP payload type of a codec that has no static one
	Param1, Param2 uint8
}

// G.723.1 bit rates for CodecParameters.Mode.
const (
	G723At5_3k = 1
	G723At6_3k = 2
)

func (p *CodecParameters) layout(c *coder) {
	u8(c, &p.Mode)
	u8(c, &p.DynamicPayload)
	u8(c, &p.Param1)
	u8(c, &p.Param2)
}

// Encryption is the key of a media stream; all zero for none.
type Encryption struct {
	Algorithm EncryptionAlgorithm
	KeySize   uint16 // bytes of Key in use
	SaltSize  uint16 // bytes of Salt in use
	Key, Salt [16]byte
}

func (e *Encryption) layout(c *coder) {
	u32(c, &e.Algorithm)
	u16(c, &e.KeySize)
	u16(c, &e.SaltSize)
	if e.KeySize > 16 || e.SaltSize > 16 {
		c.fail(fmt.Errorf("%w: key of %d, salt of %d bytes", ErrCount, e.KeySize, e.SaltSize))
		return
	}
	c.raw(e.Key[:])
	c.raw(e.Salt[:])
}

// StreamOptions are the words at the end of both media messages from version 7 on.
type StreamOptions struct {
	MKI                uint32
	KeyDerivationRate  uint32
	StreamID           uint32 // stream pass-through id
	AssociatedStreamID uint32
	RFC2833Payload     uint32 // RTP payload type of DTMF events; 0 for none
	DTMFType           uint32 // DTMFEvents with RFC2833Payload, or 0
}

// DTMFEvents is the DTMFType that servers send with the payload type of DTMF events (sccp.md 2.5).
const DTMFEvents = 10

func (o *StreamOptions) layout(c *coder) {
	u32(c, &o.MKI)
	u32(c, &o.KeyDerivationRate)
	u32(c, &o.StreamID)
	u32(c, &o.AssociatedStreamID)
	u32(c, &o.RFC2833Payload)
	u32(c, &o.DTMFType)
}

// latentSize is the size of the latent capabilities, which are of modems and read over.
const latentSize = 36

// OpenReceiveChannel makes the phone open a UDP port and tell it with OpenReceiveChannelAck.
type OpenReceiveChannel struct {
	ConferenceID       uint32
	PassThroughPartyID uint32
	PacketMillis       uint32 // of audio per packet
	Payload            Payload
	EchoCancellation   bool
	Codec              CodecParameters
	CallReference      uint32
	Encryption         Encryption
	Options            StreamOptions
	MixingMode         uint32
	PartyDirection     uint32
	Source             netip.AddrPort // leave zero: some phones do not answer otherwise (sccp.md 7)
	AddressType        AddressType
	AudioLevel         uint32 // only read
}

// ID is 0x0105.
func (m *OpenReceiveChannel) ID() MessageID { return IDOpenReceiveChannel }

func (m *OpenReceiveChannel) layout(c *coder) {
	u32(c, &m.ConferenceID)
	u32(c, &m.PassThroughPartyID)
	u32(c, &m.PacketMillis)
	u32(c, &m.Payload)
	c.flag(&m.EchoCancellation)
	m.Codec.layout(c)
	u32(c, &m.CallReference)
	m.Encryption.layout(c)
	if c.has(streamWords) {
		m.Options.layout(c)
	}
	if c.has(receiveSource) {
		u32(c, &m.MixingMode)
		u32(c, &m.PartyDirection)
		c.endpoint(&m.Source, c.typedAddress(112))
	}
	if c.has(requestedAddressType) {
		u32(c, &m.AddressType)
	}
	if c.decoding && c.has(audioLevel) {
		u32(c, &m.AudioLevel)
	}
	if c.decoding && c.has(latentCapabilities) {
		c.gap(latentSize)
	}
}

// OpenReceiveChannelAck tells where the phone listens, or why it cannot. CallReference is missing from
// older phones: the call is found by PassThroughPartyID.
type OpenReceiveChannelAck struct {
	Status             MediaStatus
	Address            netip.AddrPort
	PassThroughPartyID uint32
	CallReference      uint32
}

// ID is 0x0022.
func (m *OpenReceiveChannelAck) ID() MessageID { return IDOpenReceiveChannelAck }

func (m *OpenReceiveChannelAck) layout(c *coder) {
	u32(c, &m.Status)
	c.endpoint(&m.Address, c.typedAddress(20))
	u32(c, &m.PassThroughPartyID)
	u32(c, &m.CallReference)
}

// CloseReceiveChannel ends reception.
type CloseReceiveChannel struct {
	ConferenceID       uint32
	PassThroughPartyID uint32
	CallReference      uint32
	KeepPort           bool
}

// ID is 0x0106.
func (m *CloseReceiveChannel) ID() MessageID { return IDCloseReceiveChannel }

func (m *CloseReceiveChannel) layout(c *coder) {
	u32(c, &m.ConferenceID)
	u32(c, &m.PassThroughPartyID)
	u32(c, &m.CallReference)
	c.flag(&m.KeepPort)
}

// StartMediaTransmission makes the phone send to an address.
type StartMediaTransmission struct {
	ConferenceID       uint32
	PassThroughPartyID uint32
	Remote             netip.AddrPort
	PacketMillis       uint32
	Payload            Payload
	Precedence         uint32 // the whole DSCP byte of RTP: PrecedenceEF
	SilenceSuppression bool
	MaxFramesPerPacket uint16
	Codec              CodecParameters
	CallReference      uint32
	Encryption         Encryption
	Options            StreamOptions
	MixingMode         uint32
	PartyDirection     uint32
}

// PrecedenceEF marks RTP as expedited forwarding.
const PrecedenceEF = 0xB8

// ID is 0x008A.
func (m *StartMediaTransmission) ID() MessageID { return IDStartMediaTransmission }

func (m *StartMediaTransmission) layout(c *coder) {
	u32(c, &m.ConferenceID)
	u32(c, &m.PassThroughPartyID)
	c.endpoint(&m.Remote, c.typedAddress(116))
	u32(c, &m.PacketMillis)
	u32(c, &m.Payload)
	u32(c, &m.Precedence)
	c.flag(&m.SilenceSuppression)
	u16(c, &m.MaxFramesPerPacket)
	c.gap(2)
	m.Codec.layout(c)
	u32(c, &m.CallReference)
	m.Encryption.layout(c)
	if c.has(streamWords) {
		m.Options.layout(c)
		u32(c, &m.MixingMode)
	}
	if c.has(transmitDirection) {
		u32(c, &m.PartyDirection)
	}
	if c.decoding && c.has(latentCapabilities) {
		c.gap(latentSize)
	}
}

// StartMediaTransmissionAck tells from where the phone sends.
type StartMediaTransmissionAck struct {
	ConferenceID       uint32
	PassThroughPartyID uint32
	CallReference      uint32
	Address            netip.AddrPort
	Status             MediaStatus
}

// ID is 0x0154.
func (m *StartMediaTransmissionAck) ID() MessageID { return IDStartMediaTransmissionAck }

func (m *StartMediaTransmissionAck) layout(c *coder) {
	u32(c, &m.ConferenceID)
	u32(c, &m.PassThroughPartyID)
	u32(c, &m.CallReference)
	c.endpoint(&m.Address, c.typedAddress(24))
	u32(c, &m.Status)
}

// StopMediaTransmission ends sending.
type StopMediaTransmission struct {
	ConferenceID       uint32
	PassThroughPartyID uint32
	CallReference      uint32
	KeepPort           bool
}

// ID is 0x008B.
func (m *StopMediaTransmission) ID() MessageID { return IDStopMediaTransmission }

func (m *StopMediaTransmission) layout(c *coder) {
	u32(c, &m.ConferenceID)
	u32(c, &m.PassThroughPartyID)
	u32(c, &m.CallReference)
	c.flag(&m.KeepPort)
}

// MediaTransmissionFailure reports that what an old phone sends is not received.
type MediaTransmissionFailure struct {
	ConferenceID       uint32
	PassThroughPartyID uint32
	Remote             netip.AddrPort
	CallReference      uint32
}

// ID is 0x002A.
func (m *MediaTransmissionFailure) ID() MessageID { return IDMediaTransmissionFailure }

func (m *MediaTransmissionFailure) layout(c *coder) {
	u32(c, &m.ConferenceID)
	u32(c, &m.PassThroughPartyID)
	c.endpoint(&m.Remote, c.typedAddress(20))
	u32(c, &m.CallReference)
}

// StartMediaReception is obsolete and empty.
type StartMediaReception struct{}

// ID is 0x008C.
func (m *StartMediaReception) ID() MessageID { return IDStartMediaReception }

func (m *StartMediaReception) layout(*coder) {}

// StopMediaReception is obsolete.
type StopMediaReception struct{ ConferenceID, PassThroughPartyID uint32 }

// ID is 0x008D.
func (m *StopMediaReception) ID() MessageID { return IDStopMediaReception }

func (m *StopMediaReception) layout(c *coder) { u32(c, &m.ConferenceID); u32(c, &m.PassThroughPartyID) }

// StartMediaFailureDetection makes the phone watch its received stream.
type StartMediaFailureDetection struct {
	ConferenceID       uint32
	PassThroughPartyID uint32
	PacketMillis       uint32
	Payload            Payload
	EchoCancellation   bool
	Codec              CodecParameters
	CallReference      uint32
}

// ID is 0x011C.
func (m *StartMediaFailureDetection) ID() MessageID { return IDStartMediaFailureDetection }

func (m *StartMediaFailureDetection) layout(c *coder) {
	u32(c, &m.ConferenceID)
	u32(c, &m.PassThroughPartyID)
	u32(c, &m.PacketMillis)
	u32(c, &m.Payload)
	c.flag(&m.EchoCancellation)
	m.Codec.layout(c)
	u32(c, &m.CallReference)
}
