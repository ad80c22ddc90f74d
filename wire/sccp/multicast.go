package sccp

import "net/netip"

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
