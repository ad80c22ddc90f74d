package node

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"

	"go.yaml.in/yaml/v3"

	"tandem/fault"
	"tandem/telephony"
)

// Ports are the ports on which a server listens. Zero in a flag or in tandem.yaml means the standard port, Ephemeral lets
// the system choose one.
type Ports struct {
	TFTP         int `yaml:"tftp,omitempty" json:"tftp"`
	Provisioning int `yaml:"provisioning,omitempty" json:"provisioning"` // the same files over HTTP
	SCCP         int `yaml:"sccp,omitempty" json:"sccp"`
	SIP          int `yaml:"sip,omitempty" json:"sip"` // UDP and TCP
	SIPS         int `yaml:"sips,omitempty" json:"sips"`
	Web          int `yaml:"web,omitempty" json:"web"`
	// Between the servers of a cluster, with mutual TLS.
	Replication int `yaml:"replication,omitempty" json:"replication"` // of the configuration
	Signals     int `yaml:"signals,omitempty" json:"signals"`
	Files       int `yaml:"files,omitempty" json:"files"` // files and call records; servers join here
}

// Ephemeral as a port lets the system choose a free one.
const Ephemeral = -1

// StandardPorts are the ports of the design.
var StandardPorts = Ports{TFTP: 69, Provisioning: 6970, SCCP: 2000, SIP: 5060, SIPS: 5061, Web: 8443, Replication: 7400, Signals: 7401, Files: 7402}

// over lays the ports that are set over others.
func (p Ports) over(base Ports) Ports {
	lay := func(p *int, base int) {
		if *p == 0 {
			*p = base
		}
	}
	lay(&p.TFTP, base.TFTP)
	lay(&p.Provisioning, base.Provisioning)
	lay(&p.SCCP, base.SCCP)
	lay(&p.SIP, base.SIP)
	lay(&p.SIPS, base.SIPS)
	lay(&p.Web, base.Web)
	lay(&p.Replication, base.Replication)
	lay(&p.Signals, base.Signals)
	lay(&p.Files, base.Files)
	return p
}

// Settings are the file tandem.yaml of a data directory: what a server must know before it has opened its configuration.
type Settings struct {
	Name    string `yaml:"name"`              // of the server, as in the configuration
	Node    uint16 `yaml:"node"`              // its number in the cluster, from 1
	Address string `yaml:"address,omitempty"` // IP address to listen on; empty: all
	Ports   Ports  `yaml:"ports,omitempty"`
}

func (s Settings) server() telephony.ServerName { return telephony.ServerName(s.Name) }

const settingsFile = "tandem.yaml"

// settingsLimit bounds the size of tandem.yaml.
const settingsLimit = 64 << 10

func loadSettings(data string) (Settings, error) {
	file := filepath.Join(data, settingsFile)
	var s Settings
	f, err := os.Open(file)
	if err != nil {
		return s, fault.Wrap(err, fault.SettingsInvalid, "file", file)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, settingsLimit))
	if err != nil {
		return s, fault.Wrap(err, fault.SettingsInvalid, "file", file)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return s, fault.Wrap(err, fault.SettingsInvalid, "file", file)
	}
	if err := s.check(); err != nil {
		return s, fault.Wrap(err, fault.SettingsInvalid, "file", file)
	}
	return s, nil
}

var serverName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,62}$`)

func (s *Settings) check() error {
	if !serverName.MatchString(s.Name) {
		return errors.New("name is missing or is not the name of a server")
	}
	if s.Node == 0 {
		s.Node = 1
	}
	if s.Address != "" {
		if _, err := netip.ParseAddr(s.Address); err != nil {
			return errors.New("address is not an IP address")
		}
	}
	for _, p := range []int{s.Ports.TFTP, s.Ports.Provisioning, s.Ports.SCCP, s.Ports.SIP, s.Ports.SIPS, s.Ports.Web, s.Ports.Replication, s.Ports.Signals,
		s.Ports.Files} {
		if p < Ephemeral || p > 65535 {
			return errors.New("a port is not between 1 and 65535")
		}
	}
	return nil
}

func (s Settings) save(data string) error {
	text, err := yaml.Marshal(s)
	if err != nil {
		return err
	}
	head := "# What this server must know before it opens its configuration. Ports that are not named here are the standard ones.\n"
	return writeFile(filepath.Join(data, settingsFile), append([]byte(head), text...), 0o644)
}

// writeFile writes a file that is there wholly or not at all.
func writeFile(path string, content []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
