// Package cnf writes the configuration files of devices: SEP….cnf.xml for SCCP and SIP loads, XMLDefault.cnf.xml,
// SIPDefault.cnf and SIP….cnf of the 7940 and 7960, OS79XX.TXT, dialplan.xml and the ring lists (sccp.md section 5).
//
// Everything here is a pure function of what it is given: a Phone or Default with all references resolved, in; octets, out.
// Each file is checked against what its model expects before it leaves (Validate; R-60: the file is made per model and
// protocol and never empty). A file names its own version by its content, so that the same configuration always gives the
// same octets.
//
// What does not live here: who may have which file, where its facts come from (provision), firmware and locales.
package cnf

import (
	"errors"
	"fmt"

	"tandem/telephony"
)

// Server is one call-processing server as a phone is told of it.
type Server struct {
	Name          string
	Address       string // IP address or resolvable name; never empty
	SCCPPort      int    // 2000
	SIPPort       int    // 5060
	SecureSIPPort int    // 5061
}

// SRST is the router that takes a phone when no server can be reached. The zero value: there is none.
type SRST struct {
	Name         string
	Addresses    []string // IP addresses, at most 3
	Port         int
	SIPAddresses []string
	SIPPort      int
}

// Locale is a language or country with what phones want to know of it.
type Locale struct {
	Name     string // also its directory: English_United_States
	LangCode string // en_US
	Charset  string // of old phones: iso-8859-1
}

// URLs are the addresses behind the keys of a phone (sccp.md section 6). Empty ones leave the key to the phone.
type URLs struct {
	Authentication, Directories, Idle, Information, Messages, Proxy, Services string
	IdleSeconds                                                               int // before Idle is shown; 0: never
}

// Line is a line of a SIP phone. SCCP phones learn their lines at registration.
type Line struct {
	Number       string
	Label        string
	Display      string // name shown to others
	AuthName     string
	AuthPassword telephony.Secret
	MaximumCalls int
	BusyTrigger  int
	AutoAnswer   bool
	RingIdle     int // policy: 1 silent, 2 flash only, 3 ring once, 4 ring, 5 beep
	RingInUse    int
}

// Key is a button of a SIP phone which is not a line.
type Key struct {
	Button int // from 1
	Label  string
	Number string // speed dial, or ""
	URL    string // service, or ""
}

// Phone is everything that a phone's file says, with all references resolved.
type Phone struct {
	Name          telephony.DeviceName
	Product       *telephony.Product
	Protocol      telephony.Protocol
	Pool          string
	Revert        int // class of delay before fallback, 0 to 2
	Group         string
	Servers       []Server // in order, 1 to 3
	SRST          SRST
	DateGroup     string
	DateTemplate  string   // such as D.M.Y
	TimeZone      string   // IANA name
	NTP           []string // time servers
	MonitorSecs   int      // connectionMonitorDuration
	KeepAliveSecs int      // interval of keep-alives, of which the monitor duration of wireless phones is made
	Load          telephony.LoadName
	UserLocale    Locale
	NetworkLocale string
	URLs          URLs
	Password      telephony.Secret // opens the settings menu
	Vendor        map[string]string
	DSCPSignals   int // DSCP, 0 to 63, of signalling
	DSCPConfig    int // of requests for files
	DSCPAudio     int
	Expires       int // seconds of a SIP registration
	DialSeconds   int // seconds after the last digit
	Lines         []Line
	LineButtons   []int // button of each line, from 1; shorter than Lines if not all have one
	Keys          []Key
}

// Kinds of files that a phone may have.
type Form uint8

// The forms.
const (
	None    Form = iota // this phone is not provisioned by files of ours
	SCCPXML             // SEP….cnf.xml, SCCP
	SIPXML              // SEP….cnf.xml with a SIP profile
	SIPText             // SIP….cnf
)

// FormOf says which file belongs to a product with a protocol. A product that cannot speak the protocol has none: that
// is Q-41, a SIP-only model which was given an SCCP file and stayed unregistered.
func FormOf(product *telephony.Product, protocol telephony.Protocol) Form {
	if product == nil || !product.Speaks(protocol) {
		return None
	}
	if protocol == telephony.ProtocolSCCP {
		return SCCPXML
	}
	switch product.SIPFile {
	case telephony.SIPFileXML:
		return SIPXML
	case telephony.SIPFileText:
		return SIPText
	}
	return None
}

// ErrNoForm says that there is no file for a product with a protocol.
var ErrNoForm = errors.New("no configuration file exists for this product and protocol")

// File writes the file of a phone in the form that belongs to it, checked.
func File(p Phone) ([]byte, error) {
	if len(p.Servers) == 0 {
		return nil, errors.New("no server is known for it")
	}
	form := FormOf(p.Product, p.Protocol)
	var content []byte
	switch form {
	case SCCPXML, SIPXML:
		root := device(p, form)
		content = stamped(root)
	case SIPText:
		content = sipText(p)
	default:
		return nil, ErrNoForm
	}
	if err := Validate(p.Product, form, content); err != nil {
		return nil, fmt.Errorf("file for %s: %w", p.Name, err)
	}
	return content, nil
}
