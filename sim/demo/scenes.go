package demo

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"tandem/media/codec"
	"tandem/phone/audio"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// scene is one part of the demonstration.
type scene struct {
	title, about string
	play         func(t *take, ada, ben, cleo, dan *actor)
	records      []expectation
}

// Q.850 causes that appear in the records.
const (
	normalClearing = 16
	splitByHolder  = 126 // the part of a call that a transfer ended
)

// scenes in the order in which they are played: every pair, then what can be done with more than two.
var scenes = []scene{
	pair("Ada calls Ben", "SIP to SIP, the caller holds", func(a, b, _, _ *actor) (*actor, *actor, *actor) { return a, b, a }, "3001", "3002"),
	pair("Ada calls Cleo", "SIP to SCCP, the called party holds", func(a, _, c, _ *actor) (*actor, *actor, *actor) { return a, c, c }, "3001", "3003"),
	pair("Dan calls Ada", "SCCP to SIP, the caller holds", func(a, _, _, d *actor) (*actor, *actor, *actor) { return d, a, d }, "3004", "3001"),
	pair("Ben calls Dan", "SIP to SCCP, the caller holds", func(_, b, _, d *actor) (*actor, *actor, *actor) { return b, d, b }, "3002", "3004"),
	pair("Cleo calls Ben", "SCCP to SIP, the called party holds", func(_, b, c, _ *actor) (*actor, *actor, *actor) { return c, b, b }, "3003", "3002"),
	pair("Cleo calls Dan", "SCCP to SCCP, old and new protocol", func(_, _, c, d *actor) (*actor, *actor, *actor) { return c, d, d }, "3003", "3004"),
	{
		title: "Cleo sends Ada on to Dan", about: "blind transfer by an SCCP phone",
		play: func(t *take, ada, _, cleo, dan *actor) {
			t.call(ada, cleo)
			t.step("Cleo transfers to 3004 and is gone", func(ctx context.Context) error {
				if err := cleo.BlindTransfer(ctx, dan.number); err != nil {
					return err
				}
				return cleo.WaitIdle(ctx)
			})
			t.answer(dan, ada)
			t.hangup(ada, dan)
		},
		records: []expectation{
			{calling: "3001", called: "3003", final: "3003", answered: true, cause: splitByHolder},
			{calling: "3003", called: "3004", final: "3004", cause: splitByHolder},
			{calling: "3001", called: "3003", final: "3004", redirected: "3003", answered: true, cause: normalClearing, transferred: true},
		},
	},
	{
		title: "Ben asks Cleo first, then puts Dan through", about: "consultative transfer by a SIP phone (REFER with Replaces)",
		play: func(t *take, _, ben, cleo, dan *actor) {
			t.call(dan, ben)
			t.step("Ben calls Cleo while Dan waits", func(ctx context.Context) error { return ben.StartTransfer(ctx, cleo.number) })
			t.answer(cleo, ben)
			t.step("Dan hears nothing meanwhile", dan.WaitSilence)
			t.step("Ben completes the transfer", func(context.Context) error { return ben.Transfer() })
			t.talk(dan, cleo)
			t.hangup(cleo, dan)
		},
		records: []expectation{
			{calling: "3004", called: "3002", final: "3002", answered: true, cause: splitByHolder},
			{calling: "3002", called: "3003", final: "3003", answered: true, cause: splitByHolder},
			{calling: "3004", called: "3002", final: "3003", redirected: "3002", answered: true, cause: normalClearing, transferred: true},
		},
	},
	{
		title: "Dan asks Ben first, then puts Cleo through", about: "consultative transfer by an SCCP phone",
		play: func(t *take, _, ben, cleo, dan *actor) {
			t.call(cleo, dan)
			t.step("Dan calls Ben while Cleo waits", func(ctx context.Context) error { return dan.StartTransfer(ctx, ben.number) })
			t.answer(ben, dan)
			t.step("Cleo hears nothing meanwhile", cleo.WaitSilence)
			t.step("Dan completes the transfer", func(context.Context) error { return dan.Transfer() })
			t.talk(cleo, ben)
			t.hangup(ben, cleo)
		},
		records: []expectation{
			{calling: "3003", called: "3004", final: "3004", answered: true, cause: splitByHolder},
			{calling: "3004", called: "3002", final: "3002", answered: true, cause: splitByHolder},
			{calling: "3003", called: "3004", final: "3002", redirected: "3004", answered: true, cause: normalClearing, transferred: true},
		},
	},
	{
		title: "Ada sends Cleo on to Dan", about: "blind transfer by a SIP phone (REFER)",
		play: func(t *take, ada, _, cleo, dan *actor) {
			t.call(cleo, ada)
			t.step("Ada transfers to 3004", func(ctx context.Context) error { return ada.BlindTransfer(ctx, dan.number) })
			t.answer(dan, cleo)
			t.hangup(dan, cleo)
		},
		records: []expectation{
			{calling: "3003", called: "3001", final: "3001", answered: true, cause: splitByHolder},
			{calling: "3003", called: "3001", final: "3004", redirected: "3001", answered: true, cause: normalClearing, transferred: true},
		},
	},
	{
		title: "Ben is busy, so Cleo reaches Dan", about: "call forward busy",
		play: func(t *take, ada, ben, cleo, dan *actor) {
			t.call(ada, ben)
			t.step("Cleo calls Ben at 3002", func(ctx context.Context) error { return cleo.Dial(ctx, ben.number) })
			t.answer(dan, cleo)
			t.hangup(cleo, dan)
			t.talk(ada, ben)
			t.hangup(ben, ada)
		},
		records: []expectation{
			{calling: "3001", called: "3002", final: "3002", answered: true, cause: normalClearing},
			{calling: "3003", called: "3002", final: "3004", redirected: "3002", answered: true, cause: normalClearing},
		},
	},
}

// pair is the scene of two: a call, a hold, a resume.
func pair(title, about string, who func(ada, ben, cleo, dan *actor) (caller, called, holder *actor), calling, called string) scene {
	return scene{
		title: title, about: about,
		play: func(t *take, ada, ben, cleo, dan *actor) {
			x, y, holder := who(ada, ben, cleo, dan)
			held := x
			if held == holder {
				held = y
			}
			t.call(x, y)
			t.holds(holder, held)
			t.hangup(y, x)
		},
		records: []expectation{{calling: calling, called: called, final: called, answered: true, cause: normalClearing}},
	}
}

// holds lets x hold and resume a call with y.
func (t *take) holds(x, y *actor) {
	t.step(x.name+" holds: silence at both ends", func(ctx context.Context) error {
		if err := x.Hold(); err != nil {
			return err
		}
		if err := x.WaitHeld(ctx); err != nil {
			return err
		}
		return both(ctx, x.WaitSilence, y.WaitSilence)
	})
	t.step(x.name+" resumes; they hear each other", func(ctx context.Context) error {
		if err := x.Resume(); err != nil {
			return err
		}
		if err := x.WaitConnected(ctx); err != nil {
			return err
		}
		return hear(ctx, x, y)
	})
}

// call lets x call y, and y answer.
func (t *take) call(x, y *actor) {
	shows := ""
	t.step(fmt.Sprintf("%s dials %s; %s's phone rings", x.name, y.number, y.name), func(ctx context.Context) error {
		if err := x.Dial(ctx, y.number); err != nil {
			return err
		}
		return both(ctx, x.WaitRingback, func(ctx context.Context) (err error) {
			shows, err = y.WaitRinging(ctx)
			if err == nil && !strings.Contains(shows, x.number) {
				err = fmt.Errorf("the phone shows a call from %q", shows)
			}
			return err
		})
	})
	t.lift(y, x)
}

// answer waits until y's phone rings for a call that x is in, and answers.
func (t *take) answer(y, x *actor) {
	t.step(y.name+"'s phone rings", func(ctx context.Context) error {
		if _, err := y.WaitRinging(ctx); err != nil {
			return err
		}
		// People let it ring; what was asked of the other phones meanwhile (a hold) has come to rest.
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	t.lift(y, x)
}

func (t *take) lift(y, x *actor) {
	t.step(fmt.Sprintf("%s answers; %s and %s hear each other", y.name, x.name, y.name), func(ctx context.Context) error {
		if err := y.Answer(); err != nil {
			return err
		}
		if err := both(ctx, x.WaitConnected, y.WaitConnected); err != nil {
			return err
		}
		return hear(ctx, x, y)
	})
}

// talk checks that both hear each other.
func (t *take) talk(x, y *actor) {
	t.step(fmt.Sprintf("%s and %s hear each other", x.name, y.name), func(ctx context.Context) error { return hear(ctx, x, y) })
}

// echoes is a telephone whose ears can be asked only by letting it say what it hears.
type echoes interface {
	Deaf() bool
	Echo(on bool) error
}

// hear waits until each hears the sound by which the other is known.
func hear(ctx context.Context, x, y *actor) error {
	return both(ctx,
		func(ctx context.Context) error { return x.hears(ctx, y) },
		func(ctx context.Context) error { return y.hears(ctx, x) })
}

// hears waits until a hears the other.
func (a *actor) hears(ctx context.Context, other *actor) error {
	e, ok := a.telephone.(echoes)
	if !ok || !e.Deaf() {
		return a.WaitHears(ctx, sound(other))
	}
	// What the other hears first is a's own sound; both checks share one stream, so they go one after the other.
	if err := other.WaitHears(ctx, sound(a)); err != nil {
		return err
	}
	if err := e.Echo(true); err != nil {
		return err
	}
	if err := other.WaitHears(ctx, sound(other)); err != nil {
		return err
	}
	return e.Echo(false)
}

func sound(a *actor) codec.Tone { return audio.IdentityTone(a.tone()) }

// hangup lets x hang up, upon which y is free too.
func (t *take) hangup(x, y *actor) {
	t.step(fmt.Sprintf("%s hangs up; both phones are idle", x.name), func(ctx context.Context) error {
		if err := x.Hangup(); err != nil {
			return err
		}
		return both(ctx, x.WaitIdle, y.WaitIdle)
	})
}

// both does two things at once; the error is that of the first, else of the second.
func both(ctx context.Context, first, second func(context.Context) error) error {
	var one, two error
	var wait sync.WaitGroup
	wait.Go(func() { one = first(ctx) })
	wait.Go(func() { two = second(ctx) })
	wait.Wait()
	if one != nil {
		return one
	}
	return two
}
