package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"tandem/phone"
	"tandem/phone/load"
	"tandem/sim/lab"
)

// crossing measures calls between phones of two servers, next to calls between phones of one of them in the same run.
func (b *bench) crossing() error {
	c, err := b.lab(servers, lab.Crowd{Groups: []lab.CrowdGroup{{Members: []string{"cm1", "cm2", "cm3"}, SIP: phones}}})
	if err != nil {
		return err
	}
	defer c.Close()
	return errors.Join(b.delayBetween(c), b.rateBetween(c))
}

// ways to call.
var ways = []struct {
	name   string
	called int // server
}{{"within a server", 0}, {"between two servers", 1}}

// delayBetween measures the delay that a second server adds, from the last digit to the ringing, with phones of ours: their clock is finer
// than SIPp's. Both ways are measured in turns.
func (b *bench) delayBetween(c *lab.Cluster) error {
	const n, rate = 200, 40
	var p50, p99 [2][]float64
	for range b.runs() {
		for i, w := range ways {
			sum, err := load.Run(b.ctx, load.Options{
				Phone:  phone.Config{Protocol: phone.SIP, Servers: []string{c.Servers[0].Address("sip")}, Local: netip.MustParseAddr(lab.Loopback), Trace: -1},
				Called: []string{c.Servers[w.called].Address("sip")}, Name: "SIP%d", Number: "%d", First: firstSIP, Count: n, Password: secret,
				RegisterRate: 200, CallRate: rate, Talk: 100 * time.Millisecond, Ring: 50 * time.Millisecond, NoMedia: true,
				Duration: time.Duration(b.seconds()) * 2 * time.Second,
			}, io.Discard)
			if err != nil {
				return err
			}
			p50[i], p99[i] = append(p50[i], milliseconds(sum.Delay(50))), append(p99[i], milliseconds(sum.Delay(99)))
		}
	}
	for i, w := range ways {
		figure(fmt.Sprintf("post-dial delay at %d calls/s %s, p50 / p99", rate, w.name), fmt.Sprintf("%.2f / %.2f ms", median(p50[i]), median(p99[i])), "")
	}
	figure("added by the second server, p50 / p99", fmt.Sprintf("%.2f / %.2f ms", median(p50[1])-median(p50[0]), median(p99[1])-median(p99[0])), "aim p99 2 ms")
	return nil
}

// rateBetween measures the calls that are borne, from SIPp.
func (b *bench) rateBetween(c *lab.Cluster) error {
	var rates []float64
	for _, w := range ways {
		at := func(server int) *platform {
			s := c.Servers[server]
			return &platform{name: "Tandem", address: s.Address("sip"), pid: s.PID(), stop: func() error { return nil }}
		}
		e, err := b.exchangeBetween(at(0), at(w.called))
		if err != nil {
			return err
		}
		best, _, err := search(200, b.runs(), func(rate int) (outcome, error) { return e.call(rate, rate*b.seconds(), 0) })
		if err = errors.Join(err, e.close()); err != nil {
			return err
		}
		rates = append(rates, best)
		figure("calls/s "+w.name+", all servers on one core", fmt.Sprintf("%.0f", best), "")
	}
	figure("between two servers as a part of within one", fmt.Sprintf("%.2f", rates[1]/max(rates[0], 1)), "")
	return nil
}
