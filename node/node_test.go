package node

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/fault"
	"tandem/service"
)

// ephemeral lets the system choose every port.
var ephemeral = Ports{TFTP: Ephemeral, Provisioning: Ephemeral, SCCP: Ephemeral, SIP: Ephemeral, SIPS: Ephemeral, Web: Ephemeral, Replication: Ephemeral,
	Signals: Ephemeral, Files: Ephemeral}

// standalone sets a server up on loopback with ports that the system chooses, and runs it until the test ends.
func standalone(t *testing.T) (*Node, string) {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	if _, err := Init(InitOptions{Data: data, Name: "cm1", Address: "127.0.0.1", Ports: ephemeral}); err != nil {
		t.Fatal(err)
	}
	n := run(t, data)
	return n, data
}

func run(t *testing.T, data string) *Node {
	t.Helper()
	n, _ := started(t, data)
	wait, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	if r := n.WaitReady(wait); r.ExitStatus() != 0 {
		for _, s := range n.services.List() {
			t.Logf("%s is %s: %v", s.Name, s.State, s.Fault)
		}
		t.Fatalf("not ready: %+v", r)
	}
	return n
}

// started runs a server that can be stopped before the test ends.
func started(t *testing.T, data string) (n *Node, stop func()) {
	t.Helper()
	n, err := Open(Options{Data: data, Version: "test", Level: slog.LevelDebug})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s ended with %v", n.settings.Name, err)
		}
	}
	t.Cleanup(stop)
	return n, stop
}

func TestServerComesUp(t *testing.T) {
	n, data := standalone(t)
	l := n.Listening()
	for _, name := range []string{"tftp", "provisioning", "sccp", "sip", "sips", "web"} {
		if l[name] == "" || strings.HasSuffix(l[name], ":0") {
			t.Errorf("%s listens at %q", name, l[name])
		}
	}
	if text, err := os.ReadFile(PortsPath(data)); err != nil || !strings.Contains(string(text), l["sccp"]) {
		t.Errorf("ports.json says %s (%v)", text, err)
	}
	for _, s := range n.services.List() {
		if s.State != service.Running {
			t.Errorf("%s is %s: %v", s.Name, s.State, s.Fault)
		}
	}
	if _, err := Open(Options{Data: data}); !errors.Is(err, fault.DataDirectoryInUse) {
		t.Errorf("a second server in the same directory: %v", err)
	}
}

func TestServerRefusesForeignDirectories(t *testing.T) {
	empty := t.TempDir()
	if _, err := Open(Options{Data: empty}); !errors.Is(err, fault.DataDirectoryEmpty) {
		t.Errorf("an empty directory: %v", err)
	}
	if _, err := Open(Options{Data: filepath.Join(empty, "gone")}); !errors.Is(err, fault.DataDirectoryMissing) {
		t.Errorf("no directory: %v", err)
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "letter.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Init(InitOptions{Data: full, Name: "cm1"}); !errors.Is(err, fault.DataDirectoryNotEmpty) {
		t.Errorf("init in a used directory: %v", err)
	}
	if entries, _ := os.ReadDir(full); len(entries) != 1 {
		t.Errorf("init changed a directory that it refused: %v", entries)
	}
	for _, name := range []string{"", "9cm", "cm 1", strings.Repeat("a", 64)} {
		if _, err := Init(InitOptions{Data: filepath.Join(empty, "x"), Name: name}); !errors.Is(err, fault.ServerNameInvalid) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	if _, err := Init(InitOptions{Data: filepath.Join(empty, "x"), Name: "cm1", Passphrase: "short"}); !errors.Is(err, fault.PassphraseWeak) {
		t.Errorf("a short pass-phrase: %v", err)
	}
	if _, err := os.Stat(filepath.Join(empty, "x")); err == nil {
		t.Error("a refused init left a directory behind")
	}
}

// TestT10_FreshServersShareNoSecret sets two servers up and compares everything that is secret (T-10).
func TestT10_FreshServersShareNoSecret(t *testing.T) {
	var results []InitResult
	secrets := map[string]string{}
	for _, name := range []string{"a", "b"} {
		data := filepath.Join(t.TempDir(), name)
		r, err := Init(InitOptions{Data: data, Name: "cm1"})
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
		dir := filepath.Join(data, secretDir)
		if i, err := os.Stat(dir); err != nil || i.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v", dir, i.Mode(), err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) < 3 {
			t.Fatalf("%d secrets (%v)", len(entries), err)
		}
		for _, e := range entries {
			content, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if other, ok := secrets[e.Name()]; ok && other == string(content) {
				t.Errorf("two fresh servers share %s", e.Name())
			}
			secrets[e.Name()] = string(content)
			if i, _ := e.Info(); i.Mode().Perm()&0o077 != 0 && e.Name() != certificateFile {
				t.Errorf("%s can be read by others: %v", e.Name(), i.Mode())
			}
			for _, r := range results {
				if strings.Contains(string(content), r.Password) || strings.Contains(string(content), r.Passphrase) {
					t.Errorf("%s holds a password in clear", e.Name())
				}
			}
		}
	}
	if results[0].Password == results[1].Password || results[0].Passphrase == results[1].Passphrase {
		t.Error("two fresh servers share a password or pass-phrase")
	}
}

func TestPortInUseIsNamedAndTheRestRuns(t *testing.T) {
	first, _ := standalone(t)
	data := filepath.Join(t.TempDir(), "data")
	taken := first.ports.port("sccp", 0)
	e := ephemeral
	e.SCCP = taken
	if _, err := Init(InitOptions{Data: data, Name: "cm2", Address: "127.0.0.1", Ports: e}); err != nil {
		t.Fatal(err)
	}
	n, err := Open(Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	wait, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	r := n.WaitReady(wait)
	if r.ExitStatus() != 3 || len(r.Down) != 1 || r.Down[0] != service.CallManager {
		t.Errorf("readiness %+v, exit status %d", r, r.ExitStatus())
	}
	if len(r.Alarms) == 0 || !strings.Contains(r.Alarms[0].Message, strconv.Itoa(taken)) {
		t.Errorf("no alarm names port %d: %+v", taken, r.Alarms)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
