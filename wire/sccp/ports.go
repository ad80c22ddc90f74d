package sccp

import "net/netip"

// IPPort tells the UDP port for RTP of an old phone.
type IPPort struct{ Port uint16 }

// ID is 0x0002.
func (m *IPPort) ID() MessageID { return IDIPPort }

func (m *IPPort) layout(c *coder) { c.port(&m.Port) }

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
