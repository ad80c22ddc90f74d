// Command bench measures a whole server, next to Kamailio on the same machine in the same run. It prints figures and ratios
// and asserts nothing. The server runs on one core, the load on the others; the load comes from SIPp and from our own
// test phones.
//
// Benchmarks of single packages are ordinary Go benchmarks, beside what they measure.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"time"

	"tandem/sim/lab"
)

// bench is one run.
type bench struct {
	ctx   context.Context
	dir   string
	quick bool
	began time.Time
}

// parts in the order in which they are measured.
var parts = []struct {
	name, about string
	run         func(*bench) error
}{
	{"rest", "a server with an empty site", (*bench).rest},
	{"start", "start-up with 10,000 phones configured", (*bench).startUp},
	{"registrations", "SIP registrations with digest, from SIPp", (*bench).registrations},
	{"calls", "SIP calls with digest and direct media, from SIPp", (*bench).calls},
	{"memory", "memory of registrations and held calls: slopes between two sizes after a collection", (*bench).memory},
	{"sccp", "SCCP phones calling each other, without media", (*bench).sccp},
	{"cluster", "three servers: replication, joining, rest, failover, storm, calls between them", (*bench).cluster},
	{"packages", "look-ups and codecs, benchmarks of the packages", (*bench).packages},
}

func main() {
	lab.Serve()
	quick := flag.Bool("quick", false, "measure once and shortly; for trying the program out")
	only := flag.String("only", "", "measure only these parts, separated by commas")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: bench [-quick] [-only PART,PART…]\n\nParts:")
		for _, p := range parts {
			fmt.Fprintf(flag.CommandLine.Output(), "  %-14s %s\n", p.name, p.about)
		}
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "tandem-bench-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer os.RemoveAll(dir)
	b := &bench{ctx: ctx, dir: dir, quick: *quick, began: time.Now()}
	fmt.Printf("%s, %d cores, %s, %s\n", processor(), runtime.NumCPU(), kernel(), runtime.Version())
	failed := false
	for _, p := range parts {
		if *only != "" && !strings.Contains(","+*only+",", ","+p.name+",") {
			continue
		}
		fmt.Printf("\n%s: %s\n", p.name, p.about)
		if err := p.run(b); err != nil {
			fmt.Printf("  not measured: %v\n", err)
			failed = true
		}
		if ctx.Err() != nil {
			break
		}
	}
	fmt.Printf("\nmeasured in %v\n", time.Since(b.began).Round(time.Second))
	if failed {
		os.RemoveAll(dir)
		os.Exit(1)
	}
}

// figure prints one figure. limit is what is aimed at, or what another program reached; empty: nothing.
func figure(what, value, limit string) {
	if limit != "" {
		limit = "   " + limit
	}
	fmt.Printf("  %-58s %14s%s\n", what, value, limit)
}
