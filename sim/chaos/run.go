package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"tandem/admin/client"
	"tandem/phone"
	"tandem/phone/audio"
	"tandem/sim/lab"
)

// Options describe a run.
type Options struct {
	Servers int
	Seed    uint64
	Length  time.Duration // of the faults; healing and checking come after it
	Network *Network      // nil: servers are on loopback addresses and are not cut off from each other
	// Wrap is put before the command lines of the servers, after that of the network.
	Wrap []string
}

// HealWithin is the time that a cluster has to be whole after the last fault: copies equal, phones in service, calls gone. RecordsWithin is
// the time until every call record is at the publisher: a server closes a file of records every minute and ships it then.
const (
	HealWithin    = 60 * time.Second
	RecordsWithin = 150 * time.Second
)

// Report is what came out of a run.
type Report struct {
	Faults []Fault
	Counts Counts
	Wrong  []string      // what is not as it must be; empty: the run passed
	Healed time.Duration // from the last fault until everything was as it must be
	Events []string
	Output string // of the servers
}

// rig is a run in progress.
type rig struct {
	options Options
	history *History
	cluster *lab.Cluster
	clients []*client.Client // their sockets stay where they are when servers end and start
	phones  []*phone.Phone   // SCCP and SIP by turns
	engine  *audio.Engine
	down    map[int]bool
}

// Run starts a cluster, drives it through the faults of a seed and checks what people were told. The error tells that the run itself did
// not work; what the cluster did wrong is in the report.
func Run(ctx context.Context, o Options) (report Report, err error) {
	r := &rig{options: o, history: NewHistory(), down: map[int]bool{}}
	co := lab.ClusterOptions{Servers: o.Servers, Child: true, Wrap: o.Wrap, Site: site(o.Servers)}
	if o.Network != nil {
		co.Place = func(i int) (string, []string) {
			return o.Network.Address(i), append(slices.Clone(o.Network.Wrap(i)), o.Wrap...)
		}
	}
	if r.cluster, err = lab.StartCluster(ctx, co); err != nil {
		return report, err
	}
	r.engine = audio.NewEngine()
	defer func() {
		report.Events, report.Counts, report.Output = r.history.Events(), r.history.Counts(), r.cluster.Output()
		for _, p := range r.phones {
			p.Close()
		}
		r.engine.Close()
		err = errors.Join(err, r.cluster.Close())
	}()
	for _, s := range r.cluster.Servers {
		r.clients = append(r.clients, s.Client)
	}
	enter, cancel := context.WithTimeout(ctx, HealWithin)
	defer cancel()
	if err := r.enter(enter); err != nil {
		return report, err
	}
	report.Faults = Plan(o.Seed, o.Servers, o.Length, o.Network != nil)
	if err := r.suffer(ctx, report.Faults); err != nil {
		return report, err
	}
	healed := time.Now()
	report.Wrong = r.settle(ctx, HealWithin, r.history.Check)
	report.Healed = time.Since(healed)
	report.Wrong = append(report.Wrong, r.settle(ctx, RecordsWithin, func(e End) []string { return r.history.CheckRecords(e.Records) })...)
	return report, nil
}

// settle checks again until nothing is wrong or the time is over, and returns what still is.
func (r *rig) settle(ctx context.Context, within time.Duration, check func(End) []string) (wrong []string) {
	waiting, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		ask, cancel := context.WithTimeout(ctx, HealWithin)
		end, err := r.end(ask)
		cancel()
		if wrong = check(end); err != nil {
			wrong = append(wrong, err.Error())
		}
		for _, w := range wrong {
			r.history.Event("not yet: %s", w)
		}
		if len(wrong) == 0 || !sleep(waiting, time.Second) {
			return wrong
		}
	}
}

// suffer has everybody work while the faults come and go, and heals.
func (r *rig) suffer(ctx context.Context, faults []Fault) error {
	working, stop := context.WithCancel(ctx)
	var workers sync.WaitGroup
	defer func() {
		stop()
		workers.Wait()
	}()
	for i := range r.clients {
		workers.Go(func() { r.write(working, i) })
		workers.Go(func() { r.forward(working, i) })
		workers.Go(func() { r.call(working, i) })
	}
	began := time.Now()
	for _, s := range steps(faults) {
		if !sleep(ctx, time.Until(began.Add(s.at))) {
			return ctx.Err()
		}
		if s.ends {
			r.history.Event("--- over: %s", s.fault)
		} else {
			r.history.Event("--- %s", s.fault)
		}
		if err := r.do(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.fault, err)
		}
	}
	for i := range r.clients {
		if !r.down[i] {
			continue
		}
		start, cancel := context.WithTimeout(ctx, HealWithin)
		err := r.cluster.Start(start, i)
		cancel()
		if err != nil {
			return fmt.Errorf("%s does not come back: %w", server(i), err)
		}
	}
	r.history.Event("--- healed")
	sleep(ctx, time.Second) // everybody works on in a whole cluster for a moment
	return nil
}

// do begins or ends a fault.
func (r *rig) do(ctx context.Context, s step) error {
	f := s.fault
	switch f.Kind {
	case Kill:
		if !s.ends {
			if r.down[f.Server] {
				return nil // it has not come back from the last time
			}
			r.down[f.Server] = true
			return r.cluster.Kill(f.Server)
		}
		if !r.down[f.Server] {
			return nil
		}
		start, cancel := context.WithTimeout(ctx, longest)
		defer cancel()
		if err := r.cluster.Start(start, f.Server); err != nil {
			r.history.Event("%s does not come back yet: %v", server(f.Server), err) // it may be cut off
			return nil
		}
		delete(r.down, f.Server)
		return nil
	case Freeze:
		if r.down[f.Server] {
			return nil
		}
		signal := syscall.SIGSTOP
		if s.ends {
			signal = syscall.SIGCONT
		}
		return syscall.Kill(r.cluster.Servers[f.Server].PID(), signal)
	}
	for _, way := range f.ways(len(r.clients)) {
		change := r.options.Network.Cut
		if s.ends {
			change = r.options.Network.Mend
		}
		if err := change(way[0], way[1]); err != nil {
			return err
		}
	}
	return nil
}

// ways are the ways between servers that a fault of the network closes.
func (f Fault) ways(servers int) (all [][2]int) {
	switch f.Kind {
	case OneWay:
		return [][2]int{{f.Server, f.Other}}
	case Part:
		return [][2]int{{f.Server, f.Other}, {f.Other, f.Server}}
	}
	for i := range servers {
		if i != f.Server {
			all = append(all, [2]int{f.Server, i}, [2]int{i, f.Server})
		}
	}
	return all
}

// end asks every server what is true now. Its error is what could not be found out.
func (r *rig) end(ctx context.Context) (e End, err error) {
	var missing []error
	for i, c := range r.clients {
		one, err := look(ctx, c, i)
		missing = append(missing, err)
		e.Copies = append(e.Copies, one)
	}
	for _, p := range r.phones {
		switch s := p.State(); {
		case len(s.Calls) > 0: // with its server lost, a call goes on until its user ends it, and the phone waits for that
			missing = append(missing, fmt.Errorf("%s has a call, %s", p.Name(), s.Calls[0].State))
			_ = p.Hangup() // it may be over by now
		case s.Registration != phone.Registered:
			missing = append(missing, fmt.Errorf("%s is not in service: %s", p.Name(), s.Reason))
		default:
			e.Devices = append(e.Devices, p.Name())
		}
	}
	publisher := r.cluster.Publisher(ctx)
	if publisher == nil {
		return e, errors.Join(append(missing, errors.New("no server is the publisher"))...)
	}
	v, err := publisher.Client.VerifyReplication(ctx)
	e.Equal = err == nil && v.Equal && len(v.Copies) == len(r.clients)
	missing = append(missing, err)
	e.Records, err = publisher.Client.Records(ctx, client.RecordQuery{Limit: 100_000})
	return e, errors.Join(append(missing, err)...)
}

// look asks one server.
func look(ctx context.Context, c *client.Client, node int) (one Copy, err error) {
	one = Copy{Server: server(node), Partitions: map[string]bool{}, Forwards: map[string]string{}}
	var object struct {
		Name, Pattern, Partition string
		ForwardAll               struct{ Destination string }
	}
	each := func(kind string, take func()) error {
		for q := (client.ListQuery{Limit: 1000}); ; {
			page, err := c.List(ctx, kind, q)
			if err != nil {
				return fmt.Errorf("%s: %w", server(node), err)
			}
			for _, item := range page.Items {
				object.ForwardAll.Destination = ""
				if err := json.Unmarshal(item, &object); err != nil {
					return err
				}
				take()
			}
			if q.After = page.Next; q.After == "" {
				return nil
			}
		}
	}
	err = errors.Join(each("partition", func() { one.Partitions[object.Name] = true }),
		each("directoryNumber", func() { one.Forwards[object.Pattern+"/"+object.Partition] = object.ForwardAll.Destination }))
	registrations, failed := c.Registrations(ctx, client.RegistrationQuery{State: "registered", Server: server(node)})
	err = errors.Join(err, failed)
	for _, x := range registrations.Devices {
		if x.Node == node+1 && x.State == "registered" {
			one.Registered = append(one.Registered, x.Device)
		}
	}
	one.Live, failed = c.LiveCalls(ctx)
	return one, errors.Join(err, failed)
}
