package cnf

import (
	"testing"

	"tandem/telephony"
)

func BenchmarkFile(b *testing.B) {
	p := Phone{
		Name: "SEP0000AAAA2003", Product: &telephony.Product{Name: "Cisco 7975", Family: "75", SIPFile: telephony.SIPFileXML, Protocols: []telephony.Protocol{"SIP"}},
		Protocol: "SIP", Servers: []Server{{"cm1", "192.0.2.11", 2000, 5060, 5061}}, DateTemplate: "D.M.Y", TimeZone: "Europe/Berlin", Expires: 3600,
	}
	for b.Loop() {
		if _, err := File(p); err != nil {
			b.Fatal(err)
		}
	}
}
