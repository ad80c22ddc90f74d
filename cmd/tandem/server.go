package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"

	"tandem/node"
	"tandem/service"
)

// serverCommands set a server up and run it.
type serverCommands struct {
	Init  initCommand  `cmd:"" help:"Set up a new stand-alone server in an empty directory."`
	Join  joinCommand  `cmd:"" help:"Make an empty directory a further server of a cluster."`
	Serve serveCommand `cmd:"" help:"Run the server in the foreground."`
}

// portFlags move ports.
type portFlags struct {
	SCCPPort         int `name:"sccp-port" placeholder:"PORT" help:"SCCP phones (2000). 0 keeps what tandem.yaml says, -1 lets the system choose."`
	SIPPort          int `name:"sip-port" placeholder:"PORT" help:"SIP over UDP and TCP (5060)."`
	SIPSPort         int `name:"sips-port" placeholder:"PORT" help:"SIP over TLS (5061)."`
	TFTPPort         int `name:"tftp-port" placeholder:"PORT" help:"TFTP (69)."`
	ProvisioningPort int `name:"provisioning-port" placeholder:"PORT" help:"The same files over HTTP (6970)."`
	WebPort          int `name:"web-port" placeholder:"PORT" help:"API and figures over HTTPS (8443)."`
	ReplicationPort  int `name:"replication-port" placeholder:"PORT" help:"Replication of the configuration between servers (7400)."`
	SignalsPort      int `name:"signals-port" placeholder:"PORT" help:"Signals between servers (7401)."`
	FilesPort        int `name:"files-port" placeholder:"PORT" help:"Files and records between servers, and joining (7402)."`
}

func (p portFlags) ports() node.Ports {
	return node.Ports{TFTP: p.TFTPPort, Provisioning: p.ProvisioningPort, SCCP: p.SCCPPort, SIP: p.SIPPort, SIPS: p.SIPSPort, Web: p.WebPort,
		Replication: p.ReplicationPort, Signals: p.SignalsPort, Files: p.FilesPort}
}

type initCommand struct {
	Data           string `required:"" env:"TANDEM_DATA" type:"path" placeholder:"DIR" help:"Directory for everything that the server keeps; empty or not there yet."`
	Name           string `required:"" placeholder:"NAME" help:"Name of the server, such as cm1."`
	Address        string `placeholder:"IP" help:"Address to listen on and to give to phones. Absent: all, and the one at which a phone asks."`
	PassphraseFile string `type:"path" placeholder:"FILE" help:"File with the cluster's private pass-phrase. Absent: one is made."`
	portFlags
}

// Run sets the server up and shows once what nobody can read afterwards.
func (i *initCommand) Run(c *console) error {
	o := node.InitOptions{Data: i.Data, Name: i.Name, Address: i.Address, Ports: i.ports()}
	if i.PassphraseFile != "" {
		var err error
		if o.Passphrase, err = readPassphrase(i.PassphraseFile); err != nil {
			return err
		}
	}
	r, err := node.Init(o)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "The server %s is set up in %s.\n\n", i.Name, i.Data)
	fmt.Fprintf(c.out, "  administrator        %s\n  password             %s\n", r.Administrator, r.Password)
	if r.Generated {
		fmt.Fprintf(c.out, "  cluster pass-phrase  %s\n", r.Passphrase)
	}
	fmt.Fprintf(c.out, "\nThey are shown once and kept nowhere in clear: write them down now. The pass-phrase is asked for when a\nserver joins and when a backup is restored.\n\nStart it with: tandem serve --data %s\n", i.Data)
	return nil
}

type serveCommand struct {
	Data      string `required:"" env:"TANDEM_DATA" type:"path" placeholder:"DIR" help:"Directory in which the server was set up."`
	Address   string `placeholder:"IP" help:"Address to listen on; overrides tandem.yaml."`
	MovePorts bool   `help:"Where a port is taken or not permitted take another, and say so."`
	Verbose   bool   `short:"v" help:"Log what happens, not only warnings, to the screen too."`
	portFlags
}

// Run serves until it is interrupted.
func (s *serveCommand) Run(ctx context.Context, c *console) error {
	o := node.Options{Data: s.Data, Address: s.Address, Ports: s.ports(), MovePorts: s.MovePorts, Version: version, Screen: c.err}
	if s.Verbose {
		o.ScreenLevel = slog.LevelInfo
	}
	n, err := node.Open(o)
	if err != nil {
		return err
	}
	go func() {
		r := n.WaitReady(ctx)
		if ctx.Err() == nil {
			welcome(c.out, s.Data, n, r)
		}
	}()
	return n.Run(ctx)
}

// uses names the ports for people, in the order in which they are shown.
var uses = []struct{ name, use string }{
	{"tftp", "phones, files over TFTP"}, {"provisioning", "phones, files over HTTP"}, {"sccp", "SCCP phones"},
	{"sip", "SIP phones, UDP and TCP"}, {"sips", "SIP phones, TLS"}, {"web", "API and figures, HTTPS"},
	{"files", "other servers, joining"},
}

// welcome tells where everything is.
func welcome(w io.Writer, data string, n *node.Node, r service.Readiness) {
	l := n.Listening()
	switch r.ExitStatus() {
	case 0:
		fmt.Fprintf(w, "\nThe server is ready.\n\n")
	default:
		fmt.Fprintf(w, "\nThe server runs, but not all of it.\n")
		for _, a := range r.Alarms {
			fmt.Fprintf(w, "\n  %s\n  Why: %s\n  What to do: %s\n", a.Message, a.Reason, a.Action)
		}
		fmt.Fprintln(w)
	}
	for _, u := range uses {
		if at := l[u.name]; at != "" {
			fmt.Fprintf(w, "  %-26s %s\n", u.use, at)
		}
	}
	if addresses := own(l); len(addresses) > 0 {
		fmt.Fprintf(w, "\nThis machine is %s. Give that address to phones: as TFTP server (DHCP option 150) to Cisco\nphones, as registrar to SIP phones.\n", strings.Join(addresses, " or "))
	}
	fmt.Fprintf(w, "\nCommands: tandem status --data %s\n", data)
}

// own lists the addresses under which phones can reach a server that listens on all of them.
func own(l node.Listening) (out []string) {
	host, _, err := net.SplitHostPort(l["sip"])
	if err != nil || (host != "" && !net.ParseIP(host).IsUnspecified()) {
		return nil
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			out = append(out, n.IP.String())
		}
	}
	slices.Sort(out)
	return out
}
