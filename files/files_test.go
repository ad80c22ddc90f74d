package files_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tandem/files"
	"tandem/provision/firmware"
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// house is one server: its store, and where others reach it.
type house struct {
	*firmware.Store
	spread *files.Spread
	served *httptest.Server
	asked  atomic.Int32

	mu      sync.Mutex
	wanted  []string
	peers   []string
	missing []string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{}
	var err error
	if h.Store, err = firmware.Open(t.TempDir(), 0); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	h.spread = files.New(files.Options{Store: h.Store, Client: client,
		Wanted:  func() []string { h.mu.Lock(); defer h.mu.Unlock(); return append([]string(nil), h.wanted...) },
		Peers:   func() []string { h.mu.Lock(); defer h.mu.Unlock(); return append([]string(nil), h.peers...) },
		Missing: func(l []string) { h.mu.Lock(); defer h.mu.Unlock(); h.missing = l },
	})
	handler := h.spread.Handler()
	h.served = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.asked.Add(1)
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { h.served.Close(); client.CloseIdleConnections() })
	return h
}

func (h *house) know(peers ...*house) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.peers = nil
	for _, p := range peers {
		h.peers = append(h.peers, p.served.URL)
	}
}

func (h *house) want(hashes ...string) {
	h.mu.Lock()
	h.wanted = hashes
	h.mu.Unlock()
	h.spread.Look()
}

func (h *house) put(t *testing.T, text string) string {
	t.Helper()
	hash, _, err := h.Put(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func (h *house) has(hash string) bool {
	f, err := h.Open(hash)
	if err == nil {
		f.Close()
	}
	return err == nil
}

func (h *house) run(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); h.spread.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain for ", what)
		}
	}
}

// TestContentsSpread: what is uploaded at one server comes to all, and what was there before a server joined comes to it.
func TestContentsSpread(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	a, b := newHouse(t), newHouse(t)
	a.know(b)
	b.know(a)
	a.run(t)
	b.run(t)
	old := a.put(t, strings.Repeat("firmware", 100_000))
	a.want(old)
	b.want(old)
	eventually(t, "the content at the second server", func() bool { return b.has(old) })
	fresh := b.put(t, "a ring")
	a.want(old, fresh)
	b.want(old, fresh)
	eventually(t, "the content at the first server", func() bool { return a.has(fresh) })
	c := newHouse(t)
	c.know(b, a)
	c.want(old, fresh)
	c.run(t)
	eventually(t, "both at the server that joined", func() bool { return c.has(old) && c.has(fresh) })
}

// TestOnlyContentsAreServed: names that are no hashes are not found, whatever they try, and nothing can be written.
func TestOnlyContentsAreServed(t *testing.T) {
	a := newHouse(t)
	hash := a.put(t, "hello")
	for path, want := range map[string]int{
		"/files/" + hash: 200, "/files/": 404, "/files/" + hash[:63]: 404, "/files/../files/" + hash: 404, "/files/%2e%2e%2fetc%2fpasswd": 404,
		"/files/" + strings.ToUpper(hash): 404, "/" + hash: 404, "/files/" + hashOf("absent"): 404,
	} {
		request, err := http.NewRequest(http.MethodGet, a.served.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.URL.Opaque = path
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != want || (want == 200 && string(body) != "hello") {
			t.Errorf("%s: %s, %q", path, response.Status, body)
		}
	}
	response, err := http.Post(a.served.URL+"/files/"+hash, "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 404 {
		t.Errorf("a write: %s", response.Status)
	}
}

// TestWrongContentIsRefused: a server that gives something else is passed over, and what it gave is not kept.
func TestWrongContentIsRefused(t *testing.T) {
	liar := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "something else") }))
	defer liar.Close()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "half")
	}))
	defer broken.Close()
	a, b := newHouse(t), newHouse(t)
	hash := a.put(t, "the right content")
	b.peers = []string{liar.URL, broken.URL}
	if err := b.spread.Fetch(context.Background(), hash); !errors.Is(err, files.ErrNowhere) {
		t.Errorf("%v", err)
	}
	if b.has(hashOf("something else")) || b.has(hash) {
		t.Error("a wrong content was kept")
	}
	b.peers = append(b.peers, a.served.URL)
	if err := b.spread.Fetch(context.Background(), hash); err != nil || !b.has(hash) {
		t.Error(err)
	}
	if l, err := b.List(); err != nil || len(l) != 1 {
		t.Errorf("%v, %v", l, err)
	}
}

// TestOneTransferForAll: however many phones ask for a content at once, it is fetched once.
func TestOneTransferForAll(t *testing.T) {
	a, b := newHouse(t), newHouse(t)
	hash := a.put(t, strings.Repeat("x", 1<<20))
	b.know(a)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := b.spread.Fetch(context.Background(), hash); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := a.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestComesWithTheServer: a content that nobody has is fetched as soon as a server that has it can be reached.
func TestComesWithTheServer(t *testing.T) {
	a, b := newHouse(t), newHouse(t)
	hash := a.put(t, "late")
	b.want(hash)
	b.run(t)
	empty := newHouse(t)
	b.know(empty)
	b.spread.Look()
	eventually(t, "a first try", func() bool { return empty.asked.Load() > 0 })
	b.know(a)
	b.spread.Look()
	eventually(t, "the content", func() bool { return b.has(hash) })
}
