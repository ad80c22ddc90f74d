package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tandem": main})
}

// ports are the flags of init and serve that let the system choose all ports.
var ports = []string{"--sccp-port=-1", "--sip-port=-1", "--sips-port=-1", "--tftp-port=-1", "--provisioning-port=-1", "--web-port=-1",
	"--replication-port=-1", "--signals-port=-1", "--files-port=-1"}

// Each command as an administrator types it, with its errors and what they advise. $WEB and $SIP are free ports; the script
// of phones, talk.phones, knows $SIP too.
func TestCommands(t *testing.T) {
	site, err := os.ReadFile("../../docs/admin/site.yaml")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			for _, name := range []string{"WEB", "SIP"} {
				port, err := freePort()
				if err != nil {
					return err
				}
				e.Setenv(name, fmt.Sprint(port))
			}
			e.Values[serversKey{}] = servers{}
			e.Setenv("TZ", "UTC")
			e.Setenv("NO_COLOR", "1")
			if talk, err := os.ReadFile(filepath.Join(e.WorkDir, "talk.phones")); err == nil {
				text := strings.ReplaceAll(string(talk), "$SIP", e.Getenv("SIP"))
				if err := os.WriteFile(filepath.Join(e.WorkDir, "talk.phones"), []byte(text), 0o644); err != nil {
					return err
				}
			}
			return os.WriteFile(filepath.Join(e.WorkDir, "site.yaml"), site, 0o644)
		},
		Cmds: scriptCommands,
	})
}

// startServer is the command of scripts that sets a server up in ./pbx, starts it as a background process of the name
// "server", ended with the script, and waits until it is ready. Later commands find it by TANDEM_DATA.
func startServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: server")
	}
	flags := append([]string{"--address=127.0.0.1"}, ports...)
	flags = append(flags, "--web-port="+ts.Getenv("WEB"), "--sip-port="+ts.Getenv("SIP"))
	ts.Check(ts.Exec("tandem", append([]string{"init", "--data", "pbx", "--name", "cm1"}, flags...)...))
	data := ts.MkAbs("pbx")
	ts.Setenv("TANDEM_DATA", data)
	serveInBackground(ts, data)
	ts.Check(ts.Exec("tandem", "status", "--wait"))
}

// serveInBackground starts the server of a directory, which ends with the script at the latest. end ends it now, kill does
// without a warning.
func serveInBackground(ts *testscript.TestScript, data string) (end, kill func()) {
	serve := exec.Command("tandem", "serve", "--data", data) // found by the path that testscript.Main sets
	serve.Env = append(os.Environ(), "TZ=UTC")
	stop, err := background(serve)
	ts.Check(err)
	var once sync.Once
	end = func() {
		once.Do(func() {
			if text, err := stop(); err != nil {
				ts.Logf("the server of %s: %v\n%s", data, err, text)
			}
		})
	}
	ts.Defer(end)
	return end, func() {
		once.Do(func() {
			_ = serve.Process.Kill()
			_, _ = stop() // it was killed, so it fails
		})
	}
}

// serverEnds bounds the end of a server that was interrupted.
const serverEnds = 40 * time.Second

// background starts a server. end interrupts it, and gives what it printed.
func background(c *exec.Cmd) (end func() (string, error), err error) {
	var out strings.Builder
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	return func() (string, error) {
		_ = c.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-ended:
			return out.String(), err
		case <-time.After(serverEnds):
			_ = c.Process.Kill()
			<-ended
			return out.String(), fmt.Errorf("it did not end within %s", serverEnds)
		}
	}, nil
}

// freePort finds a port that is free for UDP and TCP.
func freePort() (int, error) {
	for range 50 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		p, err := net.ListenPacket("udp", l.Addr().String())
		l.Close()
		if err == nil {
			p.Close()
			return l.Addr().(*net.TCPAddr).Port, nil
		}
	}
	return 0, fmt.Errorf("no port is free")
}

// The commands of docs/admin/first-server.md work, in the order of the page. The server that it starts runs in the
// background on ports of the system's choice, until the end of the page.
func TestFirstServerAsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/admin/first-server.md")
	if err != nil {
		t.Fatal(err)
	}
	site, err := os.ReadFile("../../docs/admin/site.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "tandem-page-") // the path of a socket has little room
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, "site.yaml"), site, 0o644); err != nil {
		t.Fatal(err)
	}
	commands, served := 0, false
	for line := range strings.Lines(string(page)) {
		text, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "    $ tandem ")
		if !ok {
			continue
		}
		commands++
		args := strings.Fields(text)
		c := exec.Command("tandem", args...)
		c.Dir, c.Env = dir, append(os.Environ(), "TANDEM_DATA=", "TANDEM_TOKEN=")
		if args[0] == "serve" {
			served = true
			c.Args = append(c.Args, "--address=127.0.0.1")
			c.Args = append(c.Args, ports...)
			end, err := background(c)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				text, err := end()
				if err != nil {
					t.Errorf("the server ended with %v:\n%s", err, text)
				}
				if !strings.Contains(text, "The server is ready.") {
					t.Errorf("the server never said that it is ready:\n%s", text)
				}
			})
			continue
		}
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("tandem %s: %v\n%s", text, err, out)
		} else if len(out) == 0 {
			t.Errorf("tandem %s shows nothing", text)
		}
	}
	if commands < 10 || !served {
		t.Errorf("the page has %d commands, and the server was started: %v", commands, served)
	}
}

func TestWhen(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"":                          {},
		"1h":                        now.Add(-time.Hour),
		"2d":                        now.Add(-48 * time.Hour),
		"90m":                       now.Add(-90 * time.Minute),
		"2026-11-22T08:00:00Z":      time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
		"2026-11-22T08:00:00+01:00": time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC),
		"2026-11-22":                time.Date(2026, 11, 22, 0, 0, 0, 0, time.Local),
		"2026-11-22 08:30":          time.Date(2026, 11, 22, 8, 30, 0, 0, time.Local),
	} {
		if got, err := when("--since", text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"yesterday", "-1h", "-2d", "1e99d", "d", "2026-13-01"} {
		if got, err := when("--since", text, now); err == nil {
			t.Errorf("%q was taken for %v", text, got)
		}
	}
}

func TestTextOfOthersIsHarmless(t *testing.T) {
	var out strings.Builder
	tab := newTable(&out, "A", "B")
	tab.row("\x1b[31mred\tx", strings.Repeat("é", 100))
	tab.row(strings.Repeat("é", 100), "b")
	tab.end()
	if strings.ContainsAny(out.String(), "\x1b\t") {
		t.Errorf("%q", out.String())
	}
	if lines := strings.Split(out.String(), "\n"); !strings.HasSuffix(lines[2], "…  b") {
		t.Errorf("a long cell: %q", lines[2])
	}
}
