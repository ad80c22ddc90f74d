package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"tandem/admin/client"
	"tandem/node"
	"tandem/sim/peer"
)

// version of the servers of a lab.
const version = "lab"

// Name of every server of a lab, as site files have it.
const Name = "cm1"

// startWithin bounds the start of a server, stopWithin its end.
const (
	startWithin = 60 * time.Second
	stopWithin  = 40 * time.Second
)

// Options describe a server.
type Options struct {
	// Data is its directory, which must be empty or missing. Empty: a temporary one, removed by Close.
	Data string
	// Resume uses Data as an earlier server left it.
	Resume bool
	// Site is a site file that is applied before Start returns; nil: none.
	Site []byte
	// Screen gets the server's warnings; nil: nowhere.
	Screen io.Writer
	// Child runs the server in a child process: this program again, see Serve.
	Child bool
	// Command is the child's command line, to which the directory is added; nil: this program again, see Serve.
	Command []string
	// Wrap is put before the child's command line, such as taskset with its arguments.
	Wrap []string
	// Ports that are not to be chosen by the system.
	Ports node.Ports
}

// Server is a running throw-away server.
type Server struct {
	// Data is the server's directory.
	Data string
	// Client speaks to the server over its local socket.
	Client *client.Client

	temporary bool
	where     func() map[string]string
	stop      func() error
	ended     <-chan struct{}
	child     *child
}

// Loopback is the address on which servers of a lab listen.
const Loopback = "127.0.0.1"

// ports chooses those that are not given. The ports of phones are chosen before the server starts, because a server that is
// stopped and started again must be where its phones expect it.
func ports(p node.Ports) (node.Ports, error) {
	for _, port := range []*int{&p.TFTP, &p.Provisioning, &p.Web, &p.Replication, &p.Signals, &p.Files} {
		if *port == 0 {
			*port = node.Ephemeral
		}
	}
	for _, port := range []*int{&p.SCCP, &p.SIP, &p.SIPS} {
		if *port != 0 {
			continue
		}
		free, err := Reserve()
		if err != nil {
			return p, err
		}
		*port = free
	}
	return p, nil
}

// Start sets a server up, starts it, waits until it accepts work and applies the site file.
func Start(ctx context.Context, o Options) (s *Server, err error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	s = &Server{Data: o.Data}
	if s.Data == "" {
		// The path of a socket has little room: not below a test's own directory.
		if s.Data, err = os.MkdirTemp("", "tandem-lab-"); err != nil {
			return nil, err
		}
		s.temporary = true
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
			s = nil
		}
	}()
	if !o.Resume {
		p, err := ports(o.Ports)
		if err != nil {
			return s, err
		}
		if _, err := node.Init(node.InitOptions{Data: s.Data, Name: Name, Address: Loopback, Ports: p}); err != nil {
			return s, err
		}
	}
	if o.Child {
		err = s.startChild(ctx, o)
	} else {
		err = s.startHere(ctx, o)
	}
	if err != nil {
		return s, err
	}
	s.Client = client.Local(node.SocketPath(s.Data))
	if len(o.Site) == 0 {
		return s, nil
	}
	return s, s.Apply(ctx, o.Site)
}

func (s *Server) startHere(ctx context.Context, o Options) error {
	n, err := node.Open(node.Options{Data: s.Data, Version: version, Screen: o.Screen})
	if err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	var failed error
	go func() {
		defer close(ended)
		failed = n.Run(running)
	}()
	s.ended = ended
	s.where = func() map[string]string { return n.Listening() }
	s.stop = func() error {
		cancel()
		select {
		case <-ended:
			return failed
		case <-time.After(stopWithin):
			return errors.New("the server does not end")
		}
	}
	if ready := n.WaitReady(ctx); ready.ExitStatus() != 0 {
		return fmt.Errorf("the server is not ready: waiting for %v, down %v, alarms %v", ready.Waiting, ready.Down, ready.Alarms)
	}
	return nil
}

// Address is where the server listens for a use: "sccp", "sip", "sips", "tftp", "provisioning" or "web". It is empty
// while nothing listens there.
func (s *Server) Address(use string) string { return s.where()[use] }

// Port is the port of Address; 0 while nothing listens there.
func (s *Server) Port(use string) int {
	a, err := netip.ParseAddrPort(s.Address(use))
	if err != nil {
		return 0
	}
	return int(a.Port())
}

// Stop ends the server as an administrator would; the directory stays.
func (s *Server) Stop() error {
	if s.stop == nil {
		return nil
	}
	stop := s.stop
	s.stop = nil
	return stop()
}

// Close stops the server and removes its directory if it is a temporary one.
func (s *Server) Close() error {
	err := s.Stop()
	if s.temporary {
		err = errors.Join(err, os.RemoveAll(s.Data))
	}
	return err
}

// Reserve finds a free port of the loopback address for UDP and TCP. No port is reserved twice.
func Reserve() (int, error) { return peer.FreePorts(1) }
