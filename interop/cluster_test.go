package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tandem/admin/client"
	"tandem/phone"
	"tandem/phone/audio"
	"tandem/sim/lab"
	"tandem/telephony/parameter"
)

// exchange is three servers in processes of their own, and the phones that are registered with them.
type exchange struct {
	*lab.Cluster
	t      *testing.T
	engine *audio.Engine
	phones []*telephone
	used   map[int]bool
}

// telephone is a test phone with the servers of its group, from 0.
type telephone struct {
	*phone.Phone
	n     int
	group []int
}

// clusterPhones is how many phones of each kind the site of an exchange has.
const clusterPhones = 45

// failoverBound is five times the 5 s within which an idle phone is at its backup, and a call that was being set up is over.
const failoverBound = 25 * time.Second

// newExchange starts three servers. Phone n has its home at server n modulo 3 and the others as backups in turn.
func newExchange(t *testing.T) *exchange {
	t.Helper()
	text := string(site(clusterPhones, clusterPhones))
	text = strings.Replace(text, "  - {name: Default, members: [cm1]}\n", "  - {name: House0, members: [cm1, cm2, cm3]}\n"+
		"  - {name: House1, members: [cm2, cm3, cm1]}\n  - {name: House2, members: [cm3, cm1, cm2]}\n", 1)
	pool := "  - {name: House, callManagerGroup: Default, region: House, location: House, dateTimeGroup: House}\n"
	var pools strings.Builder
	for h := range 3 {
		pools.WriteString(strings.NewReplacer("name: House,", fmt.Sprintf("name: House%d,", h), "Group: Default", fmt.Sprintf("Group: House%d", h)).Replace(pool))
	}
	text = strings.Replace(text, pool, pools.String(), 1)
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		var n int
		if at := strings.Index(line, "directoryNumber: \""); at >= 0 {
			if _, err := fmt.Sscanf(line[at:], "directoryNumber: \"%d\"", &n); err != nil {
				t.Fatal(err)
			}
			lines[i] = strings.Replace(line, "devicePool: House,", fmt.Sprintf("devicePool: House%d,", n%3), 1)
		}
	}
	c, err := lab.StartCluster(within(t, time.Minute), lab.ClusterOptions{Servers: 3, Child: true, Site: []byte(strings.Join(lines, ""))})
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange{Cluster: c, t: t, engine: audio.NewEngine(), used: map[int]bool{}}
	t.Cleanup(func() {
		x.engine.Close()
		if t.Failed() {
			t.Log(c.Output())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

// kinds of phones, as tables of tests name them.
var kinds = []string{"SCCP", "SIP over TCP", "SIP over UDP"}

// phone registers another phone of a kind with its home at a server. It looks after its servers ten times as often as a phone on a desk.
func (x *exchange) phone(kind string, home int) *telephone {
	x.t.Helper()
	first := firstSIP
	if kind == "SCCP" {
		first = firstSCCP
	}
	n := first
	for ; x.used[n] || n%3 != home; n++ {
		if n == first+clusterPhones {
			x.t.Fatalf("the site has too few phones of the kind %s", kind)
		}
	}
	x.used[n] = true
	p := &telephone{n: n, group: []int{home, (home + 1) % 3, (home + 2) % 3}}
	use := "sip"
	if kind == "SCCP" {
		use = "sccp"
	}
	change := func(c *phone.Config) {
		c.Engine, c.Servers = x.engine, nil
		c.Local = netip.MustParseAddr(lab.Loopback)
		for _, s := range p.group {
			c.Servers = append(c.Servers, x.Servers[s].Address(use))
		}
		c.Monitor, c.Retry = time.Second, 300*time.Millisecond
		c.Habits = phone.Habits{KeepAlive: 1500 * time.Millisecond, StandbyKeepAlive: 1500 * time.Millisecond, Probe: 300 * time.Millisecond, AnswerTimeout: 3 * time.Second}
	}
	switch kind {
	case "SCCP":
		p.Phone = sccpPhone(x.t, x.Servers[home], n, change)
	case "SIP over TCP":
		p.Phone = sipPhone(x.t, x.Servers[home], n, change, func(c *phone.Config) { c.Transport = "tcp" })
	default:
		p.Phone = sipPhone(x.t, x.Servers[home], n, change)
	}
	x.phones = append(x.phones, p)
	x.at(p, home)
	if kind == "SCCP" {
		must(x.t, p.Name()+" has a spare connection", p.WaitFor(within(x.t, 2*step), "a spare connection", func(s *phone.State) bool {
			return s.Standby == x.Servers[p.group[1]].Address(use)
		}))
	}
	return p
}

// everybody waits until every server knows of all phones: that one has registered is told to the other servers, and no finger is so quick.
func (x *exchange) everybody() {
	x.t.Helper()
	must(x.t, "every server knows all phones", x.WaitRegistered(within(x.t, 2*step), len(x.phones)))
}

// at waits until phones are in service at a server.
func (x *exchange) at(p *telephone, server int) {
	x.t.Helper()
	sip, sccp := x.Servers[server].Address("sip"), x.Servers[server].Address("sccp")
	must(x.t, fmt.Sprintf("%s is at cm%d", p.Name(), server+1), p.WaitFor(within(x.t, 2*step), fmt.Sprintf("cm%d", server+1), func(s *phone.State) bool {
		return s.Registration == phone.Registered && (s.Server == sip || s.Server == sccp)
	}))
}

// soon is at, within the bound from when something happened.
func (x *exchange) soon(p *telephone, server int, since time.Time) {
	x.t.Helper()
	x.at(p, server)
	if _, at, _ := p.Home(); at.Sub(since) > failoverBound {
		x.t.Errorf("%s came to cm%d after %v", p.Name(), server+1, at.Sub(since))
	}
}

// talk lets a call b.
func (x *exchange) talk(a, b *telephone) {
	x.t.Helper()
	x.ring(a, b)
	must(x.t, "answer", b.Answer())
	connected(x.t, a.Phone)
	connected(x.t, b.Phone)
	x.hear(a, b)
}

// ring lets a call b, who does not answer.
func (x *exchange) ring(a, b *telephone) {
	x.t.Helper()
	must(x.t, a.Name()+" dials "+number(b.n), a.Dial(within(x.t, step), number(b.n)))
	rings(x.t, b.Phone)
}

// hear checks that audio goes on both ways, packet after packet.
func (x *exchange) hear(a, b *telephone) {
	x.t.Helper()
	for _, pair := range [][2]*telephone{{a, b}, {b, a}} {
		p, from := pair[0], pair[1]
		before := received(p.State())
		must(x.t, p.Name()+" goes on to hear", p.WaitFor(within(x.t, step), "audio that goes on", func(s *phone.State) bool { return received(*s) > before+20 }))
		hears(x.t, p.Phone, from.n)
	}
}

func received(s phone.State) (n uint64) {
	for _, c := range s.Calls {
		n += c.Media().Received
	}
	return n
}

// featuresOff waits until a phone shows that its server is lost.
func featuresOff(t *testing.T, p *telephone) {
	t.Helper()
	must(t, p.Name()+" has lost its server", p.WaitFor(within(t, 2*step), "features off", func(s *phone.State) bool { return s.FeaturesOff }))
}

// eventually asks again until there is no complaint.
func eventually(t *testing.T, d time.Duration, complaint func(ctx context.Context) error) {
	t.Helper()
	ctx := within(t, d)
	for {
		err := complaint(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// settled checks what holds whenever it is quiet: each phone is registered with one server, which is the one that it thinks, and no server
// has a call of which no phone knows.
func (x *exchange) settled() {
	x.t.Helper()
	for _, p := range x.phones {
		idle(x.t, p.Phone)
	}
	eventually(x.t, 2*step, func(ctx context.Context) error {
		at := map[string][]int{}
		for i, s := range x.Servers {
			if !s.Running() {
				continue
			}
			calls, err := s.Client.LiveCalls(ctx)
			if err != nil {
				return err
			}
			if len(calls) > 0 {
				return fmt.Errorf("cm%d has %d sides of calls: %+v", i+1, len(calls), calls)
			}
			list, err := s.Client.Registrations(ctx, client.RegistrationQuery{State: "registered"})
			if err != nil {
				return err
			}
			for _, r := range list.Devices {
				if r.Node == i+1 { // what a server knows of itself counts
					at[r.Device] = append(at[r.Device], i)
				}
			}
		}
		for _, p := range x.phones {
			home, _, ok := p.Home()
			if !ok || len(at[p.Name()]) != 1 {
				return fmt.Errorf("%s is registered at %v and thinks at %s", p.Name(), at[p.Name()], home)
			}
			if s := x.Servers[at[p.Name()][0]]; s.Address("sip") != home && s.Address("sccp") != home {
				return fmt.Errorf("%s is registered at cm%d and thinks at %s", p.Name(), at[p.Name()][0]+1, home)
			}
		}
		return nil
	})
}

// equal checks that all copies of the configuration are equal within a minute.
func (x *exchange) equal() {
	x.t.Helper()
	eventually(x.t, time.Minute, func(ctx context.Context) error {
		v, err := x.Servers[0].Client.VerifyReplication(ctx)
		if err == nil && (!v.Equal || len(v.Copies) != 3) {
			err = fmt.Errorf("%+v", v)
		}
		return err
	})
}

// recorded waits until the publisher, cm1, has the records of so many calls, every one closed and there once, and returns them. Servers
// deliver complete files, one a minute; with another layout they begin a new one at once.
func (x *exchange) recorded(calls int) (records []client.Record) {
	x.t.Helper()
	_, err := x.Servers[0].Client.SetParameter(within(x.t, step), string(parameter.CDRLayout), client.ParameterValue{Value: "later"})
	must(x.t, "change the layout of call records", err)
	eventually(x.t, 4*step, func(ctx context.Context) (err error) {
		if records, err = x.Servers[0].Client.Records(ctx, recordQuery()); err != nil {
			return err
		}
		seen := map[string]bool{}
		var list []string
		for _, r := range records {
			if r.Ended == nil || seen[r.ID] || seen[r.Call] {
				return fmt.Errorf("not closed, or not the only one: %+v", r)
			}
			seen[r.ID], seen[r.Call] = true, true
			list = append(list, fmt.Sprintf("%s to %s cause %d by %s", r.Calling, r.FinalCalled, r.Cause, r.Server))
		}
		if len(records) != calls {
			return fmt.Errorf("%d records, want %d: %s", len(records), calls, strings.Join(list, "; "))
		}
		return nil
	})
	return records
}

// set changes what users change at their phones, at a server.
func (x *exchange) set(server int, setting, subject, value string) {
	x.t.Helper()
	_, err := x.Servers[server].Client.SetUserSetting(within(x.t, step), client.UserSetting{Setting: setting, Subject: subject, Value: value})
	must(x.t, "set "+setting+" of "+subject, err)
}

// forwardsTo compares the forwarding of all calls of a directory number, as the API shows it.
func forwardsTo(object json.RawMessage, want, where string) error {
	var have struct {
		ForwardAll struct {
			Destination string `json:"destination"`
		} `json:"forwardAll"`
	}
	if err := json.Unmarshal(object, &have); err != nil {
		return err
	}
	if have.ForwardAll.Destination != want {
		return fmt.Errorf("%s is forwarded to %q, want %q", where, have.ForwardAll.Destination, want)
	}
	return nil
}
