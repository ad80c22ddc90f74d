package sipua

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/wire/sip"
)

// program finds a program that the tests need.
func program(t testing.TB, name, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: install the Debian package %s", name, debianPackage)
	}
	return path
}

// freePort returns a UDP port that nobody has.
func freePort(t testing.TB) int {
	t.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}

// process is a program that runs beside the test.
type process struct {
	t    testing.TB
	name string
	cmd  *exec.Cmd
	out  *bytes.Buffer
	in   interface{ Write([]byte) (int, error) }
	done chan error
	stop context.CancelFunc
}

func launch(t testing.TB, dir, name, debianPackage string, args ...string) *process {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 60*time.Second)
	p := &process{t: t, name: name, out: new(bytes.Buffer), done: make(chan error, 1), stop: stop}
	p.cmd = exec.CommandContext(ctx, program(t, name, debianPackage), args...)
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), "HOME="+dir, "TERM=dumb")
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.WaitDelay = time.Second
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in = in
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() {
		stop()
		if p.done != nil {
			<-p.done
		}
		if t.Failed() {
			t.Logf("%s:\n%s", name, p.out.String())
		}
	})
	return p
}

func (p *process) say(line string) { _, _ = p.in.Write([]byte(line + "\n")) }

// wait waits for the program to end well.
func (p *process) wait() {
	p.t.Helper()
	err := <-p.done
	p.done = nil
	p.stop()
	if err != nil {
		out := p.out.String()
		p.t.Fatalf("%s: %v\n%s", p.name, err, out[max(0, len(out)-4000):])
	}
}

func (r *rig) sipp(scenario, device, number string, port int, transport string, more ...string) *process {
	r.t.Helper()
	server := r.udp
	if transport == "t1" {
		server = r.tcp
	}
	file, err := filepath.Abs("testdata/" + scenario)
	if err != nil {
		r.t.Fatal(err)
	}
	dir := r.t.TempDir()
	args := append([]string{server.String(), "-sf", file, "-s", number, "-au", device, "-ap", password + device, "-i", "127.0.0.1", "-t", transport,
		"-p", fmt.Sprint(port), "-nostdin", "-timeout", "40s", "-timeout_error", "-trace_err"}, more...)
	return launch(r.t, dir, "sipp", "sip-tester", args...)
}

func TestSIPpCallsSIPp(t *testing.T) {
	for _, transport := range []string{"u1", "t1"} {
		for _, caller := range []string{"uac.xml", "uac_late.xml"} {
			t.Run(caller+" over "+transport, func(t *testing.T) {
				r := newRig(t, func(_ *Options, p *Parameters) { p.RequestsPerSecond = 0 })
				r.phone("alice", "2001")
				r.phone("bob", "2002")
				from, to := freePort(t), freePort(t)
				r.sipp("register.xml", "alice", "2001", from, "u1", "-m", "1").wait()
				r.sipp("register.xml", "bob", "2002", to, "u1", "-m", "1").wait()
				const calls = 20
				answering := r.sipp("uas.xml", "bob", "2002", to, "u1", "-m", fmt.Sprint(calls))
				numbers := filepath.Join(t.TempDir(), "numbers.csv")
				if err := os.WriteFile(numbers, []byte("SEQUENTIAL\n2002\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				port := from
				if transport == "t1" {
					port = freePort(t)
				}
				r.sipp(caller, "alice", "2001", port, transport, "-m", fmt.Sprint(calls), "-r", "10", "-inf", numbers).wait()
				answering.wait()
				r.idle()
				if n := len(r.records()); n != calls {
					t.Errorf("%d records of %d calls", n, calls)
				}
			})
		}
	}
}

func TestSipsak(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001")
	launch(t, t.TempDir(), "sipsak", "sipsak", "-s", "sip:2001@"+r.udp.String()).wait()
	launch(t, t.TempDir(), "sipsak", "sipsak", "-U", "-C", "sip:2001@127.0.0.1:9", "-x", "600", "-s", "sip:2001@"+r.udp.String(), "-u", "alice", "-a", password+"alice").wait()
	if names := r.s.Registered(); len(names) != 1 || names[0] != "alice" {
		t.Errorf("registered: %v", names)
	}
}

// baresip starts baresip as a phone. commands are given to it when it is up.
func (r *rig) baresip(device, number string, answers bool, commands ...string) *process {
	r.t.Helper()
	dir := r.t.TempDir()
	mode := "manual"
	if answers {
		mode = "auto"
	}
	files := map[string]string{
		"accounts": fmt.Sprintf("<sip:%s@%s;transport=udp>;auth_user=%s;auth_pass=%s;answermode=%s;regint=600;audio_codecs=PCMU,PCMA\n", number, r.udp, device, password+device, mode),
		"config": "sip_listen 127.0.0.1:0\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\nmodule stdio.so\nmodule aubridge.so\n" +
			"module_tmp account.so\nmodule_app menu.so\nmodule_tmp uuid.so\naudio_source aubridge,source\naudio_player aubridge,sink\naudio_alert aubridge,alert\nrtp_ports 20000-29998\n",
		"contacts": "",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	args := []string{"-4", "-f", dir, "-n", "127.0.0.1"}
	for _, c := range commands {
		args = append(args, "-e", c)
	}
	return launch(r.t, dir, "baresip", "baresip-core", args...)
}

func TestBaresipRegistersAndCalls(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	r.baresip("bob", "2002", true)
	r.eventually("baresip is registered", func() bool { return len(r.s.Registered()) == 1 })
	a := r.ua("alice", "2001").registered()
	from := a.call("2002", audio(40000))
	from.expect(200)
	contains(t, from.remoteSDP, "m=audio ", "RTP/AVP 0")
	from.ack("")
	offered := audioAt("127.0.0.1", 40000, 2, "a=sendonly")
	from.send(sip.INVITE, offered)
	from.expect(200)
	contains(t, from.remoteSDP, "a=recvonly")
	from.ack("")
	from.bye()
	r.idle()
	// And the other way round.
	caller := r.newDevice("carol", "2003")
	// baresip dials as soon as it runs; another one of the same phone has registered it before.
	r.baresip(caller, "2003", false)
	r.eventually("baresip of the caller is registered", func() bool { return len(r.s.Registered()) == 3 })
	p := r.baresip(caller, "2003", false, "/dial sip:2001@"+r.udp.String())
	to := a.ring()
	to.reply(180, "")
	to.reply(200, audio(40000))
	to.request(sip.ACK)
	to.bye()
	r.idle()
	_ = p
}

func (r *rig) newDevice(name, number string) string {
	r.phone(name, number)
	return name
}

func TestLinphoneRegistersAndCalls(t *testing.T) {
	r := newRig(t, nil)
	r.phone("alice", "2001")
	r.phone("bob", "2002")
	dir := t.TempDir()
	config := fmt.Sprintf("[sip]\nsip_port=%d\nsip_tcp_port=0\nsip_tls_port=0\nguess_hostname=0\ncontact=sip:2002@127.0.0.1\nregister_only_when_network_is_up=0\ndefault_proxy=0\nmedia_encryption=none\n\n[net]\nmtu=1300\n\n"+
		"[rtp]\naudio_rtp_port=%d\n\n[sound]\nplayback_dev_id=\nringer_dev_id=\ncapture_dev_id=\n\n"+
		"[auth_info_0]\nusername=2002\nuserid=bob\npasswd=%s\nrealm=%s\n\n[proxy_0]\nreg_proxy=sip:%s\nreg_identity=sip:2002@%s\nreg_expires=600\nreg_sendregister=1\npublish=0\n",
		freePort(t), 30000+2*(freePort(t)%5000), password+"bob", realm, r.udp, r.udp)
	if err := os.MkdirAll(filepath.Join(dir, ".local/share/linphone"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "linphonerc")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch(t, dir, "linphonec", "linphone-nogtk", "-c", file, "-a")
	r.eventually("linphone is registered", func() bool { return len(r.s.Registered()) == 1 })
	a := r.ua("alice", "2001").registered()
	from := a.call("2002", audio(40000))
	from.expect(200)
	contains(t, from.remoteSDP, "m=audio ")
	from.ack("")
	from.bye()
	r.idle()
	r.eventually("linphone calls", func() bool { // it refuses while it still ends the call before
		p.say("call sip:2001@" + r.udp.String())
		m := a.within(300*time.Millisecond, isRequest(sip.INVITE))
		if m != nil {
			a.mu.Lock()
			a.inbox = append(a.inbox, m)
			a.mu.Unlock()
		}
		return m != nil
	})
	to := a.ring()
	to.reply(180, "")
	to.reply(200, strings.Replace(audio(40000), "RTP/AVP 0 8 101", "RTP/AVP 0 101", 1))
	to.request(sip.ACK)
	p.say("terminate")
	to.request(sip.BYE)
	r.idle()
	p.say("quit")
}
