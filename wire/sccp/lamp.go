package sccp

// SetLamp sets the lamp of a button; StimulusVoiceMail with instance 0 is the message lamp.
type SetLamp struct {
	Stimulus Stimulus
	Instance uint32
	Mode     LampMode
}

// ID is 0x0086.
func (m *SetLamp) ID() MessageID { return IDSetLamp }

func (m *SetLamp) layout(c *coder) {
	u32(c, &m.Stimulus)
	u32(c, &m.Instance)
	u32(c, &m.Mode)
}
