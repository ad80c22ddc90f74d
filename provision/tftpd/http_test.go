package tftpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"tandem/provision"
)

func serveHTTP(t *testing.T, files provision.Files, config HTTPConfig) *HTTPServer {
	t.Helper()
	h, err := ListenHTTP("127.0.0.1:0", files, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_ = h.Close(ctx)
	})
	return h
}

func TestHTTP(t *testing.T) {
	m := newMemory()
	h := serveHTTP(t, m, HTTPConfig{})
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for _, c := range []struct {
		name, method, path string
		header             [2]string
		status             int
		body               string
	}{
		{"whole", "GET", "/OS79XX.TXT", [2]string{}, 200, "P003-8-12-00"},
		{"head", "HEAD", "/OS79XX.TXT", [2]string{}, 200, ""},
		{"range", "GET", "/OS79XX.TXT", [2]string{"Range", "bytes=5-"}, 206, "8-12-00"},
		{"range beyond", "GET", "/OS79XX.TXT", [2]string{"Range", "bytes=99-"}, 416, "invalid range: failed to overlap\n"},
		{"unchanged", "GET", "/OS79XX.TXT", [2]string{"If-None-Match", `"v12"`}, 304, ""},
		{"changed", "GET", "/OS79XX.TXT", [2]string{"If-None-Match", `"v11"`}, 200, "P003-8-12-00"},
		{"missing", "GET", "/missing", [2]string{}, 404, "file not found\n"},
		{"nothing", "GET", "/", [2]string{}, 404, "file not found\n"},
		{"encoded traversal", "GET", "/%2e%2e/%2e%2e/etc/passwd", [2]string{}, 404, "file not found\n"},
		{"write", "PUT", "/OS79XX.TXT", [2]string{}, 405, "devices may only read\n"},
		{"delete", "DELETE", "/OS79XX.TXT", [2]string{}, 405, "devices may only read\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequest(c.method, fmt.Sprintf("http://%v%s", h.Addr(), c.path), nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.header[0] != "" {
				r.Header.Set(c.header[0], c.header[1])
			}
			answer, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if err != nil || answer.StatusCode != c.status || string(body) != c.body {
				t.Errorf("%d %q, %v", answer.StatusCode, body, err)
			}
			if c.status == 200 && answer.Header.Get("ETag") != `"v12"` {
				t.Errorf("header %v", answer.Header)
			}
		})
	}
	if answer, err := client.Get(fmt.Sprintf("http://%v/broken", h.Addr())); err == nil {
		if _, err := io.ReadAll(answer.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("a file that breaks off looks whole: %v", err)
		}
		answer.Body.Close()
	}
	if r := lastResult(t, m, 1); r.r.Transport != provision.HTTP || r.r.Name != "OS79XX.TXT" || r.result.Sent != 12 || r.r.Local.String() != "127.0.0.1" {
		t.Errorf("told %+v", r)
	}
	if c := h.Counters(); c.NotFound != 2 || c.Refused != 1 || c.WritesRefused != 2 || c.Failed != 1 {
		t.Errorf("%+v", c)
	}
}

// T-7: 400 connections that never finish their header, 400 that never take their answer, and bodies and headers that are
// too large; a plain request is answered within 2 seconds meanwhile, and the idle ones are gone in time.
func TestT07_SlowClients(t *testing.T) {
	m := newMemory()
	m.files["large"] = noise(8, 8<<20)
	h := serveHTTP(t, m, HTTPConfig{HeaderTimeout: 500 * time.Millisecond, StallTimeout: 500 * time.Millisecond})
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	open := func(text string) net.Conn {
		conn, err := net.Dial("tcp", h.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		_, _ = conn.Write([]byte(text))
		return conn
	}
	for range 400 {
		open("GET /OS79XX.TXT HTTP/1.1\r\nHost: a\r\nX-Slow: ")
		open("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
	}
	started := time.Now()
	answer, err := http.Get(fmt.Sprintf("http://%v/OS79XX.TXT", h.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if took := time.Since(started); answer.StatusCode != 200 || took > 2*time.Second {
		t.Errorf("%d after %v", answer.StatusCode, took)
	}
	eventually(t, "stalled clients cut off", func() bool { return h.Counters().Abandoned >= 400 && h.Counters().Active == 0 })
	_ = conns[0].SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.Copy(io.Discard, conns[0]); err != nil {
		t.Errorf("a header without end is waited for: %v", err)
	}
	for _, c := range []struct{ name, text, want string }{
		{"body of 300 MB", "GET /OS79XX.TXT HTTP/1.1\r\nHost: a\r\nContent-Length: 300000000\r\n\r\n", " 413 "},
		{"body without length", "GET /OS79XX.TXT HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", " 413 "},
		{"body of 300 MB to write", "POST /OS79XX.TXT HTTP/1.1\r\nHost: a\r\nContent-Length: 300000000\r\n\r\n", " 405 "},
		{"header of 200 kB", "GET /OS79XX.TXT HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", 200_000) + "\r\n\r\n", " 431 "},
		{"no HTTP", "\x00\x01\x02\r\n\r\n", " 400 "},
	} {
		conn := open(c.text)
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		b := make([]byte, 200)
		n, err := conn.Read(b)
		if !strings.Contains(string(b[:n]), c.want) {
			t.Errorf("%s: %q %v", c.name, b[:n], err)
		}
	}
}

func TestHTTPConnectionsAreBounded(t *testing.T) {
	h := serveHTTP(t, newMemory(), HTTPConfig{MaximumConnections: 2, HeaderTimeout: 200 * time.Millisecond})
	for range 2 {
		conn, err := net.Dial("tcp", h.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(fmt.Sprintf("http://%v/OS79XX.TXT", h.Addr())) // served once one of the idle ones is gone
	if err != nil || answer.StatusCode != 200 {
		t.Fatal(answer, err)
	}
	answer.Body.Close()
}

func TestHTTPRefusesPortTaken(t *testing.T) {
	h := serveHTTP(t, newMemory(), HTTPConfig{})
	if _, err := ListenHTTP(h.Addr().String(), newMemory(), HTTPConfig{}); err == nil {
		t.Error("listens on a port that is taken")
	}
	var opError *net.OpError
	if _, err := ListenHTTP(h.Addr().String(), newMemory(), HTTPConfig{}); !errors.As(err, &opError) {
		t.Errorf("%v", err)
	}
}
