package node

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tandem/call/signal"
	"tandem/provision"
	"tandem/service"
	"tandem/service/trace"
)

// TestLadderOfTransferredCall: the messages of a consultation are in the ladder of the call that goes on, under either
// identifier, and every fact still reaches the call records.
func TestLadderOfTransferredCall(t *testing.T) {
	n := &Node{ladders: trace.NewLadders(trace.LadderOptions{})}
	call, consultation := signal.CallID{Manager: 1, Call: 1001}, signal.CallID{Manager: 1, Call: 1002}
	n.ladders.Add(call.String(), trace.Message{Summary: "first"})
	n.ladders.Add(consultation.String(), trace.Message{Summary: "second"})
	var told []signal.Fact
	facts := n.facts(func(f signal.Fact) { told = append(told, f) })
	facts(signal.Progress{Call: call})
	facts(signal.CallsJoined{Call: call, Other: consultation})
	for _, id := range []signal.CallID{call, consultation} {
		if l, ok := n.ladders.Of(id.String()); !ok || len(l.Messages) != 2 {
			t.Errorf("the ladder of %v has %d messages, want those of both calls", id, len(l.Messages))
		}
	}
	if len(told) != 2 {
		t.Errorf("%d facts reached the records, want 2", len(told))
	}
}

// TestFilesNameThePortsThatListen: files are served before call processing listens, and while it is restarted; they name
// the ports at which it is reached whenever it is.
func TestFilesNameThePortsThatListen(t *testing.T) {
	n, _ := standalone(t)
	apply(t, n, "testdata/site.yaml")
	file := func() string {
		t.Helper()
		request := provision.Request{Name: "SEP0000AAAA2003.cnf.xml", Local: netip.MustParseAddr("127.0.0.1"), At: time.Now()}
		f, err := n.files.Open(context.Background(), request)
		for end := time.Now().Add(5 * time.Second); err != nil; f, err = n.files.Open(context.Background(), request) {
			if time.Now().After(end) { // the configuration was not followed
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
		defer f.Close()
		text, err := io.ReadAll(io.NewSectionReader(f.Content, 0, f.Size))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	check := func(when string) {
		t.Helper()
		_, port, _ := net.SplitHostPort(n.Listening()["sccp"])
		if want := fmt.Sprintf("<ethernetPhonePort>%s</ethernetPhonePort>", port); port == "" || !strings.Contains(file(), want) {
			t.Errorf("%s: the file does not name port %q:\n%s", when, port, file())
		}
	}
	check("at first")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	before := file()
	if err := n.services.Stop(ctx, service.CallManager); err != nil {
		t.Fatal(err)
	}
	if file() != before {
		t.Error("the file changed because call processing stopped")
	}
	if err := n.services.Start(ctx, service.CallManager); err != nil {
		t.Fatal(err)
	}
	check("after a restart")
}

// TestNoPortIsNotAPort: before call processing ever listened on a port that the system chooses, files name the standard one.
func TestNoPortIsNotAPort(t *testing.T) {
	s := Settings{Ports: Ports{SCCP: Ephemeral, SIP: Ephemeral, SIPS: 5071}}
	n := &Node{settings: s, ports: newBound(s, false, nil, t.TempDir()+"/ports")}
	if p := n.phonePorts(); p != (provision.Ports{SCCP: 2000, SIP: 5060, SecureSIP: 5071}) {
		t.Errorf("ports %+v", p)
	}
}
