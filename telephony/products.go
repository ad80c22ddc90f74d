package telephony

import "strings"

// model is one line of the table of built-in products.
type model struct {
	name       ProductName
	protocols  string // "SCCP", "SIP" or "SCCP SIP"
	deviceType int    // sccp.md 3.1; 0 for phones that speak SIP only
	buttons    int    // sccp.md 4.1, buttons per model
	lines      int    // 0: as many as buttons
	version    int    // highest SCCP version to agree on (sccp.md 1.3); 0: no limit of its own
	template   ButtonTemplateName
	softkeys   bool
	sip        SIPFileForm
	sha256     bool
	family     string // sccp.md 5.6
}

// models are the built-in products: device types from sccp.md 3.1, buttons from sccp.md 4.1, versions from 1.3.
var models = []model{
	{"Cisco 12SP+", "SCCP", 2, 12, 4, 3, "Standard 12SP+", false, "", false, ""},
	{"Cisco 30VIP", "SCCP", 5, 26, 4, 3, "Standard 30VIP", false, "", false, ""},
	{"Cisco 7902", "SCCP", 30008, 1, 1, 6, "Standard 1 line", false, "", false, ""},
	{"Cisco 7905", "SCCP", 20000, 11, 1, 6, "Standard 7905", true, "", false, ""},
	{"Cisco 7906", "SCCP SIP", 369, 11, 1, 0, "Standard 7905", true, SIPFileXML, false, "11"},
	{"Cisco 7910", "SCCP", 6, 6, 1, 3, "Standard 7910", false, "", false, ""},
	{"Cisco 7911", "SCCP SIP", 307, 11, 1, 0, "Standard 7905", true, SIPFileXML, false, "11"},
	{"Cisco 7912", "SCCP", 30007, 11, 1, 6, "Standard 7905", true, "", false, ""},
	{"Cisco 7920", "SCCP", 30002, 6, 6, 6, "Standard 7920", true, "", false, ""},
	{"Cisco 7921", "SCCP", 365, 6, 6, 0, "Standard 7920", true, "", false, ""},
	{"Cisco 7925", "SCCP", 484, 6, 6, 0, "Standard 7920", true, "", false, ""},
	{"Cisco 7926", "SCCP", 577, 6, 6, 0, "Standard 7920", true, "", false, ""},
	{"Cisco 7931", "SCCP SIP", 348, 24, 20, 0, "Standard 7931", true, SIPFileXML, false, "31"},
	{"Cisco 7935", "SCCP", 9, 2, 2, 6, "Standard 2 lines", true, "", false, ""},
	{"Cisco 7936", "SCCP", 30019, 2, 2, 6, "Standard 2 lines", true, "", false, ""},
	{"Cisco 7937", "SCCP", 431, 2, 2, 0, "Standard 2 lines", true, "", false, ""},
	{"Cisco 7940", "SCCP SIP", 8, 2, 2, 11, "Standard 2 buttons", true, SIPFileText, false, "7960"},
	{"Cisco 7941", "SCCP SIP", 115, 2, 2, 0, "Standard 2 buttons", true, SIPFileXML, false, "41"},
	{"Cisco 7941G-GE", "SCCP SIP", 309, 2, 2, 0, "Standard 2 buttons", true, SIPFileXML, false, "41"},
	{"Cisco 7942", "SCCP SIP", 434, 2, 2, 0, "Standard 2 buttons", true, SIPFileXML, false, "42"},
	{"Cisco 7945", "SCCP SIP", 435, 2, 2, 0, "Standard 2 buttons", true, SIPFileXML, false, "45"},
	{"Cisco 7960", "SCCP SIP", 7, 6, 6, 11, "Standard 6 buttons", true, SIPFileText, false, "7960"},
	{"Cisco 7961", "SCCP SIP", 30018, 6, 6, 0, "Standard 6 buttons", true, SIPFileXML, false, "41"},
	{"Cisco 7961G-GE", "SCCP SIP", 308, 6, 6, 0, "Standard 6 buttons", true, SIPFileXML, false, "41"},
	{"Cisco 7962", "SCCP SIP", 404, 6, 6, 0, "Standard 6 buttons", true, SIPFileXML, false, "42"},
	{"Cisco 7965", "SCCP SIP", 436, 6, 6, 0, "Standard 6 buttons", true, SIPFileXML, false, "45"},
	{"Cisco 7970", "SCCP SIP", 30006, 8, 8, 0, "Standard 8 buttons", true, SIPFileXML, false, "70"},
	{"Cisco 7971", "SCCP SIP", 119, 8, 8, 0, "Standard 8 buttons", true, SIPFileXML, false, "70"},
	{"Cisco 7975", "SCCP SIP", 437, 8, 8, 0, "Standard 8 buttons", true, SIPFileXML, false, "75"},
	{"Cisco 7985", "SCCP", 302, 1, 1, 0, "Standard 1 line", true, "", false, ""},
	{"Cisco 6901", "SCCP SIP", 547, 1, 1, 0, "Standard 1 line", false, SIPFileXML, false, "69xx"},
	{"Cisco 6911", "SCCP SIP", 548, 1, 1, 0, "Standard 1 line", false, SIPFileXML, false, "69xx"},
	{"Cisco 6921", "SCCP SIP", 495, 2, 2, 0, "Standard 2 buttons", true, SIPFileXML, false, "69xx"},
	{"Cisco 6941", "SCCP SIP", 496, 4, 4, 0, "Standard 4 buttons", true, SIPFileXML, false, "69xx"},
	{"Cisco 6945", "SCCP SIP", 564, 4, 4, 0, "Standard 4 buttons", true, SIPFileXML, false, "69xx"},
	{"Cisco 6961", "SCCP SIP", 497, 12, 12, 0, "Standard 12 buttons", true, SIPFileXML, false, "69xx"},
	{"Cisco 8941", "SCCP SIP", 586, 10, 4, 0, "Standard 10 buttons", true, SIPFileXML, false, "894x"},
	{"Cisco 8945", "SCCP SIP", 585, 10, 4, 0, "Standard 10 buttons", true, SIPFileXML, false, "894x"},
	{"Cisco IP Communicator", "SCCP SIP", 30016, 8, 8, 0, "Standard 8 buttons", true, SIPFileXML, false, ""},
	{"Cisco ATA 186", "SCCP SIP", 12, 5, 1, 3, "Standard ATA", false, SIPFileNone, false, ""},
	{"Cisco ATA 188", "SCCP SIP", 13, 5, 1, 3, "Standard ATA", false, SIPFileNone, false, ""},
	{"Cisco VGC Phone", "SCCP", 10, 1, 1, 0, "Standard 1 line", false, "", false, ""},
	{"Analog Phone", "SCCP", 30027, 1, 1, 0, "Standard 1 line", false, "", false, ""},
	{"ISDN BRI Phone", "SCCP", 30028, 1, 1, 0, "Standard 1 line", false, "", false, ""},
	{"Nokia E Series", "SCCP", 275, 1, 1, 0, "Standard 1 line", true, "", false, ""},
	{"Cisco SPA 303G", "SCCP SIP", 80011, 3, 3, 0, "Standard 3 buttons", true, SIPFileNone, false, ""},
	{"Cisco SPA 502G", "SCCP SIP", 80003, 1, 1, 0, "Standard 1 line", true, SIPFileNone, false, ""},
	{"Cisco SPA 504G", "SCCP SIP", 80004, 4, 4, 0, "Standard 4 buttons", true, SIPFileNone, false, ""},
	{"Cisco SPA 508G", "SCCP SIP", 80006, 8, 8, 0, "Standard 8 buttons", true, SIPFileNone, false, ""},
	{"Cisco SPA 509G", "SCCP SIP", 80007, 12, 12, 0, "Standard 12 buttons", true, SIPFileNone, false, ""},
	{"Cisco SPA 512G", "SCCP SIP", 80012, 1, 1, 0, "Standard 1 line", true, SIPFileNone, false, ""},
	{"Cisco SPA 514G", "SCCP SIP", 80013, 4, 4, 0, "Standard 4 buttons", true, SIPFileNone, false, ""},
	{"Cisco SPA 521S", "SCCP", 80000, 1, 1, 0, "Standard 1 line", true, "", false, ""},
	{"Cisco SPA 524SG", "SCCP", 80001, 4, 4, 0, "Standard 4 buttons", true, "", false, ""},
	{"Cisco SPA 525G", "SCCP SIP", 80005, 8, 8, 0, "Standard 8 buttons", true, SIPFileNone, false, ""},
	{"Cisco SPA 525G2", "SCCP SIP", 80009, 8, 8, 0, "Standard 8 buttons", true, SIPFileNone, false, ""},

	{"Cisco 7811", "SIP", 0, 1, 1, 0, "Standard 1 line", true, SIPFileXML, false, "78xx"},
	{"Cisco 7821", "SIP", 0, 2, 2, 0, "Standard 2 buttons", true, SIPFileXML, false, "78xx"},
	{"Cisco 7841", "SIP", 0, 4, 4, 0, "Standard 4 buttons", true, SIPFileXML, false, "78xx"},
	{"Cisco 7861", "SIP", 0, 16, 16, 0, "Standard 16 buttons", true, SIPFileXML, false, "78xx"},
	{"Cisco 8811", "SIP", 0, 5, 5, 0, "Standard 5 buttons", true, SIPFileXML, false, "88xx"},
	{"Cisco 8841", "SIP", 0, 5, 5, 0, "Standard 5 buttons", true, SIPFileXML, false, "88xx"},
	{"Cisco 8845", "SIP", 0, 5, 5, 0, "Standard 5 buttons", true, SIPFileXML, false, "8845_65"},
	{"Cisco 8851", "SIP", 0, 5, 5, 0, "Standard 5 buttons", true, SIPFileXML, false, "88xx"},
	{"Cisco 8861", "SIP", 0, 5, 5, 0, "Standard 5 buttons", true, SIPFileXML, false, "88xx"},
	{"Cisco 8865", "SIP", 0, 5, 5, 0, "Standard 5 buttons", true, SIPFileXML, false, "8845_65"},
	{"Cisco 8961", "SIP", 0, 5, 5, 0, "Standard 5 buttons", true, SIPFileXML, false, "8961"},
	{"Cisco 9951", "SIP", 0, 5, 5, 0, "Standard 5 buttons", true, SIPFileXML, false, "9951"},
	{"Cisco 9971", "SIP", 493, 6, 6, 0, "Standard 6 buttons", true, SIPFileXML, false, "9971"},
	{GenericSIPPhone, "SIP", 0, 0, 16, 0, "Standard 16 lines", false, SIPFileNone, false, ""},
}

// BuiltInProducts returns the products that need no configuration.
func BuiltInProducts() []*Product {
	products := make([]*Product, 0, len(models))
	for _, m := range models {
		p := &Product{
			Name: m.name, Model: modelText(m.name), DeviceType: m.deviceType, Buttons: m.buttons, MaximumLines: m.lines,
			MaximumVersion: m.version, ButtonTemplate: m.template, SIPFile: m.sip, DigestSHA256: m.sha256, Family: m.family,
		}
		for _, protocol := range strings.Fields(m.protocols) {
			p.Protocols = append(p.Protocols, Protocol(protocol))
		}
		if m.softkeys {
			p.SoftkeyTemplate = StandardSoftkeys
		}
		products = append(products, p)
	}
	return products
}

func modelText(name ProductName) string { return strings.TrimPrefix(string(name), "Cisco ") }

// BuiltInButtonTemplates returns the button templates of the built-in products. On phones with several buttons the first
// two are lines (one on a phone with two or three buttons keeps one for a speed dial only if an administrator
// says so), the others speed dials.
func BuiltInButtonTemplates() []*ButtonTemplate {
	template := func(name ButtonTemplateName, groups ...any) *ButtonTemplate {
		t := &ButtonTemplate{Name: name}
		for i := 0; i < len(groups); i += 2 {
			for range groups[i].(int) {
				t.Buttons = append(t.Buttons, Button{Kind: groups[i+1].(ButtonKind)})
			}
		}
		return t
	}
	return []*ButtonTemplate{
		template("Standard 1 line", 1, ButtonLine),
		template("Standard 2 lines", 2, ButtonLine),
		template("Standard 2 buttons", 2, ButtonLine),
		template("Standard 3 buttons", 2, ButtonLine, 1, ButtonSpeedDial),
		template("Standard 4 buttons", 2, ButtonLine, 2, ButtonSpeedDial),
		template("Standard 5 buttons", 2, ButtonLine, 3, ButtonSpeedDial),
		template("Standard 6 buttons", 2, ButtonLine, 4, ButtonSpeedDial),
		template("Standard 8 buttons", 2, ButtonLine, 6, ButtonSpeedDial),
		template("Standard 10 buttons", 4, ButtonLine, 6, ButtonSpeedDial),
		template("Standard 12 buttons", 2, ButtonLine, 10, ButtonSpeedDial),
		template("Standard 16 buttons", 2, ButtonLine, 14, ButtonSpeedDial),
		template("Standard 16 lines", 16, ButtonLine),
		template("Standard 7905", 1, ButtonLine, 1, ButtonHold, 9, ButtonSpeedDial),
		template("Standard 7910", 1, ButtonLine, 1, ButtonHold, 1, ButtonTransfer, 1, ButtonDisplay, 1, ButtonVoiceMail,
			1, ButtonConference, 1, ButtonForwardAll, 2, ButtonSpeedDial, 1, ButtonRedial),
		template("Standard 7920", 1, ButtonLine, 5, ButtonSpeedDial),
		template("Standard 7931", 20, ButtonLine, 1, ButtonMessages, 1, ButtonDirectory, 1, ButtonHeadset, 1, ButtonApplication),
		template("Standard ATA", 1, ButtonLine, 4, ButtonSpeedDial),
		template("Standard 12SP+", 2, ButtonLine, 1, ButtonRedial, 6, ButtonSpeedDial, 1, ButtonForwardAll, 1, ButtonTransfer, 1, ButtonHold),
		template("Standard 30VIP", 4, ButtonLine, 1, ButtonPark, 1, ButtonRedial, 14, ButtonSpeedDial, 1, ButtonVoiceMail,
			1, ButtonForwardAll, 1, ButtonConference, 1, ButtonTransfer, 1, ButtonHold, 1, ButtonDisplay),
	}
}

// ProductByDeviceType finds a built-in product by the device type of its Register message (sccp.md 3.1), or nil. Type 118 is
// read as the 7971 too, and 14 as the 30VIP, since both have been seen.
func ProductByDeviceType(deviceType int) *Product {
	switch deviceType {
	case 118:
		deviceType = 119
	case 14, 20:
		deviceType = 5
	}
	if deviceType == 0 {
		return nil
	}
	return productByType[deviceType]
}

var productByType = func() map[int]*Product {
	m := map[int]*Product{}
	for _, p := range BuiltInProducts() {
		if p.DeviceType != 0 {
			m[p.DeviceType] = p
		}
	}
	return m
}()
