package client_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/admin/client"
	"tandem/fault"
)

// overSocket serves h as a server in a data directory does.
func overSocket(t *testing.T, h http.HandlerFunc) *client.Client {
	t.Helper()
	dir, err := os.MkdirTemp("", "tandem-client-") // the path of a socket has little room
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "api.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	go s.Serve(l)
	c := client.Local(path)
	t.Cleanup(func() { c.Close(); s.Close() })
	return c
}

func problem(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", fault.ProblemContentType)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func TestRequestsAsTheServerSeesThem(t *testing.T) {
	var got string
	c := overSocket(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.URL.EscapedPath()
		if q := r.URL.Query().Encode(); q != "" {
			got += "?" + q
		}
		if m := r.Header.Get("If-Match"); m != "" {
			got += " if " + m
		}
		if len(body) > 0 {
			got += " " + string(body)
		}
		switch {
		case strings.HasSuffix(r.URL.Path, "/restart"):
		case r.URL.Path == "/api/v1/messages" || r.URL.Path == "/api/v1/calls":
			io.WriteString(w, "[]")
		default:
			w.Header().Set("ETag", `"7"`)
			io.WriteString(w, "{}")
		}
	})
	ctx := t.Context()
	since := time.Date(2026, 11, 22, 9, 0, 0, 0, time.FixedZone("", 3600))
	for _, k := range []struct {
		name string
		do   func() error
		want string
	}{
		{"status", func() error { _, err := c.Status(ctx); return err }, "GET /api/v1/status"},
		{"apply", func() error { _, err := c.Apply(ctx, "a b.yaml", []byte("phones: []"), true); return err }, "POST /api/v1/apply?dryRun=true&source=a+b.yaml phones: []"},
		{"a key with a slash", func() error { _, _, err := c.Get(ctx, "directoryNumber", "2001/internal"); return err }, "GET /api/v1/objects/directoryNumber/2001%2Finternal"},
		{"a key that looks like a step", func() error { _, _, err := c.Get(ctx, "user", ".."); return err }, "GET /api/v1/objects/user/%2E%2E"},
		{"put", func() error { _, err := c.Put(ctx, "user", "a?b", json.RawMessage(`{"a":1}`), `"7"`); return err }, `PUT /api/v1/objects/user/a%3Fb if "7" {"a":1}`},
		{"delete", func() error { _, err := c.Delete(ctx, "phone", "SEP1", ""); return err }, "DELETE /api/v1/objects/phone/SEP1"},
		{"list", func() error {
			_, err := c.List(ctx, "phones", client.ListQuery{Filter: "a b", After: "x", Limit: 5})
			return err
		}, "GET /api/v1/objects/phones?after=x&filter=a+b&limit=5"},
		{"route", func() error { _, err := c.Route(ctx, "SEP1/2", "#9"); return err }, "GET /api/v1/route?digits=%239&from=SEP1%2F2"},
		{"service", func() error { _, err := c.Service(ctx, "CDR Insert", "stop"); return err }, "POST /api/v1/services/CDR%20Insert/stop"},
		{"call", func() error { _, err := c.Call(ctx, "1/42", true); return err }, "GET /api/v1/calls/1/42?raw=true"},
		{"records", func() error { _, err := c.Records(ctx, client.RecordQuery{Since: since, Limit: 3}); return err }, "GET /api/v1/calls?limit=3&since=2026-11-22T09%3A00%3A00%2B01%3A00"},
		{"restart", func() error { return c.Restart(ctx, "SEP1") }, "POST /api/v1/devices/SEP1/restart"},
		{"file", func() error { _, err := c.AddFile(ctx, "a/b.sbn", []byte("x")); return err }, "PUT /api/v1/files/a%2Fb.sbn x"},
		{"parameter", func() error {
			_, err := c.SetParameter(ctx, "T302Timer", client.ParameterValue{Value: "9000"})
			return err
		}, `PUT /api/v1/parameters/T302Timer {"value":"9000"}`},
		{"acknowledge", func() error { _, err := c.Acknowledge(ctx, "TDM-SVC-0001", "sip"); return err }, `POST /api/v1/alarms/acknowledge {"code":"TDM-SVC-0001","subject":"sip"}`},
	} {
		t.Run(k.name, func(t *testing.T) {
			if err := k.do(); err != nil {
				t.Fatal(err)
			}
			if got != k.want {
				t.Errorf("the server saw\n%s, want\n%s", got, k.want)
			}
		})
	}
	if _, tag, _ := c.Get(ctx, "user", "a"); tag != `"7"` {
		t.Errorf("tag %s", tag)
	}
}

func TestRefusalsComeBackAsTheyWereMeant(t *testing.T) {
	one := fault.New(fault.MessageUnknown, "id", "TDM-CFG-0001")
	c := overSocket(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v1/status":
			problem(w, 404, one)
		case "/api/v1/apply":
			problem(w, 400, map[string]any{"problems": []any{one, fault.New(fault.ServerNotReady, "services", "x")}, "more": 3})
		case "/api/v1/kinds":
			http.Error(w, "<html>", http.StatusBadGateway)
		case "/api/v1/services":
			http.Redirect(w, r, "/api/v1/alarms", http.StatusFound)
		case "/api/v1/alarms":
			io.WriteString(w, "[]")
		case "/api/v1/audit":
			io.WriteString(w, "<html>")
		}
	})
	_, err := c.Status(t.Context())
	if f := fault.From(err); f == nil || f.Code != fault.MessageUnknown || f.Message != one.Message || f.Action != one.Action || f.Status != 404 {
		t.Errorf("one: %+v", err)
	}
	_, err = c.Apply(t.Context(), "x", nil, false)
	var several *client.Refused
	if !errors.As(err, &several) || len(several.Problems) != 2 || several.More != 3 || !errors.Is(err, fault.ServerNotReady) {
		t.Errorf("several: %+v", err)
	}
	_, err = c.Kinds(t.Context())
	if f := fault.From(err); f == nil || f.Code != fault.ServerUnreachable || !strings.Contains(f.Reason, "502 Bad Gateway") {
		t.Errorf("another's page: %v", err)
	}
	if _, err = c.Services(t.Context()); !errors.Is(err, fault.ServerUnreachable) {
		t.Errorf("a redirection was followed: %v", err)
	}
	if _, err = c.Audit(t.Context(), 0); !errors.Is(err, fault.ServerUnreachable) {
		t.Errorf("an answer that is no JSON: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	dir := t.TempDir()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "https://" + free.Addr().String()
	free.Close()
	remote, err := client.Remote(nobody, "t", nil)
	if err != nil {
		t.Fatal(err)
	}
	silent := overSocket(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	abrupt := overSocket(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for _, k := range []struct {
		name string
		c    *client.Client
		why  string
	}{
		{"no socket", client.Local(filepath.Join(dir, "api.sock")), "no such socket"},
		{"nobody listens", remote, "nothing listens"},
		{"no answer", silent, "in time"},
		{"an abrupt end", abrupt, "without an answer"},
	} {
		t.Run(k.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := k.c.Status(ctx)
			f := fault.From(err)
			if f == nil || f.Code != fault.ServerUnreachable || !strings.Contains(f.Reason, k.why) {
				t.Errorf("%v, want a reason with %q", err, k.why)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := silent.Status(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestRemoteShowsItsTokenToTrustedServersOnly(t *testing.T) {
	asked := make(chan string, 10)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Authorization")
		io.WriteString(w, `{"server":"cm1"}`)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})

	stranger, err := client.Remote(s.URL, "secret", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.Status(t.Context()); !errors.Is(err, fault.CertificateUnknown) {
		t.Errorf("a server of an unknown authority: %v", err)
	}
	if len(asked) != 0 {
		t.Error("the token was shown to a server that is not trusted")
	}
	c, err := client.Remote(s.URL+"/", "secret", ca)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	st, err := c.Status(t.Context())
	if err != nil || st.Server != "cm1" {
		t.Fatalf("%+v, %v", st, err)
	}
	if got := <-asked; got != "Bearer secret" {
		t.Errorf("it showed %q", got)
	}
	for _, address := range []string{"http://" + s.Listener.Addr().String(), "cm1:8443", "", "https://"} {
		if _, err := client.Remote(address, "secret", ca); !errors.Is(err, fault.ServerUnreachable) {
			t.Errorf("the address %q: %v", address, err)
		}
	}
	if _, err := client.Remote(s.URL, "secret", []byte("no certificate")); !errors.Is(err, fault.CertificateUnknown) {
		t.Errorf("an authority without certificate: %v", err)
	}
}
