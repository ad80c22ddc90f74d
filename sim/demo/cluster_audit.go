package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/admin/client"
	"tandem/phone"
	"tandem/service/trace"
)

// eventually asks again until there is no complaint; when the step's time is over it returns the last one.
func eventually(ctx context.Context, complaint func() error) error {
	for {
		err := complaint()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// equal has the publisher compare all copies of the configuration.
func (c *cast) equal(ctx context.Context) error {
	return eventually(ctx, func() error {
		v, err := c.server.Client.VerifyReplication(ctx)
		if err != nil {
			return err
		}
		if !v.Equal || len(v.Copies) != len(c.cluster.Servers) {
			return fmt.Errorf("%+v", v.Copies)
		}
		c.print.told("SHA-256 " + cut(v.Copies[0].Digest, 24))
		return nil
	})
}

// settings checks at every server the forwarding that was set last, and at the phones the lamps.
func (c *cast) settings(ctx context.Context) error {
	for i, s := range c.cluster.Servers {
		err := eventually(ctx, func() error {
			for _, want := range []struct{ number, destination string }{{"3002", "3004"}, {"3005", ""}} {
				text, _, err := s.Client.Get(ctx, "directoryNumber", want.number+"/house")
				if err != nil {
					return err
				}
				var have struct {
					ForwardAll struct {
						Destination string `json:"destination"`
					} `json:"forwardAll"`
				}
				if err := json.Unmarshal(text, &have); err != nil {
					return err
				}
				if have.ForwardAll.Destination != want.destination {
					return fmt.Errorf("at %s %s is forwarded to %q, and not to %q", serverName(i), want.number, have.ForwardAll.Destination, want.destination)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, name := range []string{"Cleo", "Eve"} {
		p := c.person(name)
		if err := p.phone.WaitFor(ctx, "the message lamp", func(s *phone.State) bool { return s.MessageWaiting }); err != nil {
			return err
		}
	}
	return nil
}

// registrations checks that every phone is registered once, and at home.
func (c *cast) registrations(ctx context.Context) error {
	return eventually(ctx, func() error {
		at := map[string][]string{}
		for i, s := range c.cluster.Servers {
			list, err := s.Client.Registrations(ctx, client.RegistrationQuery{State: "registered"})
			if err != nil {
				return err
			}
			for _, r := range list.Devices {
				if r.Node == i+1 { // what a server knows of itself counts
					at[r.Device] = append(at[r.Device], serverName(i))
				}
			}
		}
		var wrong []string
		for _, p := range c.people {
			if here, want := at[p.device], serverName(p.group[0]); len(here) != 1 || here[0] != want {
				wrong = append(wrong, fmt.Sprintf("%s's phone is registered at %v and not at %s", p.name, here, want))
			}
		}
		if len(wrong) > 0 || len(at) != len(c.people) {
			return fmt.Errorf("%d phones are registered; %s", len(at), strings.Join(wrong, "; "))
		}
		return nil
	})
}

// quiet checks that no server has a call that no phone knows of.
func (c *cast) quiet(ctx context.Context) error {
	for i, s := range c.cluster.Servers {
		err := eventually(ctx, func() error {
			calls, err := s.Client.LiveCalls(ctx)
			if err != nil {
				return err
			}
			if len(calls) > 0 {
				return fmt.Errorf("%s has %d sides of calls; the first is %+v", serverName(i), len(calls), calls[0])
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// recorded checks that the publisher has the records of all that was played, each once.
func (c *cast) recorded(ctx context.Context) error {
	var records []client.Record
	err := eventually(ctx, func() (err error) {
		records, err = c.server.Client.Records(ctx, client.RecordQuery{Since: c.began, Limit: 1000})
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, r := range records {
			if seen[r.ID] {
				return fmt.Errorf("the record %s of call %s is there twice", r.ID, r.Call)
			}
			seen[r.ID] = true
			if r.Ended == nil {
				return fmt.Errorf("the record of call %s, %s to %s, is not closed", r.Call, r.Calling, r.OriginalCalled)
			}
		}
		return judge(records, c.expected)
	})
	slices.SortStableFunc(records, func(a, b client.Record) int { return a.Began.Compare(b.Began) })
	for _, r := range records {
		c.print.line("      %s", c.print.paint(faint, r.Server+" "+strings.Replace(recordText(r), "sent on by", "by", 1)))
	}
	return err
}

// ladder draws the newest call as all servers saw it.
func (c *cast) ladder(t *take) {
	ctx, cancel := t.bounded()
	defer cancel()
	records, err := c.server.Records(ctx, client.RecordQuery{Since: t.began}, 1)
	if err != nil {
		t.step("The call is recorded", func(context.Context) error { return err })
		return
	}
	var all trace.Ladder
	for _, s := range c.cluster.Servers {
		if _, one, err := s.Story(ctx, records[len(records)-1].Call); err == nil {
			all.Messages = append(all.Messages, one.Messages...)
		}
	}
	if len(all.Messages) == 0 {
		t.step("The servers know the messages of the call", func(context.Context) error { return errors.New("none does") })
		return
	}
	slices.SortStableFunc(all.Messages, func(a, b trace.Message) int { return a.Time.Compare(b.Time) })
	// A SIP message is noted when it has been worked through, after the signals that it led to; the call begins with the caller.
	if i := slices.IndexFunc(all.Messages, func(m trace.Message) bool { return m.Protocol != signalProtocol }); i > 0 {
		first := all.Messages[i]
		first.Time = all.Messages[0].Time
		all.Messages = slices.Insert(slices.Delete(all.Messages, i, i+1), 0, first)
	}
	c.print.ladder(all, "", c.actors)
}
