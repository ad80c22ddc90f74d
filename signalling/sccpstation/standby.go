package sccpstation

import (
	"fmt"

	"tandem/fault"
	"tandem/wire/sccp"
)

// A phone keeps a spare connection to the next server of its group (sccp.md 4.3). It says nothing there but keep-alives, at
// the longer interval, until its server is lost: then it registers over it, or, where this is the better server, asks for a
// token first. Some models begin with a keep-alive at their only server too (sccp.md 1.5), so that nothing but what comes
// next tells one from the other.

// keepAlive answers a keep-alive and counts a connection on which nobody is registered as one on standby.
func (n *session) keepAlive() {
	n.out.add(&keepAliveAck, n.codec)
	if n.st == nil && !n.standby {
		n.standby = true
		n.srv.figures.standby.Add(1)
	}
}

// noStandby ends the standby of a connection: a device registers over it, or it is gone.
func (n *session) noStandby() {
	if n.standby {
		n.standby = false
		n.srv.figures.standby.Add(-1)
	}
}

// token answers the question of a phone whether it may come.
func (n *session) token(name string, spcp bool) {
	p := n.srv.Parameters()
	r := n.srv.mayCome(name, &p)
	if r.wait == 0 {
		if spcp {
			n.out.add(&sccp.SPCPRegisterTokenAck{}, n.codec)
		} else {
			n.out.add(&sccp.RegisterTokenAck{}, n.codec)
		}
		return
	}
	n.srv.figures.held.Add(1)
	wait := wholeSeconds(r.wait)
	switch r.code {
	case fault.ServerNotInGroup:
		n.srv.report(name, fault.New(r.code, "device", name, "address", n.remote))
	case fault.RegistrationPaced:
		f := fault.New(r.code, "device", name, "seconds", wait, "why", "For a token: "+r.why)
		n.srv.Story.Say(name, string(f.Code), f.Message+" "+f.Reason)
	default:
		n.srv.Story.Say(name, string(r.code), fmt.Sprintf("Asked for a token and was told to ask again in %d s: %s.", wait, r.why))
	}
	if spcp {
		n.out.add(&sccp.SPCPRegisterTokenReject{Wait: wait}, n.codec)
	} else {
		n.out.add(&sccp.RegisterTokenReject{Wait: wait}, n.codec)
	}
}
