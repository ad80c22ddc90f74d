package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"golang.org/x/time/rate"

	"tandem/admin"
	"tandem/fault"
)

// Limits of the server: who is slow or large is ended, others do not notice (T-7).
const (
	headerTime  = 10 * time.Second
	readTime    = 60 * time.Second
	writeTime   = 120 * time.Second
	idleTime    = 2 * time.Minute
	headerSize  = 32 << 10
	bodySize    = 33 << 20  // a site file
	fileSize    = 256 << 20 // a firmware file
	connections = 2048
	perSource   = 512
)

// Options say what is served beside the API.
type Options struct {
	Version string
	Metrics http.Handler // under /metrics; may be nil
}

// Server serves the API on any number of listeners.
type Server struct {
	ops     *admin.Operations
	handler http.Handler
	guesses guesses

	mu      sync.Mutex
	servers []*http.Server
	closed  bool
}

// New makes a server.
func New(ops *admin.Operations, o Options) *Server {
	s := &Server{ops: ops}
	mux := http.NewServeMux()
	config := huma.DefaultConfig("Tandem", o.Version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "/api/v1/openapi", "/api/v1/docs", "/api/v1/schemas"
	config.CreateHooks = nil // answers hold what was asked for and no links to schemas
	api := humago.New(mux, config)
	s.register(api)
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeFault(w, fault.New(fault.NotHere, "path", r.URL.Path))
	})
	s.handler = s.identify(mux)
	return s
}

// guesses slows down who shows wrong tokens, by address.
type guesses struct {
	mu   sync.Mutex
	from map[string]*rate.Limiter
}

const (
	guessesKept   = 4096
	guessesAtOnce = 10
)

// allow says whether the address may try once more.
func (g *guesses) allow(address string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.from[address]
	if l == nil {
		if g.from == nil || len(g.from) >= guessesKept {
			g.from = make(map[string]*rate.Limiter)
		}
		l = rate.NewLimiter(rate.Every(6*time.Second), guessesAtOnce)
		g.from[address] = l
	}
	return l.Allow()
}

type localKey struct{}

// identify finds out who asks before anything else is looked at.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if uid, ok := r.Context().Value(localKey{}).(string); ok {
			next.ServeHTTP(w, r.WithContext(admin.With(r.Context(), admin.Local(uid))))
			return
		}
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		i, err := s.ops.ByToken(strings.TrimSpace(token))
		if err != nil {
			if token != "" && !s.guesses.allow(host) {
				err = fault.New(fault.RequestsTooFast, "address", host, "wait", "a minute")
			}
			w.Header().Set("WWW-Authenticate", `Bearer realm="tandem"`)
			writeFault(w, err)
			return
		}
		i.Address = host
		next.ServeHTTP(w, r.WithContext(admin.With(r.Context(), i)))
	})
}

func (s *Server) serve(l net.Listener, context func(context.Context, net.Conn) context.Context) error {
	h := &http.Server{Handler: s.handler, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: headerSize, ConnContext: context}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return net.ErrClosed
	}
	s.servers = append(s.servers, h)
	s.mu.Unlock()
	err := h.Serve(l)
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// ServeUnix serves the local socket: who may open it is an administrator, named by the number of the system's user.
func (s *Server) ServeUnix(l net.Listener) error {
	return s.serve(l, func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, localKey{}, userOf(c))
	})
}

// userOf asks the kernel who is at the other end of a local connection.
func userOf(c net.Conn) string {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return "unknown"
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return "unknown"
	}
	who := "unknown"
	_ = raw.Control(func(fd uintptr) {
		if cred, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED); err == nil {
			who = fmt.Sprint(cred.Uid)
		}
	})
	return who
}

// ServeTLS serves HTTPS, with tokens.
func (s *Server) ServeTLS(l net.Listener, config *tls.Config) error {
	return s.serve(tls.NewListener(newBounded(l), config), nil)
}

// Close lets the requests that run finish until ctx ends, then cuts them off.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	servers := s.servers
	s.mu.Unlock()
	var err error
	for _, h := range servers {
		if e := h.Shutdown(ctx); e != nil {
			err = e
			_ = h.Close()
		}
	}
	return err
}

// bounded limits connections, in all and from one address (T-6).
type bounded struct {
	net.Listener
	mu   sync.Mutex
	all  int
	from map[string]int
}

func newBounded(l net.Listener) *bounded { return &bounded{Listener: l, from: map[string]int{}} }

// Accept implements net.Listener; connections above the limits are closed at once.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
		b.mu.Lock()
		ok := b.all < connections && b.from[host] < perSource
		if ok {
			b.all++
			b.from[host]++
		}
		b.mu.Unlock()
		if ok {
			return &counted{Conn: c, end: sync.OnceFunc(func() { b.gone(host) })}, nil
		}
		c.Close()
	}
}

func (b *bounded) gone(host string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all--
	if b.from[host]--; b.from[host] == 0 {
		delete(b.from, host)
	}
}

type counted struct {
	net.Conn
	end func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.end()
	return c.Conn.Close()
}
