package node

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/cluster"
	"tandem/cluster/link"
	"tandem/fault"
	"tandem/service"
)

// badge is what somebody shows at a port between servers.
type badge struct {
	name         string
	certificates []tls.Certificate
	oldest       bool // knows TLS 1.2 at most
}

func badgeOf(t *testing.T, name, data string) badge {
	t.Helper()
	secrets, err := cluster.OpenSecrets(filepath.Join(data, secretDir))
	if err != nil {
		t.Fatal(err)
	}
	own, err := secrets.Certificates()
	if err != nil || len(own) == 0 {
		t.Fatalf("no certificate (%v)", err)
	}
	return badge{name: name, certificates: []tls.Certificate{{Certificate: [][]byte{own[0].Raw}, PrivateKey: secrets.Key, Leaf: own[0]}}}
}

// knock connects to a port between servers, asks for a promotion over it, and says what came back; empty: nothing.
func (b badge) knock(address string, purpose link.Purpose) (answer string, err error) {
	c, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	config := &tls.Config{InsecureSkipVerify: true, Certificates: b.certificates, NextProtos: []string{fmt.Sprintf("tandem-%s/1", purpose)}}
	if b.oldest {
		config.MaxVersion = tls.VersionTLS12
	}
	s := tls.Client(c, config)
	if err := s.Handshake(); err != nil {
		return "", nil
	}
	if _, err := fmt.Fprintf(s, "POST %s HTTP/1.1\r\nHost: cm1\r\nContent-Length: 2\r\n\r\n{}", promotePath); err != nil {
		return "", nil
	}
	r := bufio.NewReader(s)
	line, err := r.ReadString('\n')
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "", fmt.Errorf("%s is left waiting", b.name)
	}
	return line, nil
}

// TestT11_StrangersAtTheNodePorts: each port between servers of a running server takes members alone, with TLS 1.3 (T-11).
func TestT11_StrangersAtTheNodePorts(t *testing.T) {
	t.Parallel()
	nodes, _, data := pair(t)
	_, foreign := standalone(t)
	member, alien := badgeOf(t, "a member", data[1]), badgeOf(t, "a server of another cluster", foreign)
	old := member
	old.name, old.oldest = "a member with TLS 1.2", true
	for _, port := range []struct {
		use     string
		purpose link.Purpose
	}{{"replication", link.Replication}, {"signals", link.Signals}, {"files", link.Files}} {
		at := nodes[0].Listening()[port.use]
		for _, b := range []badge{{name: "nobody"}, alien, old, badgeOf(t, "the server itself", data[0])} {
			if answer, err := b.knock(at, port.purpose); err != nil || answer != "" {
				t.Errorf("%s: %s was answered %q (%v)", port.use, b.name, answer, err)
			}
		}
	}
	if answer, err := member.knock(nodes[0].Listening()["files"], link.Files); err != nil || !strings.HasPrefix(answer, "HTTP/1.1 409") {
		t.Errorf("a member was answered %q (%v)", answer, err) // 409: the publisher is not promoted; so the knocking is right
	}
	if answer, err := member.knock(nodes[0].Listening()["files"], link.Joining); err != nil || strings.HasPrefix(answer, "HTTP/1.1 200") {
		t.Errorf("who wants to join was answered %q (%v)", answer, err)
	}
}

// TestRemovedServerIsLockedOut: a server that was removed while it ran is cut off on every port at once, keeps its phones, and what it has on
// its disk opens nothing.
func TestRemovedServerIsLockedOut(t *testing.T) {
	t.Parallel()
	nodes, _, data := pair(t)
	taken := badgeOf(t, "a removed server", data[1])
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := nodes[0].membership.RemoveServer(ctx, "cm2"); err != nil {
		t.Fatal(err)
	}
	if got := nodes[0].membership.link.Connections(2); got != 0 {
		t.Errorf("%d connections of it are open", got)
	}
	until(t, "it is cut off", func() error {
		if len(nodes[0].membership.mesh.Peers()) != 0 || len(nodes[1].membership.mesh.Peers()) != 0 {
			return errors.New("they reach each other")
		}
		return nil
	})
	for use, purpose := range map[string]link.Purpose{"replication": link.Replication, "signals": link.Signals, "files": link.Files} {
		if answer, err := taken.knock(nodes[0].Listening()[use], purpose); err != nil || answer != "" {
			t.Errorf("%s: it was answered %q (%v)", use, answer, err)
		}
	}
	if err := write(nodes[1], "smuggled"); err == nil {
		t.Error("it changes the configuration")
	}
	if err := inForce(nodes[0], "smuggled"); err == nil {
		t.Error("its change is in force")
	}
	until(t, "administration waits there", func() error { return standing(nodes[1], fault.PublisherUnreachable) })
	if nodes[1].Listening()["sccp"] == "" {
		t.Error("it serves no phones any more")
	}
	if err := notStanding(nodes[0], fault.MemberUnreachable); err != nil {
		t.Errorf("who was removed is missed: %v", err)
	}
	if err := write(nodes[0], "after"); err != nil {
		t.Error(err)
	}
}

// TestNonsenseFromAServer: questions that make no sense are refused, each for itself.
func TestNonsenseFromAServer(t *testing.T) {
	t.Parallel()
	nodes, _, _ := pair(t)
	m := nodes[1].membership
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	publisher, ok := m.publisher()
	if !ok {
		t.Fatal("no publisher")
	}
	for _, body := range []string{"", "{", `{"Epoch":-1}`, `{"at":7}`, strings.Repeat("[", 100000)} {
		for _, path := range []string{digestPath, objectsPath, transferPath, changePath} {
			if path == digestPath && body == `{"at":7}` {
				continue // a question without arguments
			}
			if _, err := m.ask(ctx, publisher, path, []byte(body)); err == nil && path != objectsPath {
				t.Errorf("%s took %.20q", path, body)
			}
		}
	}
	if _, err := m.ask(ctx, publisher, "/no/such", nil); err == nil || !strings.Contains(err.Error(), http.StatusText(http.StatusNotFound)) {
		t.Errorf("%v", err)
	}
	if err := write(nodes[1], "still"); err != nil {
		t.Error(err)
	}
}

// TestDefectInARequest: a panic ends the request in which it is, is counted, and says nothing of itself to the other side.
func TestDefectInARequest(t *testing.T) {
	hosts := make(chan *service.Host, 1)
	services, err := service.NewManager(service.Options{}, service.Definition{Name: service.DatabaseLayerMonitor, Activated: true,
		Start: func(h *service.Host) error { hosts <- h; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	services.StartAll()
	defer func() { _ = services.Shutdown(t.Context()) }()
	if r := services.WaitReady(t.Context()); r.ExitStatus() != 0 {
		t.Fatalf("%+v", r)
	}
	handler := contained(<-hosts, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			panic("secret")
		}
	}))
	for path, want := range map[string]int{"/bad": http.StatusInternalServerError, "/good": http.StatusOK} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, nil))
		if w.Code != want || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %q", path, w.Code, w.Body)
		}
	}
	if s, err := services.Get(service.DatabaseLayerMonitor); err != nil || s.Panics != 1 || s.State != service.Running {
		t.Errorf("%+v, %v", s, err)
	}
}
