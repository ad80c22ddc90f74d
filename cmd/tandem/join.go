package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"tandem/fault"
	"tandem/node"
)

type joinCommand struct {
	Publisher      string `arg:"" optional:"" placeholder:"PUBLISHER" help:"Name or address of the publisher, with a port if it is not the token's. Absent: the one in the token."`
	Data           string `required:"" env:"TANDEM_DATA" type:"path" placeholder:"DIR" help:"Directory for everything that the server keeps; empty or not there yet."`
	Name           string `required:"" placeholder:"NAME" help:"Name of this server, such as cm2."`
	Address        string `placeholder:"IP" help:"Address to listen on, and at which phones and the other servers reach it. Absent: all, and the one that leads to the publisher."`
	Token          string `env:"TANDEM_JOIN_TOKEN" placeholder:"TOKEN" help:"Join token: join-token create makes one at the publisher. Absent: it is asked for."`
	PassphraseFile string `type:"path" placeholder:"FILE" help:"File with the cluster's private pass-phrase. Absent: it is asked for."`
	portFlags
}

// Run joins. What cannot succeed is refused before anything secret is asked for.
func (j *joinCommand) Run(ctx context.Context, c *console) error {
	o := node.JoinOptions{Data: j.Data, Name: j.Name, Address: j.Address, Ports: j.ports(), Publisher: j.Publisher, Version: version}
	if err := node.CheckServer(o); err != nil {
		return err
	}
	var err error
	if o.Token = strings.TrimSpace(j.Token); o.Token == "" {
		if o.Token, err = askSecret(ctx, c, "Join token: ", "--token"); err != nil {
			return err
		}
	}
	target, err := node.CheckToken(o)
	if err != nil {
		return err
	}
	if j.PassphraseFile != "" {
		o.Passphrase, err = readPassphrase(j.PassphraseFile)
	} else {
		o.Passphrase, err = askSecret(ctx, c, "The cluster's pass-phrase: ", "--passphrase-file")
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.err, "Joining the cluster at %s …\n", clean(target))
	r, err := node.Join(ctx, o)
	if err != nil {
		return err
	}
	j.tell(c.out, r)
	return nil
}

// tell says what was checked, what this server is now, and what comes next.
func (j *joinCommand) tell(w io.Writer, r *node.Joined) {
	fmt.Fprintf(w, "\n%s is a server of the cluster now, a subscriber of %s.\n\n", clean(j.Name), clean(r.Publisher))
	t := newTable(w)
	t.row("  servers", strings.Join(r.Servers, ", "))
	t.row("  its number", r.Node)
	t.row("  its address", strings.Join(r.Addresses, ", "))
	t.row("  its data", j.Data)
	t.end()
	fmt.Fprintln(w, "\nChecked: the cluster is the one that the token names; the pass-phrase; the version; the clock; that nobody else has\nthe name, the address or the identity; how names resolve.")
	writeFound(w, r.Warnings)
	fmt.Fprintf(w, "\nStart it with: tandem serve --data %s\nIt takes its copy of the configuration and of the files then, and is ready when it has them.\n", j.Data)
}

// writeFound tells what was found that does not stand in the way. What concerns names comes as one, because it comes for each pair of
// servers.
func writeFound(w io.Writer, all []*fault.Error) {
	if len(all) == 0 {
		fmt.Fprintln(w, "Nothing was found amiss.")
		return
	}
	fmt.Fprintln(w, "This was found, and does not stand in the way:")
	var names []string
	for _, f := range all {
		switch f.Code {
		case fault.NameForwardMissing, fault.NameForwardOther, fault.NameReverseMissing, fault.NameReverseOther:
			names = append(names, f.Message)
		default:
			fmt.Fprintln(w)
			writeNotice(w, noticeOf(f))
		}
	}
	if len(names) == 0 {
		return
	}
	fmt.Fprintln(w)
	for _, n := range names[:min(len(names), namesShown)] {
		fmt.Fprintf(w, "  %s\n", clean(n))
	}
	if more := len(names) - namesShown; more > 0 {
		fmt.Fprintf(w, "  … and %d more of the kind.\n", more)
	}
	fmt.Fprintln(w, "  Why:   DNS or /etc/hosts does not know the servers, or not both ways.")
	fmt.Fprintln(w, "  Do:    `tandem doctor names` shows what each server finds. Servers use addresses among themselves; what uses names will fail.")
}

// namesShown is how many findings about names are shown; doctor names shows all.
const namesShown = 6

// askSecret asks for something at the terminal that nobody is to read over a shoulder. Without a terminal the flag is the only way.
func askSecret(ctx context.Context, c *console, what, flag string) (string, error) {
	f, ok := c.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", fault.New(fault.CommandUsage, "cause", flag+" is missing, and there is no terminal at which to ask")
	}
	before, err := term.GetState(int(f.Fd()))
	if err != nil {
		return "", err
	}
	fmt.Fprint(c.err, what)
	type answer struct {
		text []byte
		err  error
	}
	given := make(chan answer, 1)
	go func() { // ends with the line; who interrupts the command ends the program too
		text, err := term.ReadPassword(int(f.Fd()))
		given <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		_ = term.Restore(int(f.Fd()), before)
		fmt.Fprintln(c.err)
		return "", ctx.Err()
	case a := <-given:
		fmt.Fprintln(c.err)
		if a.err != nil {
			return "", a.err
		}
		return strings.TrimRight(string(a.text), "\r\n"), nil
	}
}

// passphraseLimit bounds the size of a pass-phrase file.
const passphraseLimit = 4096

// readPassphrase reads a file that holds a pass-phrase and nothing else.
func readPassphrase(file string) (string, error) {
	text, err := readFile(file, passphraseLimit)
	if err != nil {
		return "", err
	}
	passphrase := strings.TrimRight(string(text), "\r\n")
	if passphrase == "" {
		return "", fault.New(fault.PassphraseWeak, "length", 0, "minimum", 16)
	}
	return passphrase, nil
}
