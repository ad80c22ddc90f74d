package tftpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"tandem/provision"
)

// HTTPConfig says how an HTTPServer works. The zero value of a field means its default.
type HTTPConfig struct {
	MaximumConnections int           // open at once; default 4000
	HeaderTimeout      time.Duration // from the first octet of a request to the end of its header; default 5 s
	IdleTimeout        time.Duration // between two requests of a connection; default 15 s
	StallTimeout       time.Duration // of a client that does not take what it is sent; default 20 s
	Log                *slog.Logger  // default: none
}

func (c HTTPConfig) withDefaults() HTTPConfig {
	if c.MaximumConnections <= 0 {
		c.MaximumConnections = 4000
	}
	if c.HeaderTimeout <= 0 {
		c.HeaderTimeout = 5 * time.Second
	}
	if c.IdleTimeout <= 0 {
		c.IdleTimeout = 15 * time.Second
	}
	if c.StallTimeout <= 0 {
		c.StallTimeout = 20 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// sendBuffer bounds what the system holds for a connection that does not read, in octets.
const sendBuffer = 128 << 10

// maximumHeader bounds the header of a request, in octets. No phone needs a tenth of it.
const maximumHeader = 8 << 10

// HTTPServer serves the same names as a Server over HTTP (port 6970): GET and HEAD, ranges, entity tags.
type HTTPServer struct {
	config   HTTPConfig
	files    provision.Files
	listener net.Listener
	server   *http.Server
	count    counters
	done     chan struct{}
}

// ListenHTTP opens the port at addr ("0.0.0.0:6970") and serves it until Close.
func ListenHTTP(addr string, files provision.Files, config HTTPConfig) (*HTTPServer, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	h := &HTTPServer{config: config.withDefaults(), files: files, done: make(chan struct{})}
	h.listener = &bounded{Listener: listener, places: make(chan struct{}, h.config.MaximumConnections), closed: make(chan struct{})}
	h.server = &http.Server{
		Handler:           h,
		ReadHeaderTimeout: h.config.HeaderTimeout,
		ReadTimeout:       2 * h.config.HeaderTimeout, // there is no body to read
		IdleTimeout:       h.config.IdleTimeout,
		MaxHeaderBytes:    maximumHeader,
		ErrorLog:          log.New(io.Discard, "", 0), // strangers' mistakes
	}
	go func() {
		defer close(h.done)
		_ = h.server.Serve(h.listener)
	}()
	return h, nil
}

// Addr is the address on which the server listens.
func (h *HTTPServer) Addr() netip.AddrPort { return h.listener.Addr().(*net.TCPAddr).AddrPort() }

// Counters returns the figures of now.
func (h *HTTPServer) Counters() Counters { return h.count.snapshot() }

// Close lets the requests that run finish until ctx ends, then cuts them off.
func (h *HTTPServer) Close(ctx context.Context) error {
	err := h.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, h.server.Close())
	}
	<-h.done
	return err
}

// ServeHTTP answers one request. A panic ends this request only.
func (h *HTTPServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	h.count.active.Add(1)
	defer h.count.active.Add(-1)
	request := provision.Request{Name: strings.TrimPrefix(r.URL.Path, "/"), Transport: provision.HTTP, At: started}
	request.Source, _ = netip.ParseAddrPort(r.RemoteAddr)
	request.Source = netip.AddrPortFrom(request.Source.Addr().Unmap(), request.Source.Port())
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		request.Local = local.AddrPort().Addr().Unmap()
	}
	var result provision.Result
	out := &paced{w: w, control: http.NewResponseController(w), stall: h.config.StallTimeout}
	defer func() {
		if p := recover(); p != nil {
			h.count.failed.Add(1)
			h.config.Log.Error("an HTTP transfer failed inside", "file", request.Name, "client", request.Source, "panic", p,
				"stack", string(debug.Stack()))
			result.Err = fmt.Errorf("internal error: %v", p)
			if out.status == 0 {
				http.Error(out, "internal error", http.StatusInternalServerError)
			}
		}
		result.Took, result.Sent = time.Since(started), out.sent
		h.count.bytes.Add(uint64(out.sent))
		h.files.Served(request, result)
		if result.File != nil {
			_ = result.File.Close()
		}
	}()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.count.writesRefused.Add(1)
		w.Header().Set("Allow", "GET, HEAD")
		h.refuse(out, "devices may only read", http.StatusMethodNotAllowed)
		result.Err = provision.ErrWrite
		return
	}
	if r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
		h.count.malformed.Add(1)
		h.refuse(out, "a request for a file has no body", http.StatusRequestEntityTooLarge)
		result.Err = provision.ErrRefused
		return
	}
	h.count.requests.Add(1)
	file, err := h.files.Open(r.Context(), request)
	if err != nil {
		result.Err = err
		switch {
		case errors.Is(err, provision.ErrNotFound):
			h.count.notFound.Add(1)
			http.Error(out, "file not found", http.StatusNotFound)
		case errors.Is(err, provision.ErrRefused):
			h.count.refused.Add(1)
			http.Error(out, "file not found", http.StatusNotFound)
		default:
			h.count.failed.Add(1)
			http.Error(out, "the file cannot be read now", http.StatusServiceUnavailable)
		}
		return
	}
	result.File = file
	header := w.Header()
	header.Set("Content-Type", contentType(file.Name))
	header.Set("ETag", `"`+file.ETag+`"`)
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(out, r, "", file.Modified, io.NewSectionReader(file.Content, 0, file.Size))
	result.Partial = out.status != http.StatusOK || r.Method == http.MethodHead
	if out.err != nil {
		h.count.abandoned.Add(1)
		result.Err = errLeft
		return
	}
	h.count.served.Add(1)
}

// refuse answers and closes the connection, so that whatever else the client wanted to send is not waited for.
func (h *HTTPServer) refuse(w http.ResponseWriter, text string, status int) {
	w.Header().Set("Connection", "close")
	http.Error(w, text, status)
}

func contentType(name string) string {
	switch {
	case strings.HasSuffix(strings.ToLower(name), ".xml"):
		return "text/xml; charset=utf-8"
	case strings.HasSuffix(strings.ToLower(name), ".txt"), strings.HasSuffix(name, ".cnf"), strings.HasSuffix(name, ".DAT"):
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// paced gives each piece of an answer a deadline of its own: a client that takes nothing is cut off, a slow one is served.
type paced struct {
	w       http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
	status  int
	sent    int64
	err     error
}

func (p *paced) Header() http.Header { return p.w.Header() }

func (p *paced) WriteHeader(status int) {
	if p.status == 0 {
		p.status = status
	}
	_ = p.control.SetWriteDeadline(time.Now().Add(p.stall))
	p.w.WriteHeader(status)
}

func (p *paced) Write(b []byte) (int, error) {
	if p.status == 0 {
		p.status = http.StatusOK
	}
	_ = p.control.SetWriteDeadline(time.Now().Add(p.stall))
	n, err := p.w.Write(b)
	p.sent += int64(n)
	if err != nil {
		p.err = err
	}
	return n, err
}

// bounded is a listener that accepts a bounded number of connections; others wait in the system's queue.
type bounded struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.places <- struct{}{}:
	case <-b.closed:
		return nil, net.ErrClosed
	}
	conn, err := b.Listener.Accept()
	if err != nil {
		<-b.places
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok { // what slow readers leave in the system's memory stays small
		_ = tcp.SetWriteBuffer(sendBuffer)
	}
	return &placed{Conn: conn, leave: sync.OnceFunc(func() { <-b.places })}, nil
}

func (b *bounded) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

type placed struct {
	net.Conn
	leave func()
}

func (p *placed) Close() error {
	defer p.leave()
	return p.Conn.Close()
}
