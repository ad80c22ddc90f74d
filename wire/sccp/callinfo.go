package sccp

// Party is one of the parties that CallInfo names.
type Party struct {
	Name         string
	Number       string
	VoiceMailbox string
}

// CallInfo shows the names and numbers of a call. It travels in a fixed form below version 8 and in a
// dynamic one from there, of 12 strings up to version 15 and 13 above (sccp.md 2.4, 7).
type CallInfo struct {
	LineInstance          uint32
	CallReference         uint32
	Type                  CallType
	CallInstance          uint32 // the number shown beside the call; never 0
	Security              CallSecurity
	Restriction           Restriction // what not to show
	Calling               Party
	AlternateCalling      string // calling number again on inbound calls; from version 16 on
	Called                Party
	OriginalCalled        Party // the called party, if nothing was redirected
	LastRedirecting       Party // likewise
	OriginalCalledReason  uint32
	LastRedirectingReason uint32

	// The hunt pilot is read from version 17 on and sent only if set: servers in the field leave it out.
	HuntPilotName, HuntPilotNumber string
}

// ID is 0x008F.
func (m *CallInfo) ID() MessageID { return IDCallInfo }

func (m *CallInfo) layout(c *coder) {
	if c.id == IDCallInfoV2 {
		m.dynamic(c)
		return
	}
	party := func(p *Party) { c.text(&p.Name, NameWidth); c.text(&p.Number, NumberWidth) }
	party(&m.Calling)
	party(&m.Called)
	u32(c, &m.LineInstance)
	u32(c, &m.CallReference)
	u32(c, &m.Type)
	party(&m.OriginalCalled)
	party(&m.LastRedirecting)
	u32(c, &m.OriginalCalledReason)
	u32(c, &m.LastRedirectingReason)
	c.text(&m.Calling.VoiceMailbox, NumberWidth)
	c.text(&m.Called.VoiceMailbox, NumberWidth)
	c.text(&m.OriginalCalled.VoiceMailbox, NumberWidth)
	c.text(&m.LastRedirecting.VoiceMailbox, NumberWidth)
	u32(c, &m.CallInstance)
	u32(c, &m.Security)
	u32(c, &m.Restriction)
}

func (m *CallInfo) dynamic(c *coder) {
	u32(c, &m.LineInstance)
	u32(c, &m.CallReference)
	u32(c, &m.Type)
	u32(c, &m.OriginalCalledReason)
	u32(c, &m.LastRedirectingReason)
	u32(c, &m.CallInstance)
	u32(c, &m.Security)
	u32(c, &m.Restriction)

	c.zstr(&m.Calling.Number, NumberWidth)
	if c.has(callInfoAlternate) {
		c.zstr(&m.AlternateCalling, NumberWidth)
	}
	c.zstr(&m.Called.Number, NumberWidth)
	c.zstr(&m.OriginalCalled.Number, NumberWidth)
	c.zstr(&m.LastRedirecting.Number, NumberWidth)
	c.zstr(&m.Calling.VoiceMailbox, NumberWidth)
	c.zstr(&m.Called.VoiceMailbox, NumberWidth)
	c.zstr(&m.OriginalCalled.VoiceMailbox, NumberWidth)
	c.zstr(&m.LastRedirecting.VoiceMailbox, NumberWidth)
	c.zstr(&m.Calling.Name, DynamicNameWidth)
	c.zstr(&m.Called.Name, DynamicNameWidth)
	c.zstr(&m.OriginalCalled.Name, DynamicNameWidth)
	c.zstr(&m.LastRedirecting.Name, DynamicNameWidth)
	if c.has(callInfoHuntPilot) && (c.decoding || m.HuntPilotNumber != "" || m.HuntPilotName != "") {
		c.zstr(&m.HuntPilotNumber, NumberWidth)
		c.zstr(&m.HuntPilotName, DynamicNameWidth)
	}
}
