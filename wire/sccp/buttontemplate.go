package sccp

// ButtonTemplateReq asks what the buttons do.
type ButtonTemplateReq struct{}

// ID is 0x000E.
func (m *ButtonTemplateReq) ID() MessageID { return IDButtonTemplateReq }

func (m *ButtonTemplateReq) layout(*coder) {}

// ButtonsPerTemplate is how many buttons one ButtonTemplateRes describes; more go into further
// messages with a higher Offset.
const ButtonsPerTemplate = 42

// Button is one entry of the button template.
type Button struct {
	Instance uint8      // counts from 1 within the type: line 1, line 2, speed dial 1 …
	Type     ButtonType // a byte on the wire
}

// ButtonTemplateRes tells the phone what its buttons do, from the top.
type ButtonTemplateRes struct {
	Offset  uint32   // position of the first entry; 0 in the only message
	Total   uint32   // entries of all messages; 0 stands for Offset plus len(Buttons)
	Buttons []Button // ButtonsPerTemplate at most
}

// ID is 0x0097.
func (m *ButtonTemplateRes) ID() MessageID { return IDButtonTemplateRes }

// unusedButton fills the positions that no entry describes (sccp.md 7).
var unusedButton = Button{0, ButtonUndefined}

func (m *ButtonTemplateRes) layout(c *coder) {
	count, total := uint32(len(m.Buttons)), m.Total
	if total == 0 {
		total = m.Offset + count
	}
	u32(c, &m.Offset)
	u32(c, &count)
	u32(c, &total)
	n := c.count(count, 2, ButtonsPerTemplate)
	if c.decoding {
		m.Total = total
		m.Buttons = slots[Button](n)
		for i := range m.Buttons {
			m.Buttons[i].layout(c)
		}
		return
	}
	for i := range ButtonsPerTemplate {
		b := unusedButton
		if i < n {
			b = m.Buttons[i]
		}
		b.layout(c)
	}
}

func (b *Button) layout(c *coder) {
	typ := uint8(b.Type)
	u8(c, &b.Instance)
	u8(c, &typ)
	b.Type = ButtonType(typ)
}

// slots makes room for n decoded elements; nil for none, so that what was decoded equals what was sent.
func slots[T any](n int) []T {
	if n == 0 {
		return nil
	}
	return make([]T, n)
}
