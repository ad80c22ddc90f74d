package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"tandem/admin/client"
	"tandem/sim/lab"
	"tandem/sim/peer"
)

// As a crowd of the lab has them.
const (
	firstSIP  = lab.CrowdSIP
	firstSCCP = lab.CrowdSCCP
	secret    = lab.CrowdSecret // Kamailio is given one for all
)

// site is a site file with so many phones.
func site(sip, sccp int) []byte {
	return lab.Crowd{Groups: []lab.CrowdGroup{{Members: []string{lab.Name}, SIP: sip, SCCP: sccp}}}.Site()
}

// server starts one on the first core.
func (b *bench) server(sip, sccp int) (*lab.Server, error) {
	s, err := lab.Start(b.ctx, lab.Options{Child: true, Wrap: lab.Pinned(0), Site: site(sip, sccp)})
	if err != nil {
		return nil, err
	}
	// What the server can do is measured, not the pace at which it lets phones in that lost another one.
	if _, err := s.Client.SetParameter(b.ctx, "MaximumRegistrationRate", client.ParameterValue{Value: "100000"}); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// platform is a SIP server that is measured: ours, or another.
type platform struct {
	name    string
	address string // host:port over UDP
	pid     int
	stop    func() error
}

func (b *bench) tandem(sip int) (*platform, error) {
	s, err := b.server(sip, 0)
	if err != nil {
		return nil, err
	}
	return &platform{"Tandem", s.Address("sip"), s.PID(), s.Close}, nil
}

// kamailioConfig is a registrar and proxy with digest and nothing else; %d and %s are the port, the modules and a directory.
const kamailioConfig = `debug=0
log_stderror=yes
fork=yes
children=1
auto_aliases=no
listen=udp:127.0.0.1:%d
mpath="%s"
loadmodule "kex.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "hash_size", 14)
modparam("registrar", "default_expires", 3600)
modparam("rr", "enable_full_lr", 1)

request_route {
	if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
	if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
	if (has_totag()) {
		loose_route();
		if (is_method("ACK") && !t_check_trans()) { t_relay(); exit; }
		t_relay();
		exit;
	}
	if (is_method("REGISTER")) {
		if (!pv_www_authenticate("bench", "%s", "0")) { www_challenge("bench", "1"); exit; }
		consume_credentials();
		save("location");
		exit;
	}
	if (is_method("INVITE")) {
		if (!pv_www_authenticate("bench", "%s", "0")) { www_challenge("bench", "1"); exit; }
		consume_credentials();
		record_route();
		if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
		t_relay();
		exit;
	}
	sl_send_reply("405", "Method Not Allowed");
}
`

// kamailio starts one on the first core.
func (b *bench) kamailio() (*platform, error) {
	program, err := peer.Find("kamailio")
	if err != nil {
		return nil, err
	}
	found, _ := filepath.Glob("/usr/lib/*/kamailio/modules")
	if len(found) == 0 {
		return nil, errors.New("the modules of Kamailio are not here: install the Debian package kamailio")
	}
	port, err := lab.Reserve()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(b.dir, "kamailio-")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "kamailio.cfg")
	if err := os.WriteFile(file, []byte(fmt.Sprintf(kamailioConfig, port, found[0], secret, secret)), 0o600); err != nil {
		return nil, err
	}
	line := append(lab.Pinned(0), program, "-f", file, "-DD", "-E", "-m", "512", "-M", "32", "-Y", dir, "-w", dir)
	c := exec.Command(line[0], line[1:]...)
	c.Dir = dir
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	p := &platform{name: "Kamailio", address: fmt.Sprintf("%s:%d", lab.Loopback, port), pid: c.Process.Pid}
	p.stop = func() error {
		_ = c.Process.Signal(syscall.SIGTERM)
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			// The group is ours alone: Kamailio's processes and nothing else.
			_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
			<-done
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	if err := answers(ctx, p.address); err != nil {
		text, _ := os.ReadFile(log.Name())
		return nil, errors.Join(fmt.Errorf("no answer from Kamailio: %w\n%s", err, text), p.stop())
	}
	return p, nil
}

// answers waits until a SIP server says anything to an OPTIONS.
func answers(ctx context.Context, address string) error {
	c, err := net.Dial("udp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	buffer := make([]byte, 4096)
	for n := 1; ; n++ {
		fmt.Fprintf(c, "OPTIONS sip:ping@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKping%d;rport\r\nFrom: <sip:ping@%s>;tag=1\r\n"+
			"To: <sip:ping@%s>\r\nCall-ID: ping%d\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 5\r\nContent-Length: 0\r\n\r\n",
			address, c.LocalAddr(), n, address, address, n)
		if err := c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			return err
		}
		if _, err := c.Read(buffer); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}
