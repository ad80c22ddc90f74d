package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

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
	s.ops.Log.Error("a request failed", "cause", err)
	return &problem{status: http.StatusInternalServerError, one: fault.New(fault.Unexpected, "reference", err.Error())}
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
	f := fault.New(fault.RequestInvalid, "problem", message)
	if status == http.StatusRequestEntityTooLarge {
		f = fault.New(fault.RequestTooLarge, "limit", "this request")
	}
	return &problem{status: status, one: f}
}
