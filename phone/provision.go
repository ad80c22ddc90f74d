package phone

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"tandem/wire/tftp"
)

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 1 << 20

func (c *Config) provisioned() bool { return c.TFTP != "" || c.Fetch != nil }

// deviceFile is the part of SEP<MAC>.cnf.xml and XMLDefault.cnf.xml that a phone
// needs to come into service (sccp.md 5.3, 5.5, 5.7).
type deviceFile struct {
	Protocol string        `xml:"deviceProtocol"`
	Members  []groupMember `xml:"devicePool>callManagerGroup>members>member"`
	Default  []groupMember `xml:"callManagerGroup>members>member"`
	Lines    []fileLine    `xml:"sipProfile>sipLines>line"`
	Survival fileSurvival  `xml:"devicePool>srstInfo"`
	Monitor  int           `xml:"devicePool>connectionMonitorDuration"`
	Load     string        `xml:"loadInformation"`
	Stamp    string        `xml:"versionStamp"`
}

type groupMember struct {
	Priority int    `xml:"priority,attr"`
	Node     string `xml:"callManager>processNodeName"`
	SCCP     string `xml:"callManager>ports>ethernetPhonePort"`
	SIP      string `xml:"callManager>ports>sipPort"`
}

// fileSurvival is the SRST router, which stands behind the servers of the group (sccp.md 5.3).
type fileSurvival struct {
	Option      string `xml:"srstOption"`
	Address1    string `xml:"ipAddr1"`
	Port1       string `xml:"port1"`
	Address2    string `xml:"ipAddr2"`
	Port2       string `xml:"port2"`
	Address3    string `xml:"ipAddr3"`
	Port3       string `xml:"port3"`
	SIPAddress1 string `xml:"sipIpAddr1"`
	SIPPort1    string `xml:"sipPort1"`
	SIPAddress2 string `xml:"sipIpAddr2"`
	SIPPort2    string `xml:"sipPort2"`
	SIPAddress3 string `xml:"sipIpAddr3"`
	SIPPort3    string `xml:"sipPort3"`
}

// servers lists the router's addresses for a protocol.
func (f fileSurvival) servers(protocol Protocol) (list []string) {
	if f.Option == "" || f.Option == "Disable" {
		return nil
	}
	pairs, standard := [][2]string{{f.Address1, f.Port1}, {f.Address2, f.Port2}, {f.Address3, f.Port3}}, "2000"
	if protocol == SIP {
		pairs, standard = [][2]string{{f.SIPAddress1, f.SIPPort1}, {f.SIPAddress2, f.SIPPort2}, {f.SIPAddress3, f.SIPPort3}}, "5060"
	}
	for _, p := range pairs {
		if p[0] != "" {
			list = append(list, withPort(p[0], orDefault(p[1], standard)))
		}
	}
	return list
}

type fileLine struct {
	Feature  string `xml:"featureID"`
	Name     string `xml:"name"`
	Display  string `xml:"displayName"`
	AuthName string `xml:"authName"`
	Password string `xml:"authPassword"`
	Proxy    string `xml:"proxy"`
	Port     string `xml:"port"`
}

// parseDevice reads a configuration file.
func parseDevice(data []byte) (deviceFile, error) {
	var f deviceFile
	if len(data) > maxConfig {
		return f, fmt.Errorf("configuration file of %d bytes", len(data))
	}
	if err := xml.Unmarshal(data, &f); err != nil {
		return f, fmt.Errorf("configuration file: %w", err)
	}
	if len(f.Members) == 0 {
		f.Members = f.Default
	}
	sort.SliceStable(f.Members, func(i, j int) bool { return f.Members[i].Priority < f.Members[j].Priority })
	return f, nil
}

// provision fetches the phone's own configuration, when it has a place to fetch
// it from, as a phone does that starts (sccp.md 5.1).
func (p *Phone) provision(ctx context.Context) error {
	if !p.cfg.provisioned() {
		return nil
	}
	p.update(func(s *State) { s.Registration = Fetching })
	fetch := p.cfg.Fetch
	if fetch == nil {
		fetch = func(ctx context.Context, name string) ([]byte, error) {
			data, _, err := tftp.Get(ctx, withPort(p.cfg.TFTP, "69"), name, tftp.GetOptions{MaxSize: maxConfig, Local: p.cfg.Local})
			return data, err
		}
	}
	name := p.cfg.Name + ".cnf.xml"
	data, err := p.fetch(ctx, fetch, name)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// A phone that is not in the database takes the default (auto-registration).
		var second error
		if data, second = p.fetch(ctx, fetch, "XMLDefault.cnf.xml"); second != nil {
			return errors.Join(err, second)
		}
		name = "XMLDefault.cnf.xml"
	}
	f, err := parseDevice(data)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := p.apply(f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (p *Phone) fetch(ctx context.Context, get func(context.Context, string) ([]byte, error), name string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	data, err := get(ctx, name)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.note("%s: %v", name, err)
		return nil, err
	}
	p.note("%s: %d bytes", name, len(data))
	return data, nil
}

// apply takes what the file says into the configuration.
func (p *Phone) apply(f deviceFile) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch strings.ToUpper(f.Protocol) {
	case "SIP":
		p.cfg.Protocol = SIP
	case "SCCP":
		p.cfg.Protocol = SCCP
	}
	if p.cfg.Protocol == "" {
		p.cfg.Protocol = SCCP
	}
	if p.cfg.Protocol == SCCP && p.cfg.Model == "" {
		p.cfg.Model = "7960"
	}
	var servers []string
	for _, m := range f.Members {
		port := m.SCCP
		if p.cfg.Protocol == SIP {
			port = m.SIP
		}
		if m.Node == "" {
			continue
		}
		if port == "" {
			port = map[Protocol]string{SCCP: "2000", SIP: "5060"}[p.cfg.Protocol]
		}
		servers = append(servers, withPort(m.Node, port))
	}
	if len(servers) == 0 {
		return errors.New("it names no server")
	}
	p.cfg.Servers = append(servers, f.Survival.servers(p.cfg.Protocol)...)
	p.fileMonitor = time.Duration(min(max(f.Monitor, 0), 3600)) * time.Second
	var lines []LineConfig
	for _, l := range f.Lines {
		if l.Feature == "9" && l.Name != "" {
			lines = append(lines, LineConfig{User: l.Name, Display: l.Display, AuthUser: l.AuthName, Password: l.Password})
		}
	}
	if len(lines) > 0 {
		p.cfg.Lines = lines
	}
	return nil
}
