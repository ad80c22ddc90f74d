// Command tandem is the whole product: the server (tandem serve) and everything that administrators do with it. What a
// command does to a server goes through the API; the commands hold nothing but their options and the way results look.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"tandem/admin/client"
	"tandem/fault"
)

// version is set by the build.
var version = "development"

// Exit statuses (the design, section 1).
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitDegraded = 3
)

// status is an error that asks for an exit status and has been told already.
type status int

// Error implements error.
func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// console is where a command reads and writes.
type console struct {
	in       io.Reader
	out, err io.Writer
}

// grammar is the command line. Each group is declared beside its commands.
type grammar struct {
	Server     serverCommands     `embed:"" group:"server"`
	Look       lookCommands       `embed:"" group:"look"`
	Configure  configureCommands  `embed:"" group:"configure"`
	Explain    explainCommands    `embed:"" group:"explain"`
	Operate    operateCommands    `embed:"" group:"operate"`
	Cluster    clusterCommands    `embed:"" group:"cluster"`
	Quarantine quarantineCommands `cmd:"" group:"cluster" help:"Call records that the publisher could not insert."`
	Tryout     tryoutCommands     `embed:"" group:"tryout"`
	Version    versionCommand     `cmd:"" group:"server" help:"Show the version of this program."`
}

var groups = []kong.Group{
	{Key: "server", Title: "The server:"},
	{Key: "look", Title: "How it is:"},
	{Key: "configure", Title: "Configuration:"},
	{Key: "explain", Title: "Why something is as it is:"},
	{Key: "operate", Title: "Operation:"},
	{Key: "cluster", Title: "The cluster:"},
	{Key: "tryout", Title: "Trying it out:"},
}

type versionCommand struct{}

// Run shows the version.
func (versionCommand) Run(c *console) error {
	_, err := fmt.Fprintln(c.out, "tandem", version)
	return err
}

func main() { os.Exit(run(os.Args[1:], &console{os.Stdin, os.Stdout, os.Stderr})) }

// run is main with its surroundings given.
func run(args []string, c *console) (exit int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var g grammar
	leave := -1
	parser, err := kong.New(&g, kong.Name("tandem"), kong.Description("A call manager: phones register, calls are routed, connected and recorded."),
		kong.ExplicitGroups(groups), kong.Writers(c.out, c.err), kong.Exit(func(code int) { leave = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(c))
	if err != nil {
		fmt.Fprintln(c.err, err)
		return exitUsage
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	chosen, err := parser.Parse(args)
	if leave >= 0 { // --help was answered
		return leave
	}
	if err != nil {
		return tell(c, fault.Wrap(err, fault.CommandUsage), exitUsage)
	}
	if err := chosen.Run(); err != nil {
		return tell(c, err, exitFailed)
	}
	return exitDone
}

// tell shows an error to a person and gives the exit status.
func tell(c *console, err error, exit int) int {
	var s status
	var several *client.Refused
	var f *fault.Error
	switch {
	case errors.As(err, &s):
		return int(s)
	case errors.As(err, &several):
		for _, p := range several.Problems {
			fmt.Fprintln(c.err, p.Text())
		}
		if several.More > 0 {
			fmt.Fprintf(c.err, "… and %d more.\n", several.More)
		}
	case errors.As(err, &f):
		fmt.Fprintln(c.err, f.Text())
		if f.Code == fault.CommandUsage {
			return exitUsage
		}
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(c.err, "Interrupted.")
	default:
		fmt.Fprintln(c.err, err)
	}
	return exit
}
