package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"tandem/node"
)

// serveVariable tells a child which directory it serves.
const serveVariable = "TANDEM_LAB_SERVE"

// Serve makes this process the server of a lab if it was started to be one, and does not return then. Programs that use
// Options.Child call it first: tests in TestMain, others in main.
func Serve() {
	data := os.Getenv(serveVariable)
	if data == "" {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	// Who measures memory wants what is in use, not what has not been collected yet.
	collect := make(chan os.Signal, 1)
	signal.Notify(collect, syscall.SIGUSR1)
	go func() {
		for range collect {
			debug.FreeOSMemory()
		}
	}()
	n, err := node.Open(node.Options{Data: data, Version: version, Screen: os.Stderr, Level: slog.LevelInfo})
	if err == nil {
		err = n.Run(ctx)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

type child struct {
	command *exec.Cmd
	output  *output
	done    chan struct{}
	err     error
}

// output keeps the last words of a child.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	also io.Writer
}

const outputLimit = 256 << 10

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(b)
	if over := o.text.Len() - outputLimit; over > 0 {
		o.text.Next(over)
	}
	if o.also != nil {
		_, _ = o.also.Write(b)
	}
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (s *Server) startChild(ctx context.Context, o Options) error {
	own := []string{}
	if len(o.Command) > 0 {
		own = append(append(own, o.Command...), s.Data)
	} else {
		program, err := os.Executable()
		if err != nil {
			return err
		}
		own = append(own, program)
	}
	line := append(append([]string{}, o.Wrap...), own...)
	command := exec.Command(line[0], line[1:]...)
	command.Env = append(os.Environ(), serveVariable+"="+s.Data)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c := &child{command: command, output: &output{also: o.Screen}, done: make(chan struct{})}
	command.Stdout, command.Stderr = c.output, c.output
	// Where an earlier server listened is nobody's concern.
	if err := os.Remove(node.PortsPath(s.Data)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(line, " "), err)
	}
	go func() {
		defer close(c.done)
		c.err = command.Wait()
	}()
	s.child, s.ended = c, c.done
	s.where = func() map[string]string {
		var l map[string]string
		if text, err := os.ReadFile(node.PortsPath(s.Data)); err == nil {
			_ = json.Unmarshal(text, &l)
		}
		return l
	}
	s.stop = func() error {
		_ = command.Process.Signal(syscall.SIGTERM)
		select {
		case <-c.done:
			return c.err
		case <-time.After(stopWithin):
			_ = command.Process.Kill()
			<-c.done
			return fmt.Errorf("the server did not end when it was asked to:\n%s", c.output)
		}
	}
	return s.waitChild(ctx)
}

// waitChild waits until the child answers that it is ready.
func (s *Server) waitChild(ctx context.Context) error {
	local := newClient(s.Data)
	last := "it gave no answer"
	for {
		status, err := local.Status(ctx)
		switch {
		case err != nil:
			last = err.Error()
		case status.ExitStatus == 0:
			return nil
		default:
			last = fmt.Sprintf("%s, waiting for %v, down %v, alarms %v", status.State, status.Waiting, status.Down, status.Alarms)
			if status.ExitStatus == 3 && len(status.Waiting) == 0 {
				return fmt.Errorf("the server is not ready: %s", last)
			}
		}
		select {
		case <-s.child.done:
			return fmt.Errorf("the server ended: %w\n%s", s.child.err, s.child.output)
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready: %w: %s\n%s", ctx.Err(), last, s.child.output)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// PID is the process of a child server; 0 of one in this process.
func (s *Server) PID() int {
	if s.child == nil {
		return 0
	}
	return s.child.command.Process.Pid
}

// Kill ends a child server without a warning, as a power cut does.
func (s *Server) Kill() error {
	if s.child == nil {
		return errors.New("the server is not a child process")
	}
	s.stop = nil
	err := s.child.command.Process.Kill()
	<-s.child.done
	return err
}

// Freeze stops a child server as it stands: its connections stay open, and nothing is answered on them. Thaw lets it go on.
func (s *Server) Freeze() error { return s.send(syscall.SIGSTOP) }

// Thaw lets a frozen child server go on.
func (s *Server) Thaw() error { return s.send(syscall.SIGCONT) }

func (s *Server) send(signal os.Signal) error {
	if s.child == nil {
		return errors.New("the server is not a child process")
	}
	return s.child.command.Process.Signal(signal)
}

// Output is what a child server wrote.
func (s *Server) Output() string {
	if s.child == nil {
		return ""
	}
	return s.child.output.String()
}

// Ended is closed when the server has ended.
func (s *Server) Ended() <-chan struct{} { return s.ended }
