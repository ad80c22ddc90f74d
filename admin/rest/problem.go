package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"tandem/confdb"
	"tandem/fault"
)

// problem is a refusal as huma answers with it: one fault, or several of one request.
type problem struct {
	status   int
	one      *fault.Error
	Problems []*fault.Error `json:"problems"`
	More     int            `json:"more"`
}

// Error implements error.
func (p *problem) Error() string {
	if p.one != nil {
		return p.one.Error()
	}
	return fmt.Sprintf("%d problems", len(p.Problems)+p.More)
}

// GetStatus implements huma.StatusError.
func (p *problem) GetStatus() int { return p.status }

// ContentType implements huma.ContentTypeFilter.
func (p *problem) ContentType(string) string { return fault.ProblemContentType }

// MarshalJSON writes one fault as problem details, several as a list of them.
func (p *problem) MarshalJSON() ([]byte, error) {
	if p.one != nil {
		return json.Marshal(p.one)
	}
	type list problem
	return json.Marshal((*list)(p))
}

// refusal turns an error of an operation into what is answered.
func (s *Server) refusal(err error) error {
	var r *confdb.Refused
	if errors.As(err, &r) && len(r.Problems) > 0 {
		if len(r.Problems) == 1 && r.More == 0 {
			return &problem{status: statusOf(r.Problems[0]), one: r.Problems[0]}
		}
		return &problem{status: statusOf(r.Problems[0]), Problems: r.Problems, More: r.More}
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return &problem{status: statusOf(f), one: f}
	}
	var network net.Error
	switch {
	case errors.As(err, &network) && network.Timeout():
		return plain(http.StatusRequestTimeout, "The request did not arrive in time")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return plain(http.StatusBadRequest, "The request ended in the middle")
	}
	return &problem{status: http.StatusInternalServerError, one: s.unforeseen(err)}
}

// unforeseen logs what went wrong under a reference, which is all that is told.
func (s *Server) unforeseen(cause any) *fault.Error {
	reference := fmt.Sprintf("%08x", rand.Uint32())
	s.ops.Log.Error("a request failed", "reference", reference, "cause", fmt.Sprint(cause))
	return fault.New(fault.Unexpected, "reference", reference)
}

func statusOf(f *fault.Error) int {
	if f.Status >= 400 && f.Status < 600 {
		return f.Status
	}
	return http.StatusInternalServerError
}

// writeFault answers outside huma.
func writeFault(w http.ResponseWriter, err error) {
	var f *fault.Error
	if !errors.As(err, &f) {
		f = fault.New(fault.Unexpected, "reference", "the request")
	}
	text, _ := json.Marshal(f)
	w.Header().Set("Content-Type", fault.ProblemContentType)
	w.WriteHeader(statusOf(f))
	_, _ = w.Write(text)
}

// brief bounds what is repeated of a request.
func brief(text string) string {
	if len(text) <= 512 {
		return text
	}
	return strings.ToValidUTF8(text[:512], "") + "…"
}

// inOurForm makes huma's own refusals look like all others. It is a setting of the whole process; no request is served before
// it is made.
var inOurForm = sync.OnceFunc(func() { huma.NewError = plain })

// plain has huma's own refusals (a body that is no JSON, a number out of range) in our form.
func plain(status int, message string, errs ...error) huma.StatusError {
	for _, err := range errs {
		var d *huma.ErrorDetail
		if errors.As(err, &d) {
			message += ": " + d.Message
			if d.Location != "" {
				message += " (" + d.Location + ")"
			}
		} else if err != nil {
			message += ": " + err.Error()
		}
	}
	f := fault.New(fault.RequestInvalid, "problem", brief(message))
	if status == http.StatusRequestEntityTooLarge {
		f = fault.New(fault.RequestTooLarge, "limit", "such requests")
	}
	f.Status = status
	return &problem{status: status, one: f}
}
