package tftpd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program runs a client of others. It fails, rather than skips, when the program is not there.
func program(t *testing.T, debian, name string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not installed: apt-get install %s", name, debian)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// same compares a fetched file.
func same(t *testing.T, path string, want []byte, out string, err error) {
	t.Helper()
	got, readErr := os.ReadFile(path)
	if err != nil || readErr != nil || !bytes.Equal(got, want) {
		t.Errorf("%d octets for %d: %v, %v\n%s", len(got), len(want), err, readErr, out)
	}
}

func TestClientTFTPHPA(t *testing.T) {
	bothModes(t, func(t *testing.T, config Config) {
		m := newMemory()
		s := serve(t, m, config)
		port := fmt.Sprint(s.Addr().Port())
		for name, content := range m.files {
			to := filepath.Join(t.TempDir(), "got")
			out, err := program(t, "tftp-hpa", "tftp", "-m", "octet", "127.0.0.1", port, "-c", "get", name, to)
			same(t, to, content, out, err)
		}
		out, _ := program(t, "tftp-hpa", "tftp", "-m", "octet", "127.0.0.1", port, "-c", "get", "missing", filepath.Join(t.TempDir(), "x"))
		if !strings.Contains(out, "Error code 1") {
			t.Errorf("missing file: %q", out)
		}
		local := filepath.Join(t.TempDir(), "put")
		if err := os.WriteFile(local, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, _ = program(t, "tftp-hpa", "tftp", "-m", "octet", "127.0.0.1", port, "-c", "put", local, "OS79XX.TXT")
		if !strings.Contains(out, "Error code 2") {
			t.Errorf("writing: %q", out)
		}
		if string(m.files["OS79XX.TXT"]) != "P003-8-12-00" {
			t.Error("a file was written")
		}
	})
}

func TestClientATFTP(t *testing.T) {
	bothModes(t, func(t *testing.T, config Config) {
		m := newMemory()
		s := serve(t, m, config)
		port := fmt.Sprint(s.Addr().Port())
		for _, options := range [][]string{
			nil, {"blksize 1468"}, {"blksize 8"}, {"blksize 65464"}, {"tsize 0"}, {"timeout 2"}, {"windowsize 8"},
			{"blksize 1024", "windowsize 16", "tsize 0"},
		} {
			name := "load.bin"
			if len(options) > 0 && options[0] == "blksize 8" {
				name = "exact1024"
			}
			to := filepath.Join(t.TempDir(), "got")
			args := []string{"--get", "--local-file", to, "--remote-file", name}
			for _, o := range options {
				args = append(args, "--option", o)
			}
			out, err := program(t, "atftp", "atftp", append(args, "127.0.0.1", port)...)
			t.Run(fmt.Sprint(options), func(t *testing.T) { same(t, to, m.files[name], out, err) })
		}
	})
}

func TestClientCurl(t *testing.T) {
	m := newMemory()
	s := serve(t, m, Config{})
	h := serveHTTP(t, m, HTTPConfig{})
	for name, content := range m.files {
		for _, url := range []string{fmt.Sprintf("tftp://%v/%s", s.Addr(), name), fmt.Sprintf("http://%v/%s", h.Addr(), name)} {
			if len(content) == 0 { // curl makes no file for nothing, and takes a tsize of 0 for an error
				continue
			}
			to := filepath.Join(t.TempDir(), "got")
			args := []string{"--silent", "--show-error", "--fail", "--max-time", "20", "--output", to, url}
			if strings.HasPrefix(url, "tftp") && len(content) > 2000 {
				args = append(args, "--tftp-blksize", "1428")
			}
			out, err := program(t, "curl", "curl", args...)
			same(t, to, content, out, err)
		}
	}
	out, err := program(t, "curl", "curl", "--silent", "--show-error", "--max-time", "5", fmt.Sprintf("tftp://%v/missing", s.Addr()))
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 68 { // 68: CURLE_TFTP_NOTFOUND
		t.Errorf("missing file: %q %v", out, err)
	}
	out, err = program(t, "curl", "curl", "--silent", "--show-error", "--max-time", "5", "--range", "10-19", fmt.Sprintf("http://%v/load.bin", h.Addr()))
	if err != nil || out != string(m.files["load.bin"][10:20]) {
		t.Errorf("range: %q %v", out, err)
	}
	// One connection after the other keeps its place; --path-as-is sends what a browser would tidy up.
	out, _ = program(t, "curl", "curl", "--silent", "--path-as-is", "--output", "-", "--write-out", "%{http_code}", fmt.Sprintf("http://%v/../../etc/passwd", h.Addr()))
	if !strings.HasSuffix(out, "404") || strings.Contains(out, "root:") {
		t.Errorf("traversal: %q", out)
	}
}

// A real client over a link that loses an eighth of all packets.
func TestClientOverLossyLink(t *testing.T) {
	m := newMemory()
	s := serve(t, m, Config{})
	r := newRelay(t, s.Addr(), 42, 0.04)
	_, port, _ := strings.Cut(r.addr(), ":")
	to := filepath.Join(t.TempDir(), "got")
	out, err := program(t, "atftp", "atftp", "--get", "--tftp-timeout", "1", "--option", "blksize 8192", "--option", "timeout 1",
		"--local-file", to, "--remote-file", "load.bin", "127.0.0.1", port)
	same(t, to, m.files["load.bin"], out, err)
}
