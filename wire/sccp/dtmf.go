package sccp

// DTMFSubscription is what the requests about RFC 2833 digits carry.
type DTMFSubscription struct {
	Payload            uint32 // RTP payload type of the events
	ConferenceID       uint32
	PassThroughPartyID uint32
	Type               uint32 // in the requests only
}

func (s *DTMFSubscription) layout(c *coder, request bool) {
	u32(c, &s.Payload)
	u32(c, &s.ConferenceID)
	u32(c, &s.PassThroughPartyID)
	if request {
		u32(c, &s.Type)
	}
}

// SubscribeDtmfPayloadReq asks the endpoint to report the digits that it receives as RTP events.
type SubscribeDtmfPayloadReq struct{ DTMFSubscription }

// ID is 0x0129.
func (m *SubscribeDtmfPayloadReq) ID() MessageID { return IDSubscribeDtmfPayloadReq }

func (m *SubscribeDtmfPayloadReq) layout(c *coder) { m.DTMFSubscription.layout(c, true) }

// SubscribeDtmfPayloadRes accepts that.
type SubscribeDtmfPayloadRes struct{ DTMFSubscription }

// ID is 0x012A.
func (m *SubscribeDtmfPayloadRes) ID() MessageID { return IDSubscribeDtmfPayloadRes }

func (m *SubscribeDtmfPayloadRes) layout(c *coder) { m.DTMFSubscription.layout(c, false) }

// SubscribeDtmfPayloadErr refuses it.
type SubscribeDtmfPayloadErr struct{ DTMFSubscription }

// ID is 0x012B.
func (m *SubscribeDtmfPayloadErr) ID() MessageID { return IDSubscribeDtmfPayloadErr }

func (m *SubscribeDtmfPayloadErr) layout(c *coder) { m.DTMFSubscription.layout(c, false) }

// UnSubscribeDtmfPayloadReq ends the reporting.
type UnSubscribeDtmfPayloadReq struct{ DTMFSubscription }

// ID is 0x012C.
func (m *UnSubscribeDtmfPayloadReq) ID() MessageID { return IDUnSubscribeDtmfPayloadReq }

func (m *UnSubscribeDtmfPayloadReq) layout(c *coder) { m.DTMFSubscription.layout(c, true) }

// UnSubscribeDtmfPayloadRes confirms the end.
type UnSubscribeDtmfPayloadRes struct{ DTMFSubscription }

// ID is 0x012D.
func (m *UnSubscribeDtmfPayloadRes) ID() MessageID { return IDUnSubscribeDtmfPayloadRes }

func (m *UnSubscribeDtmfPayloadRes) layout(c *coder) { m.DTMFSubscription.layout(c, false) }

// UnSubscribeDtmfPayloadErr denies that there was such a subscription.
type UnSubscribeDtmfPayloadErr struct{ DTMFSubscription }

// ID is 0x012E.
func (m *UnSubscribeDtmfPayloadErr) ID() MessageID { return IDUnSubscribeDtmfPayloadErr }

func (m *UnSubscribeDtmfPayloadErr) layout(c *coder) { m.DTMFSubscription.layout(c, false) }

// NotifyDtmfTone reports a digit; gateways and media devices send it too.
type NotifyDtmfTone struct {
	Tone               Tone
	ConferenceID       uint32
	PassThroughPartyID uint32
}

// ID is 0x0127.
func (m *NotifyDtmfTone) ID() MessageID { return IDNotifyDtmfTone }

func (m *NotifyDtmfTone) layout(c *coder) {
	u32(c, &m.Tone)
	u32(c, &m.ConferenceID)
	u32(c, &m.PassThroughPartyID)
}

// SendDtmfTone makes the endpoint send a digit.
type SendDtmfTone struct {
	Tone               Tone
	ConferenceID       uint32
	PassThroughPartyID uint32
}

// ID is 0x0128.
func (m *SendDtmfTone) ID() MessageID { return IDSendDtmfTone }

func (m *SendDtmfTone) layout(c *coder) {
	u32(c, &m.Tone)
	u32(c, &m.ConferenceID)
	u32(c, &m.PassThroughPartyID)
}
