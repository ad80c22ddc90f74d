package cnf

import (
	"fmt"
	"strings"

	"tandem/telephony"
)

// The SIP loads of the 7940 and 7960 read lines "key: value" (sccp.md 5.7). Values of SIP<MAC>.cnf come before those of
// SIPDefault.cnf.

// Bounds of the text files.
const (
	textLines    = 6  // lines that the file can hold; "UNPROVISIONED" leaves one empty
	textPassword = 31 // octets of a password
)

type textFile struct{ b strings.Builder }

func (t *textFile) set(key string, value any) {
	text := fmt.Sprint(value)
	var clean strings.Builder
	for _, r := range text {
		if r < ' ' || r > '~' || r == '"' {
			r = '?'
		}
		clean.WriteRune(r)
	}
	value = clean.String()
	if strings.ContainsAny(text, " #") || text == "" {
		value = `"` + clean.String() + `"`
	}
	fmt.Fprintf(&t.b, "%s: %s\n", key, value)
}

// servers names the primary server and the backup. proxy2 to proxy6 are no further servers but those of lines 2 to 6, which
// without them use that of the first line; a third server these loads do not know.
func (t *textFile) servers(servers []Server) {
	t.set("proxy1_address", servers[0].Address)
	t.set("proxy1_port", servers[0].SIPPort)
	if len(servers) > 1 {
		t.set("proxy_backup", servers[1].Address)
		t.set("proxy_backup_port", servers[1].SIPPort)
	}
}

func (t *textFile) clock(place string, ntp []string) {
	if len(ntp) > 0 {
		t.set("sntp_server", ntp[0])
		t.set("sntp_mode", "unicast")
	}
	z := zoneOf(place)
	if z.short == "" {
		return
	}
	t.set("time_zone", z.short)
	t.set("dst_auto_adjust", boolean(z.rule != noSummer))
	switch z.rule {
	case europe:
		t.summer("March", 8, "October", 8) // 8: the last week
	case america:
		t.summer("March", 2, "November", 1)
	}
}

func (t *textFile) summer(start string, startWeek int, stop string, stopWeek int) {
	t.set("dst_offset", 1)
	t.set("dst_start_month", start)
	t.set("dst_start_day_of_week", "Sunday")
	t.set("dst_start_week_of_month", startWeek)
	t.set("dst_start_time", "02")
	t.set("dst_stop_month", stop)
	t.set("dst_stop_day_of_week", "Sunday")
	t.set("dst_stop_week_of_month", stopWeek)
	t.set("dst_stop_time", "02")
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sipText writes SIP<MAC>.cnf.
func sipText(p Phone) []byte {
	var t textFile
	if p.Load != "" {
		t.set("image_version", p.Load)
	}
	t.servers(p.Servers)
	for i := range textLines {
		key := func(name string) string { return fmt.Sprintf("line%d_%s", i+1, name) }
		if i >= len(p.Lines) || i >= p.Product.Lines() {
			t.set(key("name"), "UNPROVISIONED")
			continue
		}
		l := p.Lines[i]
		t.set(key("name"), l.Number)
		t.set(key("shortname"), l.Label)
		t.set(key("displayname"), l.Display)
		t.set(key("authname"), l.AuthName)
		t.set(key("password"), l.AuthPassword.Reveal())
		t.set(key("contact"), l.Number)
	}
	t.set("phone_label", label(p))
	if !p.Password.Empty() {
		t.set("phone_password", p.Password.Reveal())
	}
	t.clock(p.TimeZone, p.NTP)
	return []byte(t.b.String())
}

// Default is what phones get that have no file of their own, and what SIP phones of the text form have in common.
type Default struct {
	Group    string
	Servers  []Server
	URLs     URLs
	Loads    []Load             // for XMLDefault.cnf.xml
	SIPLoad  telephony.LoadName // of the 7940 and 7960, for SIPDefault.cnf
	TimeZone string
	NTP      []string
	Expires  int
}

// Load is the firmware of a product.
type Load struct {
	DeviceType int
	Model      string
	Name       telephony.LoadName // empty: the phone keeps what it has
}

// SIPDefault writes SIPDefault.cnf.
func SIPDefault(d Default) ([]byte, error) {
	if len(d.Servers) == 0 {
		return nil, errNoServer
	}
	var t textFile
	if d.SIPLoad != "" {
		t.set("image_version", d.SIPLoad)
	}
	t.servers(d.Servers)
	t.set("proxy_register", 1)
	t.set("timer_register_expires", d.Expires)
	t.set("preferred_codec", "none")
	t.set("dtmf_inband", 1)
	t.set("dtmf_outofband", "avt")
	t.set("dtmf_avt_payload", 101)
	t.clock(d.TimeZone, d.NTP)
	t.set("nat_enable", 0)
	t.set("voip_control_port", 5060)
	t.set("start_media_port", 16384)
	t.set("end_media_port", 32766)
	t.set("dial_template", "dialplan")
	t.set("telnet_level", 0)
	t.set("cnf_join_enable", 1)
	t.set("semi_attended_transfer", 1)
	t.set("tos_media", 5)
	if d.URLs.Services != "" {
		t.set("services_url", d.URLs.Services)
	}
	if d.URLs.Directories != "" {
		t.set("directory_url", d.URLs.Directories)
	}
	return []byte(t.b.String()), nil
}
