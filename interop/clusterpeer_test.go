package interop

import (
	"fmt"
	"testing"

	"tandem/phone"
	"tandem/sim/peer"
)

// baresip talks when its server is killed: the call goes on both ways. Then it registers at the next server, where it is called and calls.
func TestBaresipFailsOver(t *testing.T) {
	x := newExchange(t)
	const cm2, cm3 = 1, 2
	for _, transport := range []string{"udp", "tcp"} {
		p := x.phone("SCCP", cm3)
		n := firstSIP + 1 // home at cm2
		for ; x.used[n] || n%3 != cm2; n++ {
		}
		x.used[n] = true
		b := baresip(t, x.Servers[cm2], n, func(o *peer.BaresipOptions) { o.Transport = transport })
		baresipCalls(t, x.Servers[cm2], b, n, p.Phone, p.n)
		heard := peer.Recorded(b.Recordings())
		must(t, "kill", x.Kill(cm2))
		programHears(t, b, heard, p.n)
		before := received(p.State())
		must(t, "the phone goes on to hear", p.WaitFor(within(t, step), "audio that goes on", func(s *phone.State) bool { return received(*s) > before+20 }))
		hears(t, p.Phone, n)
		must(t, "baresip hangs up", b.Command("hangup", ""))
		must(t, "hang up", p.Hangup())
		idle(t, p.Phone)

		mark := b.Mark()
		must(t, "move", b.Move(x.Servers[cm3].Address("sip")))
		_, err := b.WaitEvent(within(t, step), mark, "REGISTER_OK")
		must(t, "baresip registers at cm3", err)
		baresipCalls(t, x.Servers[cm3], b, n, p.Phone, p.n)
		must(t, "hang up", p.Hangup())
		idle(t, p.Phone)
		mark = b.Mark()
		must(t, "dial", p.Dial(within(t, step), number(n)))
		_, err = b.WaitEvent(within(t, step), mark, "CALL_INCOMING")
		must(t, fmt.Sprintf("baresip rings over %s", transport), err)
		must(t, "baresip answers", b.Command("accept", ""))
		connected(t, p.Phone)
		hears(t, p.Phone, n)
		must(t, "hang up", p.Hangup())
		idle(t, p.Phone)
		must(t, "start", x.Start(within(t, 4*step), cm2))
	}
	x.settled()
}

// SIPp calls across servers, loses its server, registers at the next, and calls and is called there.
func TestSIPpFailsOver(t *testing.T) {
	x := newExchange(t)
	const cm2, cm3 = 1, 2
	p := x.phone("SCCP", cm3)
	const n = firstSIP + 40
	call := func(server int) {
		t.Helper()
		s := x.Servers[server]
		wait := sipp{scenario: "uac.xml", n: n, service: p.n, port: registered(t, s, n)}.start(t, s)
		rings(t, p.Phone)
		must(t, "answer", p.Answer())
		connected(t, p.Phone)
		wait()
		idle(t, p.Phone)
	}
	call(cm2)
	must(t, "kill", x.Kill(cm2))
	call(cm3)
	s := x.Servers[cm3]
	wait := sipp{scenario: "uas.xml", n: n, service: n, port: registered(t, s, n)}.start(t, s)
	must(t, "dial", p.Dial(within(t, step), number(n)))
	connected(t, p.Phone)
	must(t, "hold", p.Hold())
	_, err := p.WaitCall(within(t, step), phone.OnHold)
	must(t, "the call is held", err)
	acknowledged(t, s, sccpDevice(p.n), 2)
	must(t, "resume", p.Resume())
	connected(t, p.Phone)
	acknowledged(t, s, sccpDevice(p.n), 3)
	must(t, "hang up", p.Hangup())
	idle(t, p.Phone)
	wait()
	x.settled()
}
