package sccp

// StartTone makes the phone play a tone. Old phones read the first word.
type StartTone struct {
	Tone          Tone
	Direction     ToneDirection
	LineInstance  uint32
	CallReference uint32
}

// ID is 0x0082.
func (m *StartTone) ID() MessageID { return IDStartTone }

func (m *StartTone) layout(c *coder) {
	u32(c, &m.Tone)
	u32(c, &m.Direction)
	u32(c, &m.LineInstance)
	u32(c, &m.CallReference)
}

// StopTone ends the tone of a call; from version 11 on it names the tone.
type StopTone struct {
	LineInstance  uint32
	CallReference uint32
	Tone          Tone
}

// ID is 0x0083.
func (m *StopTone) ID() MessageID { return IDStopTone }

func (m *StopTone) layout(c *coder) {
	u32(c, &m.LineInstance)
	u32(c, &m.CallReference)
	if c.decoding || c.has(stopToneTone) {
		u32(c, &m.Tone)
	}
}

// SetRinger starts or stops ringing.
type SetRinger struct {
	Mode          RingMode
	Duration      RingDuration // 0 misbehaves on newer loads (sccp.md 4.15)
	LineInstance  uint32
	CallReference uint32
}

// ID is 0x0085.
func (m *SetRinger) ID() MessageID { return IDSetRinger }

func (m *SetRinger) layout(c *coder) {
	u32(c, &m.Mode)
	u32(c, &m.Duration)
	u32(c, &m.LineInstance)
	u32(c, &m.CallReference)
}

// SetHookFlashDetect makes an analogue port report hook flashes. Only devices that have such a port,
// and the 7905 and 7912, know it (R-15, see Takes).
type SetHookFlashDetect struct{}

// ID is 0x0087.
func (m *SetHookFlashDetect) ID() MessageID { return IDSetHookFlashDetect }

func (m *SetHookFlashDetect) layout(*coder) {}

// SetSpeakerMode opens or closes the phone's audio.
type SetSpeakerMode struct{ Mode Switch }

// ID is 0x0088.
func (m *SetSpeakerMode) ID() MessageID { return IDSetSpeakerMode }

func (m *SetSpeakerMode) layout(c *coder) { u32(c, &m.Mode) }

// SetMicroMode mutes or opens the microphone.
type SetMicroMode struct{ Mode Switch }

// ID is 0x0089.
func (m *SetMicroMode) ID() MessageID { return IDSetMicroMode }

func (m *SetMicroMode) layout(c *coder) { u32(c, &m.Mode) }
