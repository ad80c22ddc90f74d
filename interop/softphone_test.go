package interop

import (
	"testing"

	"tandem/phone"
	"tandem/sim/lab"
	"tandem/sim/peer"
)

// ear is how a test listens with the ears of a program.
type ear interface{ Recordings() string }

func programHears(t testing.TB, e ear, mark, from int) {
	t.Helper()
	must(t, "the program hears "+number(from), peer.WaitHears(within(t, step), e.Recordings(), mark, tone(from), hearFor))
}

// echoes checks that baresip hears p by letting it say what it hears, which p must recognise as its own sound.
func echoes(t testing.TB, b *peer.Baresip, p *phone.Phone, own int) {
	t.Helper()
	must(t, "baresip echoes", b.Echo(true))
	must(t, p.Name()+" hears itself through baresip", p.WaitHears(within(t, step), tone(own), hearFor))
	must(t, "baresip stops to echo", b.Echo(false))
}

// answered lets p answer a call that baresip made, and both hear each other.
func baresipCalls(t testing.TB, s *lab.Server, b *peer.Baresip, from int, p *phone.Phone, to int) {
	t.Helper()
	mark := b.Mark()
	heard := peer.Recorded(b.Recordings())
	must(t, "baresip dials", b.Command("dial", sipURI(s, to)))
	if c := rings(t, p); c.Remote.Number != number(from) {
		t.Errorf("%s shows a call from %v, want %d", p.Name(), c.Remote, from)
	}
	must(t, "answer", p.Answer())
	_, err := b.WaitEvent(within(t, step), mark, "CALL_ESTABLISHED")
	must(t, "baresip is connected", err)
	connected(t, p)
	hears(t, p, from)
	programHears(t, b, heard, to)
}

// baresip with an old and a new Cisco phone: calls both ways, hold and resume from either end.
func TestBaresipCallsCiscoPhones(t *testing.T) {
	t.Parallel()
	s := server(t)
	b := baresip(t, s, 5001)
	for _, n := range []int{6001, 6002} {
		p := sccpPhone(t, s, n)
		baresipCalls(t, s, b, 5001, p, n)

		must(t, "baresip holds", b.Command("hold", ""))
		silent(t, p)
		must(t, "baresip resumes", b.Command("resume", ""))
		hears(t, p, 5001)
		echoes(t, b, p, n)
		hears(t, p, 5001)

		must(t, "hold", p.Hold())
		_, err := p.WaitCall(within(t, step), phone.OnHold)
		must(t, "the call is held", err)
		silent(t, p)
		must(t, "resume", p.Resume())
		connected(t, p)
		hears(t, p, 5001)
		echoes(t, b, p, n)

		mark := b.Mark()
		must(t, "hang up", p.Hangup())
		_, err = b.WaitEvent(within(t, step), mark, "CALL_CLOSED")
		must(t, "baresip is free", err)
		idle(t, p)

		// The other way round, and baresip hangs up.
		mark, heard := b.Mark(), peer.Recorded(b.Recordings())
		must(t, "dial", p.Dial(within(t, step), "5001"))
		_, err = b.WaitEvent(within(t, step), mark, "CALL_INCOMING")
		must(t, "baresip rings", err)
		_, err = p.WaitCall(within(t, step), phone.RingingOut)
		must(t, p.Name()+" hears it ring", err)
		must(t, "baresip answers", b.Command("accept", ""))
		connected(t, p)
		hears(t, p, 5001)
		programHears(t, b, heard, n)
		must(t, "baresip hangs up", b.Command("hangup", ""))
		idle(t, p)
	}
}

// baresip transfers an old phone to a new one by REFER, and is itself transferred by an SCCP phone to a SIP phone.
func TestBaresipTransfersAndIsTransferred(t *testing.T) {
	t.Parallel()
	s := server(t)
	b := baresip(t, s, 5002)
	old, young := sccpPhone(t, s, 6003), sccpPhone(t, s, 6004)
	third := sipPhone(t, s, 5003)

	baresipCalls(t, s, b, 5002, old, 6003)
	mark := b.Mark()
	must(t, "baresip transfers", b.Command("transfer", sipURI(s, 6004)))
	rings(t, young)
	must(t, "answer", young.Answer())
	_, err := b.WaitEvent(within(t, step), mark, "CALL_CLOSED")
	must(t, "baresip is out of the call", err)
	hears(t, young, 6003)
	hears(t, old, 6004)
	must(t, "hang up", old.Hangup())
	idle(t, old, young)

	baresipCalls(t, s, b, 5002, young, 6004)
	must(t, "blind transfer", young.BlindTransfer(within(t, step), "5003"))
	rings(t, third)
	must(t, "answer", third.Answer())
	connected(t, third)
	idle(t, young)
	hears(t, third, 5002)
	echoes(t, b, third, 5003)
	must(t, "hang up", third.Hangup())
	idle(t, third)

	// Consultative: the 7975 asks the 7960 before it puts baresip through.
	baresipCalls(t, s, b, 5002, young, 6004)
	must(t, "consult", young.StartTransfer(within(t, step), "6003"))
	rings(t, old)
	must(t, "answer", old.Answer())
	hears(t, old, 6004)
	mark = b.Mark()
	must(t, "complete", young.Transfer())
	idle(t, young)
	hears(t, old, 5002)
	echoes(t, b, old, 6003)
	must(t, "baresip hangs up", b.Command("hangup", ""))
	_, err = b.WaitEvent(within(t, step), mark, "CALL_CLOSED")
	must(t, "baresip is free", err)
	idle(t, old)
}

// What is forwarded at an SCCP phone reaches baresip, and baresip hears who calls.
func TestBaresipIsForwardedTo(t *testing.T) {
	t.Parallel()
	s := server(t)
	b := baresip(t, s, 5004)
	absent, caller := sccpPhone(t, s, 6005), sccpPhone(t, s, 6006)
	must(t, "forward all", absent.ForwardAll(within(t, 4*step), "5004"))
	mark, heard := b.Mark(), peer.Recorded(b.Recordings())
	must(t, "dial", caller.Dial(within(t, step), "6005"))
	_, err := b.WaitEvent(within(t, step), mark, "CALL_INCOMING")
	must(t, "baresip rings", err)
	must(t, "baresip answers", b.Command("accept", ""))
	connected(t, caller)
	hears(t, caller, 5004)
	programHears(t, b, heard, 6006)
	must(t, "hang up", caller.Hangup())
	_, err = b.WaitEvent(within(t, step), mark, "CALL_CLOSED")
	must(t, "baresip is free", err)
	must(t, "forwarding ends", absent.ForwardAll(within(t, step), ""))
	must(t, "dial", caller.Dial(within(t, step), "6005"))
	rings(t, absent)
	must(t, "hang up", caller.Hangup())
	idle(t, caller, absent)
}

// linphone with a new Cisco phone: calls both ways, pause and resume from either end.
func TestLinphoneCallsCiscoPhone(t *testing.T) {
	t.Parallel()
	s := server(t)
	l := linphone(t, s, 5005)
	p := sccpPhone(t, s, 6008)

	mark, heard := l.Mark(), peer.Recorded(l.Recordings())
	must(t, "linphone calls", l.Command("call "+l.URI("6008")))
	if c := rings(t, p); c.Remote.Number != "5005" {
		t.Errorf("the phone shows a call from %v", c.Remote)
	}
	must(t, "linphone hears it ring", l.Wait(within(t, step), mark, "ringing"))
	must(t, "answer", p.Answer())
	must(t, "linphone is connected", l.Wait(within(t, step), mark, "Media streams established"))
	hears(t, p, 5005)
	programHears(t, l, heard, 6008)

	mark = l.Mark()
	must(t, "linphone pauses", l.Command("pause"))
	must(t, "linphone has paused", l.Wait(within(t, step), mark, "is now paused"))
	// linphone plays its file to those it holds, and wants to hear nothing of them.
	must(t, "the held phone is silent", p.WaitFor(within(t, step), "the end of sending", func(s *phone.State) bool {
		c := s.Call(phone.Connected)
		return c != nil && !c.Media().Sending
	}))
	mark = l.Mark()
	must(t, "linphone resumes", l.Command("resume"))
	must(t, "linphone has resumed", l.Wait(within(t, step), mark, "Media streams established"))
	heard = peer.Recorded(l.Recordings())
	hears(t, p, 5005)
	programHears(t, l, heard, 6008)

	mark = l.Mark()
	must(t, "hold", p.Hold())
	must(t, "linphone is held", l.Wait(within(t, step), mark, "has been paused by"))
	silent(t, p)
	must(t, "resume", p.Resume())
	connected(t, p)
	hears(t, p, 5005)
	heard = peer.Recorded(l.Recordings())
	programHears(t, l, heard, 6008)
	must(t, "linphone hangs up", l.Command("terminate"))
	idle(t, p)

	mark = l.Mark()
	must(t, "dial", p.Dial(within(t, step), "5005"))
	must(t, "linphone rings", l.Wait(within(t, step), mark, "Receiving new incoming call"))
	heard = peer.Recorded(l.Recordings())
	must(t, "linphone answers", l.Command("answer"))
	connected(t, p)
	hears(t, p, 5005)
	programHears(t, l, heard, 6008)
	mark = l.Mark()
	must(t, "hang up", p.Hangup())
	must(t, "linphone is free", l.Wait(within(t, step), mark, "ended"))
	idle(t, p)
}

// linphone transfers a caller blindly, and another after having asked (REFER with Replaces).
func TestLinphoneTransfers(t *testing.T) {
	t.Parallel()
	s := server(t)
	l := linphone(t, s, 5006)
	caller, target := sccpPhone(t, s, 6009), sccpPhone(t, s, 6010)

	talk := func() {
		t.Helper()
		mark := l.Mark()
		must(t, "dial", caller.Dial(within(t, step), "5006"))
		must(t, "linphone rings", l.Wait(within(t, step), mark, "Receiving new incoming call"))
		must(t, "linphone answers", l.Command("answer"))
		connected(t, caller)
		hears(t, caller, 5006)
	}
	talk()
	must(t, "linphone transfers", l.Command("transfer "+l.URI("6010")))
	rings(t, target)
	must(t, "answer", target.Answer())
	hears(t, caller, 6010)
	hears(t, target, 6009)
	must(t, "linphone is out of the call", l.Wait(within(t, step), 0, "ended"))
	must(t, "hang up", target.Hangup())
	idle(t, caller, target)

	talk() // call 2 of linphone
	mark := l.Mark()
	must(t, "linphone pauses", l.Command("pause"))
	must(t, "linphone has paused", l.Wait(within(t, step), mark, "is now paused"))
	mark = l.Mark()
	must(t, "linphone calls the target", l.Command("call "+l.URI("6010")))
	rings(t, target)
	must(t, "answer", target.Answer())
	must(t, "linphone is connected", l.Wait(within(t, step), mark, "Media streams established"))
	hears(t, target, 5006)
	must(t, "linphone joins the two", l.Command("transfer 2 --to-call 3"))
	hears(t, caller, 6010)
	hears(t, target, 6009)
	must(t, "hang up", caller.Hangup())
	idle(t, caller, target)
}

// Two programs of others call each other through the server.
func TestBaresipCallsLinphone(t *testing.T) {
	t.Parallel()
	s := server(t)
	b, l := baresip(t, s, 5007), linphone(t, s, 5008)
	bMark, lMark := b.Mark(), l.Mark()
	must(t, "baresip dials", b.Command("dial", sipURI(s, 5008)))
	must(t, "linphone rings", l.Wait(within(t, step), lMark, "Receiving new incoming call"))
	must(t, "linphone answers", l.Command("answer"))
	_, err := b.WaitEvent(within(t, step), bMark, "CALL_ESTABLISHED")
	must(t, "baresip is connected", err)
	programHears(t, b, 0, 5008)
	programHears(t, l, 0, 5007)
	must(t, "linphone hangs up", l.Command("terminate"))
	_, err = b.WaitEvent(within(t, step), bMark, "CALL_CLOSED")
	must(t, "baresip is free", err)
}
