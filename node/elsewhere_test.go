package node

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"tandem/admin/client"
	"tandem/call/signal"
)

// deaf is a device that does nothing.
type deaf struct{}

func (deaf) Command(signal.HalfCallID, signal.Command) {}
func (deaf) LineChanged(signal.LineState)              {}

// TestDevicesOfTheWholeCluster registers 30,000 devices at one server and lists them at the other, which also knows where they are when
// one of them comes to it.
func TestDevicesOfTheWholeCluster(t *testing.T) {
	devices := 30000
	if testing.Short() {
		devices = 300
	}
	nodes := newCluster(t, 2)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	until(t, "each sees the other", func() error {
		for _, n := range nodes {
			if len(n.membership.mesh.Peers()) != 1 || n.exchange == nil {
				return errors.New("not yet")
			}
		}
		return nil
	})
	for i := range devices {
		nodes[1].exchange.Attach(signal.Attachment{Device: fmt.Sprintf("SEP%012X", i), Protocol: "SCCP", Incarnation: 1, Since: time.Now(),
			Address: netip.MustParseAddrPort("127.0.0.1:2000"), Load: "SCCP42.9-4-2"}, deaf{})
	}
	api := client.Local(SocketPath(nodes[0].options.Data))
	defer api.Close()
	var took time.Duration
	until(t, "all devices at the other server", func() error {
		began := time.Now()
		list, err := api.Registrations(ctx, client.RegistrationQuery{})
		took = time.Since(began)
		if err != nil || len(list.NotAsked) != 0 {
			return fmt.Errorf("%v, not asked: %v", err, list.NotAsked)
		}
		here := 0
		for _, d := range list.Devices {
			if d.Server == "cm2" && d.State == client.Registered {
				here++
			}
		}
		if here != devices {
			return fmt.Errorf("%d devices at cm2", here)
		}
		return nil
	})
	for range 3 { // what it takes when nothing else goes on
		began := time.Now()
		if _, err := api.Registrations(ctx, client.RegistrationQuery{}); err != nil {
			t.Fatal(err)
		}
		took = min(took, time.Since(began))
	}
	t.Logf("%d devices were listed in %s", devices, took)
	if took > 5*time.Second {
		t.Errorf("the list took %s, a second is wanted", took)
	}
	if at, ok := nodes[0].registeredAt(nodes[0].exchange)("SEP000000000007"); !ok || at != "cm2" {
		t.Errorf("cm1 finds the device at %q", at)
	}
	if at, ok := nodes[1].registeredAt(nodes[1].exchange)("SEP000000000007"); ok {
		t.Errorf("at the server itself the device comes from %q", at)
	}
	if at, ok := nodes[0].registeredAt(nodes[0].exchange)("SEP999999999999"); ok {
		t.Errorf("a device that is nowhere is at %q", at)
	}
}
