package sccp

// ConnectionStatisticsReq asks for the counters of a call.
type ConnectionStatisticsReq struct {
	Number        string // directory number of the line
	CallReference uint32
	Processing    StatsProcessing
}

// ID is 0x0107.
func (m *ConnectionStatisticsReq) ID() MessageID { return IDConnectionStatisticsReq }

func (m *ConnectionStatisticsReq) layout(c *coder) {
	c.text(&m.Number, c.numberWidth(1, 8))
	u32(c, &m.CallReference)
	u32(c, &m.Processing)
}

// ConnectionStatisticsRes reports the counters of a call.
type ConnectionStatisticsRes struct {
	Number          string
	CallReference   uint32
	Processing      StatsProcessing
	PacketsSent     uint32
	OctetsSent      uint32
	PacketsReceived uint32
	OctetsReceived  uint32
	PacketsLost     uint32
	Jitter          uint32 // milliseconds
	Latency         uint32 // milliseconds
	Quality         string // "MLQK=…;MLQKav=…" of newer phones; StatisticsText at most
}

// StatisticsText bounds the text that is sent; received, the frame bounds it.
const StatisticsText = 600

// ID is 0x0023.
func (m *ConnectionStatisticsRes) ID() MessageID { return IDConnectionStatisticsRes }

func (m *ConnectionStatisticsRes) layout(c *coder) {
	width, packed := m.head(c)
	c.text(&m.Number, width)
	u32(c, &m.CallReference)
	if packed {
		mode := uint8(m.Processing)
		u8(c, &mode)
		m.Processing = StatsProcessing(mode)
	} else {
		u32(c, &m.Processing)
	}
	for _, p := range [...]*uint32{
		&m.PacketsSent, &m.OctetsSent, &m.PacketsReceived, &m.OctetsReceived, &m.PacketsLost, &m.Jitter, &m.Latency,
	} {
		u32(c, p)
	}
	if c.decoding {
		var size uint32
		u32(c, &size)
		m.Quality = c.charset.decode(untilNUL(c.take(c.count(size, 1, 0))))
		return
	}
	sizeAt := len(c.buf)
	c.gap(4)
	c.buf = c.charset.AppendText(c.buf, m.Quality, StatisticsText)
	size := uint32(len(c.buf) - sizeAt - 4)
	rest := c.buf
	c.buf = c.buf[:sizeAt]
	u32(c, &size)
	c.buf = rest
}

// head finds the width of the number, and whether the mode is one byte. Real phones of version 17 and
// 18 use the old layout; for later ones sources name three more, of which the right one is where the
// size of the text agrees with the length of the body (sccp.md 1.4).
func (m *ConnectionStatisticsRes) head(c *coder) (width int, packed bool) {
	if !c.decoding || !c.has(wideNumbers) {
		return NumberWidth, false
	}
	for _, padding := range [...]int{0, 3} { // exact agreement first, then with bytes that fill a word
		for _, try := range [...]struct{ width, mode int }{{24, 4}, {25, 4}, {28, 4}, {28, 1}} {
			at := try.width + 4 + try.mode + 7*4
			if len(c.buf) < at+4 {
				continue
			}
			if rest := int64(len(c.buf)-at-4) - int64(lsb(c.buf[at:at+4])); rest >= 0 && rest <= int64(padding) {
				return try.width, try.mode == 1
			}
		}
	}
	return NumberWidth, false
}
