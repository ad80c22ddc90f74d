package phone

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/wire/sccp"
)

// The file gives the servers in order, with the ports of the protocol and the SRST router last, and the monitor time.
func TestServersOfTheFile(t *testing.T) {
	const file = `<device><deviceProtocol>%P</deviceProtocol><devicePool><callManagerGroup><members>
<member priority="1"><callManager><ports><ethernetPhonePort>2100</ethernetPhonePort><sipPort>5160</sipPort></ports><processNodeName>192.0.2.12</processNodeName></callManager></member>
<member priority="0"><callManager><ports><ethernetPhonePort>2000</ethernetPhonePort><sipPort>5060</sipPort></ports><processNodeName>192.0.2.11</processNodeName></callManager></member>
</members></callManagerGroup><srstInfo><srstOption>%S</srstOption><ipAddr1>192.0.2.250</ipAddr1><port1>2001</port1><ipAddr2></ipAddr2><port2>2000</port2>
<sipIpAddr1>192.0.2.251</sipIpAddr1><sipPort1>5070</sipPort1></srstInfo><connectionMonitorDuration>90</connectionMonitorDuration></devicePool></device>`
	for _, c := range []struct {
		protocol, srst string
		want           []string
	}{
		{"SCCP", "Enable", []string{"192.0.2.11:2000", "192.0.2.12:2100", "192.0.2.250:2001"}},
		{"SCCP", "Disable", []string{"192.0.2.11:2000", "192.0.2.12:2100"}},
		{"SIP", "Enable", []string{"192.0.2.11:5060", "192.0.2.12:5160", "192.0.2.251:5070"}},
	} {
		f, err := parseDevice([]byte(strings.NewReplacer("%P", c.protocol, "%S", c.srst).Replace(file)))
		if err != nil {
			t.Fatal(err)
		}
		p := &Phone{}
		if err := p.apply(f); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(p.cfg.Servers, c.want) {
			t.Errorf("%s, SRST %s: %v, want %v", c.protocol, c.srst, p.cfg.Servers, c.want)
		}
		if d := p.monitorTime(); d != 90*time.Second {
			t.Errorf("monitor time %v", d)
		}
		if p.cfg.Monitor = time.Second; p.monitorTime() != time.Second {
			t.Error("what the test says does not come first")
		}
	}
}

// A server that is there but puts the phone off is asked again when it said, and not before; then the phone goes back.
func TestT15_TokenRefusedIsAskedAgain(t *testing.T) {
	first, second := newFakeServer(t), newFakeServer(t)
	p := newSCCPPhone(t, first, 2001, func(c *Config) {
		c.Servers = append(c.Servers, second.address())
		c.Habits.Probe, c.Habits.StandbyKeepAlive, c.Monitor = 20*time.Millisecond, 100*time.Millisecond, 200*time.Millisecond
	})
	ctx := soon(t)
	must(t, p.Start(ctx), p)
	must(t, p.WaitFor(ctx, "the standby connection", func(s *State) bool { return s.Standby == second.address() }), p)
	first.mu.Lock()
	first.token = 1
	first.phones[p.Name()].conn.Close()
	first.mu.Unlock()
	must(t, p.WaitFor(ctx, "the second server", func(s *State) bool { return s.Server == second.address() && s.Registration == Registered }), p)
	must(t, p.WaitFor(ctx, "a token that is refused", func(s *State) bool { return s.PutOff == 1 }), p)
	asked := time.Now()
	must(t, p.WaitFor(ctx, "the first server again", func(s *State) bool { return s.Server == first.address() && s.Registration == Registered }), p)
	if waited := time.Since(asked); waited < 700*time.Millisecond {
		t.Errorf("asked again after %v, a second was said", waited)
	}
	clean(t, p)
}

// A phone on battery has no second connection, and comes to the backup all the same.
func TestNoSecondConnectionOnBattery(t *testing.T) {
	first, second := newFakeServer(t), newFakeServer(t)
	p := newSCCPPhone(t, first, 2001, func(c *Config) {
		c.Servers, c.Model = append(c.Servers, second.address()), "7920"
		c.Habits.Probe = 20 * time.Millisecond
	})
	ctx := soon(t)
	must(t, p.Start(ctx), p)
	first.mu.Lock()
	first.phones[p.Name()].conn.Close()
	first.mu.Unlock()
	must(t, p.WaitFor(ctx, "the second server", func(s *State) bool { return s.Server == second.address() && s.Registration == Registered }), p)
	second.mu.Lock()
	defer second.mu.Unlock()
	for name, messages := range second.heard {
		for _, m := range messages {
			if _, alive := m.(*sccp.KeepAlive); alive && name == "" {
				t.Error("a spare connection was held")
			}
		}
	}
}
