package phone

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// reaction is how long a user looks for a soft key that is not there yet: call and
// keys come in separate messages, and no finger is faster than they are.
const reaction = time.Second

// do hands a press to the protocol.
func (p *Phone) do(b press) error {
	end := time.Now().Add(reaction)
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		err := p.doNow(b)
		wait := time.Until(end)
		if err == nil || b.force || !errors.Is(err, ErrNotOffered) || wait <= 0 {
			return err
		}
		t := time.NewTimer(wait)
		select {
		case <-changed:
		case <-t.C:
		}
		t.Stop()
	}
}

func (p *Phone) doNow(b press) error {
	p.mu.Lock()
	d := p.driver
	registered := p.state.Registration == Registered || p.state.FeaturesOff
	p.mu.Unlock()
	if d == nil || !registered {
		return fmt.Errorf("%s: %w", p.cfg.Name, ErrNotRegistered)
	}
	if err := d.press(b); err != nil {
		return fmt.Errorf("%s: %w", p.cfg.Name, err)
	}
	return nil
}

// LiftHandset takes the handset off the hook; it answers a ringing call.
func (p *Phone) LiftHandset() error { return p.do(press{kind: pressOffHook}) }

// ReplaceHandset puts the handset back; it ends the call in front.
func (p *Phone) ReplaceHandset() error { return p.do(press{kind: pressOnHook}) }

// Speaker presses the loudspeaker key.
func (p *Phone) Speaker() error { return p.do(press{kind: pressSpeaker}) }

// Key presses one key of the dial pad: 0-9 * # A-D. In a call it is DTMF.
func (p *Phone) Key(key byte) error { return p.do(press{kind: pressDigit, text: string(key)}) }

// Keys presses several.
func (p *Phone) Keys(keys string) error {
	for i := range len(keys) {
		if err := p.Key(keys[i]); err != nil {
			return err
		}
	}
	return nil
}

// DTMF sends keys in the connected call; it fails when there is none.
func (p *Phone) DTMF(keys string) error {
	s := p.State()
	if s.Call(Connected) == nil {
		return fmt.Errorf("%s: %w", p.cfg.Name, ErrNoCall)
	}
	return p.Keys(keys)
}

// NewCall asks for a dial tone on a new call.
func (p *Phone) NewCall() error { return p.do(press{kind: pressNewCall}) }

// Dial makes a call digit by digit: off hook, dial tone, keys. It returns when the
// keys are pressed, not when somebody answers.
func (p *Phone) Dial(ctx context.Context, number string) error {
	if p.protocol() == SIP {
		return p.DialEnBloc(number) // a SIP phone collects the digits by itself
	}
	if err := p.NewCall(); err != nil {
		return err
	}
	return p.dialDigits(ctx, number)
}

// dialDigits waits for an off-hook call and presses keys.
func (p *Phone) dialDigits(ctx context.Context, number string) error {
	if p.protocol() == SIP {
		return p.DialEnBloc(number)
	}
	if _, err := p.WaitCall(ctx, OffHook); err != nil {
		return err
	}
	if p.dialsEnBloc() {
		return p.DialEnBloc(number)
	}
	return p.Keys(number)
}

// DialEnBloc makes a call with the whole number at once, as from the phone's lists.
func (p *Phone) DialEnBloc(number string) error {
	return p.do(press{kind: pressEnBloc, text: number})
}

// Answer answers the ringing call by soft key.
func (p *Phone) Answer() error { return p.do(press{kind: pressAnswer}) }

// Hangup ends the call in front: by the hook if the handset is lifted, else by key.
func (p *Phone) Hangup() error { return p.do(press{kind: pressHangup}) }

// HangupCall ends a certain call.
func (p *Phone) HangupCall(id string) error { return p.do(press{kind: pressHangup, call: id}) }

// Hold holds the call in front.
func (p *Phone) Hold() error { return p.do(press{kind: pressHold}) }

// Resume takes the held call back; the newest if there are several.
func (p *Phone) Resume() error { return p.do(press{kind: pressResume}) }

// ResumeCall takes a certain held call back.
func (p *Phone) ResumeCall(id string) error { return p.do(press{kind: pressResume, call: id}) }

// Transfer presses Transfer: once to begin, again to complete.
func (p *Phone) Transfer() error { return p.do(press{kind: pressTransfer}) }

// BlindTransfer transfers the call in front while the target rings.
func (p *Phone) BlindTransfer(ctx context.Context, number string) error {
	if p.protocol() == SIP {
		return p.do(press{kind: pressTransfer, text: number})
	}
	if err := p.StartTransfer(ctx, number); err != nil {
		return err
	}
	if _, err := p.WaitCall(ctx, RingingOut, Connected); err != nil {
		return err
	}
	return p.finishTransfer(ctx)
}

// StartTransfer holds the call in front and calls the target of a transfer.
func (p *Phone) StartTransfer(ctx context.Context, number string) error {
	if err := p.Transfer(); err != nil {
		return err
	}
	return p.dialDigits(ctx, number)
}

// ConsultTransfer transfers the call in front after the target has answered.
func (p *Phone) ConsultTransfer(ctx context.Context, number string) error {
	if err := p.StartTransfer(ctx, number); err != nil {
		return err
	}
	err := p.WaitFor(ctx, "the answer of the transfer target", func(s *State) bool {
		c := s.Active()
		return c != nil && c.State == Connected && !c.Inbound && len(s.Calls) >= 2
	})
	if err != nil {
		return err
	}
	return p.finishTransfer(ctx)
}

func (p *Phone) finishTransfer(ctx context.Context) error {
	if p.protocol() == SCCP {
		err := p.WaitFor(ctx, "the Transfer key", func(s *State) bool { return len(s.SoftKeys) == 0 || s.Offers("Transfer") })
		if err != nil {
			return err
		}
	}
	return p.Transfer()
}

// Redial calls the last number again.
func (p *Phone) Redial() error { return p.do(press{kind: pressRedial}) }

// SpeedDial presses speed-dial key n, from 1.
func (p *Phone) SpeedDial(n int) error { return p.do(press{kind: pressSpeedDial, number: n}) }

// LineKey presses line key n, from 1.
func (p *Phone) LineKey(n int) error { return p.do(press{kind: pressLine, number: n}) }

// Messages presses the messages key.
func (p *Phone) Messages() error { return p.do(press{kind: pressMessages}) }

// HookFlash presses the cradle for a moment; only analogue ports and small phones have it.
func (p *Phone) HookFlash() error { return p.do(press{kind: pressHookFlash}) }

// ForwardAll sets forwarding of all calls of the first line, or cancels it with an
// empty number, and waits until the phone shows it.
func (p *Phone) ForwardAll(ctx context.Context, number string) error {
	if err := p.do(press{kind: pressForwardAll, text: number}); err != nil {
		return err
	}
	if number != "" && p.protocol() == SCCP {
		if err := p.dialDigits(ctx, number); err != nil {
			return err
		}
	}
	return p.WaitFor(ctx, "forwarding to "+number, func(s *State) bool {
		l := s.Line(1)
		return l != nil && (l.ForwardAll == number || number != "" && strings.HasSuffix(l.ForwardAll, number))
	})
}

// SoftKey presses a soft key by its name; ErrNotOffered if it is not shown.
func (p *Phone) SoftKey(name string) error { return p.do(press{kind: pressSoftKey, text: name}) }

// SoftKeyOn presses a soft key for a certain call.
func (p *Phone) SoftKeyOn(name, call string) error {
	return p.do(press{kind: pressSoftKey, text: name, call: call})
}

// ForceSoftKey sends a soft key whether or not it is shown, for a certain call or,
// with an empty id, for the one in front.
func (p *Phone) ForceSoftKey(name, call string) error {
	return p.do(press{kind: pressSoftKey, text: name, call: call, force: true})
}

// keyLength is how long keys are sent as telephone events.
const keyLength = 100 * time.Millisecond
