package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"time"

	"tandem/admin/client"
	"tandem/phone"
)

// askWithin bounds one request of a writer: a server that stands still gives no answer, and the writer goes elsewhere.
const askWithin = 3 * time.Second

// pace is how long a writer waits at most between two changes.
const pace = 60 * time.Millisecond

// write makes partitions at servers by chance until ctx ends.
func (r *rig) write(ctx context.Context, writer int) {
	random := rand.New(rand.NewPCG(r.options.Seed, uint64(100+writer)))
	for i := 0; sleep(ctx, time.Duration(random.Int64N(int64(pace)))); i++ {
		s := random.IntN(len(r.clients))
		name := fmt.Sprintf("w%d-%d", writer, i)
		object, _ := json.Marshal(map[string]string{"name": name}) // a map of strings has a form
		ask, cancel := context.WithTimeout(context.WithoutCancel(ctx), askWithin)
		result, err := r.clients[s].Put(ask, "partition", name, object, "")
		cancel()
		outcome := told(result.Durable, err)
		r.history.wrote(Change{Name: name, Server: server(s), Outcome: outcome})
		if outcome < OnTwo {
			r.history.Event("%s at %s: %s: %v", name, server(s), outcome, err)
		}
	}
}

// forward changes where lines go at servers by chance until ctx ends. One line has one writer, so that its changes have an order.
func (r *rig) forward(ctx context.Context, line int) {
	random := rand.New(rand.NewPCG(r.options.Seed, uint64(200+line)))
	name := forwardNumber(line) + "/house"
	for i := 0; sleep(ctx, time.Duration(random.Int64N(int64(4*pace)))); i++ {
		s := random.IntN(len(r.clients))
		c := Change{Name: name, Value: strconv.Itoa(5000 + i%1000), Server: server(s)}
		ask, cancel := context.WithTimeout(context.WithoutCancel(ctx), askWithin)
		result, err := r.clients[s].SetUserSetting(ask, client.UserSetting{Setting: "forwardAll", Subject: name, Value: c.Value})
		cancel()
		c.Outcome = told(result.Durable, err)
		r.history.forwarded(c)
		if err != nil {
			r.history.Event("%s to %s at %s: %s: %v", name, c.Value, c.Server, c.Outcome, err)
		}
	}
}

// How the phones look after their servers. Those on a desk take ten times as long.
var habits = phone.Habits{KeepAlive: 500 * time.Millisecond, StandbyKeepAlive: 500 * time.Millisecond, Probe: 300 * time.Millisecond, AnswerTimeout: 2 * time.Second, NoMedia: true}

// enter makes the phones and has them register.
func (r *rig) enter(ctx context.Context) error {
	for i := range r.clients {
		sccp := phone.Config{Protocol: phone.SCCP, Name: sccpDevice(i), Model: "7961"}
		sip := phone.Config{Protocol: phone.SIP, Name: sipDevice(i), Transport: []string{"udp", "tcp"}[i%2],
			Lines: []phone.LineConfig{{User: sipNumber(i), AuthUser: fmt.Sprintf("u%d", i+1), Password: password}}}
		for _, s := range group(i, len(r.clients)) {
			sccp.Servers = append(sccp.Servers, r.cluster.Servers[s].Address("sccp"))
			sip.Servers = append(sip.Servers, r.cluster.Servers[s].Address("sip"))
		}
		for _, c := range []phone.Config{sccp, sip} {
			host, _, err := net.SplitHostPort(c.Servers[0])
			if err != nil {
				return fmt.Errorf("%s has no servers: %w", c.Name, err)
			}
			r.history.Event("%s is at home at %s", c.Name, host)
			c.Monitor, c.Retry, c.Habits, c.Engine, c.Lenient = 2*time.Second, 300*time.Millisecond, habits, r.engine, true
			c.AutoAnswer = 50 * time.Millisecond
			p, err := phone.New(c)
			if err != nil {
				return err
			}
			r.phones = append(r.phones, p)
			if err := p.Start(ctx); err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
		}
	}
	for _, p := range r.phones {
		if err := p.WaitRegistered(ctx); err != nil {
			return fmt.Errorf("%s: %w", p.Name(), err)
		}
	}
	return nil
}

// call has a phone call others by chance until ctx ends. A phone either calls or is called.
func (r *rig) call(ctx context.Context, caller int) {
	random := rand.New(rand.NewPCG(r.options.Seed, uint64(300+caller)))
	p, own := r.phones[2*caller], sccpNumber(caller)
	for sleep(ctx, time.Duration(random.Int64N(int64(300*time.Millisecond)))) {
		if p.State().Registration != phone.Registered {
			continue
		}
		to := pair{own, sipNumber(random.IntN(len(r.clients)))}
		r.history.call(to, false)
		dial, cancel := context.WithTimeout(ctx, 4*time.Second)
		err := p.Dial(dial, to.called)
		if err == nil {
			_, err = p.WaitCall(dial, phone.Connected)
		}
		cancel()
		if err == nil {
			r.history.call(to, true)
			sleep(ctx, time.Duration(random.Int64N(int64(2*time.Second))))
		} else {
			r.history.Event("%s does not reach %s: %v", to.calling, to.called, err)
		}
		r.hangUp(p)
	}
}

// hangUp ends the calls of a phone. Its server may be lost in that moment: a person presses the key again.
func (r *rig) hangUp(p *phone.Phone) {
	for range 10 {
		_ = p.Hangup() // there may be no call any more
		idle, cancel := context.WithTimeout(context.Background(), time.Second)
		err := p.WaitIdle(idle)
		cancel()
		if err == nil {
			return
		}
		r.history.Event("%s is not idle: %v", p.Name(), err)
	}
}

// sleep waits; false: ctx has ended.
func sleep(ctx context.Context, pause time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}
