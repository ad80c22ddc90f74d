package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"

	"tandem/fault"
	"tandem/service"
)

// Listening tells where a server can be reached, by the names of tandem.yaml.
type Listening map[string]string

// bound opens the server's ports and remembers them.
type bound struct {
	settings Settings
	move     bool
	screen   io.Writer

	mu    sync.Mutex
	where Listening
	last  map[string]int // the port that each had when it last listened
	file  string         // where the addresses are told to programs on this machine
}

func newBound(s Settings, move bool, screen io.Writer, file string) *bound {
	return &bound{settings: s, move: move, screen: screen, where: Listening{}, last: map[string]int{}, file: file}
}

func (b *bound) listening() Listening {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := Listening{}
	for k, v := range b.where {
		out[k] = v
	}
	return out
}

func (b *bound) note(name string, addr net.Addr) {
	b.mu.Lock()
	b.where[name] = addr.String()
	if at, err := netip.ParseAddrPort(addr.String()); err == nil {
		b.last[name] = int(at.Port())
	}
	b.write()
	b.mu.Unlock()
}

func (b *bound) forget(name string) {
	b.mu.Lock()
	delete(b.where, name)
	b.write()
	b.mu.Unlock()
}

// write tells the addresses; a disk that is full must not keep a port closed, so that a failure is of no consequence.
func (b *bound) write() {
	if text, err := json.MarshalIndent(b.where, "", "  "); err == nil {
		_ = writeFile(b.file, append(text, '\n'), 0o644)
	}
}

// port is the port of that name that the server has or had when it last listened, else the one that is wanted.
func (b *bound) port(name string, wanted int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p, ok := b.last[name]; ok {
		return p
	}
	return wanted
}

// open calls listen with the address of a port. When the port is taken or not permitted it tries others, if it may, and
// says so; otherwise the error is the fault that names the port.
func (b *bound) open(svc service.Name, name, network string, port int, listen func(address string) (net.Addr, error)) error {
	address := func(port int) string {
		if port == Ephemeral {
			port = 0
		}
		return net.JoinHostPort(b.settings.Address, strconv.Itoa(port))
	}
	at, err := listen(address(port))
	if err != nil && b.move && movable(err) {
		for _, step := range []int{10000, 20000, 30000} {
			other := port + step
			if other > 65535 {
				break
			}
			if at, err = listen(address(other)); err == nil {
				if b.screen != nil {
					f := fault.New(fault.PortMoved, "service", string(svc), "port", other, "usual", port)
					fmt.Fprintln(b.screen, f.Message)
				}
				break
			}
		}
	}
	if err != nil {
		return service.PortFault(err, svc, network, address(port))
	}
	b.note(name, at)
	return nil
}

// wanted is the address on which the port of that name is to listen.
func (b *bound) wanted(name string, port int) string {
	if port = b.port(name, port); port == Ephemeral {
		port = 0
	}
	return net.JoinHostPort(b.settings.Address, strconv.Itoa(port))
}

// freePort finds a TCP port that is free just now.
func freePort(address string) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func movable(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM)
}
