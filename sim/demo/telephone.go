package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tandem/media/codec"
	"tandem/phone"
)

// telephone is what an actor holds in the hand: one of our phones, or a program of others.
type telephone interface {
	// Register comes into service and says how, in a few words.
	Register(ctx context.Context) (how string, err error)
	Dial(ctx context.Context, number string) error
	// WaitRinging waits for a call and tells from whom the phone shows it; WaitRingback until it rings at the other end.
	WaitRinging(ctx context.Context) (from string, err error)
	WaitRingback(ctx context.Context) error
	Answer() error
	WaitConnected(ctx context.Context) error
	Hold() error
	WaitHeld(ctx context.Context) error
	Resume() error
	Hangup() error
	// BlindTransfer sends the call on at once; StartTransfer calls the target first, Transfer completes that.
	BlindTransfer(ctx context.Context, number string) error
	StartTransfer(ctx context.Context, number string) error
	Transfer() error
	// Shows is the number that the phone shows as the other party of its newest connected call.
	Shows() string
	// WaitHears waits until the tone is heard for a moment, WaitSilence until nothing has been heard for a moment.
	WaitHears(ctx context.Context, t codec.Tone) error
	WaitSilence(ctx context.Context) error
	WaitIdle(ctx context.Context) error
	// Complaints are departures of the server from what the phone's model expects.
	Complaints() []string
	// Codec of the newest call, if the phone tells.
	Codec() string
	Close()
}

// How long something is listened to before it counts.
const (
	hearFor    = 300 * time.Millisecond
	silenceFor = 500 * time.Millisecond
)

// ours is a test phone.
type ours struct {
	*phone.Phone
	kind string // as in "Cisco 7960"
	tftp bool
}

func (o ours) Register(ctx context.Context) (string, error) {
	if err := o.Start(ctx); err != nil {
		return "", err
	}
	s := o.State()
	if o.tftp {
		return fmt.Sprintf("%s, SCCP version %d, its file over TFTP", o.kind, s.Version), nil
	}
	return o.kind + ", digest over UDP", nil
}

func (o ours) WaitRinging(ctx context.Context) (string, error) {
	var from string
	err := o.WaitFor(ctx, "a call that is ringing in, and from whom", func(s *phone.State) bool {
		if c := s.Call(phone.RingingIn); c != nil { // the number comes in a message of its own
			from = c.Remote.String()
		}
		return from != ""
	})
	return from, err
}

func (o ours) WaitRingback(ctx context.Context) error {
	_, err := o.WaitCall(ctx, phone.RingingOut)
	return err
}

func (o ours) WaitConnected(ctx context.Context) error {
	_, err := o.WaitCall(ctx, phone.Connected)
	return err
}

func (o ours) WaitHeld(ctx context.Context) error {
	_, err := o.WaitCall(ctx, phone.OnHold)
	return err
}

func (o ours) WaitHears(ctx context.Context, t codec.Tone) error {
	return o.Phone.WaitHears(ctx, t, hearFor)
}

func (o ours) WaitSilence(ctx context.Context) error {
	var since time.Time
	return o.WaitFor(ctx, "silence", func(s *phone.State) bool {
		c := s.Call(phone.Connected, phone.OnHold)
		if c == nil {
			return false
		}
		if now, hears := c.Hears(); hears && now.Sound != codec.Silence {
			since = time.Time{}
		} else if since.IsZero() {
			since = time.Now()
		}
		return !since.IsZero() && time.Since(since) >= silenceFor
	})
}

func (o ours) Shows() string {
	s := o.State()
	if c := s.Call(phone.Connected); c != nil {
		return c.Remote.Number
	}
	return ""
}

func (o ours) Codec() string {
	s := o.State()
	if c := s.Call(phone.Connected, phone.OnHold); c != nil {
		return c.Media().ReceiveCodec
	}
	return ""
}

func (o ours) Complaints() []string { return o.Violations() }

// errNot: the program cannot do this.
var errNot = errors.New("this phone cannot do that")
