package interop

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/phone"
)

// cm2 is killed: idle phones are at their backup within 5 s; calls keep their audio both ways, whether the other party's server lives or
// not, and are over when their users hang up; calls that ring end at both ends, and dialling again works at once. cm2 returns: the
// phones go back, but not those that talk, and nobody is registered twice.
func TestT13_T15_R46_KilledServer(t *testing.T) {
	x := newExchange(t)
	const cm1, cm2, cm3 = 0, 1, 2
	type cast struct{ idle, a, b, c, far, caller, called *telephone }
	var all []cast
	for _, kind := range kinds {
		all = append(all, cast{x.phone(kind, cm2), x.phone(kind, cm2), x.phone(kind, cm2), x.phone(kind, cm2), x.phone(kind, cm3),
			x.phone(kind, cm1), x.phone(kind, cm2)})
	}
	x.everybody()
	for _, p := range all {
		x.talk(p.a, p.b)
		x.talk(p.c, p.far)
		x.ring(p.caller, p.called)
	}
	killed := time.Now()
	must(t, "kill", x.Kill(cm2))
	for _, p := range all {
		x.soon(p.idle, cm3, killed)
		released(t, p.caller)
		must(t, "the called phone is free", p.called.WaitIdle(within(t, failoverBound)))
		x.soon(p.called, cm3, killed)
		x.ring(p.caller, p.called)
		must(t, "hang up", p.caller.Hangup())
		idle(t, p.caller.Phone, p.called.Phone)
	}
	for _, p := range all {
		for _, lost := range []*telephone{p.a, p.b, p.c} {
			featuresOff(t, lost)
		}
		x.hear(p.a, p.b)
		x.hear(p.c, p.far)
	}
	for i, p := range all {
		for _, lost := range []*telephone{p.a, p.b, p.c} {
			must(t, "hang up", lost.Hangup())
			x.at(lost, cm3)
		}
		if kinds[i] != "SCCP" { // a SIP phone does not say with its registration that it has no call any more
			must(t, "hang up", p.far.Hangup())
		}
		idle(t, p.far.Phone)
	}
	x.settled()

	// It returns while a and b talk.
	for _, p := range all {
		x.talk(p.a, p.b)
	}
	must(t, "start", x.Start(within(t, time.Minute), cm2))
	for _, p := range all {
		for _, free := range []*telephone{p.idle, p.c, p.called} {
			x.at(free, cm2)
		}
		for _, busy := range []*telephone{p.a, p.b} {
			x.at(busy, cm3)
		}
		x.hear(p.a, p.b)
		must(t, "hang up", p.b.Hangup())
		x.at(p.a, cm2)
		x.at(p.b, cm2)
	}
	x.settled()
	for _, p := range all { // everybody is found where he is
		x.talk(p.far, p.idle)
		must(t, "hang up", p.idle.Hangup())
		idle(t, p.idle.Phone, p.far.Phone)
	}
	x.settled()
	failed := map[string]int{}
	for _, r := range x.recorded(6 * len(all)) {
		if r.Cause == int(signal.CauseTemporaryFailure) && r.Answered == nil {
			failed[r.Calling]++
		}
	}
	for _, p := range all {
		if failed[number(p.caller.n)] != 1 {
			t.Errorf("of the calls of %d there are %d records with cause 41, want that of the call that rang", p.caller.n, failed[number(p.caller.n)])
		}
	}
}

// released waits until the call that a phone had made has failed, and has its user hang up if that is what the phone waits for.
func released(t *testing.T, p *telephone) {
	t.Helper()
	must(t, p.Name()+" is released", p.WaitFor(within(t, failoverBound), "the end of the call", func(s *phone.State) bool {
		return len(s.Calls) == 0 || s.Call(phone.Congested) != nil
	}))
	if s := p.State(); len(s.Calls) > 0 {
		must(t, "hang up", p.Hangup())
	}
	idle(t, p.Phone)
}

// cm2 hangs: its phones are at their backup after three keep-alives and call each other there. It goes on, with all its calls and
// registrations of before: nobody is registered twice, and it does nothing to the calls that it does not own any more.
func TestT14_R51_FrozenServer(t *testing.T) {
	x := newExchange(t)
	const cm2, cm3 = 1, 2
	type cast struct{ a, b, c, far *telephone }
	var all []cast
	for _, kind := range kinds {
		all = append(all, cast{x.phone(kind, cm2), x.phone(kind, cm2), x.phone(kind, cm2), x.phone(kind, cm3)})
	}
	x.everybody()
	for _, p := range all {
		x.talk(p.a, p.b)
		x.talk(p.far, p.c)
	}
	must(t, "freeze", x.Servers[cm2].Freeze())
	for _, p := range all {
		for _, lost := range []*telephone{p.a, p.b, p.c} {
			featuresOff(t, lost)
		}
		x.hear(p.a, p.b)
		x.hear(p.far, p.c)
		for _, q := range []*telephone{p.a, p.b, p.c, p.far} {
			must(t, "hang up", q.Hangup())
			idle(t, q.Phone)
		}
		for _, lost := range []*telephone{p.a, p.b, p.c} {
			x.at(lost, cm3)
		}
		for _, lost := range []*telephone{p.a, p.b, p.c} { // it stays there for the rest of the test: it is in a call when cm2 is back
			must(t, "idle", lost.WaitIdle(within(t, step)))
		}
		x.talk(p.b, p.a)
		x.talk(p.far, p.c)
	}
	must(t, "thaw", x.Servers[cm2].Thaw())
	must(t, "every copy is current", x.WaitCurrent(within(t, time.Minute)))
	for _, p := range all {
		x.hear(p.a, p.b)
		x.hear(p.far, p.c)
		for _, q := range []*telephone{p.a, p.b, p.c} {
			x.at(q, cm3)
			if s := q.State(); s.FeaturesOff || len(s.Calls) != 1 || s.Calls[0].State != phone.Connected {
				t.Errorf("%s after cm2 woke up: %s", q.Name(), q.Summary())
			}
		}
	}
	for _, p := range all {
		must(t, "hang up", p.a.Hangup())
		must(t, "hang up", p.c.Hangup())
		for _, q := range []*telephone{p.a, p.b, p.c} {
			x.at(q, cm2)
		}
	}
	x.settled()
	x.recorded(4 * len(all))
}

// The publisher is away: calls are made, users forward their calls and message lamps are lit at the subscribers, and a change of the
// configuration is refused with what to do. It returns: all copies are equal within a minute, and what users set last holds everywhere.
func TestT18_R54_PublisherAway(t *testing.T) {
	x := newExchange(t)
	const cm1, cm2, cm3 = 0, 1, 2
	caller, away, target := x.phone("SIP over UDP", cm1), x.phone("SCCP", cm2), x.phone("SIP over TCP", cm3)
	other := x.phone("SCCP", cm3)
	x.everybody()
	must(t, "forward", away.ForwardAll(within(t, step), number(other.n)))
	must(t, "kill", x.Kill(cm1))
	x.at(caller, cm2)
	reaches := func(forwarded, to *telephone) {
		t.Helper()
		must(t, "dial", caller.Dial(within(t, step), number(forwarded.n)))
		rings(t, to.Phone)
		must(t, "answer", to.Answer())
		x.hear(caller, to)
		must(t, "hang up", to.Hangup())
		idle(t, caller.Phone, to.Phone)
	}
	reaches(away, other)
	must(t, "end the forwarding", away.ForwardAll(within(t, step), ""))
	must(t, "forward", away.ForwardAll(within(t, step), number(target.n)))
	reaches(away, target)
	x.set(cm2, "forwardAll", number(other.n)+"/house", number(target.n)) // at another server than the phone's
	must(t, "the forwarding shows", other.WaitFor(within(t, step), "forwarding", func(s *phone.State) bool { return s.Line(1).ForwardAll == number(target.n) }))
	reaches(other, target)
	for _, server := range []int{cm2, cm3} {
		p := map[int]*telephone{cm2: other, cm3: away}[server]
		x.set(server, "messages", number(p.n)+"/house", "4")
		must(t, "the lamp is lit", p.WaitFor(within(t, step), "the lamp", func(s *phone.State) bool { return s.MessageWaiting }))
	}
	if f := fault.From(x.Servers[cm3].Apply(within(t, step), []byte("partitions: [{name: while-away}]"))); f == nil || f.Action == "" {
		t.Errorf("a change without a publisher: %v", f)
	}
	must(t, "start", x.Start(within(t, time.Minute), cm1))
	x.equal()
	for i, s := range x.Servers {
		for line, want := range map[int]int{away.n: target.n, other.n: target.n} {
			eventually(t, 2*step, func(ctx context.Context) error {
				text, _, err := s.Client.Get(ctx, "directoryNumber", number(line)+"/house")
				if err != nil {
					return err
				}
				return forwardsTo(text, number(want), fmt.Sprintf("%d at cm%d", line, i+1))
			})
		}
	}
	x.at(caller, cm1)
	reaches(away, target) // old values did not come back
	must(t, "end the forwarding", away.ForwardAll(within(t, step), ""))
	x.talk(caller, away)
	must(t, "hang up", caller.Hangup())
	x.settled()
	x.recorded(5)
}

// A server is killed and started again at once, faster than anybody waits for it, while others talk: when it says that it is ready it knows
// where everybody is, and nobody's call has suffered.
func TestR52_RestartedServerKnowsEverybody(t *testing.T) {
	x := newExchange(t)
	const cm1, cm2, cm3 = 0, 1, 2
	a, b := x.phone("SCCP", cm1), x.phone("SIP over TCP", cm3)
	x.everybody()
	x.talk(a, b)
	var others []*telephone
	for _, kind := range kinds {
		others = append(others, x.phone(kind, cm1), x.phone(kind, cm3))
	}
	caller := x.phone("SIP over TCP", cm2)
	for round := range 2 {
		must(t, "kill", x.Kill(cm2))
		must(t, "start", x.Start(within(t, time.Minute), cm2))
		x.at(caller, cm2)
		for _, p := range others {
			x.talk(caller, p)
			must(t, fmt.Sprintf("hang up in round %d", round), caller.Hangup())
			idle(t, caller.Phone, p.Phone)
		}
		x.hear(a, b)
	}
	must(t, "hang up", a.Hangup())
	x.settled()
	x.recorded(1 + 2*len(others))
}
