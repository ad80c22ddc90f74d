package demo

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"tandem/phone"
	"tandem/phone/audio"
	"tandem/sim/lab"
)

//go:embed cluster.yaml
var clusterSite []byte

// Bounds of the demonstration of a cluster: five times what it takes on a quiet machine.
const (
	clusterLimit = 5 * time.Minute
	clusterStep  = 25 * time.Second
)

// How the phones of the demonstration look after their servers. A telephone on a desk takes longer to go home.
const (
	monitorFor   = 2 * time.Second // a better server must have been there before the phone goes back to it
	keepAlive    = 2 * time.Second // of phones and of their spare connections
	probeEvery   = 300 * time.Millisecond
	retryEvery   = 300 * time.Millisecond
	answerWithin = 5 * time.Second
)

// ClusterOptions say how the demonstration of a cluster is given.
type ClusterOptions struct {
	Options
	// Serve is the command line of a server, to which its directory is added, and Version its version. Without it the servers
	// are this program again, see lab.Serve.
	Serve   []string
	Version string
}

// cast is a cluster and the phones that are registered with it.
type cast struct {
	*stage
	cluster *lab.Cluster
	people  []*person
	// expected are the records of all that was played, began when the first call was.
	expected []expectation
	began    time.Time
	changed  time.Time // when a server was killed or came back, or a call ended that kept phones away from home
}

// person is an actor whose phone has servers to choose from.
type person struct {
	*actor
	phone *phone.Phone
	group []int // servers in order, from 0
}

// part is one scene of the demonstration of a cluster.
type part struct {
	title, about string
	play         func(t *take, c *cast)
	records      []expectation
}

// RunCluster gives the demonstration of a cluster: three servers in processes of their own, of which two are killed while people
// talk and change what their phones do. It returns nil only if everything held.
func RunCluster(ctx context.Context, o ClusterOptions) (err error) {
	ctx, cancel := context.WithTimeout(ctx, clusterLimit)
	defer cancel()
	began := time.Now()
	p := newPrinter(o.Options)
	p.title("three servers, six phones, two servers killed while people talk")
	cluster, err := lab.StartCluster(ctx, lab.ClusterOptions{Servers: 3, Child: true, Site: clusterSite, Command: o.Serve, Version: o.Version})
	if err != nil {
		return p.broken(fmt.Errorf("the cluster for the demonstration did not start: %w", err))
	}
	defer func() { err = errors.Join(err, cluster.Close()) }()
	c := &cast{stage: &stage{ctx: ctx, server: cluster.Servers[0], print: p, limit: clusterStep}, cluster: cluster}
	defer c.close()
	if err := c.introduce(time.Since(began)); err != nil {
		return p.broken(err)
	}
	if err := c.enter(); err != nil {
		return p.broken(err)
	}
	c.began = time.Now()
	for i, s := range clusterParts {
		if ctx.Err() != nil {
			return p.broken(fmt.Errorf("the demonstration took too long: %w", ctx.Err()))
		}
		c.play(i+1, s)
	}
	wrong := c.farewell()
	p.summary(c.results, wrong, time.Since(began), "scenes")
	if wrong > 0 {
		return errWrong
	}
	return nil
}

// introduce tells which servers there are.
func (c *cast) introduce(took time.Duration) error {
	c.print.section("Three servers start; two of them join the first; a site of six people")
	servers, err := c.server.Client.Servers(c.ctx)
	if err != nil {
		return err
	}
	for i, s := range servers {
		at, right := c.cluster.Servers[i], ""
		if i == len(servers)-1 {
			right = seconds(took)
		}
		c.print.right(fmt.Sprintf("    %s %s %-10s process %d on %s: SCCP %d, SIP %d", c.print.mark(nil), s.Name, s.Role, at.PID(), lab.Address(i),
			at.Port("sccp"), at.Port("sip")), right)
	}
	return nil
}

// enter brings the people on, each with a telephone at the first server of its group.
func (c *cast) enter() error {
	c.engine = audio.NewEngine()
	c.print.section("Six phones register, each at the first of the three servers of its group")
	for i, p := range []struct {
		name, number, device, kind, model, user, transport string
		group                                              []int
	}{
		{"Ada", "3001", "SIP3001", "SIP test phone", "", "ada", "tcp", []int{0, 1, 2}},
		{"Ben", "3002", "SEP02000000B002", "Cisco 7961", "7961", "", "", []int{0, 1, 2}},
		{"Cleo", "3003", "SEP02000000C003", "Cisco 7960", "7960", "", "", []int{1, 2, 0}},
		{"Dan", "3004", "SIP3004", "SIP test phone", "", "dan", "udp", []int{1, 2, 0}},
		{"Eve", "3005", "SEP02000000E005", "Cisco 7975", "7975", "", "", []int{2, 0, 1}},
		{"Finn", "3006", "SIP3006", "SIP test phone", "", "finn", "tcp", []int{2, 0, 1}},
	} {
		a := &actor{name: p.name, number: p.number, device: p.device, place: i + 1}
		config := phone.Config{Name: p.device, Engine: c.engine, Sound: audio.Sound{Tone: audio.IdentityTone(a.tone())}, Local: loopback,
			Monitor: monitorFor, Retry: retryEvery,
			Habits: phone.Habits{KeepAlive: keepAlive, StandbyKeepAlive: keepAlive, Probe: probeEvery, AnswerTimeout: answerWithin}}
		use := "sccp"
		if p.model != "" {
			config.Protocol, config.Model = phone.SCCP, p.model
		} else {
			use = "sip"
			config.Protocol, config.Transport, config.WatchMessages = phone.SIP, p.transport, true
			config.Lines = []phone.LineConfig{{User: p.number, Display: p.name, AuthUser: p.user, Password: p.user + "-says-hello"}}
		}
		for _, s := range p.group {
			config.Servers = append(config.Servers, c.cluster.Servers[s].Address(use))
		}
		device, err := phone.New(config)
		if err != nil {
			return err
		}
		a.telephone = ours{device, p.kind, false}
		c.actors = append(c.actors, a)
		one := &person{actor: a, phone: device, group: p.group}
		c.people = append(c.people, one)
		began := time.Now()
		if err := c.within(func(ctx context.Context) error { return device.Start(ctx) }); err != nil {
			return fmt.Errorf("%s's phone %s does not come into service: %w", a.name, a.device, err)
		}
		if err := c.within(func(ctx context.Context) error { return c.at(ctx, one, p.group[0]) }); err != nil {
			return err
		}
		var then []string
		for _, s := range p.group[1:] {
			then = append(then, serverName(s))
		}
		c.print.registered(a, fmt.Sprintf("%-15s at %s, then %s", p.kind, serverName(p.group[0]), strings.Join(then, ", ")), time.Since(began))
	}
	return c.within(func(ctx context.Context) error { return c.cluster.WaitRegistered(ctx, len(c.people)) })
}

func serverName(server int) string { return fmt.Sprintf("cm%d", server+1) }

// within bounds one step.
func (c *cast) within(do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(c.ctx, clusterStep)
	defer cancel()
	return do(ctx)
}

// person finds who an actor is.
func (c *cast) person(name string) *person {
	for _, p := range c.people {
		if p.name == name {
			return p
		}
	}
	panic("nobody is called " + name)
}

// at waits until a phone is in service at a server, from 0, as the phone sees it.
func (c *cast) at(ctx context.Context, p *person, server int) error {
	sip, sccp := c.cluster.Servers[server].Address("sip"), c.cluster.Servers[server].Address("sccp")
	return p.phone.WaitFor(ctx, "registration at "+serverName(server), func(s *phone.State) bool {
		return s.Registration == phone.Registered && (s.Server == sip || s.Server == sccp)
	})
}

// hearsOn waits until somebody hears the other again, in a call of which the audio has never been opened anew.
func (p *person) hearsOn(ctx context.Context, other *person) error {
	before := p.received()
	if err := p.phone.WaitFor(ctx, "audio that goes on", func(s *phone.State) bool { return countReceived(s) > before+25 }); err != nil {
		return err
	}
	return p.phone.WaitHears(ctx, sound(other.actor), hearFor)
}

func (p *person) received() uint64 {
	s := p.phone.State()
	return countReceived(&s)
}

func countReceived(s *phone.State) (n uint64) {
	for _, c := range s.Calls {
		n += c.Media().Received
	}
	return n
}

// play plays a part and cleans up after it.
func (c *cast) play(number int, s part) {
	t := &take{stage: c.stage, result: result{title: s.title, began: time.Now()}}
	c.print.scene(number, s.title, s.about)
	c.expected = append(c.expected, s.records...)
	t.result.records = len(s.records) // which are looked at in the end
	s.play(t, c)
	if t.failed {
		for _, p := range c.people {
			_ = p.Hangup()
		}
	}
	for _, p := range c.people {
		t.idle(p.actor)
	}
	t.took = time.Since(t.began)
	c.results = append(c.results, t.result)
}
