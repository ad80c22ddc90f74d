package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"time"

	"tandem/phone"
	"tandem/phone/load"
	"tandem/sim/lab"
)

// sccp measures calls between SCCP phones of ours, with the server on one core.
func (b *bench) sccp() error {
	const n = 2000
	s, err := b.server(0, n+2)
	if err != nil {
		return err
	}
	defer s.Close()
	messages, err := b.messagesOfCall(s, firstSCCP+n)
	if err != nil {
		return err
	}
	best, used := 0.0, 0.0
	for rate := 200.0; rate < 20000; rate *= 1.4 {
		before := processorTime(s.PID())
		sum, err := load.Run(b.ctx, load.Options{
			Phone: phone.Config{Protocol: phone.SCCP, Model: "7961", Servers: []string{s.Address("sccp")}, Local: netip.MustParseAddr(lab.Loopback), Trace: -1},
			Name:  "SEP000000%d", Number: "%d", First: firstSCCP, Count: n, RegisterRate: 2000, CallRate: rate, Talk: 50 * time.Millisecond,
			Ring: 10 * time.Millisecond, Duration: time.Duration(b.seconds()) * time.Second, NoMedia: true,
		}, io.Discard)
		if sum == nil {
			return err
		}
		made := float64(sum.Made) / sum.CallTime.Seconds()
		if sum.Failed > 0 || made < 0.85*rate {
			break
		}
		best = made
		used = float64(processorTime(s.PID())-before) / float64(sum.CallTime+sum.RegistrationTime)
	}
	figure(fmt.Sprintf("SCCP calls/s between %d phones", n), fmt.Sprintf("%.0f", best), fmt.Sprintf("%.0f %% of the server's core; our phones are the limit below 100 %%", 100*used))
	figure(fmt.Sprintf("SCCP messages/s (%d in a call)", messages), fmt.Sprintf("%.0f", best*float64(messages)), "aim 40,000/s for 8,000 phones")
	return nil
}

// messagesOfCall counts the messages of both phones in one call.
func (b *bench) messagesOfCall(s *lab.Server, first int) (int, error) {
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	var pair [2]*phone.Phone
	for i := range pair {
		p, err := phone.New(phone.Config{Protocol: phone.SCCP, Name: fmt.Sprintf("SEP000000%d", first+i), Model: "7961",
			Servers: []string{s.Address("sccp")}, Local: netip.MustParseAddr(lab.Loopback), Habits: phone.Habits{NoMedia: true}})
		if err != nil {
			return 0, err
		}
		defer p.Close()
		if err := p.Start(ctx); err != nil {
			return 0, err
		}
		pair[i] = p
	}
	count := func() (n int) {
		for _, p := range pair {
			for _, e := range p.Trace() {
				if e.Name != "note" {
					n++
				}
			}
		}
		return n
	}
	before := count()
	if err := pair[0].Dial(ctx, fmt.Sprint(first+1)); err != nil {
		return 0, err
	}
	if _, err := pair[1].WaitCall(ctx, phone.RingingIn); err != nil {
		return 0, err
	}
	if err := pair[1].Answer(); err != nil {
		return 0, err
	}
	if _, err := pair[0].WaitCall(ctx, phone.Connected); err != nil {
		return 0, err
	}
	if err := pair[0].Hangup(); err != nil {
		return 0, err
	}
	for _, p := range pair {
		if err := p.WaitIdle(ctx); err != nil {
			return 0, err
		}
	}
	return count() - before, nil
}
