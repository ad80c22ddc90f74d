// Package files brings the contents that the configuration names (firmware, rings, locales, greetings, music) to every server that
// needs them. Contents are known by their SHA-256: the hash travels with the configuration, the content is fetched from
// whichever server has it, checked, and kept. What is uploaded at one server, or was there before a server joined, is soon
// everywhere; what is asked for sooner is fetched at once.
//
// What does not live here: the store of contents on this server (provision/firmware), and which name has which content
// (the configuration).
package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Timing and bounds.
const (
	lookEvery    = time.Minute      // in case something was missed
	firstRetry   = time.Second      // after a content could not be had; doubles
	lastRetry    = 2 * time.Minute  //
	complain     = 5 * time.Minute  // how long a content is missing before an administrator is told
	stallTimeout = 30 * time.Second // without a byte from another server
	parallel     = 2                // contents that are fetched at once
)

// ErrNowhere says that no server that can be reached has the content.
var ErrNowhere = errors.New("no server that can be reached has the content")

// Store keeps contents on this server, under their SHA-256 in hexadecimal digits.
type Store interface {
	// Open opens a content; an error that is fs.ErrNotExist says that it is not here.
	Open(hash string) (*os.File, error)
	// Put stores a content and returns its hash.
	Put(content io.Reader) (hash string, size int64, err error)
	// Remove takes a content away.
	Remove(hash string) error
}

// Options are what a Spread works with.
type Options struct {
	Store Store
	// Wanted lists the hashes of the contents that this server needs.
	Wanted func() []string
	// Peers lists the other servers that can be reached, as addresses of their handlers: "https://cm2:7402".
	Peers func() []string
	// Client reaches them, with mutual TLS.
	Client *http.Client
	// Missing is told of contents that could not be had for a while, and with an empty list when none is missing any more.
	Missing func(hashes []string)
	Log     *slog.Logger
}

// Spread fetches what is missing.
type Spread struct {
	o    Options
	wake chan struct{}

	mu      sync.Mutex
	running map[string]*fetch // by hash: one at a time
	tries   map[string]*try
	told    bool
}

type fetch struct {
	done chan struct{}
	err  error
}

type try struct {
	since time.Time // when it was first missed
	next  time.Time
	pause time.Duration
}

// New makes a Spread; Run makes it work.
func New(o Options) *Spread {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Spread{o: o, wake: make(chan struct{}, 1), running: map[string]*fetch{}, tries: map[string]*try{}}
}

// Look has the contents looked through soon: the configuration changed, or a server has become reachable.
func (s *Spread) Look() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run fetches what is missing until ctx ends.
func (s *Spread) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
			s.mu.Lock()
			for _, t := range s.tries { // whoever has come may have it
				t.next, t.pause = time.Time{}, firstRetry
			}
			s.mu.Unlock()
		case <-timer.C:
		}
		timer.Reset(s.look(ctx))
	}
}

// look fetches what is missing and due, and returns when to look again.
func (s *Spread) look(ctx context.Context) time.Duration {
	wanted := s.o.Wanted()
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	var due []string
	s.mu.Lock()
	for hash := range s.tries {
		if _, ok := slices.BinarySearch(wanted, hash); !ok {
			delete(s.tries, hash)
		}
	}
	s.mu.Unlock()
	for _, hash := range wanted {
		if s.has(hash) {
			s.forget(hash)
		} else if s.isDue(hash) {
			due = append(due, hash)
		}
	}
	slots := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for _, hash := range due {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := s.Fetch(ctx, hash); err != nil && ctx.Err() == nil {
				s.o.Log.Debug("a file was not fetched", "sha256", hash, "cause", err)
				s.failed(hash)
			}
		})
	}
	all.Wait()
	return s.report()
}

func (s *Spread) has(hash string) bool {
	f, err := s.o.Store.Open(hash)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

func (s *Spread) forget(hash string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tries, hash)
}

func (s *Spread) isDue(hash string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	t := s.tries[hash]
	if t == nil {
		t = &try{since: now, pause: firstRetry}
		s.tries[hash] = t
	}
	return !now.Before(t.next)
}

func (s *Spread) failed(hash string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tries[hash]; t != nil {
		t.next = time.Now().Add(t.pause)
		t.pause = min(2*t.pause, lastRetry)
	}
}

// report tells what has been missing for long, and returns when the next try is due.
func (s *Spread) report() time.Duration {
	s.mu.Lock()
	now, wait := time.Now(), lookEvery
	var long []string
	for hash, t := range s.tries {
		wait = min(wait, max(t.next.Sub(now), 0))
		if now.Sub(t.since) >= complain {
			long = append(long, hash)
		}
	}
	tell := len(long) > 0 || s.told
	s.told = len(long) > 0
	s.mu.Unlock()
	if tell && s.o.Missing != nil {
		slices.Sort(long)
		s.o.Missing(long)
	}
	return max(wait, 10*time.Millisecond)
}

// Fetch has a content on this server when it returns without an error. Several who ask for the same wait for one transfer.
func (s *Spread) Fetch(ctx context.Context, hash string) error {
	if s.has(hash) {
		return nil
	}
	s.mu.Lock()
	f := s.running[hash]
	if f == nil {
		f = &fetch{done: make(chan struct{})}
		s.running[hash] = f
		s.mu.Unlock()
		f.err = s.fetch(ctx, hash)
		s.mu.Lock()
		delete(s.running, hash)
		if f.err == nil {
			delete(s.tries, hash)
		}
		close(f.done)
		s.mu.Unlock()
		return f.err
	}
	s.mu.Unlock()
	select {
	case <-f.done:
		if errors.Is(f.err, context.Canceled) && ctx.Err() == nil {
			return s.Fetch(ctx, hash) // who asked first has given up, not we
		}
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fetch asks one server after the other.
func (s *Spread) fetch(ctx context.Context, hash string) error {
	var all []error
	for _, peer := range s.o.Peers() {
		err := s.from(ctx, peer, hash)
		if err == nil {
			s.o.Log.Info("a file was fetched", "sha256", hash, "from", peer)
			return nil
		}
		all = append(all, fmt.Errorf("%s: %w", peer, err))
	}
	return errors.Join(append([]error{ErrNowhere}, all...)...)
}

func (s *Spread) from(ctx context.Context, peer, hash string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch := time.AfterFunc(stallTimeout, cancel)
	defer watch.Stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, peer+Path+hash, nil)
	if err != nil {
		return err
	}
	response, err := s.o.Client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	got, _, err := s.o.Store.Put(&patient{response.Body, watch})
	if err != nil {
		return err
	}
	if got == hash {
		return nil
	}
	err = fmt.Errorf("the content has the SHA-256 %s", got)
	if !slices.Contains(s.o.Wanted(), got) {
		err = errors.Join(err, s.o.Store.Remove(got))
	}
	return err
}

// patient ends a transfer only when nothing comes any more.
type patient struct {
	io.Reader
	watch *time.Timer
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if n > 0 {
		p.watch.Reset(stallTimeout)
	}
	return n, err
}

// Path is where Handler serves contents, followed by the hash.
const Path = "/files/"

// Handler gives contents to the other servers. Who may ask is the business of who serves it.
func (s *Spread) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hash, ok := strings.CutPrefix(r.URL.Path, Path)
		if !ok || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
			http.Error(w, "only contents are served here", http.StatusNotFound)
			return
		}
		f, err := s.o.Store.Open(hash)
		if err != nil {
			http.Error(w, "that content is not here", http.StatusNotFound)
			return
		}
		defer f.Close()
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "", time.Time{}, f)
	})
}
