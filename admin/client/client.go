package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"tandem/fault"
)

const (
	root        = "/api/v1"
	dialTimeout = 5 * time.Second
	// answerTimeout bounds one request whose context has no deadline: importing a large site is the slowest.
	answerTimeout = 3 * time.Minute
	// answerLimit bounds what is read of an answer; the export of the largest supported site is well below.
	answerLimit = 256 << 20
)

// Client speaks to one server. It is safe for concurrent use.
type Client struct {
	http  *http.Client
	base  string // what stands before root in every address
	token string // shown with every request; empty over the local socket
	where string // the server as people name it, for faults
}

// Local returns a client for the server whose socket is given. No connection is made before the first request.
func Local(socketPath string) *Client {
	dialer := net.Dialer{Timeout: dialTimeout}
	transport := transport()
	transport.Proxy = nil
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "unix", socketPath)
	}
	return &Client{http: httpClient(transport), base: "http://local", where: socketPath}
}

// Remote returns a client for the server at an address such as https://cm1.example.org:8443, which shows a token. The
// server's certificate must be signed by one of the authorities in ca, in PEM form; nil stands for those that the system
// trusts. A token never travels in clear: other schemes than https are refused.
func Remote(address, token string, ca []byte) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fault.New(fault.ServerUnreachable, "where", address, "cause", "the address has not the form https://HOST:PORT")
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != nil {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(ca) {
			return nil, fault.New(fault.CertificateUnknown, "where", address, "cause", "the authority that was given holds no certificate in PEM form")
		}
	}
	transport := transport()
	transport.TLSClientConfig = config
	return &Client{http: httpClient(transport), base: "https://" + u.Host + strings.TrimSuffix(u.Path, "/"), token: token, where: address}, nil
}

func transport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: answerTimeout,
		IdleConnTimeout:       30 * time.Second,
		MaxIdleConns:          4,
	}
}

// httpClient follows no redirection: the API has none, and the token is for one server.
func httpClient(t *http.Transport) *http.Client {
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Close gives up idle connections. The client may be used afterwards.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// request is one request before it is sent.
type request struct {
	method  string
	path    string // below root, its variable parts escaped
	query   url.Values
	body    []byte
	content string // media type of body
	match   string // ETag that the object must still have; empty: any
}

// answer is what came back if it was no refusal.
type answer struct {
	body []byte
	tag  string
}

// do sends a request and reads the whole answer, or the refusal.
func (c *Client) do(ctx context.Context, r request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout) // an earlier deadline of the caller stays
	defer cancel()
	address := c.base + root + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	h, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(r.body))
	if err != nil {
		return answer{}, fmt.Errorf("request %s %s: %w", r.method, r.path, err)
	}
	if r.content != "" {
		h.Header.Set("Content-Type", r.content)
	}
	if r.match != "" {
		h.Header.Set("If-Match", r.match)
	}
	if c.token != "" {
		h.Header.Set("Authorization", "Bearer "+c.token)
	}
	h.Header.Set("User-Agent", "tandem")
	response, err := c.http.Do(h)
	if err != nil {
		return answer{}, c.unreachable(ctx, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerLimit+1))
	switch {
	case err != nil:
		return answer{}, c.unreachable(ctx, err)
	case len(body) > answerLimit:
		return answer{}, fault.New(fault.ServerUnreachable, "where", c.where, "cause", fmt.Sprintf("its answer is larger than %d MiB", answerLimit>>20))
	case response.StatusCode >= 200 && response.StatusCode < 300:
		return answer{body, response.Header.Get("ETag")}, nil
	}
	return answer{}, c.refused(response, body)
}

// unreachable tells why no answer came.
func (c *Client) unreachable(ctx context.Context, err error) error {
	var (
		verify  *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
		record  tls.RecordHeaderError
		network net.Error
	)
	cause := err
	var u *url.Error
	if errors.As(err, &u) {
		cause = u.Err
	}
	where := func(text string) error {
		return fault.Wrap(err, fault.ServerUnreachable, "where", c.where, "cause", text)
	}
	switch {
	case errors.Is(context.Cause(ctx), context.Canceled):
		return context.Canceled
	case errors.As(err, &verify), errors.As(err, &unknown):
		return fault.Wrap(err, fault.CertificateUnknown, "where", c.where, "cause", cause.Error())
	case errors.Is(err, syscall.ENOENT):
		return where("there is no such socket, so no server runs there")
	case errors.Is(err, syscall.EACCES):
		return where("the socket belongs to another user of the system")
	case errors.Is(err, syscall.ECONNREFUSED):
		return where("nothing listens there")
	case errors.As(err, &record):
		return where("what answers there does not speak TLS")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return where("it ended the connection without an answer")
	case errors.As(err, &network) && network.Timeout():
		return where("no answer came in time")
	}
	return where(cause.Error())
}

// problems is the body of a refusal for several reasons.
type problems struct {
	Problems []*fault.Error `json:"problems"`
	More     int            `json:"more"`
}

// refused decodes a refusal.
func (c *Client) refused(response *http.Response, body []byte) error {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if kind == fault.ProblemContentType {
		var several problems
		if err := json.Unmarshal(body, &several); err == nil && len(several.Problems) > 0 {
			if len(several.Problems) == 1 && several.More == 0 {
				return several.Problems[0]
			}
			return &Refused{Problems: several.Problems, More: several.More}
		}
		var one fault.Error
		if err := json.Unmarshal(body, &one); err == nil {
			return &one
		}
	}
	return fault.New(fault.ServerUnreachable, "where", c.where, "cause", fmt.Sprintf("what answers there is not this API: %q", response.Status))
}

// ask sends a request and decodes its answer. in is nil if the request has no body.
func ask[T any](ctx context.Context, c *Client, method, path string, query url.Values, in any) (out T, err error) {
	r := request{method: method, path: path, query: query}
	if in != nil {
		if r.body, err = json.Marshal(in); err != nil {
			return out, fmt.Errorf("request %s %s: %w", method, path, err)
		}
		r.content = "application/json"
	}
	return decode[T](ctx, c, r)
}

func decode[T any](ctx context.Context, c *Client, r request) (out T, err error) {
	a, err := c.do(ctx, r)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(a.body, &out); err != nil {
		return out, fault.Wrap(err, fault.ServerUnreachable, "where", c.where, "cause", "what answers there is not this API: "+err.Error())
	}
	return out, nil
}

// segment joins the variable parts of a path. Names hold slashes and dots of their own.
func segment(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		if p == "." || p == ".." { // would be taken for a step in the path
			b.WriteString(strings.ReplaceAll(p, ".", "%2E"))
			continue
		}
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}
