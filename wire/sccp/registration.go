package sccp

import (
	"encoding/hex"
	"net/netip"
	"strings"
)

// Register is a device's request to be served (sccp.md 2.2). Everything after MaxStreams is missing
// from old devices and then zero.
type Register struct {
	Name              string     // "SEP" and 12 hexadecimal digits for a phone; 15 characters at most
	Reserved          uint32     // seen as 0
	Instance          uint32     // of a device with several ports
	IP                netip.Addr // IPv4 address that the station believes to have
	DeviceType        DeviceType
	MaxStreams        uint32
	ActiveStreams     uint32   // not 0: a call's media has survived the loss of a server
	Version           Version  // highest that the phone speaks; 0 from the oldest
	Features          Features // see CharsetFor
	MaxConferences    uint32
	ActiveConferences uint32
	MAC               string // 12 upper-case hexadecimal digits, or empty
	IPv4Scope         uint32
	MaxLines          uint32
	IPv6              netip.Addr
	IPv6Scope         uint32
	FirmwareLoad      string // the load that is running
	ConfigStamp       string // version stamp of the configuration file in use
}

// ID is 0x0001.
func (m *Register) ID() MessageID { return IDRegister }

func (m *Register) layout(c *coder) {
	c.text(&m.Name, 16)
	u32(c, &m.Reserved)
	u32(c, &m.Instance)
	c.ipv4(&m.IP)
	u32(c, &m.DeviceType)
	u32(c, &m.MaxStreams)
	u32(c, &m.ActiveStreams)
	u8(c, &m.Version)
	c.raw(m.Features[:])
	u32(c, &m.MaxConferences)
	u32(c, &m.ActiveConferences)
	c.mac(&m.MAC)
	if !c.decoding && !c.has(registerTail) {
		return
	}
	u32(c, &m.IPv4Scope)
	u32(c, &m.MaxLines)
	c.ipv6(&m.IPv6)
	u32(c, &m.IPv6Scope)
	c.text(&m.FirmwareLoad, 32)
	if c.decoding || m.ConfigStamp != "" {
		c.text(&m.ConfigStamp, 48)
	}
}

// mac is a field of 12 bytes: as many hexadecimal digits, or six bytes and filler. What is no MAC
// address is sent as none.
func (c *coder) mac(p *string) {
	var b [12]byte
	if !c.decoding && len(*p) == len(b) && strings.Trim(*p, hexDigits) == "" {
		copy(b[:], *p)
	}
	c.raw(b[:])
	if !c.decoding {
		return
	}
	switch text := strings.ToUpper(string(b[:])); {
	case b == [12]byte{}:
		*p = ""
	case strings.Trim(text, hexDigits) == "":
		*p = text
	default:
		*p = strings.ToUpper(hex.EncodeToString(b[:6]))
	}
}

const hexDigits = "0123456789ABCDEF"

// RegisterAck accepts a Register (sccp.md 2.2, 1.3). Build it with NewRegisterAck.
type RegisterAck struct {
	KeepAlive          uint32 // seconds between KeepAlives on this connection
	DateTemplate       string // order and separator, such as "D.M.Y" or "M/D/YA"; 5 characters
	SecondaryKeepAlive uint32 // seconds between KeepAlives on a standby connection
	Version            Version
	Features           Features
}

// NewRegisterAck is the answer to a device with which v was negotiated; keepalives are in seconds.
func NewRegisterAck(v Version, keepAlive, secondary uint32, dateTemplate string) *RegisterAck {
	return &RegisterAck{
		KeepAlive: keepAlive, SecondaryKeepAlive: secondary, DateTemplate: dateTemplate,
		Version: v, Features: AckFeatures(v),
	}
}

// ID is 0x0081.
func (m *RegisterAck) ID() MessageID { return IDRegisterAck }

func (m *RegisterAck) layout(c *coder) {
	u32(c, &m.KeepAlive)
	c.text(&m.DateTemplate, 6)
	c.gap(2)
	u32(c, &m.SecondaryKeepAlive)
	u8(c, &m.Version)
	c.raw(m.Features[:])
}

// RegisterReject refuses a Register; the phone shows the text, of 31 bytes at most.
type RegisterReject struct{ Text string }

// ID is 0x009D.
func (m *RegisterReject) ID() MessageID { return IDRegisterReject }

func (m *RegisterReject) layout(c *coder) { c.text(&m.Text, 32) }

// UnregisterReq ends a registration from the phone's side.
type UnregisterReq struct{ Reason UnregisterReason }

// ID is 0x0027.
func (m *UnregisterReq) ID() MessageID { return IDUnregisterReq }

func (m *UnregisterReq) layout(c *coder) { u32(c, &m.Reason) }

// UnregisterAck answers UnregisterReq; UnregisterNAK refuses because a call is up.
type UnregisterAck struct{ Status UnregisterStatus }

// ID is 0x0118.
func (m *UnregisterAck) ID() MessageID { return IDUnregisterAck }

func (m *UnregisterAck) layout(c *coder) { u32(c, &m.Status) }

// KeepAlive shows that the phone is there. It may come before Register and on a standby connection.
type KeepAlive struct{}

// ID is 0x0000.
func (m *KeepAlive) ID() MessageID { return IDKeepAlive }

func (m *KeepAlive) layout(*coder) {}

// KeepAliveAck answers KeepAlive.
type KeepAliveAck struct{}

// ID is 0x0100.
func (m *KeepAliveAck) ID() MessageID { return IDKeepAliveAck }

func (m *KeepAliveAck) layout(*coder) {}

// RegisterTokenReq asks whether the phone may fall back to this server (sccp.md 4.3).
type RegisterTokenReq struct {
	Name       string
	Reserved   uint32
	Instance   uint32
	IP         netip.Addr
	DeviceType DeviceType
	AnyIP      netip.Addr // missing from old phones
}

// ID is 0x0029.
func (m *RegisterTokenReq) ID() MessageID { return IDRegisterTokenReq }

func (m *RegisterTokenReq) layout(c *coder) {
	c.text(&m.Name, 16)
	u32(c, &m.Reserved)
	u32(c, &m.Instance)
	c.ipv4(&m.IP)
	u32(c, &m.DeviceType)
	c.address(&m.AnyIP, c.typedAddress(36))
}

// RegisterTokenAck lets the phone come.
type RegisterTokenAck struct{}

// ID is 0x011A.
func (m *RegisterTokenAck) ID() MessageID { return IDRegisterTokenAck }

func (m *RegisterTokenAck) layout(*coder) {}

// RegisterTokenReject makes the phone stay where it is and ask again after Wait seconds.
type RegisterTokenReject struct{ Wait uint32 }

// ID is 0x011B.
func (m *RegisterTokenReject) ID() MessageID { return IDRegisterTokenReject }

func (m *RegisterTokenReject) layout(c *coder) { u32(c, &m.Wait) }

// SPCPRegisterTokenReq is the token request of SPA 500 phones.
type SPCPRegisterTokenReq struct {
	Name       string
	Reserved   uint32
	Instance   uint32
	IP         netip.Addr
	DeviceType DeviceType
	MaxStreams uint32
}

// ID is 0x8000.
func (m *SPCPRegisterTokenReq) ID() MessageID { return IDSPCPRegisterTokenReq }

func (m *SPCPRegisterTokenReq) layout(c *coder) {
	c.text(&m.Name, 16)
	u32(c, &m.Reserved)
	u32(c, &m.Instance)
	c.ipv4(&m.IP)
	u32(c, &m.DeviceType)
	u32(c, &m.MaxStreams)
}

// SPCPRegisterTokenAck lets an SPA 500 phone register; Features is sent as 0.
type SPCPRegisterTokenAck struct{ Features uint32 }

// ID is 0x8100.
func (m *SPCPRegisterTokenAck) ID() MessageID { return IDSPCPRegisterTokenAck }

func (m *SPCPRegisterTokenAck) layout(c *coder) { u32(c, &m.Features) }

// SPCPRegisterTokenReject makes an SPA 500 phone ask again after Wait seconds.
type SPCPRegisterTokenReject struct{ Wait uint32 }

// ID is 0x8101.
func (m *SPCPRegisterTokenReject) ID() MessageID { return IDSPCPRegisterTokenReject }

func (m *SPCPRegisterTokenReject) layout(c *coder) { u32(c, &m.Wait) }

// Reset makes the phone reboot, restart or read its configuration again.
type Reset struct{ Type ResetType }

// ID is 0x009F.
func (m *Reset) ID() MessageID { return IDReset }

func (m *Reset) layout(c *coder) { u32(c, &m.Type) }
