package tftpd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tandem/provision"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a set of files for the tests of the servers, and remembers what was told about each request.
type memory struct {
	mu     sync.Mutex
	files  map[string][]byte
	panics map[string]bool
	served []told
}

type told struct {
	r      provision.Request
	result provision.Result
}

func (m *memory) Open(_ context.Context, r provision.Request) (*provision.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name := strings.TrimPrefix(r.Name, "/")
	if strings.Contains(name, "..") {
		return nil, provision.ErrRefused
	}
	if m.panics[name] {
		return &provision.File{Name: name, Size: 10, Content: broken{}}, nil
	}
	content, ok := m.files[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", r.Name, provision.ErrNotFound)
	}
	return &provision.File{Name: name, Size: int64(len(content)), ETag: fmt.Sprint("v", len(content)), Content: bytes.NewReader(content)}, nil
}

func (m *memory) Served(r provision.Request, result provision.Result) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.served = append(m.served, told{r, result})
}

func (m *memory) results() []told {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]told(nil), m.served...)
}

// broken panics when it is read.
type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { panic("broken disk") }

var _ io.ReaderAt = broken{}

// noise is content that no shift, doubling or loss leaves unnoticed.
func noise(seed uint64, size int) []byte {
	b := make([]byte, size)
	random := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = random.Read(b)
	return b
}

func newMemory() *memory {
	m := &memory{files: map[string][]byte{
		"SEP0000AAAA2003.cnf.xml": []byte("<device>\n  <deviceProtocol>SCCP</deviceProtocol>\n</device>\n"),
		"OS79XX.TXT":              []byte("P003-8-12-00"),
		"empty":                   {},
		"exact512":                noise(1, 512),
		"exact1024":               noise(2, 1024),
		"load.bin":                noise(3, 200_001),
	}, panics: map[string]bool{"broken": true}}
	return m
}

// serve starts a server on loopback.
func serve(t *testing.T, files provision.Files, config Config) *Server {
	t.Helper()
	s, err := Listen("127.0.0.1:0", files, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// eventually polls a condition; its bound is far above what it takes.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatal("never: " + what)
}

// bothModes runs a test with a port for each transfer and with one for all.
func bothModes(t *testing.T, test func(t *testing.T, config Config)) {
	for name, single := range map[string]bool{"port for each transfer": false, "single port": true} {
		t.Run(name, func(t *testing.T) { test(t, Config{SinglePort: single}) })
	}
}

// lastResult waits for the n-th result and returns it.
func lastResult(t *testing.T, m *memory, n int) told {
	t.Helper()
	eventually(t, fmt.Sprintf("%d results", n), func() bool { return len(m.results()) >= n })
	return m.results()[n-1]
}
