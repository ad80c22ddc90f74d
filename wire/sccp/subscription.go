package sccp

// SubscriptionStatReq asks for the busy state of a number in one of the phone's lists.
type SubscriptionStatReq struct {
	TransactionID uint32
	Feature       SubscriptionFeature
	Timer         uint32 // seconds
	Number        string // 63 bytes when sent; received, as long as the body has it (sccp.md 7)
}

// ID is 0x0048.
func (m *SubscriptionStatReq) ID() MessageID { return IDSubscriptionStatReq }

func (m *SubscriptionStatReq) layout(c *coder) {
	u32(c, &m.TransactionID)
	u32(c, &m.Feature)
	u32(c, &m.Timer)
	width := 64
	if c.decoding {
		width = min(c.left(), 256)
	}
	c.text(&m.Number, width)
}

// SubscriptionStatRes answers it under the same transaction.
type SubscriptionStatRes struct {
	TransactionID uint32
	Feature       SubscriptionFeature
	Timer         uint32
	Cause         SubscriptionCause
}

// ID is 0x0152.
func (m *SubscriptionStatRes) ID() MessageID { return IDSubscriptionStatRes }

func (m *SubscriptionStatRes) layout(c *coder) {
	u32(c, &m.TransactionID)
	u32(c, &m.Feature)
	u32(c, &m.Timer)
	u32(c, &m.Cause)
}

// Notification reports a new busy state of a subscribed number.
type Notification struct {
	TransactionID uint32
	Feature       SubscriptionFeature
	Status        BLFStatus
	Text          string
}

// ID is 0x0153.
func (m *Notification) ID() MessageID { return IDNotification }

func (m *Notification) layout(c *coder) {
	u32(c, &m.TransactionID)
	u32(c, &m.Feature)
	u32(c, &m.Status)
	c.text(&m.Text, DynamicPromptWidth)
}
