package sccp

import "net/netip"

// MediaPorts is the room of MediaPortList.
const MediaPorts = 16

// MediaPortList tells which UDP ports a device has.
type MediaPortList struct{ Ports []uint32 }

// ID is 0x0011.
func (m *MediaPortList) ID() MessageID { return IDMediaPortList }

func (m *MediaPortList) layout(c *coder) {
	count := uint32(len(m.Ports))
	u32(c, &count)
	n := c.count(count, 4, MediaPorts)
	if c.decoding {
		m.Ports = slots[uint32](n)
	}
	for i := range n {
		u32(c, &m.Ports[i])
	}
	if !c.decoding {
		c.gap((MediaPorts - n) * 4)
	}
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

// PortReq asks which port will be used, before the channel is opened.
type PortReq struct {
	ConferenceID       uint32
	CallReference      uint32
	PassThroughPartyID uint32
	Transport          Transport
	AddressType        AddressType
	Media              MediaType
}

// ID is 0x014B.
func (m *PortReq) ID() MessageID { return IDPortReq }

func (m *PortReq) layout(c *coder) {
	u32(c, &m.ConferenceID)
	u32(c, &m.CallReference)
	u32(c, &m.PassThroughPartyID)
	u32(c, &m.Transport)
	u32(c, &m.AddressType)
	u32(c, &m.Media)
}

// PortRes answers PortReq.
type PortRes struct {
	ConferenceID       uint32
	CallReference      uint32
	PassThroughPartyID uint32
	Address            netip.AddrPort
	RTCPPort           uint16
	Media              MediaType // from version 19 on
}

// ID is 0x0045.
func (m *PortRes) ID() MessageID { return IDPortRes }

func (m *PortRes) layout(c *coder) {
	u32(c, &m.ConferenceID)
	u32(c, &m.CallReference)
	u32(c, &m.PassThroughPartyID)
	c.endpoint(&m.Address, c.typedAddress(24))
	c.port(&m.RTCPPort)
	if c.has(portMediaType) {
		u32(c, &m.Media)
	}
}

// PortClose gives a port back.
type PortClose struct {
	ConferenceID       uint32
	CallReference      uint32
	PassThroughPartyID uint32
	Media              MediaType
}

// ID is 0x014C.
func (m *PortClose) ID() MessageID { return IDPortClose }

func (m *PortClose) layout(c *coder) {
	u32(c, &m.ConferenceID)
	u32(c, &m.CallReference)
	u32(c, &m.PassThroughPartyID)
	u32(c, &m.Media)
}

// StartMulticastMediaReception makes the phone listen to a group, for music on hold.
type StartMulticastMediaReception struct {
	ConferenceID       uint32
	PassThroughPartyID uint32
	Group              netip.AddrPort
	PacketMillis       uint32
	Payload            Payload
	EchoCancellation   bool
	Codec              CodecParameters
	CallReference      uint32
}

// ID is 0x0101.
func (m *StartMulticastMediaReception) ID() MessageID { return IDStartMulticastMediaReception }

func (m *StartMulticastMediaReception) layout(c *coder) {
	u32(c, &m.ConferenceID)
	u32(c, &m.PassThroughPartyID)
	c.endpoint(&m.Group, c.typedAddress(36))
	u32(c, &m.PacketMillis)
	u32(c, &m.Payload)
	c.flag(&m.EchoCancellation)
	m.Codec.layout(c)
	u32(c, &m.CallReference)
}

// MulticastMediaReceptionAck answers it.
type MulticastMediaReceptionAck struct {
	Status             MulticastStatus
	PassThroughPartyID uint32
	CallReference      uint32
}

// ID is 0x0021.
func (m *MulticastMediaReceptionAck) ID() MessageID { return IDMulticastMediaReceptionAck }

func (m *MulticastMediaReceptionAck) layout(c *coder) {
	u32(c, &m.Status)
	u32(c, &m.PassThroughPartyID)
	u32(c, &m.CallReference)
}

// StartMulticastMediaTransmission makes the phone send to a group.
type StartMulticastMediaTransmission struct {
	ConferenceID       uint32
	PassThroughPartyID uint32
	Group              netip.AddrPort
	PacketMillis       uint32
	Payload            Payload
	Precedence         uint32
	SilenceSuppression bool
	MaxFramesPerPacket uint16
	Codec              CodecParameters
	CallReference      uint32
}

// ID is 0x0102.
func (m *StartMulticastMediaTransmission) ID() MessageID { return IDStartMulticastMediaTransmission }

func (m *StartMulticastMediaTransmission) layout(c *coder) {
	u32(c, &m.ConferenceID)
	u32(c, &m.PassThroughPartyID)
	c.endpoint(&m.Group, c.typedAddress(44))
	u32(c, &m.PacketMillis)
	u32(c, &m.Payload)
	u32(c, &m.Precedence)
	c.flag(&m.SilenceSuppression)
	u16(c, &m.MaxFramesPerPacket)
	c.gap(2)
	m.Codec.layout(c)
	u32(c, &m.CallReference)
}

// StopMulticastMediaReception ends listening to a group.
type StopMulticastMediaReception struct {
	ConferenceID       uint32
	PassThroughPartyID uint32
	CallReference      uint32
}

// ID is 0x0103.
func (m *StopMulticastMediaReception) ID() MessageID { return IDStopMulticastMediaReception }

func (m *StopMulticastMediaReception) layout(c *coder) {
	u32(c, &m.ConferenceID)
	u32(c, &m.PassThroughPartyID)
	u32(c, &m.CallReference)
}

// StopMulticastMediaTransmission ends sending to a group.
type StopMulticastMediaTransmission struct {
	ConferenceID       uint32
	PassThroughPartyID uint32
	CallReference      uint32
}

// ID is 0x0104.
func (m *StopMulticastMediaTransmission) ID() MessageID { return IDStopMulticastMediaTransmission }

func (m *StopMulticastMediaTransmission) layout(c *coder) {
	u32(c, &m.ConferenceID)
	u32(c, &m.PassThroughPartyID)
	u32(c, &m.CallReference)
}

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
