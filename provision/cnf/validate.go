package cnf

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem/telephony"
)

// maximumEarly is the largest file, in octets, that the parser of the 7940 and 7960 is said to take (sccp.md 5.2).
const maximumEarly = 8 << 10

// requirement is an element that must be there, with what its text must be.
type requirement struct {
	path  string
	check func(text string) bool // nil: any text, also none
}

func filled(text string) bool { return text != "" }

func oneOf(values ...string) func(string) bool {
	return func(text string) bool { return slices.Contains(values, text) }
}

func number(low, high int) func(string) bool {
	return func(text string) bool {
		n, err := strconv.Atoi(text)
		return err == nil && n >= low && n <= high
	}
}

// exact is what Q-37 asks of names of loads: no blank, no end of a line, nothing beyond ASCII.
func exact(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' }) < 0
}

var (
	always = []requirement{
		{"devicePool/dateTimeSetting/dateTemplate", dateTemplate},
		{"devicePool/dateTimeSetting/timeZone", knownZoneName},
		{"devicePool/callManagerGroup/members/member/callManager/ports/ethernetPhonePort", number(1, 65535)},
		{"devicePool/callManagerGroup/members/member/callManager/processNodeName", filled},
		{"devicePool/srstInfo/srstOption", oneOf("Disable", "Enable")},
		{"devicePool/connectionMonitorDuration", number(0, 3600)},
		{"loadInformation", exact},
		{"vendorConfig", nil},
		{"versionStamp", filled},
		{"userLocale/name", exact},
		{"networkLocale", exact},
		{"deviceSecurityMode", oneOf("1")}, // anything else without a trust list makes the phone ask for one without end
		{"authenticationURL", nil}, {"directoryURL", nil}, {"idleURL", nil}, {"informationURL", nil}, {"messagesURL", nil},
		{"servicesURL", nil},
	}
	later = []requirement{
		{"fullConfig", oneOf("true")},
		{"transportLayerProtocol", number(1, 4)},
		{"encrConfig", oneOf("false")},
		{"phoneServices/phoneService/url", filled},
	}
	withSIP = []requirement{
		{"sipProfile/sipProxies/registerWithProxy", oneOf("true")},
		{"sipProfile/sipCallFeatures/callForwardURI", filled},
		{"sipProfile/sipStack/timerRegisterExpires", number(10, 86400)},
		{"sipProfile/dialTemplate", oneOf("dialplan.xml")},
		{"sipProfile/startMediaPort", number(1024, 65534)},
		{"sipProfile/stopMediaPort", number(1024, 65534)},
	}
)

func dateTemplate(text string) bool {
	body, _ := strings.CutSuffix(text, "A")
	return len(body) == 5 && body[1] == body[3] && strings.Contains("/-.", body[1:2]) &&
		slices.Contains([]string{"MDY", "DMY", "YMD"}, string([]byte{body[0], body[2], body[4]}))
}

func knownZoneName(text string) bool {
	return slices.ContainsFunc(zones, func(z zone) bool { return z.cisco == text })
}

// Validate checks a file against what its model expects. It is run on every file before it is served: a file that
// fails is not served at all, and says why.
func Validate(product *telephony.Product, form Form, content []byte) error {
	if len(content) == 0 {
		return errors.New("the file is empty")
	}
	if product.Family == family7960 && len(content) > maximumEarly {
		return fmt.Errorf("%d bytes are more than the %d that the phone takes", len(content), maximumEarly)
	}
	if form == SIPText {
		return validateText(content)
	}
	root, err := parse(content)
	if err != nil {
		return err
	}
	if root.name != "device" {
		return fmt.Errorf("root element %s", root.name)
	}
	want := slices.Clone(always)
	protocol := string(telephony.ProtocolSCCP)
	if !early(product) {
		want = append(want, later...)
	}
	if form == SIPXML {
		protocol = string(telephony.ProtocolSIP)
		want = append(want, withSIP...)
	} else if root.child("sipProfile") != nil {
		return errors.New("a SIP profile in a file for SCCP")
	}
	want = append(want, requirement{"deviceProtocol", oneOf(protocol)})
	for _, r := range want {
		n := root.at(r.path)
		if n == nil {
			return fmt.Errorf("%s is missing", r.path)
		}
		if r.check != nil && !r.check(n.text) {
			return fmt.Errorf("%s is %q", r.path, n.text)
		}
	}
	if early(product) {
		for _, n := range root.children {
			if n.name == "fullConfig" || n.name == "phoneServices" || n.name == "capfList" {
				return fmt.Errorf("%s is unknown to this model", n.name)
			}
		}
	}
	return members(root.at("devicePool/callManagerGroup/members"), product)
}

func members(list *node, product *telephony.Product) error {
	if len(list.children) > telephony.MaximumGroupMembers {
		return fmt.Errorf("%d servers for %s", len(list.children), product.Name)
	}
	for i, m := range list.children {
		if len(m.attrs) != 1 || m.attrs[0] != [2]string{"priority", strconv.Itoa(i)} {
			return fmt.Errorf("member %d has the attributes %v", i, m.attrs)
		}
		if name := m.at("callManager/processNodeName"); name == nil || name.text == "" {
			return fmt.Errorf("member %d has no address", i)
		}
	}
	return nil
}

func validateText(content []byte) error {
	seen := map[string]string{}
	for _, line := range strings.Split(strings.TrimSuffix(string(content), "\n"), "\n") {
		key, value, ok := strings.Cut(line, ": ")
		if !ok || key == "" {
			return fmt.Errorf("line %q", line)
		}
		if _, twice := seen[key]; twice {
			return fmt.Errorf("%s twice", key)
		}
		seen[key] = strings.Trim(value, `"`)
	}
	for _, key := range []string{"proxy1_address", "proxy1_port", "line1_name"} {
		if seen[key] == "" {
			return fmt.Errorf("%s is missing", key)
		}
	}
	for i := 1; i <= textLines; i++ {
		if n := len(seen[fmt.Sprintf("line%d_password", i)]); n > textPassword {
			return fmt.Errorf("the password of line %d has %d characters, more than the %d that the phone takes", i, n, textPassword)
		}
	}
	if load := seen["image_version"]; !exact(load) {
		return fmt.Errorf("image_version is %q", load)
	}
	return nil
}
