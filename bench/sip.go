package main

import (
	"errors"
	"fmt"
	"time"

	"tandem/sim/lab"
)

// reference is what was measured of other programs on one core of such a machine, for orientation beside our figures.
const (
	asteriskRegistrations = 3022
	asteriskHeld          = 345.0 // KiB a held call
)

// phones is how many SIP phones calls are made between: half of them call.
const phones = 4000

func (b *bench) platforms() []func(int) (*platform, error) {
	return []func(int) (*platform, error){b.tandem, func(int) (*platform, error) { return b.kamailio() }}
}

func (b *bench) seconds() int {
	if b.quick {
		return 2
	}
	return 4
}

func (b *bench) runs() int {
	if b.quick {
		return 1
	}
	return 3
}

// registrations measures how many registrations a second are borne.
func (b *bench) registrations() error {
	const users = 10000
	list, err := b.list("users.csv", firstSIP, users, firstSIP)
	if err != nil {
		return err
	}
	var rates []float64
	for _, make := range b.platforms() {
		p, err := make(users)
		if err != nil {
			return err
		}
		rate, _, err := search(2000, b.runs(), func(rate int) (outcome, error) {
			port, err := lab.Reserve()
			if err != nil {
				return outcome{}, err
			}
			return b.run(p, sipp{scenario: "register.xml", list: list, port: port, rate: rate, calls: rate * b.seconds()})
		})
		if err = errors.Join(err, p.stop()); err != nil {
			return err
		}
		rates = append(rates, rate)
		figure("registrations/s, "+p.name, fmt.Sprintf("%.0f", rate), "")
	}
	figure("Tandem as a part of Kamailio", fmt.Sprintf("%.2f", rates[0]/max(rates[1], 1)), fmt.Sprintf("aim 9,000/s; Asterisk %d/s", asteriskRegistrations))
	return nil
}

// exchange is a platform with registered phones, half of which SIPp answers for.
type exchange struct {
	*platform
	b        *bench
	list     string
	callers  int // port
	answerer *running
}

func (b *bench) exchange(p *platform) (*exchange, error) { return b.exchangeBetween(p, p) }

// exchangeBetween has those who call at one platform, which is the one that is measured, and those who are called at another.
func (b *bench) exchangeBetween(p, other *platform) (*exchange, error) {
	callers, err := b.list("callers.csv", firstSIP, phones/2, firstSIP+phones/2)
	if err != nil {
		return nil, err
	}
	called, err := b.list("called.csv", firstSIP+phones/2, phones/2, firstSIP)
	if err != nil {
		return nil, err
	}
	e := &exchange{platform: p, b: b, list: callers}
	var answers int
	for _, port := range []*int{&e.callers, &answers} {
		if *port, err = lab.Reserve(); err != nil {
			return nil, err
		}
	}
	for _, half := range []struct {
		at   *platform
		list string
		port int
	}{{p, callers, e.callers}, {other, called, answers}} {
		o, err := b.run(half.at, sipp{scenario: "register.xml", list: half.list, port: half.port, rate: 500, calls: phones / 2})
		if err != nil {
			return nil, err
		}
		if o.good != phones/2 {
			return nil, fmt.Errorf("%d of %d phones registered at %s", o.good, phones/2, half.at.name)
		}
	}
	e.answerer, err = b.start(other, sipp{scenario: "answer.xml", port: answers})
	return e, err
}

func (e *exchange) call(rate, calls int, hold time.Duration) (outcome, error) {
	return e.b.run(e.platform, sipp{scenario: "call.xml", list: e.list, port: e.callers, rate: rate, calls: calls, hold: hold, times: true})
}

func (e *exchange) close() error {
	if e.answerer != nil {
		e.answerer.stop()
	}
	return e.stop()
}

// calls measures how many calls a second are borne, how long callers wait at half of that, and what 100 calls/s cost.
func (b *bench) calls() error {
	var rates []float64
	for _, make := range b.platforms() {
		p, err := make(phones)
		if err != nil {
			return err
		}
		e, err := b.exchange(p)
		if err != nil {
			return errors.Join(err, p.stop())
		}
		rate, err := b.measureCalls(e)
		if err = errors.Join(err, e.close()); err != nil {
			return err
		}
		rates = append(rates, rate)
	}
	figure("Tandem as a part of Kamailio, which only proxies", fmt.Sprintf("%.2f", rates[0]/max(rates[1], 1)), "aim 2,500/s, at least 1,500/s")
	return nil
}

func (b *bench) measureCalls(e *exchange) (float64, error) {
	best, rate, err := search(500, b.runs(), func(rate int) (outcome, error) { return e.call(rate, rate*b.seconds(), 0) })
	if err != nil {
		return 0, err
	}
	figure("calls/s, "+e.name, fmt.Sprintf("%.0f", best), "")
	if rate > 0 {
		var p50, p99 []float64
		for range b.runs() {
			o, err := e.call(rate/2, rate/2*b.seconds(), 0)
			if err != nil {
				return 0, err
			}
			p50, p99 = append(p50, quantile(o.ringing, 0.5)), append(p99, quantile(o.ringing, 0.99))
		}
		figure(fmt.Sprintf("post-dial delay at %d calls/s, %s, p50 / p99", rate/2, e.name), fmt.Sprintf("%s / %s ms", atLeast(median(p50)), atLeast(median(p99))), "aim 1 / 5 ms")
	}
	var parts []float64
	for range b.runs() {
		before, began := processorTime(e.pid), time.Now()
		if _, err := e.call(100, 100*b.seconds(), 0); err != nil {
			return 0, err
		}
		parts = append(parts, 100*float64(processorTime(e.pid)-before)/float64(time.Since(began)))
	}
	if e.name == "Tandem" {
		figure("part of a core at 100 calls/s", fmt.Sprintf("%.1f %%", median(parts)), "aim 8 %")
	}
	return best, nil
}

// atLeast is a time of SIPp, whose clock has whole milliseconds.
func atLeast(ms float64) string {
	if ms < 1 {
		return "<1"
	}
	return fmt.Sprintf("%.0f", ms)
}
