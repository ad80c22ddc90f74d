package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"tandem/admin/client"
	"tandem/node"
)

// Passphrase is that of every cluster of a lab.
const Passphrase = "the pass-phrase of a laboratory"

// ClusterOptions describe a cluster.
type ClusterOptions struct {
	// Servers is how many there are: cm1, the publisher at first, to cm9. Each listens on a loopback address of its own, 127.0.0.1 and up.
	Servers int
	// Site is a site file that is applied when all have joined; nil: none.
	Site []byte
	// Screen gets the servers' warnings; nil: nowhere.
	Screen io.Writer
	// Child runs each server in a child process, see Serve; without it they run in this one.
	Child bool
	// Command is the command line of each child, to which its directory is added, and Version the version that this program
	// has; nil and "": this program again, see Serve.
	Command []string
	Version string
	// Wrap is put before the children's command lines.
	Wrap []string
	// Place says at which address a server listens, from 0, and what is put before its command line so that it runs where that address
	// is. nil: Address, and Wrap.
	Place func(server int) (address string, wrap []string)
}

// place is where a server runs.
func (o *ClusterOptions) place(server int) (address string, wrap []string) {
	if o.Place == nil {
		return Address(server), o.Wrap
	}
	return o.Place(server)
}

// Cluster is a running throw-away cluster.
type Cluster struct {
	Servers []*Server // by node: cm1 first
	options ClusterOptions
}

// Address is the loopback address of a server, from 0.
func Address(server int) string { return fmt.Sprintf("127.0.0.%d", server+1) }

// StartCluster sets the servers up, joins them, starts them, waits until every copy of the configuration is current, and applies the site
// file.
func StartCluster(ctx context.Context, o ClusterOptions) (c *Cluster, err error) {
	if o.Servers < 1 || o.Servers > 9 {
		return nil, errors.New("a cluster of a lab has 1 to 9 servers")
	}
	if o.Version == "" {
		o.Version = version
	}
	c = &Cluster{options: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
			c = nil
		}
	}()
	for range o.Servers {
		if err := c.Add(ctx); err != nil {
			return c, err
		}
	}
	if err := c.WaitCurrent(ctx); err != nil || len(o.Site) == 0 {
		return c, err
	}
	if err := c.Servers[0].Apply(ctx, o.Site); err != nil {
		return c, err
	}
	return c, c.WaitCurrent(ctx)
}

// Add sets one more server up and starts it: the first as publisher, the others join.
func (c *Cluster) Add(ctx context.Context) error {
	i := len(c.Servers)
	data, err := os.MkdirTemp("", "tandem-lab-")
	if err != nil {
		return err
	}
	s := &Server{Data: data, temporary: true}
	c.Servers = append(c.Servers, s)
	ports, err := clusterPorts()
	if err != nil {
		return err
	}
	name := fmt.Sprintf("cm%d", i+1)
	address, _ := c.options.place(i)
	if i == 0 {
		_, err = node.Init(node.InitOptions{Data: data, Name: name, Address: address, Ports: ports, Passphrase: Passphrase})
	} else {
		err = c.joinServer(ctx, node.JoinOptions{Data: data, Name: name, Address: address, Ports: ports, Passphrase: Passphrase, Version: c.options.Version})
	}
	if err != nil {
		return fmt.Errorf("set %s up: %w", name, err)
	}
	return c.Start(ctx, i)
}

// joinServer has a server join by way of whichever server is the publisher, as soon as there is one: a server that has just started takes
// a moment to know that it is.
func (c *Cluster) joinServer(ctx context.Context, o node.JoinOptions) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	return poll(ctx, func() error {
		publisher := c.Publisher(ctx)
		if publisher == nil {
			return errors.New("no server is the publisher")
		}
		token, err := publisher.Client.CreateJoinToken(ctx, client.NewJoinToken{})
		if err != nil {
			return err
		}
		o.Token = token.Token
		_, err = node.Join(ctx, o)
		return err
	})
}

// clusterPorts chooses every port before the server starts, because it is where its phones and the other servers expect it, also after
// a restart.
func clusterPorts() (p node.Ports, err error) {
	for _, port := range []*int{&p.SCCP, &p.SIP, &p.SIPS, &p.TFTP, &p.Provisioning, &p.Web, &p.Replication, &p.Signals, &p.Files} {
		if *port, err = Reserve(); err != nil {
			return p, err
		}
	}
	return p, nil
}

// Named is a server by its name; nil if there is none.
func (c *Cluster) Named(name string) *Server {
	for i, s := range c.Servers {
		if name == fmt.Sprintf("cm%d", i+1) {
			return s
		}
	}
	return nil
}

// Start starts a server that was stopped or killed, from 0.
func (c *Cluster) Start(ctx context.Context, server int) error {
	s := c.Servers[server]
	_, wrap := c.options.place(server)
	started, err := Start(ctx, Options{Data: s.Data, Resume: true, Child: c.options.Child, Command: c.options.Command, Wrap: wrap, Screen: c.options.Screen})
	if err != nil {
		return fmt.Errorf("start cm%d: %w", server+1, err)
	}
	started.temporary = true
	c.Servers[server] = started
	return nil
}

// Kill ends a child without a warning, from 0.
func (c *Cluster) Kill(server int) error { return c.Servers[server].Kill() }

// Running says that the server was started and neither stopped nor killed.
func (s *Server) Running() bool { return s.stop != nil }

// Publisher is a running server that is the publisher, by its own word; nil if there is none.
func (c *Cluster) Publisher(ctx context.Context) *Server {
	for i, s := range c.Servers {
		if !s.Running() {
			continue
		}
		r, err := s.Client.Replication(ctx)
		if err == nil && r.Publisher == fmt.Sprintf("cm%d", i+1) && r.Writable {
			return s
		}
	}
	return nil
}

// WaitCurrent waits until every running server sees every running copy current.
func (c *Cluster) WaitCurrent(ctx context.Context) error {
	running := map[string]bool{}
	for i, s := range c.Servers {
		running[fmt.Sprintf("cm%d", i+1)] = s.Running()
	}
	return poll(ctx, func() error {
		for i, s := range c.Servers {
			if !s.Running() {
				continue
			}
			r, err := s.Client.Replication(ctx)
			if err != nil {
				return err
			}
			if r.Publisher == "" || len(r.Servers) != len(c.Servers) {
				return fmt.Errorf("cm%d knows %d servers, publisher %q", i+1, len(r.Servers), r.Publisher)
			}
			for _, copy := range r.Servers {
				if running[copy.Server] && copy.Verdict != "current" {
					return fmt.Errorf("cm%d finds %s %s %s", i+1, copy.Server, copy.Verdict, copy.Reason)
				}
			}
		}
		return nil
	})
}

// WaitRegistered waits until every running server counts so many registered devices in the cluster: then each can call all of them.
func (c *Cluster) WaitRegistered(ctx context.Context, devices int) error {
	return poll(ctx, func() error {
		for i, s := range c.Servers {
			if !s.Running() {
				continue
			}
			servers, err := s.Client.Servers(ctx)
			if err != nil {
				return err
			}
			n := 0
			for _, other := range servers {
				if other.Reachable {
					n += other.Registered
				}
			}
			if n != devices {
				return fmt.Errorf("cm%d counts %d registered devices, %d are right", i+1, n, devices)
			}
		}
		return nil
	})
}

// Close stops the servers and removes their directories.
func (c *Cluster) Close() error {
	var all []error
	for i := len(c.Servers) - 1; i >= 0; i-- {
		all = append(all, c.Servers[i].Close())
	}
	return errors.Join(all...)
}

// Output is what the children wrote, for whoever looks for a cause.
func (c *Cluster) Output() string {
	var b strings.Builder
	for i, s := range c.Servers {
		if text := s.Output(); text != "" {
			fmt.Fprintf(&b, "--- cm%d\n%s", i+1, text)
		}
	}
	return b.String()
}
