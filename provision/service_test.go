package provision

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"tandem/fault"
	"tandem/provision/cnf"
	"tandem/telephony"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each model gets the file of its kind; the golden files are what a reader compares with the reference.
func TestFilesOfPhones(t *testing.T) {
	l := newLab(t, smallSite())
	for _, name := range []string{
		"SEP0000AAAA2003.cnf.xml", "SEP0000AAAA2004.cnf.xml", "SEP0000AAAA2005.cnf.xml", "SEP0000AAAA2006.cnf.xml",
		"SIP0000AAAA2007.cnf", "SEP0000AAAA2008.cnf.xml", "SEP0000AAAA2009.cnf.xml", "XMLDefault.cnf.xml", "SIPDefault.cnf",
		"OS79XX.TXT", "dialplan.xml", "RINGLIST.XML", "DISTINCTIVERINGLIST.XML", "RINGLIST.DAT",
	} {
		content, err := l.ask(name, "192.0.2.100")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		golden(t, name, content)
	}
}

// R-60 (f), Q-41: the file is made per model and protocol, and a model gets no other.
func TestQ41_NoFileOfTheWrongForm(t *testing.T) {
	l := newLab(t, smallSite().change(func(s *site) {
		s.phone("SEP0000AAAA2008", func(p *telephony.Phone) { p.Protocol = telephony.ProtocolSCCP }) // a 9971 speaks SIP only
	}))
	for _, c := range []struct{ name, why string }{
		{"SEP0000AAAA2008.cnf.xml", "a Cisco 9971 with SCCP is not set up by files"},
		{"SEP0000AAAA2007.cnf.xml", "a Cisco 7960 with SIP reads SIP<MAC>.cnf"},
		{"SIP0000AAAA2003.cnf", "a Cisco 7960 with SCCP reads SEP<MAC>.cnf.xml"},
		{"SIP2001.cnf.xml", "a Generic SIP phone with SIP is not set up by files"},
		{"SEP999999999999.cnf.xml", "no device of this name is configured"},
	} {
		if _, err := l.ask(c.name, "192.0.2.100"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", c.name, err)
		}
		if !strings.Contains(strings.Join(l.lines, "\n"), c.why) {
			t.Errorf("%s: the story ends with %q", c.name, l.last())
		}
	}
}

// Every built-in product that has a file gets a valid one with each of its protocols.
func TestR60_EveryProductGetsAValidFile(t *testing.T) {
	s := smallSite()
	files := 0
	for _, product := range telephony.BuiltInProducts() {
		for _, protocol := range product.Protocols {
			if cnf.FormOf(product, protocol) == cnf.None {
				continue
			}
			next := s.change(func(n *site) {
				n.phones["SEP00000000000A"] = &telephony.Phone{Name: "SEP00000000000A", Product: product.Name, Protocol: protocol, DevicePool: "HQ", DigestUser: "alice",
					Lines: []telephony.LineAppearance{{DirectoryNumber: "2004", Partition: "internal"}}}
			})
			l := newLab(t, next)
			name := "SEP00000000000A.cnf.xml"
			if cnf.FormOf(product, protocol) == cnf.SIPText {
				name = "SIP00000000000A.cnf"
			}
			content, err := l.ask(name, "192.0.2.100")
			if err != nil || content == "" {
				t.Errorf("%s with %s: %v", product.Name, protocol, err)
			}
			files++
		}
	}
	if files < 80 {
		t.Errorf("only %d files", files)
	}
}

// the name of the image, and not an octet more; no file at all rather than an empty one.
func TestQ37_ImageName(t *testing.T) {
	s := smallSite()
	l := newLab(t, s)
	for _, name := range []string{"OS79XX.TXT", "os79xx.txt", "/OS79XX.TXT", `\OS79xx.TXT`} {
		if content, err := l.ask(name, "192.0.2.100"); content != "P003-8-12-00" || err != nil {
			t.Errorf("%s is %q, %v", name, content, err)
		}
	}
	l.set(s.change(func(n *site) {
		delete(n.defaults, "Cisco 7960/SIP")
		n.defaults["Cisco 7940/SCCP"] = &telephony.DeviceDefaults{FirmwareLoad: "P00308010200"}
	}))
	if content, _ := l.ask("OS79XX.TXT", "192.0.2.100"); content != "P00308010200" {
		t.Errorf("SCCP image: %q", content)
	}
	l.set(s.change(func(n *site) { clear(n.defaults) }))
	if content, err := l.ask("OS79XX.TXT", "192.0.2.100"); !errors.Is(err, ErrNotFound) {
		t.Errorf("without a load: %q, %v", content, err)
	}
}

// what is not here is not here at once, and the story says why.
func TestQ36_FilesThatAreNeverHere(t *testing.T) {
	l := newLab(t, smallSite())
	for name, why := range map[string]string{
		"CTLSEP0000AAAA2003.tlv": "issues no trust lists", "ITLSEP0000AAAA2003.tlv": "issues no trust lists", "ITLFile.tlv": "issues no trust lists",
		"SEP0000AAAA2003.cnf.xml.sgn": "are not signed", "SEP0000AAAA2003.cnf.xml.enc.sgn": "are not signed",
		"SEP0000AAAA2003.cnf": "before XML", "SEPDefault.cnf": "before XML",
		"001122334455.boot": "only Cisco phones", "001122334455.cfg": "only Cisco phones", "y000000000028.cfg": "only Cisco phones", "y000000000000.boot": "only Cisco phones",
		"English_United_States/mk-sccp.jar": "", "United_States/g3-tones.xml": "", "SCCP41.9-4-2SR3-1S.loads": "",
	} {
		if _, err := l.ask(name, "192.0.2.100"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.Contains(l.last(), "told at once that it is not here") || !strings.Contains(l.last(), why) {
			t.Errorf("%s: %q", name, l.last())
		}
	}
}

// an unknown phone finds server and loads in the default file, and is listed.
func TestQ40_UnknownPhone(t *testing.T) {
	s := smallSite()
	l := newLab(t, s)
	for range 3 {
		if _, err := l.ask("SEP00112233AABB.cnf.xml", "192.0.2.99"); !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
	}
	content, err := l.ask("xmldefault.CNF.XML", "192.0.2.99")
	if err != nil || !strings.Contains(content, "<processNodeName>192.0.2.11</processNodeName>") ||
		!strings.Contains(content, `<loadInformation30018 model="Cisco 7961">SCCP41.9-4-2SR3-1S</loadInformation30018>`) ||
		!strings.Contains(content, `<loadInformation8 model="Cisco 7940"></loadInformation8>`) {
		t.Fatalf("%v\n%s", err, content)
	}
	if len(content) > 8<<10 {
		t.Errorf("%d octets are more than a 7960 takes", len(content))
	}
	unknown := l.Unknown()
	if len(unknown) != 1 || unknown[0].Device != "SEP00112233AABB" || unknown[0].Requests != 3 || unknown[0].Address.String() != "192.0.2.99" {
		t.Errorf("%+v", unknown)
	}
	if len(l.event) != 0 {
		t.Errorf("auto-registration is open, and still: %v", l.event)
	}
	if !strings.HasPrefix(l.last(), "SEP00112233AABB: Asked for xmldefault.CNF.XML") {
		t.Errorf("the default file is not in the phone's story: %q", l.last())
	}
	l.set(s.change(func(n *site) { n.auto = nil }))
	for range 3 {
		_, _ = l.ask("SEP00112233AABC.cnf.xml", "192.0.2.98")
	}
	if len(l.event) != 1 || l.event[0].Code != fault.ProvisionUnknownDevice || !strings.Contains(l.event[0].Reason, "not set up") {
		t.Errorf("%v", l.event)
	}
}

// the same file more than five times within two minutes is a loop, told once with the name of the file, and over when
// the phone registers.
func TestR60_LoopIsAnAlarm(t *testing.T) {
	l := newLab(t, smallSite())
	key := string(fault.ProvisionLoop) + "/SEP0000AAAA2003"
	for i := range 20 {
		_, _ = l.ask("CTLSEP0000AAAA2003.tlv", "192.0.2.100")
		if found := l.stand[key] != nil; found != (i >= 5) {
			t.Fatalf("after %d requests: %v", i+1, found)
		}
	}
	if f := l.stand[key]; !strings.Contains(f.Message, "CTLSEP0000AAAA2003.tlv") {
		t.Errorf("the alarm says %q", f.Message)
	}
	told := 0
	for _, line := range l.lines {
		if strings.Contains(line, string(fault.ProvisionLoop)) {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
	l.Registered("SEP0000AAAA2003")
	if l.stand[key] != nil {
		t.Error("the alarm stands although the phone registered")
	}
	// Once in a while is no loop.
	for range 20 {
		l.at = l.at.Add(loopWindow / 4)
		_, _ = l.ask("SEP0000AAAA2004.cnf.xml", "192.0.2.101")
	}
	if l.stand[string(fault.ProvisionLoop)+"/SEP0000AAAA2004"] != nil {
		t.Error("five requests in two and a half minutes are no loop")
	}
}

// a phone that asks only for signed files trusts another cluster; one that takes the plain file then does not.
func TestR59_PhoneTrustsAnotherCluster(t *testing.T) {
	l := newLab(t, smallSite())
	for range 4 { // a phone with a trust list that still takes the plain file
		_, _ = l.ask("SEP0000AAAA2004.cnf.xml.sgn", "192.0.2.101")
		_, _ = l.ask("SEP0000AAAA2004.cnf.xml", "192.0.2.101")
		l.at = l.at.Add(loopWindow)
	}
	key := string(fault.ProvisionForeignTrust) + "/SEP0000AAAA2003"
	for range 3 {
		_, _ = l.ask("CTLSEP0000AAAA2003.tlv", "192.0.2.100")
		_, _ = l.ask("ITLSEP0000AAAA2003.tlv", "192.0.2.100")
		_, _ = l.ask("SEP0000AAAA2003.cnf.xml.sgn", "192.0.2.100")
	}
	f := l.stand[key]
	if f == nil || l.stand[string(fault.ProvisionForeignTrust)+"/SEP0000AAAA2004"] != nil {
		t.Fatalf("alarms: %v", l.stand)
	}
	for _, way := range []string{"empty trust list", "trust this cluster's key", "erase the trust list on the phone"} {
		if !strings.Contains(f.Action, way) {
			t.Errorf("%q misses the way out %q", f.Action, way)
		}
	}
	if !strings.Contains(strings.Join(l.lines, "\n"), "trusts another cluster") {
		t.Error("the story does not tell")
	}
	if _, err := l.ask("SEP0000AAAA2003.cnf.xml", "192.0.2.100"); err != nil || l.stand[key] != nil {
		t.Errorf("after the plain file: %v, %v", err, l.stand)
	}
}

// T-8: names that lead elsewhere find no octet of another file, and are refused.
func TestT08_TraversalNames(t *testing.T) {
	l := newLab(t, smallSite())
	dir := filepath.Dir(filepath.Join(t.TempDir(), "x"))
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"../../../../etc/passwd", "/etc/passwd", `..\..\..\windows\win.ini`, "....//....//etc/passwd", "%2e%2e/%2e%2e/etc/passwd",
		"file:///etc/passwd", `C:\boot.ini`, "English_United_States/../../etc/passwd", "SEP0000AAAA2003.cnf.xml/../../CCM0300.db",
		"./CCM0300.db", "~root/.ssh/id_rsa", secret, "CCM0300.db", "tandem.yaml", "ConfigFileCacheList.txt", "\x00", "a\x00b", "*", "",
		strings.Repeat("a/", 80), strings.Repeat("a", 5000), ".", "..", "/", "//", "-rf", "|id", "SEP0000AAAA2003.cnf.xml ", "\xff\xfe", "files/" + strings.Repeat("0", 64),
	} {
		content, err := l.ask(name, "192.0.2.66")
		if content != "" || !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrRefused) {
			t.Errorf("%q: %q, %v", name, content, err)
		}
	}
	refused := 0
	for _, f := range l.event {
		if f.Code == fault.ProvisionNameRefused {
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("%d alarms for one address", refused)
	}
	for _, line := range l.lines {
		if strings.ContainsAny(line, "\x00\n") || !utf8.ValidString(line) || len(line) > 400 {
			t.Errorf("the story took a stranger's octets over: %q", line)
		}
	}
}

func TestAddedFiles(t *testing.T) {
	l := newLab(t, smallSite())
	l.add("SCCP41.9-4-2SR3-1S.loads", "apps41.9-4-2ES26.sbn", "")
	l.add("German_Germany/mk-sccp.jar", "jar", "locale")
	l.add("Bells.raw", strings.Repeat("\xff", 240), "ring")
	for name, want := range map[string]string{
		"SCCP41.9-4-2SR3-1S.loads": "apps41.9-4-2ES26.sbn", "sccp41.9-4-2sr3-1s.LOADS": "apps41.9-4-2ES26.sbn",
		`German_Germany\mk-sccp.jar`: "jar", "/german_germany/MK-SCCP.jar": "jar", "bells.raw": strings.Repeat("\xff", 240),
	} {
		if got, err := l.ask(name, "192.0.2.100"); got != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	list, err := l.ask("RINGLIST.DAT", "192.0.2.100")
	if err != nil || !strings.HasPrefix(list, "Bells\tBells.raw\r\nTandem Classic\tTandemClassic.raw\r\n") {
		t.Errorf("%q, %v", list, err)
	}
	for _, m := range melodies {
		ring, err := l.ask(m.file, "192.0.2.100")
		if err != nil || len(ring)%240 != 0 || len(ring) < 240 || len(ring) > 16080 || ring == strings.Repeat(ring[:1], len(ring)) {
			t.Errorf("%s: %d octets, %v", m.file, len(ring), err)
		}
	}
	l.add("dialplan.xml", "<DIALTEMPLATE/>", "other") // one's own counts
	if got, _ := l.ask("dialplan.xml", "192.0.2.100"); got != "<DIALTEMPLATE/>" {
		t.Errorf("own dial plan: %q", got)
	}
}

// A load that is assigned but was never added is an alarm, until it is there.
func TestLoadThatWasNeverAdded(t *testing.T) {
	l := newLab(t, smallSite())
	key := string(fault.FirmwareMissing) + "/SEP0000AAAA2004"
	_, _ = l.ask("SEP0000AAAA2004.cnf.xml", "192.0.2.100")
	if f := l.stand[key]; f == nil || !strings.Contains(f.Message, "SCCP41.9-4-2SR3-1S") {
		t.Fatalf("alarms: %v", l.stand)
	}
	l.add("SCCP41.9-4-2SR3-1S.loads", "parts", "")
	_, _ = l.ask("SEP0000AAAA2004.cnf.xml", "192.0.2.100")
	if l.stand[key] != nil {
		t.Error("the alarm stands although the load is there")
	}
}

// A setting that makes a file no phone takes is an alarm that names it, and nothing is served.
func TestR60_InvalidFileIsNotServed(t *testing.T) {
	s := smallSite().change(func(n *site) {
		n.users["alice"] = &telephony.User{UserID: "alice", DigestPassword: telephony.NewSecret(strings.Repeat("x", 40))}
	})
	l := newLab(t, s)
	if content, err := l.ask("SIP0000AAAA2007.cnf", "192.0.2.100"); err == nil {
		t.Fatalf("served %q", content)
	}
	found := false
	for _, f := range l.stand {
		found = found || f.Code == fault.ConfigurationFileInvalid && strings.Contains(f.Reason, "40 characters") && !strings.Contains(f.Error(), "xxxx")
	}
	if !found {
		t.Errorf("alarms: %v", l.stand)
	}
}

// Staged roll-out and pin: the load in the file follows both.
func TestStagedRollout(t *testing.T) {
	s := smallSite().change(func(n *site) {
		clear(n.phones)
		for i := range 200 {
			name := telephony.DeviceName(fmt.Sprintf("SEP0000BBBB%04X", i))
			n.phones[name] = &telephony.Phone{Name: name, Product: "Cisco 7961", Protocol: telephony.ProtocolSCCP, DevicePool: "HQ"}
		}
		n.phone("SEP0000BBBB0000", func(p *telephony.Phone) { p.FirmwareLoad = "PINNED" })
	})
	with := func(percent int) (map[string]int, *site) {
		next := s.change(func(n *site) {
			n.defaults["Cisco 7961/SCCP"] = &telephony.DeviceDefaults{Product: "Cisco 7961", Protocol: telephony.ProtocolSCCP, FirmwareLoad: "OLD", RolloutLoad: "NEW", RolloutPercent: percent}
		})
		l := newLab(t, next)
		count := map[string]int{}
		for name := range next.phones {
			content, err := l.ask(string(name)+".cnf.xml", "192.0.2.100")
			if err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(content, "<loadInformation>")
			load, _, _ := strings.Cut(rest, "<")
			count[load]++
		}
		return count, next
	}
	none, before := with(0)
	some, after := with(30)
	all, _ := with(100)
	if none["OLD"] != 199 || all["NEW"] != 199 || some["NEW"] < 30 || some["NEW"] > 90 || some["PINNED"] != 1 {
		t.Errorf("0 %%: %v, 30 %%: %v, 100 %%: %v", none, some, all)
	}
	if set := NeedsRestart(before, after, "cm1"); len(set) != some["NEW"] {
		t.Errorf("%d phones restart for %d new loads", len(set), some["NEW"])
	}
}

// A change of one phone makes the file of that phone anew, and of no other.
func TestCacheFollowsTheConfiguration(t *testing.T) {
	s := smallSite()
	l := newLab(t, s)
	one, _ := l.ask("SEP0000AAAA2003.cnf.xml", "192.0.2.100")
	two, _ := l.ask("SEP0000AAAA2004.cnf.xml", "192.0.2.100")
	kept := l.cache.files["SEP0000AAAA2004.cnf.xml"].content
	l.set(s.change(func(n *site) {
		n.phone("SEP0000AAAA2003", func(p *telephony.Phone) { p.FirmwareLoad = "P00308010200" })
	}))
	oneAgain, _ := l.ask("SEP0000AAAA2003.cnf.xml", "192.0.2.100")
	twoAgain, _ := l.ask("SEP0000AAAA2004.cnf.xml", "192.0.2.100")
	if one == oneAgain || two != twoAgain {
		t.Error("the change did not reach the right file")
	}
	if &kept[0] != &l.cache.files["SEP0000AAAA2004.cnf.xml"].content[0] {
		t.Error("the file of the other phone was made anew")
	}
	stamp := func(content string) string {
		_, rest, _ := strings.Cut(content, "<versionStamp>")
		stamp, _, _ := strings.Cut(rest, "<")
		return stamp
	}
	if stamp(one) == stamp(oneAgain) || len(stamp(one)) < 10 {
		t.Errorf("version stamps %q and %q", stamp(one), stamp(oneAgain))
	}
}

// Ports are asked for whenever a file is made: a file from the cache does not name one that call processing has left.
func TestCacheFollowsThePorts(t *testing.T) {
	l := newLab(t, smallSite())
	ports := StandardPorts
	o := l.Service.o
	o.Ports = func() Ports { return ports }
	l.Service = New(o)
	for _, name := range []string{"SEP0000AAAA2003.cnf.xml", "XMLDefault.cnf.xml"} {
		ports = StandardPorts
		before, err := l.ask(name, "192.0.2.100")
		if err != nil {
			t.Fatal(err)
		}
		ports.SCCP = 12000
		after, _ := l.ask(name, "192.0.2.100")
		if strings.Contains(before, "12000") || !strings.Contains(after, "<ethernetPhonePort>12000</ethernetPhonePort>") {
			t.Errorf("%s: the file does not follow the port:\n%s", name, after)
		}
	}
}
