package sccp

// Sizes of the soft-key tables (sccp.md 2.2).
const (
	SoftKeysPerTemplate = 32
	SoftKeySetsPerTable = 16
	SoftKeysPerSet      = 16
)

// SoftKeyTemplateReq asks for the list of all soft keys.
type SoftKeyTemplateReq struct{}

// ID is 0x0028.
func (m *SoftKeyTemplateReq) ID() MessageID { return IDSoftKeyTemplateReq }

func (m *SoftKeyTemplateReq) layout(*coder) {}

// SoftKey is a key of the template: what it shows and what the phone sends when it is pressed.
type SoftKey struct {
	Label string // Label.Text, or words; 15 bytes at most
	Event SoftKeyCode
}

// SoftKeyTemplateRes lists all soft keys; sets refer to them by position, counted from 1.
type SoftKeyTemplateRes struct {
	Offset uint32
	Total  uint32    // keys of all messages; 0 stands for Offset plus len(Keys)
	Keys   []SoftKey // SoftKeysPerTemplate at most
}

// ID is 0x0108.
func (m *SoftKeyTemplateRes) ID() MessageID { return IDSoftKeyTemplateRes }

func (m *SoftKeyTemplateRes) layout(c *coder) {
	count, total := uint32(len(m.Keys)), m.Total
	if total == 0 {
		total = m.Offset + count
	}
	u32(c, &m.Offset)
	u32(c, &count)
	u32(c, &total)
	n := c.count(count, 20, SoftKeysPerTemplate)
	if c.decoding {
		m.Total = total
		m.Keys = slots[SoftKey](n)
	}
	for i := range n {
		c.text(&m.Keys[i].Label, 16)
		u32(c, &m.Keys[i].Event)
	}
	if !c.decoding {
		c.gap((SoftKeysPerTemplate - n) * 20)
	}
}

// SoftKeySetReq asks for the sets, one per situation.
type SoftKeySetReq struct{}

// ID is 0x0025.
func (m *SoftKeySetReq) ID() MessageID { return IDSoftKeySetReq }

func (m *SoftKeySetReq) layout(*coder) {}

// SoftKeySetKeys is one set: for each key its position in the template (from 1; 0 for none) and its
// information index, which is 300 plus the event.
type SoftKeySetKeys struct {
	Template [SoftKeysPerSet]uint8
	Info     [SoftKeysPerSet]uint16
}

// Set puts the key of the given template position and event at place i, counted from 0.
func (s *SoftKeySetKeys) Set(i int, position uint8, event SoftKeyCode) {
	s.Template[i], s.Info[i] = position, uint16(300+event)
}

// SoftKeySetRes gives the sets in the order of SoftKeySet.
type SoftKeySetRes struct {
	Offset uint32
	Total  uint32           // sets of all messages; 0 stands for Offset plus len(Sets)
	Sets   []SoftKeySetKeys // SoftKeySetsPerTable at most
}

// ID is 0x0109.
func (m *SoftKeySetRes) ID() MessageID { return IDSoftKeySetRes }

func (m *SoftKeySetRes) layout(c *coder) {
	count, total := uint32(len(m.Sets)), m.Total
	if total == 0 {
		total = m.Offset + count
	}
	u32(c, &m.Offset)
	u32(c, &count)
	u32(c, &total)
	const size = SoftKeysPerSet * 3
	n := c.count(count, size, SoftKeySetsPerTable)
	if c.decoding {
		m.Total = total
		m.Sets = slots[SoftKeySetKeys](n)
	}
	for i := range n {
		c.raw(m.Sets[i].Template[:])
		for k := range m.Sets[i].Info {
			u16(c, &m.Sets[i].Info[k])
		}
	}
	if !c.decoding {
		c.gap((SoftKeySetsPerTable - n) * size)
	}
}

// AllKeys is the mask that hides no key.
const AllKeys uint32 = 0xFFFFFFFF

// SelectSoftKeys shows a set for a call; line and reference 0 for the idle phone.
type SelectSoftKeys struct {
	LineInstance  uint32
	CallReference uint32
	Set           SoftKeySet
	Mask          uint32 // bit n, from 0, enables key n+1
}

// ID is 0x0110.
func (m *SelectSoftKeys) ID() MessageID { return IDSelectSoftKeys }

func (m *SelectSoftKeys) layout(c *coder) {
	u32(c, &m.LineInstance)
	u32(c, &m.CallReference)
	u32(c, &m.Set)
	u32(c, &m.Mask)
}

// SoftKeyEvent reports a pressed soft key by the event that the template gave it, not its position.
// Line and reference may be 0 while the phone is idle.
type SoftKeyEvent struct {
	Event         SoftKeyCode
	LineInstance  uint32
	CallReference uint32
}

// ID is 0x0026.
func (m *SoftKeyEvent) ID() MessageID { return IDSoftKeyEvent }

func (m *SoftKeyEvent) layout(c *coder) {
	u32(c, &m.Event)
	u32(c, &m.LineInstance)
	u32(c, &m.CallReference)
}
