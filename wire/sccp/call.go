package sccp

// CallState gives a call its state on the phone's display. Old phones read the first three words.
// Build it with NewCallState, which sets the precedence that ordinary calls need.
type CallState struct {
	State            CallStateCode
	LineInstance     uint32
	CallReference    uint32
	Privacy          Privacy
	PrecedenceLevel  uint32 // PrecedenceRoutine; 0 would show as flash override
	PrecedenceDomain uint32
}

// PrecedenceRoutine is the level of a call without priority (sccp.md 3.8).
const PrecedenceRoutine = 4

// NewCallState is a state of an ordinary, public call.
func NewCallState(state CallStateCode, line, reference uint32) *CallState {
	return &CallState{State: state, LineInstance: line, CallReference: reference, PrecedenceLevel: PrecedenceRoutine}
}

// ID is 0x0111.
func (m *CallState) ID() MessageID { return IDCallState }

func (m *CallState) layout(c *coder) {
	u32(c, &m.State)
	u32(c, &m.LineInstance)
	u32(c, &m.CallReference)
	u32(c, &m.Privacy)
	u32(c, &m.PrecedenceLevel)
	u32(c, &m.PrecedenceDomain)
}

// DialedNumber is the number as finally dialled; it goes into the phone's list of placed calls.
type DialedNumber struct {
	Number        string
	LineInstance  uint32
	CallReference uint32
}

// ID is 0x011D.
func (m *DialedNumber) ID() MessageID { return IDDialedNumber }

func (m *DialedNumber) layout(c *coder) {
	c.text(&m.Number, c.numberWidth(1, 8))
	u32(c, &m.LineInstance)
	u32(c, &m.CallReference)
}

// BackSpaceRes makes the phone erase the last digit.
type BackSpaceRes struct{ LineInstance, CallReference uint32 }

// ID is 0x0119.
func (m *BackSpaceRes) ID() MessageID { return IDBackSpaceRes }

func (m *BackSpaceRes) layout(c *coder) { u32(c, &m.LineInstance); u32(c, &m.CallReference) }

// CallSelectStatRes puts or removes the mark of a selected call.
type CallSelectStatRes struct {
	Selected      bool
	CallReference uint32
	LineInstance  uint32
}

// ID is 0x0130.
func (m *CallSelectStatRes) ID() MessageID { return IDCallSelectStatRes }

func (m *CallSelectStatRes) layout(c *coder) {
	c.flag(&m.Selected)
	u32(c, &m.CallReference)
	u32(c, &m.LineInstance)
}

// CallHistoryInfo tells the phone in which list of calls to keep a call.
type CallHistoryInfo struct {
	Disposition   CallHistory
	LineInstance  uint32
	CallReference uint32
}

// ID is 0x0156.
func (m *CallHistoryInfo) ID() MessageID { return IDCallHistoryInfo }

func (m *CallHistoryInfo) layout(c *coder) {
	u32(c, &m.Disposition)
	u32(c, &m.LineInstance)
	u32(c, &m.CallReference)
}

// ActivateCallPlane gives a line the focus. Tones and prompts of a new call need it.
type ActivateCallPlane struct{ LineInstance uint32 }

// ID is 0x0116.
func (m *ActivateCallPlane) ID() MessageID { return IDActivateCallPlane }

func (m *ActivateCallPlane) layout(c *coder) { u32(c, &m.LineInstance) }

// DeactivateCallPlane takes the focus away.
type DeactivateCallPlane struct{}

// ID is 0x0117.
func (m *DeactivateCallPlane) ID() MessageID { return IDDeactivateCallPlane }

func (m *DeactivateCallPlane) layout(*coder) {}

// CallCountReq asks how many calls the lines take.
type CallCountReq struct{}

// ID is 0x015E.
func (m *CallCountReq) ID() MessageID { return IDCallCountReq }

func (m *CallCountReq) layout(*coder) {}

// LineCalls is what one line takes.
type LineCalls struct{ MaxCalls, BusyTrigger uint16 }

// LinesPerCallCount is the room of one CallCountResp.
const LinesPerCallCount = 42

// CallCountResp answers CallCountReq.
type CallCountResp struct {
	ConfiguredLines uint32 // in all
	StartingLine    uint32 // instance of the first of Lines
	Lines           []LineCalls
}

// ID is 0x015F.
func (m *CallCountResp) ID() MessageID { return IDCallCountResp }

func (m *CallCountResp) layout(c *coder) {
	count := uint32(len(m.Lines))
	u32(c, &m.ConfiguredLines)
	u32(c, &m.StartingLine)
	u32(c, &count)
	n := c.count(count, 4, LinesPerCallCount)
	if c.decoding {
		m.Lines = slots[LineCalls](n)
	}
	for i := range n {
		u16(c, &m.Lines[i].MaxCalls)
		u16(c, &m.Lines[i].BusyTrigger)
	}
	if !c.decoding {
		c.gap((LinesPerCallCount - n) * 4)
	}
}

// RecordingStatus shows that a call is recorded.
type RecordingStatus struct {
	CallReference uint32
	On            bool
}

// ID is 0x0160.
func (m *RecordingStatus) ID() MessageID { return IDRecordingStatus }

func (m *RecordingStatus) layout(c *coder) { u32(c, &m.CallReference); c.flag(&m.On) }
