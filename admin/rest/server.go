package rest

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
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

// Sizes of what is taken, in bytes.
const (
	headerSize = 32 << 10
	objectSize = 1 << 20   // one object
	siteSize   = 33 << 20  // a site file
	fileSize   = 256 << 20 // a firmware file
)

// Limits bound what one client can take: who is slow or many is ended, others do not notice (T-6, T-7). A zero field stands
// for the default.
type Limits struct {
	Header      time.Duration // until the headers of a request are there, default 10 s
	Read        time.Duration // until its body is there, default 60 s
	Write       time.Duration // until its answer is taken, default 2 minutes
	Idle        time.Duration // between requests, default 2 minutes
	Upload      time.Duration // until a firmware file is there, default 10 minutes
	Connections int           // at most, default 2048; the local socket has no such limit
	PerSource   int           // of one address, default 512
}

func (l Limits) filled() Limits {
	return Limits{Header: cmp.Or(l.Header, 10*time.Second), Read: cmp.Or(l.Read, time.Minute), Write: cmp.Or(l.Write, 2*time.Minute),
		Idle: cmp.Or(l.Idle, 2*time.Minute), Upload: cmp.Or(l.Upload, 10*time.Minute),
		Connections: cmp.Or(l.Connections, 2048), PerSource: cmp.Or(l.PerSource, 512)}
}

// Options say what is served beside the API, and how much of it.
type Options struct {
	Version string
	Metrics http.Handler // under /metrics; may be nil
	Limits  Limits
}

// Server serves the API on any number of listeners.
type Server struct {
	ops     *admin.Operations
	handler http.Handler
	guesses guesses
	limits  Limits

	mu      sync.Mutex
	servers []*http.Server
	closed  bool
}

// New makes a server.
func New(ops *admin.Operations, o Options) *Server {
	inOurForm()
	s := &Server{ops: ops, limits: o.Limits.filled()}
	mux := http.NewServeMux()
	config := huma.DefaultConfig("Tandem", o.Version)
	config.OpenAPIPath, config.SchemasPath = "/api/v1/openapi", "/api/v1/schemas"
	config.DocsPath = ""     // its pages load programs from elsewhere
	config.CreateHooks = nil // answers hold what was asked for and no links to schemas
	api := humago.New(mux, config)
	s.register(api)
	mux.Handle("GET /api/v1/docs", summary(api.OpenAPI()))
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	mux.HandleFunc("/", nothingHere(mux))
	s.handler = s.contain(s.identify(mux))
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

// spent says that the address has no try left, so that its guesses cost us nothing.
func (g *guesses) spent(address string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.from[address]
	return l != nil && l.Tokens() < 1
}

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
		w.Header().Set("Cache-Control", "no-store") // some answers hold secrets
		if uid, ok := r.Context().Value(localKey{}).(string); ok {
			next.ServeHTTP(w, r.WithContext(admin.With(r.Context(), admin.Local(uid))))
			return
		}
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		i, tried, err := s.who(r, host)
		if errors.Is(err, fault.NotAuthenticated) {
			if tried && !s.guesses.allow(host) {
				w.Header().Set("Retry-After", "60")
				err = fault.New(fault.RequestsTooFast, "address", host, "wait", "a minute")
			} else {
				w.Header().Set("WWW-Authenticate", `Bearer realm="tandem"`)
			}
		}
		if err != nil {
			writeFault(w, err)
			return
		}
		i.Address = host
		next.ServeHTTP(w, r.WithContext(admin.With(r.Context(), i)))
	})
}

// checking bounds how many passwords are checked at once: each check is made to cost memory and time.
var checking = make(chan struct{}, 2)

// who finds out who asks, by a token or by a user's name and password; tried says that one of them was shown.
func (s *Server) who(r *http.Request, host string) (i admin.Identity, tried bool, err error) {
	user, password, basic := r.BasicAuth()
	if !basic {
		token := bearer(r.Header.Get("Authorization"))
		i, err = s.ops.ByToken(token)
		return i, token != "", err
	}
	if s.guesses.spent(host) {
		return i, true, fault.New(fault.NotAuthenticated)
	}
	select {
	case checking <- struct{}{}:
		defer func() { <-checking }()
	case <-r.Context().Done():
		return i, false, r.Context().Err()
	}
	i, err = s.ops.ByPassword(user, password)
	return i, true, err
}

// bearer is the token in an Authorization header (RFC 6750), or nothing.
func bearer(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func (s *Server) serve(l net.Listener, context func(context.Context, net.Conn) context.Context) error {
	h := &http.Server{Handler: s.handler, ReadHeaderTimeout: s.limits.Header, ReadTimeout: s.limits.Read, WriteTimeout: s.limits.Write,
		IdleTimeout: s.limits.Idle, MaxHeaderBytes: headerSize, ConnContext: context,
		ErrorLog: slog.NewLogLogger(s.ops.Log.Handler(), slog.LevelDebug)} // broken handshakes and the like; anybody can cause them
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return net.ErrClosed
	}
	s.servers = append(s.servers, h)
	s.mu.Unlock()
	err := h.Serve(l)
	h.SetKeepAlivesEnabled(false) // requests that run are answered, nothing more comes over their connections
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
	return s.serve(tls.NewListener(newBounded(l, s.limits), config), nil)
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
