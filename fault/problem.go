package fault

import (
	"encoding/json"
	"fmt"
)

// Problem is a fault as an HTTP answer (RFC 9457, application/problem+json).
type Problem struct {
	Type     string `json:"type" doc:"urn:tandem:fault: and the identifier"`
	Title    string `json:"title" doc:"what happened"`
	Status   int    `json:"status" doc:"HTTP status"`
	Detail   string `json:"detail,omitempty" doc:"why"`
	Action   string `json:"action,omitempty" doc:"what to do"`
	Code     Code   `json:"code" doc:"stable identifier"`
	Severity string `json:"severity" doc:"syslog name of the severity"`
}

const problemType = "urn:tandem:fault:"

// ProblemContentType is the media type of a Problem.
const ProblemContentType = "application/problem+json"

// Problem returns the fault in the form of RFC 9457. The cause inside is left out.
func (e *Error) Problem() Problem {
	return Problem{
		Type: problemType + string(e.Code), Title: e.Message, Status: e.Status, Detail: e.Reason,
		Action: e.Action, Code: e.Code, Severity: e.Severity.String(),
	}
}

// MarshalJSON writes the Problem form.
func (e *Error) MarshalJSON() ([]byte, error) { return json.Marshal(e.Problem()) }

// UnmarshalJSON reads the Problem form, so that a client shows a server's fault as the server meant it, also one
// that the client's own catalogue does not know yet.
func (e *Error) UnmarshalJSON(data []byte) error {
	var p Problem
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	if p.Code == "" {
		return fmt.Errorf("problem without an identifier")
	}
	severity, err := ParseSeverity(p.Severity)
	if err != nil {
		severity = SeverityError
	}
	*e = Error{Code: p.Code, Severity: severity, Message: p.Title, Reason: p.Detail, Action: p.Action, Status: p.Status}
	return nil
}
