// Package fault is the one catalogue of messages that an administrator, a log or an alarm shows.
//
// A fault says what happened (Message), why (Reason) and what to do (Action), under an identifier that never
// changes its meaning (TDM-CFG-0012: area and four digits). Make a fault where the person's intent is known;
// further inside use plain wrapped errors and hand them to Wrap.
//
//	return fault.Wrap(err, fault.PortTaken, "service", "TFTP", "port", "69/udp", "address", "0.0.0.0")
//
//	if errors.Is(err, fault.PortTaken) { … }
//
// Adding an entry: append a constant and an Entry to the file of the area (configuration.go for CFG, service.go for
// SVC and so on). Placeholders in braces take the named arguments given to New; {cause} is the text of the wrapped error.
// A number that was released is never used again for anything else. Adding an area: a file with its list, and one line
// in catalogue.go. The tests check the form of every entry, and that every identifier and every argument used anywhere
// in the project is in the catalogue.
//
// What does not live here: the raising and clearing of alarms (service/alarm) and causes of calls (telephony).
package fault

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Code identifies one kind of fault: "TDM-", three letters of area, "-", four digits. A Code is itself an error, so
// that it serves as a target of errors.Is.
type Code string

// Error returns the identifier itself.
func (c Code) Error() string { return string(c) }

const codeLength = 12

// Area returns the three letters between the hyphens, or "" if c has not the form of an identifier.
func (c Code) Area() string {
	if len(c) != codeLength {
		return ""
	}
	return string(c[4:7])
}

// Error is one fault that happened, with its texts filled in. It satisfies error; errors.Is compares its Code, and
// errors.As and errors.Is see through to Err.
type Error struct {
	Code     Code     // identifier, in the catalogue
	Severity Severity // how bad it is
	Message  string   // what happened
	Reason   string   // why
	Action   string   // what the reader can do
	Status   int      // status of the answer if the fault answers an HTTP request
	Err      error    // the cause inside, for logs; nil if there is none. Never sent to a client.
}

// New builds the fault code from the catalogue. args are alternating names and values which fill the placeholders of
// its texts. An argument that is missing leaves its placeholder visible; a code that is not in the catalogue gives a
// fault that says so (a test keeps both from happening).
func New(code Code, args ...any) *Error { return build(nil, code, args) }

// Wrap is New with the error that caused it. Its text fills {cause}.
func Wrap(err error, code Code, args ...any) *Error { return build(err, code, args) }

func build(err error, code Code, args []any) *Error {
	entry, ok := Lookup(code)
	if !ok {
		entry = Entry{
			Code: code, Severity: SeverityError,
			Message: "An unlisted fault was reported.",
			Reason:  "The identifier is not in the catalogue of this version.",
			Action:  "Report the identifier and the log around it.",
		}
	}
	named := arguments(err, args)
	return &Error{
		Code: entry.Code, Severity: entry.Severity, Status: entry.status(), Err: err,
		Message: fill(entry.Message, named),
		Reason:  fill(entry.Reason, named),
		Action:  fill(entry.Action, named),
	}
}

// Error gives the three sentences and the identifier on one line.
func (e *Error) Error() string {
	var b strings.Builder
	for _, s := range []string{e.Message, e.Reason, e.Action} {
		if s != "" {
			b.WriteString(s)
			b.WriteByte(' ')
		}
	}
	b.WriteByte('(')
	b.WriteString(string(e.Code))
	b.WriteByte(')')
	return b.String()
}

// Text gives the fault as the command line prints it: the message, and why and what to do on lines of their own.
func (e *Error) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", e.Message)
	if e.Reason != "" {
		fmt.Fprintf(&b, "  Why:   %s\n", e.Reason)
	}
	if e.Action != "" {
		fmt.Fprintf(&b, "  Do:    %s\n", e.Action)
	}
	fmt.Fprintf(&b, "  %s (%s)\n", e.Code, e.Severity)
	return b.String()
}

// Is reports whether target is this fault's Code, or a fault with the same Code.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case Code:
		return e.Code == t
	case *Error:
		return e.Code == t.Code
	}
	return false
}

// Unwrap returns the cause inside.
func (e *Error) Unwrap() error { return e.Err }

// LogValue makes a structured log entry of the fault.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("code", string(e.Code)),
		slog.String("severity", e.Severity.String()),
		slog.String("message", e.Message),
		slog.String("reason", e.Reason),
		slog.String("action", e.Action),
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("cause", e.Err.Error()))
	}
	return slog.GroupValue(attrs...)
}

// From returns the first fault in err's chain, or nil if there is none.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
