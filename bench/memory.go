package main

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"syscall"
	"time"

	"tandem/phone"
	"tandem/sim/lab"
)

// rest measures a server that nobody uses.
func (b *bench) rest() error {
	s, err := b.server(0, 0)
	if err != nil {
		return err
	}
	figure("resident at rest", mib(settled(s)), "aim 60 MiB")
	return s.Close()
}

// settled is the memory of a server after a collection.
func settled(s *lab.Server) int64 {
	smallest := resident(s.PID())
	for range 3 {
		_ = syscall.Kill(s.PID(), syscall.SIGUSR1) // a lab's child collects garbage and gives back what is free
		time.Sleep(400 * time.Millisecond)
		smallest = min(smallest, resident(s.PID()))
	}
	return smallest
}

// startUp measures the time from the start of the process to the first answer to a phone.
func (b *bench) startUp() error {
	const n = 10000
	s, err := lab.Start(b.ctx, lab.Options{Child: true, Data: filepath.Join(b.dir, "start"), Site: site(n, 0)})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	// The ports stay the same, so phones would already be asking when the server comes up.
	address := s.Address("sip")
	var times []time.Duration
	for range b.runs() {
		if err := s.Stop(); err != nil {
			return err
		}
		began, first := time.Now(), make(chan time.Duration, 1)
		go func() {
			if answers(b.ctx, address) == nil {
				first <- time.Since(began)
			}
		}()
		if s, err = lab.Start(b.ctx, lab.Options{Child: true, Data: s.Data, Resume: true}); err != nil {
			return err
		}
		select {
		case t := <-first:
			times = append(times, t)
		case <-time.After(10 * time.Second):
			return errors.New("the server came up and answers no OPTIONS")
		}
	}
	figure(fmt.Sprintf("first answer with %d phones configured", n), fmt.Sprintf("%.2f s", median(times).Seconds()), "aim 1 s")
	return nil
}

// memory measures what registered phones and held calls take.
func (b *bench) memory() error {
	return errors.Join(b.memoryOfPhones(), b.memoryOfSCCP(), b.memoryOfCalls())
}

func slope(bytes int64, n int) float64 { return float64(bytes) / float64(n) }

func (b *bench) memoryOfPhones() error {
	const small, large = 2000, 10000
	s, err := b.server(large, 0)
	if err != nil {
		return err
	}
	defer s.Close()
	p := &platform{name: "Tandem", address: s.Address("sip"), pid: s.PID()}
	port, err := lab.Reserve()
	if err != nil {
		return err
	}
	register := func(from, n int) error {
		list, err := b.list(fmt.Sprintf("memory-%d.csv", from), firstSIP+from, n, firstSIP)
		if err != nil {
			return err
		}
		o, err := b.run(p, sipp{scenario: "register.xml", list: list, port: port, rate: 2000, calls: n})
		if err == nil && o.good != n {
			err = fmt.Errorf("%d of %d phones registered", o.good, n)
		}
		return err
	}
	if err := register(0, small); err != nil {
		return err
	}
	first := settled(s)
	if err := register(small, large-small); err != nil {
		return err
	}
	each := slope(settled(s)-first, large-small)
	figure("a registered SIP phone", kib(each), "")
	figure("10,000 registered SIP phones (slope)", mib(int64(each*10000)), "aim 60 MiB")
	return nil
}

// sccpPhones registers SCCP phones from a number on and keeps them until stop.
func sccpPhones(b *bench, s *lab.Server, from, n int) (stop func(), err error) {
	var all []*phone.Phone
	stop = func() {
		for _, p := range all {
			p.Close()
		}
	}
	for i := range n {
		p, err := phone.New(phone.Config{Protocol: phone.SCCP, Name: fmt.Sprintf("SEP000000%d", firstSCCP+from+i), Model: "7961",
			Servers: []string{s.Address("sccp")}, Local: netip.MustParseAddr(lab.Loopback), Trace: -1, Habits: phone.Habits{NoMedia: true}})
		if err != nil {
			return stop, err
		}
		all = append(all, p)
		if err := p.Start(b.ctx); err != nil {
			return stop, err
		}
	}
	return stop, nil
}

func (b *bench) memoryOfSCCP() error {
	const small, large = 500, 2500
	s, err := b.server(0, large)
	if err != nil {
		return err
	}
	defer s.Close()
	stop, err := sccpPhones(b, s, 0, small)
	defer stop()
	if err != nil {
		return err
	}
	first := settled(s)
	more, err := sccpPhones(b, s, small, large-small)
	defer more()
	if err != nil {
		return err
	}
	figure("a registered SCCP phone", kib(slope(settled(s)-first, large-small)), "")
	return nil
}

func (b *bench) memoryOfCalls() error {
	const small, large, hold = 500, 2000, 24 * time.Second
	s, err := b.server(phones, 0)
	if err != nil {
		return err
	}
	e, err := b.exchange(&platform{name: "Tandem", address: s.Address("sip"), pid: s.PID(), stop: s.Close})
	if err != nil {
		return errors.Join(err, s.Close())
	}
	defer e.close()
	var held [2]int64
	for i, n := range []int{small, large} {
		r, err := b.start(e.platform, sipp{scenario: "call.xml", list: e.list, port: e.callers, rate: 500, calls: n, hold: hold})
		if err != nil {
			return err
		}
		// Half way through the time for which each call is up all of them are.
		time.Sleep(hold / 2)
		held[i] = settled(s)
		if o, err := r.wait(); err != nil || o.good != n {
			return errors.Join(err, fmt.Errorf("%d of %d calls", o.good, n))
		}
	}
	figure("a held call (SIP to SIP)", kib(slope(held[1]-held[0], large-small)), fmt.Sprintf("aim 35 KiB; Asterisk %.0f KiB", asteriskHeld))
	return nil
}
