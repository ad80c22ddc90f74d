// Package demo is what `tandem demo` shows: a throw-away server on the loopback address, two SIP and two SCCP phones, and
// calls between all of them with hold, transfer and a forwarding, each judged by what the phones heard and by the record
// that the server wrote, and drawn as a ladder of messages. `tandem demo --cluster` shows three servers of which two are killed
// while people talk (RunCluster).
//
// The servers come from sim/lab, phones from package phone or, for a program that is not ours, from sim/peer.
package demo

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"tandem/sim/lab"
)

// Options say how the demonstration is given.
type Options struct {
	// Stdout gets all that is shown.
	Stdout io.Writer
	// Color uses terminal sequences.
	Color bool
	// Width of the screen in columns; 0 means 80.
	Width int
	// Phone names a program that takes the place of one SIP phone; "baresip" or "".
	Phone string
	// Verbose draws every message of a call, not only the telling ones.
	Verbose bool
}

//go:embed site.yaml
var site []byte

// limit bounds the whole demonstration.
const limit = 2 * time.Minute

// Phones that may take the place of one of ours.
const baresip = "baresip"

// errWrong: the demonstration ran, and something was not as it should be. What, has been shown.
var errWrong = errors.New("the demonstration found something wrong")

// Run gives the demonstration. It returns nil only if every call went as it should, every phone heard what it should, every
// record was right and no phone had anything to complain about.
func Run(ctx context.Context, o Options) (err error) {
	if o.Phone != "" && o.Phone != baresip {
		return fmt.Errorf("there is no phone called %s for the demonstration: choose %s, or none", o.Phone, baresip)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	p := newPrinter(o)
	p.title("a server, four phones, eleven calls, and what came of them")
	server, err := lab.Start(ctx, lab.Options{Site: site})
	if err != nil {
		return fmt.Errorf("the server for the demonstration did not start: %w", err)
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	p.server(server, time.Since(began))

	directory, err := os.MkdirTemp("", "tandem-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	s := &stage{ctx: ctx, server: server, print: p}
	defer s.close()
	if err := s.enter(o.Phone, directory); err != nil {
		return err
	}
	for i, scene := range scenes {
		if ctx.Err() != nil {
			return fmt.Errorf("the demonstration took too long: %w", ctx.Err())
		}
		s.play(i+1, scene)
	}
	wrong := s.farewell()
	p.summary(s.results, wrong, time.Since(began), "calls")
	if wrong > 0 {
		return errWrong
	}
	return nil
}
