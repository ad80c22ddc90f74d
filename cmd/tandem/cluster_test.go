package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tandem/admin/client"
)

// portNames are the flags that move a port; every server of a script gets ports of its own.
var portNames = []string{"sccp", "sip", "sips", "tftp", "provisioning", "web", "replication", "signals", "files"}

// clusterPorts chooses all ports before the server starts, because the other servers and phones look for it there.
func clusterPorts() ([]string, error) {
	var flags []string
	for _, name := range portNames {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		flags = append(flags, fmt.Sprintf("--%s-port=%d", name, port))
	}
	return flags, nil
}

// newServer is the command of scripts "newserver init|join DIR NAME IP ARGUMENT…": tandem init or join, with ports of the test's choice.
func newServer(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 4 {
		ts.Fatalf("usage: newserver init|join DIR NAME IP [ARGUMENT…]")
	}
	flags, err := clusterPorts()
	ts.Check(err)
	flags = append(flags, "--data", args[1], "--name", args[2], "--address", args[3])
	err = ts.Exec("tandem", append(append([]string{args[0]}, args[4:]...), flags...)...)
	switch {
	case neg && err == nil:
		ts.Fatalf("it was not refused")
	case !neg:
		ts.Check(err)
	}
}

// servers are those that run for a script, by the variable that is set while they do.
type servers map[string]func()

// serve is the command of scripts "serve DIR": the server of the directory runs in the background until "stop DIR", or the script's
// end, and is ready.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve DIR")
	}
	running, ok := ts.Value(serversKey{}).(servers)
	if !ok {
		ts.Fatalf("the script keeps no servers")
	}
	running[args[0]] = serveInBackground(ts, ts.MkAbs(args[0]))
	ts.Check(ts.Exec("tandem", "status", "--wait", "--data", args[0]))
}

// serversKey is where a script keeps its servers.
type serversKey struct{}

// stop is the command of scripts "stop DIR".
func stop(ts *testscript.TestScript, neg bool, args []string) {
	running, _ := ts.Value(serversKey{}).(servers)
	if neg || len(args) != 1 || running[args[0]] == nil {
		ts.Fatalf("usage: stop DIR, after serve DIR")
	}
	running[args[0]]()
}

// joinToken is the command of scripts "token VARIABLE [ARGUMENT…]": it sets the variable to a new join token.
func joinToken(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: token VARIABLE [ARGUMENT…]")
	}
	ts.Check(ts.Exec("tandem", append([]string{"join-token", "create", "-o", "json"}, args[1:]...)...))
	var token client.JoinToken
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &token))
	ts.Setenv(args[0], token.Token)
}

// eventually is the command of scripts "eventually TEXT PROGRAM …": the program is run again until its standard output has the text.
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually TEXT PROGRAM [ARGUMENT…]")
	}
	end := time.Now().Add(30 * time.Second)
	for {
		err := ts.Exec(args[1], args[2:]...)
		if out := ts.ReadFile("stdout"); strings.Contains(out, args[0]) {
			return
		} else if time.Now().After(end) {
			ts.Fatalf("%q was never said; the last time: %v", args[0], err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
