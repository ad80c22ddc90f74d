package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"tandem/fault"
)

// Places in a data directory.
const (
	databaseDir = "db"
	recordDir   = "cdr"
	fileDir     = "files"
	logDir      = "log"
	runDir      = "run"
	secretDir   = "secrets"
	socketFile  = "run/api.sock"
	portsFile   = "run/ports.json"
	lockFile    = "run/lock"
)

// SocketPath is the local socket of the server in a data directory; commands on the same machine use it without log-in.
func SocketPath(data string) string { return filepath.Join(data, filepath.FromSlash(socketFile)) }

// PortsPath is the file in which a running server tells where it listens.
func PortsPath(data string) string { return filepath.Join(data, filepath.FromSlash(portsFile)) }

// checkDirectory refuses a directory in which no server was set up: an unmounted disk must never become a second publisher.
func checkDirectory(data string) error {
	entries, err := os.ReadDir(data)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fault.New(fault.DataDirectoryMissing, "directory", data)
	case err != nil:
		return fault.Wrap(err, fault.DataDirectoryReadOnly, "directory", data)
	case len(entries) == 0 || (len(entries) == 1 && entries[0].Name() == "lost+found"):
		return fault.New(fault.DataDirectoryEmpty, "directory", data)
	}
	return nil
}

// lock makes sure that one process uses the directory. The lock goes with the process, however that ends.
func lock(data string) (*os.File, error) {
	path := filepath.Join(data, filepath.FromSlash(lockFile))
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fault.Wrap(err, fault.DataDirectoryReadOnly, "directory", data)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fault.Wrap(err, fault.DataDirectoryReadOnly, "directory", data)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(path)
		f.Close()
		who := strings.TrimSpace(string(holder))
		if _, bad := strconv.Atoi(who); bad != nil {
			who = "unknown"
		}
		return nil, fault.New(fault.DataDirectoryInUse, "directory", data, "process", who)
	}
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	return f, nil
}

// checkEmpty refuses a directory that holds anything.
func checkEmpty(data string) error {
	entries, err := os.ReadDir(data)
	if err == nil && len(entries) > 0 && (len(entries) > 1 || entries[0].Name() != "lost+found") {
		return fault.New(fault.DataDirectoryNotEmpty, "directory", data)
	}
	return nil
}

// prepareDirectory makes the parts of the data directory of a new server, which must be empty or not exist. undo leaves it as it
// was.
func prepareDirectory(data string) (undo func(), err error) {
	if err := checkEmpty(data); err != nil {
		return nil, err
	}
	_, err = os.Stat(data)
	existed := err == nil
	if err := os.MkdirAll(data, 0o750); err != nil {
		return nil, fault.Wrap(err, fault.DataDirectoryReadOnly, "directory", data)
	}
	undo = func() {
		made, _ := os.ReadDir(data)
		for _, e := range made {
			if e.Name() != "lost+found" {
				_ = os.RemoveAll(filepath.Join(data, e.Name()))
			}
		}
		if !existed {
			_ = os.Remove(data)
		}
	}
	for _, d := range []string{databaseDir, recordDir, fileDir, logDir, runDir, secretDir} {
		mode := os.FileMode(0o750)
		if d == secretDir {
			mode = 0o700
		}
		if err := os.MkdirAll(filepath.Join(data, d), mode); err != nil {
			undo()
			return nil, fault.Wrap(err, fault.DataDirectoryReadOnly, "directory", data)
		}
	}
	return undo, nil
}
