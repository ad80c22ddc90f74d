package interop

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/phone"
	"tandem/sim/lab"
	"tandem/sim/peer"
)

// program finds a program, or fails with the package it comes with.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := peer.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a program to its end and returns what it wrote.
func run(t testing.TB, d time.Duration, name string, args ...string) (string, error) {
	t.Helper()
	path := program(t, name)
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	command := exec.CommandContext(ctx, path, args...)
	command.Dir = t.TempDir()
	command.WaitDelay = time.Second
	out, err := command.CombinedOutput()
	return string(out), err
}

// sipp is a scenario that runs as the SIP phone n.
type sipp struct {
	scenario string
	n        int
	service  int
	target   int // of a REFER
	port     int
	echo     bool // it sends back the audio that it is sent
}

// start starts SIPp and returns how to wait for its end.
func (x sipp) start(t *testing.T, s *lab.Server) (wait func()) {
	t.Helper()
	path := program(t, "sipp")
	media, err := lab.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text, err := os.ReadFile(filepath.Join("testdata", x.scenario))
	if err != nil {
		t.Fatal(err)
	}
	// SIPp replaces its own words in brackets; these are ours.
	words := strings.NewReplacer("[caller]", number(x.n), "[user]", user(x.n), "[password]", password(x.n), "[target]", number(x.target),
		"=[user]", "="+user(x.n), "=[password]", "="+password(x.n))
	if err := os.WriteFile(filepath.Join(dir, x.scenario), []byte(words.Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{s.Address("sip"), "-sf", x.scenario, "-m", "1", "-s", number(x.service), "-i", lab.Loopback, "-p", fmt.Sprint(x.port),
		"-mp", fmt.Sprint(media), "-nostdin", "-timeout", "60s", "-timeout_error", "-trace_err", "-error_file", "errors",
		"-trace_msg", "-message_file", "messages"}
	if x.echo {
		args = append(args, "-rtp_echo")
	}
	command := exec.CommandContext(t.Context(), path, args...)
	command.Dir = dir
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		if t.Failed() {
			messages, _ := os.ReadFile(filepath.Join(dir, "messages"))
			t.Logf("SIPp %s:\n%s\n%s", x.scenario, messages, &out)
		}
	})
	return func() {
		t.Helper()
		if err := <-ended; err != nil {
			wrong, _ := os.ReadFile(filepath.Join(dir, "errors"))
			t.Fatalf("SIPp %s: %v\n%s", x.scenario, err, wrong)
		}
	}
}

// registered lets SIPp register as the SIP phone n, and returns from which port.
func registered(t *testing.T, s *lab.Server, n int) int {
	t.Helper()
	port, err := lab.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	sipp{scenario: "register.xml", n: n, service: n, port: port}.start(t, s)()
	return port
}

// SIPp calls a Cisco phone, holds and resumes by re-INVITE and hangs up.
func TestSIPpCallsCiscoPhone(t *testing.T) {
	t.Parallel()
	s := server(t)
	p := sccpPhone(t, s, 6011)
	wait := sipp{scenario: "uac.xml", n: 5011, service: 6011, port: registered(t, s, 5011)}.start(t, s)
	rings(t, p)
	must(t, "answer", p.Answer())
	connected(t, p)
	must(t, "the phone stops to send while held", p.WaitFor(within(t, step), "hold", func(st *phone.State) bool {
		c := st.Call(phone.Connected)
		return c != nil && !c.Media().Sending && c.Media().Sent > 0
	}))
	must(t, "the phone sends again", p.WaitFor(within(t, step), "resume", func(st *phone.State) bool {
		c := st.Call(phone.Connected)
		return c != nil && c.Media().Sending
	}))
	wait()
	idle(t, p)
}

// SIPp transfers a Cisco phone to another by REFER, is told how it went, and is released.
func TestSIPpTransfersCiscoPhone(t *testing.T) {
	t.Parallel()
	s := server(t)
	p, q := sccpPhone(t, s, 6012), sccpPhone(t, s, 6013)
	wait := sipp{scenario: "refer.xml", n: 5012, service: 6012, target: 6013, port: registered(t, s, 5012)}.start(t, s)
	rings(t, p)
	must(t, "answer", p.Answer())
	connected(t, p)
	_, err := q.WaitCall(within(t, 2*step), phone.RingingIn)
	must(t, "the target rings", err)
	must(t, "answer", q.Answer())
	wait()
	hears(t, p, 6013)
	hears(t, q, 6012)
	must(t, "hang up", q.Hangup())
	idle(t, p, q)
}

// acknowledged waits until the call of a device shows so many ACKs: until that many offers were made, answered and
// acknowledged. SIPp answers when it gets to it, and a test phone is quicker than any finger.
func acknowledged(t *testing.T, s *lab.Server, device string, n int) {
	t.Helper()
	ctx := within(t, step)
	for {
		seen := 0
		calls, err := s.Client.LiveCalls(ctx)
		must(t, "live calls", err)
		for _, c := range calls {
			if c.Device != device {
				continue
			}
			_, ladder, err := s.Story(ctx, c.Call)
			must(t, "the story of call "+c.Call, err)
			for _, m := range ladder.Messages {
				if strings.HasPrefix(m.Summary, "ACK") {
					seen++
				}
			}
		}
		if seen >= n {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%d ACKs in the call of %s, want %d", seen, device, n)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// A Cisco phone calls SIPp, holds and resumes: SIPp looks at the direction in each description.
func TestCiscoPhoneCallsSIPp(t *testing.T) {
	t.Parallel()
	s := server(t)
	port := registered(t, s, 5013)
	p := sccpPhone(t, s, 6014)
	wait := sipp{scenario: "uas.xml", n: 5013, service: 5013, port: port}.start(t, s)
	must(t, "dial", p.Dial(within(t, step), "5013"))
	connected(t, p)
	must(t, "hold", p.Hold())
	_, err := p.WaitCall(within(t, step), phone.OnHold)
	must(t, "the call is held", err)
	acknowledged(t, s, sccpDevice(6014), 2)
	must(t, "resume", p.Resume())
	connected(t, p)
	acknowledged(t, s, sccpDevice(6014), 3)
	must(t, "hang up", p.Hangup())
	idle(t, p)
	wait()
}

// sipsak's ping is answered.
func TestSipsakOptions(t *testing.T) {
	t.Parallel()
	s := server(t)
	out, err := run(t, step, "sipsak", "-v", "-s", "sip:ping@"+s.Address("sip"))
	if err != nil || !strings.Contains(out, "200") {
		t.Errorf("OPTIONS: %v\n%s", err, out)
	}
	out, err = run(t, 2*step, "sipsak", "-U", "-v", "-C", "sip:5014@"+lab.Loopback+":9", "-s", sipURI(s, 5014), "-u", user(5014), "-a", password(5014), "-x", "120")
	if err != nil {
		t.Errorf("REGISTER: %v\n%s", err, out)
	}
	out, err = run(t, 2*step, "sipsak", "-U", "-v", "-C", "sip:5014@"+lab.Loopback+":9", "-s", sipURI(s, 5014), "-u", user(5014), "-a", "wrong", "-x", "120")
	if err == nil {
		t.Errorf("a wrong password was accepted:\n%s", out)
	}
}
