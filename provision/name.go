package provision

import (
	"fmt"
	"strings"

	"tandem/telephony"
)

// Kind is what sort of file a name stands for. The kinds and the names of added files are all that is ever served: no name
// becomes a path (T-8).
type Kind uint8

// The kinds.
const (
	KindOther       Kind = iota // a file that somebody added, or none
	KindPhone                   // SEP….cnf.xml: a phone's own file
	KindPhoneText               // SIP….cnf of a 7940 or 7960 with a SIP load
	KindSigned                  // ….sgn: signed or encrypted; never here, since we do not sign
	KindTrustList               // CTL….tlv, ITL….tlv: never here
	KindOldBinary               // SEP….cnf, SEPDefault.cnf: the format before XML; never here
	KindXMLDefault              // XMLDefault.cnf.xml
	KindSIPDefault              // SIPDefault.cnf
	KindImageName               // OS79XX.TXT
	KindDialPlan                // dialplan.xml
	KindRingList                // Ringlist.xml, DistinctiveRinglist.xml
	KindRingText                // RINGLIST.DAT
	KindOtherVendor             // files of other makers' phones: never here
)

// Name is a name that a client asked for, understood.
type Name struct {
	Kind   Kind
	Text   string               // without leading slashes, with "/" between its parts
	Device telephony.DeviceName // for a device's own file
}

// Bounds of a name: octets and parts.
const (
	maximumName  = 160
	maximumParts = 4
)

// ParseName understands a name. Leading slashes go, back-slashes turn and letter case is folded, because phones differ in
// these (sccp.md 5.1). What is no name of a file below one root is ErrRefused: other folders, drives, characters that no
// phone sends.
func ParseName(asked string) (Name, error) {
	if asked == "" || len(asked) > maximumName {
		return Name{}, fmt.Errorf("%w: %d octets", ErrRefused, len(asked))
	}
	for i := 0; i < len(asked); i++ {
		if c := asked[i]; c < ' ' || c > '~' || strings.IndexByte(`:%~*?"<>|`, c) >= 0 {
			return Name{}, fmt.Errorf("%w: character %q", ErrRefused, c)
		}
	}
	text := strings.TrimLeft(strings.ReplaceAll(asked, `\`, "/"), "/")
	parts := strings.Split(text, "/")
	if len(parts) > maximumParts {
		return Name{}, fmt.Errorf("%w: %d folders", ErrRefused, len(parts)-1)
	}
	for _, part := range parts {
		if part == "" || part[0] == '.' {
			return Name{}, fmt.Errorf("%w: part %q", ErrRefused, part)
		}
	}
	n := Name{Kind: KindOther, Text: text}
	if len(parts) == 1 {
		n.classify(strings.ToLower(text))
	}
	return n, nil
}

var fixedNames = map[string]Kind{
	"xmldefault.cnf.xml":      KindXMLDefault,
	"sipdefault.cnf":          KindSIPDefault,
	"os79xx.txt":              KindImageName,
	"dialplan.xml":            KindDialPlan,
	"ringlist.xml":            KindRingList,
	"ringlist-wb.xml":         KindOther,
	"distinctiveringlist.xml": KindRingList,
	"ringlist.dat":            KindRingText,
	"sepdefault.cnf":          KindOldBinary,
	"ctlfile.tlv":             KindTrustList,
	"itlfile.tlv":             KindTrustList,
}

func (n *Name) classify(lower string) {
	if kind, ok := fixedNames[lower]; ok {
		n.Kind = kind
		return
	}
	switch {
	case strings.HasSuffix(lower, ".tlv") && (strings.HasPrefix(lower, "ctl") || strings.HasPrefix(lower, "itl")):
		n.Kind = KindTrustList
		n.own(n.Text[3 : len(n.Text)-len(".tlv")])
	case strings.HasSuffix(lower, ".cnf.xml.sgn"), strings.HasSuffix(lower, ".cnf.xml.enc.sgn"):
		n.Kind = KindSigned
		n.own(n.Text[:strings.Index(lower, ".cnf.xml")])
	case strings.HasSuffix(lower, ".cnf.xml"):
		n.Kind = KindPhone
		n.own(strings.TrimSuffix(n.Text, n.Text[len(n.Text)-len(".cnf.xml"):]))
	case strings.HasSuffix(lower, ".cnf") && strings.HasPrefix(lower, "sip"):
		n.Kind = KindPhoneText
		n.own(n.Text[:len(n.Text)-len(".cnf")])
	case strings.HasSuffix(lower, ".cnf"):
		n.Kind = KindOldBinary
		n.own(n.Text[:len(n.Text)-len(".cnf")])
	case otherVendor(lower):
		n.Kind = KindOtherVendor
	}
}

// own notes whose file it is. A name with a MAC address is upper case, whatever the client wrote.
func (n *Name) own(device string) {
	name := telephony.DeviceName(device)
	if _, ok := name.MAC(); ok {
		name = telephony.DeviceName(strings.ToUpper(device))
	}
	if name.Valid() {
		n.Device = name
	}
}

// otherVendor recognises the files of Yealink phones: <mac>.boot, <mac>.cfg, y000000000000.boot, y0000000000NN.cfg. A phone
// that finds a .boot file asks for no other; so there is neither. Phones of other makers are set up by hand or by
// their maker's own service, and register as "Generic SIP phone".
func otherVendor(lower string) bool {
	stem, ok := strings.CutSuffix(lower, ".cfg")
	if !ok {
		if stem, ok = strings.CutSuffix(lower, ".boot"); !ok {
			return false
		}
	}
	stem = strings.TrimPrefix(stem, "y")
	return len(stem) == 12 && strings.Trim(stem, "0123456789abcdef") == ""
}
