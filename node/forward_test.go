package node

import (
	"context"
	"errors"
	"testing"

	"tandem/call/signal"
	"tandem/fault"
)

// TestQ33_ForwardToItselfCancels sets and ends the forwarding of a line as phones do.
func TestQ33_ForwardToItselfCancels(t *testing.T) {
	n, _ := standalone(t)
	apply(t, n, "testdata/site.yaml")
	n.settle(t)
	line := signal.LineRef{Number: "2001", Partition: "house"}
	forwarded := func() string {
		t.Helper()
		n.settle(t)
		info, ok := n.live().Line(line)
		if !ok {
			t.Fatal("the line is gone")
		}
		return info.ForwardAll.Destination
	}
	set := func(to string) error {
		_, err := n.membership.setForwardAll(context.Background(), "SIP2001", "SIP2001", line, to)
		return err
	}
	if err := set("2002"); err != nil || forwarded() != "2002" {
		t.Fatalf("%v, forwarded to %q", err, forwarded())
	}
	if err := set("2001"); err != nil || forwarded() != "" {
		t.Errorf("forwarding to itself: %v, forwarded to %q", err, forwarded())
	}
	if err := set("2003"); err != nil || forwarded() != "2003" {
		t.Fatalf("%v, forwarded to %q", err, forwarded())
	}
	if err := set("7777"); !errors.Is(err, fault.ForwardUnreachable) || forwarded() != "2003" {
		t.Errorf("a number that nobody has: %v, forwarded to %q", err, forwarded())
	}
	if err := set(""); err != nil || forwarded() != "" {
		t.Errorf("ended: %v, forwarded to %q", err, forwarded())
	}
}
