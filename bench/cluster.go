package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tandem/phone/load"
	"tandem/sim/lab"
)

// What the original took for the same, for orientation beside our figures (checklist 137, 190, 192; callmanager-4x.md B).
const (
	originalReplication = "the original: judge after 35 minutes"
	originalReregister  = "the original: up to 30 minutes"
	originalSecondary   = "the original: at most 5,000 devices on a secondary"
	originalPhones      = "the original: 7,500 phones on its biggest server"
)

// servers of the clusters that are measured, all on the first core.
const servers = 3

// lab starts a cluster on the first core.
func (b *bench) lab(servers int, crowd lab.Crowd) (*lab.Cluster, error) {
	return lab.StartCluster(b.ctx, lab.ClusterOptions{Servers: servers, Child: true, Wrap: lab.Pinned(0), Site: crowd.Site()})
}

// cluster measures what several servers do together.
func (b *bench) cluster() error {
	return errors.Join(b.replication(), b.joining(), b.resting(), b.failover(), b.stormOfPhones(), b.crossing())
}

// replication measures the time from a write at the publisher until call processing of every server routes by it.
func (b *bench) replication() error {
	c, err := b.lab(servers, lab.Crowd{Groups: []lab.CrowdGroup{{Members: []string{"cm1", "cm2", "cm3"}, SIP: 1}}})
	if err != nil {
		return err
	}
	defer c.Close()
	n := 200
	if b.quick {
		n = 20
	}
	var written, seen []float64
	for i := range n {
		number := fmt.Sprint(7000000 + i)
		began := time.Now()
		if err := c.Servers[0].Apply(b.ctx, fmt.Appendf(nil, "directoryNumbers: [{pattern: \"%s\", partition: all}]", number)); err != nil {
			return err
		}
		acknowledged := time.Since(began)
		for _, s := range c.Servers {
			if err := routed(b.ctx, s, number); err != nil {
				return err
			}
		}
		written, seen = append(written, milliseconds(acknowledged)), append(seen, milliseconds(time.Since(began)))
	}
	figure("a change on two disks, acknowledged, p50 / p99", halves(written), "")
	figure(fmt.Sprintf("routed by call processing of all %d servers, p50 / p99", servers), halves(seen), "aim p99 50 ms; "+originalReplication)
	return nil
}

// routed asks a server until it finds a number.
func routed(ctx context.Context, s *lab.Server, number string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		r, err := s.Client.Route(ctx, fmt.Sprintf("SIP%d", firstSIP), number)
		if err != nil {
			return fmt.Errorf("where %s goes: %w", number, err)
		}
		if r.Pattern == number {
			return nil
		}
		time.Sleep(500 * time.Microsecond)
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// halves are the median and the 99th percentile of times in milliseconds.
func halves(ms []float64) string {
	return fmt.Sprintf("%.1f / %.1f ms", median(ms), percentile(ms, 0.99))
}

// joining measures how long a server takes to join a cluster with 20,000 phones in its configuration, until it is ready and current.
func (b *bench) joining() error {
	n := 20000
	if b.quick {
		n = 2000
	}
	c, err := b.lab(1, lab.Crowd{Groups: []lab.CrowdGroup{{Members: []string{"cm1"}, SIP: n / 2, SCCP: n / 2}}})
	if err != nil {
		return err
	}
	defer c.Close()
	began := time.Now()
	if err := c.Add(b.ctx); err != nil {
		return err
	}
	ready := time.Since(began)
	if err := c.WaitCurrent(b.ctx); err != nil {
		return err
	}
	figure(fmt.Sprintf("a server joins a cluster with %d phones: ready / current", n), fmt.Sprintf("%.1f / %.1f s", ready.Seconds(), time.Since(began).Seconds()), originalReplication)
	return nil
}

// resting measures what servers of a cluster take while nothing happens, without phones and with registered ones.
func (b *bench) resting() error {
	const n = 2000
	crowd := lab.Crowd{Groups: []lab.CrowdGroup{{Members: []string{"cm2", "cm3", "cm1"}, SIP: n / 2, SCCP: n / 2}}}
	for _, phones := range []bool{false, true} {
		site := crowd
		if !phones {
			site = lab.Crowd{Groups: []lab.CrowdGroup{{Members: []string{"cm2", "cm3", "cm1"}}}}
		}
		if err := b.rests(site, phones); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) rests(crowd lab.Crowd, phones bool) error {
	c, err := b.lab(servers, crowd)
	if err != nil {
		return err
	}
	defer c.Close()
	what := "no phones"
	measure := func() error {
		b.printRest(c, what)
		return nil
	}
	if !phones {
		return measure()
	}
	what = fmt.Sprintf("%d phones at cm2", crowd.Groups[0].SIP+crowd.Groups[0].SCCP)
	// A storm without a loss: the phones are in service while the servers are measured.
	_, err = load.Storm(b.ctx, load.StormOptions{Populations: crowd.Phones(c, 0, 0), Lose: measure, Limit: time.Millisecond})
	return err
}

// printRest measures the processor time and the memory of every server.
func (b *bench) printRest(c *lab.Cluster, what string) {
	var before []time.Duration
	for _, s := range c.Servers {
		before = append(before, processorTime(s.PID()))
	}
	began := time.Now()
	time.Sleep(time.Duration(b.seconds()) * 2500 * time.Millisecond)
	took := time.Since(began)
	var used, memory string
	for i, s := range c.Servers {
		used += fmt.Sprintf("%.1f ", 100*float64(processorTime(s.PID())-before[i])/float64(took))
	}
	for _, s := range c.Servers {
		memory += fmt.Sprintf("%.0f ", float64(settled(s))/(1<<20))
	}
	figure("part of a core at rest of cm1 to cm3, "+what, used+"%", "")
	figure("resident of cm1 to cm3, "+what, memory+"MiB", originalPhones)
}

// failover measures how long a phone of each kind is without a server when its own is killed.
func (b *bench) failover() error {
	crowd := lab.Crowd{Groups: []lab.CrowdGroup{{Members: []string{"cm2", "cm3", "cm1"}, SIP: 40, SCCP: 20}}}
	for i, kind := range []string{"SCCP", "SIP over UDP, asking every 8 s", "SIP over TCP"} {
		c, err := b.lab(servers, crowd)
		if err != nil {
			return err
		}
		r, err := load.Storm(b.ctx, load.StormOptions{Populations: crowd.Phones(c, 0, 8*time.Second)[i : i+1], Lose: func() error { return c.Kill(1) }})
		if err = errors.Join(err, c.Close()); err != nil {
			return err
		}
		figure("failover of "+kind+", p50 / last", fmt.Sprintf("%.2f / %.2f s", r.Percentile(50).Seconds(), r.Percentile(100).Seconds()), originalReregister)
	}
	return nil
}

// stormOfPhones measures how fast phones that lost their server register with the next one.
func (b *bench) stormOfPhones() error {
	n := 4000
	if b.quick {
		n = 400
	}
	crowd := lab.Crowd{Groups: []lab.CrowdGroup{{Members: []string{"cm2", "cm3", "cm1"}, SCCP: n / 2, SIP: n / 2}, {Members: []string{"cm3", "cm1"}, SCCP: 20, SIP: 40}}}
	c, err := b.lab(servers, crowd)
	if err != nil {
		return err
	}
	defer c.Close()
	o := load.StormOptions{Populations: crowd.Phones(c, 0, 4*time.Second), Elsewhere: crowd.Phones(c, 1, 0), Lose: func() error { return c.Kill(1) }}
	for i := range o.Elsewhere {
		o.Elsewhere[i].NoMedia, o.Elsewhere[i].CallRate, o.Elsewhere[i].Talk = true, 5, time.Second
	}
	r, err := load.Storm(b.ctx, o)
	if err != nil {
		return err
	}
	first := r.Percentile(50)
	figure(fmt.Sprintf("%d phones lose their server, back p50 / p95 / last", r.Phones),
		fmt.Sprintf("%.1f / %.1f / %.1f s", first.Seconds(), r.Percentile(95).Seconds(), r.Percentile(100).Seconds()), "aim 95 % in 30 s, all in 60 s; "+originalReregister)
	figure("registrations/s of the first half of them", fmt.Sprintf("%.0f", float64(len(r.Back))/2/first.Seconds()), originalSecondary)
	figure("calls meanwhile, set up p99 / slowest / failed", fmt.Sprintf("%.0f / %.0f ms / %d", milliseconds(r.SetUp), milliseconds(r.SlowestUp), r.Failed), "aim 2 s")
	return nil
}
