package rest_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/admin"
	"tandem/admin/client"
	"tandem/admin/rest"
	"tandem/cdr"
	"tandem/confdb"
	"tandem/confdb/live"
	"tandem/fault"
	"tandem/provision/firmware"
	"tandem/service"
	"tandem/service/alarm"
	"tandem/service/trace"
	"tandem/telephony"
)

// world is a server of the API on the local socket and on TLS.
type world struct {
	t       *testing.T
	ops     *admin.Operations
	address string // of TLS
	tls     *http.Client
	local   *http.Client
	token   string // of an administrator
	auditor string
}

func newWorld(t *testing.T, limits rest.Limits) *world {
	t.Helper()
	store := confdb.NewMemory(&telephony.User{UserID: "root", Role: telephony.RoleAdministrator}, &telephony.Partition{Name: "internal"},
		&telephony.DirectoryNumber{Pattern: "2001", Partition: "internal"})
	board := alarm.New(alarm.Options{})
	services, err := service.NewManager(service.Options{Alarms: board}, service.Definition{Name: service.Web, About: "Pages.", Activated: true,
		Start: func(*service.Host) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	services.StartAll()
	files, err := firmware.Open(t.TempDir(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	directory, err := live.New("cm1", store.Snapshot(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = directory.Follow(ctx, store, func(live.Change) {}) }()
	w := &world{t: t}
	w.ops = admin.New(admin.Sources{Server: "cm1", Version: "test", Started: time.Now(),
		Store: func() *confdb.Store { return store }, Directory: func() *live.Directory { return directory },
		Calls: func() admin.Calls { return nil }, Records: func() cdr.Reports { return cdr.Reports{} }, Services: services, Alarms: board,
		Stories: trace.NewStories(trace.StoryOptions{}), Ladders: trace.NewLadders(trace.LadderOptions{}), Firmware: files,
		Listening: func() map[string]string { return nil }, Restart: func(string) bool { panic("a defect") },
		Log: slog.New(slog.DiscardHandler)})
	server := rest.New(w.ops, rest.Options{Version: "test", Limits: limits, Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "tandem_calls 1\n")
	})})

	socket := filepath.Join(t.TempDir(), "s")
	unix, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = tcp.Addr().String()
	certificate, pool := selfSigned(t)
	ended := make(chan error, 2)
	go func() { ended <- server.ServeUnix(unix) }()
	go func() { ended <- server.ServeTLS(tcp, &tls.Config{Certificates: []tls.Certificate{certificate}}) }()
	t.Cleanup(func() {
		short, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		_ = server.Close(short)
		for range 2 {
			if err := <-ended; err != nil {
				t.Errorf("serving ended with %v", err)
			}
		}
		cancel()
		<-done
		_ = services.Shutdown(context.Background())
	})
	w.tls = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	w.local = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	t.Cleanup(func() { w.tls.CloseIdleConnections(); w.local.CloseIdleConnections() })
	root := admin.With(context.Background(), admin.Local("0"))
	for role, to := range map[string]*string{"": &w.token, "auditor": &w.auditor} {
		token, err := w.ops.CreateToken(root, client.NewToken{Name: "t" + role, User: "root", Role: role})
		if err != nil {
			t.Fatal(err)
		}
		*to = token.Secret
	}
	return w
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request over TLS with a token, or without one.
func (w *world) send(token, method, path, content string, body io.Reader, headers ...string) reply {
	w.t.Helper()
	r, err := http.NewRequest(method, "https://"+w.address+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if content != "" {
		r.Header.Set("Content-Type", content)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := w.tls.Do(r)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer a.Body.Close()
	text, _ := io.ReadAll(a.Body)
	return reply{a.StatusCode, a.Header, text}
}

func (w *world) get(path string) reply { w.t.Helper(); return w.send(w.token, "GET", path, "", nil) }

// is fails unless the answer is one problem with that status and identifier.
func (a reply) is(t *testing.T, what string, status int, code fault.Code) {
	t.Helper()
	var f fault.Error
	if err := json.Unmarshal(a.body, &f); err != nil {
		t.Errorf("%s: %d %.200s (%v)", what, a.status, a.body, err)
		return
	}
	if a.status != status || f.Code != code || f.Status != status || a.header.Get("Content-Type") != fault.ProblemContentType {
		t.Errorf("%s: %d %s %.300s, want %d %s", what, a.status, a.header.Get("Content-Type"), a.body, status, code)
	}
}

func text(s string) io.Reader { return strings.NewReader(s) }

func zeros(n int) io.Reader { return bytes.NewReader(make([]byte, n)) }
