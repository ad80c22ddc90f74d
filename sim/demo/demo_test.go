package demo

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"tandem/service/trace"
	"tandem/sim/lab"
)

func TestMain(m *testing.M) {
	lab.Serve() // this program again, as a server
	os.Exit(m.Run())
}

// The demonstration of a cluster holds, with the publisher and a subscriber killed in mid-call (T-13, T-15, T-16, T-18).
func TestClusterDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	var out bytes.Buffer
	if err := RunCluster(t.Context(), ClusterOptions{Options: Options{Stdout: &out}}); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	text := out.String()
	for _, want := range []string{"All is well", "INVITE", "is killed", "features are off", "equal, by hash", "exactly once", "cm3", " Setup ", " Release "} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not show %q:\n%s", want, text)
		}
	}
	fits(t, text)
}

func fits(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := shown(strings.TrimRight(line, "\n")); n > narrowest {
			t.Errorf("a line of %d columns on a screen of %d: %s", n, narrowest, line)
		}
	}
}

// The demonstration is right with a phone that others wrote in the place of one of ours.
func TestDemoWithBaresip(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	var out bytes.Buffer
	if err := Run(t.Context(), Options{Stdout: &out, Phone: "baresip"}); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	text := out.String()
	for _, want := range []string{"All is well", "INVITE", "softkey Answer", "→ 3002", "baresip"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not show %q:\n%s", want, text)
		}
	}
	fits(t, text)
}

func TestUnknownProgramIsRefused(t *testing.T) {
	if err := Run(t.Context(), Options{Phone: "xlite"}); err == nil || !strings.Contains(err.Error(), "baresip") {
		t.Errorf("error %v", err)
	}
}

func TestLabels(t *testing.T) {
	for _, c := range []struct {
		protocol, summary, want string
		tells                   bool
	}{
		{"SIP", "INVITE 1 INVITE, audio 4000 RTP/AVP 0 8, sendrecv", "INVITE audio", true},
		{"SIP", "INVITE 2 INVITE, audio 4000 RTP/AVP 0 8, sendonly", "INVITE hold", true},
		{"SIP", "INVITE 1 INVITE", "INVITE", true},
		{"SIP", "180 Ringing 1 INVITE", "180 Ringing", true},
		{"SIP", "200 OK 2 INVITE, audio 4000 RTP/AVP 0, recvonly", "200 OK held", true},
		{"SIP", "200 OK 3 BYE", "", false},
		{"SIP", "ACK 1 ACK", "", false},
		{"SIP", "REFER 1 REFER", "REFER", true},
		{"SCCP", "SetLamp On", "", false},
		{"SCCP", "KeypadButton 3", "keys 3", true},
		{"SCCP", "CallState RingIn", "RingIn", true},
		{"SCCP", "OpenReceiveChannel G722At64k", "OpenReceive G.722", true},
		{"SCCP", "StartMediaTransmission G711ULaw64k to 127.0.0.1:4000", "StartMedia G.711µ", true},
	} {
		text, tells := label(c.protocol, c.summary)
		if text != c.want || tells != c.tells {
			t.Errorf("%s %q: %q, %v", c.protocol, c.summary, text, tells)
		}
	}
}

// Digits keyed one after the other are one message, and what tells nothing is counted.
func TestTelling(t *testing.T) {
	actors := []*actor{{name: "Dan", number: "3004", device: "SEP1"}}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var l trace.Ladder
	for _, s := range []string{"CallState OffHook", "KeypadButton 3", "SelectSoftKeys Digits", "KeypadButton 0", "KeypadButton 0", "KeypadButton 1"} {
		m := trace.Message{Time: at, From: "SEP1", To: "cm1", Protocol: "SCCP", Summary: s}
		if !strings.HasPrefix(s, "Keypad") {
			m.From, m.To = m.To, m.From
		}
		l.Messages = append(l.Messages, m)
	}
	p := telling(l, "cm1", actors, false)
	if len(p.ladder.Messages) != 2 || p.ladder.Messages[1].Summary != "keys 3001" || p.ladder.Messages[1].From != "Dan 3004" || p.left != 4 {
		t.Errorf("%+v, left %d", p.ladder.Messages, p.left)
	}
}
