package cnf

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"tandem/telephony"
)

func product(t *testing.T, name telephony.ProductName) *telephony.Product {
	t.Helper()
	for _, p := range telephony.BuiltInProducts() {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no product %s", name)
	return nil
}

func sample(t *testing.T, name telephony.ProductName, protocol telephony.Protocol) Phone {
	return Phone{
		Name: "SEP0000AAAA2003", Product: product(t, name), Protocol: protocol, Group: "Default", DateTemplate: "D.M.Y", TimeZone: "Europe/Berlin",
		Servers: []Server{{"cm1", "192.0.2.11", 2000, 5060, 5061}}, MonitorSecs: 120, KeepAliveSecs: 30, Expires: 3600,
		UserLocale: Locale{"English_United_States", "en_US", "iso-8859-1"}, NetworkLocale: "United_States",
		Lines: []Line{{Number: "2003", Label: "Carol", AuthName: "carol", AuthPassword: telephony.NewSecret("secret")}}, LineButtons: []int{1},
	}
}

func TestFormOf(t *testing.T) {
	for _, c := range []struct {
		product  telephony.ProductName
		protocol telephony.Protocol
		want     Form
	}{
		{"Cisco 7960", telephony.ProtocolSCCP, SCCPXML}, {"Cisco 7960", telephony.ProtocolSIP, SIPText},
		{"Cisco 7975", telephony.ProtocolSIP, SIPXML}, {"Cisco 9971", telephony.ProtocolSIP, SIPXML},
		{"Cisco 9971", telephony.ProtocolSCCP, None}, {"Cisco 7905", telephony.ProtocolSIP, None},
		{telephony.GenericSIPPhone, telephony.ProtocolSIP, None},
	} {
		if got := FormOf(product(t, c.product), c.protocol); got != c.want {
			t.Errorf("%s with %s: %d, want %d", c.product, c.protocol, got, c.want)
		}
	}
	if FormOf(nil, telephony.ProtocolSIP) != None {
		t.Error("an unknown product has a file")
	}
}

// whatever a model does not take is caught before it leaves.
func TestR60_ValidateFindsWhatPhonesRefuse(t *testing.T) {
	good := func(name telephony.ProductName, protocol telephony.Protocol) string {
		content, err := File(sample(t, name, protocol))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	sccp, early, sip, text := good("Cisco 7961", "SCCP"), good("Cisco 7960", "SCCP"), good("Cisco 7975", "SIP"), good("Cisco 7960", "SIP")
	for _, c := range []struct {
		name    string
		product telephony.ProductName
		form    Form
		content string
		want    string
	}{
		{"empty", "Cisco 7961", SCCPXML, "", "empty"},
		{"cut off", "Cisco 7961", SCCPXML, sccp[:len(sccp)/2], "XML"},
		{"for SIP, given to SCCP", "Cisco 7975", SCCPXML, sip, "SIP profile"},
		{"for SCCP, given to SIP (Q-41)", "Cisco 9971", SIPXML, sccp, "sipProfile"},
		{"new elements for an old model", "Cisco 7960", SCCPXML, sccp, "unknown to this model"},
		{"old file for a new model", "Cisco 7961", SCCPXML, early, "fullConfig"},
		{"authenticated without a trust list (Q-39)", "Cisco 7961", SCCPXML, strings.Replace(sccp, "<deviceSecurityMode>1", "<deviceSecurityMode>2", 1), "deviceSecurityMode"},
		{"blank behind the load (Q-37)", "Cisco 7961", SCCPXML, strings.Replace(sccp, "<loadInformation>", "<loadInformation>SCCP41 ", 1), "loadInformation"},
		{"zone that no phone knows (Q-19)", "Cisco 7961", SCCPXML, strings.Replace(sccp, "W. Europe Standard/Daylight Time", "Europe/Berlin", 1), "timeZone"},
		{"date template that no phone knows (Q-18)", "Cisco 7961", SCCPXML, strings.Replace(sccp, "D.M.Y", "D/M/YY", 1), "dateTemplate"},
		{"no address", "Cisco 7961", SCCPXML, strings.Replace(sccp, "192.0.2.11", "", 1), "processNodeName"},
		{"comment", "Cisco 7961", SCCPXML, strings.Replace(sccp, "<device>", "<device><!-- x -->", 1), "comment"},
		{"too large", "Cisco 7960", SCCPXML, strings.Replace(early, "<idleURL>", "<idleURL>"+strings.Repeat("x", 8192), 1), "8192"},
		{"no forward key (Q-33)", "Cisco 8941", SIPXML, strings.Replace(sip, "x-cisco-serviceuri-cfwdall", "", 1), "callForwardURI"},
		{"text without server", "Cisco 7960", SIPText, strings.Replace(text, "proxy1_address", "proxy9_address", 1), "proxy1_address"},
		{"key twice", "Cisco 7960", SIPText, text + "proxy1_port: 1\n", "twice"},
	} {
		err := Validate(product(t, c.product), c.form, []byte(c.content))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// a wireless phone has no survivable entry and a monitor time of three quarters of its keep-alive.
func TestQ02_WirelessPhones(t *testing.T) {
	content, err := File(sample(t, "Cisco 7925", telephony.ProtocolSCCP))
	if err != nil {
		t.Fatal(err)
	}
	root, err := parse(content)
	if err != nil {
		t.Fatal(err)
	}
	if got := root.at("devicePool/connectionMonitorDuration").text; got != "22" {
		t.Errorf("monitor time %s s with a keep-alive of 30 s", got)
	}
	for _, name := range []string{"ipAddr1", "ipAddr2", "ipAddr3"} {
		if n := root.at("devicePool/srstInfo/" + name); n == nil || n.text != "" {
			t.Errorf("survivable entry %s: %+v", name, n)
		}
	}
}

func TestQ19_ZoneNames(t *testing.T) {
	for place, want := range map[string]string{
		"Europe/Berlin": "W. Europe Standard/Daylight Time", "Pacific/Auckland": "New Zealand Standard/Daylight Time",
		"America/New_York": "Eastern Standard/Daylight Time", "America/Detroit": "Eastern Standard/Daylight Time",
		"Asia/Tokyo": "Tokyo Standard Time", "Asia/Kolkata": "India Standard Time", "Etc/UTC": "Greenwich Standard Time",
		"Nowhere/Land": "Greenwich Standard Time", "Europe/Zurich": "W. Europe Standard/Daylight Time", "Europe/London": "GMT Standard/Daylight Time",
	} {
		if got := ZoneName(place); got != want {
			t.Errorf("%s is %q, want %q", place, got, want)
		}
	}
	// Each entry of the table keeps the hours that its name says: with summer time if the name has it.
	for _, z := range zones {
		if _, err := time.LoadLocation(z.place); err != nil {
			t.Errorf("%s: %v", z.place, err)
		}
		o, _ := offsetsOf(z.place)
		if z.rule != noSummer && o.winter == o.summer {
			t.Errorf("%s has a rule of summer time and none in fact", z.cisco)
		}
		if o.winter != o.summer && !strings.Contains(z.cisco, "Daylight") {
			t.Errorf("%s keeps summer time and its name has none", z.cisco)
		}
	}
	if KnownZone("Asia/Kathmandu") || !KnownZone("Europe/Rome") {
		t.Error("KnownZone")
	}
}

// no character of a name breaks a file or leaves ASCII.
func TestR19_CharactersInFiles(t *testing.T) {
	nasty := "Zoë \x00\x1b<&>\"'\u2028\U0001F600\xff]]>"
	for _, protocol := range []telephony.Protocol{telephony.ProtocolSCCP, telephony.ProtocolSIP} {
		for _, name := range []telephony.ProductName{"Cisco 7960", "Cisco 7975"} {
			p := sample(t, name, protocol)
			p.Group, p.Lines[0].Label, p.Lines[0].Display, p.Vendor = nasty, nasty, nasty, map[string]string{"a": nasty, nasty: "b", "": "c", "9": "d"}
			content, err := File(p)
			if err != nil {
				t.Errorf("%s with %s: %v", name, protocol, err)
			}
			for _, c := range content {
				if c >= 0x80 || c < ' ' && c != '\n' {
					t.Fatalf("%s with %s: octet %#x", name, protocol, c)
				}
			}
		}
	}
}

func TestSameInputSameOctets(t *testing.T) {
	p := sample(t, "Cisco 7975", telephony.ProtocolSIP)
	p.Vendor = map[string]string{"a": "1", "b": "2", "c": "3", "d": "4", "e": "5"}
	one, _ := File(p)
	for range 20 {
		if two, _ := File(p); string(one) != string(two) {
			t.Fatal("the same phone got another file")
		}
	}
}

// FuzzValidate: nothing that is no file of ours panics or passes as one, and memory is bounded by the input.
func FuzzValidate(f *testing.F) {
	seed, err := File(Phone{Product: &telephony.Product{Name: "Cisco 7961", Family: "41", Protocols: []telephony.Protocol{"SCCP"}}, Protocol: "SCCP",
		Servers: []Server{{"cm1", "192.0.2.11", 2000, 5060, 5061}}, DateTemplate: "D.M.Y", TimeZone: "Etc/UTC"})
	if err != nil {
		f.Fatal(err)
	}
	for form, content := range map[Form][]byte{SCCPXML: seed, SIPXML: []byte(strings.Repeat("<a>", 100)),
		SIPText: []byte("proxy1_address: a\nproxy1_port: 1\nline1_name: 2\n")} {
		f.Add(uint8(form), content)
	}
	f.Add(uint8(SIPXML), []byte(`<device a="1&#10;2"><x> a </x><y/>b</device>`))
	product := &telephony.Product{Name: "Cisco 7961", Family: "41", Protocols: []telephony.Protocol{"SCCP", "SIP"}}
	f.Fuzz(func(t *testing.T, form uint8, content []byte) {
		_ = Validate(product, []Form{SCCPXML, SIPXML, SIPText}[form%3], content)
		root, err := parse(content)
		if err != nil {
			return
		}
		// What it read can be written and read again; blanks between elements go when it is written, and nothing else later.
		written := root.bytes()
		for range 2 {
			again, err := parse(written)
			if err != nil {
				t.Fatalf("%q does not parse again: %v", written, err)
			}
			written = again.bytes()
		}
		last, err := parse(written)
		if err != nil || !bytes.Equal(last.bytes(), written) {
			t.Fatalf("%q became %q", written, last.bytes())
		}
	})
}
