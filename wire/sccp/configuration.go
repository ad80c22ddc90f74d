package sccp

import (
	"net/netip"
	"time"
)

// TimeDateReq asks for the time; it usually ends the registration dialogue.
type TimeDateReq struct{}

// ID is 0x000D.
func (m *TimeDateReq) ID() MessageID { return IDTimeDateReq }

func (m *TimeDateReq) layout(*coder) {}

// TimeDateRes sets the phone's clock. The calendar fields are local time in the phone's zone: phones
// apply no zone rules to it.
type TimeDateRes struct {
	Year, Month uint32 // month from 1
	DayOfWeek   uint32 // Sunday is 0
	Day         uint32
	Hour        uint32
	Minute      uint32
	Second      uint32
	Millisecond uint32
	SystemTime  uint32 // seconds since 1970, UTC
}

// NewTimeDate is the message for an instant in the phone's zone, which t must carry as its location.
func NewTimeDate(t time.Time) *TimeDateRes {
	return &TimeDateRes{
		Year: uint32(t.Year()), Month: uint32(t.Month()), DayOfWeek: uint32(t.Weekday()), Day: uint32(t.Day()),
		Hour: uint32(t.Hour()), Minute: uint32(t.Minute()), Second: uint32(t.Second()),
		Millisecond: uint32(t.Nanosecond() / 1e6), SystemTime: uint32(t.Unix()),
	}
}

// ID is 0x0094.
func (m *TimeDateRes) ID() MessageID { return IDTimeDateRes }

func (m *TimeDateRes) layout(c *coder) {
	for _, p := range [...]*uint32{
		&m.Year, &m.Month, &m.DayOfWeek, &m.Day, &m.Hour, &m.Minute, &m.Second, &m.Millisecond, &m.SystemTime,
	} {
		u32(c, p)
	}
}

// VersionReq asks which load the phone should run.
type VersionReq struct{}

// ID is 0x000F.
func (m *VersionReq) ID() MessageID { return IDVersionReq }

func (m *VersionReq) layout(*coder) {}

// VersionRes names that load, in 15 bytes.
type VersionRes struct{ Load string }

// ID is 0x0098.
func (m *VersionRes) ID() MessageID { return IDVersionRes }

func (m *VersionRes) layout(c *coder) { c.text(&m.Load, 16) }

// ServerReq asks for the list of servers.
type ServerReq struct{}

// ID is 0x0012.
func (m *ServerReq) ID() MessageID { return IDServerReq }

func (m *ServerReq) layout(*coder) {}

// ServersPerList is the room of ServerRes.
const ServersPerList = 5

// Server is one entry of ServerRes.
type Server struct {
	Name string // 47 bytes at most
	Port uint32 // TCP
	IP   netip.Addr
}

// ServerRes lists the servers that the phone may use, best first; unused entries are zero.
type ServerRes struct{ Servers [ServersPerList]Server }

// ID is 0x009E.
func (m *ServerRes) ID() MessageID { return IDServerRes }

func (m *ServerRes) layout(c *coder) {
	for i := range m.Servers {
		c.text(&m.Servers[i].Name, 48)
	}
	for i := range m.Servers {
		u32(c, &m.Servers[i].Port)
	}
	typed := c.has(typedAddress)
	if c.decoding { // sccp.md 2.2: the length tells the two forms apart
		typed = len(c.buf) > 288
	}
	for i := range m.Servers {
		c.address(&m.Servers[i].IP, typed)
	}
}

// Alarm reports a phone's trouble, usually before Register: why the last session ended, or which
// message it could not take.
type Alarm struct {
	Severity AlarmSeverity
	Text     string // 79 bytes
	Param1   uint32
	Param2   uint32 // the phone's IPv4 address, first byte lowest
}

// ID is 0x0020.
func (m *Alarm) ID() MessageID { return IDAlarm }

func (m *Alarm) layout(c *coder) {
	u32(c, &m.Severity)
	c.text(&m.Text, 80)
	u32(c, &m.Param1)
	u32(c, &m.Param2)
}

// XMLAlarm is the alarm of newer phones: a document of up to 2047 bytes.
type XMLAlarm struct{ XML string }

// ID is 0x015A.
func (m *XMLAlarm) ID() MessageID { return IDXMLAlarm }

func (m *XMLAlarm) layout(c *coder) { c.text(&m.XML, 2048) }

// LocationInfo is what wireless phones say of their access point, as XML.
type LocationInfo struct{ XML string }

// ID is 0x0157.
func (m *LocationInfo) ID() MessageID { return IDLocationInfo }

func (m *LocationInfo) layout(c *coder) { c.text(&m.XML, 2401) }

// AddOnDeviceCapabilities describes one attached expansion module.
type AddOnDeviceCapabilities struct {
	Instance uint32
	Type     uint32
	Count    uint32
	Text     string // such as "max-chained=2 deviceLine=14"
}

// ID is 0x0159.
func (m *AddOnDeviceCapabilities) ID() MessageID { return IDAddOnDeviceCapabilities }

func (m *AddOnDeviceCapabilities) layout(c *coder) {
	u32(c, &m.Instance)
	u32(c, &m.Type)
	u32(c, &m.Count)
	c.text(&m.Text, 152)
}

// MediaPathCapability tells what headset, handset or speaker can do.
type MediaPathCapability struct {
	Path         MediaPath
	Capabilities uint32
}

// ID is 0x004A.
func (m *MediaPathCapability) ID() MessageID { return IDMediaPathCapability }

func (m *MediaPathCapability) layout(c *coder) { u32(c, &m.Path); u32(c, &m.Capabilities) }
