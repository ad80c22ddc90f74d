package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/fault"
)

func TestPortFault(t *testing.T) {
	for _, c := range []struct {
		err     error
		address string
		code    fault.Code
		says    string
	}{
		{syscall.EADDRINUSE, "0.0.0.0:5060", fault.PortTaken, "port 5060/udp of 0.0.0.0"},
		{syscall.EACCES, ":69", fault.PortNotPermitted, "port 69/udp of all addresses"},
		{syscall.EPERM, "[::]:69", fault.PortNotPermitted, "port 69/udp of ::"},
		{syscall.EADDRNOTAVAIL, "203.0.113.9:69", fault.AddressNotHere, "203.0.113.9"},
	} {
		err := PortFault(fmt.Errorf("listen: %w", os.NewSyscallError("bind", c.err)), TFTP, "udp4", c.address)
		f := fault.From(err)
		if f == nil || f.Code != c.code || !strings.Contains(f.Message, c.says) || !errors.Is(err, c.err) {
			t.Errorf("%v: %v", c.err, err)
		}
	}
	other := errors.New("something else")
	if got := PortFault(other, TFTP, "udp4", ":69"); got != other {
		t.Errorf("%v", got)
	}
	if PortFault(nil, TFTP, "udp4", ":69") != nil {
		t.Error("no error became one")
	}
}

func TestStatusInJSON(t *testing.T) {
	s := Status{Name: TFTP, State: Failed, Recovery: DefaultRecovery, Since: time.Unix(1, 0).UTC(),
		Fault: fault.New(fault.ServiceNotActivated, "service", "TFTP")}
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"state":"failed"`, `"after":"1s"`, `"window":"10m0s"`, `"code":"TDM-SVC-0010"`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%s lacks %s", data, want)
		}
	}
	if strings.Contains(string(data), `"next"`) {
		t.Errorf("%s has a next attempt", data)
	}
	var back Status
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if back.State != Failed || back.Recovery != DefaultRecovery || back.Fault.Code != fault.ServiceNotActivated {
		t.Errorf("%+v", back)
	}
}

func TestFileStoreRefusesNonsense(t *testing.T) {
	directory := t.TempDir()
	store := FileStore{filepath.Join(directory, "services.json")}
	if settings, err := store.Load(); err != nil || settings != nil {
		t.Errorf("before the first choice: %v %v", settings, err)
	}
	for _, bad := range []string{"", "{", `{"TFTP":{"recovery":{"after":"-1s","window":"0s"}}}`, `{"TFTP":{"recovery":{"after":"soon","window":"0s"}}}`} {
		if err := os.WriteFile(store.Path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Load(); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	want := map[Name]Settings{TFTP: {Activated: true, Recovery: DefaultRecovery}}
	if err := store.Save(want); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Load(); err != nil || got[TFTP] != want[TFTP] {
		t.Errorf("%v %v", got, err)
	}
	if files, _ := filepath.Glob(filepath.Join(directory, "*")); len(files) != 1 {
		t.Errorf("left behind: %q", files)
	}
	if err := (FileStore{filepath.Join(directory, "missing", "x.json")}).Save(want); err == nil {
		t.Error("saving into a directory that is not there gave no error")
	}
}
