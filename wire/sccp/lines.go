package sccp

// ConfigStatReq asks for the phone's own particulars.
type ConfigStatReq struct{}

// ID is 0x000C.
func (m *ConfigStatReq) ID() MessageID { return IDConfigStatReq }

func (m *ConfigStatReq) layout(*coder) {}

// ConfigStatRes tells how many lines and speed dials the button template has. The fixed form serves
// every version; the dynamic one, on whose layout sources differ (sccp.md 7), is only read.
type ConfigStatRes struct {
	DeviceName string
	Reserved   uint32
	Instance   uint32
	UserName   string
	ServerName string
	Lines      uint32
	SpeedDials uint32
}

// ID is 0x0093.
func (m *ConfigStatRes) ID() MessageID { return IDConfigStatRes }

func (m *ConfigStatRes) layout(c *coder) {
	if c.id == IDConfigStatV2Res {
		c.zstr(&m.DeviceName, 16)
		u32(c, &m.Reserved)
		u32(c, &m.Instance)
		u32(c, &m.Lines)
		u32(c, &m.SpeedDials)
		c.zstr(&m.UserName, 121)
		c.zstr(&m.ServerName, 121)
		return
	}
	c.text(&m.DeviceName, 16)
	u32(c, &m.Reserved)
	u32(c, &m.Instance)
	c.text(&m.UserName, NameWidth)
	c.text(&m.ServerName, NameWidth)
	u32(c, &m.Lines)
	u32(c, &m.SpeedDials)
}

// NameWidth is the size of names and button labels in fixed layouts, DynamicNameWidth in dynamic ones;
// both include the terminating zero.
const (
	NameWidth        = 40
	DynamicNameWidth = 121
)

// LineStatReq asks for line n of the button template.
type LineStatReq struct{ Line uint32 }

// ID is 0x000B.
func (m *LineStatReq) ID() MessageID { return IDLineStatReq }

func (m *LineStatReq) layout(c *coder) { u32(c, &m.Line) }

// LineOptions says what a line shows of an incoming call (sccp.md 3.11).
type LineOptions uint32

// What a line may show; ShowAll is all of it.
const (
	ShowOriginallyDialed LineOptions = 1 << iota
	ShowRedirected
	ShowCallingNumber
	ShowCallingName
	ShowAll = ShowOriginallyDialed | ShowRedirected | ShowCallingNumber | ShowCallingName
)

// LineStatRes describes a line; all empty for a line that does not exist.
type LineStatRes struct {
	Line        uint32
	Number      string
	DisplayName string // shown to the other party
	Label       string // shown at the button
	Options     LineOptions
}

// ID is 0x0092.
func (m *LineStatRes) ID() MessageID { return IDLineStatRes }

func (m *LineStatRes) layout(c *coder) {
	u32(c, &m.Line)
	if c.id == IDLineStatV2Res {
		u32(c, &m.Options)
		c.zstr(&m.Number, 25)
		c.zstr(&m.DisplayName, NameWidth)
		c.zstr(&m.Label, NameWidth)
		return
	}
	c.text(&m.Number, NumberWidth)
	c.text(&m.DisplayName, NameWidth)
	c.text(&m.Label, NameWidth)
	u32(c, &m.Options)
}

// SpeedDialStatReq asks for speed dial n; phones ask for abbreviated-dial numbers with it too.
type SpeedDialStatReq struct{ SpeedDial uint32 }

// ID is 0x000A.
func (m *SpeedDialStatReq) ID() MessageID { return IDSpeedDialStatReq }

func (m *SpeedDialStatReq) layout(c *coder) { u32(c, &m.SpeedDial) }

// SpeedDialStatRes describes a speed dial; all empty for one that does not exist. The fixed form serves
// every version.
type SpeedDialStatRes struct {
	SpeedDial uint32
	Number    string
	Label     string
}

// ID is 0x0091.
func (m *SpeedDialStatRes) ID() MessageID { return IDSpeedDialStatRes }

func (m *SpeedDialStatRes) layout(c *coder) {
	u32(c, &m.SpeedDial)
	if c.id == IDSpeedDialStatV2Res {
		c.zstr(&m.Number, NumberWidth)
		c.zstr(&m.Label, NameWidth)
		return
	}
	c.text(&m.Number, NumberWidth)
	c.text(&m.Label, NameWidth)
}

// ForwardStatReq asks how a line is forwarded.
type ForwardStatReq struct{ Line uint32 }

// ID is 0x0009.
func (m *ForwardStatReq) ID() MessageID { return IDForwardStatReq }

func (m *ForwardStatReq) layout(c *coder) { u32(c, &m.Line) }

// Forward is one kind of forwarding of a line.
type Forward struct {
	Active uint32 // 0 no, 1 yes; phones above version 17 have been sent other values for yes
	Number string
}

func (f *Forward) layout(c *coder, width int) {
	u32(c, &f.Active)
	c.text(&f.Number, width)
}

// ForwardStatRes tells how a line is forwarded, unasked too when it changes.
type ForwardStatRes struct {
	Active   uint32 // 1 if any is
	Line     uint32
	All      Forward
	Busy     Forward
	NoAnswer Forward
}

// ID is 0x0090.
func (m *ForwardStatRes) ID() MessageID { return IDForwardStatRes }

func (m *ForwardStatRes) layout(c *coder) {
	width := c.numberWidth(3, 20)
	u32(c, &m.Active)
	u32(c, &m.Line)
	m.All.layout(c, width)
	m.Busy.layout(c, width)
	m.NoAnswer.layout(c, width)
}

// FeatureStatReq asks for feature button n.
type FeatureStatReq struct {
	Index        uint32
	Capabilities uint32 // 1: the phone can show busy lamps; missing from older phones
}

// ID is 0x0034.
func (m *FeatureStatReq) ID() MessageID { return IDFeatureStatReq }

func (m *FeatureStatReq) layout(c *coder) { u32(c, &m.Index); u32(c, &m.Capabilities) }

// FeatureStatRes gives the state of a feature button, unasked too when it changes. Status is 0 or 1,
// for a busy-lamp speed dial a BLFStatus.
type FeatureStatRes struct {
	Index  uint32
	Type   ButtonType
	Status uint32
	Label  string
}

// ID is 0x011F.
func (m *FeatureStatRes) ID() MessageID { return IDFeatureStatRes }

func (m *FeatureStatRes) layout(c *coder) {
	u32(c, &m.Index)
	u32(c, &m.Type)
	if c.id == IDFeatureStatV2Res {
		u32(c, &m.Status)
		c.zstr(&m.Label, DynamicNameWidth)
		return
	}
	c.text(&m.Label, NameWidth)
	u32(c, &m.Status)
}

// ServiceURLStatReq asks for service button n.
type ServiceURLStatReq struct{ Index uint32 }

// ID is 0x0033.
func (m *ServiceURLStatReq) ID() MessageID { return IDServiceURLStatReq }

func (m *ServiceURLStatReq) layout(c *coder) { u32(c, &m.Index) }

// ServiceURLStatRes gives address and label of a service button. The dynamic form carries both as
// strings (sccp.md 7).
type ServiceURLStatRes struct {
	Index uint32
	URL   string // 255 bytes at most
	Label string
}

// ID is 0x012F.
func (m *ServiceURLStatRes) ID() MessageID { return IDServiceURLStatRes }

func (m *ServiceURLStatRes) layout(c *coder) {
	u32(c, &m.Index)
	if c.id == IDServiceURLStatV2Res {
		c.zstr(&m.URL, 256)
		c.zstr(&m.Label, NameWidth)
		return
	}
	c.text(&m.URL, 256)
	c.text(&m.Label, NameWidth)
}

// RegisterAvailableLines says how many lines the phone can use; some models end registration with it.
type RegisterAvailableLines struct{ Lines uint32 }

// ID is 0x002D.
func (m *RegisterAvailableLines) ID() MessageID { return IDRegisterAvailableLines }

func (m *RegisterAvailableLines) layout(c *coder) { u32(c, &m.Lines) }
