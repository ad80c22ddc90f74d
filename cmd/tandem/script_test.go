package main

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"tandem/admin/client"
)

// scriptCommands are the commands of scripts beyond those of testscript.
var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	"server":     startServer,
	"exits":      exits,
	"firstcall":  firstCall,
	"livecall":   liveCall,
	"secret":     secret,
	"newserver":  newServer,
	"serve":      serve,
	"crash":      crash,
	"token":      joinToken,
	"tokenfile":  tokenFile,
	"eventually": eventually,
}

// exits is the command of scripts "exits N PROGRAM …": the program must end with exactly that status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM [ARGUMENT…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var ended *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &ended) {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("it ended with status %d, want %d", got, want)
	}
}

// firstCall is the command of scripts "firstcall VARIABLE": it sets the variable to the identifier of the oldest call.
func firstCall(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: firstcall VARIABLE")
	}
	ts.Check(ts.Exec("tandem", "calls", "-o", "json"))
	var records []client.Record
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &records))
	if len(records) == 0 {
		ts.Fatalf("there is no call record")
	}
	ts.Setenv(args[0], records[len(records)-1].Call)
}

// liveCall is the command of scripts "livecall VARIABLE": it sets the variable to the identifier of a call in progress.
func liveCall(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: livecall VARIABLE")
	}
	ts.Check(ts.Exec("tandem", "calls", "--live", "-o", "json"))
	var sides []client.LiveCall
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &sides))
	if len(sides) == 0 {
		ts.Fatalf("no call is in progress")
	}
	ts.Setenv(args[0], sides[0].Call)
}

// secret is the command of scripts "secret VARIABLE": it sets the variable to the token that the last command made.
func secret(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: secret VARIABLE")
	}
	var token client.Token
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &token))
	if token.Secret == "" {
		ts.Fatalf("no token was shown")
	}
	ts.Setenv(args[0], token.Secret)
}
