package cnf

import (
	"strings"
	"testing"

	"tandem/telephony"
)

// Every form of file lists the servers of the group in order, each with its own ports, and the SRST router behind them.
func TestFilesListTheServersInOrder(t *testing.T) {
	servers := []Server{{"cm1", "192.0.2.11", 2000, 5060, 5061}, {"cm2", "192.0.2.12", 2100, 5160, 5161}, {"cm3", "192.0.2.13", 2200, 5260, 5261}}
	router := SRST{Name: "Branch", Addresses: []string{"192.0.2.250", "192.0.2.251"}, Port: 2001, SIPAddresses: []string{"192.0.2.252"}, SIPPort: 5070}
	for _, c := range []struct {
		product  telephony.ProductName
		protocol telephony.Protocol
		want     []string
	}{
		{"Cisco 7975", telephony.ProtocolSCCP, []string{
			`priority="0"`, "2000</ethernetPhonePort>", "5060</sipPort>", "192.0.2.11<", `priority="1"`, "2100</ethernetPhonePort>", "5160</sipPort>",
			"5161</securedSipPort>", "192.0.2.12<", `priority="2"`, "192.0.2.13<", "<name>Branch</name><srstOption>Enable</srstOption>",
			"<ipAddr1>192.0.2.250</ipAddr1><port1>2001</port1>", "<ipAddr2>192.0.2.251</ipAddr2>", "<ipAddr3></ipAddr3>",
			"<sipIpAddr1>192.0.2.252</sipIpAddr1><sipPort1>5070</sipPort1>", "<isSecure>false</isSecure>",
			"<connectionMonitorDuration>120</connectionMonitorDuration>"}},
		{"Cisco 7960", telephony.ProtocolSCCP, []string{`priority="0"`, `priority="2"`, "Enable</srstOption>",
			"<ipAddr1>192.0.2.250</ipAddr1>", "<ipAddr2>192.0.2.251</ipAddr2>"}},
		{"Cisco 7975", telephony.ProtocolSIP, []string{`priority="0"`, "192.0.2.11<", `priority="1"`, "5160</sipPort>", `priority="2"`,
			"<sipIpAddr1>192.0.2.252</sipIpAddr1>", "<backupProxy>USECALLMANAGER</backupProxy>"}},
		{"Cisco 7960", telephony.ProtocolSIP, []string{"proxy1_address: 192.0.2.11\nproxy1_port: 5060\nproxy_backup: 192.0.2.12\nproxy_backup_port: 5160\n"}},
	} {
		p := sample(t, c.product, c.protocol)
		p.Servers, p.SRST = servers, router
		content, err := File(p)
		if err != nil {
			t.Errorf("%s with %s: %v", c.product, c.protocol, err)
			continue
		}
		rest := string(content)
		for _, want := range c.want {
			_, after, ok := strings.Cut(rest, want)
			if !ok {
				t.Errorf("%s with %s: no %q behind what stands before it in\n%s", c.product, c.protocol, want, content)
				break
			}
			rest = after
		}
		if strings.Contains(string(content), "proxy2_address") || c.product == "Cisco 7960" && strings.Contains(string(content), "ipAddr3") {
			t.Errorf("%s with %s: too much in\n%s", c.product, c.protocol, content)
		}
	}
}

func TestNoSRSTRouterIsDisabled(t *testing.T) {
	content, err := File(sample(t, "Cisco 7975", telephony.ProtocolSCCP))
	if err != nil || !strings.Contains(string(content), "<srstOption>Disable</srstOption>") || strings.Contains(string(content), "sipIpAddr1") {
		t.Errorf("%v\n%s", err, content)
	}
}
