package peer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Packages names the Debian package of each program that is driven here or by the tests.
var Packages = map[string]string{
	"baresip": "baresip-core", "linphonec": "linphone-cli", "sipp": "sip-tester", "sipsak": "sipsak",
	"tshark": "tshark", "tftp": "tftp-hpa", "atftp": "atftp", "curl": "curl",
	"sipvicious_svwar": "sipvicious", "sipvicious_svcrack": "sipvicious", "svwar": "sipvicious", "svcrack": "sipvicious",
	"kamailio": "kamailio", "mount": "mount", "prlimit": "util-linux", "taskset": "util-linux",
}

// Find returns the path of a program, or an error that names the Debian package it comes with. Debian keeps some of them
// in /usr/sbin, which is not in everybody's path.
func Find(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	if path, err := exec.LookPath("/usr/sbin/" + program); err == nil {
		return path, nil
	}
	if p := Packages[program]; p != "" {
		return "", fmt.Errorf("the program %s is not here: install the Debian package %s", program, p)
	}
	return "", fmt.Errorf("the program %s is not here", program)
}

// stopWithin is how long a program may take to end when it is asked to, before it is killed.
const stopWithin = 3 * time.Second

// logLimit bounds what is kept of a program's output, in bytes.
const logLimit = 1 << 20

// process is a child with its output.
type process struct {
	command *exec.Cmd
	output  *tail
	done    chan struct{}
	err     error // after done
}

// start runs a program in a process group of its own that ends with ours.
func start(command *exec.Cmd) (*process, error) {
	p := &process{command: command, output: &tail{}, done: make(chan struct{})}
	command.Stdout, command.Stderr = p.output, p.output
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.done)
		p.err = command.Wait()
	}()
	return p, nil
}

// stop asks the program to end, kills it when it does not, and waits for it.
func (p *process) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopWithin):
		_ = p.command.Process.Kill()
		<-p.done
	}
}

// ended is an error with the program's last words when it is no longer there.
func (p *process) ended() error {
	select {
	case <-p.done:
		return fmt.Errorf("%s ended (%w):\n%s", p.command.Path, errors.Join(p.err, os.ErrProcessDone), p.output)
	default:
		return nil
	}
}

// tail keeps the newest output.
type tail struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.Write(b)
	if over := t.text.Len() - logLimit; over > 0 {
		t.text.Next(over)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}
