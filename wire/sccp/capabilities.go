package sccp

// CapabilitiesReq asks for the phone's codecs; a phone that does not get it right after RegisterAck
// never finishes registering (sccp.md 4.1).
type CapabilitiesReq struct{}

// ID is 0x009B.
func (m *CapabilitiesReq) ID() MessageID { return IDCapabilitiesReq }

func (m *CapabilitiesReq) layout(*coder) {}

// MaxCapabilities is the room for codecs in every message that lists them.
const MaxCapabilities = 18

const capabilitySize = 16

// Capability is a codec that the phone has.
type Capability struct {
	Payload    Payload
	MaxFrames  uint32  // per packet; an upper bound, in units of 10 ms with most codecs
	Parameters [8]byte // depend on Payload: a G.723.1 bit rate, codec parameters, modem details
}

func (x *Capability) layout(c *coder) {
	u32(c, &x.Payload)
	u32(c, &x.MaxFrames)
	c.raw(x.Parameters[:])
}

// audio lays out n capabilities and the empty room after them.
func (c *coder) audio(p *[]Capability, n int) {
	if c.decoding {
		*p = slots[Capability](n)
	}
	for i := range n {
		(*p)[i].layout(c)
	}
	if !c.decoding {
		c.gap((MaxCapabilities - n) * capabilitySize)
	}
}

// CapabilitiesRes lists the phone's codecs, in its order of preference.
type CapabilitiesRes struct{ Audio []Capability }

// ID is 0x0010.
func (m *CapabilitiesRes) ID() MessageID { return IDCapabilitiesRes }

func (m *CapabilitiesRes) layout(c *coder) {
	count := uint32(len(m.Audio))
	u32(c, &count)
	c.audio(&m.Audio, c.count(count, capabilitySize, MaxCapabilities))
}

// UpdateCapabilities lists codecs unasked, or instead of CapabilitiesRes. Which of its three forms a
// phone sends depends on the model, not on the version. Video and data capabilities are read over, and
// sent as none.
type UpdateCapabilities struct {
	Form             uint8 // 1, 2 or 3
	RTPPayloadFormat uint32
	Audio            []Capability
}

// Where the codecs begin in each form, and how long each form is (sccp.md 2.2).
const (
	audioOffset    = 312
	updateSizeV1   = 1840
	updateSizeV2   = 2000
	updateSizeV3   = 2100 // and 40 more from version 16 on
	updateGrowthV3 = 40
)

// ID is 0x0030, 0x0043 or 0x0044, by Form.
func (m *UpdateCapabilities) ID() MessageID {
	switch m.Form {
	case 2:
		return IDUpdateCapabilitiesV2
	case 3:
		return IDUpdateCapabilitiesV3
	}
	return IDUpdateCapabilities
}

func (m *UpdateCapabilities) layout(c *coder) {
	count := uint32(len(m.Audio))
	u32(c, &count)
	c.gap(8) // counts of video and data capabilities
	u32(c, &m.RTPPayloadFormat)
	c.gap(audioOffset - 16)
	c.audio(&m.Audio, c.count(count, capabilitySize, MaxCapabilities))
	if c.decoding {
		return
	}
	size := updateSizeV1
	switch {
	case m.Form == 2:
		size = updateSizeV2
	case m.Form == 3 && c.has(requestedAddressType):
		size = updateSizeV3 + updateGrowthV3
	case m.Form == 3:
		size = updateSizeV3
	}
	c.gap(size - (len(c.buf) - c.start))
}
