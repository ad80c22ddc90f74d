package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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
	ts.Check(tellPorts(ts.Getenv("WORK"), args[2], flags))
	for i, use := range portNames {
		_, port, _ := strings.Cut(flags[i], "=")
		ts.Setenv(use+"_"+args[2], port)
	}
	flags = append(flags, "--data", args[1], "--name", args[2], "--address", args[3])
	err = ts.Exec("tandem", append(append([]string{args[0]}, args[4:]...), flags...)...)
	switch {
	case neg && err == nil:
		ts.Fatalf("it was not refused")
	case !neg:
		ts.Check(err)
	}
}

// tellPorts puts the server's ports into the scripts of phones: $sip_cm1 and the like.
func tellPorts(dir, name string, flags []string) error {
	scripts, err := filepath.Glob(filepath.Join(dir, "*.phones"))
	if err != nil {
		return err
	}
	for _, file := range scripts {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for i, use := range portNames {
			_, port, _ := strings.Cut(flags[i], "=")
			text = []byte(strings.ReplaceAll(string(text), "$"+use+"_"+name, port))
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// servers are how those that run for a script are killed, by their directories.
type servers map[string]func()

// serve is the command of scripts "serve DIR": the server of the directory runs in the background until "crash DIR", or the script's
// end, and is ready.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve DIR")
	}
	running, ok := ts.Value(serversKey{}).(servers)
	if !ok {
		ts.Fatalf("the script keeps no servers")
	}
	_, running[args[0]] = serveInBackground(ts, ts.MkAbs(args[0]))
	ts.Check(ts.Exec("tandem", "status", "--wait", "--data", args[0]))
}

// serversKey is where a script keeps its servers.
type serversKey struct{}

// crash is the command of scripts "crash DIR": the server of the directory is killed.
func crash(ts *testscript.TestScript, neg bool, args []string) {
	running, _ := ts.Value(serversKey{}).(servers)
	if neg || len(args) != 1 || running[args[0]] == nil {
		ts.Fatalf("usage: crash DIR, after serve DIR")
	}
	running[args[0]]()
}

// joinToken is the command of scripts "token VARIABLE [ARGUMENT…]": it sets the variable to a new join token.
func joinToken(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: token VARIABLE [ARGUMENT…]")
	}
	ts.Setenv(args[0], newToken(ts, args[1:]...))
}

func newToken(ts *testscript.TestScript, args ...string) string {
	ts.Check(ts.Exec("tandem", append([]string{"join-token", "create", "-o", "json"}, args...)...))
	var token client.JoinToken
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &token))
	return token.Token
}

// tokenFile is the command of scripts "tokenfile FILE WORD…": a file with what a person types at join: a new token, and the pass-phrase.
func tokenFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: tokenfile FILE WORD…")
	}
	text := newToken(ts) + "\n" + strings.Join(args[1:], " ") + "\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// eventually is the command of scripts "eventually PATTERN PROGRAM …": the program is run again until its standard output has the pattern, in
// which ^ and $ are lines' ends.
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually PATTERN PROGRAM [ARGUMENT…]")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	end := time.Now().Add(30 * time.Second)
	for {
		err := ts.Exec(args[1], args[2:]...)
		if out := ts.ReadFile("stdout"); pattern.MatchString(out) {
			return
		} else if time.Now().After(end) {
			ts.Fatalf("%q was never said; the last time: %v", args[0], err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
