package interop

import (
	"testing"

	"tandem/phone"
)

// A called phone says with 183 that it is heard already, and sends back what it is sent. The user of a Cisco phone hears it
// before the answer, in place of the ring-back tone, and it the user; when it says 180 besides, and at the answer, nothing of
// that changes.
func TestCiscoPhoneHearsEarlyMedia(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, scenario string
		sip, sccp      int
	}{
		{"183", "early.xml", 5015, 6015},
		{"183, then 180", "earlyring.xml", 5031, 6017},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := server(t)
			port := registered(t, s, test.sip)
			p := sccpPhone(t, s, test.sccp)
			wait := sipp{scenario: test.scenario, n: test.sip, service: test.sip, port: port, echo: true}.start(t, s)
			must(t, "dial", p.Dial(within(t, step), number(test.sip)))
			must(t, "audio to SIPp and back before the answer", p.WaitFor(within(t, step), "early audio", func(st *phone.State) bool {
				c := st.Call(phone.RingingOut)
				return c != nil && c.HearsTone(tone(test.sccp), hearFor) && st.Tone == ""
			}))
			c := connected(t, p)
			received := c.Media().Received
			must(t, "audio goes on", p.WaitFor(within(t, step), "audio after the answer", func(st *phone.State) bool {
				c := st.Call(phone.Connected)
				return c != nil && c.HearsTone(tone(test.sccp), hearFor) && c.Media().Received > received+20 && st.Tone == ""
			}))
			must(t, "hang up", p.Hangup())
			idle(t, p)
			wait()
		})
	}
}

// A called phone that rings without early media: the Cisco phone plays the ring-back tone until the answer, although its
// audio is open already.
func TestCiscoPhoneHearsRingBackWithoutEarlyMedia(t *testing.T) {
	t.Parallel()
	s := server(t)
	port := registered(t, s, 5032)
	p := sccpPhone(t, s, 6018)
	wait := sipp{scenario: "ring.xml", n: 5032, service: 5032, port: port, echo: true}.start(t, s)
	must(t, "dial", p.Dial(within(t, step), "5032"))
	must(t, "ring-back", p.WaitFor(within(t, step), "the ring-back tone", func(st *phone.State) bool {
		c := st.Call(phone.RingingOut)
		return c != nil && st.Tone == "Alerting" && !c.Media().Sending
	}))
	connected(t, p)
	must(t, "audio to SIPp and back", p.WaitHears(within(t, step), tone(6018), hearFor))
	if tone := p.State().Tone; tone != "" {
		t.Errorf("the tone %s goes on after the answer", tone)
	}
	must(t, "hang up", p.Hangup())
	idle(t, p)
	wait()
}
