package sccp

// Widths of display fields in bytes, terminating zero included (sccp.md 2.4).
const (
	PromptWidth        = 32 // fixed forms
	DynamicPromptWidth = 97 // forms of version 8 and up
)

// DisplayPromptStatus writes the prompt line of a call, or of the idle phone with line and reference 0.
// It travels in a fixed form below version 8 and in a dynamic one from there.
type DisplayPromptStatus struct {
	Timeout       uint32 // seconds; 0 until cleared
	Text          string // may contain labels
	LineInstance  uint32
	CallReference uint32
}

// ID is 0x0112.
func (m *DisplayPromptStatus) ID() MessageID { return IDDisplayPromptStatus }

func (m *DisplayPromptStatus) layout(c *coder) {
	u32(c, &m.Timeout)
	if c.id == IDDisplayPromptStatusV2 {
		u32(c, &m.LineInstance)
		u32(c, &m.CallReference)
		c.zstr(&m.Text, DynamicPromptWidth)
		return
	}
	c.text(&m.Text, PromptWidth)
	u32(c, &m.LineInstance)
	u32(c, &m.CallReference)
}

// ClearPromptStatus empties the prompt line of a call.
type ClearPromptStatus struct{ LineInstance, CallReference uint32 }

// ID is 0x0113.
func (m *ClearPromptStatus) ID() MessageID { return IDClearPromptStatus }

func (m *ClearPromptStatus) layout(c *coder) { u32(c, &m.LineInstance); u32(c, &m.CallReference) }

// DisplayNotify writes the status line of the phone for a time.
type DisplayNotify struct {
	Timeout uint32 // seconds
	Text    string
}

// ID is 0x0114.
func (m *DisplayNotify) ID() MessageID { return IDDisplayNotify }

func (m *DisplayNotify) layout(c *coder) {
	u32(c, &m.Timeout)
	c.display(&m.Text, c.id == IDDisplayNotifyV2)
}

// ClearNotify empties the status line.
type ClearNotify struct{}

// ID is 0x0115.
func (m *ClearNotify) ID() MessageID { return IDClearNotify }

func (m *ClearNotify) layout(*coder) {}

// PriorityIncomingCall is the priority at which servers show who is calling.
const PriorityIncomingCall = 5

// DisplayPriNotify writes the status line; the text of the highest priority is shown.
type DisplayPriNotify struct {
	Timeout  uint32 // seconds
	Priority uint32
	Text     string
}

// ID is 0x0120.
func (m *DisplayPriNotify) ID() MessageID { return IDDisplayPriNotify }

func (m *DisplayPriNotify) layout(c *coder) {
	u32(c, &m.Timeout)
	u32(c, &m.Priority)
	c.display(&m.Text, c.id == IDDisplayPriNotifyV2)
}

func (c *coder) display(p *string, dynamic bool) {
	if dynamic {
		c.zstr(p, DynamicPromptWidth)
	} else {
		c.text(p, PromptWidth)
	}
}

// ClearPriNotify withdraws the text of one priority.
type ClearPriNotify struct{ Priority uint32 }

// ID is 0x0121.
func (m *ClearPriNotify) ID() MessageID { return IDClearPriNotify }

func (m *ClearPriNotify) layout(c *coder) { u32(c, &m.Priority) }

// DisplayText writes the single line of phones without a screen.
type DisplayText struct{ Text string }

// ID is 0x0099.
func (m *DisplayText) ID() MessageID { return IDDisplayText }

func (m *DisplayText) layout(c *coder) { c.text(&m.Text, PromptWidth) }

// ClearDisplay empties that line. Only phones that know DisplayText know it (R-15, see Takes).
type ClearDisplay struct{}

// ID is 0x009A.
func (m *ClearDisplay) ID() MessageID { return IDClearDisplay }

func (m *ClearDisplay) layout(*coder) {}
