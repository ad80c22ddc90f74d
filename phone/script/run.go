package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tandem/phone"
	"tandem/phone/audio"
)

// Runner runs statements on a set of phones.
type Runner struct {
	// Out gets a line for each statement.
	Out io.Writer
	// Base is copied for phones that the script makes; it may be the zero value.
	Base phone.Config

	phones map[string]*phone.Phone
	made   []*phone.Phone
	engine *audio.Engine
}

// NewRunner makes a runner with the phone that lines without a name are for; it may
// be nil when every line has a name.
func NewRunner(out io.Writer, standard *phone.Phone, base phone.Config) *Runner {
	r := &Runner{Out: out, Base: base, phones: map[string]*phone.Phone{}, engine: base.Engine}
	if standard != nil {
		r.phones[""] = standard
	}
	return r
}

// Add gives a phone a name in the script.
func (r *Runner) Add(name string, p *phone.Phone) { r.phones[name] = p }

// Close closes the phones that the script made.
func (r *Runner) Close() {
	for _, p := range r.made {
		p.Close()
	}
}

// Run reads a whole script and runs it on a phone. It stops at the first statement
// that fails, and returns what failed with its line.
func Run(ctx context.Context, standard *phone.Phone, base phone.Config, in io.Reader, out io.Writer) error {
	statements, err := Parse(in)
	if err != nil {
		return err
	}
	r := NewRunner(out, standard, base)
	defer r.Close()
	for _, s := range statements {
		if err := r.Do(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// Do runs one statement and writes what came of it.
func (r *Runner) Do(ctx context.Context, s Statement) error {
	begin := time.Now()
	err := r.do(ctx, s)
	mark, took := "ok    ", time.Since(begin).Round(time.Millisecond)
	if err != nil {
		mark = "FAILED"
	}
	if s.Verb != "say" && s.Verb != "show" && s.Verb != "trace" {
		fmt.Fprintf(r.Out, "%s %4d  %-50s %v\n", mark, s.Line, s.Text, took)
	}
	if err != nil {
		return fmt.Errorf("line %d: %s: %w", s.Line, s.Text, err)
	}
	return nil
}

func (r *Runner) do(ctx context.Context, s Statement) error {
	v, ok := verbs[s.Verb]
	if !ok {
		return fmt.Errorf("unknown command %q", s.Verb)
	}
	within := s.Within
	if within <= 0 {
		within = DefaultWithin
	}
	if s.Verb == "wait" {
		within = 0
	}
	if within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, within)
		defer cancel()
	}
	if v.alone != nil {
		return v.alone(ctx, r, s)
	}
	p := r.phones[s.Phone]
	if p == nil {
		if s.Phone == "" {
			return errors.New("the script has no phone of its own: begin the line with the name of one")
		}
		return fmt.Errorf("there is no phone %q", s.Phone)
	}
	return v.do(ctx, r, p, s)
}
