package script

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"tandem/media/codec"
	"tandem/phone"
	"tandem/phone/audio"
)

// verb is what a line can begin with.
type verb struct {
	usage string
	// least and most arguments; most negative: any number.
	least, most int
	do          func(context.Context, *Runner, *phone.Phone, Statement) error
	alone       func(context.Context, *Runner, Statement) error
}

func (v verb) check(arguments []string) error {
	if len(arguments) < v.least || v.most >= 0 && len(arguments) > v.most {
		return fmt.Errorf("usage: %s", v.usage)
	}
	return nil
}

// act is a verb without arguments.
func act(usage string, f func(*phone.Phone) error) verb {
	return verb{usage: usage, do: func(_ context.Context, _ *Runner, p *phone.Phone, _ Statement) error { return f(p) }}
}

// actOn is a verb with one argument.
func actOn(usage string, f func(context.Context, *phone.Phone, string) error) verb {
	return verb{usage: usage, least: 1, most: 1, do: func(ctx context.Context, _ *Runner, p *phone.Phone, s Statement) error {
		return f(ctx, p, s.Arguments[0])
	}}
}

// verbs is the language. It is filled by init because the table of expectations
// refers to it in its messages.
var verbs map[string]verb

func init() {
	verbs = map[string]verb{
		"phone":    {usage: "phone NAME sccp|sip device=SEP… server=HOST:PORT [model=7960] [user=…] [password=…] [sound=N|FILE.wav]", least: 2, most: -1, alone: definePhone},
		"register": {usage: "register", do: func(ctx context.Context, _ *Runner, p *phone.Phone, _ Statement) error { return p.Start(ctx) }},
		"stop":     act("stop", func(p *phone.Phone) error { p.Stop(); return nil }),
		"vanish":   act("vanish", func(p *phone.Phone) error { p.Vanish(); return nil }),
		"wait":     {usage: "wait 2s", least: 1, most: 1, alone: wait},
		"say":      {usage: "say TEXT", most: -1, alone: say},
		"show":     {usage: "show", do: show},
		"trace":    {usage: "trace", do: trace},

		"dial": {usage: "dial NUMBER", least: 1, most: 1, do: func(ctx context.Context, _ *Runner, p *phone.Phone, s Statement) error {
			return p.Dial(ctx, s.Arguments[0])
		}},
		"call": actOn("call NUMBER (all digits at once)", func(_ context.Context, p *phone.Phone, n string) error { return p.DialEnBloc(n) }),
		"keys": actOn("keys DIGITS", func(_ context.Context, p *phone.Phone, k string) error { return p.Keys(k) }),
		"dtmf": actOn("dtmf DIGITS", func(_ context.Context, p *phone.Phone, k string) error { return p.DTMF(k) }),
		"softkey": {usage: "softkey NAME", least: 1, most: 2, do: func(_ context.Context, _ *Runner, p *phone.Phone, s Statement) error {
			return p.SoftKey(strings.Join(s.Arguments, " "))
		}},
		"speeddial": actOn("speeddial N", func(_ context.Context, p *phone.Phone, n string) error { return numbered(n, p.SpeedDial) }),
		"line":      actOn("line N", func(_ context.Context, p *phone.Phone, n string) error { return numbered(n, p.LineKey) }),
		"forward": actOn("forward NUMBER|off", func(ctx context.Context, p *phone.Phone, n string) error {
			if n == "off" {
				n = ""
			}
			return p.ForwardAll(ctx, n)
		}),
		"blind":   actOn("blind NUMBER", func(ctx context.Context, p *phone.Phone, n string) error { return p.BlindTransfer(ctx, n) }),
		"consult": actOn("consult NUMBER", func(ctx context.Context, p *phone.Phone, n string) error { return p.StartTransfer(ctx, n) }),

		"newcall":  act("newcall", (*phone.Phone).NewCall),
		"answer":   act("answer", (*phone.Phone).Answer),
		"hangup":   act("hangup", (*phone.Phone).Hangup),
		"hold":     act("hold", (*phone.Phone).Hold),
		"resume":   act("resume", (*phone.Phone).Resume),
		"transfer": act("transfer", (*phone.Phone).Transfer),
		"redial":   act("redial", (*phone.Phone).Redial),
		"lift":     act("lift", (*phone.Phone).LiftHandset),
		"replace":  act("replace", (*phone.Phone).ReplaceHandset),
		"speaker":  act("speaker", (*phone.Phone).Speaker),
		"messages": act("messages", (*phone.Phone).Messages),
		"flash":    act("flash", (*phone.Phone).HookFlash),

		"expect": {usage: "expect WHAT [within TIME]", least: 1, most: -1, do: expect},
	}
}

// Help is the list of commands, one a line.
func Help() string {
	var b strings.Builder
	for _, name := range verbNames() {
		fmt.Fprintf(&b, "%s\n", verbs[name].usage)
	}
	b.WriteString(expectHelp)
	return b.String()
}

func numbered(text string, f func(int) error) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return fmt.Errorf("%q is no number of a key", text)
	}
	return f(n)
}

func wait(ctx context.Context, _ *Runner, s Statement) error {
	d, err := time.ParseDuration(s.Arguments[0])
	if err != nil {
		return fmt.Errorf("%q is no time, such as 5s or 500ms", s.Arguments[0])
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func say(_ context.Context, r *Runner, s Statement) error {
	_, err := fmt.Fprintln(r.Out, strings.Join(s.Arguments, " "))
	return err
}

func show(_ context.Context, r *Runner, p *phone.Phone, _ Statement) error {
	_, err := fmt.Fprintf(r.Out, "%s: %s\n", p.Name(), p.Summary())
	return err
}

func trace(_ context.Context, r *Runner, p *phone.Phone, _ Statement) error {
	for _, e := range p.Trace() {
		if _, err := fmt.Fprintln(r.Out, e); err != nil {
			return err
		}
	}
	return nil
}

// definePhone makes a phone out of the words of a line.
func definePhone(_ context.Context, r *Runner, s Statement) error {
	name := s.Arguments[0]
	if _, ok := r.phones[name]; ok {
		return fmt.Errorf("there is a phone %q already", name)
	}
	cfg := r.Base
	cfg.Protocol = phone.Protocol(strings.ToLower(s.Arguments[1]))
	cfg.Engine = r.engine
	line := phone.LineConfig{}
	for _, word := range s.Arguments[2:] {
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			return fmt.Errorf("%q: it is KEY=VALUE", word)
		}
		switch key {
		case "device":
			cfg.Name = value
		case "server":
			cfg.Servers = strings.Split(value, ",")
		case "tftp":
			cfg.TFTP = value
		case "model":
			cfg.Model = value
		case "transport":
			cfg.Transport = value
		case "user":
			line.User = value
		case "auth":
			line.AuthUser = value
		case "password":
			line.Password = value
		case "display":
			line.Display = value
		case "answer":
			d, err := time.ParseDuration(value)
			if err != nil {
				return fmt.Errorf("answer=%q is no time", value)
			}
			cfg.AutoAnswer = d
		case "sound":
			sound, err := ParseSound(value)
			if err != nil {
				return err
			}
			cfg.Sound = sound
		default:
			return fmt.Errorf("unknown word %q", key)
		}
	}
	if cfg.Protocol == phone.SIP && line.User != "" {
		cfg.Lines = []phone.LineConfig{line}
	}
	p, err := phone.New(cfg)
	if err != nil {
		return err
	}
	r.phones[name] = p
	r.made = append(r.made, p)
	return nil
}

// ParseSound reads what a phone shall say: a number for its identity tone, one or
// two frequencies such as 440Hz or 350+440Hz, a WAV file, or "silence".
func ParseSound(text string) (audio.Sound, error) {
	if text == "" || text == "silence" {
		return audio.Sound{}, nil
	}
	if n, err := strconv.Atoi(text); err == nil {
		return audio.Sound{Tone: audio.IdentityTone(n)}, nil
	}
	if strings.HasSuffix(strings.ToLower(text), ".wav") {
		f, err := os.Open(text)
		if err != nil {
			return audio.Sound{}, err
		}
		defer f.Close()
		a, err := codec.ReadWAV(f)
		if err != nil {
			return audio.Sound{}, fmt.Errorf("%s: %w", text, err)
		}
		return audio.Sound{Recording: a}, nil
	}
	t, err := ParseTone(text)
	return audio.Sound{Tone: t}, err
}

// ParseTone reads one or two frequencies in hertz: "440", "440Hz", "350+440".
func ParseTone(text string) (codec.Tone, error) {
	text = strings.TrimSuffix(strings.ToLower(text), "hz")
	first, second, two := strings.Cut(text, "+")
	var t codec.Tone
	var err error
	if t.First, err = strconv.ParseFloat(first, 64); err == nil && two {
		t.Second, err = strconv.ParseFloat(second, 64)
	}
	if err == nil && (t.First < 50 || t.First > 7000 || two && (t.Second < 50 || t.Second > 7000)) {
		err = errors.New("a tone has 50 to 7000 Hz")
	}
	if err != nil {
		return codec.Tone{}, fmt.Errorf("tone %q: %w", text, err)
	}
	if two && t.Second < t.First {
		t.First, t.Second = t.Second, t.First
	}
	return t, nil
}
