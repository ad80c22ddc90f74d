package node

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"testing"

	"tandem/confdb"
	"tandem/fault"
	"tandem/service"
	"tandem/telephony"
)

// TestPortsBetweenServersTaken: ports at which other servers would come are taken by somebody else. This server works, the alarms name
// the ports, and the ports are opened as soon as they are free.
func TestPortsBetweenServersTaken(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	ports := ephemeral
	var taken []net.Listener
	for _, p := range []*int{&ports.Replication, &ports.Files} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		taken, *p = append(taken, l), l.Addr().(*net.TCPAddr).Port
	}
	if _, err := Init(InitOptions{Data: data, Name: "cm1", Address: "127.0.0.1", Ports: ports, Passphrase: passphrase}); err != nil {
		t.Fatal(err)
	}
	n, _ := started(t, data)
	until(t, "the alarms", func() error { return standing(n, fault.PortTaken) })
	for _, name := range []service.Name{service.DatabaseLayerMonitor, service.CallManager, service.TFTP, service.Web} {
		until(t, string(name), func() error {
			if s, err := n.services.Get(name); err != nil || s.State != service.Running {
				return fmt.Errorf("%+v, %v", s, err)
			}
			return nil
		})
	}
	if _, err := n.store.Apply(context.Background(), *new(confdb.ChangeSet).Put(&telephony.Partition{Name: "house"}), confdb.Options{Actor: "test"}); err != nil {
		t.Error(err)
	}
	for _, l := range taken {
		l.Close()
	}
	until(t, "the ports", func() error { return notStanding(n, fault.PortTaken) })
	for _, name := range []string{"replication", "files"} {
		if n.Listening()[name] == "" {
			t.Errorf("%s does not listen", name)
		}
	}
}
