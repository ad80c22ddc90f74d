package chaos

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Network is one network namespace for each server, with this process as the router between them. What a server sends to another passes
// here, and Cut drops it without a word, as a broken switch does. It works only in a process that Inside prepared.
type Network struct {
	holders []*exec.Cmd // a process that keeps each namespace
	cut     map[[2]int]int
}

// Inside has a command begin in a network namespace of its own, in which it may make others; nothing of it is seen outside, and nothing of
// it is left when it ends.
func Inside(c *exec.Cmd) {
	a := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		a.Cloneflags |= syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	c.SysProcAttr = a
}

// NewNetwork makes the namespaces and the links to them.
func NewNetwork(servers int) (n *Network, err error) {
	n = &Network{cut: map[[2]int]int{}}
	defer func() {
		if err != nil {
			n.Close()
			n = nil
		}
	}()
	if err := run("ip", "link", "set", "lo", "up"); err != nil {
		return n, err
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
		return n, err
	}
	for i := range servers {
		if err := n.add(i); err != nil {
			return n, err
		}
	}
	return n, nil
}

// add makes the namespace of a server.
func (n *Network) add(i int) error {
	holder := exec.Command("sleep", "infinity")
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := holder.Start(); err != nil {
		return err
	}
	n.holders = append(n.holders, holder)
	outside, inside, pid := fmt.Sprintf("to%d", i+1), fmt.Sprintf("cm%d", i+1), fmt.Sprint(holder.Process.Pid)
	router := fmt.Sprintf("10.77.%d.1", i+1)
	for _, line := range [][]string{
		{"ip", "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", pid},
		{"ip", "addr", "add", router + "/24", "dev", outside},
		{"ip", "link", "set", outside, "up"},
		append(n.Wrap(i), "ip", "link", "set", "lo", "up"),
		append(n.Wrap(i), "ip", "addr", "add", n.Address(i)+"/24", "dev", inside),
		append(n.Wrap(i), "ip", "link", "set", inside, "up"),
		append(n.Wrap(i), "ip", "route", "add", "default", "via", router),
	} {
		if err := run(line...); err != nil {
			return err
		}
	}
	return nil
}

func run(line ...string) error {
	c := exec.Command(line[0], line[1:]...)
	text := &strings.Builder{}
	c.Stdout, c.Stderr, c.WaitDelay = text, text, 10*time.Second
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(line, " "), err, text)
	}
	return nil
}

// Address is where a server is, from 0.
func (n *Network) Address(server int) string { return fmt.Sprintf("10.77.%d.2", server+1) }

// Wrap is put before a command that is to run where a server is, from 0.
func (n *Network) Wrap(server int) []string {
	return []string{"nsenter", "--net=/proc/" + fmt.Sprint(n.holders[server].Process.Pid) + "/ns/net"}
}

// Cut loses everything that one server sends to another. Cuts are counted: what was cut twice must be mended twice.
func (n *Network) Cut(from, to int) error {
	n.cut[[2]int{from, to}]++
	if n.cut[[2]int{from, to}] > 1 {
		return nil
	}
	return n.rule("add", from, to)
}

// Mend takes a cut back.
func (n *Network) Mend(from, to int) error {
	n.cut[[2]int{from, to}]--
	if n.cut[[2]int{from, to}] > 0 {
		return nil
	}
	return n.rule("del", from, to)
}

func (n *Network) rule(action string, from, to int) error {
	return run("ip", "rule", action, "from", n.Address(from), "to", n.Address(to), "blackhole")
}

// Close ends the namespaces.
func (n *Network) Close() error {
	var all []error
	for _, h := range n.holders {
		if err := h.Process.Kill(); err != nil {
			all = append(all, err)
		}
		_ = h.Wait() // it was killed
	}
	n.holders = nil
	return errors.Join(all...)
}
