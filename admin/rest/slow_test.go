package rest_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"tandem/admin/rest"
)

func (w *world) dial() (*tls.Conn, error) {
	return tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", w.address, w.tls.Transport.(*http.Transport).TLSClientConfig)
}

// raw sends text on a connection of its own and reads one answer.
func (w *world) raw(request string) reply {
	w.t.Helper()
	c, err := w.dial()
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		w.t.Fatal(err)
	}
	a, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Body.Close()
	body, _ := io.ReadAll(a.Body)
	return reply{a.StatusCode, a.Header, body}
}

// TestT07_SlowClientsAreEndedAndNobodyNotices holds 200 connections with half headers, half bodies and no handshake (T-7).
func TestT07_SlowClientsAreEndedAndNobodyNotices(t *testing.T) {
	const slow = 200
	w := newWorld(t, rest.Limits{Header: 2 * time.Second, Read: 2 * time.Second})
	var held []net.Conn
	for i := range slow {
		if i%10 == 0 { // says nothing at all
			c, err := net.Dial("tcp", w.address)
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, c)
			continue
		}
		c, err := w.dial()
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
		request := "GET /api/v1/status HTTP/1.1\r\nHost: x\r\nX-Slow: "
		if i%2 == 0 {
			request = fmt.Sprintf("POST /api/v1/apply HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/yaml\r\nContent-Length: 100000\r\n\r\npart", w.token)
		}
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
	}
	begun := time.Now()
	if a := w.get("/api/v1/status"); a.status != 200 {
		t.Errorf("status %d", a.status)
	}
	if d := time.Since(begun); d > 2*time.Second {
		t.Errorf("a plain request took %v", d)
	}
	end := time.Now().Add(10 * time.Second)
	for i, c := range held {
		_ = c.SetReadDeadline(end)
		if _, err := io.Copy(io.Discard, c); err != nil {
			if e, ok := err.(net.Error); ok && e.Timeout() {
				t.Fatalf("connection %d was not ended", i)
			}
		}
		c.Close()
	}
}

// TestT06_ConnectionsAreBounded opens more connections than one address may have (T-6).
func TestT06_ConnectionsAreBounded(t *testing.T) {
	w := newWorld(t, rest.Limits{PerSource: 5})
	var held []net.Conn
	for range 5 {
		c, err := w.dial()
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	for range 20 {
		if c, err := w.dial(); err == nil {
			c.Close()
			t.Fatal("a connection above the bound was served")
		}
	}
	for _, c := range held {
		c.Close()
	}
	end := time.Now().Add(5 * time.Second)
	for {
		c, err := w.dial()
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the places of those who left stay taken: %v", err)
		}
		time.Sleep(5 * time.Millisecond) // polls
	}
}
