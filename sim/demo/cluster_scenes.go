package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tandem/admin/client"
	"tandem/fault"
	"tandem/phone"
)

// anyCause stands for a cause at which nobody looks: that of a call whose server was killed.
const anyCause = -1

// Servers, from 0.
const (
	cm1 = iota
	cm2
	cm3
)

// desk is the number that rings at Cleo's and at Eve's.
const desk = "3100"

// clusterParts in the order in which they are played.
var clusterParts = []part{
	{
		title: "Ada calls Cleo", about: "SIP at cm1 to SCCP at cm2, held and resumed",
		play: func(t *take, c *cast) {
			ada, cleo := c.person("Ada"), c.person("Cleo")
			t.call(ada.actor, cleo.actor)
			t.holds(ada.actor, cleo.actor)
			t.hangup(cleo.actor, ada.actor)
			c.ladder(t)
		},
		records: []expectation{{calling: "3001", called: "3003", final: "3003", answered: true, cause: normalClearing}},
	},
	{
		title: "Cleo asks Eve first, then puts Ada through", about: "a transfer over all three servers",
		play: func(t *take, c *cast) {
			ada, cleo, eve := c.person("Ada").actor, c.person("Cleo").actor, c.person("Eve").actor
			t.call(ada, cleo)
			t.step("Cleo calls Eve while Ada waits", func(ctx context.Context) error { return cleo.StartTransfer(ctx, eve.number) })
			t.answer(eve, cleo)
			t.step("Ada hears nothing meanwhile", ada.WaitSilence)
			t.step("Cleo completes the transfer and is gone", func(ctx context.Context) error {
				if err := cleo.Transfer(); err != nil {
					return err
				}
				return cleo.WaitIdle(ctx)
			})
			t.talk(ada, eve)
			t.hangup(ada, eve)
		},
		records: []expectation{
			{calling: "3001", called: "3003", final: "3003", answered: true, cause: splitByHolder},
			{calling: "3003", called: "3005", final: "3005", answered: true, cause: splitByHolder},
			{calling: "3001", called: "3003", final: "3005", redirected: "3003", answered: true, cause: normalClearing, transferred: true},
		},
	},
	{
		title: "Finn calls the desk", about: "a shared line that rings at cm2 and cm3",
		play: func(t *take, c *cast) {
			finn, cleo, eve := c.person("Finn"), c.person("Cleo"), c.person("Eve")
			t.step("Finn dials "+desk+"; it rings at Cleo's and at Eve's", func(ctx context.Context) error {
				if err := finn.Dial(ctx, desk); err != nil {
					return err
				}
				rings := func(p *person) func(context.Context) error {
					return func(ctx context.Context) error { _, err := p.WaitRinging(ctx); return err }
				}
				return both(ctx, rings(cleo), rings(eve))
			})
			t.lift(eve.actor, finn.actor)
			t.step("Cleo's phone shows that the line is in use", func(ctx context.Context) error {
				_, err := cleo.phone.WaitCall(ctx, phone.RemoteInUse)
				return err
			})
			t.step("Eve holds: silence at both ends, and Cleo's phone shows it", func(ctx context.Context) error {
				if err := eve.Hold(); err != nil {
					return err
				}
				if err := both(ctx, eve.WaitHeld, finn.WaitSilence); err != nil {
					return err
				}
				_, err := cleo.phone.WaitCall(ctx, phone.OnHold, phone.RemoteOnHold)
				return err
			})
			t.step("Cleo resumes the call at her phone; Finn hears Cleo", func(ctx context.Context) error {
				if err := cleo.Resume(); err != nil {
					return err
				}
				if err := cleo.WaitConnected(ctx); err != nil {
					return err
				}
				return hear(ctx, finn.actor, cleo.actor)
			})
			t.hangup(finn.actor, cleo.actor)
		},
		records: []expectation{
			{calling: "3006", called: desk, final: desk, answered: true, cause: splitByHolder},
			{calling: desk, called: "3006", final: "3006", answered: true, cause: normalClearing}, // who resumed is the caller of what is left
		},
	},
	{
		title: "Eve forwards her calls to Dan", about: "forward-all and a message lamp, each set at another server",
		play: func(t *take, c *cast) {
			eve, dan, finn := c.person("Eve"), c.person("Dan"), c.person("Finn")
			t.forward(eve, dan.number)
			t.step("Finn calls Eve", func(ctx context.Context) error { return finn.Dial(ctx, eve.number) })
			t.answer(dan.actor, finn.actor)
			t.hangup(dan.actor, finn.actor)
			t.forward(eve, "")
			c.lamp(t, cm1, eve, "2")
		},
		records: []expectation{{calling: "3006", called: "3005", final: "3004", redirected: "3005", answered: true, cause: normalClearing}},
	},
	{
		title: "The publisher is killed in mid-call", about: "SIGKILL to cm1; calls and changes go on",
		play: func(t *take, c *cast) {
			ada, ben, cleo, dan, eve, finn := c.person("Ada"), c.person("Ben"), c.person("Cleo"), c.person("Dan"), c.person("Eve"), c.person("Finn")
			t.call(ben.actor, cleo.actor)
			c.kill(t, cm1)
			t.goesOn(ben, cleo)
			c.moves(t, ada, cm2)
			t.call(dan.actor, finn.actor)
			t.hangup(finn.actor, dan.actor)
			t.forward(eve, finn.number)
			t.step("Ada calls Eve", func(ctx context.Context) error { return ada.Dial(ctx, eve.number) })
			t.answer(finn.actor, ada.actor)
			t.hangup(ada.actor, finn.actor)
			t.forward(eve, "")
			c.lamp(t, cm3, cleo, "3")
			t.step("A change of the configuration is refused, with what to do", func(ctx context.Context) error {
				return c.refused(ctx, cm2)
			})
			t.talk(ben.actor, cleo.actor)
			t.step("Ben hangs up; his phone goes to cm2, and Cleo's is freed", func(ctx context.Context) error {
				if err := ben.Hangup(); err != nil {
					return err
				}
				if err := c.at(ctx, ben, cm2); err != nil {
					return err
				}
				return cleo.WaitIdle(ctx)
			})
		},
		records: []expectation{
			{calling: "3002", called: "3003", final: "3003", answered: true, cause: anyCause},
			{calling: "3004", called: "3006", final: "3006", answered: true, cause: normalClearing},
			{calling: "3001", called: "3005", final: "3006", redirected: "3005", answered: true, cause: normalClearing},
		},
	},
	{
		title: "A subscriber is killed in mid-call", about: "SIGKILL to cm3; only cm2 is left",
		play: func(t *take, c *cast) {
			ada, ben, dan, eve, finn := c.person("Ada"), c.person("Ben"), c.person("Dan"), c.person("Eve"), c.person("Finn")
			t.call(eve.actor, dan.actor)
			c.kill(t, cm3)
			t.goesOn(eve, dan)
			c.moves(t, finn, cm2)
			t.call(finn.actor, ada.actor)
			t.hangup(ada.actor, finn.actor)
			t.forward(ben, dan.number)
			t.step("Dan hangs up; his own phone is idle", func(ctx context.Context) error {
				if err := dan.Hangup(); err != nil {
					return err
				}
				return dan.WaitIdle(ctx)
			})
			t.step("Eve hangs up; her phone goes to cm2", func(ctx context.Context) error {
				if err := eve.Hangup(); err != nil {
					return err
				}
				return c.at(ctx, eve, cm2)
			})
		},
		records: []expectation{
			{calling: "3005", called: "3004", final: "3004", answered: true, cause: anyCause},
			{calling: "3006", called: "3001", final: "3001", answered: true, cause: normalClearing},
		},
	},
	{
		title: "Both come back while Ben and Eve talk", about: "phones go home, but never in a call",
		play: func(t *take, c *cast) {
			ada, ben, eve, finn := c.person("Ada"), c.person("Ben"), c.person("Eve"), c.person("Finn")
			t.call(ben.actor, eve.actor)
			for _, server := range []int{cm1, cm3} {
				t.step(serverName(server)+" is started again", func(ctx context.Context) error { return c.cluster.Start(ctx, server) })
				c.changed = time.Now()
			}
			c.server = c.cluster.Servers[cm1]
			t.step("Every copy of the configuration is current again", c.cluster.WaitCurrent)
			c.moves(t, ada, cm1)
			c.moves(t, finn, cm3)
			t.step("Ben and Eve still talk, and their phones are where they were", func(ctx context.Context) error {
				return both(ctx,
					func(ctx context.Context) error { return c.talksAt(ctx, ben, eve, cm2) },
					func(ctx context.Context) error { return c.talksAt(ctx, eve, ben, cm2) })
			})
			c.changed = time.Now()
			t.hangup(eve.actor, ben.actor)
			c.moves(t, ben, cm1)
			c.moves(t, eve, cm3)
		},
		records: []expectation{{calling: "3002", called: "3005", final: "3005", answered: true, cause: normalClearing}},
	},
	{
		title: "What is left of it", about: "all servers compared",
		play: func(t *take, c *cast) {
			dan, finn, ben := c.person("Dan"), c.person("Finn"), c.person("Ben")
			t.step("Finn calls Ben, who forwarded to Dan while cm2 was alone", func(ctx context.Context) error { return finn.Dial(ctx, ben.number) })
			t.answer(dan.actor, finn.actor)
			t.hangup(finn.actor, dan.actor)
			t.step("All copies of the configuration are equal, by hash", c.equal)
			t.step("What users set without the publisher is the same everywhere", c.settings)
			t.step("Each phone is registered once, at the first server of its group", c.registrations)
			t.step("No server has a call left", c.quiet)
			t.step("Every server hands its call records over (their layout is changed)", func(ctx context.Context) error {
				// Servers deliver complete files, one a minute. With another layout they begin a new one at once.
				_, err := c.server.Client.SetParameter(ctx, "CDRLayout", client.ParameterValue{Value: "later"})
				return err
			})
			t.step("The publisher has each call's record exactly once", c.recorded)
		},
		records: []expectation{{calling: "3006", called: "3002", final: "3004", redirected: "3002", answered: true, cause: normalClearing}},
	},
}

// goesOn checks that a call's audio goes on without the server of the first.
func (t *take) goesOn(lost, other *person) {
	t.step(fmt.Sprintf("%s and %s still hear each other; %s's phone says that features are off", lost.name, other.name, lost.name), func(ctx context.Context) error {
		err := lost.phone.WaitFor(ctx, "the call without its server", func(s *phone.State) bool { return s.FeaturesOff })
		if err != nil {
			return err
		}
		return both(ctx,
			func(ctx context.Context) error { return lost.hearsOn(ctx, other) },
			func(ctx context.Context) error { return other.hearsOn(ctx, lost) })
	})
}

// forward sets forwarding of all calls at a phone, or ends it with an empty number.
func (t *take) forward(p *person, number string) {
	what := fmt.Sprintf("%s sets forward-all to %s at the phone, which shows it", p.name, number)
	if number == "" {
		what = p.name + " ends it again"
	}
	t.step(what, func(ctx context.Context) error { return p.phone.ForwardAll(ctx, number) })
}

// lamp tells a server that messages wait for somebody whose phone is at another.
func (c *cast) lamp(t *take, server int, p *person, messages string) {
	t.step(fmt.Sprintf("%s is told at %s that %s messages wait: the lamp of the phone is lit", p.name, serverName(server), messages), func(ctx context.Context) error {
		_, err := c.cluster.Servers[server].Client.SetUserSetting(ctx, client.UserSetting{Setting: "messages", Subject: p.number + "/house", Value: messages})
		if err != nil {
			return err
		}
		return p.phone.WaitFor(ctx, "the message lamp", func(s *phone.State) bool { return s.MessageWaiting })
	})
}

// kill ends a server without a warning.
func (c *cast) kill(t *take, server int) {
	pid := c.cluster.Servers[server].PID()
	c.changed = time.Now()
	t.step(fmt.Sprintf("%s, process %d, is killed", serverName(server), pid), func(context.Context) error { return c.cluster.Kill(server) })
}

// moves waits until somebody's phone is at a server and tells how long after the last change that was.
func (c *cast) moves(t *take, p *person, server int) {
	if t.failed {
		return
	}
	ctx, cancel := t.bounded()
	defer cancel()
	err := c.at(ctx, p, server)
	what := fmt.Sprintf("%s's phone is at %s", p.name, serverName(server))
	if _, since, ok := p.phone.Home(); ok {
		what += ", " + seconds(since.Sub(c.changed)) + " later"
	}
	t.step(what, func(context.Context) error { return err })
}

// talksAt checks that a phone in a call has not left its server.
func (c *cast) talksAt(ctx context.Context, p, other *person, server int) error {
	if err := c.at(ctx, p, server); err != nil {
		return err
	}
	return p.hearsOn(ctx, other)
}

// refused checks that the configuration cannot be changed while there is no publisher, and that the refusal says what to do.
func (c *cast) refused(ctx context.Context, server int) error {
	err := c.cluster.Servers[server].Apply(ctx, []byte("partitions: [{name: while-away}]"))
	var f *fault.Error
	switch {
	case err == nil:
		return errors.New("it was accepted")
	case !errors.As(err, &f) || f.Action == "":
		return fmt.Errorf("the refusal does not say what to do: %w", err)
	}
	c.print.told(f.Message)
	return nil
}
