package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"tandem/fault"
	"tandem/phone"
	"tandem/phone/load"
	"tandem/phone/screen"
	"tandem/phone/script"
	"tandem/sim/demo"
)

// tryoutCommands need no configured server, or stand for a phone of one.
type tryoutCommands struct {
	Demo  demoCommand  `cmd:"" help:"Make calls between test phones on a throw-away server and show them."`
	Phone phoneCommand `cmd:"" help:"Be a phone without hardware: with a screen, by a script, or by the thousand."`
}

type demoCommand struct {
	Phone   string `enum:",baresip" default:"" placeholder:"PROGRAM" help:"Let a real program be one of the phones: baresip."`
	Cluster bool   `help:"Show three servers, of which two are killed while people talk."`
	Verbose bool   `short:"v" help:"Draw every message, not only the telling ones."`
}

// Run gives the demonstration.
func (d *demoCommand) Run(ctx context.Context, c *console) error {
	o := demo.Options{Stdout: c.out, Phone: d.Phone, Verbose: d.Verbose}
	if f, ok := c.out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		o.Color = os.Getenv("NO_COLOR") == ""
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			o.Width = width
		}
	}
	give := func() error { return demo.Run(ctx, o) }
	if d.Cluster {
		if d.Phone != "" {
			return fault.New(fault.CommandUsage, "cause", "--cluster and --phone do not go together")
		}
		program, err := os.Executable()
		if err != nil {
			return err
		}
		give = func() error {
			return demo.RunCluster(ctx, demo.ClusterOptions{Options: o, Serve: []string{program, "serve", "--data"}, Version: version})
		}
	}
	if err := give(); err != nil {
		return status(exitFailed)
	}
	return nil
}

type phoneCommand struct {
	Protocol string `enum:"sccp,sip" default:"sip" help:"What it speaks: sccp or sip."`
	Name     string `placeholder:"NAME" help:"Device name, such as SEP001122334455. With --count a pattern such as SEP00000000%04d."`
	Server   string `required:"" placeholder:"HOST[:PORT]" help:"The server; several in order of preference with commas between."`
	TFTP     string `name:"tftp" placeholder:"HOST[:PORT]" help:"Fetch the phone's own configuration from here first."`
	Model    string `placeholder:"MODEL" help:"Model of an SCCP phone: 7960, 7975, 6901 …" default:"7960"`
	Number   string `placeholder:"NUMBER" help:"SIP: the line's number. With --count a pattern such as %d."`
	User     string `placeholder:"USER" help:"SIP: digest user. Absent: the number."`
	Password string `env:"TANDEM_PHONE_PASSWORD" placeholder:"PASSWORD" help:"SIP: digest password; better given as TANDEM_PHONE_PASSWORD."`
	Local    string `placeholder:"IP" help:"Address from which it comes."`
	Over     string `enum:"udp,tcp,tls" default:"udp" help:"SIP: transport."`
	Script   string `placeholder:"FILE" help:"Do what the script says instead of showing a screen; - is the standard input. --script-help explains scripts."`

	ScriptHelp bool `help:"Explain the language of scripts."`

	Count    int           `placeholder:"N" help:"Be so many phones, of which neighbours call each other."`
	First    int           `placeholder:"N" help:"With --count: number of the first." default:"1"`
	CallRate float64       `placeholder:"CALLS" help:"With --count: calls a second in all; 0 registers only."`
	Talk     time.Duration `help:"With --count: length of a call." default:"3s"`
	Duration time.Duration `help:"With --count: how long calls are made; 0 makes one with each pair."`
	NoMedia  bool          `help:"With --count: send no audio."`
	Stay     time.Duration `help:"With --count: stay registered for so long, and say how the phones came through the loss of a server."`
}

// Run is the phone.
func (p *phoneCommand) Run(ctx context.Context, c *console) error {
	if p.ScriptHelp {
		_, err := io.WriteString(c.out, script.Help())
		return err
	}
	cfg, err := p.config()
	if err != nil {
		return err
	}
	if p.Count > 0 {
		_, err := load.Run(ctx, load.Options{Phone: cfg, Name: p.Name, Number: p.Number, First: p.First, Password: p.Password,
			Count: p.Count, CallRate: p.CallRate, Talk: p.Talk, Duration: p.Duration, NoMedia: p.NoMedia, CheckAudio: !p.NoMedia, Stay: p.Stay,
			Progress: c.err}, c.out)
		return err
	}
	if p.Name == "" {
		return fault.New(fault.CommandUsage, "cause", "--name is missing")
	}
	one, err := phone.New(cfg)
	if err != nil {
		return err
	}
	defer one.Close()
	if p.Script == "" {
		return screen.Run(ctx, one, p.Model, c.in, c.out)
	}
	in := c.in
	if p.Script != "-" {
		f, err := os.Open(p.Script)
		if err != nil {
			return fault.Wrap(err, fault.FileUnreadable, "file", p.Script)
		}
		defer f.Close()
		in = f
	}
	if err := script.Run(ctx, one, cfg, in, c.out); err != nil {
		return fmt.Errorf("the script stopped: %w", err)
	}
	return nil
}

// config makes the phone's configuration of the options.
func (p *phoneCommand) config() (phone.Config, error) {
	protocol, port := phone.SIP, "5060"
	if p.Protocol == "sccp" {
		protocol, port = phone.SCCP, "2000"
	} else if p.Over == "tls" {
		port = "5061"
	}
	var servers []string
	for server := range strings.SplitSeq(p.Server, ",") {
		servers = append(servers, withPort(strings.TrimSpace(server), port))
	}
	c := phone.Config{Protocol: protocol, Name: p.Name, Servers: servers, Model: p.Model, Transport: p.Over}
	if p.TFTP != "" {
		c.TFTP = withPort(p.TFTP, "69")
	}
	if p.Local != "" {
		a, err := netip.ParseAddr(p.Local)
		if err != nil {
			return c, fault.New(fault.CommandUsage, "cause", "--local is not an IP address")
		}
		c.Local = a
	}
	if protocol == phone.SIP && p.Count == 0 {
		if p.Number == "" {
			return c, fault.New(fault.CommandUsage, "cause", "--number is missing")
		}
		c.Lines = []phone.LineConfig{{User: p.Number, AuthUser: p.User, Password: p.Password}}
	}
	return c, nil
}

func withPort(host, port string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(host, port)
}
