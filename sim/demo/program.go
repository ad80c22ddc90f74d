package demo

import (
	"context"
	"fmt"
	"strings"

	"tandem/media/codec"
	"tandem/sim/peer"
)

// programPhone is a baresip as a telephone.
type programPhone struct {
	*peer.Baresip
	server string
	// mark is where the events of the present call begin, from where its sound begins.
	mark, from int
	shows      string
}

func (p *programPhone) Register(ctx context.Context) (string, error) {
	if _, err := p.WaitEvent(ctx, 0, "REGISTER_OK"); err != nil {
		return "", err
	}
	return "baresip, a program of others, digest over UDP", nil
}

// begin marks the place where the next call's events and sounds begin.
func (p *programPhone) begin() { p.mark, p.from, p.shows = p.Mark(), peer.Recorded(p.Recordings()), "" }

func (p *programPhone) uri(number string) string { return "sip:" + number + "@" + p.server }

func (p *programPhone) Dial(_ context.Context, number string) error {
	p.begin()
	p.shows = number
	return p.Command("dial", p.uri(number))
}

func (p *programPhone) WaitRinging(ctx context.Context) (string, error) {
	e, err := p.WaitEvent(ctx, p.mark, "CALL_INCOMING")
	if err != nil {
		return "", err
	}
	p.shows = user(e.PeerURI)
	return p.shows, nil
}

// user is the user part of a SIP URI.
func user(uri string) string {
	_, rest, _ := strings.Cut(uri, ":")
	name, _, _ := strings.Cut(rest, "@")
	return name
}

func (p *programPhone) WaitRingback(ctx context.Context) error {
	_, err := p.WaitEvent(ctx, p.mark, "CALL_RINGING")
	return err
}

func (p *programPhone) Answer() error { return p.Command("accept", "") }

func (p *programPhone) WaitConnected(ctx context.Context) error {
	_, err := p.WaitEvent(ctx, p.mark, "CALL_ESTABLISHED")
	return err
}

func (p *programPhone) Hold() error                                 { return p.Command("hold", "") }
func (p *programPhone) WaitHeld(context.Context) error              { return nil }
func (p *programPhone) Resume() error                               { return p.Command("resume", "") }
func (p *programPhone) Hangup() error                               { return p.Command("hangup", "") }
func (p *programPhone) Shows() string                               { return p.shows }
func (p *programPhone) Codec() string                               { return "" }
func (p *programPhone) Complaints() []string                        { return nil }
func (p *programPhone) Transfer() error                             { return errNot }
func (p *programPhone) StartTransfer(context.Context, string) error { return errNot }

func (p *programPhone) BlindTransfer(_ context.Context, number string) error {
	return p.Command("transfer", p.uri(number))
}

func (p *programPhone) WaitHears(ctx context.Context, t codec.Tone) error {
	err := peer.WaitHears(ctx, p.Recordings(), p.from, t, hearFor)
	if err != nil {
		return fmt.Errorf("baresip: %w", err)
	}
	return nil
}

func (p *programPhone) WaitSilence(ctx context.Context) error {
	if err := peer.WaitSilence(ctx, p.Recordings(), silenceFor); err != nil {
		return fmt.Errorf("baresip: %w", err)
	}
	p.from = peer.Recorded(p.Recordings())
	return nil
}

// Deaf reports that what it hears must be learnt by letting it echo.
func (p *programPhone) Deaf() bool { return p.Renegotiated(p.mark) }

func (p *programPhone) WaitIdle(ctx context.Context) error {
	if p.mark == p.Mark() {
		return nil // it had no call
	}
	if _, err := p.WaitEvent(ctx, p.mark, "CALL_CLOSED"); err != nil {
		return err
	}
	p.begin()
	return nil
}
