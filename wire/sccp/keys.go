package sccp

// KeypadButton is one key of the number pad. Old phones send the key alone: it then belongs to the
// phone's active call.
type KeypadButton struct {
	Key           Key
	LineInstance  uint32 // phones below version 15 put a button position here (sccp.md 4.15)
	CallReference uint32
}

// ID is 0x0003.
func (m *KeypadButton) ID() MessageID { return IDKeypadButton }

func (m *KeypadButton) layout(c *coder) {
	u32(c, &m.Key)
	u32(c, &m.LineInstance)
	u32(c, &m.CallReference)
}

// EnblocCall is a whole number at once. Below version 17 phones do not name the line.
type EnblocCall struct {
	Number       string // 23 digits
	LineInstance uint32
}

// ID is 0x0004.
func (m *EnblocCall) ID() MessageID { return IDEnblocCall }

// plausibleLine bounds what is taken for a line number when the layout is in doubt (sccp.md 1.4).
const plausibleLine = 200

func (m *EnblocCall) layout(c *coder) {
	if !c.decoding {
		c.text(&m.Number, NumberWidth)
		if c.has(enblocLine) {
			u32(c, &m.LineInstance)
		}
		return
	}
	// The number field is 24, 25 or 28 bytes wide above version 17: the line is where a line number is.
	width := NumberWidth
	if c.has(wideNumbers) {
		for _, w := range [...]int{28, 25} {
			if len(c.buf) >= w+4 {
				if n := lsb(c.buf[w : w+4]); n >= 1 && n <= plausibleLine {
					width = w
					break
				}
			}
		}
	}
	c.text(&m.Number, width)
	u32(c, &m.LineInstance)
}

// StimulusMessage is a pressed hard, line or feature key. Old phones send the first two words.
type StimulusMessage struct {
	Stimulus      Stimulus
	Instance      uint32 // of the button within its type
	CallReference uint32
	Status        uint32
}

// ID is 0x0005.
func (m *StimulusMessage) ID() MessageID { return IDStimulus }

func (m *StimulusMessage) layout(c *coder) {
	u32(c, &m.Stimulus)
	u32(c, &m.Instance)
	u32(c, &m.CallReference)
	u32(c, &m.Status)
}

// OffHook reports a lifted handset or its like; both words are 0 or missing from older phones.
type OffHook struct{ LineInstance, CallReference uint32 }

// ID is 0x0006.
func (m *OffHook) ID() MessageID { return IDOffHook }

func (m *OffHook) layout(c *coder) { u32(c, &m.LineInstance); u32(c, &m.CallReference) }

// OnHook reports that the handset was put down.
type OnHook struct{ LineInstance, CallReference uint32 }

// ID is 0x0007.
func (m *OnHook) ID() MessageID { return IDOnHook }

func (m *OnHook) layout(c *coder) { u32(c, &m.LineInstance); u32(c, &m.CallReference) }

// HookFlash reports a short break of the loop at an analogue port.
type HookFlash struct{ LineInstance, CallReference uint32 }

// ID is 0x0008.
func (m *HookFlash) ID() MessageID { return IDHookFlash }

func (m *HookFlash) layout(c *coder) { u32(c, &m.LineInstance); u32(c, &m.CallReference) }

// OffHookWithCallingPartyNumber is OffHook of a gateway port that carries its own number.
type OffHookWithCallingPartyNumber struct {
	CallingParty string
	VoiceMailbox string // its voice-mail number
	LineInstance uint32
}

// ID is 0x0024.
func (m *OffHookWithCallingPartyNumber) ID() MessageID { return IDOffHookWithCallingPartyNumber }

func (m *OffHookWithCallingPartyNumber) layout(c *coder) {
	width := NumberWidth
	if c.decoding && c.has(wideNumbers) && len(c.buf) > 2*NumberWidth+4 {
		width = 25
	}
	c.text(&m.CallingParty, width)
	c.text(&m.VoiceMailbox, width)
	if c.decoding && len(c.buf) == 56 { // two numbers of 25 bytes, padded (sccp.md 1.4)
		c.gap(2)
	}
	u32(c, &m.LineInstance)
}

// HeadsetStatus reports whether the headset is in use.
type HeadsetStatus struct{ Mode Switch }

// ID is 0x002B.
func (m *HeadsetStatus) ID() MessageID { return IDHeadsetStatus }

func (m *HeadsetStatus) layout(c *coder) { u32(c, &m.Mode) }

// AccessoryStatus reports that headset, handset or speaker was taken into use or put away.
type AccessoryStatus struct {
	Path  MediaPath
	Event Switch
}

// ID is 0x0049.
func (m *AccessoryStatus) ID() MessageID { return IDAccessoryStatus }

func (m *AccessoryStatus) layout(c *coder) { u32(c, &m.Path); u32(c, &m.Event) }
