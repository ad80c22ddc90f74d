package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/admin/client"
	"tandem/call/signal"
	"tandem/confdb"
	"tandem/fault"
	"tandem/service"
	"tandem/service/alarm"
	"tandem/telephony"
)

func ready(t *testing.T, n *Node) {
	t.Helper()
	// A port may be that of somebody's outgoing connection for a moment; then it is tried again.
	until(t, n.settings.Name+" is ready", func() error {
		if r := n.services.Ready(); r.ExitStatus() != 0 {
			return fmt.Errorf("%+v", r)
		}
		return nil
	})
}

// pair runs a publisher and a subscriber, with what stops them.
func pair(t *testing.T) (nodes [2]*Node, stop [2]func(), data [2]string) {
	t.Helper()
	for i := range data {
		data[i] = filepath.Join(t.TempDir(), "data")
	}
	t.Cleanup(func() {
		for _, n := range nodes {
			if t.Failed() && n != nil {
				for _, a := range append(n.alarms.Standing(), n.alarms.History()...) {
					t.Logf("%s: %s %s %s", n.settings.Name, a.First.Format(time.RFC3339Nano), a.Message, a.Reason)
				}
			}
		}
		for _, d := range data {
			if text, err := os.ReadFile(filepath.Join(d, logDir, "tandem.log")); t.Failed() && err == nil {
				t.Logf("%s\n%s", d, text[max(0, len(text)-8000):])
			}
		}
	})
	for i := range nodes {
		name := fmt.Sprintf("cm%d", i+1)
		if i == 0 {
			ports := ports(t)
			if _, err := Init(InitOptions{Data: data[i], Name: name, Address: "127.0.0.1", Ports: ports, Passphrase: passphrase}); err != nil {
				t.Fatal(err)
			}
		} else {
			joinTo(t, nodes[0], data[i], name)
		}
		nodes[i], stop[i] = started(t, data[i])
		ready(t, nodes[i])
	}
	until(t, "the two see each other", func() error { return seeEachOther(nodes[:]...) })
	return nodes, stop, data
}

func seeEachOther(nodes ...*Node) error {
	for _, n := range nodes {
		m := held(n, func() *membership { return n.membership })
		if m == nil || len(m.mesh.Peers()) != len(nodes)-1 {
			return fmt.Errorf("%s sees too few", n.settings.Name)
		}
		r, err := m.Replication(context.Background())
		if err != nil {
			return err
		}
		for _, s := range r.Servers {
			if s.Verdict != "current" {
				return fmt.Errorf("%s finds %+v", n.settings.Name, s)
			}
		}
	}
	return nil
}

// write puts a partition into the configuration at a server.
func write(n *Node, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	store := held(n, func() *confdb.Store { return n.store })
	if store == nil {
		return errors.New("the configuration is not open")
	}
	_, err := store.Apply(ctx, *new(confdb.ChangeSet).Put(&telephony.Partition{Name: telephony.PartitionName(name)}), confdb.Options{Actor: "test"})
	return err
}

// inForce says whether call processing of a server has a partition.
func inForce(n *Node, name string) error {
	if d := n.live(); d == nil || d.Snapshot().Partition(telephony.PartitionName(name)) == nil {
		return fmt.Errorf("%s does not have %s", n.settings.Name, name)
	}
	return nil
}

// silent is a device that does nothing.
type silent struct{ signal.Port }

func (silent) LineChanged(signal.LineState)              {}
func (silent) Command(signal.HalfCallID, signal.Command) {}
func (silent) RegisteredElsewhere(uint64, signal.NodeID) {}

func register(n *Node, device string) {
	x := held(n, func() interface {
		Attach(signal.Attachment, signal.Port)
	} {
		return n.exchange
	})
	x.Attach(signal.Attachment{Device: device, Incarnation: uint64(time.Now().UnixNano()), Idle: true}, silent{})
}

// where is the server at which a device is registered, as another one knows.
func where(n *Node, device string) (signal.NodeID, bool) {
	n.mu.RLock()
	x := n.exchange
	n.mu.RUnlock()
	if x == nil {
		return 0, false
	}
	r, ok := x.Registration(device)
	return r.Node, ok
}

// TestDatabaseServiceIsRestarted: after a restart of the service that keeps the configuration a server is whole again: its calls go by
// changes of the configuration, and it is one of the cluster.
func TestDatabaseServiceIsRestarted(t *testing.T) {
	t.Parallel()
	nodes, _, _ := pair(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for i, n := range nodes {
		before := held(n, func() any { return n.exchange })
		if err := n.services.Restart(ctx, service.DatabaseLayerMonitor); err != nil {
			t.Fatal(err)
		}
		ready(t, n)
		if held(n, func() any { return n.exchange }) == before {
			t.Errorf("%s: call processing goes by a configuration that is closed", n.settings.Name)
		}
		until(t, "the two see each other again", func() error { return seeEachOther(nodes[:]...) })
		name := fmt.Sprintf("after-%d", i)
		until(t, "a change", func() error { return write(nodes[0], name) })
		for _, other := range nodes {
			until(t, "the change in force", func() error { return inForce(other, name) })
		}
		device := fmt.Sprintf("SEP00000000000%d", i)
		register(n, device)
		other := nodes[1-i]
		until(t, "a registration at the other server", func() error {
			if at, ok := where(other, device); !ok || int(at) != i+1 {
				return fmt.Errorf("%s is at %d, %v", device, at, ok)
			}
			return nil
		})
	}
}

// TestCallManagerOfOneServer: when call processing of one server is stopped the others know that its phones are gone, and when it
// is started again they learn of them; the server stays one of the cluster meanwhile.
func TestCallManagerOfOneServer(t *testing.T) {
	t.Parallel()
	nodes, _, _ := pair(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	const device = "SEP000000000001"
	for range 2 {
		register(nodes[1], device)
		until(t, "the registration is known", func() error {
			if _, ok := where(nodes[0], device); !ok {
				return errors.New("it is not")
			}
			return nil
		})
		if err := nodes[1].services.Stop(ctx, service.CallManager); err != nil {
			t.Fatal(err)
		}
		until(t, "the end of the registration is known", func() error {
			if _, ok := where(nodes[0], device); ok {
				return errors.New("it is not")
			}
			return nil
		})
		until(t, "a server without call processing is shown as one", func() error {
			all, err := nodes[0].membership.Servers(ctx)
			if err != nil {
				return err
			}
			if len(all) != 2 || !all[1].Reachable || all[1].Processing {
				return fmt.Errorf("%+v", all)
			}
			return nil
		})
		if err := write(nodes[1], "meanwhile"); err != nil {
			t.Errorf("a change at a server without call processing: %v", err)
		}
		if err := nodes[1].services.Start(ctx, service.CallManager); err != nil {
			t.Fatal(err)
		}
	}
}

// standing says whether an alarm stands at a server.
func standing(n *Node, code fault.Code) error {
	for _, a := range n.alarms.Standing() {
		if a.Code == code {
			return nil
		}
	}
	return fmt.Errorf("%s does not stand at %s", code, n.settings.Name)
}

func notStanding(n *Node, code fault.Code) error {
	if standing(n, code) == nil {
		return fmt.Errorf("%s stands at %s", code, n.settings.Name)
	}
	return nil
}

// TestSubscriberWithoutPublisher: a subscriber that starts while the publisher is down serves from its own copy at once. That administration
// waits stands as a warning until the publisher is back, and the publisher says which server is away.
func TestSubscriberWithoutPublisher(t *testing.T) {
	t.Parallel()
	nodes, stop, data := pair(t)
	if err := write(nodes[0], "before"); err != nil {
		t.Fatal(err)
	}
	until(t, "the change", func() error { return inForce(nodes[1], "before") })
	stop[0]()
	until(t, "administration waits", func() error { return standing(nodes[1], fault.PublisherUnreachable) })
	until(t, "the publisher is away", func() error { return standing(nodes[1], fault.MemberUnreachable) })
	stop[1]()
	n, halt := started(t, data[1])
	ready(t, n)
	if err := inForce(n, "before"); err != nil {
		t.Error(err)
	}
	for _, use := range []string{"sccp", "sip", "tftp"} {
		if n.Listening()[use] == "" {
			t.Errorf("%s is not served", use)
		}
	}
	if err := write(n, "without"); !errors.Is(err, fault.PublisherAway) {
		t.Errorf("a change without the publisher: %v", err)
	}
	until(t, "administration waits", func() error { return standing(n, fault.PublisherUnreachable) })
	if r := n.services.Ready(); r.ExitStatus() != 0 {
		t.Errorf("a server that serves is not ready: %+v", r)
	}
	if v, err := n.counters.Value("cluster_reachable_servers"); err != nil || v != 0 {
		t.Errorf("reachable servers %v, %v", v, err)
	}
	if v, err := n.counters.Value("replication_verdict", "cm1", "unknown"); err != nil || v != 1 {
		t.Errorf("the verdict on the publisher: %v, %v", v, err)
	}
	publisher, _ := started(t, data[0])
	ready(t, publisher)
	until(t, "the two see each other", func() error { return seeEachOther(publisher, n) })
	for _, code := range []fault.Code{fault.PublisherUnreachable, fault.MemberUnreachable} {
		until(t, "the alarm ends", func() error { return notStanding(n, code) })
	}
	if v, err := n.counters.Value("replication_verdict", "cm1", "current"); err != nil || v != 1 {
		t.Errorf("the verdict on the publisher: %v, %v", v, err)
	}
	until(t, "a change", func() error { return write(n, "after") })
	halt()
	until(t, "the subscriber is away", func() error { return standing(publisher, fault.MemberUnreachable) })
	if err := notStanding(publisher, fault.PublisherUnreachable); err != nil {
		t.Error(err)
	}
}

// TestLostCopyIsFilledAgain: a subscriber that lost its database gets it from the publisher, and waits for it with an end.
func TestLostCopyIsFilledAgain(t *testing.T) {
	t.Parallel()
	nodes, stop, data := pair(t)
	if err := write(nodes[0], "before"); err != nil {
		t.Fatal(err)
	}
	stop[1]()
	if err := os.RemoveAll(filepath.Join(data[1], databaseDir)); err != nil {
		t.Fatal(err)
	}
	n, _ := started(t, data[1])
	ready(t, n)
	until(t, "the configuration", func() error { return inForce(n, "before") })
	until(t, "the two see each other", func() error { return seeEachOther(nodes[0], n) })
}

// TestStopWhileWaitingForACopy: a server that waits for its first copy is stopped at once, and leaves its ports.
func TestStopWhileWaitingForACopy(t *testing.T) {
	t.Parallel()
	_, stop, data := pair(t)
	stop[0]()
	stop[1]()
	if err := os.RemoveAll(filepath.Join(data[1], databaseDir)); err != nil {
		t.Fatal(err)
	}
	n, halt := started(t, data[1])
	until(t, "the port of the replication", func() error {
		if n.Listening()["replication"] == "" {
			return errors.New("it does not listen")
		}
		return nil
	})
	at := n.Listening()["replication"]
	begun := time.Now()
	halt() // its error fails the test
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("it took %v", took)
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

// TestPortOfSignalsTaken: a server whose port for signals between servers is taken says so, serves its own phones, and talks to the others as
// soon as the port is free.
func TestPortOfSignalsTaken(t *testing.T) {
	t.Parallel()
	nodes, stop, data := pair(t)
	at := nodes[1].Listening()["signals"]
	stop[1]()
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := started(t, data[1])
	until(t, "the alarm", func() error { return standing(n, fault.PortTaken) })
	until(t, "call processing", func() error {
		if s, err := n.services.Get(service.CallManager); err != nil || s.State != service.Running {
			return fmt.Errorf("%+v, %v", s, err)
		}
		return nil
	})
	_, port, _ := net.SplitHostPort(at)
	if i := slices.IndexFunc(n.alarms.Standing(), func(a alarm.Alarm) bool {
		return a.Code == fault.PortTaken && strings.Contains(a.Message+a.Reason, port)
	}); i < 0 {
		t.Errorf("no alarm names port %s", port)
	}
	l.Close()
	until(t, "the two see each other", func() error { return seeEachOther(nodes[0], n) })
	if err := notStanding(n, fault.PortTaken); err != nil {
		t.Error(err)
	}
}

// TestPublisherIsReplaced: a subscriber takes the publisher's place by force; the old one, coming back, follows it, takes no changes of its
// own, and the cluster works as before. Then the role moves back as planned.
func TestPublisherIsReplaced(t *testing.T) {
	t.Parallel()
	nodes, stop, data := pair(t)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	stop[0]()
	until(t, "administration waits", func() error { return standing(nodes[1], fault.PublisherUnreachable) })
	until(t, "the promotion", func() error {
		_, err := nodes[1].membership.Promote(ctx, client.Promotion{Server: "cm2", Force: true, AcceptLoss: true})
		return err
	})
	until(t, "a change at the new publisher", func() error { return write(nodes[1], "new") })
	until(t, "administration goes on", func() error { return notStanding(nodes[1], fault.PublisherUnreachable) })
	old, _ := started(t, data[0])
	ready(t, old)
	until(t, "the two see each other", func() error { return seeEachOther(old, nodes[1]) })
	until(t, "what changed meanwhile", func() error { return inForce(old, "new") })
	if old.membership.replica.Status().Leads || old.membership.publisherName() != "cm2" {
		t.Errorf("the old publisher thinks that %s is the publisher", old.membership.publisherName())
	}
	until(t, "a change at the old publisher", func() error { return write(old, "forwarded") })
	until(t, "it is in force at the new one", func() error { return inForce(nodes[1], "forwarded") })
	until(t, "the role moves back", func() error {
		_, err := old.membership.Promote(ctx, client.Promotion{Server: "cm1"})
		return err
	})
	until(t, "the two see each other", func() error { return seeEachOther(old, nodes[1]) })
	until(t, "cm1 is the publisher", func() error {
		for _, n := range []*Node{old, nodes[1]} {
			if p := n.membership.publisherName(); p != "cm1" {
				return fmt.Errorf("for %s it is %s", n.settings.Name, p)
			}
		}
		return nil
	})
	until(t, "a change", func() error { return write(nodes[1], "back") })
}

// TestAddressesNow: a server announces another address when the one that the others use is not its own any more, and not before.
func TestAddressesNow(t *testing.T) {
	list := func(all ...string) (out []netip.Addr) {
		for _, a := range all {
			out = append(out, netip.MustParseAddr(a))
		}
		return out
	}
	for _, c := range []struct {
		name                 string
		announced, own, want []netip.Addr
	}{
		{"nothing changed", list("10.0.0.1"), list("10.0.0.1"), list("10.0.0.1")},
		{"one more interface", list("10.0.0.1"), list("10.0.0.1", "192.168.1.1"), list("10.0.0.1")},
		{"the second was chosen when it joined", list("192.168.1.1", "10.0.0.1"), list("10.0.0.1", "192.168.1.1"), list("192.168.1.1", "10.0.0.1")},
		{"another address", list("10.0.0.1"), list("10.0.0.7"), list("10.0.0.7")},
		{"the cable is out", list("10.0.0.1"), list("127.0.0.1"), list("10.0.0.1")},
		{"all on loopback", list("127.0.0.1"), list("127.0.0.2"), list("127.0.0.2")},
		{"never announced", nil, list("10.0.0.1"), list("10.0.0.1")},
		{"none", list("10.0.0.1"), nil, list("10.0.0.1")},
	} {
		if got := addressesNow(c.announced, c.own); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestServersMove: a server that comes back at another address and other ports is found again, be it the subscriber or the publisher.
func TestServersMove(t *testing.T) {
	t.Parallel()
	nodes, stop, data := pair(t)
	for i := 1; i >= 0; i-- {
		stop[i]()
		s, err := loadSettings(data[i])
		if err != nil {
			t.Fatal(err)
		}
		s.Address = fmt.Sprintf("127.0.0.%d", 10+i)
		for _, p := range []*int{&s.Ports.Replication, &s.Ports.Signals, &s.Ports.Files} {
			if *p, err = freePort(s.Address); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.save(data[i]); err != nil {
			t.Fatal(err)
		}
		nodes[i], stop[i] = started(t, data[i])
		ready(t, nodes[i])
		until(t, "the two see each other", func() error { return seeEachOther(nodes[:]...) })
		for _, n := range nodes {
			until(t, "a change held by both", func() error {
				r, err := n.store.Apply(context.Background(), *new(confdb.ChangeSet).Put(&telephony.Partition{Name: "moved", Description: time.Now().String()}), confdb.Options{Actor: "test"})
				if err == nil && r.Durable != 2 {
					err = fmt.Errorf("durable %d", r.Durable)
				}
				return err
			})
		}
	}
}

// TestCertificatesRollOver: a new generation of the authority reaches every server while they talk to each other, and neither a running nor
// a restarted one is lost over it.
func TestCertificatesRollOver(t *testing.T) {
	t.Parallel()
	nodes, stop, data := pair(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	sessions := map[signal.NodeID]uint64{}
	for _, p := range nodes[0].membership.mesh.Peers() {
		sessions[p.Node] = p.Session
	}
	generation, err := nodes[0].membership.authority.Rotate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "every server has a certificate of it", func() error {
		for _, n := range nodes {
			for m := range n.store.Snapshot().Members() {
				if m.Generation != generation {
					return fmt.Errorf("for %s %s is of generation %d", n.settings.Name, m.Server, m.Generation)
				}
			}
		}
		return nil
	})
	if err := seeEachOther(nodes[:]...); err != nil {
		t.Error(err)
	}
	for _, p := range nodes[0].membership.mesh.Peers() {
		if p.Session != sessions[p.Node] {
			t.Errorf("%s was lost meanwhile", p.Name)
		}
	}
	stop[1]()
	n, _ := started(t, data[1])
	ready(t, n)
	until(t, "the two see each other", func() error { return seeEachOther(nodes[0], n) })
	if err := write(n, "new-generation"); err != nil {
		t.Error(err)
	}
}
