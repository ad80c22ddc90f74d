package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tandem/fault"
	"tandem/service"
)

// contain answers a request in which the program fails, and has the failure reported as one of the service.
func (s *Server) contain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := &begun{ResponseWriter: w}
		if s.ops.Services.Guard(service.Web, r.Method+" "+brief(r.URL.Path), func() { next.ServeHTTP(begun, r) }) {
			if begun.answered {
				panic(http.ErrAbortHandler) // half an answer must not look like a whole one
			}
			writeFault(w, s.unforeseen("the program failed in "+r.Method+" "+brief(r.URL.Path)))
		}
	})
}

// begun knows whether an answer has begun.
type begun struct {
	http.ResponseWriter
	answered bool
}

// WriteHeader implements http.ResponseWriter.
func (b *begun) WriteHeader(status int) {
	b.answered = true
	b.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (b *begun) Write(p []byte) (int, error) {
	b.answered = true
	return b.ResponseWriter.Write(p)
}

// Unwrap gives the writer to http.ResponseController.
func (b *begun) Unwrap() http.ResponseWriter { return b.ResponseWriter }

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}

// nothingHere answers what no route takes: nothing is there, or something else can be done there.
func nothingHere(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var possible []string
		for _, m := range methods {
			if _, pattern := mux.Handler(&http.Request{Method: m, URL: r.URL, Host: r.Host}); pattern != "/" && pattern != "" {
				possible = append(possible, m)
			}
		}
		if len(possible) == 0 {
			writeFault(w, fault.New(fault.NotHere, "path", brief(r.URL.Path)))
			return
		}
		w.Header().Set("Allow", strings.Join(possible, ", "))
		f := fault.New(fault.RequestInvalid, "problem", fmt.Sprintf("%s is not possible at %s, only %s", brief(r.Method), brief(r.URL.Path), strings.Join(possible, ", ")))
		f.Status = http.StatusMethodNotAllowed
		writeFault(w, f)
	}
}

// summary is the API on one page of plain text; the whole description is the OpenAPI document.
func summary(d *huma.OpenAPI) http.Handler {
	var b strings.Builder
	fmt.Fprintf(&b, "The API of %s %s. In full, as OpenAPI 3.1: /api/v1/openapi.json or .yaml\n", d.Info.Title, d.Info.Version)
	var paths []string
	for path := range d.Paths {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		p := d.Paths[path]
		for _, o := range []*huma.Operation{p.Get, p.Post, p.Put, p.Delete} {
			if o == nil {
				continue
			}
			fmt.Fprintf(&b, "\n%s %s\n    %s.\n", o.Method, path, o.Summary)
			for _, q := range o.Parameters {
				fmt.Fprintf(&b, "    %s (%s): %s\n", q.Name, q.In, q.Description)
			}
		}
	}
	text := []byte(b.String())
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write(text)
	})
}
