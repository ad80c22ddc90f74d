package mesh

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tandem/bus"
	"tandem/call/signal"
)

// childVariable names, in the environment of this test's own binary, the file by which it becomes a server of its own.
const childVariable = "TANDEM_TEST_MESH_CHILD"

func TestMain(m *testing.M) {
	if file := os.Getenv(childVariable); file != "" {
		if err := child(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// orders are what a child needs to be a server.
type orders struct {
	Node      signal.NodeID
	Members   []Member
	Authority []byte // DER, as the others
	Leaf      []byte
	Key       []byte
}

// child is a server until its standard input ends. It answers what it has seen of server 1.
func child(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var o orders
	if err := json.Unmarshal(data, &o); err != nil {
		return err
	}
	authority, err := x509.ParseCertificate(o.Authority)
	if err != nil {
		return err
	}
	key, err := x509.ParseECPrivateKey(o.Key)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AddCert(authority)
	own := []tls.Certificate{{Certificate: [][]byte{o.Leaf}, PrivateKey: key}}
	m, err := New(Options{Self: o.Members[o.Node-1], Cluster: "test", Identify: identify, TLS: func() (server, client *tls.Config, err error) {
		return certificates(own, pool)
	}})
	if err != nil {
		return err
	}
	defer m.Close()
	var mu sync.Mutex
	var seen []change
	m.Watch(func(p bus.Peer, reachable bool) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, change{p, reachable})
	})
	m.Answer(bus.TopicStatus, func(context.Context, bus.Peer, []byte) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		return json.Marshal(seen)
	})
	if err := m.Start(o.Members); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// change is what a watcher was told.
type change struct {
	Peer      bus.Peer
	Reachable bool
}

// spawn starts server 2 as a process of its own. It ends with the test.
func spawn(t *testing.T, c *cluster) *exec.Cmd {
	t.Helper()
	_, client, err := c.authority.tls(t, 2)()
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalECPrivateKey(privateKey(client))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(orders{2, c.members, c.authority.certificate.Raw, client.Certificates[0].Certificate[0], key})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "orders")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self)
	command.Env = append(os.Environ(), childVariable+"="+file)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe() // ends with this process at the latest
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	return command
}

// A server whose process is killed is lost as soon as its connection is gone, and reachable again when it has started again.
func TestKilledProcess(t *testing.T) {
	c := newCluster(t, 2)
	m := c.join(1)
	c.start(1)
	for range 2 {
		process := spawn(t, c)
		c.reach(1)
		before := m.Peers()[0]
		if err := process.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		c.reach(0)
		took := time.Since(start)
		t.Logf("lost after %v", took)
		if took > 5*1500*time.Millisecond {
			t.Errorf("the loss was seen after %v", took)
		}
		start = time.Now()
		second := spawn(t, c)
		c.reach(1)
		t.Logf("reachable %v after its start", time.Since(start))
		after := m.Peers()[0]
		if after.Session <= before.Session || after.Incarnation <= before.Incarnation {
			t.Errorf("before %+v, after %+v", before, after)
		}
		if err := second.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		c.reach(0)
	}
}

// A server whose process is stopped says nothing, and its connection stays. It is lost after 1.5 s; when it goes on, both sides begin a new
// session.
func TestStoppedProcess(t *testing.T) {
	c := newCluster(t, 2)
	m := c.join(1)
	c.start(1)
	process := spawn(t, c)
	c.reach(1)
	before := m.Peers()[0]
	if err := process.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	c.reach(0)
	took := time.Since(start)
	t.Logf("lost after %v", took)
	if took > 5*1500*time.Millisecond || took < 500*time.Millisecond {
		t.Errorf("the loss was seen after %v", took)
	}
	if err := process.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	start = time.Now()
	c.reach(1)
	t.Logf("reachable %v after it went on", time.Since(start))
	after := m.Peers()[0]
	if after.Session <= before.Session || after.Incarnation != before.Incarnation {
		t.Errorf("before %+v, after %+v", before, after)
	}
	var seen []change
	until(t, "the stopped server tells of three changes", func() bool {
		answer, err := m.Ask(t.Context(), 2, bus.TopicStatus, nil)
		return err == nil && json.Unmarshal(answer, &seen) == nil && len(seen) >= 3
	})
	if len(seen) != 3 || !seen[0].Reachable || seen[1].Reachable || !seen[2].Reachable || seen[2].Peer.Session != m.Peers()[0].Session {
		t.Errorf("the stopped server has seen %+v; here the session is %+v", seen, m.Peers()[0])
	}
}
