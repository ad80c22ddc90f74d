package screen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"tandem/phone"
)

// Keys of the keyboard beside digits and soft keys.
const (
	keyEnter     = '\r'
	keyNewline   = '\n'
	keyBackspace = 127
	keyErase     = '\b'
	keyQuit      = 'q'
	keyInterrupt = 3
)

// refresh is how often the picture is looked at for changes.
const refresh = 150 * time.Millisecond

// traceLines are shown when the trace is switched on.
const traceLines = 15

// Run shows the phone on out and takes key strokes from in until the user quits,
// in ends or ctx does. When in is a terminal it is switched to single key strokes
// and restored afterwards. The phone is started by it, and closed by the caller.
func Run(ctx context.Context, p *phone.Phone, model string, in io.Reader, out io.Writer) error {
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		before, err := term.MakeRaw(int(f.Fd()))
		if err != nil {
			return fmt.Errorf("terminal: %w", err)
		}
		defer func() {
			_ = term.Restore(int(f.Fd()), before)
		}()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	u := &user{p: p, model: model, out: out, ctx: ctx}
	go func() {
		if err := p.Start(ctx); err != nil && ctx.Err() == nil {
			u.say(err)
		}
	}()
	// Reading cannot be interrupted: the reader ends with its input, at the latest
	// with the process, and its last key is lost.
	keys := make(chan byte)
	go func() {
		defer close(keys)
		one := make([]byte, 1)
		for {
			if _, err := in.Read(one); err != nil {
				return
			}
			select {
			case keys <- one[0]:
			case <-ctx.Done():
				return
			}
		}
	}()
	ticker := time.NewTicker(refresh)
	defer ticker.Stop()
	fmt.Fprint(out, "\x1b[2J")
	defer fmt.Fprint(out, "\r\n")
	for {
		u.draw()
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case k, ok := <-keys:
			if !ok || k == keyQuit || k == keyInterrupt {
				return nil
			}
			u.say(u.stroke(k))
		}
	}
}

// user is the person at the keyboard. Its fields are used by Run's goroutine alone,
// except message, which say guards.
type user struct {
	p      *phone.Phone
	model  string
	out    io.Writer
	ctx    context.Context
	number string
	trace  bool
	drawn  string
	text   safeText
}

func (u *user) say(err error) {
	if err == nil {
		u.text.set("")
		return
	}
	u.text.set(err.Error())
}

// draw writes the picture if it has changed.
func (u *user) draw() {
	v := View{Name: u.p.Name(), Model: u.model, Number: u.number, Message: u.text.get(), Now: time.Now()}
	if u.trace {
		v.Trace = u.p.Trace()
		v.Trace = v.Trace[max(0, len(v.Trace)-traceLines):]
	}
	picture := Render(u.p.State(), v)
	if picture == u.drawn {
		return
	}
	u.drawn = picture
	// Home, each line erased to its end, and what is below erased.
	fmt.Fprint(u.out, "\x1b[H"+strings.ReplaceAll(picture, "\n", "\x1b[K\r\n")+"\x1b[J")
}

// stroke does what a key means.
func (u *user) stroke(k byte) error {
	s := u.p.State()
	busy := len(s.Calls) > 0
	switch {
	case k >= '0' && k <= '9' || k == '*' || k == '#':
		if busy {
			return u.p.Key(k)
		}
		if len(u.number) < 40 {
			u.number += string(k)
		}
		return nil
	case k == keyBackspace || k == keyErase:
		if u.number != "" {
			u.number = u.number[:len(u.number)-1]
		}
		return nil
	case k == keyEnter || k == keyNewline:
		number := u.number
		u.number = ""
		if number == "" {
			return errors.New("type a number first")
		}
		return u.p.DialEnBloc(number)
	case k == 'l':
		if s.OffHook {
			return u.p.ReplaceHandset()
		}
		return u.p.LiftHandset()
	case k == 'p':
		return u.p.Speaker()
	case k == 'm':
		return u.p.Messages()
	case k == 't':
		u.trace = !u.trace
		return nil
	}
	if i := strings.IndexByte(softKeyLetters, k); i >= 0 {
		if i >= len(s.SoftKeys) {
			return fmt.Errorf("there is no soft key over %c", k)
		}
		return u.p.SoftKey(s.SoftKeys[i])
	}
	return nil
}
