package provision

import (
	"errors"
	"strings"
	"testing"
)

func TestParseName(t *testing.T) {
	for _, c := range []struct {
		asked string
		want  Name
	}{
		{"SEP0000AAAA2003.cnf.xml", Name{KindPhone, "SEP0000AAAA2003.cnf.xml", "SEP0000AAAA2003"}},
		{"sep0000aaaa2003.CNF.xml", Name{KindPhone, "sep0000aaaa2003.CNF.xml", "SEP0000AAAA2003"}},
		{"/SEP0000AAAA2003.cnf.xml", Name{KindPhone, "SEP0000AAAA2003.cnf.xml", "SEP0000AAAA2003"}},
		{"SEP0000AAAA2003.cnf.xml.sgn", Name{KindSigned, "SEP0000AAAA2003.cnf.xml.sgn", "SEP0000AAAA2003"}},
		{"SEP0000AAAA2003.cnf.xml.enc.sgn", Name{KindSigned, "SEP0000AAAA2003.cnf.xml.enc.sgn", "SEP0000AAAA2003"}},
		{"CTLSEP0000AAAA2003.tlv", Name{KindTrustList, "CTLSEP0000AAAA2003.tlv", "SEP0000AAAA2003"}},
		{"ITLFile.tlv", Name{KindTrustList, "ITLFile.tlv", ""}},
		{"SIP0000AAAA2007.cnf", Name{KindPhoneText, "SIP0000AAAA2007.cnf", "SIP0000AAAA2007"}},
		{"SIPDefault.cnf", Name{KindSIPDefault, "SIPDefault.cnf", ""}},
		{"XMLDefault.cnf.xml", Name{KindXMLDefault, "XMLDefault.cnf.xml", ""}},
		{"SEP0000AAAA2003.cnf", Name{KindOldBinary, "SEP0000AAAA2003.cnf", "SEP0000AAAA2003"}},
		{"lobby.cnf.xml", Name{KindPhone, "lobby.cnf.xml", "lobby"}},
		{".cnf.xml", Name{}}, // a part that begins with a dot
		{"_.cnf.xml", Name{KindPhone, "_.cnf.xml", ""}},
		{`English_United_States\mk-sccp.jar`, Name{KindOther, "English_United_States/mk-sccp.jar", ""}},
		{"Desktops/320x212x16/List.xml", Name{KindOther, "Desktops/320x212x16/List.xml", ""}},
		{"a/SEP0000AAAA2003.cnf.xml", Name{KindOther, "a/SEP0000AAAA2003.cnf.xml", ""}},
		{"0015651122aa.boot", Name{KindOtherVendor, "0015651122aa.boot", ""}},
		{"y000000000046.cfg", Name{KindOtherVendor, "y000000000046.cfg", ""}},
	} {
		got, err := ParseName(c.asked)
		if got != c.want || (err == nil) != (c.want != Name{}) || err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %+v, %v", c.asked, got, err)
		}
	}
}

// FuzzParseName: whatever is accepted stays below one root and belongs to a device with a valid name.
func FuzzParseName(f *testing.F) {
	for _, seed := range []string{"SEP0000AAAA2003.cnf.xml", "../x", `a\..\b`, "CTL.tlv", "ctlitl.tlv", "x.cnf.xml.sgn", ".cnf", "sip.cnf", "y.cfg"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, asked string) {
		n, err := ParseName(asked)
		if err != nil {
			if !errors.Is(err, ErrRefused) {
				t.Fatal(err)
			}
			return
		}
		if n.Text == "" || strings.HasPrefix(n.Text, "/") || strings.Contains(n.Text, "..") && strings.Contains("/"+n.Text+"/", "/../") || strings.ContainsAny(n.Text, "\\\x00\n") {
			t.Fatalf("%q became %q", asked, n.Text)
		}
		if n.Device != "" && !n.Device.Valid() {
			t.Fatalf("%q belongs to %q", asked, n.Device)
		}
	})
}
